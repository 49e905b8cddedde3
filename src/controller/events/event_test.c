// SPDX-License-Identifier: Apache-2.0
// Events in the store: who is told, in which order, what is told once only; and how a webhook is signed and repeated.
#include "base/clean.h"
#include "controller/events/delivery.h"
#include "controller/events/event_source.h"
#include "controller/events/webhook.h"
#include "controller/store/plan.h"
#include "model/json.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct fixture {
	char folder[32], customer[UUID_TEXT], handler[UUID_TEXT];
	struct seal seal;
	struct db *db;
};

static int set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));
	char path[64], key[64], why[200] = "", sql[700], type[UUID_TEXT];

	strcpy(fixture->folder, "/tmp/slicegate-event-XXXXXX");
	assert_non_null(mkdtemp(fixture->folder));
	snprintf(path, sizeof(path), "%s/db", fixture->folder);
	snprintf(key, sizeof(key), "%s/db.key", fixture->folder);
	assert_int_equal(seal_open(key, true, &fixture->seal), 0);
	if (db_open(path, &fixture->seal, DB_WRITER, &fixture->db, why))
		fail_msg("%s", why);
	assert_int_equal(db_find(fixture->db, &noun_customer, NULL, NULL, "default", fixture->customer), 0);
	assert_int_equal(db_find(fixture->db, &noun_event_type, NULL, NULL, "l2tptunnelup_v1", type), 0);
	// A handler, told of every l2tptunnelup_v1 of the customer.
	strcpy(fixture->handler, "0a000000-0000-4000-8000-000000000001");
	snprintf(sql, sizeof(sql),
		"INSERT INTO event_handler (id, moniker, name, revision, changed_ms, customer) VALUES ('%s', 'h', 'h', 1, 1, "
		"'%s');"
		"INSERT INTO event_map (id, moniker, name, revision, changed_ms, customer, event_scope) VALUES ('m', 'm', 'm', "
		"1, 1, '%s', 1);"
		"INSERT INTO event_subscription (id, revision, changed_ms, owner, position, event_endpoint, event_type) VALUES "
		"('s', 1, 1, 'm', 1, '%s', '%s');",
		fixture->handler, fixture->customer, fixture->customer, fixture->handler, type);
	assert_int_equal(db_run(fixture->db, sql), 0);
	*state = fixture;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;
	char command[100];

	db_close(&fixture->db);
	snprintf(command, sizeof(command), "rm -r %s", fixture->folder);
	assert_int_equal(system(command), 0);
	free(fixture);
	return 0;
}

static int64_t add(struct fixture *fixture, enum event_kind kind, const char *vslice, const char *source)
{
	struct event_draft draft = {.kind = kind, .customer = fixture->customer, .vslice = vslice, .source = source};

	return event_add(fixture->db, &draft) == 1 ? event_last(fixture->db) : 0;
}

static int by_sequence(const void *a, const void *b)
{
	int64_t one = (*(struct delivery *const *)a)->sequence, two = (*(struct delivery *const *)b)->sequence;

	return (one > two) - (one < two);
}

// The sequences that are due, as "1 2 3".
static const char *due(struct fixture *fixture, char out[80])
{
	struct delivery *found[8];
	int64_t next_ms;
	size_t count = delivery_due(fixture->db, fixture->handler, db_now_ms() + 1, found, 8, &next_ms), used = 0;

	qsort(found, count, sizeof(found[0]), by_sequence);
	out[0] = '\0';
	for (size_t i = 0; i < count; i++) {
		used += (size_t)snprintf(out + used, 80 - used, "%s%lld", i ? " " : "", (long long)found[i]->sequence);
		delivery_free(found[i]);
	}
	return out;
}

static void test_only_what_is_subscribed_to_is_queued(void **state)
{
	struct fixture *fixture = *state;
	char text[80];

	assert_int_equal(add(fixture, EVENT_TUNNEL_DOWN, "a", NULL), 1);
	assert_string_equal(due(fixture, text), "");
	assert_int_equal(add(fixture, EVENT_TUNNEL_UP, "a", NULL), 2);
	assert_string_equal(due(fixture, text), "2");
	struct event_draft nobodys = {.kind = EVENT_TUNNEL_UP, .vslice = "no such"};

	assert_int_equal(event_add(fixture->db, &nobodys), 0);
}

