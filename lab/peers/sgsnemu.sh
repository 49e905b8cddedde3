# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# sgsnemu (Debian: osmo-ggsn): a GTPv1 SGSN with one SIM, whose TUN it makes in the phone's namespace. It notices a signal only when
# its select wakes, so a detach sends it a packet too.

sgsnemu_start() { # PHONE IMSI: asks for a context
	local dir=$LAB_WORK/sgsnemu-$1
	mkdir -p "$dir"
	start "sgsnemu-$1" mobile sgsnemu --listen "${SGSN_ADDRESS:-$SGSN}" --remote "$GTP_GATEWAY" --statedir "$dir" --pidfile "$dir/pid" \
		--imsi "$2" --msisdn "${MSISDN:-447700900001}" --apn "$APN" --uid "$PPP_USER" --pwd "$PPP_PASSWORD" \
		--createif --tun-device tun_sim --netns "$LAB-$1" --contexts 1
}

sgsnemu_attach() { # PHONE IMSI: prints the address that the network gave
	sgsnemu_start "$@"
	wait_for 10 sgsnemu_address "$1"
	phone_up "$1" tun_sim "$(sgsnemu_address "$1")"
	sgsnemu_address "$1"
}

sgsnemu_address() { ip_in "$1" -o -4 addr show dev tun_sim 2>/dev/null | awk '{ split($4, a, "/"); print a[1]; ok = 1 } END { exit !ok }'; } # PHONE

sgsnemu_detach() { # PHONE: Delete PDP Context
	local p
	p=$(pid_of "sgsnemu-$1")
	kill -INT "$p"
	wait_for 20 sgsnemu_nudged "$1" "$p"
	stop "sgsnemu-$1" INT || true
}

sgsnemu_nudged() { # PHONE PID: has ended, after being woken
	in_ns "$1" ping -c 1 -W 0.1 "$SERVER" || true
	ended "$2"
}
