#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# `slicegate lns test`: an LNS is dialled with no SIM, and line by line is told what works; where something does not, what to mend.
. "$(dirname "$0")/../../lab/story.sh"

imsi=999700000000002
tests() { sg lns test lns-a --vslice diagnostics-a | tee /dev/stderr "$LAB_WORK/test"; }
told() { grep -E "$1" "$LAB_WORK/test"; }
fails() { # WORDS
	! sg lns test lns-a --vslice diagnostics-a >"$LAB_WORK/test" 2>&1 || fail "it passed"
	tee /dev/stderr <"$LAB_WORK/test" | grep -iE "$1"
}
swallow() { in_ns a nft 'table inet hole { chain in { type filter hook prerouting priority -500; iifname "wan" meta length > 1400 drop; }; }'; }
endpoint() { api PATCH "/endpoints/$(iccid_of $imsi)" <<<"{$1}"; }

lab_open "An LNS is tested"
world a
phone car2
step "the order of customer a" order a $imsi
step "the LNS is tested" tests
step "it works" told 'the LNS works: an address after [0-9]+ ms'
step "it proved the secret, where there is one" told "${TUNNEL_SECRET:+the LNS proved the }secret, window [0-9]+"
step "it authenticated the user by ${PPP_AUTH^^}" told "authentication $PPP_AUTH.* as \"$PPP_USER\""
step "it gave an address and DNS" told "address $POOL_NET\.[0-9.]+, DNS $DNS1"
step "it says what an LNS without IPv6 gives" told 'IPv6: (prefix|none, (the LNS refuses IPv6CP|the LNS leaves IPv6CP unanswered|no router advertisement))'
step "packets of the MTU pass end to end" told 'MTU: [0-9]+ octets pass end to end, both ways'
step "HELLO is acknowledged" told 'HELLO: acknowledged'
step "every message is shown" told 'l2tp +-> +ICRQ'
step "no session came of it" sessions_are 0
step "the LNS was told that it is over (CDN)" wait_for 5 wire_saw a wan "l2tp.avp.message_type == 14 && ip.src == $LAC"
step "a way that swallows what is longer than 1400 octets" swallow
step "the LNS is tested again" tests
step "the test says how long a packet may be, and what to mend" told 'MTU: 1280 octets pass.* but not the 14[0-9]+ .*set pppMru to 1280'
step "a way that carries all" in_ns a nft delete table inet hole
step "a wrong password" endpoint '"pppPassword": "wrong"'
step "the test says so, and what to mend" fails 'password.*To mend it'
step "the right password" endpoint "\"pppPassword\": \"$PPP_PASSWORD\""
if [ -n "$TUNNEL_SECRET" ]; then
	step "another tunnel secret" api PATCH /vslices/diagnostics-a/lacs/lac-a <<<'{"tunnelSecret": "another"}'
	step "the test says so" fails 'secret.*To mend it: set the same tunnel secret'
	step "the right one" api PATCH /vslices/diagnostics-a/lacs/lac-a <<<"{\"tunnelSecret\": \"$TUNNEL_SECRET\"}"
fi
step "the LNS, on hold or not, is tested" wait_for 10 tests
step "a SIM attaches" sgw_attach car2 $imsi
step "and goes" sgw_detach car2
step "the LNS dies" lns die a
step "the test says that it does not answer" fails 'answer.*To mend it'
the_end
