# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# slicegate-sim as SGW or SGSN with SIMs, and as an LNS with faults on order.
