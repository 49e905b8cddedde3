# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# What is on the wire: captures per namespace, and an independent reader (tshark) for every packet that we sent.

# A fault is a packet that tshark calls malformed or marks with an expert error. What a SIM and a server say to each other inside the
# tunnel is theirs, so TCP is not looked into.
WIRE_ERROR=8388608 # PI_ERROR, as tshark prints it

capture() { # NS IF...: into NS.IF.pcap
	local ns=$1 i
	shift
	for i; do
		start "capture-$ns-$i" "$ns" tcpdump -i "$i" -n -U --immediate-mode -s 0 -B 8192 -w "$LAB_WORK/$ns.$i.pcap"
		wait_for 5 says "capture-$ns-$i" 'listening on'
	done
}

tshark_clean() { # ADDRESS...: ends the captures; no packet that we sent from these addresses may bear a fault
	local f name ours rows n=0
	ours=$(printf ' || ip.src == %s' "$@")
	for f in "$LAB_WORK"/*.pcap; do
		name=$(basename "${f%.pcap}")
		[ -z "$(pid_of "capture-${name/./-}")" ] || stop "capture-${name/./-}"
		rows=$(tshark -r "$f" --disable-protocol tcp -Y "${ours# || }" -T fields -e frame.number -e _ws.malformed -e _ws.expert.severity \
			-e _ws.expert.message 2>"$f.err")
		n=$((n + $(wc -l <<<"$rows")))
		wire_judge "$f" <<<"$rows"
	done
	echo "$n packets of ours read by tshark, none at fault"
	[ "$n" -gt 10 ] || fail "hardly a packet of ours was captured"
}

wire_judge() { # PCAP: rows of frame, malformed, severities and messages; fails at the first fault, showing the packet
	local frame
	frame=$(awk -F'\t' -v error="$WIRE_ERROR" '$2 != "" || index("," $3 ",", "," error ",") { print $1; exit }')
	[ -n "$frame" ] || return 0
	tshark -r "$1" --disable-protocol tcp -V -Y "frame.number == $frame" 2>/dev/null
	fail "tshark finds a fault in packet $frame of $(basename "$1")"
}

wire() { # NS IF FILTER: how many packets of the capture so far answer it
	tshark -r "$LAB_WORK/$1.$2.pcap" -Y "$3" 2>/dev/null | wc -l
}

wire_saw() { [ "$(wire "$@")" -gt 0 ] || fail "not seen on $1 $2: $3"; } # NS IF FILTER
