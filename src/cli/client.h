// SPDX-License-Identifier: Apache-2.0
// The API over HTTP: one request at a time.
#pragma once

#include <stdint.h>
#include <stdio.h>

#include "cli/cli.h"

struct client {
	const char *url; // http://HOST:PORT, https://..., or unix:PATH
	const char *token, *customer, *ca_file;
	const char *session, *csrf_token; // of a sign-in, in a token's place; or NULL
	const char *if_match; // an ETag, of the next request; or NULL
	uint64_t timeout_ms;
	bool insecure;
	void *handle; // curl, kept for its connection
};

struct answer {
	long status; // HTTP; 0 when none came
	json_t *data; // borrowed by nobody: answer_fini frees it
	json_t *extra; // what else stands in the envelope (a new token), or NULL
	int64_t total; // of a list
	char etag[64]; // "" when none came
	char *session; // the cookie that a sign-in was answered with, or NULL
	char error[CLI_ERROR_TEXT]; // the API's messages on one line
};

struct request {
	const char *method, *path;
	const char *type, *body; // of the body; NULL: none
	FILE *out; // where an answer goes that is no envelope (a file)
	bool shows_progress; // it may take long: on a terminal it is told how long it has been
	int (*on_tick)(void *context); // asked about once a second meanwhile; not 0 ends it. May be NULL
	void *context;
};

// As client_call, with a body of any kind.
int client_request(struct client *client, const struct request *request, struct answer *answer);
// Sends a request; `path` begins after /api/v1; `body` may be NULL. 0 when the API said success; otherwise an exit status, and why in
// answer->error. The answer is the caller's to finish in either case.
int client_call(struct client *client, const char *method, const char *path, const json_t *body, struct answer *answer);
void answer_fini(struct answer *answer);
void client_fini(struct client *client);
// A path element with everything escaped that would not stand for itself; `out` grows the text in a buffer of `size`.
void path_add(char *path, size_t size, const char *element);
// "?name=value", or "&name=value" after the first.
void query_add(char *path, size_t size, const char *name, const char *value);
