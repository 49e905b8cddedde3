// SPDX-License-Identifier: Apache-2.0
// The API over HTTP: one request at a time.
#pragma once

#include <stdint.h>

#include "cli/cli.h"

struct client {
	const char *url; // http://HOST:PORT, https://..., or unix:PATH
	const char *token, *customer, *ca_file;
	uint64_t timeout_ms;
	bool insecure;
	void *handle; // curl, kept for its connection
};

struct answer {
	long status; // HTTP; 0 when none came
	json_t *data; // borrowed by nobody: answer_fini frees it
	json_t *extra; // what else stands in the envelope (a new token), or NULL
	int64_t total; // of a list
	char error[CLI_ERROR_TEXT]; // the API's messages on one line
};

// Sends a request; `path` begins after /api/v1; `body` may be NULL. 0 when the API said success; otherwise an exit status, and why in
// answer->error. The answer is the caller's to finish in either case.
int client_call(struct client *client, const char *method, const char *path, const json_t *body, struct answer *answer);
void answer_fini(struct answer *answer);
void client_fini(struct client *client);
// A path element with everything escaped that would not stand for itself; `out` grows the text in a buffer of `size`.
void path_add(char *path, size_t size, const char *element);
// "?name=value", or "&name=value" after the first.
void query_add(char *path, size_t size, const char *name, const char *value);
