#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2034
# `slicegate lns test` at SoftEther, which knows no tunnel secret, authenticates by MS-CHAPv2, and stands still for seconds over IPv6CP.
# limit: 180
# when asked for
LNS_KIND=softether TUNNEL_SECRET= PPP_AUTH=mschapv2
. "$(dirname "$0")/../smoke/lns_test.sh"
