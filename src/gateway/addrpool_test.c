// SPDX-License-Identifier: Apache-2.0
#include "gateway/addrpool.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>

static uint64_t kept_number;

static bool is_kept(void *owner, enum ip_family family, uint64_t number)
{
	return number == kept_number;
}

static struct addrpool *pool_of(const struct subnet_range *ranges, size_t count)
{
	struct addrpool *pool;

	kept_number = 0;
	assert_int_equal(addrpool_new(IP_V4, is_kept, NULL, &pool), 0);
	assert_int_equal(addrpool_set(pool, ranges, count), 0);
	return pool;
}

static int holders[64];

static void test_each_once_then_none(void **state)
{
	const struct subnet_range ranges[] = {{IP_V4, 10, 19}, {IP_V6, 1, 1000}, {IP_V4, 40, 42}};
	struct addrpool *pool = pool_of(ranges, 3);
	bool seen[64] = {0};
	uint64_t number;

	assert_int_equal(addrpool_size(pool), 13);
	for (int i = 0; i < 13; i++) {
		assert_int_equal(addrpool_take(pool, &holders[i], &number), 0);
		assert_in_range(number, 10, 42);
		assert_false(seen[number] || (number > 19 && number < 40));
		seen[number] = true;
		assert_ptr_equal(addrpool_holder(pool, number), &holders[i]);
	}
	assert_int_equal(addrpool_take(pool, &holders[0], &number), -ENOSPC);
	addrpool_give(pool, 12, &holders[63]); // not its holder: nothing
	assert_int_equal(addrpool_take(pool, &holders[0], &number), -ENOSPC);
	addrpool_give(pool, 12, addrpool_holder(pool, 12));
	assert_int_equal(addrpool_take(pool, &holders[0], &number), 0);
	assert_int_equal(number, 12);
	addrpool_free(&pool);
}

static void test_one_that_came_back_rests_while_others_last(void **state)
{
	struct addrpool *pool = pool_of(&(struct subnet_range){IP_V4, 10, 13}, 1);
	uint64_t first, number;

	assert_int_equal(addrpool_take(pool, &holders[0], &first), 0);
	addrpool_give(pool, first, &holders[0]);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(addrpool_take(pool, &holders[i], &number), 0);
		assert_int_not_equal(number, first);
	}
	assert_int_equal(addrpool_take(pool, &holders[3], &number), 0);
	assert_int_equal(number, first);
	addrpool_free(&pool);
}

static void test_what_is_kept_or_claimed_is_not_given(void **state)
{
	struct addrpool *pool = pool_of(&(struct subnet_range){IP_V4, 10, 12}, 1);
	uint64_t number;

	kept_number = 10;
	assert_int_equal(addrpool_claim(pool, 11, &holders[1]), 0);
	assert_int_equal(addrpool_claim(pool, 11, &holders[1]), 0);
	assert_int_equal(addrpool_claim(pool, 11, &holders[2]), -EEXIST);
	assert_int_equal(addrpool_take(pool, &holders[0], &number), 0);
	assert_int_equal(number, 12);
	assert_int_equal(addrpool_take(pool, &holders[2], &number), -ENOSPC);
	kept_number = 0;
	assert_int_equal(addrpool_take(pool, &holders[2], &number), -ENOSPC); // it has not heard of it
	addrpool_look_again(pool);
	assert_int_equal(addrpool_take(pool, &holders[2], &number), 0);
	assert_int_equal(number, 10);
	addrpool_free(&pool);
}

static void test_a_change_of_ranges_keeps_what_is_out(void **state)
{
	struct addrpool *pool = pool_of(&(struct subnet_range){IP_V4, 10, 11}, 1);
	uint64_t one, two, number;

	assert_int_equal(addrpool_take(pool, &holders[0], &one), 0);
	assert_int_equal(addrpool_take(pool, &holders[1], &two), 0);
	assert_int_equal(addrpool_set(pool, &(struct subnet_range){IP_V4, 11, 12}, 1), 0);
	assert_int_equal(addrpool_live(pool), 1);
	assert_int_equal(addrpool_take(pool, &holders[2], &number), 0);
	assert_int_equal(number, 12);
	assert_int_equal(addrpool_take(pool, &holders[3], &number), -ENOSPC);
	addrpool_give(pool, 10, &holders[0]); // of no range any longer
	assert_int_equal(addrpool_take(pool, &holders[3], &number), -ENOSPC);
	assert_int_equal(addrpool_set(pool, NULL, 0), 0);
	assert_int_equal(addrpool_take(pool, &holders[3], &number), -ENOSPC);
	addrpool_free(&pool);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_once_then_none),
		cmocka_unit_test(test_one_that_came_back_rests_while_others_last),
		cmocka_unit_test(test_what_is_kept_or_claimed_is_not_given),
		cmocka_unit_test(test_a_change_of_ranges_keeps_what_is_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
