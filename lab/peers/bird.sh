# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034
#
# BIRD as a customer's BGP router that announces whatever it likes (Debian: bird2). Numbers and password are those of frr.sh.

peer_bird_packages="bird2"

peer_bird_start() { # CUSTOMER PREFIX...: what it announces
	local ns=$1 dir=$LAB_WORK/bird-$1
	shift
	mkdir -p "$dir"
	peer_bird_config "$@" >"$dir/bird.conf"
	start "bird-$ns" "$ns" bird -f -c "$dir/bird.conf" -s "$dir/bird.ctl"
	wait_for 10 test -S "$dir/bird.ctl"
}

peer_bird_config() { # PREFIX...
	cat <<-END
		router id $PEER_REMOTE;
		ipv4 table told;
		protocol device { }
		protocol static whatever {
			ipv4 { table told; };
			$(printf 'route %s blackhole;\n' "$@")
		}
		protocol kernel { ipv4 { import none; export where source = RTS_BGP; }; }
		protocol bgp ours {
			local $PEER_REMOTE as $PEER_AS;
			neighbor $PEER_LOCAL as $OUR_AS;
			direct;
			password "$BGP_PASSWORD";
			connect delay time 1; connect retry time 2; error wait time 1, 5;
			ipv4 { table told; next hop self; import none; export all; };
		}
	END
}
