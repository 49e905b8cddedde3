// SPDX-License-Identifier: Apache-2.0
#include "proto/gtp/path.h"

#include "base/clean.h"
#include "base/wheel.h"
#include "proto/gtp/vectors.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

// A host that writes down what it is told.
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

static void host_send(void *owner, const struct ip_end *to, const void *bytes, size_t len)
{
	host.sent++;
	host.to = *to;
	host.len = len;
	memcpy(host.bytes, bytes, len);
}

static void host_request(void *owner, const struct gtp_request *request)
{
	host.requests++;
	host.request = *request;
	host.type = request->version == 1 ? request->v1->header.type : request->v2->header.type;
}

static void host_response(void *owner, const struct gtp_response *response)
{
	host.responses++;
	host.response = *response;
}

static void host_restarted(void *owner, const struct ip_addr *peer, uint8_t version, uint8_t old_counter, uint8_t new_counter)
{
	host.restarts++;
	host.old_counter = old_counter;
	host.new_counter = new_counter;
}

static void host_failed(void *owner, const struct ip_addr *peer, uint8_t version)
{
	host.failures++;
	if (host.release_on_failure)
		gtp_path_release(ep, peer, version);
}

static void host_restored(void *owner, const struct ip_addr *peer, uint8_t version)
{
	host.restorations++;
	gtp_endpoint_cancel(ep, host.cancel_id);
}

static bool host_allowed(void *owner, const struct ip_addr *peer)
{
	return !host.refuse_peer;
}

static void host_changed(void *owner, const struct ip_addr *peer)
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

static int endpoint_with(struct gtp_config config)
{
	memset(&host, 0, sizeof(host));
	now = 1000;
	from = (struct ip_end){.addr = sgw, .port = 40000};
	config.ops = &ops;
	config.restart_counter = 7;
	return gtp_endpoint_new(&config, now, &ep);
}

static int setup(void **state)
{
	return endpoint_with((struct gtp_config){0});
}

static int teardown(void **state)
{
	gtp_endpoint_free(&ep);
	assert_null(ep);
	return 0;
}

static void pass(uint64_t ms)
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

static void hear(const void *bytes, size_t len)
{
	// Of exactly its size, so that the sanitizer sees a read past it.
	_cleanup_free_ uint8_t *exact = malloc(len ? len : 1);

	memcpy(exact, bytes, len);
	gtp_endpoint_recv(ep, &from, exact, len, now);
}

static void hear_create(uint8_t sequence)
{
	uint8_t bytes[sizeof(create_session_request)];

	memcpy(bytes, create_session_request, sizeof(bytes));
	bytes[10] = sequence;
	hear(bytes, sizeof(bytes));
}

static void respond(uint64_t xact, int want)
{
	struct gtp2_message message;
	uint8_t bytes[64];
	size_t len = 0;

	gtp2_answer(&message, &(struct gtp2_header){.type = GTP2_CREATE_SESSION_REQUEST}, 0x1da);
	ie_set(&message.create_session_response, cause) = (struct gtp2_cause){.value = GTP2_CAUSE_NO_RESOURCES_AVAILABLE};
	assert_int_equal(gtp2_encode(&message, bytes, sizeof(bytes), &len), 0);
	assert_int_equal(gtp_endpoint_respond(ep, xact, bytes, len, now), want);
}

static size_t delete_bearer(uint8_t *bytes, size_t size)
{
	struct gtp2_message message;
	size_t len = 0;

	gtp2_request(&message, GTP2_DELETE_BEARER_REQUEST, 0x1da);
	ie_set(&message.delete_bearer_request, linked_ebi) = 5;
	assert_int_equal(gtp2_encode(&message, bytes, size, &len), 0);
	return len;
}

static uint32_t sent_sequence(void)
{
	struct gtp2_header header;

	assert_int_equal(gtp2_header_read(host.bytes, host.len, &header), 0);
	return header.sequence;
}

