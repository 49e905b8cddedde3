// SPDX-License-Identifier: Apache-2.0
#include "cli/lnstest.h"

#include <string.h>
#include <time.h>

#include "cli/attaches.h"

#define POLL_MS 250
#define POLLS_MAX 80 // 20 s: longer than any overallBudgetMs that a device would wait for

static int ask(struct command *command, const char *method, const char *path, struct answer *answer)
{
	int result = client_call(command->client, method, path, NULL, answer);

	if (result)
		snprintf(command->error, sizeof(command->error), "%s", answer->error);
	return result;
}

static const char *started(const json_t *result)
{
	const char *text = json_string_value(json_object_get(result, "startedAt"));

	return text ? text : "";
}

// The results that were not there at `before`, the time of the newest one then.
static json_t *newer(const json_t *results, const char *before)
{
	json_t *news = json_array(), *result;
	size_t i;

	json_array_foreach((json_t *)results, i, result) if (strcmp(started(result), before) > 0) json_array_append(news, result);
	return news;
}

static int tell(struct command *command, const json_t *news)
{
	json_t *result;
	size_t i;
	int status = EXIT_DONE;

	if (command->format == FORMAT_TABLE)
		attaches_print(stdout, news);
	else
		print_list(stdout, command->format, NULL, command->columns, news);
	json_array_foreach((json_t *)news, i, result) if (!json_is_true(json_object_get(result, "ok")))
	{
		snprintf(command->error, sizeof(command->error), "%.900s", json_string_value(json_object_get(result, "verdict")));
		status = EXIT_REFUSED;
	}
	return status;
}

int lnstest_run(struct command *command, const char *test, const char *results)
{
	struct answer answer;
	char before[40];
	int status = ask(command, "GET", results, &answer);

	snprintf(before, sizeof(before), "%s", status ? "" : started(json_array_get(answer.data, 0)));
	answer_fini(&answer);
	if (status)
		return status;
	status = ask(command, "POST", test, &answer);
	answer_fini(&answer);
	for (unsigned polls = 0; !status && polls < POLLS_MAX; polls++) {
		json_t *news;

		nanosleep(&(struct timespec){.tv_nsec = POLL_MS * 1000000L}, NULL);
		status = ask(command, "GET", results, &answer);
		news = newer(answer.data, before);
		answer_fini(&answer);
		if (!status && json_array_size(news)) {
			status = tell(command, news);
			json_decref(news);
			return status;
		}
		json_decref(news);
	}
	if (!status) {
		snprintf(command->error, sizeof(command->error), "no result came from the Regional Gateway");
		status = EXIT_TIME_OUT;
	}
	return status;
}
