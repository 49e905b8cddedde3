// SPDX-License-Identifier: Apache-2.0
// Event Type, Event Handler, Event Map and Event rows.
//
// An Event Map says which handler is told of which type of event. Its scope says whose events: a global one is about all of the
// customer's, one of scope vslice or endpointgroup about the VSlices or Endpoint Groups that name it as their eventMap.
// The types are a table of words here and rows of the store (its ids), so that subscriptions refer to them as to any object.
#include "model/event.h"

#include "model/ruling.h"
#include "model/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct word event_words[] = {
	{EVENT_LOCATION_UPDATED, "endpointlocationupdated_v1", "Endpoint location updated", "it was registered at another place"},
	{EVENT_AUTHENTICATED, "endpointauthenticated_v1", "Endpoint authenticated", "a network authenticated it"},
	{EVENT_FORCIBLY_DETACHED, "endpointforciblydetached_v1", "Endpoint forcibly detached", "its session was taken down here"},
	{EVENT_STATUS_ACTIVE, "endpointprovisioningstatussetactive_v1", "Endpoint status set to active", "it may carry traffic"},
	{EVENT_STATUS_AUTO_ACTIVATE, "endpointprovisioningstatussetautoactivate_v1", "Endpoint status set to auto-activate",
		"its first use makes it active"},
	{EVENT_STATUS_PENDING, "endpointprovisioningstatussetpending_v1", "Endpoint status set to pending", "it is in no group"},
	{EVENT_STATUS_PROVISIONAL, "endpointprovisioningstatussetprovisional_v1", "Endpoint status set to provisional", NULL},
	{EVENT_STATUS_SUSPENDED, "endpointprovisioningstatussetsuspended_v1", "Endpoint status set to suspended",
		"it is refused until it is active again"},
	{EVENT_STATUS_TERMINATED, "endpointprovisioningstatussetterminated_v1", "Endpoint status set to terminated",
		"it is refused for good"},
	{EVENT_STATUS_UNALLOCATED, "endpointprovisioningstatussetunallocated_v1", "Endpoint status set to unallocated", NULL},
	{EVENT_PURGED, "endpointpurged_v1", "Endpoint purged", "a network forgot it"},
	{EVENT_STEERED, "endpointsteered_v1", "Endpoint steered", "its Operator Policy refused a network"},
	{EVENT_ORIGINATED_SMS, "endpointoriginatedsms_v1", "Endpoint sent an SMS", NULL},
	{EVENT_ORIGINATED_USSD, "endpointoriginatedussd_v1", "Endpoint sent USSD", NULL},
	{EVENT_SMS_ATTEMPTED, "endpointsmsattempted_v1", "SMS to an Endpoint attempted", NULL},
	{EVENT_SMS_DELIVERED, "endpointsmsdelivered_v1", "SMS to an Endpoint delivered", NULL},
	{EVENT_SMS_UNDELIVERED, "endpointsmsundelivered_v1", "SMS to an Endpoint not delivered", NULL},
	{EVENT_DATA_SESSION_CREATED, "endpointdatasessioncreated_v1", "Data session created", "an attach succeeded"},
	{EVENT_DATA_SESSION_CREATE_FAILED, "endpointdatasessioncreatefailed_v1", "Data session failed",
		"an attach failed; the verdict says why"},
	{EVENT_DATA_SESSION_DELETED, "endpointdatasessiondeleted_v1", "Data session deleted", "with its totals and the reason"},
	{EVENT_DATA_SESSION_MODIFIED, "endpointdatasessionmodified_v1", "Data session modified",
		"it goes on with another address, network, radio technology or LNS"},
	{EVENT_DATA_SESSION_EXTENDED, "endpointdatasessionextended_v1", "Data session extended", NULL},
	{EVENT_KEY_VALUE_UPDATED, "endpointkeyvalueupdated_v1", "Endpoint key and value updated", NULL},
	{EVENT_COUNTRY_CHANGED, "endpointcountrychanged_v1", "Endpoint changed its country",
		"the serving network's MCC is another"},
	{EVENT_IMEI_CHANGED, "endpointimeichanged_v1", "Endpoint changed its IMEI", "the SIM is in another device"},
	{EVENT_SERVING_OPERATOR_CHANGED, "endpointservingoperatorchanged_v1", "Endpoint changed its serving operator", NULL},
	{EVENT_TARGET_AVAILABLE, "routingtargetavailable_v1", "Routing Target available", NULL},
	{EVENT_TARGET_UNAVAILABLE, "routingtargetunavailable_v1", "Routing Target unavailable", NULL},
	{EVENT_VPN_IKE_UP, "vpnikephase1up_v1", "VPN IKE phase 1 up", NULL},
	{EVENT_VPN_IKE_DOWN, "vpnikephase1down_v1", "VPN IKE phase 1 down", NULL},
	{EVENT_VPN_CHILD_UP, "vpnchildsaphase2up_v1", "VPN child SA phase 2 up", NULL},
	{EVENT_VPN_CHILD_DOWN, "vpnchildsaphase2down_v1", "VPN child SA phase 2 down", NULL},
	{EVENT_VPN_SUCCEEDED, "vpninitiationsucceeded_v1", "VPN initiation succeeded", NULL},
	{EVENT_VPN_FAILED, "vpninitiationfailed_v1", "VPN initiation failed", NULL},
	{EVENT_TUNNEL_UP, "l2tptunnelup_v1", "L2TP tunnel up", "LAC and LNS have agreed"},
	{EVENT_TUNNEL_DOWN, "l2tptunneldown_v1", "L2TP tunnel down", "with the reason"},
	{EVENT_L2TP_SESSION_UP, "l2tpsessionup_v1", "L2TP session up", "PPP is open and the LNS has assigned the address"},
	{EVENT_L2TP_SESSION_DOWN, "l2tpsessiondown_v1", "L2TP session down", "with the reason"},
	{EVENT_L2TP_SESSION_FAILED, "l2tpsessionfailed_v1", "L2TP session failed", "with the verdict"},
	{EVENT_LNS_UNREACHABLE, "lnsunreachable_v1", "LNS unreachable", "no tunnel can be opened to it"},
	{EVENT_LNS_REACHABLE, "lnsreachable_v1", "LNS reachable", "it answers again"},
	{EVENT_LNS_FAILOVER, "lnsfailover_v1", "LNS failover", "attaches move on to the next LNS"},
	{EVENT_GATEWAY_UP, "regionalgatewayup_v1", "Regional Gateway up", "it is connected"},
	{EVENT_GATEWAY_DOWN, "regionalgatewaydown_v1", "Regional Gateway down",
		"it is not connected; it goes on with what it has"},
	{EVENT_LNS_NEARLY_FULL, "lnsnearlyfull_v1", "LNS nearly full", "its sessions come near to what the settings allow"},
	{EVENT_ADDRESSES_EXHAUSTED, "addressesexhausted_v1", "Addresses exhausted",
		"a SIM was refused since the Integrated VSlice has no address left; told again once there was one meanwhile"},
	{0},
};

