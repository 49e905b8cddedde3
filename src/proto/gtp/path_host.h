// SPDX-License-Identifier: Apache-2.0
// The tests of the path engine share this host: it writes down what it is told, and its time is the test's.
#pragma once

#include "proto/gtp/path.h"

#include "base/clean.h"
#include "base/wheel.h"
#include "proto/gtp/vectors.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct {
	unsigned sent, requests, responses, restarts, failures, restorations, changes;
	uint8_t bytes[GTP_MESSAGE_MAX];
	size_t len;
	struct ip_end to;
	struct gtp_request request; // its messages are gone after the call
	uint8_t type;
	struct gtp_response response;
	uint8_t old_counter, new_counter;
	bool refuse_peer, release_on_failure;
	uint64_t cancel_id;
} host;

static struct gtp_endpoint *ep;
static uint64_t now;
static const struct ip_addr sgw = {.family = IP_V4, .bytes = {10, 9, 0, 2}};
static struct ip_end from;

static inline void host_send(void *owner, const struct ip_end *to, const void *bytes, size_t len)
{
	host.sent++;
	host.to = *to;
	host.len = len;
	memcpy(host.bytes, bytes, len);
}

static inline void host_request(void *owner, const struct gtp_request *request)
{
	host.requests++;
	host.request = *request;
	host.type = request->version == 1 ? request->v1->header.type : request->v2->header.type;
}

static inline void host_response(void *owner, const struct gtp_response *response)
{
	host.responses++;
	host.response = *response;
}

static inline void host_restarted(
	void *owner, const struct ip_addr *peer, uint8_t version, uint8_t old_counter, uint8_t new_counter)
{
	host.restarts++;
	host.old_counter = old_counter;
	host.new_counter = new_counter;
}

static inline void host_failed(void *owner, const struct ip_addr *peer, uint8_t version)
{
	host.failures++;
	if (host.release_on_failure)
		gtp_path_release(ep, peer, version);
}

static inline void host_restored(void *owner, const struct ip_addr *peer, uint8_t version)
{
	host.restorations++;
	gtp_endpoint_cancel(ep, host.cancel_id);
}

static inline bool host_allowed(void *owner, const struct ip_addr *peer)
{
	return !host.refuse_peer;
}

static inline void host_changed(void *owner, const struct ip_addr *peer)
{
	host.changes++;
}

static const struct gtp_ops ops = {
	.send = host_send,
	.on_request = host_request,
	.on_response = host_response,
	.on_peer_restarted = host_restarted,
	.on_path_failed = host_failed,
	.on_path_restored = host_restored,
	.is_allowed = host_allowed,
	.on_peer_changed = host_changed,
};

static inline int endpoint_with(struct gtp_config config)
{
	memset(&host, 0, sizeof(host));
	now = 1000;
	from = (struct ip_end){.addr = sgw, .port = 40000};
	config.ops = &ops;
	config.restart_counter = 7;
	return gtp_endpoint_new(&config, now, &ep);
}

static inline int setup(void **state)
{
	return endpoint_with((struct gtp_config){0});
}

static inline int teardown(void **state)
{
	gtp_endpoint_free(&ep);
	assert_null(ep);
	return 0;
}

static inline void pass(uint64_t ms)
{
	uint64_t until = now + ms;

	while (gtp_endpoint_next(ep) <= until) {
		uint64_t next = gtp_endpoint_next(ep);

		now = next > now ? next : now;
		gtp_endpoint_tick(ep, now);
	}
	now = until;
	gtp_endpoint_tick(ep, now);
}

static inline void hear(const void *bytes, size_t len)
{
	// Of exactly its size, so that the sanitizer sees a read past it.
	_cleanup_free_ uint8_t *exact = malloc(len ? len : 1);

	memcpy(exact, bytes, len);
	gtp_endpoint_recv(ep, &from, exact, len, now);
}

static inline void hear_create(uint8_t sequence)
{
	uint8_t bytes[sizeof(create_session_request)];

	memcpy(bytes, create_session_request, sizeof(bytes));
	bytes[10] = sequence;
	hear(bytes, sizeof(bytes));
}

static inline void respond(uint64_t xact, int want)
{
	struct gtp2_message message;
	uint8_t bytes[64];
	size_t len = 0;

	gtp2_answer(&message, &(struct gtp2_header){.type = GTP2_CREATE_SESSION_REQUEST}, 0x1da);
	ie_set(&message.create_session_response, cause) = (struct gtp2_cause){.value = GTP2_CAUSE_NO_RESOURCES_AVAILABLE};
	assert_int_equal(gtp2_encode(&message, bytes, sizeof(bytes), &len), 0);
	assert_int_equal(gtp_endpoint_respond(ep, xact, bytes, len, now), want);
}

static inline size_t delete_bearer(uint8_t *bytes, size_t size)
{
	struct gtp2_message message;
	size_t len = 0;

	gtp2_request(&message, GTP2_DELETE_BEARER_REQUEST, 0x1da);
	ie_set(&message.delete_bearer_request, linked_ebi) = 5;
	assert_int_equal(gtp2_encode(&message, bytes, size, &len), 0);
	return len;
}

static inline uint32_t sent_sequence(void)
{
	struct gtp2_header header;

	assert_int_equal(gtp2_header_read(host.bytes, host.len, &header), 0);
	return header.sequence;
}

static inline void hear_echo(uint8_t counter, uint8_t sequence)
{
	const uint8_t bytes[] = {0x40, 1, 0, 9, 0, 0, sequence, 0, 3, 0, 1, 0, counter};

	hear(bytes, sizeof(bytes));
}

static inline size_t answer_to(uint8_t type, uint32_t sequence, uint8_t *bytes)
{
	const uint8_t answer[] = {0x48, type, 0, 14, 0, 0, 0, 1, (uint8_t)(sequence >> 16), (uint8_t)(sequence >> 8),
		(uint8_t)sequence, 0, 2, 0, 2, 0, 16, 0};

	memcpy(bytes, answer, sizeof(answer));
	return sizeof(answer);
}
