// SPDX-License-Identifier: Apache-2.0
#include "base/map.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEYS 4096

static void *value_of(uintptr_t number)
{
	return (void *)(number + 1);
}

static void test_empty_map(void **state)
{
	struct map map = {0};
	size_t cursor = 0;

	assert_null(map_get(&map, 0));
	assert_null(map_del(&map, 0));
	assert_null(map_next(&map, &cursor));
	map_fini(&map);
}

static void test_put_get_replace(void **state)
{
	struct map map = {0};

	// Key 0 and the largest are keys like any other.
	assert_int_equal(map_put(&map, 0, value_of(1)), 0);
	assert_int_equal(map_put(&map, UINT64_MAX, value_of(2)), 0);
	assert_int_equal(map_put(&map, 0, value_of(3)), 0);
	assert_int_equal(map.count, 2);
	assert_ptr_equal(map_get(&map, 0), value_of(3));
	assert_ptr_equal(map_get(&map, UINT64_MAX), value_of(2));
	assert_null(map_get(&map, 1));
	map_fini(&map);
	assert_int_equal(map.size, 0);
}

// Random puts and deletes beside a plain array that says what is true.
static void test_against_a_model(void **state)
{
	static void *model[KEYS];
	struct map map = {0};
	size_t count = 0;
	unsigned random = 1;

	for (int i = 0; i < 200000; i++) {
		unsigned key, action;

		random = random * 1103515245 + 12345;
		key = random >> 8 & (KEYS - 1);
		action = random >> 28;
		// Phases of growth and of shrinking.
		if (action < (i / 20000 % 2 ? 5 : 11)) {
			count += !model[key];
			model[key] = value_of((uintptr_t)i);
			assert_int_equal(map_put(&map, key * UINT64_C(0x100000001), model[key]), 0);
		} else {
			assert_ptr_equal(map_del(&map, key * UINT64_C(0x100000001)), model[key]);
			count -= !!model[key];
			model[key] = NULL;
		}
		assert_int_equal(map.count, count);
	}
	for (unsigned key = 0; key < KEYS; key++)
		assert_ptr_equal(map_get(&map, key * UINT64_C(0x100000001)), model[key]);
	assert_true(map.count <= map.size - map.size / 8);
	map_fini(&map);
}

static void test_walk_sees_each_once(void **state)
{
	static bool seen[1000];
	struct map map = {0};
	size_t cursor = 0, count = 0;
	void *value;

	for (uintptr_t i = 0; i < 1000; i++)
		map_put(&map, i, value_of(i));
	while ((value = map_next(&map, &cursor))) {
		uintptr_t i = (uintptr_t)value - 1;

		assert_false(seen[i]);
		seen[i] = true;
		count++;
	}
	assert_int_equal(count, 1000);
	map_fini(&map);
}

static void test_strings(void **state)
{
	static char keys[1000][16];
	struct strmap map = {0};
	size_t cursor = 0, count = 0;

	for (uintptr_t i = 0; i < 1000; i++) {
		snprintf(keys[i], sizeof(keys[i]), "endpoint-%zu", (size_t)i);
		assert_int_equal(strmap_put(&map, keys[i], value_of(i)), 0);
	}
	assert_int_equal(strmap_put(&map, keys[7], value_of(70)), 0);
	assert_int_equal(map.count, 1000);
	assert_ptr_equal(strmap_get(&map, "endpoint-7"), value_of(70));
	assert_null(strmap_get(&map, "endpoint-"));
	assert_null(strmap_get(&map, ""));
	for (uintptr_t i = 0; i < 1000; i += 2)
		assert_non_null(strmap_del(&map, keys[i]));
	assert_null(strmap_del(&map, keys[0]));
	for (uintptr_t i = 0; i < 1000; i++)
		assert_int_equal(!!strmap_get(&map, keys[i]), i % 2);
	while (strmap_next(&map, &cursor))
		count++;
	assert_int_equal(count, 500);
	strmap_fini(&map);
}

static void test_hashes_spread(void **state)
{
	unsigned buckets[64] = {0};

	// Keys that differ in their high bits only, and those that are multiples of a power of two.
	for (uint64_t i = 0; i < 6400; i++)
		buckets[hash_u64(i << 40) % 64]++;
	for (unsigned i = 0; i < 64; i++)
		assert_in_range(buckets[i], 50, 170);
	assert_true(hash_u64(1) == hash_u64(1));
	assert_true(hash_u64(1) != hash_u64(2));
}

static void test_bytes_hash_sees_length_and_tail(void **state)
{
	static const char text[24] = "0123456789abcdefghi";
	uint64_t seen[20];

	for (size_t len = 0; len < 20; len++) {
		seen[len] = hash_bytes(text, len);
		for (size_t i = 0; i < len; i++)
			assert_true(seen[i] != seen[len]);
	}
	// A trailing NUL is an octet like another.
	assert_true(hash_bytes("a", 1) != hash_bytes("a", 2));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_empty_map),
		cmocka_unit_test(test_put_get_replace),
		cmocka_unit_test(test_against_a_model),
		cmocka_unit_test(test_walk_sees_each_once),
		cmocka_unit_test(test_strings),
		cmocka_unit_test(test_hashes_spread),
		cmocka_unit_test(test_bytes_hash_sees_length_and_tail),
	};

	return cmocka_run_group_tests_name("base/map", tests, NULL, NULL);
}
