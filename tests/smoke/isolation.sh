#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2034
# Nothing from one slice reaches another slice, the host, the controller or the GTP side, whatever a SIM, a data centre or an LNS sends: all try,
# with policies that allow everything, with their own addresses and with others'.
. "$(dirname "$0")/../../lab/story.sh"
. "$LAB_DIR/isolation.sh"

one=999700000000001 two=999700000000002 three=999700000000003 four=999700000000004
LNS_KIND=l2tpns

world_of_four() { # Integrated a and b with the same subnet; L2TP c; and d, whose way is the Internet behind NAT
	ip_in gateway addr add $HOST/32 dev lo
	customer c
	capture c wan
	lns_l2tpns_start c
	capture a-server eth0
	capture b-server eth0
}
open_fleet() { # CUSTOMER IMSI: whatever the SIM sends goes to its data centre, and whatever that sends to the SIM
	order_fleet "$1"
	api POST /routingtargets <<-END
		{"name": "Everything $1", "moniker": "dc-$1", "vslice": "fleet-$1", "routingTargetType": "peering", "routingRedundancyZoneMoniker": "$LAB-primary",
		 "configurationData": {"peeringConfig": {"interface": "peer-$1", "localAddress": "$PEER_LOCAL/24", "gatewayAddress": "$PEER_REMOTE", "remoteSubnets": ""}}}
	END
	order_fleet_policy "$1" "policy-$1" "$(flow uplink "dc-$1")" "$(flow downlink "dc-$1")"
	order_fleet_group "$1" "cars-$1" "policy-$1" static
	order_car "cars-$1" "$2"
	wait_for 5 has_address "$2"
	wait_for 10 fleet_ready "$1"
}
internet_fleet() {
	order_fleet d
	api POST /routingtargets <<<"{\"name\": \"Internet\", \"moniker\": \"net-d\", \"vslice\": \"fleet-d\", \"routingTargetType\": \"internet\", \"routingRedundancyZoneMoniker\": \"$LAB-primary\"}"
	order_fleet_policy d policy-d "$(flow uplink net-d)" "$(flow downlink net-d)"
	order_fleet_group d cars-d policy-d static
	order_car cars-d $four
	wait_for 5 has_address $four
	wait_for 10 fleet_ready d
}
attach() {
	sgsnemu_attach car1 $one
	sgw_attach car2 $two
	sgw_attach car4 $four --local "$SGW2"
}
l2tp_attach() { # the SIMs of a and b have said enough by then
	sgw_detach car2
	sgw_attach car3 $three
}

forges() { # PHONE: packets to its server with others' sources
	in_ns "$1" python3 - "$SERVER" "$SIMS_NET.0.99" "$SERVER_NET.1" "$GTP_GATEWAY" 127.0.0.1 "$PEER_LOCAL" 198.18.0.1 <<-END
		import socket, struct, sys
		s = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
		for source in sys.argv[2:]:
		    udp = struct.pack("!HHHH", 7, 7777, 12, 0) + b"fake"
		    s.sendto(struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 1, 0, 64, 17, 0, socket.inet_aton(source), socket.inet_aton(sys.argv[1])) + udp, (sys.argv[1], 0))
	END
}
forged() { wire "$1" eth0 "udp.dstport == 7777"; } # SERVER: how many it saw
only_as_itself() { # the data plane drops what is not the SIM's, and says so
	forges car1
	forges car2
	wait_for 5 dropped 4
	reaches car1 1
	[ "$(forged a-server)" = 0 ] && [ "$(forged b-server)" = 0 ]
}
dropped() { [ "$(metric "slicegate_packet_drops_total{reason=\"inner_foreign_source\"}" | tee /dev/stderr)" -ge "$1" ]; } # NUMBER
gtp_is_quiet() { [ "$(metric slicegate_gtp_unknown_peers)" = 0 ] && [ "$(metric 'slicegate_gtpu_error_indications')" = 0 ]; }
seen_by() { wire "$1" eth0 "icmp.type == 8 && ip.src == $2"; } # SERVER ADDRESS: pings
each_its_own() { # the SIMs of a and b have the same address, and each server hears its own SIM only
	local before
	before=$(seen_by b-server "$SIMS_NET.0.2")
	reaches car1 3
	wait_for 5 more_than 2 a-server
	[ "$(seen_by b-server "$SIMS_NET.0.2")" = "$before" ]
}
more_than() { [ "$(seen_by "$2" "$SIMS_NET.0.2")" -gt "$1" ]; } # NUMBER SERVER
meets_its_own() { # the server of a reaches the SIM of a, and the SIM of b hears nothing
	local before
	before=$(sim_packets $two)
	reached a car1
	reached a car1
	[ "$(sim_packets $two)" = "$before" ]
}
sim_packets() { session "$1" .packetsDownlink; } # IMSI

lab_open "Slices are apart"
lns_installed l2tpns
integrated_world a b
step "two Integrated VSlices with one subnet, an L2TP VSlice, and one on the Internet" world_of_four
step "a, with a policy that lets everything pass" open_fleet a $one
step "b likewise" open_fleet b $two
step "d goes to the Internet" internet_fleet
step "c is an L2TP VSlice" order c $three
for n in 1 2 3 4; do phone "car$n"; done
step "SIMs attach" attach
step "a reaches its server" reaches car1
step "b reaches its own" reaches car2
step "each server hears its own SIM, though both have one address" each_its_own
step "the other way too" meets_its_own
step "a SIM of a reaches nothing of ours" nobody_answers car1
step "nor does one of b" nobody_answers car2
step "nor does one that may go to the Internet" nobody_answers car4
step "a SIM speaks with its own address only" only_as_itself
step "a SIM cannot speak GTP" speaks_gtp car1
step "nor can one that may go to the Internet" speaks_gtp car4
step "a's data centre sends us whatever it likes" leads_through_us a
step "it reaches nothing of ours" nobody_answers a
step "c's LNS sends us whatever it likes" leads_through_us c
step "it reaches nothing of ours" nobody_answers c
step "a SIM of the L2TP VSlice attaches" l2tp_attach
step "it reaches its server" reaches car3
step "and nothing of ours, though its LNS leads it back to us" nobody_answers car3
step "it cannot speak GTP either" speaks_gtp car3
step "GTP has heard nobody but SGSN and SGW" gtp_is_quiet
the_end
