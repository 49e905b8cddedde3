// SPDX-License-Identifier: Apache-2.0
#include "reference.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *text_of(const json_t *row, const char *name)
{
	const char *text = json_string_value(json_object_get(row, name));

	return text ? text : "";
}

static bool is_set(const json_t *row, const char *name, bool otherwise)
{
	const json_t *value = json_object_get(row, name);

	return value ? json_is_true(value) : otherwise;
}

// An address, octet by octet; its family, or 0.
static int octets_of(const char *text, uint8_t out[16])
{
	memset(out, 0, 16);
	if (inet_pton(AF_INET, text, out) == 1)
		return IP_V4;
	return inet_pton(AF_INET6, text, out) == 1 ? IP_V6 : 0;
}

static bool same_bits(const uint8_t *a, const uint8_t *b, unsigned bits)
{
	for (unsigned bit = 0; bit < bits; bit++)
		if ((a[bit / 8] ^ b[bit / 8]) & (0x80 >> bit % 8))
			return false;
	return true;
}

// One item of a pattern: an address, "net/bits", or "from-to".
static bool item_has(char *item, const struct ip_addr *addr)
{
	char *slash = strchr(item, '/'), *dash = strchr(item, '-');
	uint8_t one[16], other[16];
	int family;

	if (slash)
		*slash++ = 0;
	if (dash)
		*dash++ = 0;
	family = octets_of(item, one);
	if (family != addr->family || !family)
		return false;
	if (dash)
		return octets_of(dash, other) == family && memcmp(one, addr->bytes, 16) <= 0 &&
			memcmp(addr->bytes, other, 16) <= 0;
	return same_bits(one, addr->bytes, slash ? (unsigned)atoi(slash) : family == IP_V4 ? 32 : 128);
}

static bool address_fits(const char *pattern, const struct ip_addr *addr)
{
	char copy[1024], *rest = copy, *item;
	bool fits = !*pattern;

	snprintf(copy, sizeof(copy), "%s", pattern);
	while (!fits && (item = strsep(&rest, ",")))
		fits = item_has(item, addr);
	return fits;
}

static bool port_fits(const char *pattern, unsigned port)
{
	char copy[256], *rest = copy, *item;
	bool fits = !*pattern;

	snprintf(copy, sizeof(copy), "%s", pattern);
	while (!fits && (item = strsep(&rest, ","))) {
		unsigned from, to;
		int count = sscanf(item, "%u-%u", &from, &to);

		fits = (count == 1 && from == port) || (count == 2 && from <= port && port <= to);
	}
	return fits;
}

static bool protocol_fits(const char *name, uint8_t protocol)
{
	if (!strcmp(name, "tcp"))
		return protocol == IPPROTO_TCP;
	if (!strcmp(name, "udp"))
		return protocol == IPPROTO_UDP;
	if (!strcmp(name, "icmp"))
		return protocol == IPPROTO_ICMP || protocol == IPPROTO_ICMPV6;
	return true;
}

static bool is_integrated(const json_t *vslice)
{
	return !strcmp(text_of(vslice, "vsliceType"), "integrated");
}

static bool is_sims(const json_t *vslice, const struct ip_addr *addr)
{
	size_t i;
	json_t *subnet;

	json_array_foreach(
		json_object_get(vslice, "subnets"), i, subnet) if (address_fits(json_string_value(subnet), addr)) return true;
	return false;
}

static bool forwards(const json_t *rule)
{
	return strcmp(text_of(rule, "ruleAction"), "drop") != 0;
}

