#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# alone
# shellcheck disable=SC2034
# kill -9, start again and upgrade of the gateway under full load over XDP, uplink and downlink at once, to an LNS behind a peering target and to the
# server of an Integrated VSlice behind WireGuard (a TUN); SIMs come and go meanwhile, echo requests and HELLOs arrive. Every packet is numbered: not one is
# lost, doubled or led to another session. The LNS and the mobile network notice nothing. PACKETS: of each direction to the LNS, at least (make bench: many).
LNS_KIND=simulator LNS_HELLO=50ms
. "$(dirname "$0")/../../lab/story.sh"

PACKETS=${PACKETS:-500000} SIMS_L2TP=${SIMS_L2TP:-1000} RESTARTS=${RESTARTS:-1} RESULT=${RESULT:-/dev/null}
ECHO=$GTP_NET.5 sims_target=50 churn=60
first=999700000000001 first_churn=999700000005001 first_target=999700000009001
POOL=10.77.0.0/16 WIREGUARD_SIDE=$SIMS
SETTINGS='"helloIntervalSeconds": 1, "maxSessionsPerTunnel": 4096, "maxTunnelsPerLns": 1'
LAB_SUSPECTS=(flood-calm flood slicegate-sim-lns-a sims-l2tp sims-target sims-churn)
dpkg-query -W $peer_wireguard_packages >/dev/null 2>&1 || skip "needs the packages $peer_wireguard_packages"

