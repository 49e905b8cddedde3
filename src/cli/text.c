// SPDX-License-Identifier: Apache-2.0
#include "cli/text.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

void grid_add(struct grid *grid, char *cell)
{
	if (grid->count == grid->room) {
		size_t room = grid->room ? grid->room * 2 : 64;
		char **grown = reallocarray(grid->cells, room, sizeof(*grown));

		if (!grown) {
			free(cell);
			return;
		}
		grid->cells = grown;
		grid->room = room;
	}
	grid->cells[grid->count++] = cell ? cell : strdup("");
}

size_t text_width(const char *text)
{
	size_t width = 0;

	for (; *text; text++)
		width += ((unsigned char)*text & 0xc0) != 0x80;
	return width;
}

void grid_print(FILE *out, const struct grid *grid, unsigned indent)
{
	size_t *widths = calloc(grid->columns + 1, sizeof(*widths));

	for (size_t i = 0; widths && i < grid->count; i++) {
		size_t width = text_width(grid->cells[i]);

		if (width > widths[i % grid->columns])
			widths[i % grid->columns] = width;
	}
	for (size_t i = 0; widths && i < grid->count; i++) {
		size_t column = i % grid->columns;
		bool last = column + 1 == grid->columns;

		fprintf(out, "%*s%s", column ? 0 : (int)indent, "", grid->cells[i]);
		if (last)
			fputc('\n', out);
		else
			fprintf(out, "%*s", (int)(widths[column] - text_width(grid->cells[i]) + 2), "");
	}
	free(widths);
}

void grid_fini(struct grid *grid)
{
	for (size_t i = 0; i < grid->count; i++)
		free(grid->cells[i]);
	free(grid->cells);
	*grid = (struct grid){0};
}
