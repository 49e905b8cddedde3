// SPDX-License-Identifier: Apache-2.0
// `slicegate lns test`: an LNS is dialled with no SIM, all the way to an address, and what works is told line by line.
#pragma once

#include "gateway/session.h"

// Dials it from every LAC of its VSlice. Each result is an `attach` row whose endpoint is the LNS's id.
void lnstest_run(struct gateway *gateway, const struct uuid *lns);
// From session_ppp.c: PPP of a test is up.
void lnstest_passed(struct session *session);
