#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2034
# Between the mobile network and us datagrams are lost, doubled, late and overtake each other: every SIM attaches by its SGW's repeats, each with one
# session at the LNS however often it asked, traffic flows, and in the end nobody has a session that the other side does not know.
LNS_KIND=simulator MOBILE_LINE="--loss 0.05 --double 0.1 --late 0.1 --delay 0.03"
. "$(dirname "$0")/../../lab/story.sh"

first=999700000000001
COUNT=12
fleet() { # IMSI...: on both versions of GTP
	start "fleet$1" mobile "$BUILD/src/sim/slicegate-sim" sgw --local "$SGW" --remote "$GTP_GATEWAY" --imsi "$first" --apn "$APN" --count $COUNT --gtp "$1" \
		--t3 500ms --retries 8 --load 5 --load-to "$LNS:7008" --json --control "$LAB_WORK/fleet$1.ctl"
}
ask() { "$BUILD/src/sim/slicegate-sim" tell "$LAB_WORK/fleet$1.ctl" "${@:2}"; } # VERSION COMMAND
all_in() { ask "$1" status | tee /dev/stderr | grep -q "in=$COUNT "; }
all_echo() { ask "$1" echoing | tee /dev/stderr | grep -q "echoing=$COUNT in=$COUNT"; }
calls() { lns_tell a counters | jq -e ".sessionsUp == $1 and .calls == $1"; } # as many calls as SIMs, and no more
left() { ! udp_bound mobile 2123; } # each has had the answer to its Delete, and the simulator ends
by_version() { # VERSION CALLS
	step "GTPv$1: $COUNT SIMs attach" fleet "$1"
	step "every one of them is in" wait_for 20 all_in "$1"
	step "each has one session, however often it asked" eval "wait_for 5 sessions_are $COUNT && calls $2"
	step "traffic flows for each of them" wait_for 15 all_echo "$1"
	step "they go" eval "ask $1 leave; wait_for 20 sessions_are 0 && wait_for 20 left"
}

lab_open "A bad line to the mobile network"
world a
mapfile -t imsis < <(seq $first $((first + COUNT - 1)))
step "the order of customer a" order a "${imsis[@]}"
by_version 2 $COUNT
by_version 1 $((2 * COUNT))
the_end
