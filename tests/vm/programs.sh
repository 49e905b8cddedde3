#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# limit: 300
# The BPF programs load on the oldest kernel that we support, and do there what they do here.
set -euo pipefail
uname -r
"$BUILD/src/gateway/gateway_dataplane_xdp_test"
"$BUILD/src/gateway/gateway_xdp_test"