static const struct word event_scopes[] = {
	{EVENT_SCOPE_GLOBAL, "global", "Global", "all events of the customer"},
	{EVENT_SCOPE_VSLICE, "vslice", "VSlice", "events of the VSlices that name the map"},
	{EVENT_SCOPE_GROUP, "endpointgroup", "Endpoint Group", "events of the Endpoint Groups that name the map"},
	{0},
};

#define ID_FIELD(help_)                                                                                                          \
	{                                                                                                                        \
		.name = "id", .type = FIELD_TEXT, .flags = FIELD_READ_ONLY, FIELD_AT(struct object, id), .label = "Id",          \
		.help = (help_)                                                                                                  \
	}
// Of objects that come with the program.
#define NAMED_FIELDS                                                                                                             \
	ID_FIELD("The object's UUID"),                                                                                           \
		{.name = "moniker",                                                                                              \
			.type = FIELD_TEXT,                                                                                      \
			.flags = FIELD_SUMMARY | FIELD_READ_ONLY,                                                                \
			FIELD_AT(struct object, moniker),                                                                        \
			.max = 60,                                                                                               \
			.label = "Moniker",                                                                                      \
			.help = "The name in paths and references"},                                                             \
	{                                                                                                                        \
		.name = "name", .type = FIELD_TEXT, .flags = FIELD_SUMMARY | FIELD_READ_ONLY, FIELD_AT(struct object, name),     \
		.max = 60, .label = "Name", .help = "The name that people see"                                                   \
	}