static void a_repeated_request_reaches_the_host_once(void **state)
{
	const struct gtp_stats *stats = gtp_endpoint_stats(ep);
	uint8_t answer[64];
	size_t answer_len;

	hear_create(1);
	assert_int_equal(host.requests, 1);
	assert_int_equal(host.type, GTP2_CREATE_SESSION_REQUEST);
	assert_int_equal(host.request.fault.cause, 0);
	// while it is served: silence
	pass(3000);
	hear_create(1);
	assert_int_equal(host.requests, 1);
	assert_int_equal(host.sent, 0);
	assert_int_equal(stats->absorbed, 1);
	assert_true(gtp_endpoint_has(ep, host.request.xact));
	// the answer goes to the port that asked, with the request's number
	respond(host.request.xact, 0);
	assert_false(gtp_endpoint_has(ep, host.request.xact));
	assert_int_equal(host.sent, 1);
	assert_int_equal(host.to.port, 40000);
	assert_int_equal(sent_sequence(), 1);
	answer_len = host.len;
	memcpy(answer, host.bytes, answer_len);
	// and again for each repeat
	pass(17000);
	memset(host.bytes, 0, sizeof(host.bytes));
	hear_create(1);
	assert_int_equal(host.requests, 1);
	assert_int_equal(host.sent, 2);
	assert_int_equal(host.len, answer_len);
	assert_memory_equal(host.bytes, answer, answer_len);
	assert_int_equal(stats->repeated, 1);
	// answered twice is not
	respond(host.request.xact, -ENOENT);
	assert_int_equal(host.sent, 2);
	// T3 * (N3 + 1) after the answer it is a new request
	pass(1001);
	hear_create(1);
	assert_int_equal(host.requests, 2);
}

static void another_number_or_port_is_another_request(void **state)
{
	hear_create(1);
	hear_create(2);
	from.port = 40001;
	hear_create(1);
	assert_int_equal(host.requests, 3);
}

// A peer that lost its memory counts from the start again.
static void other_bytes_are_no_repeat(void **state)
{
	uint8_t bytes[sizeof(create_session_request)];
	uint64_t first;

	hear_create(1);
	first = host.request.xact;
	respond(first, 0);
	memcpy(bytes, create_session_request, sizeof(bytes));
	bytes[16] = 0x11; // another IMSI
	hear(bytes, sizeof(bytes));
	assert_int_equal(host.requests, 2);
	assert_int_equal(host.sent, 1);
	// also while the first is being served
	hear_create(1);
	assert_int_equal(host.requests, 3);
	assert_true(host.request.xact != first);
	respond(host.request.xact, 0);
}

static void a_forgotten_create_is_new(void **state)
{
	hear_create(1);
	respond(host.request.xact, 0);
	gtp_endpoint_forget(ep, host.request.xact);
	gtp_endpoint_forget(ep, 12345678);
	hear_create(1);
	assert_int_equal(host.requests, 2);
}

static void an_unanswered_request_is_forgotten(void **state)
{
	struct gtp_gauges gauges;

	hear_create(1);
	pass(60001);
	assert_int_equal(gtp_endpoint_stats(ep)->abandoned, 1);
	respond(host.request.xact, -ENOENT);
	// and in the end nothing is left of the peer
	pass(700000);
	gtp_endpoint_gauges(ep, &gauges);
	assert_int_equal(gauges.peers, 0);
	assert_int_equal(gauges.pending + gauges.cached + gauges.requests, 0);
	assert_int_equal(gauges.cached_bytes, 0);
	assert_true(gtp_endpoint_next(ep) == WHEEL_NEVER);
}

