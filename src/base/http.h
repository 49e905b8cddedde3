// SPDX-License-Identifier: Apache-2.0
// An HTTP client on the loop: libcurl's multi interface driven by libuv. Answers may be endless (streams).
#pragma once

#include "base/addr.h"

#include <stdbool.h>
#include <stddef.h>
#include <uv.h>

struct http; // the client: all its transfers
struct http_call; // one transfer

struct http_request {
	const char *method; // "GET", "POST", ...
	const char *url; // "http://host:port/path", or "unix:/socket" is given apart:
	const char *unix_socket; // path of a Unix socket to dial instead of the URL's host; NULL = TCP
	const char *token; // sent as "Authorization: Bearer"; NULL = none
	const char *username, *password; // basic authentication; NULL = none
	const char *const *headers; // more header lines, "Name: value", ended by NULL; or NULL
	const char *content_type; // of the body; NULL = application/json
	const char *body; // copied; NULL = none
	size_t body_len;
	long timeout_ms; // for the whole call; 0 = none (streams)
	long connect_timeout_ms; // 0 = 5,000
	// May this address be dialled? Asked for each, after names were looked up; NULL = any.
	bool (*may_dial)(const void *dial_owner, const struct ip_addr *addr);
	const void *dial_owner;
	// A piece of the answer's body, as it comes. A non-zero return ends the call with an error.
	int (*on_data)(void *owner, const char *bytes, size_t len);
	// The end, exactly once unless the call is cancelled: the HTTP status (0 when there was none) and an error in words (NULL when there is none).
	void (*on_done)(void *owner, long status, const char *error);
	void *owner;
};

int http_new(uv_loop_t *loop, struct http **out); // 0 or -errno
void http_free(struct http **http); // cancels what runs
// Everything in `request` is copied. The call frees itself after on_done. 0 or -errno.
int http_start(struct http *http, const struct http_request *request, struct http_call **out);
void http_cancel(struct http_call **call); // no further callback
