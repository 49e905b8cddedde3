#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2034
# Advanced settings of a VSlice at work are changed one after the other: each reaches the running gateway and is seen on the wire, or is refused
# in words. What does not concern the tunnel leaves it up.
LNS_KIND=simulator
. "$(dirname "$0")/../../lab/story.sh"

imsi=999700000000002
seen_from=0
BEFORE='{}' # what the last step set
from_lac() { echo "frame.time_epoch > $seen_from && ip.src == $LAC && ($1)"; }
only() { # JSON: a body that sets these and takes back what was set before
	jq -nc --argjson new "$1" --argjson before "$BEFORE" '{advancedSettings: (($before | map_values(null)) + $new)}'
}
change() { # JSON
	api PATCH /vslices/diagnostics-a <<<"$(only "$1")"
	BEFORE=$1
}
set_to() { # JSON: the settings, all of them; the gateway has them
	change "$1"
	wait_for 10 slice_ready a
	sleep 0.3 # a tunnel that the change closes says so
	wait_for 10 tunnels_are 1
}
attaches() { # and pings, and goes; everything on the wire afterwards is of it
	sgw_attach car2 $imsi
	reaches car2 1
	sgw_detach car2
	wait_for 5 sessions_are 0
}
shows() { # JSON FILTER...: with these settings, what the LAC then sends
	seen_from=$(date +%s.%N)
	set_to "$1"
	attaches
	shift
	for filter; do wait_for 5 wire_saw a wan "$(from_lac "$filter")"; done
}
hides() { # JSON FILTER: with these settings, what it does not send
	seen_from=$(date +%s.%N)
	set_to "$1"
	attaches
	[ "$(wire a wan "$(from_lac "$2")")" = 0 ] || fail "seen: $2"
}
keeps_tunnel() { # JSON: a change that does not concern the tunnel
	local before
	before=$(api GET /tunnels | jq -r '.[0].id')
	set_to "$1"
	[ "$(api GET /tunnels | jq -r '.[0].id')" = "$before" ] || fail "the tunnel was built anew"
}
refused() { # JSON WORDS
	! api PATCH /vslices/diagnostics-a <<<"{\"advancedSettings\": $1}" 2>"$LAB_WORK/refused" || fail "it was taken"
	grep -i "$2" "$LAB_WORK/refused"
}
lns_refuses() { # JSON WORDS: with these settings no session comes up, and the verdict says why
	change "$1"
	wait_for 5 is_taken /vslices/diagnostics-a
	! gtp create2 $imsi "$APN" | jq -e '.cause == 16' || fail "it attached"
	wait_for 3 says_verdict "$2"
}
says_verdict() { verdict $imsi | tee /dev/stderr | grep -iE "$1"; }

lab_open "Advanced settings on the wire"
world a
step "the order of customer a" order a $imsi
phone car2
step "defaults: vendor name, APN, MSISDN, MRU 1460, DF clear, DSCP copied (0)" shows '{}' \
	'l2tp.avp.message_type == 10 && frame contains "diagnostics.vantiq" && frame contains "44770"' \
	'icmp && ip.flags.df#1 == 0' 'icmp && ip.dsfield.dscp#1 == 0'
step "lacHostName, receiveWindow, calledNumber custom, callingNumber IMSI, subAddress ICCID, connectSpeed nominal, proxyLcp, proxyAuth, sourcePort ephemeral" shows \
	'{"lacHostName": "lac.vantiq.example", "receiveWindow": 7, "calledNumber": "custom", "calledNumberText": "vantiq-called", "callingNumber": "imsi", "subAddress": "iccid", "connectSpeed": "off", "proxyLcp": true, "proxyAuth": true, "sourcePort": "ephemeral"}' \
	'l2tp.avp.message_type == 1 && frame contains "lac.vantiq.example" && l2tp.avp.receive_window_size == 7 && udp.srcport != 1701' \
	"l2tp.avp.message_type == 10 && frame contains \"vantiq-called\" && l2tp.avp.calling_number == \"$imsi\" && frame contains \"$(iccid_of $imsi)\"" \
	'l2tp.avp.message_type == 12 && l2tp.avp.connect_speed == 100000000 && l2tp.avp.type == 26 && l2tp.avp.type == 29'
