#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# limit: 600
# when asked for
# shellcheck disable=SC2034
# Two VSlices with one and the same strongSwan as their peer, and the same selectors: the SIMs have the same addresses, and so have the servers. All
# is the kernel's own ESP. The peer tells them apart by localIdentity, each with a preshared key and an XFRM interface of its own.
modprobe -a xfrm_interface esp4 || exit
. "$(dirname "$0")/../../lab/story.sh"

one=999700000000001 two=999700000000002
dpkg-query -W $peer_strongswan_packages >/dev/null 2>&1 || skip "needs the packages $peer_strongswan_packages"

router() { # one charon; what it decrypts for a's VSlice comes out at a's server, what for b's at b's
	link_up gateway peer-a "$PEER_LOCAL/24"
	ip_in a route del "$SIMS"
	local c n=0
	for c in a b; do
		ip_in a link add "xfrm$((++n))" type xfrm if_id $n
		ip_in a link set "xfrm$n" netns "$LAB-$c-server"
		ip_in "$c-server" link set "xfrm$n" up mtu 1400
		ip_in "$c-server" route add "$SIMS" dev "xfrm$n"
	done
	mkdir -p "$LAB_WORK/router"
	daemon >"$LAB_WORK/router/strongswan.conf"
	connections >"$LAB_WORK/router/swanctl.conf"
	start router a env STRONGSWAN_CONF="$LAB_WORK/router/strongswan.conf" /usr/sbin/charon-systemd
	wait_for 20 test -S "$LAB_WORK/router/vici"
	routers --load-all --clear --file "$LAB_WORK/router/swanctl.conf"
}
routers() { in_ns a env STRONGSWAN_CONF="$LAB_WORK/router/strongswan.conf" swanctl "$1" --uri "unix://$LAB_WORK/router/vici" "${@:2}"; } # VERB...
daemon() {
	cat <<-END
		charon-systemd {
			load = random nonce aes sha1 sha2 hmac kdf drbg gmp pem x509 openssl kernel-netlink socket-default vici
			install_routes = no
			plugins {
				vici {
					socket = unix://$LAB_WORK/router/vici
				}
			}
		}
	END
}
connections() {
	local c n=0 secrets=""
	echo "connections {"
	for c in a b; do
		n=$((n + 1)) # not in what cat reads: that is another shell's
		cat <<-END
			$c {
				version = 2
				local_addrs = $PEER_REMOTE
				proposals = $IKE_PROPOSAL
				if_id_in = $n
				if_id_out = $n
				local {
					auth = psk
					id = router.example
				}
				remote {
					auth = psk
					id = $c.platform.example
				}
				children {
					net {
						local_ts = $SERVER_NET.0/24
						remote_ts = $SIMS
						esp_proposals = $ESP_PROPOSAL
					}
				}
			}
		END
		secrets+="ike-$c {
			id = $c.platform.example
			secret = \"the key of $c\"
		}
		"
	done
	printf '}\nsecrets {\n%s}\n' "$secrets"
}
order_over_vpn() { # CUSTOMER IMSI
	order_fleet "$1"
	api POST /routingtargets <<-END
		{"name": "VPN", "moniker": "vpn-$1", "vslice": "fleet-$1", "routingTargetType": "vpn", "routingRedundancyZoneMoniker": "$LAB-primary",
		 "configurationData": {"vpnConfig": {"remotePeerAddress": "$PEER_REMOTE", "presharedKey": "the key of $1", "keyExchangeType": "ikev2",
		 "localIdentity": "$1.platform.example", "remoteIdentity": "router.example", "phase1Lifetime": 300, "phase2Lifetime": 300,
		 "vpnIkeOption": "$IKE_PROPOSAL", "vpnEspOption": "$ESP_PROPOSAL", "localSubnets": "$SIMS", "remoteSubnets": "$SERVER_NET.0/24"}}}
	END
	order_fleet_policy "$1" "policy-$1" "$(flow uplink "vpn-$1")" "$(flow downlink "vpn-$1")"
	order_fleet_group "$1" "cars-$1" "policy-$1" static
	order_car "cars-$1" "$2"
	wait_for 10 has_address "$2"
	wait_for 60 available "$1"
}
available() { api GET "/routingtargets/vpn-$1" | jq -c '[.routingTargetStatus.moniker, .statusMessage]' | tee /dev/stderr | grep '"available"'; }
each_its_own() { # the same address on either side, and each server hears its own SIM only
	[ "$(address_of car1)" = "$(address_of car2)" ]
	local before
	wait_for 10 reaches car1
	wait_for 10 reaches car2
	before=$(heard a)
	reaches car2
	[ "$(heard a)" = "$before" ]
	reaches car1
	[ "$(heard a)" -gt "$before" ]
}
heard() { in_ns "$1-server" awk '$1 == "Icmp:" && $2 ~ /[0-9]/ { print $10 }' /proc/net/snmp; } # CUSTOMER: echo requests at its server
in_the_kernel() { [ "$(in_ns a ip xfrm state | grep -c '^src')" -ge 4 ] && in_ns a ip xfrm state | grep 'if_id 0x2'; }

lab_open "Two VSlices with the same peer and the same selectors"
LAB_SUSPECTS=(router)
integrated_world a b
step "one router for both, which tells them apart by name" router
step "a's VSlice and its VPN" order_over_vpn a $one
step "b's, with the same peer and subnets" order_over_vpn b $two
phone car1
phone car2
step "a SIM of a attaches" sgsnemu_attach car1 $one
step "a SIM of b attaches" sgw_attach car2 $two
step "each reaches its own server" each_its_own
step "by associations of the kernel" in_the_kernel
the_end
