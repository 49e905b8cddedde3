#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2034
# The LNS wants PAP in place of CHAP; the device's own name and password (PCO) or the endpoint's answer it.
PPP_AUTH=pap
. "$(dirname "$0")/attach_gtp1.sh"
