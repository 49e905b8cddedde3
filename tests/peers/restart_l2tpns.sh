#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2034
# l2tpns: a thousand SIMs.
# limit: 200
# alone
LNS_KIND=l2tpns COUNT=1000 RATE=250
. "$(dirname "$0")/restart.inc"
