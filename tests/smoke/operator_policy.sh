#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# An Operator Policy decides at the door: by the network that serves the SIM and by its radio access.
. "$(dirname "$0")/../../lab/story.sh"

sim=999700000000001
said() { verdict "$1" | grep -i "$2"; } # IMSI WORDS
steer() { api PUT /operatorpolicies/roaming <<<"{\"name\": \"Roaming\", \"moniker\": \"roaming\", \"entries\": [$1]}" && wait_for 5 is_taken /operatorpolicies/roaming; } # ENTRIES
entry() { echo "{\"steeringProfileEntryAction\": \"$1\" ${2:+, $2}}"; }                                                             # ACTION [MEMBERS]
refused() { # CAUSE PLMN RAT
	gtp create2 "$sim" "$APN" --plmn "$2" --rat "$3" | tee /dev/stderr | jq -e ".cause == $1"
}
attaches() {
	phone car1
	sgw_attach car1 $sim
	reaches car1
	sgw_detach car1
}

lab_open "An Operator Policy decides at the door"
world a
step "the order of customer a" order a $sim
step "an Operator Policy: Germany yes, O2 there not now, by 2G not at all, else nowhere" api POST /operatorpolicies <<-END
	{"name": "Roaming", "moniker": "roaming", "entries": [$(entry reject-hard), $(entry allow '"iso3": "DEU"'),
	$(entry reject-soft '"operatorId": 26203'), $(entry reject-hard '"iso3": "DEU", "radioAccess": "2g"')]}
END
step "on the group" api PATCH /endpointgroups/cars-a <<<'{"steeringProfile": "roaming"}'
step "the gateway has it" wait_for 5 is_taken /endpointgroups/cars-a
step "from a network that the default entry refuses: access denied, no subscription (93)" refused 93 00101 6
step "the verdict names the network and the policy" wait_for 5 said $sim 'network 001-01, RAT EUTRAN, Operator Policy "roaming"'
step "from O2 in Germany: no resources available (73), the device tries again later" refused 73 26203 6
step "from O2's other network too" refused 73 26207 6
step "from another network in Germany by 2G: access denied (93)" refused 93 26201 2
step "the same default with GTPv1: access denied, no subscription (222)" sgsn_refused $sim 222
step "no session came of all that" sessions_are 0
step "the default entry now allows" steer "$(entry allow), $(entry reject-hard '"radioAccess": "2g"')"
step "the SIM attaches, and its traffic passes" attaches
step "but not by 2G" refused 93 00101 2
the_end
