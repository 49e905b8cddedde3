#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2034
# Advanced settings whose effect is what the gateway does and when: timers, failover, limits, credentials, echoes. And the roll call: no setting is
# stored without a story, or a test, that sees its effect.
# limit: 240
LNS_KIND=simulator
. "$(dirname "$0")/../../lab/story.sh"

one=999700000000001 two=999700000000002
LNS2=$LNS_NET.3

# Settings that others than settings.sh and this story see at work.
declare -A elsewhere=([ipv6cp]=tests/smoke/ipv6.sh [acceptPeerChange]=tests/smoke/odd_lns.sh)
seen() { # SETTING
	local file=${elsewhere[$1]:-}
	if [ -n "$file" ]; then grep -q "$1" "$LAB_DIR/../$file"; else grep -qE "\"$1.?\":" "$LAB_DIR"/../tests/smoke/settings{,_behaviour}.sh; fi
}
roll_call() {
	local name
	for name in $(api GET /schema | jq -r '.. | objects | select(.name? == "advancedSettings") | .fields[]?.name' | sort -u); do
		seen "$name" || fail "nobody sees $name at work"
		echo "$name"
	done | tee "$LAB_WORK/roll"
	[ "$(wc -l <"$LAB_WORK/roll")" -ge 45 ] || fail "the schema lists $(wc -l <"$LAB_WORK/roll") settings"
}

