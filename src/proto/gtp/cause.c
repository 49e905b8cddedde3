// SPDX-License-Identifier: Apache-2.0
#include "proto/gtp/cause.h"

#define CAUSE_TEXT_(value, word, text) [value] = text,

static const char *const names1[256] = {GTP1_CAUSES(CAUSE_TEXT_)};
static const char *const names2[256] = {GTP2_CAUSES(CAUSE_TEXT_)};

const char *gtp1_cause_name(uint8_t value)
{
	return names1[value] ? names1[value] : "cause";
}

const char *gtp2_cause_name(uint8_t value)
{
	return names2[value] ? names2[value] : "cause";
}
