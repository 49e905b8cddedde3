#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2034
# What the maps hold and the state file does not is gone after a start: the programs carry nothing that nobody answers for. What both know goes on.
LNS_KIND=simulator
. "$(dirname "$0")/../../lab/story.sh"

one=999700000000001 two=999700000000002

killed() { # its state file kept, or lost
	stop slicegate-gateway KILL
	[ "$1" = kept ] || rm -f "$LAB_WORK"/state/state*
	gateway_start
}
known() { # sessions that the programs have
	bpftool -j map dump pinned "$(echo /sys/fs/bpf/slicegate/"$LAB"/v*/uplinks)" | jq -e "[.[].formatted.value.teid | select(. != 0)] | length == $1"
}

lab_open "Orphans in the maps"
export DATAPLANE=xdp MAX_SESSIONS=256
world a
step "redirects can be taken on both sides" fast_cables a
step "the order of customer a" order a $one $two
phone car1
phone car2
step "two SIMs attach" eval "sgsnemu_attach car1 $one && sgw_attach car2 $two"
step "packets take the programs" eval "wait_for 10 rides car1 && wait_for 10 rides car2"
step "kill -9, and a start" killed kept
step "the programs have both sessions" wait_for 5 known 2
step "and carry them" wait_for 10 rides car2
step "kill -9; the state file is lost; a start" killed lost
step "what nobody claimed is gone, and it is said" wait_for 5 says slicegate-gateway 'what nobody claimed is gone from the fast path sessions=2 tunnels=1'
step "the programs have no session" wait_for 5 known 0
step "a SIM attaches anew" sgw_attach car2 $two
step "packets take the programs" wait_for 10 rides car2
step "the programs have one session" known 1
step "it detaches" sgw_detach car2
the_end
