// SPDX-License-Identifier: Apache-2.0
#include "gateway/access.h"

#include "base/clean.h"
#include "gateway/capture/capture.h"
#include "gateway/records.h"
#include "gateway/trace.h"
#include "proto/gtp/gtpu.h"
#include "proto/ip6/ip6.h"

#include <errno.h>
#include <stdio.h>

LOG_CATEGORY(access);

#define PURGE_PIECE 200 // sessions ended in one go
#define PURGE_MS 5

static uint64_t peer_key(const struct ip_addr *address, uint8_t version)
{
	uint8_t bytes[18];

	bytes[0] = version;
	bytes[1] = address->family;
	memcpy(bytes + 2, address->bytes, sizeof(address->bytes));
	return hash_bytes(bytes, sizeof(bytes));
}

static struct access_peer *peer_find(const struct access *access, const struct ip_addr *address, uint8_t version)
{
	return map_get(&access->peers, peer_key(address, version));
}

static struct access_peer *peer_get(struct access *access, const struct ip_addr *address, uint8_t version)
{
	struct access_peer *peer = peer_find(access, address, version);

	if (peer)
		return peer;
	peer = calloc(1, sizeof(*peer));
	if (!peer)
		return NULL;
	peer->address = *address;
	peer->version = version;
	if (map_put(&access->peers, peer_key(address, version), peer)) {
		free(peer);
		return NULL;
	}
	return peer;
}

void access_link(struct session *session)
{
	struct access *access = session->gateway->access;
	struct access_peer *peer = peer_get(access, &session->facts->control_peer.addr, session->facts->gtp_version);

	if (!peer)
		return;
	session->peer = peer;
	session->peer_next = peer->sessions;
	session->peer_link = &peer->sessions;
	if (peer->sessions)
		peer->sessions->peer_link = &session->peer_next;
	peer->sessions = session;
	peer->count++;
	(void)gtp_path_use(access->endpoint, &peer->address, peer->version, session->gateway->now_ms);
	access_settle(access);
}

void access_unlink(struct session *session)
{
	struct access *access = session->gateway->access;
	struct access_peer *peer = session->peer;

	if (!peer)
		return;
	*session->peer_link = session->peer_next;
	if (session->peer_next)
		session->peer_next->peer_link = session->peer_link;
	session->peer = NULL;
	gtp_path_release(access->endpoint, &peer->address, peer->version);
	if (--peer->count)
		return;
	map_del(&access->peers, peer_key(&peer->address, peer->version));
	free(peer);
}

void access_move(struct session *session, const struct ip_addr *peer, uint32_t control_teid)
{
	struct session_record facts = *session->facts;
	bool has_moved = !ip_addr_equal(peer, &facts.control_peer.addr);

	if (!has_moved && facts.control_teid == control_teid)
		return;
	if (has_moved)
		access_unlink(session);
	facts.control_teid = control_teid;
	facts.control_peer.addr = *peer;
	session_change(session, &facts);
	if (has_moved)
		access_link(session);
}

void access_locate(struct session *session, uint8_t rat, const struct plmn *network)
{
	struct session_record facts = *session->facts;

	if (rat)
		facts.rat = rat;
	if (network)
		facts.serving_network = *network;
	session_change(session, &facts);
}

static void on_purge_due(struct timer *timer, uint64_t now_ms)
{
	struct access *access = container_of(timer, struct access, purge);
	struct access_peer *peer;
	unsigned done = 0;
	bool more = false;

	for (size_t at = 0; done < PURGE_PIECE && (peer = map_next(&access->peers, &at)); at = 0) {
		while (peer && !peer->ending)
			peer = map_next(&access->peers, &at);
		if (!peer)
			break;
		session_end(peer->ending, peer->ending_reason, SESSION_TELL_LNS, NULL);
		done++;
	}
	for (size_t at = 0; (peer = map_next(&access->peers, &at));)
		more = more || peer->ending;
	wheel_arm(&access->gateway->wheel, timer, more ? now_ms + PURGE_MS : WHEEL_NEVER);
}

