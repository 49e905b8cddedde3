#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# limit: 180
# shellcheck disable=SC2034
# The SIMs of an Integrated VSlice go to the Internet behind NAT, down a WireGuard tunnel, and down an IKEv2 VPN, to real peers: one rule leads to one
# target after the other, and what begins anew takes the new way at once. Nothing of theirs is in clear where it should not be.
. "$(dirname "$0")/../../lab/story.sh"

one=999700000000001 two=999700000000002
key="a preshared key"
WIREGUARD_SIDE=$SIMS STRONGSWAN_SIDE=$SERVER_NET.0/24
dpkg-query -W $peer_wireguard_packages $peer_strongswan_packages >/dev/null 2>&1 || skip "needs the packages $peer_wireguard_packages $peer_strongswan_packages"

by_address() { # the gateway's host and the data centre reach each other; nobody there knows of SIMs
	link_up gateway peer-a "$PEER_LOCAL/24"
	ip_in gateway route add "$SERVER_NET.0/24" via "$PEER_REMOTE"
	ip_in a route del "$SIMS"
	capture a-server eth0
}
target() { # MONIKER TYPE [CONFIGURATION]
	api POST /routingtargets <<<"{\"name\": \"$1\", \"moniker\": \"$1\", \"vslice\": \"fleet-a\", \"routingTargetType\": \"$2\", \"routingRedundancyZoneMoniker\": \"$LAB-primary\" ${3:+, \"configurationData\": $3}}"
}
targets() {
	order_fleet a
	target net internet
	target wg wireguard "{\"wireGuardConfig\": {\"remotePublicKey\": \"$(peer_wireguard_key a)\", \"remotePeerIPAddress\": \"$PEER_REMOTE\", \"localSubnets\": \"$SIMS\", \"remoteSubnets\": \"$SERVER_NET.0/24\"}}"
	target vpn vpn "{\"vpnConfig\": {\"remotePeerAddress\": \"$PEER_REMOTE\", \"presharedKey\": \"$key\", \"keyExchangeType\": \"ikev2\", \"vpnIkeOption\": \"$IKE_PROPOSAL\", \"vpnEspOption\": \"$ESP_PROPOSAL\", \"localSubnets\": \"$SIMS\", \"remoteSubnets\": \"$SERVER_NET.0/24\"}}"
	order_fleet_policy a policy-a "$(flow uplink net)"
	order_fleet_group a cars-a policy-a static
	order_car cars-a $one
	order_car cars-a $two
	wait_for 5 has_address $two
}
our_key() { api GET /routingtargets/wg | jq -er '.configurationData.wireGuardConfig.localPublicKey'; }
key_is_there() { our_key | grep -q =; }
status_is() { [ "$(api GET "/routingtargets/$1" | jq -r .routingTargetStatus.moniker)" = "$2" ]; } # TARGET STATUS
by_way_of() { # TARGET: the one rule leads there from now on
	rules a "$(flow uplink "$1")"
	wait_for 10 reaches car1 1
}
comes_from() { wait_for 10 seen_from "$1"; } # ADDRESS: what the server sees; a rule takes up to a second to hold
seen_from() { reaches car1 1 && wire_saw a-server eth0 "icmp.type == 8 && ip.src == $1"; }
both_move_files() {
	moves_file car1 300000
	moves_file car2 300000
}
carried() { [ "$(in_ns a tcpdump -nr "$LAB_WORK/a.wan.pcap" "$1" 2>/dev/null | wc -l)" -gt 500 ]; } # FILTER: the files went that way
in_clear() { in_ns a tcpdump -nr "$LAB_WORK/a.wan.pcap" "net $SIMS" 2>/dev/null | grep -c .; }
nothing_in_clear() { [ "$(in_clear)" = 0 ]; }
killed() {
	stop slicegate-gateway KILL
	gateway_start
	wait_for 15 reaches car1 1
	both_move_files
}

lab_open "An Integrated VSlice: Internet, WireGuard, VPN"
integrated_world a
step "a data centre with a public address" by_address
step "with a WireGuard router (wireguard-go)" peer_wireguard_start a
step "VSlice, an Internet, a WireGuard and a VPN target, two SIMs" targets
phone car1
phone car2
step "a SIM attaches (GTPv1)" sgsnemu_attach car1 $one
step "another (GTPv2)" sgw_attach car2 $two
step "the Internet target is available" wait_for 10 status_is net available
step "a SIM reaches the server" wait_for 10 reaches car1
step "which sees the gateway's public address" comes_from "$PEER_LOCAL"
step "both move files" both_move_files
step "the customer enters our WireGuard key" wait_for 10 key_is_there
step "the customer enters our WireGuard key" peer_wireguard_knows a "$(our_key)"
step "and the target is available" wait_for 20 status_is wg available
step "the rule leads to WireGuard" by_way_of wg
step "the server sees the SIM" comes_from "$SIMS_NET.0.2"
step "both move files" both_move_files
step "inside WireGuard" wait_for 5 carried "udp port 51820"
step "with a VPN router (strongSwan)" peer_strongswan_start a "$key" "$SIMS"
step "the VPN target is available" wait_for 30 status_is vpn available
step "the rule leads to the VPN" by_way_of vpn
step "both move files" both_move_files
step "inside ESP" wait_for 5 carried "udp port 4500"
step "the gateway is killed and comes back: sessions and VPN go on" killed
step "no packet of a SIM was in clear" nothing_in_clear
the_end
