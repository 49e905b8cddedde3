// SPDX-License-Identifier: Apache-2.0
// The data plane on plain UDP sockets: the portable one, and the slow path behind XDP (fast.h).
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

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

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
	dp_fast_stop(dp, false);
	udp_free(&dp->gtpu);
	soft_slots_unmap(dp);
	soft_frames_unmap(dp);
	free(dp);
}

void dp_pause(struct dp *dp, bool on)
{
	udp_pause(dp->gtpu, on);
}

static uint16_t local_port(int fd)
{
	struct sockaddr_storage name;
	socklen_t len = sizeof(name);
	struct ip_end end;

	if (getsockname(fd, (struct sockaddr *)&name, &len) || ip_end_from_sockaddr((struct sockaddr *)&name, &end))
		return 0;
	return end.port;
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
	if (dp->fast) {
		lac->slice = fast_slice_get(dp->fast, fd);
		lac->address.port = local_port(fd); // where the kernel chose it
	}
	error = udp_new(dp->loop, TAKE_FD(fd), &udp_host, &lac->udp);
	if (error) {
		if (lac->slice)
			fast_slice_put(dp->fast, lac->slice);
		return error;
	}
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
	if (lac->slice && lac->dp->fast)
		fast_slice_put(lac->dp->fast, lac->slice);
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

static void tell_fast(const struct dp_tunnel *tunnel)
{
	if (tunnel->fast && tunnel->lac->dp->fast)
		fast_tunnel_set(tunnel->lac->dp->fast, tunnel->fast, tunnel->peer_id, &tunnel->peer, &tunnel->framing);
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
	if (lac->slice && lac->dp->fast)
		tunnel->fast = fast_tunnel_new(lac->dp->fast, lac->slice, &lac->address, local_id);
	tell_fast(tunnel);
	*out = tunnel;
	return 0;
}

void dp_tunnel_set_peer(struct dp_tunnel *tunnel, uint16_t peer_id, const struct ip_end *peer)
{
	tunnel->peer_id = peer_id;
	tunnel->peer = *peer;
	tell_fast(tunnel);
	dp_tunnel_set_path(tunnel, &tunnel->path);
}

void dp_tunnel_set_path(struct dp_tunnel *tunnel, const struct dp_path *path)
{
	tunnel->path = *path;
	if (tunnel->fast && tunnel->lac->dp->fast && (tunnel->has_path || *path->interface))
		fast_tunnel_path(tunnel->lac->dp->fast, tunnel->fast, path);
	tunnel->has_path = tunnel->has_path || *path->interface;
}

void dp_tunnel_set_framing(struct dp_tunnel *tunnel, const struct dp_framing *framing)
{
	tunnel->framing = *framing;
	tell_fast(tunnel);
}

const char *dp_way_name(enum dp_way way)
{
	return way == DP_WAY_FAST ? "fast" : way == DP_WAY_STACK ? "stack" : "sockets";
}

enum dp_way dp_tunnel_way(const struct dp_tunnel *tunnel)
{
	struct fast *fast = tunnel->lac->dp->fast;

	if (!fast || !tunnel->fast || !fast_tunnel_is_known(fast, tunnel->fast))
		return DP_WAY_SOCKETS;
	return fast_tunnel_is_cabled(fast, tunnel->fast) ? DP_WAY_STACK : DP_WAY_FAST;
}

bool dp_tunnel_wants_cable(const struct dp_tunnel *tunnel)
{
	struct fast *fast = tunnel->lac->dp->fast;

	return fast && tunnel->fast && fast_tunnel_is_cabled(fast, tunnel->fast);
}

void dp_tunnel_flow(const struct dp_tunnel *tunnel, struct dp_counters *out)
{
	*out = (struct dp_counters){0};
	if (tunnel->lac->dp->fast && tunnel->fast)
		fast_tunnel_flow(tunnel->lac->dp->fast, tunnel->fast, out);
}

void dp_tunnel_free(struct dp_tunnel **pointer)
{
	struct dp_tunnel *tunnel = *pointer;

	if (!tunnel)
		return;
	*pointer = NULL;
	if (tunnel->fast && tunnel->lac->dp->fast)
		fast_tunnel_free(tunnel->lac->dp->fast, tunnel->fast);
	tunnel->lac->leaves[tunnel->id / SOFT_LEAF]->tunnels[tunnel->id % SOFT_LEAF] = NULL;
	tunnel->lac->tunnels--;
	for (uint32_t i = 0; i < tunnel->block_count; i++)
		free(tunnel->blocks[i]);
	free(tunnel->blocks);
	free(tunnel);
}

struct soft_entry *soft_entry_make(struct dp_tunnel *tunnel, uint16_t session_id)
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
	struct soft_entry *entry = soft_entry_make(tunnel, local_session_id);
	struct fast_order *order;
	uint8_t frame[SOFT_HEAD_MAX + 4096], *head;

	if (!entry)
		return -ENOMEM;
	if (len > sizeof(frame) - SOFT_HEAD_MAX)
		return -EMSGSIZE;
	order = entry->slot ? soft_order(tunnel->lac->dp, &tunnel->lac->dp->slots[entry->slot - 1]) : &entry->order;
	if (len)
		memcpy(frame + SOFT_HEAD_MAX, packet, len);
	head = soft_l2tp_head(tunnel, order, peer_session_id, ppp_protocol, frame + SOFT_HEAD_MAX, len);
	if (tunnel->lac->dp->is_watching)
		soft_show_l2tp(tunnel, entry->slot ? &tunnel->lac->dp->slots[entry->slot - 1] : NULL, local_session_id, true,
			head, (size_t)(frame + SOFT_HEAD_MAX + len - head));
	return udp_send(tunnel->lac->udp, &tunnel->peer, head, (size_t)(frame + SOFT_HEAD_MAX + len - head),
		soft_how(&tunnel->framing, NULL));
}

