#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# alone
# L2TP over an Internet target, which needs the slice's stack for its NAT: user packets take the programs to that stack and back, two VSlices with the
# same LAC and LNS side by side; control, PPP, fragments and packets longer than the target takes reach the sockets; kill -9 loses nothing.
. "$(dirname "$0")/../../lab/story.sh"

one=999700000000001 two=999700000000002

path_is() { [ "$(api GET "/vslices/diagnostics-$1" | jq -r .dataPath)" = "$2" ]; } # CUSTOMER WAY
tunnels_say() { api GET /tunnels | jq -e "length == 2 and all(.[]; .dataPath == \"$1\")"; } # WAY
ride() { for phone in car1 car2; do wait_for 15 rides $phone; done; }
took_it() { # all but the first few, and what came in fragments
	local d
	for d in uplink downlink; do
		echo "$d: $(fast_packets $d) of $(all_packets $d) by the programs"
		[ $((100 * $(fast_packets $d))) -gt $((95 * $(all_packets $d))) ] || fail "$d: $(fast_packets $d) of $(all_packets $d)"
	done
}
counted() { [ "$(api GET /routingpolicies/policy-b | jq '.routingPolicyRules[0].packets')" -ge "$1" ]; } # PACKETS: by the one rule, once each
counted_once() {
	counted 1000 && ! counted 1200
}
pings() { in_ns "$1" ping -n -c 2 -i 0.2 -W 2 -M "$4" -s $(($3 - 28)) "$2"; } # NS ADDRESS OCTETS do|dont
one_address() { [ -z "$(in_ns a tcpdump -nr "$LAB_WORK/a.wan.pcap" "udp port 1701 and not host $PEER_LOCAL" 2>/dev/null)" ]; }
translations() { ip netns exec "$(slice_namespaces "$LAB" | grep diagnostics-b)" cat /proc/net/nf_conntrack; }
one_flow() { # data and control of the tunnel, and nothing beside it
	translations
	[ "$(translations | grep -c 'dport=1701')" = 1 ]
}
traffic() { start "echoes-$1" "$1" ping -n -q -i 0.002 -c 3000 -W 2 "$SERVER"; } # PHONE
is_over() { says "echoes-$1" 'packets transmitted'; }
none_lost() { # PHONE
	wait_for 60 is_over "$1"
	says "echoes-$1" '^3000 packets transmitted, 3000 received, 0% packet loss' || fail "$(grep transmitted "$LAB_WORK/echoes-$1.log")"
}
ends() { # SIGNAL
	sleep 1
	stop slicegate-gateway "$1"
	sleep 1
	gateway_start
}
tunnels_opened() { wire a wan 'l2tp.avp.message_type == 1'; }

lab_open "L2TP over the Internet takes XDP"
DATAPLANE=xdp world a
export DATAPLANE=xdp
step "the LNS is on the Internet" internet
step "redirects can be taken on the access side" in_ns mobile ethtool -K n3 gro on
step "the order of customer a" order_internet a $one
step "the order of customer b, with the same LAC and LNS" order_internet b $two
phone car1
phone car2
step "a SIM of a attaches" sgsnemu_attach car1 $one
step "a SIM of b attaches" sgw_attach car2 $two
step "packets take the programs" ride
step "the API says which way they go" eval "wait_for 5 path_is a stack && wait_for 5 path_is b stack && wait_for 5 tunnels_say stack"
step "a thousand echoes" in_ns car2 ping -n -q -i 0.001 -c 1000 "$SERVER"
step "the rule counts each once" wait_for 30 counted_once
step "the server reaches the SIM" reached a car2
step "files go up and down over TCP" eval "moves_file car1 2000000 && moves_file car2 10000000"
step "the programs took nearly all of it" took_it
step "the LNS sees one address" one_address
step "data and control are one translated flow" one_flow
mtu=$(session $two .mtu)
step "up: $mtu octets arrive whole, 3000 in fragments" eval "pings car2 $SERVER $mtu 'do' && pings car2 $SERVER 3000 dont"
step "both send and are answered" eval "traffic car1 && traffic car2"
opened=$(tunnels_opened)
step "kill -9, down for a second, started again" ends KILL
step "an upgrade" ends USR2
step "not one echo of the first was lost" none_lost car1
step "nor of the second" none_lost car2
step "the LNS saw no new tunnel" eval "wait_for 10 sessions_are 2 && [ \$(tunnels_opened) = $opened ]"
step "packets still take the programs" ride
step "the SIMs detach" eval "sgsnemu_detach car1 && sgw_detach car2"
step "no session is left" wait_for 5 sessions_are 0
step "controller and gateway stop" eval "stop slicegate-gateway && stop slicegate-controller"
step "tshark finds no fault in what we sent" tshark_clean "$GTP_GATEWAY" "$LAC" "$PEER_LOCAL"
step "nothing is left pinned" refuse test -e "/sys/fs/bpf/slicegate/$LAB"
