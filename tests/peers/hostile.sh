#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# limit: 180
# shellcheck disable=SC2034
# Two customers whose routers mean no good, each at the end of a Routing Target. a's speaks BGP and announces this host, the mobile network, the other
# slices, the link, groups, a default route and 12,000 routes more; b's is at the end of a VPN, asks for all there is, and sends into it whatever it
# likes. Each one's own SIMs are served, nothing else is reached, nobody else notices, and the host's own routes are as they were.
. "$(dirname "$0")/../../lab/story.sh"
. "$LAB_DIR/isolation.sh"

one=999700000000001 two=999700000000002
key="the key of b"
dpkg-query -W $peer_bird_packages $peer_strongswan_packages >/dev/null 2>&1 || skip "needs the packages $peer_bird_packages $peer_strongswan_packages"

lies() { # every prefix that it has no business with, and too many
	echo 0.0.0.0/0 0.0.0.0/8 127.0.0.0/8 127.0.0.1/32 169.254.0.0/16 169.254.169.254/32 224.0.0.0/4 240.0.0.0/4 240.0.0.0/20 255.255.255.255/32
	echo "$GTP_NET.0/24 $GTP_GATEWAY/32 $SGW/32 $HOST/32 198.18.0.0/15 $LAC/32 $PEER_LOCAL/32 192.0.0.0/24 100.64.0.0/10"
	python3 -c 'for i in range(12000): print("172.%d.%d.%d/32" % (16 + i // 65536, i // 256 % 256, i % 256))'
}
hostile_router() {
	ip_in gateway addr add $HOST/32 dev lo
	ip_in a route del "$LAC"
	# shellcheck disable=SC2046
	peer_bird_start a "$LNS_NET.0/24" $(lies)
}
order_bgp() {
	order_vslice a
	api POST /routingtargets <<-END
		{"name": "Data centre", "moniker": "dc-a", "vslice": "diagnostics-a", "routingTargetType": "peering",
		 "configurationData": {"peeringConfig": {"interface": "peer-a", "localAddress": "$PEER_LOCAL/24",
		 "bgp": {"localAs": $OUR_AS, "peerAs": $PEER_AS, "peerAddress": "$PEER_REMOTE", "password": "$BGP_PASSWORD"}}}}
	END
	order_policy a dc-a
	ip_in a route add "$LAC" via "$PEER_LOCAL" src "$LNS"
}
order_policy() { # CUSTOMER TARGET
	api POST /routingpolicies <<-END
		{"name": "All", "moniker": "policy-$1", "vslice": "diagnostics-$1", "routingPolicyStatus": "active", "routingPolicyRules": [$(rule uplink forward "$2")]}
	END
	api PATCH "/vslices/diagnostics-$1" <<<"{\"defaultRoutingPolicy\": \"policy-$1\"}"
	order_l2tp "$1"
}
routes_of_host() { ip_in gateway -4 route show table all | sed '/dev sgt/d'; } # but for transfer links
order_vpn() { # its data centre is reached by address, and the SIM's policy forwards all to it
	link_up gateway peer-b "$PEER_LOCAL/24"
	routes_of_host >"$LAB_WORK/routes.before"
	ip_in b route del "$LAC"
	STRONGSWAN_SIDE=0.0.0.0/0 peer_strongswan_start b "$key" 0.0.0.0/0
	order_vslice b
	api POST /routingtargets <<-END
		{"name": "VPN", "moniker": "vpn-b", "vslice": "diagnostics-b", "routingTargetType": "vpn",
		 "configurationData": {"vpnConfig": {"remotePeerAddress": "$PEER_REMOTE", "presharedKey": "$key", "keyExchangeType": "ikev2",
		 "vpnIkeOption": "$IKE_PROPOSAL", "vpnEspOption": "$ESP_PROPOSAL", "localSubnets": "$LAC/32"}}}
	END
	order_policy b vpn-b
}
available() { api GET "/routingtargets/$1" | jq -c "[.routingTargetStatus.moniker, .statusMessage]" | tee /dev/stderr | grep -q '"available"'; }
sims_attach() {
	order_endpoint a $one
	order_endpoint b $two
	phone car1
	phone car2
	wait_for 10 sgsnemu_attach car1 $one
	wait_for 10 sgw_attach car2 $two
}
slice_of() { slice_namespaces "$LAB" | grep "diagnostics-$1"; } # CUSTOMER
learned() { ip -n "$(slice_of a)" route show table all proto bird; }
took_what_it_may() { # no more than 10,000, and not what is nobody's to announce
	wait_for 20 has_taken
	learned | awk '{ print $1 }' | sort >"$LAB_WORK/learned"
	[ "$(wc -l <"$LAB_WORK/learned")" -le 10000 ]
	refuse grep -E '^(0\.0\.0\.0/8|127\.|169\.254\.|22[4-9]\.|23[0-9]\.|24[0-9]\.|25[0-5]\.)' "$LAB_WORK/learned"

}
has_taken() { [ "$(learned | wc -l)" -gt 5000 ]; }
refuse_bird() { [ -z "$(ip_in gateway route show table all proto bird)" ]; }
is_ours() { refuse eval "ip -n '$(slice_of a)' route get $LAC | grep peer-a"; } # or on its way to the programs
says_what_it_learned() { api GET /routingtargets/dc-a | jq -er '.publicInstanceConfiguration | fromjson | .learnedRoutes | length > 10'; }
nobody_answers_b() { # but for the gateway's host by its public address, at which the VPN ends
	PEER_REMOTE="$PEER_REMOTE\|ping $PEER_LOCAL\$" nobody_answers b
}
into_the_vpn() { # b's router sends all that is ours into the tunnel
	local to
	for to in "$GTP_NET.0/24" 198.18.0.0/15 192.0.0.0/24 $HOST/32 127.0.0.0/8; do ip_in b route add "$to" dev ipsec0 2>/dev/null || true; done
}
host_as_it_was() {
	routes_of_host | diff "$LAB_WORK/routes.before" -
	gtp_is_quiet
}
gtp_is_quiet() { [ "$(metric slicegate_gtp_unknown_peers)" = 0 ] && [ "$(metric 'slicegate_gtpu_error_indications')" = 0 ]; }

lab_open "Routers that mean no good"
LAB_SUSPECTS=(bird-a strongswan-b)
world a b
step "a's router announces all there is, and 12,000 routes" hostile_router
step "a's target speaks BGP with it" order_bgp
step "b's router asks for all there is" order_vpn
step "a's target is available" wait_for 30 available dc-a
step "so is b's" wait_for 30 available vpn-b
step "of a's routes those were taken that may be" took_what_it_may
step "none of them by the host" refuse_bird
step "the LAC's address is still its own" is_ours
step "the API tells the first of them" wait_for 10 says_what_it_learned
step "a SIM of each attaches" sims_attach
step "a's reaches its server" wait_for 10 reaches car1
step "b's reaches its own" wait_for 10 reaches car2
step "a's router sends us whatever it likes" leads_through_us a
step "and reaches nothing of ours" nobody_answers a
step "nor does a's SIM" nobody_answers car1
step "b's router sends whatever it likes into its VPN" into_the_vpn
step "and reaches nothing of ours" nobody_answers_b
step "nor does b's SIM" nobody_answers car2
step "a's SIM goes on" reaches car1 1
step "and b's" reaches car2 1
step "the host's routes are as they were, and GTP has heard nobody else" host_as_it_was
the_end
