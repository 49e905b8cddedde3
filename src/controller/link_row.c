// SPDX-License-Identifier: Apache-2.0
#include "controller/link_row.h"

#include "controller/store/address.h"
#include "controller/store/import_log.h"
#include "controller/store/uuid.h"
#include "model/json.h"
#include "model/steering.h"
#include "model/vslice.h"

#include <stdio.h>

#define ITS_VSLICES "(SELECT v.id FROM vslice v WHERE v.vslice_type = 1 OR v.regional_gateway = ?1)"

// Endpoints are walked in the order of their ids: the plus keeps the store from looking them up by group and sorting all of them for
// each portion.
const struct link_kind link_kinds[LINK_KINDS] = {
	{&noun_gateway, "regionalGateway", "t.id = ?1"},
	{&noun_vslice, "vslice", "(t.vslice_type = 1 OR t.regional_gateway = ?1)"},
	{&noun_target, "routingTarget", "t.v_slice IN " ITS_VSLICES},
	{&noun_policy, "routingPolicy", "t.vslice IN " ITS_VSLICES},
	{&noun_operator_policy, "operatorPolicy", "?1 = ?1"}, // few; a group may take any at any time
	{&noun_regional_policy, "regionalPolicy", "?1 = ?1"},
	{&noun_group, "endpointGroup", "t.vslice IN " ITS_VSLICES},
	{&noun_endpoint, "endpoint",
		"+t.endpoint_group IN (SELECT g.id FROM endpoint_group g WHERE g.vslice IN " ITS_VSLICES ")"},
};

struct putting {
	struct db *db;
	const struct link_kind *kind;
	const char *gateway;
	struct text *out;
	int64_t count;
	char *after;
};

static void put(const void *object, void *context)
{
	struct putting *putting = context;
	const struct object *head = object;

	steering_fill(putting->kind->noun, (void *)object);
	if (putting->kind->noun == &noun_vslice)
		address_fill_leases(putting->db, putting->gateway, (void *)object);
	text_format(putting->out,
		"{\"row\":\"put\",\"kind\":\"%s\",\"id\":\"%s\",\"revision\":%lld,\"data\":", putting->kind->kind, head->id,
		(long long)head->revision);
	json_put_object(putting->out, putting->kind->noun, object, JSON_LINK);
	text_add(putting->out, "}\n");
	putting->count++;
	if (putting->after)
		snprintf(putting->after, UUID_TEXT, "%s", head->id);
}

int64_t link_rows(struct db *db, const struct link_kind *kind, const char *gateway, char *after, int64_t limit, struct text *out)
{
	struct db_query query = {
		.where = kind->where, .argument = gateway, .after = after, .limit = limit, .flags = DB_SECRETS | DB_LEAN};
	struct putting putting = {db, kind, gateway, out, 0, after};
	char from[UUID_TEXT], why[200];

	snprintf(from, sizeof(from), "%s", after);
	query.after = from;
	int error = db_list(db, kind->noun, &query, put, &putting, NULL, why);

	return error ? error : putting.count;
}

int64_t link_import_rows(struct db *db, const char *import, const char *gateway, char *after, int64_t limit, struct text *out)
{
	const struct link_kind *kind = &link_kinds[LINK_KINDS - 1];
	struct link_kind imported = *kind;
	char where[400];

	snprintf(where, sizeof(where), "+t.import = %lld AND %s", (long long)import_log_number(db, import), kind->where);
	imported.where = where;
	if (!*after)
		snprintf(after, UUID_TIME_CHARS + 1, "%s", import);
	return link_rows(db, &imported, gateway, after, limit, out);
}

int link_row(struct db *db, const struct link_kind *kind, const char *gateway, const char *id, int64_t revision, struct text *out)
{
	struct db_query query = {.where = kind->where, .argument = gateway, .id = id, .limit = 1, .flags = DB_SECRETS | DB_LEAN};
	struct putting putting = {db, kind, gateway, out, 0, NULL};
	char why[200];
	int error = db_list(db, kind->noun, &query, put, &putting, NULL, why);

	if (!error && !putting.count)
		text_format(out, "{\"row\":\"delete\",\"kind\":\"%s\",\"id\":\"%s\",\"revision\":%lld}\n", kind->kind, id,
			(long long)revision);
	return error;
}
