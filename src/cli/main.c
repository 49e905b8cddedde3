// SPDX-License-Identifier: Apache-2.0
// slicegate: the command line of Slicegate.
//
//	slicegate vslice create --name "Vantiq Diagnostics" --vslice-type l2tp --regional-gateway europe
//	slicegate lac create --vslice vantiq-diagnostics --address 10.1.0.1 --tunnel-secret @secret.txt
//	slicegate session list -o json
//	slicegate apply -f network.yaml
//
// A command is a noun, a verb, words (which one) and options (members of the noun). Nothing here knows a noun by heart: the field
// tables of src/model say which nouns there are, which members they have and how they are written (body.c), and what is worth a
// column (print.c). What is right or wrong is the API's to say; its messages are shown as they are, on one line, and the exit status
// says what kind of failure it was (cli.h).
//
// Global options may stand anywhere; after the verb a member of the same name goes first (the URL of an Event Handler). They are
// sorted out and read by base/opt, so that environment and configuration file work as in the daemons; what is left belongs to the noun.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clean.h"
#include "base/vec.h"
#include "cli/body.h"
#include "cli/complete.h"
#include "cli/help.h"
#include "cli/man.h"
#include "cli/options.h"
#include "cli/path.h"
#include "cli/profile.h"
#include "cli/tool.h"

// The command line sorted: what base/opt reads, and what belongs to the noun.
struct sorted {
	VEC(char *) global;
	VEC(char *) words;
	struct options options;
	bool help;
};

static void add_text(struct sorted *sorted, char *text)
{
	char **at = vec_add(&sorted->global);

	if (at)
		*at = text;
}

// After the verb, has the noun a member of that name?
static bool is_member(const struct sorted *sorted, const char *arg)
{
	struct option option = {.name = arg + 2, .name_len = strcspn(arg + 2, "=")};
	const struct noun *noun = sorted->words.count >= 2 ? noun_of_word(sorted->words.items[0]) : NULL;
	struct field_path path;
	char error[CLI_ERROR_TEXT];

	return noun && arg[1] == '-' && path_resolve(noun, &option, &sorted->options, &path, error) == 0;
}

// Options without = take the next argument as their value, unless that is an option too.
static int sort_option(struct sorted *sorted, int argc, char **argv, int i)
{
	const struct opt *opt = is_member(sorted, argv[i]) ? NULL : option_global(argv[i]);
	bool joined = argv[i][1] == '-' ? strchr(argv[i], '=') != NULL : argv[i][2] != '\0';
	bool own = strcmp(argv[i], "--config") == 0 || strncmp(argv[i], "--config=", 9) == 0 || strcmp(argv[i], "--version") == 0;
	struct option *option;

	if (opt || own || argv[i][1] != '-') {
		add_text(sorted, argv[i]);
		if (i + 1 < argc && !joined && strcmp(argv[i], "--version") != 0 && (own || (opt && opt->kind != OPT_FLAG)))
			add_text(sorted, argv[++i]);
		return i;
	}
	option = vec_add(&sorted->options);
	if (!option)
		return i;
	option->name = argv[i] + 2;
	option->name_len = strcspn(option->name, "=");
	if (joined)
		option->value = option->name + option->name_len + 1;
	else if (i + 1 < argc && strncmp(argv[i + 1], "--", 2) != 0 &&
		(!tool_has_flag(option->name, option->name_len) || is_member(sorted, argv[i])))
		option->value = argv[++i];
	return i;
}

static void sort_arguments(struct sorted *sorted, int argc, char **argv)
{
	bool words_only = false;

	add_text(sorted, argv[0]);
	for (int i = 1; i < argc; i++) {
		if (!words_only && strcmp(argv[i], "--") == 0) {
			words_only = true;
		} else if (!words_only && (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)) {
			sorted->help = true;
		} else if (!words_only && argv[i][0] == '-' && argv[i][1]) {
			i = sort_option(sorted, argc, argv, i);
		} else {
			char **word = vec_add(&sorted->words);

			if (word)
				*word = argv[i];
		}
	}
}

static int complain(int status, const char *error)
{
	fprintf(stderr, "slicegate: %s\n", error);
	return status;
}

static int read_token(char error[CLI_ERROR_TEXT])
{
	if (cli_config.token || !cli_config.token_file)
		return 0;
	cli_config.token = body_read_file(cli_config.token_file, error);
	if (!cli_config.token)
		return EXIT_USAGE;
	cli_config.token[strcspn(cli_config.token, " \t\r\n")] = '\0';
	return 0;
}

