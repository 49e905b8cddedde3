#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The MAC addresses that the programs write follow the kernel's neighbour tables, under traffic.
. "$(dirname "$0")/../../lab/story.sh"

imsi=999700000000002

echoes() { # NAME: 1 ms apart, in the background
	start "echoes-$1" car2 ping -n -q -i 0.001 -c 5000 -W 2 "$SERVER"
}
lost_at_most() { # NAME PERCENT
	wait_for 30 says "echoes-$1" 'packets transmitted'
	cat "$LAB_WORK/echoes-$1.log"
	awk -v most="$2" '/packet loss/ { sub("%.*", ""); if ($NF > most) exit 1 }' "$LAB_WORK/echoes-$1.log" || fail "$(grep transmitted "$LAB_WORK/echoes-$1.log")"
}
attached_once() { [ "$(grep -c 'take the fast path interface=peer-a' "$LAB_WORK/slicegate-gateway.log")" = 1 ]; }
slice() { slice_namespaces "$LAB"; }
flush() { # both sides forget everybody, five times
	for _ in 1 2 3 4 5; do
		ip -n "$(slice)" neigh flush all || true # they come back at once: they are in use
		ip_in gateway neigh flush all || true
		sleep 0.3
	done
}
next_hop_changes() { # it says so (gratuitous ARP), as a router that takes over does
	in_ns a sh -c 'echo 1 >/proc/sys/net/ipv4/conf/wan/arp_notify'
	ip_in a link set wan address 02:00:00:00:be:ef
}

lab_open "The programs follow the neighbours"
DATAPLANE=xdp world a
step "redirects can be taken on both sides" fast_cables a
step "the order of customer a" order a $imsi
phone car2
step "the SIM attaches" sgw_attach car2 $imsi
step "packets take the programs" wait_for 10 rides car2
step "traffic" echoes flushed
step "the neighbour tables are flushed again and again" flush
step "nothing was lost: the sockets stood in" lost_at_most flushed 0
step "the programs stayed attached" attached_once
step "packets take the programs" wait_for 10 rides car2
step "traffic" echoes changed
step "the next hop toward the LNS has another MAC address" next_hop_changes
step "less than two seconds of it was lost" lost_at_most changed 30
step "packets take the programs" wait_for 10 rides car2
step "the SIM detaches" sgw_detach car2
the_end
