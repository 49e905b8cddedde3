// SPDX-License-Identifier: Apache-2.0
// slicegate apply: the documents of a file become what there is.
//
// First every document is read and held against the field tables; if anything is wrong nothing is sent. Then the live objects are
// read. Then each document, in the order of the registry (manifest.c), is created, or the members that differ are written with
// If-Match, or it is left alone: a second run changes nothing. A reference to an object that is made further down (a VSlice's Default
// Routing Policy) is left out at first and written at the end: the VSlice is touched twice. Members that a document does not name
// stay as they are; lists are written whole. Whether a secret differs only the API can tell, so one that is given is always sent,
// and the ETag says whether that was a change. What a dry run sends has ?dryRun=true: the API judges it and stores nothing.
#include "cli/apply.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clean.h"
#include "cli/diff.h"
#include "cli/manifest.h"
#include "cli/pages.h"
#include "cli/print.h"
#include "cli/prune.h"

#define MANY 100 // documents of a kind

struct apply {
	struct command *command;
	struct manifest manifest;
	bool dry, check, prune;
	json_t *done; // for machines: {kind, moniker, action}
	size_t created, changed, unchanged, deleted;
};

enum action { ACTION_CREATE, ACTION_CHANGE, ACTION_DELETE };

static const char *const action_words[][2] = {
	[ACTION_CREATE] = {"created", "would be created"},
	[ACTION_CHANGE] = {"changed", "would be changed"},
	[ACTION_DELETE] = {"deleted", "would be deleted"},
};

static void progress(const struct apply *apply, size_t at)
{
	if (isatty(STDERR_FILENO) && apply->manifest.documents.count > 20)
		fprintf(stderr, at ? "\r%zu of %zu " : "\r\033[K", at, apply->manifest.documents.count);
}

static void tell(struct apply *apply, enum action action, const struct noun *noun, const char *called)
{
	const char *word = action_words[action][apply->dry];
	json_t *row = json_pack("{ssssss}", "kind", noun->word, "moniker", called, "action", word);

	json_array_append_new(apply->done, row);
	progress(apply, 0);
	if (apply->command->format == FORMAT_TABLE)
		printf("%s %s %s\n", noun->word, called, word);
}

// Secrets do not reach a terminal.
static json_t *masked(const struct noun *noun, const json_t *body)
{
	json_t *out = json_object(), *value, *row, *list;
	const char *key;
	size_t i;

	json_object_foreach((json_t *)body, key, value)
	{
		const struct field *field = field_find(noun, key);

		if (!field || strcmp(key, "id") == 0)
			continue;
		if (field->flags & FIELD_SECRET && json_is_string(value)) {
			json_object_set_new(out, key, json_string("(secret)"));
		} else if (field->type == FIELD_OBJECT && json_is_object(value)) {
			json_object_set_new(out, key, masked(field->noun, value));
		} else if (field->type == FIELD_ROWS) {
			json_object_set_new(out, key, list = json_array());
			json_array_foreach(value, i, row) json_array_append_new(list, masked(field->noun, row));
		} else {
			json_object_set(out, key, value);
		}
	}
	return out;
}

// What was there of the members that are written.
static json_t *restricted(const json_t *value, const json_t *to)
{
	json_t *out, *inner, *item;
	const char *key;
	size_t i;

	if (json_is_object(value) && json_is_object(to)) {
		out = json_object();
		json_object_foreach((json_t *)to, key, inner)
		{
			if (json_object_get(value, key))
				json_object_set_new(out, key, restricted(json_object_get(value, key), inner));
		}
		return out;
	}
	if (!json_is_array(value) || !json_is_array(to))
		return json_incref((json_t *)value);
	out = json_array();
	json_array_foreach((json_t *)value, i, item)
		json_array_append_new(out, i < json_array_size(to) ? restricted(item, json_array_get(to, i)) : json_incref(item));
	return out;
}

