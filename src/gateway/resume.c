// SPDX-License-Identifier: Apache-2.0
// How a gateway goes on. The state file holds each tunnel with Ns and Nr, its unacknowledged messages, each session with its PPP result. As soon
// as a LAC's socket is open again, its tunnels are made from their records, then their sessions (first into the data plane, so that traffic
// flows again), then unacknowledged messages are sent again. What was not complete when the gateway was killed is torn down on the wire.
// Records whose VSlice, LAC or LNS is not configured any longer stay unresumed and are cleared after a while.
//
// Until all are back nothing is read from the GTP-U socket: a user packet that the BPF programs left to it finds its session. Nor is GTP-C, until the slices
// have been looked over: a SIM that comes just then is served a moment later, and is not told that its slice is being set up. PATIENCE_MS at most.
#include "gateway/resume.h"

#include "base/clean.h"
#include "gateway/access.h"
#include "gateway/integrated.h"
#include "gateway/records.h"
#include "gateway/session.h"

#include <errno.h>
#include <stdio.h>

LOG_CATEGORY(resume);

#define ORPHAN_MS 60000 // for slices to come up and the controller to be heard
#define PATIENCE_MS 2000 // below T3-RESPONSE (TS 29.274 7.6)

struct resume {
	struct gateway *gateway;
	struct map vslices; // hash of the id of each that has something -> not NULL
	struct map first; // tunnel record, or Integrated VSlice -> index + 1 of its first session record
	uint32_t *next; // session record -> index + 1 of the tunnel's, or VSlice's, next one
	uint32_t sessions, tunnels;
	uint32_t integrated; // of the sessions, those without a tunnel
	struct timer orphan_timer, patience_timer;
};

static void clear_table(struct gateway *gateway, enum gateway_table table)
{
	VEC(uint32_t) found = {0};

	for (uint32_t i = 0, left = state_live(gateway->state, table); left; i++) {
		uint32_t *index = state_get(gateway->state, table, i) ? vec_add(&found) : NULL;

		if (index) {
			*index = i;
			left--;
		}
	}
	vec_each (&found, index)
		state_clear(gateway->state, table, *index);
	vec_free(&found);
}

// The sessions of one tunnel stand together, and those of one Integrated VSlice.
static uint64_t place_of(const struct session_record *record)
{
	return record->tunnel != NO_RECORD ? record->tunnel : hash_bytes(record->vslice, sizeof(record->vslice)) | 1ULL << 63;
}

static void note_vslice(struct resume *resume, const uint8_t id[16])
{
	(void)map_put(&resume->vslices, hash_bytes(id, 16), resume);
}

static void note_tunnel(void *owner, uint32_t index, const void *bytes)
{
	(void)index;
	note_vslice(owner, ((const struct tunnel_record *)bytes)->vslice);
}

bool resume_has(const struct resume *resume, const struct uuid *vslice)
{
	uint8_t id[16];

	uuid_pack(vslice, id);
	return map_get(&resume->vslices, hash_bytes(id, sizeof(id)));
}

static void note_session(void *owner, uint32_t index, const void *bytes)
{
	struct resume *resume = owner;
	const struct session_record *record = bytes;
	uintptr_t first = (uintptr_t)map_get(&resume->first, place_of(record));

	resume->next[index] = (uint32_t)first;
	(void)map_put(&resume->first, place_of(record), (void *)((uintptr_t)index + 1));
	resume->integrated += record->tunnel == NO_RECORD;
	note_vslice(resume, record->vslice);
	(void)dp_teid_claim(resume->gateway->dp, record->local_teid);
	resume->sessions++;
}

static void on_orphans_due(struct timer *timer, uint64_t now_ms)
{
	struct resume *resume = container_of(timer, struct resume, orphan_timer);
	struct gateway *gateway = resume->gateway;

	(void)now_ms;
	if (resume->sessions || resume->tunnels)
		log_warn("records that nothing is configured for any longer are dropped sessions=%u tunnels=%u", resume->sessions,
			resume->tunnels);
	for (size_t i = 0; i < resume->first.size; i++)
		for (uintptr_t at = (uintptr_t)resume->first.slots[i].value; at; at = resume->next[at - 1])
			state_clear(gateway->state, TABLE_SESSION, (uint32_t)(at - 1));
	apns_sweep(&gateway->apns);
	dp_fast_settle(gateway->dp);
	resume_free(&gateway->resume);
}

