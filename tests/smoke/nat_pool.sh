#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2034
# Source NAT to a pool of public addresses: a SIM keeps the one that it has, another target has its own, what is not an answer comes in to none of
# them, and who has which port is told. A pool that is changed while in use breaks no connection; ports that run out are counted and said.
. "$(dirname "$0")/../../lab/story.sh"

first=999700000000001
SIM_COUNT=4
POOL_FIRST=203.0.113.8 POOL_NAT=203.0.113.8-203.0.113.11 RESERVED=203.0.113.20

internet() { # the pool is routed to the gateway's host; the other side knows nothing of SIMs
	link_up gateway peer-a "$PEER_LOCAL/24"
	ip_in gateway route add "$SERVER_NET.0/24" via "$PEER_REMOTE"
	ip_in a route del "$SIMS"
	ip_in a route add 203.0.113.0/24 via "$PEER_LOCAL"
	ip_in a-server route add 203.0.113.0/24 via "$SERVER_NET.1"
	capture a-server eth0
}
order_internet() {
	api PATCH "/regionalgateways/$LAB" <<<"{\"publicAddresses\": [\"$POOL_NAT\", \"$RESERVED\"]}"
	order_fleet a
	target net "$POOL_NAT"
	target own "$RESERVED"
	order_fleet_policy a policy-a "$(flow uplink net)"
	order_fleet_policy a policy-own "$(flow uplink own)"
	order_fleet_group a cars-a policy-a static
	order_fleet_group a own-a policy-own static
	local n
	for ((n = 0; n < SIM_COUNT; n++)); do order_car cars-a $((first + n)); done
	order_car own-a $((first + SIM_COUNT))
	wait_for 5 has_address $((first + SIM_COUNT))
	wait_for 10 fleet_ready a
}
target() { # MONIKER ADDRESSES
	api POST /routingtargets <<-END
		{"name": "$1", "moniker": "$1", "vslice": "fleet-a", "routingTargetType": "internet", "routingRedundancyZoneMoniker": "$LAB-primary",
		 "configurationData": {"internetConfig": {"publicAddresses": "$2"}}}
	END
}
attach() {
	local n
	for ((n = 0; n <= SIM_COUNT; n++)); do
		phone "car$n"
		ip_in mobile addr add "$GTP_NET.$((10 + n))/24" dev n3
		sgw_attach "car$n" $((first + n)) --local "$GTP_NET.$((10 + n))"
	done
}
seen_as() { # PHONE: the address that the server sees
	local n
	for n in 1 2 3; do
		in_ns "$1" python3 - "$SERVER" 7777 <<-END && return
			import socket, sys
			s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.settimeout(2)
			s.sendto(b"who", (sys.argv[1], int(sys.argv[2])))
			print(s.recv(100).decode())
		END
	done
	return 1
}
start_mirror() { # a server that tells whom it sees
	start mirror a-server python3 -c "
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(('$SERVER', 7777))
while True:
    data, who = s.recvfrom(100); s.sendto(who[0].encode(), who)
"
	start mirror-of-ports a-server python3 -c "
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(('$SERVER', 7778))
while True:
    data, who = s.recvfrom(100); s.sendto(('%s %d' % who).encode(), who)
"
	wait_for 5 udp_bound a-server 7777
	wait_for 5 udp_bound a-server 7778
}
all_seen() { # FILE: each SIM's public address, one a line
	local n
	for ((n = 0; n < SIM_COUNT; n++)); do echo "car$n $(seen_as "car$n")"; done >"$LAB_WORK/$1"
	cat "$LAB_WORK/$1"
}
from_the_pool() { # several of them, and nothing else
	refuse grep -vE '203\.0\.113\.(8|9|10|11)$' "$LAB_WORK/seen.1"
	[ "$(awk '{ print $2 }' "$LAB_WORK/seen.1" | sort -u | wc -l)" -gt 1 ]
}
same_again() {
	all_seen "seen.$1"
	diff "$LAB_WORK/seen.1" "$LAB_WORK/seen.$1"
}
told_publicly() { api GET /routingtargets/net | jq -er '.publicInstanceConfiguration | fromjson | .publicAddresses' | tee /dev/stderr | grep -qxF "$POOL_NAT"; }
nothing_comes_in() { # to the pool, where the host listens too
	local to
	for to in "$POOL_FIRST" "$RESERVED"; do
		refuse in_ns a ping -n -c 1 -W 1 "$to"
		refuse in_ns a timeout 1 bash -c "</dev/tcp/$to/9100"
	done
}
bindings_are_told() { # the server's capture and the API agree on port and SIM
	local seen port
	in_ns car1 ping -n -c 1 -W 2 "$SERVER"
	seen=$(in_ns car1 python3 -c "
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.settimeout(2)
s.connect(('$SERVER', 7778)); s.send(b'which'); print(s.recv(100).decode(), s.getsockname()[1])")
	read -r address port inner <<<"$seen"
	api GET "/routingtargets/net/natbindings?filter=publicAddress:$address,publicPort:$port,transportProtocol:udp" | tee "$LAB_WORK/bindings" |
		jq -e "length == 1 and (.[0] | .endpoint.name == \"car $((first + 1))\" and .innerPort == $inner and .remoteAddress == \"$SERVER\" and .remotePort == 7778
			and .packets == 2 and .expiresSeconds > 0 and (.startedAt | fromdateiso8601? // (sub(\"[.][0-9]+Z\"; \"Z\") | fromdateiso8601)) > now - 60)"
	answer GET "/routingtargets/net/natbindings?limit=1&offset=1" | jq -e '.totalItems > 3 and (.data | length) == 1 and .offset == 1'
	api GET "/routingtargets/net/natbindings?filter=transportProtocol:icmp" | jq -e 'any(.[]; .publicAddress != null)'
}
told_by_endpoint() {
	api GET "/endpoints/$(iccid_of $((first + 1)))/natbindings" | jq -e "length > 1 and all(.[]; .endpoint.name == \"car $((first + 1))\")"
	sg endpoint nat-bindings "$(iccid_of $((first + 1)))" --protocol udp --remote-port 7778 | tee /dev/stderr | grep -q "$SERVER"
}
refused_in_words() {
	refuse sg routing-target nat-bindings net --public-port 70000
	refuse api GET "/routingtargets/net/natbindings?filter=colour:red"
	refuse api GET "/endpoints/$(iccid_of 999700000000099)/natbindings"
}
comes_back() {
	stop slicegate-gateway KILL
	gateway_start
	wait_for 15 reaches car0 1
}
changed_in_the_middle() { # a file is on its way while the pool loses an address that it does not use, and the target names one that is not there
	local mover used
	moves_file car0 8000000 &
	mover=$!
	sleep 0.3
	used=$(awk '$1 == "car0" { print $2 }' "$LAB_WORK/seen.1")
	api PATCH "/regionalgateways/$LAB" <<<"{\"publicAddresses\": [\"$used\"]}"
	wait "$mover"
	wait_for 5 only "$used"
}
only() { [ "$(seen_as car0)" = "$1" ] && [ "$(seen_as car1)" = "$1" ]; } # ADDRESS
counted() { # in the API and in the metrics
	api GET /routingtargets/net | jq -e ".bytesUplink > 300000 and .bytesDownlink > 300000 and .packetsUplink > 200 and .connectionsRefused == 0"
	[ "$(metric "slicegate_target_bytes_total{vslice=\"fleet-a\",target=\"net\",direction=\"uplink\"}")" -gt 300000 ]
	[ "$(metric "slicegate_target_available{vslice=\"fleet-a\",target=\"own\"}")" = 1 ]
}
says_of_it() { api GET "/routingtargets/$1" | jq -r .statusMessage | tee /dev/stderr | grep -q "$2"; } # TARGET WORDS
uses_up_ports() { # a port below 512 stays below 512, so few are enough
	local n
	for n in 0 1; do
		in_ns "car$n" python3 -c "
import socket
for port in range(1, 512):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(('', port)); s.sendto(b'x', ('$SERVER', 7779))"
	done
}
refusals_are_told() { # a burst may lose some on its way, which leaves ports: it is sent until none is left
	uses_up_ports
	api GET /routingtargets/net | jq -e ".connectionsRefused > 100"
	[ "$(metric "slicegate_nat_refused_total{vslice=\"fleet-a\",target=\"net\"}")" -gt 100 ]
	says slicegate-gateway "connections are refused for want of a port"
}
has_nothing_of_it() { # the host's addresses and routes are as they were
	stop slicegate-gateway
	stop slicegate-controller
	[ -z "$(ip_in gateway route show table local proto 115)" ]
	[ -z "$(ip_in gateway route show | grep '^240')" ]
	nothing_left
}

lab_open "Source NAT to a pool of public addresses"
integrated_world a
step "an Internet with a server that tells whom it sees" internet
step "the server" start_mirror
step "a pool of four addresses for one target, a fifth for another" order_internet
step "five SIMs attach" attach
step "the pool is told to the customer" wait_for 10 told_publicly
step "each SIM has an address of the pool" all_seen seen.1
step "and not all the same one" from_the_pool
step "the next time it is the same" same_again 2
step "a SIM of the other group has the address of its own target" [ "$(seen_as car$SIM_COUNT)" = "$RESERVED" ]
step "nothing comes in by them" nothing_comes_in
step "the platform tells who has which port, to the octet as the server saw it" bindings_are_told
step "by endpoint too, and on the command line" told_by_endpoint
step "and refuses in words what it cannot tell" refused_in_words
step "TCP both ways" moves_file car0 300000
step "what goes by a target is counted" wait_for 10 counted
step "the gateway is killed and comes back" comes_back
step "each SIM has the address that it had" same_again 3
step "the pool shrinks to one address while a file is on its way" changed_in_the_middle
step "two SIMs want more ports toward one server than one address has, which is counted and said" wait_for 20 refusals_are_told
step "others are served" moves_file car2 300000
step "the target without an address says so" wait_for 5 says_of_it own "none of its public addresses"
step "the other tells how many it lacks" wait_for 5 says_of_it net "3 of its public addresses"
step "the host is as it was" has_nothing_of_it
