#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# IPv6 on an Integrated VSlice: each SIM has a /64 of its own, told by the mobile network and by our router advertisement, from which its own stack
# makes its address; IPv4 beside it for those that ask for both. Policies, reflexive answers and a restart are as with IPv4.
. "$(dirname "$0")/../../lab/story.sh"

one=999700000000001 two=999700000000002
SIMS6=2001:db8:77::/48 FIRST6=2001:db8:77:1: SECOND6=2001:db8:77:2:
SERVER6=2001:db8:50::10

data_centre6() { # b's cable and server speak IPv6
	ip_in b addr add fd00:9::2/64 dev wan nodad
	ip_in b addr add 2001:db8:50::1/64 dev lan nodad
	ip_in b-server addr add $SERVER6/64 dev eth0 nodad
	ip_in b-server -6 route add default via 2001:db8:50::1
	ip_in b -6 route add $SIMS6 via fd00:9::1
	in_ns b sysctl -qw net.ipv6.conf.all.forwarding=1
	start transfer6-b b-server "$LAB_DIR/transfer.py" serve $SERVER6 7001
}
order_both() {
	order_fleet a static "\"ipAddressFamily\": \"ipv4v6\", \"subnets\": [\"$SIMS\", \"$SIMS6\"], \"dnsMode\": \"custom\", \"dnsServers\": [\"$DNS1\", \"2001:db8::53\"]"
	order_fleet_peering a
	api POST /routingtargets <<-END
		{"name": "Data centre 6", "moniker": "dc6", "vslice": "fleet-a", "routingTargetType": "peering", "routingRedundancyZoneMoniker": "$LAB-primary",
		 "configurationData": {"peeringConfig": {"interface": "peer-b", "localAddress": "fd00:9::1/64", "gatewayAddress": "fd00:9::2", "remoteSubnets": "2001:db8:50::/64"}}}
	END
	order_fleet_policy a policy-a "$(flow uplink dc6 '"destinationIpPattern": "2001:db8:50::/64"')" "$(flow uplink dc-a)"
	order_fleet_group a cars-a policy-a static
	order_car cars-a $one
	order_car cars-a $two
	wait_for 5 kept $one "$SIMS_NET.0.2 ${FIRST6}:/64"
	wait_for 5 kept $two "$SIMS_NET.0.3 ${SECOND6}:/64"
	wait_for 10 fleet_ready a
}
kept() { [ "$(car "$1" '.assignedIpAddress + " " + .assignedIpv6Prefix')" = "$2" ]; } # IMSI "ADDRESS PREFIX"
asks() { sgw_attach car1 $one --pdn-type "$@"; }                                      # PDN-TYPE [OPTIONS...]
told() { says "$(sim car1)" "$1"; }
own6() { ip_in "$1" -o -6 addr show scope global | awk '{ sub("/.*", "", $4); print $4; exit }'; } # PHONE
makes_address() { [[ $(own6 "$1") == "$2"* ]]; }                                                  # PHONE PREFIX: of our advertisement
pings6() { in_ns "${1:-car1}" ping -6 -n -c 2 -i 0.2 -W 2 $SERVER6; }
file6() { in_ns car1 "$LAB_DIR/transfer.py" move "$(own6 car1)" $SERVER6 7001 500000; }
reached6() { in_ns b-server ping -6 -n -c 1 -W 1 "$(own6 car1)"; }
other_prefix() { # not from an address of another SIM
	local status=0
	ip_in car1 addr add "${SECOND6}:7/128" dev tun_sim nodad
	in_ns car1 ping -6 -n -c 1 -W 1 -I "${SECOND6}:7" $SERVER6 || status=$?
	ip_in car1 addr del "${SECOND6}:7/128" dev tun_sim
	[ $status != 0 ]
}
way_in() {
	rules a "$(flow uplink dc6 '"destinationIpPattern": "2001:db8:50::/64"')" "$(flow uplink dc-a)" "$(flow downlink dc6)"
	wait_for 5 reached6
}
killed() {
	stop slicegate-gateway KILL
	gateway_start
	wait_for 10 pings6
	wait_for 10 reaches car1 1
}
said() { [ "$(session $one '| .ipv6Prefix + " " + .ipAddress')" = "${FIRST6}:/64 $SIMS_NET.0.2" ]; }
leaves() { sgw_detach car1 && wait_for 5 sessions_are 0; }

lab_open "IPv6 on an Integrated VSlice"
integrated_world a b
step "a data centre that speaks IPv6" data_centre6
step "a VSlice of both families, and two SIMs" order_both
phone car1
in_ns car1 sysctl -qw net.ipv6.conf.default.dad_transmits=0 net.ipv6.conf.default.router_solicitation_interval=1 net.ipv6.conf.default.router_solicitation_delay=0
step "a SIM asks for both (cause 16)" asks ipv4v6
step "it gets what is kept for it, and the VSlice's name servers" told "address=$SIMS_NET.0.2 .*cause=16 .*address6=${FIRST6}"
step "the API says so" wait_for 5 said
step "its own stack makes an address of our advertisement" wait_for 8 makes_address car1 "$FIRST6"
step "IPv4 flows" reaches car1
step "IPv6 flows" pings6
step "a file over TCP and IPv6" file6
step "it cannot speak with another SIM's prefix" other_prefix
step "the server does not reach it" refuse reached6
step "unless a downlink rule says so" way_in
step "the gateway is killed: both go on" killed
step "with the same prefix" wait_for 5 said
step "it detaches" leaves
step "IPv6 alone (cause 16)" asks ipv6
step "no IPv4 address, the same prefix" told "address=0.0.0.0 .*cause=16 .*address6=${FIRST6}"
step "IPv6 flows" wait_for 8 pings6
step "it detaches" leaves
step "IPv4 alone" eval 'asks ipv4 && reaches car1 1 && leaves'
step "one family on a bearer: IPv4 (cause 19)" eval 'asks ipv4v6 --single-address && told "address=$SIMS_NET.0.2 .*cause=19" && leaves'
the_end
