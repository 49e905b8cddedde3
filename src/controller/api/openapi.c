// SPDX-License-Identifier: Apache-2.0
// OpenAPI 3.1, written from the route table and the field tables, so that it cannot drift from what is served. A noun has two
// schemas: what is read ("VSlice" has every member, always) and what may be written ("VSliceWrite").
#include "controller/api/ops.h"

#include "base/clean.h"
#include "controller/api/access.h"
#include "controller/api/op.h"
#include "controller/api/session.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

struct writing {
	struct text *out;
	bool any_path, any_method; // a comma is due
	char path[120]; // the one that is open
};

// "routing-target" -> "RoutingTarget".
static char *schema_name(const struct noun *noun, char out[48])
{
	size_t used = 0;
	bool up = true;

	// NOLINTNEXTLINE(clang-analyzer-core.NullDereference): what writes has a noun
	for (const char *c = noun->word; *c && used < 47; c++) {
		if (*c != '-')
			out[used++] = up ? (char)toupper((unsigned char)*c) : *c;
		up = *c == '-';
	}
	out[used] = '\0';
	return out;
}

static void put_schema_ref(struct text *out, const struct noun *noun, const char *suffix)
{
	char name[48];

	text_format(out, "{\"$ref\":\"#/components/schemas/%s%s\"}", schema_name(noun, name), suffix);
}

static void put_words(struct text *out, const struct word *words)
{
	for (const struct word *word = words; word->key; word++) {
		text_add(out, word == words ? "" : ",");
		text_json(out, word->moniker);
	}
}

// The schema of one member, as a sequence of JSON members without braces.
static void put_read_type(struct text *out, const struct field *field)
{
	switch (field->type) {
	case FIELD_TEXT:
		text_add(out, "\"type\":[\"string\",\"null\"]");
		break;
	case FIELD_TIME:
		text_add(out, "\"type\":[\"string\",\"null\"],\"format\":\"date-time\"");
		break;
	case FIELD_INT:
		text_add(out, "\"type\":[\"integer\",\"null\"]");
		break;
	case FIELD_BOOL:
		text_add(out, "\"type\":[\"boolean\",\"null\"]");
		break;
	case FIELD_ENUM:
		text_add(out,
			"\"anyOf\":[{\"allOf\":[{\"$ref\":\"#/components/schemas/"
			"Enumeration\"},{\"properties\":{\"moniker\":{\"enum\":[");
		put_words(out, field->words);
		text_add(out, "]}}}]},{\"type\":\"null\"}]");
		break;
	case FIELD_REF:
		if (field->put) {
			text_add(out, "\"type\":[\"object\",\"null\"]");
			break;
		}
		text_add(out,
			field->flags & (FIELD_FLAT | FIELD_FLAT_ID)
				? "\"type\":[\"string\",\"null\"]"
				: "\"anyOf\":[{\"$ref\":\"#/components/schemas/Reference\"},{\"type\":\"null\"}]");
		break;
	case FIELD_TEXTS:
		text_add(out, "\"type\":\"array\",\"items\":{\"type\":\"string\"}");
		break;
	case FIELD_ROWS:
		text_add(out, "\"type\":\"array\",\"items\":");
		put_schema_ref(out, field->noun, "");
		break;
	case FIELD_OBJECT:
		text_add(out, "\"anyOf\":[");
		put_schema_ref(out, field->noun, "");
		text_add(out, ",{\"type\":\"null\"}]");
		break;
	case FIELD_RAW:
		text_add(out, "\"type\":[\"object\",\"array\",\"null\"]");
		break;
	}
}

static void put_write_type(struct text *out, const struct field *field)
{
	switch (field->type) {
	case FIELD_TEXT:
		text_add(out, "\"type\":[\"string\",\"null\"]");
		if (field->max)
			text_format(out, ",\"maxLength\":%lld", (long long)field->max);
		break;
	case FIELD_INT:
		text_add(out, "\"type\":[\"integer\",\"null\"]");
		if (field->max)
			text_format(out, ",\"minimum\":%lld,\"maximum\":%lld", (long long)field->min, (long long)field->max);
		break;
	case FIELD_ENUM:
		text_add(out, "\"anyOf\":[{\"enum\":[\"\",");
		put_words(out, field->words);
		text_add(out, "]},{\"$ref\":\"#/components/schemas/Enumeration\"},{\"type\":\"null\"}]");
		break;
	case FIELD_REF:
		text_add(out,
			"\"anyOf\":[{\"type\":\"string\",\"maxLength\":100},{\"$ref\":\"#/components/schemas/"
			"Reference\"},{\"type\":\"null\"}]");
		break;
	case FIELD_TEXTS:
		text_format(out, "\"type\":[\"array\",\"null\"],\"maxItems\":%lld,\"items\":{\"type\":\"string\"}",
			(long long)field->max);
		break;
	case FIELD_ROWS:
		text_format(out, "\"type\":[\"array\",\"null\"],\"maxItems\":%lld,\"items\":", (long long)field->max);
		put_schema_ref(out, field->noun, "Write");
		break;
	case FIELD_OBJECT:
		text_add(out, "\"anyOf\":[");
		put_schema_ref(out, field->noun, "Write");
		text_add(out, ",{\"type\":\"null\"}]");
		break;
	default:
		put_read_type(out, field);
		break;
	}
}

