// SPDX-License-Identifier: Apache-2.0
#include "controller/readiness.h"

#include "base/addr.h"
#include "controller/live.h"
#include "controller/store/attach.h"
#include "controller/store/db.h"
#include "model/gateway.h"
#include "model/group.h"
#include "model/policy.h"
#include "model/target.h"
#include "model/text.h"
#include "model/verdict.h"
#include "model/vslice.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct readiness {
	struct db *db;
	struct live *live;
	const struct vslice *vslice;
	struct policy *policy; // the Default Routing Policy, or NULL
	struct text out;
	size_t connected; // Regional Gateways
	bool any;
};

static void row(struct readiness *readiness, const char *check, bool ok, const char *message)
{
	text_add(&readiness->out, readiness->any ? ",{\"check\":" : "{\"check\":");
	text_json(&readiness->out, check);
	text_add(&readiness->out, ok ? ",\"ok\":true,\"message\":" : ",\"ok\":false,\"message\":");
	text_json(&readiness->out, message);
	text_char(&readiness->out, '}');
	readiness->any = true;
}

static void check_policy(struct readiness *readiness)
{
	const struct vslice *vslice = readiness->vslice;
	bool is_active = readiness->policy && readiness->policy->status == POLICY_ACTIVE;

	if (!vslice->default_routing_policy.id)
		row(readiness, "defaultRoutingPolicy", false,
			"no Default Routing Policy: create a Routing Target and a Routing Policy on this VSlice, then set it "
			"here");
	else if (!is_active)
		row(readiness, "defaultRoutingPolicy", false,
			"the Default Routing Policy is not active: set its routingPolicyStatus to active");
	else
		row(readiness, "defaultRoutingPolicy", true, "set and active");
}

static void check_lists(struct readiness *readiness)
{
	const struct vslice *vslice = readiness->vslice;
	size_t open = 0;

	row(readiness, "l2tpAccessConcentrators", vslice->lacs.count,
		vslice->lacs.count ? "declared" : "no LAC: declare at least one Virtual LAC Address");
	row(readiness, "l2tpNetworkServers", vslice->lnss.count, vslice->lnss.count ? "declared" : "no LNS: declare one to five");
	for (size_t i = 0; i < vslice->lacs.count; i++) {
		const struct lac *lac = field_rows_at(&noun_lac, &vslice->lacs, i);

		open += !lac->tunnel_secret;
		for (size_t j = 0; j < i; j++) {
			const struct lac *other = field_rows_at(&noun_lac, &vslice->lacs, j);
			char message[200];

			if (strcmp(lac->address, other->address) != 0 || lac->port != other->port)
				continue;
			snprintf(message, sizeof(message),
				"LACs %s and %s are both %s port %lld: give one another address or port", other->object.moniker,
				lac->object.moniker, lac->address, (long long)lac->port);
			row(readiness, "lacAddresses", false, message);
		}
	}
	if (vslice->lacs.count)
		row(readiness, "tunnelSecret", true,
			open ? "a LAC has no tunnel secret: its tunnels are not authenticated, unless the LNS entry has one"
			     : "each LAC has a tunnel secret");
}

static bool prefixes_have(const char *prefixes, const char *address)
{
	struct ip_addr addr;

	return !ip_addr_parse(address, &addr) && pattern_holds(prefixes, &addr);
}

// The first uplink rule that the LAC's packets to the LNS match decides. NULL = none matches.
static const struct rule *rule_for(const struct readiness *readiness, const struct lac *lac, const struct lns *lns)
{
	struct packet packet = {.direction = RULE_UPLINK,
		.protocol = TRANSPORT_UDP,
		.source_port = (uint16_t)lac->port,
		.destination_port = (uint16_t)lns->port,
		.gateway = readiness->vslice->regional_gateway.id};

	if (ip_addr_parse(lac->address, &packet.source) || ip_addr_parse(lns->address, &packet.destination))
		return NULL;
	return policy_verdict(readiness->policy, readiness->vslice, &packet).rule;
}

// The end of a target where the address should lie and does not, in words; NULL when all is well.
static const char *misplaced(const struct target *target, const struct lac *lac, const struct lns *lns)
{
	const char *local, *remote;

	target_ends(target, &local, &remote);
	return !prefixes_have(remote, lns->address) ? "remote" : !prefixes_have(local, lac->address) ? "local" : NULL;
}

