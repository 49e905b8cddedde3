#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A request that is sent again is answered again, with the same octets, and never opens a second session. A *new* Create of the
# same SIM replaces the old session cleanly.
. "$(dirname "$0")/../../lab/story.sh"

one=999700000000001 two=999700000000002 three=999700000000003
icrqs() { [ "$(wire a wan 'l2tp.avp.message_type == 10')" = "$1" ]; } # NUMBER: sessions that we asked the LNS for
thrice() { gtp "$1" "$2" "$APN" --repeat 3 | tee /dev/stderr | jq -e ".answers == 3 and .same and .cause == $3"; } # VERB IMSI CAUSE
at_once() { gtp create2 $three "$APN" --repeat 3 --burst --patience 2 | tee /dev/stderr | jq -e '.answers >= 1 and .same and .cause == 16'; }

lab_open "A Create that is repeated"
world a
step "the order of customer a" order a $one $two $three
step "GTPv2: three times the same request, three times the same answer" thrice create2 $one 16
step "one session" sessions_are 1
step "one call to the LNS" icrqs 1
step "GTPv1: three times the same request, three times the same answer" thrice create1 $two 128
step "two sessions" sessions_are 2
step "two calls to the LNS" icrqs 2
step "an unknown SIM is refused three times alike" thrice create2 999700000000099 92
step "three requests at once, before there is an answer" at_once
step "one more call to the LNS" icrqs 3
step "the first SIM attaches anew: its old session is replaced" thrice create2 $one 16
step "still three sessions" wait_for 5 sessions_are 3
step "the LNS was told of the end of the old one" wait_for 5 wire_saw a wan "l2tp.avp.message_type == 14 && ip.src == $LAC"
the_end
