#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The story of rates.sh, with the BPF programs.
DATAPLANE=xdp exec "$(dirname "$0")/rates.sh"