static void show_difference(const struct apply *apply, const struct document *document, const json_t *body)
{
	json_t *before, *live, *after;

	if (!apply->dry || apply->command->format != FORMAT_TABLE)
		return;
	after = masked(document->noun, body);
	live = document->live ? resource_from_answer(document->noun, document->live, false) : NULL;
	before = live ? restricted(live, after) : NULL;
	diff_print(stdout, before, after);
	json_decref(before);
	json_decref(live);
	json_decref(after);
}

static const struct document *document_of(
	const struct apply *apply, const struct document *from, const struct field *field, const json_t *value)
{
	const struct noun *noun = field->noun;
	const char *called = json_string_value(value);

	// A LAC is part of the VSlice that the same document names.
	if (noun->owner) {
		called = field->scope ? json_string_value(json_object_get(from->body, field->scope)) : NULL;
		noun = noun->owner;
	}
	return called && *called ? manifest_find(&apply->manifest, noun, called) : NULL;
}

// Does the body refer to what this run makes or changes? Then a dry run cannot ask the API about it.
static bool leans_on_changes(
	const struct apply *apply, const struct document *document, const struct noun *noun, const json_t *body)
{
	const char *key;
	json_t *value, *row;
	size_t i;

	json_object_foreach((json_t *)body, key, value)
	{
		const struct field *field = field_find(noun, key);
		const struct document *other =
			field && field->type == FIELD_REF ? document_of(apply, document, field, value) : NULL;

		if (!field)
			continue;
		if (other && other != document && (!other->live || other->is_changed))
			return true;
		if (field->type == FIELD_OBJECT && leans_on_changes(apply, document, field->noun, value))
			return true;
		if (field->type != FIELD_ROWS)
			continue;
		json_array_foreach(value, i, row) if (leans_on_changes(apply, document, field->noun, row)) return true;
	}
	return false;
}

// References that may be blank and whose object is not there yet wait for it.
static void put_off(const struct apply *apply, struct document *document, json_t *body)
{
	const struct noun *noun = document->noun;

	for (size_t i = 0; i < noun->field_count; i++) {
		const struct field *field = &noun->fields[i];
		json_t *value = json_object_get(body, field->name);
		const struct document *other =
			field->type == FIELD_REF && value ? document_of(apply, document, field, value) : NULL;

		if (!other || other->live || other <= document || field->flags & FIELD_REQUIRED)
			continue;
		if (!document->later)
			document->later = json_object();
		json_object_set(document->later, field->name, value);
		json_object_del(body, field->name);
	}
}

static int refused(struct apply *apply, const struct document *document, const char *why, int status)
{
	snprintf(apply->command->error, sizeof(apply->command->error), "%s: %.700s", document->place.where, why);
	return status;
}

static int send(
	struct apply *apply, const struct document *document, const char *method, const json_t *body, struct answer *answer)
{
	char path[1024] = "";
	int result;

	path_add(path, sizeof(path), document->noun->path);
	if (document->live)
		path_add(path, sizeof(path), json_string_value(json_object_get(document->live, "id")));
	if (apply->dry)
		query_add(path, sizeof(path), "dryRun", "true");
	apply->command->client->if_match = document->live && *document->etag ? document->etag : NULL;
	result = client_call(apply->command->client, method, path, body, answer);
	apply->command->client->if_match = NULL;
	return result ? refused(apply, document, answer->error, result) : 0;
}

static int read_live(struct apply *apply, struct document *document)
{
	struct answer answer;
	char path[1024] = "";
	int result;

	json_decref(document->live);
	document->live = NULL;
	path_add(path, sizeof(path), document->noun->path);
	path_add(path, sizeof(path), document->called);
	result = client_call(apply->command->client, "GET", path, NULL, &answer);
	if (!result) {
		document->live = json_incref(answer.data);
		snprintf(document->etag, sizeof(document->etag), "%s", answer.etag);
	} else if (result == EXIT_NOT_FOUND && answer.status == 404) {
		result = 0;
	} else {
		refused(apply, document, answer.error, result);
	}
	answer_fini(&answer);
	return result;
}

