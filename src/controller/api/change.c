// SPDX-License-Identifier: Apache-2.0
#include "controller/api/change.h"

#include "base/clean.h"
#include "controller/api/account.h"
#include "controller/api/token.h"
#include "controller/events/events.h"
#include "controller/link.h"
#include "controller/live.h"
#include "controller/store/address.h"
#include "controller/store/audit.h"
#include "controller/store/seeds.h"
#include "model/endpoint.h"
#include "model/gateway.h"
#include "model/target.h"
#include "model/vslice.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

// Does another object hold this value? `sql` selects the id of the holder of ?1, for the customer ?2 where it says so.
static bool is_taken(struct op *op, const char *sql, const char *value, const char *customer, const char *own_id)
{
	sqlite3_stmt *statement = db_statement(op->db, sql);
	bool taken = false;

	if (!statement)
		return false;
	sqlite3_bind_text(statement, 1, value, -1, SQLITE_STATIC);
	sqlite3_bind_text(statement, 2, customer, -1, SQLITE_STATIC);
	if (sqlite3_step(statement) == SQLITE_ROW)
		taken = !own_id || strcmp((const char *)sqlite3_column_text(statement, 0), own_id) != 0;
	sqlite3_reset(statement);
	return taken;
}

static void check_unique_texts(struct op *op, const struct noun *noun, const struct field *field, const struct object *object)
{
	const struct field_texts *texts = field_texts(field, object);
	char sql[200], column[64], name[96];

	snprintf(sql, sizeof(sql), "SELECT owner FROM %s_%s WHERE value = ?1", noun->table, field_column(field, column));
	for (size_t i = 0; i < texts->count; i++) {
		snprintf(name, sizeof(name), "%s[%zu]", field->name, i);
		if (is_taken(op, sql, texts->items[i], NULL, object->id))
			ruling_fault_of(&op->ruling, RULING_CONFLICT, name,
				"\"%s\" belongs to another %s; take it away there first", texts->items[i], noun->title);
	}
}

// What must be unique, said before the store refuses it, so that the message names the member.
static void check_conflicts(struct op *op, const struct noun *noun, const struct object *object)
{
	char sql[200], column[64];

	if (object->moniker) {
		snprintf(sql, sizeof(sql), "SELECT id FROM %s WHERE moniker = ?1%s", noun->table,
			noun->flags & NOUN_PLATFORM	    ? ""
				: noun->flags & NOUN_SHARED ? " AND (customer = ?2 OR customer IS NULL)"
							    : " AND customer = ?2");
		if (is_taken(op, sql, object->moniker, object->customer.id, object->id))
			ruling_fault_of(&op->ruling, RULING_CONFLICT, "moniker", "\"%s\" is taken by another %s; choose another",
				object->moniker, noun->title);
	}
	for (size_t i = 0; i < noun->field_count; i++) {
		const struct field *field = &noun->fields[i];

		if (!(field->flags & FIELD_UNIQUE) || field->flags & FIELD_HIDDEN)
			continue;
		if (field->type == FIELD_TEXTS) {
			check_unique_texts(op, noun, field, object);
		} else if (*field_text(field, object)) {
			snprintf(sql, sizeof(sql), "SELECT id FROM %s WHERE %s = ?1", noun->table, field_column(field, column));
			if (is_taken(op, sql, *field_text(field, object), NULL, object->id))
				ruling_fault_of(&op->ruling, RULING_CONFLICT, field->name, "\"%s\" belongs to another %s",
					*field_text(field, object), noun->title);
		}
	}
}

// A token's customer, hash and text; the text goes beside `data`, once.
static void make_token(struct token *token, char text[TOKEN_CHARS + 1])
{
	char hash[TOKEN_HASH_TEXT];

	token_make(text);
	token_hash(text, hash);
	field_text_set(&token->hash, hash);
}

static void end_session(struct op *op)
{
	link_command(op->controller->link, op->after_gateway, "detach", "endpoint", op->after_id);
	events_detached(op->controller->events, op->after_id, op->after_gateway, "the endpoint may not carry traffic any more");
}

