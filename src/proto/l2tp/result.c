// SPDX-License-Identifier: Apache-2.0
#include "proto/l2tp/result.h"

#include "proto/l2tp/engine.h"

#define STOP(code, word, text)
#define CDN(code, word, text)
#define ERROR(code, word, text)
#define DISCONNECT(code, word, text)
#define ROW(code, text)                                                                                                          \
	case code:                                                                                                               \
		return text;

const char *l2tp_stop_name(uint16_t code)
{
	switch (code) {
#undef STOP
#define STOP(code_, word, text) ROW(code_, text)
#include "proto/l2tp/result.def"
#undef STOP
#define STOP(code, word, text)
	default:
		return "unknown";
	}
}

const char *l2tp_cdn_name(uint16_t code)
{
	switch (code) {
#undef CDN
#define CDN(code_, word, text) ROW(code_, text)
#include "proto/l2tp/result.def"
#undef CDN
#define CDN(code, word, text)
	default:
		return "unknown";
	}
}

const char *l2tp_error_name(uint16_t code)
{
	switch (code) {
#undef ERROR
#define ERROR(code_, word, text) ROW(code_, text)
#include "proto/l2tp/result.def"
#undef ERROR
#define ERROR(code, word, text)
	default:
		return "unknown";
	}
}

const char *l2tp_disconnect_name(uint16_t code)
{
	switch (code) {
#undef DISCONNECT
#define DISCONNECT(code_, word, text) ROW(code_, text)
#include "proto/l2tp/result.def"
#undef DISCONNECT
	default:
		return "unknown";
	}
}

static const char *const counters[L2TP_COUNTERS] = {
#define COUNTER(word, text) [L2TP_COUNT_##word] = #word,
#include "proto/l2tp/counter.def"
#undef COUNTER
};

static const struct {
	const char *name, *text;
} reasons[L2TP_REASONS] = {
#define REASON(word, text) [L2TP_REASON_##word] = {#word, text},
#include "proto/l2tp/reason.def"
#undef REASON
};

const char *l2tp_counter_name(enum l2tp_counter counter)
{
	return counter < L2TP_COUNTERS ? counters[counter] : "unknown";
}

const char *l2tp_reason_name(enum l2tp_reason reason)
{
	return reason < L2TP_REASONS ? reasons[reason].name : "unknown";
}

const char *l2tp_reason_text(enum l2tp_reason reason)
{
	return reason < L2TP_REASONS ? reasons[reason].text : "unknown";
}
