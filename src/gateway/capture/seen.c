// SPDX-License-Identifier: Apache-2.0
// A packet that a capture may want: whose it is, a copy without secrets, the made-up headers, the block.
#include "gateway/capture/private.h"

#include "base/clean.h"
#include "gateway/access.h"
#include "proto/gtp/gtpu.h"
#include "proto/gtp/scan.h"
#include "proto/l2tp/conceal.h"
#include "proto/l2tp/header.h"
#include "proto/ppp/conceal.h"
#include "proto/ppp/frame.h"

#include <time.h>

#define IPV4_HEAD 20
#define IPV6_HEAD 40
#define UDP_HEAD 8
#define BLOCK_EXTRA 256 // octets of a packet's block beside the packet

struct packet {
	enum capture_level level;
	bool is_sent;
	struct ip_end from, to; // of the UDP datagram; IP_NONE: the bytes are an IP packet
	const uint8_t *bytes;
	size_t len;
	bool is_concealed;
};

static uint64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static uint16_t ip_checksum(const uint8_t *head)
{
	struct wire_in in = wire_in(head, IPV4_HEAD);
	uint32_t sum = 0;

	while (wire_left(&in))
		sum += wire_get_be16(&in);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t) ~(sum + (sum >> 16));
}

// IP and UDP around a datagram, as the sockets' ends say. Gives their octets.
static size_t put_heads(const struct packet *packet, uint8_t head[IPV6_HEAD + UDP_HEAD])
{
	struct wire_out out = wire_out(head, IPV6_HEAD + UDP_HEAD);
	bool v4 = packet->from.addr.family == IP_V4;
	uint16_t udp_len = (uint16_t)(UDP_HEAD + packet->len);

	if (packet->from.addr.family == IP_NONE)
		return 0;
	if (v4) {
		wire_put_be16(&out, 0x4500);
		wire_put_be16(&out, (uint16_t)(IPV4_HEAD + udp_len));
		wire_put_be32(&out, 0);
		wire_put_be16(&out, 64 << 8 | 17);
		wire_put_be16(&out, 0);
	} else {
		wire_put_be32(&out, 0x60000000);
		wire_put_be16(&out, udp_len);
		wire_put_be16(&out, 17 << 8 | 64);
	}
	wire_put_bytes(&out, packet->from.addr.bytes, v4 ? 4 : 16);
	wire_put_bytes(&out, packet->to.addr.bytes, v4 ? 4 : 16);
	if (v4)
		wire_patch_be16(&out, 10, ip_checksum(head));
	wire_put_be16(&out, packet->from.port);
	wire_put_be16(&out, packet->to.port);
	wire_put_be16(&out, udp_len);
	wire_put_be16(&out, 0); // no checksum
	return wire_used(&out);
}

static void write_packet(struct capture *capture, const struct packet *packet, uint64_t time_us)
{
	uint8_t head[IPV6_HEAD + UDP_HEAD];
	size_t head_len = put_heads(packet, head), room = capture->snap > head_len ? capture->snap - head_len : 0;
	struct pcapng_packet block = {
		.interface = capture->interface[packet->level],
		.time_us = time_us,
		.is_sent = packet->is_sent,
		.head = head,
		.head_len = head_len,
		.bytes = packet->bytes,
		.len = packet->len < room ? packet->len : room,
		.missed = capture->missed_now,
		.comment = packet->is_concealed ? "Secrets in this packet were zeroed" : NULL,
	};
	struct wire_out *out;
	size_t before;

	if (capture->is_ending)
		return;
	block.cut = packet->len - block.len;
	capture->seen[packet->level]++;
	if (capture->octets + head_len + block.len + BLOCK_EXTRA > capture->octets_max) {
		capture->missed[packet->level]++;
		capture_end(capture, "its size was reached");
		return;
	}
	out = capture_room(capture, head_len + block.len + BLOCK_EXTRA);
	if (!out) {
		capture->missed[packet->level]++;
		capture->missed_now++;
		return;
	}
	before = wire_used(out);
	pcapng_packet(out, &block);
	capture->octets += wire_used(out) - before;
	capture->packets++;
	capture->missed_now = 0;
	capture_send(capture);
}

static void show(struct captures *captures, uint8_t mask, const struct packet *packet)
{
	uint64_t time_us = now_us();

	for (unsigned i = 0; i < CAPTURES_MAX; i++)
		if (mask >> i & 1 && captures->list[i]->levels >> packet->level & 1)
			write_packet(captures->list[i], packet, time_us);
}

static void set_ends(struct packet *packet, const struct ip_end *ours, const struct ip_end *peer)
{
	packet->from = packet->is_sent ? *ours : *peer;
	packet->to = packet->is_sent ? *peer : *ours;
}

static bool is_level_wanted(const struct captures *captures, uint8_t mask, enum capture_level level)
{
	for (unsigned i = 0; i < CAPTURES_MAX; i++)
		if (mask >> i & 1 && captures->list[i]->levels >> level & 1)
			return true;
	return false;
}

