// SPDX-License-Identifier: Apache-2.0
// The store on a real file: objects in and out, lists, what goes along with a deletion, secrets at rest, migrations, threads.
#include "controller/store/store.h"

#include "base/clean.h"
#include "controller/store/plan.h"
#include "model/account.h"
#include "model/endpoint.h"
#include "model/gateway.h"
#include "model/group.h"
#include "model/json.h"
#include "model/policy.h"
#include "model/ruling.h"
#include "model/target.h"
#include "model/vslice.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct fixture {
	char folder[32], path[64], key_path[64], customer[40];
	struct seal seal;
	struct db *db;
};

static struct db *open_db(struct fixture *fixture)
{
	struct db *db = NULL;
	char why[200] = "";

	if (db_open(fixture->path, &fixture->seal, DB_WRITER, &db, why))
		fail_msg("%s", why);
	return db;
}

static int set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	strcpy(fixture->folder, "/tmp/slicegate-store-XXXXXX");
	assert_non_null(mkdtemp(fixture->folder));
	snprintf(fixture->path, sizeof(fixture->path), "%s/db", fixture->folder);
	snprintf(fixture->key_path, sizeof(fixture->key_path), "%s/db.key", fixture->folder);
	assert_int_equal(seal_open(fixture->key_path, true, &fixture->seal), 0);
	fixture->db = open_db(fixture);
	assert_int_equal(db_find(fixture->db, &noun_customer, NULL, NULL, "DEFAULT", fixture->customer), 0);
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

// A new object of the default customer, from JSON; references in it are resolved.
static char *insert(struct fixture *fixture, const struct noun *noun, const char *text)
{
	struct ruling ruling = {0};
	void *object = object_new(noun);
	json_t *body = json_loads(text, 0, NULL);

	assert_non_null(body);
	json_get_object(&ruling, noun, body, object, JSON_CREATE);
	json_decref(body);
	if (ruling.fault_count)
		fail_msg("%s", ruling.faults[0]);
	for (size_t i = 0; i < noun->field_count; i++)
		if (noun->fields[i].type == FIELD_REF && field_ref(&noun->fields[i], object)->moniker)
			assert_true(db_resolve(
				fixture->db, noun->fields[i].noun, fixture->customer, NULL, field_ref(&noun->fields[i], object)));
	field_text_set(&((struct object *)object)->customer.id, fixture->customer);
	assert_int_equal(db_insert(fixture->db, noun, object, "test"), 0);
	char *id = strdup(((struct object *)object)->id);

	object_free(noun, object);
	return id;
}

static const char vslice_body[] =
	"{\"name\":\"A B\",\"vsliceType\":\"l2tp\",\"regionalGateway\":\"europe\",\"lacs\":[{\"address\":\"10.0.0.1\","
	"\"tunnelSecret\":\"hush-hush\"},{\"address\":\"10.0.0.2\"}],\"lnss\":[{\"address\":\"10.0.1.1\"}],"
	"\"advancedSettings\":{\"pppPassword\":\"hush-settings\",\"helloIntervalSeconds\":7}}";

static void test_an_object_comes_back_as_it_went(void **state)
{
	struct fixture *fixture = *state;
	_cleanup_free_ char *id = insert(fixture, &noun_vslice, vslice_body);
	struct vslice *vslice;

	assert_int_equal(db_get(fixture->db, &noun_vslice, id, DB_SECRETS, (void **)&vslice), 0);
	assert_string_equal(vslice->object.moniker, "a-b");
	assert_string_equal(vslice->regional_gateway.moniker, "europe");
	assert_string_equal(vslice->regional_gateway.name, "Europe");
	assert_int_equal(vslice->settings.hello_interval_s, 7);
	assert_string_equal(vslice->settings.ppp_password, "hush-settings");
	assert_int_equal(vslice->settings.outer_dscp_value, FIELD_UNSET);
	assert_int_equal(vslice->lacs.count, 2);
	struct lac *lacs = vslice->lacs.items;

	assert_string_equal(lacs[0].tunnel_secret, "hush-hush");
	assert_null(lacs[1].tunnel_secret);
	assert_int_equal(lacs[1].object.position, 2);
	assert_int_equal(((struct lns *)vslice->lnss.items)->preference, 1);
	object_free(&noun_vslice, vslice);

	assert_int_equal(db_get(fixture->db, &noun_vslice, id, 0, (void **)&vslice), 0);
	assert_string_equal(((struct lac *)vslice->lacs.items)->tunnel_secret, json_secret_set);
	object_free(&noun_vslice, vslice);
	assert_int_equal(db_get(fixture->db, &noun_vslice, "nothing", 0, (void **)&vslice), -ENOENT);
}

