# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034
#
# Controller, gateway and command line in the lab, and the words of the stories about them.

API=http://127.0.0.1:5050

controller_start() {
	start slicegate-controller gateway "$BUILD/src/controller/slicegate-controller" \
		--listen 127.0.0.1:5050 --database "$LAB_WORK/store.db" --admin-token-file "$LAB_WORK/admin.token"
	wait_for 10 tcp_bound gateway 5050
	wait_for 10 test -s "$LAB_WORK/admin.token"
}

gateway_order() { # declares the Regional Gateway and makes the token with which it joins
	api POST /regionalgateways <<<"{\"name\": \"$LAB\", \"moniker\": \"$LAB\", \"gtpPeers\": [\"${GTP_PEERS:-$GTP_NET.0/24}\"]}"
	answer POST /apitokens <<<"{\"name\": \"$LAB\", \"scope\": \"gateway\", \"regionalGateway\": \"$LAB\"}" | jq -er .token >"$LAB_WORK/gateway.token"
}

gateway_start() {
	mkdir -p "$LAB_WORK/state"
	start slicegate-gateway gateway "$BUILD/src/gateway/${GATEWAY_PROGRAM:-slicegate-gateway}" --controller "$API" --token-file "$LAB_WORK/gateway.token" \
		--name "$LAB" --gtp-address "$GTP_GATEWAY" --state-dir "$LAB_WORK/state" --usage-interval 1s --dataplane "${DATAPLANE:-auto}" --metrics-listen 127.0.0.1:9100 --log "${GATEWAY_LOG:-info}" \
		${MAX_SESSIONS:+--max-sessions "$MAX_SESSIONS"}
	wait_for 10 udp_bound gateway 2123
}

slicegate_up() {
	controller_start
	gateway_order
	gateway_start
}

slicegate_down() { # and nothing of it is left
	stop slicegate-gateway
	stop slicegate-controller
	nothing_left
}

nothing_left() {
	[ -z "$(slice_namespaces "$LAB")" ] || fail "slices are left: $(slice_namespaces "$LAB")"
	[ -z "$(ip netns pids "$LAB-gateway" | xargs -r ps -o comm= -p | grep slicegate)" ] || fail "a process is left in the gateway's namespace"
	[ -z "$(in_ns gateway nft list ruleset)" ] || fail "nftables rules are left in the gateway's namespace"
}

sg() { in_ns gateway "$BUILD/src/cli/slicegate" --token-file "$LAB_WORK/admin.token" "$@"; } # the command line

api() { answer "$@" | jq -e .data; } # METHOD PATH: a JSON body, if any, on standard input; prints the answer's data

answer() { # METHOD PATH: the whole answer; fails with its messages
	local body=()
	[ "$1" = GET ] || [ "$1" = DELETE ] || body=(-H 'Content-Type: application/json' --data-binary @-)
	in_ns gateway curl -sS -X "$1" -H "Authorization: Bearer $(cat "$LAB_WORK/admin.token")" "${body[@]}" "$API/api/v1$2" |
		jq -e 'if .success then . else error(.messages | join("; ")) end'
}

# --- the order, over the API (the demo gives it on the command line, in the same sequence)

# What the advancedSettings of the next VSlice are, as JSON members.
SETTINGS=""

order() { # CUSTOMER IMSI...: a VSlice of its own and SIMs on it
	local c=$1 imsi
	shift
	order_vslice "$c"
	order_route "$c"
	order_l2tp "$c"
	for imsi; do order_endpoint "$c" "$imsi"; done
	wait_for 10 slice_ready "$c"
}

order_vslice() { # CUSTOMER
	api POST /vslices <<-END
		{"name": "Diagnostics $1", "moniker": "diagnostics-$1", "vsliceType": "l2tp", "regionalGateway": "$LAB", "advancedSettings": {$SETTINGS}}
	END
}

order_route() { # CUSTOMER: the peering target, the policy whose uplink rule names it, and the way back to the VSlice
	api POST /routingtargets <<-END
		{"name": "Data centre $1", "moniker": "dc-$1", "vslice": "diagnostics-$1", "routingTargetType": "peering",
		 "configurationData": {"peeringConfig": {"interface": "peer-$1",
		 "localAddress": "$PEER_LOCAL/24", "gatewayAddress": "$PEER_REMOTE", "remoteSubnets": "$LNS_NET.0/24"}}}
	END
	api POST /routingpolicies <<-END
		{"name": "To the data centre $1", "moniker": "policy-$1", "vslice": "diagnostics-$1", "routingPolicyStatus": "active",
		 "routingPolicyRules": [$(rule uplink forward "dc-$1")]}
	END
	api PATCH "/vslices/diagnostics-$1" <<<"{\"defaultRoutingPolicy\": \"policy-$1\"}"
}

rule() { # DIRECTION ACTION [TARGET [MEMBERS]]: as JSON
	echo "{\"description\": \"$1 $2\", \"ruleDirection\": \"$1\", \"ruleAction\": \"$2\", \"enabled\": true, \"reflexive\": false" \
		"${3:+, \"routingTarget\": \"$3\"} ${4:+, $4}}"
}

rules() { # CUSTOMER RULE...: replaces the rules of its policy
	local c=$1 IFS=,
	shift
	api PATCH "/routingpolicies/policy-$c" <<<"{\"routingPolicyRules\": [$*]}"
}

