#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2034
# Two LNSs of equal preference take turns; one that is taken out of service and comes back takes its share again.
LNS_KIND=simulator
. "$(dirname "$0")/../../lab/story.sh"

first=999700000000001
LNS2=$LNS_NET.3
second_lns() {
	ip_in a addr replace "$LNS2/32" dev lan
	start slicegate-sim-lns2 a "$BUILD/src/sim/slicegate-sim" lns --listen "$LNS2" --secret "$TUNNEL_SECRET" --auth "$PPP_AUTH" \
		--user "$PPP_USER:$PPP_PASSWORD" --pool 10.88.0.0/16 --dns "$DNS1"
	api POST /vslices/diagnostics-a/lnss <<<"{\"name\": \"second\", \"moniker\": \"second\", \"address\": \"$LNS2\", \"equalPreference\": true}"
}
four_attach() {
	local i
	for ((i = 0; i < 4; i++)); do gtp create2 $((first + i)) "$APN" | jq -e '.cause == 16'; done
}
are_on() { [ "$(api GET /sessions | jq "map(select(.ipAddress | startswith(\"$1\"))) | length")" = "$2" ]; } # PREFIX NUMBER
takes_turns() { api PATCH /vslices/diagnostics-a/lnss/second <<<"{\"equalPreference\": $1}"; }

lab_open "Two LNSs of equal preference"
world a
step "the order of customer a" order a $first $((first + 1)) $((first + 2)) $((first + 3))
step "a second LNS, as preferred as the first" second_lns
step "a tunnel to each" wait_for 10 tunnels_are 2
step "four SIMs attach" four_attach
step "two are on the first" wait_for 5 are_on 10.77 2
step "and two on the second" are_on 10.88 2
step "the second is second now" takes_turns false
step "nobody is disturbed" never 1 sessions_are 3
step "the SIMs come again" four_attach
step "all are on the first" wait_for 5 are_on 10.77 4
the_end
