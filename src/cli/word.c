// SPDX-License-Identifier: Apache-2.0
// The noun that a word means.
#include <string.h>

#include "base/clean.h"
#include "cli/command.h"

// Words that people say for a noun beside its own.
static const struct {
	const char *word, *noun;
} other_words[] = {
	{"target", "routing-target"},
	{"policy", "routing-policy"},
	{"policies", "routing-policy"},
	{"group", "endpoint-group"},
	{"gateway", "regional-gateway"},
	{"zone", "redundancy-zone"},
	{"token", "api-token"},
};

static bool word_is(const char *word, const char *name)
{
	size_t len = strlen(word);

	// In the plural too: vslices, routing-targets.
	return name_matches(word, len, name) || (len > 1 && word[len - 1] == 's' && name_matches(word, len - 1, name));
}

static const struct noun *noun_match(const struct noun *noun, const char *word)
{
	if (word_is(word, noun->word) || (noun->path && word_is(word, noun->path)))
		return noun;
	for (size_t f = 0; f < noun->field_count; f++)
		if (noun->fields[f].type == FIELD_ROWS && word_is(word, noun->fields[f].noun->word))
			return noun->fields[f].noun;
	return NULL;
}

const struct noun *noun_of_word(const char *word)
{
	for (size_t i = 0; i < array_len(other_words); i++)
		if (word_is(word, other_words[i].word))
			word = other_words[i].noun;
	for (size_t i = 0; nouns[i]; i++)
		if (noun_match(nouns[i], word))
			return noun_match(nouns[i], word);
	return NULL;
}
