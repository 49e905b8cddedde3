#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2034,SC2317
# l2tpns with the files that `slicegate lns config` prints, and what it needs to live in the laboratory.
LNS_KIND=l2tpns OWN=

l2tpns_told() { # DIR
	lns_told "$1"
	cp "$1/told/ip_pool" "$1/ip_pool"
	cat "$1/told/startup-config" - <<-END
		set debug 3
		set log_file "$1/log"
		set pid_file "$1/pid"
		set primary_radius_port 1812
		set radius_accounting no
		set cli_bind_address 127.0.0.1
		set tundevicename "tunl2tp"
		set send_garp no
	END
}
TOLD=l2tpns_config:l2tpns_told
. "$(dirname "$0")/lnsconfig.inc"
