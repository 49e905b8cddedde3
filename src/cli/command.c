// SPDX-License-Identifier: Apache-2.0
#include "cli/command.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clean.h"
#include "cli/attaches.h"
#include "cli/bindings.h"
#include "cli/body.h"
#include "cli/bulk.h"
#include "cli/capture.h"
#include "cli/lnsconfig.h"
#include "cli/lnstest.h"
#include "cli/pages.h"
#include "cli/usage.h"
#include "cli/wait.h"

#define PATH_SIZE 4096
#define PAGE "1000"

__attribute__((format(printf, 2, 3))) static int usage(struct command *command, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(command->error, sizeof(command->error), format, args);
	va_end(args);
	return EXIT_USAGE;
}

// "/vslices/v1/lacs" for a LAC of v1, "/vslices" for a VSlice; then the elements given, until NULL.
static void build_path(const struct command *command, char *path, ...)
{
	const struct noun *noun = command->noun;
	const char *element;
	va_list args;

	path[0] = '\0';
	if (noun->owner) {
		path_add(path, PATH_SIZE, noun->owner->path);
		path_add(path, PATH_SIZE, command->owner);
	}
	path_add(path, PATH_SIZE, noun->path);
	va_start(args, path);
	while ((element = va_arg(args, const char *)))
		path_add(path, PATH_SIZE, element);
	va_end(args);
}

static int call(struct command *command, const char *method, const char *path, const json_t *body, struct answer *answer)
{
	int result = client_call(command->client, method, path, body, answer);

	if (result)
		snprintf(command->error, sizeof(command->error), "%s", answer->error);
	return result;
}

// Rows that have no moniker (rules) may be called by their place in the list, the number that "list" shows: its id takes the word's
// place. `ids` keeps the list alive.
static int name_rows(struct command *command, json_t **ids)
{
	struct answer answer;
	char path[PATH_SIZE];
	int result;

	build_path(command, path, NULL);
	query_add(path, sizeof(path), "limit", PAGE);
	result = call(command, "GET", path, NULL, &answer);
	*ids = json_incref(answer.data);
	answer_fini(&answer);
	for (size_t i = 0; !result && i < command->word_count; i++) {
		const char *word = command->words[i];
		unsigned long number = strtoul(word, NULL, 10);
		const char *id = json_string_value(json_object_get(json_array_get(*ids, number - 1), "id"));

		if (word[strspn(word, "0123456789")] || !number)
			continue;
		if (!id)
			return usage(command, "there is no %s %lu", command->noun->title, number);
		command->words[i] = (char *)id;
	}
	return result;
}

static bool has_numbers(const struct command *command)
{
	for (size_t i = 0; i < command->word_count; i++)
		if (!command->words[i][strspn(command->words[i], "0123456789")])
			return true;
	return false;
}

static const struct option *find_option(const struct command *command, const char *name)
{
	for (size_t i = 0; i < command->options.count; i++)
		if (name_matches(command->options.items[i].name, command->options.items[i].name_len, name))
			return &command->options.items[i];
	return NULL;
}

const char *command_option(const struct command *command, const char *name)
{
	const struct option *option = find_option(command, name);

	return option ? option->value : NULL;
}

bool command_flag(const struct command *command, const char *name)
{
	return find_option(command, name) != NULL;
}

// Options of a list: they go to the API as they are, but for those of paging.
static int list_query(struct command *command, char *path, long *limit)
{
	static const struct {
		const char *option, *query;
	} rows[] = {{"filter", "filter"}, {"sort", "sortBy"}, {"sort-by", "sortBy"}, {"offset", NULL}, {"limit", NULL}};

	for (size_t i = 0; i < command->options.count; i++) {
		const struct option *option = &command->options.items[i];
		char value[1024];
		size_t row = 0;

		while (row < array_len(rows) && !name_matches(option->name, option->name_len, rows[row].option))
			row++;
		if (row == array_len(rows))
			return usage(command, "list has no --%.*s; it has --filter, --sort-by, --limit and --offset",
				(int)option->name_len, option->name);
		if (!option->value)
			return usage(command, "--%s: a value is wanted", rows[row].option);
		snprintf(value, sizeof(value), "%s", option->value);
		if (rows[row].query)
			query_add(path, PATH_SIZE, rows[row].query, value);
		else if (strcmp(rows[row].option, "offset") == 0 && *value && !value[strspn(value, "0123456789")])
			continue;
		else if (!*value || value[strspn(value, "0123456789")] || strlen(value) > 9 ||
			!(*limit = strtol(value, NULL, 10)))
			return usage(command, "--%s: \"%.50s\": a number%s is wanted", rows[row].option, value,
				strcmp(rows[row].option, "limit") == 0 ? " from 1" : "");
	}
	return 0;
}

