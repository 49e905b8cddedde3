// SPDX-License-Identifier: Apache-2.0
#include "controller/api/bulk_row.h"

#include "model/noun.h"
#include "model/ruling.h"
#include "model/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct reading {
	struct ruling ruling;
	struct bulk_rows rows;
};

static bool start(struct reading *reading, enum bulk_format format, const char *body)
{
	*reading = (struct reading){0};
	return bulk_rows_init(&reading->rows, &noun_endpoint, format, body, strlen(body), &reading->ruling);
}

static void end(struct reading *reading)
{
	ruling_fini(&reading->ruling);
	bulk_rows_fini(&reading->rows);
}

static void assert_next(struct reading *reading, const char *expected)
{
	json_t *row = NULL;

	assert_true(bulk_rows_next(&reading->rows, &reading->ruling, &row));
	assert_non_null(row);
	char *text = json_dumps(row, JSON_COMPACT | JSON_SORT_KEYS);

	assert_string_equal(text, expected);
	free(text);
	json_decref(row);
}

static void assert_fault(struct reading *reading, const char *expected)
{
	json_t *row = NULL;

	assert_true(bulk_rows_next(&reading->rows, &reading->ruling, &row));
	assert_null(row);
	assert_non_null(strstr(reading->ruling.faults[0], expected));
	ruling_fini(&reading->ruling);
}

static void assert_end(struct reading *reading)
{
	json_t *row;

	assert_false(bulk_rows_next(&reading->rows, &reading->ruling, &row));
	end(reading);
}

static void test_csv(void **state)
{
	struct reading reading;

	(void)state;
	assert_true(start(
		&reading, BULK_CSV, "\xef\xbb\xbfICCID,imsis,name,id\r\n1,2;3,\"a \"\"b\"\", c\r\nd\",x\r\n\r\n4, 5 ,,\n6,,,"));
	for (int round = 0; round < 2; round++) {
		assert_next(&reading, "{\"iccid\":\"1\",\"imsis\":[\"2\",\"3\"],\"name\":\"a \\\"b\\\", c\\r\\nd\"}");
		assert_next(&reading, "{\"iccid\":\"4\",\"imsis\":[\"5 \"]}");
		assert_next(&reading, "{\"iccid\":\"6\"}");
		assert_int_equal(reading.rows.row, 3);
		if (!round)
			bulk_rows_rewind(&reading.rows);
	}
	assert_end(&reading);
}

static void test_csv_faults(void **state)
{
	struct reading reading;

	(void)state;
	assert_true(start(&reading, BULK_CSV, "iccid,imsis\n1\n1,2,3\n\"1\"x,2\n7,8\n\"9,1\n"));
	assert_fault(&reading, "row: has 1 fields");
	assert_fault(&reading, "row: has 3 fields");
	assert_fault(&reading, "row: has a broken quotation");
	assert_next(&reading, "{\"iccid\":\"7\",\"imsis\":[\"8\"]}");
	assert_fault(&reading, "row: has a broken quotation");
	assert_end(&reading);
}

static void test_csv_head_faults(void **state)
{
	static const struct {
		const char *body, *fault;
	} cases[] = {
		{"", "is not a member"},
		{"iccid,nothing\n", "nothing: is not a member of Endpoint"},
		{"iccid,imsis,ICCID\n", "twice"},
		{"\"iccid\n", "broken quotation"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct reading reading;
		bool said = false;

		assert_false(start(&reading, BULK_CSV, cases[i].body));
		for (size_t f = 0; f < reading.ruling.fault_count; f++)
			said |= strstr(reading.ruling.faults[f], cases[i].fault) != NULL;
		assert_true(said);
		end(&reading);
	}
}

static void test_ndjson(void **state)
{
	struct reading reading;

	(void)state;
	assert_true(start(&reading, BULK_NDJSON, "{\"iccid\":\"1\"}\r\n\r\n\n{\"iccid\":\n{\"a\":1,\"a\":2}\n{\"iccid\":\"2\"}"));
	assert_next(&reading, "{\"iccid\":\"1\"}");
	assert_fault(&reading, "row: is not valid JSON");
	assert_fault(&reading, "row: is not valid JSON");
	assert_next(&reading, "{\"iccid\":\"2\"}");
	assert_int_equal(reading.rows.row, 4);
	assert_end(&reading);
}

static void test_cells_are_quoted_where_they_must_be(void **state)
{
	static const char *const cases[][2] = {
		{"plain", "plain"}, {"", "\"\""}, {"a,b", "\"a,b\""}, {"\"", "\"\"\"\""}, {"a\nb", "\"a\nb\""}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct text out = {0};

		bulk_put_cell(&out, cases[i][0]);
		assert_string_equal(out.bytes, cases[i][1]);
		text_fini(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_csv),
		cmocka_unit_test(test_csv_faults),
		cmocka_unit_test(test_csv_head_faults),
		cmocka_unit_test(test_ndjson),
		cmocka_unit_test(test_cells_are_quoted_where_they_must_be),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
