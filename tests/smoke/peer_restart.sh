#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# An SGW that restarted (its recovery counter went up) has forgotten its sessions: ours of it end, those of others do not.
. "$(dirname "$0")/../../lab/story.sh"

one=999700000000001 two=999700000000002
accepted() { gtp "$1" "$2" "$APN" "${@:3}" | tee /dev/stderr | jq -e '.cause == 16'; } # VERB IMSI OPTIONS...

lab_open "An SGW restarts"
world a
step "the order of customer a" order a $one $two
phone car2
step "a SIM attaches through an SGW whose counter is 7" accepted create2 $one --recovery 7
step "a SIM attaches through another SGW" sgw_attach car2 $two
step "two sessions" wait_for 5 sessions_are 2
step "an Echo with counter 7 changes nothing" gtp echo2 --recovery 7
step "two sessions" never 1 sessions_are 1
step "an Echo with counter 8: it has restarted" gtp echo2 --recovery 8
step "its session is gone" wait_for 5 sessions_are 1
step "the other SGW's session lives" reaches car2
step "the LNS was told (CDN)" wait_for 5 wire_saw a wan "l2tp.avp.message_type == 14 && ip.src == $LAC"
step "its SIM attaches again" accepted create2 $one --recovery 8
step "two sessions" wait_for 5 sessions_are 2
the_end
