#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2034
# SoftEther: thirty SIMs; its sessions are slow to begin.
# limit: 180
# when asked for
LNS_KIND=softether COUNT=30 RATE=10 PPP_AUTH=pap TUNNEL_SECRET=
. "$(dirname "$0")/restart.inc"