static int run_list(struct command *command, const struct verb *verb)
{
	const struct option *first = find_option(command, "offset");
	json_t *all = json_array();
	char path[PATH_SIZE];
	int64_t total = 0;
	long limit = 0;
	int result;

	build_path(command, path, NULL);
	result = list_query(command, path, &limit);
	command->offset = first ? strtoul(first->value, NULL, 10) : 0;
	if (!result)
		result = pages_read(command, path, (size_t)limit, all, &total);
	if (!result)
		print_list(stdout, command->format, command->noun, command->columns, all);
	if (!result && command->format == FORMAT_TABLE && total > (int64_t)json_array_size(all) && limit)
		fprintf(stderr, "%zu of %" PRId64 "\n", json_array_size(all), total);
	json_decref(all);
	return result;
}

static int run_show(struct command *command, const struct verb *verb)
{
	struct answer answer;
	char path[PATH_SIZE];
	int result;

	if (verb->action)
		build_path(command, path, command->words[0], verb->action, NULL);
	else
		build_path(command, path, command->words[0], NULL);
	result = call(command, "GET", path, NULL, &answer);
	if (!result && json_is_array(answer.data) && verb->noun == &noun_endpoint && command->format == FORMAT_TABLE)
		attaches_print(stdout, answer.data);
	else if (!result && json_is_array(answer.data))
		print_list(stdout, command->format, NULL, command->columns, answer.data);
	else if (!result)
		print_object(stdout, command->format, verb->action ? NULL : command->noun, answer.data);
	answer_fini(&answer);
	return result;
}

static int make_body(struct command *command, json_t **out)
{
	_cleanup_free_ char *text = command->file ? body_read_file(command->file, command->error) : NULL;
	json_error_t where;
	json_t *body;

	if (command->file && !text)
		return EXIT_USAGE;
	body = text ? json_loads(text, JSON_REJECT_DUPLICATES, &where) : json_object();
	if (!json_is_object(body)) {
		json_decref(body);
		return usage(command, "%s:%d: %s", command->file, body ? 1 : where.line,
			body ? "a JSON object is wanted" : where.text);
	}
	if (body_fill(command->noun, &command->options, body, command->error) < 0) {
		json_decref(body);
		return EXIT_USAGE;
	}
	*out = body;
	return 0;
}

// What was done: a sentence for people, the id for machines. A token is shown once, in the answer to its creation.
static void print_done(const struct command *command, const char *what, const char *called, const struct answer *answer)
{
	json_t *object = json_pack("{sO*}", "id", answer->data);

	if (answer->extra)
		json_object_update(object, answer->extra);
	if (command->format != FORMAT_TABLE)
		print_object(stdout, command->format, command->noun, object);
	else
		printf("%s %s %s\n", command->noun->title, called, what);
	if (command->format == FORMAT_TABLE && answer->extra)
		print_object(stdout, FORMAT_TABLE, command->noun, answer->extra);
	json_decref(object);
}

// The moniker that a new object was given: it is what the next command will call it. The id, where it has none.
static void print_created(struct command *command, const struct answer *created)
{
	const char *id = json_string_value(created->data), *called = NULL;
	struct answer answer = {0};
	char path[PATH_SIZE];

	if (id && command->format == FORMAT_TABLE) {
		build_path(command, path, id, NULL);
		if (client_call(command->client, "GET", path, NULL, &answer) == 0)
			called = json_string_value(json_object_get(answer.data, "moniker"));
	}
	print_done(command, "created", called ? called : id ? id : "", created);
	answer_fini(&answer);
}

