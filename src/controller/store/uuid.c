// SPDX-License-Identifier: Apache-2.0
#include "controller/store/uuid.h"

#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

static _Atomic uint64_t last_ms;

char *uuid_make(char out[UUID_TEXT])
{
	struct timespec now;
	uint8_t b[16];

	if (getrandom(b, sizeof(b), 0) != sizeof(b))
		abort();
	clock_gettime(CLOCK_REALTIME, &now);
	uint64_t ms = (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000, last = atomic_load(&last_ms);

	// A clock that is set back does not take ids back: walks over what is new go by them.
	while (ms > last && !atomic_compare_exchange_weak(&last_ms, &last, ms))
		;
	ms = ms > last ? ms : last;

	for (int i = 0; i < 6; i++)
		b[i] = (uint8_t)(ms >> (40 - 8 * i));
	b[6] = (uint8_t)(0x70 | (b[6] & 0x0f));
	b[8] = (uint8_t)(0x80 | (b[8] & 0x3f));
	snprintf(out, UUID_TEXT, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0], b[1], b[2], b[3],
		b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14], b[15]);
	return out;
}

bool uuid_is(const char *text)
{
	size_t len = strspn(text, "0123456789abcdefABCDEF-");

	return len == UUID_TEXT - 1 && !text[len] && text[8] == '-' && text[13] == '-' && text[18] == '-' && text[23] == '-';
}
