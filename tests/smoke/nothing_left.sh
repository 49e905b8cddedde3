#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# alone
# shellcheck disable=SC2034
# Storms of attaches against an LNS with each fault in turn, against one that drops its calls and its tunnels: after each of them ids, timers,
# records and memory are back to what they were before.
LNS_KIND=simulator
. "$(dirname "$0")/../../lab/story.sh"

sims=100 first=999700000000001

sims_start() { # OPTIONS...: all SIMs attach at once
	start storm-of-sims mobile "$BUILD/src/sim/slicegate-sim" sgw --local "$SGW" --remote "$GTP_GATEWAY" --imsi $first --count $sims --apn "$APN" \
		--t3 20s --quiet --json "$@"
}
storm() { # FAULT [OPTIONS...]: all SIMs attach at once; when each has its answer they go
	local fault=$1 before
	shift
	lns_tell a fault "$fault" | grep -q ok
	before=$(metric slicegate_attach_requests_total)
	: >"$LAB_WORK/storm-of-sims.log"
	sims_start "$@"
	wait_for 20 answered "$before"
	stop storm-of-sims INT
	tail -1 "$LAB_WORK/storm-of-sims.log" | jq -c '{attached, refused, unanswered}'
	tail -1 "$LAB_WORK/storm-of-sims.log" | jq -e ".attached + .refused == $sims and .unanswered == 0"
	lns_tell a fault none
	wait_for 15 empty_again
}
answered() { [ "$(metric slicegate_attach_requests_total)" -ge $(($1 + sims)) ] && [ "$(metric "slicegate_attaching ")" = 0 ]; } # BEFORE
held() { metric "slicegate_held{what=\"$1\"}"; } # WHAT
empty_again() {
	local what
	for what in sessions calls teids message_records secret_records apn_records; do
		[ "$(held $what)" = 0 ] || fail "$what: $(held $what)"
	done
	[ "$(metric "slicegate_attaching ")" = 0 ] && [ "$(metric "slicegate_sessions ")" = 0 ]
	[ "$(held tunnel_ids)" -le "${tunnels:-9}" ] || fail "$(held tunnel_ids) tunnels"
	[ "$(held timers)" -le "${timers:-99}" ] || fail "$(held timers) timers"
}
note_before() {
	wait_for 10 tunnels_are 1
	empty_again
	timers=$(held timers) tunnels=$(held tunnel_ids)
	echo "$tunnels tunnel, $timers timers"
}
attached_then() { # COMMAND OF THE LNS...: SIMs are up, and the LNS ends it; whoever dials again in time stays until the SGW's end
	sims_start
	wait_for 20 all_up
	lns_tell a "$@"
	[ "$1" = stopccn ] || wait_for 20 none_up
	stop storm-of-sims INT
	wait_for 20 tunnels_are 1
	wait_for 40 empty_again # a tunnel that was closed is kept for a retransmission cycle
}
all_up() { [ "$(metric "slicegate_sessions ")" = $sims ]; }
none_up() { [ "$(metric "slicegate_sessions ")" = 0 ]; }
heap() { metric slicegate_heap_bytes; }
no_growth() { # the second round of a storm needs no more than the first
	storm none
	local before
	before=$(heap)
	storm none
	echo "heap $before, then $(heap)" # ASan tells none, and its leak check judges at the end instead
	[ "$(heap)" -le $((before + 65536)) ]
}

lab_open "After storms nothing is left"
SETTINGS='"lnsHoldSeconds": 0, "attemptBudgetMs": 600, "overallBudgetMs": 1200'
world a
step "the order of customer a" order a
step "and of $sims SIMs" order_sims a $first $sims
step "a first storm" storm none
step "what there is after it" note_before
for fault in none no-icrp cdn=4 refuse-auth no-lcp no-ipcp reject-ipcp no-address slow=50; do
	step "a storm, the LNS's fault: $fault" storm $fault
done
step "the same over GTPv1, each request three times" storm none --gtp 1 --repeat 2
step "the LNS hangs up all calls" attached_then cdn all
step "the LNS terminates all links" attached_then terminate all
step "a second round of the same takes no more memory" no_growth
the_end
