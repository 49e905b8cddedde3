// SPDX-License-Identifier: Apache-2.0
#include "gateway/natpool.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static int pool_of(const char *text, struct natpool *out)
{
	struct addr_set set = {0};
	int error;

	assert_int_equal(addr_set_parse(text, &set), 0);
	error = natpool_new(&set, out);
	addr_set_fini(&set);
	return error;
}

static void position_is_of_the_address(void **state)
{
	struct natpool pool = {0}, more = {0};

	(void)state;
	assert_int_equal(pool_of("203.0.113.8/30", &pool), 0);
	assert_int_equal(pool.rows.count, 4);
	assert_int_equal(pool.rows.items[0].addr, 0xcb007108);
	assert_int_equal(pool.rows.items[0].position, 0x108); // 113 is odd
	assert_int_equal(pool_of("198.51.100.1,203.0.113.8/30,203.0.113.1", &more), 0);
	assert_int_equal(more.rows.items[2].addr, 0xcb007108);
	assert_int_equal(more.rows.items[2].position, pool.rows.items[0].position);
	natpool_fini(&pool);
	natpool_fini(&more);
}

static void no_two_have_one_position(void **state)
{
	struct natpool pool = {0};

	(void)state;
	assert_int_equal(pool_of("10.0.15.254-10.0.16.1,10.0.31.254-10.0.32.1,10.0.47.255", &pool), 0);
	for (size_t i = 0; i < pool.rows.count; i++) {
		assert_true(pool.rows.items[i].position < 1 << NATPOOL_BITS);
		for (size_t j = 0; j < i; j++)
			assert_int_not_equal(pool.rows.items[i].position, pool.rows.items[j].position);
	}
	natpool_fini(&pool);
}

static void what_cannot_be_a_pool_is_refused(void **state)
{
	struct natpool pool = {0};

	(void)state;
	assert_int_equal(pool_of("0.0.0.0/0", &pool), -E2BIG);
	assert_int_equal(pool_of("2001:db8::/32", &pool), -EINVAL);
	assert_int_equal(pool_of("10.0.0.0/22", &pool), 0); // NATPOOL_MAX
	natpool_fini(&pool);
}

static void a_target_takes_its_own(void **state)
{
	struct natpool pool = {0}, own = {0};
	struct addr_set wanted = {0};
	size_t missing;
	char text[60];

	(void)state;
	assert_int_equal(pool_of("203.0.113.8-203.0.113.11,203.0.113.20", &pool), 0);
	assert_int_equal(natpool_take(&pool, &wanted, &own, &missing), 0);
	assert_int_equal(own.rows.count, 5);
	assert_int_equal(missing, 0);
	assert_string_equal(natpool_text(&own, text, sizeof(text)), "203.0.113.8-203.0.113.11, 203.0.113.20");
	assert_string_equal(natpool_text(&own, text, 32), "203.0.113.8-203.0.113.11, ...");
	natpool_fini(&own);
	assert_int_equal(addr_set_parse("203.0.113.10-203.0.113.12", &wanted), 0);
	assert_int_equal(natpool_take(&pool, &wanted, &own, &missing), 0);
	assert_int_equal(own.rows.count, 2);
	assert_int_equal(missing, 1);
	assert_string_equal(natpool_text(&own, text, sizeof(text)), "203.0.113.10-203.0.113.11");
	addr_set_fini(&wanted);
	natpool_fini(&own);
	natpool_fini(&pool);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(position_is_of_the_address),
		cmocka_unit_test(no_two_have_one_position),
		cmocka_unit_test(what_cannot_be_a_pool_is_refused),
		cmocka_unit_test(a_target_takes_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
