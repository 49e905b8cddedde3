# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# An LNS on the Internet, behind the customer's cable, and the order for it.

internet() { # the gateway's host has a public address and a route; the LNS's side knows nothing of LACs
	link_up gateway peer-a "$PEER_LOCAL/24"
	ip_in gateway route add "$LNS_NET.0/24" via "$PEER_REMOTE"
	ip_in a route del "$LAC"
	in_ns gateway sysctl -qw net.ipv4.ip_forward=0
	in_ns gateway nft add table inet of-the-host
	in_ns gateway nft 'add chain inet of-the-host input { type filter hook input priority 0; policy accept; }'
	in_ns gateway nft list ruleset >"$LAB_WORK/host.before"
}
order_internet() { # CUSTOMER IMSI
	order_vslice "$1"
	order_internet_route "$1"
	order_l2tp "$1"
	order_endpoint "$1" "$2"
	wait_for 10 slice_ready "$1"
}
order_internet_route() { # CUSTOMER
	api POST /routingtargets <<<"{\"name\": \"Internet $1\", \"moniker\": \"net-$1\", \"vslice\": \"diagnostics-$1\", \"routingTargetType\": \"internet\"}"
	api POST /routingpolicies <<-END
		{"name": "To the Internet $1", "moniker": "policy-$1", "vslice": "diagnostics-$1", "routingPolicyStatus": "active",
		 "routingPolicyRules": [$(rule uplink forward "net-$1")]}
	END
	api PATCH "/vslices/diagnostics-$1" <<<"{\"defaultRoutingPolicy\": \"policy-$1\"}"
}
