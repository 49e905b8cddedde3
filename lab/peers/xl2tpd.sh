# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034
#
# xl2tpd and pppd on the Linux kernel's own PPP and L2TP, inside User-Mode Linux, since the host's kernel may have neither
# (Debian: user-mode-linux xl2tpd ppp kmod). The guest is this very machine's file system, read-only, with an init of ours
# (xl2tpd-guest); it hangs on a TAP in the data centre. It reads this directory's files anew for each call, so a story may change them.
# With LNS_IPV6, a /48, pppd speaks IPv6CP and radvd advertises a /64 of it on each link.

lns_xl2tpd_packages="user-mode-linux xl2tpd ppp kmod${LNS_IPV6:+ radvd}"

lns_xl2tpd_start() { # CUSTOMER
	local ns=$1 dir=$LAB_WORK/xl2tpd-$1
	mkdir -p "$dir/uml"
	xl2tpd_config "$dir"
	cp "$LAB_DIR/peers/xl2tpd-guest" "$dir/init"
	ip_in "$ns" tuntap add tap_lns mode tap
	link_up "$ns" tap_lns "$LNS_NET.1/24"
	ip_in "$ns" route add "$POOL" via "$LNS"
	start "xl2tpd-$ns" "$ns" linux.uml mem=192M rootfstype=hostfs rootflags=/ ro quiet init="$dir/init" lab="$dir" \
		uml_dir="$dir/uml" umid="$LAB" con=null con0=null,fd:1 eth0=tuntap,tap_lns,52:54:00:00:09:02
	wait_for 30 says "xl2tpd-$ns" 'Listening on IP address'
}

lns_xl2tpd_die() { # CUSTOMER: the whole guest, with no word to anybody; it may be started again
	stop "xl2tpd-$1" KILL
	ip_in "$1" link del tap_lns
	rm -rf "$LAB_WORK/xl2tpd-$1/uml"
}

xl2tpd_config() { # DIR
	cat >"$1/xl2tpd.conf" <<-END
		[global]
		port = 1701
		access control = no
		auth file = /run/lab/l2tp-secrets
		[lns default]
		ip range = $POOL_NET.0.10-$POOL_NET.9.250
		local ip = $POOL_NET.0.1
		hostname = lns.test
		challenge = yes
		require authentication = yes
		$([ "$PPP_AUTH" = pap ] && echo 'require pap = yes' || echo 'require chap = yes')
		name = lns.test
		pppoptfile = /run/lab/options
		length bit = yes
	END
	cat >"$1/options" <<-END
		require-$PPP_AUTH
		name lns.test
		mtu 1400
		mru 1400
		nodefaultroute
		ms-dns $DNS1
		ms-dns $DNS2
		lcp-echo-interval 10
		lcp-echo-failure 3
		noccp
		nobsdcomp
		novj
		${LNS_IPV6:++ipv6}
		${PPPD_OPTIONS:-}
	END
	echo "* * $TUNNEL_SECRET" >"$1/l2tp-secrets"
	echo "\"$PPP_USER\" * \"$PPP_PASSWORD\" *" >"$1/ppp-secrets"
	echo "GUEST_ADDRESS=$LNS/24 GUEST_GATEWAY=$LNS_NET.1 GUEST_IPV6=${LNS_IPV6:-}" >"$1/net"
	chmod 600 "$1"/*-secrets
}
