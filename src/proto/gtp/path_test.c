// SPDX-License-Identifier: Apache-2.0
#include "proto/gtp/path_host.h"

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

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(echoes_are_answered),
		TEST(a_changed_counter_is_a_restart),
		TEST(paths_are_probed_while_they_are_used),
		TEST(unanswered_echoes_are_a_path_failure),
		TEST(a_restored_path_may_cancel_the_answered_request),
		TEST(a_failure_may_end_all_sessions),
		TEST(other_versions_are_told_so),
		TEST(an_unknown_extension_is_told_so),
		TEST(piggybacked_messages_are_both_heard),
		TEST(drops_are_counted_by_reason),
		TEST(creates_have_a_rate),
		TEST(tables_are_bounded),
		TEST(peers_survive_a_restart),
	};

	return cmocka_run_group_tests_name("path", tests, NULL, NULL);
}
