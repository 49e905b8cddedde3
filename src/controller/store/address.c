// SPDX-License-Identifier: Apache-2.0
// Addresses that are kept for endpoints.
//
//   address         (VSlice, family, number) -> the endpoint that has it; its text stands in the endpoint's row too, where gateways and people read it
//   address_space   where the search for the next free one goes on, and whether somebody waits for one to come free
//   address_lease   ranges that gateways give out by themselves (address_lease.c); none of them is kept for anybody by us
//
// Numbers are those of base/subnet.h. They are chosen in turn, so one that was given back rests as long as the others last.
#include "controller/store/address.h"

#include "base/clean.h"
#include "base/log.h"
#include "base/subnet.h"
#include "controller/store/address_space.h"
#include "model/endpoint.h"
#include "model/vslice.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

LOG_CATEGORY(address);

int address_schema(struct db *db)
{
	return db_run(db,
		"CREATE TABLE IF NOT EXISTS address (vslice TEXT NOT NULL REFERENCES vslice(id) ON DELETE CASCADE, family "
		"INTEGER NOT NULL, "
		"number INTEGER NOT NULL, endpoint TEXT NOT NULL REFERENCES endpoint(id) ON DELETE CASCADE, "
		"PRIMARY KEY (vslice, family, number)) STRICT, WITHOUT ROWID;"
		"CREATE UNIQUE INDEX IF NOT EXISTS address_endpoint ON address (endpoint, family);"
		"CREATE TABLE IF NOT EXISTS address_space (vslice TEXT NOT NULL REFERENCES vslice(id) ON DELETE CASCADE, "
		"family INTEGER NOT NULL, next INTEGER NOT NULL, waiting INTEGER NOT NULL, PRIMARY KEY (vslice, family)) STRICT;"
		"CREATE TABLE IF NOT EXISTS address_lease (vslice TEXT NOT NULL REFERENCES vslice(id) ON DELETE CASCADE, "
		"family INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL, "
		"gateway TEXT NOT NULL REFERENCES regional_gateway(id) ON DELETE CASCADE, PRIMARY KEY (vslice, family, first)) "
		"STRICT;"
		"CREATE INDEX IF NOT EXISTS address_lease_gateway ON address_lease (gateway);"
		"CREATE INDEX IF NOT EXISTS endpoint_static_ip ON endpoint (static_ip_address) WHERE static_ip_address IS NOT "
		"NULL;"
		"CREATE TRIGGER IF NOT EXISTS address_came_free AFTER DELETE ON address BEGIN "
		"UPDATE address_space SET waiting = 2 WHERE vslice = old.vslice AND family = old.family AND waiting = 1; END;");
}

// What is asked of the endpoint's place, and what it has.
struct place {
	char vslice[UUID_TEXT], customer[UUID_TEXT], *subnets, *reserved, *texts[2];
	bool wants[2];
};

#define SETTLE_PORTION 25 // of a walk: some milliseconds

static const enum ip_family families[2] = {IP_V4, IP_V6};

static char *text_of(sqlite3_stmt *statement, int at)
{
	const char *text = (const char *)sqlite3_column_text(statement, at);

	return text ? strdup(text) : NULL;
}

static int place_load(struct db *db, const char *endpoint, struct place *place)
{
	static const char sql[] =
		"SELECT v.id, v.subnets, v.vslice_type, v.ip_address_family, g.ip_allocation_type, e.endpoint_status, "
		"e.static_ip_address, "
		"e.assigned_ip_address, e.assigned_ipv6_prefix, e.customer FROM endpoint e LEFT JOIN endpoint_group g ON g.id = "
		"e.endpoint_group LEFT JOIN vslice v ON v.id = g.vslice WHERE e.id = ?1";
	sqlite3_stmt *statement = db_statement(db, sql);
	int64_t family;
	bool is_due;

	*place = (struct place){0};
	if (!statement)
		return -EIO;
	sqlite3_bind_text(statement, 1, endpoint, -1, SQLITE_STATIC);
	if (sqlite3_step(statement) != SQLITE_ROW) {
		sqlite3_reset(statement);
		return -ENOENT;
	}
	if (sqlite3_column_text(statement, 0))
		snprintf(place->vslice, UUID_TEXT, "%s", (const char *)sqlite3_column_text(statement, 0));
	if (sqlite3_column_text(statement, 9))
		snprintf(place->customer, UUID_TEXT, "%s", (const char *)sqlite3_column_text(statement, 9));
	place->subnets = text_of(statement, 1);
	place->reserved = text_of(statement, 6);
	place->texts[0] = text_of(statement, 7);
	place->texts[1] = text_of(statement, 8);
	family = sqlite3_column_int64(statement, 3);
	is_due = *place->vslice && sqlite3_column_int64(statement, 2) == VSLICE_INTEGRATED &&
		sqlite3_column_int64(statement, 4) == IP_ALLOCATION_STATIC &&
		sqlite3_column_int64(statement, 5) != ENDPOINT_TERMINATED;
	place->wants[0] = is_due && family != IP_FAMILY_IPV6;
	place->wants[1] = is_due && (family == IP_FAMILY_IPV6 || family == IP_FAMILY_IPV4V6);
	sqlite3_reset(statement);
	return 0;
}