static const struct field endpoint_type_fields[] = {NAMED_FIELDS};

static const struct field type_fields[] = {
	NAMED_FIELDS,
	{.name = "description",
		.type = FIELD_TEXT,
		.flags = FIELD_READ_ONLY | FIELD_SUMMARY,
		FIELD_AT(struct event_type, help),
		.label = "Description",
		.help = "What it tells"},
};

static const struct field webhook_fields[] = {
	{.name = "url",
		.type = FIELD_TEXT,
		.flags = FIELD_REQUIRED,
		FIELD_AT(struct webhook_config, url),
		.min = 1,
		.max = 500,
		.format = FORMAT_URL,
		.label = "URL",
		.help = "Where each event is posted to"},
	{.name = "timeout",
		.type = FIELD_TEXT,
		FIELD_AT(struct webhook_config, timeout),
		.max = 4,
		.format = FORMAT_DIGITS,
		.initial = "10",
		.unit = "seconds",
		.label = "Timeout",
		.help = "Seconds that the receiver has to answer, 1 to 60; a text of digits"},
	{.name = "username",
		.type = FIELD_TEXT,
		FIELD_AT(struct webhook_config, username),
		.min = 1,
		.max = 100,
		.label = "User name",
		.help = "For basic authentication, together with the password"},
	{.name = "password",
		.type = FIELD_TEXT,
		.flags = FIELD_SECRET | FIELD_BLANK,
		FIELD_AT(struct webhook_config, password),
		.min = 1,
		.max = 200,
		.label = "Password",
		.help = "For basic authentication, together with the user name"},
	{.name = "bearerToken",
		.type = FIELD_TEXT,
		.flags = FIELD_SECRET | FIELD_BLANK,
		FIELD_AT(struct webhook_config, bearer_token),
		.min = 1,
		.max = 2000,
		.label = "Bearer token",
		.help = "Sent as Authorization: Bearer; stands before user name and password when both are given"},
	{.name = "signingSecret",
		.type = FIELD_TEXT,
		.flags = FIELD_SECRET | FIELD_KEEP,
		FIELD_AT(struct webhook_config, signing_secret),
		.min = 16,
		.max = 200,
		.label = "Signing secret",
		.help = "Each request carries X-Slicegate-Signature: t=SECONDS,v1=HEX, the HMAC-SHA256 under it of SECONDS.BODY"},
};

static const struct field config_fields[] = {
	{.name = "webhookConfig",
		.type = FIELD_OBJECT,
		FIELD_AT(struct handler_config, webhook),
		.noun = &noun_webhook_config,
		.label = "Webhook",
		.help = "Where and how the events are posted"},
};

// The shape that existing clients read: {id, name, moniker, type, active, summaryDescription}.
static void put_endpoint(struct text *out, const struct field_ref *ref, const char *type, const char *summary)
{
	if (!ref->id) {
		text_add(out, "null");
		return;
	}
	text_add(out, "{\"id\":");
	text_json(out, ref->id);
	text_add(out, ",\"name\":");
	text_json(out, ref->name);
	text_add(out, ",\"moniker\":");
	text_json(out, ref->moniker);
	text_add(out, ",\"type\":");
	text_json(out, type);
	text_add(out, ",\"active\":true,\"summaryDescription\":");
	text_json(out, summary ? summary : "");
	text_char(out, '}');
}

static void put_handler_type(struct text *out, const void *object)
{
	const struct event_handler *handler = object;

	put_endpoint(out, &handler->type, handler->type.moniker, "Posts each event to a URL");
}

static void put_handler(struct text *out, const void *object)
{
	const struct event_subscription *subscription = object;

	put_endpoint(out, &subscription->handler, "webhook", subscription->summary);
}

static void put_type(struct text *out, const void *object)
{
	const struct event_subscription *subscription = object;
	const struct word *word = subscription->type.moniker ? word_find(event_words, subscription->type.moniker) : NULL;

	if (!word) {
		text_add(out, "null");
		return;
	}
	text_format(out, "{\"key\":%d,\"moniker\":\"%s\",\"name\":", word->key, word->moniker);
	text_json(out, word->name);
	text_add(out, ",\"active\":true}");
}

