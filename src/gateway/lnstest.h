// SPDX-License-Identifier: Apache-2.0
// `slicegate lns test`: an LNS is dialled with no SIM, all the way to an address, and what works is told line by line.
#pragma once

#include "gateway/session.h"

// Dials it from every LAC of its VSlice. Each result is an `attach` row whose endpoint is the LNS's id.
void lnstest_run(struct gateway *gateway, const struct uuid *lns);
// From session_ppp.c: PPP of a test is up. What the way carries is still to be seen.
void lnstest_passed(struct session *session);
void lnstest_on_lcp(struct session *session, const uint8_t *packet, size_t len); // the session may be gone then
bool lnstest_on_tick(
	struct session *session, uint64_t now_ms); // false: the time is not up, or it has not passed; else the session is gone
