// SPDX-License-Identifier: Apache-2.0
#include "controller/maintenance.h"

#include "base/clean.h"
#include "base/turn.h"
#include "controller/store/backup.h"
#include "controller/store/rekey.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

const char maintenance_usage[] = "[backup FILE | rotate-key | forget-keys] [options]";
const char maintenance_about[] =
	"The controller of Slicegate: object model, REST API, store, and configuration of the gateways. Without a command it "
	"serves.\n"
	"\n"
	"backup FILE    a sound copy of the database as it is now, and of its keys (FILE.key), while the controller goes on\n"
	"rotate-key     a new key for secrets at rest: all are sealed with it, the old key stays in the file for old copies\n"
	"forget-keys    takes the old keys out of the key file, when no secret needs them";

static void show(const char *what, int64_t done, int64_t total)
{
	if (isatty(STDERR_FILENO) && total > 0)
		fprintf(stderr, "\r%s %d %% ", what, (int)(done * 100 / total));
}

static void show_end(void)
{
	if (isatty(STDERR_FILENO))
		fputs("\r\033[K", stderr);
}

static void show_pages(void *owner, int64_t done, int64_t total)
{
	(void)owner;
	show(done < total ? "copying" : "checking the copy,", done, total);
}

static void show_secrets(void *owner, int64_t done, int64_t total)
{
	(void)owner;
	show("sealing", done, total);
}

static int run_backup(const char *database, const char *file, char why[200])
{
	struct backup_options options = {database, file, show_pages, NULL};
	int64_t octets;
	int error = backup_run(&options, &octets, why);

	show_end();
	if (!error)
		printf("%s: %.1f MiB, found sound; its keys are in %s.key: keep them apart from it\n", file,
			(double)octets / 1048576, file);
	return error;
}

static int reseal(struct seal *seal, const char *database, int64_t *count, char why[200])
{
	struct db *db = NULL;
	int error = db_open(database, seal, DB_TOOL, &db, why);

	if (!error)
		error = schema_check(db, why);
	if (!error)
		error = rekey_run(db, show_secrets, NULL, count, why);
	db_close(&db);
	show_end();
	return error;
}

static int check_database(struct seal *seal, const char *database, char why[200])
{
	struct db *db = NULL;
	int error = access(database, F_OK) < 0 ? -errno : 0;

	if (error)
		snprintf(why, 200, "there is no database %.120s", database);
	else
		error = db_open(database, seal, DB_TOOL, &db, why);
	if (!error)
		error = schema_check(db, why);
	db_close(&db);
	return error;
}

static int run_rotate(const char *database, const char *file, char why[200])
{
	struct seal seal;
	int64_t count;
	int error = seal_of_database(database, &seal, why);

	(void)file;
	if (!error)
		error = check_database(&seal, database, why);
	if (!error && (error = seal_add_key(&seal)))
		snprintf(why, 200,
			error == -ENOSPC ? "the key file holds %d keys already: forget-keys first" : "cannot write the key file",
			SEAL_KEYS_MAX);
	if (!error)
		error = reseal(&seal, database, &count, why);
	if (!error)
		printf("%lld secrets are sealed with the new key; the old one stays in %s.key until forget-keys\n",
			(long long)count, database);
	seal_fini(&seal);
	return error;
}

static int run_forget(const char *database, const char *file, char why[200])
{
	struct seal seal;
	int64_t count;
	int error = seal_of_database(database, &seal, why);

	(void)file;
	if (!error)
		error = check_database(&seal, database, why);
	size_t keys = seal.count;

	if (!error)
		error = reseal(&seal, database, &count, why);
	if (!error && (error = seal_keep_first(&seal)))
		snprintf(why, 200, "cannot write the key file: %s", strerror(-error));
	if (!error)
		printf("%zu old keys are forgotten; copies that were made under them need their own key files\n", keys - 1);
	seal_fini(&seal);
	return error;
}

static const struct {
	const char *word;
	bool takes_file;
	int (*run)(const char *database, const char *file, char why[200]);
} commands[] = {{"backup", true, run_backup}, {"rotate-key", false, run_rotate}, {"forget-keys", false, run_forget}};

int maintenance_run(const struct opt_words *words, const char *database)
{
	char why[200] = "out of memory";

	turn_last(); // the controller goes first
	for (size_t i = 0; i < array_len(commands); i++) {
		if (strcmp(commands[i].word, words->items[0]) != 0)
			continue;
		if (words->count != 1 + (size_t)commands[i].takes_file) {
			fprintf(stderr, "slicegate-controller: usage: slicegate-controller %s%s [--database FILE]\n",
				commands[i].word, commands[i].takes_file ? " FILE" : "");
			return 2;
		}
		if (!commands[i].run(database, commands[i].takes_file ? words->items[1] : NULL, why))
			return 0;
		fprintf(stderr, "slicegate-controller: %s\n", why);
		return 1;
	}
	fprintf(stderr, "slicegate-controller: \"%s\" is no command; there are backup, rotate-key and forget-keys\n",
		words->items[0]);
	return 2;
}