static void place_fini(struct place *place)
{
	free(place->subnets);
	free(place->reserved);
	free(place->texts[0]);
	free(place->texts[1]);
}

// The number that the endpoint has in the VSlice. False when it has none there.
static bool kept_number(struct db *db, const char *endpoint, enum ip_family family, const char *vslice, uint64_t *number)
{
	sqlite3_stmt *statement =
		db_statement(db, "SELECT number FROM address WHERE endpoint = ?1 AND family = ?2 AND vslice = ?3");
	bool has = false;

	if (!statement)
		return false;
	sqlite3_bind_text(statement, 1, endpoint, -1, SQLITE_STATIC);
	sqlite3_bind_int(statement, 2, family);
	sqlite3_bind_text(statement, 3, vslice, -1, SQLITE_STATIC);
	if (sqlite3_step(statement) == SQLITE_ROW) {
		*number = (uint64_t)sqlite3_column_int64(statement, 0);
		has = true;
	}
	sqlite3_reset(statement);
	return has;
}

static int give_back(struct db *db, const char *endpoint, enum ip_family family)
{
	sqlite3_stmt *statement = db_statement(db, "DELETE FROM address WHERE endpoint = ?1 AND family = ?2");

	if (!statement)
		return -EIO;
	sqlite3_bind_text(statement, 1, endpoint, -1, SQLITE_STATIC);
	sqlite3_bind_int(statement, 2, family);
	return db_step(db, statement);
}

static int keep(struct db *db, const char *endpoint, const char *vslice, enum ip_family family, uint64_t number)
{
	sqlite3_stmt *statement =
		db_statement(db, "INSERT INTO address (vslice, family, number, endpoint) VALUES (?1, ?2, ?3, ?4)");

	if (!statement)
		return -EIO;
	sqlite3_bind_text(statement, 1, vslice, -1, SQLITE_STATIC);
	sqlite3_bind_int(statement, 2, family);
	sqlite3_bind_int64(statement, 3, (int64_t)number);
	sqlite3_bind_text(statement, 4, endpoint, -1, SQLITE_STATIC);
	return db_step(db, statement);
}

// What the endpoint is to have of one family: 1 and the number, 0 for none, or -errno.
static int settle_family(struct db *db, const char *endpoint, const struct place *place, size_t at, uint64_t *number)
{
	enum ip_family family = families[at], reserved_family;
	struct address_space space;
	uint64_t reserved = 0;
	bool is_reserved = family == IP_V4 && place->reserved && !subnet_parse(place->reserved, &reserved_family, &reserved);
	bool has = kept_number(db, endpoint, family, place->vslice, number);
	int error = address_space_load(db, place->vslice, family, place->subnets, &space);

	if (!error && place->wants[at] && has && address_space_has(&space, *number) && (!is_reserved || *number == reserved))
		error = 1;
	else if (!error)
		error = give_back(db, endpoint, family); // also of the VSlice that it was in before
	if (!error && place->wants[at] && is_reserved) {
		*number = reserved;
		error = keep(db, endpoint, place->vslice, family, reserved);
		error = error ? error : 1;
	} else if (!error && place->wants[at]) {
		error = address_space_find(db, &space, number);
		if (error == 1)
			error = keep(db, endpoint, place->vslice, family, *number);
		else if (!error)
			error = -ENOSPC;
		error = error ? error : 1;
	}
	address_space_fini(&space);
	return error == -ENOSPC || error == -EEXIST ? 0 : error; // it waits until one comes free
}