static void on_patience_due(struct timer *timer, uint64_t now_ms)
{
	struct gateway *gateway = container_of(timer, struct resume, patience_timer)->gateway;

	(void)now_ms;
	dp_pause(gateway->dp, false);
	udp_pause(gateway->access->udp, false);
}

void resume_slice_ready(struct gateway *gateway)
{
	const struct resume *resume = gateway->resume;
	const struct vslice *vslice;

	if (!resume || resume->tunnels || resume->integrated || !timer_armed(&resume->patience_timer))
		return;
	for (size_t i = 0; (vslice = strmap_next(&gateway->vslices, &i));)
		if (!vslice->ready && resume_has(resume, &vslice->id))
			return;
	wheel_disarm(&gateway->wheel, &gateway->resume->patience_timer);
	udp_pause(gateway->access->udp, false);
}

int resume_new(struct gateway *gateway, bool is_live, struct resume **out)
{
	struct resume *resume;

	if (!is_live) {
		for (enum gateway_table table = TABLE_TUNNEL; table < GATEWAY_TABLES; table++)
			clear_table(gateway, table);
		return 0;
	}
	if (!state_live(gateway->state, TABLE_TUNNEL) && !state_live(gateway->state, TABLE_SESSION)) {
		clear_table(gateway, TABLE_SECRET);
		clear_table(gateway, TABLE_IP6);
		clear_table(gateway, TABLE_MESSAGE);
		clear_table(gateway, TABLE_APN);
		return 0;
	}
	resume = calloc(1, sizeof(*resume));
	if (!resume)
		return -ENOMEM;
	resume->gateway = gateway;
	resume->next = calloc(gateway->options->max_sessions, sizeof(*resume->next));
	if (!resume->next) {
		free(resume);
		return -ENOMEM;
	}
	state_each(gateway->state, TABLE_TUNNEL, note_tunnel, resume);
	state_each(gateway->state, TABLE_SESSION, note_session, resume);
	resume->tunnels = state_live(gateway->state, TABLE_TUNNEL);
	resume->orphan_timer.fire = on_orphans_due;
	wheel_arm(&gateway->wheel, &resume->orphan_timer, gateway->now_ms + ORPHAN_MS);
	resume->patience_timer.fire = on_patience_due;
	wheel_arm(&gateway->wheel, &resume->patience_timer, gateway->now_ms + PATIENCE_MS);
	dp_pause(gateway->dp, true);
	udp_pause(gateway->access->udp, true);
	log_info("going on from the state file tunnels=%u sessions=%u", resume->tunnels, resume->sessions);
	*out = resume;
	return 0;
}

void resume_free(struct resume **out)
{
	struct resume *resume = *out;

	if (!resume)
		return;
	wheel_disarm(&resume->gateway->wheel, &resume->orphan_timer);
	wheel_disarm(&resume->gateway->wheel, &resume->patience_timer);
	map_fini(&resume->first);
	map_fini(&resume->vslices);
	free(resume->next);
	free(resume);
	*out = NULL;
}

static bool has_ip6(const struct session_record *record)
{
	return record->pdn_type == GTP2_PDN_IPV6 || record->pdn_type == GTP2_PDN_IPV4V6;
}

// A copy of a record of another table; NULL where there is none.
static void *record_copy(const struct gateway *gateway, enum gateway_table table, uint32_t index, size_t size)
{
	const void *record = index == NO_RECORD ? NULL : state_get(gateway->state, table, index);
	void *copy = record ? malloc(size) : NULL;

	return copy ? memcpy(copy, record, size) : NULL;
}

// A record of before IPv6 says nothing of it.
static void complete(struct session *session)
{
	struct session_record facts = *session->facts;

	if (has_ip6(&facts) || facts.ip6 == NO_RECORD)
		return;
	facts.pdn_type = GTP2_PDN_IPV4;
	facts.ip6 = NO_RECORD;
	session_change(session, &facts);
}

static void session_fill(struct session *session, uint32_t index)
{
	struct gateway *gateway = session->gateway;
	const struct session_record *facts = state_get(gateway->state, TABLE_SESSION, index);

	session->facts = facts;
	session->state_index = index;
	complete(session);
	session->way = facts->tunnel == NO_RECORD ? &session_integrated : &session_over_lns;
	session->access = facts->gtp_version == 2 ? &pgw_ops : &ggsn_ops;
	session->state = SESSION_UP;
	session->apn = apn_ref_index(&gateway->apns, facts->apn);
	session->secrets = record_copy(gateway, TABLE_SECRET, facts->secret, sizeof(*session->secrets));
	session->ip6 = record_copy(gateway, TABLE_IP6, facts->ip6, sizeof(*session->ip6));
	gateway->established++;
}

