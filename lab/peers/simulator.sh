# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034
#
# slicegate-sim as the SGW (GTPv2) of one SIM, whose TUN it makes in the phone's namespace. It stays up to answer the gateway.

sim() { echo "slicegate-sim-$1"; } # PHONE: the program's name here

sgw_attach() { # PHONE IMSI [OPTIONS...]: attaches, or fails with the gateway's cause
	local phone=$1 imsi=$2 log
	shift 2
	log=$LAB_WORK/$(sim "$phone").log
	[ -z "$(pid_of "$(sim "$phone")")" ] || stop "$(sim "$phone")" || true
	[ ! -f "$log" ] || cat "$log" >>"$log.before"
	: >"$log"
	start "$(sim "$phone")" mobile "$BUILD/src/sim/slicegate-sim" sgw --local "$SGW" --remote "$GTP_GATEWAY" --imsi "$imsi" \
		--msisdn "${MSISDN:-447700900002}" --apn "$APN" --tun tun_sim --tun-netns "$LAB-$phone" --route 0.0.0.0/0 \
		--control "$LAB_WORK/$(sim "$phone").ctl" "$@"
	wait_for 12 says "$(sim "$phone")" "(attached|refused) imsi=$imsi"
	cat "$log"
	says "$(sim "$phone")" "attached imsi=$imsi"
}

sgw_detach() { # PHONE: Delete Session
	stop "$(sim "$1")"
	says "$(sim "$1")" 'detached imsi=.* ok'
}

sgw_tell() { # PHONE COMMAND...: move 0, forget 0, bad 100, status
	local phone=$1
	shift
	"$BUILD/src/sim/slicegate-sim" tell "$LAB_WORK/$(sim "$phone").ctl" "$@"
}

released() { says "$(sim "$1")" 'released imsi='; } # PHONE: the gateway took its bearer away

# slicegate-sim as the LNS of a customer, for faults on order. There is no server behind it: it answers pings itself.

lns_simulator_packages=dash # nothing but ours; dpkg-query wants a name

lns_simulator_start() { # CUSTOMER
	lns_address "$1"
	start "slicegate-sim-lns-$1" "$1" "$BUILD/src/sim/slicegate-sim" lns --listen "$LNS" ${TUNNEL_SECRET:+--secret "$TUNNEL_SECRET"} \
		--auth "$PPP_AUTH" --user "$PPP_USER:$PPP_PASSWORD" --pool "$POOL" --dns "$DNS1" --dns "$DNS2" ${LNS_WINDOW:+--window "$LNS_WINDOW"} ${LNS_HELLO:+--hello "$LNS_HELLO"} --control "$LAB_WORK/lns-$1.ctl" \
		${LNS_IPV6:+--ipv6 --pool6 "$LNS_IPV6" --dns6 2001:db8::53}
	wait_for 5 udp_bound "$1" 1701
}

lns_simulator_die() { stop "slicegate-sim-lns-$1" KILL; } # CUSTOMER

lns_tell() { # CUSTOMER COMMAND...: fault cdn=4, cdn all, terminate all, stopccn, sessions
	local customer=$1
	shift
	"$BUILD/src/sim/slicegate-sim" tell "$LAB_WORK/lns-$customer.ctl" "$@" | tee /dev/stderr
}
