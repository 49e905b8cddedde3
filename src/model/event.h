// SPDX-License-Identifier: Apache-2.0
// Events: what happened (Event), what can happen (Event Type), who is told (Event Handler), of what (Event Map with subscriptions).
#pragma once

#include "model/noun.h"

// Every type of event. The keys are stored. What no part of the platform makes yet can be subscribed to all the same, because
// existing clients do.
enum event_kind {
	EVENT_LOCATION_UPDATED = 1,
	EVENT_AUTHENTICATED,
	EVENT_FORCIBLY_DETACHED,
	EVENT_STATUS_ACTIVE,
	EVENT_STATUS_AUTO_ACTIVATE,
	EVENT_STATUS_PENDING,
	EVENT_STATUS_PROVISIONAL,
	EVENT_STATUS_SUSPENDED,
	EVENT_STATUS_TERMINATED,
	EVENT_STATUS_UNALLOCATED,
	EVENT_PURGED,
	EVENT_STEERED,
	EVENT_ORIGINATED_SMS,
	EVENT_ORIGINATED_USSD,
	EVENT_SMS_ATTEMPTED,
	EVENT_SMS_DELIVERED,
	EVENT_SMS_UNDELIVERED,
	EVENT_DATA_SESSION_CREATED,
	EVENT_DATA_SESSION_CREATE_FAILED,
	EVENT_DATA_SESSION_DELETED,
	EVENT_DATA_SESSION_MODIFIED,
	EVENT_DATA_SESSION_EXTENDED,
	EVENT_KEY_VALUE_UPDATED,
	EVENT_COUNTRY_CHANGED,
	EVENT_IMEI_CHANGED,
	EVENT_SERVING_OPERATOR_CHANGED,
	EVENT_TARGET_AVAILABLE,
	EVENT_TARGET_UNAVAILABLE,
	EVENT_VPN_IKE_UP,
	EVENT_VPN_IKE_DOWN,
	EVENT_VPN_CHILD_UP,
	EVENT_VPN_CHILD_DOWN,
	EVENT_VPN_SUCCEEDED,
	EVENT_VPN_FAILED,
	EVENT_TUNNEL_UP,
	EVENT_TUNNEL_DOWN,
	EVENT_L2TP_SESSION_UP,
	EVENT_L2TP_SESSION_DOWN,
	EVENT_L2TP_SESSION_FAILED,
	EVENT_LNS_UNREACHABLE,
	EVENT_LNS_REACHABLE,
	EVENT_LNS_FAILOVER,
	EVENT_GATEWAY_UP,
	EVENT_GATEWAY_DOWN,
	EVENT_LNS_NEARLY_FULL,
	EVENT_ADDRESSES_EXHAUSTED,
};

extern const struct word event_words[]; // of enum event_kind: moniker, name, help

enum event_scope { EVENT_SCOPE_GLOBAL = 1, EVENT_SCOPE_VSLICE, EVENT_SCOPE_GROUP };

struct webhook_config {
	char *url, *timeout, *username, *password, *bearer_token, *signing_secret;
};

struct handler_config {
	struct webhook_config webhook;
};

struct event_handler {
	struct object object;
	struct field_ref type;
	struct handler_config config;
	char *summary;
	int64_t pending, dead; // deliveries
};

struct event_subscription {
	struct object object;
	struct field_ref map, handler, type;
	char *summary; // of the handler
};

struct event_map {
	struct object object;
	int64_t scope;
	struct field_rows subscriptions;
};

struct event_type {
	struct object object;
	char *help;
};

// What happened. `detail` is a JSON object.
struct event {
	struct object object;
	int64_t sequence, time_ms;
	char *type; // moniker
	char *endpoint, *target, *vslice, *group, *gateway; // ids; NULL = it is not about one
	char *detail;
};

#define WEBHOOK_TIMEOUT_DEFAULT_S 10
#define WEBHOOK_TIMEOUT_MAX_S 60
// Seconds that a handler's receiver has to answer.
int64_t webhook_timeout_s(const struct webhook_config *config);
