# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034
#
# Integrated VSlices in the lab: the gateway gives the addresses, and the data centre knows the way back to the SIMs' subnet.

SIMS=${SIMS:-100.64.0.0/16} # the SIMs' subnet; two customers may have the same
SIMS_NET=${SIMS%.*.*}

integrated_world() { # CUSTOMER...: the mobile network, controller and gateway, and each customer's data centre, with no LNS in it
	LAB_SUSPECTS=(slicegate-gateway sgsnemu-car1 slicegate-sim-car1 slicegate-sim-car2)
	step "a mobile network, a gateway and its controller, ${#} data centre(s)" integrated_world_up "$@"
}

integrated_world_up() {
	local c
	mobile_network
	capture mobile n3
	for c; do
		customer "$c"
		ip_in "$c" route add "$SIMS" via "$PEER_LOCAL"
		capture "$c" wan
	done
	servers_start "$@"
	slicegate_up
}

order_integrated() { # CUSTOMER [ALLOCATION [MEMBERS]]: VSlice, peering target, policy, and a group whose endpoints follow it
	order_fleet "$@"
	order_fleet_peering "$1"
	order_fleet_policy "$1" "policy-$1" "$(flow uplink "dc-$1")"
	order_fleet_group "$1" "cars-$1" "policy-$1" "${2:-static}"
	wait_for 10 fleet_ready "$1"
}

order_fleet() { # CUSTOMER [ALLOCATION [MEMBERS]]
	api POST /vslices <<-END
		{"name": "Fleet $1", "moniker": "fleet-$1", "vsliceType": "integrated", "subnetAddress": "$SIMS",
		 "ipAllocationType": "${2:-static}" ${3:+, $3}}
	END
}

order_fleet_peering() { # CUSTOMER
	api POST /routingtargets <<-END
		{"name": "Data centre $1", "moniker": "dc-$1", "vslice": "fleet-$1", "routingTargetType": "peering", "routingRedundancyZoneMoniker": "$LAB-primary",
		 "configurationData": {"peeringConfig": {"interface": "peer-$1",
		 "localAddress": "$PEER_LOCAL/24", "gatewayAddress": "$PEER_REMOTE", "remoteSubnets": "$SERVER_NET.0/24"}}}
	END
}

flow() { # DIRECTION [TARGET [MEMBERS]]: a rule that forwards and lets the answers back; without a target to the other SIMs
	echo "{\"description\": \"$1\", \"ruleDirection\": \"$1\", \"ruleAction\": \"forward\", \"enabled\": true, \"reflexive\": true" \
		"${2:+, \"routingTarget\": \"$2\"} ${3:+, $3}}"
}

order_fleet_policy() { # CUSTOMER MONIKER RULE...
	local c=$1 moniker=$2 IFS=,
	shift 2
	api POST /routingpolicies <<<"{\"name\": \"$moniker\", \"moniker\": \"$moniker\", \"vslice\": \"fleet-$c\", \"routingPolicyRules\": [$*]}"
}

order_fleet_group() { # CUSTOMER MONIKER POLICY ALLOCATION
	api POST /endpointgroups <<-END
		{"name": "$2", "moniker": "$2", "vslice": "fleet-$1", "routingPolicy": "$3", "regionalGatewayPolicy": "automatic", "ipAllocationType": "$4"}
	END
}

order_car() { # GROUP IMSI [MEMBERS]
	api POST /endpoints <<<"{\"iccid\": \"$(iccid_of "$2")\", \"imsis\": [\"$2\"], \"name\": \"car $2\", \"endpointGroup\": \"$1\" ${3:+, $3}}"
}

fleet_ready() { api GET "/vslices/fleet-$1" | jq -c ".readiness[] | select(.ok | not)" | tee /dev/stderr | refuse grep -v endpointGroups; } # CUSTOMER
car() { api GET "/endpoints/$(iccid_of "$1")" | jq -er "${2:-.}"; } # IMSI [JQ-FILTER]
has_address() { car "$1" .assignedIpAddress; }                      # IMSI: one is kept for it
fleet_of() { slice_namespaces "$LAB" | grep "fleet-$1"; }           # CUSTOMER: the slice's namespace
