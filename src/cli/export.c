// SPDX-License-Identifier: Apache-2.0
// slicegate export: documents that `apply` takes back without a change. Secrets cannot be read; where a document has none, `apply`
// keeps what is there. What came with the program is left out, and what belongs to the platform unless it is asked for.
#include "cli/export.h"

#include <stdio.h>
#include <string.h>

#include "cli/pages.h"
#include "cli/print.h"
#include "cli/resource.h"

struct export
{
	struct command *command;
	bool brief;
	size_t count, secrets;
};

static bool is_wanted(const struct command *command, const struct noun *noun)
{
	if (!resource_is_writable(noun))
		return false;
	for (size_t i = 0; i < command->word_count; i++)
		if (noun_of_word(command->words[i]) == noun)
			return true;
	return !command->word_count && (!(noun->flags & NOUN_PLATFORM) || command_flag(command, "platform"));
}

// Secrets that are set, here and in parts and rows.
static size_t count_secrets(const json_t *value)
{
	size_t count = 0, i;
	const char *key;
	json_t *inner;

	json_object_foreach((json_t *)value, key, inner)
	{
		size_t len = strlen(key);

		count += len > 3 && strcmp(key + len - 3, "Set") == 0 && json_is_true(inner);
		count += count_secrets(inner);
	}
	json_array_foreach((json_t *)value, i, inner) count += count_secrets(inner);
	return count;
}

static void give(struct export *export, const struct noun *noun, const json_t *object)
{
	json_t *document = json_pack("{ss}", RESOURCE_KIND, noun->word);
	json_t *members = resource_from_answer(noun, object, export->brief);
	bool is_yaml = export->command->format != FORMAT_JSON;

	json_object_update(document, members);
	if (is_yaml)
		puts("---");
	else
		puts(export->count ? "," : "[");
	if (is_yaml)
		print_yaml(stdout, document);
	else
		json_dumpf(document, stdout, JSON_INDENT(2));
	export->count++;
	export->secrets += count_secrets(object);
	json_decref(members);
	json_decref(document);
}

static int export_noun(struct export *export, const struct noun *noun)
{
	json_t *all = json_array(), *object;
	char path[256] = "";
	size_t i;
	int result;

	path_add(path, sizeof(path), noun->path);
	query_add(path, sizeof(path), "sortBy", "asc(moniker)");
	result = pages_read(export->command, path, 0, all, NULL);
	json_array_foreach(all, i, object) if (!result && !resource_is_built_in(noun, object)) give(export, noun, object);
	json_decref(all);
	return result;
}

static int check_words(struct command *command)
{
	for (size_t i = 0; i < command->word_count; i++) {
		const struct noun *noun = noun_of_word(command->words[i]);

		if (noun && resource_is_writable(noun))
			continue;
		snprintf(command->error, sizeof(command->error), "export: \"%.60s\" is no noun that can be applied%s",
			command->words[i], noun && noun->owner ? "; it goes along with what it is part of" : "");
		return EXIT_USAGE;
	}
	if (command->format != FORMAT_CSV)
		return 0;
	snprintf(command->error, sizeof(command->error),
		"export: -o yaml or -o json; endpoints as CSV: slicegate endpoint export");
	return EXIT_USAGE;
}

int export_run(struct command *command)
{
	struct export export = {.command = command, .brief = command_flag(command, "brief")};
	int result = check_words(command);

	for (size_t i = 0; !result && nouns[i]; i++) {
		if (is_wanted(command, nouns[i]))
			result = export_noun(&export, nouns[i]);
		// Of everything, what this token may read.
		if (!command->word_count && (result == EXIT_NOT_ALLOWED || result == EXIT_NOT_FOUND))
			result = 0;
	}
	if (!result && command->format == FORMAT_JSON)
		puts(export.count ? "\n]" : "[]");
	if (!result && export.secrets)
		fprintf(stderr, "%zu secret%s cannot be read; apply keeps what is there\n", export.secrets,
			export.secrets > 1 ? "s" : "");
	return result;
}