static void check_route(struct readiness *readiness, const struct lac *lac, const struct lns *lns)
{
	const struct rule *rule = rule_for(readiness, lac, lns);
	struct target *target = NULL;
	const char *end = NULL;
	char message[300];
	bool ok = false;

	if (!rule) {
		snprintf(message, sizeof(message),
			"no uplink rule matches %s to LNS %s: add one that forwards to a Routing Target", lac->address,
			lns->address);
	} else if (rule->action == RULE_DROP) {
		snprintf(message, sizeof(message),
			"rule %lld drops what goes from LAC %s to LNS %s: put a forward rule before it",
			(long long)rule->object.position, lac->address, lns->address);
	} else if (!rule->target.id || db_get(readiness->db, &noun_target, rule->target.id, DB_LEAN, (void **)&target)) {
		snprintf(
			message, sizeof(message), "rule %lld names no Routing Target: set one", (long long)rule->object.position);
	} else if ((end = misplaced(target, lac, lns))) {
		snprintf(message, sizeof(message), "%s %s is not in the %s subnets of Routing Target %s: add it there",
			*end == 'r' ? "LNS" : "LAC", *end == 'r' ? lns->address : lac->address, end, target->object.moniker);
	} else {
		live_fill(readiness->live, &noun_target, target);
		ok = target->status != TARGET_UNAVAILABLE;
		snprintf(message, sizeof(message), "LNS %s is reached by rule %lld through Routing Target %s%s%s%.120s",
			lns->address, (long long)rule->object.position, target->object.moniker,
			ok ? "" : ", which is unavailable", target->status_message ? ": " : "",
			target->status_message ? target->status_message : "");
	}
	object_free(&noun_target, target);
	row(readiness, "lnsRoute", ok, message);
}

// What the gateway says of the VSlice's network.
static void check_slice(struct readiness *readiness)
{
	char message[200];
	bool ready;

	if (live_slice(readiness->live, readiness->vslice->object.id, &ready, message))
		row(readiness, "network", ready,
			*message	? message
				: ready ? "the VSlice's network is up at the gateway"
					: "the VSlice's network is not up");
}

static void check_gateway(struct readiness *readiness)
{
	const struct vslice *vslice = readiness->vslice;
	struct gateway *gateway;
	char message[240];

	if (!vslice->regional_gateway.id ||
		db_get(readiness->db, &noun_gateway, vslice->regional_gateway.id, DB_LEAN, (void **)&gateway)) {
		row(readiness, "regionalGateway", false, "no Regional Gateway: set one");
		return;
	}
	live_fill(readiness->live, &noun_gateway, gateway);
	if (gateway->status != GATEWAY_CONNECTED) {
		snprintf(message, sizeof(message), "Regional Gateway %s is not connected: start slicegate-gateway --name %s",
			gateway->object.moniker, gateway->object.moniker);
		row(readiness, "regionalGateway", false, message);
	} else {
		snprintf(message, sizeof(message), "Regional Gateway %s is connected", gateway->object.moniker);
		row(readiness, "regionalGateway", true, message);
		bool has = gateway->config_revision != FIELD_UNSET && gateway->config_revision >= vslice->object.revision;

		snprintf(message, sizeof(message),
			has ? "Regional Gateway %s has taken the last change"
			    : "Regional Gateway %s has not taken the last change yet: wait a moment",
			gateway->object.moniker);
		row(readiness, "configuration", has, message);
		check_slice(readiness);
	}
	if (!gateway->gtp_peers.count) {
		snprintf(message, sizeof(message), "nobody may speak GTP to Regional Gateway %s: set its gtpPeers",
			gateway->object.moniker);
		row(readiness, "gtpPeers", false, message);
	}
	object_free(&noun_gateway, gateway);
}

static void tunnel_row(const struct tunnel *tunnel, void *context)
{
	static const char *const states[] = {[TUNNEL_IDLE] = "idle",
		[TUNNEL_OPENING] = "opening",
		[TUNNEL_ESTABLISHED] = "established",
		[TUNNEL_CLOSING] = "closing"};
	bool ok = tunnel->state == TUNNEL_ESTABLISHED;
	const char *state = tunnel->state >= TUNNEL_IDLE && tunnel->state <= TUNNEL_CLOSING ? states[tunnel->state] : "unknown";
	char message[300];

	snprintf(message, sizeof(message), "tunnel %s to %s is %s%s%.160s", tunnel->lac.moniker ? tunnel->lac.moniker : "?",
		tunnel->lns.name ? tunnel->lns.name : "?", state, !ok && tunnel->last_error ? ": " : "",
		!ok && tunnel->last_error ? tunnel->last_error : "");
	row(context, "tunnel", ok, message);
}

// How the last dial of an LNS ended, of a SIM or of a test. Nothing is said while none is known.
static void check_dial(struct readiness *readiness)
{
	struct text kept = {0};
	json_t *dials, *last;
	char message[600];
	bool ok;

	text_char(&kept, '[');
	attach_list(readiness->db, readiness->vslice->object.id, &kept);
	text_char(&kept, ']');
	dials = kept.bytes ? json_loads(kept.bytes, 0, NULL) : NULL;
	text_fini(&kept);
	last = json_array_get(dials, 0);
	if (last) {
		ok = json_is_true(json_object_get(last, "ok"));
		snprintf(message, sizeof(message), "the last dial, %s: %.500s",
			json_string_value(json_object_get(last, "startedAt")),
			json_string_value(json_object_get(last, "verdict")));
		row(readiness, "lastDial", ok, message);
	}
	json_decref(dials);
}

