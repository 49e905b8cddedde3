// SPDX-License-Identifier: Apache-2.0
#include "cli/path.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static void walk(
	const struct noun *noun, struct field_path *path, void (*visit)(const struct field_path *, void *), void *context)
{
	if (path->depth == PATH_DEPTH)
		return;
	path->depth++;
	for (size_t i = 0; i < noun->field_count; i++) {
		path->fields[path->depth - 1] = &noun->fields[i];
		visit(path, context);
		if (noun->fields[i].type == FIELD_OBJECT)
			walk(noun->fields[i].noun, path, visit, context);
	}
	path->depth--;
}

struct writable {
	void (*visit)(const struct field_path *path, void *context);
	void *context;
};

static void visit_writable(const struct field_path *path, void *context)
{
	const struct writable *writable = context;

	for (size_t i = 0; i < path->depth; i++)
		if (path->fields[i]->flags & (FIELD_READ_ONLY | FIELD_HIDDEN))
			return;
	writable->visit(path, writable->context);
}

void path_each(const struct noun *noun, void (*visit)(const struct field_path *path, void *context), void *context)
{
	struct writable writable = {.visit = visit, .context = context};
	struct field_path path = {0};

	walk(noun, &path, visit_writable, &writable);
}

char *path_as_option(const struct field_path *path, char *out)
{
	size_t first = path->depth > 1 ? path->depth - 2 : 0;
	size_t used = 0;

	for (size_t i = first; i < path->depth; i++) {
		char name[96];

		used += (size_t)snprintf(
			out + used, 256 - used, "%s%s", i > first ? "." : "", name_as_option(path->fields[i]->name, name));
	}
	return out;
}

// One of a list may be called in the singular: --imsi is imsis, --rule is rules, --lac is lacs.
static bool singular_matches(const char *option, size_t len, const char *field)
{
	char plural[128];

	if (!field || len + 2 > sizeof(plural))
		return false;
	memcpy(plural, option, len);
	plural[len] = 's';
	return name_matches(plural, len + 1, field);
}

static bool field_matches(const struct field *field, const char *option, size_t len)
{
	if (name_matches(option, len, field->name) || (field->alias && name_matches(option, len, field->alias)))
		return true;
	if (field->type != FIELD_TEXTS && field->type != FIELD_ROWS)
		return false;
	return singular_matches(option, len, field->name) || singular_matches(option, len, field->alias);
}

// Each word of the option, from the last to the first, names the member or a part around it.
static bool path_matches(const struct field_path *path, const struct option *option)
{
	size_t end = option->name_len;

	for (size_t depth = path->depth; depth-- > 0;) {
		size_t start = end;

		while (start > 0 && option->name[start - 1] != '.')
			start--;
		if (!field_matches(path->fields[depth], option->name + start, end - start))
			return false;
		if (start == 0)
			return true;
		end = start - 1;
	}
	return false;
}

// "^routingTargetType is vpn" in a part: false when the options say that it is something else.
static bool condition_allows(const struct field_when *when, const struct options *all)
{
	const char *name = when->field;

	if (!name)
		return true;
	name += strspn(name, "^");
	for (size_t i = 0; i < all->count; i++)
		if (all->items[i].value && name_matches(all->items[i].name, all->items[i].name_len, name))
			return strcmp(all->items[i].value, when->is) == 0;
	return true;
}

#define FOUND_MAX 8

struct search {
	const struct option *option;
	const struct options *all;
	struct field_path found[FOUND_MAX];
	size_t count;
};

static void visit_search(const struct field_path *path, void *context)
{
	struct search *search = context;

	if (search->count < FOUND_MAX && path_matches(path, search->option))
		search->found[search->count++] = *path;
}

// Keeps the paths for which the other options speak, and of these the nearest to the top.
static void narrow(struct search *search)
{
	size_t kept = 0, depth = PATH_DEPTH + 1;

	for (size_t i = 0; i < search->count; i++) {
		const struct field_path *path = &search->found[i];
		bool allowed = true;

		for (size_t f = 0; f < path->depth; f++)
			allowed = allowed && condition_allows(&path->fields[f]->visible, search->all);
		if (allowed)
			search->found[kept++] = *path;
	}
	// When nothing is left the API shall say why it does not apply.
	search->count = kept ? kept : search->count;
	for (size_t i = 0; i < search->count; i++)
		depth = search->found[i].depth < depth ? search->found[i].depth : depth;
	kept = 0;
	for (size_t i = 0; i < search->count; i++)
		if (search->found[i].depth == depth)
			search->found[kept++] = search->found[i];
	search->count = kept;
}

int path_resolve(const struct noun *noun, const struct option *option, const struct options *all, struct field_path *out,
	char error[CLI_ERROR_TEXT])
{
	struct search search = {.option = option, .all = all};
	struct field_path path = {0};

	walk(noun, &path, visit_search, &search);
	narrow(&search);
	if (!search.count) {
		snprintf(error, CLI_ERROR_TEXT, "%s: no option --%.*s; see: slicegate %s --help", noun->title,
			(int)option->name_len, option->name, noun->word);
		return -EINVAL;
	}
	if (search.count > 1) {
		char first[256], second[256];

		snprintf(error, CLI_ERROR_TEXT, "--%.*s is ambiguous: --%s or --%s", (int)option->name_len, option->name,
			path_as_option(&search.found[0], first), path_as_option(&search.found[1], second));
		return -EINVAL;
	}
	*out = search.found[0];
	if (path_leaf(out)->flags & (FIELD_READ_ONLY | FIELD_HIDDEN)) {
		snprintf(error, CLI_ERROR_TEXT, "--%.*s is set by the platform", (int)option->name_len, option->name);
		return -EINVAL;
	}
	return 0;
}
