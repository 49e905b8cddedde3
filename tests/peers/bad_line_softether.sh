#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2034
# A bad line to softether.
# limit: 180
# when asked for
LNS_KIND=softether PPP_AUTH=mschapv2 TUNNEL_SECRET=
. "$(dirname "$0")/bad_line.inc"
