#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Only the SGW that owns a session may change or end it; what an SGW may ask beside that is answered with a cause (TS 29.274).
. "$(dirname "$0")/../../lab/story.sh"

imsi=999700000000001
from() { # SOURCE TYPE IES(hex): one GTPv2 message for the session, with the address that it comes from; prints the answer as JSON
	local teid
	teid=$(cat "$LAB_WORK/teid")
	in_ns mobile "$LAB_DIR/gtp.py" raw "$1" "$GTP_GATEWAY" "$(printf '48%02x%04x%08x%06x00%s' "$2" $((8 + ${#3} / 2)) "$teid" $((++sequence | ($2 >= 64 && $2 <= 69 ? 0x800000 : 0))) "$3")" # a command's has its first bit set (7.6)
}
answered() { from "$1" "$2" "$3" | tee /dev/stderr | jq -e ".type == $4 and .cause == $5"; } # SOURCE TYPE IES ANSWER CAUSE
sequence=4096
ebi=4900010005 rat=5200010006 imsi_ie=0100080099790000000000f1
ambr=480008000000271000004e20 bearer_qos=5d001f00${ebi}500016007c09$(printf %040d 0) pti=6400010001

lab_open "Whose session it is"
world a
step "the order of customer a" order a $imsi
gtp create2 $imsi "$APN" | jq -er 'select(.cause == 16).teid' >"$LAB_WORK/teid"
step "a SIM attached" wait_for 5 has_session $imsi
step "another node's Delete Session is refused: context not found" answered "$SGW" 36 $ebi 37 64
step "so is its Modify Bearer" answered "$SGW" 34 "" 35 64
step "the session stays" has_session $imsi
step "its own SGW's Change Notification is accepted" answered "$SGW2" 38 $rat 39 16
step "so is its Suspend Notification" answered "$SGW2" 162 "" 163 16
step "and its Resume Notification" answered "$SGW2" 164 "$imsi_ie" 165 16
step "a set of connections that we know nothing of: service not supported" answered "$SGW2" 101 "" 102 68
step "its own SGW's Modify Bearer Command: there is one bearer, and it stays as it is (service not supported)" answered "$SGW2" 64 "$ambr$bearer_qos" 65 68
step "so with Delete Bearer Command" answered "$SGW2" 66 5d000500$ebi 67 68
step "and Bearer Resource Command" answered "$SGW2" 68 "$ebi$pti" 69 68
step "one of another node: context not found" answered "$SGW" 66 5d000500$ebi 67 64
step "one that is cut short: mandatory IE missing" answered "$SGW2" 66 "" 67 70
step "the session has heard nothing of all that" has_session $imsi
step "its own SGW's Delete Session ends it" answered "$SGW2" 36 $ebi 37 16
step "the session is gone" wait_for 5 no_session $imsi
the_end
