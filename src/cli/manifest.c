// SPDX-License-Identifier: Apache-2.0
#include "cli/manifest.h"

#include <dirent.h>
#include <errno.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "base/clean.h"
#include "cli/body.h"
#include "cli/command.h"
#include "cli/yaml_read.h"
#include "model/slug.h"

struct reading {
	struct manifest *manifest;
	const char *path, *folder;
	char *error;
};

// What the API will call it: its moniker; else, where the noun has one, its ICCID; else what the name becomes.
static void name_document(struct document *document)
{
	static const char *const names[] = {"moniker", "iccid"};
	char slug[MONIKER_TEXT];

	for (size_t i = 0; i < array_len(names) && !*document->called; i++) {
		const char *text = json_string_value(json_object_get(document->body, names[i]));

		if (text)
			snprintf(document->called, sizeof(document->called), "%s", text);
	}
	if (!*document->called && json_string_value(json_object_get(document->body, "name")))
		snprintf(document->called, sizeof(document->called), "%s",
			slug_make(json_string_value(json_object_get(document->body, "name")), document->noun->word, slug));
	if (!*document->called)
		resource_fault(&document->place, "", "moniker or name is wanted");
}

static const struct noun *noun_of_kind(const json_t *value, const struct resource_place *place)
{
	const char *kind = json_string_value(json_object_get(value, RESOURCE_KIND));
	const struct noun *noun = kind ? noun_of_word(kind) : NULL;

	if (!kind)
		resource_fault(place, RESOURCE_KIND, "is missing: the noun of the object, such as vslice");
	else if (!noun)
		resource_fault(place, RESOURCE_KIND, "there is no \"%.60s\"; see: slicegate --help", kind);
	else if (noun->owner)
		resource_fault(place, RESOURCE_KIND, "a %s stands in the list of its %s", noun->word, noun->owner->word);
	else if (!resource_is_writable(noun))
		resource_fault(place, RESOURCE_KIND, "a %s is only read", noun->word);
	return noun && resource_is_writable(noun) ? noun : NULL;
}

static int take_one(const struct reading *reading, const json_t *value, unsigned line, size_t number)
{
	struct document *document = vec_add(&reading->manifest->documents);
	struct resource_place *place;
	const char *called;
	size_t used;

	if (!document)
		return -ENOMEM;
	place = &document->place;
	*place = (struct resource_place){.folder = reading->folder, .faults = &reading->manifest->faults};
	snprintf(place->where, sizeof(place->where), "%.200s:%u", reading->path, line);
	used = strlen(place->where);
	if (number)
		snprintf(place->where + used, sizeof(place->where) - used, ": entry %zu", number);
	used = strlen(place->where);
	if (!json_is_object(value))
		resource_fault(place, "", "an object is wanted, with its kind: vslice, routing-target...");
	document->noun = json_is_object(value) ? noun_of_kind(value, place) : NULL;
	if (!document->noun)
		return 0;
	called = json_string_value(json_object_get(value, "moniker"));
	if (!called)
		called = json_string_value(json_object_get(value, "name"));
	snprintf(place->where + used, sizeof(place->where) - used, ": %s%s%.60s", document->noun->word, called ? " " : "",
		called ? called : "");
	document->body = resource_from_document(document->noun, value, place);
	name_document(document);
	return 0;
}

static int take_document(json_t *value, unsigned line, void *context)
{
	const json_t *items = json_object_get(value, "items");
	const json_t *list = json_is_array(items) && !json_object_get(value, RESOURCE_KIND) ? items : value;
	json_t *item;
	size_t i;
	int result = 0;

	if (!json_is_array(list))
		return take_one(context, value, line, 0);
	json_array_foreach((json_t *)list, i, item) if (!result) result = take_one(context, item, line, i + 1);
	return result;
}

// JSON texts one after the other.
static int read_json(struct reading *reading, const char *text)
{
	size_t len = strlen(text), at = 0;
	int result = 0;

	while (!result && (at += strspn(text + at, " \t\r\n")) < len) {
		json_error_t where;
		json_t *value = json_loadb(text + at, len - at, JSON_REJECT_DUPLICATES | JSON_DISABLE_EOF_CHECK, &where);
		unsigned line = 1;

		for (size_t i = 0; i < at; i++)
			line += text[i] == '\n';
		if (!value) {
			snprintf(reading->error, CLI_ERROR_TEXT, "%.300s:%u: %.300s", reading->path,
				line + (unsigned)where.line - 1, where.text);
			return -EINVAL;
		}
		result = take_document(value, line, reading);
		at += (size_t)where.position;
		json_decref(value);
	}
	return result;
}

static int read_yaml(struct reading *reading, const char *text)
{
	char why[300] = "";
	int result = yaml_read(text, strlen(text), take_document, reading, why, sizeof(why));

	if (result)
		snprintf(reading->error, CLI_ERROR_TEXT, "%.300s:%s", reading->path, *why ? why : strerror(-result));
	return result;
}

