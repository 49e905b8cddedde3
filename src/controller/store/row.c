// SPDX-License-Identifier: Apache-2.0
#include "controller/store/row.h"

#include "base/log.h"
#include "model/json.h"
#include "model/text.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

LOG_CATEGORY(row);

void row_place(const struct plan *plan, const struct column *column, const char *id, char out[ROW_PLACE_TEXT])
{
	snprintf(out, ROW_PLACE_TEXT, "%s.%s:%s", plan->noun->table, column->name, id);
}

static const char *column_text(sqlite3_stmt *statement, int at)
{
	return (const char *)sqlite3_column_text(statement, at);
}

static int load_secret(struct db *db, const struct plan *plan, const struct column *column, sqlite3_stmt *statement,
	const char *id, bool with_secrets, char **member)
{
	char place[ROW_PLACE_TEXT], *secret = NULL;

	if (sqlite3_column_type(statement, column->result) == SQLITE_NULL)
		return field_text_set(member, NULL);
	if (!with_secrets)
		return field_text_set(member, json_secret_set);
	row_place(plan, column, id, place);
	int error = seal_break(db_seal(db), place, sqlite3_column_blob(statement, column->result),
		(size_t)sqlite3_column_bytes(statement, column->result), &secret);

	if (error)
		return log_err_r(error, "secret place=%s error=\"the key file does not open it\"", place);
	free(*member);
	*member = secret;
	return 0;
}

// ["a","b"] as bind_texts writes it, so long as no character is escaped. False when it is anything else.
static bool load_plain_texts(const char *json, struct field_texts *texts)
{
	const char *at = json;

	if (*at++ != '[')
		return false;
	while (*at == '"') {
		size_t len = strcspn(++at, "\"\\");
		char text[256];

		if (at[len] != '"' || len >= sizeof(text) || (at[len + 1] != ',' && at[len + 1] != ']'))
			return false;
		memcpy(text, at, len);
		text[len] = '\0';
		if (field_texts_add(texts, text))
			return false;
		at += len + 1 + (at[len + 1] == ',');
	}
	return *at == ']';
}

static int load_texts(const char *json, const struct field *field, void *object)
{
	struct field_texts *texts = field_texts(field, object);
	json_t *array, *item;
	int error = 0;
	size_t i;

	if (!json || load_plain_texts(json, texts))
		return 0;
	field_clear(field, object);
	array = json_loads(json, 0, NULL);
	json_array_foreach(array, i, item) if (!error) error = field_texts_add(texts, json_string_value(item));
	json_decref(array);
	return error;
}

static int load_column(struct db *db, const struct plan *plan, const struct column *column, sqlite3_stmt *statement, void *object,
	bool with_secrets)
{
	struct field field = plan_field(column);
	int at = column->result;

	switch (field.type) {
	case FIELD_TEXT:
		if (field.flags & FIELD_SECRET)
			return load_secret(db, plan, column, statement, column_text(statement, HEAD_ID), with_secrets,
				field_text(&field, object));
		return field_text_set(field_text(&field, object), column_text(statement, at));
	case FIELD_INT:
	case FIELD_BOOL:
	case FIELD_ENUM:
	case FIELD_TIME:
		*field_int(&field, object) =
			sqlite3_column_type(statement, at) == SQLITE_NULL ? FIELD_UNSET : sqlite3_column_int64(statement, at);
		return 0;
	case FIELD_REF: {
		struct field_ref *ref = field_ref(&field, object);

		field_clear(&field, object);
		return field_text_set(&ref->id, column_text(statement, at)) ||
				field_text_set(&ref->moniker, column_text(statement, at + 1)) ||
				field_text_set(&ref->name, column_text(statement, at + 2))
			? -ENOMEM
			: 0;
	}
	case FIELD_TEXTS:
		field_clear(&field, object);
		return load_texts(column_text(statement, at), &field, object);
	default:
		return 0;
	}
}

