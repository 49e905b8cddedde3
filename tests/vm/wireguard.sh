#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# limit: 600
# when asked for
# The kernel's own WireGuard toward a customer's wireguard-go: the story of tests/peers, with a kernel that has it.
modprobe wireguard || exit
exec "$(dirname "$0")/../peers/wireguard.sh"
