// SPDX-License-Identifier: Apache-2.0
#include "base/pool.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#define HAVE_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#include <sanitizer/asan_interface.h>
#define HAVE_ASAN 1
#endif
#endif

struct object {
	uint64_t a, b, c;
};

static void test_objects_are_distinct_and_zero(void **state)
{
	static const struct object zero;
	struct object *objects[10000];
	struct pool pool;

	pool_init(&pool, sizeof(struct object));
	for (size_t i = 0; i < 10000; i++) {
		objects[i] = pool_take(&pool);
		assert_memory_equal(objects[i], &zero, sizeof(zero));
		objects[i]->a = i;
		objects[i]->c = ~i;
	}
	assert_int_equal(pool.live, 10000);
	for (size_t i = 0; i < 10000; i++) {
		assert_int_equal(objects[i]->a, i);
		assert_true(objects[i]->c == ~i);
		pool_give(&pool, objects[i]);
	}
	assert_int_equal(pool.live, 0);
	pool_fini(&pool);
}

static void test_given_back_is_taken_again_and_zero(void **state)
{
	static const struct object zero;
	struct pool pool;
	struct object *first, *again;

	pool_init(&pool, sizeof(struct object));
	first = pool_take(&pool);
	memset(first, 0xff, sizeof(*first));
	pool_give(&pool, first);
	again = pool_take(&pool);
	assert_ptr_equal(again, first);
	assert_memory_equal(again, &zero, sizeof(zero));
	pool_give(&pool, NULL);
	assert_int_equal(pool.live, 1);
	pool_fini(&pool);
	assert_int_equal(pool.live, 0);
}

// Whatever order they come back in, what is empty goes; one slab is kept for the next.
static void test_what_is_empty_goes(void **state)
{
	struct object *objects[20000];
	struct pool pool;
	size_t slabs;

	pool_init(&pool, sizeof(struct object));
	for (int round = 0; round < 3; round++) {
		for (size_t i = 0; i < 20000; i++)
			objects[i] = pool_take(&pool);
		slabs = pool.slab_count;
		assert_true(slabs > 6 && pool.empty == 0);
		for (size_t i = 0; i < 10000; i++) // the oldest
			pool_give(&pool, objects[i]);
		assert_true(pool.slab_count <= slabs / 2 + 2);
		for (size_t i = 0; i < 10000; i++) // taken again, into what is left first
			objects[i] = pool_take(&pool);
		assert_int_equal(pool.slab_count, slabs);
		for (size_t i = 0; i < 20000; i++) // in an order that has nothing to do with theirs
			pool_give(&pool, objects[i * 7919 % 20000]);
		assert_int_equal(pool.live, 0);
		assert_int_equal(pool.slab_count, 1);
		assert_int_equal(pool.empty, 1);
	}
	pool_fini(&pool);
	assert_int_equal(pool.slab_count, 0);
}

static void test_aligned_for_anything(void **state)
{
	static const size_t sizes[] = {1, 7, 8, 17, 40, 100000};

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct pool pool;

		pool_init(&pool, sizes[i]);
		for (int n = 0; n < 20; n++) {
			void *object = pool_take(&pool);

			assert_int_equal((uintptr_t)object % _Alignof(max_align_t), 0);
			memset(object, 1, sizes[i]);
		}
		pool_fini(&pool);
	}
}

static void test_free_objects_are_poisoned(void **state)
{
#ifdef HAVE_ASAN
	struct pool pool;
	struct object *object;

	pool_init(&pool, sizeof(struct object));
	object = pool_take(&pool);
	assert_false(__asan_address_is_poisoned(&object->b));
	pool_give(&pool, object);
	assert_true(__asan_address_is_poisoned(&object->b));
	pool_fini(&pool);
#else
	skip();
#endif
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_objects_are_distinct_and_zero),
		cmocka_unit_test(test_given_back_is_taken_again_and_zero),
		cmocka_unit_test(test_what_is_empty_goes),
		cmocka_unit_test(test_aligned_for_anything),
		cmocka_unit_test(test_free_objects_are_poisoned),
	};

	return cmocka_run_group_tests_name("base/pool", tests, NULL, NULL);
}
