// SPDX-License-Identifier: Apache-2.0
#include "proto/gtp/path_host.h"

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
		TEST(requests_are_repeated_and_time_out),
		TEST(answers_find_their_request),
		TEST(cancelled_requests_are_silent),
		TEST(numbers_differ_while_they_are_in_use),
		TEST(commands_have_their_own_numbers),
		TEST(a_command_is_answered_by_a_request),
		TEST(a_peer_of_the_other_version_ends_our_requests),
		TEST(many_requests),
	};

	return cmocka_run_group_tests_name("xact", tests, NULL, NULL);
}
