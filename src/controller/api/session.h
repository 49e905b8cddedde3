// SPDX-License-Identifier: Apache-2.0
// The cookie of a person who signed in.
#pragma once

#include "controller/controller.h"

#define SESSION_COOKIE "slicegate_session"

struct op;

// Sets the cookie of the reply; `secret` NULL takes it away.
void session_cookie(struct op *op, const char *secret);
// Notes that the session was used, so that it does not end for idleness.
void session_seen(struct controller *controller, const char *secret);
