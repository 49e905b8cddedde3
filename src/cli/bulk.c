// SPDX-License-Identifier: Apache-2.0
#include "cli/bulk.h"

#include <stdio.h>
#include <string.h>

#include "base/clean.h"
#include "cli/body.h"

static int fail(struct command *command, int status, const char *text)
{
	snprintf(command->error, sizeof(command->error), "%s", text);
	return status;
}

static bool is_only(const struct command *command, const char *name, const char **value)
{
	*value = command_option(command, name);
	return command->options.count == (*value || command_flag(command, name));
}

// Each row that is at fault, a line each.
static void print_faults(const json_t *report)
{
	json_t *row, *message;
	size_t i, j;

	json_array_foreach((json_t *)report, i, row) json_array_foreach(json_object_get(row, "messages"), j, message)
		fprintf(stderr, "slicegate: row %" JSON_INTEGER_FORMAT ": %s\n", json_integer_value(json_object_get(row, "row")),
			json_string_value(message));
}

static void print_result(const struct command *command, const json_t *data, bool dry)
{
	if (command->format != FORMAT_TABLE)
		print_object(stdout, command->format, NULL, data);
	else
		printf("%" JSON_INTEGER_FORMAT " rows, %s%" JSON_INTEGER_FORMAT " created\n",
			json_integer_value(json_object_get(data, "rows")), dry ? "nothing stored, " : "",
			json_integer_value(json_object_get(data, "created")));
}

int bulk_import(struct command *command, const struct verb *verb)
{
	const char *value;
	bool dry = command_flag(command, "dry-run");
	_cleanup_free_ char *text = NULL;
	struct answer answer;
	char path[128] = "";
	int result;

	if (!is_only(command, "dry-run", &value))
		return fail(command, EXIT_USAGE, "import has no option but --dry-run");
	text = body_read_file(command->words[0], command->error);
	if (!text)
		return EXIT_USAGE;
	path_add(path, sizeof(path), command->noun->path);
	path_add(path, sizeof(path), verb->action);
	if (dry)
		query_add(path, sizeof(path), "dryRun", "true");
	struct request request = {.method = "POST",
		.path = path,
		.type = text[strspn(text, " \t\r\n")] == '{' ? "application/x-ndjson" : "text/csv",
		.body = text,
		.shows_progress = true};

	result = client_request(command->client, &request, &answer);
	if (result) {
		print_faults(json_object_get(answer.data, "report"));
		fail(command, result, answer.error);
	} else {
		print_result(command, answer.data, dry);
	}
	answer_fini(&answer);
	return result;
}

int bulk_export(struct command *command, const struct verb *verb)
{
	const char *format;
	struct answer answer;
	char path[128] = "";
	int result;

	if (!is_only(command, "format", &format))
		return fail(command, EXIT_USAGE, "export has no option but --format csv|ndjson");
	path_add(path, sizeof(path), command->noun->path);
	path_add(path, sizeof(path), verb->action);
	if (format)
		query_add(path, sizeof(path), "format", format);
	result = client_request(command->client, &(struct request){.method = "GET", .path = path, .out = stdout}, &answer);
	if (result)
		fail(command, result, answer.error);
	answer_fini(&answer);
	return result;
}