static int create(struct apply *apply, struct document *document)
{
	json_t *body = json_deep_copy(document->body);
	struct answer answer = {0};
	int result = 0;

	// What the name becomes is said, so that the next run finds it even when the API would have chosen another.
	if (field_find(document->noun, "moniker") && !json_object_get(body, "moniker") && !json_object_get(body, "iccid"))
		json_object_set_new(body, "moniker", json_string(document->called));
	put_off(apply, document, body);
	if (!apply->dry || !leans_on_changes(apply, document, document->noun, body))
		result = send(apply, document, "POST", body, &answer);
	if (!result) {
		document->is_changed = true;
		apply->created++;
		tell(apply, ACTION_CREATE, document->noun, document->called);
		show_difference(apply, document, document->body);
		if (answer.extra && apply->command->format == FORMAT_TABLE)
			print_object(stdout, FORMAT_TABLE, document->noun, answer.extra);
		else if (answer.extra) // a token is shown once
			json_object_update(json_array_get(apply->done, json_array_size(apply->done) - 1), answer.extra);
	}
	answer_fini(&answer);
	json_decref(body);
	return result;
}

// The members that are not what they shall be, and those of which only the API can tell.
static json_t *differing(const struct document *document, bool *is_seen)
{
	json_t *out = json_object(), *value;
	const char *key;

	*is_seen = false;
	json_object_foreach(document->body, key, value)
	{
		const struct field *field = field_find(document->noun, key);
		json_t *one = json_pack("{sO}", key, value);
		bool same = resource_same(field, value, json_object_get(document->live, field->name));

		*is_seen = *is_seen || !same;
		if (!same || resource_has_unseen(document->noun, one))
			json_object_set(out, key, value);
		json_decref(one);
	}
	return out;
}

static int change(struct apply *apply, struct document *document, json_t *body, bool is_seen)
{
	struct answer answer = {0};
	bool is_asked = !apply->dry || !leans_on_changes(apply, document, document->noun, body);
	int result = *document->etag ? 0 : read_live(apply, document);

	if (!result && !document->live)
		result = refused(apply, document, "it was deleted meanwhile; apply the file once more", EXIT_CONFLICT);
	if (result)
		return result;
	resource_keep_ids(document->noun, body, document->live);
	if (is_asked)
		result = send(apply, document, "PATCH", body, &answer);
	if (!result && (is_asked ? strcmp(answer.etag, document->etag) != 0 : is_seen)) {
		if (!document->is_changed) {
			apply->changed++;
			tell(apply, ACTION_CHANGE, document->noun, document->called);
		}
		document->is_changed = true;
		show_difference(apply, document, body);
	}
	snprintf(document->etag, sizeof(document->etag), "%s", answer.etag);
	answer_fini(&answer);
	return result;
}

static int bring_about(struct apply *apply, struct document *document)
{
	bool is_seen;
	json_t *body;
	int result = 0;

	if (!document->live) {
		result = create(apply, document);
		// Something made before has brought it along: a Regional Gateway its zone.
		if (result != EXIT_CONFLICT || !apply->created || read_live(apply, document) || !document->live)
			return result;
		result = 0;
	}
	body = differing(document, &is_seen);
	put_off(apply, document, body);
	if (json_object_size(body))
		result = change(apply, document, body, is_seen);
	json_decref(body);
	return result;
}

// A kind of which the file has many is read as a list; the ETag of one is asked for when it is to be changed.
static int read_kind(struct apply *apply, const struct noun *noun)
{
	json_t *all = json_array(), *object;
	char path[256] = "";
	size_t i;
	int result;

	path_add(path, sizeof(path), noun->path);
	result = pages_read(apply->command, path, 0, all, NULL);
	json_array_foreach(all, i, object)
	{
		static const char *const names[] = {"moniker", "iccid"};
		struct document *document = NULL;

		for (size_t n = 0; n < array_len(names) && !document; n++)
			if (json_string_value(json_object_get(object, names[n])))
				document = manifest_called(
					&apply->manifest, noun, json_string_value(json_object_get(object, names[n])));
		if (document && !document->live)
			document->live = json_incref(object);
	}
	json_decref(all);
	return result;
}

