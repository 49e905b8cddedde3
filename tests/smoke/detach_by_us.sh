#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The customer ends it over the API: detach, suspend, remove the endpoint. SGSN, SGW and LNS are told each time.
. "$(dirname "$0")/../../lab/story.sh"

one=999700000000001 two=999700000000002
cdns() { [ "$(wire a wan "l2tp.avp.message_type == 14 && ip.src == $LAC")" -ge "$1" ]; } # NUMBER
both_attach() {
	sgsnemu_attach car1 $one
	sgw_attach car2 $two
}
both() { # ACTION
	local imsi
	for imsi in $one $two; do api POST "/endpoints/$(iccid_of $imsi)/$1" <<<'{}'; done
}

lab_open "Detached over the API"
world a
step "the order of customer a" order a $one $two
phone car1
phone car2

step "a SIM attaches with GTPv1, another with GTPv2" both_attach
step "POST detach for both" both detach
step "both sessions are gone" wait_for 5 sessions_are 0
step "the SGSN was told (Delete PDP Context)" wait_for 5 wire_saw mobile n3 "gtp.message == 0x14 && ip.src == $GTP_GATEWAY"
step "the SGW was told (Delete Bearer)" wait_for 5 wire_saw mobile n3 "gtpv2.message_type == 99 && ip.src == $GTP_GATEWAY"
step "the LNS was told (CDN)" wait_for 5 cdns 2

step "the second attaches again" sgw_attach car2 $two
step "its endpoint is suspended" api PATCH "/endpoints/$(iccid_of $two)" <<<'{"endpointStatus": "suspended"}'
step "its session is gone" wait_for 5 sessions_are 0
step "and it is refused when it comes back" refuse sgw_attach car2 $two
step "it is active again" api PATCH "/endpoints/$(iccid_of $two)" <<<'{"endpointStatus": "active"}'
step "and attaches" wait_for 10 sgw_attach car2 $two
step "its endpoint is deleted" api DELETE "/endpoints/$(iccid_of $two)"
step "its session is gone" wait_for 5 sessions_are 0
the_end
