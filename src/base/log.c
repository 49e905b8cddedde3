// SPDX-License-Identifier: Apache-2.0
#include "base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clean.h"

#define LINE_MAX_BYTES 2048

static struct log_category *categories;
static enum log_level global_level = LOG_LEVEL_INFO;

static const char *const level_names[] = {
	[LOG_LEVEL_ERROR] = "error",
	[LOG_LEVEL_WARN] = "warn",
	[LOG_LEVEL_INFO] = "info",
	[LOG_LEVEL_DEBUG] = "debug",
};

void log_register(struct log_category *category)
{
	category->next = categories;
	categories = category;
}

static enum log_level level_by_name(const char *name)
{
	for (unsigned i = LOG_LEVEL_ERROR; i < array_len(level_names); i++)
		if (strcmp(level_names[i], name) == 0)
			return i;
	return 0;
}

// One word of the specification; with `apply` unset it is only looked at.
static int set_word(char *word, bool apply)
{
	char *equals = strchr(word, '=');
	enum log_level level = level_by_name(equals ? equals + 1 : word);
	bool known = false;

	if (!level)
		return -EINVAL;
	if (!equals) {
		if (apply)
			global_level = level;
		return 0;
	}
	*equals = '\0';
	// Several files may share a category's name.
	for (struct log_category *category = categories; category; category = category->next) {
		if (strcmp(category->name, word) != 0)
			continue;
		known = true;
		if (apply)
			category->level = level;
	}
	return known ? 0 : -EINVAL;
}

static int set_words(const char *spec, bool apply)
{
	_cleanup_free_ char *copy = strdup(spec);
	char *rest = copy, *word;

	if (!copy)
		return -ENOMEM;
	while ((word = strsep(&rest, ",")))
		if (set_word(word, apply) < 0)
			return -EINVAL;
	return 0;
}

int log_set_levels(const char *spec)
{
	int error = set_words(spec, false);

	if (error)
		return error;
	for (struct log_category *category = categories; category; category = category->next)
		category->level = 0;
	return set_words(spec, true);
}

bool log_enabled(const struct log_category *category, enum log_level level)
{
	return level <= (category->level ? category->level : global_level);
}

// What a peer sent may stand in a line (a host name, a user name): it must not be able to make lines of its own.
static void escape_controls(char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			*text = '?';
}

void log_write(const struct log_category *category, enum log_level level, const char *format, ...)
{
	int saved_errno = errno;
	char line[LINE_MAX_BYTES];
	struct timespec now;
	struct tm utc;
	va_list args;
	size_t used;
	int len;

	if (!log_enabled(category, level))
		return;
	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &utc);
	used = strftime(line, sizeof(line), "%Y-%m-%dT%H:%M:%S", &utc);
	used += (size_t)snprintf(
		line + used, sizeof(line) - used, ".%03ldZ %s %s ", now.tv_nsec / 1000000, level_names[level], category->name);
	errno = saved_errno; // for %m
	va_start(args, format);
	len = vsnprintf(line + used, sizeof(line) - used - 1, format, args);
	va_end(args);
	if (len < 0)
		len = 0;
	if ((size_t)len > sizeof(line) - used - 2) {
		len = (int)(sizeof(line) - used - 2);
		memcpy(line + sizeof(line) - 5, "...", 3);
	}
	escape_controls(line + used);
	used += (size_t)len;
	line[used++] = '\n';
	// One write, so that lines of several processes on one pipe stay whole; there is nowhere to report that it failed.
	if (write(STDERR_FILENO, line, used) < 0)
		errno = saved_errno;
	errno = saved_errno;
}

bool log_rate_ok(struct log_rate *state, uint64_t now_ms, uint32_t burst)
{
	if (state->told)
		state->held = 0;
	if (state->second != now_ms / 1000) {
		state->second = now_ms / 1000;
		state->used = 0;
	}
	state->told = state->used < burst;
	if (state->told)
		state->used++;
	else
		state->held++;
	return state->told;
}
