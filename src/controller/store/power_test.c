// SPDX-License-Identifier: Apache-2.0
// What was answered is there after a power cut at any sync, and the database is whole after a kill at any write: the real store with its
// threads and checkpoints on a file whose loss is played (power_vfs.h), an import among the writes.
#include "controller/store/store.h"

#include "base/clean.h"
#include "controller/store/import_log.h"
#include "controller/store/plan.h"
#include "controller/store/power_vfs.h"
#include "controller/store/uuid.h"
#include "model/endpoint.h"
#include "model/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define WRITES 120
#define IMPORTED 600
#define IMPORT_AT 60 // among the writes
#define KILL_STRIDE 47 // every so many writes: each would take minutes

struct world {
	char folder[48], path[64], left[64], customer[UUID_TEXT];
	struct store *store;
	uv_loop_t loop;
	_Atomic int answered, asked; // writes
	_Atomic bool imported; // answered
	int begun, cuts, homes, kills, writes_seen; // homes: syncs of the database itself, by checkpoints
	bool looking; // into what was left: that is no write of ours
};

static int64_t number(sqlite3 *sqlite, const char *sql)
{
	sqlite3_stmt *statement = NULL;
	int64_t value = -1;

	if (sqlite3_prepare_v2(sqlite, sql, -1, &statement, NULL) == SQLITE_OK && sqlite3_step(statement) == SQLITE_ROW)
		value = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	return value;
}

static bool is_ok(sqlite3 *sqlite)
{
	sqlite3_stmt *statement = NULL;
	bool ok = sqlite3_prepare_v2(sqlite, "PRAGMA integrity_check", -1, &statement, NULL) == SQLITE_OK &&
		sqlite3_step(statement) == SQLITE_ROW && strcmp((const char *)sqlite3_column_text(statement, 0), "ok") == 0;

	sqlite3_finalize(statement);
	return ok;
}

// What SQLite itself finds after the cut. Here nothing may fail_msg: it is another thread's stack.
static void look(struct world *world, enum power_left left, uint32_t seed, const char *when)
{
	int answered = world->answered, asked = world->asked;
	bool imported = world->imported;
	sqlite3 *sqlite = NULL;

	power_leave(world->path, world->left, left, seed);
	if (sqlite3_open_v2(world->left, &sqlite, SQLITE_OPEN_READWRITE, "unix") != SQLITE_OK)
		abort();
	int64_t stored = number(sqlite, "SELECT count(*) FROM customer WHERE moniker LIKE 'c-%'");
	int64_t rows = number(sqlite, "SELECT count(*) FROM endpoint");
	int64_t shown = number(sqlite, "SELECT count(*) FROM import_log WHERE state > 0");
	int64_t told = number(sqlite, "SELECT count(*) FROM changes WHERE noun = 'customer'");
	int64_t gap = number(sqlite, "SELECT max(CAST(substr(moniker, 3) AS INTEGER)) FROM customer WHERE moniker LIKE 'c-%'");
	bool ok = is_ok(sqlite) && stored >= answered && stored <= asked && (stored ? gap == stored : true) &&
		told == stored + 1 && (!imported || (shown == 1 && rows == IMPORTED)) && (!shown || rows == IMPORTED) &&
		!number(sqlite, "SELECT count(*) FROM pragma_foreign_key_check");

	if (!ok) {
		fprintf(stderr,
			"%s left=%d seed=%u: stored %lld of %d answered (%d asked), last %lld, told %lld, import shown %lld rows "
			"%lld, %s\n",
			when, (int)left, seed, (long long)stored, answered, asked, (long long)gap, (long long)told,
			(long long)shown, (long long)rows, sqlite3_errmsg(sqlite));
		abort();
	}
	sqlite3_close(sqlite);
}

static void on_sync(void *owner, const char *path)
{
	struct world *world = owner;

	if (!world->begun)
		return;
	world->cuts++;
	world->homes += strcmp(path, world->path) == 0;
	look(world, POWER_SYNCED, 0, path);
	look(world, POWER_TORN, (uint32_t)world->cuts * 7919, path);
}

