#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2034
# The tunnel secret is changed without a SIM noticing: the next one is valid beside the old one, the LNS changes in its own time, then the next
# one takes the old one's place.
LNS_KIND=simulator
. "$(dirname "$0")/../../lab/story.sh"

imsi=999700000000002 other=999700000000003
lac_secrets() { api PATCH /vslices/diagnostics-a/lacs/lac-a <<<"{$1}"; } # MEMBERS
accepted() { gtp create2 "$1" "$APN" | tee /dev/stderr | jq -e '.cause == 16'; }
tunnel_id() { api GET /tunnels | jq -er '.[] | select(.state.moniker == "established").id'; }
lns_takes() { # SECRET: the LNS is started again with another one
	lns_simulator_die a
	TUNNEL_SECRET=$1 lns_simulator_start a
}
same_tunnel() { [ "$(tunnel_id)" = "$1" ]; }

lab_open "The tunnel secret is changed"
SETTINGS='"helloIntervalSeconds": 1, "retransmitInitialMs": 300, "retransmitCapMs": 1000, "retransmitMaxEstablished": 2'
world a
step "the order of customer a" order a $imsi $other
phone car2
step "a SIM attaches" sgw_attach car2 $imsi
tunnel=$(tunnel_id)
step "the next secret is made known" lac_secrets '"nextTunnelSecret": "Vantiq-tunnel-2"'
step "the tunnel stays up" never 1 same_tunnel none
step "and is the same one" same_tunnel "$tunnel"
step "the LNS is started again with the next secret" lns_takes Vantiq-tunnel-2
step "the tunnel comes up with it" wait_for 15 tunnels_are 1
step "the SIM's session is back with its address" wait_for 15 reaches car2 1
step "another SIM attaches" accepted $other
tunnel=$(tunnel_id)
step "the next secret becomes the secret" lac_secrets '"tunnelSecret": "Vantiq-tunnel-2", "nextTunnelSecret": null'
step "nobody notices" never 1 same_tunnel none
step "the tunnel is the same one" same_tunnel "$tunnel"
step "two sessions" sessions_are 2
the_end
