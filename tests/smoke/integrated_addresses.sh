#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Addresses of an Integrated VSlice run out: who comes too late is refused with the cause, the words and an event, and gets one as soon as there is
# one, from the pool, or from a subnet that was added. An address that is reserved by hand is its endpoint's. What a policy allows an endpoint
# to send, and the share of packets that it discards, hold at once.
. "$(dirname "$0")/../../lab/story.sh"

SIMS=100.64.0.0/29 # five addresses: .2 to .6
one=999700000000001 two=999700000000002 late=999700000000008
ALL_TAKEN=84 # TS 29.274 8.4: all dynamic addresses are occupied
ALL_TAKEN1=211 # TS 29.060 7.7.1, likewise

pool_order() {
	order_integrated a pooled
	for n in 1 2 3 4 5 6 7 8; do order_car cars-a 99970000000000$n; done
	wait_for 5 slice_has_pool
}
slice_has_pool() { gateway_sent 'leases'; }
gateway_sent() { grep -q "\"$1\"" "$LAB_WORK/state/config.ndjson"; }
crowd() { # all five addresses are taken by SIMs of the simulated SGW; these stay
	start crowd mobile "$BUILD/src/sim/slicegate-sim" sgw --local "$SGSN" --remote "$GTP_GATEWAY" --imsi 999700000000002 --count 5 --apn "$APN"
	wait_for 10 sessions_are 5
	[ "$(api GET /sessions | jq -r 'map(.ipAddress) | unique | length')" = 5 ]
	api GET /sessions | jq -e 'all(.[]; .ipAddress | test("^100\\.64\\.0\\.[2-6]$"))'
}
crowd_leaves() {
	stop crowd
	wait_for 10 sessions_are 1
}
words() { verdict $1 | grep "all 5 addresses of the pool are in use" | grep -q "To mend it: add a subnet"; } # IMSI
event() { api GET "/events?filter=eventType:addressesexhausted" | tee /dev/stderr | jq -e "length == 1 and (.[0].detail.verdict | test(\"all 5\"))"; }
more_room() {
	api PATCH /vslices/fleet-a <<<'{"subnets": ["100.64.0.0/29", "100.64.8.0/24"]}'
	ip_in a route add 100.64.8.0/24 via "$PEER_LOCAL"
	wait_for 5 sgw_attach car1 $one
	[[ $(address_of car1) == 100.64.8.* ]]
}
static_now() {
	api PATCH /endpointgroups/cars-a <<<'{"ipAllocationType": "static"}'
	wait_for 10 has_address $one
}
reserved() { # by hand: one in the subnet that is nobody's
	api PATCH "/endpoints/$(iccid_of $one)" <<<'{"staticIpAddress": "100.64.8.77"}'
	wait_for 5 sgw_attach car1 $one
	[ "$(address_of car1)" = 100.64.8.77 ]
}
nobody_elses() {
	refuse api PATCH "/endpoints/$(iccid_of $two)" <<<'{"staticIpAddress": "100.64.8.77"}'
	refuse api PATCH "/endpoints/$(iccid_of $two)" <<<'{"staticIpAddress": "100.64.8.1"}'
	refuse api PATCH "/endpoints/$(iccid_of $two)" <<<'{"staticIpAddress": "10.1.2.3"}'
	refuse api PATCH /vslices/fleet-a <<<'{"subnets": ["100.64.0.0/29"]}'
}
changed() { # a live session whose address is another now goes, and comes back with the new one
	api PATCH "/endpoints/$(iccid_of $one)" <<<'{"staticIpAddress": "100.64.8.78"}'
	wait_for 5 released car1
	sgw_attach car1 $one
	[ "$(address_of car1)" = 100.64.8.78 ]
}
file_takes() { # AWK-CONDITION: seconds of 100,000 octets up and down
	local from=$EPOCHREALTIME
	moves_file car1 100000
	awk "BEGIN { t = $EPOCHREALTIME - $from; print t; exit !(t $1) }"
}
limited() { # at 512 kbit/s and 1 Mbit/s that is more than two seconds
	api PATCH /routingpolicies/policy-a <<<'{"rateLimitUplink": "512kbits", "rateLimitDownlink": "1mbits"}'
	wait_for 10 file_takes "> 1.5"
	api PATCH /routingpolicies/policy-a <<<'{"rateLimitUplink": "unlimited", "rateLimitDownlink": "unlimited"}'
	wait_for 10 file_takes "< 1.5"
}
discarded() {
	api PATCH /routingpolicies/policy-a <<<'{"packetDiscardUplinkPercentage": 100}'
	wait_for 5 refuse reaches car1 1
	api PATCH /routingpolicies/policy-a <<<'{"packetDiscardUplinkPercentage": 0}'
	wait_for 5 reaches car1 1
}

lab_open "Addresses run out, and are reserved"
integrated_world a
step "a VSlice of five addresses, pooled, and eight SIMs" pool_order
phone car1
step "five SIMs have one each" crowd
step "the sixth is refused with the cause (GTPv2)" sgw_refused $late $ALL_TAKEN
step "with the cause (GTPv1)" sgsn_refused $late $ALL_TAKEN1
step "the verdict says what to do" wait_for 5 words $late
step "and there was one event" wait_for 5 event
step "a second subnet, and there is room" more_room
step "the others leave" crowd_leaves
step "the group gives static addresses from now on" static_now
step "one is reserved by hand" reserved
step "it is nobody else's, must be the VSlice's, and its subnet stays" nobody_elses
step "another is reserved, and the session comes back with it" changed
step "a policy holds the endpoint to its rates, and lets it go again" limited
step "it discards what it is told to" discarded
the_end
