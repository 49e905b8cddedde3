// SPDX-License-Identifier: Apache-2.0
// SQLite's online backup inside one read transaction: the copy is what was committed when it began, however much is written meanwhile, and no
// writer waits for it. It goes to FILE.new; what is found sound there is renamed.
#include "controller/store/backup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PORTION_PAGES 512
#define REVISIONS_APART 1000000

static int copy_pages(struct db *source, sqlite3 *target, const struct backup_options *options, char why[200])
{
	sqlite3_backup *backup = sqlite3_backup_init(target, "main", db_sqlite(source), "main");
	int result = backup ? SQLITE_OK : SQLITE_ERROR;

	while (result == SQLITE_OK || result == SQLITE_BUSY || result == SQLITE_LOCKED) {
		if (result != SQLITE_OK)
			sqlite3_sleep(20);
		result = sqlite3_backup_step(backup, PORTION_PAGES);
		if (options->progress)
			options->progress(options->owner, sqlite3_backup_pagecount(backup) - sqlite3_backup_remaining(backup),
				sqlite3_backup_pagecount(backup));
	}
	sqlite3_backup_finish(backup);
	if (result == SQLITE_DONE)
		return 0;
	snprintf(why, 200, "the copy failed: %s", sqlite3_errmsg(target));
	return -EIO;
}

static int copy(struct db *source, const char *path, const struct backup_options *options, char why[200])
{
	sqlite3 *target = NULL;
	int error = -EIO;

	unlink(path); // of an attempt that was ended
	if (sqlite3_open_v2(path, &target, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL) != SQLITE_OK)
		snprintf(why, 200, "cannot write %.120s: %s", path, target ? sqlite3_errmsg(target) : "out of memory");
	else if (db_run(source, "BEGIN") == 0 && db_number(source, "SELECT count(*) FROM sqlite_master", -1) >= 0)
		error = copy_pages(source, target, options, why);
	sqlite3_close(target);
	db_run(source, "COMMIT");
	return error;
}

static bool is_sound(struct db *db)
{
	sqlite3_stmt *statement = db_statement(db, "PRAGMA integrity_check(1)");
	bool sound = statement && sqlite3_step(statement) == SQLITE_ROW &&
		strcmp((const char *)sqlite3_column_text(statement, 0), "ok") == 0;

	if (statement)
		sqlite3_reset(statement);
	return sound && db_number(db, "SELECT count(*) FROM pragma_foreign_key_check", 1) == 0;
}

// Where the copy is put in the database's place, gateways have seen revisions that it knows nothing of. Its own go on far beyond those, and
// each gateway is to get everything anew.
static int part_from_the_original(struct db *db)
{
	char sql[400];

	snprintf(sql, sizeof(sql),
		"UPDATE sqlite_sequence SET seq = seq + %d WHERE name = 'changes'; INSERT INTO changes (at_ms, noun, id, change) "
		"SELECT %lld, '%s', id, %d FROM regional_gateway",
		REVISIONS_APART, (long long)db_now_ms(), noun_gateway.word, DB_MOVE);
	return db_run(db, sql);
}

// As the program would open it: its structure, its references and one secret.
static int verify(const char *path, struct seal *seal, char why[200])
{
	struct db *db = NULL;
	int error = db_open(path, seal, DB_TOOL, &db, why);

	if (!error) // each page is looked at several times
		error = db_run(db, "PRAGMA cache_size = -65536; PRAGMA mmap_size = 1073741824");
	if (!error && !is_sound(db)) {
		snprintf(why, 200, "the copy is not sound; look at the disk, and at the database (PRAGMA integrity_check)");
		error = -EBADMSG;
	}
	if (!error)
		error = schema_check(db, why);
	if (!error && (error = part_from_the_original(db)))
		snprintf(why, 200, "the copy cannot be written");
	db_close(&db);
	return error;
}

static int settle(const char *new_path, const struct backup_options *options, struct seal *seal, char why[200])
{
	char key_path[1100];
	int fd = open(new_path, O_RDONLY | O_CLOEXEC), error = fd >= 0 && fsync(fd) == 0 ? 0 : -EIO;

	if (fd >= 0)
		close(fd);
	snprintf(key_path, sizeof(key_path), "%s.key", options->file);
	if (!error && rename(new_path, options->file) < 0)
		error = -errno;
	if (!error)
		error = seal_copy(seal, key_path); // syncs the folder too
	if (error)
		snprintf(why, 200, "cannot write %.100s and its key: %s", options->file, strerror(-error));
	return error;
}

int backup_run(const struct backup_options *options, int64_t *octets, char why[200])
{
	struct db *source = NULL;
	struct stat status;
	struct seal seal;
	char new_path[1024], rest[1100];

	if (stat(options->database, &status) < 0) {
		snprintf(why, 200, "there is no database %.120s", options->database);
		return -ENOENT;
	}
	if (stat(options->file, &status) == 0) {
		snprintf(why, 200, "%.120s is there already; name a new file", options->file);
		return -EEXIST;
	}
	if (snprintf(new_path, sizeof(new_path), "%s.new", options->file) >= (int)sizeof(new_path))
		return -ENAMETOOLONG;
	int error = seal_of_database(options->database, &seal, why);

	if (!error)
		error = db_open(options->database, &seal, DB_READER, &source, why);
	if (!error)
		error = copy(source, new_path, options, why);
	db_close(&source);
	if (!error)
		error = verify(new_path, &seal, why);
	if (!error)
		error = settle(new_path, options, &seal, why);
	if (error)
		unlink(new_path);
	for (int i = 0; i < 2; i++) { // what opening it for the check has left
		snprintf(rest, sizeof(rest), "%s%s", new_path, i ? "-wal" : "-shm");
		unlink(rest);
	}
	seal_fini(&seal);
	*octets = !error && stat(options->file, &status) == 0 ? status.st_size : 0;
	return error;
}
