#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2034
# The story of xdp.inc with WireGuard: wireguard-go on a TUN at both ends, or the kernel's.
target=wg-a
. "$(dirname "$0")/xdp.inc"
dpkg-query -W $peer_wireguard_packages >/dev/null 2>&1 || skip "needs the packages $peer_wireguard_packages"

peer_up() { peer_wireguard_start a; }
our_key() { api GET /routingtargets/wg-a | jq -er '.configurationData.wireGuardConfig.localPublicKey'; }
key_is_shown() { our_key | grep -q '='; }
order_target() {
	order_way "\"routingTargetType\": \"wireguard\", \"configurationData\": {\"wireGuardConfig\": {\"remotePublicKey\": \"$(peer_wireguard_key a)\",
		\"remotePeerIPAddress\": \"$PEER_REMOTE\", \"localSubnets\": \"$LAC/32\", \"remoteSubnets\": \"$LNS_NET.0/24\"}}"
	wait_for 10 key_is_shown
	peer_wireguard_knows a "$(our_key)"
}

lab_open "An LNS behind WireGuard, over XDP"
run_story
