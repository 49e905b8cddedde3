// SPDX-License-Identifier: Apache-2.0
// Logging: one line an event, key=value, on standard error; categories whose level is set at run time.
// Pure engines (src/proto) never log: they return errors and raise events, and whoever handles those logs once.
// Secrets are never passed to a log function.
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum log_level { LOG_LEVEL_ERROR = 1, LOG_LEVEL_WARN, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

struct log_category {
	const char *name;
	enum log_level level; // 0 = the global level
	struct log_category *next;
};

// A file declares its category once: LOG_CATEGORY(lac);
#define LOG_CATEGORY(word)                                                                                                       \
	static struct log_category log_category_ = {.name = #word};                                                              \
	__attribute__((constructor)) static void log_category_register_(void)                                                    \
	{                                                                                                                        \
		log_register(&log_category_);                                                                                    \
	}                                                                                                                        \
	_Static_assert(1, "")

#define log_err(...) log_write(&log_category_, LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warn(...) log_write(&log_category_, LOG_LEVEL_WARN, __VA_ARGS__)
#define log_info(...) log_write(&log_category_, LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...) log_write(&log_category_, LOG_LEVEL_DEBUG, __VA_ARGS__)
// Logs and gives the (negative) error back: return log_err_r(-EINVAL, "...");
#define log_err_r(error, ...) (log_err(__VA_ARGS__), (error))

void log_register(struct log_category *category);
// "info", or "info,lac=debug,link=warn". 0, or -EINVAL for an unknown word (nothing changes then).
int log_set_levels(const char *spec);
bool log_enabled(const struct log_category *category, enum log_level level);
void log_write(const struct log_category *category, enum log_level level, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

// True at most `burst` times a second for one `state` (zero-initialised, one a place that could flood). When it is
// true, state->held says how many were held back since the last true: log_warn("... held=%u", state.held).
struct log_rate {
	uint64_t second;
	uint32_t used, held;
	bool told; // `held` was given to the caller and starts anew
};
bool log_rate_ok(struct log_rate *state, uint64_t now_ms, uint32_t burst);