static void a_fault_is_handed_over(void **state)
{
	const uint8_t bytes[] = {0x48, 32, 0, 8, 0, 0, 0, 0, 0, 0, 5, 0};

	hear(bytes, sizeof(bytes));
	assert_int_equal(host.requests, 1);
	assert_int_equal(host.request.fault.cause, GTP2_CAUSE_MANDATORY_IE_MISSING);
	assert_int_equal(host.request.fault.type, 82);
	assert_int_equal(gtp_endpoint_stats(ep)->faults, 1);
}

static void echoes_are_answered(void **state)
{
	static const uint8_t echo1[] = {0x32, 1, 0, 4, 0, 0, 0, 0, 0x12, 0x34, 0, 0};
	static const uint8_t answer1[] = {0x32, 2, 0, 6, 0, 0, 0, 0, 0x12, 0x34, 0, 0, 14, 7};
	static const uint8_t echo2[] = {0x40, 1, 0, 9, 0, 0, 9, 0, 3, 0, 1, 0, 42};
	static const uint8_t answer2[] = {0x40, 2, 0, 9, 0, 0, 9, 0, 3, 0, 1, 0, 7};
	struct gtp_peer_state peer;

	hear(echo1, sizeof(echo1));
	assert_int_equal(host.len, sizeof(answer1));
	assert_memory_equal(host.bytes, answer1, sizeof(answer1));
	hear(echo2, sizeof(echo2));
	assert_int_equal(host.len, sizeof(answer2));
	assert_memory_equal(host.bytes, answer2, sizeof(answer2));
	assert_int_equal(host.requests, 0);
	assert_true(gtp_endpoint_peer(ep, &sgw, &peer));
	assert_true(peer.has_counter[1]);
	assert_int_equal(peer.counter[1], 42);
	assert_false(peer.has_counter[0]);
	assert_int_equal(host.changes, 1);
}

static void hear_echo(uint8_t counter, uint8_t sequence)
{
	const uint8_t bytes[] = {0x40, 1, 0, 9, 0, 0, sequence, 0, 3, 0, 1, 0, counter};

	hear(bytes, sizeof(bytes));
}

static void a_changed_counter_is_a_restart(void **state)
{
	hear_echo(42, 1);
	hear_echo(42, 2);
	assert_int_equal(host.restarts, 0);
	hear_echo(43, 3);
	assert_int_equal(host.restarts, 1);
	assert_int_equal(host.old_counter, 42);
	assert_int_equal(host.new_counter, 43);
	// a straggler from before the restart
	hear_echo(42, 4);
	hear_echo(43, 5);
	assert_int_equal(host.restarts, 1);
	// 18 s later nothing is in flight any more: somebody set the counter back
	pass(18001);
	hear_echo(42, 6);
	assert_int_equal(host.restarts, 2);
	// the two versions count apart
	hear(create_pdp_request, sizeof(create_pdp_request));
	assert_int_equal(host.restarts, 2);
	assert_int_equal(host.requests, 1);
}

static void requests_are_repeated_and_time_out(void **state)
{
	uint8_t bytes[64], first[64];
	size_t len = delete_bearer(bytes, sizeof(bytes));

	assert_int_equal(gtp_endpoint_request(ep, &sgw, bytes, len, 99, now, NULL), 0);
	assert_int_equal(host.sent, 1);
	assert_int_equal(host.to.port, GTP_C_PORT);
	assert_true(sent_sequence() < 0x800000);
	memcpy(first, host.bytes, len);
	for (unsigned i = 2; i <= 5; i++) {
		pass(2999);
		assert_int_equal(host.sent, i - 1);
		pass(1);
		assert_int_equal(host.sent, i);
		assert_memory_equal(host.bytes, first, len);
	}
	pass(2999);
	assert_int_equal(host.responses, 0);
	pass(1);
	assert_int_equal(host.responses, 1);
	assert_int_equal(host.response.result, GTP_TIMED_OUT);
	assert_int_equal(host.response.cookie, 99);
	assert_null(host.response.v2);
	pass(60000);
	assert_int_equal(host.sent, 5);
}

