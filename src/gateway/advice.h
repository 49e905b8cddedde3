// SPDX-License-Identifier: Apache-2.0
// What a person can do about a refused attach: one list (advice.def), looked through with all that is known of the failure.
#pragma once

#include "gateway/refusal.h"

#include <stdbool.h>

// What the LNS and the engines said of a failure; zero = nothing.
struct advice_cause {
	uint8_t tunnel, call; // enum l2tp_reason
	uint8_t ppp; // enum ppp_reason
	uint16_t stop, cdn, error; // result codes that came, and the general error code with one of them
	uint16_t disconnect; // RFC 3145
};

// Words, or "" where nothing can be done (a detach, an end that is no failure).
const char *advice_for(enum refusal refusal, const struct advice_cause *cause);
