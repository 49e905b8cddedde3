// SPDX-License-Identifier: Apache-2.0
#include "cli/wait.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define POLL_MS 500

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

const char *wait_obstacle(const json_t *readiness)
{
	json_t *row;
	size_t i;

	if (!json_is_array(readiness))
		return "its readiness is not known";
	json_array_foreach((json_t *)readiness, i, row) if (!json_is_true(json_object_get(row, "ok")))
	{
		const char *message = json_string_value(json_object_get(row, "message"));

		return message ? message : "it is not ready";
	}
	return NULL;
}

// On a terminal one line that changes; in a log a line for each change.
static void show_progress(const char *called, const char *obstacle, char last[CLI_ERROR_TEXT], uint64_t waited_ms)
{
	if (isatty(STDERR_FILENO))
		fprintf(stderr, "\r\033[K%s: %s (%" PRIu64 " s)", called, obstacle, waited_ms / 1000);
	else if (strcmp(last, obstacle) != 0)
		fprintf(stderr, "%s: %s\n", called, obstacle);
	snprintf(last, CLI_ERROR_TEXT, "%s", obstacle);
}

int wait_until_ready(struct command *command, const char *path, const char *called)
{
	uint64_t started = now_ms();
	char last[CLI_ERROR_TEXT] = "";
	int result;

	for (;;) {
		struct answer answer;
		const char *obstacle;

		result = client_call(command->client, "GET", path, NULL, &answer);
		if (result) {
			snprintf(command->error, sizeof(command->error), "%s", answer.error);
			answer_fini(&answer);
			break;
		}
		obstacle = wait_obstacle(json_object_get(answer.data, "readiness"));
		if (obstacle)
			show_progress(called, obstacle, last, now_ms() - started);
		answer_fini(&answer);
		if (!obstacle)
			break;
		if (now_ms() - started >= command->wait_ms) {
			snprintf(command->error, sizeof(command->error), "%.100s is not ready: %.800s", called, last);
			result = EXIT_TIME_OUT;
			break;
		}
		nanosleep(&(struct timespec){.tv_nsec = POLL_MS * 1000000L}, NULL);
	}
	if (*last && isatty(STDERR_FILENO))
		fputs("\r\033[K", stderr);
	if (!result && command->format == FORMAT_TABLE)
		printf("%s %s is ready\n", command->noun->title, called);
	if (!result && command->format != FORMAT_TABLE) {
		json_t *object = json_pack("{sssb}", "moniker", called, "ready", true);

		print_object(stdout, command->format, NULL, object);
		json_decref(object);
	}
	return result;
}
