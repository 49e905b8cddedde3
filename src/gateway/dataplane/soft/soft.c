// SPDX-License-Identifier: Apache-2.0
// The data plane on plain UDP sockets: the portable one, and the slow path behind XDP.
//
// One GTP-U socket and one socket per LAC; packets go from one to the other. An uplink G-PDU names its slot by the low bits of its
// TEID; a downlink L2TP message names LAC (its socket), tunnel and session, and all three are arrays:
//
//   uplink    slots[teid & mask]                                                         teid.c
//   downlink  lac->leaves[tunnel / 256]->tunnels[] -> tunnel->blocks[session / 64] -> slots[]   here
//
// Both end in the one slot (struct dp_session) that holds all that forwarding reads, checks and counts. Headers are rewritten in the
// received buffer, in the room before the inner packet, and the payload is never copied (forward.c). What is not a user packet goes
// to the callbacks of struct dp_host. Packets longer than the session's MTU are toobig.c's.
//
// The caller owns ids and order: tunnels go before their LAC, sessions before their tunnel. Everything runs on the loop's thread.
#include "gateway/dataplane/soft/soft.h"

#include "base/clean.h"

#include <string.h>

const char *dp_drop_name(enum dp_drop reason)
{
	static const char *const names[] = {
#define X(name, text) [DP_DROP_##name] = text,
		DP_DROP_LIST(X)
#undef X
	};

	return reason < DP_DROP_COUNT ? names[reason] : "unknown";
}

static void on_gtpu_datagram(void *owner, const struct ip_end *peer, uint8_t *datagram, size_t len)
{
	soft_recv_gtpu(owner, peer, datagram, len);
}

static void on_batch_end(void *owner)
{
	struct dp *dp = owner;

	if (dp->host.on_batch_end)
		dp->host.on_batch_end(dp->host.owner);
}

static void on_lac_datagram(void *owner, const struct ip_end *peer, uint8_t *datagram, size_t len)
{
	soft_recv_l2tp(owner, peer, datagram, len);
}

static void on_lac_batch_end(void *owner)
{
	on_batch_end(((struct dp_lac *)owner)->dp);
}

int dp_new(uv_loop_t *loop, int gtpu_fd, const struct dp_host *host, uint32_t max_sessions, struct dp **out)
{
	_cleanup_close_ int fd = gtpu_fd;
	_cleanup_free_ struct dp *dp = calloc(1, sizeof(*dp));
	struct udp_host udp_host = {.on_datagram = on_gtpu_datagram, .on_batch_end = on_batch_end, .owner = dp};
	int error;

	if (!dp)
		return -ENOMEM;
	dp->loop = loop;
	dp->host = *host;
	dp->max_sessions = max_sessions;
	error = soft_slots_map(dp);
	if (error)
		return error;
	error = udp_new(loop, TAKE_FD(fd), &udp_host, &dp->gtpu);
	if (error) {
		soft_slots_unmap(dp);
		return error;
	}
	*out = TAKE_PTR(dp);
	return 0;
}

void dp_free(struct dp **pointer)
{
	struct dp *dp = *pointer;

	if (!dp)
		return;
	*pointer = NULL;
	udp_free(&dp->gtpu);
	soft_slots_unmap(dp);
	free(dp);
}

int dp_lac_new(struct dp *dp, int lac_fd, const struct ip_end *address, void *lac_owner, struct dp_lac **out)
{
	_cleanup_close_ int fd = lac_fd;
	_cleanup_free_ struct dp_lac *lac = calloc(1, sizeof(*lac));
	struct udp_host udp_host = {.on_datagram = on_lac_datagram, .on_batch_end = on_lac_batch_end, .owner = lac};
	int error;

	if (!lac)
		return -ENOMEM;
	lac->dp = dp;
	lac->address = *address;
	lac->owner = lac_owner;
	error = udp_new(dp->loop, TAKE_FD(fd), &udp_host, &lac->udp);
	if (error)
		return error;
	lac->next = dp->lacs;
	lac->link = &dp->lacs;
	if (lac->next)
		lac->next->link = &lac->next;
	dp->lacs = lac;
	*out = TAKE_PTR(lac);
	return 0;
}

