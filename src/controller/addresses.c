// SPDX-License-Identifier: Apache-2.0
// The service that keeps addresses (store/address.h) in step with the configuration.
//
// It follows the table of changes, as gateways do: an endpoint that was written is settled; after a VSlice or a group was, all endpoints of the
// VSlice are, some at a time, so that other writes get their turn. At the start it goes over every Integrated VSlice once: what was left half
// done is done then. Settling what is settled changes nothing.
#include "controller/addresses.h"

#include "base/clean.h"
#include "base/log.h"
#include "base/vec.h"
#include "controller/store/address.h"
#include "controller/store/address_space.h"
#include "controller/store/store.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

LOG_CATEGORY(addresses);

#define CHANGES_PORTION 100

struct want {
	char vslice[UUID_TEXT], gateway[UUID_TEXT];
	enum ip_family family;
};

struct addresses {
	struct store_job job;
	struct controller *controller;
	int64_t followed, revision; // changes that were looked at; the last one there is
	VEC(struct address_walk) walks; // VSlices to go over, the last one first
	VEC(struct want) wants; // taken by the job
	VEC(struct want) asked; // on the loop
	bool is_busy, is_begun, has_failed;
};

static void add_walk(struct addresses *addresses, const char *vslice)
{
	struct address_walk *walk;

	vec_each (&addresses->walks, other)
		if (strcmp(other->vslice, vslice) == 0) {
			other->group[0] = '\0'; // once more from the beginning
			return;
		}
	walk = vec_add(&addresses->walks);
	if (walk)
		snprintf(walk->vslice, sizeof(walk->vslice), "%s", vslice);
}

static void walk_all(struct addresses *addresses, struct db *db)
{
	sqlite3_stmt *statement = db_statement(db, "SELECT id FROM vslice WHERE vslice_type = 1");

	while (statement && sqlite3_step(statement) == SQLITE_ROW)
		add_walk(addresses, (const char *)sqlite3_column_text(statement, 0));
	if (statement)
		sqlite3_reset(statement);
}

// The endpoints of a VSlice, if it gives them addresses.
static void walk_of_vslice(struct addresses *addresses, struct db *db, const char *vslice)
{
	sqlite3_stmt *statement = db_statement(db, "SELECT id FROM vslice WHERE id = ?1 AND vslice_type = 1");

	if (!statement)
		return;
	sqlite3_bind_text(statement, 1, vslice, -1, SQLITE_STATIC);
	if (sqlite3_step(statement) == SQLITE_ROW)
		add_walk(addresses, vslice);
	sqlite3_reset(statement);
}

static void walk_of_group(struct addresses *addresses, struct db *db, const char *group)
{
	sqlite3_stmt *statement = db_statement(db,
		"SELECT g.vslice FROM endpoint_group g JOIN vslice v ON v.id = g.vslice WHERE g.id = ?1 AND v.vslice_type = 1");

	if (!statement)
		return;
	sqlite3_bind_text(statement, 1, group, -1, SQLITE_STATIC);
	if (sqlite3_step(statement) == SQLITE_ROW)
		add_walk(addresses, (const char *)sqlite3_column_text(statement, 0));
	sqlite3_reset(statement);
}

// An import is one change: every VSlice that got endpoints by it.
static void walk_import(struct addresses *addresses, struct db *db, const char *id)
{
	sqlite3_stmt *statement = db_statement(db,
		"SELECT DISTINCT g.vslice FROM endpoint e JOIN endpoint_group g ON g.id = e.endpoint_group JOIN vslice v ON "
		"v.id = g.vslice WHERE e.import = (SELECT number FROM import_log WHERE id = ?1) AND v.vslice_type = 1");

	if (!statement)
		return;
	sqlite3_bind_text(statement, 1, id, -1, SQLITE_STATIC);
	while (sqlite3_step(statement) == SQLITE_ROW)
		add_walk(addresses, (const char *)sqlite3_column_text(statement, 0));
	sqlite3_reset(statement);
}

struct change {
	char noun[20], id[UUID_TEXT];
	int change; // enum db_change
};

static int take_changes(struct addresses *addresses, struct db *db, struct change *changes)
{
	sqlite3_stmt *statement = db_statement(
		db, "SELECT revision, noun, id, change, actor FROM changes WHERE revision > ?1 ORDER BY revision LIMIT ?2");
	int count = 0;

	if (!statement)
		return -EIO;
	sqlite3_bind_int64(statement, 1, addresses->followed);
	sqlite3_bind_int(statement, 2, CHANGES_PORTION);
	while (sqlite3_step(statement) == SQLITE_ROW) {
		const char *actor = (const char *)sqlite3_column_text(statement, 4);

		addresses->followed = sqlite3_column_int64(statement, 0);
		if (actor && strcmp(actor, ADDRESS_ACTOR) == 0)
			continue; // our own doing
		snprintf(changes[count].noun, sizeof(changes->noun), "%s", (const char *)sqlite3_column_text(statement, 1));
		snprintf(changes[count].id, UUID_TEXT, "%s", (const char *)sqlite3_column_text(statement, 2));
		changes[count++].change = sqlite3_column_int(statement, 3);
	}
	sqlite3_reset(statement);
	return count;
}

