#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# limit: 600
# when asked for
# The kernel's own ESP behind an XFRM interface, toward a customer's strongSwan: the story of tests/peers, with a kernel that has them.
modprobe -a xfrm_interface esp4 || exit
exec "$(dirname "$0")/../peers/strongswan.sh"
