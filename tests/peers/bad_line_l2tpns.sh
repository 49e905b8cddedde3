#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2034
# A bad line to l2tpns, which begins LCP anew at each doubled Ack.
# limit: 180
LNS_KIND=l2tpns
. "$(dirname "$0")/bad_line.inc"
