#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2034
# The story of xdp.inc with a VPN: strongSwan at the customer's side.
target=vpn-a
. "$(dirname "$0")/xdp.inc"
dpkg-query -W $peer_strongswan_packages >/dev/null 2>&1 || skip "needs the packages $peer_strongswan_packages"

peer_up() {
	peer_strongswan_start a xdp-key "$LAC/32"
	ip_in a route del "$LAC"
}
order_target() {
	order_way "\"routingTargetType\": \"vpn\", \"configurationData\": {\"vpnConfig\": {\"remotePeerAddress\": \"$PEER_REMOTE\", \"presharedKey\": \"xdp-key\",
		\"keyExchangeType\": \"ikev2\", \"vpnIkeOption\": \"$IKE_PROPOSAL\", \"vpnEspOption\": \"$ESP_PROPOSAL\", \"localSubnets\": \"$LAC/32\",
		\"remoteSubnets\": \"$LNS_NET.0/24\"}}"
}

lab_open "An LNS behind a VPN, over XDP"
run_story
