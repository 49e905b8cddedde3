// SPDX-License-Identifier: Apache-2.0
// From a row's `data` (docs/reference/gateway-link.md) to an object. Members that a newer controller adds are not looked at.
#include "gateway/config_kinds.h"

#include "base/clean.h"
#include "gateway/jsonget.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define IMSI_MIN 6 // digits
#define IMSI_MAX 15
#define NAMED_MAX 16 // addresses that LNSs named

static void *fail(char *why, const char *text)
{
	snprintf(why, 160, "%s", text);
	return NULL;
}

static void vslice_free(void *object)
{
	struct vslice_config *vslice = object;

	if (!vslice)
		return;
	vec_each (&vslice->lacs, lac) {
		free(lac->name);
		free(lac->secret);
		free(lac->next_secret);
	}
	vec_each (&vslice->lnss, lns) {
		free(lns->name);
		free(lns->secret);
		free(lns->next_secret);
		json_decref(lns->settings);
	}
	vec_free(&vslice->lacs);
	vec_free(&vslice->lnss);
	vec_free(&vslice->named);
	config_free_subnets(vslice);
	free(vslice->moniker);
	free(vslice->name);
	json_decref(vslice->settings);
	free(vslice);
}

static int end_decode(const json_t *data, struct ip_end *out, char *why)
{
	int64_t port = jsonget_int(data, "port", 1701);

	if (ip_addr_parse(jsonget_text(data, "address", ""), &out->addr) || port < 1 || port > 65535) {
		fail(why, "address and port are needed");
		return -EINVAL;
	}
	out->port = (uint16_t)port;
	return 0;
}

static int lacs_decode(struct vslice_config *vslice, const json_t *rows, char *why)
{
	size_t i;
	json_t *row;

	json_array_foreach(rows, i, row)
	{
		struct lac_config *lac = vec_add(&vslice->lacs);

		if (!lac)
			return -ENOMEM;
		uuid_set(&lac->id, jsonget_text(row, "id", NULL));
		lac->name = jsonget_dup(row, "name");
		lac->secret = jsonget_dup(row, "tunnelSecret");
		lac->next_secret = jsonget_dup(row, "nextTunnelSecret");
		if (end_decode(row, &lac->address, why))
			return -EINVAL;
	}
	return 0;
}

static int lnss_decode(struct vslice_config *vslice, const json_t *rows, char *why)
{
	size_t i;
	json_t *row;

	json_array_foreach(rows, i, row)
	{
		struct lns_config *lns = vec_add(&vslice->lnss);

		if (!lns)
			return -ENOMEM;
		uuid_set(&lns->id, jsonget_text(row, "id", NULL));
		lns->name = jsonget_dup(row, "name");
		lns->secret = jsonget_dup(row, "tunnelSecret");
		lns->next_secret = jsonget_dup(row, "nextTunnelSecret");
		lns->settings = json_incref(json_object_get(row, "advancedSettings"));
		lns->preference = (int)jsonget_int(row, "preference", (int64_t)i + 1);
		if (i && jsonget_bool(row, "equalPreference", false))
			lns->preference = vslice->lnss.items[i - 1].preference;
		if (end_decode(row, &lns->address, why))
			return -EINVAL;
	}
	return 0;
}

static void vslice_succeeds(void *object, void *old)
{
	vec_each (&((struct vslice_config *)old)->named, address)
		config_name_lns(object, address);
}

void config_name_lns(struct vslice_config *vslice, const struct ip_addr *address)
{
	struct ip_addr *room;

	vec_each (&vslice->named, known)
		if (ip_addr_equal(known, address))
			return;
	room = vslice->named.count < NAMED_MAX ? vec_add(&vslice->named) : NULL;
	if (room)
		*room = *address;
}