static bool same_text(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

int address_settle(struct db *db, const char *endpoint)
{
	char texts[2][SUBNET_TEXT];
	bool has[2] = {false}, changed = false;
	struct place place;
	int error = place_load(db, endpoint, &place);

	for (size_t i = 0; i < 2 && !error; i++) {
		uint64_t number = 0;

		error = settle_family(db, endpoint, &place, i, &number);
		has[i] = error == 1;
		if (error == 1)
			subnet_text(families[i], number, texts[i]);
		error = error == 1 ? 0 : error;
		changed |= !same_text(place.texts[i], has[i] ? texts[i] : NULL);
	}
	sqlite3_stmt *statement = error || !changed
		? NULL
		: db_statement(db, "UPDATE endpoint SET assigned_ip_address = ?2, assigned_ipv6_prefix = ?3 WHERE id = ?1");

	if (statement) {
		sqlite3_bind_text(statement, 1, endpoint, -1, SQLITE_STATIC);
		for (int i = 0; i < 2; i++)
			if (has[i])
				sqlite3_bind_text(statement, 2 + i, texts[i], -1, SQLITE_STATIC);
		error = db_step(db, statement);
		// The row's own revision stays: nobody wrote it, and a client's ETag of it still holds.
		if (!error &&
			db_touch(db, &noun_endpoint, endpoint, *place.customer ? place.customer : NULL, DB_PUT, ADDRESS_ACTOR) <
				0)
			error = -EIO;
	}
	place_fini(&place);
	return error == -ENOENT ? 0 : error ? error : changed;
}

// In the order in which the index of groups has them: a portion costs the same, however many there are.
static int settle_portion(struct db *db, struct address_walk *walk)
{
	sqlite3_stmt *statement = db_statement(
		db, "SELECT id, rowid FROM endpoint WHERE endpoint_group = ?1 AND rowid > ?2 ORDER BY rowid LIMIT ?3");
	char ids[SETTLE_PORTION][UUID_TEXT];
	int count = 0, error = 0;

	if (!statement)
		return -EIO;
	sqlite3_bind_text(statement, 1, walk->group, -1, SQLITE_STATIC);
	sqlite3_bind_int64(statement, 2, walk->row);
	sqlite3_bind_int(statement, 3, SETTLE_PORTION);
	while (count < SETTLE_PORTION && sqlite3_step(statement) == SQLITE_ROW) {
		snprintf(ids[count++], UUID_TEXT, "%s", (const char *)sqlite3_column_text(statement, 0));
		walk->row = sqlite3_column_int64(statement, 1);
	}
	sqlite3_reset(statement);
	for (int i = 0; i < count && error >= 0; i++)
		error = address_settle(db, ids[i]);
	return error < 0 ? error : count;
}

static bool next_group(struct db *db, struct address_walk *walk)
{
	sqlite3_stmt *statement =
		db_statement(db, "SELECT id FROM endpoint_group WHERE vslice = ?1 AND id > ?2 ORDER BY id LIMIT 1");
	bool found = false;

	if (!statement)
		return false;
	sqlite3_bind_text(statement, 1, walk->vslice, -1, SQLITE_STATIC);
	sqlite3_bind_text(statement, 2, walk->group, -1, SQLITE_STATIC);
	if (sqlite3_step(statement) == SQLITE_ROW) {
		found = true;
		snprintf(walk->group, UUID_TEXT, "%s", (const char *)sqlite3_column_text(statement, 0));
		walk->row = 0;
	}
	sqlite3_reset(statement);
	return found;
}

int address_settle_some(struct db *db, struct address_walk *walk)
{
	int count = 0;

	while (!count && (*walk->group || next_group(db, walk))) {
		count = settle_portion(db, walk);
		if (!count && !next_group(db, walk))
			break;
	}
	return count;
}

bool address_came_free(struct db *db, char vslice[UUID_TEXT])
{
	sqlite3_stmt *statement = db_statement(db,
		"UPDATE address_space SET waiting = 0 WHERE rowid = (SELECT rowid FROM address_space WHERE "
		"waiting = 2 LIMIT 1) RETURNING vslice");
	bool found = false;

	if (!statement)
		return false;
	while (sqlite3_step(statement) == SQLITE_ROW) {
		snprintf(vslice, UUID_TEXT, "%s", (const char *)sqlite3_column_text(statement, 0));
		found = true;
	}
	sqlite3_reset(statement);
	return found;
}

void address_judge_endpoint(struct db *db, struct ruling *ruling, const struct endpoint *endpoint)
{
	static const char sql[] = "SELECT e.iccid FROM endpoint e JOIN endpoint_group g ON g.id = e.endpoint_group WHERE "
				  "e.static_ip_address = ?1 AND g.vslice = "
				  "(SELECT vslice FROM endpoint_group WHERE id = ?2) AND e.id IS NOT ?3 UNION ALL "
				  "SELECT e.iccid FROM address a JOIN endpoint e ON e.id = a.endpoint WHERE a.vslice = (SELECT "
				  "vslice FROM endpoint_group WHERE "
				  "id = ?2) AND a.family = 4 AND a.number = ?4 AND a.endpoint IS NOT ?3 LIMIT 1";
	enum ip_family family;
	uint64_t number;

	if (!endpoint->static_ip || !endpoint->group.id || subnet_parse(endpoint->static_ip, &family, &number))
		return;
	sqlite3_stmt *statement = db_statement(db, sql);

	if (!statement)
		return;
	sqlite3_bind_text(statement, 1, endpoint->static_ip, -1, SQLITE_STATIC);
	sqlite3_bind_text(statement, 2, endpoint->group.id, -1, SQLITE_STATIC);
	sqlite3_bind_text(statement, 3, endpoint->object.id, -1, SQLITE_STATIC);
	sqlite3_bind_int64(statement, 4, (int64_t)number);
	if (sqlite3_step(statement) == SQLITE_ROW)
		ruling_fault_of(ruling, RULING_CONFLICT, "staticIpAddress",
			"%s belongs to Endpoint %s already; take another, or give that one another first", endpoint->static_ip,
			(const char *)sqlite3_column_text(statement, 0));
	sqlite3_reset(statement);
}

static int64_t count_kept(struct db *db, const char *vslice, const struct subnet_range *range)
{
	sqlite3_stmt *statement =
		db_statement(db, "SELECT count(*) FROM address WHERE vslice = ?1 AND family = ?2 AND number BETWEEN ?3 AND ?4");
	int64_t count = 0;

	if (!statement)
		return 0;
	sqlite3_bind_text(statement, 1, vslice, -1, SQLITE_STATIC);
	sqlite3_bind_int(statement, 2, range->family);
	sqlite3_bind_int64(statement, 3, (int64_t)range->first);
	sqlite3_bind_int64(statement, 4, (int64_t)range->last);
	if (sqlite3_step(statement) == SQLITE_ROW)
		count = sqlite3_column_int64(statement, 0);
	sqlite3_reset(statement);
	return count;
}

void address_judge_vslice(struct db *db, struct ruling *ruling, const struct vslice *vslice, const struct vslice *before)
{
	for (size_t i = 0; before && i < before->subnets.count; i++) {
		const char *subnet = before->subnets.items[i];
		struct subnet_range range;
		struct ip_prefix prefix;
		bool stays = false;
		int64_t count;

		for (size_t j = 0; j < vslice->subnets.count && !stays; j++) {
			struct ip_prefix now;

			// One that contains the old one may take its place.
			stays = !ip_prefix_parse(subnet, &prefix) && !ip_prefix_parse(vslice->subnets.items[j], &now) &&
				now.len <= prefix.len && ip_prefix_has(&now, &prefix.addr);
		}
		if (stays || ip_prefix_parse(subnet, &prefix) || subnet_range(&prefix, &range) ||
			!(count = count_kept(db, vslice->object.id, &range)))
			continue;
		ruling_fault_of(ruling, RULING_CONFLICT, "subnets",
			"%s cannot be taken away: addresses of it are kept for %lld Endpoint(s); move them to another group, or "
			"set the groups' "
			"ipAllocationType to pooled first",
			subnet, (long long)count);
	}
}
