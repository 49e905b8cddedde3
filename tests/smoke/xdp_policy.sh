#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The Routing Policy holds for packets that take the programs: what a new rule forbids stops, both ways, and what it allows again goes on.
. "$(dirname "$0")/../../lab/story.sh"

imsi=999700000000002

silent() { # DIRECTION: nothing is delivered any more
	local before
	before=$(fast_packets "$1")
	sleep 0.5
	[ "$(fast_packets "$1")" = "$before" ]
}
forward=$(rule uplink forward dc-a)
knock() { start knock car2 ping -n -q -i 0.01 "$SERVER"; }

# The counter of the policy's one rule, which meets no nftables rule on the fast path.
rule_counts() { [ "$(api GET /routingpolicies/policy-a | jq '.routingPolicyRules[0].packets')" -ge "$1" ]; } # PACKETS
path_is() { [ "$(api GET /vslices/diagnostics-a | jq -r .dataPath)" = "$1" ]; } # WAY
gateway_says() { api GET "/regionalgateways/$LAB" | jq -r .dataPath | grep -q 'xdp.*n3:native'; }

lab_open "The policy and the programs"
DATAPLANE=xdp world a
step "redirects can be taken on both sides" fast_cables a
step "the order of customer a" order a $imsi
phone car2
step "the SIM attaches" sgw_attach car2 $imsi
step "packets take the programs" wait_for 10 rides car2
step "the API says which way they go" wait_for 5 path_is fast
step "and on which interfaces" wait_for 15 gateway_says
step "a hundred echoes, past the slice's stack" in_ns car2 ping -n -q -i 0.002 -c 100 "$SERVER"
step "the rule that lets them has counted them" wait_for 30 rule_counts 100
step "it sends and sends" knock
step "a rule drops all that goes up" rules a "$(rule uplink drop)"
step "the programs deliver nothing" wait_for 5 silent uplink
step "the SIM reaches nobody" refuse reaches car2
step "the rule is taken back" rules a "$forward"
step "packets take the programs" wait_for 10 rides car2
step "a rule drops all that comes down" rules a "$(rule downlink drop)" "$forward"
step "the programs deliver nothing" wait_for 5 silent downlink
step "the SIM hears nobody" refuse reaches car2
step "the rule is taken back" rules a "$forward"
step "packets take the programs" wait_for 10 rides car2
stop knock
step "the SIM detaches" sgw_detach car2
the_end
