#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A SIM attaches with GTPv1 through a real SGSN; a real LNS gives it its address; its traffic flows both ways; it detaches.
. "$(dirname "$0")/../../lab/story.sh"

imsi=999700000000001

shown() {
	[ "$(session $imsi .ipAddress)" = "$(address_of car1)" ]
	[ "$(session $imsi .ipSource)" = lns ]
	[ "$(session $imsi '.dnsServers | join(",")')" = "$DNS1,$DNS2" ]
}
counted() { session $imsi "| .bytesUplink > $1 and .bytesDownlink > $1"; } # OCTETS: at least so many each way

lab_open "A SIM attaches through sgsnemu (GTPv1) and $LNS_KIND"
world a
step "the order of customer a" order a $imsi
phone car1
step "the SIM attaches" sgsnemu_attach car1 $imsi
step "its address is from the LNS's pool" from_pool "$(address_of car1)"
step "the session is in the API, with that address and its source" shown
step "the SIM reaches the server behind the LNS" reaches car1
step "the server reaches the SIM" reached a car1
step "a file goes up and down over TCP" moves_file car1 2000000
step "the session's counters say so" wait_for 10 counted 2000000
step "the SIM detaches (Delete PDP Context)" sgsnemu_detach car1
step "its session is gone, the tunnel stays" wait_for 5 sessions_are 0
step "the LNS was told (CDN)" wait_for 5 wire_saw a wan "l2tp.avp.message_type == 14 && ip.src == $LAC"
the_end
