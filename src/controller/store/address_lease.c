// SPDX-License-Identifier: Apache-2.0
// Ranges that a gateway gives out by itself, for the length of a session. It says when it comes to an end of what it has, and is leased half of
// what is left: one gateway soon has nearly all, and a second one that joins finds something. Leases grow from the top of the subnets down, kept
// addresses from the bottom up. A lease ends with its gateway, its VSlice, or the subnet that it lies in.
#include "controller/store/address.h"

#include "base/log.h"
#include "controller/store/address_space.h"
#include "model/vslice.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

LOG_CATEGORY(address);

#define LEASE_LEAST 8 // numbers; what is left is not halved further

static int load_space(struct db *db, const char *vslice, enum ip_family family, struct address_space *out)
{
	sqlite3_stmt *statement = db_statement(db, "SELECT subnets FROM vslice WHERE id = ?1 AND vslice_type = 1");
	char *subnets = NULL;
	int error;

	if (!statement)
		return -EIO;
	sqlite3_bind_text(statement, 1, vslice, -1, SQLITE_STATIC);
	if (sqlite3_step(statement) == SQLITE_ROW && sqlite3_column_text(statement, 0))
		subnets = strdup((const char *)sqlite3_column_text(statement, 0));
	sqlite3_reset(statement);
	error = address_space_load(db, vslice, family, subnets, out);
	free(subnets);
	return error;
}

struct range_list {
	VEC(struct subnet_range) rows;
};

static int add_range(struct range_list *out, enum ip_family family, uint64_t first, uint64_t last)
{
	struct subnet_range *room = vec_add(&out->rows);

	if (!room)
		return -ENOMEM;
	*room = (struct subnet_range){.family = family, .first = first, .last = last};
	return 0;
}

// What of `range` is not leased, in order.
static int add_free(const struct address_space *space, struct subnet_range range, struct range_list *out)
{
	int error = 0;

	vec_each (&space->leases, lease) {
		if (lease->last < range.first || lease->first > range.last)
			continue;
		if (lease->first > range.first)
			error = add_range(out, range.family, range.first, lease->first - 1);
		if (error || lease->last >= range.last)
			return error;
		range.first = lease->last + 1;
	}
	return add_range(out, range.family, range.first, range.last);
}

static int insert(struct db *db, const struct address_space *space, const struct subnet_range *range, const char *gateway)
{
	sqlite3_stmt *statement =
		db_statement(db, "INSERT INTO address_lease (vslice, family, first, last, gateway) VALUES (?1, ?2, ?3, ?4, ?5)");

	if (!statement)
		return -EIO;
	sqlite3_bind_text(statement, 1, space->vslice, -1, SQLITE_STATIC);
	sqlite3_bind_int(statement, 2, space->family);
	sqlite3_bind_int64(statement, 3, (int64_t)range->first);
	sqlite3_bind_int64(statement, 4, (int64_t)range->last);
	sqlite3_bind_text(statement, 5, gateway, -1, SQLITE_STATIC);
	return db_step(db, statement);
}

int address_lease(struct db *db, const char *vslice, enum ip_family family, const char *gateway)
{
	struct address_space space = {0};
	struct range_list parts = {0};
	uint64_t left = 0, wanted, asked;
	int error = load_space(db, vslice, family, &space);

	for (size_t i = 0; i < space.ranges.count && !error; i++)
		error = add_free(&space, space.ranges.items[i], &parts);
	vec_each (&parts.rows, part)
		left += part->last - part->first + 1;
	wanted = left / 2 > LEASE_LEAST ? left / 2 : left < LEASE_LEAST ? left : LEASE_LEAST;
	asked = wanted;
	for (size_t i = parts.rows.count; i-- && wanted && !error;) {
		struct subnet_range part = parts.rows.items[i];

		if (part.last - part.first + 1 > wanted)
			part.first = part.last - wanted + 1;
		wanted -= part.last - part.first + 1;
		error = insert(db, &space, &part, gateway);
	}
	if (!error && left && db_touch(db, &noun_vslice, vslice, NULL, DB_PUT, ADDRESS_ACTOR) < 0)
		error = -EIO;
	if (left)
		log_info("leased vslice=%s family=%d gateway=%s left=%llu error=%d", vslice, family, gateway,
			(unsigned long long)(left - asked), error);
	vec_free(&parts.rows);
	address_space_fini(&space);
	return error ? error : left > 0;
}

static bool is_inside(const struct address_space *space, uint64_t first, uint64_t last)
{
	vec_each (&space->ranges, range)
		if (subnet_range_has(range, space->family, first) && subnet_range_has(range, space->family, last))
			return true;
	return false;
}

static int drop_stale(struct db *db, const struct address_space *space, const struct subnet_range *lease)
{
	sqlite3_stmt *statement = db_statement(db, "DELETE FROM address_lease WHERE vslice = ?1 AND family = ?2 AND first = ?3");

	if (!statement)
		return -EIO;
	sqlite3_bind_text(statement, 1, space->vslice, -1, SQLITE_STATIC);
	sqlite3_bind_int(statement, 2, space->family);
	sqlite3_bind_int64(statement, 3, (int64_t)lease->first);
	return db_step(db, statement);
}

int address_space_changed(struct db *db, const char *vslice)
{
	sqlite3_stmt *statement = db_statement(db, "UPDATE address_space SET waiting = 0 WHERE vslice = ?1");
	int error = statement ? 0 : -EIO;
	bool dropped = false;

	if (!error) {
		sqlite3_bind_text(statement, 1, vslice, -1, SQLITE_STATIC);
		error = db_step(db, statement);
	}
	for (int family = IP_V4; family <= IP_V6 && !error; family += IP_V6 - IP_V4) {
		struct address_space space = {0};

		error = load_space(db, vslice, (enum ip_family)family, &space);
		for (size_t i = 0; i < space.leases.count && !error; i++) {
			const struct subnet_range *lease = &space.leases.items[i];

			if (is_inside(&space, lease->first, lease->last))
				continue;
			dropped = true;
			error = drop_stale(db, &space, lease);
		}
		address_space_fini(&space);
	}
	if (!error && dropped && db_touch(db, &noun_vslice, vslice, NULL, DB_PUT, ADDRESS_ACTOR) < 0)
		error = -EIO;
	return error;
}

void address_fill_leases(struct db *db, const char *gateway, struct vslice *vslice)
{
	sqlite3_stmt *statement = db_statement(
		db, "SELECT family, first, last FROM address_lease WHERE vslice = ?1 AND gateway = ?2 ORDER BY family, first");

	if (!statement)
		return;
	sqlite3_bind_text(statement, 1, vslice->object.id, -1, SQLITE_STATIC);
	sqlite3_bind_text(statement, 2, gateway, -1, SQLITE_STATIC);
	while (sqlite3_step(statement) == SQLITE_ROW) {
		enum ip_family family = (enum ip_family)sqlite3_column_int(statement, 0);
		char first[SUBNET_TEXT], last[SUBNET_TEXT], text[2 * SUBNET_TEXT + 1];

		snprintf(text, sizeof(text), "%s-%s", subnet_text(family, (uint64_t)sqlite3_column_int64(statement, 1), first),
			subnet_text(family, (uint64_t)sqlite3_column_int64(statement, 2), last));
		field_texts_add(&vslice->leases, text);
	}
	sqlite3_reset(statement);
}
