// SPDX-License-Identifier: Apache-2.0
// OpenAPI 3.1, written from the route table and the field tables, so that it cannot drift from what is served. A noun has two
// schemas: what is read ("VSlice" has every member, always) and what may be written ("VSliceWrite").
#include "controller/api/ops.h"

#include "base/clean.h"
#include "controller/api/access.h"
#include "controller/api/op.h"
#include "controller/api/openapi.h"
#include "controller/api/session.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

// Made from openapi_shapes.json by tools/embed.
extern const char api_openapi_shapes[];

static void operation_id(const struct route *route, const struct noun *noun, char out[100])
{
	snprintf(out, 100, "%s%s%s", route->id, noun ? "-" : "", noun ? noun->word : "");
}

// That of the operation, else of all that are called so.
static const json_t *operation_shape(
	const struct writing *writing, const struct route *route, const struct noun *noun, const char *part)
{
	const json_t *found;
	char id[100];

	operation_id(route, noun, id);
	found = json_object_get(openapi_shape(writing, "operations", id), part);
	return found ? found : json_object_get(openapi_shape(writing, "operations", route->id), part);
}

static void put_parameters(const struct writing *writing, const char *path, const struct route *route, const struct noun *noun)
{
	static const char *const places[] = {"query", "header"};
	struct text *out = writing->out;
	const char *name;
	json_t *schema;
	bool any = false;

	text_add(out, ",\"parameters\":[");
	for (const char *open = path; (open = strchr(open, '{')); open++) {
		text_format(out,
			"%s{\"name\":\"%.*s\",\"in\":\"path\",\"required\":true,\"description\":\"Id or "
			"moniker\",\"schema\":{\"type\":\"string\"}}",
			any ? "," : "", (int)strcspn(open + 1, "}"), open + 1);
		any = true;
	}
	for (size_t i = 0; i < array_len(places); i++)
		json_object_foreach((json_t *)operation_shape(writing, route, noun, places[i]), name, schema)
		{
			text_format(out, "%s{\"name\":\"%s\",\"in\":\"%s\",\"schema\":", any ? "," : "", name, places[i]);
			openapi_json(out, schema);
			text_char(out, '}');
			any = true;
		}
	text_char(out, ']');
}

// Rows are added one by one, or as a list, whose answer is a list too.
static bool is_row_create(const struct route *route, const struct noun *noun)
{
	return noun && noun->flags & NOUN_ROW && strcmp(route->id, "create") == 0;
}

static void put_one_or_more(struct text *out, const struct noun *noun)
{
	text_add(out, "{\"anyOf\":[");
	openapi_ref(out, noun, "Write");
	text_add(out, ",{\"type\":\"array\",\"items\":");
	openapi_ref(out, noun, "Write");
	text_add(out, "}]}");
}

static void put_data(const struct writing *writing, const struct route *route, const struct noun *noun)
{
	const json_t *data = operation_shape(writing, route, noun, "data");
	bool is_list = strcmp(route->id, "list") == 0;
	struct text *out = writing->out;

	if (data) {
		openapi_json(out, data);
	} else if (noun && (is_list || strcmp(route->id, "get") == 0)) {
		text_add(out, is_list ? "{\"type\":\"array\",\"items\":" : "");
		openapi_ref(out, noun, "");
		text_add(out, is_list ? "}" : "");
	} else if (is_row_create(route, noun)) {
		text_add(out, "{\"anyOf\":[{\"type\":\"string\"},{\"$ref\":\"#/components/schemas/Texts\"}]}");
	} else {
		text_add(out, "{\"type\":\"string\",\"description\":\"The object's id\"}");
	}
}

// {"text/csv": SCHEMA, ...} as content.
static void put_content(struct text *out, const json_t *types)
{
	const char *type;
	json_t *schema;
	bool any = false;

	text_add(out, "\"content\":{");
	json_object_foreach((json_t *)types, type, schema)
	{
		text_format(out, "%s\"%s\":{\"schema\":", any ? "," : "", type);
		openapi_json(out, schema);
		text_char(out, '}');
		any = true;
	}
	text_char(out, '}');
}

static void put_envelope(const struct writing *writing, const struct route *route, const struct noun *noun)
{
	const json_t *beside = operation_shape(writing, route, noun, "beside");
	struct text *out = writing->out;
	const char *name;
	json_t *schema;

	text_add(out,
		"\"content\":{\"application/json\":{\"schema\":{\"allOf\":[{\"$ref\":\"#/components/schemas/"
		"Envelope\"},{\"properties\":{\"data\":");
	put_data(writing, route, noun);
	json_object_foreach((json_t *)beside, name, schema)
	{
		text_format(out, ",\"%s\":", name);
		openapi_json(out, schema);
	}
	text_add(out, "}}],\"unevaluatedProperties\":false}}}");
}