static int vslice_decode(struct config *config, const json_t *data, void **out, char *why)
{
	struct vslice_config *vslice = calloc(1, sizeof(*vslice));
	const char *type = jsonget_text(data, "vsliceType", "l2tp");
	int error;

	(void)config;
	if (!vslice)
		return -ENOMEM;
	vslice->moniker = jsonget_dup(data, "moniker");
	vslice->name = jsonget_dup(data, "name");
	vslice->type = strcmp(type, "integrated") ? VSLICE_L2TP : VSLICE_INTEGRATED;
	uuid_set(&vslice->default_policy, jsonget_text(data, "defaultRoutingPolicy", NULL));
	vslice->settings = json_incref(json_object_get(data, "advancedSettings"));
	error = lacs_decode(vslice, json_object_get(data, "lacs"), why);
	if (!error)
		error = lnss_decode(vslice, json_object_get(data, "lnss"), why);
	if (!error)
		error = config_decode_subnets(vslice, data, why);
	if (!error && !vslice->moniker) {
		fail(why, "moniker is needed");
		error = -EINVAL;
	}
	if (error)
		vslice_free(vslice);
	else
		*out = vslice;
	return error;
}

static void policy_free(void *object)
{
	struct policy_config *policy = object;

	if (!policy)
		return;
	vec_each (&policy->rules, rule) {
		free(rule->source);
		free(rule->destination);
		free(rule->source_port);
		free(rule->destination_port);
		free(rule->protocol);
	}
	vec_free(&policy->rules);
	free(policy->moniker);
	free(policy);
}

static int rule_decode(const json_t *row, struct rule_config *rule, char *why)
{
	const char *divert = jsonget_text(row, "divertIp", ""), *divert_port = jsonget_text(row, "divertPort", "");

	uuid_set(&rule->id, jsonget_text(row, "id", NULL));
	rule->action = strcmp(jsonget_text(row, "ruleAction", "forward"), "drop") ? RULE_FORWARD : RULE_DROP;
	rule->direction = strcmp(jsonget_text(row, "ruleDirection", "uplink"), "downlink") ? RULE_UPLINK : RULE_DOWNLINK;
	rule->enabled = jsonget_bool(row, "enabled", true);
	rule->reflexive = jsonget_bool(row, "reflexive", false);
	rule->source = jsonget_dup(row, "sourceIpPattern");
	rule->destination = jsonget_dup(row, "destinationIpPattern");
	rule->source_port = jsonget_dup(row, "sourcePortPattern");
	rule->destination_port = jsonget_dup(row, "destinationPortPattern");
	rule->protocol = jsonget_dup(row, "transportProtocol");
	uuid_set(&rule->target, jsonget_text(row, "routingTarget", NULL));
	uuid_set(&rule->regional_gateway, jsonget_text(row, "regionalGateway", NULL));
	rule->divert_port = (uint16_t)strtoul(divert_port, NULL, 10);
	if (*divert && ip_addr_parse(divert, &rule->divert)) {
		fail(why, "a rule's divertIp is not an address");
		return -EINVAL;
	}
	return 0;
}

static int policy_decode(struct config *config, const json_t *data, void **out, char *why)
{
	struct policy_config *policy = calloc(1, sizeof(*policy));
	size_t i;
	json_t *row;
	int error = 0;

	(void)config;
	if (!policy)
		return -ENOMEM;
	policy->moniker = jsonget_dup(data, "moniker");
	uuid_set(&policy->vslice, jsonget_text(data, "vslice", NULL));
	policy->active = !strcmp(jsonget_text(data, "routingPolicyStatus", "active"), "active");
	config_decode_limits(policy, data);
	json_array_foreach(json_object_get(data, "rules"), i, row)
	{
		struct rule_config *rule = vec_add(&policy->rules);

		error = rule ? rule_decode(row, rule, why) : -ENOMEM;
		if (error)
			break;
	}
	if (error)
		policy_free(policy);
	else
		*out = policy;
	return error;
}

static void group_free(void *object)
{
	struct group_config *group = object;

	if (!group)
		return;
	free(group->moniker);
	free(group);
}

