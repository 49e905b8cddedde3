#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2034
# `slicegate lns test` at xl2tpd and pppd.
# limit: 180
# when asked for
LNS_KIND=xl2tpd
. "$(dirname "$0")/../smoke/lns_test.sh"
