// SPDX-License-Identifier: Apache-2.0
// The table of session slots and the TEIDs that index it.
//
// A TEID is a slot's index in its low bits and random bits above, so that a look-up is one array access and a guess is found out
// (dataplane.md 2). The table always has room for 2^20 slots, used or not: TEIDs taken under one max_sessions stay valid under another.
// Slots are used densely, and one given back rests, so that a late packet of the old session finds nobody.
#include "gateway/dataplane/soft/soft.h"

#include <sys/mman.h>
#include <sys/random.h>

#define SLOTS_MIN (1u << 20)
#define SLOTS_MAX (1u << 28)
#define REST_MS 10000

// Pages that nobody wrote to cost nothing.
static void *sparse(size_t size)
{
	void *map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return map == MAP_FAILED ? NULL : map;
}

int soft_slots_map(struct dp *dp)
{
	dp->slot_count = SLOTS_MIN;
	while (dp->slot_count < dp->max_sessions && dp->slot_count < SLOTS_MAX)
		dp->slot_count *= 2;
	if (dp->max_sessions > dp->slot_count)
		return -ERANGE;
	dp->slots = sparse(dp->slot_count * sizeof(*dp->slots));
	dp->tallies = dp->slots ? sparse(dp->slot_count * sizeof(*dp->tallies)) : NULL;
	return dp->tallies ? 0 : -errno;
}

void soft_slots_unmap(struct dp *dp)
{
	if (dp->slots)
		munmap(dp->slots, dp->slot_count * sizeof(*dp->slots));
	if (dp->tallies)
		munmap(dp->tallies, dp->slot_count * sizeof(*dp->tallies));
	dp->slots = NULL;
	dp->tallies = NULL;
}

static void rest_append(struct dp *dp, uint32_t index, uint64_t given_ms)
{
	struct dp_session *slot = &dp->slots[index];

	*slot = (struct dp_session){.rest = {.previous = dp->rest_last, .given_ms = (uint32_t)given_ms}};
	if (dp->rest_last)
		dp->slots[dp->rest_last - 1].rest.next = index + 1;
	else
		dp->rest_first = index + 1;
	dp->rest_last = index + 1;
}

static void rest_remove(struct dp *dp, uint32_t index)
{
	struct dp_session *slot = &dp->slots[index];

	if (slot->rest.previous)
		dp->slots[slot->rest.previous - 1].rest.next = slot->rest.next;
	else
		dp->rest_first = slot->rest.next;
	if (slot->rest.next)
		dp->slots[slot->rest.next - 1].rest.previous = slot->rest.previous;
	else
		dp->rest_last = slot->rest.previous;
	*slot = (struct dp_session){0};
}

int dp_teid_take(struct dp *dp, uint64_t now_ms, uint32_t *out)
{
	uint32_t index, high = 0;

	if (dp->live >= dp->max_sessions)
		return -ENOSPC;
	if (dp->rest_first && (uint32_t)now_ms - dp->slots[dp->rest_first - 1].rest.given_ms >= REST_MS) {
		index = dp->rest_first - 1;
		rest_remove(dp, index);
	} else if (dp->fresh < dp->slot_count) {
		index = dp->fresh++;
	} else {
		return -ENOSPC;
	}
	while (high == 0) { // so a TEID is never 0
		if (getrandom(&high, sizeof(high), 0) == sizeof(high))
			high &= ~(dp->slot_count - 1);
	}
	dp->slots[index].teid = high | index;
	dp->live++;
	*out = high | index;
	return 0;
}

int dp_teid_claim(struct dp *dp, uint32_t teid)
{
	uint32_t index = teid & (dp->slot_count - 1);

	if (teid == 0)
		return -ERANGE;
	if (index < dp->fresh) {
		if (dp->slots[index].teid)
			return -EEXIST;
		rest_remove(dp, index);
	}
	for (; dp->fresh <= index; dp->fresh++) {
		if (dp->fresh < index)
			rest_append(dp, dp->fresh, 0);
	}
	dp->slots[index].teid = teid;
	dp->live++;
	return 0;
}

uint32_t dp_teids(const struct dp *dp)
{
	return dp->live;
}

uint32_t dp_teid_slots(const struct dp *dp)
{
	return dp->slot_count;
}

void dp_teid_give(struct dp *dp, uint32_t teid, uint64_t now_ms)
{
	uint32_t index = teid & (dp->slot_count - 1);

	if (teid == 0 || dp->slots[index].teid != teid || dp->slots[index].kind)
		return;
	rest_append(dp, index, now_ms);
	dp->live--;
}