static size_t answer_to(uint8_t type, uint32_t sequence, uint8_t *bytes)
{
	const uint8_t answer[] = {0x48, type, 0, 14, 0, 0, 0, 1, (uint8_t)(sequence >> 16), (uint8_t)(sequence >> 8),
		(uint8_t)sequence, 0, 2, 0, 2, 0, 16, 0};

	memcpy(bytes, answer, sizeof(answer));
	return sizeof(answer);
}

static void answers_find_their_request(void **state)
{
	const struct gtp_stats *stats = gtp_endpoint_stats(ep);
	uint8_t bytes[64];
	size_t len = delete_bearer(bytes, sizeof(bytes));
	uint32_t sequence;

	assert_int_equal(gtp_endpoint_request(ep, &sgw, bytes, len, 99, now, NULL), 0);
	sequence = sent_sequence();
	hear(bytes, answer_to(GTP2_DELETE_BEARER_RESPONSE, sequence + 1, bytes));
	assert_int_equal(stats->drops[GTP_DROP_UNEXPECTED_RESPONSE], 1);
	hear(bytes, answer_to(GTP2_DELETE_SESSION_RESPONSE, sequence, bytes));
	assert_int_equal(stats->drops[GTP_DROP_WRONG_RESPONSE], 1);
	from.addr.bytes[3] = 9;
	hear(bytes, answer_to(GTP2_DELETE_BEARER_RESPONSE, sequence, bytes));
	assert_int_equal(stats->drops[GTP_DROP_UNEXPECTED_RESPONSE], 2);
	assert_int_equal(host.responses, 0);
	from.addr = sgw;
	hear(bytes, answer_to(GTP2_DELETE_BEARER_RESPONSE, sequence, bytes));
	assert_int_equal(host.responses, 1);
	assert_int_equal(host.response.result, GTP_ANSWERED);
	assert_non_null(host.response.v2);
	// once
	hear(bytes, answer_to(GTP2_DELETE_BEARER_RESPONSE, sequence, bytes));
	assert_int_equal(host.responses, 1);
	pass(60000);
	assert_int_equal(host.sent, 1);
}

static void cancelled_requests_are_silent(void **state)
{
	uint8_t bytes[64];
	size_t len = delete_bearer(bytes, sizeof(bytes));
	uint64_t id;

	assert_int_equal(gtp_endpoint_request(ep, &sgw, bytes, len, 99, now, &id), 0);
	gtp_endpoint_cancel(ep, id);
	gtp_endpoint_cancel(ep, id);
	pass(60000);
	assert_int_equal(host.sent, 1);
	assert_int_equal(host.responses, 0);
	assert_int_equal(
		gtp_endpoint_request(ep, &sgw, create_session_response, sizeof(create_session_response), 0, now, NULL), -EINVAL);
	assert_int_equal(gtp_endpoint_request(ep, &sgw, bytes, 3, 0, now, NULL), -EINVAL);
}

static void numbers_differ_while_they_are_in_use(void **state)
{
	struct gtp1_message message;
	uint8_t bytes[64];
	uint16_t last = 0;
	size_t len = 0;

	gtp1_request(&message, GTP1_DELETE_PDP_REQUEST, 1);
	ie_set(&message.delete_pdp_request, nsapi) = 5;
	assert_int_equal(gtp1_encode(&message, bytes, sizeof(bytes), &len), 0);
	for (int i = 0; i < 300; i++) {
		struct gtp1_header header;

		assert_int_equal(gtp_endpoint_request(ep, &sgw, bytes, len, 0, now, NULL), 0);
		assert_int_equal(gtp1_header_read(host.bytes, host.len, &header), 0);
		if (i)
			assert_int_equal(header.sequence, (uint16_t)(last + 1));
		last = header.sequence;
	}
}

