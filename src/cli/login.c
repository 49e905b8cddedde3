// SPDX-License-Identifier: Apache-2.0
// slicegate login, logout and profile: who one is, where.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clean.h"
#include "cli/ask.h"
#include "cli/body.h"
#include "cli/print.h"
#include "cli/profile.h"

static int usage(struct command *command, const char *text)
{
	snprintf(command->error, sizeof(command->error), "%s", text);
	return EXIT_USAGE;
}

// Text, @FILE, or asked for.
static char *secret(struct command *command, const char *given, const char *question)
{
	char *text;

	if (given && given[0] == '@')
		return body_read_file(given + 1, command->error);
	text = given ? strdup(given) : ask_secret(question);
	if (!text)
		snprintf(command->error, sizeof(command->error),
			"login: there is no terminal to ask on; give --token-file, or --email and --password @FILE");
	return text;
}

// A password: {session, csrfToken, user, expiresAt} of the sign-in.
static int sign_in(struct command *command, const char *email, json_t *profile)
{
	_cleanup_free_ char *password = secret(command, command_option(command, "password"), "Password: ");
	struct answer answer;
	json_t *body;
	int result;

	if (!password)
		return EXIT_USAGE;
	body = json_pack("{ssss}", "email", email, "password", password);
	explicit_bzero(password, strlen(password));
	command->client->token = NULL;
	result = client_call(command->client, "POST", "/login", body, &answer);
	json_decref(body);
	if (result) {
		snprintf(command->error, sizeof(command->error), "%s", answer.error);
	} else if (!answer.session) {
		snprintf(command->error, sizeof(command->error), "the controller opened no session");
		result = EXIT_UNREACHABLE;
	} else {
		json_object_set_new(profile, "email", json_string(email));
		json_object_set_new(profile, "session", json_string(answer.session));
		json_object_set(profile, "csrfToken", json_object_get(answer.data, "csrfToken"));
		json_object_set(profile, "expiresAt", json_object_get(answer.data, "expiresAt"));
	}
	answer_fini(&answer);
	return result;
}

static int show_token(struct command *command, json_t *profile)
{
	_cleanup_free_ char *token =
		command->client->token ? strdup(command->client->token) : secret(command, NULL, "API token: ");
	struct answer answer;
	int result;

	if (!token)
		return EXIT_USAGE;
	command->client->token = token;
	result = client_call(command->client, "GET", "/apitokens/verify", NULL, &answer);
	if (result)
		snprintf(command->error, sizeof(command->error), "%s", answer.error);
	else
		json_object_set_new(profile, "token", json_string(token));
	command->client->token = NULL;
	answer_fini(&answer);
	return result;
}

static bool is_clear_text(const char *url)
{
	return strncmp(url, "http:", 5) == 0 && strncmp(url, "http://127.", 11) != 0 &&
		strncmp(url, "http://localhost", 16) != 0 && strncmp(url, "http://[::1]", 12) != 0;
}

static json_t *profile_of(const struct client *client)
{
	json_t *profile = json_pack("{ss}", "url", client->url);

	if (client->customer)
		json_object_set_new(profile, "customer", json_string(client->customer));
	if (client->ca_file)
		json_object_set_new(profile, "caFile", json_string(client->ca_file));
	if (client->insecure)
		json_object_set_new(profile, "insecure", json_true());
	return profile;
}

int login_run(struct command *command)
{
	const char *email = command_option(command, "email");
	json_t *all = profile_load(command->error), *profile;
	int result;

	if (!all)
		return EXIT_USAGE;
	if (is_clear_text(command->client->url))
		fprintf(stderr, "slicegate: %s is not encrypted: others on the way can read the secret\n", command->client->url);
	profile = profile_of(command->client);
	command->client->session = NULL;
	result = email ? sign_in(command, email, profile) : show_token(command, profile);
	if (!result) {
		char name[100];

		snprintf(name, sizeof(name), "%s", profile_name(all));
		json_object_set(json_object_get(all, "profiles"), name, profile);
		json_object_set_new(all, "current", json_string(name));
		result = profile_save(all, command->error) ? EXIT_USAGE : 0;
		if (!result)
			printf("logged in to %s; the profile is \"%s\"\n", command->client->url, name);
	}
	json_decref(profile);
	json_decref(all);
	return result;
}

// The session ends here whatever the controller says of it.
int logout_run(struct command *command)
{
	json_t *all = profile_load(command->error), *profile;
	const char *name = all ? profile_name(all) : NULL;
	struct answer answer;
	int result;

	profile = all ? json_object_get(json_object_get(all, "profiles"), name) : NULL;
	if (!profile) {
		json_decref(all);
		return usage(command, "logout: there is no such profile; see: slicegate profile list");
	}
	if (command->client->session) {
		if (client_call(command->client, "POST", "/logout", NULL, &answer))
			fprintf(stderr, "slicegate: %s\n", answer.error);
		answer_fini(&answer);
	}
	json_object_del(profile, "token");
	json_object_del(profile, "session");
	json_object_del(profile, "csrfToken");
	json_object_del(profile, "expiresAt");
	result = profile_save(all, command->error) ? EXIT_USAGE : 0;
	if (!result)
		printf("logged out of %s\n", json_string_value(json_object_get(profile, "url")));
	json_decref(all);
	return result;
}

static void list(const struct command *command, const json_t *all)
{
	const char *current = profile_name(all), *name;
	json_t *profile, *rows = json_array();

	json_object_foreach(json_object_get(all, "profiles"), name, profile)
	{
		const char *as =
			json_object_get(profile, "token") ? "token" : json_string_value(json_object_get(profile, "email"));

		json_array_append_new(rows,
			json_pack("{sssbsOss}", "name", name, "current", strcmp(name, current) == 0, "url",
				json_object_get(profile, "url"), "as",
				json_object_get(profile, "token") || json_object_get(profile, "session") ? as : "nobody"));
	}
	print_list(stdout, command->format, NULL, command->columns ? command->columns : "name,current,url,as", rows);
	json_decref(rows);
}

int profile_run(struct command *command)
{
	const char *verb = command->word_count ? command->words[0] : "list",
		   *name = command->word_count == 2 ? command->words[1] : NULL;
	json_t *all = profile_load(command->error), *profiles = json_object_get(all, "profiles");
	int result = EXIT_USAGE;

	if (!all)
		return EXIT_USAGE;
	if (strcmp(verb, "list") == 0 && command->word_count < 2) {
		list(command, all);
		result = 0;
	} else if ((strcmp(verb, "use") != 0 && strcmp(verb, "remove") != 0) || !name) {
		usage(command, "usage: slicegate profile list | use NAME | remove NAME");
	} else if (!json_object_get(profiles, name)) {
		snprintf(command->error, sizeof(command->error), "there is no profile \"%.60s\"; see: slicegate profile list",
			name);
		result = EXIT_NOT_FOUND;
	} else {
		if (strcmp(verb, "use") == 0)
			json_object_set_new(all, "current", json_string(name));
		else
			json_object_del(profiles, name);
		result = profile_save(all, command->error) ? EXIT_USAGE : 0;
	}
	json_decref(all);
	return result;
}
