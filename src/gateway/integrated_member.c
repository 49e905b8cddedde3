// SPDX-License-Identifier: Apache-2.0
// Where the Endpoint Groups of a VSlice have several Routing Policies, the slice is told which one each SIM has, for what is sent to it: all of them
// after each change of the policies, then those who come and go, some at a time.
#include "gateway/integrated_priv.h"

#include "base/clean.h"

#define GATHER_MS 10

LOG_CATEGORY(integrated);

static bool is_needed(const struct vslice *vslice)
{
	return vslice->integrated && vslice->integrated->tags.rows.count > 1;
}

static void on_due(struct timer *timer, uint64_t now_ms)
{
	struct integrated *integrated = container_of(timer, struct integrated, members_timer);

	(void)now_ms;
	slice_members(integrated->vslice->slice, integrated->changed.items, integrated->changed.count, false);
	vec_free(&integrated->changed);
}

void integrated_members_start(struct vslice *vslice)
{
	vslice->integrated->members_timer.fire = on_due;
}

void integrated_members_stop(struct vslice *vslice)
{
	wheel_disarm(&vslice->gateway->wheel, &vslice->integrated->members_timer);
	vec_free(&vslice->integrated->changed);
}

static void add(void *rows, const struct session *session, uint32_t tag)
{
	VEC(struct slice_member) *list = rows;

	for (int i = 0; i < FAMILIES; i++) {
		struct slice_member *room = integrated_number(session, i) ? vec_add(list) : NULL;

		if (room)
			*room = (struct slice_member){family_of(i), integrated_number(session, i), tag};
	}
}

static uint32_t tag_of(const struct session *session)
{
	struct dp_session_spec spec = {0};

	session->way->fill(session, &spec);
	return spec.tag;
}

void integrated_member(struct session *session, bool is_there)
{
	struct vslice *vslice = session->vslice;

	if (!is_needed(vslice))
		return;
	add(&vslice->integrated->changed, session, is_there ? tag_of(session) : 0);
	if (!timer_armed(&vslice->integrated->members_timer))
		wheel_arm(&vslice->gateway->wheel, &vslice->integrated->members_timer, vslice->gateway->now_ms + GATHER_MS);
}

void integrated_members(struct vslice *vslice)
{
	VEC(struct slice_member) rows = {0};
	struct session *session;

	if (!is_needed(vslice))
		return;
	for (size_t at = 0; (session = sessions_next(&vslice->gateway->sessions, &at));)
		if (session->vslice == vslice && session->dp && tag_of(session))
			add(&rows, session, tag_of(session));
	vec_free(&vslice->integrated->changed);
	slice_members(vslice->slice, rows.items, rows.count, true);
	vec_free(&rows);
}
