// SPDX-License-Identifier: Apache-2.0
// Answers for people (tables) and for machines (JSON, YAML, CSV).
#pragma once

#include <stdio.h>

#include "cli/cli.h"

enum format { FORMAT_TABLE, FORMAT_JSON, FORMAT_YAML, FORMAT_CSV };

// A list of objects. `columns` is "name,name..." or NULL: those that the noun's rows mark for lists. `noun` may be NULL.
void print_list(FILE *out, enum format format, const struct noun *noun, const char *columns, const json_t *list);
// One object, all that it has.
void print_object(FILE *out, enum format format, const struct noun *noun, const json_t *object);
// A value as people read it: an enumeration's or a reference's moniker, yes, no, "-" for nothing. The caller frees it.
char *print_text(const json_t *value);
// Nothing, an empty text, list or object.
bool print_is_empty(const json_t *value);
void print_yaml(FILE *out, const json_t *value);
