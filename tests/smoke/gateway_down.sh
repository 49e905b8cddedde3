#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# alone
# The gateway is dead for seconds while both sides go on talking to it. Nobody is told "port unreachable", and when it is back its
# sessions are up as if nothing had been.
. "$(dirname "$0")/../../lab/story.sh"

one=999700000000001 two=999700000000002
both_attach() {
	sgsnemu_attach car1 $one
	sgw_attach car2 $two
}
dead_for_a_while() { # pings from the SIMs and from the server meanwhile
	stop slicegate-gateway KILL
	in_ns car1 ping -n -c 10 -i 0.2 -W 1 "$SERVER" &
	in_ns a-server ping -n -c 10 -i 0.2 -W 1 "$(address_of car2)" || true
	wait $! || true
}
nobody_was_told() {
	[ "$(wire a wan "icmp.type == 3 && icmp.code == 3 && ip.src == $LAC")" = 0 ] || fail "the LNS was told port unreachable"
	[ "$(wire mobile n3 "icmp.type == 3 && icmp.code == 3 && ip.src == $GTP_GATEWAY")" = 0 ] || fail "the SGSN was told port unreachable"
	[ "$(wire mobile n3 "gtp.message == 26 && ip.src == $GTP_GATEWAY")" = 0 ] || fail "an Error Indication was sent"
}

lab_open "The gateway is dead for seconds, under traffic"
world a
step "the order of customer a" order a $one $two
phone car1
phone car2
step "a SIM attaches with GTPv1, another with GTPv2" both_attach
step "the gateway is killed; SIMs and server go on sending" dead_for_a_while
step "it is started again" gateway_start
step "a SIM reaches the server" wait_for 5 reaches car1 1
step "the server reaches a SIM" wait_for 5 reached a car2
step "neither LNS nor SGSN was told that nobody is there" nobody_was_told
step "two sessions" wait_for 5 sessions_are 2
the_end
