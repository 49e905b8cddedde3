// SPDX-License-Identifier: Apache-2.0
// Help is made from the field tables: what can be set, what is accepted, what stands there when nothing is said.
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"
#include "cli/path.h"
#include "cli/text.h"
#include "cli/tool.h"

static void overview_row(struct grid *grid, const struct noun *noun)
{
	grid_add(grid, strdup(noun->word));
	grid_add(grid, strdup(noun->help ? noun->help : noun->title));
}

void help_overview(FILE *out)
{
	struct grid grid = {.columns = 2};

	for (size_t i = 0; nouns[i]; i++) {
		overview_row(&grid, nouns[i]);
		for (size_t f = 0; f < nouns[i]->field_count; f++)
			if (nouns[i]->fields[f].type == FIELD_ROWS && nouns[i]->fields[f].noun->owner)
				overview_row(&grid, nouns[i]->fields[f].noun);
	}
	fputs("nouns:\n", out);
	grid_print(out, &grid, 2);
	grid_fini(&grid);
	fputs("\nverbs: list, show, create, set, delete, and what \"slicegate NOUN --help\" says of each noun\n\ncommands:\n",
		out);
	grid = (struct grid){.columns = 2};
	for (const struct tool *tool = tools; tool->word; tool++) {
		grid_add(&grid, strdup(tool->word));
		grid_add(&grid, strdup(tool->help));
	}
	grid_print(out, &grid, 2);
	grid_fini(&grid);
}

static const char *value_word(const struct field *field)
{
	static const char *const words[] = {
		[FIELD_TEXT] = "TEXT",
		[FIELD_INT] = "N",
		[FIELD_BOOL] = "yes|no",
		[FIELD_TIME] = "TIME",
		[FIELD_TEXTS] = "A,B",
		[FIELD_ROWS] = "KEY=VALUE,...",
		[FIELD_OBJECT] = "JSON",
		[FIELD_RAW] = "JSON",
	};

	if (field->type == FIELD_REF)
		return field->noun->word;
	return words[field->type] ? words[field->type] : "TEXT";
}

static void print_choices(FILE *out, const struct word *words)
{
	fputs(" {", out);
	for (const struct word *word = words; word->moniker; word++)
		fprintf(out, "%s%s", word == words ? "" : "|", word->moniker);
	fputs("}", out);
}

struct help {
	const struct noun *noun;
	struct grid *grid;
};

// The shortest way to say it: the member's own name, unless several parts have one.
static void option_text(const struct noun *noun, const struct field_path *path, char out[256])
{
	char name[96], error[CLI_ERROR_TEXT];
	struct option option = {.name = name_as_option(path_leaf(path)->name, name), .name_len = strlen(name)};
	struct field_path found;

	path_as_option(path, out);
	if (path_resolve(noun, &option, &(struct options){0}, &found, error) == 0 && path_leaf(&found) == path_leaf(path))
		strcpy(out, name);
}

static void help_field(const struct field_path *path, void *context)
{
	const struct field *field = path_leaf(path);
	struct help *help = context;
	char option[256], *text = NULL;
	size_t len = 0;
	FILE *out;

	// The members of a part are options of their own; a row's are said with the row's noun.
	if (field->type == FIELD_OBJECT)
		return;
	out = open_memstream(&text, &len);
	if (!out)
		return;
	option_text(help->noun, path, option);
	fprintf(out, "--%s", option);
	if (field->type == FIELD_ENUM)
		print_choices(out, field->words);
	else
		fprintf(out, " %s", value_word(field));
	fclose(out);
	grid_add(help->grid, text);
	text = NULL;
	out = open_memstream(&text, &len);
	if (!out)
		return;
	fputs(field->help ? field->help : "", out);
	if (field->flags & FIELD_REQUIRED)
		fputs(" (required)", out);
	if (field->initial && *field->initial)
		fprintf(out, " (default %s)", field->initial);
	fclose(out);
	grid_add(help->grid, text);
}

void help_noun(FILE *out, const struct noun *noun)
{
	struct grid grid = {.columns = 2}, members = {.columns = 2};
	struct help help = {.noun = noun, .grid = &members};

	fprintf(out, "%s: %s\n\n", noun->title, noun->help ? noun->help : "");
	for (const struct verb *verb = verbs; verb->word; verb++) {
		char line[256];

		if (!verb_applies(verb, noun))
			continue;
		snprintf(line, sizeof(line), "slicegate %s %s%s%s%s%s", noun->word, verb->word, noun->owner ? " --" : "",
			noun->owner ? noun->owner->word : "", noun->owner ? " WHOSE " : " ", verb->usage);
		grid_add(&grid, strdup(line));
		grid_add(&grid, strdup(verb->help));
	}
	grid_print(out, &grid, 0);
	grid_fini(&grid);
	if (!verb_find(noun, "create"))
		return;
	path_each(noun, help_field, &help);
	fputs("\nfields:\n", out);
	grid_print(out, &members, 2);
	grid_fini(&members);
	fputs("\nA value may be @FILE; \"\" clears; lists are written a,b or given several times. --file FILE starts from a JSON "
	      "object.\n",
		out);
}
