#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2034
# An LNS behind WireGuard (wireguard-go at the customer's side): keys made by the platform, available once the peers have shaken hands, the
# L2TP tunnel inside, nothing of it in clear on the wire. A killed gateway takes its interface up again; the customer changes his key.
. "$(dirname "$0")/../../lab/story.sh"

one=999700000000001
dpkg-query -W $peer_wireguard_packages >/dev/null 2>&1 || skip "needs the packages $peer_wireguard_packages"

reached_by_address() { link_up gateway peer-a "$PEER_LOCAL/24"; }
order_target() {
	order_vslice a
	api POST /routingtargets <<-END
		{"name": "WireGuard", "moniker": "wg-a", "vslice": "diagnostics-a", "routingTargetType": "wireguard",
		 "configurationData": {"wireGuardConfig": {"remotePublicKey": "$(peer_wireguard_key a)", "remotePeerIPAddress": "$PEER_REMOTE",
		 "localSubnets": "$LAC/32", "remoteSubnets": "$LNS_NET.0/24"}}}
	END
	api POST /routingpolicies <<-END
		{"name": "To the data centre", "moniker": "policy-a", "vslice": "diagnostics-a", "routingPolicyStatus": "active",
		 "routingPolicyRules": [$(rule uplink forward wg-a)]}
	END
	api PATCH /vslices/diagnostics-a <<<'{"defaultRoutingPolicy": "policy-a"}'
}
target() { api GET /routingtargets/wg-a | jq -er "$1"; } # JQ-FILTER
status_is() { [ "$(target .routingTargetStatus.moniker)" = "$1" ]; }
our_key() { target '.configurationData.wireGuardConfig.localPublicKey'; }
key_is_shown() { our_key | grep -q '='; }
handshake_is_recent() { target '.publicInstanceConfiguration | fromjson | .lastHandshake | sub("[.][0-9]+Z"; "Z") | fromdateiso8601 > now - 60'; }
is_not_told() { target .statusMessage | grep -q 'no handshake with the peer'; }
knows_us() { peer_wireguard_knows a "$(our_key)"; }
order_rest() {
	order_l2tp a
	order_endpoint a $one
	wait_for 10 slice_ready a
}
nothing_in_clear() { [ -z "$(in_ns a tcpdump -nr "$LAB_WORK/a.wan.pcap" "udp port 1701" 2>/dev/null)" ]; }
comes_back() {
	stop slicegate-gateway KILL
	gateway_start
}
rekeyed() {
	peer_wireguard_new_key a
	knows_us
	api PATCH /routingtargets/wg-a <<<"{\"configurationData\": {\"wireGuardConfig\": {\"remotePublicKey\": \"$(peer_wireguard_key a)\"}}}"
}
key_is_ours_alone() {
	local key
	key=$(cat "$LAB_WORK"/state/targets/*.key)
	[ "$(stat -c %a "$LAB_WORK"/state/targets/*.key)" = 600 ]
	refuse grep -rqF "$key" "$LAB_WORK"/*.log "$LAB_WORK/state/config.ndjson" "$LAB_WORK/store.db"
	[ "$(wg pubkey <<<"$key")" = "$(our_key)" ]
}

lab_open "An LNS behind WireGuard"
world a
step "the customer's router is wireguard-go" peer_wireguard_start a
step "the gateway has an address that it can reach" reached_by_address
step "VSlice, WireGuard target, policy" order_target
step "the platform shows its public key" wait_for 10 key_is_shown
step "the target is pending and says what is missing" wait_for 10 is_not_told
step "the customer enters that key" knows_us
step "the target is available" wait_for 15 status_is available
step "and tells of the last handshake" wait_for 5 handshake_is_recent
step "LAC, LNS and a SIM" order_rest
phone car1
step "the SIM attaches" sgsnemu_attach car1 $one
step "it reaches its server" reaches car1
step "with the MTU that WireGuard leaves" session $one ".mtu == 1380"
step "a file through it" moves_file car1 1000000
step "nothing of L2TP was in clear" nothing_in_clear
step "the private key is in one file of the gateway's" key_is_ours_alone
step "the gateway is killed and comes back" comes_back
step "the SIM goes on" wait_for 10 reaches car1 1
step "and the target is available" wait_for 10 status_is available
step "one session, the same" sessions_are 1
step "the customer changes his key" rekeyed
step "the SIM goes on" wait_for 15 reaches car1 1
the_end