static void on_write(void *owner, const char *path, const void *bytes, int len, sqlite3_int64 at)
{
	struct world *world = owner;

	(void)bytes;
	(void)len;
	(void)at;
	if (!world->begun || world->writes_seen++ % KILL_STRIDE)
		return;
	world->kills++;
	look(world, POWER_KILLED, 0, path);
}

struct write {
	struct store_job job;
	struct world *world;
	int number;
};

static void write_run(struct db *db, struct store_job *job)
{
	struct write *write = container_of(job, struct write, job);
	struct object *customer = object_new(&noun_customer);
	char name[20];

	snprintf(name, sizeof(name), "c-%d", write->number);
	field_text_set(&customer->moniker, name);
	field_text_set(&customer->name, name);
	assert_int_equal(db_insert(db, &noun_customer, customer, "test"), 0);
	object_free(&noun_customer, customer);
}

static void write_done(struct store_job *job)
{
	struct write *write = container_of(job, struct write, job);

	assert_int_equal(job->error, 0);
	write->world->answered++;
	free(write);
}

static void write_one(struct world *world)
{
	struct write *write = calloc(1, sizeof(*write));

	*write = (struct write){.job = {.run = write_run, .done = write_done}, .world = world, .number = ++world->asked};
	store_write(world->store, &write->job);
}

struct importing {
	struct store_job job;
	struct world *world;
	struct import_log log;
	int stored;
	bool ended;
};

static void stage(struct db *db, struct importing *importing)
{
	struct endpoint *endpoint = object_new(&noun_endpoint);
	char iccid[24], imsi[20];

	snprintf(iccid, sizeof(iccid), "89%018d", importing->stored);
	snprintf(imsi, sizeof(imsi), "00101%010d", importing->stored++);
	field_text_set(&endpoint->iccid, iccid);
	field_text_set(&endpoint->object.moniker, iccid);
	field_text_set(&endpoint->object.name, iccid);
	field_text_set(&endpoint->object.customer.id, importing->world->customer);
	field_texts_add(&endpoint->imsis, imsi);
	endpoint->status = ENDPOINT_PENDING;
	assert_int_equal(db_stage(db, &noun_endpoint, endpoint, importing->log.number), 0);
	object_free(&noun_endpoint, endpoint);
}

static void import_run(struct db *db, struct store_job *job)
{
	struct importing *importing = container_of(job, struct importing, job);

	if (!importing->stored)
		assert_int_equal(import_log_begin(db, &importing->log), 0);
	for (int i = 0; i < 50; i++)
		stage(db, importing);
}

static void show_run(struct db *db, struct store_job *job)
{
	struct importing *importing = container_of(job, struct importing, job);

	importing->ended = true;
	assert_true(import_log_show(db, &importing->log, IMPORTED) > 0);
}

static void import_next(struct importing *importing);

static void import_done(struct store_job *job)
{
	struct importing *importing = container_of(job, struct importing, job);

	assert_int_equal(job->error, 0);
	importing->world->imported = importing->ended;
	if (!importing->ended)
		import_next(importing);
}

// As imports do: what is not in sight yet is not synced.
static void import_next(struct importing *importing)
{
	bool shows = importing->stored == IMPORTED;

	importing->job = (struct store_job){.run = shows ? show_run : import_run, .done = import_done, .may_vanish = !shows};
	if (shows)
		store_write(importing->world->store, &importing->job);
	else
		store_write_bulk(importing->world->store, &importing->job);
}

