#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2034
# A SIM of an Integrated VSlice is on the Internet: the Routing Target's page in Debian's Chromium tells which public port it has, and whose it is.
. "$(dirname "$0")/../../lab/story.sh"

one=999700000000001
export EMAIL=anna@vantiq.example PASSWORD=diagnostics-for-cars

order() {
	link_up gateway peer-a "$PEER_LOCAL/24"
	ip_in gateway route add "$SERVER_NET.0/24" via "$PEER_REMOTE"
	ip_in a route del "$SIMS"
	api POST /users <<<"{\"name\": \"Anna\", \"email\": \"$EMAIL\", \"password\": \"$PASSWORD\", \"role\": \"owner\"}"
	order_fleet a
	api POST /routingtargets <<-END
		{"name": "Internet", "moniker": "net", "vslice": "fleet-a", "routingTargetType": "internet", "routingRedundancyZoneMoniker": "$LAB-primary"}
	END
	order_fleet_policy a policy-a "$(flow uplink net)"
	order_fleet_group a cars-a policy-a static
	order_car cars-a $one
	wait_for 10 fleet_ready a
}
looks() { # the SIM keeps its binding alive meanwhile
	in_ns car1 ping -n -q -i 0.5 -c 60 "$SERVER" >/dev/null &
	API=$API NAME=$(api GET "/endpoints/$(iccid_of $one)" | jq -r .name) ADDRESS=$(address_of car1) SERVER=$SERVER in_ns gateway node "$LAB_DIR/../tests/portal/bindings.mjs"
	kill $!
}

[ -x /usr/bin/chromium ] || skip "chromium is not installed"
[ -d "$LAB_DIR/../portal/node_modules/playwright-core" ] || skip "the portal's packages are not installed: tools/deps"
lab_open "NAT bindings in the portal"
integrated_world a
step "an Internet target, a policy, a group and a SIM" order
phone car1
step "the SIM attaches" sgw_attach car1 $one
step "it reaches a server on the Internet" reaches car1 1
step "the target's page tells whose port is whose" looks
the_end
