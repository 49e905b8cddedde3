#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# alone
# The host's own links, routes, rules and nftables are as they were, whether a lab ended by itself, was asked to end in the middle, or
# was killed; and no namespace and no process of it is left.
. "$(dirname "$0")/../../lab/story.sh"

host() { ip -o link | cut -d' ' -f2- && ip route show table all && ip rule && nft list ruleset; }
as_it_was() { # what a lab of that pid left, and what the host looks like
	[ -z "$(cd /run/netns && compgen -G "*lab$1*")" ] || fail "namespaces are left: $(ls /run/netns)"
	[ "$(host)" = "$before" ] || fail "the host has changed"
}
in_the_middle() { # SIGNAL: another story, until a SIM is attached, then the signal
	TMPDIR=$LAB_WORK "$(dirname "$0")/attach_gtp1.sh" >"$LAB_WORK/other.$1" 2>&1 3>&1 &
	other=$!
	wait_for 60 grep -q 'ok.*the SIM attaches' "$LAB_WORK/other.$1"
	kill "-$1" $other
	wait $other || true
}

lab_open "The host is left as it was"
before=$(host)
step "a story is told to end in the middle" in_the_middle TERM
step "nothing of it is left" as_it_was "$other"
step "a story is killed in the middle" in_the_middle KILL
step "the next lab takes away what it left" lab_sweep
step "nothing of it is left" as_it_was "$other"
