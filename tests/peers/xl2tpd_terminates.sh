#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2034
# pppd ends the link by itself (LCP Terminate, then CDN): the mobile side is told and nothing is left.
LNS_KIND=xl2tpd PPPD_OPTIONS="maxconnect 5"
. "$(dirname "$0")/../../lab/story.sh"

imsi=999700000000002

lab_open "The LNS's PPP ends the link (LCP Terminate)"
world a
step "the order of customer a" order a $imsi
phone car2
step "the SIM attaches" sgw_attach car2 $imsi
step "it has traffic" reaches car2
step "five seconds later the session is gone" wait_for 10 sessions_are 0
step "the LNS sent LCP Terminate" wire_saw a wan "ppp.protocol == 0xc021 && ppp.code == 5 && ip.src == $LNS"
step "the mobile side was told (Delete Bearer)" wait_for 5 wire_saw mobile n3 "gtpv2.message_type == 99 && ip.src == $GTP_GATEWAY"
the_end
