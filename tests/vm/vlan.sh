#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# limit: 600
# when asked for
# shellcheck disable=SC2034
# Peering on a VLAN (802.1Q) of a cable that two customers share, with a kernel that has it: each VSlice gets its own tag, the cable itself stays
# with the gateway. Both chose the same addresses. A killed gateway finds its VLANs, and what is not used any longer goes.
. "$(dirname "$0")/../../lab/story.sh"
LNS_KIND=simulator

one=999700000000001 two=999700000000002
modprobe 8021q || exit

shared_cable() { # one cable to a switch, from which each data centre gets its VLAN untagged
	local c tag=100
	ns_add switch
	veth gateway trunk - switch trunk -
	for c in a b; do
		ip_in gateway link set "peer-$c" netns "$LAB-switch"
		ip_in switch link add name "trunk.$((++tag))" link trunk type vlan id $tag
		ip_in switch link add name "br-$c" type bridge
		ip_in switch link set "trunk.$tag" master "br-$c" up
		ip_in switch link set "peer-$c" master "br-$c" up
		ip_in switch link set "br-$c" up
	done
	capture switch trunk
}
order_over_vlan() { # CUSTOMER TAG IMSI
	order_vslice "$1"
	order_route "$1"
	api PATCH "/routingtargets/dc-$1" <<<"{\"configurationData\": {\"peeringConfig\": {\"interface\": \"trunk.$2\"}}}"
	order_l2tp "$1"
	order_endpoint "$1" "$3"
	wait_for 10 slice_ready "$1"
}
tagged() { in_ns switch tcpdump -nr "$LAB_WORK/switch.trunk.pcap" "vlan $1 and udp port 1701" 2>/dev/null | grep -q .; } # TAG
never_untagged() { [ -z "$(in_ns switch tcpdump -nr "$LAB_WORK/switch.trunk.pcap" "udp port 1701 and not vlan" 2>/dev/null)" ]; }
each_reaches() {
	reaches car1 1
	reaches car2 1
}
comes_back() {
	stop slicegate-gateway KILL
	gateway_start
}
cable_is_ours() { has_link gateway trunk && refuse has_link gateway trunk.101 && refuse has_link gateway trunk.102; }

lab_open "Two VSlices on VLANs of one cable"
world a b
step "a cable to a switch" shared_cable
step "customer a on VLAN 101" order_over_vlan a 101 $one
step "customer b on VLAN 102" order_over_vlan b 102 $two
phone car1
phone car2
step "a SIM of a attaches" sgw_attach car1 $one
step "a SIM of b attaches" sgsnemu_attach car2 $two
step "both reach their servers" each_reaches
step "a's packets have their tag" wait_for 5 tagged 101
step "and b's theirs" wait_for 5 tagged 102
step "none goes without" never_untagged
step "the cable is the gateway's, the VLANs are the slices'" cable_is_ours
step "the gateway is killed and comes back" comes_back
step "a's SIM goes on" wait_for 10 reaches car1 1
step "so does b's" wait_for 10 reaches car2 1
the_end
