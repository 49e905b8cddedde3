// SPDX-License-Identifier: Apache-2.0
#include "cli/client.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#include "base/clean.h"

struct buffer {
	char *text;
	size_t len;
	FILE *out; // of a good answer
	void *handle;
};

static size_t take_bytes(char *bytes, size_t size, size_t count, void *context)
{
	struct buffer *buffer = context;
	long status = 0;
	char *grown;

	if (buffer->out) {
		curl_easy_getinfo(buffer->handle, CURLINFO_RESPONSE_CODE, &status);
		if (status == 200)
			return fwrite(bytes, size, count, buffer->out) * size;
	}
	grown = realloc(buffer->text, buffer->len + size * count + 1);

	if (!grown)
		return 0;
	memcpy(grown + buffer->len, bytes, size * count);
	buffer->text = grown;
	buffer->len += size * count;
	buffer->text[buffer->len] = '\0';
	return size * count;
}

#define SESSION_COOKIE "slicegate_session"

// The value of a header line of that name; `*len` is its length without what ends the line. NULL when it is another.
static const char *header_value(const char *line, size_t size, const char *name, size_t *len)
{
	size_t named = strlen(name);

	if (size < named || strncasecmp(line, name, named) != 0)
		return NULL;
	*len = size - named;
	while (*len && (line[named + *len - 1] == '\n' || line[named + *len - 1] == '\r'))
		--*len;
	return line + named;
}

static size_t take_header(char *line, size_t size, size_t count, void *context)
{
	struct answer *answer = context;
	size_t len;
	const char *value = header_value(line, size * count, "ETag: ", &len);

	if (value)
		snprintf(answer->etag, sizeof(answer->etag), "%.*s", (int)len, value);
	value = header_value(line, size * count, "Set-Cookie: " SESSION_COOKIE "=", &len);
	if (value) {
		free(answer->session);
		answer->session =
			strndup(value, memchr(value, ';', len) ? (size_t)((char *)memchr(value, ';', len) - value) : len);
	}
	return size * count;
}

static void add_escaped(char *path, size_t size, const char *text)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~:,()";
	size_t used = strlen(path);

	for (; *text && used + 4 < size; text++) {
		if (strchr(plain, *text))
			path[used++] = *text;
		else
			used += (size_t)snprintf(path + used, size - used, "%%%02X", (unsigned char)*text);
	}
	path[used] = '\0';
}

void path_add(char *path, size_t size, const char *element)
{
	size_t used = strlen(path);

	snprintf(path + used, size - used, "/");
	// "." and ".." would be taken for steps of the path.
	if (strcmp(element, ".") == 0 || strcmp(element, "..") == 0)
		snprintf(path + used + 1, size - used - 1, "%s", element[1] ? "%2E%2E" : "%2E");
	else
		add_escaped(path, size, element);
}

void query_add(char *path, size_t size, const char *name, const char *value)
{
	size_t used = strlen(path);

	snprintf(path + used, size - used, "%c%s=", strchr(path, '?') ? '&' : '?', name);
	add_escaped(path, size, value);
}

static struct curl_slist *make_headers(const struct client *client, const char *type)
{
	struct curl_slist *headers = curl_slist_append(NULL, "Accept: application/json");
	char line[1100];

	if (type) {
		snprintf(line, sizeof(line), "Content-Type: %s", type);
		headers = curl_slist_append(headers, line);
	}
	// No "100 Continue" round trip before a large body.
	headers = curl_slist_append(headers, "Expect:");
	if (client->token) {
		snprintf(line, sizeof(line), "Authorization: Bearer %.1000s", client->token);
		headers = curl_slist_append(headers, line);
	}
	if (!client->token && client->session) {
		snprintf(line, sizeof(line), "Cookie: " SESSION_COOKIE "=%.1000s", client->session);
		headers = curl_slist_append(headers, line);
	}
	if (!client->token && client->csrf_token) {
		snprintf(line, sizeof(line), "X-CSRF-Token: %.1000s", client->csrf_token);
		headers = curl_slist_append(headers, line);
	}
	if (client->if_match) {
		snprintf(line, sizeof(line), "If-Match: %.100s", client->if_match);
		headers = curl_slist_append(headers, line);
	}
	if (client->customer) {
		snprintf(line, sizeof(line), "X-Customer: %.1000s", client->customer);
		headers = curl_slist_append(headers, line);
	}
	return headers;
}

