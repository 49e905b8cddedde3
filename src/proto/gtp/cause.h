// SPDX-License-Identifier: Apache-2.0
// Cause values of GTPv2-C (TS 29.274 8.4) and GTPv1-C (TS 29.060 7.7.1), with their names (cause.def).
//
//	ie_set(answer, cause) = (struct gtp2_cause){.value = GTP2_CAUSE_NO_RESOURCES_AVAILABLE};
//	log_info("refused cause=%s", gtp2_cause_name(GTP2_CAUSE_NO_RESOURCES_AVAILABLE));
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define GTP_CAUSE_ENUM_1_(value, word, text) GTP1_CAUSE_##word = value,
#define GTP_CAUSE_ENUM_2_(value, word, text) GTP2_CAUSE_##word = value,
#include "proto/gtp/cause.def"
enum gtp1_cause { GTP1_CAUSES(GTP_CAUSE_ENUM_1_) };
enum gtp2_cause_value { GTP2_CAUSES(GTP_CAUSE_ENUM_2_) };

// The standard's words in lower case, or "cause" for a number that it does not define.
const char *gtp1_cause_name(uint8_t value);
const char *gtp2_cause_name(uint8_t value);

static inline bool gtp1_cause_accepts(uint8_t value)
{
	return value >= 128 && value <= 191;
}

static inline bool gtp2_cause_accepts(uint8_t value)
{
	return value >= 16 && value <= 63;
}