static int run_tool(const struct tool *tool, struct client *client, struct sorted *sorted)
{
	struct command command = {
		.client = client,
		.format = (enum format)cli_config.output,
		.columns = cli_config.columns,
		.file = cli_config.file,
		.words = sorted->words.items + 1,
		.word_count = sorted->words.count - 1,
		.options = sorted->options,
	};
	int result = tool_run(tool, &command);

	return result ? complain(result, command.error) : 0;
}

static int run_noun(struct client *client, struct sorted *sorted)
{
	struct command command = {
		.client = client,
		.format = (enum format)cli_config.output,
		.columns = cli_config.columns,
		.file = cli_config.file,
		.wait_ms = cli_config.wait_ms,
		.options = sorted->options,
	};
	const struct verb *verb;
	int result;

	command.noun = noun_of_word(sorted->words.items[0]);
	if (!command.noun) {
		snprintf(command.error, sizeof(command.error), "unknown noun \"%.100s\"; see: slicegate --help",
			sorted->words.items[0]);
		return complain(EXIT_USAGE, command.error);
	}
	if (!sorted->help && sorted->words.count == 1 && command.noun == &noun_capture && sorted->options.count) {
		char **word = vec_add(&sorted->words); // "slicegate capture --endpoint X" runs one

		if (word)
			*word = "run";
	}
	if (sorted->help || sorted->words.count < 2) {
		help_noun(sorted->help ? stdout : stderr, command.noun);
		return sorted->help ? 0 : EXIT_USAGE;
	}
	verb = verb_find(command.noun, sorted->words.items[1]);
	if (!verb) {
		snprintf(command.error, sizeof(command.error), "%s: no verb \"%.100s\"; see: slicegate %s --help",
			command.noun->title, sorted->words.items[1], command.noun->word);
		return complain(EXIT_USAGE, command.error);
	}
	command.words = sorted->words.items + 2;
	command.word_count = sorted->words.count - 2;
	result = command_run(&command, verb);
	return result ? complain(result, command.error) : 0;
}

// "slicegate help", "slicegate help vslice": the same as with --help.
static void take_help_word(struct sorted *sorted)
{
	if (!sorted->words.count || strcmp(sorted->words.items[0], "help") != 0)
		return;
	sorted->help = true;
	memmove(sorted->words.items, sorted->words.items + 1, --sorted->words.count * sizeof(*sorted->words.items));
}

static int run(struct sorted *sorted)
{
	char error[CLI_ERROR_TEXT];
	const struct tool *tool;
	struct client client;
	int result;

	take_help_word(sorted);
	if (!sorted->words.count) {
		char *argv[] = {"slicegate", "--help"};

		if (!sorted->help)
			return complain(EXIT_USAGE, "what shall be done? See: slicegate --help");
		opt_parse(&cli_program, 2, argv, NULL, error);
		putchar('\n');
		help_overview(stdout);
		return 0;
	}
	result = sorted->help ? 0 : read_token(error);
	if (result)
		return complain(result, error);
	client = (struct client){
		.url = cli_config.url,
		.token = cli_config.token,
		.customer = cli_config.customer,
		.ca_file = cli_config.ca_file,
		.session = profile_session(),
		.csrf_token = profile_csrf_token(),
		.timeout_ms = cli_config.timeout_ms,
		.insecure = cli_config.insecure,
	};
	tool = tool_find(sorted->words.items[0]);
	if (strcmp(sorted->words.items[0], COMPLETE_WORD) == 0)
		result = complete(&client, sorted->words.items + 1, sorted->words.count - 1);
	else if (tool && sorted->help)
		printf("usage: slicegate %s %s\n\n%s\n", tool->word, tool->usage, tool->help);
	else
		result = tool ? run_tool(tool, &client, sorted) : run_noun(&client, sorted);
	client_fini(&client);
	return result;
}

int main(int argc, char **argv)
{
	struct sorted sorted = {0};
	char error[CLI_ERROR_TEXT];
	int result;

	if (argc > 1 && strcmp(argv[1], "--man") == 0)
		return man_print();
	// What is completed says whose objects are asked for: the words after "__complete --".
	bool completes = argc > 2 && strcmp(argv[1], COMPLETE_WORD) == 0;

	if (profile_enter(completes ? argc - 2 : argc, completes ? argv + 2 : argv, error) < 0)
		return complain(EXIT_USAGE, error);
	sort_arguments(&sorted, argc, argv);
	opt_parse_or_exit(&cli_program, (int)sorted.global.count, sorted.global.items, NULL);
	result = run(&sorted);
	if (fflush(stdout) != 0 && !result)
		result = complain(EXIT_REFUSED, "the output could not be written");
	vec_free(&sorted.global);
	vec_free(&sorted.words);
	vec_free(&sorted.options);
	opt_fini(&cli_program);
	profile_fini();
	return result;
}
