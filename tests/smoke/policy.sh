#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2034
# The Routing Policy judges the tunnel: first match wins, no match drops, the LNS's answers come back in with no rule of their own,
# an explicit downlink drop wins over that, and an edit takes hold at once without breaking what the new rules still allow.
. "$(dirname "$0")/../../lab/story.sh"

imsi=999700000000002
forward() { rule uplink forward dc-a "$@"; } # [MEMBERS]
cut_off() { refuse reaches car2 1; }

lab_open "The Routing Policy decides"
SETTINGS='"helloIntervalSeconds": 60'
world a
step "the order of customer a" order a $imsi
phone car2
step "the SIM attaches" sgw_attach car2 $imsi
step "one uplink rule is enough for both ways" reaches car2
step "the LNS's own answers need no rule; others are not let in" refuse in_ns a ping -c 1 -W 1 "$LAC"
step "an uplink drop rule goes before it" rules a "$(rule uplink drop '' '"transportProtocol": "udp"')" "$(forward)"
step "the SIM is cut off" wait_for 5 cut_off
step "the rules the other way round: the first that matches wins" rules a "$(forward)" "$(rule uplink drop)"
step "the SIM is back in the same session" wait_for 5 reaches car2 1
step "an explicit downlink drop rule" rules a "$(forward)" "$(rule downlink drop)"
step "the SIM is cut off" wait_for 5 cut_off
step "no rule at all: no match drops" rules a
step "the SIM is cut off" cut_off
step "the forward rule alone, only toward the LNS" rules a "$(forward "\"destinationIpPattern\": \"$LNS\"")"
step "the SIM is back, still in the same session" wait_for 5 reaches car2 1
step "one session, never more" sessions_are 1
the_end