static void check_groups(struct readiness *readiness)
{
	const struct vslice *vslice = readiness->vslice;

	row(readiness, "endpointGroups", vslice->endpoint_groups > 0,
		vslice->endpoint_groups > 0 ? "there is one" : "no Endpoint Group: create one, and put Endpoints into it");
}

static void group_row(const void *object, void *context)
{
	const struct group *group = object;
	struct readiness *readiness = context;
	struct policy *policy = NULL;
	char message[200];
	bool ok;

	if (group->routing_policy.id)
		(void)db_get(readiness->db, &noun_policy, group->routing_policy.id, DB_LEAN, (void **)&policy);
	ok = policy && policy->status == POLICY_ACTIVE;
	snprintf(message, sizeof(message),
		ok ? "Endpoint Group %s follows Routing Policy %s"
			: policy
			? "the Routing Policy of Endpoint Group %s is not active: set the routingPolicyStatus of %s to active"
			: "Endpoint Group %s has no Routing Policy: create one on this VSlice and select it there%s",
		group->object.moniker, policy ? policy->object.moniker : "");
	row(readiness, "routingPolicy", ok, message);
	object_free(&noun_policy, policy);
}

static void gateway_row(const void *object, void *context)
{
	struct gateway *gateway = (void *)object;
	struct readiness *readiness = context;

	live_fill(readiness->live, &noun_gateway, gateway);
	readiness->connected += gateway->status == GATEWAY_CONNECTED;
}

static void check_addresses(struct readiness *readiness)
{
	sqlite3_stmt *statement = db_statement(readiness->db,
		"SELECT count(*) FROM endpoint e JOIN endpoint_group g ON g.id = e.endpoint_group WHERE g.vslice = ?1 AND "
		"g.ip_allocation_type = 1 AND e.endpoint_status <> 7 AND e.assigned_ip_address IS NULL AND "
		"e.assigned_ipv6_prefix IS NULL");
	int64_t waiting = 0;
	char message[160];

	if (!statement)
		return;
	sqlite3_bind_text(statement, 1, readiness->vslice->object.id, -1, SQLITE_STATIC);
	if (sqlite3_step(statement) == SQLITE_ROW)
		waiting = sqlite3_column_int64(statement, 0);
	sqlite3_reset(statement);
	snprintf(message, sizeof(message),
		waiting ? "%lld Endpoint(s) wait for an address: the subnets are used up, add one" : "the subnets have room",
		(long long)waiting);
	row(readiness, "addresses", !waiting, message);
}

static void check_integrated(struct readiness *readiness)
{
	struct db_query groups = {
		.where = "t.vslice = ?1", .argument = readiness->vslice->object.id, .limit = 100, .flags = DB_LEAN};
	struct db_query gateways = {.limit = 1000, .flags = DB_LEAN};
	char why[200];

	check_addresses(readiness);
	(void)db_list(readiness->db, &noun_group, &groups, group_row, readiness, NULL, why);
	(void)db_list(readiness->db, &noun_gateway, &gateways, gateway_row, readiness, NULL, why);
	row(readiness, "regionalGateway", readiness->connected,
		readiness->connected ? "a Regional Gateway is connected"
				     : "no Regional Gateway is connected: start slicegate-gateway");
	if (readiness->connected)
		check_slice(readiness);
}

void readiness_fill(struct db *db, struct live *live, struct vslice *vslice)
{
	struct readiness readiness = {.db = db, .live = live, .vslice = vslice};

	text_char(&readiness.out, '[');
	if (vslice->type == VSLICE_L2TP) {
		if (vslice->default_routing_policy.id)
			(void)db_get(db, &noun_policy, vslice->default_routing_policy.id, DB_LEAN, (void **)&readiness.policy);
		check_policy(&readiness);
		check_lists(&readiness);
		for (size_t l = 0; readiness.policy && l < vslice->lacs.count; l++)
			for (size_t i = 0; i < vslice->lnss.count; i++)
				check_route(&readiness, field_rows_at(&noun_lac, &vslice->lacs, l),
					field_rows_at(&noun_lns, &vslice->lnss, i));
		check_gateway(&readiness);
		live_each_tunnel(live, vslice->object.id, tunnel_row, &readiness);
		check_dial(&readiness);
		object_free(&noun_policy, readiness.policy);
	}
	if (vslice->type == VSLICE_INTEGRATED)
		check_integrated(&readiness);
	check_groups(&readiness);
	text_char(&readiness.out, ']');
	free(vslice->readiness);
	vslice->readiness = text_take(&readiness.out, NULL);
}
