// SPDX-License-Identifier: Apache-2.0
// The path engine's entrance: what a datagram is, and who gets it. path.h tells what the engine does, engine.h how its parts fit.
//
// A datagram passes: allowed sender, header of a known version, known type. A request is first looked up among those served (a repeat
// ends there, undecoded), then let in by the limits, decoded once, its restart counter learnt, and handed to the host. An answer is
// looked up among our requests by peer, version and sequence number, and must be of the type that the request asks for.
#include "proto/gtp/engine.h"

#include <stdlib.h>

static const uint16_t blob_sizes[BLOB_SIZES] = {64, 128, 192, 256, 384, 768, GTP_MESSAGE_MAX};

int chains_init(struct chains *table, size_t expected)
{
	size_t size = 64;

	while (size < expected)
		size *= 2;
	table->buckets = calloc(size, sizeof(struct chain *));
	if (!table->buckets)
		return -ENOMEM;
	table->mask = size - 1;
	table->count = 0;
	return 0;
}

void chains_fini(struct chains *table)
{
	free(table->buckets);
	*table = (struct chains){0};
}

void chains_add(struct chains *table, struct chain *entry, uint64_t hash)
{
	entry->hash = hash;
	entry->next = table->buckets[hash & table->mask];
	table->buckets[hash & table->mask] = entry;
	table->count++;
}

void chains_del(struct chains *table, struct chain *entry)
{
	struct chain **at = &table->buckets[entry->hash & table->mask];

	while (*at != entry)
		at = &(*at)->next;
	*at = entry->next;
	table->count--;
}

int blob_take(struct gtp_endpoint *ep, const void *bytes, size_t len, struct blob *out)
{
	uint8_t size = 0;
	uint8_t *room;

	while (size < BLOB_SIZES && blob_sizes[size] < len)
		size++;
	if (size == BLOB_SIZES)
		return -EMSGSIZE;
	room = pool_take(&ep->blob_pools[size]);
	if (!room)
		return -ENOMEM;
	memcpy(room, bytes, len);
	*out = (struct blob){.bytes = room, .len = (uint16_t)len, .size = size};
	ep->blob_bytes += blob_sizes[size];
	return 0;
}

void blob_give(struct gtp_endpoint *ep, struct blob *blob)
{
	if (!blob->bytes)
		return;
	ep->blob_bytes -= blob_sizes[blob->size];
	pool_give(&ep->blob_pools[blob->size], blob->bytes);
	*blob = (struct blob){0};
}

void endpoint_send(struct gtp_endpoint *ep, const struct ip_addr *to, uint16_t port, const void *bytes, size_t len)
{
	struct ip_end end = {.addr = *to, .port = port};

	ep->stats.sent++;
	ep->config.ops->send(ep->config.owner, &end, bytes, len);
}

void endpoint_drop(struct gtp_endpoint *ep, enum gtp_drop reason)
{
	ep->stats.drops[reason]++;
}

// SplitMix64
uint64_t endpoint_random(struct gtp_endpoint *ep)
{
	uint64_t mixed = ep->random += 0x9e3779b97f4a7c15;

	mixed = (mixed ^ mixed >> 30) * 0xbf58476d1ce4e5b9;
	mixed = (mixed ^ mixed >> 27) * 0x94d049bb133111eb;
	return mixed ^ mixed >> 31;
}

void sequence_write(uint8_t *bytes, size_t len, uint32_t sequence)
{
	struct wire_out out = wire_out(bytes, len);
	bool has_teid = len && bytes[0] & 0x08;

	if (!len)
		return;
	if (bytes[0] >> 5 == 1) {
		wire_put_room(&out, 8);
		wire_put_be16(&out, (uint16_t)sequence);
	} else {
		wire_put_room(&out, has_teid ? 8 : 4);
		wire_put_be24(&out, sequence);
	}
}

// One message of a datagram, whichever its version.
struct inbound {
	struct ip_end from;
	const uint8_t *bytes;
	size_t len;
	uint8_t version, type;
	enum gtp_kind kind;
	uint32_t sequence;
	uint64_t now_ms;
};

static int message_decode(struct gtp_endpoint *ep, const struct inbound *in, struct ie_fault *fault)
{
	return in->version == 1 ? gtp1_decode(in->bytes, in->len, ep->config.role, &ep->message.v1, fault)
				: gtp2_decode(in->bytes, in->len, &ep->message.v2, fault);
}

static bool message_recovery(const struct gtp_endpoint *ep, uint8_t version, uint8_t *out)
{
	return version == 1 ? gtp1_message_recovery(&ep->message.v1, out) : gtp2_message_recovery(&ep->message.v2, out);
}

