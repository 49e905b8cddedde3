// SPDX-License-Identifier: Apache-2.0
#include "controller/api/rate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

static unsigned take(struct rate *rate, const char *token, unsigned tries, uint64_t now_ms)
{
	unsigned taken = 0;

	for (unsigned i = 0; i < tries; i++)
		taken += rate_take(rate, token, now_ms);
	return taken;
}

static void test_a_second_s_worth_at_once_then_the_rate(void **state)
{
	(void)state;
	struct rate rate;

	rate_init(&rate, 10);
	assert_int_equal(take(&rate, "a", 20, 1000), 10);
	assert_int_equal(take(&rate, "a", 20, 1099), 0);
	assert_int_equal(take(&rate, "a", 20, 1100), 1);
	assert_int_equal(take(&rate, "a", 20, 1600), 5);
	assert_int_equal(take(&rate, "b", 20, 1600), 10); // another token's own
	assert_int_equal(take(&rate, NULL, 20, 1600), 10);
	assert_int_equal(take(&rate, "a", 20, 1000000), 10); // never more than a second's worth
	rate_fini(&rate);
}

static void test_no_limit(void **state)
{
	(void)state;
	struct rate rate;

	rate_init(&rate, 0);
	assert_int_equal(take(&rate, "a", 100000, 1), 100000);
	assert_int_equal(rate.buckets.count, 0);
	rate_fini(&rate);
}

static void test_tokens_without_end_fill_no_memory(void **state)
{
	(void)state;
	struct rate rate;
	char token[20];

	rate_init(&rate, 1);
	for (unsigned i = 0; i < 50000; i++) {
		snprintf(token, sizeof(token), "%u", i);
		assert_true(rate_take(&rate, token, 1));
		assert_true(rate.buckets.count <= 10000);
	}
	rate_fini(&rate);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_second_s_worth_at_once_then_the_rate),
		cmocka_unit_test(test_no_limit),
		cmocka_unit_test(test_tokens_without_end_fill_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
