#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Two customers behind one address of their carrier, who chose the same LAC, the same LNS and the same subnets: each VSlice has a VPN to that
# address, and each strongSwan behind it knows its own customer's preshared key only. They work side by side and never meet.
. "$(dirname "$0")/../../lab/story.sh"

one=999700000000001 two=999700000000002
dpkg-query -W $peer_strongswan_packages >/dev/null 2>&1 || skip "needs the packages $peer_strongswan_packages"

# The carrier's router: who calls first is a, on each of IKE's two ports, who calls next is b; a caller stays with whom he got.
carrier() {
	ns_add carrier
	veth gateway wan "$PEER_LOCAL/24" carrier wan -
	local c table=0
	ip_in carrier route add "$PEER_NET.0/24" dev wan
	for c in a b; do
		ip_in gateway link set "peer-$c" netns "$LAB-carrier"
		ip_in carrier link set "peer-$c" up
		ip_in carrier route add "$PEER_REMOTE" dev "peer-$c" table $((++table))
		ip_in carrier rule add fwmark $table table $table
		ip_in "$c" route del "$LAC"
	done
	in_ns carrier sysctl -qw net.ipv4.conf.all.proxy_arp=1 net.ipv4.conf.all.rp_filter=0 net.ipv4.neigh.{wan,peer-a,peer-b}.proxy_delay=0
	ip_in carrier route add "$PEER_REMOTE" dev peer-a # so that it answers for the address
	in_ns carrier nft -f - <<-END
		table ip carrier {
			chain choose {
				type filter hook prerouting priority mangle
				ct state new udp dport 500 ct mark set numgen inc mod 2 offset 1
				ct state new udp dport 4500 ct mark set numgen inc mod 2 offset 1
				meta mark set ct mark
			}
		}
	END
	forwarding carrier
}
order_over_vpn() { # CUSTOMER IMSI: its VSlice, and the same of everything but the key
	order_vslice "$1"
	api POST /routingtargets <<-END
		{"name": "VPN", "moniker": "vpn-$1", "vslice": "diagnostics-$1", "routingTargetType": "vpn",
		 "configurationData": {"vpnConfig": {"remotePeerAddress": "$PEER_REMOTE", "presharedKey": "the key of $1", "keyExchangeType": "ikev2",
		 "vpnIkeOption": "$IKE_PROPOSAL", "vpnEspOption": "$ESP_PROPOSAL", "localSubnets": "$LAC/32", "remoteSubnets": "$LNS_NET.0/24"}}}
	END
	api POST /routingpolicies <<-END
		{"name": "To the data centre", "moniker": "policy-$1", "vslice": "diagnostics-$1", "routingPolicyStatus": "active",
		 "routingPolicyRules": [$(rule uplink forward "vpn-$1")]}
	END
	api PATCH "/vslices/diagnostics-$1" <<<"{\"defaultRoutingPolicy\": \"policy-$1\"}"
	order_l2tp "$1"
	order_endpoint "$1" "$2"
	wait_for 20 available "$1"
}
available() { api GET "/routingtargets/vpn-$1" | jq -e '.routingTargetStatus.moniker == "available"'; } # CUSTOMER
both_move() {
	moves_file car1 300000
	moves_file car2 700000
}
counted() {
	session $one '| .bytesUplink > 300000 and .bytesUplink < 500000'
	session $two '| .bytesUplink > 700000 and .bytesUplink < 900000'
}

lab_open "Two VSlices with a VPN to the same address"
LAB_SUSPECTS=(strongswan-a strongswan-b)
world a b
step "both data centres are behind one address" carrier
step "a's router is strongSwan" peer_strongswan_start a "the key of a" "$LAC/32"
step "so is b's" peer_strongswan_start b "the key of b" "$LAC/32"
step "the order of customer a, and its VPN is available" order_over_vpn a $one
step "the order of customer b, and its VPN is available" order_over_vpn b $two
phone car1
phone car2
step "a SIM of a attaches" sgsnemu_attach car1 $one
step "a SIM of b attaches" sgw_attach car2 $two
step "both have the same address" [ "$(address_of car1)" = "$(address_of car2)" ]
step "each moves a file to its own server" both_move
step "each session counted its own octets" wait_for 10 counted
step "a's data centre goes dark" ip_in a link set lan down
step "a's SIM is cut off" refuse reaches car1 1
step "b's SIM is not" reaches car2
the_end