static bool is_create(const struct inbound *in)
{
	return in->version == 1 ? in->type == GTP1_CREATE_PDP_REQUEST : in->type == GTP2_CREATE_SESSION_REQUEST;
}

static void echo_answer(struct gtp_endpoint *ep, const struct inbound *in)
{
	uint8_t bytes[32];
	size_t len = 0;

	if (in->version == 1) {
		struct gtp1_message message;

		gtp1_answer(&message, &(struct gtp1_header){.type = in->type, .sequence = (uint16_t)in->sequence}, 0);
		ie_set(&message.echo_response, recovery) = ep->config.restart_counter;
		gtp1_encode(&message, bytes, sizeof(bytes), &len);
	} else {
		struct gtp2_message message;

		gtp2_answer(&message, &(struct gtp2_header){.type = in->type, .sequence = in->sequence}, 0);
		ie_set(&message.echo_response, recovery) = ep->config.restart_counter;
		gtp2_encode(&message, bytes, sizeof(bytes), &len);
	}
	endpoint_send(ep, &in->from.addr, in->from.port, bytes, len);
}

// Echo keeps no transaction: its answer is the same every time.
static void recv_echo(struct gtp_endpoint *ep, struct peer *peer, const struct inbound *in)
{
	struct path *path = path_of(peer, in->version);
	struct ie_fault fault;
	uint8_t counter;

	echo_answer(ep, in);
	if (message_decode(ep, in, &fault))
		endpoint_drop(ep, GTP_DROP_BAD_ECHO);
	else if (message_recovery(ep, in->version, &counter))
		path_counter(path, counter, in->now_ms);
}

static void extensions_refuse(struct gtp_endpoint *ep, const struct inbound *in)
{
	static const uint8_t supported[] = {0xc0};
	struct gtp1_message message;
	uint8_t bytes[32];
	size_t len = 0;

	gtp1_request(&message, GTP1_SUPPORTED_EXTENSIONS, 0);
	message.header.sequence = (uint16_t)in->sequence;
	ie_set(&message.supported_extensions, extensions) = IE_BYTES(supported);
	gtp1_encode(&message, bytes, sizeof(bytes), &len);
	endpoint_send(ep, &in->from.addr, in->from.port, bytes, len);
}

// A command of ours is answered by a request with its number (29.274 7.6): that ends our repetition.
static void command_superseded(struct gtp_endpoint *ep, struct peer *peer, const struct inbound *in)
{
	struct sent *sent = in->version == 2 ? sent_find(ep, peer, 2, in->sequence) : NULL;

	if (sent && gtp2_type_kind(sent->type) == GTP_COMMAND)
		sent_done(ep, sent, GTP_SUPERSEDED, &(struct ie_fault){0}, in->now_ms);
}

static void request_deliver(struct gtp_endpoint *ep, struct peer *peer, const struct inbound *in, struct served *served)
{
	struct gtp_request request = {
		.xact = served->xact,
		.from = in->from,
		.version = in->version,
		.v1 = in->version == 1 ? &ep->message.v1 : NULL,
		.v2 = in->version == 2 ? &ep->message.v2 : NULL,
		.now_ms = in->now_ms,
	};
	uint8_t counter;
	int r = message_decode(ep, in, &request.fault);

	if (r == -EOPNOTSUPP) {
		endpoint_drop(ep, GTP_DROP_UNKNOWN_EXTENSION);
		gtp_endpoint_forget(ep, request.xact);
		extensions_refuse(ep, in);
		return;
	}
	ep->stats.requests++;
	ep->stats.faults += r != 0;
	request.is_overload = is_create(in) && !peer_may_create(peer, in->now_ms);
	ep->stats.overloads += request.is_overload;
	command_superseded(ep, peer, in);
	// The host's call may end anything, so the peer is not touched after each.
	if (message_recovery(ep, in->version, &counter))
		path_counter(path_of(peer, in->version), counter, in->now_ms);
	ep->config.ops->on_request(ep->config.owner, &request);
}

