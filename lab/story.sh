# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034
# Everything that a story needs; a story sources this, says its title and builds its world.

. "$(dirname "${BASH_SOURCE[0]}")/lab.sh"
. "$LAB_DIR/topology.sh"
. "$LAB_DIR/wire.sh"
. "$LAB_DIR/slicegate.sh"
. "$LAB_DIR/integrated.sh"
. "$LAB_DIR/internet.sh"
for peer in "$LAB_DIR"/peers/*.sh; do
	# shellcheck source=/dev/null
	. "$peer"
done
LNS_KIND=${LNS_KIND:-l2tpns}

world() { # CUSTOMER...: the mobile network, controller and gateway, and each customer's data centre with its LNS
	local c
	lns_installed "$LNS_KIND"
	LAB_SUSPECTS=("$LNS_KIND-$1" sgsnemu-car1 slicegate-sim-car1 slicegate-sim-car2)
	step "a mobile network, a gateway and its controller, ${#} data centre(s) with $LNS_KIND" world_up "$@"
}

world_up() {
	local c
	mobile_network
	capture mobile n3
	for c; do
		customer "$c"
		capture "$c" wan
		"lns_${LNS_KIND}_start" "$c"
	done
	servers_start "$@"
	slicegate_up
}

lns_installed() { # KIND: or the story is skipped
	local packages="lns_$1_packages"
	dpkg-query -W ${!packages} >/dev/null 2>&1 || skip "needs the packages ${!packages}"
}

lns() { "lns_${LNS_KIND}_$1" "$2"; } # die|shutdown|kick CUSTOMER

the_end() { # the last step of every story: what we sent was right, we stop well, and nothing is left
	step "controller and gateway stop and leave nothing behind" slicegate_down
	step "tshark finds no fault in what we sent" tshark_clean "$GTP_GATEWAY" "$LAC" "$PEER_LOCAL"
}
