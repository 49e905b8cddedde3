#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2034
# The LNS opens the tunnel (RFC 2661 5.1 lets either side): the next SIM uses it, and SLI in its session changes nothing.
LNS_KIND=simulator
. "$(dirname "$0")/../../lab/story.sh"

imsi=999700000000002
counted() { lns_tell a counters | jq -e "$1"; }

lab_open "A tunnel that the LNS opens"
SETTINGS='"keepTunnelUp": false'
world a
phone car1
step "the order of customer a" order a $imsi
step "the LNS opens a tunnel to the LAC" lns_tell a open "$LAC:1701"
step "it is up" wait_for 5 counted '.tunnels == 1'
step "the SIM attaches" sgw_attach car1 $imsi
step "through that same tunnel" counted '.tunnels == 1 and .sessionsNow == 1'
step "it has traffic" in_ns car1 ping -n -c 2 -i 0.2 -W 2 "$LNS"
step "the LNS sends Set-Link-Info" lns_tell a sli all
step "the traffic goes on" in_ns car1 ping -n -c 2 -i 0.2 -W 2 "$LNS"
step "the SIM detaches" sgw_detach car1
step "no session is left" wait_for 5 sessions_are 0
the_end
