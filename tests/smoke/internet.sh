#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2034
# An LNS on the Internet: it sees one public address, the gateway's. Two VSlices that chose the same LAC address and port reach the same LNS
# from behind it and do not collide. Nobody comes in uninvited, and no slice reaches the gateway's host or another slice.
. "$(dirname "$0")/../../lab/story.sh"

one=999700000000001 two=999700000000002

slice_of() { slice_namespaces "$LAB" | grep "diagnostics-$1"; } # CUSTOMER
transfer_of() { ip -n "$(slice_of "$1")" -o -4 addr show | awk '/net[0-9a-f]/ { sub("/.*", "", $4); print $4 }'; } # CUSTOMER
lns_sees_only_us() { [ -z "$(in_ns a tcpdump -nr "$LAB_WORK/a.wan.pcap" "udp port 1701 and not host $PEER_LOCAL" 2>/dev/null)" ]; }
apart() { # nothing but the way out
	local slice transfer_b
	slice=$(slice_of a)
	transfer_b=$(transfer_of b)
	refuse ip netns exec "$slice" ping -c 1 -W 1 "$GTP_GATEWAY"
	refuse ip netns exec "$slice" ping -c 1 -W 1 "$transfer_b"
	refuse ip netns exec "$slice" timeout 2 bash -c "</dev/tcp/$PEER_LOCAL/5050"
	refuse in_ns a ping -c 1 -W 1 -I "$PEER_REMOTE" "$transfer_b"
	ip_in a route add 198.18.0.0/15 via "$PEER_LOCAL"
	refuse in_ns a ping -c 1 -W 1 "$transfer_b"
}
host_as_before() {
	in_ns gateway nft list ruleset | diff - "$LAB_WORK/host.before"
	[ "$(in_ns gateway sysctl -n net.ipv4.ip_forward)" = 0 ]
	in_ns gateway nft delete table inet of-the-host
}
stops_and_leaves_the_host() {
	stop slicegate-gateway
	stop slicegate-controller
	host_as_before
	nothing_left
}

lab_open "Two LACs with the same address reach one LNS over the Internet"
world a
step "the LNS is on the Internet" internet
step "the order of customer a" order_internet a $one
step "the order of customer b, with the same LAC and LNS" order_internet b $two
phone car1
phone car2
step "a SIM of a attaches" sgsnemu_attach car1 $one
step "a SIM of b attaches" sgw_attach car2 $two
step "both reach the server" reaches car1
step "both reach the server" reaches car2
step "with the MTU of the way" session $one ".mtu == 1460"
step "a moves a file" moves_file car1 300000
step "b moves a file" moves_file car2 300000
step "the LNS sees one address" lns_sees_only_us
step "the slices, the host and its API are apart" apart
step "two sessions" sessions_are 2
step "all is taken away, and the host's own rules are as they were" stops_and_leaves_the_host
step "tshark finds no fault in what we sent" tshark_clean "$GTP_GATEWAY" "$LAC" "$PEER_LOCAL"
