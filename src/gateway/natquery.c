// SPDX-License-Identifier: Apache-2.0
#include "gateway/natquery.h"

#include "base/clean.h"
#include "gateway/gateway.h"
#include "gateway/jsonget.h"
#include "gateway/link.h"
#include "gateway/report.h"
#include "gateway/session.h"
#include "gateway/target/bindings.h"
#include "gateway/vslice.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#define LIMIT_MAX 1000

struct natquery {
	struct gateway *gateway;
	struct uuid vslice;
	char id[64];
};

static const struct {
	uint8_t number;
	const char *name;
} protocols[] = {{IPPROTO_TCP, "tcp"}, {IPPROTO_UDP, "udp"}, {IPPROTO_ICMP, "icmp"}};

static void put_protocol(json_t *row, uint8_t number)
{
	char text[8];

	snprintf(text, sizeof(text), "%u", number);
	json_object_set_new(row, "transportProtocol", json_string(text));
	for (size_t i = 0; i < array_len(protocols); i++)
		if (protocols[i].number == number)
			json_object_set_new(row, "transportProtocol", json_string(protocols[i].name));
}

static void put_end(json_t *row, const char *address, const char *port, const struct ip_end *end)
{
	char text[IP_ADDR_TEXT];

	if (!end->addr.family)
		return;
	json_object_set_new(row, address, json_string(ip_addr_text(&end->addr, text)));
	json_object_set_new(row, port, json_integer(end->port));
}

static json_t *row_of(const struct binding *binding)
{
	json_t *row = json_pack("{s:s, s:I, s:I, s:I}", "routingTarget", binding->target.text, "expiresSeconds",
		(json_int_t)binding->timeout_s, "packets", (json_int_t)binding->packets, "bytes", (json_int_t)binding->octets);

	put_end(row, "innerAddress", "innerPort", &binding->inner);
	put_end(row, "publicAddress", "publicPort", &binding->public);
	put_end(row, "remoteAddress", "remotePort", &binding->remote);
	put_protocol(row, binding->protocol);
	if (binding->started_ms)
		json_object_set_new(row, "startedAt", json_time(binding->started_ms));
	return row;
}

// Whose inner addresses these are just now: one look at the sessions for all of them.
static void put_endpoints(const struct natquery *query, const struct bindings *bindings, json_t *rows)
{
	struct map wanted = {0}; // address -> session
	const struct session *session;

	for (size_t at = 0; bindings->rows.count && (session = sessions_next(&query->gateway->sessions, &at));)
		if (session->facts->address.family == IP_V4 && uuid_equal(&session->vslice->id, &query->vslice) &&
			session->vslice->integrated)
			(void)map_put(&wanted, ip_addr_to_v4(&session->facts->address), (void *)session);
	for (size_t i = 0; i < bindings->rows.count; i++) {
		struct uuid endpoint;

		session = map_get(&wanted, ip_addr_to_v4(&bindings->rows.items[i].inner.addr));
		if (!session)
			continue;
		uuid_unpack(session->facts->endpoint, &endpoint);
		json_object_set_new(json_array_get(rows, i), "endpoint", json_string(endpoint.text));
	}
	map_fini(&wanted);
}

static void answer(const struct natquery *query, const char *error, size_t total, json_t *rows)
{
	json_t *row = json_pack(
		"{s:s, s:s, s:I, s:o}", "row", "natBindings", "query", query->id, "total", (json_int_t)total, "bindings", rows);

	if (error)
		json_object_set_new(row, "error", json_string(error));
	report_add(query->gateway->report, row);
	if (query->gateway->link)
		link_kick(query->gateway->link);
}

static void on_found(void *owner, int error, const struct bindings *bindings)
{
	_cleanup_free_ struct natquery *query = owner;
	json_t *rows = json_array();

	gateway_wake(query->gateway);
	if (error) {
		answer(query, error == -ECANCELED ? "the VSlice is being removed" : strerror(-error), 0, rows);
		return;
	}
	vec_each (&bindings->rows, binding)
		json_array_append_new(rows, row_of(binding));
	put_endpoints(query, bindings, rows);
	answer(query, NULL, bindings->total, rows);
}

static void take_end(const json_t *command, const char *address, const char *port, struct ip_end *end)
{
	int64_t number = jsonget_int(command, port, 0);

	(void)ip_addr_parse(jsonget_text(command, address, ""), &end->addr);
	end->port = number > 0 && number <= UINT16_MAX ? (uint16_t)number : 0;
}

static struct binding_query query_of(const json_t *command)
{
	struct binding_query query = {0};
	int64_t offset = jsonget_int(command, "offset", 0), limit = jsonget_int(command, "limit", 100);
	const char *protocol = jsonget_text(command, "transportProtocol", "");

	uuid_set(&query.target, jsonget_text(command, "routingTarget", NULL));
	take_end(command, "innerAddress", "innerPort", &query.inner);
	take_end(command, "publicAddress", "publicPort", &query.public);
	take_end(command, "remoteAddress", "remotePort", &query.remote);
	for (size_t i = 0; i < array_len(protocols); i++)
		if (!strcmp(protocols[i].name, protocol))
			query.protocol = protocols[i].number;
	query.offset = offset > 0 ? (size_t)offset : 0;
	query.limit = limit < 0 ? 0 : limit > LIMIT_MAX ? LIMIT_MAX : (size_t)limit;
	return query;
}

void natquery_run(struct gateway *gateway, const json_t *command)
{
	struct natquery *query = calloc(1, sizeof(*query));
	struct binding_query wanted = query_of(command);
	const struct vslice *vslice;

	if (!query)
		return;
	query->gateway = gateway;
	uuid_set(&query->vslice, jsonget_text(command, "vslice", NULL));
	snprintf(query->id, sizeof(query->id), "%s", jsonget_text(command, "query", ""));
	vslice = strmap_get(&gateway->vslices, query->vslice.text);
	if (!vslice || vslice->stopping)
		on_found(query, -ECANCELED, NULL);
	else
		slice_bindings(vslice->slice, &wanted, on_found, query);
}