int row_load(struct db *db, const struct plan *plan, sqlite3_stmt *statement, void *object, bool with_secrets)
{
	struct object *head = object;
	int error = field_text_set(&head->id, column_text(statement, HEAD_ID));

	if (!error)
		error = field_text_set(&head->moniker, column_text(statement, HEAD_MONIKER));
	if (!error)
		error = field_text_set(&head->name, column_text(statement, HEAD_NAME));
	if (!error)
		error = field_text_set(&head->customer.id, column_text(statement, HEAD_CUSTOMER));
	head->revision = sqlite3_column_int64(statement, HEAD_REVISION);
	head->changed_ms = sqlite3_column_int64(statement, HEAD_CHANGED);
	head->position = sqlite3_column_int64(statement, HEAD_POSITION);
	for (size_t i = 0; i < plan->count && !error; i++)
		error = load_column(db, plan, &plan->columns[i], statement, object, with_secrets);
	return error;
}

static void bind_texts(sqlite3_stmt *statement, int at, const struct field_texts *texts)
{
	struct text json = {0};
	size_t len;

	text_char(&json, '[');
	for (size_t i = 0; i < texts->count; i++) {
		text_add(&json, i ? "," : "");
		text_json(&json, texts->items[i]);
	}
	text_char(&json, ']');
	char *bytes = text_take(&json, &len);

	sqlite3_bind_text(statement, at, bytes, (int)len, free);
}

static void bind_secret(struct db *db, const struct plan *plan, const struct column *column, sqlite3_stmt *statement, int at,
	const char *id, const char *secret)
{
	size_t len = strlen(secret);
	uint8_t *sealed = malloc(len + SEAL_EXTRA);
	char place[ROW_PLACE_TEXT];

	if (!sealed)
		abort();
	row_place(plan, column, id, place);
	seal_close_up(db_seal(db), place, secret, len, sealed);
	sqlite3_bind_blob(statement, at, sealed, (int)(len + SEAL_EXTRA), free);
}

static void bind_column(struct db *db, const struct plan *plan, const struct column *column, sqlite3_stmt *statement, int at,
	const struct object *object)
{
	struct field field = plan_field(column);
	const char *text;

	switch (field.type) {
	case FIELD_TEXT:
		text = *field_text(&field, object);
		if (text && field.flags & FIELD_SECRET)
			bind_secret(db, plan, column, statement, at, object->id, text);
		else
			sqlite3_bind_text(statement, at, text, -1, SQLITE_STATIC);
		break;
	case FIELD_INT:
	case FIELD_BOOL:
	case FIELD_ENUM:
	case FIELD_TIME:
		if (*field_int(&field, object) != FIELD_UNSET)
			sqlite3_bind_int64(statement, at, *field_int(&field, object));
		break;
	case FIELD_REF:
		sqlite3_bind_text(statement, at, field_ref(&field, object)->id, -1, SQLITE_STATIC);
		break;
	case FIELD_TEXTS:
		bind_texts(statement, at, field_texts(&field, object));
		break;
	default:
		break;
	}
}

int row_bind(struct db *db, const struct plan *plan, sqlite3_stmt *statement, const struct object *object, const char *owner)
{
	sqlite3_bind_text(statement, HEAD_ID + 1, object->id, -1, SQLITE_STATIC);
	sqlite3_bind_text(statement, HEAD_MONIKER + 1, object->moniker, -1, SQLITE_STATIC);
	sqlite3_bind_text(statement, HEAD_NAME + 1, object->name, -1, SQLITE_STATIC);
	sqlite3_bind_int64(statement, HEAD_REVISION + 1, object->revision);
	sqlite3_bind_int64(statement, HEAD_CHANGED + 1, object->changed_ms);
	sqlite3_bind_text(statement, HEAD_CUSTOMER + 1, object->customer.id, -1, SQLITE_STATIC);
	if (plan->noun->flags & NOUN_ROW) {
		sqlite3_bind_text(statement, HEAD_OWNER + 1, owner, -1, SQLITE_STATIC);
		sqlite3_bind_int64(statement, HEAD_POSITION + 1, object->position);
	}
	for (size_t i = 0; i < plan->count; i++)
		if (!plan->columns[i].is_derived)
			bind_column(db, plan, &plan->columns[i], statement, HEAD_END + (int)i + 1, object);
	if (object->import) // not in an update: it stays
		sqlite3_bind_int64(statement, HEAD_END + (int)plan->count + 1, object->import);
	return 0;
}
