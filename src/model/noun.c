// SPDX-License-Identifier: Apache-2.0
#include "model/noun.h"

#include <string.h>
#include <strings.h>

const struct word taken_words[] = {
	{TAKEN_BY_ALL, "taken", "Taken", "every Regional Gateway that it concerns has it as it is"},
	{TAKEN_PENDING, "pending", "Pending", "one or more have not taken the last change yet"},
	{TAKEN_BY_NONE, "none", "None", "it concerns no Regional Gateway, or none has joined yet"},
	{0},
};

const struct noun *const nouns[] = {
	&noun_customer,
	&noun_operator,
	&noun_gateway,
	&noun_zone,
	&noun_regional_policy,
	&noun_operator_policy,
	&noun_event_endpoint_type,
	&noun_event_type,
	&noun_event_handler,
	&noun_event_map,
	&noun_user,
	&noun_token,
	&noun_vslice,
	&noun_target,
	&noun_policy,
	&noun_group,
	&noun_endpoint,
	&noun_session,
	&noun_tunnel,
	&noun_usage,
	&noun_capture,
	&noun_event,
	&noun_audit,
	NULL,
};

// Calls `match` on every noun and on the nouns of its lists; gives the first that matches.
static const struct noun *noun_search(bool (*match)(const struct noun *noun, const char *text), const char *text)
{
	for (size_t i = 0; nouns[i]; i++) {
		if (match(nouns[i], text))
			return nouns[i];
		for (size_t f = 0; f < nouns[i]->field_count; f++) {
			const struct field *field = &nouns[i]->fields[f];

			if (field->type == FIELD_ROWS && match(field->noun, text))
				return field->noun;
		}
	}
	return NULL;
}

static bool is_word(const struct noun *noun, const char *text)
{
	return strcasecmp(noun->word, text) == 0 || (noun->path && strcasecmp(noun->path, text) == 0);
}

const struct noun *noun_find(const char *word)
{
	return noun_search(is_word, word);
}

const struct noun *noun_by_path(const char *path)
{
	for (size_t i = 0; nouns[i]; i++)
		if (strcasecmp(nouns[i]->path, path) == 0)
			return nouns[i];
	return NULL;
}

const struct noun *noun_row_by_path(const struct noun *owner, const char *path, const struct field **member)
{
	for (size_t f = 0; f < owner->field_count; f++) {
		const struct field *field = &owner->fields[f];

		if (field->type == FIELD_ROWS && strcasecmp(field->noun->path, path) == 0) {
			*member = field;
			return field->noun;
		}
	}
	return NULL;
}
