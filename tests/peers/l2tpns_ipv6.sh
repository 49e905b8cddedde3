#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2034
# l2tpns with IPv6: it names the SIM's interface identifier (IPv6CP), advertises its /64, and both families reach it. It routes one address to a SIM,
# prefix and identifier together, so the phone takes that one. Both families take the BPF programs.
LNS_KIND=l2tpns LNS_IPV6=2001:db8:77::/64
. "$(dirname "$0")/../../lab/story.sh"

imsi=999700000000002
told() { says "$(sim car1)" "$1"; }
address6() { sed -n 's/.* address6=\([^ ]*\) .*/\1/p' "$LAB_WORK/$(sim car1).log" | tail -1; }
takes() { ip_in car1 addr replace "$(address6)/128" dev tun_sim nodad && ip_in car1 -6 route replace default dev tun_sim; }
pings6() { in_ns car1 ping -6 -n -c 2 -i 0.2 -W 2 -I "$(address6)" 2001:db8:5000::1; }
rides6() { # both ways
	local up down
	up=$(fast_packets uplink) down=$(fast_packets downlink)
	pings6
	[ "$(fast_packets uplink)" -ge $((up + 2)) ] && [ "$(fast_packets downlink)" -ge $((down + 2)) ]
}

lab_open "IPv6 at l2tpns"
DATAPLANE=xdp world a
step "redirects can be taken on both sides" fast_cables a
step "the LNS's network has IPv6" eval 'ip_in a addr replace 2001:db8:5000::1/128 dev lan nodad && in_ns a sysctl -qw net.ipv6.conf.all.forwarding=1'
phone car1
step "the order of customer a" order a $imsi
step "a SIM asks for both families" sgw_attach car1 $imsi --pdn-type ipv4v6
step "it gets both (cause 16)" told "address=$POOL_NET.* cause=16 .*address6=2001:db8:77:"
step "it takes the address" takes
step "IPv4 reaches the server" reaches car1
step "IPv6 reaches the LNS's network" pings6
step "by the programs, both ways" wait_for 10 rides6
step "it detaches" sgw_detach car1
step "IPv6 alone" sgw_attach car1 $imsi --pdn-type ipv6
step "gets IPv6 alone" told 'address=0.0.0.0 .*cause=16 .*address6=2001:db8:77:'
step "it detaches" sgw_detach car1
step "no session is left" wait_for 5 sessions_are 0
the_end
