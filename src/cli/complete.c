// SPDX-License-Identifier: Apache-2.0
// Completion knows what the tables know: commands, nouns, verbs, options, and the values of enumerations; the monikers of objects it
// asks the API for. The shells' functions only hand over the words and show what comes back.
#include "cli/complete.h"

#include <stdio.h>
#include <string.h>

#include "base/clean.h"
#include "cli/help.h"
#include "cli/options.h"
#include "cli/profile.h"
#include "cli/tool.h"

#define PATIENCE_MS 1500
#define OBJECTS_MAX "200"
#define WORDS_MAX 64

struct completion {
	struct client *client;
	const char *current; // the word under the cursor, as far as it goes
	const char *option; // the option whose value it is, without dashes; NULL when it is none's
	const char *words[WORDS_MAX]; // those before it that are no options and no values of one
	size_t count;
	const struct noun *noun;
	const struct verb *verb;
	const struct tool *tool;
	struct options options;
	struct option items[WORDS_MAX];
};

static const char bash_script[] =
	"_slicegate()\n"
	"{\n"
	"\tlocal IFS=$'\\n'\n"
	"\tCOMPREPLY=($(slicegate " COMPLETE_WORD " -- \"${COMP_WORDS[@]:1:COMP_CWORD}\" 2>/dev/null))\n"
	"}\n"
	"complete -o default -F _slicegate slicegate\n";
static const char zsh_script[] =
	"#compdef slicegate\n"
	"_slicegate()\n"
	"{\n"
	"\tlocal -a found\n"
	"\tfound=(${(f)\"$(slicegate " COMPLETE_WORD " -- \"${(@)words[2,CURRENT]}\" 2>/dev/null)\"})\n"
	"\tif (( $#found )); then compadd -a found; else _files; fi\n"
	"}\n"
	"if [ \"$funcstack[1]\" = _slicegate ]; then _slicegate \"$@\"; else compdef _slicegate slicegate; fi\n";

const char *complete_script(const char *shell)
{
	return strcmp(shell, "bash") == 0 ? bash_script : strcmp(shell, "zsh") == 0 ? zsh_script : NULL;
}

static void offer(const struct completion *it, const char *prefix, const char *word, size_t len)
{
	char line[300];

	snprintf(line, sizeof(line), "%s%.*s", prefix, (int)len, word);
	if (strncmp(line, it->current, strlen(it->current)) == 0)
		puts(line);
}

// Each of "a b c".
static void offer_words(const struct completion *it, const char *prefix, const char *words)
{
	while (words && *words) {
		size_t len = strcspn(words, " |");

		offer(it, prefix, words, len);
		words += len + strspn(words + len, " |");
	}
}

static const char *owner_of(const struct completion *it, const struct noun *owner)
{
	for (size_t i = 0; i < it->options.count; i++)
		if (it->items[i].value && name_matches(it->items[i].name, it->items[i].name_len, owner->word))
			return it->items[i].value;
	return NULL;
}

static void offer_objects(const struct completion *it, const struct noun *noun)
{
	const char *name = field_find(noun, "moniker") ? "moniker" : "id";
	const char *owner = noun->owner ? owner_of(it, noun->owner) : NULL;
	struct answer answer;
	char path[1024] = "";
	json_t *object;
	size_t i;

	if (noun->owner && !owner)
		return;
	if (noun->owner) {
		path_add(path, sizeof(path), noun->owner->path);
		path_add(path, sizeof(path), owner);
	}
	path_add(path, sizeof(path), noun->path);
	query_add(path, sizeof(path), "limit", OBJECTS_MAX);
	if (*it->current && !noun->owner && strcmp(name, "moniker") == 0 && !strpbrk(it->current, ",:")) {
		char filter[200];

		snprintf(filter, sizeof(filter), "moniker:%.150s", it->current);
		query_add(path, sizeof(path), "filter", filter);
	}
	it->client->timeout_ms = PATIENCE_MS;
	if (client_call(it->client, "GET", path, NULL, &answer) == 0)
		json_array_foreach(answer.data, i, object)
		{
			const char *called = json_string_value(json_object_get(object, name));

			if (called)
				offer(it, "", called, strlen(called));
		}
	answer_fini(&answer);
}

static void offer_field(const struct completion *it, const struct field *field)
{
	if (field->type == FIELD_REF)
		offer_objects(it, field->noun);
	if (field->type == FIELD_BOOL)
		offer_words(it, "", "yes no");
	for (const struct word *word = field->type == FIELD_ENUM ? field->words : NULL; word && word->moniker; word++)
		offer(it, "", word->moniker, strlen(word->moniker));
}

static void offer_profiles(const struct completion *it)
{
	char error[CLI_ERROR_TEXT];
	json_t *all = profile_load(error), *profile;
	const char *name;

	json_object_foreach(json_object_get(all, "profiles"), name, profile) offer(it, "", name, strlen(name));
	json_decref(all);
}

// What the option that stands before may be given.
static void offer_values(const struct completion *it)
{
	struct option option = {.name = it->option, .name_len = strlen(it->option)};
	char arg[100], error[CLI_ERROR_TEXT];
	const struct opt *opt;
	struct field_path path;

	snprintf(arg, sizeof(arg), "--%.90s", it->option);
	opt = option_global(arg);
	if (it->noun && it->noun->owner && name_matches(it->option, option.name_len, it->noun->owner->word))
		offer_objects(it, it->noun->owner);
	else if (it->noun && path_resolve(it->noun, &option, &it->options, &path, error) == 0)
		offer_field(it, path_leaf(&path));
	else if (opt && strcmp(opt->name, "profile") == 0)
		offer_profiles(it);
	else if (opt && strcmp(opt->name, "customer") == 0)
		offer_objects(it, &noun_customer);
	else if (it->verb && it->verb->takes_owner && strcmp(it->option, "for") == 0)
		offer_words(it, "", it->verb->usage + strcspn(it->verb->usage, " ") + 1);
	for (size_t i = 0; opt && opt->choices && opt->choices[i]; i++)
		offer(it, "", opt->choices[i], strlen(opt->choices[i]));
}