static void test_what_was_told_is_not_told_again(void **state)
{
	struct fixture *fixture = *state;
	char text[80];

	assert_int_equal(add(fixture, EVENT_TUNNEL_UP, "a", "boot/1/1"), 1);
	assert_int_equal(add(fixture, EVENT_TUNNEL_UP, "a", "boot/1/1"), 0);
	assert_string_equal(due(fixture, text), "1");
}

static void test_a_lane_is_told_in_order(void **state)
{
	struct fixture *fixture = *state;
	char text[80];

	for (int i = 0; i < 3; i++) {
		add(fixture, EVENT_TUNNEL_UP, "a", NULL); // 1 3 5
		add(fixture, EVENT_TUNNEL_UP, "b", NULL); // 2 4 6
	}
	assert_string_equal(due(fixture, text), "1 2");
	assert_int_equal(delivery_failed(fixture->db, fixture->handler, 1, "no answer", db_now_ms() + 60000), 0);
	assert_string_equal(due(fixture, text), "2"); // what is behind the failed one waits with it
	assert_int_equal(delivery_done(fixture->db, fixture->handler, 2), 0);
	assert_string_equal(due(fixture, text), "4");
	assert_int_equal(delivery_dead(fixture->db, fixture->handler, 1, "given up"), 0);
	assert_string_equal(due(fixture, text), "3 4");
	assert_int_equal(delivery_done(fixture->db, fixture->handler, 3), 0);
	assert_int_equal(delivery_done(fixture->db, fixture->handler, 3), 0); // told twice: nothing more happens
	assert_string_equal(due(fixture, text), "4 5");
}

static void count_letter(const struct delivery *delivery, void *context)
{
	snprintf(context, 80, "%lld:%s", (long long)delivery->sequence, delivery->error);
}

static void test_dead_letters_come_back_in_order(void **state)
{
	struct fixture *fixture = *state;
	char text[80];
	int64_t total;

	add(fixture, EVENT_TUNNEL_UP, "a", NULL);
	add(fixture, EVENT_TUNNEL_UP, "a", NULL);
	assert_false(delivery_expire(fixture->db, db_now_ms() - 1000)); // not yet
	assert_string_equal(due(fixture, text), "1");
	delivery_expire(fixture->db, db_now_ms() + 1000);
	assert_string_equal(due(fixture, text), "");
	assert_int_equal(delivery_list(fixture->db, fixture->handler, DELIVERY_DEAD, 0, 10, count_letter, text, &total), 0);
	assert_int_equal(total, 2);
	assert_string_equal(text, "1:the receiver took nothing in time"); // the latest comes first, so this is the last
	assert_int_equal(delivery_replay_dead(fixture->db, fixture->handler), 2);
	assert_string_equal(due(fixture, text), "1");
	assert_int_equal(delivery_done(fixture->db, fixture->handler, 1), 0);
	assert_string_equal(due(fixture, text), "2");
}

static void test_replay_from_a_cursor(void **state)
{
	struct fixture *fixture = *state;
	char text[80];

	for (int i = 0; i < 3; i++) {
		int64_t sequence = add(fixture, EVENT_TUNNEL_UP, "a", NULL);

		assert_int_equal(delivery_done(fixture->db, fixture->handler, sequence), 0);
	}
	assert_int_equal(delivery_replay(fixture->db, fixture->handler, 1), 2);
	assert_int_equal(delivery_replay(fixture->db, fixture->handler, 1), 0); // they wait already
	assert_string_equal(due(fixture, text), "2");
	assert_int_equal(delivery_replay(fixture->db, "no such", 0), 0);
}

static void test_old_events_go(void **state)
{
	struct fixture *fixture = *state;
	char text[80];

	for (int i = 0; i < 10; i++)
		add(fixture, EVENT_TUNNEL_UP, "a", NULL);
	assert_false(event_prune(fixture->db, 4, 0));
	assert_int_equal(db_number(fixture->db, "SELECT min(sequence) FROM event", 0), 7);
	assert_int_equal(db_number(fixture->db, "SELECT count(*) FROM event_delivery", 0), 4); // with their deliveries
	assert_true(event_state_number(fixture->db, "pruned") > 0);
	delivery_expire(fixture->db, 0);
	(void)due(fixture, text);
	assert_false(event_prune(fixture->db, 1000, db_now_ms() + 1000));
	assert_int_equal(db_number(fixture->db, "SELECT count(*) FROM event", -1), 0);
	assert_int_equal(add(fixture, EVENT_TUNNEL_UP, "a", NULL), 11); // sequences are not used again
}