static void commands_have_their_own_numbers(void **state)
{
	struct gtp2_message message;
	uint8_t bytes[64];
	uint32_t sequence;
	size_t len = 0;

	// Ours: a simulator's Modify Bearer Command
	gtp2_request(&message, GTP2_DELETE_BEARER_COMMAND, 1);
	ie_set(ie_add(&message.delete_bearer_command, bearers), ebi) = 5;
	assert_int_equal(gtp2_encode(&message, bytes, sizeof(bytes), &len), 0);
	assert_int_equal(gtp_endpoint_request(ep, &sgw, bytes, len, 5, now, NULL), 0);
	sequence = sent_sequence();
	assert_true(sequence & 0x800000);
	// The peer answers with a request of that number: the command is done, the request is one to serve.
	len = delete_bearer(bytes, sizeof(bytes));
	bytes[8] = (uint8_t)(sequence >> 16);
	bytes[9] = (uint8_t)(sequence >> 8);
	bytes[10] = (uint8_t)sequence;
	hear(bytes, len);
	assert_int_equal(host.responses, 1);
	assert_int_equal(host.response.result, GTP_SUPERSEDED);
	assert_int_equal(host.requests, 1);
	pass(30000);
	assert_int_equal(host.sent, 1);
}

static void a_command_is_answered_by_a_request(void **state)
{
	const uint8_t command[] = {0x48, 66, 0, 17, 0, 0, 0, 1, 0x80, 0, 9, 0, 93, 0, 5, 0, 73, 0, 1, 0, 6};
	uint8_t bytes[64];
	size_t len = delete_bearer(bytes, sizeof(bytes));
	uint64_t xact;

	hear(command, sizeof(command));
	assert_int_equal(host.requests, 1);
	assert_int_equal(host.request.fault.cause, 0);
	xact = host.request.xact;
	assert_int_equal(gtp_endpoint_request_for(ep, xact, bytes, len, 77, now, NULL), 0);
	assert_int_equal(sent_sequence(), 0x800009);
	assert_int_equal(host.to.port, 40000);
	// its repeat gets the request again, and no second one is made
	hear(command, sizeof(command));
	assert_int_equal(host.requests, 1);
	assert_int_equal(host.sent, 2);
	assert_int_equal(sent_sequence(), 0x800009);
	hear(bytes, answer_to(GTP2_DELETE_BEARER_RESPONSE, 0x800009, bytes));
	assert_int_equal(host.response.cookie, 77);
	assert_int_equal(gtp_endpoint_request_for(ep, xact, bytes, len, 77, now, NULL), -ENOENT);
}

static void paths_are_probed_while_they_are_used(void **state)
{
	assert_int_equal(gtp_path_use(ep, &sgw, 2, now), 0);
	assert_int_equal(gtp_path_use(ep, &sgw, 2, now), 0);
	pass(59999);
	assert_int_equal(host.sent, 0);
	pass(8000);
	assert_true(host.sent);
	assert_int_equal(host.bytes[1], GTP2_ECHO_REQUEST);
	host.bytes[1] = GTP2_ECHO_RESPONSE;
	hear(host.bytes, host.len);
	assert_int_equal(gtp_endpoint_stats(ep)->drops[GTP_DROP_UNEXPECTED_RESPONSE], 0);
	host.sent = 0;
	pass(52000);
	assert_int_equal(host.sent, 0); // no more often than every 60 s
	gtp_path_release(ep, &sgw, 2);
	pass(10000);
	assert_true(host.sent);
	host.sent = 0;
	gtp_path_release(ep, &sgw, 2); // an Echo waits for its answer
	gtp_path_release(ep, &sgw, 2); // too much is nothing
	pass(600000);
	assert_int_equal(host.sent, 0);
	assert_int_equal(host.failures, 0);
}