up() { [ "$(metric "slicegate_sessions ")" = "$1" ]; } # SESSIONS
capture_control() { # of L2TP: what its sequence numbers were
	start capture-a-wan a tcpdump -i wan -n -U --immediate-mode -s 0 -B 16384 -w "$LAB_WORK/a.wan.pcap" 'udp port 1701 and udp[8] & 0x80 != 0'
	wait_for 5 says capture-a-wan 'listening on'
}
world_of_two() { # customer a has an LNS, customer b a WireGuard router
	mobile_network
	customer a
	customer b
	ip_in mobile addr add "$ECHO/24" dev n3
	ip_in b addr replace "10.9.1.2/24" dev wan
	ip_in b addr del "$PEER_REMOTE/24" dev wan
	link_up gateway peer-b "10.9.1.1/24"
	lns_simulator_start a
	peer_wireguard_start b
	slicegate_up
}
cables() { # the flood comes and goes by them
	fast_cables a b
	in_ns b ethtool -K lan gro on
	in_ns b-server ethtool -K eth0 gro on
}
key_of_target() { api GET /routingtargets/wg-b | jq -er '.configurationData.wireGuardConfig.localPublicKey'; }
key_is_there() { key_of_target | grep -q =; }
target_is() { [ "$(api GET /routingtargets/wg-b | jq -r .routingTargetStatus.moniker)" = "$1" ]; } # STATUS
order_target() {
	order_fleet b
	api POST /routingtargets <<-END
		{"name": "WireGuard", "moniker": "wg-b", "vslice": "fleet-b", "routingTargetType": "wireguard", "routingRedundancyZoneMoniker": "$LAB-primary",
		 "configurationData": {"wireGuardConfig": {"remotePublicKey": "$(peer_wireguard_key b)", "remotePeerIPAddress": "10.9.1.2",
		 "localSubnets": "$SIMS", "remoteSubnets": "$SERVER_NET.0/24"}}}
	END
	order_fleet_policy b policy-b "$(rule uplink forward wg-b)" "$(rule downlink forward wg-b)"
	order_fleet_group b cars-b policy-b static
	seq $first_target $((first_target + sims_target - 1)) | while read -r imsi; do
		echo "{\"iccid\": \"$(iccid_of "$imsi")\", \"imsis\": [\"$imsi\"], \"endpointGroup\": \"cars-b\"}"
	done >"$LAB_WORK/fleet.ndjson"
	in_ns gateway curl -sS -H "Authorization: Bearer $(cat "$LAB_WORK/admin.token")" -H 'Content-Type: application/x-ndjson' \
		--data-binary "@$LAB_WORK/fleet.ndjson" "$API/api/v1/endpoints/import" | jq -e ".data.created == $sims_target"
	wait_for 10 key_is_there
	peer_wireguard_knows b "$(key_of_target)"
}
order_all_sims() {
	order_sims a $first "$SIMS_L2TP"
	order_sims a $first_churn $churn
}
sims() { # NAME ADDRESS IMSI COUNT [OPTIONS...]: an SGW and its SIMs
	local name=$1 address=$2 imsi=$3 count=$4
	shift 4
	start "sims-$name" mobile "$BUILD/src/sim/slicegate-sim" sgw --local "$address" --remote "$GTP_GATEWAY" --imsi "$imsi" --count "$count" \
		--apn "$APN" --quiet --json --control "$LAB_WORK/$name.ctl" "$@"
}
tell() { "$BUILD/src/sim/slicegate-sim" tell "$LAB_WORK/$1.ctl" "${@:2}"; } # NAME COMMAND
attach_all() {
	sims l2tp "$SGW" $first "$SIMS_L2TP" --window 64 --t3 20s
	sims target "$SGSN" $first_target $sims_target --t3 20s
	wait_for 60 up $((SIMS_L2TP + sims_target))
}
fast_both() { # next hops are known on all sides
	wait_for 10 path_is diagnostics-a fast
	wait_for 10 path_is fleet-b stack
}
path_is() { [ "$(api GET "/vslices/$1" | jq -r .dataPath)" = "$2" ]; } # VSLICE WAY
flood() { # NAME PACKETS [OPTIONS...]
	local name=$1 count=$2
	shift 2
	start "$name" mobile "$BUILD/tests/bench/bench_flood" "$(echo /sys/fs/bpf/slicegate/"$LAB"/v*)" "$count" mobile="$LAB-mobile/n3" lns="$LAB-a/wan" \
		server="$LAB-b-server/eth0/$(ip_in b -j link show lan | jq -r '.[0].address')" far="$SERVER" "$@"
	wait_for 10 says "$name" flooding
}
is_over() { ended "$(pid_of "$1")"; } # NAME
udp_full() { in_ns "$1" awk '/^Udp: [0-9]/ { print $6 }' /proc/net/snmp; } # NS
none_lost() { # NAME
	wait_for 600 is_over "$1"
	grep '^{' "$LAB_WORK/$1.log" | tee -a "$RESULT" >&3
	echo "not ours: $(udp_full b) datagrams found the socket of the customer's wireguard-go full, $(udp_full gateway) that of the gateway's"
	grep '^{' "$LAB_WORK/$1.log" | jq -es 'length == 4 and all(.lost == 0 and .doubled == 0 and .misled == 0 and .sent > 1000)'
}
control_meanwhile() { # until it is told to end: SIMs attach and detach, and echo requests
	sims churn "$SGW2" $first_churn $churn --rate 10 --t3 5s
}
echo_request() { in_ns mobile "$LAB_DIR/gtp.py" "$1" "$ECHO" "$GTP_GATEWAY" | tee /dev/stderr | jq -e .recovery; } # VERB: our restart counter
ends() { # SIGNAL: an echo request comes while no gateway is there, and is answered by the next one
	local asked
	stop slicegate-gateway "$1"
	echo_request "echo$((1 + RANDOM % 2))" >"$LAB_WORK/echo" &
	asked=$!
	gateway_start
	wait "$asked"
	[ "$(cat "$LAB_WORK/echo")" = "$restart_counter" ] || fail "the restart counter was $restart_counter and is $(cat "$LAB_WORK/echo")"
	wait_for 30 metrics
}
restarts() {
	local i
	restart_counter=$(echo_request echo2)
	for ((i = 0; i < RESTARTS; i++)); do
		ends KILL
		ends USR2
	done
}
exchanges() { # by one whose maps have another layout, for a million sessions, and back
	GATEWAY_PROGRAM=slicegate-gateway-next MAX_SESSIONS=1000000 ends USR2
	wait_for 20 moved
	ends USR2
	wait_for 20 moved
}
moved() { [ "$(grep -c 'the earlier maps are gone' "$LAB_WORK/slicegate-gateway.log")" -gt "${moves:-0}" ] && moves=$((${moves:-0} + 1)); }
counted() { # what the flood has sent is what the sessions have counted; no SIM has had any other packets
	local sent counted
	sent=$(cat "$LAB_WORK"/flood*.log | grep '^{' | jq -s "map(select(.stream | endswith(\"$1\")).sent) | add")
	counted=$(all_packets "$1")
	[ "$sent" = "$counted" ] || fail "$1: $sent sent, $counted counted in all"
	counted=$({ api GET "/sessions?limit=1000" && api GET "/sessions?limit=1000&offset=1000"; } | jq -s "add | map(.packets${1^}) | add")
	[ "$sent" = "$counted" ] || fail "$1: $sent sent, $counted counted by the sessions"
}
flood_ends() {
	kill -TERM "$(pid_of flood)"
	none_lost flood
}
nobody_noticed() {
	tell l2tp status | tee /dev/stderr | grep -q "in=$SIMS_L2TP attached=$SIMS_L2TP refused=0 released=0 error-indications=0"
	tell target status | tee /dev/stderr | grep -q "in=$sims_target attached=$sims_target refused=0 released=0 error-indications=0"
	lns_tell a counters | jq -e '.tunnels == 1 and .sessionsDown == 0'
}
all_churned() { tell churn status | tee /dev/stderr | grep -q "in=$churn attached=$churn refused=0 released=0 error-indications=0"; }
numbers_go_on() { # each Ns of ours and of the LNS comes in its order: first copies rise by one, modulo 65536
	tshark -r "$LAB_WORK/a.wan.pcap" -Y 'l2tp.avp.message_type' -T fields -e ip.src -e l2tp.Ns | awk '
		{ next_ns = ($1 in last) ? (last[$1] + 1) % 65536 : $2 }
		$2 == next_ns { last[$1] = $2; n++; next }
		(last[$1] - $2 + 65536) % 65536 < 64 { again++; next }
		{ print "Ns " $2 " of " $1 " after " last[$1]; bad = 1 }
		END { print n " control messages in order, " again + 0 " sent again"; exit bad || n < 150 }'
}

