#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2034
# SoftEther VPN server: PAP or MS-CHAPv2 only, no tunnel secret, seconds of silence before PPP.
LNS_KIND=softether PPP_AUTH=pap TUNNEL_SECRET=
. "$(dirname "$0")/life.inc"
