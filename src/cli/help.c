// SPDX-License-Identifier: Apache-2.0
// Help is made from the field tables: what can be set, what is accepted, what stands there when nothing is said.
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clean.h"
#include "cli/command.h"
#include "cli/help.h"
#include "cli/path.h"
#include "cli/text.h"
#include "cli/tool.h"

static void overview_row(const struct noun *noun, void *context)
{
	grid_add(context, strdup(noun->word));
	grid_add(context, strdup(noun->help ? noun->help : noun->title));
}

void help_overview(FILE *out)
{
	struct grid grid = {.columns = 2};

	help_nouns(overview_row, &grid);
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
	void (*item)(const char *left, const char *right, void *context);
	void *context;
};

// The shortest way to say it: the member's own name, unless several parts have one.
void help_option(const struct noun *noun, const struct field_path *path, char out[256])
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
	_cleanup_free_ char *left = NULL, *right = NULL;
	char option[256];
	size_t len = 0;
	FILE *out;

	// The members of a part are options of their own; a row's are said with the row's noun.
	if (field->type == FIELD_OBJECT)
		return;
	out = open_memstream(&left, &len);
	if (!out)
		return;
	help_option(help->noun, path, option);
	fprintf(out, "--%s", option);
	if (field->type == FIELD_ENUM)
		print_choices(out, field->words);
	else
		fprintf(out, " %s", value_word(field));
	fclose(out);
	out = open_memstream(&right, &len);
	if (!out)
		return;
	fputs(field->help ? field->help : "", out);
	if (field->flags & FIELD_REQUIRED)
		fputs(" (required)", out);
	if (field->initial && *field->initial)
		fprintf(out, " (default %s)", field->initial);
	fclose(out);
	help->item(left, right, help->context);
}

void help_fields(const struct noun *noun, void (*item)(const char *left, const char *right, void *context), void *context)
{
	struct help help = {.noun = noun, .item = item, .context = context};

	if (verb_find(noun, "create"))
		path_each(noun, help_field, &help);
}

void help_verbs(const struct noun *noun, void (*item)(const char *left, const char *right, void *context), void *context)
{
	for (const struct verb *verb = verbs; verb->word; verb++) {
		char line[256];

		if (!verb_applies(verb, noun))
			continue;
		snprintf(line, sizeof(line), "slicegate %s %s%s%s%s%s", noun->word, verb->word, noun->owner ? " --" : "",
			noun->owner ? noun->owner->word : "", noun->owner ? " WHOSE " : " ", verb->usage);
		if (verb->takes_owner)
			snprintf(line, sizeof(line), "slicegate %s %s WHOSE %s", noun->word, verb->word, verb->usage);
		item(line, verb->help, context);
	}
}

static void add_row(const char *left, const char *right, void *context)
{
	grid_add(context, strdup(left));
	grid_add(context, strdup(right));
}

void help_noun(FILE *out, const struct noun *noun)
{
	struct grid grid = {.columns = 2}, members = {.columns = 2};

	fprintf(out, "%s: %s\n\n", noun->title, noun->help ? noun->help : "");
	help_verbs(noun, add_row, &grid);
	grid_print(out, &grid, 0);
	grid_fini(&grid);
	help_fields(noun, add_row, &members);
	if (!members.count)
		return;
	fputs("\nfields:\n", out);
	grid_print(out, &members, 2);
	grid_fini(&members);
	fputs("\n" HELP_VALUES "\n", out);
}

void help_nouns(void (*each)(const struct noun *noun, void *context), void *context)
{
	for (size_t i = 0; nouns[i]; i++) {
		each(nouns[i], context);
		for (size_t f = 0; f < nouns[i]->field_count; f++)
			if (nouns[i]->fields[f].type == FIELD_ROWS && nouns[i]->fields[f].noun->owner)
				each(nouns[i]->fields[f].noun, context);
	}
}
