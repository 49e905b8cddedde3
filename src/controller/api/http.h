// SPDX-License-Identifier: Apache-2.0
// The HTTP server: libmicrohttpd, driven by the loop. Several listening sockets, TCP and Unix, one thread.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

struct http_server;
struct exchange; // one request and its reply

struct http_handler {
	// The whole request is there. The owner answers with exchange_reply or exchange_stream, at once or later, exactly once.
	void (*on_request)(void *owner, struct exchange *exchange);
	// How many octets of body a path may have.
	size_t (*body_max)(void *owner, const char *method, const char *path);
	void *owner;
	uint64_t request_ms; // that a request may take to come, and its answer to be taken, beside what their length takes
};

// An endless answer: what it is fed goes out as the client takes it.
struct exchange_source {
	void (*on_drained)(void *owner); // all that was fed has been taken: feed more, if there is more
	void (*on_closed)(void *owner); // the client is gone, or exchange_end was done: the exchange is no more
	void *owner;
	const char *content_type; // NULL = NDJSON
};

int http_server_new(uv_loop_t *loop, const struct http_handler *handler, struct http_server **out);
// "127.0.0.1:5050", "[::1]:5050" or "unix:/path" (made with mode 0660). `certificate` and `key` (PEM, may be NULL) make it TLS.
// 0 or -errno with one line in `why`. `port` (may be NULL) gets the port, where it was given as 0.
int http_server_listen(
	struct http_server *server, const char *address, const char *certificate, const char *key, uint16_t *port, char why[200]);
// No new requests; streams are ended. http_server_free closes what is left.
void http_server_stop(struct http_server *server);
void http_server_free(struct http_server **server);
unsigned http_server_pending(const struct http_server *server); // requests without a reply yet

// The request. Texts are borrowed until the reply.
const char *exchange_method(const struct exchange *exchange);
const char *exchange_path(const struct exchange *exchange);
const char *exchange_query(struct exchange *exchange, const char *name); // decoded; NULL when absent
const char *exchange_header(struct exchange *exchange, const char *name);
const char *exchange_cookie(struct exchange *exchange, const char *name);
bool exchange_is_secure(const struct exchange *exchange); // it came over TLS
const char *exchange_address(struct exchange *exchange); // the client's, as text; "unix" for a Unix socket
const char *exchange_body(const struct exchange *exchange, size_t *len);
bool exchange_is_too_large(const struct exchange *exchange); // the body was longer than allowed and was not kept

struct exchange_header {
	const char *name, *value;
};

struct exchange_answer {
	int status;
	const char *content_type; // NULL = application/json
	char *body; // taken over, freed with free()
	const char *borrowed; // instead of `body`: octets that outlive the server
	size_t len;
	const char *etag, *allow; // headers, or NULL
	const char *content_encoding; // NULL = as it is
	const char *cache_control; // NULL = no-store
	const struct exchange_header *headers; // further ones
	size_t header_count;
};
void exchange_reply(struct exchange *exchange, const struct exchange_answer *answer);
// Begins an endless answer.
void exchange_stream(struct exchange *exchange, const struct exchange_source *source);
// Adds octets to the endless answer.
void exchange_feed(struct exchange *exchange, const char *bytes, size_t len);
size_t exchange_unsent(const struct exchange *exchange);
void exchange_end(struct exchange *exchange);
