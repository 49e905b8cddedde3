#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2034
# A bad line to xl2tpd.
# limit: 180
# when asked for
LNS_KIND=xl2tpd
. "$(dirname "$0")/bad_line.inc"
