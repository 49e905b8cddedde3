# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034
#
# lns.py: an LNS typed from the RFCs, which shares no line with ours and does what is seldom seen. It speaks from $LNS and, where it is to move,
# from $LNS_OTHER.

lns_odd_packages=python3
LNS_OTHER=$LNS_NET.5

lns_odd_start() { # CUSTOMER
	lns_address "$1"
	ip_in "$1" addr replace "$LNS_OTHER/32" dev lan
	start "lns-$1" "$1" "$LAB_DIR/lns.py" "$LNS" --secret "$TUNNEL_SECRET" --user "$PPP_USER:$PPP_PASSWORD" --pool "$POOL_NET.0.0" --dns "$DNS1" --other "$LNS_OTHER"
	wait_for 5 udp_bound "$1" 1702
}

lns_odd_die() { stop "lns-$1" KILL; } # CUSTOMER

odd() { in_ns "$1" "$LAB_DIR/lns.py" --tell "$2" | tee /dev/stderr; } # CUSTOMER WORD
