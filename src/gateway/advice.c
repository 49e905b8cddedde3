// SPDX-License-Identifier: Apache-2.0
#include "gateway/advice.h"

#include "base/clean.h"
#include "proto/l2tp/engine.h"
#include "proto/ppp/link.h"

enum what {
	ADVICE_DISCONNECT,
	ADVICE_PPP,
	ADVICE_TUNNEL,
	ADVICE_STOP,
	ADVICE_ERROR,
	ADVICE_CALL,
	ADVICE_CDN,
	ADVICE_REFUSAL,
	ADVICE_WHATS
};

static const struct {
	enum what what;
	uint16_t code;
	const char *words;
} rows[] = {
#define ADVICE(what, code, words) {ADVICE_##what, code, words},
#include "gateway/advice.def"
#undef ADVICE
};

const char *advice_for(enum refusal refusal, const struct advice_cause *cause)
{
	const uint16_t codes[ADVICE_WHATS] = {
		[ADVICE_DISCONNECT] = cause ? cause->disconnect : 0,
		[ADVICE_PPP] = cause ? cause->ppp : 0,
		[ADVICE_TUNNEL] = cause ? cause->tunnel : 0,
		[ADVICE_STOP] = cause ? cause->stop : 0,
		[ADVICE_ERROR] = cause ? cause->error : 0,
		[ADVICE_CALL] = cause ? cause->call : 0,
		[ADVICE_CDN] = cause ? cause->cdn : 0,
		[ADVICE_REFUSAL] = (uint16_t)refusal,
	};

	for (size_t i = 0; i < array_len(rows); i++)
		if (codes[rows[i].what] && codes[rows[i].what] == rows[i].code)
			return rows[i].words;
	return "";
}