static int read_one(struct manifest *manifest, const char *path, char error[CLI_ERROR_TEXT])
{
	_cleanup_free_ char *text = body_read_file(path, error), *copy = strdup(path);
	struct reading reading = {.manifest = manifest, .path = strcmp(path, "-") == 0 ? "standard input" : path, .error = error};
	char **folder = vec_add(&manifest->folders);
	size_t at;

	if (!text)
		return -EINVAL;
	if (!copy || !folder)
		return -ENOMEM;
	*folder = strcmp(path, "-") == 0 ? NULL : strdup(dirname(copy));
	reading.folder = *folder;
	// JSON begins with a name in quotes, or with nothing at all; {name: value} is YAML.
	at = strspn(text, "[{ \t\r\n");
	return strcspn(text, "[{") < at && strchr("\"]}", text[at]) ? read_json(&reading, text) : read_yaml(&reading, text);
}

static int is_document(const struct dirent *entry)
{
	static const char *const ends[] = {".yaml", ".yml", ".json"};
	const char *dot = strrchr(entry->d_name, '.');

	for (size_t i = 0; dot && entry->d_name[0] != '.' && i < array_len(ends); i++)
		if (strcmp(dot, ends[i]) == 0)
			return 1;
	return 0;
}

// The files of a folder, by their names.
static int read_folder(struct manifest *manifest, const char *path, char error[CLI_ERROR_TEXT])
{
	struct dirent **entries;
	int count = scandir(path, &entries, is_document, alphasort), result = 0;

	if (count < 0) {
		snprintf(error, CLI_ERROR_TEXT, "%.300s: %s", path, strerror(errno));
		return -EINVAL;
	}
	for (int i = 0; i < count; i++) {
		char *file = NULL;

		if (!result)
			result = asprintf(&file, "%s/%s", path, entries[i]->d_name) < 0 ? -ENOMEM
											: read_one(manifest, file, error);
		free(file);
		free(entries[i]);
	}
	free(entries);
	return result;
}

int manifest_read(struct manifest *manifest, const char *path, char error[CLI_ERROR_TEXT])
{
	struct stat stat_;

	if (strcmp(path, "-") != 0 && stat(path, &stat_) == 0 && S_ISDIR(stat_.st_mode))
		return read_folder(manifest, path, error);
	return read_one(manifest, path, error);
}

static size_t rank(const struct noun *noun)
{
	size_t at = 0;

	while (nouns[at] && nouns[at] != noun)
		at++;
	return at;
}

// The registry's order is that in which objects can be made: a noun stands after those that it refers to, but for the VSlice's
// Default Routing Policy. That one, and whatever is like it, is set once its object is there.
static int compare(const void *a, const void *b)
{
	const struct document *one = a, *two = b;
	size_t ranks[] = {rank(one->noun), rank(two->noun)};

	return ranks[0] != ranks[1] ? (ranks[0] > ranks[1] ? 1 : -1) : strcmp(one->called, two->called);
}

void manifest_sort(struct manifest *manifest)
{
	struct document *items = manifest->documents.items;

	if (manifest->faults.lines.count || !manifest->documents.count)
		return;
	qsort(items, manifest->documents.count, sizeof(*items), compare);
	for (size_t i = 1; i < manifest->documents.count; i++)
		if (compare(&items[i - 1], &items[i]) == 0)
			resource_fault(&items[i].place, "", "%s %s stands in another document too (%s)", items[i].noun->word,
				items[i].called, items[i - 1].place.where);
}

struct document *manifest_called(const struct manifest *manifest, const struct noun *noun, const char *called)
{
	struct document key = {.noun = noun};

	snprintf(key.called, sizeof(key.called), "%s", called);
	return bsearch(&key, manifest->documents.items, manifest->documents.count, sizeof(key), compare);
}

struct document *manifest_find(const struct manifest *manifest, const struct noun *noun, const char *called)
{
	struct document *found = manifest_called(manifest, noun, called);

	// By name, or in another letter case: only few are referred to so.
	for (size_t i = 0; !found && i < manifest->documents.count; i++) {
		struct document *document = &manifest->documents.items[i];
		const char *name = json_string_value(json_object_get(document->body, "name"));

		if (document->noun == noun && (strcasecmp(document->called, called) == 0 || (name && strcmp(name, called) == 0)))
			found = document;
	}
	return found;
}

void manifest_fini(struct manifest *manifest)
{
	vec_each (&manifest->documents, document) {
		json_decref(document->body);
		json_decref(document->live);
		json_decref(document->later);
	}
	vec_free(&manifest->documents);
	vec_each (&manifest->folders, folder)
		free(*folder);
	vec_free(&manifest->folders);
	resource_faults_fini(&manifest->faults);
}