static void unanswered_echoes_are_a_path_failure(void **state)
{
	assert_int_equal(gtp_path_use(ep, &sgw, 1, now), 0);
	pass(67500);
	assert_true(host.sent);
	assert_int_equal(host.failures, 0);
	pass(15000);
	assert_int_equal(host.sent, 5);
	assert_int_equal(host.failures, 1);
	assert_int_equal(host.responses, 0); // an Echo is not the host's
	// It goes on probing, and says once when the peer is back.
	pass(60000);
	assert_true(host.sent > 5);
	assert_int_equal(host.failures, 1);
	hear(create_pdp_request, sizeof(create_pdp_request));
	hear(delete_pdp_request, sizeof(delete_pdp_request));
	assert_int_equal(host.restorations, 1);
	assert_int_equal(host.requests, 2);
}

// Found by fuzzing: the answer in hand was used after the host, told that the path is back, had cancelled its request.
static void a_restored_path_may_cancel_the_answered_request(void **state)
{
	uint8_t bytes[64];
	size_t len = delete_bearer(bytes, sizeof(bytes));

	assert_int_equal(gtp_path_use(ep, &sgw, 2, now), 0);
	pass(83000);
	assert_int_equal(host.failures, 1);
	assert_int_equal(gtp_endpoint_request(ep, &sgw, bytes, len, 1, now, &host.cancel_id), 0);
	hear(bytes, answer_to(GTP2_DELETE_BEARER_RESPONSE, sent_sequence(), bytes));
	assert_int_equal(host.restorations, 1);
	assert_int_equal(host.responses, 0);
}

static void a_failure_may_end_all_sessions(void **state)
{
	host.release_on_failure = true;
	assert_int_equal(gtp_path_use(ep, &sgw, 2, now), 0);
	pass(100000);
	assert_int_equal(host.failures, 1);
	host.sent = 0;
	pass(1000000);
	assert_int_equal(host.sent, 0);
}

static void other_versions_are_told_so(void **state)
{
	static const uint8_t want[] = {0x40, 3, 0, 4, 0, 0, 0, 0};
	uint8_t v3[] = {0x68, 32, 0, 8, 0, 0, 0, 0, 0, 0, 1, 0}, v0[20] = {0x1e, 1}, prime[] = {0x2e, 1, 0, 0, 0, 0, 0, 0};

	hear(v3, sizeof(v3));
	assert_int_equal(host.len, sizeof(want));
	assert_memory_equal(host.bytes, want, sizeof(want));
	hear(v0, sizeof(v0));
	assert_int_equal(host.sent, 2);
	hear(prime, sizeof(prime));
	assert_int_equal(host.sent, 2);
	assert_int_equal(gtp_endpoint_stats(ep)->drops[GTP_DROP_BAD_VERSION], 3);
}

static void a_peer_of_the_other_version_ends_our_requests(void **state)
{
	const uint8_t refusal[] = {0x32, 3, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0};
	uint8_t bytes[64];
	size_t len = delete_bearer(bytes, sizeof(bytes));

	assert_int_equal(gtp_endpoint_request(ep, &sgw, bytes, len, 1, now, NULL), 0);
	assert_int_equal(gtp_endpoint_request(ep, &sgw, bytes, len, 2, now, NULL), 0);
	hear(refusal, sizeof(refusal));
	assert_int_equal(host.responses, 2);
	assert_int_equal(host.response.result, GTP_VERSION_REFUSED);
	pass(60000);
	assert_int_equal(host.sent, 2);
}

static void an_unknown_extension_is_told_so(void **state)
{
	static const uint8_t want[] = {0x32, 31, 0, 7, 0, 0, 0, 0, 0, 5, 0, 0, 141, 1, 0xc0};
	const uint8_t bytes[] = {0x36, 20, 0, 10, 0, 0, 0, 1, 0, 5, 0, 0x9f, 1, 0, 0, 0, 20, 5};

	hear(bytes, sizeof(bytes));
	assert_int_equal(host.requests, 0);
	assert_int_equal(host.len, sizeof(want));
	assert_memory_equal(host.bytes, want, sizeof(want));
	assert_int_equal(gtp_endpoint_stats(ep)->drops[GTP_DROP_UNKNOWN_EXTENSION], 1);
}