static int run_create(struct command *command, const struct verb *verb)
{
	struct answer answer;
	char path[PATH_SIZE];
	json_t *body;
	int result = make_body(command, &body);

	if (result)
		return result;
	build_path(command, path, NULL);
	result = call(command, "POST", path, body, &answer);
	if (!result)
		print_created(command, &answer);
	answer_fini(&answer);
	json_decref(body);
	return result;
}

static int run_set(struct command *command, const struct verb *verb)
{
	struct answer answer;
	char path[PATH_SIZE];
	json_t *body;
	int result = make_body(command, &body);

	if (result)
		return result;
	if (!json_object_size(body)) {
		json_decref(body);
		return usage(command, "nothing to set; see: slicegate %s --help", command->noun->word);
	}
	build_path(command, path, command->words[0], NULL);
	result = call(command, "PATCH", path, body, &answer);
	if (!result)
		print_done(command, "changed", command->words[0], &answer);
	answer_fini(&answer);
	json_decref(body);
	return result;
}

static int run_delete(struct command *command, const struct verb *verb)
{
	int result = 0;

	for (size_t i = 0; !result && i < command->word_count; i++) {
		struct answer answer;
		char path[PATH_SIZE];

		build_path(command, path, command->words[i], NULL);
		result = call(command, "DELETE", path, NULL, &answer);
		if (!result)
			print_done(command, "deleted", command->words[i], &answer);
		answer_fini(&answer);
	}
	return result;
}

static int run_action(struct command *command, const struct verb *verb)
{
	struct answer answer;
	char path[PATH_SIZE];
	int result;

	build_path(command, path, command->words[0], verb->action, NULL);
	result = call(command, "POST", path, NULL, &answer);
	if (!result)
		print_done(command, verb->done, command->words[0], &answer);
	answer_fini(&answer);
	return result;
}

// The order of a list: an LNS's preference, a rule's precedence.
static int run_order(struct command *command, const struct verb *verb)
{
	json_t *body = json_array();
	struct answer answer;
	char path[PATH_SIZE];
	int result;

	for (size_t i = 0; i < command->word_count; i++)
		json_array_append_new(body, json_string(command->words[i]));
	build_path(command, path, "order", NULL);
	result = call(command, "PUT", path, body, &answer);
	if (!result && command->format == FORMAT_TABLE)
		printf("%s order changed\n", command->noun->title);
	else if (!result)
		print_done(command, "", "", &answer);
	answer_fini(&answer);
	json_decref(body);
	return result;
}

static int run_wait(struct command *command, const struct verb *verb)
{
	char path[PATH_SIZE];

	build_path(command, path, command->words[0], NULL);
	return wait_until_ready(command, path, command->words[0]);
}

static int run_lns_test(struct command *command, const struct verb *verb)
{
	char test[PATH_SIZE], results[PATH_SIZE];

	(void)verb;
	build_path(command, test, command->words[0], "test", NULL);
	build_path(command, results, command->words[0], "tests", NULL);
	return lnstest_run(command, test, results);
}

// A verb that names one object of a noun: an action of the API, or what the API tells under that name.
#define ONE(word_, noun_, help_, run_, ...)                                                                                      \
	{                                                                                                                        \
		.word = (word_), .usage = "WHICH", .help = (help_), .noun = &(noun_), .words_min = 1, .words_max = 1,            \
		.run = (run_), __VA_ARGS__                                                                                       \
	}
#define ACTION(word_, noun_, done_, help_) ONE(word_, noun_, help_, run_action, .action = (word_), .done = (done_))
#define TOLD(word_, noun_, path_, help_) ONE(word_, noun_, help_, run_show, .action = (path_))

