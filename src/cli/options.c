// SPDX-License-Identifier: Apache-2.0
#include "cli/options.h"

#include <string.h>

#include "base/clean.h"

struct cli_config cli_config;

static const char *const formats[] = {"table", "json", "yaml", "csv", NULL};

static const struct opt opts[] = {
	{"profile", OPT_TEXT, &cli_config.profile, .help = "who and where, as \"login\" kept it", .word = "NAME",
		.env = "SLICEGATE_PROFILE"},
	{"url", OPT_TEXT, &cli_config.url, "http://127.0.0.1:5050", "where the controller is; unix:PATH for its socket",
		.word = "URL", .env = "SLICEGATE_URL"},
	{"token", OPT_TEXT, &cli_config.token, .help = "the API token (better: --token-file)", .word = "TOKEN",
		.env = "SLICEGATE_TOKEN"},
	{"token-file", OPT_TEXT, &cli_config.token_file, .help = "a file with the API token", .word = "FILE",
		.env = "SLICEGATE_TOKEN_FILE"},
	{"customer", OPT_TEXT, &cli_config.customer, .help = "act for this customer (platform-owner tokens)", .word = "MONIKER",
		.env = "SLICEGATE_CUSTOMER"},
	{"output", OPT_CHOICE, &cli_config.output, "table", "how answers are written", .choices = formats, .letter = 'o',
		.env = "SLICEGATE_OUTPUT"},
	{"columns", OPT_TEXT, &cli_config.columns, .help = "columns of lists: members, separated by commas", .word = "A,B"},
	{"file", OPT_TEXT, &cli_config.file, .help = "start from the JSON object in FILE (- is standard input)", .word = "FILE",
		.letter = 'f'},
	{"wait", OPT_MS, &cli_config.wait_ms, "60s", "how long \"wait\" waits at most"},
	{"request-timeout", OPT_MS, &cli_config.timeout_ms, "60s", "how long an answer may take", .min = 1},
	{"ca-file", OPT_TEXT, &cli_config.ca_file, .help = "certificates that the controller's may be signed by", .word = "FILE",
		.env = "SLICEGATE_CA_FILE"},
	{"insecure", OPT_FLAG, &cli_config.insecure, .help = "do not look at the controller's certificate",
		.env = "SLICEGATE_INSECURE"},
};

const struct opt_program cli_program = {
	.name = "slicegate",
	.usage = "[options] NOUN VERB [WHICH] [--FIELD VALUE...]",
	.about = "The command line of Slicegate. \"slicegate NOUN --help\" says what a noun has.\n"
		 "Exit status: 0 done, 1 refused, 2 wrong command line, 3 no answer, 4 not found, 5 not allowed, 6 conflict, 7 "
		 "waited in vain, 8 apply --check found differences.",
	.opts = opts,
	.count = array_len(opts),
};

const struct opt *option_global(const char *arg)
{
	size_t len = strcspn(arg + 2, "=");

	for (size_t i = 0; i < array_len(opts); i++) {
		if (arg[1] == '-' && strncmp(opts[i].name, arg + 2, len) == 0 && !opts[i].name[len])
			return &opts[i];
		if (arg[1] != '-' && opts[i].letter && opts[i].letter == arg[1])
			return &opts[i];
	}
	return NULL;
}
