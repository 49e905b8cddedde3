// SPDX-License-Identifier: Apache-2.0
// Columns of text, aligned by what the eye sees.
#pragma once

#include <stdio.h>

struct grid {
	char **cells; // row after row, owned
	size_t columns, count, room;
};

// A cell, taken over; NULL counts as "".
void grid_add(struct grid *grid, char *cell);
// Two blanks between columns, none at the end of a line, `indent` before each.
void grid_print(FILE *out, const struct grid *grid, unsigned indent);
void grid_fini(struct grid *grid);
// Characters of a UTF-8 text, not octets.
size_t text_width(const char *text);