static void test_an_update_keeps_rows_and_moves_the_revision(void **state)
{
	struct fixture *fixture = *state;
	_cleanup_free_ char *id = insert(fixture, &noun_vslice, vslice_body);
	struct vslice *vslice;

	assert_int_equal(db_get(fixture->db, &noun_vslice, id, DB_SECRETS, (void **)&vslice), 0);
	struct lac *lacs = vslice->lacs.items;
	_cleanup_free_ char *second = strdup(lacs[1].object.id);
	int64_t revision = vslice->object.revision;

	object_fini(&noun_lac, &lacs[0]);
	lacs[0] = lacs[1];
	vslice->lacs.count = 1;
	assert_int_equal(db_update(fixture->db, &noun_vslice, vslice, "test"), 0);
	assert_true(vslice->object.revision > revision);
	object_free(&noun_vslice, vslice);
	assert_int_equal(db_get(fixture->db, &noun_vslice, id, DB_SECRETS, (void **)&vslice), 0);
	assert_int_equal(vslice->lacs.count, 1);
	assert_string_equal(((struct lac *)vslice->lacs.items)->object.id, second);
	assert_int_equal(((struct lac *)vslice->lacs.items)->object.position, 1);
	object_free(&noun_vslice, vslice);
}

static void test_unique_values(void **state)
{
	struct fixture *fixture = *state;
	_cleanup_free_ char *one = insert(
		fixture, &noun_endpoint, "{\"name\":\"x\",\"iccid\":\"00000000079927398713\",\"imsis\":[\"001010000000001\"]}");
	struct endpoint *endpoint;

	assert_int_equal(db_get(fixture->db, &noun_endpoint, one, DB_SECRETS, (void **)&endpoint), 0);
	field_text_set(&endpoint->object.id, NULL);
	field_text_set(&endpoint->object.moniker, "other");
	assert_int_equal(db_run(fixture->db, "SAVEPOINT s"), 0);
	assert_int_equal(db_insert(fixture->db, &noun_endpoint, endpoint, "test"), -EEXIST); // the ICCID
	assert_int_equal(db_run(fixture->db, "ROLLBACK TO s"), 0);
	field_text_set(&endpoint->object.id, NULL);
	field_text_set(&endpoint->iccid, "0000000000079927398713");
	assert_int_equal(db_insert(fixture->db, &noun_endpoint, endpoint, "test"), -EEXIST); // the IMSI
	assert_int_equal(db_run(fixture->db, "ROLLBACK TO s; RELEASE s"), 0);
	object_free(&noun_endpoint, endpoint);
	// Names that make the same moniker get numbers.
	_cleanup_free_ char *a = insert(fixture, &noun_gateway, "{\"name\":\"Same\"}");
	_cleanup_free_ char *b = insert(fixture, &noun_gateway, "{\"name\":\"same!\"}");
	char found[40];

	assert_int_equal(db_find(fixture->db, &noun_gateway, NULL, NULL, "same-2", found), 0);
	assert_string_equal(found, b);
	assert_string_not_equal(a, b);
}

struct names {
	char text[400];
};

static void add_name(const void *object, void *context)
{
	struct names *names = context;

	strcat(names->text, ((const struct object *)object)->name);
	strcat(names->text, " ");
}

