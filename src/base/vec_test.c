// SPDX-License-Identifier: Apache-2.0
#include "base/vec.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

struct item {
	int number;
	char padding[9];
};

static void test_grows_and_keeps_items(void **state)
{
	VEC(struct item) items = {0};

	for (int i = 0; i < 1000; i++)
		vec_add(&items)->number = i;
	assert_int_equal(items.count, 1000);
	assert_true(items.room >= 1000);
	for (int i = 0; i < 1000; i++)
		assert_int_equal(items.items[i].number, i);
	vec_free(&items);
	assert_null(items.items);
	assert_int_equal(items.count + items.room, 0);
}

static void test_new_items_are_zeroed(void **state)
{
	VEC(struct item) items = {0};

	for (int i = 0; i < 3; i++)
		memset(vec_add(&items), 0xff, sizeof(struct item));
	items.count = 0; // the memory is used again
	for (int i = 0; i < 3; i++) {
		static const struct item zero;

		assert_memory_equal(vec_add(&items), &zero, sizeof(zero));
	}
	vec_free(&items);
}

static void test_walks_none_and_all(void **state)
{
	VEC(int) numbers = {0};
	int sum = 0;

	vec_each (&numbers, it)
		sum += *it;
	assert_int_equal(sum, 0);
	for (int i = 1; i <= 10; i++)
		*vec_add(&numbers) = i;
	vec_each (&numbers, it)
		sum += *it;
	assert_int_equal(sum, 55);
	vec_free(&numbers);
	vec_free(&numbers); // again is fine
}

static void test_overflow_is_no_memory(void **state)
{
	void *items = NULL;
	size_t count = SIZE_MAX / 2 + 1, room = SIZE_MAX / 2 + 1;

	assert_null(vec_grow_(&items, &count, &room, 16));
	count = room = SIZE_MAX / 16;
	assert_null(vec_grow_(&items, &count, &room, 16));
	assert_int_equal(count, SIZE_MAX / 16);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_grows_and_keeps_items),
		cmocka_unit_test(test_new_items_are_zeroed),
		cmocka_unit_test(test_walks_none_and_all),
		cmocka_unit_test(test_overflow_is_no_memory),
	};

	return cmocka_run_group_tests_name("base/vec", tests, NULL, NULL);
}