static void put_description(struct text *out, const struct field *field)
{
	char accepts[400], all[900];

	snprintf(all, sizeof(all), "%s. Accepted: %s%s%s%s%s.", field->help, field_accepts(field, accepts, sizeof(accepts)),
		field->visible.field ? "; only when " : "", field->visible.field ? field->visible.field : "",
		field->visible.field ? " is " : "", field->visible.field ? field->visible.is : "");
	text_add(out, ",\"description\":");
	text_json(out, all);
}

static void put_property(struct text *out, bool *any, const char *name, const char *suffix)
{
	text_format(out, "%s\"%s%s\":{", *any ? "," : "", name, suffix);
	*any = true;
}

static void put_read_property(struct text *out, const struct field *field, bool *any)
{
	if (field->flags & FIELD_SECRET) {
		put_property(out, any, field->name, "Set");
		text_add(out, "\"type\":\"boolean\"}");
		if (!(field->flags & FIELD_BLANK))
			return;
		put_property(out, any, field->name, "");
		text_add(out, "\"enum\":[\"\",null]}");
		return;
	}
	put_property(out, any, field->name, "");
	put_read_type(out, field);
	put_description(out, field);
	text_char(out, '}');
}

static void put_read_schema(struct text *out, const struct noun *noun)
{
	bool any = false;
	char name[48];

	text_format(out, ",\"%s\":{\"type\":\"object\",\"additionalProperties\":false,\"description\":", schema_name(noun, name));
	text_json(out, noun->help);
	text_add(out, ",\"properties\":{");
	for (size_t i = 0; i < noun->field_count; i++)
		if (!(noun->fields[i].flags & (FIELD_HIDDEN | FIELD_INPUT)))
			put_read_property(out, &noun->fields[i], &any);
	text_add(out, "},\"required\":[");
	any = false;
	for (size_t i = 0; i < noun->field_count; i++) {
		const struct field *field = &noun->fields[i];

		if (field->flags & (FIELD_HIDDEN | FIELD_INPUT))
			continue;
		text_format(out, "%s\"%s%s\"", any ? "," : "", field->name, field->flags & FIELD_SECRET ? "Set" : "");
		any = true;
	}
	text_add(out, "]}");
}

static void put_write_schema(struct text *out, const struct noun *noun)
{
	bool any = false;
	char name[48];

	text_format(out,
		",\"%sWrite\":{\"type\":\"object\",\"description\":\"Names match in any letter case; members that the platform "
		"sets are ignored.\","
		"\"properties\":{",
		schema_name(noun, name));
	for (size_t i = 0; i < noun->field_count; i++) {
		const struct field *field = &noun->fields[i];
		const char *spellings[] = {field->name, field->alias};

		for (int s = 0; s < 2 && !(field->flags & (FIELD_HIDDEN | FIELD_READ_ONLY)); s++) {
			if (!spellings[s])
				continue;
			put_property(out, &any, spellings[s], "");
			put_write_type(out, field);
			put_description(out, field);
			text_add(out, field->flags & FIELD_SECRET ? ",\"writeOnly\":true}" : "}");
		}
	}
	text_add(out, "},\"required\":[");
	any = false;
	for (size_t i = 0; i < noun->field_count; i++) {
		const struct field *field = &noun->fields[i];

		if (!(field->flags & FIELD_REQUIRED) || field->flags & FIELD_READ_ONLY || field->alias)
			continue;
		text_format(out, "%s\"%s\"", any ? "," : "", field->name);
		any = true;
	}
	text_add(out, "]}");
}

