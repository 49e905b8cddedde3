// SPDX-License-Identifier: Apache-2.0
// Addresses and rates, from their rows: the subnets of an Integrated VSlice and what of them this gateway may give out, the addresses that
// are kept for endpoints, and what a Routing Policy holds each endpoint to.
#include "gateway/config_kinds.h"

#include "gateway/jsonget.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int bad(char *why, const char *text)
{
	snprintf(why, 160, "%s", text);
	return -EINVAL;
}

static int lease_decode(const char *text, struct subnet_range *out)
{
	char first[SUBNET_TEXT];
	const char *dash = strchr(text, '-');
	enum ip_family family;

	if (!dash || (size_t)(dash - text) >= sizeof(first))
		return -EINVAL;
	snprintf(first, sizeof(first), "%.*s", (int)(dash - text), text);
	if (subnet_parse(first, &out->family, &out->first) || subnet_parse(dash + 1, &family, &out->last))
		return -EINVAL;
	return family == out->family && out->last >= out->first ? 0 : -EINVAL;
}

int config_decode_subnets(struct vslice_config *vslice, const json_t *data, char *why)
{
	const char *family = jsonget_text(data, "ipAddressFamily", "ipv4");
	size_t i;
	json_t *row;

	vslice->has_ipv4 = strcmp(family, "ipv6");
	vslice->has_ipv6 = strcmp(family, "ipv4");
	json_array_foreach(json_object_get(data, "subnets"), i, row)
	{
		struct ip_prefix *subnet = vec_add(&vslice->subnets.rows);

		if (!subnet || ip_prefix_parse(json_is_string(row) ? json_string_value(row) : "", subnet))
			return bad(why, "subnets holds something that is not a prefix");
	}
	json_array_foreach(json_object_get(data, "dnsServers"), i, row)
	{
		struct ip_addr *server = vec_add(&vslice->dns);

		if (!server || ip_addr_parse(json_is_string(row) ? json_string_value(row) : "", server))
			return bad(why, "dnsServers holds something that is not an address");
	}
	json_array_foreach(json_object_get(data, "leases"), i, row)
	{
		struct subnet_range *lease = vec_add(&vslice->leases);

		if (!lease || lease_decode(json_is_string(row) ? json_string_value(row) : "", lease))
			return bad(why, "leases holds something that is not a range");
	}
	return 0;
}

void config_free_subnets(struct vslice_config *vslice)
{
	vec_free(&vslice->subnets.rows);
	vec_free(&vslice->dns);
	vec_free(&vslice->leases);
}

// "512kbits", "10mbits"; "unlimited" and what is not understood are no limit.
static uint64_t rate_of(const char *text)
{
	static const struct {
		const char *unit;
		uint64_t bps;
	} units[] = {{"bits", 1}, {"kbits", 1000}, {"mbits", 1000000}, {"gbits", 1000000000}};
	char *unit;
	uint64_t number = strtoull(text, &unit, 10);

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (!strcmp(unit, units[i].unit))
			return number * units[i].bps;
	return 0;
}

static uint8_t percent_of(int64_t number)
{
	return (uint8_t)(number < 0 ? 0 : number > 100 ? 100 : number);
}

void config_decode_limits(struct policy_config *policy, const json_t *data)
{
	policy->rate_bps[0] = rate_of(jsonget_text(data, "rateLimitUplink", "unlimited"));
	policy->rate_bps[1] = rate_of(jsonget_text(data, "rateLimitDownlink", "unlimited"));
	policy->discard_percent[0] = percent_of(jsonget_int(data, "packetDiscardUplinkPercentage", 0));
	policy->discard_percent[1] = percent_of(jsonget_int(data, "packetDiscardDownlinkPercentage", 0));
}

static int kept_decode(const json_t *data, const char *name, enum ip_family family, uint64_t *out)
{
	const char *text = jsonget_text(data, name, "");
	enum ip_family found;

	return *text && (subnet_parse(text, &found, out) || found != family) ? -EINVAL : 0;
}

int config_decode_kept(struct endpoint_config *endpoint, const json_t *data, char *why)
{
	struct endpoint_address kept = {0};

	if (kept_decode(data, "address", IP_V4, &kept.v4) || kept_decode(data, "prefix", IP_V6, &kept.v6))
		return bad(why, "address or prefix is none");
	if (!kept.v4 && !kept.v6)
		return 0;
	uuid_set(&kept.vslice, jsonget_text(data, "vslice", NULL));
	endpoint->kept = malloc(sizeof(kept));
	if (!endpoint->kept)
		return bad(why, "out of memory");
	*endpoint->kept = kept;
	return 0;
}

static uint64_t kept_key(const struct uuid *vslice, enum ip_family family, uint64_t number)
{
	return hash_bytes(vslice->text, strlen(vslice->text)) ^ hash_u64(number ^ (uint64_t)family << 56);
}

static void link_kept(
	struct config *config, struct endpoint_config *endpoint, enum ip_family family, uint64_t number, bool present)
{
	uint64_t key = kept_key(&endpoint->kept->vslice, family, number);

	if (!number)
		return;
	if (present)
		(void)map_put(&config->kept, key, endpoint);
	else if (map_get(&config->kept, key) == endpoint)
		map_del(&config->kept, key);
}

void config_link_kept(struct config *config, struct endpoint_config *endpoint, bool present)
{
	if (!endpoint->kept)
		return;
	link_kept(config, endpoint, IP_V4, endpoint->kept->v4, present);
	link_kept(config, endpoint, IP_V6, endpoint->kept->v6, present);
}

const struct endpoint_config *config_kept_for(
	const struct config *config, const struct uuid *vslice, enum ip_family family, uint64_t number)
{
	const struct endpoint_config *endpoint = map_get(&config->kept, kept_key(vslice, family, number));
	const struct endpoint_address *kept = endpoint ? endpoint->kept : NULL;

	return kept && (family == IP_V4 ? kept->v4 : kept->v6) == number && uuid_equal(&kept->vslice, vslice) ? endpoint : NULL;
}
