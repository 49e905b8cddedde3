#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2034
# l2tpns with FreeRADIUS, authenticating with PAP, AVPs hidden.
LNS_KIND=l2tpns PPP_AUTH=pap HIDE=true
. "$(dirname "$0")/life.inc"