lab_open "Restarts under full load"
DATAPLANE=xdp
export DATAPLANE
step "a mobile network, an LNS, a WireGuard router, a gateway and its controller" world_of_two
step "redirects can be taken" cables
step "an Integrated VSlice to the WireGuard router" order_target
step "an L2TP VSlice to the LNS" order a
step "their SIMs" order_all_sims
step "the WireGuard routers have shaken hands" wait_for 20 target_is available
step "$SIMS_L2TP attach by the LNS, $sims_target by WireGuard" attach_all
step "their packets take the programs" fast_both
step "a flood, with nothing else going on" flood flood-calm $((PACKETS / 10)) window=128 for=2
step "loses nothing" none_lost flood-calm
step "what the control channel's numbers are is written down" capture_control
step "a flood, and control messages" eval "flood flood $PACKETS && control_meanwhile"
step "kill -9 and start, upgrade and start, $RESTARTS times" restarts
step "an upgrade to another layout of the maps, for a million sessions, and back" exchanges
step "not one packet was lost, doubled or led astray" flood_ends
step "not one was forgotten by the counters" eval "wait_for 5 counted uplink && wait_for 5 counted downlink"
step "all SIMs that came meanwhile are in" wait_for 20 all_churned
step "neither the LNS nor the mobile network noticed anything" nobody_noticed
step "the control channel's numbers went on" numbers_go_on
the_end