step "sequencing required, pppMru, pppAcfc, pppPfc, dataUdpChecksum, dfPolicy set, outerDscp fixed, sourcePort 1701, helloIntervalSeconds" shows \
	'{"sequencing": "required", "pppMru": 1400, "pppAcfc": true, "pppPfc": true, "dataUdpChecksum": true, "dfPolicy": "set", "outerDscp": "fixed", "outerDscpValue": 46, "sourcePort": "fixed", "helloIntervalSeconds": 1}' \
	'l2tp.avp.message_type == 1 && udp.srcport == 1701' 'l2tp.avp.message_type == 12 && l2tp.avp.type == 39' \
	'ppp.code == 1 && lcp.opt.mru == 1400 && lcp.opt.type == 7 && lcp.opt.type == 8' \
	'icmp && l2tp.seq_bit == 1 && udp.checksum != 0x0000 && ip.flags.df#1 == 1 && ip.dsfield.dscp#1 == 46' 'l2tp.avp.message_type == 6'
step "hideAvps" shows '{"hideAvps": true}' 'l2tp.avp.message_type == 10 && l2tp.avp.hidden == 1'
step "sendVendorName off, tunnelAuth send, calledNumber off, callingNumber off, sequencing off, pppMagic off" hides \
	'{"sendVendorName": false, "lacHostName": "x", "tunnelAuth": "send", "calledNumber": "off", "callingNumber": "off", "sequencing": "off", "pppMagic": false}' \
	'(l2tp.avp.message_type == 1 && (frame contains "Slicegate" || l2tp.avp.type == 11)) || (l2tp.avp.message_type == 10 && (l2tp.avp.type == 21 || l2tp.avp.type == 22)) ||
	(l2tp.type == 0 && l2tp.seq_bit == 1) || (ppp.code == 1 && lcp.opt.type == 5)'
step "all of it at its default again, but for one" set_to '{"helloIntervalSeconds": 1}'
step "what concerns sessions only leaves the tunnel up" keeps_tunnel '{"helloIntervalSeconds": 1, "pppMru": 1300, "tcpMssClamp": "off", "outerDscp": "copy"}'
step "so does a wish for other numbers" keeps_tunnel '{"helloIntervalSeconds": 2, "callingNumber": "iccid", "failoverMode": "random"}'
step "an attempt longer than the attach is refused" refused '{"attemptBudgetMs": 6000, "overallBudgetMs": 5000}' 'overallBudgetMs'
step "hiding without a secret is refused" refused '{"hideAvps": true, "tunnelAuth": "none"}' 'tunnel secret'
step "lnsHostName: another LNS is not let in" lns_refuses '{"lnsHostName": "another.example", "lnsHoldSeconds": 0}' 'host name'
step "tunnelAuth none: the LNS's challenge stays unanswered" lns_refuses '{"tunnelAuth": "none", "lnsHoldSeconds": 0}' 'authenti|secret'
step "pppAuth pap: an LNS that wants CHAP" lns_refuses '{"pppAuth": "pap", "lnsHoldSeconds": 0}' 'authenti|protocol'
step "an LNS with settings of its own" set_to '{"pppMru": 1440, "connectSpeed": "off"}'
step "its MRU, which the VSlice has otherwise" api PATCH /vslices/diagnostics-a/lnss/lns-a <<<'{"advancedSettings": {"pppMru": 1311}}'
seen_from=$(date +%s.%N)
step "a SIM attaches" wait_for 5 attaches
step "the LNS's own MRU is on the wire" wait_for 5 wire_saw a wan "$(from_lac 'lcp.opt.mru == 1311 && ppp.code == 1')"
step "and the VSlice's speed" wait_for 5 wire_saw a wan "$(from_lac 'l2tp.avp.message_type == 12 && l2tp.avp.connect_speed == 100000000')"
step "as the VSlice again" api PATCH /vslices/diagnostics-a/lnss/lns-a <<<'{"advancedSettings": {"pppMru": null}}'
the_end
