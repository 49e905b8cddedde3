// SPDX-License-Identifier: Apache-2.0
#include "cli/capture.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/body.h"

static volatile sig_atomic_t interrupted;

static void on_interrupt(int number)
{
	(void)number;
	interrupted = 1;
}

static int fail(struct command *command, int status, const char *text)
{
	snprintf(command->error, sizeof(command->error), "%s", text);
	return status;
}

// What is being followed.
struct following {
	struct client client; // for the word that stops it, while the other one reads
	const char *id;
	bool stops, stopped;
};

static void say(struct client *client, const char *method, const char *id, const char *action)
{
	struct answer answer;
	char path[160] = "/captures";

	path_add(path, sizeof(path), id);
	if (action)
		path_add(path, sizeof(path), action);
	client_call(client, method, path, NULL, &answer);
	answer_fini(&answer);
}

// Asked now and then by the transfer: at Ctrl-C the capture is stopped, and the rest of its file still comes.
static int on_tick(void *context)
{
	struct following *following = context;

	if (!interrupted || following->stopped)
		return 0;
	if (!following->stops)
		return 1;
	following->stopped = true;
	say(&following->client, "POST", following->id, "stop");
	return 0;
}

static struct client another(const struct client *client)
{
	struct client copy = *client;

	copy.handle = NULL;
	return copy;
}

static int follow(struct command *command, const char *id, FILE *out, bool stops)
{
	struct following following = {.client = another(command->client), .id = id, .stops = stops};
	struct client endless = another(command->client);
	struct answer answer;
	char path[160] = "/captures";
	int result;

	path_add(path, sizeof(path), id);
	path_add(path, sizeof(path), "download");
	endless.timeout_ms = 0;
	setvbuf(out, NULL, _IONBF, 0); // who looks at it live wants each packet
	signal(SIGPIPE, SIG_IGN);
	sigaction(SIGINT, &(struct sigaction){.sa_handler = on_interrupt}, NULL);
	sigaction(SIGTERM, &(struct sigaction){.sa_handler = on_interrupt}, NULL);
	result = client_request(&endless,
		&(struct request){.method = "GET", .path = path, .out = out, .on_tick = on_tick, .context = &following}, &answer);
	if (result)
		fail(command, result, answer.error);
	if (result && ferror(out)) // Wireshark was closed
		result = EXIT_DONE;
	answer_fini(&answer);
	client_fini(&following.client);
	client_fini(&endless);
	return result;
}

static FILE *open_file(struct command *command, size_t word)
{
	const char *name = word < command->word_count ? command->words[word] : "-";
	FILE *file = stdout;

	if (strcmp(name, "-") != 0)
		file = fopen(name, "we");
	else if (isatty(STDOUT_FILENO))
		file = NULL;
	if (!file)
		snprintf(command->error, sizeof(command->error),
			strcmp(name, "-") ? "cannot write %.200s"
					  : "packets are not for a terminal: name a file, or pipe them to wireshark -k -i %.9s",
			name);
	return file;
}

static int close_file(struct command *command, FILE *file, int result)
{
	if (file != stdout && fclose(file) != 0 && !result)
		return fail(command, EXIT_REFUSED, "the file could not be written");
	return result;
}

// The line for people: where it went, and why it ended.
static void tell(struct command *command, const char *id)
{
	struct answer answer;
	char path[160] = "/captures";
	const char *reason;

	path_add(path, sizeof(path), id);
	if (client_call(command->client, "GET", path, NULL, &answer) == 0) {
		reason = json_string_value(json_object_get(answer.data, "reason"));
		fprintf(stderr, "%" JSON_INTEGER_FORMAT " packets; %s\n",
			json_integer_value(json_object_get(answer.data, "packets")), reason ? reason : "it still runs");
	}
	answer_fini(&answer);
}

int capture_run(struct command *command, const struct verb *verb)
{
	json_t *body = json_object();
	struct answer answer = {0};
	FILE *file = NULL;
	int result = EXIT_USAGE;

	(void)verb;
	if (body_fill(command->noun, &command->options, body, command->error) < 0 || !(file = open_file(command, 0)))
		goto out;
	result = client_call(command->client, "POST", "/captures", body, &answer);
	if (result) {
		fail(command, result, answer.error);
		close_file(command, file, 0);
		goto out;
	}
	result = close_file(command, file, follow(command, json_string_value(answer.data), file, true));
	tell(command, json_string_value(answer.data));
	say(command->client, "DELETE", json_string_value(answer.data), NULL);
out:
	answer_fini(&answer);
	json_decref(body);
	return result;
}

int capture_download(struct command *command, const struct verb *verb)
{
	FILE *file = open_file(command, 1);

	(void)verb;
	if (!file)
		return EXIT_USAGE;
	return close_file(command, file, follow(command, command->words[0], file, false));
}
