#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2034
# l2tpns with FreeRADIUS, authenticating with CHAP.
LNS_KIND=l2tpns PPP_AUTH=chap
. "$(dirname "$0")/life.inc"