static const struct field handler_fields[] = {
	OBJECT_FIELDS(50),
	{.name = "eventEndpointType",
		.type = FIELD_REF,
		FIELD_AT(struct event_handler, type),
		.noun = &noun_event_endpoint_type,
		.initial = "webhook",
		.put = put_handler_type,
		.label = "Type",
		.help = "How it is told: webhook"},
	{.name = "configurationData",
		.type = FIELD_OBJECT,
		.flags = FIELD_REQUIRED,
		FIELD_AT(struct event_handler, config),
		.noun = &noun_handler_config,
		.label = "Configuration",
		.help = "What the type needs: webhookConfig"},
	{.name = "summaryDescription",
		.type = FIELD_TEXT,
		.flags = FIELD_READ_ONLY | FIELD_SUMMARY,
		FIELD_AT(struct event_handler, summary),
		.sql = "'POST ' || t.configuration_data_webhook_config_url",
		.label = "Summary",
		.help = "What it does, in a line"},
	{.name = "pendingEvents",
		.type = FIELD_INT,
		.flags = FIELD_READ_ONLY | FIELD_SUMMARY,
		FIELD_AT(struct event_handler, pending),
		.sql = "(SELECT count(*) FROM event_delivery d WHERE d.handler = t.id AND d.state < 2)",
		.label = "Pending",
		.help = "Events that it is still to be told of"},
	{.name = "deadLetters",
		.type = FIELD_INT,
		.flags = FIELD_READ_ONLY | FIELD_SUMMARY,
		FIELD_AT(struct event_handler, dead),
		.sql = "(SELECT count(*) FROM event_delivery d WHERE d.handler = t.id AND d.state = 2)",
		.label = "Dead letters",
		.help = "Events that its receiver did not take in time"},
	CUSTOMER_FIELD,
	CHANGED_FIELD,
};

static const struct field subscription_fields[] = {
	ID_FIELD("The subscription's UUID, given by the platform"),
	{.name = "eventMap",
		.type = FIELD_REF,
		.flags = FIELD_READ_ONLY,
		FIELD_AT(struct event_subscription, map),
		.noun = &noun_event_map,
		.sql = "t.owner",
		.label = "Event Map",
		.help = "The map that it is part of"},
	{.name = "eventEndpoint",
		.alias = "eventEndpointId",
		.type = FIELD_REF,
		.flags = FIELD_REQUIRED | FIELD_SUMMARY,
		FIELD_AT(struct event_subscription, handler),
		.noun = &noun_event_handler,
		.put = put_handler,
		.label = "Event Handler",
		.help = "Who is told"},
	{.name = "eventType",
		.alias = "eventTypeId",
		.type = FIELD_REF,
		.flags = FIELD_REQUIRED | FIELD_SUMMARY,
		FIELD_AT(struct event_subscription, type),
		.noun = &noun_event_type,
		.put = put_type,
		.label = "Event Type",
		.help = "Of what (GET /api/v1/eventtypes lists all)"},
	{.name = "handlerSummary",
		.type = FIELD_TEXT,
		.flags = FIELD_READ_ONLY | FIELD_HIDDEN,
		FIELD_AT(struct event_subscription, summary),
		.sql = "(SELECT 'POST ' || h.configuration_data_webhook_config_url FROM event_handler h WHERE h.id = "
		       "t.event_endpoint)",
		.label = "Summary",
		.help = "What the handler does"},
};

static const struct field map_fields[] = {
	OBJECT_FIELDS(50),
	{.name = "eventScope",
		.type = FIELD_ENUM,
		.flags = FIELD_SUMMARY | FIELD_KEEP,
		FIELD_AT(struct event_map, scope),
		.words = event_scopes,
		.initial = "global",
		.label = "Scope",
		.help = "Whose events it is about"},
	{.name = "subscriptions",
		.type = FIELD_ROWS,
		FIELD_AT(struct event_map, subscriptions),
		.max = 1000,
		.noun = &noun_event_subscription,
		.label = "Subscriptions",
		.help = "Which handler is told of which type of event"},
	CUSTOMER_FIELD,
	CHANGED_FIELD,
};

