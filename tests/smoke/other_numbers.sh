#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2034
# The same with other addresses, secrets, users and ports of call than everywhere else: nothing is built in.
GTP_NET=172.29.7 PEER_NET=192.168.200 LAC=172.31.255.7 LNS_NET=100.64.9 SERVER_NET=192.168.77 POOL=10.140.0.0/16
DNS1=9.9.9.9 DNS2=149.112.112.112 TUNNEL_SECRET='p=q;$x/é' PPP_USER=fleet PPP_PASSWORD='a b;c' APN=other.example.net
. "$(dirname "$0")/attach_gtp2.sh"
