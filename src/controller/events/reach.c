// SPDX-License-Identifier: Apache-2.0
#include "controller/events/reach.h"

#include <errno.h>
#include <string.h>

static int take(const char *option, const char *text, struct addr_set *set, char why[200])
{
	if (!text || !*text || addr_set_parse(text, set) == 0)
		return 0;
	snprintf(why, 200, "--%s %.100s: is not a list of addresses, prefixes and ranges, separated by commas", option, text);
	return -EINVAL;
}

int reach_init(struct reach *reach, const char *deny, const char *allow, char why[200])
{
	*reach = (struct reach){0};
	int error = take("webhook-deny", deny, &reach->deny, why);

	return error ? error : take("webhook-allow", allow, &reach->allow, why);
}

void reach_fini(struct reach *reach)
{
	addr_set_fini(&reach->deny);
	addr_set_fini(&reach->allow);
}

// An empty set is everything to patterns, and nothing here.
static bool has(const struct addr_set *set, const struct ip_addr *addr)
{
	return set->ranges.count && addr_set_has(set, addr);
}

// IPv4 in IPv6 clothes: ::ffff:a.b.c.d (RFC 4291 2.5.5.2) and 64:ff9b::a.b.c.d (RFC 6052 2.1).
static struct ip_addr plain(const struct ip_addr *addr)
{
	static const uint8_t mapped[12] = {[10] = 0xff, 0xff}, translated[12] = {0x00, 0x64, 0xff, 0x9b};
	struct ip_addr v4 = {.family = IP_V4};

	if (addr->family != IP_V6 || (memcmp(addr->bytes, mapped, 12) != 0 && memcmp(addr->bytes, translated, 12) != 0))
		return *addr;
	memcpy(v4.bytes, addr->bytes + 12, 4);
	return v4;
}

bool reach_may(const struct reach *reach, const struct ip_addr *addr)
{
	struct ip_addr meant = plain(addr);

	return has(&reach->allow, &meant) || !has(&reach->deny, &meant);
}
