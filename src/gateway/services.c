// SPDX-License-Identifier: Apache-2.0
// Small services that every part uses: the wall clock, randomness, values for reports.
#include "gateway/gateway.h"

#include <stdio.h>
#include <sys/random.h>
#include <time.h>

uint64_t wall_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

void random_fill(void *out, size_t len)
{
	static uint8_t block[4096];
	static size_t left;
	uint8_t *at = out;

	while (len) {
		size_t piece;

		if (!left) {
			if (getrandom(block, sizeof(block), 0) != sizeof(block))
				abort();
			left = sizeof(block);
		}
		piece = len < left ? len : left;
		memcpy(at, block + sizeof(block) - left, piece);
		explicit_bzero(block + sizeof(block) - left, piece);
		left -= piece;
		at += piece;
		len -= piece;
	}
}

json_t *json_time(uint64_t then_ms)
{
	time_t seconds = (time_t)(then_ms / 1000);
	struct tm parts;
	char text[40];
	size_t len;

	gmtime_r(&seconds, &parts);
	len = strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &parts);
	snprintf(text + len, sizeof(text) - len, ".%03uZ", (unsigned)(then_ms % 1000));
	return json_string(text);
}

json_t *json_text(const char *text, size_t len)
{
	char clean[4096];
	size_t used = 0;

	for (; used < len && used < sizeof(clean); used++)
		clean[used] = text[used] >= ' ' && text[used] <= '~' ? text[used] : '?';
	return json_stringn(clean, used);
}
