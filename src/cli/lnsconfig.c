// SPDX-License-Identifier: Apache-2.0
#include "cli/lnsconfig.h"

#include <stdio.h>
#include <string.h>

#include "base/clean.h"
#include "cli/body.h"

#define SECRET "<TUNNEL-SECRET>"

static const char *const queries[] = {"for", "lns", "lac"};

static int check_options(struct command *command)
{
	for (size_t i = 0; i < command->options.count; i++) {
		const struct option *option = &command->options.items[i];
		bool known = name_matches(option->name, option->name_len, "secret-file");

		for (size_t q = 0; q < array_len(queries); q++)
			known = known || name_matches(option->name, option->name_len, queries[q]);
		if (known && option->value)
			continue;
		snprintf(command->error, sizeof(command->error), known ? "--%.*s: a value is wanted" : "config has no --%.*s",
			(int)option->name_len, option->name);
		return EXIT_USAGE;
	}
	return 0;
}

static void print_with(const char *text, const char *secret)
{
	for (const char *hole; secret && (hole = strstr(text, SECRET)); text = hole + strlen(SECRET))
		printf("%.*s%s", (int)(hole - text), text, secret);
	fputs(text, stdout);
}

int lnsconfig_run(struct command *command, const struct verb *verb)
{
	const char *file = command_option(command, "secret-file"), *text;
	_cleanup_free_ char *secret = NULL;
	struct answer answer;
	char path[1024] = "";
	int result = check_options(command);

	if (result || (file && !(secret = body_read_file(file, command->error))))
		return EXIT_USAGE;
	path_add(path, sizeof(path), command->noun->owner->path);
	path_add(path, sizeof(path), command->owner);
	path_add(path, sizeof(path), verb->action);
	for (size_t q = 0; q < array_len(queries); q++)
		if (command_option(command, queries[q]))
			query_add(path, sizeof(path), queries[q], command_option(command, queries[q]));
	result = client_call(command->client, "GET", path, NULL, &answer);
	text = json_string_value(json_object_get(answer.data, "text"));
	if (result)
		snprintf(command->error, sizeof(command->error), "%s", answer.error);
	else if (command->format != FORMAT_TABLE)
		print_object(stdout, command->format, NULL, answer.data);
	else
		print_with(text ? text : "", secret);
	answer_fini(&answer);
	return result;
}
