#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2034
# IPv6 over L2TP: the LNS gives each SIM a /64 by router advertisement, the mobile network hears of it in its answer, and the SIM's own stack makes
# its address of it. Where the LNS has one family only, the SIM gets that one, and is told why.
LNS_KIND=simulator LNS_IPV6=2001:db8:77::/48
. "$(dirname "$0")/../../lab/story.sh"

imsi=999700000000002
SERVER6=2001:db8:ffff::10 # somewhere behind the LNS, which answers for everybody
asks() { sgw_attach car1 $imsi --pdn-type "$@"; } # PDN-TYPE [OPTIONS...]
told() { says "$(sim car1)" "$1"; }
leaves() { sgw_detach car1 && wait_for 5 sessions_are 0; }
refused() { ! asks "${@:2}" && told "cause=$1"; } # CAUSE PDN-TYPE [OPTIONS...]
own6() { ip_in car1 -o -6 addr show scope global | awk '{ sub("/.*", "", $4); print $4; exit }'; }
own6_in() { [[ $(own6) == 2001:db8:77:* ]]; }
slaac() { wait_for 8 own6_in; } # the SIM's kernel asked, and took what the LNS advertised
pings6() { in_ns car1 ping -6 -n -c 2 -i 0.2 -W 2 "$SERVER6"; }
pings4() { in_ns car1 ping -n -c 2 -i 0.2 -W 2 "$LNS"; }
says_verdict() { verdict $imsi | tee /dev/stderr | grep -iE "$1"; }
traced() { api GET "/endpoints/$(iccid_of $imsi)/attaches" | jq -e --arg w "$1" '.[0].steps | any(.text | test($w))'; }
tests() { sg lns test lns-a --vslice diagnostics-a | tee /dev/stderr | grep -E "$1"; }
set_to() { api PATCH /vslices/diagnostics-a <<<"{\"advancedSettings\": $1}"; }
pings6_from() { # ADDRESS: which it has for so long
	local status=0
	ip_in car1 addr replace "$1/128" dev tun_sim nodad
	in_ns car1 ping -6 -n -c 2 -i 0.2 -W 1 -I "$1" "$SERVER6" || status=$?
	ip_in car1 addr del "$1/128" dev tun_sim
	return $status
}
foreign() { ! pings6_from 2001:db8:bad::1; } # an address that is not the SIM's does not get through
delegated() { # one of the network behind the SIM, whose prefix the LNS delegated, does
	local prefix
	prefix=$(session $imsi .ipv6DelegatedPrefix) || return
	pings6_from "${prefix%::/*}::1"
}
renumbered() { [ "$(session $imsi .ipv6Prefix)" != "$prefix" ]; }
killed() {
	stop slicegate-gateway KILL
	gateway_start
}

lab_open "IPv6 over L2TP"
world a
phone car1
in_ns car1 sysctl -qw net.ipv6.conf.default.dad_transmits=0 net.ipv6.conf.default.router_solicitation_interval=1 net.ipv6.conf.default.router_solicitation_delay=0
step "the order of customer a" order a $imsi

step "the test of the LNS tells of IPv6" tests 'IPv6: prefix 2001:db8:77:[0-9a-f]+::/64 by router advertisement'
step "a SIM asks for both families" asks ipv4v6
step "it gets both (cause 16)" told "address=$POOL_NET.* cause=16 .*address6=2001:db8:77:"
step "with the LNS's name server" told 'dns6=2001:db8::53'
step "its own stack makes an address of the LNS's advertisement" slaac
step "IPv4 flows" pings4
step "IPv6 flows" pings6
prefix=$(session $imsi .ipv6Prefix)
step "the API shows $prefix" grep 2001:db8:77: <<<"$prefix"
step "the trace shows the advertisement" traced 'Router Advertisement: prefix 2001:db8:77:'
step "a source outside the prefix is dropped" foreign
step "the gateway is killed and starts again" killed
step "IPv6 goes on" wait_for 5 pings6
step "with the same prefix" wait_for 5 eval '[ "$(session $imsi .ipv6Prefix)" = "$prefix" ]'
step "the LNS delegates a prefix to the network behind the SIM" lns_tell a delegate all
step "and packets from it get through" wait_for 5 delegated
step "the LNS numbers the link anew" lns_tell a renumber all
step "the API follows" wait_for 5 renumbered
step "it detaches" leaves

step "IPv6 alone (cause 16)" asks ipv6
step "no IPv4 address" told 'address=0.0.0.0 .*cause=16 .*address6=2001:db8:77:'
step "it makes its address" slaac
step "IPv6 flows" pings6
step "it detaches" leaves
step "IPv6 alone by GTPv1 (cause 128)" asks ipv6 --gtp 1
step "both by GTPv1" eval 'told "cause=128.*address6=2001:db8:77:" && leaves && asks ipv4v6 --gtp 1 && told "address=$POOL_NET.*cause=128.*address6=2001:db8:77:" && leaves'

step "one family on a bearer: IPv4 (cause 19)" eval 'asks ipv4v6 --single-address && told "address=$POOL_NET.*cause=19 .*address6=::" && leaves'
step "by GTPv1: cause 130" eval 'asks ipv4v6 --single-address --gtp 1 && told "cause=130 .*address6=::" && leaves'

step "an LNS that sends no router advertisement" lns_tell a fault no-ra
step "IPv4 alone, by network preference (cause 18)" eval 'asks ipv4v6 && told "address=$POOL_NET.*cause=18 .*address6=::"'
step "the trace says why" wait_for 3 traced 'no router advertisement'
step "IPv4 flows" eval 'pings4 && leaves'
step "IPv6 alone is refused (cause 84)" refused 84 ipv6
step "in words" wait_for 3 says_verdict 'router advertisement.*To mend it'

step "an LNS that leaves IPv6CP unanswered" lns_tell a fault no-ipv6cp
step "IPv4 alone, by GTPv1 (cause 129)" eval 'asks ipv4v6 --gtp 1 && told "address=$POOL_NET.*cause=129 .*address6=::" && leaves'
step "the next SIM does not wait for it" eval 'asks ipv4v6 && [ "$(session $imsi .attachMs)" -lt 1000 ] && leaves'
step "an LNS that leaves IPCP unanswered" lns_tell a fault no-ipcp
step "IPv6 alone of both (cause 18)" eval 'asks ipv4v6 && told "address=0.0.0.0 .*cause=18 .*address6=2001" && leaves'
step "an LNS without faults" lns_tell a fault none
step "gives both again" eval 'asks ipv4v6 && told "address=$POOL_NET.*cause=16 .*address6=2001:db8:77:" && leaves'

step "ipv6cp off" set_to '{"ipv6cp": false}'
step "IPv4 alone of both (cause 18)" wait_for 5 eval 'asks ipv4v6 && told "cause=18 .*address6=::" && leaves'
step "IPv6 alone is refused (cause 83)" refused 83 ipv6
step "in words" wait_for 3 says_verdict 'ipv6cp is off'
step "no session is left" wait_for 5 sessions_are 0
the_end
