#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# when asked for: dead peer detection takes its half minute
# limit: 240
# A VPN's peer dies without a word: dead peer detection finds it, the target and its events say so; the SIMs are told
# to attach anew, and do when the peer is back.
. "$(dirname "$0")/strongswan.inc"

back() { # as it was before
	peer_strongswan_start a "$key" "$LAC/32" "$LAC2/32"
}

vpn_world "A VPN's peer dies"
step "VSlice, VPN target, policy" order_target "$key"
step "the proposal that the peer takes" set_vpn "$key" "$IKE_PROPOSAL"
step "the target is available" wait_for 20 status_is available
two_sims
step "the peer dies" stop strongswan-a KILL
step "the target is unavailable" wait_for 90 status_is unavailable
step "and says why" says_of_it "does not answer"
step "events told it" wait_for 5 told vpnchildsaphase2up_v1 vpnchildsaphase2down_v1
step "the peer is back" back
step "the target is available" wait_for 60 status_is available
step "no session is left: the SIMs were told to attach anew" wait_for 60 sessions_are 0
step "one does" sgw_attach car2 $two
step "and reaches its server" reaches car2
the_end
