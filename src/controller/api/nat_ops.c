// SPDX-License-Identifier: Apache-2.0
// NAT bindings: who has which public address and port just now. Only the Regional Gateway knows; it is asked, and the client waits for its answer.
#include "controller/api/op.h"
#include "controller/api/ops.h"
#include "controller/ask.h"
#include "controller/live.h"
#include "controller/terms.h"
#include "model/target.h"

#include "base/addr.h"
#include "base/clean.h"
#include "model/live.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct question {
	char gateway[UUID_TEXT];
	json_t *command;
	int64_t offset, limit;
};

static int on_filter(void *context, const char *name, const char *value, char why[TERMS_WHY])
{
	static const struct {
		const char *name;
		enum { ADDRESS, PORT, PROTOCOL } kind;
	} names[] = {{"innerAddress", ADDRESS}, {"innerPort", PORT}, {"publicAddress", ADDRESS}, {"publicPort", PORT},
		{"remoteAddress", ADDRESS}, {"remotePort", PORT}, {"transportProtocol", PROTOCOL}};
	json_t *command = context;
	struct ip_addr addr;
	char *end;

	for (size_t i = 0; i < array_len(names); i++) {
		long port = strtol(value, &end, 10);

		if (strcasecmp(names[i].name, name) != 0)
			continue;
		if (names[i].kind == ADDRESS && (ip_addr_parse(value, &addr) || addr.family != IP_V4)) {
			snprintf(why, TERMS_WHY, "filter: %s: \"%.40s\" is not an IPv4 address", names[i].name, value);
			return -EINVAL;
		}
		if (names[i].kind == PORT && (*end || end == value || port < 1 || port > 65535)) {
			snprintf(why, TERMS_WHY, "filter: %s: \"%.40s\" is not a port, 1 to 65535", names[i].name, value);
			return -EINVAL;
		}
		if (names[i].kind == PROTOCOL && strcmp(value, "tcp") != 0 && strcmp(value, "udp") != 0 &&
			strcmp(value, "icmp") != 0) {
			snprintf(why, TERMS_WHY, "filter: transportProtocol: \"%.40s\" is none of tcp, udp, icmp", value);
			return -EINVAL;
		}
		json_object_set_new(command, names[i].name, names[i].kind == PORT ? json_integer(port) : json_string(value));
		return 0;
	}
	snprintf(why, TERMS_WHY,
		"filter: \"%.40s\" is not one of innerAddress, innerPort, publicAddress, publicPort, remoteAddress, remotePort, "
		"transportProtocol",
		name);
	return -EINVAL;
}

static void ask(struct op *op)
{
	struct question *question = op->taken;

	asks_send(op->controller->asks, question->gateway, question->command, op->exchange, question->offset, question->limit);
	free(question);
}

// Takes `command`: what it is about.
static void answer_later(struct op *op, const char *gateway, json_t *command)
{
	struct question *question = calloc(1, sizeof(*question));
	struct terms terms = {.filter = on_filter, .context = command};
	char why[TERMS_WHY];

	if (!question || !op_paging(op, &question->offset, &question->limit))
		goto out;
	if (terms_filter(&terms, op_query(op, "filter"), why)) {
		op_fail(op, 400, "%s", why);
		goto out;
	}
	if (op_query(op, "sortBy")) {
		op_fail(op, 400, "sortBy: bindings come in order of their inner addresses");
		goto out;
	}
	json_object_set_new(command, "command", json_string("natBindings"));
	snprintf(question->gateway, sizeof(question->gateway), "%s", gateway);
	question->command = command;
	op->taken = question;
	op->takes = ask;
	op->status = 200;
	return;
out:
	json_decref(command);
	free(question);
}

// The gateway of the target's zone.
static bool gateway_of(struct op *op, const struct target *target, char gateway[UUID_TEXT])
{
	struct zone *zone = NULL;

	*gateway = 0;
	if (target->zone.id && db_get(op->db, &noun_zone, target->zone.id, DB_LEAN, (void **)&zone) == 0 && zone->gateway.id)
		snprintf(gateway, UUID_TEXT, "%s", zone->gateway.id);
	object_free(&noun_zone, zone);
	return *gateway;
}

void op_target_bindings(struct op *op)
{
	char id[UUID_TEXT], gateway[UUID_TEXT];
	struct target *target = NULL;
	int error;

	if (!op_find(op, id))
		return;
	error = db_get(op->db, &noun_target, id, DB_LEAN, (void **)&target);
	if (error)
		op_fail_store(op, error);
	else if (target->type != TARGET_INTERNET)
		op_fail(op, 409, "Only a Routing Target of type internet translates addresses");
	else if (!gateway_of(op, target, gateway))
		op_fail(op, 409, "The Routing Target stands in no Redundancy Zone of a Regional Gateway");
	else
		answer_later(op, gateway, json_pack("{s:s, s:s}", "vslice", target->vslice.id, "routingTarget", id));
	object_free(&noun_target, target);
}

struct its {
	char vslice[UUID_TEXT], gateway[UUID_TEXT], address[48];
};

static void look(const struct session *session, void *context)
{
	struct its *its = context;

	if (!session || !session->vslice.id || !session->gateway.id || !session->ip_address || !session->ip_source ||
		strcmp(session->ip_source, "platform") != 0)
		return;
	snprintf(its->vslice, sizeof(its->vslice), "%s", session->vslice.id);
	snprintf(its->gateway, sizeof(its->gateway), "%s", session->gateway.id);
	snprintf(its->address, sizeof(its->address), "%s", session->ip_address);
}

void op_endpoint_bindings(struct op *op)
{
	struct its its = {0};
	char id[UUID_TEXT];

	if (!op_find(op, id))
		return;
	live_look_endpoint(op->controller->live, id, look, &its);
	if (!*its.vslice)
		op_fail(op, 409, "The Endpoint has no live session with an address of the platform, which could be translated");
	else
		answer_later(op, its.gateway, json_pack("{s:s, s:s}", "vslice", its.vslice, "innerAddress", its.address));
}
