// SPDX-License-Identifier: Apache-2.0
// For tests of policies and slices: a configuration from short lines of JSON. Ids are "...-a1" and so on: fixture_id(0xa1).
#pragma once

#include "gateway/config.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>
#include <stddef.h>

#include <cmocka.h>

static inline struct uuid fixture_id(unsigned number)
{
	struct uuid id;

	snprintf(id.text, sizeof(id.text), "11111111-2222-4333-8444-%012x", number);
	return id;
}

// Puts an object; in the JSON ' stands for " and $a1 for the id 0xa1.
__attribute__((format(printf, 4, 5))) static inline void fixture_put(
	struct config *config, const char *kind, unsigned number, const char *format, ...)
{
	char text[2048], json[8192], why[160] = "";
	struct uuid id = fixture_id(number);
	size_t len = 0;
	va_list args;
	json_t *data;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	for (const char *c = text; *c && len < sizeof(json) - 64; c++) {
		if (*c == '$') {
			char *end;

			len += (size_t)sprintf(json + len, "\"%s\"", fixture_id((unsigned)strtoul(c + 1, &end, 16)).text);
			c = end - 1;
		} else {
			json[len++] = *c == '\'' ? '"' : *c;
		}
	}
	json[len] = 0;
	data = json_loads(json, 0, NULL);
	if (!data)
		fail_msg("bad JSON: %s", json);
	if (config_put(config, kind, id.text, data, why))
		fail_msg("%s: %s", json, why);
	json_decref(data);
}
