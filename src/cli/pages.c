// SPDX-License-Identifier: Apache-2.0
#include "cli/pages.h"

#include <stdio.h>
#include <unistd.h>

#define PAGE 1000

int pages_read(struct command *command, const char *path, size_t limit, json_t *all, int64_t *total)
{
	bool is_shown = false, more = true;
	int result = 0;

	while (!result && more) {
		size_t have = json_array_size(all), wanted = limit && limit - have < PAGE ? limit - have : PAGE;
		char page[4096], number[32];
		struct answer answer;

		snprintf(page, sizeof(page), "%s", path);
		snprintf(number, sizeof(number), "%zu", wanted);
		query_add(page, sizeof(page), "limit", number);
		snprintf(number, sizeof(number), "%zu", command->offset + have);
		if (command->offset + have)
			query_add(page, sizeof(page), "offset", number);
		result = client_call(command->client, "GET", page, NULL, &answer);
		if (result)
			snprintf(command->error, sizeof(command->error), "%s", answer.error);
		json_array_extend(all, answer.data);
		have = json_array_size(all);
		more = json_array_size(answer.data) && (int64_t)(command->offset + have) < answer.total &&
			!(limit && have >= limit);
		if (total)
			*total = answer.total;
		if (more && isatty(STDERR_FILENO))
			is_shown = fprintf(stderr, "\r%zu of %lld ", have, (long long)answer.total) > 0;
		answer_fini(&answer);
	}
	if (is_shown)
		fputs("\r\033[K", stderr);
	return result;
}
