// SPDX-License-Identifier: Apache-2.0
// What help, the manual page and completion say of nouns, from their field tables.
#pragma once

#include "cli/command.h"
#include "cli/path.h"

#define HELP_VALUES                                                                                                              \
	"A value may be @FILE; \"\" clears; lists are written a,b or given several times. --file FILE starts from a JSON "       \
	"object."

void help_overview(FILE *out);
void help_noun(FILE *out, const struct noun *noun);
// Each noun, those that live in another's list after their owner.
void help_nouns(void (*each)(const struct noun *noun, void *context), void *context);
// A noun's verbs: the command, what it does. And what can be set: "--name TEXT", what it is.
void help_verbs(const struct noun *noun, void (*item)(const char *left, const char *right, void *context), void *context);
void help_fields(const struct noun *noun, void (*item)(const char *left, const char *right, void *context), void *context);
// The shortest option for a member, without dashes.
void help_option(const struct noun *noun, const struct field_path *path, char out[256]);
