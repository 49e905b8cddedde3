#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2034
# xl2tpd, each of whose sessions is a pppd of its own: twenty SIMs.
# limit: 240
# when asked for
LNS_KIND=xl2tpd COUNT=20 RATE=10 PPP_AUTH=pap
. "$(dirname "$0")/restart.inc"