static void piggybacked_messages_are_both_heard(void **state)
{
	uint8_t bytes[2 * sizeof(create_session_request)];

	memcpy(bytes, create_session_request, sizeof(create_session_request));
	memcpy(bytes + sizeof(create_session_request), create_session_request, sizeof(create_session_request));
	bytes[0] |= 0x10;
	bytes[sizeof(create_session_request) + 10] = 2;
	hear(bytes, sizeof(bytes));
	assert_int_equal(host.requests, 2);
	// the flag without a second message
	bytes[10] = 3;
	hear(bytes, sizeof(create_session_request));
	hear(bytes, sizeof(create_session_request) + 3);
	assert_int_equal(host.requests, 3);
	assert_int_equal(gtp_endpoint_stats(ep)->drops[GTP_DROP_TOO_SHORT], 1);
}

static void drops_are_counted_by_reason(void **state)
{
	const struct gtp_stats *stats = gtp_endpoint_stats(ep);
	const uint8_t unknown[] = {0x48, 250, 0, 8, 0, 0, 0, 0, 0, 0, 1, 0}, bad_echo[] = {0x40, 1, 0, 4, 0, 0, 9, 0};

	hear(create_session_request, 0);
	hear(create_session_request, 7);
	hear(create_session_request, 100);
	hear(unknown, sizeof(unknown));
	hear(bad_echo, sizeof(bad_echo));
	hear(create_session_response, sizeof(create_session_response));
	assert_int_equal(stats->drops[GTP_DROP_TOO_SHORT], 1); // an empty datagram has no reason, and no message
	assert_int_equal(stats->drops[GTP_DROP_BAD_LENGTH], 1);
	assert_int_equal(stats->drops[GTP_DROP_UNKNOWN_TYPE], 1);
	assert_int_equal(stats->drops[GTP_DROP_BAD_ECHO], 1);
	assert_int_equal(stats->drops[GTP_DROP_UNEXPECTED_RESPONSE], 1);
	host.refuse_peer = true;
	hear_create(1);
	assert_int_equal(stats->drops[GTP_DROP_NOT_ALLOWED], 1);
	assert_int_equal(host.requests, 0);
	for (int i = 0; i < GTP_DROP_COUNT; i++)
		assert_true(gtp_drop_name((enum gtp_drop)i) && gtp_drop_help((enum gtp_drop)i));
}

static void creates_have_a_rate(void **state)
{
	gtp_endpoint_free(&ep);
	assert_int_equal(endpoint_with((struct gtp_config){.create_rate = 10, .create_burst = 2}), 0);
	hear_create(1);
	assert_false(host.request.is_overload);
	hear_create(2);
	assert_false(host.request.is_overload);
	hear_create(3);
	assert_true(host.request.is_overload);
	// another peer has its own
	from.addr.bytes[3] = 77;
	hear_create(3);
	assert_false(host.request.is_overload);
	from.addr = sgw;
	// 100 ms are one create
	pass(100);
	hear_create(4);
	assert_false(host.request.is_overload);
	hear_create(5);
	assert_true(host.request.is_overload);
	// silence saves no more than the burst
	pass(10000);
	hear_create(6);
	hear_create(7);
	assert_false(host.request.is_overload);
	hear_create(8);
	assert_true(host.request.is_overload);
	assert_int_equal(gtp_endpoint_stats(ep)->overloads, 3);
}

