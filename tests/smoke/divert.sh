#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2034
# An LNS that moved: the VSlice goes on naming the old address, and a rule of the Routing Policy diverts the tunnel to the new one, while the
# SIM is attached. What each rule decided is counted and shown.
. "$(dirname "$0")/../../lab/story.sh"

imsi=999700000000002
moved=$LNS old=$LNS_NET.99
divert() { rule uplink forward dc-a "\"transportProtocol\": \"udp\", \"divertIp\": \"$moved\", \"divertPort\": \"1701\""; }
order_of() { order_vslice "$1" && order_route "$1" && order_l2tp "$1" && order_endpoint "$1" $imsi; }
counted() { # RULE: it has decided something, and no other rule anything since
	api GET /routingpolicies/policy-a | jq -e ".routingPolicyRules[$1] | .packets > 4 and .bytes > 200"
}

lab_open "A rule diverts the tunnel"
world a
LNS=$old
step "the order of customer a names an address where nobody is" order_of a
phone car2
step "so the SIM cannot attach" refuse sgw_attach car2 $imsi
step "a rule diverts what goes there" rules a "$(rule uplink drop '' '"transportProtocol": "tcp"')" "$(divert)"
step "the SIM attaches once the tunnel is tried again" wait_for 8 sgw_attach car2 $imsi
step "and reaches its server" reaches car2
step "the second rule has counted it" wait_for 10 counted 1
step "the first one nothing" refuse counted 0
step "it moves a file" moves_file car2 300000
LNS=$moved
step "one session" sessions_are 1
the_end