static int group_decode(struct config *config, const json_t *data, void **out, char *why)
{
	struct group_config *group = calloc(1, sizeof(*group));

	(void)config;
	(void)why;
	if (!group)
		return -ENOMEM;
	group->moniker = jsonget_dup(data, "moniker");
	uuid_set(&group->vslice, jsonget_text(data, "vslice", NULL));
	uuid_set(&group->lac, jsonget_text(data, "lac", NULL));
	uuid_set(&group->operator_policy, jsonget_text(data, "steeringProfile", NULL));
	uuid_set(&group->regional_policy, jsonget_text(data, "regionalGatewayPolicy", NULL));
	uuid_set(&group->policy, jsonget_text(data, "routingPolicy", NULL));
	group->is_pooled = !strcmp(jsonget_text(data, "ipAllocationType", ""), "pooled");
	*out = group;
	return 0;
}

static void endpoint_free(void *object)
{
	struct endpoint_config *endpoint = object;

	if (!endpoint)
		return;
	free(endpoint->ppp_username);
	free(endpoint->ppp_password);
	free(endpoint->kept);
	free(endpoint);
}

static const char *const endpoint_statuses[] = {
	[ENDPOINT_UNALLOCATED] = "unallocated",
	[ENDPOINT_PENDING] = "pending",
	[ENDPOINT_PROVISIONAL] = "provisional",
	[ENDPOINT_AUTO_ACTIVATE] = "auto-activate",
	[ENDPOINT_ACTIVE] = "active",
	[ENDPOINT_SUSPENDED] = "suspended",
	[ENDPOINT_TERMINATED] = "terminated",
};

const char *endpoint_status_name(enum endpoint_status status)
{
	return status && status < array_len(endpoint_statuses) ? endpoint_statuses[status] : "unknown";
}

static int endpoint_decode(struct config *config, const json_t *data, void **out, char *why)
{
	struct endpoint_config *endpoint = calloc(1, sizeof(*endpoint));
	const char *status = jsonget_text(data, "status", "");
	size_t i;
	json_t *row;

	(void)config;
	if (!endpoint)
		return -ENOMEM;
	snprintf(endpoint->iccid, sizeof(endpoint->iccid), "%s", jsonget_text(data, "iccid", ""));
	snprintf(endpoint->msisdn, sizeof(endpoint->msisdn), "%s", jsonget_text(data, "msisdn", ""));
	uuid_set(&endpoint->group, jsonget_text(data, "endpointGroup", NULL));
	endpoint->ppp_username = jsonget_dup(data, "pppUsername");
	endpoint->ppp_password = jsonget_dup(data, "pppPassword");
	for (size_t s = ENDPOINT_UNALLOCATED; s < array_len(endpoint_statuses); s++)
		if (!strcmp(status, endpoint_statuses[s]))
			endpoint->status = (uint8_t)s;
	json_array_foreach(json_object_get(data, "imsis"), i, row)
	{
		const char *digits = json_is_string(row) ? json_string_value(row) : "";
		uint64_t key = strlen(digits) >= IMSI_MIN && strlen(digits) <= IMSI_MAX ? imsi_key(digits) : 0;

		if (key && endpoint->imsi_count < array_len(endpoint->imsis))
			endpoint->imsis[endpoint->imsi_count++] = key;
	}
	if (!endpoint->imsi_count || !endpoint->status)
		fail(why, "imsis and status are needed");
	if (!endpoint->imsi_count || !endpoint->status || config_decode_kept(endpoint, data, why)) {
		endpoint_free(endpoint);
		return -EINVAL;
	}
	*out = endpoint;
	return 0;
}

static void endpoint_linked(struct config *config, void *object, bool present)
{
	struct endpoint_config *endpoint = object;

	for (size_t i = 0; i < endpoint->imsi_count; i++) {
		if (present)
			(void)map_put(&config->by_imsi, endpoint->imsis[i], endpoint);
		else if (map_get(&config->by_imsi, endpoint->imsis[i]) == endpoint)
			(void)map_del(&config->by_imsi, endpoint->imsis[i]);
	}
	config_link_kept(config, endpoint, present);
}

