#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2034
# Packets too big for the tunnel: with DF the sender is told (ICMP, and learns the size), without DF they arrive in fragments.
# SoftEther is the LNS, since it sends what it likes whatever MRU we told it.
LNS_KIND=softether PPP_AUTH=pap TUNNEL_SECRET=
. "$(dirname "$0")/../../lab/story.sh"

imsi=999700000000002

pings() { in_ns "$1" ping -n -c 2 -i 0.2 -W 2 -M "$4" -s $(($3 - 28)) "$2"; } # NS ADDRESS OCTETS do|dont: the size of the IP packet
too_big() { # NS ADDRESS OCTETS MTU: refused with that MTU, by somebody on the way and not by its own interface
	in_ns "$1" ip link set dev "$(in_ns "$1" ip -o route get "$2" | sed 's/.* dev \([^ ]*\).*/\1/')" mtu 1600
	{ in_ns "$1" ping -n -c 2 -i 0.2 -W 2 -M "do" -s $(($3 - 28)) "$2" || true; } 2>&1 | grep -E "mtu ?= ?$4"
}

lab_open "Packets too big for the tunnel"
world a
step "the order of customer a" order a $imsi
phone car2
step "the SIM attaches" sgw_attach car2 $imsi
mtu=$(session $imsi .mtu)
step "up: $mtu octets with DF fit" pings car2 "$SERVER" $mtu "do"
step "up: $((mtu + 1)) octets with DF do not: ICMP says $mtu" too_big car2 "$SERVER" $((mtu + 1)) $mtu
step "up: 3000 octets without DF arrive" pings car2 "$SERVER" 3000 dont
step "down: $mtu octets with DF fit" pings a-server "$(address_of car2)" $mtu "do"
step "down: $((mtu + 1)) octets with DF do not: ICMP says so" too_big a-server "$(address_of car2)" $((mtu + 1)) $mtu
step "down: 3000 octets without DF arrive" pings a-server "$(address_of car2)" 3000 dont
step "a large file moves over TCP both ways" moves_file car2 5000000
the_end
