#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2034
# Between us and the LNS datagrams are lost, doubled and overtake each other: attaches still work, and each opens one session only.
LNS_LISTENS=10.30.0.3
. "$(dirname "$0")/../../lab/story.sh"

imsis=(999700000000001 999700000000002 999700000000003)
all_attach() { local i; for i in "${imsis[@]}"; do gtp create2 "$i" "$APN" --repeat 1 | tee /dev/stderr | jq -e '.cause == 16' || return 1; done; }
line() {
	start line a "$LAB_DIR/relay.py" "$LNS:1701" "$LNS_LISTENS:1701" --loss 0.1 --double 0.1 --late 0.2
	wait_for 5 udp_bound a 1701
}

lab_open "A bad line to the LNS: one in ten lost, one in ten doubled, one in five late"
world a
step "the line" line
step "the order of customer a" order a "${imsis[@]}" 999700000000004
phone car4
step "three SIMs attach" all_attach
step "a fourth, with traffic" sgw_attach car4 999700000000004
step "a file moves up and down all the same" moves_file car4 100000
step "four sessions" sessions_are 4
step "the fourth detaches" sgw_detach car4
step "three sessions" wait_for 10 sessions_are 3
the_end
