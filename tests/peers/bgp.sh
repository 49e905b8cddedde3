#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2034
# A peering whose routes come by BGP from the customer's router (FRR): the LAC's address is announced to it, what it announces is shown and
# used, a wrong password is seen, and BGP goes on while the gateway is killed.
. "$(dirname "$0")/../../lab/story.sh"

one=999700000000001
dpkg-query -W $peer_frr_packages bird2 >/dev/null 2>&1 || skip "needs the packages $peer_frr_packages bird2"

no_route_of_his_own() { ip_in a route del "$LAC"; }
order_target() { # BGP-PASSWORD
	order_vslice a
	api POST /routingtargets <<-END
		{"name": "Data centre", "moniker": "dc-a", "vslice": "diagnostics-a", "routingTargetType": "peering",
		 "configurationData": {"peeringConfig": {"interface": "peer-a", "localAddress": "$PEER_LOCAL/24",
		 "bgp": {"localAs": $OUR_AS, "peerAs": $PEER_AS, "peerAddress": "$PEER_REMOTE", "password": "$1"}}}}
	END
	api POST /routingpolicies <<-END
		{"name": "To the data centre", "moniker": "policy-a", "vslice": "diagnostics-a", "routingPolicyStatus": "active",
		 "routingPolicyRules": [$(rule uplink forward dc-a)]}
	END
	api PATCH /vslices/diagnostics-a <<<'{"defaultRoutingPolicy": "policy-a"}'
}
password_is() {
	api PATCH /routingtargets/dc-a <<<"{\"configurationData\": {\"peeringConfig\": {\"bgp\": {\"password\": \"$1\"}}}}"
}
target() { api GET /routingtargets/dc-a | jq -er "$1"; } # JQ-FILTER
status_is() { [ "$(target .routingTargetStatus.moniker)" = "$1" ]; }
is_not_established() { target .statusMessage | tee /dev/stderr | grep -q "BGP with $PEER_REMOTE is not established"; }
learned() { target '.publicInstanceConfiguration | fromjson | .learnedRoutes | join(" ")' | tee /dev/stderr | grep -qF "$1"; }
knows_the_lac() { ip_in a route show "$LAC" | grep -q bgp; }
order_rest() {
	order_l2tp a
	order_endpoint a $one
	wait_for 10 slice_ready a
}
comes_back() {
	stop slicegate-gateway KILL
	wait_for 5 knows_the_lac
	gateway_start
}
no_daemon_left() { [ -z "$(pgrep -f "$LAB_WORK/state/targets")" ]; }

lab_open "A peering with BGP"
world a
step "the customer's router is FRR, with no route to the LAC" eval "peer_frr_start a && no_route_of_his_own"
step "VSlice, peering target with a wrong BGP password, policy" order_target "not the secret"
step "the target says what it waits for" wait_for 10 is_not_established
step "the password is set right" password_is "$BGP_PASSWORD"
step "the target is available" wait_for 20 status_is available
step "LAC, LNS and a SIM" order_rest
step "the route to the LNS was learned" wait_for 10 learned "$LNS_NET.0/24"
step "the customer's router has learned the LAC's address" wait_for 10 knows_the_lac
phone car1
step "the SIM attaches" sgsnemu_attach car1 $one
step "it reaches its server" reaches car1
step "the customer announces another network" peer_frr_announces a 10.99.0.0/16
step "which is learned and shown" wait_for 10 learned 10.99.0.0/16
step "the gateway is killed and comes back; BGP goes on" comes_back
step "the SIM goes on" wait_for 10 reaches car1 1
step "the target is available" wait_for 10 status_is available
step "the secret is in no log and in no answer" refuse grep -rqF "$BGP_PASSWORD" "$LAB_WORK"/slicegate-*.log "$LAB_WORK/store.db"
the_end
step "BIRD has ended with its slice" no_daemon_left
