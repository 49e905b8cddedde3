# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034
#
# SoftEther VPN server as a raw L2TP LNS (Debian: softether-vpnserver softether-vpncmd): independent, and the awkward one.
# It knows no tunnel secret and no CHAP-MD5, only MS-CHAPv2 and PAP. Its hub is an Ethernet: the pool's addresses come from the
# hub's own DHCP server, and a TAP joins the hub to the data centre, so that SIMs are routed and not hidden behind its NAT.

lns_softether_packages="softether-vpnserver softether-vpncmd"

# State, log and sockets, which it wants in fixed places, go to memory that nobody else sees.
SOFTETHER_PRIVATE='for d in /var/lib /var/log /run; do mount -t tmpfs tmpfs $d && mkdir $d/softether || exit 1; done;'

lns_softether_start() { # CUSTOMER
	local ns=$1 dir=$LAB_WORK/softether-$1
	mkdir -p "$dir"
	lns_address "$ns"
	start "softether-$ns" "$ns" unshare -m sh -c "$SOFTETHER_PRIVATE exec /usr/libexec/softether/vpnserver/vpnserver execsvc"
	wait_for 20 tcp_bound "$ns" 5555
	softether_config >"$dir/commands"
	in_ns "$ns" vpncmd localhost:5555 /SERVER "/IN:$dir/commands"
	wait_for 20 udp_bound "$ns" 1701
	wait_for 10 has_link "$ns" tap_lns
	link_up "$ns" tap_lns "$POOL_NET.0.2/${POOL#*/}"
}

lns_softether_die() { # CUSTOMER: with no word to anybody; it may be started again
	local group
	group=$(pid_of "softether-$1")
	stop "softether-$1" KILL
	kill -KILL -- "-$group" # the server is a child of what was started
	wait_for 5 refuse udp_bound "$1" 1701
	ip_in "$1" link del tap_lns 2>/dev/null || true
}

softether_config() {
	cat <<-END
		HubCreate LNS /PASSWORD:hub
		BridgeCreate LNS /DEVICE:lns /TAP:yes
		Hub LNS
		UserCreate $PPP_USER /GROUP:none /REALNAME:none /NOTE:none
		UserPasswordSet $PPP_USER /PASSWORD:$PPP_PASSWORD
		SecureNatHostSet /MAC:none /IP:$POOL_NET.0.1 /MASK:255.255.0.0
		NatDisable
		DhcpSet /START:$POOL_NET.0.10 /END:$POOL_NET.9.250 /MASK:255.255.0.0 /EXPIRE:7200 /GW:$POOL_NET.0.2 /DNS:$DNS1 /DNS2:$DNS2 /DOMAIN:none /LOG:no
		SecureNatEnable
		NatDisable
		Hub
		IPsecEnable /L2TP:no /L2TPRAW:yes /ETHERIP:no /PSK:unused /DEFAULTHUB:LNS
	END
}
