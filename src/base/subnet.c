// SPDX-License-Identifier: Apache-2.0
#include "base/subnet.h"

#include <errno.h>
#include <stdio.h>

uint64_t subnet_number(const struct ip_addr *addr)
{
	uint64_t number = 0;

	for (size_t i = 0; i < (addr->family == IP_V6 ? 8 : addr->family == IP_V4 ? 4 : 0); i++)
		number = number << 8 | addr->bytes[i];
	return number;
}

struct ip_addr subnet_addr(enum ip_family family, uint64_t number)
{
	struct ip_addr addr = {.family = (uint8_t)family};

	if (family == IP_V4)
		return ip_addr_v4((uint32_t)number);
	for (size_t i = 8; i--; number >>= 8)
		addr.bytes[i] = (uint8_t)number;
	return addr;
}

int subnet_range(const struct ip_prefix *prefix, struct subnet_range *out)
{
	bool is_v4 = prefix->addr.family == IP_V4;
	unsigned bits = is_v4 ? 32 : 64;
	uint64_t first = subnet_number(&prefix->addr), more;

	if (prefix->len > bits || (is_v4 && prefix->len > 30) || (!is_v4 && prefix->len == 0))
		return -ERANGE;
	more = (1ULL << (bits - prefix->len)) - 1;
	*out = (struct subnet_range){.family = is_v4 ? IP_V4 : IP_V6, .first = first, .last = first + more};
	if (is_v4) {
		out->first += 2;
		out->last -= 1;
	} else if (more) {
		out->first += 1;
	}
	return 0;
}

struct ip_addr subnet_gateway(const struct ip_prefix *prefix)
{
	if (prefix->addr.family != IP_V4)
		return (struct ip_addr){0};
	return ip_addr_v4(ip_addr_to_v4(&prefix->addr) + 1);
}

char *subnet_text(enum ip_family family, uint64_t number, char out[SUBNET_TEXT])
{
	struct ip_addr addr = subnet_addr(family, number);
	char bare[IP_ADDR_TEXT];

	ip_addr_text(&addr, bare);
	snprintf(out, SUBNET_TEXT, "%s%s", bare, family == IP_V6 ? "/64" : "");
	return out;
}

int subnet_parse(const char *text, enum ip_family *family, uint64_t *number)
{
	struct ip_prefix prefix;

	if (ip_prefix_parse(text, &prefix))
		return -EINVAL;
	if (prefix.addr.family == IP_V4 ? prefix.len != 32 : prefix.len != 64 && prefix.len != 128)
		return -EINVAL;
	*family = prefix.addr.family;
	*number = subnet_number(&prefix.addr);
	return 0;
}

bool subnet_range_has(const struct subnet_range *range, enum ip_family family, uint64_t number)
{
	return range->family == family && number >= range->first && number <= range->last;
}