#define USAGE(noun_, word_, words_)                                                                                              \
	{                                                                                                                        \
		.word = (word_),                                                                                                 \
		.usage = (words_) ? "WHICH [--interval hour|day] [--from TIME] [--to TIME]"                                      \
				  : "[--interval hour|day] [--from TIME] [--to TIME]",                                           \
		.noun = &(noun_), .help = "octets and sessions, day by day or hour by hour", .takes_fields = true,               \
		.words_min = (words_), .words_max = (words_), .run = usage_run, .action = (words_) ? (word_) : NULL              \
	}

#define BINDINGS(noun_)                                                                                                          \
	{                                                                                                                        \
		.word = "nat-bindings",                                                                                          \
		.usage = "WHICH [--public-address ADDRESS] [--public-port PORT] [--inner-address ADDRESS] ...",                  \
		.noun = &(noun_), .help = "who has which public address and port just now", .takes_fields = true,                \
		.words_min = 1, .words_max = 1, .run = bindings_run, .action = "natbindings"                                     \
	}

const struct verb verbs[] = {
	ACTION("restart", noun_tunnel, "restarts", "close it and open it again; its sessions end"),
	ACTION("drain", noun_tunnel, "drains", "take no new sessions; it ends with the last"),
	ACTION("detach", noun_endpoint, "is detached", "take its live session down"),
	TOLD("attaches", noun_endpoint, "attaches", "its last attaches, step by step, each with a verdict"),
	BINDINGS(noun_target),
	BINDINGS(noun_endpoint),
	USAGE(noun_vslice, "usage", 1),
	USAGE(noun_group, "usage", 1),
	USAGE(noun_endpoint, "usage", 1),
	USAGE(noun_usage, "list", 0),
	ONE("test", noun_lns, "dial it with no SIM, and tell line by line what works", run_lns_test, ),
	{.word = "config",
		.usage = "--for ios-xe|junos|sros|routeros|accel-ppp|xl2tpd|mpd5|l2tpns [--lns WHICH] [--lac WHICH] "
			 "[--secret-file FILE]",
		.help = "what the customer's LNS must be told, in its own words",
		.noun = &noun_lns,
		.takes_fields = true,
		.takes_owner = true,
		.words_max = 0,
		.run = lnsconfig_run,
		.action = "lnsconfig"},
	ACTION("test", noun_event_handler, "took the test", "post a test to its receiver"),
	ACTION("replay", noun_event_handler, "is told again", "send its dead letters again"),
	TOLD("dead-letters", noun_event_handler, "deadletters", "what its receiver did not take in time"),
	{.word = "run",
		.usage = "--endpoint WHICH|--tunnel ID|--vslice WHICH --lns WHICH [--levels gtp,l2tp,ip] [FILE]",
		.help = "capture into FILE, or to standard output for wireshark -k -i -, until it ends or Ctrl-C",
		.noun = &noun_capture,
		.takes_fields = true,
		.words_max = 1,
		.run = capture_run},
	{.word = "create",
		.usage = "--FIELD VALUE...",
		.help = "begin one that is downloaded later",
		.noun = &noun_capture,
		.takes_fields = true,
		.run = run_create},
	{.word = "download",
		.usage = "WHICH [FILE]",
		.help = "its file; of one that runs until it ends",
		.noun = &noun_capture,
		.words_min = 1,
		.words_max = 2,
		.run = capture_download},
	ACTION("stop", noun_capture, "stops", "end it; its file stays"),
	{.word = "delete",
		.usage = "WHICH...",
		.help = "end it and forget its file",
		.noun = &noun_capture,
		.words_min = 1,
		.words_max = 1000,
		.run = run_delete},
	ONE("wait", noun_vslice, "until it is ready for traffic (--wait TIME at most)", run_wait, ),
	{.word = "import",
		.usage = "FILE",
		.help = "create many, all or none, from CSV or NDJSON (--dry-run: only look at them)",
		.noun = &noun_endpoint,
		.takes_fields = true,
		.words_min = 1,
		.words_max = 1,
		.run = bulk_import,
		.action = "import"},
	{.word = "export",
		.usage = "[--format csv|ndjson]",
		.help = "all of them, as import takes it",
		.noun = &noun_endpoint,
		.takes_fields = true,
		.run = bulk_export,
		.action = "export"},
	{.word = "order",
		.usage = "WHICH...",
		.help = "the order: name all of them, the first goes first",
		.writes = true,
		.of_rows = true,
		.words_min = 1,
		.words_max = 1000,
		.run = run_order},
	{.word = "list",
		.usage = "",
		.help = "all of them (--filter name:x,moniker:y --sort-by \"asc(name)\" --limit N --offset N)",
		.takes_fields = true,
		.run = run_list},
	{.word = "show", .usage = "WHICH", .help = "one, with all that it has", .words_min = 1, .words_max = 1, .run = run_show},
	{.word = "create",
		.usage = "--FIELD VALUE...",
		.help = "a new one",
		.writes = true,
		.takes_fields = true,
		.run = run_create},
	{.word = "set",
		.usage = "WHICH --FIELD VALUE...",
		.help = "change members; \"\" clears one",
		.writes = true,
		.takes_fields = true,
		.words_min = 1,
		.words_max = 1,
		.run = run_set},
	{.word = "delete",
		.usage = "WHICH...",
		.help = "one or several",
		.writes = true,
		.words_min = 1,
		.words_max = 1000,
		.run = run_delete},
	{0},
};

