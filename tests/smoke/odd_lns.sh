#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2034
# LNSs that we have not seen: one that is typed from the RFCs, shares no line with ours, and does what is allowed but seldom done: a SIM attaches, has
# traffic and goes, and neither side has a session left. Then what is not allowed: the SIM is refused in time and in words, the LNS is told
# why, and nothing is left of it.
# limit: 300
LNS_KIND=odd
. "$(dirname "$0")/../../lab/story.sh"

imsi=999700000000002
status() { odd a status | jq -e "$1"; }
all_gone() { status '.sessions == 0' && sessions_are 0; }
no_fault() { ! grep fault: "$LAB_WORK/lns-a.log"; }
works() { # WORD: with this LNS a SIM has a life
	odd a "$1" | grep -q ok
	works_on "${2:-}"
}
works_on() { # [STATUS]
	sgw_attach car1 $imsi
	reaches car1 1
	[ -z "${1:-}" ] || wait_for 5 status "$1"
	sgw_detach car1
	wait_for 5 all_gone
	no_fault
}
wraps() {
	odd a wrap | grep -q ok
	wait_for 60 status .wrapped
}
says_verdict() { verdict $imsi | tee /dev/stderr | grep -iE "$1"; }
refused() { # WORD CAUSE VERDICT [STATUS]: with this one it is refused
	local t=$SECONDS
	odd a "$1" | grep -q ok
	sgw_refused $imsi "$2"
	((SECONDS - t <= 7)) || fail "refused after $((SECONDS - t)) s"
	wait_for 3 says_verdict "$3"
	says_verdict 'To mend it'
	[ -z "${4:-}" ] || wait_for 3 status "$4"
	wait_for 5 all_gone
	no_fault
}
released() { # WORD STATUS: it gets in, and its session ends by what the LNS does then
	odd a "$1" | grep -q ok
	gtp create2 $imsi "$APN" | tee /dev/stderr
	wait_for 5 status "$2"
	wait_for 5 all_gone
	no_fault
}
settings() { api PATCH /vslices/diagnostics-a <<<"{\"advancedSettings\": {$1}}" && wait_for 5 is_taken /vslices/diagnostics-a; }

lab_open "LNSs that nobody has seen"
SETTINGS='"lnsHoldSeconds": 0, "pppAcfc": true, "pppPfc": true'
world a
phone car1
step "the order of customer a" order a $imsi
for word in plain control-bits data-bits window-1 no-window long-name optional avp-bits hidden messages doubled reordered hello-flood early-lcp \
	moves lcp-options lcp-codes magic-0 no-magic compressed uncompressed bare renegotiates chap-then-pap rechallenges \
	no-dns no-own-address dns-nak-twice sequenced; do
	step "an LNS with: $word" works $word
done
step "one that says: try another" works try-another
step "the policy lets another address answer" rules a "$(rule uplink forward dc-a)" "$(rule downlink forward dc-a)"
step "an LNS that answers from there" works moves-address
step "one that asks 300 echoes has 300 answers" works echo-flood '.answered == 300'
step "one that says 70,000 HELLOs, so that its numbers wrap" wraps
step "and then the SIM" works_on

step "an address that it never agrees to (84)" refused nak-loop 84 'address'
step "a vendor's mandatory AVP in SCCRP: StopCCN 2, 8 (100)" refused mandatory-tunnel 100 'RFC 2661 does not allow.*AVP' '.stopccn == [2, 8]'
step "the same in ICRP: CDN 2, 8, and the tunnel stays" refused mandatory-call 100 'RFC 2661 does not allow.*AVP' '.cdn == [2, 8] and .tunnels == 1'
step "CDN 4 of two octets: all addresses occupied (84)" refused short-result 84 'facilities'
step "CDN 2, 4, no resources, without its session (84)" refused no-session-id 84 'insufficient resources.*no room'
step "an Assigned Session ID of 0: CDN" refused zero-id 100 'RFC 2661 does not allow' '.cdn[0] == 2'
step "StopCCN in place of ICRP (100)" refused stops-at-icrq 100 'shut'
step "silence from the ICRQ on (100)" refused vanishes 100 'answer'
step "a second ICRP for a session that is up: CDN" released second-icrp '.cdn != null'
step "a mandatory message that nobody knows: StopCCN" released mandatory-message '.stopccn != null'
step "MS-CHAPv2" settings '"pppAuth": "mschapv2"'
step "a password that has to be changed (92)" refused password-expired 92 'expired'
step "the LNS may not answer from another port" settings '"pppAuth": null, "acceptPeerChange": "never"'
step "one that does is not heard (100)" refused moves 100 'address|port|answer'
step "it may again" settings '"acceptPeerChange": null'
step "and works" wait_for 15 works moves
the_end
