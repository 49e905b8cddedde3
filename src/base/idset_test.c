// SPDX-License-Identifier: Apache-2.0
#include "base/idset.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#define REST_MS 1000

static void test_every_id_once_then_none(void **state)
{
	static bool seen[201];
	struct idset *set;
	uint32_t id = 0;

	assert_int_equal(idset_new(1, 200, REST_MS, &set), 0);
	for (int i = 0; i < 200; i++) {
		assert_int_equal(idset_take(set, 0, &id), 0);
		assert_in_range(id, 1, 200);
		assert_false(seen[id]);
		seen[id] = true;
	}
	assert_int_equal(idset_live(set), 200);
	id = 12345;
	assert_int_equal(idset_take(set, 0, &id), -ENOSPC);
	assert_int_equal(id, 12345);
	idset_free(&set);
	assert_null(set);
	idset_free(&set);
}

static void test_given_back_rests(void **state)
{
	struct idset *set;
	uint32_t first, id;

	assert_int_equal(idset_new(5, 5, REST_MS, &set), 0);
	assert_int_equal(idset_take(set, 0, &first), 0);
	assert_int_equal(first, 5);
	idset_give(set, first, 100);
	assert_int_equal(idset_live(set), 0);
	assert_int_equal(idset_take(set, 100, &id), -ENOSPC);
	assert_int_equal(idset_take(set, 100 + REST_MS - 1, &id), -ENOSPC);
	assert_int_equal(idset_take(set, 100 + REST_MS, &id), 0);
	assert_int_equal(id, 5);
	idset_free(&set);
}

static void test_no_quarantine(void **state)
{
	struct idset *set;
	uint32_t id;

	assert_int_equal(idset_new(0, 0, 0, &set), 0);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(idset_take(set, 0, &id), 0);
		assert_int_equal(id, 0);
		idset_give(set, id, 0);
	}
	idset_free(&set);
}

static void test_blocks_stay_dense(void **state)
{
	struct idset *set;
	uint32_t id;

	// 64 ids come from the lowest block, whatever the size of the range.
	assert_int_equal(idset_new(1, UINT32_MAX, REST_MS, &set), 0);
	for (int i = 0; i < 64; i++) {
		assert_int_equal(idset_take(set, 0, &id), 0);
		assert_in_range(id, 1, 64);
	}
	assert_int_equal(idset_take(set, 0, &id), 0);
	assert_in_range(id, 65, 128);
	idset_free(&set);
}

static void test_order_is_random(void **state)
{
	uint32_t order[2][32];

	for (int round = 0; round < 2; round++) {
		struct idset *set;

		assert_int_equal(idset_new(1, 64, 0, &set), 0);
		for (int i = 0; i < 32; i++)
			assert_int_equal(idset_take(set, 0, &order[round][i]), 0);
		idset_free(&set);
	}
	assert_memory_not_equal(order[0], order[1], sizeof(order[0]));
}

static void test_claim(void **state)
{
	struct idset *set;
	uint32_t id;

	assert_int_equal(idset_new(10, 1000, REST_MS, &set), 0);
	assert_int_equal(idset_claim(set, 9), -ERANGE);
	assert_int_equal(idset_claim(set, 1001), -ERANGE);
	assert_int_equal(idset_claim(set, 1000), 0);
	assert_int_equal(idset_claim(set, 1000), -EEXIST);
	assert_int_equal(idset_claim(set, 10), 0);
	assert_int_equal(idset_live(set), 2);
	for (int i = 0; i < 989; i++) {
		assert_int_equal(idset_take(set, 0, &id), 0);
		assert_in_range(id, 11, 999);
	}
	assert_int_equal(idset_take(set, 0, &id), -ENOSPC);
	idset_give(set, 1000, 0);
	assert_int_equal(idset_claim(set, 1000), -EEXIST); // it rests
	idset_free(&set);
}

static void test_claim_far_away_costs_one_block(void **state)
{
	struct idset *set;
	uint32_t id;

	assert_int_equal(idset_new(1, UINT32_MAX, REST_MS, &set), 0);
	assert_int_equal(idset_claim(set, UINT32_MAX), 0);
	assert_int_equal(idset_take(set, 0, &id), 0);
	idset_free(&set);
}

static void test_what_is_not_live_is_not_taken_back(void **state)
{
	struct idset *set;
	uint32_t a, b;

	assert_int_equal(idset_new(1, 2, 0, &set), 0);
	assert_int_equal(idset_take(set, 0, &a), 0);
	idset_give(set, 77, 0);
	idset_give(set, a == 1 ? 2 : 1, 0);
	assert_int_equal(idset_live(set), 1);
	idset_give(set, a, 0);
	idset_give(set, a, 0);
	assert_int_equal(idset_live(set), 0);
	assert_int_equal(idset_take(set, 0, &a), 0);
	assert_int_equal(idset_take(set, 0, &b), 0);
	assert_int_not_equal(a, b);
	idset_free(&set);
}

// A live or resting id is never given out, however long it goes on.
static void test_churn(void **state)
{
	static uint64_t free_from[501];
	static bool live[501];
	struct idset *set;
	unsigned random = 7;

	assert_int_equal(idset_new(1, 500, REST_MS, &set), 0);
	for (uint64_t now = 1; now < 50000; now++) {
		uint32_t id;

		random = random * 1103515245 + 12345;
		id = (random >> 8) % 500 + 1;
		if (live[id]) {
			idset_give(set, id, now);
			live[id] = false;
			free_from[id] = now + REST_MS;
		}
		if (idset_take(set, now, &id) < 0)
			continue;
		assert_false(live[id]);
		assert_true(free_from[id] <= now);
		live[id] = true;
	}
	idset_free(&set);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_id_once_then_none),
		cmocka_unit_test(test_given_back_rests),
		cmocka_unit_test(test_no_quarantine),
		cmocka_unit_test(test_blocks_stay_dense),
		cmocka_unit_test(test_order_is_random),
		cmocka_unit_test(test_claim),
		cmocka_unit_test(test_claim_far_away_costs_one_block),
		cmocka_unit_test(test_what_is_not_live_is_not_taken_back),
		cmocka_unit_test(test_churn),
	};

	return cmocka_run_group_tests_name("base/idset", tests, NULL, NULL);
}