bool verb_applies(const struct verb *verb, const struct noun *noun)
{
	bool read_only = noun->flags & (NOUN_LIVE | NOUN_BUILT_IN);

	return (!verb->noun || verb->noun == noun) && !(verb->writes && read_only) && (!verb->of_rows || noun->owner);
}

const struct verb *verb_find(const struct noun *noun, const char *word)
{
	static const struct {
		const char *word, *verb;
	} synonyms[] = {
		{"ls", "list"}, {"get", "show"}, {"add", "create"}, {"update", "set"}, {"rm", "delete"}, {"remove", "delete"}};

	for (size_t i = 0; i < array_len(synonyms); i++)
		if (strcmp(word, synonyms[i].word) == 0)
			word = synonyms[i].verb;
	for (const struct verb *verb = verbs; verb->word; verb++)
		if (strcmp(verb->word, word) == 0 && verb_applies(verb, noun))
			return verb;
	return NULL;
}

// A row noun's owner is an option: --vslice V of a LAC. It is taken out of the options.
static int take_owner(struct command *command, const struct verb *verb)
{
	const struct noun *owner = command->noun->owner;
	const char *dash = strrchr(owner->word, '-');

	for (size_t i = 0; i < command->options.count; i++) {
		const struct option *option = &command->options.items[i];

		if (!name_matches(option->name, option->name_len, owner->word) &&
			!(dash && name_matches(option->name, option->name_len, dash + 1)))
			continue;
		command->owner = option->value;
		memmove(&command->options.items[i], &command->options.items[i + 1],
			(--command->options.count - i) * sizeof(*option));
		break;
	}
	if (!command->owner && verb->takes_owner && command->word_count) {
		command->owner = command->words[0];
		command->words++;
		command->word_count--;
	}
	if (!command->owner || !*command->owner)
		return usage(command, "--%s is wanted: the %s that the %s belongs to", owner->word, owner->title,
			command->noun->title);
	return 0;
}

int command_run(struct command *command, const struct verb *verb)
{
	int result = command->noun->owner ? take_owner(command, verb) : 0;
	json_t *ids = NULL;

	if (result)
		return result;
	if (command->word_count < verb->words_min)
		return usage(command, "which %s? Its moniker or id is wanted", command->noun->title);
	if (command->word_count > verb->words_max)
		return usage(command, "unexpected argument \"%s\"", command->words[verb->words_max]);
	if (!verb->takes_fields && command->options.count)
		return usage(command, "%s has no --%.*s", verb->word, (int)command->options.items[0].name_len,
			command->options.items[0].name);
	if (command->noun->owner && !field_find(command->noun, "moniker") && has_numbers(command))
		result = name_rows(command, &ids);
	if (!result)
		result = verb->run(command, verb);
	json_decref(ids);
	return result;
}