static void test_nothing_that_was_answered_is_lost(void **state)
{
	struct world world = {0};
	const struct power_host host = {on_sync, on_write, &world};
	struct importing importing = {.world = &world};
	char why[200] = "", command[100];
	struct db *db = NULL;
	struct seal seal;

	(void)state;
	strcpy(world.folder, "/dev/shm/slicegate-power-XXXXXX");
	assert_non_null(mkdtemp(world.folder));
	snprintf(world.path, sizeof(world.path), "%s/db", world.folder);
	snprintf(world.left, sizeof(world.left), "%s/left", world.folder);
	importing.log = (struct import_log){.noun = &noun_endpoint, .actor = "test", .customer = world.customer};
	assert_int_equal(power_begin(&host), 0);
	uv_loop_init(&world.loop);
	assert_int_equal(store_open(world.path, 1, &world.loop, NULL, NULL, &world.store, why), 0);
	assert_int_equal(seal_of_database(world.path, &seal, why), 0);
	assert_int_equal(db_open(world.path, &seal, DB_READER, &db, why), 0);
	assert_int_equal(db_find(db, &noun_customer, NULL, NULL, "default", world.customer), 0);
	db_close(&db);
	assert_int_equal(db_open(world.path, &seal, DB_TOOL, &db, why), 0);
	world.begun = 1;
	while (world.answered < WRITES || !world.imported) {
		if (world.asked < WRITES)
			write_one(&world);
		if (world.asked == IMPORT_AT && !importing.stored)
			import_next(&importing);
		for (int i = 0; i < 2 && world.asked % 3 == 0 && world.asked < WRITES; i++)
			write_one(&world); // several in one commit
		if (world.asked % 20 == 0) // as the store's student does, while the writer goes on
			sqlite3_wal_checkpoint_v2(db_sqlite(db), NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
		uv_run(&world.loop, UV_RUN_ONCE);
	}
	db_close(&db);
	store_close(&world.store); // with a last checkpoint
	uv_run(&world.loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&world.loop), 0);
	world.begun = 0;
	power_leave(world.path, world.left, POWER_SYNCED, 0);
	power_end();
	print_message("%d cuts, %d of them of checkpoints, %d kills\n", world.cuts, world.homes, world.kills);
	assert_true(world.homes > 1); // not only the one when it is closed
	assert_true(world.cuts > 30);
	assert_true(world.kills > 30);
	assert_int_equal(db_open(world.left, &seal, DB_WRITER, &db, why), 0); // and the program starts on what is left
	assert_int_equal(db_number(db, "SELECT count(*) FROM customer", 0), WRITES + 1);
	db_close(&db);
	seal_fini(&seal);
	snprintf(command, sizeof(command), "rm -r %s", world.folder);
	assert_int_equal(system(command), 0);
}

// The shim is awake: a file that is written and not synced is not there after the cut.
static void test_the_cut_cuts(void **state)
{
	static const struct power_host host = {0};
	char folder[48] = "/dev/shm/slicegate-power-XXXXXX", path[64], left[64], command[100];
	sqlite3 *sqlite = NULL;

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/db", folder);
	snprintf(left, sizeof(left), "%s/left", folder);
	assert_int_equal(power_begin(&host), 0);
	assert_int_equal(sqlite3_open(path, &sqlite), SQLITE_OK);
	assert_int_equal(
		sqlite3_exec(sqlite, "PRAGMA journal_mode = WAL; CREATE TABLE t (n); INSERT INTO t VALUES (1)", NULL, NULL, NULL),
		0);
	assert_int_equal(sqlite3_exec(sqlite, "PRAGMA synchronous = NORMAL; INSERT INTO t VALUES (2)", NULL, NULL, NULL),
		0); // answered too early
	for (int i = 0; i < 2; i++) {
		sqlite3 *other = NULL;

		power_leave(path, left, i ? POWER_KILLED : POWER_SYNCED, 0);
		assert_int_equal(sqlite3_open_v2(left, &other, SQLITE_OPEN_READWRITE, "unix"), SQLITE_OK);
		assert_int_equal(number(other, "SELECT max(n) FROM t"), i ? 2 : 1);
		sqlite3_close(other);
	}
	sqlite3_close(sqlite);
	power_end();
	snprintf(command, sizeof(command), "rm -r %s", folder);
	assert_int_equal(system(command), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_cut_cuts),
		cmocka_unit_test(test_nothing_that_was_answered_is_lost),
	};

	assert_int_equal(plans_init(), 0);
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	plans_fini();
	return failed;
}
