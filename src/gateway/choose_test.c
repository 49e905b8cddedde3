// SPDX-License-Identifier: Apache-2.0
// Which LNS an attach goes to: preference, shares among equals, limits, holds.
#include "gateway/health.h"
#include "gateway/tunnel.h"

#include "base/clean.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define PAIRS 5

struct world {
	struct l2tp_settings settings;
	struct profile profile;
	struct lac lac;
	struct pair pairs[PAIRS];
	struct tunnel tunnels[PAIRS];
};

static void world_init(struct world *world, int64_t mode, const int preferences[PAIRS])
{
	memset(world, 0, sizeof(*world));
	world->settings.failover_mode = mode;
	world->profile.settings = &world->settings;
	world->lac.pairs = &world->pairs[0];
	for (int i = 0; i < PAIRS; i++) {
		struct pair *pair = &world->pairs[i];

		pair->next = i + 1 < PAIRS ? &world->pairs[i + 1] : NULL;
		pair->lac = &world->lac;
		pair->profile = &world->profile;
		pair->preference = preferences[i];
		pair->reached = true;
		pair->tunnels = &world->tunnels[i];
		uuid_new(&pair->lns_id);
	}
}

static int chosen(struct world *world, const struct uuid *tried, unsigned count, bool may_be_held)
{
	enum choice_lack lack;
	struct pair *pair = choose_lns(&world->lac, tried, count, may_be_held, &lack);

	return pair ? (int)(pair - world->pairs) : -(int)lack;
}

static void dialled(struct world *world, int times, int counts[PAIRS])
{
	memset(counts, 0, PAIRS * sizeof(counts[0]));
	for (int i = 0; i < times; i++) {
		int pair = chosen(world, NULL, 0, true);

		assert_true(pair >= 0);
		world->tunnels[pair].l2tp.sessions++;
		counts[pair]++;
	}
}

static void test_preference(void **state)
{
	struct world world;
	struct uuid tried[PAIRS];
	int counts[PAIRS];

	world_init(&world, FAILOVER_PREFERENCE, (const int[PAIRS]){2, 1, 3, 4, 5});
	dialled(&world, 100, counts);
	assert_int_equal(counts[1], 100);
	tried[0] = world.pairs[1].lns_id;
	assert_int_equal(chosen(&world, tried, 1, false), 0);
	tried[1] = world.pairs[0].lns_id;
	assert_int_equal(chosen(&world, tried, 2, false), 2);
}

static void test_equals_take_turns(void **state)
{
	struct world world;
	int counts[PAIRS];

	world_init(&world, FAILOVER_PREFERENCE, (const int[PAIRS]){1, 1, 1, 2, 2});
	dialled(&world, 99, counts);
	for (int i = 0; i < 3; i++)
		assert_int_equal(counts[i], 33);
	world_init(&world, FAILOVER_ROUND_ROBIN, (const int[PAIRS]){1, 2, 3, 4, 5});
	dialled(&world, 100, counts);
	for (int i = 0; i < PAIRS; i++)
		assert_int_equal(counts[i], 20);
}

static void test_balanced_levels(void **state)
{
	struct world world;
	int counts[PAIRS];

	world_init(&world, FAILOVER_BALANCED, (const int[PAIRS]){1, 2, 3, 4, 5});
	world.tunnels[0].l2tp.sessions = 50; // the others catch up first
	dialled(&world, 200, counts);
	assert_int_equal(counts[0], 0);
	dialled(&world, 5, counts);
	for (int i = 0; i < PAIRS; i++)
		assert_int_equal(counts[i], 1);
}

static void test_random_reaches_all(void **state)
{
	struct world world;
	int counts[PAIRS];

	world_init(&world, FAILOVER_RANDOM, (const int[PAIRS]){1, 2, 3, 4, 5});
	dialled(&world, 500, counts);
	for (int i = 0; i < PAIRS; i++)
		assert_in_range(counts[i], 50, 200);
}

static void test_held(void **state)
{
	struct world world;

	world_init(&world, FAILOVER_PREFERENCE, (const int[PAIRS]){1, 2, 3, 4, 5});
	world.pairs[0].health.since_ms = 1;
	assert_int_equal(chosen(&world, NULL, 0, true), 1); // no delay where another one works
	for (int i = 1; i < PAIRS; i++)
		world.pairs[i].health.since_ms = 1;
	assert_int_equal(chosen(&world, NULL, 0, true), 0); // all are out: the best is tried all the same
	assert_int_equal(chosen(&world, NULL, 0, false), -CHOICE_HELD);
}

static void test_limits(void **state)
{
	struct world world;

	world_init(&world, FAILOVER_PREFERENCE, (const int[PAIRS]){1, 2, 3, 4, 5});
	world.settings.max_sessions_per_lns = 10;
	world.tunnels[0].l2tp.sessions = 10;
	assert_int_equal(chosen(&world, NULL, 0, true), 1);
	for (int i = 1; i < PAIRS; i++)
		world.tunnels[i].l2tp.sessions = 10;
	assert_int_equal(chosen(&world, NULL, 0, true), -CHOICE_FULL);
	world.settings.max_sessions_per_lns = 0;
	assert_int_equal(chosen(&world, NULL, 0, true), 0);
	world.settings.max_sessions_per_lac = 50;
	assert_int_equal(chosen(&world, NULL, 0, true), -CHOICE_LAC_FULL);
	world.settings.max_sessions_per_lac = 51;
	assert_int_equal(chosen(&world, NULL, 0, true), 0);
}

static void test_unreached(void **state)
{
	struct world world;

	world_init(&world, FAILOVER_PREFERENCE, (const int[PAIRS]){1, 2, 3, 4, 5});
	world.pairs[0].reached = false;
	assert_int_equal(chosen(&world, NULL, 0, true), 1);
	for (int i = 1; i < PAIRS; i++)
		world.pairs[i].reached = false;
	assert_int_equal(chosen(&world, NULL, 0, true), -CHOICE_UNREACHED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_preference),
		cmocka_unit_test(test_equals_take_turns),
		cmocka_unit_test(test_balanced_levels),
		cmocka_unit_test(test_random_reaches_all),
		cmocka_unit_test(test_held),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_unreached),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
