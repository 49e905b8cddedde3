#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# alone
# kill -9 of the gateway and its start again under traffic over XDP: not one packet of an established session is lost or doubled.
. "$(dirname "$0")/../../lab/story.sh"

one=999700000000001 two=999700000000002

traffic() { # PHONE: echoes, 1 ms apart, for twelve seconds
	start "echoes-$1" "$1" ping -n -q -i 0.001 -c 12000 -W 2 "$SERVER"
}
is_over() { says "echoes-$1" 'packets transmitted'; } # PHONE
none_lost() { # PHONE
	wait_for 60 is_over "$1"
	cat "$LAB_WORK/echoes-$1.log"
	says "echoes-$1" '^12000 packets transmitted, 12000 received, 0% packet loss' || fail "$(grep transmitted "$LAB_WORK/echoes-$1.log")"
}
ends() { # SIGNAL: the gateway ends, is down for a second, and starts
	sleep 1
	stop slicegate-gateway "$1"
	sleep 1
	gateway_start
}
counted() { session $two "| .packetsUplink >= 12000 and .packetsUplink < 12100 and .packetsDownlink >= 12000"; }
one_tunnel() { [ "$(wire a wan 'l2tp.avp.message_type == 1')" = 1 ] || fail "a second SCCRQ"; }

lab_open "kill -9 under traffic over XDP"
DATAPLANE=xdp world a
export DATAPLANE=xdp
step "redirects can be taken on both sides" fast_cables a
step "the order of customer a" order a $one $two
phone car1
phone car2
step "a SIM attaches with GTPv1, another with GTPv2" eval "sgsnemu_attach car1 $one && sgw_attach car2 $two"
step "packets take the programs" eval "wait_for 10 rides car1 && wait_for 10 rides car2"
step "both send and are answered, a thousand times a second" eval "traffic car1 && traffic car2"
step "kill -9, down for a second, started again" ends KILL
step "and once more" ends KILL
step "an upgrade: it ends and leaves all as it is, and the next one starts" ends USR2
step "not one echo of the first was lost" none_lost car1
step "nor of the second" none_lost car2
step "the counters have those of the time without a gateway too" wait_for 10 counted
step "the API knows both sessions, the LNS saw no new tunnel" eval "wait_for 10 sessions_are 2 && one_tunnel"
step "packets still take the programs" wait_for 10 rides car2
step "both detach" eval "sgsnemu_detach car1 && sgw_detach car2"
step "no session is left" wait_for 5 sessions_are 0
the_end
step "nothing is left pinned" refuse test -e "/sys/fs/bpf/slicegate/$LAB"
