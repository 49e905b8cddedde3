#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Who may not attach is refused with the cause that fits, and the reason stands in the API in words.
. "$(dirname "$0")/../../lab/story.sh"

good=999700000000001 suspended=999700000000002 lonely=999700000000003 unknown=999700000000099
said() { verdict "$1" | grep -i "$2"; } # IMSI WORDS
dialled() { api GET /vslices/diagnostics-a | jq -e --arg w "$2" ".readiness[] | select(.check == \"lastDial\") | (.ok == $1) and (.message | test(\$w))"; } # true|false WORDS
back() {
	api PATCH /vslices/diagnostics-a <<<'{"defaultRoutingPolicy": "policy-a"}'
	wait_for 10 slice_ready a
	phone car1
	sgw_attach car1 $good
	sgw_detach car1
}

lab_open "Refused, and told why"
world a
step "the order of customer a" order a $good $suspended
step "an endpoint that is suspended" api PATCH "/endpoints/$(iccid_of $suspended)" <<<'{"endpointStatus": "suspended"}'
step "an endpoint in no group" api POST /endpoints <<<"{\"iccid\": \"$(iccid_of $lonely)\", \"imsis\": [\"$lonely\"]}"

step "an unknown IMSI: user authentication failed (92)" sgw_refused $unknown 92
step "a suspended endpoint: user authentication failed (92)" sgw_refused $suspended 92
step "an endpoint in no group: user authentication failed (92)" sgw_refused $lonely 92
step "the same with GTPv1: user authentication failed (209)" sgsn_refused $unknown 209
step "a VSlice with no Default Routing Policy" api PATCH /vslices/diagnostics-a <<<'{"defaultRoutingPolicy": null}'
step "its SIM: no resources available (73)" sgw_refused $good 73
step "the verdict says what to mend" wait_for 5 said $good "Default Routing Policy"
step "with the policy back the SIM attaches" back
step "readiness shows it" wait_for 3 dialled true 'attached in'
step "a wrong PPP password" api PATCH "/endpoints/$(iccid_of $good)" <<<'{"pppPassword": "wrong"}'
step "the LNS's refusal: user authentication failed (92)" sgw_refused $good 92
step "the verdict says that the LNS refused the password" wait_for 5 said $good "password"
step "the VSlice's readiness shows how the last dial ended" wait_for 3 dialled false password
step "no session came of all that" sessions_are 0
the_end
