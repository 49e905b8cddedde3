#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2034
# A SIM that brings a CHAP answer of its own, and no stored password: it gets in where the LNS goes by the ICCN's proxy AVPs, and where
# the LNS asks afresh the refusal says in words what is wrong and what to do.
LNS_KIND=simulator
. "$(dirname "$0")/../../lab/story.sh"

imsi=999700000000002
order_endpoint() { # CUSTOMER IMSI: without name and password
	api POST /endpoints <<<"{\"iccid\": \"$(iccid_of "$2")\", \"imsis\": [\"$2\"], \"name\": \"car $2\", \"endpointGroup\": \"cars-$1\"}"
}
attaches_by_chap() { sgw_attach car1 $imsi --chap "$PPP_USER:$1"; }
counted() { lns_tell a counters | jq -e "$1"; }
says_verdict() { verdict $imsi | tee /dev/stderr | grep -iE "$1"; }
refused() { ! attaches_by_chap "$1" && says "$(sim car1)" "cause=92"; }

lab_open "A CHAP answer of the SIM's own"
SETTINGS='"proxyLcp": true, "proxyAuth": true, "lnsHoldSeconds": 0'
world a
phone car1
step "the order of customer a, without any password" order a $imsi
step "an LNS that goes by proxy LCP and proxy authentication" lns_tell a proxy auth
step "the SIM attaches" attaches_by_chap "$PPP_PASSWORD"
step "without one LCP negotiation" counted '.proxied == 1'
step "it has traffic" in_ns car1 ping -n -c 2 -i 0.2 -W 2 "$LNS"
step "it detaches" sgw_detach car1
step "a wrong answer is refused" refused wrong-password
step "in words" wait_for 3 says_verdict 'password'
step "an LNS that takes the LCP, but asks afresh" lns_tell a proxy lcp
step "the SIM is refused" refused "$PPP_PASSWORD"
step "and the verdict says what to do" wait_for 3 says_verdict 'no password is stored'
step "an LNS that ignores all of it" lns_tell a proxy no
step "the SIM is refused" refused "$PPP_PASSWORD"
step "for the same reason" wait_for 3 says_verdict 'no password is stored'
tunnel_says() { api GET /tunnels | jq -e --arg w "$1" 'any(.[]; .proxyBehaviour // "" | test($w))'; }
traced() { api GET "/endpoints/$(iccid_of $imsi)/attaches" | jq -e --arg w "$1" '.[0].steps | any(.text | test($w))'; }
offers() { wire_saw a wan "frame.time_epoch > $seen_from && l2tp.avp.message_type == 12 && l2tp.avp.type == 26"; }
offers_none() { [ "$(wire a wan "frame.time_epoch > $seen_from && l2tp.avp.message_type == 12 && l2tp.avp.type == 26")" = 0 ]; }
step "that is remembered of the LNS" wait_for 3 tunnel_says 'ignores proxy LCP'
step "a password is stored" api PATCH "/endpoints/$(iccid_of $imsi)" <<<"{\"pppUsername\": \"$PPP_USER\", \"pppPassword\": \"$PPP_PASSWORD\"}"
seen_from=$(date +%s.%N)
step "the SIM attaches" wait_for 5 sgw_attach car1 $imsi
step "without an offer that would be ignored, and without its wait" eval 'offers_none && [ "$(session $imsi .attachMs)" -lt 300 ]'
step "the trace says so" wait_for 3 traced 'not offered: this LNS ignores proxy LCP'
step "it detaches" sgw_detach car1
step "the gateway is killed and starts again" eval 'stop slicegate-gateway KILL; gateway_start; wait_for 10 tunnels_are 1'
seen_from=$(date +%s.%N)
step "the SIM attaches" wait_for 5 sgw_attach car1 $imsi
step "it has remembered" offers_none
step "it detaches" sgw_detach car1
step "an LNS that goes by proxies" lns_tell a proxy auth
seen_from=$(date +%s.%N)
step "a SIM with nothing but its own CHAP answer: it is offered all the same" eval 'api PATCH "/endpoints/$(iccid_of $imsi)" <<<"{\"pppPassword\": null}" && wait_for 5 attaches_by_chap "$PPP_PASSWORD" && offers'
step "and that is learned" wait_for 3 tunnel_says 'takes proxy LCP and authentication'
step "it detaches" sgw_detach car1
step "no session is left" wait_for 5 sessions_are 0
the_end
