# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# What is on the wire: captures per namespace, and an independent reader (tshark) for every packet that we sent.

# One filter says what a fault is: a packet that tshark calls malformed or marks with an expert error. What a SIM and a server say
# to each other inside the tunnel is theirs, so TCP is not looked into.
WIRE_FAULT='_ws.malformed || _ws.expert.severity == error'

capture() { # NS IF...: into NS.IF.pcap
	local ns=$1 i
	shift
	for i; do
		start "capture-$ns-$i" "$ns" tcpdump -i "$i" -n -U --immediate-mode -s 0 -B 8192 -w "$LAB_WORK/$ns.$i.pcap"
		wait_for 5 says "capture-$ns-$i" 'listening on'
	done
}

tshark_clean() { # ends the captures; no packet sent from our addresses may bear a fault
	local f name ours bad n=0
	ours=$(printf ' || ip.src == %s' "$@")
	for f in "$LAB_WORK"/*.pcap; do
		name=$(basename "${f%.pcap}")
		[ -z "$(pid_of "capture-${name/./-}")" ] || stop "capture-${name/./-}"
		bad=$(tshark -r "$f" --disable-protocol tcp -Y "(${ours# || }) && ($WIRE_FAULT)" 2>"$f.err")
		n=$((n + $(tshark -r "$f" -Y "${ours# || }" 2>/dev/null | wc -l)))
		[ -z "$bad" ] || { echo "$bad" | head -20; fail "tshark finds faults in $(basename "$f"): $(echo "$bad" | head -1)"; return 1; }
	done
	echo "$n packets of ours read by tshark, none at fault"
	[ "$n" -gt 0 ] || fail "no packet of ours was captured"
}

wire() { # NS IF FILTER: how many packets of the capture so far answer it
	tshark -r "$LAB_WORK/$1.$2.pcap" -Y "$3" 2>/dev/null | wc -l
}

wire_saw() { [ "$(wire "$@")" -gt 0 ] || fail "not seen on $1 $2: $3"; } # NS IF FILTER
