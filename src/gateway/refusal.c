// SPDX-License-Identifier: Apache-2.0
#include "gateway/refusal.h"

#include "proto/gtp/cause.h"

static const struct {
	const char *name, *words;
	uint8_t gtp1, gtp2;
} rows[] = {
#define REFUSAL(word, name, gtp2, gtp1, text) [REFUSED_##word] = {name, text, GTP1_CAUSE_##gtp1, GTP2_CAUSE_##gtp2},
#include "gateway/refusal.def"
#undef REFUSAL
};

const char *refusal_name(enum refusal refusal)
{
	return refusal < REFUSAL_COUNT ? rows[refusal].name : "unknown";
}

const char *refusal_words(enum refusal refusal)
{
	return refusal < REFUSAL_COUNT ? rows[refusal].words : "unknown";
}

uint8_t refusal_gtp1(enum refusal refusal)
{
	return refusal < REFUSAL_COUNT ? rows[refusal].gtp1 : (uint8_t)GTP1_CAUSE_SYSTEM_FAILURE;
}

uint8_t refusal_gtp2(enum refusal refusal)
{
	return refusal < REFUSAL_COUNT ? rows[refusal].gtp2 : (uint8_t)GTP2_CAUSE_SYSTEM_FAILURE;
}
