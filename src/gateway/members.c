// SPDX-License-Identifier: Apache-2.0
#include "gateway/members.h"

#include "base/clean.h"
#include "gateway/nft.h"

#include <errno.h>
#include <stdio.h>

struct members {
	struct map tags[2]; // number -> its tag, of IPv4 and IPv6
	bool is_known;
};

int members_new(struct members **out)
{
	struct members *members = calloc(1, sizeof(*members));

	if (!members)
		return -ENOMEM;
	*out = members;
	return 0;
}

static void forget(struct members *members)
{
	map_fini(&members->tags[0]);
	map_fini(&members->tags[1]);
	memset(members->tags, 0, sizeof(members->tags));
	members->is_known = false;
}

void members_forget(struct members *members)
{
	if (members)
		forget(members);
}

void members_free(struct members **members)
{
	if (!*members)
		return;
	forget(*members);
	free(*members);
	*members = NULL;
}

static void put_element(const char *verb, const struct slice_member *row, uint32_t tag, FILE *out)
{
	struct ip_addr addr = subnet_addr(row->family, row->number);
	char text[IP_ADDR_TEXT];

	fprintf(out, "%s element inet slicegate sims%c { %s : jump downlink-%06x }\n", verb, row->family == IP_V6 ? '6' : '4',
		ip_addr_text(&addr, text), tag);
}

// One row's words. What is remembered changes along, and is forgotten again when the transaction fails.
static int put_row(struct members *members, const struct slice_member *row, FILE *out)
{
	struct map *tags = &members->tags[row->family == IP_V6];
	uintptr_t was = (uintptr_t)map_get(tags, row->number);

	if (was == row->tag)
		return 0;
	if (was) {
		put_element("delete", row, (uint32_t)was, out);
		map_del(tags, row->number);
	}
	if (!row->tag)
		return 0;
	put_element("add", row, row->tag, out);
	return map_put(tags, row->number, (void *)(uintptr_t)row->tag); // NOLINT(performance-no-int-to-ptr): a number, no address
}

int members_set(struct members *members, const struct slice_member *rows, size_t count, bool whole, char *why)
{
	_cleanup_free_ char *text = NULL;
	size_t len = 0;
	FILE *out;
	int error = 0;

	if (members->is_known == whole)
		return 0; // changes of what is not known, or all of what is known already
	out = open_memstream(&text, &len);
	if (!out)
		return -ENOMEM;
	if (whole)
		fputs("flush map inet slicegate sims4\nflush map inet slicegate sims6\n", out);
	for (size_t i = 0; i < count && !error; i++)
		error = put_row(members, &rows[i], out);
	if (fclose(out) && !error)
		error = -ENOMEM;
	if (!error && len)
		error = nft_script(text, why);
	if (error)
		forget(members);
	else
		members->is_known = true;
	return error;
}
