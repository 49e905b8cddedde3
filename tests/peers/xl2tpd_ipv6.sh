#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2034
# xl2tpd with a pppd that speaks IPv6CP, and radvd on its links: both families, IPv6 alone, and what is left where pppd refuses one of them or
# nobody advertises.
# limit: 180
LNS_KIND=xl2tpd LNS_IPV6=2001:db8:77::/48
. "$(dirname "$0")/../../lab/story.sh"

imsi=999700000000002
asks() { sgw_attach car1 $imsi --pdn-type "$@"; } # PDN-TYPE [OPTIONS...]
told() { says "$(sim car1)" "$1"; }
refused() { ! asks "${@:2}" && told "cause=$1"; } # CAUSE PDN-TYPE
both() { asks ipv4v6 && told "address=$POOL_NET.* cause=16 .*address6=2001:db8:77:"; }
gets_both() { # a busy guest may advertise too late, and then has to be seen to give IPv6 at all
	both || { sgw_detach car1; asks ipv6 && leaves; return 1; }
}
leaves() { sgw_detach car1 && wait_for 5 sessions_are 0; }
address6() { sed -n 's/.* address6=\([^ ]*\) .*/\1/p' "$LAB_WORK/$(sim car1).log" | tail -1; }
identified() { # the phone takes the interface identifier that it was given, as phones do: Linux's PPP has a route to that one only
	ip_in car1 addr add "fe80::$(address6 | cut -d: -f5-)/64" dev tun_sim nodad
}
own6_in() { ip_in car1 -o -6 addr show scope global | grep -F 2001:db8:77:; }
pings6() { in_ns car1 ping -6 -n -c 2 -i 0.2 -W 2 2001:db8:5000::1; }
pppd_has() { # OPTIONS: of the calls to come, beside the usual ones
	PPPD_OPTIONS=$1 xl2tpd_config "$LAB_WORK/xl2tpd-a"
}
nobody_advertises() { touch "$LAB_WORK/xl2tpd-a/mute"; }
traced() { api GET "/endpoints/$(iccid_of $imsi)/attaches" | jq -e --arg w "$1" '.[0].steps | any(.text | test($w))'; }

lab_open "IPv6 at xl2tpd, pppd and radvd"
world a
phone car1
in_ns car1 sysctl -qw net.ipv6.conf.default.addr_gen_mode=1 net.ipv6.conf.default.dad_transmits=0 net.ipv6.conf.default.router_solicitation_interval=1 net.ipv6.conf.default.router_solicitation_delay=0
step "the order of customer a" order a $imsi
step "a SIM asks for both families and gets both (cause 16)" wait_for 60 gets_both
step "with the advertised name server" told 'dns6=2001:db8::53'
step "its own stack makes an address of the advertisement that it asks for" eval 'identified && wait_for 10 own6_in'
step "IPv4 reaches the server" reaches car1
step "IPv6 reaches the LNS's network" pings6
step "it detaches" leaves
step "IPv6 alone" asks ipv6
step "gets IPv6 alone" told 'address=0.0.0.0 .*cause=16 .*address6=2001:db8:77:'
step "it makes its address" eval 'identified && wait_for 10 own6_in'
step "IPv6 flows" pings6
step "it detaches" leaves
step "pppd without IPv6" pppd_has noipv6
step "IPv4 alone, by network preference (cause 18)" eval 'asks ipv4v6 && told "address=$POOL_NET.*cause=18 .*address6=::" && leaves'
step "IPv6 alone is refused (cause 83)" refused 83 ipv6
step "pppd without IPv4" pppd_has noip
step "IPv6 alone of both (cause 18)" eval 'asks ipv4v6 && told "address=0.0.0.0 .*cause=18 .*address6=2001:db8:77:" && leaves'
step "nobody advertises" eval 'pppd_has "" && nobody_advertises'
step "IPv4 alone (cause 18)" eval 'asks ipv4v6 && told "address=$POOL_NET.*cause=18 .*address6=::"'
step "the trace says why" wait_for 3 traced 'no router advertisement'
step "it detaches" leaves
step "IPv6 alone is refused (cause 84)" refused 84 ipv6
step "no session is left" wait_for 5 sessions_are 0
the_end
