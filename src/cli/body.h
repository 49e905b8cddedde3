// SPDX-License-Identifier: Apache-2.0
// From the words of a command line to the JSON that the API takes, by the field table of the noun.
#pragma once

#include "cli/cli.h"

// Puts the options into `body`, an object. A member is named as in the table, with hyphens; one inside a part by its own name when
// only one has it, or with the part's: --peering-config.interface. Values:
//   @FILE               the file's text (a secret that shall not stand in the list of processes); @@ is an @
//   ""                  null: clears the member
//   a,b                 lists of texts; the option may also be repeated
//   key=value,key=value one row of a list (a rule, a LAC); or JSON, or @FILE with JSON
// 0 or -EINVAL and one line in `error`. Whether values are right is the API's to say.
int body_fill(const struct noun *noun, const struct options *options, json_t *body, char error[CLI_ERROR_TEXT]);
// One member as text to JSON; `list` is what was given before for a list, or NULL.
int body_value(const struct field *field, const struct option *option, json_t *before, json_t **out, char error[CLI_ERROR_TEXT]);
// Reads a file to a text without its last line end ("-": standard input). NULL and why.
char *body_read_file(const char *path, char error[CLI_ERROR_TEXT]);
