# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034
#
# What the stories of isolation try: from a SIM, a data centre or a peer toward everything that no customer has any business with.

HOST=10.99.0.1 # an address of the gateway's host that nobody else has

forbidden() { # every address that no customer has any business with
	echo "$GTP_GATEWAY $SGW $SGSN 127.0.0.1 127.0.0.53 192.0.0.1 192.0.0.2 192.0.0.8 $HOST 224.0.0.1 255.255.255.255 $SIMS_NET.0.1 $SIMS_NET.255.255"
	ip netns exec "$LAB-gateway" ip -o -4 addr show | awk '{ sub("/.*", "", $4); print $4 }'
	local slice
	for slice in $(slice_namespaces "$LAB"); do ip -n "$slice" -o -4 addr show | awk '{ sub("/.*", "", $4); print $4 }'; done
}
nobody_answers() { # NAMESPACE: ping and the ports that we listen at, of everything forbidden, all at once
	local to port answered=$LAB_WORK/answered.$1 waiting=()
	: >"$answered"
	for to in $(forbidden | xargs -n1 | sort -u); do
		in_ns "$1" ping -nqb -c 1 -W 1 "$to" >/dev/null 2>&1 && echo "ping $to" >>"$answered" &
		waiting+=($!)
		for port in 5050 9100; do
			in_ns "$1" timeout 1 bash -c "</dev/tcp/$to/$port" >/dev/null 2>&1 && echo "tcp $to $port" >>"$answered" &
			waiting+=($!)
		done
	done
	wait "${waiting[@]}" || true
	grep -v "$(own "$1")" "$answered" && fail "$1 was answered: $(cat "$answered")"
	return 0
}
own() { case $1 in a | b | c) echo "$PEER_REMOTE\|127\.0\.0\.\|224.0.0.1\|255.255.255.255" ;; *) echo "$(address_of "$1") \|127\.0\.0\.\|$(address_of "$1")\$" ;; esac; } # NAMESPACE: what it is itself
speaks_gtp() { # PHONE: a SIM that asks for an Echo is no SGW
	in_ns "$1" python3 - "$GTP_GATEWAY" <<-END
		import socket, sys
		s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.settimeout(1)
		for port, message in ((2123, "4001000900000100030001000a"), (2152, "32010004000000000000000000")):
		    s.sendto(bytes.fromhex(message), (sys.argv[1], port))
		try:
		    s.recv(100)
		except socket.timeout:
		    sys.exit(0)
		sys.exit("answered")
	END
}
leads_through_us() { # CUSTOMER: its router sends us whatever it likes
	ip_in "$1" route add "$GTP_NET.0/24" via "$PEER_LOCAL"
	ip_in "$1" route add 198.18.0.0/15 via "$PEER_LOCAL"
	ip_in "$1" route add 192.0.0.0/24 via "$PEER_LOCAL"
	ip_in "$1" route add $HOST via "$PEER_LOCAL"
	ip_in "$1" route replace "$SIMS" via "$PEER_LOCAL"
}
