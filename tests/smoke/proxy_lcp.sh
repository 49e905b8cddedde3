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
step "no session is left" wait_for 5 sessions_are 0
the_end
