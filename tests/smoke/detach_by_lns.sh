#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2034
# The LNS ends a session (CDN), then the tunnel (StopCCN), then dies in silence (HELLO fails): each time the mobile side is told.
. "$(dirname "$0")/../../lab/story.sh"

imsi=999700000000002
deletes() { [ "$(wire mobile n3 "gtpv2.message_type == 99 && ip.src == $GTP_GATEWAY")" -ge "$1" ]; } # NUMBER: Delete Bearer Requests

lab_open "The LNS ends it: CDN, StopCCN, silence"
SETTINGS='"helloIntervalSeconds": 1, "retransmitMaxEstablished": 2, "lnsHoldSeconds": 1'
world a
step "the order of customer a" order a $imsi
phone car2

step "the SIM attaches" sgw_attach car2 $imsi
step "the LNS's operator drops the user" lns kick a
step "the session is gone" wait_for 5 sessions_are 0
step "the mobile side was told (Delete Bearer)" wait_for 5 deletes 1
step "the tunnel stays" tunnels_are 1

step "the SIM attaches again" sgw_attach car2 $imsi
step "the LNS shuts down" lns shutdown a
step "session and tunnel are gone" wait_for 15 sessions_are 0
step "the mobile side was told" wait_for 5 deletes 2
step "no tunnel is up" wait_for 5 tunnels_are 0
lns die a || true

step "the LNS is started again" "lns_${LNS_KIND}_start" a
step "the SIM attaches again" wait_for 20 sgw_attach car2 $imsi
step "the LNS dies in silence" lns die a
step "HELLO finds out and the session is gone" wait_for 20 sessions_are 0
step "the mobile side was told" wait_for 5 deletes 3
the_end
