#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The gateway goes on serving while the controller is away, even when it is itself restarted, and nothing it has to report is lost.
. "$(dirname "$0")/../../lab/story.sh"

one=999700000000001 two=999700000000002
restart() {
	stop slicegate-gateway KILL
	gateway_start
}
both_reach() { reaches car1 1 && reaches car2 1; }

lab_open "The controller is away"
world a
step "the order of customer a" order a $one $two
phone car1
phone car2
step "a SIM attaches" sgw_attach car2 $two
step "the controller stops" stop slicegate-controller
step "the SIM's traffic flows" reaches car2
step "another SIM attaches" sgsnemu_attach car1 $one
step "and has traffic" reaches car1
step "the gateway is restarted with no controller" restart
step "both still have traffic" both_reach
step "the first detaches" sgw_detach car2
step "the controller is back" controller_start
step "it learns what is up now" wait_for 20 sessions_are 1
step "and which SIM it is" wait_for 10 has_session $one
the_end
