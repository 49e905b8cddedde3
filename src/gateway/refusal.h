// SPDX-License-Identifier: Apache-2.0
// Why an attach is refused or a session ends: one list (refusal.def) for causes, metrics, reports and words.
#pragma once

#include <stdint.h>

enum refusal {
#define REFUSAL(word, name, gtp2, gtp1, text) REFUSED_##word,
#include "gateway/refusal.def"
#undef REFUSAL
	REFUSAL_COUNT
};

const char *refusal_name(enum refusal refusal); // "lns-silent"
const char *refusal_words(enum refusal refusal);
uint8_t refusal_gtp1(enum refusal refusal); // cause values
uint8_t refusal_gtp2(enum refusal refusal);
