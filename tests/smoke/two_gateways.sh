#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# An Integrated VSlice at two Regional Gateways: both give addresses from its one pool, and never the same, also while the controller is away. A
# group's Regional Policy says at which of them its SIMs may attach.
. "$(dirname "$0")/../../lab/story.sh"

WEST=$GTP_NET.5
first=999700000000100 second=999700000000200 one=999700000000001

west_up() {
	ip_in gateway addr add "$WEST/24" dev n3
	api POST /regionalgateways <<<"{\"name\": \"West\", \"moniker\": \"west\", \"gtpPeers\": [\"$GTP_NET.0/24\"]}"
	answer POST /apitokens <<<'{"name": "west", "scope": "gateway", "regionalGateway": "west"}' | jq -er .token >"$LAB_WORK/west.token"
	mkdir -p "$LAB_WORK/west"
	start slicegate-west gateway "$BUILD/src/gateway/slicegate-gateway" --controller "$API" --token-file "$LAB_WORK/west.token" --name west \
		--gtp-address "$WEST" --state-dir "$LAB_WORK/west" --usage-interval 1s --dataplane soft
	wait_for 10 is_connected west
}
is_connected() { api GET "/regionalgateways/$1" | jq -e '.status.moniker == "connected"'; } # MONIKER
west_down() {
	stop slicegate-west
	wait_for 5 eval '[ -z "$(slice_namespaces west)" ]'
}
shared_fleet() {
	order_fleet a pooled
	order_fleet_policy a policy-a "$(flow uplink)"
	order_fleet_group a cars-a policy-a pooled
	for n in $(seq 0 11); do
		order_car cars-a $((first + n))
		order_car cars-a $((second + n))
	done
	order_car cars-a $one
	wait_for 10 leased "$LAB_WORK/state"
	wait_for 10 leased "$LAB_WORK/west"
}
leased() { grep -q '"leases"' "$1/config.ndjson"; } # STATE-DIR
crowd() {                                           # NAME LOCAL GATEWAY IMSI COUNT
	start "$1" mobile "$BUILD/src/sim/slicegate-sim" sgw --local "$2" --remote "$3" --imsi "$4" --count "$5" --apn "$APN"
}
crowds() { # one at each gateway
	crowd "east-$1" "$SGSN" "$GTP_GATEWAY" $first "$1"
	crowd "west-$1" "$SGW" "$WEST" $second "$1"
	wait_for 15 attached "$1"
}
addresses() { cat "$LAB_WORK/east-$1.log" "$LAB_WORK/west-$1.log" | sed -n 's/^attached imsi=.* address=\([0-9.]*\) .*/\1/p'; }
attached() { [ "$(addresses "$1" | wc -l)" = $((2 * $1)) ]; } # NUMBER: at each gateway
all_differ() { [ "$(addresses "$1" | sort -u | wc -l)" = $((2 * $1)) ]; }
crowds_leave() {
	stop "east-$1"
	stop "west-$1"
}
away() {
	stop slicegate-controller
	crowds 12
}
back() {
	controller_start
	wait_for 20 sessions_are 24
	[ "$(api GET '/sessions?limit=100' | jq 'map(.ipAddress) | unique | length')" = 24 ]
}
east_only() {
	api POST /regionalpolicies <<<"{\"name\": \"East\", \"moniker\": \"east\", \"entries\": [{\"regionalGatewayId\": \"$LAB\"}]}"
	api PATCH /endpointgroups/cars-a <<<'{"regionalGatewayPolicy": "east"}'
	wait_for 5 is_taken /endpointgroups/cars-a
}
refused_at_west() { ! sgw_attach car1 $one --remote "$WEST" && verdict $one | grep -i "regional"; }

lab_open "One Integrated VSlice at two Regional Gateways"
DATAPLANE=soft integrated_world a
step "another gateway" west_up
step "a VSlice with a pool, and SIMs" shared_fleet
step "SIMs attach at both" crowds 5
step "each has an address of its own" all_differ 5
step "they leave" crowds_leave 5
step "the controller goes away, and more attach at both" away
step "each has an address of its own" all_differ 12
step "the controller is back, and hears of all" back
step "they leave" crowds_leave 12
step "the group's Regional Policy names the first gateway" east_only
phone car1
step "at the other one its SIM is refused, and told why" wait_for 10 refused_at_west
step "at the first it attaches" wait_for 10 sgw_attach car1 $one
step "the other gateway leaves nothing behind" west_down
the_end