static void test_lists(void **state)
{
	struct fixture *fixture = *state;
	static const struct {
		const char *filter, *sort, *names;
		int64_t offset, limit, total;
	} rows[] = {
		{NULL, "asc(name)", "alpha beta gamma ", 0, 50, 3},
		{NULL, "desc(name)", "gamma beta ", 0, 2, 3},
		{NULL, "asc(name)", "beta ", 1, 1, 3},
		{"name:a,moniker:ga", "asc(name)", "gamma ", 0, 50, 1},
		{"name:A", NULL, "", 0, 50, 0},
		{"vsliceType:l2", NULL, "", 0, 50, 0},
		{"vsliceType:integrated", "desc(changedAt),asc(name)", "gamma beta alpha ", 0, 50, 3},
	};
	char why[200];

	free(insert(fixture, &noun_vslice, "{\"name\":\"alpha\"}"));
	free(insert(fixture, &noun_vslice, "{\"name\":\"beta\"}"));
	free(insert(fixture, &noun_vslice, "{\"name\":\"gamma\"}"));
	assert_int_equal(db_run(fixture->db, "UPDATE vslice SET changed_ms = revision"), 0);
	for (size_t i = 0; i < array_len(rows); i++) {
		struct db_query query = {.customer = fixture->customer,
			.filter = rows[i].filter,
			.sort = rows[i].sort,
			.offset = rows[i].offset,
			.limit = rows[i].limit};
		struct names names = {0};
		int64_t total;

		assert_int_equal(db_list(fixture->db, &noun_vslice, &query, add_name, &names, &total, why), 0);
		assert_string_equal(names.text, rows[i].names);
		assert_int_equal(total, rows[i].total);
	}
	struct db_query wrong = {.sort = "asc(nothing)", .limit = 1};

	assert_int_equal(db_list(fixture->db, &noun_vslice, &wrong, add_name, NULL, NULL, why), -EINVAL);
	assert_non_null(strstr(why, "sortBy: \"nothing\""));
	struct db_query other = {.customer = "somebody", .limit = 50};
	struct names names = {0};

	assert_int_equal(db_list(fixture->db, &noun_vslice, &other, add_name, &names, NULL, why), 0);
	assert_string_equal(names.text, "");
}

static void test_what_goes_along_with_a_vslice(void **state)
{
	struct fixture *fixture = *state;
	_cleanup_free_ char *vslice = insert(fixture, &noun_vslice, vslice_body);
	_cleanup_free_ char *target =
		insert(fixture, &noun_target, "{\"name\":\"t\",\"vslice\":\"a-b\",\"routingTargetType\":\"internet\"}");
	_cleanup_free_ char *policy = insert(fixture, &noun_policy, "{\"name\":\"p\",\"vslice\":\"a-b\"}");
	struct vslice *object;
	void *gone;

	assert_int_equal(db_get(fixture->db, &noun_vslice, vslice, DB_SECRETS, (void **)&object), 0);
	field_text_set(&object->default_routing_policy.id, policy);
	assert_int_equal(db_update(fixture->db, &noun_vslice, object, "test"), 0);
	object_free(&noun_vslice, object);
	_cleanup_free_ char *group = insert(fixture, &noun_group, "{\"name\":\"g\",\"vslice\":\"a-b\"}");

	assert_int_equal(db_run(fixture->db, "SAVEPOINT s"), 0);
	assert_int_equal(db_delete(fixture->db, &noun_vslice, vslice, "test"), -EBUSY);
	assert_int_equal(db_run(fixture->db, "ROLLBACK TO s; RELEASE s"), 0);
	assert_int_equal(db_count_users(fixture->db, &noun_group, "vslice", vslice), 1);
	assert_int_equal(db_delete(fixture->db, &noun_group, group, "test"), 0);
	assert_int_equal(db_delete(fixture->db, &noun_vslice, vslice, "test"), 0);
	assert_int_equal(db_get(fixture->db, &noun_policy, policy, 0, &gone), -ENOENT);
	assert_int_equal(db_get(fixture->db, &noun_target, target, 0, &gone), -ENOENT);
	assert_int_equal(db_number(fixture->db, "SELECT count(*) FROM lac", -1), 0);
	assert_int_equal(db_number(fixture->db, "SELECT count(*) FROM changes WHERE change = 2", -1), 4);
	assert_int_equal(db_delete(fixture->db, &noun_vslice, vslice, "test"), -ENOENT);
	// The kept counts follow what went along.
	assert_int_equal(
		db_number(fixture->db,
			"SELECT sum(count) FROM object_count WHERE noun IN ('vslice', 'routing-policy', 'routing-target', "
			"'endpoint-group')",
			-1),
		0);
	assert_int_equal(db_number(fixture->db, "SELECT count FROM object_count WHERE noun = 'regional-gateway'", -1), 2);
}