static void offer_member(const struct field_path *path, void *context)
{
	const struct completion *it = context;
	char option[256];

	if (path_leaf(path)->type == FIELD_OBJECT)
		return;
	help_option(it->noun, path, option);
	offer(it, "--", option, strlen(option));
}

static void offer_options(const struct completion *it)
{
	bool is_member_verb = it->verb && it->verb->takes_fields && it->verb->writes;

	if (it->tool) {
		offer_words(it, "--", it->tool->flags);
		offer_words(it, "--", it->tool->values);
	}
	if (it->noun && it->noun->owner)
		offer(it, "--", it->noun->owner->word, strlen(it->noun->owner->word));
	if (is_member_verb)
		path_each(it->noun, offer_member, (void *)it);
	if (it->verb && strcmp(it->verb->word, "list") == 0)
		offer_words(it, "--", "filter sort-by limit offset");
	if (it->verb && it->verb->takes_owner)
		offer_words(it, "--", "for lns lac secret-file");
	for (size_t i = 0; i < cli_program.count; i++)
		offer(it, "--", cli_program.opts[i].name, strlen(cli_program.opts[i].name));
	offer(it, "--", "help", 4);
}

static void offer_noun(const struct noun *noun, void *context)
{
	offer(context, "", noun->word, strlen(noun->word));
}

static void offer_first(struct completion *it)
{
	help_nouns(offer_noun, it);
	for (const struct tool *tool = tools; tool->word; tool++)
		offer(it, "", tool->word, strlen(tool->word));
	offer(it, "", "help", 4);
}

static void offer_verbs(const struct completion *it)
{
	const char *last = "";

	for (const struct verb *verb = verbs; verb->word; verb++)
		if (verb_applies(verb, it->noun) && strcmp(verb->word, last) != 0)
			offer(it, "", last = verb->word, strlen(verb->word));
}

static void offer_tool_words(struct completion *it)
{
	if (it->count == 1)
		offer_words(it, "", it->tool->firsts);
	if (strcmp(it->tool->word, "export") == 0)
		help_nouns(offer_noun, it);
	if (strcmp(it->tool->word, "profile") == 0 && it->count == 2)
		offer_profiles(it);
}

// Files are the shell's to complete: nothing is offered.
static bool takes_file(const struct verb *verb)
{
	return strncmp(verb->usage, "FILE", 4) == 0;
}

static void offer_words_of_noun(const struct completion *it)
{
	if (it->count == 1)
		offer_verbs(it);
	else if (it->verb && it->verb->takes_owner && it->count == 2)
		offer_objects(it, it->noun->owner);
	else if (it->verb && it->verb->words_max > it->count - 2 && !takes_file(it->verb))
		offer_objects(it, it->noun);
}

// An option without = takes the next word as its value, unless it is a flag.
static bool wants_value(const struct completion *it, const char *word)
{
	const struct opt *opt = option_global(word);
	size_t len = strlen(word) - 2;
	struct option option = {.name = word + 2, .name_len = len};
	struct field_path path;
	char error[CLI_ERROR_TEXT];

	if (strchr(word, '=') || strcmp(word, "--help") == 0)
		return false;
	if (it->noun && it->count >= 2 && path_resolve(it->noun, &option, &it->options, &path, error) == 0)
		return true;
	return opt ? opt->kind != OPT_FLAG : !tool_has_flag(word + 2, len);
}

static void take_word(struct completion *it, const char *word)
{
	if (it->count == WORDS_MAX)
		return;
	it->words[it->count++] = word;
	if (it->count == 1) {
		it->tool = tool_find(word);
		it->noun = it->tool ? NULL : noun_of_word(word);
	} else if (it->count == 2 && it->noun) {
		it->verb = verb_find(it->noun, word);
	}
}

static void take_option(struct completion *it, const char *name, const char *value)
{
	it->option = NULL;
	if (it->options.count < WORDS_MAX)
		it->items[it->options.count++] = (struct option){.name = name, .name_len = strlen(name), .value = value};
}

int complete(struct client *client, char **words, size_t count)
{
	struct completion it = {.client = client, .current = count ? words[count - 1] : ""};

	it.options.items = it.items;
	for (size_t i = 0; i + 1 < count; i++) {
		const char *word = words[i];

		if (it.option)
			take_option(&it, it.option, word);
		else if (word[0] != '-' || !word[1])
			take_word(&it, word);
		else if (word[1] != '-')
			it.option = option_global(word) && option_global(word)->kind != OPT_FLAG && !word[2]
				? option_global(word)->name
				: NULL;
		else if (wants_value(&it, word))
			it.option = word + 2;
	}
	for (size_t i = 0; i < it.options.count; i++)
		if (strcmp(it.items[i].name, "url") == 0)
			client->url = it.items[i].value;
	if (it.option)
		offer_values(&it);
	else if (it.current[0] == '-')
		offer_options(&it);
	else if (!it.count)
		offer_first(&it);
	else if (it.tool)
		offer_tool_words(&it);
	else if (it.noun)
		offer_words_of_noun(&it);
	return EXIT_DONE;
}
