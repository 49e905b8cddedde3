#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The usual case: an LNS behind a VPN (strongSwan at the customer's side), two LACs down the same VPN. A wrong key and a wrong proposal
# are said in words; nothing of L2TP is in clear on the wire; the peer ends the tunnel and it comes back; a killed gateway adopts it.
. "$(dirname "$0")/strongswan.inc"

fits() { # OCTETS: the SIM was offered that MTU, and a packet as long goes to its server and back in one piece, through the VPN too
	session $two ".mtu == $1"
	ip_in car2 -o link | grep "mtu $1 "
	in_ns car2 ping -n -c 2 -i 0.2 -W 2 -M "do" -s $(($1 - 28)) "$SERVER"
	refuse in_ns car2 ping -n -c 1 -W 1 -M "do" -s $(($1 - 27)) "$SERVER"
}
nothing_in_clear() {
	[ -z "$(in_ns a tcpdump -nr "$LAB_WORK/a.wan.pcap" "udp port 1701" 2>/dev/null)" ]
	in_ns a tcpdump -nr "$LAB_WORK/a.wan.pcap" "udp port 4500" 2>/dev/null | grep -c . | awk '{ exit $1 < 20 }'
}
comes_back() {
	stop slicegate-gateway KILL
	gateway_start
}

vpn_world "Two LACs down the same VPN"
step "VSlice, VPN target with a wrong preshared key, policy" order_target "not the key"
step "which the target says" wait_for 20 says_of_it "preshared key differs"
step "a proposal that the peer does not take" set_vpn "$key" aes128-sha1-modp1024
step "which the target says" wait_for 20 says_of_it "vpnIkeOption differs"
step "both are set right" set_vpn "$key" "$IKE_PROPOSAL"
step "the target is available" wait_for 20 status_is available
step "events told both phases" wait_for 5 told vpninitiationfailed_v1 vpnikephase1up_v1 vpnchildsaphase2up_v1
two_sims
step "its MTU is what the VPN leaves of 1400" fits 1360
step "a file through the VPN" moves_file car1 500000
step "and another" moves_file car2 500000
step "nothing of L2TP was in clear" nothing_in_clear
step "two tunnels" tunnels_are 2
step "the peer ends the VPN" peer_strongswan_ends a
step "it comes back, and the SIMs go on" wait_for 20 reaches car1 1
step "both" wait_for 5 reaches car2 1
step "the gateway is killed and comes back" comes_back
step "the SIMs go on" wait_for 10 reaches car1 1
step "and the target is available" wait_for 10 status_is available
step "two sessions, the same" sessions_are 2
the_end
