#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Where the programs cannot be used the sockets carry the packets, and it is said aloud; what an earlier gateway left attached goes.
. "$(dirname "$0")/../../lab/story.sh"

imsi=999700000000002

none_fast() { [ "$(fast_packets uplink)" = 0 ] && [ "$(fast_packets downlink)" = 0 ]; }
is_soft() { metrics | grep -q 'slicegate_fast_path{interfaces="sockets"} 0'; }
attached() { ip_in gateway -d link show n3 | grep -q 'xdp'; }
detached() { ! attached; }
unpinned() { [ ! -e "/sys/fs/bpf/slicegate/$LAB" ]; }
soft_again() {
	stop slicegate-gateway KILL
	DATAPLANE=soft gateway_start
}

lab_open "The sockets stand in"
world a
step "the order of customer a" order a $imsi
phone car2
step "the SIM attaches" sgw_attach car2 $imsi
step "no frame can be redirected to these veths: the log says it" wait_for 5 says slicegate-gateway 'no packet goes past the network stack by an interface.*GRO'
step "the SIM reaches the server all the same" reaches car2
step "the programs had nothing to do with it" none_fast
step "redirects can be taken on both sides now" fast_cables a
step "packets take the programs, without a restart" wait_for 10 rides car2
step "a program is attached to the access interface" attached
step "kill -9, and a start with --dataplane soft" soft_again
step "the SIM reaches the server" wait_for 10 reaches car2 1
step "no program is attached any more" wait_for 5 detached
step "the metrics say that the sockets do it" wait_for 5 is_soft
step "nothing is pinned" wait_for 5 unpinned
step "the SIM detaches" sgw_detach car2
the_end
