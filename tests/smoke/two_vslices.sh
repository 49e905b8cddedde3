#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Two customers chose the same LAC, LNS, SIM and server addresses. They work side by side and never meet.
. "$(dirname "$0")/../../lab/story.sh"

one=999700000000001 two=999700000000002
both_move() {
	moves_file car1 300000
	moves_file car2 700000
}
counted() {
	session $one '| .bytesUplink > 300000 and .bytesUplink < 500000'
	session $two '| .bytesUplink > 700000 and .bytesUplink < 900000'
}

lab_open "Two VSlices with the same LAC, LNS and SIM addresses"
world a b
step "the order of customer a" order a $one
step "the order of customer b" order b $two
phone car1
phone car2
step "a SIM of a attaches" sgsnemu_attach car1 $one
step "a SIM of b attaches" sgw_attach car2 $two
step "both have the same address" [ "$(address_of car1)" = "$(address_of car2)" ]
step "each moves a file to its own server" both_move
step "each session counted its own octets" wait_for 10 counted
step "a's data centre goes dark" ip_in a link set wan down
step "a's SIM is cut off" refuse reaches car1 1
step "b's SIM is not" reaches car2
the_end