#define E(type_, flags_, json, member, label_, link_, help_)                                                                     \
	{                                                                                                                        \
		.name = (json), .type = (type_), .flags = FIELD_READ_ONLY | (flags_), FIELD_AT(struct event, member),            \
		.label = (label_), .link = (link_), .help = (help_)                                                              \
	}

// The link names are those of the payload that receivers get: what is absent is left out there.
static const struct field event_fields[] = {
	E(FIELD_TEXT, 0, "id", object.id, "Id", "eventId", "The event's UUID; a receiver may get an event twice and tells by it"),
	E(FIELD_INT, FIELD_SUMMARY, "sequence", sequence, "Sequence", "sequence",
		"Grows with every event: the cursor of since, Last-Event-ID and replay"),
	E(FIELD_TIME, FIELD_SUMMARY, "eventTime", time_ms, "Time", "eventTime", "When it happened, UTC"),
	E(FIELD_TEXT, FIELD_SUMMARY, "eventType", type, "Type", "eventType", "The moniker of its Event Type"),
	E(FIELD_TEXT, FIELD_SUMMARY, "endpointId", endpoint, "Endpoint", "endpointId", "The Endpoint that it is about"),
	E(FIELD_TEXT, 0, "routingTargetId", target, "Routing Target", "routingTargetId", "The Routing Target that it is about"),
	E(FIELD_TEXT, 0, "vsliceId", vslice, "VSlice", "vsliceId", "The VSlice that it happened in"),
	E(FIELD_TEXT, 0, "endpointGroupId", group, "Endpoint Group", "endpointGroupId", "The Endpoint Group of its Endpoint"),
	E(FIELD_TEXT, 0, "regionalGatewayId", gateway, "Regional Gateway", "regionalGatewayId", "The gateway that told it"),
	E(FIELD_RAW, 0, "detail", detail, "Detail", "detail", "More about it, by its type"),
	CUSTOMER_FIELD,
};

int64_t webhook_timeout_s(const struct webhook_config *config)
{
	int64_t seconds = config->timeout ? strtoll(config->timeout, NULL, 10) : 0;

	return seconds < 1 ? WEBHOOK_TIMEOUT_DEFAULT_S : seconds > WEBHOOK_TIMEOUT_MAX_S ? WEBHOOK_TIMEOUT_MAX_S : seconds;
}

static void webhook_check(struct ruling *ruling, void *object, const void *before)
{
	const struct webhook_config *config = object;
	const char *host = config->url ? strstr(config->url, "://") : NULL;
	int64_t seconds = config->timeout ? strtoll(config->timeout, NULL, 10) : WEBHOOK_TIMEOUT_DEFAULT_S;

	(void)before;
	if (host && memchr(host + 3, '@', strcspn(host + 3, "/?#")))
		ruling_fault(ruling, "url", "holds a user name or password; put them into username and password");
	if (seconds < 1 || seconds > WEBHOOK_TIMEOUT_MAX_S)
		ruling_fault(ruling, "timeout", "\"%.10s\" is out of range; accepted: \"1\" to \"%d\" seconds", config->timeout,
			WEBHOOK_TIMEOUT_MAX_S);
	if (config->password && !config->username)
		ruling_fault(ruling, "username", "is missing; it goes with the password");
	if (config->username && strchr(config->username, ':'))
		ruling_fault(ruling, "username", "holds a colon, which basic authentication cannot carry; choose another");
	if (config->bearer_token && strpbrk(config->bearer_token, "\r\n"))
		ruling_fault(ruling, "bearerToken", "holds a line break; leave it out");
}

static bool is_same(const struct event_subscription *a, const struct event_subscription *b)
{
	return a->handler.id && b->handler.id && a->type.id && b->type.id && strcmp(a->handler.id, b->handler.id) == 0 &&
		strcmp(a->type.id, b->type.id) == 0;
}

// Also before both are judged: what they refer to is looked up.
static bool subscription_same(struct ruling *ruling, void *row, void *other)
{
	struct event_subscription *subscriptions[] = {row, other};

	for (int i = 0; i < 2; i++) {
		ruling_resolve(ruling, &noun_event_handler, NULL, &subscriptions[i]->handler);
		ruling_resolve(ruling, &noun_event_type, NULL, &subscriptions[i]->type);
	}
	return is_same(row, other);
}

