// SPDX-License-Identifier: Apache-2.0
#include "cli/usage.h"

#include <stdio.h>

#include "base/clean.h"
#include "cli/pages.h"

int usage_run(struct command *command, const struct verb *verb)
{
	static const char *const options[] = {"interval", "from", "to"};
	json_t *all = json_array();
	char path[512] = "";
	int64_t total;
	size_t taken = 0;

	path_add(path, sizeof(path), command->noun->path);
	if (verb->action) {
		path_add(path, sizeof(path), command->words[0]);
		path_add(path, sizeof(path), verb->action);
	}
	for (size_t i = 0; i < array_len(options); i++) {
		const char *value = command_option(command, options[i]);

		taken += value != NULL;
		if (value)
			query_add(path, sizeof(path), options[i], value);
	}
	if (taken != command->options.count) {
		snprintf(command->error, sizeof(command->error),
			"usage has no options but --interval hour|day, --from TIME and --to TIME");
		json_decref(all);
		return EXIT_USAGE;
	}
	int result = pages_read(command, path, 0, all, &total);

	if (!result)
		print_list(stdout, command->format, &noun_usage, command->columns, all);
	json_decref(all);
	return result;
}
