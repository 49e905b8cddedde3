#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# alone
# shellcheck disable=SC2034
# An LNS far away that takes two control messages at a time: when many SIMs come at once they are spread over as many tunnels as the VSlice allows,
# and all attach; one SIM alone needs no more than one.
LNS_KIND=simulator LNS_WINDOW=2
. "$(dirname "$0")/../../lab/story.sh"

sims=60 first=999700000000001

sims_start() { # COUNT
	start storm-of-sims mobile "$BUILD/src/sim/slicegate-sim" sgw --local "$SGW" --remote "$GTP_GATEWAY" --imsi $first --count "$1" --apn "$APN" \
		--t3 20s --quiet --json
}
up() { [ "$(metric "slicegate_sessions ")" = "$1" ]; } # COUNT
spread() { # no tunnel has more than half of them
	api GET "/sessions?limit=1000" | jq -ce '[group_by(.tunnel.id)[] | length]' | tee /dev/stderr | jq -e "add == $sims and length == 3 and max <= $sims / 2"
}

lab_open "Many SIMs and an LNS with a small window"
SETTINGS='"maxTunnelsPerLns": 3'
world a
step "the order of customer a" order a
step "and of $sims SIMs" order_sims a $first $sims
step "the LNS is 20 ms away" lns_tell a fault slow=20
step "one SIM attaches, by one tunnel" eval "sims_start 1 && wait_for 10 up 1 && tunnels_are 1 && stop storm-of-sims INT && wait_for 10 up 0"
step "all attach at once" eval "sims_start $sims && wait_for 20 up $sims"
step "they are spread over three tunnels" wait_for 5 spread
step "all detach" eval "stop storm-of-sims INT && wait_for 10 up 0"
the_end