BEFORE='{}' # what the last step set
past() { [ "$(metric slicegate_config_revision)" -gt "$1" ]; }
with() { # JSON: these settings, all others at their defaults; the gateway has them
	local revision
	revision=$(metric slicegate_config_revision)
	api PATCH /vslices/diagnostics-a <<<"$(jq -nc --argjson new "$1" --argjson before "$BEFORE" '{advancedSettings: (($before | map_values(null)) + $new)}')"
	BEFORE=$1
	wait_for 10 past "$revision"
}
second_lns() {
	ip_in a addr replace "$LNS2/32" dev lan
	start slicegate-sim-lns2 a "$BUILD/src/sim/slicegate-sim" lns --listen "$LNS2" --secret "$TUNNEL_SECRET" --auth "$PPP_AUTH" \
		--user "$PPP_USER:$PPP_PASSWORD" --pool 10.88.0.0/16 --dns "$DNS1" --control "$LAB_WORK/lns-b.ctl"
	api POST /vslices/diagnostics-a/lnss <<<"{\"name\": \"second\", \"moniker\": \"second\", \"address\": \"$LNS2\"}"
}
fault() { lns_tell a fault "$1" | grep -q ok; }
attaches() { gtp create2 "$1" "$APN" | tee /dev/stderr | jq -e '.cause == 16'; } # IMSI
refused() { gtp create2 "$1" "$APN" | tee /dev/stderr | jq -e '.cause != 16'; }  # IMSI
says_verdict() { verdict "$1" | tee /dev/stderr | grep -iE "$2"; }                # IMSI WORDS
everybody_leaves() {
	lns_tell a cdn all
	[ ! -S "$LAB_WORK/lns-b.ctl" ] || lns_tell b cdn all
	wait_for 5 sessions_are 0
}
are_on() { [ "$(api GET /sessions | jq "map(select(.ipAddress | startswith(\"$1\"))) | length")" = "$2" ]; } # PREFIX NUMBER
takes() { # MS MS IMSI: the refusal comes within these bounds
	local before took
	before=$(date +%s%3N)
	refused "$3"
	took=$(($(date +%s%3N) - before))
	echo "it took $took ms"
	((took >= $1 && took <= $2)) || fail "it took $took ms"
}
copies() { # FILTER: the LAC's copies of its last such message: how many, the first and the last gap in ms
	tshark -r "$LAB_WORK/a.wan.pcap" -Y "ip.src == $LAC && ($1)" -T fields -E separator=, -e l2tp.Ns -e l2tp.avp.assigned_tunnel_id -e frame.time_epoch 2>/dev/null |
		awk -F, '{ if ($1 $2 != of) { n = 0; of = $1 $2 } t[++n] = $3 } END { printf "%d %d %d\n", n, (t[2] - t[1]) * 1000, (t[n] - t[n - 1]) * 1000 }'
}
repeats() { # FILTER NUMBER FIRST-GAP-MS LAST-GAP-MS: within a noisy machine's bounds
	local n first last
	read -r n first last < <(copies "$1")
	echo "$n copies, the first after $first ms, the last after $last ms"
	((n == $2 && first >= $3 - 60 && first <= $3 + 250 && last >= $4 - 60 && last <= $4 + 350))
}
segment_size() { # MSS: a SYN on its way to the LNS asks for it
	ip_in car1 link set tun_sim mtu 1500
	timeout 0.5 ip netns exec "$LAB-car1" bash -c "exec 3<>/dev/tcp/$SERVER/$1" 2>/dev/null || true
	wait_for 3 wire_saw a wan "tcp.dstport == $1 && tcp.options.mss_val == $2 && ip.src#1 == $LAC"
}
dialled_apart() { # the last two calls to the second LNS are a second apart
	tshark -r "$LAB_WORK/a.wan.pcap" -Y "ip.dst == $LNS2 && l2tp.avp.message_type == 10" -T fields -e frame.time_epoch 2>/dev/null |
		awk '{ before = last; last = $1 } END { exit !(before && last - before > 0.8 && last - before < 4) }'
}
probed() { wait_for 10 wire_saw a wan "frame.time_epoch > $seen_from && ip.src == $LAC && ppp.code == 9"; }
rounds() { # two SIMs, and on which LNS each is
	attaches $one && attaches $two && wait_for 5 are_on 10.77 "$1" && are_on 10.88 "$2"
}

lab_open "Advanced settings at work"
SETTINGS='"lnsHoldSeconds": 0'
BEFORE="{$SETTINGS}"
world a
phone car1
step "every setting is seen at work somewhere" roll_call
step "the order of customer a" order a $one $two

step "attemptBudgetMs: an ICRQ without answer" eval 'with "{\"lnsHoldSeconds\": 0, \"attemptBudgetMs\": 700}" && fault no-icrp && takes 600 1400 $one'
step "is given up after that time" wait_for 3 says_verdict $one 'for 700 ms'
step "overallBudgetMs: a PPP that does not come up ends after it" eval 'with "{\"lnsHoldSeconds\": 0, \"attemptBudgetMs\": 500, \"overallBudgetMs\": 1200}" && fault no-ipcp && takes 1100 2200 $one'
step "no fault any longer" fault none

step "pppUsername and pppPassword of the VSlice, where the endpoint has none" eval 'api PATCH "/endpoints/$(iccid_of $one)" <<<"{\"pppUsername\": null, \"pppPassword\": null}" &&
	with "{\"pppUsername\": \"$PPP_USER\", \"pppPassword\": \"$PPP_PASSWORD\", \"lnsHoldSeconds\": 0}" && attaches $one && everybody_leaves'
step "a template that the LNS does not know" eval 'with "{\"pppUsername\": \"%{imsi}@vantiq\", \"pppPassword\": \"$PPP_PASSWORD\", \"lnsHoldSeconds\": 0}" && refused $one'
step "is named in the verdict" wait_for 3 says_verdict $one "user \"$one@vantiq\""
step "the endpoint's own again" api PATCH "/endpoints/$(iccid_of $one)" <<<"{\"pppUsername\": \"$PPP_USER\", \"pppPassword\": \"$PPP_PASSWORD\"}"

step "maxSessionsPerLac: the second SIM is refused" eval 'with "{\"maxSessionsPerLac\": 1}" && attaches $one && refused $two'
step "in words" wait_for 3 says_verdict $two maxSessionsPerLac
step "both go" everybody_leaves
step "maxSessionsPerTunnel and maxTunnelsPerLns: a tunnel for each SIM" eval 'with "{\"maxSessionsPerTunnel\": 1, \"maxTunnelsPerLns\": 2}" && attaches $one && attaches $two && wait_for 5 tunnels_are 2'
step "both go" everybody_leaves

step "tcpMssClamp auto: the SYN asks for what the MTU leaves" eval 'with "{}" && sgw_attach car1 $one && segment_size 7001 1420'
step "fixed, tcpMss" eval 'with "{\"tcpMssClamp\": \"fixed\", \"tcpMss\": 900}" && segment_size 7002 900'
step "off: as the SIM says" eval 'with "{\"tcpMssClamp\": \"off\"}" && segment_size 7003 1460'
seen_from=$(date +%s.%N)
step "pppEchoIntervalSeconds: a silent session is probed" eval 'with "{\"pppEchoIntervalSeconds\": 1, \"pppEchoFailures\": 1}" && probed'
step "pppEchoFailures: and ends when nobody answers" eval 'fault no-echo && wait_for 15 released car1 && fault none'

step "keepTunnelUp off: no tunnel without a session" eval 'with "{\"keepTunnelUp\": false, \"idleTimeoutSeconds\": 1}" && wait_for 10 tunnels_are 0'
step "a SIM brings it up" eval 'attaches $one && wait_for 5 tunnels_are 1'
step "idleTimeoutSeconds: it goes when the SIM is gone" eval 'everybody_leaves && wait_for 10 tunnels_are 0'

step "retransmitInitialMs, retransmitMaxSetup: an LNS that is silent is asked 1 + 3 times" eval 'fault no-answer && with "{\"retransmitInitialMs\": 200, \"retransmitMaxSetup\": 3}" &&
	wait_for 15 repeats "l2tp.avp.message_type == 1" 4 200 800'
step "the LNS answers again" eval 'fault none && with "{\"helloIntervalSeconds\": 1, \"retransmitInitialMs\": 200, \"retransmitCapMs\": 1000, \"retransmitMaxEstablished\": 4}" && wait_for 40 tunnels_are 1'
step "retransmitCapMs, retransmitMaxEstablished: HELLO is said 1 + 4 times, at most a second apart" eval 'fault no-answer && wait_for 20 tunnels_are 0 && repeats "l2tp.avp.message_type == 6" 5 200 1000'

step "lnsProbeSeconds: an LNS on hold is probed, and comes back long before lnsHoldSeconds" eval 'fault none && with "{\"lnsHoldSeconds\": 300, \"lnsProbeSeconds\": 1}" && wait_for 15 attaches $one && everybody_leaves'
step "a second LNS" eval 'second_lns && wait_for 10 tunnels_are 2'
step "failoverCodes: CDN 4 of the first, and the second is tried" eval 'with "{\"failoverCodes\": \"4\"}" && fault cdn=4 && attaches $one && wait_for 5 are_on 10.88 1 && everybody_leaves'
step "not so with a code that is none of them" eval 'with "{\"failoverCodes\": \"5\"}" && refused $one && fault none'
step "maxSessionsPerLns: past it the next LNS is used" eval 'with "{\"maxSessionsPerLns\": 1}" && rounds 1 1 && everybody_leaves'
step "failoverMode preference: both on the first" eval 'with "{\"failoverMode\": \"preference\"}" && rounds 2 0 && everybody_leaves'
step "balanced: one on each" eval 'with "{\"failoverMode\": \"balanced\"}" && rounds 1 1 && everybody_leaves'
step "releaseRate: the sessions of a lost LNS are released at that pace" eval 'with "{\"redialRate\": 0, \"releaseRate\": 1, \"helloIntervalSeconds\": 1, \"retransmitInitialMs\": 200, \"retransmitMaxEstablished\": 1}" &&
	attaches $one && attaches $two && lns_tell a stopccn && wait_for 2 sessions_are 1 && wait_for 5 sessions_are 0'
step "redialRate: they are dialled again at that pace" eval 'wait_for 10 tunnels_are 2 && with "{\"redialRate\": 1, \"overallBudgetMs\": 10000}" && rounds 2 0 && lns_tell a stopccn && fault no-answer && wait_for 10 dialled_apart'
the_end
