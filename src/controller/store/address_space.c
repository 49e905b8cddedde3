// SPDX-License-Identifier: Apache-2.0
#include "controller/store/address_space.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>

enum waiting { WAITING_NOBODY, WAITING_SOMEBODY, WAITING_NO_LONGER };

static int load_subnets(struct address_space *space, const char *subnets)
{
	json_t *list = subnets ? json_loads(subnets, 0, NULL) : NULL, *item;
	int error = 0;
	size_t i;

	json_array_foreach(list, i, item)
	{
		struct subnet_range range, *room;
		struct ip_prefix prefix;

		if (ip_prefix_parse(json_string_value(item), &prefix) || subnet_range(&prefix, &range) ||
			range.family != space->family)
			continue;
		room = vec_add(&space->ranges);
		if (room)
			*room = range;
		else
			error = -ENOMEM;
	}
	json_decref(list);
	return error;
}

static int load_leases(struct db *db, struct address_space *space)
{
	sqlite3_stmt *statement =
		db_statement(db, "SELECT first, last FROM address_lease WHERE vslice = ?1 AND family = ?2 ORDER BY first");
	int error = 0;

	if (!statement)
		return -EIO;
	sqlite3_bind_text(statement, 1, space->vslice, -1, SQLITE_STATIC);
	sqlite3_bind_int(statement, 2, space->family);
	while (sqlite3_step(statement) == SQLITE_ROW) {
		struct subnet_range *room = vec_add(&space->leases);

		if (room)
			*room = (struct subnet_range){space->family, (uint64_t)sqlite3_column_int64(statement, 0),
				(uint64_t)sqlite3_column_int64(statement, 1)};
		else
			error = -ENOMEM;
	}
	sqlite3_reset(statement);
	return error;
}

int address_space_load(struct db *db, const char *vslice, enum ip_family family, const char *subnets, struct address_space *out)
{
	int error;

	*out = (struct address_space){.family = family};
	snprintf(out->vslice, UUID_TEXT, "%s", vslice);
	error = load_subnets(out, subnets);
	return error ? error : load_leases(db, out);
}

void address_space_fini(struct address_space *space)
{
	vec_free(&space->ranges);
	vec_free(&space->leases);
}

bool address_space_has(const struct address_space *space, uint64_t number)
{
	vec_each (&space->ranges, range)
		if (subnet_range_has(range, space->family, number))
			return true;
	return false;
}

// The first number from `number` on that is not leased.
static uint64_t past_leases(const struct address_space *space, uint64_t number)
{
	vec_each (&space->leases, lease)
		if (subnet_range_has(lease, space->family, number))
			number = lease->last + 1;
	return number;
}

// Somebody has reserved it by hand and will be given it.
static bool is_reserved(struct db *db, const struct address_space *space, uint64_t number)
{
	sqlite3_stmt *statement = space->family == IP_V4 ? db_statement(db,
								   "SELECT 1 FROM endpoint e JOIN endpoint_group g ON g.id = "
								   "e.endpoint_group WHERE e.static_ip_address = ?1 AND "
								   "g.vslice = ?2")
							 : NULL;
	char text[SUBNET_TEXT];
	bool found;

	if (!statement)
		return false;
	sqlite3_bind_text(statement, 1, subnet_text(space->family, number, text), -1, SQLITE_STATIC);
	sqlite3_bind_text(statement, 2, space->vslice, -1, SQLITE_STATIC);
	found = sqlite3_step(statement) == SQLITE_ROW;
	sqlite3_reset(statement);
	return found;
}

