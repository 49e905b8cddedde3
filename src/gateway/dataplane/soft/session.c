// SPDX-License-Identifier: Apache-2.0
// Sessions: installed, changed, taken out. The same slot tells uplink and downlink, sockets and fast path.
#include "gateway/dataplane/soft/soft.h"

#include <string.h>

// What of the description cannot be.
static bool is_wrong(const struct dp_session_spec *spec)
{
	if (!spec->tunnel == !spec->slice || (spec->tunnel && !spec->local_session_id))
		return true;
	if ((spec->ue.family != IP_NONE && spec->ue.family != IP_V4) || (spec->ue.family == IP_NONE && !spec->ue6.len))
		return true;
	return (spec->ue6.len && spec->ue6.len != 64) || spec->ue6_delegated.len > 64 || (spec->slice && spec->ue6_delegated.len);
}

static void fill_addresses(struct dp_session *session, const struct dp_session_spec *spec)
{
	session->has_v4 = spec->ue.family == IP_V4;
	session->has_v6 = spec->ue6.len;
	session->delegated_len = spec->ue6_delegated.len;
	memcpy(session->ue4, spec->ue.bytes, sizeof(session->ue4));
	memcpy(session->ue6, spec->ue6.addr.bytes, sizeof(session->ue6));
	memcpy(session->delegated, spec->ue6_delegated.addr.bytes, sizeof(session->delegated));
}

static void fill(struct dp_session *session, const struct dp_session_spec *spec)
{
	session->peer_teid = spec->peer_teid;
	session->peer = spec->peer;
	session->mtu = spec->mtu == 0 ? UINT16_MAX : spec->mtu < SOFT_MTU_MIN ? SOFT_MTU_MIN : spec->mtu;
	session->tcp_mss = spec->tcp_mss;
	session->peer_id = spec->peer_session_id;
	if (session->kind == SOFT_INTEGRATED) {
		session->tag = spec->tag & 0xffffff;
		session->cable = soft_slice_way(session->slice, &spec->path, session->tag);
	}
	session->order.required = spec->sequencing;
	session->order.on |= spec->sequencing;
}

// The fast path shares counters and sequence with every session of its slots, whether or not it can carry it.
static void tell_fast(struct dp *dp, const struct dp_session *session)
{
	struct fast_session to = {
		.teid = session->teid,
		.peer_teid = session->peer_teid,
		.sgw = session->peer,
		.has_v4 = session->has_v4,
		.has_v6 = session->has_v6,
		.has_more = session->delegated_len,
		.is_held = session->is_watched,
		.tunnel = session->kind == SOFT_L2TP ? session->tunnel->fast : session->cable,
		.tag = session->kind == SOFT_L2TP ? 0 : session->tag,
		.session_id = session->kind == SOFT_L2TP ? session->id : 0,
		.peer_session_id = session->peer_id,
		.mtu = session->mtu,
		.tcp_mss = session->tcp_mss,
		.limit = session->limit,
		.sequencing = session->order.required,
		.is_numbered = session->order.on,
		.ns = session->order.ns,
	};

	memcpy(to.ue4, session->ue4, sizeof(to.ue4));
	memcpy(to.ue6, session->ue6, sizeof(to.ue6));
	if (soft_is_shared(dp, session))
		fast_session_set(dp->fast, soft_slot(dp, session), &to);
}

// Gives the session its place on the far side: the entry of its L2TP session id, or its address in the slice. 0 or -errno.
static int join(struct dp_session *session, const struct dp_session_spec *spec)
{
	struct soft_entry *entry;

	if (spec->slice)
		return soft_slice_join(session);
	entry = soft_entry_make(spec->tunnel, spec->local_session_id);
	if (!entry)
		return -ENOMEM;
	if (entry->slot)
		return -EEXIST;
	session->order = entry->order;
	*entry = (struct soft_entry){.slot = soft_slot(soft_dp(session), session) + 1};
	spec->tunnel->installed++;
	return 0;
}

