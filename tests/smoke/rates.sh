#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The rate limits of a Routing Policy and the share of packets that it discards hold for each endpoint of an L2TP VSlice, each direction by itself, at
# once for live sessions; by the sockets, and with DATAPLANE=xdp by the programs (xdp_rates.sh).
. "$(dirname "$0")/../../lab/story.sh"

imsi=999700000000002

policy() { api PATCH /routingpolicies/policy-a <<<"{$1}"; } # MEMBERS
takes() { # LEAST: seconds that 150,000 octets there and back need; the most is patience with the machine
	local from=$EPOCHREALTIME
	moves_file car2 150000
	awk "BEGIN { t = $EPOCHREALTIME - $from; print t; exit !(t >= $1 && t < $1 + 6) }"
}
answered() { # LEAST MOST: of 200 echoes
	local got
	got=$(in_ns car2 ping -n -q -i 0.005 -c 200 -W 1 "$SERVER" | awk '/received/ { print $4 }')
	echo "$got of 200 answered"
	[ "$got" -ge "$1" ] && [ "$got" -le "$2" ]
}
dropped() { [ "$(metric "slicegate_packet_drops_total{reason=\"$1\"}")" -gt 0 ]; } # REASON
by_programs() { [ "${DATAPLANE:-soft}" = soft ] || rides car2; }

lab_open "An L2TP VSlice's endpoints are held to their rates (${DATAPLANE:=soft})"
world a
[ "$DATAPLANE" = soft ] || step "redirects can be taken" fast_cables a
step "the order of customer a" order a $imsi
phone car2
step "the SIM attaches" sgw_attach car2 $imsi
step "its packets go the way that is meant" wait_for 10 by_programs
step "without a limit a file takes as long as it does" takes 0
step "1 Mbit/s up: 1.2 s for 150,000 octets, less the burst" policy '"rateLimitUplink": "1mbits"'
step "the SIM is held to it" wait_for 20 takes 1.0
step "as much down" policy '"rateLimitUplink": "unlimited", "rateLimitDownlink": "1mbits"'
step "the SIM is held to it" wait_for 20 takes 1.0
step "both" policy '"rateLimitUplink": "1mbits", "rateLimitDownlink": "1mbits"'
step "one after the other" wait_for 20 takes 2.0
step "what was too much was dropped, and counted" dropped rate_limited
step "none" policy '"rateLimitUplink": "unlimited", "rateLimitDownlink": "unlimited"'
step "all echoes are answered" wait_for 10 answered 195 200
step "half of what comes down is discarded" policy '"packetDiscardDownlinkPercentage": 50'
step "so about half are" wait_for 10 answered 60 140
step "half of what goes up too" policy '"packetDiscardUplinkPercentage": 50'
step "so about a quarter are" wait_for 10 answered 20 85
step "and it is counted" dropped discarded
step "none" policy '"packetDiscardUplinkPercentage": 0, "packetDiscardDownlinkPercentage": 0'
step "all echoes are answered" wait_for 10 answered 195 200
the_end