static void put_added(struct text *out, const void *row)
{
	const struct event_subscription *subscription = row;

	text_add(out, "{\"eventSubscriptionId\":");
	text_json(out, subscription->object.id);
	text_add(out, ",\"eventEndpointId\":");
	text_json(out, subscription->handler.id);
	text_add(out, ",\"eventType\":");
	put_type(out, row);
	text_add(out, ",\"eventHandler\":{\"id\":");
	text_json(out, subscription->handler.id);
	text_add(out, ",\"moniker\":");
	text_json(out, subscription->handler.moniker);
	text_add(out, ",\"name\":");
	text_json(out, subscription->handler.name);
	text_add(out, "}}");
}

static void map_check(struct ruling *ruling, void *object, const void *before)
{
	const struct event_map *map = object;

	(void)before;
	for (size_t i = 0; i < map->subscriptions.count; i++)
		for (size_t j = 0; j < i; j++) {
			char name[48];

			if (!is_same(field_rows_at(&noun_event_subscription, &map->subscriptions, i),
				    field_rows_at(&noun_event_subscription, &map->subscriptions, j)))
				continue;
			snprintf(name, sizeof(name), "subscriptions[%zu]", i);
			ruling_fault(ruling, name, "says the same as subscriptions[%zu]; leave one out", j);
			break;
		}
}

const struct noun noun_event_endpoint_type = {
	.word = "event-endpoint-type",
	.title = "Event Endpoint Type",
	.path = "eventendpointtypes",
	.spelling = "EventEndpointTypes",
	.table = "event_endpoint_type",
	.help = "How an Event Handler can be told",
	.size = sizeof(struct object),
	.flags = NOUN_PLATFORM | NOUN_BUILT_IN,
	NOUN_FIELDS(endpoint_type_fields),
};

const struct noun noun_event_type = {
	.word = "event-type",
	.title = "Event Type",
	.path = "eventtypes",
	.spelling = "EventTypes",
	.table = "event_type",
	.help = "What can happen",
	.size = sizeof(struct event_type),
	.flags = NOUN_PLATFORM | NOUN_BUILT_IN,
	NOUN_FIELDS(type_fields),
};

const struct noun noun_webhook_config = {
	.word = "webhook-config",
	.title = "webhook configuration",
	.help = "Where and how events are posted",
	.size = sizeof(struct webhook_config),
	.flags = NOUN_PART,
	NOUN_FIELDS(webhook_fields),
	.check = webhook_check,
};

const struct noun noun_handler_config = {
	.word = "handler-config",
	.title = "handler configuration",
	.help = "What the handler's type needs",
	.size = sizeof(struct handler_config),
	.flags = NOUN_PART,
	NOUN_FIELDS(config_fields),
};

const struct noun noun_event_handler = {
	.word = "event-handler",
	.title = "Event Handler",
	.path = "eventhandlers",
	.spelling = "EventHandlers",
	.table = "event_handler",
	.help = "Who is told of events: a webhook",
	.size = sizeof(struct event_handler),
	NOUN_FIELDS(handler_fields),
};

const struct noun noun_event_subscription = {
	.word = "subscription",
	.title = "subscription",
	.path = "subscriptions",
	.table = "event_subscription",
	.help = "One type of event that one handler is told of",
	.size = sizeof(struct event_subscription),
	.flags = NOUN_ROW,
	.owner = &noun_event_map,
	.same = subscription_same,
	.put_added = put_added,
	NOUN_FIELDS(subscription_fields),
};

const struct noun noun_event_map = {
	.word = "event-map",
	.title = "Event Map",
	.path = "eventmaps",
	.spelling = "EventMaps",
	.table = "event_map",
	.help = "Which Event Handlers are told of which events, for a scope",
	.size = sizeof(struct event_map),
	NOUN_FIELDS(map_fields),
	.check = map_check,
};

const struct noun noun_event = {
	.word = "event",
	.title = "Event",
	.path = "events",
	.spelling = "Events",
	.help = "What happened",
	.size = sizeof(struct event),
	.flags = NOUN_LIVE,
	NOUN_FIELDS(event_fields),
};
