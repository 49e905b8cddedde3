// SPDX-License-Identifier: Apache-2.0
#include "cli/profile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clean.h"

// The members of a profile that are options, and where these look for them.
static const struct {
	const char *member, *env;
} rows[] = {
	{"url", "SLICEGATE_URL"},
	{"token", "SLICEGATE_TOKEN"},
	{"customer", "SLICEGATE_CUSTOMER"},
	{"caFile", "SLICEGATE_CA_FILE"},
	{"insecure", "SLICEGATE_INSECURE"},
};

static struct {
	char *name; // --profile
	char *session, *csrf_token;
} used;

const char *profile_session(void)
{
	return used.session;
}

const char *profile_csrf_token(void)
{
	return used.csrf_token;
}

void profile_fini(void)
{
	free(used.name);
	free(used.session);
	free(used.csrf_token);
	memset(&used, 0, sizeof(used));
}

static int fault(char error[CLI_ERROR_TEXT], const char *path, int number)
{
	snprintf(error, CLI_ERROR_TEXT, "%.500s: %s", path, strerror(number));
	return -number;
}

// ~/.config/slicegate, made when `make`; the caller frees it. NULL and why.
static char *folder_path(bool make, char error[CLI_ERROR_TEXT])
{
	const char *config = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
	_cleanup_free_ char *base = NULL;
	char *path = NULL;

	if (!(config && *config) && !(home && *home)) {
		snprintf(error, CLI_ERROR_TEXT, "profiles: neither XDG_CONFIG_HOME nor HOME says where they are");
		return NULL;
	}
	if (asprintf(&base, "%s%s", config && *config ? config : home, config && *config ? "" : "/.config") < 0 ||
		asprintf(&path, "%s/slicegate", base) < 0)
		return NULL;
	if (make && ((mkdir(base, 0700) < 0 && errno != EEXIST) || (mkdir(path, 0700) < 0 && errno != EEXIST))) {
		fault(error, path, errno);
		free(path);
		return NULL;
	}
	return path;
}

json_t *profile_load(char error[CLI_ERROR_TEXT])
{
	_cleanup_free_ char *folder = folder_path(false, error), *path = NULL;
	json_error_t where;
	struct stat mode;
	json_t *all;

	if (!folder || asprintf(&path, "%s/profiles.json", folder) < 0)
		return NULL;
	if (access(path, F_OK) < 0)
		return json_pack("{s{}}", "profiles");
	if (stat(path, &mode) == 0 && mode.st_mode & (S_IRWXG | S_IRWXO))
		fprintf(stderr, "slicegate: others may read %s, which holds your tokens: chmod 600 it\n", path);
	all = json_load_file(path, JSON_REJECT_DUPLICATES, &where);
	if (json_is_object(json_object_get(all, "profiles")))
		return all;
	snprintf(error, CLI_ERROR_TEXT, "%.500s: %.300s", path, all ? "this is no file of profiles" : where.text);
	json_decref(all);
	return NULL;
}

int profile_save(const json_t *all, char error[CLI_ERROR_TEXT])
{
	_cleanup_free_ char *folder = folder_path(true, error), *path = NULL, *fresh = NULL;
	_cleanup_close_ int fd = -1;

	if (!folder || asprintf(&path, "%s/profiles.json", folder) < 0 || asprintf(&fresh, "%s.XXXXXX", path) < 0)
		return -EINVAL;
	fd = mkstemp(fresh); // of mode 0600
	if (fd < 0)
		return fault(error, fresh, errno);
	if (json_dumpfd(all, fd, JSON_INDENT(2)) < 0 || fsync(fd) < 0 || rename(fresh, path) < 0) {
		int number = errno ? errno : EIO;

		unlink(fresh);
		return fault(error, path, number);
	}
	return 0;
}

const char *profile_name(const json_t *all)
{
	const char *env = getenv("SLICEGATE_PROFILE"), *current = json_string_value(json_object_get(all, "current"));

	if (used.name)
		return used.name;
	return env && *env ? env : current ? current : "default";
}

// The value of an option on the command line, before base/opt has read it: "--url X" or "--url=X". NULL when it is not there.
static const char *argument(int argc, char **argv, const char *name)
{
	size_t len = strlen(name);

	for (int i = 1; i < argc && argv[i] && strcmp(argv[i], "--") != 0; i++) {
		if (strncmp(argv[i], name, len) != 0)
			continue;
		if (argv[i][len] == '=')
			return argv[i] + len + 1;
		if (!argv[i][len] && i + 1 < argc)
			return argv[i + 1];
	}
	return NULL;
}

static void take(const json_t *profile, bool has_token)
{
	const char *session = json_string_value(json_object_get(profile, "session"));
	const char *csrf_token = json_string_value(json_object_get(profile, "csrfToken"));

	for (size_t i = 0; i < array_len(rows); i++) {
		const json_t *value = json_object_get(profile, rows[i].member);

		if (json_is_true(value))
			setenv(rows[i].env, "yes", 1);
		if (json_is_string(value) && !(has_token && strcmp(rows[i].member, "token") == 0))
			setenv(rows[i].env, json_string_value(value), 1);
	}
	if (!has_token && session) {
		used.session = strdup(session);
		used.csrf_token = csrf_token ? strdup(csrf_token) : NULL;
	}
}

int profile_enter(int argc, char **argv, char error[CLI_ERROR_TEXT])
{
	const char *asked = argument(argc, argv, "--profile");
	bool has_token = argument(argc, argv, "--token") || argument(argc, argv, "--token-file");
	json_t *all, *profile;

	if (asked) {
		used.name = strdup(asked);
		for (size_t i = 0; i < array_len(rows); i++)
			unsetenv(rows[i].env);
		unsetenv("SLICEGATE_TOKEN_FILE");
	} else if (getenv("SLICEGATE_URL") || argument(argc, argv, "--url") || argument(argc, argv, "--config")) {
		return 0;
	}
	has_token = has_token || getenv("SLICEGATE_TOKEN") || getenv("SLICEGATE_TOKEN_FILE");
	all = profile_load(error);
	if (!all)
		return asked ? -EINVAL : 0;
	profile = json_object_get(json_object_get(all, "profiles"), profile_name(all));
	if (profile)
		take(profile, has_token || argument(argc, argv, "--url"));
	json_decref(all);
	return 0;
}