// What does not fit leaves no pool: targets say that they have no address.
static int public_addresses_decode(const json_t *rows, struct natpool *out, char *why)
{
	struct addr_set set = {0};
	_cleanup_free_ char *text = NULL;
	size_t len, i;
	FILE *all = open_memstream(&text, &len);
	json_t *row;
	int error;

	if (!all)
		return -ENOMEM;
	json_array_foreach(rows, i, row) fprintf(all, "%s%s", i ? "," : "", json_is_string(row) ? json_string_value(row) : "?");
	if (fclose(all))
		return -ENOMEM;
	error = addr_set_parse(text, &set);
	if (!error)
		error = natpool_new(&set, out);
	addr_set_fini(&set);
	if (error && error != -ENOMEM)
		fail(why,
			"publicAddresses holds something that is not an IPv4 address, prefix or range, or more than 1,024 "
			"addresses");
	return error;
}

int config_decode_gateway(struct config *config, const char *id, const json_t *data, char *why)
{
	VEC(struct ip_prefix) peers = {0};
	struct natpool public = {0};
	size_t i;
	json_t *row;
	int error = public_addresses_decode(json_object_get(data, "publicAddresses"), &public, why);

	if (error)
		return error;

	json_array_foreach(json_object_get(data, "gtpPeers"), i, row)
	{
		struct ip_prefix *prefix = vec_add(&peers);

		if (!prefix || !json_is_string(row) || ip_prefix_parse(json_string_value(row), prefix)) {
			vec_free(&peers);
			natpool_fini(&public);
			fail(why, "gtpPeers holds something that is not a prefix");
			return -EINVAL;
		}
	}
	vec_free(&config->gtp_peers);
	config->gtp_peers.items = peers.items;
	config->gtp_peers.count = peers.count;
	config->gtp_peers.room = peers.room;
	natpool_fini(&config->public_addresses);
	config->public_addresses = public;
	vec_each (&config->apns, apn)
		free(*apn);
	vec_free(&config->apns);
	json_array_foreach(json_object_get(data, "accessPointNames"), i, row)
	{
		char **apn = json_is_string(row) ? vec_add(&config->apns) : NULL;

		if (!apn || !(*apn = strdup(json_string_value(row))))
			continue;
		for (char *c = *apn; *c; c++)
			*c = (char)tolower((unsigned char)*c);
	}
	uuid_set(&config->gateway_id, id);
	return 0;
}

// Keys of the map are borrowed from the first of each list. Where memory is out, the object is not among its VSlice's.
static void link_sibling(struct strmap *map, void *object, size_t vslice_at, size_t sibling_at, bool present)
{
	const char *vslice = ((struct uuid *)((char *)object + vslice_at))->text;
	struct sibling *own = (struct sibling *)((char *)object + sibling_at);
	void *first = strmap_del(map, vslice), **link = &first;

	while (!present && *link && *link != object)
		link = &((struct sibling *)((char *)*link + sibling_at))->next;
	if (!present && *link)
		*link = own->next;
	own->next = present ? first : NULL;
	if (present)
		first = object;
	if (first)
		(void)strmap_put(map, ((struct uuid *)((char *)first + vslice_at))->text, first);
}

static void target_linked(struct config *config, void *object, bool present)
{
	link_sibling(&config->targets_of, object, offsetof(struct target_config, vslice), offsetof(struct target_config, sibling),
		present);
}

static void group_linked(struct config *config, void *object, bool present)
{
	link_sibling(&config->groups_of, object, offsetof(struct group_config, vslice), offsetof(struct group_config, sibling),
		present);
}

const struct kind config_kinds[] = {
	{"vslice", offsetof(struct config, vslices), vslice_decode, vslice_free, NULL, vslice_succeeds},
	{"routingTarget", offsetof(struct config, targets), config_target_decode, config_target_free, target_linked},
	{"routingPolicy", offsetof(struct config, policies), policy_decode, policy_free, NULL},
	{"operatorPolicy", offsetof(struct config, operator_policies), config_steering_decode, config_steering_free, NULL},
	{"regionalPolicy", offsetof(struct config, regional_policies), config_steering_decode, config_steering_free, NULL},
	{"endpointGroup", offsetof(struct config, groups), group_decode, group_free, group_linked},
	{"endpoint", offsetof(struct config, endpoints), endpoint_decode, endpoint_free, endpoint_linked},
};

const size_t config_kind_count = array_len(config_kinds);
