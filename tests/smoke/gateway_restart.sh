#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The gateway is killed in the middle of traffic and started again: sessions live on, and neither LNS nor SGW noticed.
. "$(dirname "$0")/../../lab/story.sh"

one=999700000000001 two=999700000000002
both_attach() {
	sgsnemu_attach car1 $one
	sgw_attach car2 $two
}
both_reach() { reaches car1 1 && reaches car2 1; }
unnoticed() {
	[ "$(wire a wan 'l2tp.avp.message_type == 1')" = 1 ] || fail "a second SCCRQ"
	[ "$(wire a wan "icmp.type == 3 && ip.src == $LAC")" = 0 ] || fail "the LNS was told port unreachable"
	[ "$(wire mobile n3 "icmp.type == 3 && ip.src == $GTP_GATEWAY")" = 0 ] || fail "the mobile network was told port unreachable"
}
again() {
	stop slicegate-gateway KILL
	gateway_start
	sgw_detach car2
}

lab_open "kill -9 of the gateway"
world a
step "the order of customer a" order a $one $two
phone car1
phone car2
step "a SIM attaches with GTPv1, another with GTPv2" both_attach
step "both reach the server" both_reach
step "kill -9" stop slicegate-gateway KILL
step "the gateway starts again" gateway_start
step "both reach the server, with no attach in between" wait_for 10 both_reach
step "the server reaches the SIM" reached a car1
step "a file moves" moves_file car2 500000
step "the API knows both sessions" wait_for 10 sessions_are 2
step "no recovery counter was raised, no ICMP port unreachable, no new tunnel" unnoticed
step "it is killed again, and the SIM detaches when it is back" again
step "one session is left" wait_for 10 sessions_are 1
the_end