static void test_secrets_at_rest(void **state)
{
	struct fixture *fixture = *state;
	_cleanup_free_ char *id = insert(fixture, &noun_vslice, vslice_body);
	struct vslice *vslice;

	assert_int_equal(db_number(fixture->db, "SELECT length(tunnel_secret) FROM lac WHERE tunnel_secret IS NOT NULL", -1),
		(int64_t)strlen("hush-hush") + SEAL_EXTRA);
	assert_int_equal(
		db_number(fixture->db,
			"SELECT instr(CAST(tunnel_secret AS TEXT), 'hush') FROM lac WHERE tunnel_secret IS NOT NULL", -1),
		0);
	// Moved to another row it does not open: it is bound to its place.
	assert_int_equal(
		db_run(fixture->db,
			"UPDATE lac SET tunnel_secret = (SELECT tunnel_secret FROM lac WHERE position = 1) WHERE position = 2"),
		0);
	assert_int_equal(db_get(fixture->db, &noun_vslice, id, DB_SECRETS, (void **)&vslice), -EIO);
}

static void test_the_seal(void **state)
{
	struct fixture *fixture = *state;
	struct seal again = {0}, other = {.keys = {{1}}, .count = 1};
	uint8_t sealed[SEAL_EXTRA + 4], twice[SEAL_EXTRA + 4];
	char *secret = NULL;

	assert_int_equal(seal_open(fixture->key_path, false, &again), 0);
	assert_memory_equal(again.keys[0], fixture->seal.keys[0], SEAL_KEY);
	seal_close_up(&again, "place", "hush", 4, sealed);
	seal_close_up(&again, "place", "hush", 4, twice);
	assert_memory_not_equal(sealed, twice, sizeof(sealed)); // never the same nonce
	assert_int_equal(seal_break(&again, "place", sealed, sizeof(sealed), &secret), 0);
	assert_string_equal(secret, "hush");
	free(secret);
	assert_int_equal(seal_break(&again, "elsewhere", sealed, sizeof(sealed), &secret), -EBADMSG);
	assert_int_equal(seal_break(&other, "place", sealed, sizeof(sealed), &secret), -EBADMSG);
	for (size_t i = 0; i < sizeof(sealed); i++) {
		sealed[i] ^= 1;
		assert_int_equal(seal_break(&again, "place", sealed, sizeof(sealed), &secret), -EBADMSG);
		sealed[i] ^= 1;
	}
	assert_int_equal(seal_break(&again, "place", sealed, SEAL_EXTRA - 1, &secret), -EBADMSG);
}

static void test_a_store_that_lacks_columns_gets_them(void **state)
{
	struct fixture *fixture = *state;
	_cleanup_free_ char *id = insert(fixture, &noun_vslice, vslice_body);
	struct vslice *vslice;

	assert_int_equal(
		db_run(fixture->db,
			"ALTER TABLE vslice DROP COLUMN advanced_settings_sequencing; ALTER TABLE vslice DROP COLUMN subnets"),
		0);
	db_close(&fixture->db);
	fixture->db = open_db(fixture);
	assert_int_equal(db_get(fixture->db, &noun_vslice, id, DB_SECRETS, (void **)&vslice), 0);
	assert_int_equal(vslice->settings.sequencing, SEQUENCING_ON_REQUEST);
	assert_int_equal(vslice->settings.hello_interval_s, 7);
	object_free(&noun_vslice, vslice);
	assert_int_equal(db_number(fixture->db, "PRAGMA user_version", -1), 1);
	assert_int_equal(db_number(fixture->db, "SELECT count(*) FROM regional_gateway", -1), 2); // not seeded twice
}

static void insert_endpoint(struct fixture *fixture, int number)
{
	struct endpoint *endpoint = object_new(&noun_endpoint);
	char id[40], text[24];

	snprintf(id, sizeof(id), "01900000-0000-7000-8000-%012d", number); // of an old time: places may be there
	snprintf(text, sizeof(text), "89%018d", number);
	field_text_set(&endpoint->object.id, id);
	field_text_set(&endpoint->object.moniker, text);
	field_text_set(&endpoint->object.customer.id, fixture->customer);
	field_text_set(&endpoint->iccid, text);
	field_texts_add(&endpoint->imsis, text + 4);
	endpoint->status = ENDPOINT_PENDING;
	assert_int_equal(db_insert(fixture->db, &noun_endpoint, endpoint, "test"), 0);
	object_free(&noun_endpoint, endpoint);
}