// The L2TP half: the call, known to the tunnel's engine. 0 or -errno.
static int call_resume(struct tunnel *tunnel, struct session *session, const struct session_record *record)
{
	struct gateway *gateway = session->gateway;
	struct call *call = pool_take(&gateway->call_pool);
	int error;

	if (!call)
		return -ENOMEM;
	call->session = session;
	(void)idset_claim(tunnel->session_ids, record->l2tp.local_id);
	error = l2tp_session_resume(&tunnel->l2tp, &call->l2tp, &record->l2tp);
	if (error) {
		pool_give(&gateway->call_pool, call);
		return error;
	}
	session->call = call;
	return 0;
}

// A session that was up is up again. One that was not: its call is torn down by the engine and nobody waits for an answer.
static void session_resume(void *owner, uint32_t index, const struct session_record *record)
{
	struct tunnel *tunnel = owner;
	struct gateway *gateway = tunnel->lac->vslice->gateway;
	struct session *session = record->is_up ? pool_take(&gateway->session_pool) : NULL;
	struct dp_counters counters = record->counters;
	uint32_t teid = record->local_teid;
	int error;

	if (!session) {
		dp_teid_give(gateway->dp, record->local_teid, gateway->now_ms);
		state_clear(gateway->state, TABLE_SESSION, index);
		return;
	}
	session->gateway = gateway;
	session->vslice = tunnel->lac->vslice;
	session_fill(session, index);
	session->profile = profile_ref(tunnel->profile);
	error = session->apn ? sessions_put(&gateway->sessions, session) : -ENOENT;
	if (!error)
		error = call_resume(tunnel, session, record);
	if (!error && !session_wake(session))
		error = -EINVAL;
	access_link(session);
	if (error) {
		log_err("a session can't be resumed error=%s", strerror(-error));
		session_end(session, REFUSED_ADMINISTRATIVE, SESSION_TELL_BOTH, "it could not be resumed after a restart");
		return;
	}
	session_install(session);
	if (session_find(gateway, teid) != session)
		return;
	dp_session_restore_counters(session->dp, &counters);
	session->usage_packets = counters.uplink_packets + counters.downlink_packets;
	session_settle(session);
}

static void messages_resume(struct tunnel *tunnel)
{
	struct gateway *gateway = tunnel->lac->vslice->gateway;

	for (uint32_t i = 0, left = state_live(gateway->state, TABLE_MESSAGE); left; i++) {
		const struct message_record *record = state_get(gateway->state, TABLE_MESSAGE, i);
		struct l2tp_stored_message message;

		if (!record)
			continue;
		left--;
		if (record->tunnel != tunnel->state_index)
			continue;
		tunnel->messages[record->ns % L2TP_WINDOW_MAX] = i;
		message = (struct l2tp_stored_message){.ns = record->ns,
			.session_id = record->session_id,
			.type = record->type,
			.len = record->len,
			.bytes = record->bytes};
		(void)l2tp_tunnel_resume_message(&tunnel->l2tp, &message);
	}
}

// Each session record of one place, in `each`.
static void sessions_resume(struct resume *resume, uint64_t place, void *owner,
	void (*each)(void *owner, uint32_t index, const struct session_record *record))
{
	uintptr_t at = (uintptr_t)map_get(&resume->first, place);
	uint32_t next;

	for (; at; at = next) {
		uint32_t index = (uint32_t)(at - 1);
		const struct session_record *stored = state_get(resume->gateway->state, TABLE_SESSION, index);
		struct session_record record;

		next = resume->next[index];
		resume->sessions--;
		if (!stored)
			continue;
		record = *stored; // its place may be written while it is resumed
		each(owner, index, &record);
	}
	map_del(&resume->first, place);
}