// All sessions that a peer has now are to end; what it opens from here on stays.
static void peer_purge(struct access *access, const struct ip_addr *address, uint8_t version, enum refusal reason)
{
	struct access_peer *peer = peer_find(access, address, version);
	struct session *last;

	if (!peer || !peer->sessions)
		return;
	for (last = peer->sessions; last->peer_next; last = last->peer_next)
		;
	last->peer_next = peer->ending;
	if (peer->ending)
		peer->ending->peer_link = &last->peer_next;
	peer->ending = peer->sessions;
	peer->ending->peer_link = &peer->ending;
	peer->sessions = NULL;
	peer->ending_reason = reason;
	wheel_arm(&access->gateway->wheel, &access->purge, access->gateway->now_ms);
}

struct session *access_owned(const struct access *access, uint32_t teid, const struct ip_addr *from, uint8_t version)
{
	struct session *session = session_find(access->gateway, teid);

	if (!session || session->state != SESSION_UP || session->facts->gtp_version != version ||
		!ip_addr_equal(from, &session->facts->control_peer.addr))
		return NULL;
	return session;
}

static void on_send(void *owner, const struct ip_end *to, const void *bytes, size_t len)
{
	struct access *access = owner;

	if (access->gateway->captures)
		capture_gtpc(access->gateway, true, to, bytes, len, access->about);
	(void)udp_send(access->udp, to, bytes, len, true);
}

static void on_request(void *owner, const struct gtp_request *request)
{
	struct access *access = owner;

	if (request->version == 2)
		pgw_on_request(access, request);
	else
		ggsn_on_request(access, request);
}

static void on_response(void *owner, const struct gtp_response *response)
{
	// Deletes of ours: the session is gone here whatever the peer says.
	char peer[IP_ADDR_TEXT];

	(void)owner;
	if (response->result != GTP_ANSWERED)
		log_debug("a request of ours was not answered peer=%s", ip_addr_text(&response->peer, peer));
}

static void on_peer_restarted(void *owner, const struct ip_addr *peer, uint8_t version, uint8_t old_counter, uint8_t new_counter)
{
	struct access *access = owner;
	char text[IP_ADDR_TEXT];

	log_warn("a peer restarted peer=%s version=%u counter=%u->%u", ip_addr_text(peer, text), version, old_counter,
		new_counter);
	peer_purge(access, peer, version, REFUSED_PEER_RESTART);
}

static void on_path_failed(void *owner, const struct ip_addr *peer, uint8_t version)
{
	struct access *access = owner;
	char text[IP_ADDR_TEXT];

	log_warn("a peer does not answer any longer peer=%s version=%u", ip_addr_text(peer, text), version);
	peer_purge(access, peer, version, REFUSED_PATH_FAILURE);
}

static void on_peer_changed(void *owner, const struct ip_addr *peer)
{
	access_store_peer(owner, peer);
}

static bool is_allowed(void *owner, const struct ip_addr *peer)
{
	const struct access *access = owner;
	const struct config *config = access->gateway->config;

	if (config) {
		vec_each (&config->gtp_peers, prefix) {
			if (ip_prefix_has(prefix, peer))
				return true;
		}
	}
	access->gateway->counters.unknown_peers++;
	return false;
}

static const struct gtp_ops ops = {
	.send = on_send,
	.on_request = on_request,
	.on_response = on_response,
	.on_peer_restarted = on_peer_restarted,
	.on_path_failed = on_path_failed,
	.is_allowed = is_allowed,
	.on_peer_changed = on_peer_changed,
};

void access_settle(struct access *access)
{
	wheel_arm(&access->gateway->wheel, &access->tick, gtp_endpoint_next(access->endpoint));
}

static int encode(struct access *access, uint8_t version, size_t *len)
{
	return version == 2 ? gtp2_encode(&access->out.v2, access->bytes, sizeof(access->bytes), len)
			    : gtp1_encode(&access->out.v1, access->bytes, sizeof(access->bytes), len);
}

