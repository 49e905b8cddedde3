// SPDX-License-Identifier: Apache-2.0
#include "gateway/slice_names.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// The part of a name that a file name and a reader's eye can take.
static void clean_word(const char *text, size_t room, char *out)
{
	size_t len = 0;

	for (; *text && len + 1 < room; text++)
		out[len++] = isalnum((unsigned char)*text) || *text == '-' || *text == '_' ? *text : '-';
	out[len] = 0;
}

static void name_prefix(const char *gateway_name, char out[48])
{
	char word[41];

	clean_word(gateway_name, sizeof(word), word);
	snprintf(out, 48, "sg-%s.", word);
}

const char *slice_name_key(const char *name)
{
	const char *dot = strrchr(name, '.');

	return dot ? dot : name;
}

struct listing {
	char prefix[48];
	void (*each)(void *owner, const char *name);
	void *owner;
};

static void each_name(void *owner, const char *name)
{
	const struct listing *listing = owner;

	if (!strncmp(name, listing->prefix, strlen(listing->prefix)))
		listing->each(listing->owner, name);
}

void slice_names_each(const char *gateway_name, void (*each)(void *owner, const char *name), void *owner)
{
	struct listing listing = {.each = each, .owner = owner};

	name_prefix(gateway_name, listing.prefix);
	netns_each(each_name, &listing);
}

static void note(void *owner, const char *name)
{
	struct slice_list *slices = owner;
	char *copy = strdup(name);

	if (copy && !strmap_get(&slices->left, slice_name_key(copy)) && !strmap_put(&slices->left, slice_name_key(copy), copy))
		return;
	free(copy);
}

void slice_name(struct slice_list *slices, const char *gateway_name, const struct uuid *vslice, const char *moniker,
	char out[NETNS_NAME], bool *is_there)
{
	const char *last = strrchr(vslice->text, '-');
	char prefix[48], word[31], *left;

	name_prefix(gateway_name, prefix);
	clean_word(moniker ? moniker : "", sizeof(word), word);
	snprintf(out, NETNS_NAME, "%s%s.%.12s", prefix, word, last ? last + 1 : vslice->text);
	if (!slices->has_looked)
		slice_names_each(gateway_name, note, slices);
	slices->has_looked = true;
	left = strmap_del(&slices->left, slice_name_key(out));
	*is_there = left;
	if (left)
		snprintf(out, NETNS_NAME, "%s", left);
	free(left);
}

void slice_names_forget(struct slice_list *slices)
{
	char *name;

	for (size_t at = 0; (name = strmap_next(&slices->left, &at));)
		free(name);
	strmap_fini(&slices->left);
}