static void recv_request(struct gtp_endpoint *ep, const struct inbound *in)
{
	struct served like = {
		.port = in->from.port,
		.version = in->version,
		.type = in->type,
		.sequence = in->sequence,
		.print = hash_bytes(in->bytes, in->len),
	};
	struct served *served;
	struct peer *peer;
	int r = peer_get(ep, &in->from.addr, in->now_ms, &peer);

	if (r) {
		endpoint_drop(ep, r == -ENOSPC ? GTP_DROP_PEERS_FULL : GTP_DROP_NO_MEMORY);
		return;
	}
	path_heard(path_of(peer, in->version));
	if (in->type == GTP2_ECHO_REQUEST) {
		recv_echo(ep, peer, in);
		return;
	}
	served = served_find(ep, peer, in->from.port, in->version, in->type, in->sequence);
	if (served && served->print == like.print) {
		served_again(ep, served);
		return;
	}
	if (served)
		served_free(ep, served);
	if (peer->pending >= ep->config.peer_pending_max) {
		endpoint_drop(ep, GTP_DROP_PEER_BUSY);
		return;
	}
	r = served_new(peer, &like, in->now_ms, &served);
	if (r)
		endpoint_drop(ep, r == -ENOSPC ? GTP_DROP_TRANSACTIONS_FULL : GTP_DROP_NO_MEMORY);
	else
		request_deliver(ep, peer, in, served);
}

static void recv_response(struct gtp_endpoint *ep, const struct inbound *in)
{
	struct peer *peer = peer_find(ep, &in->from.addr);
	struct sent *sent;
	struct ie_fault fault;
	uint64_t id;
	uint8_t counter;

	if (peer && in->type == GTP2_VERSION_NOT_SUPPORTED) {
		sent_refused(peer, in->version, in->now_ms);
		return;
	}
	sent = peer ? sent_find(ep, peer, in->version, in->sequence) : NULL;
	if (!sent) {
		endpoint_drop(ep, GTP_DROP_UNEXPECTED_RESPONSE);
		return;
	}
	if (in->type != (in->version == 1 ? gtp1_type_answer(sent->type) : gtp2_type_answer(sent->type))) {
		endpoint_drop(ep, GTP_DROP_WRONG_RESPONSE);
		return;
	}
	if (message_decode(ep, in, &fault) == -EOPNOTSUPP) {
		endpoint_drop(ep, GTP_DROP_UNKNOWN_EXTENSION);
		return;
	}
	if (sent->is_echo && fault.cause) {
		endpoint_drop(ep, GTP_DROP_BAD_ECHO);
		return;
	}
	// What the host does when it hears of a path or a restart may cancel this very request.
	id = sent->id;
	path_heard(path_of(peer, in->version));
	if (message_recovery(ep, in->version, &counter))
		path_counter(path_of(peer, in->version), counter, in->now_ms);
	sent = map_get(&ep->requests, id);
	if (sent)
		sent_done(ep, sent, GTP_ANSWERED, &fault, in->now_ms);
}

static void version_refuse(struct gtp_endpoint *ep, const struct ip_end *from)
{
	struct gtp2_message message;
	uint8_t bytes[16];
	size_t len = 0;

	gtp2_request(&message, GTP2_VERSION_NOT_SUPPORTED, 0); // the newest version that we speak (29.060 7.2.3)
	gtp2_encode(&message, bytes, sizeof(bytes), &len);
	endpoint_send(ep, &from->addr, from->port, bytes, len);
}

static int inbound_open(struct inbound *in)
{
	struct gtp1_header v1;
	struct gtp2_header v2;
	int r = gtp2_header_read(in->bytes, in->len, &v2);

	if (!r) {
		in->version = 2;
		in->type = v2.type;
		in->kind = gtp2_type_kind(v2.type);
		in->sequence = v2.sequence;
		in->len = v2.length;
		return v2.is_piggybacked;
	}
	if (r != -EPROTONOSUPPORT)
		return r;
	r = gtp1_header_read(in->bytes, in->len, &v1);
	if (r)
		return r;
	in->version = 1;
	in->type = v1.type;
	in->kind = gtp1_type_kind(v1.type);
	in->sequence = v1.sequence;
	in->len = v1.length;
	return 0;
}

#define HEADER_MIN 8 // of either version

void gtp_endpoint_recv(struct gtp_endpoint *ep, const struct ip_end *from, const void *bytes, size_t len, uint64_t now_ms)
{
	struct inbound in = {.from = *from, .bytes = bytes, .len = len, .now_ms = now_ms};
	size_t left = len;
	int more = 1;

	ep->stats.received++;
	if (ep->config.ops->is_allowed && !ep->config.ops->is_allowed(ep->config.owner, &from->addr)) {
		endpoint_drop(ep, GTP_DROP_NOT_ALLOWED);
		return;
	}
	while (more > 0 && left) {
		in.len = left;
		more = left < HEADER_MIN ? -EBADMSG : inbound_open(&in);
		if (more == -EPROTONOSUPPORT) {
			endpoint_drop(ep, GTP_DROP_BAD_VERSION);
			if (in.bytes[0] >> 5 != 1) // version 1 without its protocol flag is GTP', which has its own port
				version_refuse(ep, from);
		} else if (more < 0) {
			endpoint_drop(ep, left < HEADER_MIN ? GTP_DROP_TOO_SHORT : GTP_DROP_BAD_LENGTH);
		} else if (in.kind == GTP_RESPONSE) {
			recv_response(ep, &in);
		} else if (in.kind) {
			recv_request(ep, &in);
		} else {
			endpoint_drop(ep, GTP_DROP_UNKNOWN_TYPE);
		}
		if (more > 0) {
			in.bytes += in.len;
			left -= in.len;
		}
	}
}

