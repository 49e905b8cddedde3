#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2034
# What most often is wrong between a LAC and a customer's LNS: each attach is refused, and the verdict says what happened and what to mend.
. "$(dirname "$0")/../../lab/story.sh"

imsi=999700000000002
says_verdict() { verdict $imsi | tee /dev/stderr | grep -iE "$1"; }
refused() { # CAUSE WORDS FIX
	sgw_refused $imsi "$1"
	wait_for 3 says_verdict "$2"
	says_verdict "To mend it: .*($3)"
}
lac_secret() { # SECRET
	api PATCH /vslices/diagnostics-a/lacs/lac-a <<<"{\"tunnelSecret\": $1}"
	wait_for 5 is_taken /vslices/diagnostics-a
}
endpoint() { api PATCH "/endpoints/$(iccid_of $imsi)" <<<"{$1}"; }
settings() {
	api PATCH /vslices/diagnostics-a <<<"{\"advancedSettings\": {$1}}"
	wait_for 5 is_taken /vslices/diagnostics-a
}
attaches() {
	wait_for 10 tunnels_are 1
	sgw_attach car2 $imsi
	sgw_detach car2
}
steps_told() { # the trace of the last attach has every layer, in time
	api GET "/endpoints/$(iccid_of $imsi)/attaches" | jq -e '.[0].steps | (map(.layer) | contains(["gtp", "l2tp", "ppp"])) and (map(.ms) | . == sort)'
}
no_secret_told() { ! api GET "/endpoints/$(iccid_of $imsi)/attaches" | grep -F -e "$PPP_PASSWORD" -e "$TUNNEL_SECRET"; }

lab_open "Refused, and what to mend ($LNS_KIND)"
SETTINGS='"lnsHoldSeconds": 0'
world a
step "the order of customer a" order a $imsi
phone car2
step "all is well" attaches
step "another tunnel secret" lac_secret '"another"'
step "the verdict: the secret differs" refused 72 'secret' 'same tunnel secret on both sides'
step "the right one again" lac_secret "\"$TUNNEL_SECRET\""
step "all is well" attaches
step "a wrong PPP password" endpoint '"pppPassword": "wrong"'
step "the verdict names the user" refused 92 "password.*$PPP_USER" 'pppPassword.*RADIUS'
step "every step is told, in time" steps_told
step "and no secret" no_secret_told
step "no PPP password" endpoint '"pppPassword": null, "pppUsername": null'
step "the verdict: none is stored" refused 92 'password' 'pppPassword'
step "the right ones again" endpoint "\"pppPassword\": \"$PPP_PASSWORD\", \"pppUsername\": \"$PPP_USER\""
step "PAP only, where the LNS wants ${PPP_AUTH^^}" settings '"pppAuth": "pap"'
step "the verdict: no way that both allow" refused 92 'authenticat' 'pppAuth'
step "what the LNS asks for" settings '"pppAuth": null'
step "another LNS name is expected" settings '"lnsHostName": "another.example"'
step "the verdict: the host name" refused 100 'host name' 'lnsHostName'
step "any name" settings '"lnsHostName": null'
step "all is well" attaches
step "a policy that drops what goes to the LNS" rules a "$(rule uplink drop)"
step "the verdict: the policy" refused 73 'policy|rule' 'uplink rule'
step "the policy as it was" rules a "$(rule uplink forward dc-a)"
step "all is well" wait_for 10 attaches
step "the LNS is dead" lns die a
step "the verdict: it does not answer" refused 100 'answer' 'firewall|running|RADIUS'
the_end
