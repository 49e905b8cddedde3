#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# An Integrated VSlice: the platform keeps an address for each SIM and gives it, DNS and MTU with it; its traffic follows the group's policy to
# a data centre behind peering and back. Two customers have the same subnet. A killed gateway goes on with the same sessions.
. "$(dirname "$0")/../../lab/story.sh"

one=999700000000001 two=999700000000002 three=999700000000003

kept() { [ "$(car "$1" .assignedIpAddress)" = "$2" ]; } # IMSI ADDRESS
said() { # IMSI ADDRESS: by session and endpoint
	[ "$(session "$1" '| .ipAddress + " " + .ipSource')" = "$2 platform" ] &&
		[ "$(car "$1" '.ipAddress + " " + .ipSource')" = "$2 platform" ] &&
		[ "$(session "$1" '.dnsServers | join(" ")')" = "9.9.9.9 149.112.112.112 2620:fe::fe 2620:fe::9" ] &&
		[ "$(session "$1" .mtu)" = 1400 ]
}
verdict_is() { verdict "$1" | grep -q "$2"; } # IMSI WORDS
server_sees() { in_ns a-server timeout 3 tcpdump -nc 1 -i eth0 "icmp and src $1"; } # ADDRESS
reached_soon() { in_ns a-server ping -n -c 1 -W 1 "$(address_of car1)"; }
refused_way_in() { refuse reached_soon; }
way_in() {
	rules a "$(flow uplink dc-a)" "$(flow downlink dc-a "\"sourceIpPattern\": \"$SERVER\"")"
	wait_for 5 reached_soon
}
way_in_closed() {
	rules a "$(flow uplink dc-a)"
	wait_for 5 refused_way_in
}
again() {
	sgw_detach car2
	wait_for 5 no_session $two
	sgw_attach car2 $two
	[ "$(address_of car2)" = "$SIMS_NET.0.3" ]
}
killed() {
	stop slicegate-gateway KILL
	gateway_start
	wait_for 10 reaches car1 1
	wait_for 10 reaches car2 1
	moves_file car2 300000
	wait_for 10 sessions_are 3
}
suspended() {
	api PATCH "/endpoints/$(iccid_of $two)" <<<'{"endpointStatus": "suspended"}'
	wait_for 5 released car2
	wait_for 5 no_session $two
}
deleted() {
	api DELETE "/endpoints/$(iccid_of $three)"
	wait_for 5 released car3
	wait_for 5 sessions_are 1
}
gone_from_the_wire() { [ "$(wire mobile n3 "icmp.type == 3 && ip.src == $GTP_GATEWAY")" = 0 ]; }

lab_open "An Integrated VSlice with a data centre behind peering"
integrated_world a b
step "the order of customer a" order_integrated a
step "a SIM of a" order_car cars-a $one
step "another" order_car cars-a $two
step "customer b has the same subnet" order_integrated b
step "a SIM of b" order_car cars-b $three
step "an address is kept for each" wait_for 5 kept $one "$SIMS_NET.0.2"
step "an address is kept for each" wait_for 5 kept $two "$SIMS_NET.0.3"
step "the same for b, whose network is another" wait_for 5 kept $three "$SIMS_NET.0.2"
phone car1
phone car2
phone car3
step "a SIM attaches with GTPv1" sgsnemu_attach car1 $one
step "another with GTPv2" sgw_attach car2 $two
step "the SIM of b" sgw_attach car3 $three --local "$SGW2"
step "session and endpoint say the address, who gave it, DNS and MTU" wait_for 5 said $one "$SIMS_NET.0.2"
step "the verdict says so too" wait_for 5 verdict_is $one "the platform gave $SIMS_NET.0.2"
step "the SIM reaches its server" reaches car1
step "the other one" reaches car2
step "the SIM of b, which has the same address, reaches b's" reaches car3
step "a file goes up and down over TCP" moves_file car1
step "a file with GTPv2" moves_file car2
step "the server does not reach the SIM: no downlink rule" refused_way_in
step "with a downlink rule it does" way_in
step "and no longer when the rule is gone" way_in_closed
step "after a detach the SIM has its address again" again
step "the gateway is killed: three sessions go on" killed
step "nobody was told port unreachable" gone_from_the_wire
step "a suspended endpoint loses its session" suspended
step "so does a deleted one" deleted
the_end
