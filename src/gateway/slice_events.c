// SPDX-License-Identifier: Apache-2.0
// Events of interfaces, and whom they concern. There are many when many slices come up, and most concern nobody: an event of a slice's namespace
// goes to the slice of that number, one of the gateway's own namespace to those slices that seek an interface, and what was said of a slice is
// looked at when there are no more events for now.
#include "gateway/slice_priv.h"

#include "gateway/links.h"

#include <string.h>

static void ring_put(struct slice_ring **first, struct slice_ring *place)
{
	if (place->link)
		return;
	place->link = first;
	place->next = *first;
	if (place->next)
		place->next->link = &place->next;
	*first = place;
}

static void ring_take(struct slice_ring *place)
{
	if (!place->link)
		return;
	*place->link = place->next;
	if (place->next)
		place->next->link = place->link;
	*place = (struct slice_ring){.slice = place->slice};
}

void slice_listen_no_more(struct slice *slice)
{
	struct slice_list *list = worker_slices(slice->worker);

	ring_take(&slice->seeking);
	ring_take(&slice->news);
	if (slice->nsid >= 0 && map_get(&list->by_nsid, (uint64_t)slice->nsid) == slice)
		map_del(&list->by_nsid, (uint64_t)slice->nsid);
	slice->nsid = -1;
}

void slice_listen(struct slice *slice, int nsid)
{
	struct slice_list *list = worker_slices(slice->worker);
	bool seeks = false;

	if (slice->nsid != nsid)
		slice_listen_no_more(slice);
	slice->nsid = nsid;
	if (nsid >= 0)
		(void)map_put(&list->by_nsid, (uint64_t)nsid, slice);
	vec_each (&slice->watches, watch)
		seeks = seeks || !watch->is_there || slice->applies;
	if (seeks)
		ring_put(&list->seeking, &slice->seeking);
	else
		ring_take(&slice->seeking);
}

void slice_follow_events(struct slice *slice)
{
	bool again = false;

	if (slice->applies)
		return; // its end looks again
	vec_each (&slice->watches, watch) {
		again = again || (watch->has_come && !watch->is_there) ||
			(watch->has_changed && watch->is_running != watch->is_available);
		watch->has_come = watch->has_changed = false;
	}
	if (again)
		slice_apply_again(slice);
}

// Whether an event of `name` concerns the watch: its interface, or the lower one of its VLAN.
static bool names(const struct slice_watch *watch, const char *name)
{
	size_t len = strlen(name);

	return !strncmp(watch->interface, name, len) && (!watch->interface[len] || watch->interface[len] == '.');
}

static void hear_of_underlay(struct slice_list *list, struct slice *slice, const char *name)
{
	vec_each (&slice->watches, watch)
		if (names(watch, name)) {
			watch->has_come = true;
			ring_put(&list->news, &slice->news);
		}
}

void slice_on_link(void *worker, int nsid, const char *name, bool is_there, bool is_running)
{
	struct slice_list *list = worker_slices(worker);
	struct slice *slice;

	if (nsid == LINKS_UNDERLAY) {
		for (struct slice_ring *at = is_there ? list->seeking : NULL; at; at = at->next)
			hear_of_underlay(list, at->slice, name);
		return;
	}
	slice = map_get(&list->by_nsid, (uint64_t)nsid);
	if (slice)
		vec_each (&slice->watches, watch)
			if (!strcmp(watch->interface, name)) {
				watch->has_changed = true;
				watch->is_running = is_running;
				ring_put(&list->news, &slice->news);
			}
}

void slice_on_links_end(void *worker)
{
	struct slice_list *list = worker_slices(worker);

	while (list->news) {
		struct slice *slice = list->news->slice;

		ring_take(&slice->news);
		slice_follow_events(slice);
	}
}

void slice_on_links_lost(void *worker)
{
	for (struct slice *slice = worker_slices(worker)->first; slice; slice = slice->next)
		if (slice->watches.count)
			slice_apply_again(slice);
}
