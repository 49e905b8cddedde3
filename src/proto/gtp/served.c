// SPDX-License-Identifier: Apache-2.0
// Requests of peers, and the answers kept for their repeats. A request is known by peer, port, version, type and sequence number. While
// the host serves it its repeats are absorbed; afterwards they get the same bytes again, for T3 * (N3 + 1) at least: longer than any
// peer with our timers goes on asking. A peer that lost its memory may use a number again for something else: other bytes are not a
// repeat, and take the place of the old request. The host names a request by a number, so it may be late, or never come back.
#include "proto/gtp/engine.h"

static uint64_t served_hash(const struct peer *peer, uint16_t port, uint8_t version, uint8_t type, uint32_t sequence)
{
	return hash_u64(peer->chain.hash ^ ((uint64_t)port << 48 | (uint64_t)version << 40 | (uint64_t)type << 32 | sequence));
}

struct served *served_find(
	const struct gtp_endpoint *ep, const struct peer *peer, uint16_t port, uint8_t version, uint8_t type, uint32_t sequence)
{
	uint64_t hash = served_hash(peer, port, version, type, sequence);

	for (struct chain *at = chains_first(&ep->served, hash); at; at = at->next) {
		struct served *served = (struct served *)at;

		if (at->hash == hash && served->peer == peer && served->port == port && served->version == version &&
			served->type == type && served->sequence == sequence)
			return served;
	}
	return NULL;
}

void served_free(struct gtp_endpoint *ep, struct served *served)
{
	if (!served->is_answered) {
		served->peer->pending--;
		ep->pending--;
	}
	map_del(&ep->xacts, served->xact);
	served->peer->refs--;
	wheel_disarm(&ep->wheel, &served->timer);
	chains_del(&ep->served, &served->chain);
	blob_give(ep, &served->answer);
	pool_give(&ep->served_pool, served);
}

static void served_expire(struct timer *timer, uint64_t now_ms)
{
	struct served *served = (struct served *)((char *)timer - offsetof(struct served, timer));
	struct gtp_endpoint *ep = served->peer->ep;

	(void)now_ms;
	if (!served->is_answered)
		ep->stats.abandoned++;
	served_free(ep, served);
}

int served_new(struct peer *peer, const struct served *like, uint64_t now_ms, struct served **out)
{
	struct gtp_endpoint *ep = peer->ep;
	struct served *served;

	if (ep->served.count >= ep->config.transactions_max)
		return -ENOSPC;
	served = pool_take(&ep->served_pool);
	if (!served)
		return -ENOMEM;
	*served = *like;
	served->peer = peer;
	served->xact = ++ep->next_id;
	if (map_put(&ep->xacts, served->xact, served)) {
		pool_give(&ep->served_pool, served);
		return -ENOMEM;
	}
	served->timer.fire = served_expire;
	wheel_arm(&ep->wheel, &served->timer, now_ms + ep->config.serve_ms);
	chains_add(&ep->served, &served->chain, served_hash(peer, served->port, served->version, served->type, served->sequence));
	peer->refs++;
	peer->pending++;
	ep->pending++;
	*out = served;
	return 0;
}

void served_again(struct gtp_endpoint *ep, struct served *served)
{
	if (!served->is_answered) {
		ep->stats.absorbed++;
		return;
	}
	ep->stats.repeated++;
	endpoint_send(ep, &served->peer->addr, served->port, served->answer.bytes, served->answer.len);
}

// Keeps the answer; does not send it.
int served_answer(struct gtp_endpoint *ep, struct served *served, const void *bytes, size_t len, uint64_t now_ms)
{
	int r = blob_take(ep, bytes, len, &served->answer);

	if (r)
		return r;
	served->peer->pending--;
	ep->pending--;
	served->is_answered = true;
	wheel_arm(&ep->wheel, &served->timer, now_ms + ep->config.hold_ms);
	return 0;
}

int gtp_endpoint_respond(struct gtp_endpoint *ep, uint64_t xact, const void *bytes, size_t len, uint64_t now_ms)
{
	struct served *served = map_get(&ep->xacts, xact);
	int r;

	if (!served || served->is_answered)
		return -ENOENT;
	r = served_answer(ep, served, bytes, len, now_ms);
	if (r)
		return r;
	sequence_write(served->answer.bytes, served->answer.len, served->sequence);
	endpoint_send(ep, &served->peer->addr, served->port, served->answer.bytes, served->answer.len);
	return 0;
}

void gtp_endpoint_forget(struct gtp_endpoint *ep, uint64_t xact)
{
	struct served *served = map_get(&ep->xacts, xact);

	if (served)
		served_free(ep, served);
}

bool gtp_endpoint_has(const struct gtp_endpoint *ep, uint64_t xact)
{
	const struct served *served = map_get(&ep->xacts, xact);

	return served && !served->is_answered;
}

int gtp_endpoint_request_for(
	struct gtp_endpoint *ep, uint64_t xact, const void *bytes, size_t len, uint64_t cookie, uint64_t now_ms, uint64_t *id)
{
	struct served *served = map_get(&ep->xacts, xact);
	struct sent like = {.version = 2, .cookie = cookie};
	struct gtp2_header header;
	uint64_t number;
	int r;

	if (!served || served->is_answered)
		return -ENOENT;
	if (gtp2_header_read(bytes, len, &header) || gtp2_type_kind(header.type) != GTP_REQUEST ||
		gtp2_type_kind(served->type) != GTP_COMMAND || served->version != 2)
		return -EINVAL;
	like.type = header.type;
	like.port = served->port;
	like.sequence = served->sequence;
	r = sent_new(served->peer, &like, bytes, len, now_ms, &number);
	if (r)
		return r;
	// A repeat of the command gets the request again. Without memory for that it is a new command, and meets our own repetition.
	if (served_answer(ep, served, bytes, len, now_ms))
		gtp_endpoint_forget(ep, xact);
	else
		sequence_write(served->answer.bytes, served->answer.len, served->sequence);
	if (id)
		*id = number;
	return 0;
}