static void put_answers(const struct writing *writing, const struct route *route, const struct noun *noun)
{
	const json_t *answer = operation_shape(writing, route, noun, "answer");
	struct text *out = writing->out;

	text_add(out, ",\"responses\":{\"200\":{\"description\":\"Done\",");
	if (answer)
		put_content(out, answer);
	else
		put_envelope(writing, route, noun);
	text_add(out,
		"},\"4XX\":{\"description\":\"Refused: every fault in "
		"messages\",\"content\":{\"application/json\":{\"schema\":"
		"{\"$ref\":\"#/components/schemas/Failure\"}}}}}");
}

// The noun that a path begins with, also where the operation is no noun's own.
static const struct noun *noun_at(const char *path)
{
	char first[60];

	snprintf(first, sizeof(first), "%.*s", (int)strcspn(path, "/"), path);
	return noun_by_path(first);
}

// What one must be to do it: "x-role" is the least role, "x-platform" that one must act for the platform.
static void put_access(struct text *out, const char *path, const struct route *route)
{
	const struct access access = access_of(route, noun_at(path));

	if (route->is_open) {
		text_add(out, ",\"security\":[]");
		return;
	}
	text_add(out, ",\"x-role\":");
	text_json(out, access.role == ROLE_ANYBODY ? account_roles[0].moniker : word_of(account_roles, access.role)->moniker);
	text_format(out, ",\"x-platform\":%s", access.platform ? "true" : "false");
}

static void put_noun_body(struct text *out, const struct route *route, const struct noun *noun)
{
	bool is_merge = strcmp(route->method, "PATCH") == 0;

	text_format(out, "\"content\":{\"%s\":{\"schema\":", is_merge ? "application/merge-patch+json" : "application/json");
	if (is_merge)
		text_add(out, "{\"type\":\"object\"}");
	else if (is_row_create(route, noun))
		put_one_or_more(out, noun);
	else
		openapi_ref(out, noun, "Write");
	text_add(out, "}}");
}

static void put_body(const struct writing *writing, const struct route *route, const struct noun *noun)
{
	const json_t *body = operation_shape(writing, route, noun, "body"),
		     *bodies = operation_shape(writing, route, noun, "bodies");
	bool is_noun = noun && route->kind == OP_WRITE && strcmp(route->method, "DELETE") != 0;
	struct text *out = writing->out;

	if (!body && !bodies && !is_noun)
		return;
	text_add(out, ",\"requestBody\":{\"required\":true,");
	if (bodies) {
		put_content(out, bodies);
	} else if (body) {
		text_add(out, "\"content\":{\"application/json\":{\"schema\":");
		openapi_json(out, body);
		text_add(out, "}}");
	} else {
		put_noun_body(out, route, noun);
	}
	text_char(out, '}');
}

static void put_summary(struct text *out, const char *summary, const struct noun *noun)
{
	const char *hole = strstr(summary, "{noun}");
	char line[160];

	if (hole && noun)
		snprintf(line, sizeof(line), "%.*s%s%s", (int)(hole - summary), summary, noun->title, hole + 6);
	else
		snprintf(line, sizeof(line), "%s", summary);
	text_json(out, line);
}

static void put_operation(struct writing *writing, const char *path, const struct route *route, const struct noun *noun)
{
	struct text *out = writing->out;
	char method[12], id[100];

	operation_id(route, noun, id);
	if (strcmp(writing->path, path) != 0) {
		text_format(out, "%s\"/%s\":{", writing->any_path ? "}," : "", path);
		snprintf(writing->path, sizeof(writing->path), "%s", path);
		writing->any_path = true;
		writing->any_method = false;
	}
	for (size_t i = 0; i <= strlen(route->method); i++)
		method[i] = (char)tolower((unsigned char)route->method[i]);
	text_format(out, "%s\"%s\":{\"operationId\":\"%s\",\"summary\":", writing->any_method ? "," : "", method, id);
	writing->any_method = true;
	put_summary(out, route->summary, noun);
	put_access(out, path, route);
	put_parameters(writing, path, route, noun);
	put_body(writing, route, noun);
	put_answers(writing, route, noun);
	text_char(out, '}');
}

