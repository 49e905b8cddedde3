#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# limit: 600
# when asked for
# Two VSlices with the same peer and the same selectors on the kernel's own ESP: the story of tests/peers, with a kernel that has it.
modprobe -a xfrm_interface esp4 || exit
exec "$(dirname "$0")/../peers/same_peer.sh"
