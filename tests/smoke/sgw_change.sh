#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A car drives on: its SIM moves to another SGW (Modify Bearer) and back. The data path follows, the LNS sees nothing of it.
. "$(dirname "$0")/../../lab/story.sh"

imsi=999700000000002
downlink_to() { wire_saw mobile n3 "gtp.message == 0xff && ip.src == $GTP_GATEWAY && ip.dst == $1"; } # SGW
moved() { [ "$(grep -c 'moved imsi=.* ok' "$LAB_WORK/slicegate-sim-car2.log")" = "$1" ]; }           # TIMES

lab_open "An SGW change"
world a
step "the order of customer a" order a $imsi
phone car2
step "the SIM attaches through one SGW" sgw_attach car2 $imsi --second "$SGW2"
step "it has traffic" reaches car2
step "it moves to another" sgw_tell car2 move 0
step "the gateway said yes" wait_for 5 moved 1
step "its traffic goes on" reaches car2
step "the server reaches it" reached a car2
step "the downlink goes to the other SGW" wait_for 5 downlink_to "$SGW2"
step "a file moves" moves_file car2 500000
step "it moves back" sgw_tell car2 move 0
step "the gateway said yes" wait_for 5 moved 2
step "its traffic goes on" reaches car2
step "one session, and it was never another" sessions_are 1
step "one call to the LNS, no CDN" [ "$(wire a wan 'l2tp.avp.message_type == 10 || l2tp.avp.message_type == 14')" = 1 ]
step "the SIM detaches" sgw_detach car2
step "no session is left" wait_for 5 sessions_are 0
the_end
