// SPDX-License-Identifier: Apache-2.0
// Peers: restart counters, the Echo of each path, the rate of creates.
//
// Restart counter (TS 23.007 18): another value than the last one means that the peer lost its sessions. A message that was sent before
// the restart may arrive after one that was sent after it, so the value before the last is ignored while such stragglers are possible.
#include "proto/gtp/engine.h"

static uint64_t addr_hash(const struct ip_addr *addr)
{
	return hash_bytes(addr, sizeof(*addr));
}

struct peer *peer_find(const struct gtp_endpoint *ep, const struct ip_addr *addr)
{
	uint64_t hash = addr_hash(addr);

	for (struct chain *at = chains_first(&ep->peers, hash); at; at = at->next) {
		struct peer *peer = (struct peer *)at;

		if (at->hash == hash && ip_addr_equal(&peer->addr, addr))
			return peer;
	}
	return NULL;
}

static void peer_free(struct peer *peer)
{
	struct gtp_endpoint *ep = peer->ep;

	wheel_disarm(&ep->wheel, &peer->timer);
	for (int i = 0; i < 2; i++)
		wheel_disarm(&ep->wheel, &peer->paths[i].timer);
	chains_del(&ep->peers, &peer->chain);
	pool_give(&ep->peer_pool, peer);
}

static void peer_idle(struct timer *timer, uint64_t now_ms)
{
	struct peer *peer = (struct peer *)((char *)timer - offsetof(struct peer, timer));

	if (peer->refs || peer->paths[0].uses || peer->paths[1].uses)
		wheel_arm(&peer->ep->wheel, timer, now_ms + peer->ep->config.idle_ms);
	else
		peer_free(peer);
}

static void path_due(struct timer *timer, uint64_t now_ms);

int peer_get(struct gtp_endpoint *ep, const struct ip_addr *addr, uint64_t now_ms, struct peer **out)
{
	struct peer *peer = peer_find(ep, addr);
	uint64_t random;

	if (peer) {
		*out = peer;
		return 0;
	}
	if (ep->peers.count >= ep->config.peers_max)
		return -ENOSPC;
	peer = pool_take(&ep->peer_pool);
	if (!peer)
		return -ENOMEM;
	peer->ep = ep;
	peer->addr = *addr;
	random = endpoint_random(ep);
	peer->next_sequence1 = (uint16_t)random;
	peer->next_sequence2 = (uint32_t)(random >> 16) & 0x7fffff;
	peer->tokens = UINT64_MAX;
	peer->refilled_ms = now_ms;
	peer->timer.fire = peer_idle;
	wheel_arm(&ep->wheel, &peer->timer, now_ms + ep->config.idle_ms);
	for (int i = 0; i < 2; i++) {
		peer->paths[i].peer = peer;
		peer->paths[i].version = (uint8_t)(i + 1);
		peer->paths[i].timer.fire = path_due;
	}
	chains_add(&ep->peers, &peer->chain, addr_hash(addr));
	*out = peer;
	return 0;
}

// A token bucket, in thousandths of a create.
bool peer_may_create(struct peer *peer, uint64_t now_ms)
{
	const struct gtp_config *config = &peer->ep->config;
	uint64_t full = 1000ull * (config->create_burst ? config->create_burst : config->create_rate);

	if (!config->create_rate)
		return true;
	if (peer->tokens < full)
		peer->tokens += (now_ms - peer->refilled_ms) * config->create_rate;
	if (peer->tokens > full)
		peer->tokens = full;
	peer->refilled_ms = now_ms;
	if (peer->tokens < 1000)
		return false;
	peer->tokens -= 1000;
	return true;
}

void path_heard(struct path *path)
{
	struct gtp_endpoint *ep = path->peer->ep;

	if (!path->failed)
		return;
	path->failed = false;
	if (path->uses && ep->config.ops->on_path_restored)
		ep->config.ops->on_path_restored(ep->config.owner, &path->peer->addr, path->version);
}

void path_counter(struct path *path, uint8_t counter, uint64_t now_ms)
{
	struct gtp_endpoint *ep = path->peer->ep;
	const struct gtp_ops *ops = ep->config.ops;
	struct ip_addr addr = path->peer->addr;
	uint8_t version = path->version, old = path->counter;
	bool is_restart = path->has_counter;

	if (path->has_counter && path->counter == counter)
		return;
	if (path->has_previous && path->previous == counter && now_ms - path->changed_ms < ep->config.hold_ms)
		return;
	path->has_previous = path->has_counter;
	path->previous = old;
	path->has_counter = true;
	path->counter = counter;
	path->changed_ms = now_ms;
	if (ops->on_peer_changed)
		ops->on_peer_changed(ep->config.owner, &addr);
	if (!is_restart)
		return;
	ep->stats.restarts++;
	if (ops->on_peer_restarted)
		ops->on_peer_restarted(ep->config.owner, &addr, version, old, counter);
}

