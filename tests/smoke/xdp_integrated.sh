#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The SIMs of an Integrated VSlice by the BPF programs: GTP-U into the slice's cable and back out of it, with the slice's own stack, its policy
# and TCP between. A limit of the group's policy holds there too, and a killed gateway takes nothing with it.
. "$(dirname "$0")/../../lab/story.sh"

one=999700000000001 two=999700000000002

rides_down() { # PHONE
	local before
	before=$(fast_packets downlink)
	reaches "$1" 1
	[ "$(fast_packets downlink)" -gt "$before" ]
}
cable_has_program() { metrics | grep 'slicegate_fast_path{' | grep -q simw:native; }
killed() {
	stop slicegate-gateway KILL
	gateway_start
}
none_lost() { # the last one comes when they are over
	wait_for 30 says echoes 'packets transmitted'
	says echoes '^4000 packets transmitted, 4000 received, 0% packet loss' || fail "$(grep transmitted "$LAB_WORK/echoes.log")"
}
discards() { api PATCH /routingpolicies/policy-a <<<"{\"packetDiscardDownlinkPercentage\": $1}"; } # PERCENT
silent() { refuse reaches car1 1; }
discarded() { [ "$(metric 'slicegate_packet_drops_total{reason="discarded"}')" -gt 0 ]; }

path_is() { [ "$(api GET /vslices/fleet-a | jq -r .dataPath)" = "$1" ]; } # WAY
rules_count() { api GET /routingpolicies/policy-a | jq -e "[.routingPolicyRules[] | .packets >= $1] | all"; } # PACKETS
lives() { in_ns car1 ping -n -c 1 "$SERVER" | grep -q "ttl=$1"; } # HOPS

lab_open "An Integrated VSlice by the BPF programs"
integrated_world a
step "the order of customer a" order_integrated a
step "a SIM" order_car cars-a $one
step "another" order_car cars-a $two
step "redirects can be taken" fast_cables
phone car1
phone car2
step "a SIM attaches" sgsnemu_attach car1 $one
step "another with GTPv2" sgw_attach car2 $two
step "it reaches its server by the programs, up" wait_for 10 rides car1
step "and down" wait_for 10 rides_down car1
step "the other too" wait_for 5 rides_down car2
step "the cable has a program" cable_has_program
step "a file goes up and down over TCP" moves_file car1
step "a file with GTPv2" moves_file car2
step "its policy discards all that comes down" discards 100
step "within a moment nothing comes down" wait_for 5 silent
step "and it is counted as discarded" wait_for 5 discarded
step "no more" discards 0
step "the SIM reaches its server again" wait_for 5 reaches car1 1
step "echoes, a thousand a second" start echoes car1 ping -n -q -i 0.001 -c 4000 -W 2 "$SERVER"
step "kill -9, and a start" killed
step "and once more" killed
step "not one was lost" none_lost
step "the SIM still takes the programs" wait_for 10 rides_down car1
step "so far the slice's stack is in it: answers come by tracking" wait_for 5 path_is stack
step "a policy that lets all through, both ways" rules a "$(rule uplink forward dc-a)" "$(rule downlink forward dc-a)"
step "redirects can be taken there too" fast_cables a
step "packets go past the slice's stack" wait_for 10 path_is fast
step "a hundred echoes" in_ns car1 ping -n -q -i 0.002 -c 100 "$SERVER"
step "the rules have counted them, in the programs and in the slice" wait_for 10 rules_count 100
step "one hop less to live for each router" wait_for 3 lives 62
step "a file goes up and down over TCP" moves_file car1
step "kill -9 and a start: still past it" eval "killed && wait_for 10 path_is fast && reaches car1"
step "a policy whose answers need tracking" rules a "$(flow uplink dc-a)"
step "takes the stack" wait_for 10 path_is stack
step "and works" wait_for 5 reaches car1
step "both detach" eval "sgsnemu_detach car1 && sgw_detach car2"
step "no session is left" wait_for 5 sessions_are 0
the_end