void dp_lac_free(struct dp_lac **pointer)
{
	struct dp_lac *lac = *pointer;

	if (!lac)
		return;
	*pointer = NULL;
	udp_flush(lac->udp);
	lac->dp->drops[DP_DROP_SEND_FAILED] += udp_send_errors(lac->udp);
	udp_free(&lac->udp);
	*lac->link = lac->next;
	if (lac->next)
		lac->next->link = lac->link;
	for (size_t i = 0; i < array_len(lac->leaves); i++)
		free(lac->leaves[i]);
	free(lac);
}

int dp_lac_send(struct dp_lac *lac, const struct ip_end *peer, const uint8_t *datagram, size_t len)
{
	return udp_send(lac->udp, peer, datagram, len, true);
}

int dp_gtpu_send(struct dp *dp, const struct ip_end *peer, const uint8_t *datagram, size_t len)
{
	return udp_send(dp->gtpu, peer, datagram, len, true);
}

int dp_tunnel_new(struct dp_lac *lac, uint16_t local_id, uint16_t peer_id, const struct ip_end *peer,
	const struct dp_framing *framing, struct dp_tunnel **out)
{
	struct soft_leaf **leaf = &lac->leaves[local_id / SOFT_LEAF];
	struct dp_tunnel *tunnel;

	if (local_id == 0)
		return -ERANGE;
	if (!*leaf)
		*leaf = calloc(1, sizeof(**leaf));
	if (!*leaf)
		return -ENOMEM;
	if ((*leaf)->tunnels[local_id % SOFT_LEAF])
		return -EEXIST;
	tunnel = calloc(1, sizeof(*tunnel));
	if (!tunnel)
		return -ENOMEM;
	tunnel->lac = lac;
	tunnel->id = local_id;
	tunnel->peer_id = peer_id;
	tunnel->peer = *peer;
	tunnel->framing = *framing;
	(*leaf)->tunnels[local_id % SOFT_LEAF] = tunnel;
	lac->tunnels++;
	*out = tunnel;
	return 0;
}

void dp_tunnel_set_peer(struct dp_tunnel *tunnel, uint16_t peer_id, const struct ip_end *peer)
{
	tunnel->peer_id = peer_id;
	tunnel->peer = *peer;
}

void dp_tunnel_set_framing(struct dp_tunnel *tunnel, const struct dp_framing *framing)
{
	tunnel->framing = *framing;
}

void dp_tunnel_free(struct dp_tunnel **pointer)
{
	struct dp_tunnel *tunnel = *pointer;

	if (!tunnel)
		return;
	*pointer = NULL;
	tunnel->lac->leaves[tunnel->id / SOFT_LEAF]->tunnels[tunnel->id % SOFT_LEAF] = NULL;
	tunnel->lac->tunnels--;
	for (uint32_t i = 0; i < tunnel->block_count; i++)
		free(tunnel->blocks[i]);
	free(tunnel->blocks);
	free(tunnel);
}

// The entry of one of our session ids, its block made when there is none; NULL when memory is out.
static struct soft_entry *entry_make(struct dp_tunnel *tunnel, uint16_t session_id)
{
	uint16_t at = session_id / SOFT_BLOCK;

	if (at >= tunnel->block_count) {
		uint16_t count = tunnel->block_count ? tunnel->block_count : 1;
		struct soft_block **blocks;

		while (count <= at)
			count *= 2;
		blocks = realloc(tunnel->blocks, count * sizeof(struct soft_block *));
		if (!blocks)
			return NULL;
		memset(blocks + tunnel->block_count, 0, (size_t)(count - tunnel->block_count) * sizeof(struct soft_block *));
		tunnel->blocks = blocks;
		tunnel->block_count = count;
	}
	if (!tunnel->blocks[at])
		tunnel->blocks[at] = calloc(1, sizeof(struct soft_block));
	return tunnel->blocks[at] ? &tunnel->blocks[at]->entries[session_id % SOFT_BLOCK] : NULL;
}

