#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# alone
# shellcheck disable=SC2034
# An LNS that misbehaves in every way that the simulator knows: each attach is refused within a device's patience, with the cause that
# fits and the reason in words, nothing of it is left, and the next one after the fault is mended works.
LNS_KIND=simulator
. "$(dirname "$0")/../../lab/story.sh"

imsi=999700000000002
accepted() { gtp create2 $imsi "$APN" | tee /dev/stderr | jq -e '.cause == 16'; }
faulty() { # FAULT CAUSE WORDS: the LNS has the fault; the cause of the refusal; what the verdict must say
	local t=$SECONDS
	lns_tell a fault "$1" | grep -q ok
	sgw_refused $imsi "$2"
	((SECONDS - t <= 8)) || fail "refused after $((SECONDS - t)) s"
	wait_for 3 says_verdict "$3"
	lns_tell a fault none
	wait_for 5 sessions_are 0
}
event_told() { # CODE: the event of the last failure has the LNS's own code, and which LNS it was
	api GET "/events?filter=eventType:l2tpsessionfailed&limit=1" | tee /dev/stderr | jq -e ".[0].detail | .resultCode == $1 and .lns and (.verdict | length > 0)"
}
says_verdict() { verdict $imsi | tee /dev/stderr | grep -iE "$1"; }

lab_open "An LNS with faults"
SETTINGS='"lnsHoldSeconds": 0'
world a
step "the order of customer a" order a $imsi
step "no answer to ICRQ: remote peer not responding (100)" faulty no-icrp 100 'answer'
step "CDN 4, no facilities: all addresses occupied (84)" faulty cdn=4 84 'facilities|address'
step "CDN 5, no facilities ever: no resources (73)" faulty cdn=5 73 'refused'
step "the event has the code" wait_for 5 event_told 5
step "every password is wrong: user authentication failed (92)" faulty refuse-auth 92 'password'
step "not one PPP packet: remote peer not responding (100)" faulty no-lcp 100 'LCP|PPP'
step "IPCP unanswered: remote peer not responding (100)" faulty no-ipcp 100 'IPCP|PPP'
step "IPCP rejected: remote peer not responding (100)" faulty reject-ipcp 100 'IPCP|PPP'
step "the pool is empty: all addresses occupied (84)" faulty no-address 84 'address'
step "slow by 150 ms a packet, yet in time" lns_tell a fault slow=150
step "the SIM attaches" accepted
step "and is released by a late CDN" lns_tell a cdn all
step "its session is gone" wait_for 5 sessions_are 0
step "with no fault the SIM attaches" lns_tell a fault none
step "the SIM attaches" accepted
step "LCP starts over in the middle of the session" lns_tell a renegotiate all
step "the session lives" never 2 sessions_are 0
step "LCP Terminate from the LNS" lns_tell a terminate all
step "its session is gone" wait_for 5 sessions_are 0
the_end
