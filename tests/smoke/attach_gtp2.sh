#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A SIM attaches with GTPv2 through the simulated SGW; a real LNS gives it its address; its traffic flows both ways; it detaches.
. "$(dirname "$0")/../../lab/story.sh"

imsi=999700000000002

lab_open "A SIM attaches through the simulated SGW (GTPv2) and $LNS_KIND"
world a
step "the order of customer a" order a $imsi
phone car2
step "the SIM attaches" sgw_attach car2 $imsi
step "its address is from the LNS's pool" from_pool "$(address_of car2)"
step "the SIM reaches the server behind the LNS" reaches car2
step "the server reaches the SIM" reached a car2
step "a file goes up and down over TCP" moves_file car2 2000000
step "the SIM detaches (Delete Session)" sgw_detach car2
step "its session is gone" wait_for 5 sessions_are 0
step "the LNS was told (CDN)" wait_for 5 wire_saw a wan "l2tp.avp.message_type == 14 && ip.src == $LAC"
the_end
