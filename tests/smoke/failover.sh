#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# alone
# shellcheck disable=SC2034
# Two LNSs. The preferred one dies without a word: the next SIM attaches at the other within a device's patience, later ones with no
# delay, and the session that was up moves there with its address. When it is back it is used again.
. "$(dirname "$0")/../../lab/story.sh"

one=999700000000001 two=999700000000002 three=999700000000003 four=999700000000004
LNS2=$LNS_NET.3
SETTINGS='"helloIntervalSeconds": 1, "retransmitInitialMs": 300, "retransmitCapMs": 1000, "retransmitMaxEstablished": 3'

second_lns() {
	ip_in a addr replace "$LNS2/32" dev lan
	start slicegate-sim-lns2 a "$BUILD/src/sim/slicegate-sim" lns --listen "$LNS2" --secret "$TUNNEL_SECRET" --auth "$PPP_AUTH" \
		--user "$PPP_USER:$PPP_PASSWORD" --pool "$POOL" --dns "$DNS1" --control "$LAB_WORK/lns2.ctl"
	api POST /vslices/diagnostics-a/lnss <<<"{\"name\": \"second\", \"moniker\": \"second\", \"address\": \"$LNS2\"}"
}
accepted_within() { # IMSI MS
	local before after
	before=$(date +%s%3N)
	gtp create2 "$1" "$APN" | tee /dev/stderr | jq -e '.cause == 16'
	after=$(date +%s%3N)
	echo "it took $((after - before)) ms"
	((after - before <= $2)) || fail "it took $((after - before)) ms"
}
lns_id() { api GET /vslices/diagnostics-a/lnss | jq -er --arg name "$1" '.[] | select(.name == $name).id'; } # NAME
on_lns() { [ "$(session "$1" .lns)" = "$(lns_id "$2")" ]; }                                              # IMSI NAME
logged() { says slicegate-gateway "$1"; } # PATTERN
same_address() { [ "$(session $one .ipAddress)" = "$1" ]; }
no_half_session() { # every call that the second LNS knows is a session
	! "$BUILD/src/sim/slicegate-sim" tell "$LAB_WORK/lns2.ctl" sessions | tee /dev/stderr | grep 'session=' | grep -v 'state=established'
}

lab_open "The preferred LNS dies"
world a
step "the order of customer a" order a $one $two $three $four
step "a second LNS" second_lns
step "a tunnel to each of them before any SIM" wait_for 10 tunnels_are 2
phone car2
step "a SIM attaches" sgw_attach car2 $one
step "its session is on the preferred LNS" wait_for 5 on_lns $one "LNS a"
address=$(session $one .ipAddress)
step "the preferred LNS dies without a word" lns die a
step "nobody knows, and the next SIM attaches within 2.5 s" accepted_within $two 2500
step "on the second LNS" wait_for 5 on_lns $two second
step "it is known now: no added delay" accepted_within $three 700
step "the first SIM's session moves" wait_for 15 on_lns $one second
step "with its address" same_address "$address"
step "no half session is left" no_half_session
step "the SIM noticed nothing" reaches car2
step "nor the mobile network" never 1 released car2
step "it was told: lnsunreachable, lnsfailover" logged "attaches move on to another LNS"
step "the preferred LNS is back" "lns_${LNS_KIND}_start" a
step "it is known within seconds" wait_for 40 logged 'lnsreachable_v1'
step "and used again, with no delay" accepted_within $four 700
step "the last SIM is on it" wait_for 5 on_lns $four "LNS a"
the_end
