# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034
#
# FRR as a customer's BGP router, in the data centre's namespace (Debian: frr). It announces the LNS's network and has no route of its own to
# the LAC: that must come by BGP. /var/run/frr is a directory of its own for each.

peer_frr_packages="frr"
OUR_AS=65010 PEER_AS=65020 BGP_PASSWORD=a-secret-of-BGP

peer_frr_start() { # CUSTOMER
	local ns=$1 dir=$LAB_WORK/frr-$1
	mkdir -p "$dir/run"
	chmod 755 "$LAB_WORK" "$dir"
	peer_frr_config >"$dir/frr.conf"
	chown -R frr:frr "$dir"
	peer_frr_daemon zebra "$ns"
	peer_frr_daemon bgpd "$ns"
	wait_for 10 peer_frr_vty "$ns" "show bgp summary"
}

peer_frr_daemon() { # PROGRAM CUSTOMER
	local dir=$LAB_WORK/frr-$2
	start "frr-$1-$2" "$2" unshare -m sh -c "mkdir -p /var/run/frr && mount --bind $dir/run /var/run/frr && exec /usr/lib/frr/$1 -f $dir/frr.conf -A 127.0.0.1"
}

peer_frr_vty() { # CUSTOMER COMMAND
	vtysh --vty_socket "$LAB_WORK/frr-$1/run" -c "$2"
}

peer_frr_announces() { # CUSTOMER PREFIX
	vtysh --vty_socket "$LAB_WORK/frr-$1/run" -c "configure terminal" -c "router bgp $PEER_AS" -c "address-family ipv4 unicast" -c "network $2"
}

peer_frr_config() {
	cat <<-END
		hostname frr
		router bgp $PEER_AS
		 bgp router-id $PEER_REMOTE
		 no bgp ebgp-requires-policy
		 no bgp network import-check
		 timers bgp 3 9
		 neighbor $PEER_LOCAL remote-as $OUR_AS
		 neighbor $PEER_LOCAL password $BGP_PASSWORD
		 neighbor $PEER_LOCAL timers connect 1
		 address-family ipv4 unicast
		  network $LNS_NET.0/24
		 exit-address-family
	END
}