static int path_echo(struct path *path, uint64_t now_ms)
{
	struct peer *peer = path->peer;
	struct gtp_endpoint *ep = peer->ep;
	struct sent like = {.is_echo = true, .version = path->version, .port = ep->config.peer_port, .type = GTP2_ECHO_REQUEST};
	uint8_t bytes[32];
	size_t len = 0;

	if (path->version == 1) {
		struct gtp1_message message;

		gtp1_request(&message, GTP1_ECHO_REQUEST, 0);
		gtp1_encode(&message, bytes, sizeof(bytes), &len);
	} else {
		struct gtp2_message message;

		gtp2_request(&message, GTP2_ECHO_REQUEST, 0);
		ie_set(&message.echo_request, recovery) = ep->config.restart_counter;
		gtp2_encode(&message, bytes, sizeof(bytes), &len);
	}
	return sent_new(peer, &like, bytes, len, now_ms, &path->echo);
}

static void path_due(struct timer *timer, uint64_t now_ms)
{
	struct path *path = (struct path *)((char *)timer - offsetof(struct path, timer));
	struct gtp_endpoint *ep = path->peer->ep;

	if (!path->uses)
		return;
	if (!path->echo && path_echo(path, now_ms))
		path->echo = 0; // no memory: the next one will do
	wheel_arm(&ep->wheel, timer, now_ms + ep->config.echo_interval_ms);
}

void path_echo_done(struct path *path, bool answered)
{
	struct gtp_endpoint *ep = path->peer->ep;

	path->echo = 0;
	if (answered || path->failed || !path->uses)
		return;
	path->failed = true;
	ep->stats.path_failures++;
	if (ep->config.ops->on_path_failed)
		ep->config.ops->on_path_failed(ep->config.owner, &path->peer->addr, path->version);
}

int gtp_path_use(struct gtp_endpoint *ep, const struct ip_addr *addr, uint8_t version, uint64_t now_ms)
{
	struct peer *peer;
	struct path *path;
	int r = peer_get(ep, addr, now_ms, &peer);

	if (r)
		return r;
	path = path_of(peer, version);
	if (!path->uses++ && !timer_armed(&path->timer)) {
		// Spread: paths that came up together must not stay in step.
		uint64_t spread = endpoint_random(ep) % (ep->config.echo_interval_ms / 8 + 1);

		wheel_arm(&ep->wheel, &path->timer, now_ms + ep->config.echo_interval_ms + spread);
	}
	return 0;
}

void gtp_path_release(struct gtp_endpoint *ep, const struct ip_addr *addr, uint8_t version)
{
	struct peer *peer = peer_find(ep, addr);
	struct path *path = peer ? path_of(peer, version) : NULL;

	if (!path || !path->uses || --path->uses)
		return;
	path->failed = false;
	gtp_endpoint_cancel(ep, path->echo);
	path->echo = 0;
}

static void state_of(const struct peer *peer, struct gtp_peer_state *out)
{
	*out = (struct gtp_peer_state){
		.addr = peer->addr,
		.next_sequence1 = peer->next_sequence1,
		.next_sequence2 = peer->next_sequence2,
	};
	for (int i = 0; i < 2; i++) {
		out->has_counter[i] = peer->paths[i].has_counter;
		out->counter[i] = peer->paths[i].counter;
	}
}

// The cursor is a bucket in the upper half and a place in its chain in the lower.
bool gtp_endpoint_export(const struct gtp_endpoint *ep, size_t *cursor, struct gtp_peer_state *out)
{
	size_t bucket = *cursor >> 32, place = *cursor & UINT32_MAX;

	for (; bucket <= ep->peers.mask; bucket++, place = 0) {
		const struct chain *at = ep->peers.buckets[bucket];

		for (size_t i = 0; at && i < place; i++)
			at = at->next;
		if (!at)
			continue;
		state_of((const struct peer *)at, out);
		*cursor = bucket << 32 | (place + 1);
		return true;
	}
	return false;
}

bool gtp_endpoint_peer(const struct gtp_endpoint *ep, const struct ip_addr *addr, struct gtp_peer_state *out)
{
	const struct peer *peer = peer_find(ep, addr);

	if (peer)
		state_of(peer, out);
	return peer;
}

int gtp_endpoint_import(struct gtp_endpoint *ep, const struct gtp_peer_state *state, uint64_t now_ms)
{
	struct peer *peer;
	int r = peer_get(ep, &state->addr, now_ms, &peer);

	if (r)
		return r;
	peer->next_sequence1 = state->next_sequence1;
	peer->next_sequence2 = state->next_sequence2 & 0x7fffff;
	for (int i = 0; i < 2; i++) {
		peer->paths[i].has_counter = state->has_counter[i];
		peer->paths[i].counter = state->counter[i];
	}
	return 0;
}

void peers_fini(struct gtp_endpoint *ep)
{
	chains_fini(&ep->peers);
	pool_fini(&ep->peer_pool);
}