// A noun's own schemas, then those of its parts and rows.
static void put_schemas(struct text *out, const struct noun *noun)
{
	put_read_schema(out, noun);
	if (!(noun->flags & (NOUN_LIVE | NOUN_BUILT_IN)))
		put_write_schema(out, noun);
	for (size_t i = 0; i < noun->field_count; i++)
		if (noun->fields[i].type == FIELD_ROWS || noun->fields[i].type == FIELD_OBJECT)
			put_schemas(out, noun->fields[i].noun);
}

static const char *const paging[][2] = {
	{"offset", "\"type\":\"integer\",\"minimum\":0,\"default\":0"},
	{"limit", "\"type\":\"integer\",\"minimum\":1,\"maximum\":1000,\"default\":50"},
	{"sortBy", "\"type\":\"string\",\"examples\":[\"asc(name),desc(moniker)\"]"},
	{"filter", "\"type\":\"string\",\"examples\":[\"name:foo,moniker:bar\"]"},
};

static void put_parameters(struct text *out, const char *path, bool is_list)
{
	bool any = false;

	text_add(out, ",\"parameters\":[");
	for (const char *open = path; (open = strchr(open, '{')); open++) {
		text_format(out,
			"%s{\"name\":\"%.*s\",\"in\":\"path\",\"required\":true,\"description\":\"Id or "
			"moniker\",\"schema\":{\"type\":\"string\"}}",
			any ? "," : "", (int)strcspn(open + 1, "}"), open + 1);
		any = true;
	}
	for (size_t i = 0; is_list && i < array_len(paging); i++) {
		text_format(
			out, "%s{\"name\":\"%s\",\"in\":\"query\",\"schema\":{%s}}", any ? "," : "", paging[i][0], paging[i][1]);
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
	put_schema_ref(out, noun, "Write");
	text_add(out, ",{\"type\":\"array\",\"items\":");
	put_schema_ref(out, noun, "Write");
	text_add(out, "}]}");
}

static bool is_bulk(const struct route *route)
{
	return strcmp(route->id, "import-endpoints") == 0 || strcmp(route->id, "create-l2tp-setup") == 0;
}

static void put_data(struct text *out, const struct route *route, const struct noun *noun)
{
	bool is_list = strcmp(route->id, "list") == 0;

	if (noun && (is_list || strcmp(route->id, "get") == 0)) {
		text_add(out, is_list ? "{\"type\":\"array\",\"items\":" : "");
		put_schema_ref(out, noun, "");
		text_add(out, is_list ? "}" : "");
	} else if (strncmp(route->id, "list", 4) == 0 || strcmp(route->id, "schema") == 0) {
		text_add(out, "{\"type\":\"array\"}");
	} else if (is_row_create(route, noun)) {
		text_add(out, "{\"type\":[\"string\",\"array\"]}");
	} else if (is_bulk(route)) {
		text_add(out, "{\"type\":\"object\"}");
	} else if (strcmp(route->id, "verify-token") == 0 || strcmp(route->id, "logout") == 0) {
		text_add(out, "{\"type\":\"null\"}");
	} else if (strcmp(route->id, "login") == 0 || strcmp(route->id, "me") == 0) {
		text_add(out, "{\"$ref\":\"#/components/schemas/Me\"}");
	} else {
		text_add(out, "{\"type\":\"string\",\"description\":\"The object's id\"}");
	}
}

static void put_answers(struct text *out, const struct route *route, const struct noun *noun)
{
	if (strcmp(route->id, "openapi") == 0) {
		text_add(out,
			",\"responses\":{\"200\":{\"description\":\"OpenAPI\",\"content\":{\"application/"
			"json\":{\"schema\":{\"type\":\"object\"}}}}}");
		return;
	}
	if (strcmp(route->id, "export-endpoints") == 0) {
		text_add(out,
			",\"responses\":{\"200\":{\"description\":\"All rows\",\"content\":{\"text/csv\":{\"schema\":"
			"{\"type\":\"string\"}},\"application/x-ndjson\":{\"schema\":{\"type\":\"string\"}}}}}");
		return;
	}
	if (strcmp(route->id, "stream-events") == 0) {
		text_add(out,
			",\"responses\":{\"200\":{\"description\":\"An endless stream\",\"content\":{\"text/event-stream\":"
			"{\"schema\":{\"type\":\"string\"}}}}}");
		return;
	}
	text_add(out,
		",\"responses\":{\"200\":{\"description\":\"Done\",\"content\":{\"application/"
		"json\":{\"schema\":{\"allOf\":[{\"$ref\":"
		"\"#/components/schemas/Envelope\"},{\"properties\":{\"data\":");
	put_data(out, route, noun);
	text_add(out,
		"}}]}}}},\"4XX\":{\"description\":\"Refused: every fault in "
		"messages\",\"content\":{\"application/json\":{\"schema\":"
		"{\"$ref\":\"#/components/schemas/Failure\"}}}}}");
}

// The parts of an L2TP set-up; what a part gets from the one around it need not be given.
static void put_setup_body(struct text *out)
{
	text_add(out,
		",\"requestBody\":{\"required\":true,\"content\":{\"application/json\":{\"schema\":{\"type\":\"object\","
		"\"additionalProperties\":false,\"required\":[\"vslice\",\"routingPolicy\"],\"properties\":{"
		"\"vslice\":{\"type\":\"object\",\"description\":\"As in a POST of a VSlice, with its LACs and LNSs\"},"
		"\"routingTargets\":{\"type\":\"array\",\"items\":{\"type\":\"object\"}},"
		"\"routingPolicy\":{\"type\":\"object\",\"description\":\"Becomes the Default Routing Policy\"},"
		"\"endpointGroups\":{\"type\":\"array\",\"items\":{\"type\":\"object\",\"description\":\"As in a POST of an "
		"Endpoint Group, and endpoints: a list of Endpoints\"}}}}}}}");
}

// A body of two texts.
static void put_pair(struct text *out, const char *first, const char *second)
{
	text_format(out,
		",\"requestBody\":{\"required\":true,\"content\":{\"application/json\":{\"schema\":{\"type\":\"object\","
		"\"additionalProperties\":false,\"required\":[\"%s\",\"%s\"],\"properties\":{\"%s\":{\"type\":\"string\"},"
		"\"%s\":{\"type\":\"string\",\"writeOnly\":true}}}}}}",
		first, second, first, second);
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

static void put_body(struct text *out, const struct route *route, const struct noun *noun)
{
	if (strcmp(route->id, "order") == 0) {
		text_add(out,
			",\"requestBody\":{\"required\":true,\"content\":{\"application/"
			"json\":{\"schema\":{\"type\":\"array\",\"items\":"
			"{\"type\":\"string\"}}}}}");
		return;
	}
	if (strcmp(route->id, "import-endpoints") == 0)
		text_add(out,
			",\"requestBody\":{\"required\":true,\"content\":{\"text/csv\":{\"schema\":{\"type\":\"string\"}},"
			"\"application/x-ndjson\":{\"schema\":{\"type\":\"string\"}}}}");
	if (strcmp(route->id, "create-l2tp-setup") == 0)
		put_setup_body(out);
	if (strcmp(route->id, "login") == 0)
		put_pair(out, "email", "password");
	if (strcmp(route->id, "change-password") == 0)
		put_pair(out, "currentPassword", "newPassword");
	if (strcmp(route->id, "explain-routing-policy") == 0) {
		text_add(out,
			",\"requestBody\":{\"required\":true,\"content\":{\"application/"
			"json\":{\"schema\":{\"type\":\"object\"}}}}");
		return;
	}
	if (!noun || route->kind != OP_WRITE || strcmp(route->method, "DELETE") == 0)
		return;
	text_format(out, ",\"requestBody\":{\"required\":true,\"content\":{\"%s\":{\"schema\":",
		strcmp(route->method, "PATCH") == 0 ? "application/merge-patch+json" : "application/json");
	if (strcmp(route->method, "PATCH") == 0)
		text_add(out, "{\"type\":\"object\"}");
	else if (is_row_create(route, noun))
		put_one_or_more(out, noun);
	else
		put_schema_ref(out, noun, "Write");
	text_add(out, "}}}");
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
	char method[12];

	if (strcmp(writing->path, path) != 0) {
		text_format(out, "%s\"/%s\":{", writing->any_path ? "}," : "", path);
		snprintf(writing->path, sizeof(writing->path), "%s", path);
		writing->any_path = true;
		writing->any_method = false;
	}
	for (size_t i = 0; i <= strlen(route->method); i++)
		method[i] = (char)tolower((unsigned char)route->method[i]);
	text_format(out, "%s\"%s\":{\"operationId\":\"%s%s%s\",\"summary\":", writing->any_method ? "," : "", method, route->id,
		noun ? "-" : "", noun ? noun->word : "");
	writing->any_method = true;
	put_summary(out, route->summary, noun);
	put_access(out, path, route);
	put_parameters(out, path, strcmp(route->id, "list") == 0);
	put_body(out, route, noun);
	put_answers(out, route, noun);
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
	char path[120];

	put_path(writing, is_live ? "{live}" : "{noun}", noun->spelling, noun, read_only);
	snprintf(path, sizeof(path), "%s/{id}", noun->spelling);
	put_path(writing, is_live ? "{live}/{id}" : "{noun}/{id}", path, noun, read_only);
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

void op_openapi(struct op *op)
{
	struct writing writing = {.out = &op->reply};
	struct text *out = &op->reply;

	text_add(out,
		"{\"openapi\":\"3.1.0\",\"info\":{\"title\":\"Slicegate\",\"version\":\"" SLICEGATE_VERSION
		"\",\"license\":{\"name\":\"Apache-2.0\","
		"\"identifier\":\"Apache-2.0\"},\"description\":\"Success is always status 200; a failure names every fault in "
		"messages. "
		"Collection names match in any letter "
		"case.\"},\"servers\":[{\"url\":\"/api/v1\"}],\"security\":[{\"token\":[]},{\"session\":[]}],\"paths\":{");
	for (size_t i = 0; i < route_count; i++)
		if (routes[i].pattern[0] != '{')
			put_operation(&writing, routes[i].pattern, &routes[i], NULL);
	for (size_t i = 0; nouns[i]; i++)
		put_noun_paths(&writing, nouns[i]);
	text_add(out,
		"}},\"components\":{\"securitySchemes\":{\"token\":{\"type\":\"http\",\"scheme\":\"bearer\"},"
		"\"session\":{\"type\":\"apiKey\",\"in\":\"cookie\",\"name\":\"" SESSION_COOKIE
		"\",\"description\":\"Of POST /login; other "
		"methods than GET also take the header X-CSRF-Token\"}},\"schemas\":{"
		"\"Envelope\":{\"type\":\"object\",\"properties\":{\"success\":{\"const\":true},\"messages\":{\"type\":\"array\","
		"\"items\":{\"type\":"
		"\"string\"}},\"data\":{},\"token\":{\"type\":\"string\"},\"totalItems\":{\"type\":\"integer\"},\"limit\":{"
		"\"type\":\"integer\"},"
		"\"offset\":{\"type\":\"integer\"}},\"required\":[\"success\",\"messages\",\"data\"]},"
		"\"Failure\":{\"type\":\"object\",\"properties\":{\"success\":{\"const\":false},\"messages\":{\"type\":\"array\","
		"\"minItems\":1,"
		"\"items\":{\"type\":\"string\"}},\"data\":{\"type\":[\"object\",\"null\"]}},\"required\":[\"success\","
		"\"messages\"]},"
		"\"Reference\":{\"type\":\"object\",\"properties\":{\"id\":{\"type\":\"string\"},\"moniker\":{\"type\":["
		"\"string\",\"null\"]},\"name\":"
		"{\"type\":[\"string\",\"null\"]}},\"required\":[\"id\",\"moniker\",\"name\"]},"
		"\"Me\":{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{\"user\":{\"anyOf\":[{\"type\":"
		"\"object\","
		"\"required\":[\"id\",\"moniker\",\"name\",\"email\"]},{\"type\":\"null\"}]},\"token\":{\"anyOf\":[{\"$ref\":\"#/"
		"components/"
		"schemas/Reference\"},{\"type\":\"null\"}]},\"customer\":{\"$ref\":\"#/components/schemas/"
		"Reference\"},\"role\":{\"enum\":["
		"\"viewer\",\"operator\",\"administrator\",\"owner\",null]},\"platform\":{\"type\":\"boolean\"},\"readOnly\":{"
		"\"type\":"
		"\"boolean\"},\"csrfToken\":{\"type\":[\"string\",\"null\"]},\"expiresAt\":{\"type\":[\"string\",\"null\"],"
		"\"format\":"
		"\"date-time\"}},\"required\":[\"user\",\"token\",\"customer\",\"role\",\"platform\",\"readOnly\",\"csrfToken\","
		"\"expiresAt\"]},"
		"\"Enumeration\":{\"type\":\"object\",\"properties\":{\"key\":{\"type\":\"integer\"},\"moniker\":{\"type\":"
		"\"string\"},\"name\":"
		"{\"type\":\"string\"},\"active\":{\"type\":\"boolean\"}},\"required\":[\"key\",\"moniker\",\"name\",\"active\"]"
		"}");
	for (size_t i = 0; nouns[i]; i++)
		put_schemas(out, nouns[i]);
	text_add(out, "}}}");
}
