// SPDX-License-Identifier: Apache-2.0
// The path engine under a stream of datagrams, host actions and time. The input is a row of steps: an octet that chooses, an
// octet of argument, and for a datagram its length and octets. In the end nothing may be left when enough time has passed.
#include "base/wheel.h"
#include "proto/gtp/path.h"

#include <stdlib.h>

static struct gtp_endpoint *ep;
static uint64_t now;
static uint64_t last_xact, last_id;
static uint8_t last_request[GTP_MESSAGE_MAX];
static size_t last_len;
static unsigned uses[4][2];

static void must(bool is_so)
{
	if (!is_so)
		abort();
}

static struct ip_addr peer_of(uint8_t number)
{
	return ip_addr_v4(0x0a000000u | (number & 3u));
}

static void on_send(void *owner, const struct ip_end *to, const void *bytes, size_t len)
{
	must(len >= 8 && len <= sizeof(last_request));
	memcpy(last_request, bytes, len);
	last_len = len;
}

static void on_request(void *owner, const struct gtp_request *request)
{
	must((request->version == 1) == (request->v1 != NULL));
	last_xact = request->xact;
}

static void on_response(void *owner, const struct gtp_response *response)
{
	must(response->result != GTP_ANSWERED || response->v1 || response->v2);
}

static void on_peer(void *owner, const struct ip_addr *peer, uint8_t version)
{
	gtp_endpoint_forget(ep, last_xact);
	gtp_endpoint_cancel(ep, last_id);
}

static void on_restart(void *owner, const struct ip_addr *peer, uint8_t version, uint8_t old_counter, uint8_t new_counter)
{
	on_peer(owner, peer, version);
}

static void respond(uint8_t argument)
{
	static const struct gtp2_message create = {.header = {.type = GTP2_CREATE_SESSION_REQUEST}};
	uint8_t bytes[64];
	size_t len = 0;

	if (argument & 1)
		gtp1_refuse(&(struct gtp1_header){.type = GTP1_CREATE_PDP_REQUEST}, 1, GTP1_CAUSE_SYSTEM_FAILURE, bytes,
			sizeof(bytes), &len);
	else
		gtp2_refuse(&create, 1, &(struct ie_fault){.cause = 72}, bytes, sizeof(bytes), &len);
	gtp_endpoint_respond(ep, last_xact, bytes, len, now);
}

static void request(uint8_t argument)
{
	struct ip_addr to = peer_of(argument >> 2);
	struct gtp2_message message;
	uint8_t bytes[64];
	size_t len = 0;

	gtp2_request(&message, argument & 1 ? GTP2_DELETE_BEARER_REQUEST : GTP2_DELETE_BEARER_COMMAND, 1);
	gtp2_encode(&message, bytes, sizeof(bytes), &len);
	if (argument & 2)
		gtp_endpoint_request_for(ep, last_xact, bytes, len, 1, now, &last_id);
	else
		gtp_endpoint_request(ep, &to, bytes, len, 1, now, &last_id);
}

static void step(uint8_t choice, uint8_t argument, struct wire_in *in)
{
	struct ip_end from = {.addr = peer_of(argument), .port = (uint16_t)(2123 + (argument >> 2 & 1))};
	uint8_t version = (uint8_t)(1 + (argument >> 7));
	const uint8_t *bytes;
	size_t len;

	switch (choice % 8) {
	case 0:
	case 1:
		len = wire_get_be16(in);
		bytes = wire_get_bytes(in, len < wire_left(in) ? len : wire_left(in));
		if (bytes)
			gtp_endpoint_recv(ep, &from, bytes, (size_t)(in->pos - bytes), now);
		break;
	case 2: // what we sent comes back, perhaps as its own answer
		last_request[1] = (uint8_t)(last_request[1] + (argument >> 3 & 1));
		gtp_endpoint_recv(ep, &from, last_request, last_len, now);
		break;
	case 3:
		respond(argument);
		break;
	case 4:
		request(argument);
		break;
	case 5:
		if (!gtp_path_use(ep, &from.addr, version, now))
			uses[argument & 3][version - 1]++;
		break;
	case 6:
		gtp_path_release(ep, &from.addr, version);
		if (uses[argument & 3][version - 1])
			uses[argument & 3][version - 1]--;
		break;
	default:
		now += argument * 100u;
		gtp_endpoint_tick(ep, now);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct gtp_ops ops = {
		.send = on_send,
		.on_request = on_request,
		.on_response = on_response,
		.on_peer_restarted = on_restart,
		.on_path_failed = on_peer,
		.on_path_restored = on_peer,
	};
	struct wire_in in = wire_in(data, size);
	struct gtp_gauges gauges;

	now = 1;
	last_len = 0;
	last_xact = last_id = 0;
	memset(uses, 0, sizeof(uses));
	must(!gtp_endpoint_new(
		&(struct gtp_config){.ops = &ops, .peers_max = 3, .transactions_max = 64, .create_rate = 5}, now, &ep));
	while (wire_left(&in) >= 2) {
		uint8_t choice = wire_get_u8(&in);

		step(choice, wire_get_u8(&in), &in);
	}
	for (uint8_t i = 0; i < 8; i++)
		for (struct ip_addr addr = peer_of(i); uses[i & 3][i >> 2]; uses[i & 3][i >> 2]--)
			gtp_path_release(ep, &addr, (uint8_t)(1 + (i >> 2)));
	for (int i = 0; i < 100 && gtp_endpoint_next(ep) != WHEEL_NEVER; i++)
		gtp_endpoint_tick(ep, now += 20000);
	gtp_endpoint_gauges(ep, &gauges);
	must(!gauges.peers && !gauges.pending && !gauges.cached && !gauges.requests && !gauges.cached_bytes);
	must(gtp_endpoint_next(ep) == WHEEL_NEVER);
	gtp_endpoint_free(&ep);
	return 0;
}
