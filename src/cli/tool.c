// SPDX-License-Identifier: Apache-2.0
#include "cli/tool.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clean.h"
#include "cli/apply.h"
#include "cli/body.h"
#include "cli/complete.h"
#include "cli/export.h"
#include "cli/print.h"
#include "cli/profile.h"

static void print_answer(const struct command *command, const json_t *data)
{
	if (json_is_array(data))
		print_list(stdout, command->format, NULL, command->columns, data);
	else if (json_is_object(data))
		print_object(stdout, command->format, NULL, data);
	else if (json_is_string(data))
		puts(json_string_value(data));
}

static int usage(struct command *command, const char *text)
{
	snprintf(command->error, sizeof(command->error), "%s", text);
	return EXIT_USAGE;
}

static int run_api(struct command *command)
{
	_cleanup_free_ char *read = NULL;
	const char *text;
	struct answer answer;
	json_t *body = NULL;
	int result;

	if (command->word_count < 2 || command->words[1][0] != '/')
		return usage(command, "usage: slicegate api METHOD /PATH [JSON]");
	if (command->file && !(read = body_read_file(command->file, command->error)))
		return EXIT_USAGE;
	text = read ? read : command->word_count > 2 ? command->words[2] : NULL;
	if (text && !(body = json_loads(text, JSON_DECODE_ANY, NULL)))
		return usage(command, "the body is not JSON");
	result = client_call(command->client, command->words[0], command->words[1], body, &answer);
	if (result)
		usage(command, answer.error);
	else
		print_answer(command, answer.data);
	answer_fini(&answer);
	json_decref(body);
	return result;
}

static void print_made(const struct command *command, json_t *object)
{
	print_object(stdout, command->format, NULL, object);
	json_decref(object);
}

static int run_verify(struct command *command)
{
	struct answer answer;
	int result = client_call(command->client, "GET", "/apitokens/verify", NULL, &answer);

	if (result)
		usage(command, answer.error);
	else if (command->format != FORMAT_TABLE)
		print_made(command, json_pack("{sbss}", "valid", true, "message", answer.error));
	else
		puts(*answer.error ? answer.error : "the token is good");
	answer_fini(&answer);
	return result;
}

static int run_completion(struct command *command)
{
	const char *script = command->word_count ? complete_script(command->words[0]) : NULL;

	if (!script)
		return usage(command, "usage: slicegate completion bash|zsh");
	fputs(script, stdout);
	return EXIT_DONE;
}

const struct tool tools[] = {
	{"apply", "-f FILE [FILE...] [--dry-run] [--check] [--prune]",
		"make what is there what the documents of a file (or a folder of files) say, YAML or JSON; --dry-run shows the "
		"difference, --check "
		"tells it by "
		"status 8, --prune deletes what they do not name, of the kinds that they have",
		.flags = "dry-run check prune", .words_max = SIZE_MAX, .run = apply_run},
	{"export", "[NOUN...] [--brief] [--platform]",
		"what there is, as apply takes it (-o yaml or json); --brief leaves defaults out, --platform adds what belongs "
		"to no "
		"customer",
		.flags = "brief platform", .words_max = SIZE_MAX, .run = export_run},
	{"login", "[--url URL] [--profile NAME] [--token-file FILE | --email ADDRESS [--password @FILE]]",
		"keep who one is, and where, in a profile; what is not given is asked for", .values = "email password",
		.run = login_run},
	{"logout", "[--profile NAME]", "end the session and forget the token", .run = logout_run},
	{"profile", "list | use NAME | remove NAME", "the profiles that there are", .firsts = "list use remove", .words_max = 2,
		.run = profile_run},
	{"completion", "bash|zsh", "the shell's function that completes commands: source <(slicegate completion bash)",
		.firsts = "bash zsh", .words_max = 1, .run = run_completion},
	{"verify", "", "is the token good?", .run = run_verify},
	{"api", "METHOD /PATH [JSON]", "any request, as it is", .firsts = "GET POST PUT PATCH DELETE", .words_max = 3,
		.run = run_api},
	{0},
};

const struct tool *tool_find(const char *word)
{
	for (const struct tool *tool = tools; tool->word; tool++)
		if (strcmp(tool->word, word) == 0)
			return tool;
	return NULL;
}

// Is the name one of a list of words?
static bool is_listed(const char *list, const char *name, size_t len)
{
	while (list && *list) {
		size_t word = strcspn(list, " ");

		if (word == len && strncmp(list, name, len) == 0)
			return true;
		list += word + strspn(list + word, " ");
	}
	return false;
}

bool tool_has_flag(const char *name, size_t len)
{
	for (const struct tool *tool = tools; tool->word; tool++)
		if (is_listed(tool->flags, name, len))
			return true;
	return false;
}

int tool_run(const struct tool *tool, struct command *command)
{
	for (size_t i = 0; i < command->options.count; i++) {
		const struct option *option = &command->options.items[i];

		if (is_listed(tool->flags, option->name, option->name_len) ||
			(option->value && is_listed(tool->values, option->name, option->name_len)))
			continue;
		snprintf(command->error, sizeof(command->error), "%s has no --%.*s%s; usage: slicegate %s %s", tool->word,
			(int)option->name_len, option->name,
			is_listed(tool->values, option->name, option->name_len) ? " without a value" : "", tool->word,
			tool->usage);
		return EXIT_USAGE;
	}
	if (command->word_count > tool->words_max) {
		snprintf(command->error, sizeof(command->error), "unexpected argument \"%s\"", command->words[tool->words_max]);
		return EXIT_USAGE;
	}
	return tool->run(command);
}