// The captures that have the other messages of a transaction; with `mask` they are those from now on.
static uint8_t remember(
	struct captures *captures, const struct ip_end *peer, const struct gtp_scan *scan, bool is_ours, uint8_t mask)
{
	uint64_t key = hash_u64(ip_end_hash(peer) ^ (uint64_t)scan->version << 60 ^ (uint64_t)is_ours << 56 ^ scan->sequence);
	size_t at = key % CAPTURE_REMEMBERED;

	if (mask) {
		captures->remembered[at].key = key;
		captures->remembered[at].mask = mask;
	}
	return captures->remembered[at].key == key ? captures->remembered[at].mask : 0;
}

// A SIM is known by its IMSI before it has a session.
static uint8_t captures_of_imsi(const struct captures *captures, uint64_t imsi)
{
	const struct config *config = captures->gateway->config;
	const struct endpoint_config *endpoint = imsi && config ? config_endpoint_by_imsi(config, imsi) : NULL;
	uint8_t mask = 0;

	for (unsigned i = 0; endpoint && i < CAPTURES_MAX; i++) {
		const struct capture *capture = captures->list[i];

		if (capture && !capture->is_ending && capture->subject == CAPTURE_ENDPOINT &&
			uuid_equal(&capture->about, &endpoint->id))
			mask |= (uint8_t)(1u << i);
	}
	return mask;
}

void capture_gtpc(struct gateway *gateway, bool is_sent, const struct ip_end *peer, const uint8_t *message, size_t len,
	const struct session *about)
{
	struct captures *captures = gateway->captures;
	struct ip_end ours = {.addr = gateway->options->gtp_address, .port = GTP_C_PORT};
	struct packet packet = {.level = LEVEL_GTP, .is_sent = is_sent, .bytes = captures->scratch, .len = len};
	const struct session *session = about;
	struct gtp_scan scan;
	uint8_t mask;

	if (gtp_scan(message, len, &scan) || len > sizeof(captures->scratch))
		return;
	// To us the header names the session; from us only an answer that opens one says its TEID.
	if (!session)
		session = session_find(gateway, is_sent ? scan.sender_teid : scan.teid);
	mask = session ? captures_of_session(captures, session) : captures_of_imsi(captures, scan.imsi);
	// Whose request it is shows by who sends it: an answer has the sequence number of the other side's request.
	mask |= remember(captures, peer, &scan, is_sent, mask);
	mask |= remember(captures, peer, &scan, !is_sent, 0);
	if (!is_level_wanted(captures, mask, LEVEL_GTP))
		return;
	memcpy(captures->scratch, message, len);
	packet.is_concealed = gtp_conceal(captures->scratch, len, ppp_conceal);
	set_ends(&packet, &ours, peer);
	show(captures, mask, &packet);
}

// The type of a control message and the session id that it assigns, as far as they are in the clear.
static void peek(const struct l2tp_header *header, uint16_t *type, uint16_t *assigned)
{
	struct wire_in in = wire_in(header->payload, header->len);
	struct l2tp_avp_raw avp;

	*type = *assigned = 0;
	while (!l2tp_avp_next(&in, &avp)) {
		struct wire_in value = wire_in(avp.value.bytes, avp.value.len);

		if (avp.vendor || avp.hidden)
			continue;
		if (avp.type == l2tp_avps[L2TP_AVP_message_type].type)
			*type = wire_get_be16(&value);
		else if (avp.type == l2tp_avps[L2TP_AVP_assigned_session_id].type)
			*assigned = wire_get_be16(&value);
	}
}

// Does a control message of the tunnel concern this call? Messages about the tunnel itself do; acknowledgments concern nobody.
static bool concerns(const struct l2tp_session *call, const struct l2tp_header *header, bool is_sent)
{
	uint16_t type, assigned;

	if (header->session_id)
		return header->session_id == (is_sent ? call->peer_id : call->local_id);
	peek(header, &type, &assigned);
	if (type != L2TP_icrq)
		return !l2tp_is_zlb(header);
	return assigned ? assigned == call->local_id : call->state == L2TP_SESSION_WAIT_REPLY;
}

static uint8_t captures_of_sims(
	const struct captures *captures, const struct tunnel *tunnel, const struct l2tp_header *header, bool is_sent)
{
	const struct gateway *gateway = captures->gateway;
	uint8_t mask = 0;

	for (unsigned i = 0; i < CAPTURES_MAX; i++) {
		const struct capture *capture = captures->list[i];
		const struct endpoint_config *endpoint = NULL;

		if (capture && !capture->is_ending && capture->subject == CAPTURE_ENDPOINT && gateway->config)
			endpoint = config_endpoint(gateway->config, &capture->about);
		for (size_t n = 0; endpoint && n < endpoint->imsi_count; n++) {
			const struct session *session = sessions_of(&gateway->sessions, endpoint->imsis[n]);

			for (; session; session = session_older(session))
				if (session->call && call_tunnel(session->call) == tunnel &&
					concerns(&session->call->l2tp, header, is_sent))
					mask |= (uint8_t)(1u << i);
		}
	}
	return mask;
}

