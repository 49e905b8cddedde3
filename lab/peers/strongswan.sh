# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034
#
# strongSwan as a customer's VPN router, in the data centre's namespace (Debian: charon-systemd strongswan-swanctl
# libcharon-extra-plugins libstrongswan-standard-plugins). Its ESP is in user space too, so the kernel need not have any. It only answers.

peer_strongswan_packages="charon-systemd strongswan-swanctl libcharon-extra-plugins libstrongswan-standard-plugins"
IKE_PROPOSAL=${IKE_PROPOSAL:-aes256-sha256-modp2048} ESP_PROPOSAL=${ESP_PROPOSAL:-aes256-sha256-modp2048}

peer_strongswan_start() { # CUSTOMER PRESHARED-KEY LOCAL-SIDE... : the LACs or subnets at our side
	local ns=$1 dir=$LAB_WORK/strongswan-$1
	mkdir -p "$dir"
	peer_strongswan_daemon "$dir" >"$dir/strongswan.conf"
	start "strongswan-$ns" "$ns" env STRONGSWAN_CONF="$dir/strongswan.conf" /usr/sbin/charon-systemd
	wait_for 10 test -S "$dir/vici"
	peer_strongswan_accepts "$@"
}

peer_strongswan_accepts() { # CUSTOMER PRESHARED-KEY LOCAL-SIDE...: from now on
	local ns=$1 dir=$LAB_WORK/strongswan-$1 key=$2
	shift 2
	peer_strongswan_connection "$key" "$*" >"$dir/swanctl.conf"
	in_ns "$ns" env STRONGSWAN_CONF="$dir/strongswan.conf" swanctl --load-all --clear --uri "unix://$dir/vici" --file "$dir/swanctl.conf"
}

peer_strongswan_sas() { # CUSTOMER
	in_ns "$1" env STRONGSWAN_CONF="$LAB_WORK/strongswan-$1/strongswan.conf" swanctl --list-sas --uri "unix://$LAB_WORK/strongswan-$1/vici"
}

peer_strongswan_ends() { # CUSTOMER: its operator ends the security associations
	in_ns "$1" env STRONGSWAN_CONF="$LAB_WORK/strongswan-$1/strongswan.conf" swanctl --terminate --ike net --uri "unix://$LAB_WORK/strongswan-$1/vici"
}

peer_strongswan_daemon() { # DIR
	cat <<-END
		charon-systemd {
			load = random nonce aes sha1 sha2 hmac kdf drbg gmp pem x509 openssl kernel-libipsec kernel-netlink socket-default vici
			plugins {
				kernel-libipsec {
					load = yes
					allow_peer_ts = yes
				}
				vici {
					socket = unix://$1/vici
				}
				kernel-netlink {
					fwmark = !0x42
				}
				socket-default {
					fwmark = 0x42
				}
			}
			filelog {
				x {
					path = $1/charon.log
					flush_line = yes
					default = 1
				}
			}
		}
	END
}

peer_strongswan_connection() { # PRESHARED-KEY REMOTE-TS
	cat <<-END
		connections {
			net {
				version = 2
				local_addrs = $PEER_REMOTE
				proposals = $IKE_PROPOSAL
				local {
					auth = psk
				}
				remote {
					auth = psk
					id = %any
				}
				children {
					lns {
						local_ts = ${STRONGSWAN_SIDE:-$LNS_NET.0/24}
						remote_ts = ${2// /,}
						esp_proposals = $ESP_PROPOSAL
					}
				}
			}
		}
		secrets {
			ike-x {
				secret = "$1"
			}
		}
	END
}
