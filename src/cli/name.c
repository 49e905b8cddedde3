// SPDX-License-Identifier: Apache-2.0
#include "cli/cli.h"

#include <ctype.h>

bool name_matches(const char *option, size_t len, const char *field)
{
	const char *end = option + len;

	for (;; option++, field++) {
		while (option < end && *option == '-')
			option++;
		while (*field == '-')
			field++;
		if (option == end || !*field)
			return option == end && !*field;
		if (tolower((unsigned char)*option) != tolower((unsigned char)*field))
			return false;
	}
}

// A hyphen goes before each word: a capital after a small letter or a digit, or the last capital of several ("remotePeerIPAddress"
// is remote-peer-ip-address). The one small letter of "vSlice" is no word.
char *name_as_option(const char *field, char *out)
{
	size_t used = 0;

	for (size_t i = 0; field[i] && used < 94; i++) {
		bool capital = isupper((unsigned char)field[i]);
		bool word = capital && i > 1 && (!isupper((unsigned char)field[i - 1]) || islower((unsigned char)field[i + 1]));

		if (word && out[used - 1] != '-' && out[used - 1] != '.')
			out[used++] = '-';
		out[used++] = (char)tolower((unsigned char)field[i]);
	}
	out[used] = '\0';
	return out;
}
