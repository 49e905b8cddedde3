#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2034
# Between us and the LNS datagrams are lost, doubled and overtake each other: SIMs attach all the same, at their fourth try at most (a
# device tries on; l2tpns begins LCP anew at each doubled Ack), traffic flows, and no session is left that nobody knows.
LNS_LISTENS=10.30.0.3
. "$(dirname "$0")/../../lab/story.sh"

one=999700000000001 two=999700000000002 three=999700000000003 four=999700000000004
line() {
	start line a "$LAB_DIR/relay.py" "$LNS:1701" "$LNS_LISTENS:1701" --loss 0.05 --double 0.05 --late 0.15
	wait_for 5 udp_bound a 1701
}
attaches() { # IMSI: four tries
	accepted "$1" || accepted "$1" || accepted "$1" || accepted "$1"
}
accepted() { gtp create2 "$1" "$APN" | tee /dev/stderr | jq -e '.cause == 16'; }

lab_open "A bad line to the LNS"
world a
step "one datagram in twenty is lost, one doubled, three come late" line
step "the order of customer a" order a $one $two $three $four
phone car4
step "a SIM attaches" attaches $one
step "another" attaches $two
step "a third" attaches $three
step "a fourth, with traffic" wait_for 20 sgw_attach car4 $four
step "a file moves up and down" moves_file car4 100000
step "four sessions" wait_for 5 sessions_are 4
step "the fourth detaches" sgw_detach car4
step "three sessions" wait_for 5 sessions_are 3
the_end