static void set_target(const struct client *client, const char *path)
{
	static const char unix_prefix[] = "unix:";
	const char *base = client->url;
	char url[8192];
	size_t len;

	if (strncmp(base, unix_prefix, strlen(unix_prefix)) == 0) {
		curl_easy_setopt(client->handle, CURLOPT_UNIX_SOCKET_PATH, base + strlen(unix_prefix));
		base = "http://localhost";
	}
	len = strlen(base);
	while (len && base[len - 1] == '/')
		len--;
	snprintf(url, sizeof(url), "%.*s/api/v1%s", (int)len, base, path);
	curl_easy_setopt(client->handle, CURLOPT_URL, url);
}

static int show_progress(void *context, curl_off_t down_all, curl_off_t down, curl_off_t up_all, curl_off_t up)
{
	const time_t *started = context;

	(void)down_all;
	(void)down;
	if (time(NULL) > *started)
		fprintf(stderr, "\r%lld of %lld octets sent, %lld s ", (long long)up, (long long)up_all,
			(long long)(time(NULL) - *started));
	return 0;
}

static int ask_tick(void *context, curl_off_t down_all, curl_off_t down, curl_off_t up_all, curl_off_t up)
{
	const struct request *request = context;

	return request->on_tick(request->context);
}

static void set_tls(const struct client *client)
{
	if (client->ca_file)
		curl_easy_setopt(client->handle, CURLOPT_CAINFO, client->ca_file);
	if (client->insecure) {
		curl_easy_setopt(client->handle, CURLOPT_SSL_VERIFYPEER, 0L);
		curl_easy_setopt(client->handle, CURLOPT_SSL_VERIFYHOST, 0L);
	}
}

