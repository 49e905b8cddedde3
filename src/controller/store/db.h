// SPDX-License-Identifier: Apache-2.0
// One connection to the store, used by one thread: prepared statements and the objects of the model. All SQL is behind this.
#pragma once

#include "controller/store/seal.h"
#include "model/noun.h"

#include <sqlite3.h>

struct db;

// MOVE: of a gateway: what hangs on a VSlice came or went. IMPORT: of a noun: all that came by the import of this id is there.
enum db_change { DB_PUT = 1, DB_DELETE, DB_MOVE, DB_IMPORT };

#define DB_BUSY_MS 5000 // how long another process may hold the file

// A writer makes or migrates the schema. A tool takes it as it is; it keeps hardly any pages.
// The loop's own reader, which never waits.
enum db_role { DB_READER, DB_WRITER, DB_TOOL, DB_LOOP };

// Opens the file. 0 or -errno with one line in `why`.
int db_open(const char *path, struct seal *seal, enum db_role role, struct db **out, char why[200]);
void db_close(struct db **db);

// A prepared statement from the cache, reset and without bindings; borrowed until the next one is asked for, or, once it is being
// stepped, until it is reset. NULL (and logged) when the SQL is wrong: our own fault.
sqlite3_stmt *db_statement(struct db *db, const char *sql);
// The same for a text that stays where it is: found by its address.
sqlite3_stmt *db_kept(struct db *db, const char *sql);
// Runs SQL that answers nothing. 0 or -errno.
int db_run(struct db *db, const char *sql);
// Runs a statement to its end. 0; -EEXIST on a broken unique constraint, -EBUSY on a broken foreign key, -EIO otherwise.
int db_step(struct db *db, sqlite3_stmt *statement);
bool db_has_column(struct db *db, const char *table, const char *name);
// A look at the store: what is read until its end is of one moment. 0 or -EBUSY.
int db_look_begin(struct db *db);
void db_look_end(struct db *db);
// What was found out by a look may be kept, and is known to later ones until anything at all is committed. `key` and `value` are
// copied. Outside a look nothing is known and nothing is kept.
const void *db_known(struct db *db, const char *key);
void db_keep(struct db *db, const char *key, const void *value, size_t len);
// The first column of the first row, or `otherwise`.
int64_t db_number(struct db *db, const char *sql, int64_t otherwise);

enum db_get_flags {
	DB_SECRETS = 1, // secrets in clear; otherwise a secret that is set is json_secret_set
	DB_LEAN = 2, // without the members that count others
};

// The object with its rows. 0, -ENOENT, -EIO.
int db_get(struct db *db, const struct noun *noun, const char *id, unsigned flags, void **out);
// The object with this id or moniker, as a list of the customer's (NULL: of any) has it. 0, -ENOENT, -EIO.
int db_get_named(struct db *db, const struct noun *noun, const char *customer, const char *text, void **out);
// Finds an object by id or moniker. `customer` NULL = of any; `owner` (an id) for rows. `id` takes UUID_TEXT octets. 0 or -ENOENT.
int db_find(struct db *db, const struct noun *noun, const char *customer, const char *owner, const char *text, char *id);
// The same for a reference: fills id, moniker and name. False when there is none.
bool db_resolve(struct db *db, const struct noun *noun, const char *customer, const char *owner, struct field_ref *ref);
// Objects of `noun` whose member `field` is `id`.
int64_t db_count_users(struct db *db, const struct noun *noun, const char *field, const char *id);

// Stores a new object, with its rows; gives it id, revision and, where it has none, a moniker. 0; -EEXIST; -EBUSY; -EIO.
int db_insert(struct db *db, const struct noun *noun, void *object, const char *actor);
// Stores a new object of an import under way: nobody sees it, no count has it and no change tells of it until the import is done.
int db_stage(struct db *db, const struct noun *noun, void *object, int64_t import);
// Stores a changed object; rows that are gone are deleted. Errors as above.
int db_update(struct db *db, const struct noun *noun, void *object, const char *actor);
// Deletes an object, and what goes along with it. 0 or -EBUSY (in use), -EIO.
int db_delete(struct db *db, const struct noun *noun, const char *id, const char *actor);
// A row of `changes` without a write of the object. Gives the revision, or -EIO.
int64_t db_touch(
	struct db *db, const struct noun *noun, const char *id, const char *customer, enum db_change change, const char *actor);
int64_t db_revision(struct db *db); // the last one, 0 when there is none

struct db_query {
	const char *customer; // NULL = of any
	const char *owner; // of rows
	const char *filter, *sort; // as the client wrote them, or NULL
	const char *where; // the program's own condition over `t`, with ?1 = argument; or NULL
	const char *argument;
	const char *id; // only this object; or NULL
	const char *after; // only ids greater than this, in order of ids (walks of any length); or NULL
	int64_t offset, limit;
	unsigned flags; // enum db_get_flags
};

// Lists objects. `each` gets each object, borrowed. `total` (may be NULL) counts all that match. 0; -EINVAL with one line in `why`
// (wrong filter or sort); -EIO.
int db_list(struct db *db, const struct noun *noun, const struct db_query *query, void (*each)(const void *object, void *context),
	void *context, int64_t *total, char why[200]);

// Internal to the store.
sqlite3 *db_sqlite(struct db *db);
struct seal *db_seal(const struct db *db);
struct pages *db_pages(struct db *db);
int schema_open(struct db *db, char why[200]); // makes or migrates
int schema_check(struct db *db, char why[200]); // of this program, and its secrets open with our keys? 0 or -errno and why
int schema_seal_word(struct db *db); // the word that tells whether the key is the right one, sealed anew
int seeds_plant(struct db *db); // the built-ins of an empty store
int64_t db_now_ms(void);
