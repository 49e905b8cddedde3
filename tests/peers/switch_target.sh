#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2034
# A rule is switched from one Routing Target to another while a SIM moves a file: from a peering to a WireGuard tunnel and back. The live L2TP
# tunnel moves along, the file arrives, and the session is the same.
. "$(dirname "$0")/../../lab/story.sh"

one=999700000000001
dpkg-query -W $peer_wireguard_packages >/dev/null 2>&1 || skip "needs the packages $peer_wireguard_packages"

second_cable() { veth gateway wan2 10.8.0.1/24 a wan2 10.8.0.2/24; }
order_wireguard() {
	api POST /routingtargets <<-END
		{"name": "WireGuard", "moniker": "wg-a", "vslice": "diagnostics-a", "routingTargetType": "wireguard",
		 "configurationData": {"wireGuardConfig": {"remotePublicKey": "$(peer_wireguard_key a)", "remotePeerIPAddress": "10.8.0.2",
		 "localSubnets": "$LAC/32", "remoteSubnets": "$LNS_NET.0/24"}}}
	END
	wait_for 10 key_is_shown
	peer_wireguard_knows a "$(our_key)"
	wait_for 15 available
}
our_key() { api GET /routingtargets/wg-a | jq -er '.configurationData.wireGuardConfig.localPublicKey'; }
key_is_shown() { our_key | grep -q '='; }
path_is() { [ "$(api GET /vslices/diagnostics-a | jq -r .dataPath)" = "$1" ]; } # WAY
available() { api GET /routingtargets/wg-a | jq -e '.routingTargetStatus.moniker == "available"'; }
by_peering() { ip_in a route replace "$LAC" via "$PEER_LOCAL" src "$LNS"; }
by_wireguard() { ip_in a route replace "$LAC" dev "$(peer_wireguard_interface a)" src "$LNS"; }
switched_in_the_middle() { # a file is on its way meanwhile
	local mover
	moves_file car1 20000000 &
	mover=$!
	sleep 0.3
	rules a "$(rule uplink forward wg-a)" && by_wireguard
	sleep 0.5
	rules a "$(rule uplink forward dc-a)" && by_peering
	sleep 0.5
	rules a "$(rule uplink forward wg-a)" && by_wireguard
	wait "$mover"
}
clear_packets() { in_ns a tcpdump -nr "$LAB_WORK/a.wan.pcap" "udp port 1701" 2>/dev/null | wc -l; }
went_by_wireguard() { [ "$(in_ns a wg show "$(peer_wireguard_interface a)" transfer | awk '{ print ($2 > 100000) }')" = 1 ]; }
explained() {
	api POST /routingpolicies/policy-a/explain <<<"{\"sourceIp\": \"$LAC\", \"destinationIp\": \"$LNS\", \"transportProtocol\": \"udp\", \"destinationPort\": 1701}" |
		jq -e '.verdict == "forward" and .routingTarget.moniker == "wg-a"'
}

lab_open "A rule is switched to another Routing Target under load"
world a
step "a second cable, with a WireGuard router at its end" second_cable
step "the router" peer_wireguard_start a
step "which is not used yet" by_peering
step "the order of customer a, with a peering" order a $one
step "and a WireGuard target beside it" order_wireguard
phone car1
step "redirects can be taken on both sides" fast_cables a
step "the SIM attaches" sgsnemu_attach car1 $one
step "with the MTU of the cable" session $one ".mtu == 1460"
session=$(session $one .id)
step "its packets go past the slice's stack" eval "wait_for 10 rides car1 && wait_for 5 path_is fast"
step "a file arrives while the rule is switched to WireGuard, back, and to WireGuard again" switched_in_the_middle
step "the SIM goes on" reaches car1
step "its packets went by WireGuard, and through the stack that encrypts" eval "went_by_wireguard && wait_for 5 path_is stack"
step "and are no longer than it carries" wait_for 5 session $one ".mtu == 1380"
step "which the API explains" explained
step "in the same session" [ "$(session $one .id)" = "$session" ]
the_end
