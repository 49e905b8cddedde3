// SPDX-License-Identifier: Apache-2.0
// Inside the path engine. path.c takes datagrams apart and serves Echo; served.c keeps the peers' requests and our answers; sent.c our
// requests; peer.c the peers, their restart counters and the Echo of each path.
//
// Who owns whom: the endpoint owns everything. A peer lives while a served or sent request or a session of the host refers to it, and
// idle_ms longer. A served request lives from its arrival until hold_ms after its answer. A sent one until its answer, N3, or cancel.
#pragma once

#include "base/map.h"
#include "base/pool.h"
#include "base/wheel.h"
#include "proto/gtp/path.h"

// A hash table whose entries are part of their objects.
struct chain {
	struct chain *next;
	uint64_t hash;
};

struct chains {
	struct chain **buckets;
	size_t mask;
	size_t count;
};

int chains_init(struct chains *table, size_t expected);
void chains_fini(struct chains *table);
void chains_add(struct chains *table, struct chain *entry, uint64_t hash);
void chains_del(struct chains *table, struct chain *entry);
static inline struct chain *chains_first(const struct chains *table, uint64_t hash)
{
	return table->buckets[hash & table->mask];
}

// Datagrams are kept in the smallest size that holds them.
#define BLOB_SIZES 7
struct blob {
	uint8_t *bytes;
	uint16_t len;
	uint8_t size; // index of the pool
};

// One version's path to a peer.
struct path {
	struct peer *peer;
	uint8_t version;
	uint32_t uses; // the host's sessions
	bool has_counter, has_previous, failed;
	uint8_t counter, previous;
	uint64_t changed_ms;
	uint64_t echo; // id of the Echo that waits for its answer, or 0
	struct timer timer; // when the next Echo is due
};

struct peer {
	struct chain chain; // of ep->peers
	struct gtp_endpoint *ep;
	struct ip_addr addr;
	uint32_t refs; // served and sent requests
	uint32_t pending; // served ones without an answer
	uint32_t sent_count;
	uint16_t next_sequence1;
	uint32_t next_sequence2;
	uint64_t tokens, refilled_ms; // of creates: thousandths, and when they were counted
	struct sent *sent; // list of our requests
	struct timer timer; // when to forget it
	struct path paths[2]; // [version - 1]
};

// A request of a peer.
struct served {
	struct chain chain; // of ep->served
	struct peer *peer;
	struct timer timer; // when to forget it
	uint64_t xact;
	uint64_t print; // hash of its bytes: a repeat has the same ones
	uint32_t sequence;
	uint16_t port;
	uint8_t version, type;
	bool is_answered;
	struct blob answer;
};

// A request of ours.
struct sent {
	struct chain chain; // of ep->sent
	struct peer *peer;
	struct sent *next, **link; // of peer->sent
	struct timer timer; // when to send it again
	uint64_t id, cookie;
	uint32_t sequence;
	uint32_t tries;
	uint16_t port;
	uint8_t version, type;
	bool is_echo;
	struct blob bytes;
};

struct gtp_endpoint {
	struct gtp_config config; // with its defaults filled in
	struct wheel wheel;
	struct chains peers, served, sent;
	struct map xacts; // xact -> served
	struct map requests; // id -> sent
	struct pool peer_pool, served_pool, sent_pool, blob_pools[BLOB_SIZES];
	uint64_t next_id;
	uint64_t blob_bytes;
	uint32_t pending; // served without an answer
	uint64_t random; // state of endpoint_random
	struct gtp_stats stats;
	union { // the message in hand
		struct gtp1_message v1;
		struct gtp2_message v2;
	} message;
};

static inline struct path *path_of(struct peer *peer, uint8_t version)
{
	return &peer->paths[version - 1];
}

int blob_take(struct gtp_endpoint *ep, const void *bytes, size_t len, struct blob *out); // 0, -EMSGSIZE, -ENOMEM
void blob_give(struct gtp_endpoint *ep, struct blob *blob);
void endpoint_send(struct gtp_endpoint *ep, const struct ip_addr *to, uint16_t port, const void *bytes, size_t len);
void endpoint_drop(struct gtp_endpoint *ep, enum gtp_drop reason);
uint64_t endpoint_random(struct gtp_endpoint *ep); // not secret, only spread
void sequence_write(uint8_t *bytes, size_t len, uint32_t sequence); // of either version

struct peer *peer_find(const struct gtp_endpoint *ep, const struct ip_addr *addr);
int peer_get(struct gtp_endpoint *ep, const struct ip_addr *addr, uint64_t now_ms, struct peer **out); // makes it when it is new
bool peer_may_create(struct peer *peer, uint64_t now_ms);
void path_heard(struct path *path); // any good message
void path_counter(struct path *path, uint8_t counter, uint64_t now_ms); // a restart counter came
void path_echo_done(struct path *path, bool answered);
void peers_fini(struct gtp_endpoint *ep);

struct served *served_find(
	const struct gtp_endpoint *ep, const struct peer *peer, uint16_t port, uint8_t version, uint8_t type, uint32_t sequence);
int served_new(struct peer *peer, const struct served *like, uint64_t now_ms, struct served **out);
void served_free(struct gtp_endpoint *ep, struct served *served);
void served_again(struct gtp_endpoint *ep, struct served *served); // a repeat of it came
int served_answer(struct gtp_endpoint *ep, struct served *served, const void *bytes, size_t len, uint64_t now_ms);

struct sent *sent_find(const struct gtp_endpoint *ep, const struct peer *peer, uint8_t version, uint32_t sequence);
int sent_new(struct peer *peer, const struct sent *like, const void *bytes, size_t len, uint64_t now_ms, uint64_t *id);
// Frees it, then tells the host or the path.
void sent_done(struct gtp_endpoint *ep, struct sent *sent, enum gtp_result result, const struct ie_fault *fault, uint64_t now_ms);
void sent_refused(struct peer *peer, uint8_t spoken, uint64_t now_ms); // the peer speaks version `spoken` only
