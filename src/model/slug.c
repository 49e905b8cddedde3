// SPDX-License-Identifier: Apache-2.0
#include "model/slug.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

char *slug_make(const char *name, const char *fallback, char out[MONIKER_TEXT])
{
	size_t used = 0;

	for (; name && *name && used < MONIKER_TEXT - 1; name++) {
		unsigned char c = (unsigned char)*name;

		if (c < 0x80 && isalnum(c))
			out[used++] = (char)tolower(c);
		else if (used && out[used - 1] != '-')
			out[used++] = '-';
	}
	while (used && out[used - 1] == '-')
		used--;
	out[used] = '\0';
	if (!used)
		snprintf(out, MONIKER_TEXT, "%s", fallback);
	return out;
}

char *slug_number(const char *slug, unsigned number, char out[MONIKER_TEXT])
{
	char tail[12];
	size_t len = (size_t)snprintf(tail, sizeof(tail), "-%u", number), keep = strlen(slug);

	if (keep + len > MONIKER_TEXT - 1)
		keep = MONIKER_TEXT - 1 - len;
	memmove(out, slug, keep);
	memcpy(out + keep, tail, len + 1);
	return out;
}
