// SPDX-License-Identifier: Apache-2.0
#include "gateway/members.h"

#include "base/clean.h"
#include "gateway/nft.h"

#include <errno.h>
#include <stdio.h>

struct members {
	struct map tags[2]; // number -> its tag, of IPv4 and IPv6
	struct map former[2]; // what was known before it was forgotten
	uint32_t everyone; // the former tag of all others
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

static void forget(struct members *members, uint32_t everyone)
{
	for (int i = 0; i < 2; i++) {
		map_fini(&members->former[i]);
		members->former[i] = members->tags[i];
		members->tags[i] = (struct map){0};
	}
	members->everyone = everyone;
	members->is_known = false;
}

void members_forget(struct members *members, uint32_t everyone)
{
	if (members && members->is_known)
		forget(members, everyone);
	else if (members && everyone)
		members->everyone = everyone;
}

void members_free(struct members **members)
{
	if (!*members)
		return;
	for (int i = 0; i < 2; i++) {
		map_fini(&(*members)->tags[i]);
		map_fini(&(*members)->former[i]);
	}
	free(*members);
	*members = NULL;
}

uint32_t members_tag(const struct members *members, const struct ip_addr *sim)
{
	return members ? (uint32_t)(uintptr_t)map_get(&members->tags[sim->family == IP_V6], subnet_number(sim)) : 0;
}

static void put_element(const char *verb, const struct slice_member *row, uint32_t tag, FILE *out)
{
	struct ip_addr addr = subnet_addr(row->family, row->number);
	char text[IP_ADDR_TEXT];

	fprintf(out, "%s element inet slicegate sims%c { %s : jump downlink-%06x }\n", verb, row->family == IP_V6 ? '6' : '4',
		ip_addr_text(&addr, text), tag);
}

// Whose policy is another than it was before is remembered for who follows its connections.
static int note_move(const struct members *members, const struct slice_member *row, uint32_t was, struct members_moves *moved)
{
	struct members_move *room;

	if (!was && !members->is_known)
		was = (uint32_t)(uintptr_t)map_get(&members->former[row->family == IP_V6], row->number);
	if (!was && !members->is_known)
		was = members->everyone;
	if (!was || !row->tag || was == row->tag)
		return 0;
	room = vec_add(&moved->rows);
	if (!room)
		return -ENOMEM;
	*room = (struct members_move){row->family, row->number, was, row->tag};
	return 0;
}

// One row's words. What is remembered changes along, and is forgotten again when the transaction fails.
static int put_row(struct members *members, const struct slice_member *row, struct members_moves *moved, FILE *out)
{
	struct map *tags = &members->tags[row->family == IP_V6];
	uintptr_t was = (uintptr_t)map_get(tags, row->number);

	if (was == row->tag)
		return 0;
	if (note_move(members, row, (uint32_t)was, moved))
		return -ENOMEM;
	if (was) {
		put_element("delete", row, (uint32_t)was, out);
		map_del(tags, row->number);
	}
	if (!row->tag)
		return 0;
	put_element("add", row, row->tag, out);
	return map_put(tags, row->number, (void *)(uintptr_t)row->tag); // NOLINT(performance-no-int-to-ptr): a number, no address
}

int members_set(struct members *members, const struct slice_member *rows, size_t count, bool whole, struct members_moves *moved,
	char *why)
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
		error = put_row(members, &rows[i], moved, out);
	if (fclose(out) && !error)
		error = -ENOMEM;
	if (!error && len)
		error = nft_script(text, why);
	if (error)
		forget(members, 0);
	else
		members->is_known = true;
	return error;
}