// The first free number of `range`: the numbers that are kept are walked beside those that count up.
static int find_in(struct db *db, const struct address_space *space, const struct subnet_range *range, uint64_t *out)
{
	sqlite3_stmt *kept = db_statement(
		db, "SELECT number FROM address WHERE vslice = ?1 AND family = ?2 AND number BETWEEN ?3 AND ?4 ORDER BY number");
	uint64_t number = range->first, taken = 0;
	bool has_row, found = false;

	if (!kept)
		return -EIO;
	sqlite3_bind_text(kept, 1, space->vslice, -1, SQLITE_STATIC);
	sqlite3_bind_int(kept, 2, space->family);
	sqlite3_bind_int64(kept, 3, (int64_t)range->first);
	sqlite3_bind_int64(kept, 4, (int64_t)range->last);
	has_row = sqlite3_step(kept) == SQLITE_ROW;
	while (!found) {
		number = past_leases(space, number);
		if (number > range->last)
			break;
		if (has_row)
			taken = (uint64_t)sqlite3_column_int64(kept, 0);
		if (has_row && taken <= number) {
			number += taken == number;
			has_row = sqlite3_step(kept) == SQLITE_ROW;
		} else if (is_reserved(db, space, number)) {
			number++;
		} else {
			found = true;
		}
	}
	sqlite3_reset(kept);
	*out = number;
	return found;
}

static int write_state(struct db *db, const struct address_space *space, uint64_t next, enum waiting waiting)
{
	sqlite3_stmt *statement = db_statement(db,
		"INSERT INTO address_space (vslice, family, next, waiting) VALUES (?1, ?2, ?3, ?4) ON CONFLICT (vslice, family) "
		"DO UPDATE "
		"SET next = ?3, waiting = ?4");

	if (!statement)
		return -EIO;
	sqlite3_bind_text(statement, 1, space->vslice, -1, SQLITE_STATIC);
	sqlite3_bind_int(statement, 2, space->family);
	sqlite3_bind_int64(statement, 3, (int64_t)next);
	sqlite3_bind_int(statement, 4, waiting);
	return db_step(db, statement);
}

static void read_state(struct db *db, const struct address_space *space, uint64_t *next, enum waiting *waiting)
{
	sqlite3_stmt *statement = db_statement(db, "SELECT next, waiting FROM address_space WHERE vslice = ?1 AND family = ?2");

	*next = 0;
	*waiting = WAITING_NOBODY;
	if (!statement)
		return;
	sqlite3_bind_text(statement, 1, space->vslice, -1, SQLITE_STATIC);
	sqlite3_bind_int(statement, 2, space->family);
	if (sqlite3_step(statement) == SQLITE_ROW) {
		*next = (uint64_t)sqlite3_column_int64(statement, 0);
		*waiting = (enum waiting)sqlite3_column_int(statement, 1);
	}
	sqlite3_reset(statement);
}

// Where the search goes on after `number`.
static uint64_t after(const struct address_space *space, uint64_t number)
{
	for (size_t i = 0; i < space->ranges.count; i++)
		if (space->ranges.items[i].last == number)
			return space->ranges.items[(i + 1) % space->ranges.count].first;
	return number + 1;
}

int address_space_find(struct db *db, const struct address_space *space, uint64_t *out)
{
	size_t count = space->ranges.count, begin = 0;
	enum waiting waiting;
	uint64_t next;
	int found = 0;

	read_state(db, space, &next, &waiting);
	if (!count || waiting == WAITING_SOMEBODY)
		return 0;
	while (begin < count && !subnet_range_has(&space->ranges.items[begin], space->family, next))
		begin++;
	if (begin == count) {
		begin = 0;
		next = space->ranges.items[0].first;
	}
	// From there to the end, then from the beginning to there: the range where it began comes twice, in two parts.
	for (size_t i = 0; i <= count && !found; i++) {
		struct subnet_range range = space->ranges.items[(begin + i) % count];

		if (i == 0)
			range.first = next;
		else if (i == count && next == range.first)
			break;
		else if (i == count)
			range.last = next - 1;
		found = find_in(db, space, &range, out);
	}
	if (found < 0)
		return found;
	if (write_state(db, space, found ? after(space, *out) : next, found ? WAITING_NOBODY : WAITING_SOMEBODY))
		return -EIO;
	return found;
}
