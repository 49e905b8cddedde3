# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034
#
# wireguard-go as a customer's WireGuard router, in the data centre's namespace (Debian: wireguard-go wireguard-tools). The interface of the
# cable has its own address there; what is for the LAC, or for WIREGUARD_SIDE, goes through the tunnel.

peer_wireguard_packages="wireguard-go wireguard-tools"

peer_wireguard_interface() { echo "w${LAB#lab}$1" | cut -c1-15; } # CUSTOMER: its sockets stand in one directory, so names differ by lab

peer_wireguard_start() { # CUSTOMER
	local ns=$1 dir=$LAB_WORK/wireguard-$1 wg
	wg=$(peer_wireguard_interface "$ns")
	mkdir -p "$dir"
	start "wireguard-$ns" "$ns" env WG_PROCESS_FOREGROUND=1 LOG_LEVEL=error wireguard-go "$wg"
	wait_for 5 test -S "/var/run/wireguard/$wg.sock"
	peer_wireguard_new_key "$ns"
	ip_in "$ns" link set "$wg" up mtu 1420
	if [ -n "${WIREGUARD_SIDE:-}" ]; then
		ip_in "$ns" route replace "$WIREGUARD_SIDE" dev "$wg"
	else
		ip_in "$ns" route replace "$LAC" dev "$wg" src "$LNS"
	fi
}

peer_wireguard_new_key() { # CUSTOMER
	local dir=$LAB_WORK/wireguard-$1
	(umask 077; wg genkey >"$dir/key")
	in_ns "$1" wg set "$(peer_wireguard_interface "$1")" listen-port 51820 private-key "$dir/key"
}

peer_wireguard_key() { wg pubkey <"$LAB_WORK/wireguard-$1/key"; } # CUSTOMER: its public key

peer_wireguard_knows() { # CUSTOMER PUBLIC-KEY: lets that peer in
	in_ns "$1" wg set "$(peer_wireguard_interface "$1")" peer "$2" allowed-ips "${WIREGUARD_SIDE:-$LAC/32}"
}

peer_wireguard_stop() { stop "wireguard-$1"; } # CUSTOMER
