#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2034
# xl2tpd and pppd on the Linux kernel's own L2TP and PPP (in User-Mode Linux), authenticating with PAP, AVPs hidden.
LNS_KIND=xl2tpd PPP_AUTH=pap HIDE=true
. "$(dirname "$0")/life.inc"