static int read_all(struct apply *apply)
{
	struct document *items = apply->manifest.documents.items;
	size_t count = apply->manifest.documents.count, next;
	int result = 0;

	for (size_t at = 0; !result && at < count; at = next) { // those of a kind stand together
		for (next = at; next < count && items[next].noun == items[at].noun;)
			next++;
		if (next - at >= MANY)
			result = read_kind(apply, items[at].noun);
		for (size_t i = at; !result && next - at < MANY && i < next; i++)
			result = read_live(apply, &items[i]);
	}
	return result;
}

// What was put off, now that all is there.
static int finish(struct apply *apply, struct document *document)
{
	int result = 0;

	if (!document->later)
		return 0;
	if (apply->dry && document->live) // what a dry run would make is not there to be referred to
		return change(apply, document, document->later, true);
	if (!apply->dry)
		result = read_live(apply, document);
	if (!result && document->live)
		result = change(apply, document, document->later, true);
	return result;
}

static int read_files(struct apply *apply)
{
	struct command *command = apply->command;

	if (!command->file && !command->word_count) {
		snprintf(command->error, sizeof(command->error), "apply: -f FILE is wanted (- is standard input)");
		return EXIT_USAGE;
	}
	if (command->file && manifest_read(&apply->manifest, command->file, command->error))
		return EXIT_USAGE;
	for (size_t i = 0; i < command->word_count; i++)
		if (manifest_read(&apply->manifest, command->words[i], command->error))
			return EXIT_USAGE;
	manifest_sort(&apply->manifest);
	for (size_t i = 0; i + 1 < apply->manifest.faults.lines.count; i++)
		fprintf(stderr, "slicegate: %s\n", apply->manifest.faults.lines.items[i]);
	if (!apply->manifest.faults.lines.count)
		return 0;
	snprintf(command->error, sizeof(command->error), "%s",
		apply->manifest.faults.lines.items[apply->manifest.faults.lines.count - 1]);
	return EXIT_USAGE;
}

static void prune_told(const struct noun *noun, const char *called, void *context)
{
	struct apply *apply = context;

	apply->deleted++;
	tell(apply, ACTION_DELETE, noun, called);
}

static int bring_all_about(struct apply *apply)
{
	int result = read_all(apply);
	size_t at = 0;

	vec_each (&apply->manifest.documents, document) {
		progress(apply, ++at);
		if (!result)
			result = bring_about(apply, document);
	}
	vec_each (&apply->manifest.documents, document)
		if (!result)
			result = finish(apply, document);
	vec_each (&apply->manifest.documents, document)
		apply->unchanged += !document->is_changed;
	if (!result && apply->prune)
		result = prune(apply->command, &apply->manifest, apply->dry, prune_told, apply);
	progress(apply, 0);
	return result;
}

static void sum_up(const struct apply *apply)
{
	if (apply->command->format == FORMAT_TABLE)
		printf("%s%zu created, %zu changed, %zu unchanged%s", apply->dry ? "dry run: " : "", apply->created,
			apply->changed, apply->unchanged, apply->prune ? ", " : "\n");
	if (apply->command->format == FORMAT_TABLE && apply->prune)
		printf("%zu deleted\n", apply->deleted);
	if (apply->command->format != FORMAT_TABLE)
		print_list(stdout, apply->command->format, NULL,
			apply->command->columns ? apply->command->columns : "kind,moniker,action", apply->done);
}

int apply_run(struct command *command)
{
	struct apply apply = {
		.command = command,
		.check = command_flag(command, "check"),
		.prune = command_flag(command, "prune"),
		.done = json_array(),
	};
	int result;

	apply.dry = apply.check || command_flag(command, "dry-run");
	result = read_files(&apply);
	if (!result) {
		result = bring_all_about(&apply);
		if (!result || command->format != FORMAT_TABLE)
			sum_up(&apply);
	}
	if (!result && apply.check && json_array_size(apply.done)) {
		snprintf(command->error, sizeof(command->error), "what is there differs from what the file says");
		result = EXIT_DIFFERS;
	}
	json_decref(apply.done);
	manifest_fini(&apply.manifest);
	return result;
}
