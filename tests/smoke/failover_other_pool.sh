#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2034
# The LNS that takes over has other addresses: the session cannot go on, so the mobile network is told to attach the SIM again, and it
# does, on the other LNS. An LNS that is nearly full is told of; one that is full sends the next SIM to the other.
LNS_KIND=simulator
. "$(dirname "$0")/../../lab/story.sh"

one=999700000000001 two=999700000000002
LNS2=$LNS_NET.3
SETTINGS='"helloIntervalSeconds": 1, "retransmitInitialMs": 300, "retransmitCapMs": 1000, "retransmitMaxEstablished": 2, "maxSessionsPerLns": 1'

second_lns() {
	ip_in a addr replace "$LNS2/32" dev lan
	start slicegate-sim-lns2 a "$BUILD/src/sim/slicegate-sim" lns --listen "$LNS2" --secret "$TUNNEL_SECRET" --auth "$PPP_AUTH" \
		--user "$PPP_USER:$PPP_PASSWORD" --pool 10.88.0.0/16 --dns "$DNS1"
	api POST /vslices/diagnostics-a/lnss <<<"{\"name\": \"second\", \"moniker\": \"second\", \"address\": \"$LNS2\"}"
}
accepted() { gtp create2 "$1" "$APN" | tee /dev/stderr | jq -e '.cause == 16'; }
has_address() { [[ $(session "$1" .ipAddress) == $2.* ]]; } # IMSI PREFIX
logged() { says slicegate-gateway "$1"; }

lab_open "The other LNS has other addresses"
world a
step "the order of customer a" order a $one $two
step "a second LNS with another pool" second_lns
step "a tunnel to each" wait_for 10 tunnels_are 2
phone car2
step "a SIM attaches and will attach again when it is released" sgw_attach car2 $one --reattach
step "its address is from the first LNS" has_address $one 10.77
step "the first LNS is full now, and that is told" wait_for 5 logged 'lnsnearlyfull_v1'
step "the next SIM goes to the second LNS" accepted $two
step "at once, and with an address of it" wait_for 5 has_address $two 10.88
step "more room" api PATCH /vslices/diagnostics-a <<<'{"advancedSettings": {"maxSessionsPerLns": 100}}'
step "the first LNS dies" lns die a
step "the SIM is released" wait_for 15 released car2
step "the reason is the other address" logged 'session ended .*gave another address'
step "and attached again, on the second LNS" wait_for 15 has_address $one 10.88
step "both sessions are there" sessions_are 2
the_end
