#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2034,SC2317
# xl2tpd and pppd (in User-Mode Linux) with the files that `slicegate lns config` prints.
LNS_KIND=xl2tpd OWN=', "lnsHostName": "its.lns"'

xl2tpd_told() { # DIR: as the guest of lab/peers/xl2tpd.sh finds them
	lns_told "$1"
	sed -e 's:/etc/ppp/options.slicegate:/run/lab/options:; s:/etc/xl2tpd/:/run/lab/:' "$1/told/xl2tpd.conf" >"$1/xl2tpd.conf"
	cp "$1/told/options.slicegate" "$1/options"
	cp "$1/told/l2tp-secrets" "$1/l2tp-secrets"
	cp "$1/told/chap-secrets" "$1/ppp-secrets"
	echo "GUEST_ADDRESS=$LNS/24 GUEST_GATEWAY=$LNS_NET.1" >"$1/net"
	chmod 600 "$1"/*-secrets
}
TOLD=xl2tpd_config:xl2tpd_told
. "$(dirname "$0")/lnsconfig.inc"