bool reference_matches(const json_t *vslice, const json_t *rule, const char *gateway, const struct reference_packet *packet)
{
	const char *direction = packet->is_uplink ? "uplink" : "downlink", *only_at = text_of(rule, "regionalGateway");
	const char *target = text_of(rule, "routingTarget"), *divert = text_of(rule, "divertIp");
	bool has_ports = packet->protocol == IPPROTO_TCP || packet->protocol == IPPROTO_UDP;
	uint8_t octets[16];

	if (!is_set(rule, "enabled", true) || strcmp(text_of(rule, "ruleDirection"), direction) != 0)
		return false;
	if (*only_at && strcmp(only_at, gateway) != 0)
		return false;
	if (!protocol_fits(text_of(rule, "transportProtocol"), packet->protocol))
		return false;
	if (!address_fits(text_of(rule, "sourceIpPattern"), &packet->source) ||
		!address_fits(text_of(rule, "destinationIpPattern"), &packet->destination))
		return false;
	for (int i = 0; i < 2; i++) {
		const char *pattern = text_of(rule, i ? "destinationPortPattern" : "sourcePortPattern");

		if (*pattern && (!has_ports || !port_fits(pattern, i ? packet->destination_port : packet->source_port)))
			return false;
	}
	if (!packet->is_uplink) // its target is where the packet comes from
		return !*target || (packet->from && !strcmp(target, packet->from));
	if (!forwards(rule))
		return true;
	if (*divert && octets_of(divert, octets) != packet->destination.family)
		return false; // it cannot be sent there, and must not be sent elsewhere
	return *target || !is_integrated(vslice) || is_sims(vslice, &packet->destination);
}

static struct reference_verdict verdict_of(
	const json_t *vslice, const json_t *rule, size_t place, const struct reference_packet *packet)
{
	struct reference_verdict verdict = {.rule = place, .forward = forwards(rule)};
	const char *divert = text_of(rule, "divertIp"), *target = text_of(rule, "routingTarget");

	if (packet->is_uplink && !*target && !is_integrated(vslice))
		verdict.forward = false; // to nowhere
	if (!verdict.forward)
		return verdict;
	verdict.answers = is_set(rule, "reflexive", false);
	if (!packet->is_uplink)
		return verdict;
	verdict.target = *target ? target : NULL;
	if (*divert) {
		const char *protocol = text_of(rule, "transportProtocol");

		verdict.divert.family = (uint8_t)octets_of(divert, verdict.divert.bytes);
		if (!strcmp(protocol, "tcp") || !strcmp(protocol, "udp"))
			verdict.divert_port = (uint16_t)atoi(text_of(rule, "divertPort"));
		if (!verdict.target && !is_sims(vslice, &verdict.divert))
			verdict.forward = verdict.answers = false; // other SIMs, and nobody else
	}
	return verdict;
}

static bool is_one_of(const json_t *rows, const struct ip_addr *addr)
{
	size_t i;
	json_t *row;

	json_array_foreach(rows, i, row) if (address_fits(text_of(row, "address"), addr)) return true;
	return false;
}

// Of an L2TP VSlice: UDP from a declared LNS (or where a rule diverts it) to a declared LAC needs no rule, by any target that an uplink rule names.
static bool is_lns_answer(const json_t *vslice, const json_t *policy, const char *gateway, const struct reference_packet *packet)
{
	bool from_lns = is_one_of(json_object_get(vslice, "lnss"), &packet->source), is_way = false;
	size_t i;
	json_t *rule;

	json_array_foreach(json_object_get(policy, "rules"), i, rule)
	{
		const char *only_at = text_of(rule, "regionalGateway"), *target = text_of(rule, "routingTarget");

		if (strcmp(text_of(rule, "ruleDirection"), "uplink") != 0 || !forwards(rule) || !is_set(rule, "enabled", true) ||
			!*target || (*only_at && strcmp(only_at, gateway) != 0))
			continue;
		is_way = is_way || (packet->from && !strcmp(target, packet->from));
		from_lns = from_lns || (*text_of(rule, "divertIp") && address_fits(text_of(rule, "divertIp"), &packet->source));
	}
	return !is_integrated(vslice) && !packet->is_uplink && packet->protocol == IPPROTO_UDP && from_lns && is_way &&
		is_one_of(json_object_get(vslice, "lacs"), &packet->destination);
}

struct reference_verdict reference_judge(
	const json_t *vslice, const json_t *policy, const char *gateway, const struct reference_packet *packet)
{
	size_t i;
	json_t *rule;

	if (!policy || (*text_of(policy, "routingPolicyStatus") && strcmp(text_of(policy, "routingPolicyStatus"), "active") != 0))
		return (struct reference_verdict){0};
	json_array_foreach(json_object_get(policy, "rules"), i, rule)
	{
		if (reference_matches(vslice, rule, gateway, packet))
			return verdict_of(vslice, rule, i + 1, packet);
	}
	return (struct reference_verdict){.forward = is_lns_answer(vslice, policy, gateway, packet)};
}
