// SPDX-License-Identifier: Apache-2.0
// A command: a noun, a verb and what they are applied to.
#pragma once

#include "cli/client.h"
#include "cli/print.h"

struct command {
	struct client *client;
	enum format format;
	const char *columns; // --columns
	const char *file; // --file: the body to start from
	uint64_t wait_ms; // --wait
	const struct noun *noun;
	char **words; // after the verb
	size_t word_count;
	struct options options;
	const char *owner; // of a row noun: the VSlice of a LAC
	size_t offset; // of a list
	char error[CLI_ERROR_TEXT];
};

// The value of an option that belongs to the command; NULL when it was not given.
const char *command_option(const struct command *command, const char *name);
// Was an option without a value given?
bool command_flag(const struct command *command, const char *name);

struct verb {
	const char *word;
	const char *usage; // what follows it
	const char *help;
	const struct noun *noun; // only of this noun; NULL = of all
	bool writes; // not of what is read-only
	bool of_rows; // only of what stands in another's list
	size_t words_min, words_max;
	bool takes_fields; // options are members of the noun
	bool takes_owner; // of a row noun: the first word is its owner
	int (*run)(struct command *command, const struct verb *verb); // an exit status; on failure `error` says why
	const char *action; // what the path ends in
	const char *done; // what is said of the object then: "restarts"
};

extern const struct verb verbs[]; // ends with an empty row

// The verb of this noun, a row of its own first; NULL when there is none.
const struct verb *verb_find(const struct noun *noun, const char *word);
bool verb_applies(const struct verb *verb, const struct noun *noun);
// The noun that a word means: "vslice", "vslices", "routing-target", "target"; NULL when there is none.
const struct noun *noun_of_word(const char *word);
// Runs it. An exit status; on failure one line stands in `error`.
int command_run(struct command *command, const struct verb *verb);
