// SPDX-License-Identifier: Apache-2.0
#include "base/addr.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/map.h"

int ip_addr_parse(const char *text, struct ip_addr *out)
{
	struct ip_addr addr = {0};

	if (inet_pton(AF_INET, text, addr.bytes) == 1)
		addr.family = IP_V4;
	else if (inet_pton(AF_INET6, text, addr.bytes) == 1)
		addr.family = IP_V6;
	else
		return -EINVAL;
	*out = addr;
	return 0;
}

static uint8_t family_bits(uint8_t family)
{
	return family == IP_V4 ? 32 : family == IP_V6 ? 128 : 0;
}

// Decimal digits only, no sign, no blanks, no leading zero.
static int parse_len(const char *text, uint8_t max, uint8_t *out)
{
	unsigned value = 0;
	size_t len = strlen(text);

	if (!len || len > 3 || (len > 1 && text[0] == '0'))
		return -EINVAL;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return -EINVAL;
		value = value * 10 + (unsigned)(*text - '0');
	}
	if (value > max)
		return -EINVAL;
	*out = (uint8_t)value;
	return 0;
}

static void clear_host_bits(struct ip_prefix *prefix)
{
	for (unsigned i = 0; i < sizeof(prefix->addr.bytes); i++) {
		unsigned bits = prefix->len > i * 8 ? prefix->len - i * 8 : 0;

		if (bits < 8)
			prefix->addr.bytes[i] &= (uint8_t) ~(0xff >> bits);
	}
}

int ip_prefix_parse(const char *text, struct ip_prefix *out)
{
	char copy[IP_PREFIX_TEXT];
	struct ip_prefix prefix;
	char *slash;

	if (strlen(text) >= sizeof(copy))
		return -EINVAL;
	strcpy(copy, text);
	slash = strchr(copy, '/');
	if (slash)
		*slash++ = '\0';
	if (ip_addr_parse(copy, &prefix.addr) < 0)
		return -EINVAL;
	prefix.len = family_bits(prefix.addr.family);
	if (slash && parse_len(slash, prefix.len, &prefix.len) < 0)
		return -EINVAL;
	clear_host_bits(&prefix);
	*out = prefix;
	return 0;
}

int ip_prefix_parse_strict(const char *text, struct ip_prefix *out)
{
	char copy[IP_PREFIX_TEXT];
	struct ip_prefix prefix;
	struct ip_addr whole;

	if (ip_prefix_parse(text, &prefix) < 0)
		return -EINVAL;
	strcpy(copy, text);
	copy[strcspn(copy, "/")] = '\0';
	if (ip_addr_parse(copy, &whole) < 0 || !ip_addr_equal(&whole, &prefix.addr))
		return -EINVAL;
	*out = prefix;
	return 0;
}

char *ip_addr_text(const struct ip_addr *addr, char *out)
{
	int family = addr->family == IP_V4 ? AF_INET : AF_INET6;

	if (addr->family == IP_NONE || !inet_ntop(family, addr->bytes, out, IP_ADDR_TEXT))
		strcpy(out, "-");
	return out;
}

char *ip_prefix_text(const struct ip_prefix *prefix, char *out)
{
	ip_addr_text(&prefix->addr, out);
	if (prefix->addr.family != IP_NONE)
		snprintf(out + strlen(out), IP_PREFIX_TEXT - strlen(out), "/%u", prefix->len);
	return out;
}

char *ip_end_text(const struct ip_end *end, char *out)
{
	char addr[IP_ADDR_TEXT];

	snprintf(out, IP_END_TEXT, end->addr.family == IP_V6 ? "[%s]:%u" : "%s:%u", ip_addr_text(&end->addr, addr), end->port);
	return out;
}

struct ip_addr ip_addr_v4(uint32_t host_order)
{
	return (struct ip_addr){
		.family = IP_V4,
		.bytes = {(uint8_t)(host_order >> 24), (uint8_t)(host_order >> 16), (uint8_t)(host_order >> 8),
			(uint8_t)host_order},
	};
}

uint32_t ip_addr_to_v4(const struct ip_addr *addr)
{
	const uint8_t *b = addr->bytes;

	return addr->family == IP_V4 ? (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3] : 0;
}

bool ip_addr_equal(const struct ip_addr *a, const struct ip_addr *b)
{
	return a->family == b->family && memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

bool ip_end_equal(const struct ip_end *a, const struct ip_end *b)
{
	return a->port == b->port && ip_addr_equal(&a->addr, &b->addr);
}

bool ip_prefix_has(const struct ip_prefix *prefix, const struct ip_addr *addr)
{
	struct ip_prefix of = {.addr = *addr, .len = prefix->len};

	if (addr->family != prefix->addr.family || addr->family == IP_NONE)
		return false;
	clear_host_bits(&of);
	return ip_addr_equal(&of.addr, &prefix->addr);
}

uint64_t ip_end_hash(const struct ip_end *end)
{
	// Gathered, because a struct's padding is not a value.
	uint8_t key[sizeof(end->addr.bytes) + 3];

	memcpy(key, end->addr.bytes, sizeof(end->addr.bytes));
	key[16] = end->addr.family;
	key[17] = (uint8_t)(end->port >> 8);
	key[18] = (uint8_t)end->port;
	return hash_bytes(key, sizeof(key));
}

socklen_t ip_end_to_sockaddr(const struct ip_end *end, struct sockaddr_storage *out)
{
	*out = (struct sockaddr_storage){0};
	if (end->addr.family == IP_V6) {
		struct sockaddr_in6 *sin6 = (struct sockaddr_in6 *)out;

		sin6->sin6_family = AF_INET6;
		sin6->sin6_port = htons(end->port);
		memcpy(&sin6->sin6_addr, end->addr.bytes, 16);
		return sizeof(*sin6);
	}
	struct sockaddr_in *sin = (struct sockaddr_in *)out;

	sin->sin_family = AF_INET;
	sin->sin_port = htons(end->port);
	memcpy(&sin->sin_addr, end->addr.bytes, 4);
	return sizeof(*sin);
}

int ip_end_from_sockaddr(const struct sockaddr *sa, struct ip_end *out)
{
	struct ip_end end = {0};

	if (sa->sa_family == AF_INET) {
		const struct sockaddr_in *sin = (const struct sockaddr_in *)sa;

		end.addr.family = IP_V4;
		memcpy(end.addr.bytes, &sin->sin_addr, 4);
		end.port = ntohs(sin->sin_port);
	} else if (sa->sa_family == AF_INET6) {
		const struct sockaddr_in6 *sin6 = (const struct sockaddr_in6 *)sa;

		end.addr.family = IP_V6;
		memcpy(end.addr.bytes, &sin6->sin6_addr, 16);
		end.port = ntohs(sin6->sin6_port);
	} else {
		return -EAFNOSUPPORT;
	}
	*out = end;
	return 0;
}