static void test_a_state_is_an_event_when_it_changes(void **state)
{
	struct fixture *fixture = *state;
	static const char *const values[] = {"up", "up", "down", "up"};
	uint64_t stored = 0;

	for (size_t i = 0; i < array_len(values); i++) {
		struct event_notes notes = {0};
		struct event_note *note = event_notes_add(&notes, EVENT_TUNNEL_UP);

		strcpy(note->state, "some/thing");
		strcpy(note->value, values[i]);
		strcpy(note->vslice, "a");
		assert_int_equal(
			db_run(fixture->db,
				"INSERT OR IGNORE INTO vslice (id, moniker, name, revision, changed_ms, customer, vslice_type) "
				"SELECT 'a', 'a', 'a', 1, 1, id, 2 FROM customer"),
			0);
		assert_int_equal(event_notes_store(fixture->db, &notes, &stored), 0);
		event_notes_fini(&notes);
	}
	assert_int_equal(stored, 3);
}

static void keep_type(const struct event *event, void *context)
{
	snprintf(context, 60, "%s", event->type);
}

static void test_search(void **state)
{
	struct fixture *fixture = *state;
	struct event_query query = {.customer = fixture->customer, .limit = 10};
	char why[200] = "", type[60] = "";
	int64_t total = -1;

	add(fixture, EVENT_TUNNEL_UP, "a", NULL);
	add(fixture, EVENT_TUNNEL_DOWN, "b", NULL);
	query.filter = "eventType:tunneldown";
	assert_int_equal(event_list(fixture->db, &query, keep_type, type, &total, why), 0);
	assert_int_equal(total, 1);
	assert_string_equal(type, "l2tptunneldown_v1");
	query.filter = "vsliceId:a";
	assert_int_equal(event_list(fixture->db, &query, keep_type, type, &total, why), 0);
	assert_string_equal(type, "l2tptunnelup_v1");
	query.customer = "another";
	assert_int_equal(event_list(fixture->db, &query, keep_type, type, &total, why), 0);
	assert_int_equal(total, 0);
	query.filter = "customer:x";
	assert_int_equal(event_list(fixture->db, &query, keep_type, type, &total, why), -EINVAL);
	assert_non_null(strstr(why, "accepted: eventType"));
	query.filter = NULL;
	query.sort = "asc(id); DROP TABLE event";
	assert_int_equal(event_list(fixture->db, &query, keep_type, type, &total, why), -EINVAL);
}

static void test_back_off(void **state)
{
	static const struct {
		int64_t failures, wait_ms;
	} rows[] = {{1, 1000}, {2, 2000}, {5, 16000}, {9, 256000}, {10, 300000}, {1000000, 300000}};

	(void)state;
	for (size_t i = 0; i < array_len(rows); i++) {
		assert_int_equal(webhook_backoff_ms(rows[i].failures, 300000, 0), rows[i].wait_ms);
		assert_int_equal(webhook_backoff_ms(rows[i].failures, 300000, 255), rows[i].wait_ms * 4 / 5);
	}
}

// The HMAC was computed by Python's hmac.
static void test_signature(void **state)
{
	static const char body[] = "{\"message\":\"webhook test\"}";
	char out[100];

	(void)state;
	webhook_sign("a-secret-of-16-octets", 1700000000, body, sizeof(body) - 1, out);
	assert_string_equal(out, "t=1700000000,v1=201d25f55d101072c98d843b4e0b48e374b7803bbbbb1af9241b9d0c1102b781");
}

int main(void)
{
#define STORED(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		STORED(test_only_what_is_subscribed_to_is_queued),
		STORED(test_what_was_told_is_not_told_again),
		STORED(test_a_lane_is_told_in_order),
		STORED(test_dead_letters_come_back_in_order),
		STORED(test_replay_from_a_cursor),
		STORED(test_old_events_go),
		STORED(test_a_state_is_an_event_when_it_changes),
		STORED(test_search),
		cmocka_unit_test(test_back_off),
		cmocka_unit_test(test_signature),
	};

	assert_int_equal(plans_init(), 0);
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	plans_fini();
	return failed;
}