static int follow(struct addresses *addresses, struct db *db)
{
	struct change changes[CHANGES_PORTION];
	int count = take_changes(addresses, db, changes), error = count < 0 ? count : 0;

	for (int i = 0; i < count && !error; i++) {
		const struct change *change = &changes[i];

		if (change->change == DB_DELETE)
			continue;
		if (change->change == DB_IMPORT)
			walk_import(addresses, db, change->id);
		else if (strcmp(change->noun, noun_endpoint.word) == 0)
			error = address_settle(db, change->id);
		else if (strcmp(change->noun, noun_group.word) == 0)
			walk_of_group(addresses, db, change->id);
		else if (strcmp(change->noun, noun_vslice.word) == 0 && !(error = address_space_changed(db, change->id)))
			walk_of_vslice(addresses, db, change->id);
		error = error > 0 ? 0 : error;
	}
	return error;
}

static int walk_on(struct addresses *addresses, struct db *db)
{
	int count = address_settle_some(db, &addresses->walks.items[addresses->walks.count - 1]);

	if (count <= 0)
		addresses->walks.count--;
	return count < 0 ? count : 0;
}

static void run(struct db *db, struct store_job *job)
{
	struct addresses *addresses = container_of(job, struct addresses, job);
	char vslice[UUID_TEXT];
	int error = 0;

	if (!addresses->is_begun) {
		addresses->is_begun = true;
		addresses->followed = addresses->revision;
		walk_all(addresses, db);
	}
	vec_each (&addresses->wants, want)
		if (error >= 0)
			error = address_lease(db, want->vslice, want->family, want->gateway);
	addresses->wants.count = 0;
	if (error >= 0 && addresses->followed < addresses->revision)
		error = follow(addresses, db);
	else if (error >= 0 && addresses->walks.count)
		error = walk_on(addresses, db);
	if (error >= 0 && address_came_free(db, vslice))
		add_walk(addresses, vslice);
	job->abort = error < 0;
}

static void next(struct addresses *addresses);

static void done(struct store_job *job)
{
	struct addresses *addresses = container_of(job, struct addresses, job);

	addresses->is_busy = false;
	if (job->abort || job->error) {
		// What failed for want of room on the disk is looked at again with the next change.
		log_err("addresses could not be kept error=%d", job->error);
		addresses->is_begun = false;
		addresses->walks.count = 0;
		return;
	}
	next(addresses);
}

static void next(struct addresses *addresses)
{
	struct store *store = addresses->controller->store; // NULL once it is being closed

	if (!store || addresses->is_busy)
		return;
	vec_each (&addresses->asked, want) {
		struct want *room = vec_add(&addresses->wants);

		if (room)
			*room = *want;
	}
	addresses->asked.count = 0;
	if (addresses->is_begun && !addresses->wants.count && !addresses->walks.count &&
		addresses->followed >= addresses->revision)
		return;
	addresses->is_busy = true;
	addresses->job = (struct store_job){.run = run, .done = done};
	if (addresses->wants.count || addresses->followed < addresses->revision)
		store_write(store, &addresses->job);
	else
		store_write_bulk(store, &addresses->job);
}

int addresses_new(struct controller *controller, struct addresses **out)
{
	struct addresses *addresses = calloc(1, sizeof(*addresses));

	if (!addresses)
		return -ENOMEM;
	addresses->controller = controller;
	addresses->revision = store_revision(controller->store);
	*out = addresses;
	next(addresses);
	return 0;
}

void addresses_free(struct addresses **addresses)
{
	if (!*addresses)
		return;
	vec_free(&(*addresses)->walks);
	vec_free(&(*addresses)->wants);
	vec_free(&(*addresses)->asked);
	free(*addresses);
	*addresses = NULL;
}

void addresses_changed(struct addresses *addresses, int64_t revision)
{
	if (!addresses)
		return;
	addresses->revision = revision;
	next(addresses);
}

void addresses_want(struct addresses *addresses, const char *vslice, enum ip_family family, const char *gateway)
{
	struct want *want = NULL;

	vec_each (&addresses->asked, other)
		if (other->family == family && strcmp(other->vslice, vslice) == 0 && strcmp(other->gateway, gateway) == 0)
			return;
	want = vec_add(&addresses->asked);
	if (!want)
		return;
	snprintf(want->vslice, sizeof(want->vslice), "%s", vslice);
	snprintf(want->gateway, sizeof(want->gateway), "%s", gateway);
	want->family = family;
	next(addresses);
}