void access_respond(struct access *access, uint8_t version, uint64_t xact)
{
	size_t len;
	int error = encode(access, version, &len);

	if (error)
		log_err("an answer can't be encoded error=%s", strerror(-error));
	else
		(void)gtp_endpoint_respond(access->endpoint, xact, access->bytes, len, access->gateway->now_ms);
	access_settle(access);
}

void access_request(struct access *access, const struct session *about)
{
	size_t len;
	int error = encode(access, about->facts->gtp_version, &len);

	access->about = about;
	if (!error)
		error = gtp_endpoint_request(
			access->endpoint, &about->facts->control_peer.addr, access->bytes, len, 0, access->gateway->now_ms, NULL);
	access->about = NULL;
	if (error)
		log_err("a request can't be sent error=%s", strerror(-error));
	access_settle(access);
}

struct ie_bytes access_pco(struct session *session)
{
	struct access *access = session->gateway->access;
	struct pco_answer tell = {.address = session->facts->address, .mtu = session->facts->mtu};
	size_t len = 0;

	if (!session->attach->request.pco)
		return (struct ie_bytes){0};
	session->way->dns(session, &tell);
	if (pco_answer_write(session->attach->request.pco, &tell, access->pco, sizeof(access->pco), &len))
		return (struct ie_bytes){0};
	return (struct ie_bytes){.data = access->pco, .len = (uint16_t)len};
}

static void on_error_indication(struct gateway *gateway, const struct ip_end *from, const struct gtpu_packet *packet)
{
	struct access *access = gateway->access;
	struct gtpu_error error;
	struct session *session = NULL;

	// The sender names one of its TEIDs. Finding it means a walk, so this is bounded; a SIM's own retry brings the rest.
	if (gtpu_error_read(packet, &error) || !log_rate_ok(&access->scan_rate, gateway->now_ms, 100))
		return;
	for (uint8_t version = 1; version <= 2 && !session; version++) {
		struct access_peer *peer = peer_find(access, &from->addr, version);

		for (session = peer ? peer->sessions : NULL; session; session = session->peer_next)
			if (session->state == SESSION_UP && session->facts->user_teid == error.teid &&
				ip_addr_equal(&session->facts->user_peer, &error.peer))
				break;
	}
	if (session)
		session_end(session, REFUSED_ERROR_INDICATION, SESSION_TELL_LNS, NULL);
}

static void send_error_indication(struct gateway *gateway, const struct ip_end *to, uint32_t teid)
{
	uint8_t out[64];
	int len;

	if (!log_rate_ok(&gateway->access->error_indication_rate, gateway->now_ms, 200))
		return;
	len = gtpu_error_indication(teid, &gateway->options->gtp_address, 0, out, sizeof(out));
	if (len < 0)
		return;
	gateway->counters.gtpu_error_indications++;
	(void)dp_gtpu_send(gateway->dp, &(struct ip_end){.addr = to->addr, .port = GTP_U_PORT}, out, (size_t)len);
}

void access_on_gtpu(struct gateway *gateway, const struct ip_end *peer, const uint8_t *datagram, size_t len)
{
	struct gtpu_packet packet;
	uint8_t out[64];
	int answer = 0;
	int error;

	if (!is_allowed(gateway->access, &peer->addr))
		return;
	error = gtpu_read(datagram, len, &packet);
	if (error == -EOPNOTSUPP)
		answer = gtpu_supported_extensions(&packet, out, sizeof(out));
	else if (error)
		return;
	else if (packet.type == GTPU_ECHO_REQUEST)
		answer = gtpu_echo_response(&packet, out, sizeof(out));
	else if (packet.type == GTPU_ERROR_INDICATION)
		on_error_indication(gateway, peer, &packet);
	else if (packet.type == GTPU_GPDU && !gateway->resume && !session_find(gateway, packet.teid)) // it may still be resumed
		send_error_indication(gateway, peer, packet.teid);
	if (answer > 0)
		(void)dp_gtpu_send(gateway->dp, peer, out, (size_t)answer);
}