// A suspended or terminated endpoint's live session is taken down: the gateway hears it from the configuration too, this is sooner.
static void endpoint_after(struct op *op, const struct endpoint *endpoint)
{
	char gateway[UUID_TEXT];

	if ((endpoint->status != ENDPOINT_SUSPENDED && endpoint->status != ENDPOINT_TERMINATED) ||
		!live_gateway_of(op->controller->live, false, NULL, endpoint->object.id, gateway))
		return;
	strcpy(op->after_id, endpoint->object.id);
	snprintf(op->after_gateway, sizeof(op->after_gateway), "%s", gateway);
	op->after = end_session;
}

// Gateways hold what hangs on a VSlice; when the VSlice moves, all of it does: both gateways must look at everything again.
static int vslice_after(struct op *op, const struct vslice *vslice, const struct vslice *before)
{
	const char *gateways[] = {vslice->regional_gateway.id, before ? before->regional_gateway.id : NULL};

	if (!before || (gateways[0] && gateways[1] && strcmp(gateways[0], gateways[1]) == 0))
		return 0;
	for (size_t i = 0; i < array_len(gateways); i++) {
		int64_t revision = gateways[i] ? db_touch(op->db, &noun_gateway, gateways[i], NULL, DB_MOVE, op->actor.id) : 0;

		if (revision < 0)
			return (int)revision;
	}
	return 0;
}

static int follow_up(struct op *op, const struct noun *noun, void *object, const void *before)
{
	if (noun == &noun_gateway && !before)
		return zones_plant(op->db, object, op->actor.id);
	if (noun == &noun_user)
		account_after(op, object, before);
	if (noun == &noun_vslice)
		return vslice_after(op, object, before);
	if (noun == &noun_endpoint && before)
		endpoint_after(op, object);
	if (noun == &noun_endpoint)
		return event_endpoint_changed(op->db, object, before);
	return 0;
}

void change_judge(struct op *op, const struct noun *noun, void *object, const void *before)
{
	struct object *head = object;

	if (!before && !(noun->flags & NOUN_PLATFORM))
		field_text_set(&head->customer.id, op->actor.customer);
	if (before && !head->moniker) // null is "the platform chooses", and it has chosen
		field_text_set(&head->moniker, ((const struct object *)before)->moniker);
	object_judge(&op->ruling, noun, object, before);
	check_conflicts(op, noun, head);
	account_judge(op, noun, object, before);
	if (noun == &noun_endpoint)
		address_judge_endpoint(op->db, &op->ruling, object);
	else if (noun == &noun_vslice)
		address_judge_vslice(op->db, &op->ruling, object, before);
}

int change_apply(struct op *op, const struct noun *noun, void *object, const void *before)
{
	if (noun == &noun_target && !before)
		((struct target *)object)->network_key =
			db_number(op->db, "SELECT ifnull(max(network_key), 0) + 1 FROM routing_target", 1);
	int error = before ? db_update(op->db, noun, object, op->actor.id) : db_insert(op->db, noun, object, op->actor.id);

	return error ? error : follow_up(op, noun, object, before);
}

void change_store(struct op *op, const struct noun *noun, void *object, const void *before)
{
	struct object *head = object;
	char token[TOKEN_CHARS + 1] = "";

	change_judge(op, noun, object, before);
	if (op->ruling.fault_count) {
		op_fail_ruling(op);
		return;
	}
	if (account_waits(op, noun, object, before))
		return;
	if (before && object_equal(noun, before, object)) {
		op_etag(op, head->revision);
		op_reply_id(op, head->id);
		return;
	}
	if (noun == &noun_token && !before)
		make_token(object, token);
	int error = change_apply(op, noun, object, before);

	if (error) {
		op_fail_store(op, error);
		return;
	}
	audit_change(op->db, op->actor.id, noun, before, object);
	op_etag(op, head->revision);
	op_reply_begin(op);
	text_json(&op->reply, head->id);
	if (*token && !op->is_dry) {
		text_add(&op->reply, ",\"token\":");
		text_json(&op->reply, token);
		explicit_bzero(token, sizeof(token));
	}
	op_reply_end(op);
}
