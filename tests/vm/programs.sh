#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# limit: 300
# The BPF programs load on the oldest kernel that we support, and do there what they do here. That it takes none is no reason to skip.
uname -r
for test in gateway_dataplane_xdp_test gateway_xdp_test; do
	"$BUILD/src/gateway/$test" || exit 1
done