// All routes whose pattern is `pattern`, as one path.
static void put_path(struct writing *writing, const char *pattern, const char *path, const struct noun *noun, bool read_only)
{
	for (size_t i = 0; i < route_count; i++)
		if (strcmp(routes[i].pattern, pattern) == 0 && !(read_only && routes[i].kind == OP_WRITE))
			put_operation(writing, path, &routes[i], noun);
}

static void put_noun_paths(struct writing *writing, const struct noun *noun)
{
	bool is_live = noun->flags & NOUN_LIVE, read_only = noun->flags & (NOUN_LIVE | NOUN_BUILT_IN);
	char path[120], pattern[120];

	put_path(writing, is_live ? "{live}" : "{noun}", noun->spelling, noun, read_only);
	put_path(writing, noun->path, noun->spelling, noun, false);
	snprintf(path, sizeof(path), "%s/{id}", noun->spelling);
	snprintf(pattern, sizeof(pattern), "%s/{id}", noun->path);
	put_path(writing, is_live ? "{live}/{id}" : "{noun}/{id}", path, noun, read_only);
	put_path(writing, pattern, path, noun, false);
	for (size_t i = 0; i < noun->field_count; i++) {
		const struct noun *row = noun->fields[i].noun;

		if (noun->fields[i].type != FIELD_ROWS)
			continue;
		snprintf(path, sizeof(path), "%s/{id}/%s", noun->spelling, row->path);
		put_path(writing, "{noun}/{id}/{rows}", path, row, read_only);
		snprintf(path, sizeof(path), "%s/{id}/%s/{row}", noun->spelling, row->path);
		put_path(writing, "{noun}/{id}/{rows}/{row}", path, row, read_only);
		snprintf(path, sizeof(path), "%s/{id}/%s/order", noun->spelling, row->path);
		put_path(writing, "{noun}/{id}/{rows}/order", path, row, read_only);
	}
}

static void put_components(const struct writing *writing)
{
	struct text *out = writing->out;
	const char *name;
	json_t *schema;
	bool any = false;

	text_add(out,
		"\"components\":{\"securitySchemes\":{\"token\":{\"type\":\"http\",\"scheme\":\"bearer\"},"
		"\"session\":{\"type\":\"apiKey\",\"in\":\"cookie\",\"name\":\"" SESSION_COOKIE
		"\",\"description\":\"Of POST /login; other "
		"methods than GET also take the header X-CSRF-Token\"}},\"schemas\":{");
	json_object_foreach(json_object_get(writing->shapes, "schemas"), name, schema)
	{
		text_format(out, "%s\"%s\":", any ? "," : "", name);
		openapi_json(out, schema);
		any = true;
	}
	for (size_t i = 0; nouns[i]; i++)
		openapi_schemas(writing, nouns[i]);
	text_add(out, "}}");
}

// Is it the path of a noun's objects or of one of them, that stands with the noun's others?
static bool is_collection(const char *pattern)
{
	const struct noun *noun = noun_at(pattern);
	const char *rest = strchr(pattern, '/');

	return noun && (!rest || strcmp(rest, "/{id}") == 0);
}

void op_openapi(struct op *op)
{
	struct writing writing = {.out = &op->reply, .shapes = json_loads(api_openapi_shapes, JSON_REJECT_DUPLICATES, NULL)};
	struct text *out = &op->reply;

	text_add(out,
		"{\"openapi\":\"3.1.0\",\"info\":{\"title\":\"Slicegate\",\"version\":\"" SLICEGATE_VERSION
		"\",\"license\":{\"name\":\"Apache-2.0\","
		"\"identifier\":\"Apache-2.0\"},\"description\":\"Success is always status 200; a failure names every fault in "
		"messages. "
		"A platform owner acts for a customer that the header X-Customer names. Collection names match in any letter "
		"case.\"},\"servers\":[{\"url\":\"/api/v1\"}],\"security\":[{\"token\":[]},{\"session\":[]}],\"paths\":{");
	for (size_t i = 0; i < route_count; i++)
		if (routes[i].pattern[0] != '{' && !is_collection(routes[i].pattern))
			put_operation(&writing, routes[i].pattern, &routes[i], NULL);
	for (size_t i = 0; nouns[i]; i++)
		put_noun_paths(&writing, nouns[i]);
	text_add(out, "}},");
	put_components(&writing);
	text_char(out, '}');
	json_decref(writing.shapes);
}