void capture_call_ends(const struct call *call)
{
	const struct tunnel *tunnel = call_tunnel(call);
	struct captures *captures = tunnel->lac->vslice->gateway->captures;

	captures->ended[captures->ended_at++ % CAPTURE_ENDED] = (struct capture_call){
		.tunnel = tunnel,
		.local_id = call->l2tp.local_id,
		.peer_id = call->l2tp.peer_id,
		.mask = captures_of_session(captures, call->session),
	};
}

static uint8_t captures_of_ended(
	const struct captures *captures, const struct tunnel *tunnel, const struct l2tp_header *header, bool is_sent)
{
	uint8_t mask = 0;

	for (size_t i = 0; i < CAPTURE_ENDED; i++) {
		const struct capture_call *call = &captures->ended[i];

		if (call->tunnel == tunnel && header->session_id &&
			header->session_id == (is_sent ? call->peer_id : call->local_id))
			mask |= call->mask;
	}
	return mask;
}

void capture_l2tp_control(struct tunnel *tunnel, bool is_sent, const struct ip_end *peer, const uint8_t *message, size_t len)
{
	struct captures *captures = tunnel->lac->vslice->gateway->captures;
	struct packet packet = {.level = LEVEL_L2TP, .is_sent = is_sent, .bytes = captures->scratch, .len = len};
	struct l2tp_header header;
	uint8_t mask = captures_of_tunnel(captures, tunnel);

	if (len > sizeof(captures->scratch))
		return;
	if (!l2tp_header_parse(message, len, &header))
		mask |= captures_of_sims(captures, tunnel, &header, is_sent) |
			captures_of_ended(captures, tunnel, &header, is_sent);
	if (!is_level_wanted(captures, mask, LEVEL_L2TP))
		return;
	memcpy(captures->scratch, message, len);
	packet.is_concealed = l2tp_conceal(captures->scratch, len);
	set_ends(&packet, &tunnel->lac->address, peer);
	show(captures, mask, &packet);
}

// PPP authentication inside a data message. What can't be read is zeroed, so that nothing slips through in an odd frame.
static bool conceal_frame(uint8_t *datagram, size_t len)
{
	struct l2tp_header header;
	const uint8_t *packet;
	uint16_t protocol;
	size_t packet_len;

	if (l2tp_header_parse(datagram, len, &header))
		return false;
	if (!ppp_frame_parse(header.payload, header.len, &protocol, &packet, &packet_len))
		return ppp_conceal(protocol, datagram + (packet - datagram), packet_len);
	memset(datagram + (header.payload - datagram), 0, header.len);
	return true;
}

static void show_l2tp(struct captures *captures, const struct dp_seen *seen)
{
	const struct lac *lac = seen->lac_owner;
	const struct tunnel *tunnel = map_get(&lac->vslice->tunnels, seen->tunnel_id);
	const struct l2tp_session *l2tp =
		tunnel && tunnel->lac == lac ? l2tp_tunnel_session(&tunnel->l2tp, seen->session_id) : NULL;
	const struct session *session = l2tp ? container_of(l2tp, struct call, l2tp)->session : NULL;
	struct packet packet = {.level = LEVEL_L2TP, .is_sent = seen->is_sent, .bytes = captures->scratch, .len = seen->len};
	uint8_t mask = session ? captures_of_session(captures, session) : 0;

	if (tunnel && tunnel->lac == lac)
		mask |= captures_of_tunnel(captures, tunnel);
	if (!is_level_wanted(captures, mask, LEVEL_L2TP))
		return;
	memcpy(captures->scratch, seen->datagram, seen->len);
	packet.is_concealed = conceal_frame(captures->scratch, seen->len);
	set_ends(&packet, &lac->address, seen->peer);
	show(captures, mask, &packet);
}

static void show_gtpu(struct captures *captures, const struct dp_seen *seen)
{
	struct gateway *gateway = captures->gateway;
	const struct session *session = session_find(gateway, seen->teid);
	struct ip_end ours = {.addr = gateway->options->gtp_address, .port = GTP_U_PORT};
	struct packet packet = {.level = LEVEL_GTP, .is_sent = seen->is_sent, .bytes = seen->datagram, .len = seen->len};
	uint8_t mask = session ? captures_of_session(captures, session) : 0;
	struct gtpu_packet gtpu;

	set_ends(&packet, &ours, seen->peer);
	show(captures, mask, &packet);
	if (gtpu_read(seen->datagram, seen->len, &gtpu) || gtpu.type != GTPU_GPDU)
		return;
	packet = (struct packet){.level = LEVEL_IP, .is_sent = seen->is_sent, .bytes = gtpu.payload, .len = gtpu.payload_len};
	show(captures, mask, &packet);
}

void capture_seen(struct gateway *gateway, const struct dp_seen *seen)
{
	if (seen->len > sizeof(gateway->captures->scratch))
		return;
	if (seen->lac)
		show_l2tp(gateway->captures, seen);
	else
		show_gtpu(gateway->captures, seen);
}