static void tables_are_bounded(void **state)
{
	const struct gtp_stats *stats;

	gtp_endpoint_free(&ep);
	assert_int_equal(endpoint_with((struct gtp_config){.peers_max = 2, .transactions_max = 4, .peer_pending_max = 3}), 0);
	stats = gtp_endpoint_stats(ep);
	for (uint8_t i = 1; i <= 4; i++)
		hear_create(i);
	assert_int_equal(host.requests, 3);
	assert_int_equal(stats->drops[GTP_DROP_PEER_BUSY], 1);
	from.addr.bytes[3]++;
	hear_create(1);
	hear_create(2);
	assert_int_equal(host.requests, 4);
	assert_int_equal(stats->drops[GTP_DROP_TRANSACTIONS_FULL], 1);
	from.addr.bytes[3]++;
	hear_create(1);
	assert_int_equal(stats->drops[GTP_DROP_PEERS_FULL], 1);
	assert_int_equal(gtp_path_use(ep, &from.addr, 2, now), -ENOSPC);
}

static void peers_survive_a_restart(void **state)
{
	struct gtp_peer_state states[4];
	size_t cursor = 0, count = 0;

	hear_echo(42, 1);
	from.addr.bytes[3] = 3;
	hear_echo(43, 1);
	while (count < 4 && gtp_endpoint_export(ep, &cursor, &states[count]))
		count++;
	assert_int_equal(count, 2);
	gtp_endpoint_free(&ep);
	assert_int_equal(endpoint_with((struct gtp_config){0}), 0);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(gtp_endpoint_import(ep, &states[i], now), 0);
	hear_echo(42, 1);
	assert_int_equal(host.restarts, 0);
	hear_echo(43, 1);
	assert_int_equal(host.restarts, 1);
}

// As many as a busy day's: all answered once, all repeats from the cache, nothing left over.
static void many_requests(void **state)
{
	uint8_t bytes[sizeof(create_session_request)];
	struct gtp_gauges gauges;

	memcpy(bytes, create_session_request, sizeof(bytes));
	for (int round = 0; round < 2; round++) {
		for (uint32_t i = 0; i < 5000; i++) {
			bytes[8] = (uint8_t)(i >> 16);
			bytes[9] = (uint8_t)(i >> 8);
			bytes[10] = (uint8_t)i;
			gtp_endpoint_recv(ep, &from, bytes, sizeof(bytes), now);
			if (!round)
				respond(host.request.xact, 0);
		}
	}
	assert_int_equal(host.requests, 5000);
	assert_int_equal(host.sent, 10000);
	gtp_endpoint_gauges(ep, &gauges);
	assert_int_equal(gauges.cached, 5000);
	assert_int_equal(gauges.pending, 0);
	pass(20000);
	gtp_endpoint_gauges(ep, &gauges);
	assert_int_equal(gauges.cached, 0);
	assert_int_equal(gauges.cached_bytes, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_repeated_request_reaches_the_host_once),
		TEST(another_number_or_port_is_another_request),
		TEST(other_bytes_are_no_repeat),
		TEST(a_forgotten_create_is_new),
		TEST(an_unanswered_request_is_forgotten),
		TEST(a_fault_is_handed_over),
		TEST(echoes_are_answered),
		TEST(a_changed_counter_is_a_restart),
		TEST(requests_are_repeated_and_time_out),
		TEST(answers_find_their_request),
		TEST(cancelled_requests_are_silent),
		TEST(numbers_differ_while_they_are_in_use),
		TEST(commands_have_their_own_numbers),
		TEST(a_command_is_answered_by_a_request),
		TEST(paths_are_probed_while_they_are_used),
		TEST(unanswered_echoes_are_a_path_failure),
		TEST(a_restored_path_may_cancel_the_answered_request),
		TEST(a_failure_may_end_all_sessions),
		TEST(other_versions_are_told_so),
		TEST(a_peer_of_the_other_version_ends_our_requests),
		TEST(an_unknown_extension_is_told_so),
		TEST(piggybacked_messages_are_both_heard),
		TEST(drops_are_counted_by_reason),
		TEST(creates_have_a_rate),
		TEST(tables_are_bounded),
		TEST(peers_survive_a_restart),
		TEST(many_requests),
	};

	return cmocka_run_group_tests_name("path", tests, NULL, NULL);
}