static void on_datagram(void *owner, const struct ip_end *peer, uint8_t *datagram, size_t len)
{
	struct access *access = owner;

	gateway_wake(access->gateway);
	if (access->gateway->captures)
		capture_gtpc(access->gateway, false, peer, datagram, len, NULL);
	gtp_endpoint_recv(access->endpoint, peer, datagram, len, access->gateway->now_ms);
}

static void on_batch_end(void *owner)
{
	struct access *access = owner;

	tunnels_flush(access->gateway);
	access_settle(access);
}

static void on_tick(struct timer *timer, uint64_t now_ms)
{
	struct access *access = container_of(timer, struct access, tick);

	gtp_endpoint_tick(access->endpoint, now_ms);
	access_settle(access);
}

int access_new(struct gateway *gateway, uint8_t restart_counter, struct access **out)
{
	struct access *access = calloc(1, sizeof(*access));
	struct udp_host host = {.on_datagram = on_datagram, .on_batch_end = on_batch_end, .owner = access};
	struct ip_end address = {.addr = gateway->options->gtp_address, .port = GTP_C_PORT};
	struct gtp_config config = {
		.ops = &ops,
		.owner = access,
		.restart_counter = restart_counter,
		.role = GTP1_AT_GGSN,
		.transactions_max = gateway->options->max_sessions * 2,
		.peer_pending_max = gateway->options->max_attaching * 2,
		.create_rate = 10000,
	};
	int fd = -1, error;

	if (!access)
		return -ENOMEM;
	random_fill(&config.seed, sizeof(config.seed));
	access->gateway = gateway;
	access->restart_counter = restart_counter;
	access->tick.fire = on_tick;
	access->purge.fire = on_purge_due;
	error = gateway_socket(gateway, "gtp-c", &address, &fd);
	if (!error)
		error = udp_new(gateway->loop, fd, &host, &access->udp);
	if (!error)
		error = gtp_endpoint_new(&config, gateway->now_ms, &access->endpoint);
	if (error) {
		gateway->access = access;
		access_free(&gateway->access);
		return error;
	}
	*out = access;
	return 0;
}

void access_free(struct access **out)
{
	struct access *access = *out;
	struct access_peer *peer;

	if (!access)
		return;
	wheel_disarm(&access->gateway->wheel, &access->tick);
	wheel_disarm(&access->gateway->wheel, &access->purge);
	for (size_t at = 0; (peer = map_next(&access->peers, &at));)
		free(peer);
	map_fini(&access->peers);
	map_fini(&access->peer_records);
	gtp_endpoint_free(&access->endpoint);
	udp_free(&access->udp);
	free(access);
	*out = NULL;
}

void access_store_peer(struct access *access, const struct ip_addr *address)
{
	struct state *state = access->gateway->state;
	uint64_t key = peer_key(address, 0);
	uintptr_t index = (uintptr_t)map_get(&access->peer_records, key); // index + 1
	struct peer_record record;
	uint32_t fresh;

	memset(&record, 0, sizeof(record));
	if (!gtp_endpoint_peer(access->endpoint, address, &record.peer))
		return;
	if (!index) {
		if (state_take(state, TABLE_PEER, &fresh))
			return;
		index = (uintptr_t)fresh + 1;
		(void)map_put(&access->peer_records, key, (void *)index);
	}
	state_put(state, TABLE_PEER, (uint32_t)(index - 1), &record);
}

static void restore_peer(void *owner, uint32_t index, const void *bytes)
{
	struct access *access = owner;
	const struct peer_record *record = bytes;
	struct gtp_peer_state peer = record->peer;

	// Sequence numbers that were used since the record was written must not come again soon.
	peer.next_sequence1 = (uint16_t)(peer.next_sequence1 + 4096);
	peer.next_sequence2 = (peer.next_sequence2 + 65536) & 0x7fffff;
	(void)gtp_endpoint_import(access->endpoint, &peer, access->gateway->now_ms);
	(void)map_put(&access->peer_records, peer_key(&peer.addr, 0), (void *)((uintptr_t)index + 1));
}

int access_restore_peers(struct access *access)
{
	state_each(access->gateway->state, TABLE_PEER, restore_peer, access);
	return 0;
}
