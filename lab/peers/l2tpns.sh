# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034
#
# l2tpns with FreeRADIUS: an LNS in user space (Debian: l2tpns freeradius). It takes its configuration from /etc/l2tpns only, so it
# gets a private mount namespace. It ignores SCCRQ until it has declared itself the master of its cluster of one, which takes
# cluster_hb_timeout; it kills its process group when it ends.

lns_l2tpns_packages="l2tpns freeradius"

lns_l2tpns_start() { # CUSTOMER
	local ns=$1 dir=$LAB_WORK/l2tpns-$1
	mkdir -p "$dir/etc" "$dir/radius"
	l2tpns_radius "$dir/radius"
	l2tpns_config "$dir" >"$dir/etc/startup-config"
	echo "$POOL" >"$dir/etc/ip_pool"
	: >"$dir/etc/users"
	echo 'hosts: files' >"$dir/nsswitch.conf" # there is no DNS: a reverse look-up would hang for seconds
	lns_address "$ns"
	ip_in "$ns" link set lo multicast on
	start "radius-$ns" "$ns" freeradius -f -l stdout -d "$dir/radius" -n radiusd
	start "l2tpns-$ns" "$ns" unshare -m sh -c "mount --bind $dir/etc /etc/l2tpns && mount --bind $dir/nsswitch.conf /etc/nsswitch.conf && exec l2tpns -v"
	wait_for 10 udp_bound "$ns" 1812
	wait_for 20 grep -q 'declaring myself the master' "$dir/log"
}

lns_l2tpns_die() { stop "l2tpns-$1" KILL; } # CUSTOMER: with no word to anybody

lns_l2tpns_shutdown() { kill -QUIT "$(pid_of "l2tpns-$1")"; } # CUSTOMER: says StopCCN to every tunnel

lns_l2tpns_kick() { # CUSTOMER: ends the session of the user with a CDN, as its operator would, on its command line
	in_ns "$1" bash -c 'exec 5<>/dev/tcp/127.0.0.1/23
		printf "%s\r\n" enable "drop user $0" >&5
		timeout 5 grep -aqm1 Dropping <&5
		printf "exit\r\n" >&5' "$PPP_USER"
}

lns_l2tpns_sessions() { # CUSTOMER: how many it has, by its command line
	in_ns "$1" bash -c 'exec 5<>/dev/tcp/127.0.0.1/23
		printf "%s\r\n" enable "show session" exit >&5
		timeout 5 cat <&5' | grep -ac "$PPP_USER"
}

l2tpns_config() { # DIR
	[ -z "${LNS_IPV6:-}" ] || echo "set ipv6_prefix ${LNS_IPV6%/*}" # one /64 for all: a SIM's address in it is made of its IPv4 address
	cat <<-END
		set debug 3
		set log_file "$1/log"
		set pid_file "$1/pid"
		set bind_address $LNS
		set iftun_address $LNS
		set peer_address $LNS
		set l2tp_secret "$TUNNEL_SECRET"
		set l2tp_mtu 1500
		set primary_dns $DNS1
		set secondary_dns $DNS2
		set primary_radius 127.0.0.1
		set primary_radius_port 1812
		set radius_secret "radius-secret"
		set radius_authtypes "$PPP_AUTH"
		set radius_accounting no
		set cli_bind_address 127.0.0.1
		set allow_duplicate_users yes
		set cluster_interface "lo"
		set cluster_hb_interval 1
		set cluster_hb_timeout 3
		set tundevicename "tunl2tp"
		set send_garp no
	END
}

l2tpns_radius() { # DIR
	mkdir -p "$1/log"
	cat >"$1/radiusd.conf" <<-END
		prefix = /usr
		libdir = /usr/lib/freeradius
		raddbdir = $1
		logdir = $1/log
		run_dir = $1
		db_dir = $1
		pidfile = $1/radiusd.pid
		max_requests = 16384
		thread pool {
			start_servers = 2
			max_servers = 4
			min_spare_servers = 1
			max_spare_servers = 2
			max_requests_per_server = 0
		}
		security {
			allow_vulnerable_openssl = yes
		}
		client lns {
			ipaddr = 127.0.0.1
			secret = radius-secret
			require_message_authenticator = no
		}
		modules {
			pap { }
			chap { }
			files {
				filename = $1/users
			}
		}
		server default {
			listen {
				type = auth
				ipaddr = 127.0.0.1
				port = 1812
			}
			authorize {
				chap
				files
				pap
			}
			authenticate {
				Auth-Type PAP {
					pap
				}
				Auth-Type CHAP {
					chap
				}
			}
		}
	END
	echo "\"$PPP_USER\" Cleartext-Password := \"$PPP_PASSWORD\"" >"$1/users"
}
