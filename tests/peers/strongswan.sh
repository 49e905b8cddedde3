#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2034
# The usual case: an LNS behind a VPN (strongSwan at the customer's side), two LACs down the same VPN. A wrong key and a wrong proposal
# are said in words; nothing of L2TP is in clear on the wire; the peer ends the tunnel and it comes back; a killed gateway adopts it.
. "$(dirname "$0")/../../lab/story.sh"

one=999700000000001 two=999700000000002
key='psk with "quotes" \ and spaces'
key=${key//[\"\\]/} # swanctl's own quoting is the peer's affair
LAC2=${LAC%.*}.2
dpkg-query -W $peer_strongswan_packages >/dev/null 2>&1 || skip "needs the packages $peer_strongswan_packages"

reached_by_address() {
	link_up gateway peer-a "$PEER_LOCAL/24"
	ip_in a route del "$LAC"
}
order_target() { # PRESHARED-KEY
	order_vslice a
	api POST /routingtargets <<-END
		{"name": "VPN", "moniker": "vpn-a", "vslice": "diagnostics-a", "routingTargetType": "vpn",
		 "configurationData": {"vpnConfig": $(vpn "$1" $IKE_PROPOSAL)}}
	END
	api POST /routingpolicies <<-END
		{"name": "To the data centre", "moniker": "policy-a", "vslice": "diagnostics-a", "routingPolicyStatus": "active",
		 "routingPolicyRules": [$(rule uplink forward vpn-a)]}
	END
	api PATCH /vslices/diagnostics-a <<<'{"defaultRoutingPolicy": "policy-a"}'
}
vpn() { # PRESHARED-KEY IKE-PROPOSAL
	echo "{\"remotePeerAddress\": \"$PEER_REMOTE\", \"presharedKey\": \"$1\", \"keyExchangeType\": \"ikev2\", \"vpnIkeOption\": \"$2\"," \
		"\"vpnEspOption\": \"$ESP_PROPOSAL\", \"localSubnets\": \"$LAC/32,$LAC2/32\", \"remoteSubnets\": \"$LNS_NET.0/24\"}"
}
set_vpn() { api PATCH /routingtargets/vpn-a <<<"{\"configurationData\": {\"vpnConfig\": $(vpn "$@")}}"; }
target() { api GET /routingtargets/vpn-a | jq -er "$1"; } # JQ-FILTER
status_is() { [ "$(target .routingTargetStatus.moniker)" = "$1" ]; }
says_of_it() { target .statusMessage | tee /dev/stderr | grep -q "$1"; }
told() { # EVENT-TYPE...: in this order
	local types
	types=$(api GET "/events?filter=routingTargetId:$(target .id)&sortBy=asc(eventTime)&limit=200" | jq -r '.[].eventType | .moniker? // .' | tee /dev/stderr | tr '\n' ' ')
	for type; do
		[[ $types = *"$type "* ]] || fail "$type was not told"
		types=${types#*"$type "}
	done
}
order_rest() {
	order_l2tp a
	api POST /vslices/diagnostics-a/lacs <<<"{\"moniker\": \"lac-a2\", \"address\": \"$LAC2\", \"tunnelSecret\": \"$TUNNEL_SECRET\"}"
	api POST /endpointgroups <<<'{"name": "Vans", "moniker": "vans-a", "vslice": "diagnostics-a", "l2tpAccessConcentrator": "lac-a2"}'
	order_endpoint a $one
	order_endpoint a $two
	api PATCH "/endpoints/$(iccid_of $two)" <<<'{"endpointGroup": "vans-a"}'
	wait_for 10 slice_ready a
}
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

lab_open "Two LACs down the same VPN"
LAB_SUSPECTS=(strongswan-a)
world a
step "the customer's router is strongSwan" peer_strongswan_start a "$key" "$LAC/32" "$LAC2/32"
step "the gateway has an address that it can reach" reached_by_address
step "VSlice, VPN target with a wrong preshared key, policy" order_target "not the key"
step "which the target says" wait_for 20 says_of_it "preshared key differs"
step "a proposal that the peer does not take" set_vpn "$key" aes128-sha1-modp1024
step "which the target says" wait_for 20 says_of_it "vpnIkeOption differs"
step "both are set right" set_vpn "$key" "$IKE_PROPOSAL"
step "the target is available" wait_for 20 status_is available
step "events told both phases" wait_for 5 told vpninitiationfailed_v1 vpnikephase1up_v1 vpnchildsaphase2up_v1
step "two LACs, an LNS and two SIMs" order_rest
phone car1
phone car2
step "a SIM of the first LAC attaches" sgsnemu_attach car1 $one
step "a SIM of the second LAC attaches" sgw_attach car2 $two
step "it reaches its server" reaches car1
step "so does the other" reaches car2
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