static int send_request(struct client *client, const struct request *request, struct buffer *buffer, struct answer *answer)
{
	struct curl_slist *headers = make_headers(client, request->type);
	bool is_shown = request->shows_progress && isatty(STDERR_FILENO);
	time_t started = time(NULL);
	char why[CURL_ERROR_SIZE] = "";
	CURLcode code;

	curl_easy_reset(client->handle);
	set_target(client, request->path);
	curl_easy_setopt(client->handle, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(client->handle, CURLOPT_CUSTOMREQUEST, request->method);
	curl_easy_setopt(client->handle, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(client->handle, CURLOPT_USERAGENT, "slicegate/" SLICEGATE_VERSION);
	curl_easy_setopt(client->handle, CURLOPT_NOPROXY, "*");
	curl_easy_setopt(client->handle, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(client->handle, CURLOPT_TIMEOUT_MS, (long)client->timeout_ms);
	curl_easy_setopt(client->handle, CURLOPT_ERRORBUFFER, why);
	curl_easy_setopt(client->handle, CURLOPT_WRITEFUNCTION, take_bytes);
	curl_easy_setopt(client->handle, CURLOPT_WRITEDATA, buffer);
	curl_easy_setopt(client->handle, CURLOPT_HEADERFUNCTION, take_header);
	curl_easy_setopt(client->handle, CURLOPT_HEADERDATA, answer);
	set_tls(client);
	if (request->body)
		curl_easy_setopt(client->handle, CURLOPT_POSTFIELDS, request->body);
	if (is_shown) {
		curl_easy_setopt(client->handle, CURLOPT_NOPROGRESS, 0L);
		curl_easy_setopt(client->handle, CURLOPT_XFERINFOFUNCTION, show_progress);
		curl_easy_setopt(client->handle, CURLOPT_XFERINFODATA, &started);
	}
	if (request->on_tick) {
		curl_easy_setopt(client->handle, CURLOPT_NOPROGRESS, 0L);
		curl_easy_setopt(client->handle, CURLOPT_XFERINFOFUNCTION, ask_tick);
		curl_easy_setopt(client->handle, CURLOPT_XFERINFODATA, (void *)request);
	}
	code = curl_easy_perform(client->handle);
	if (is_shown)
		fputs("\r\033[K", stderr);
	curl_slist_free_all(headers);
	if (code == CURLE_OK) {
		curl_easy_getinfo(client->handle, CURLINFO_RESPONSE_CODE, &answer->status);
		return 0;
	}
	snprintf(answer->error, sizeof(answer->error), "no answer from %.300s: %.500s", client->url,
		*why ? why : curl_easy_strerror(code));
	return EXIT_UNREACHABLE;
}

// The API's messages, one after the other.
static void join_messages(const json_t *messages, char out[CLI_ERROR_TEXT])
{
	size_t used = 0, i;
	json_t *message;

	out[0] = '\0';
	json_array_foreach(messages, i, message)
	{
		if (!json_is_string(message) || used >= CLI_ERROR_TEXT - 3)
			continue;
		used += (size_t)snprintf(out + used, CLI_ERROR_TEXT - used, "%s%s", used ? "; " : "", json_string_value(message));
	}
	for (char *at = out; *at; at++)
		if (*at == '\n' || *at == '\r')
			*at = ' ';
}

static int exit_of(long status)
{
	static const struct {
		long status;
		int exit;
	} rows[] = {
		{401, EXIT_NOT_ALLOWED},
		{403, EXIT_NOT_ALLOWED},
		{404, EXIT_NOT_FOUND},
		{409, EXIT_CONFLICT},
		{412, EXIT_CONFLICT},
	};

	for (size_t i = 0; i < array_len(rows); i++)
		if (rows[i].status == status)
			return rows[i].exit;
	return status >= 500 ? EXIT_UNREACHABLE : EXIT_REFUSED;
}

// What the envelope has beside its usual members.
static json_t *take_extra(json_t *root)
{
	static const char *const usual[] = {"success", "messages", "data", "totalItems", "limit", "offset"};
	json_t *extra = json_copy(root);

	for (size_t i = 0; i < array_len(usual); i++)
		json_object_del(extra, usual[i]);
	if (json_object_size(extra))
		return extra;
	json_decref(extra);
	return NULL;
}

static int read_answer(const struct buffer *buffer, struct answer *answer)
{
	json_t *root = buffer->text ? json_loadb(buffer->text, buffer->len, 0, NULL) : NULL;
	json_t *data = json_object_get(root, "data");
	bool success = answer->status < 300 && json_is_true(json_object_get(root, "success"));

	if (!json_is_object(root)) {
		snprintf(answer->error, sizeof(answer->error), "status %ld, and not an answer of this API", answer->status);
		json_decref(root);
		return answer->status == 404 ? EXIT_NOT_FOUND : EXIT_UNREACHABLE;
	}
	answer->total = json_integer_value(json_object_get(root, "totalItems"));
	answer->data = json_incref(data);
	join_messages(json_object_get(root, "messages"), answer->error);
	answer->extra = take_extra(root);
	json_decref(root);
	if (success)
		return 0;
	if (!answer->error[0])
		snprintf(answer->error, sizeof(answer->error), "refused with status %ld", answer->status);
	return exit_of(answer->status);
}

int client_request(struct client *client, const struct request *request, struct answer *answer)
{
	struct buffer buffer = {.out = request->out};
	int result;

	*answer = (struct answer){0};
	if (!client->handle)
		client->handle = curl_easy_init();
	buffer.handle = client->handle;
	if (!client->handle || (request->type && !request->body)) {
		snprintf(answer->error, sizeof(answer->error), "out of memory");
		return EXIT_UNREACHABLE;
	}
	result = send_request(client, request, &buffer, answer);
	if (!result && !(request->out && answer->status == 200))
		result = read_answer(&buffer, answer);
	free(buffer.text);
	return result;
}

int client_call(struct client *client, const char *method, const char *path, const json_t *body, struct answer *answer)
{
	_cleanup_free_ char *text = body ? json_dumps(body, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;
	struct request request = {.method = method, .path = path, .type = body ? "application/json" : NULL, .body = text};

	return client_request(client, &request, answer);
}

void answer_fini(struct answer *answer)
{
	json_decref(answer->data);
	json_decref(answer->extra);
	free(answer->session);
	answer->data = answer->extra = NULL;
	answer->session = NULL;
}

void client_fini(struct client *client)
{
	if (client->handle)
		curl_easy_cleanup(client->handle);
	client->handle = NULL;
}
