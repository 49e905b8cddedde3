#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# User packets take the BPF programs, in native mode, both ways; control, and whatever the programs do not know, take the sockets.
. "$(dirname "$0")/../../lab/story.sh"

one=999700000000001 two=999700000000002

is_native() { metrics | grep 'slicegate_fast_path{.*} 1' | grep -q "$1:native"; } # INTERFACE
is_fast() { is_native n3 && is_native peer-a; }
took_it() { # all but the first few, the SYNs and what came in fragments
	local d
	for d in uplink downlink; do
		echo "$d: $(fast_packets $d) of $(all_packets $d) by the programs"
		[ $((100 * $(fast_packets $d))) -gt $((97 * $(all_packets $d))) ] || fail "$d: $(fast_packets $d) of $(all_packets $d)"
	done
}
counted() { session $two "| .bytesUplink > 20000000 and .bytesDownlink > 20000000"; }

lab_open "User packets take XDP"
DATAPLANE=xdp world a
step "redirects can be taken on both sides" fast_cables a
step "the order of customer a" order a $one $two
phone car1
phone car2
step "a SIM attaches with GTPv1, another with GTPv2" eval "sgsnemu_attach car1 $one && sgw_attach car2 $two"
step "both reach the server" eval "reaches car1 && reaches car2"
step "the programs are attached, in native mode" wait_for 10 is_fast
step "packets take them" wait_for 10 rides car2
step "the server reaches the SIMs" eval "reached a car1 && reached a car2"
step "a file goes up and down over TCP" moves_file car1 2000000
step "a larger one" moves_file car2 20000000
step "the programs took nearly all of it" took_it
step "the session's counters have it" wait_for 10 counted
step "both detach" eval "sgsnemu_detach car1 && sgw_detach car2"
step "no session is left" wait_for 5 sessions_are 0
the_end
step "nothing is left pinned" refuse test -e "/sys/fs/bpf/slicegate/$LAB"