static void leave(struct dp_session *session)
{
	if (session->kind == SOFT_INTEGRATED) {
		soft_slice_leave(session);
		return;
	}
	session->tunnel->blocks[session->id / SOFT_BLOCK]->entries[session->id % SOFT_BLOCK] = (struct soft_entry){0};
	session->tunnel->installed--;
}

int dp_session_add(struct dp *dp, const struct dp_session_spec *spec, struct dp_session **out)
{
	struct dp_session *session = &dp->slots[spec->local_teid & (dp->slot_count - 1)];
	int error = session->teid == spec->local_teid && session->teid ? 0 : dp_teid_claim(dp, spec->local_teid);
	uint16_t limit = 0;

	if (error)
		return error == -ERANGE ? -EINVAL : error;
	if (session->kind)
		return -EEXIST;
	if (is_wrong(spec))
		return -EINVAL;
	limit = soft_limit_get(dp, spec->limits, &error);
	if (error)
		return error;
	*session = (struct dp_session){
		.teid = spec->local_teid,
		.kind = spec->tunnel ? SOFT_L2TP : SOFT_INTEGRATED,
		.limit = limit,
		.icmp_ms = (uint32_t)uv_now(dp->loop) - 60000,
	};
	if (spec->tunnel) {
		session->tunnel = spec->tunnel;
		session->id = spec->local_session_id;
	} else {
		session->slice = spec->slice;
	}
	fill_addresses(session, spec);
	error = join(session, spec);
	if (error) {
		soft_limit_put(dp, limit);
		*session = (struct dp_session){.teid = spec->local_teid};
		return error;
	}
	fill(session, spec);
	tell_fast(dp, session);
	*out = session;
	return 0;
}

static bool is_same(const struct dp_session *session, const struct dp_session_spec *spec)
{
	if (spec->local_teid != session->teid || is_wrong(spec))
		return false;
	return session->kind == SOFT_L2TP ? spec->tunnel == session->tunnel && spec->local_session_id == session->id
					  : spec->slice == session->slice;
}

int dp_session_update(struct dp_session *session, const struct dp_session_spec *spec)
{
	struct dp_session old = *session;
	struct dp *dp;
	uint16_t limit;
	int error = 0;

	if (!is_same(session, spec))
		return -EINVAL;
	dp = soft_dp(session);
	limit = soft_limit_get(dp, spec->limits, &error);
	if (error)
		return error;
	if (session->kind == SOFT_INTEGRATED)
		soft_slice_leave(session);
	fill_addresses(session, spec);
	if (session->kind == SOFT_INTEGRATED && (error = soft_slice_join(session))) {
		*session = old;
		soft_limit_put(dp, limit);
		(void)soft_slice_join(session); // its old place is free, and there is room
		return error;
	}
	session->limit = limit;
	soft_limit_put(dp, old.limit);
	fill(session, spec);
	tell_fast(dp, session);
	return 0;
}

void dp_session_del(struct dp_session **pointer, struct dp_counters *last)
{
	struct dp_session *session = *pointer;
	struct dp *dp;

	if (!session)
		return;
	*pointer = NULL;
	dp = soft_dp(session);
	if (last)
		dp_session_counters(session, last);
	if (soft_is_shared(dp, session))
		fast_session_del(dp->fast, soft_slot(dp, session));
	leave(session);
	soft_limit_put(dp, session->limit);
	soft_tally_clear(dp, session);
	*session = (struct dp_session){.teid = session->teid}; // the TEID is its owner's until dp_teid_give
}

void dp_session_watch(struct dp_session *session, bool on)
{
	if (session->is_watched == on)
		return;
	session->is_watched = on;
	tell_fast(soft_dp(session), session);
}

int dp_session_send(struct dp_session *session, const uint8_t *packet, size_t len)
{
	uint8_t room[SOFT_HEAD_MAX + 2048];

	if (!len || len > sizeof(room) - SOFT_HEAD_MAX)
		return -EMSGSIZE;
	memcpy(room + SOFT_HEAD_MAX, packet, len);
	soft_send(session, DP_DOWNLINK, room + SOFT_HEAD_MAX, len, false);
	return 0;
}
