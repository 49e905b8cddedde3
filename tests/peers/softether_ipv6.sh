#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2034
# SoftEther's PPP stands still for four seconds over an IPv6CP request. A SIM that asks for both families gets IPv4 in time all the same, and the next
# one is not kept waiting.
# when asked for
LNS_KIND=softether PPP_AUTH=mschapv2 TUNNEL_SECRET=
. "$(dirname "$0")/../../lab/story.sh"

one=999700000000001 two=999700000000002
told() { says "$(sim "$1")" "$2"; }

lab_open "A SIM asks SoftEther for both families"
world a
phone car2
step "the order of customer a" order a $one $two
step "a SIM asks for both families" sgw_attach car2 $one --pdn-type ipv4v6
step "it gets IPv4 (cause 18)" told car2 "address=$POOL_NET.* cause=18 .*address6=::"
step "and, when the LNS moves again, traffic" wait_for 8 reaches car2 1
step "it detaches" sgw_detach car2
step "another asks for both" sgw_attach car2 $two --pdn-type ipv4v6
step "it gets IPv4" told car2 "address=$POOL_NET.* cause=18 .*address6=::"
step "and traffic at once: this LNS is not asked for IPv6 again" reaches car2
step "it detaches" sgw_detach car2
step "no session is left" wait_for 5 sessions_are 0
the_end