uint64_t gtp_endpoint_next(const struct gtp_endpoint *ep)
{
	return wheel_next(&ep->wheel);
}

void gtp_endpoint_tick(struct gtp_endpoint *ep, uint64_t now_ms)
{
	wheel_run(&ep->wheel, now_ms);
}

static void config_take(struct gtp_config *to, const struct gtp_config *from)
{
	uint64_t hold;

	to->restart_counter = from->restart_counter;
	to->t3_ms = from->t3_ms ? from->t3_ms : 3000;
	to->n3 = from->n3 ? from->n3 : 5;
	to->echo_interval_ms = from->echo_interval_ms ? from->echo_interval_ms : 60000;
	hold = (uint64_t)to->t3_ms * (to->n3 + 1ull);
	if (hold < from->hold_ms)
		hold = from->hold_ms;
	to->hold_ms = hold < UINT32_MAX ? (uint32_t)hold : UINT32_MAX;
	to->serve_ms = from->serve_ms ? from->serve_ms : 60000;
	to->idle_ms = from->idle_ms ? from->idle_ms : 300000;
	to->peer_pending_max = from->peer_pending_max ? from->peer_pending_max : 4096;
	to->create_rate = from->create_rate;
	to->create_burst = from->create_burst;
}

int gtp_endpoint_new(const struct gtp_config *config, uint64_t now_ms, struct gtp_endpoint **out)
{
	struct gtp_endpoint *ep = calloc(1, sizeof(*ep));

	if (!ep)
		return -ENOMEM;
	ep->config = *config;
	ep->random = config->seed;
	config_take(&ep->config, config);
	if (!ep->config.peer_port)
		ep->config.peer_port = GTP_C_PORT;
	if (!ep->config.peers_max)
		ep->config.peers_max = 4096;
	if (!ep->config.transactions_max)
		ep->config.transactions_max = 262144;
	wheel_init(&ep->wheel, now_ms);
	pool_init(&ep->peer_pool, sizeof(struct peer));
	pool_init(&ep->served_pool, sizeof(struct served));
	pool_init(&ep->sent_pool, sizeof(struct sent));
	for (size_t i = 0; i < BLOB_SIZES; i++)
		pool_init(&ep->blob_pools[i], blob_sizes[i]);
	if (chains_init(&ep->peers, ep->config.peers_max) || chains_init(&ep->served, ep->config.transactions_max) ||
		chains_init(&ep->sent, 16384)) {
		gtp_endpoint_free(&ep);
		return -ENOMEM;
	}
	*out = ep;
	return 0;
}

void gtp_endpoint_free(struct gtp_endpoint **pointer)
{
	struct gtp_endpoint *ep = *pointer;

	if (!ep)
		return;
	peers_fini(ep);
	chains_fini(&ep->served);
	chains_fini(&ep->sent);
	map_fini(&ep->xacts);
	map_fini(&ep->requests);
	pool_fini(&ep->served_pool);
	pool_fini(&ep->sent_pool);
	for (size_t i = 0; i < BLOB_SIZES; i++)
		pool_fini(&ep->blob_pools[i]);
	free(ep);
	*pointer = NULL;
}

const struct gtp_stats *gtp_endpoint_stats(const struct gtp_endpoint *ep)
{
	return &ep->stats;
}

void gtp_endpoint_gauges(const struct gtp_endpoint *ep, struct gtp_gauges *out)
{
	*out = (struct gtp_gauges){
		.peers = (uint32_t)ep->peers.count,
		.pending = ep->pending,
		.cached = (uint32_t)ep->served.count - ep->pending,
		.requests = (uint32_t)ep->sent.count,
		.cached_bytes = ep->blob_bytes,
	};
}

#define DROP_NAME_(word, name, help) [GTP_DROP_##word] = name,
#define DROP_HELP_(word, name, help) [GTP_DROP_##word] = help,
static const char *const drop_names[] = {GTP_DROPS(DROP_NAME_)};
static const char *const drop_helps[] = {GTP_DROPS(DROP_HELP_)};

const char *gtp_drop_name(enum gtp_drop reason)
{
	return drop_names[reason];
}

const char *gtp_drop_help(enum gtp_drop reason)
{
	return drop_helps[reason];
}
