// SPDX-License-Identifier: Apache-2.0
// Two kinds of answer. A file has a name with a hash of its content and never changes; everything else that a browser asks for as a page is
// a view of the portal: the one document, which reads its own URL. So a view can be reloaded, bookmarked and sent to a colleague.
//
// The policy of content allows what comes from here and nothing else: no inline script, no frame around it, no form that is sent elsewhere.
#include "controller/portal.h"

#include "base/clean.h"
#include "controller/api/http.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#define FILE_MAX (16 * 1024 * 1024)
#define DOCUMENT "/index.html"

static const struct exchange_header headers[] = {
	{"Content-Security-Policy",
		"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src "
		"'self'; "
		"manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"},
	{"X-Content-Type-Options", "nosniff"},
	{"Referrer-Policy", "no-referrer"},
	{"Cross-Origin-Opener-Policy", "same-origin"},
	{"Vary", "Accept-Encoding"},
};

static const struct {
	const char *suffix, *type;
} types[] = {
	{".html", "text/html; charset=utf-8"},
	{".js", "text/javascript; charset=utf-8"},
	{".css", "text/css; charset=utf-8"},
	{".svg", "image/svg+xml"},
	{".map", "application/json"},
};

static bool has_suffix(const char *text, const char *suffix)
{
	size_t len = strlen(text), end = strlen(suffix);

	return len >= end && strcmp(text + len - end, suffix) == 0;
}

static void reply(struct exchange *exchange, struct exchange_answer *answer)
{
	answer->headers = headers;
	answer->header_count = array_len(headers);
	exchange_reply(exchange, answer);
}

static void reply_text(struct exchange *exchange, int status, const char *text)
{
	reply(exchange,
		&(struct exchange_answer){
			.status = status, .content_type = "text/plain; charset=utf-8", .borrowed = text, .len = strlen(text)});
}

// A word of a list such as "gzip, br;q=0.5". A weight of 0 is nobody's way to say no to gzip alone.
static bool accepts(struct exchange *exchange, const char *header, const char *word)
{
	const char *list = exchange_header(exchange, header);

	return list && strcasestr(list, word);
}

static void reply_asset(struct exchange *exchange, const struct portal_asset *asset)
{
	const char *known = exchange_header(exchange, "If-None-Match");
	struct exchange_answer answer = {.status = 200,
		.content_type = asset->content_type,
		.content_encoding = "gzip",
		.cache_control = asset->is_hashed ? "public, max-age=31536000, immutable" : "no-cache",
		.etag = asset->etag,
		.borrowed = (const char *)asset->bytes,
		.len = asset->len};

	if (known && strstr(known, asset->etag)) {
		answer.status = 304;
		answer.content_encoding = NULL;
		answer.len = 0;
	} else if (!accepts(exchange, "Accept-Encoding", "gzip")) {
		reply_text(exchange, 406, "The portal is sent compressed; send Accept-Encoding: gzip\n");
		return;
	}
	reply(exchange, &answer);
}

static const struct portal_asset *asset_find(const char *path)
{
	for (size_t i = 0; i < portal_asset_count; i++)
		if (strcmp(portal_assets[i].path, path) == 0)
			return &portal_assets[i];
	return NULL;
}

static int file_read(const char *web_root, const char *path, char **out, size_t *len)
{
	_cleanup_free_ char *name = NULL, *bytes = NULL;
	struct stat status;

	if (strstr(path, "..") || asprintf(&name, "%s%s", web_root, path) < 0)
		return -ENOENT;
	_cleanup_close_ int fd = open(name, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || fstat(fd, &status) < 0 || !S_ISREG(status.st_mode) || status.st_size > FILE_MAX)
		return -ENOENT;
	if (!(bytes = malloc((size_t)status.st_size + 1)))
		return -ENOMEM;
	ssize_t got = read(fd, bytes, (size_t)status.st_size);

	if (got < 0)
		return -errno;
	*len = (size_t)got;
	*out = bytes;
	bytes = NULL;
	return 0;
}

static bool reply_file(const char *web_root, struct exchange *exchange, const char *path)
{
	struct exchange_answer answer = {.status = 200, .content_type = "application/octet-stream", .cache_control = "no-store"};

	if (file_read(web_root, path, &answer.body, &answer.len))
		return false;
	for (size_t i = 0; i < array_len(types); i++)
		if (has_suffix(path, types[i].suffix))
			answer.content_type = types[i].type;
	reply(exchange, &answer);
	return true;
}

// Is it a person's browser that asks for a page? Programs that lost their way hear of the API instead.
static bool is_view(struct exchange *exchange, const char *path)
{
	static const char *const others[] = {"/api/", "/gateway/", "/assets/", "/health", "/metrics"};

	for (size_t i = 0; i < array_len(others); i++)
		if (strncasecmp(path, others[i], strlen(others[i])) == 0)
			return false;
	return accepts(exchange, "Accept", "text/html");
}

bool portal_request(const char *web_root, struct exchange *exchange)
{
	const char *path = exchange_path(exchange), *method = exchange_method(exchange);
	bool is_document = is_view(exchange, path);
	const struct portal_asset *asset = asset_find(is_document ? DOCUMENT : path);

	if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0)
		return false;
	if (web_root && (is_document || strncmp(path, "/assets/", 8) == 0) &&
		reply_file(web_root, exchange, is_document ? DOCUMENT : path))
		return true;
	if (asset)
		reply_asset(exchange, asset);
	else if (is_document)
		reply_text(exchange, 404,
			"This controller was built without the portal (see CONTRIBUTING.md); the API is under /api/v1\n");
	return asset || is_document;
}
