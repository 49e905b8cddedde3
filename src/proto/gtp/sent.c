// SPDX-License-Identifier: Apache-2.0
// Our requests: sequence numbers, repetition every T3 up to N3 times, matching of answers.
#include "proto/gtp/engine.h"

#define COMMAND_BIT 0x800000u
#define PEER_SENT_MAX 32768 // half of the sequence numbers of version 1

static uint64_t sent_hash(const struct peer *peer, uint8_t version, uint32_t sequence)
{
	return hash_u64(peer->chain.hash ^ ((uint64_t)version << 32 | sequence));
}

struct sent *sent_find(const struct gtp_endpoint *ep, const struct peer *peer, uint8_t version, uint32_t sequence)
{
	uint64_t hash = sent_hash(peer, version, sequence);

	for (struct chain *at = chains_first(&ep->sent, hash); at; at = at->next) {
		struct sent *sent = (struct sent *)at;

		if (at->hash == hash && sent->peer == peer && sent->version == version && sent->sequence == sequence)
			return sent;
	}
	return NULL;
}

static void sent_free(struct gtp_endpoint *ep, struct sent *sent)
{
	wheel_disarm(&ep->wheel, &sent->timer);
	chains_del(&ep->sent, &sent->chain);
	map_del(&ep->requests, sent->id);
	*sent->link = sent->next;
	if (sent->next)
		sent->next->link = sent->link;
	sent->peer->sent_count--;
	sent->peer->refs--;
	blob_give(ep, &sent->bytes);
	pool_give(&ep->sent_pool, sent);
}

void sent_done(struct gtp_endpoint *ep, struct sent *sent, enum gtp_result result, const struct ie_fault *fault, uint64_t now_ms)
{
	struct path *path = path_of(sent->peer, sent->version);
	struct gtp_response response = {
		.cookie = sent->cookie,
		.result = result,
		.peer = sent->peer->addr,
		.version = sent->version,
		.now_ms = now_ms,
	};
	bool is_echo = sent->is_echo;

	sent_free(ep, sent);
	if (is_echo) {
		path_echo_done(path, result == GTP_ANSWERED);
		return;
	}
	if (result == GTP_ANSWERED) {
		ep->stats.responses++;
		ep->stats.faults += fault->cause != 0;
		response.fault = *fault;
		response.v1 = response.version == 1 ? &ep->message.v1 : NULL;
		response.v2 = response.version == 2 ? &ep->message.v2 : NULL;
	} else if (result == GTP_TIMED_OUT) {
		ep->stats.timeouts++;
	}
	ep->config.ops->on_response(ep->config.owner, &response);
}

static void sent_due(struct timer *timer, uint64_t now_ms)
{
	struct sent *sent = (struct sent *)((char *)timer - offsetof(struct sent, timer));
	struct gtp_endpoint *ep = sent->peer->ep;

	if (sent->tries >= ep->config.n3) {
		sent_done(ep, sent, GTP_TIMED_OUT, &(struct ie_fault){0}, now_ms);
		return;
	}
	sent->tries++;
	ep->stats.retransmitted++;
	wheel_arm(&ep->wheel, timer, now_ms + ep->config.t3_ms);
	endpoint_send(ep, &sent->peer->addr, sent->port, sent->bytes.bytes, sent->bytes.len);
}

// The next number of this peer that no request of ours has.
static uint32_t sequence_next(struct peer *peer, uint8_t version, bool is_command)
{
	uint32_t sequence;

	do {
		if (version == 1)
			sequence = peer->next_sequence1++;
		else
			sequence = peer->next_sequence2 = (peer->next_sequence2 + 1) & (COMMAND_BIT - 1);
		if (is_command)
			sequence |= COMMAND_BIT;
	} while (sent_find(peer->ep, peer, version, sequence));
	return sequence;
}

int sent_new(struct peer *peer, const struct sent *like, const void *bytes, size_t len, uint64_t now_ms, uint64_t *id)
{
	struct gtp_endpoint *ep = peer->ep;
	struct sent *sent;

	// Only the answer to a command comes with its number; there no second request may use it.
	if (peer->sent_count >= PEER_SENT_MAX || (like->sequence && sent_find(ep, peer, 2, like->sequence)))
		return -ENOSPC;
	sent = pool_take(&ep->sent_pool);
	if (!sent)
		return -ENOMEM;
	*sent = *like;
	sent->peer = peer;
	sent->id = ++ep->next_id;
	if (blob_take(ep, bytes, len, &sent->bytes) || map_put(&ep->requests, sent->id, sent)) {
		blob_give(ep, &sent->bytes);
		pool_give(&ep->sent_pool, sent);
		return -ENOMEM;
	}
	if (!sent->sequence)
		sent->sequence =
			sequence_next(peer, sent->version, sent->version == 2 && gtp2_type_kind(sent->type) == GTP_COMMAND);
	sequence_write(sent->bytes.bytes, sent->bytes.len, sent->sequence);
	chains_add(&ep->sent, &sent->chain, sent_hash(peer, sent->version, sent->sequence));
	sent->next = peer->sent;
	sent->link = &peer->sent;
	if (sent->next)
		sent->next->link = &sent->next;
	peer->sent = sent;
	peer->sent_count++;
	peer->refs++;
	sent->tries = 1;
	sent->timer.fire = sent_due;
	wheel_arm(&ep->wheel, &sent->timer, now_ms + ep->config.t3_ms);
	*id = sent->id;
	endpoint_send(ep, &peer->addr, sent->port, sent->bytes.bytes, sent->bytes.len);
	return 0;
}

void sent_refused(struct peer *peer, uint8_t spoken, uint64_t now_ms)
{
	struct gtp_endpoint *ep = peer->ep;
	struct sent *sent = peer->sent;

	while (sent) {
		if (sent->is_echo || sent->version == spoken) {
			sent = sent->next;
			continue;
		}
		sent_done(ep, sent, GTP_VERSION_REFUSED, &(struct ie_fault){0}, now_ms);
		sent = peer->sent; // the host may have changed the list
	}
}

int gtp_endpoint_request(struct gtp_endpoint *ep, const struct ip_addr *to, const void *bytes, size_t len, uint64_t cookie,
	uint64_t now_ms, uint64_t *id)
{
	struct sent like = {.cookie = cookie, .port = ep->config.peer_port};
	enum gtp_kind kind = 0;
	struct gtp1_header v1;
	struct gtp2_header v2;
	struct peer *peer;
	uint64_t number;
	int r;

	if (!gtp2_header_read(bytes, len, &v2)) {
		like.version = 2;
		like.type = v2.type;
		kind = gtp2_type_kind(v2.type);
	} else if (!gtp1_header_read(bytes, len, &v1)) {
		like.version = 1;
		like.type = v1.type;
		kind = gtp1_type_kind(v1.type);
	}
	if (kind != GTP_REQUEST && kind != GTP_COMMAND)
		return -EINVAL;
	r = peer_get(ep, to, now_ms, &peer);
	if (!r)
		r = sent_new(peer, &like, bytes, len, now_ms, &number);
	if (!r && id)
		*id = number;
	return r;
}

void gtp_endpoint_cancel(struct gtp_endpoint *ep, uint64_t id)
{
	struct sent *sent = map_get(&ep->requests, id);

	if (sent)
		sent_free(ep, sent);
}
