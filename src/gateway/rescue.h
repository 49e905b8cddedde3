// SPDX-License-Identifier: Apache-2.0
// What becomes of the sessions of a tunnel that was lost.
#pragma once

#include "gateway/session.h"

// Takes a session that was up and whose tunnel is gone: it waits for its turn to be dialled again, or to be released. False: it can't be
// rescued (its VSlice goes, its LAC is not configured any longer, the settings do not want it).
bool rescue_take(struct session *session, const char *why);
// A session that was dialled again has PPP, or has failed for good (it will be released in its turn; not gone yet).
void rescue_done(struct session *session);
void rescue_failed(struct session *session, const char *why);
// The session ends by another way.
void rescue_forget(struct session *session);
// The counters that it had on the tunnel that was lost.
const struct dp_counters *rescue_counters(const struct session *session);
void rescue_stop(struct vslice *vslice); // the VSlice goes; sessions that wait end with it
