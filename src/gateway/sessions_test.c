// SPDX-License-Identifier: Apache-2.0
// Sessions by TEID and by IMSI, while they come and go in any order.
#include "gateway/session.h"

#include "base/clean.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define COUNT 3000
#define SIMS 700 // so some SIMs have several

static struct session all[COUNT];
static struct session_record facts[COUNT];
static struct sessions sessions;
static uint32_t seed = 1;

static uint32_t next_random(void)
{
	seed = seed * 1664525 + 1013904223;
	return seed >> 8;
}

static int setup(void **)
{
	struct dp *dp;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);

	assert_int_equal(dp_new(uv_default_loop(), fd, &(struct dp_host){0}, COUNT, &dp), 0);
	assert_int_equal(sessions_init(&sessions, dp), 0);
	for (uint32_t i = 0; i < COUNT; i++) {
		assert_int_equal(dp_teid_take(dp, 0, &facts[i].local_teid), 0);
		facts[i].imsi = 1 + next_random() % SIMS;
		all[i].facts = &facts[i];
	}
	dp_free(&dp);
	uv_run(uv_default_loop(), UV_RUN_DEFAULT);
	return 0;
}

static bool is_in(const struct session *session)
{
	return sessions_get(&sessions, session->facts->local_teid) == session;
}

// What the tables say is what there is: each by its TEID, each once among those of its SIM, each once on a walk.
static void check(const bool in[COUNT])
{
	struct session *session;
	size_t count = 0, walked = 0, of_sims = 0;

	for (size_t i = 0; i < COUNT; i++) {
		assert_int_equal(is_in(&all[i]), in[i]);
		count += in[i];
	}
	for (size_t at = 0; (session = sessions_next(&sessions, &at)); walked++)
		assert_true(in[session - all]);
	for (uint64_t imsi = 1; imsi <= SIMS; imsi++)
		for (session = sessions_of(&sessions, imsi); session; session = session_older(session), of_sims++)
			assert_int_equal(session->facts->imsi, imsi);
	assert_int_equal(walked, count);
	assert_int_equal(of_sims, count);
	assert_int_equal(sessions.count, count);
}

static void come_and_go(void **)
{
	static bool in[COUNT];

	for (int round = 0; round < 40; round++) {
		for (int i = 0; i < 500; i++) {
			size_t which = next_random() % COUNT;

			if (in[which])
				sessions_del(&sessions, &all[which]);
			else
				assert_int_equal(sessions_put(&sessions, &all[which]), 0);
			in[which] = !in[which];
		}
		check(in);
	}
	assert_int_equal(sessions_put(&sessions, &all[0]), in[0] ? -EEXIST : 0);
	sessions_del(&sessions, &all[0]);
	sessions_del(&sessions, &all[0]); // harmless
}

static void a_walk_outlives_who_goes(void **)
{
	struct session *session;

	for (size_t at = 0; (session = sessions_next(&sessions, &at));)
		sessions_del(&sessions, session);
	assert_int_equal(sessions.count, 0);
	assert_int_equal(sessions.high, 0);
	assert_null(sessions_get(&sessions, facts[0].local_teid ^ 0x80000000u));
}

static void the_latest_is_first(void **)
{
	uint64_t imsi = facts[1].imsi;
	size_t older = 2;

	while (facts[older].imsi != imsi)
		older++;
	assert_int_equal(sessions_put(&sessions, &all[older]), 0);
	assert_int_equal(sessions_put(&sessions, &all[1]), 0);
	for (size_t i = 2; i < COUNT; i++) // the chains are laid anew meanwhile
		if (i != older)
			assert_int_equal(sessions_put(&sessions, &all[i]), 0);
	for (struct session *session = sessions_of(&sessions, imsi); session != &all[1]; session = session_older(session))
		assert_ptr_not_equal(session, &all[older]);
	sessions_fini(&sessions);
	assert_null(sessions_get(&sessions, facts[1].local_teid));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(come_and_go),
		cmocka_unit_test(a_walk_outlives_who_goes),
		cmocka_unit_test(the_latest_is_first),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
