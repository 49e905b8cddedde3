// SPDX-License-Identifier: Apache-2.0
// Options of a program: one table of rows serves the command line, the configuration file, the environment and --help.
//
//	static struct config {
//		char *name;
//		struct ip_addr gtp_address;
//		uint64_t hello_ms;
//		bool once;
//	} config;
//	static const struct opt opts[] = {
//		{"name", OPT_TEXT, &config.name, .word = "MONIKER", .required = true, .help = "the Regional Gateway that this is"},
//		{"gtp-address", OPT_ADDR, &config.gtp_address, "127.0.0.1", "where SGWs and SGSNs find us"},
//		{"hello", OPT_MS, &config.hello_ms, "60s", "interval of L2TP HELLO", .min = 1000},
//		{"once", OPT_FLAG, &config.once, .help = "end by itself"},
//	};
//
// --name value, --name=value, -n value (where the row has a letter); --help and --config FILE are in every program. A file holds
// "name = value" lines and # comments; a value in double quotes is taken as it stands. The command line wins over the environment,
// that over the file, that over the defaults. Where a mistake is made the program says so in one line and ends with status 2.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// The kind decides the type of `target`.
enum opt_kind {
	OPT_FLAG = 1, // bool: --once, --once=no; yes, no, true, false, on, off, 1, 0 in a file
	OPT_TEXT, // char *: owned, freed by opt_fini; NULL when nothing was given
	OPT_LIST, // struct opt_list: may be given several times, or several separated by commas
	OPT_INT, // int64_t
	OPT_U16,
	OPT_U32,
	OPT_U64,
	OPT_MS, // uint64_t milliseconds, written "250ms", "1.5s", "2m", "1h", "1d"
	OPT_CHOICE, // int: the index in `choices`
	OPT_ADDR, // struct ip_addr
	OPT_PREFIX, // struct ip_prefix
	OPT_END, // struct ip_end: "a.b.c.d:port", "[v6]:port"
};

struct opt_list {
	char **items;
	size_t count, room;
};

struct opt {
	const char *name;
	enum opt_kind kind;
	void *target;
	const char *fallback; // the default, as text; NULL leaves the target zero
	const char *help;
	const char *word; // what stands for the value in --help; NULL: by the kind
	const char *const *choices; // OPT_CHOICE: ends with NULL
	const char *env; // an environment variable that gives it too
	int64_t min, max; // of numbers and times; both 0: all that the type holds
	char letter; // -x; 0 = none
	bool required;
};

struct opt_program {
	const char *name;
	const char *usage; // what follows the name: "[options] sgw|lns"
	const char *about; // a paragraph, lines broken already
	const struct opt *opts;
	size_t count;
	bool words; // arguments that are no options are taken; otherwise they are a mistake
};

// What stands on the command line beside the options, borrowed from argv ("--" ends the options).
struct opt_words {
	char **items;
	size_t count, room;
};

#define OPT_ERROR_TEXT 512

// Fills the targets. 0; 1 when --help, --version or --man (its manual page) was asked for (and answered on standard output); -EINVAL with one line in
// `error`. `words` may be NULL; its array is the caller's to free with vec_free().
int opt_parse(const struct opt_program *program, int argc, char **argv, struct opt_words *words, char error[OPT_ERROR_TEXT]);
// As above, for main(): ends the program with status 0 after --help, 2 after a mistake.
void opt_parse_or_exit(const struct opt_program *program, int argc, char **argv, struct opt_words *words);
// Frees texts and lists and zeroes their targets.
void opt_fini(const struct opt_program *program);
// Only one value, as if it had been written in a file. 0 or -EINVAL and why.
int opt_set(const struct opt_program *program, const char *name, const char *value, char error[OPT_ERROR_TEXT]);
// "250ms", "1.5s", "2m", "1h", "1d" to milliseconds; a bare number is seconds. 0 or -EINVAL.
int opt_ms_parse(const char *text, uint64_t *out);
