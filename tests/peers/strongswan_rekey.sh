#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A VPN changes its keys while SIMs use it, asked for by the peer: no packet is lost, the target is available all the time and nobody is
# told that it went.
. "$(dirname "$0")/strongswan.inc"

spis() { peer_strongswan_sas a | grep -oE "$1" | sort; } # PATTERN
CHILD='(in|out)  *[0-9a-f]{8}' IKE='IKEv2, [0-9a-f]{16}_[ir]\*? [0-9a-f]{16}_[ir]'
other_than() { # PATTERN BEFORE: there is one pair, and it is another
	local now
	now=$(spis "$1")
	echo "$now"
	[ -n "$now" ] && [ "$now" != "$2" ] && [ "$(wc -l <<<"$now")" = "$(wc -l <<<"$2")" ]
}
rekeyed() { # child|ike NAME PATTERN: by the peer's operator, while a SIM pings
	local before
	before=$(spis "$3")
	in_ns car1 ping -n -q -c 60 -i 0.05 -W 5 "$SERVER" >"$LAB_WORK/ping.$1" &
	in_ns a env STRONGSWAN_CONF="$LAB_WORK/strongswan-a/strongswan.conf" swanctl --rekey "--$1" "$2" --uri "unix://$LAB_WORK/strongswan-a/vici"
	wait_for 10 other_than "$3" "$before"
	wait $!
	grep "60 received" "$LAB_WORK/ping.$1"
	status_is available
}
nobody_is_told() {
	api GET "/events?filter=routingTargetId:$(target .id)&limit=200" | jq -r '.[].eventType | .moniker? // .' | tee /dev/stderr >"$LAB_WORK/told"
	refuse grep -E "down|unavailable" "$LAB_WORK/told"
}

vpn_world "A VPN changes its keys"
step "VSlice, VPN target, policy" order_target "$key"
step "the proposal that the peer takes" set_vpn "$key" "$IKE_PROPOSAL"
step "the target is available" wait_for 20 status_is available
two_sims
step "new keys for the packets: none of 60 is lost" rekeyed child lns "$CHILD"
step "new keys for the association itself: likewise" rekeyed ike net "$IKE"
step "and once more for the packets" rekeyed child lns "$CHILD"
step "nobody was told that the VPN went" nobody_is_told
step "both SIMs go on" eval "reaches car1 && reaches car2"
the_end