int dp_tunnel_send_ppp(struct dp_tunnel *tunnel, uint16_t local_session_id, uint16_t peer_session_id, uint16_t ppp_protocol,
	const uint8_t *packet, size_t len)
{
	struct soft_entry *entry = entry_make(tunnel, local_session_id);
	struct soft_order *order;
	uint8_t frame[SOFT_HEAD_MAX + 4096], *head;

	if (!entry)
		return -ENOMEM;
	if (len > sizeof(frame) - SOFT_HEAD_MAX)
		return -EMSGSIZE;
	order = entry->slot ? &tunnel->lac->dp->slots[entry->slot - 1].order : &entry->order;
	if (len)
		memcpy(frame + SOFT_HEAD_MAX, packet, len);
	head = soft_l2tp_head(tunnel, order, peer_session_id, ppp_protocol, frame + SOFT_HEAD_MAX, len);
	return udp_send(tunnel->lac->udp, &tunnel->peer, head, (size_t)(frame + SOFT_HEAD_MAX + len - head),
		soft_how(&tunnel->framing, NULL));
}

void dp_tunnel_forget(struct dp_tunnel *tunnel, uint16_t local_session_id)
{
	uint16_t at = local_session_id / SOFT_BLOCK;

	if (at < tunnel->block_count && tunnel->blocks[at])
		tunnel->blocks[at]->entries[local_session_id % SOFT_BLOCK].order = (struct soft_order){0};
}

static void session_fill(struct dp_session *session, const struct dp_session_spec *spec)
{
	session->peer_teid = spec->peer_teid;
	session->peer = spec->peer;
	session->ue = spec->ue;
	session->mtu = spec->mtu == 0 ? UINT16_MAX : spec->mtu < SOFT_MTU_MIN ? SOFT_MTU_MIN : spec->mtu;
	session->tcp_mss = spec->tcp_mss;
	session->peer_id = spec->peer_session_id;
	session->order.required = spec->sequencing;
	session->order.on |= spec->sequencing;
}

int dp_session_add(struct dp *dp, const struct dp_session_spec *spec, struct dp_session **out)
{
	uint32_t index = spec->local_teid & (dp->slot_count - 1);
	struct dp_session *session = &dp->slots[index];
	struct soft_entry *entry;
	int error = session->teid == spec->local_teid && session->teid ? 0 : dp_teid_claim(dp, spec->local_teid);

	if (error)
		return error == -ERANGE ? -EINVAL : error;
	if (session->tunnel || spec->local_session_id == 0)
		return session->tunnel ? -EEXIST : -EINVAL;
	entry = entry_make(spec->tunnel, spec->local_session_id);
	if (!entry)
		return -ENOMEM;
	if (entry->slot)
		return -EEXIST;
	*session = (struct dp_session){
		.teid = spec->local_teid,
		.tunnel = spec->tunnel,
		.id = spec->local_session_id,
		.order = entry->order,
		.icmp_ms = (uint32_t)uv_now(dp->loop) - 60000,
	};
	session_fill(session, spec);
	entry->slot = index + 1;
	entry->order = (struct soft_order){0};
	spec->tunnel->installed++;
	*out = session;
	return 0;
}

int dp_session_update(struct dp_session *session, const struct dp_session_spec *spec)
{
	if (spec->local_teid != session->teid || spec->tunnel != session->tunnel || spec->local_session_id != session->id)
		return -EINVAL;
	session_fill(session, spec);
	return 0;
}

void dp_session_del(struct dp_session **pointer, struct dp_counters *last)
{
	struct dp_session *session = *pointer;
	struct dp_tunnel *tunnel;

	if (!session)
		return;
	*pointer = NULL;
	tunnel = session->tunnel;
	if (last)
		*last = session->counters;
	tunnel->blocks[session->id / SOFT_BLOCK]->entries[session->id % SOFT_BLOCK] = (struct soft_entry){0};
	tunnel->installed--;
	*session = (struct dp_session){.teid = session->teid}; // the TEID is its owner's until dp_teid_give
}

void dp_session_counters(const struct dp_session *session, struct dp_counters *out)
{
	*out = session->counters;
}

void dp_session_restore_counters(struct dp_session *session, const struct dp_counters *from)
{
	session->counters = *from;
}

uint64_t dp_drops(const struct dp *dp, enum dp_drop reason)
{
	uint64_t drops = dp->drops[reason];

	if (reason != DP_DROP_SEND_FAILED)
		return drops;
	for (const struct dp_lac *lac = dp->lacs; lac; lac = lac->next)
		drops += udp_send_errors(lac->udp);
	return drops + udp_send_errors(dp->gtpu);
}

void dp_totals(const struct dp *dp, struct dp_counters *out)
{
	*out = dp->totals;
}
