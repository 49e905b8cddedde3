#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2034
# Data packets with every legal header: length, sequence numbers, offset and padding, priority, and PPP with or without FF 03 (RFC 2661 3.1).
LNS_KIND=simulator
. "$(dirname "$0")/../../lab/story.sh"

imsi=999700000000002
pings() { in_ns car1 ping -n -c 2 -i 0.2 -W 2 -s "${1:-56}" "$LNS"; }

lab_open "Every legal data header"
world a
phone car1
step "the order of customer a" order a $imsi
for parts in plain length sequence offset priority acfc length,sequence length,offset,priority length,sequence,offset,priority,acfc; do
	step "an LNS that sends: $parts" lns_tell a header $parts
	step "the SIM attaches" sgw_attach car1 $imsi
	step "small packets" pings
	step "and large ones" pings 1400
	step "it detaches" sgw_detach car1
done
step "no session is left" wait_for 5 sessions_are 0
the_end