static void take_number(const void *object, void *context)
{
	*(int *)context = atoi(((const struct object *)object)->id + 24);
}

static int number_at(struct fixture *fixture, int offset)
{
	struct db_query query = {.customer = fixture->customer, .offset = offset, .limit = 1, .flags = DB_LEAN};
	int number = -1;
	char why[200];

	assert_int_equal(db_list(fixture->db, &noun_endpoint, &query, take_number, &number, NULL, why), 0);
	return number;
}

// A page far down a long list is found by places that are kept: they hold while the list grows, and move when something goes.
static void test_pages_of_a_long_list(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(db_run(fixture->db, "BEGIN"), 0);
	for (int number = 0; number < 3200; number++)
		insert_endpoint(fixture, number);
	for (int offset = 3199; offset > 0; offset -= 457)
		assert_int_equal(number_at(fixture, offset), offset);
	assert_int_equal(number_at(fixture, 1000), 1000);
	assert_int_equal(number_at(fixture, 3200), -1);
	insert_endpoint(fixture, 3200);
	assert_int_equal(number_at(fixture, 3200), 3200);
	assert_int_equal(db_delete(fixture->db, &noun_endpoint, "01900000-0000-7000-8000-000000000005", NULL), 0);
	assert_int_equal(number_at(fixture, 1000), 1001);
	assert_int_equal(number_at(fixture, 2999), 3000);
	assert_int_equal(number_at(fixture, 4), 4);
	assert_int_equal(number_at(fixture, 5), 6);
	assert_int_equal(db_run(fixture->db, "ROLLBACK"), 0);
	assert_int_equal(number_at(fixture, 1000), -1);
}

struct write {
	struct store_job job;
	const char *sql;
	bool must_abort;
	int *left;
};

static void write_run(struct db *db, struct store_job *job)
{
	struct write *write = container_of(job, struct write, job);

	assert_int_equal(db_run(db, write->sql), 0);
	assert_true(db_touch(db, &noun_vslice, "x", NULL, DB_PUT, "test") > 0);
	job->abort = write->must_abort;
}

static void write_done(struct store_job *job)
{
	--*container_of(job, struct write, job)->left;
}

static int64_t told;

static void on_change(void *owner, int64_t revision)
{
	(void)owner;
	told = revision;
}

static void test_jobs_are_whole_or_not_at_all(void **state)
{
	struct fixture *fixture = *state;
	struct write writes[3] = {
		{.sql = "INSERT INTO idempotency VALUES ('t', 'a', '', '', 1)"},
		{.sql = "INSERT INTO idempotency VALUES ('t', 'b', '', '', 1)", .must_abort = true},
		{.sql = "INSERT INTO idempotency VALUES ('t', 'c', '', '', 1)"},
	};
	int left = 3;
	struct store *store;
	char why[200];
	uv_loop_t loop;

	int64_t before = db_revision(fixture->db);

	uv_loop_init(&loop);
	assert_int_equal(store_open(fixture->path, 2, &loop, on_change, NULL, &store, why), 0);
	for (size_t i = 0; i < array_len(writes); i++) {
		writes[i].left = &left;
		writes[i].job = (struct store_job){.run = write_run, .done = write_done};
		store_write(store, &writes[i].job);
	}
	while (left)
		uv_run(&loop, UV_RUN_ONCE);
	assert_int_equal(told, before + 2);
	store_close(&store);
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&loop), 0);
	assert_int_equal(db_number(fixture->db, "SELECT count(*) FROM idempotency", -1), 2);
	assert_int_equal(db_number(fixture->db, "SELECT count(*) FROM idempotency WHERE key = 'b'", -1), 0);
}

// Fifty portions of a long work and one write that somebody waits for, given together.
static struct {
	int bulk_done, when_written;
	int64_t seen;
	struct store *store;
} order;

