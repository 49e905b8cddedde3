// SPDX-License-Identifier: Apache-2.0
// Routing Targets, from their rows. Each type has its own member of `data`, and a table row here.
#include "gateway/config_kinds.h"

#include "base/clean.h"
#include "gateway/jsonget.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

__attribute__((format(printf, 2, 3))) static int bad(char *why, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(why, 160, format, args);
	va_end(args);
	return -EINVAL;
}

static int prefixes_decode(struct prefix_list *out, const json_t *data, const char *name, char *why)
{
	_cleanup_free_ char *copy = strdup(jsonget_text(data, name, ""));
	char *rest = copy, *word;

	if (!copy)
		return -ENOMEM;
	while ((word = strsep(&rest, ", "))) {
		struct ip_prefix *prefix;

		if (!*word)
			continue;
		prefix = vec_add(&out->rows);
		if (!prefix)
			return -ENOMEM;
		if (ip_prefix_parse(word, prefix))
			return bad(why, "%s holds something that is not a prefix", name);
	}
	return 0;
}

// Text that goes into a configuration file of another program: nothing that could end its string.
static int word_decode(char *out, size_t room, const json_t *data, const char *name, char *why)
{
	const char *text = jsonget_text(data, name, "");

	if (strlen(text) >= room)
		return bad(why, "%s is longer than %zu characters", name, room - 1);
	for (const char *c = text; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			return bad(why, "%s holds a control character", name);
	snprintf(out, room, "%s", text);
	return 0;
}

static int bgp_decode(struct peering_config *out, const json_t *data, char *why)
{
	int64_t local = jsonget_int(data, "localAs", 0), peer = jsonget_int(data, "peerAs", 0);
	const char *address = jsonget_text(data, "peerAddress", ""), *password = jsonget_text(data, "password", "");

	if (local < 1 || peer < 1 || local > UINT32_MAX || peer > UINT32_MAX)
		return bad(why, "peeringConfig.bgp needs localAs and peerAs, 1 to 4294967295");
	if (ip_addr_parse(address, &out->bgp.peer) || out->bgp.peer.family != out->local.family)
		return bad(why, "peeringConfig.bgp.peerAddress is needed, an address of localAddress's family");
	if (strlen(password) >= sizeof(out->bgp.password))
		return bad(why, "peeringConfig.bgp.password has more than 80 characters");
	for (const char *c = password; *c; c++)
		if (*c < ' ' || *c > '~' || *c == '"')
			return bad(why, "peeringConfig.bgp.password may have printable ASCII characters, and no quotation mark");
	out->bgp.local_as = (uint32_t)local;
	out->bgp.peer_as = (uint32_t)peer;
	snprintf(out->bgp.password, sizeof(out->bgp.password), "%s", password);
	return 0;
}

static int peering_decode(struct target_config *target, const json_t *data, char *why)
{
	struct peering_config *out = &target->peering;
	const char *interface = jsonget_text(data, "interface", ""), *local = jsonget_text(data, "localAddress", "");
	const char *gateway = jsonget_text(data, "gatewayAddress", "");
	const char *slash = strchr(local, '/');
	char bare[IP_ADDR_TEXT];

	if (!*interface || strlen(interface) >= sizeof(out->interface))
		return bad(why, "peeringConfig.interface is needed, 1 to 15 characters");
	snprintf(out->interface, sizeof(out->interface), "%s", interface);
	snprintf(bare, sizeof(bare), "%.*s", (int)(slash ? slash - local : (long)strlen(local)), local);
	if (ip_addr_parse(bare, &out->local))
		return bad(why, "peeringConfig.localAddress is needed, as an address with a prefix length");
	out->local_len = slash ? (uint8_t)strtoul(slash + 1, NULL, 10) : out->local.family == IP_V4 ? 32 : 128;
	if (*gateway && ip_addr_parse(gateway, &out->gateway))
		return bad(why, "peeringConfig.gatewayAddress is not an address");
	if (json_is_object(json_object_get(data, "bgp"))) {
		int error = bgp_decode(out, json_object_get(data, "bgp"), why);

		if (error)
			return error;
	}
	return prefixes_decode(&out->remote_subnets, data, "remoteSubnets", why);
}

static bool is_key(const char *text)
{
	return strlen(text) == WIREGUARD_KEY_TEXT - 1 && text[43] == '=' &&
		strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/") == 43;
}

static int wireguard_decode(struct target_config *target, const json_t *data, char *why)
{
	struct wireguard_config *out = &target->wireguard;
	const char *key = jsonget_text(data, "remotePublicKey", ""), *peer = jsonget_text(data, "remotePeerIPAddress", "");
	int64_t port = jsonget_int(data, "remotePeerPortNumber", 51820);
	int error;

	if (!is_key(key))
		return bad(why, "wireGuardConfig.remotePublicKey is needed, 44 characters of base64");
	snprintf(out->remote_key, sizeof(out->remote_key), "%s", key);
	if (*peer && ip_addr_parse(peer, &out->remote.addr))
		return bad(why, "wireGuardConfig.remotePeerIPAddress is not an address");
	out->remote.port = port > 0 && port <= 65535 ? (uint16_t)port : 51820;
	error = prefixes_decode(&out->local_subnets, data, "localSubnets", why);
	return error ? error : prefixes_decode(&out->remote_subnets, data, "remoteSubnets", why);
}

// It goes into strongSwan's configuration.
static bool is_identity(const char *text)
{
	return !text[strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_+@")];
}

static int vpn_decode(struct target_config *target, const json_t *data, char *why)
{
	struct vpn_config *out = &target->vpn;
	int error;

	if (ip_addr_parse(jsonget_text(data, "remotePeerAddress", ""), &out->remote))
		return bad(why, "vpnConfig.remotePeerAddress is needed");
	out->ike_lifetime_s = (uint32_t)jsonget_int(data, "phase1Lifetime", 28800);
	out->esp_lifetime_s = (uint32_t)jsonget_int(data, "phase2Lifetime", 3600);
	error = word_decode(out->secret, sizeof(out->secret), data, "presharedKey", why);
	if (!error)
		error = word_decode(out->local_id, sizeof(out->local_id), data, "localIdentity", why);
	if (!error)
		error = word_decode(out->remote_id, sizeof(out->remote_id), data, "remoteIdentity", why);
	if (!error && !(is_identity(out->local_id) && is_identity(out->remote_id)))
		error = bad(why, "vpnConfig.localIdentity or remoteIdentity is not an address, a host name or user@host");
	if (!error)
		error = word_decode(out->ike, sizeof(out->ike), data, "vpnIkeOption", why);
	if (!error)
		error = word_decode(out->esp, sizeof(out->esp), data, "vpnEspOption", why);
	if (!error)
		error = prefixes_decode(&out->local_subnets, data, "localSubnets", why);
	if (!error)
		error = prefixes_decode(&out->remote_subnets, data, "remoteSubnets", why);
	if (!error)
		error = prefixes_decode(&out->local_domain, data, "localEncryptionDomain", why);
	return error ? error : prefixes_decode(&out->remote_domain, data, "remoteEncryptionDomain", why);
}

static int internet_decode(struct target_config *target, const json_t *data, char *why)
{
	int error = addr_set_parse(jsonget_text(data, "publicAddresses", ""), &target->internet.addresses);

	return error == -EINVAL ? bad(why, "internetConfig.publicAddresses holds something that is no address") : error;
}

static const struct {
	const char *name, *member;
	int (*decode)(struct target_config *target, const json_t *data, char *why);
} types[] = {
	[TARGET_INTERNET] = {"internet", "internetConfig", internet_decode},
	[TARGET_VPN] = {"vpn", "vpnConfig", vpn_decode},
	[TARGET_WIREGUARD] = {"wireguard", "wireGuardConfig", wireguard_decode},
	[TARGET_PEERING] = {"peering", "peeringConfig", peering_decode},
};

int config_target_decode(struct config *config, const json_t *data, void **out, char *why)
{
	struct target_config *target = calloc(1, sizeof(*target));
	const char *type = jsonget_text(data, "routingTargetType", "");
	int error = 0;

	(void)config;
	if (!target)
		return -ENOMEM;
	target->moniker = jsonget_dup(data, "moniker");
	uuid_set(&target->vslice, jsonget_text(data, "vslice", NULL));
	for (size_t i = TARGET_INTERNET; i < array_len(types); i++)
		if (!strcmp(type, types[i].name))
			target->type = (enum target_type)i;
	if (!target->type || !target->moniker)
		error = bad(why, "routingTargetType and moniker are needed");
	if (!error)
		error = types[target->type].decode(target, json_object_get(data, types[target->type].member), why);
	if (error)
		target_config_free(&target);
	else
		*out = target;
	return error;
}

void config_target_free(void *object)
{
	struct target_config *target = object;

	target_config_free(&target);
}

// The lists of a target, wherever they stand.
#define LISTS(config)                                                                                                            \
	{                                                                                                                        \
		&(config)->peering.remote_subnets, &(config)->wireguard.local_subnets, &(config)->wireguard.remote_subnets,      \
			&(config)->vpn.local_subnets, &(config)->vpn.remote_subnets, &(config)->vpn.local_domain,                \
			&(config)->vpn.remote_domain                                                                             \
	}

void target_config_free(struct target_config **config)
{
	struct target_config *target = *config;

	*config = NULL;
	if (!target)
		return;
	struct prefix_list *lists[] = LISTS(target);

	for (size_t i = 0; i < array_len(lists); i++)
		vec_free(&lists[i]->rows);
	addr_set_fini(&target->internet.addresses);
	explicit_bzero(target->vpn.secret, sizeof(target->vpn.secret));
	free(target->moniker);
	free(target);
}

int target_config_copy(const struct target_config *from, struct target_config **out)
{
	struct target_config *copy = malloc(sizeof(*copy));
	bool complete;

	if (!copy)
		return -ENOMEM;
	*copy = *from;
	copy->sibling = (struct sibling){0};
	copy->moniker = strdup(from->moniker ? from->moniker : "");
	complete = copy->moniker;
	struct prefix_list *const to[] = LISTS(copy);
	const struct prefix_list *const lists[] = LISTS(from);

	for (size_t i = 0; i < array_len(to); i++)
		*to[i] = (struct prefix_list){0};
	copy->internet.addresses = (struct addr_set){0};
	vec_each (&from->internet.addresses.ranges, range) {
		struct addr_range *room = vec_add(&copy->internet.addresses.ranges);

		complete = complete && room;
		if (room)
			*room = *range;
	}
	for (size_t i = 0; i < array_len(to); i++)
		vec_each (&lists[i]->rows, prefix) {
			struct ip_prefix *room = vec_add(&to[i]->rows);

			complete = complete && room;
			if (room)
				*room = *prefix;
		}
	if (complete)
		*out = copy;
	else
		target_config_free(&copy);
	return complete ? 0 : -ENOMEM;
}