static void tunnel_resume(struct resume *resume, struct pair *pair, uint32_t index, const struct tunnel_record *record)
{
	struct gateway *gateway = resume->gateway;
	struct vslice_config *config = config_vslice(gateway->config, &pair->lac->vslice->id);
	struct tunnel *tunnel;
	int error;

	if (config && !ip_addr_equal(&record->l2tp.peer.addr, &pair->lns.addr))
		config_name_lns(config, &record->l2tp.peer.addr);
	(void)idset_claim(pair->lac->vslice->tunnel_ids, record->l2tp.local_id);
	if (tunnel_new(pair, &record->l2tp.peer, record->l2tp.local_id, &tunnel)) {
		log_err("a tunnel can't be resumed: memory is out");
		return;
	}
	uuid_unpack(record->id, &tunnel->id);
	tunnel->state_index = index;
	tunnel->since_wall_ms = record->since_wall_ms;
	error = l2tp_tunnel_resume(&tunnel->l2tp, &record->l2tp, gateway->now_ms);
	if (error) {
		log_err("a tunnel can't be resumed tunnel=%u error=%s", record->l2tp.local_id, strerror(-error));
		tunnel_free(tunnel);
		return;
	}
	dp_tunnel_set_peer(tunnel->dp, record->l2tp.peer_id, &record->l2tp.peer);
	tunnel_follow_path(tunnel);
	sessions_resume(resume, index, tunnel, session_resume);
	messages_resume(tunnel);
	l2tp_tunnel_resume_done(&tunnel->l2tp, gateway->now_ms);
	tunnel_settle(tunnel);
	tunnel_report(tunnel);
}

// The fast path learns that there is nothing more to take over.
static void settle_if_done(struct resume *resume)
{
	if (resume->tunnels || resume->integrated)
		return;
	dp_fast_settle(resume->gateway->dp);
	dp_pause(resume->gateway->dp, false);
	resume_slice_ready(resume->gateway);
}

struct sweep {
	struct resume *resume;
	struct lac *lac;
	VEC(uint32_t) found;
};

static void find_tunnel(void *owner, uint32_t index, const void *bytes)
{
	struct sweep *sweep = owner;
	const struct tunnel_record *record = bytes;
	struct uuid lac, vslice;
	uint32_t *kept;

	uuid_unpack(record->lac, &lac);
	uuid_unpack(record->vslice, &vslice);
	if (!uuid_equal(&lac, &sweep->lac->id) || !uuid_equal(&vslice, &sweep->lac->vslice->id))
		return;
	kept = vec_add(&sweep->found);
	if (kept)
		*kept = index;
}

void resume_lac(struct lac *lac)
{
	struct gateway *gateway = lac->vslice->gateway;
	struct sweep sweep = {.resume = gateway->resume, .lac = lac};

	if (!gateway->resume || lac->resumed)
		return;
	lac->resumed = true;
	state_each(gateway->state, TABLE_TUNNEL, find_tunnel, &sweep);
	vec_each (&sweep.found, index) {
		const struct tunnel_record *stored = state_get(gateway->state, TABLE_TUNNEL, *index);
		struct tunnel_record record;
		struct pair *pair;
		struct uuid lns;

		if (!stored)
			continue;
		record = *stored;
		uuid_unpack(record.lns, &lns);
		pair = lac_find_pair(lac, &lns);
		if (!pair)
			continue;
		gateway->resume->tunnels--;
		tunnel_resume(gateway->resume, pair, *index, &record);
	}
	vec_free(&sweep.found);
	settle_if_done(gateway->resume);
}

// A session of an Integrated VSlice; it is one only when it was up.
static void integrated_resume(void *owner, uint32_t index, const struct session_record *record)
{
	struct vslice *vslice = owner;
	struct gateway *gateway = vslice->gateway;
	struct session *session = record->is_up ? pool_take(&gateway->session_pool) : NULL;
	uint32_t teid = record->local_teid;
	int error;

	gateway->resume->integrated--;
	if (!session) {
		dp_teid_give(gateway->dp, teid, gateway->now_ms);
		state_clear(gateway->state, TABLE_SESSION, index);
		return;
	}
	session->gateway = gateway;
	session->vslice = vslice;
	session_fill(session, index);
	error = session->apn ? sessions_put(&gateway->sessions, session) : -ENOENT;
	if (!error)
		error = integrated_claim(session);
	access_link(session);
	if (error) {
		log_err("a session can't be resumed error=%s", strerror(-error));
		session_end(session, REFUSED_ADMINISTRATIVE, SESSION_TELL_BOTH, "it could not be resumed after a restart");
		return;
	}
	session_install(session);
	if (session_find(gateway, teid) != session)
		return;
	dp_session_restore_counters(session->dp, &record->counters);
	session->usage_packets = record->counters.uplink_packets + record->counters.downlink_packets;
}

void resume_vslice(struct vslice *vslice)
{
	struct resume *resume = vslice->gateway->resume;
	struct session_record like = {.tunnel = NO_RECORD};

	if (!resume)
		return;
	uuid_pack(&vslice->id, like.vslice);
	sessions_resume(resume, place_of(&like), vslice, integrated_resume);
	settle_if_done(resume);
}