static void bulk_done(struct store_job *job)
{
	order.bulk_done++;
	write_done(job);
}

static void look_run(struct db *db, struct store_job *job)
{
	(void)job;
	order.seen = db_number(db, "SELECT count(*) FROM idempotency WHERE key = 'w'", -1);
}

static void look_done(struct store_job *job)
{
	(void)job;
}

// Whoever is answered now sees it, also by a look that was begun in this round of the loop.
static void written_done(struct store_job *job)
{
	struct store_job look = {.run = look_run, .done = look_done};

	order.when_written = order.bulk_done;
	assert_true(store_read_here(order.store, &look));
	assert_int_equal(order.seen, 1);
	write_done(job);
}

static void test_bulk_stands_behind_what_others_wait_for(void **state)
{
	struct fixture *fixture = *state;
	struct write bulk[50], write = {.sql = "INSERT INTO idempotency VALUES ('t', 'w', '', '', 1)"};
	struct store_job look = {.run = look_run, .done = look_done};
	int left = array_len(bulk) + 1;
	char why[200], sql[50][80];
	uv_loop_t loop;

	memset(&order, 0, sizeof(order));
	uv_loop_init(&loop);
	assert_int_equal(store_open(fixture->path, 1, &loop, NULL, NULL, &order.store, why), 0);
	for (size_t i = 0; i < array_len(bulk); i++) {
		snprintf(sql[i], sizeof(sql[i]), "INSERT INTO idempotency VALUES ('b', '%zu', '', '', 1)", i);
		bulk[i] = (struct write){.sql = sql[i], .left = &left};
		bulk[i].job = (struct store_job){.run = write_run, .done = bulk_done, .may_vanish = i % 2};
		store_write_bulk(order.store, &bulk[i].job);
	}
	write.left = &left;
	write.job = (struct store_job){.run = write_run, .done = written_done};
	store_write(order.store, &write.job);
	while (left) {
		assert_true(store_read_here(order.store, &look));
		uv_run(&loop, UV_RUN_ONCE);
	}
	assert_in_range(order.when_written, 0, 2); // one that was under way; one more may be told of with it
	store_close(&order.store);
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&loop), 0);
	assert_int_equal(db_number(fixture->db, "SELECT count(*) FROM idempotency", -1), array_len(bulk) + 1);
}

static void test_what_a_look_found_is_known_until_a_commit(void **state)
{
	struct fixture *fixture = *state;
	struct db *reader = NULL;
	struct seal seal;
	char why[200];

	assert_int_equal(seal_of_database(fixture->path, &seal, why), 0);
	assert_int_equal(db_open(fixture->path, &seal, DB_LOOP, &reader, why), 0);
	db_keep(reader, "a", "1", 2);
	assert_null(db_known(reader, "a")); // no look, nothing is kept
	assert_int_equal(db_look_begin(reader), 0);
	db_keep(reader, "a", "1", 2);
	db_look_end(reader);
	assert_null(db_known(reader, "a"));
	assert_int_equal(db_look_begin(reader), 0);
	assert_string_equal(db_known(reader, "a"), "1");
	assert_int_equal(db_run(fixture->db, "INSERT INTO idempotency VALUES ('t', 'x', '', '', 1)"), 0);
	assert_string_equal(db_known(reader, "a"), "1"); // this look is of before
	db_look_end(reader);
	assert_int_equal(db_look_begin(reader), 0);
	assert_null(db_known(reader, "a"));
	db_look_end(reader);
	db_close(&reader);
	seal_fini(&seal);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(test_an_object_comes_back_as_it_went),
		TEST(test_an_update_keeps_rows_and_moves_the_revision),
		TEST(test_unique_values),
		TEST(test_lists),
		TEST(test_what_goes_along_with_a_vslice),
		TEST(test_secrets_at_rest),
		TEST(test_the_seal),
		TEST(test_a_store_that_lacks_columns_gets_them),
		TEST(test_pages_of_a_long_list),
		TEST(test_jobs_are_whole_or_not_at_all),
		TEST(test_bulk_stands_behind_what_others_wait_for),
		TEST(test_what_a_look_found_is_known_until_a_commit),
	};

	assert_int_equal(plans_init(), 0);
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	plans_fini();
	return failed;
}