order_l2tp() { # CUSTOMER: LAC, LNS, Endpoint Group
	api POST "/vslices/diagnostics-$1/lacs" <<<"{\"moniker\": \"lac-$1\", \"address\": \"$LAC\", \"tunnelSecret\": \"$TUNNEL_SECRET\"}"
	api POST "/vslices/diagnostics-$1/lnss" <<<"{\"name\": \"LNS $1\", \"address\": \"$LNS\"}"
	api POST /endpointgroups <<-END
		{"name": "Cars $1", "moniker": "cars-$1", "vslice": "diagnostics-$1", "l2tpAccessConcentrator": "lac-$1"}
	END
}

order_endpoint() { # CUSTOMER IMSI
	api POST /endpoints <<-END
		{"iccid": "$(iccid_of "$2")", "imsis": ["$2"], "name": "car $2", "msisdn": "${MSISDN:-447700900001}", "endpointGroup": "cars-$1",
		 "pppUsername": "$PPP_USER", "pppPassword": "$PPP_PASSWORD"}
	END
}

order_sims() { # CUSTOMER FIRST-IMSI COUNT: many endpoints at once
	seq "$2" $(($2 + $3 - 1)) | while read -r imsi; do
		echo "{\"iccid\": \"$(iccid_of "$imsi")\", \"imsis\": [\"$imsi\"], \"endpointGroup\": \"cars-$1\", \"pppUsername\": \"$PPP_USER\", \"pppPassword\": \"$PPP_PASSWORD\"}"
	done >"$LAB_WORK/sims.ndjson"
	in_ns gateway curl -sS -H "Authorization: Bearer $(cat "$LAB_WORK/admin.token")" -H 'Content-Type: application/x-ndjson' \
		--data-binary "@$LAB_WORK/sims.ndjson" "$API/api/v1/endpoints/import" | jq -e ".data.created == $3"
}

iccid_of() { # IMSI: a serial number made from it, with its Luhn digit
	awk -v n="8944${1}" 'BEGIN {
		for (i = length(n); i > 0; i--) { d = substr(n, i, 1) * (++k % 2 ? 2 : 1); s += d > 9 ? d - 9 : d }
		print n (10 - s % 10) % 10 }'
}

# --- what there is

slice_ready() { api GET "/vslices/diagnostics-$1" | jq -e 'all(.readiness[]; .ok or .check == "lastDial")'; } # CUSTOMER

session() { # IMSI [JQ-FILTER]: its live session
	api GET "/sessions?filter=imsi:$1" | jq -er ".[0]${2:-}"
}

has_session() { session "$1" .id; }                                        # IMSI
no_session() { ! has_session "$1"; }                                       # IMSI
sessions() { api GET /sessions | jq -er length; }                          # how many are live
sessions_are() { [ "$(sessions)" = "$1" ]; }                               # NUMBER
tunnels_are() { [ "$(api GET /tunnels | jq 'map(select(.state.moniker == "established")) | length')" = "$1" ]; } # NUMBER
is_taken() { api GET "$1" | jq -e '.deliveryStatus.moniker == "taken"'; } # PATH: every gateway that it concerns has it
verdict() { api GET "/endpoints/$(iccid_of "$1")/attaches" | jq -er '.[0].verdict'; } # IMSI: of the last attach, in words

# --- the fast path

fast_cables() { # CUSTOMER...: a veth takes redirected frames only when its other end has XDP or GRO
	local c
	in_ns mobile ethtool -K n3 gro on
	for c; do in_ns "$c" ethtool -K wan gro on; done
}
metrics() { in_ns gateway curl -sf http://127.0.0.1:9100/metrics; }
metric() { metrics | awk -v m="$1" 'index($0, m) == 1 { n = $NF } END { print n + 0 }'; } # NAME{LABELS}
all_packets() { metric "slicegate_packets_total{direction=\"$1\"}"; }                     # DIRECTION
fast_packets() { metric "slicegate_fast_packets_total{direction=\"$1\"}"; }               # DIRECTION
rides() { # PHONE: what goes up takes the programs
	local before
	before=$(fast_packets uplink)
	reaches "$1" 1
	[ "$(fast_packets uplink)" -gt "$before" ]
}

# --- traffic of a phone

servers_start() { # CUSTOMER...
	local c
	for c; do
		start "transfer-$c" "$c-server" "$LAB_DIR/transfer.py" serve "$SERVER" 7000
		wait_for 5 tcp_bound "$c-server" 7000
	done
}

address_of() { ip_in "$1" -o -4 addr show scope global | awk '{ sub("/.*", "", $4); print $4; exit }'; } # PHONE

reaches() { in_ns "$1" ping -n -c "${2:-2}" -i 0.2 -W 2 "$SERVER"; }             # PHONE [COUNT]
reached() { in_ns "$1-server" ping -n -c 2 -i 0.2 -W 2 "$(address_of "$2")"; } # CUSTOMER PHONE: from the server
moves_file() { in_ns "$1" "$LAB_DIR/transfer.py" move "$(address_of "$1")" "$SERVER" 7000 "${2:-1000000}"; } # PHONE [OCTETS]

from_pool() { [[ $1 == "$POOL_NET".* ]] || fail "$1 is not from the LNS's pool $POOL"; } # ADDRESS

# --- the mobile side without a simulator: requests typed from the standards (gtp.py), sent from the address SGW2

gtp() { # VERB [ARGUMENTS...]: one line of JSON
	local verb=$1
	shift
	in_ns mobile "$LAB_DIR/gtp.py" "$verb" "$SGW2" "$GTP_GATEWAY" "$@"
}

sgw_refused() { gtp create2 "$1" "$APN" | tee /dev/stderr | jq -e ".cause == $2"; }  # IMSI CAUSE
sgsn_refused() { gtp create1 "$1" "$APN" | tee /dev/stderr | jq -e ".cause == $2"; } # IMSI CAUSE