void dp_tunnel_forget(struct dp_tunnel *tunnel, uint16_t local_session_id)
{
	uint16_t at = local_session_id / SOFT_BLOCK;

	if (at < tunnel->block_count && tunnel->blocks[at])
		tunnel->blocks[at]->entries[local_session_id % SOFT_BLOCK].order = (struct fast_order){0};
}

uint64_t dp_drops(const struct dp *dp, enum dp_drop reason)
{
	uint64_t drops = dp->drops[reason], fast[DP_DROP_COUNT], passed;
	struct dp_counters totals;

	if (dp->fast) {
		fast_totals(dp->fast, &totals, &passed, fast);
		drops += fast[reason];
	}
	if (reason != DP_DROP_SEND_FAILED)
		return drops;
	for (const struct dp_lac *lac = dp->lacs; lac; lac = lac->next)
		drops += udp_send_errors(lac->udp);
	return drops + udp_send_errors(dp->gtpu);
}

void dp_totals(const struct dp *dp, struct dp_counters *out)
{
	struct dp_fast_status fast;

	dp_fast_status(dp, &fast);
	*out = dp->totals;
	out->uplink_packets += fast.totals.uplink_packets;
	out->uplink_bytes += fast.totals.uplink_bytes;
	out->downlink_packets += fast.totals.downlink_packets;
	out->downlink_bytes += fast.totals.downlink_bytes;
	out->dropped += fast.totals.dropped;
}

int dp_fast_start(struct dp *dp, const char *gateway, const struct ip_end *gtpu, char *why)
{
	struct fast_options options = {
		.gateway = gateway,
		.gtpu = *gtpu,
		.slots = dp->max_sessions + dp->max_sessions / 4 + 1024, // slots that rest are not used again at once
		.slot_mask = dp->slot_count - 1,
	};
	int error;

	if (options.slots > dp->slot_count)
		options.slots = dp->slot_count;
	error = fast_new(&options, &dp->fast, why);
	if (error)
		return error;
	dp->shared_slots = fast_slots(dp->fast);
	return 0;
}

void dp_fast_stop(struct dp *dp, bool keep)
{
	dp->shared_slots = 0;
	fast_free(&dp->fast, keep);
}

void dp_fast_forget(const char *gateway)
{
	fast_forget(gateway);
}

void dp_fast_settle(struct dp *dp)
{
	if (dp->fast)
		fast_settle(dp->fast);
}

void dp_fast_status(const struct dp *dp, struct dp_fast_status *out)
{
	uint64_t drops[DP_DROP_COUNT];

	*out = (struct dp_fast_status){.is_on = dp->fast};
	snprintf(out->words, sizeof(out->words), "sockets");
	if (!dp->fast)
		return;
	fast_totals(dp->fast, &out->totals, &out->passed, drops);
	fast_describe(dp->fast, out->words, sizeof(out->words));
}
