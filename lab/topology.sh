# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034
#
# The topology of the demo and of the stories, and its numbers. Every number may be given from outside.
#
#   phoneN                 mobile                    gateway                      CUSTOMER (data centre)          CUSTOMER-server
#   a SIM's own  <- GTP -> SGSN, SGW   n3 --- n3     slicegate-gateway  peer-C --- wan  LNS  lan --------- eth0   the SIM's server
#   namespace              .2  .3  .4         .1     + controller       (moves into the slice)     routes the pool to the LNS
#
# `customer a` and `customer b` have the same numbers behind them: two customers know nothing of each other.

GTP_NET=${GTP_NET:-10.45.0}
GTP_GATEWAY=$GTP_NET.1 SGSN=$GTP_NET.2 SGW=$GTP_NET.3 SGW2=$GTP_NET.4
PEER_NET=${PEER_NET:-10.9.0}
PEER_LOCAL=$PEER_NET.1 PEER_REMOTE=$PEER_NET.2
LAC=${LAC:-10.200.0.1}
LNS_NET=${LNS_NET:-10.30.0}
LNS=$LNS_NET.2
SERVER_NET=${SERVER_NET:-10.50.0}
SERVER=$SERVER_NET.10
POOL=${POOL:-10.77.0.0/16} # the LNS gives the SIMs' addresses from it
DNS1=${DNS1:-10.50.0.53} DNS2=${DNS2:-10.50.0.54}
TUNNEL_SECRET=${TUNNEL_SECRET-Vantiq-tunnel-1}
PPP_USER=${PPP_USER:-diagnostics@vantiq.example} PPP_PASSWORD=${PPP_PASSWORD:-engine-light}
PPP_AUTH=${PPP_AUTH:-chap}
APN=${APN:-diagnostics.vantiq}

POOL_NET=${POOL%.*.*} # its first two octets

mobile_network() {
	ns_add mobile gateway
	if [ -z "${MOBILE_LINE:-}" ]; then
		veth mobile n3 "$SGSN/24,$SGW/24,$SGW2/24" gateway n3 "$GTP_GATEWAY/24"
	else
		mobile_line
	fi
}

mobile_line() { # a bad line between the mobile network and us; MOBILE_LINE: relay.py's options
	ns_add line
	veth mobile n3 "$SGSN/24,$SGW/24,$SGW2/24" line mobile -
	veth line gateway - gateway n3 "$GTP_GATEWAY/24"
	in_ns mobile ethtool -K n3 tx off # what crosses the line has its checksum
	in_ns gateway ethtool -K n3 tx off
	# shellcheck disable=SC2086
	start mobile-line line "$LAB_DIR/relay.py" mobile gateway $MOBILE_LINE
	wait_for 5 says mobile-line cable
}

customer() { # NAME: a data centre with a peering cable to the gateway, a place for an LNS, and a server behind it
	ns_add "$1" "$1-server"
	if [ -z "${LNS_LINE:-}" ]; then
		veth gateway "peer-$1" - "$1" wan "$PEER_REMOTE/24"
	else
		lns_line "$1"
	fi
	veth "$1" lan "$SERVER_NET.1/24" "$1-server" eth0 "$SERVER/24"
	ip_in "$1" route add "$LAC" via "$PEER_LOCAL"
	ip_in "$1-server" route add default via "$SERVER_NET.1"
	forwarding "$1"
}

lns_line() { # CUSTOMER: a bad line between us and its LNS; LNS_LINE: relay.py's options
	ns_add "$1-line"
	veth gateway "peer-$1" - "$1-line" gateway -
	veth "$1-line" customer - "$1" wan "$PEER_REMOTE/24"
	in_ns gateway ethtool -K "peer-$1" tx off # what crosses the line has its checksum
	in_ns "$1" ethtool -K wan tx off
	# shellcheck disable=SC2086
	start "$1-line" "$1-line" "$LAB_DIR/relay.py" gateway customer $LNS_LINE
	wait_for 5 says "$1-line" cable
}

lns_address() { # CUSTOMER: for an LNS that is a program in the data centre, and may not pick the address that it answers from
	ip_in "$1" addr replace "$LNS/32" dev lan
	ip_in "$1" route replace "$LAC" via "$PEER_LOCAL" src "$LNS"
}

phone() { # NAME: a namespace for one SIM's TUN
	ns_add "$1"
}

phone_up() { # NAME TUN ADDRESS: the address that the network gave, and everything through it
	ip_in "$1" addr replace "$3/32" dev "$2"
	ip_in "$1" link set "$2" up
	ip_in "$1" route replace default dev "$2" src "$3"
}
