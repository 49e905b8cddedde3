// SPDX-License-Identifier: Apache-2.0
#include "base/pattern.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define PATTERN_ITEM 96 // the longest item is a range of two IPv6 addresses

static int addr_cmp(const struct ip_addr *a, const struct ip_addr *b)
{
	return a->family != b->family ? (a->family < b->family ? -1 : 1) : memcmp(a->bytes, b->bytes, sizeof(a->bytes));
}

static size_t addr_octets(const struct ip_addr *addr)
{
	return addr->family == IP_V4 ? 4 : 16;
}

// The address after this one; false when there is none.
static bool addr_next(struct ip_addr *addr)
{
	for (size_t i = addr_octets(addr); i-- > 0;)
		if (++addr->bytes[i])
			return true;
	return false;
}

static void prefix_range(const struct ip_prefix *prefix, struct addr_range *out)
{
	*out = (struct addr_range){prefix->addr, prefix->addr};
	for (size_t bit = prefix->len; bit < addr_octets(&prefix->addr) * 8; bit++)
		out->to.bytes[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
}

// The bits of the one prefix that covers exactly this range, or -1.
static int range_prefix_len(const struct addr_range *range)
{
	size_t bits = addr_octets(&range->from) * 8;

	for (size_t len = 0; len <= bits; len++) {
		struct ip_prefix prefix = {.addr = range->from, .len = (uint8_t)len};
		struct addr_range whole;
		bool host_bits = false;

		for (size_t bit = len; bit < bits && !host_bits; bit++)
			host_bits = prefix.addr.bytes[bit / 8] & 0x80 >> bit % 8;
		prefix_range(&prefix, &whole);
		if (!host_bits && !addr_cmp(&whole.to, &range->to))
			return (int)len;
	}
	return -1;
}

// Gives `add` each item of a comma-separated list, without the spaces around it, until one fails. A blank list has none.
static int each_item(const char *text, int (*add)(void *set, char *item), void *set)
{
	char item[PATTERN_ITEM];
	int error = 0;

	if (!text || !text[strspn(text, " \t")])
		return 0;
	while (text && !error) {
		const char *start = text + strspn(text, " \t"), *end = strchrnul(start, ',');
		size_t len = (size_t)(end - start);

		while (len && strchr(" \t", start[len - 1]))
			len--;
		if (!len || len >= PATTERN_ITEM)
			return -EINVAL;
		memcpy(item, start, len);
		item[len] = 0;
		error = add(set, item);
		text = *end ? end + 1 : NULL;
	}
	return error;
}

static void trim_right(char *text)
{
	for (size_t len = strlen(text); len && strchr(" \t", text[len - 1]); len--)
		text[len - 1] = 0;
}

static int addr_range_parse(char *item, struct addr_range *out)
{
	char *dash = strchr(item, '-');
	struct ip_prefix prefix;

	if (dash) {
		*dash++ = 0;
		trim_right(item);
		if (ip_addr_parse(item, &out->from) || ip_addr_parse(dash + strspn(dash, " \t"), &out->to) ||
			out->from.family != out->to.family || addr_cmp(&out->from, &out->to) > 0)
			return -EINVAL;
		return 0;
	}
	if (ip_prefix_parse(item, &prefix))
		return -EINVAL;
	prefix_range(&prefix, out);
	return 0;
}

static int addr_add(void *set, char *item)
{
	struct addr_range range, *room;
	int error = addr_range_parse(item, &range);

	if (error)
		return error;
	room = vec_add(&((struct addr_set *)set)->ranges);
	if (!room)
		return -ENOMEM;
	*room = range;
	return 0;
}

static int range_order(const void *a, const void *b)
{
	return addr_cmp(&((const struct addr_range *)a)->from, &((const struct addr_range *)b)->from);
}

static void addr_merge(struct addr_set *set)
{
	size_t kept = 0;

	if (set->ranges.count < 2)
		return;
	qsort(set->ranges.items, set->ranges.count, sizeof(*set->ranges.items), range_order);
	for (size_t i = 1; i < set->ranges.count; i++) {
		struct addr_range *last = &set->ranges.items[kept], *it = &set->ranges.items[i];
		struct ip_addr after = last->to;
		bool open = addr_next(&after);

		if (it->from.family == last->from.family && (!open || addr_cmp(&it->from, &after) <= 0)) {
			if (addr_cmp(&it->to, &last->to) > 0)
				last->to = it->to;
		} else {
			set->ranges.items[++kept] = *it;
		}
	}
	set->ranges.count = kept + 1;
}

int addr_set_parse(const char *text, struct addr_set *out)
{
	struct addr_set set = {0};
	int error = each_item(text, addr_add, &set);

	if (error) {
		addr_set_fini(&set);
		return error;
	}
	addr_merge(&set);
	*out = set;
	return 0;
}

void addr_set_fini(struct addr_set *set)
{
	vec_free(&set->ranges);
}

bool addr_set_has(const struct addr_set *set, const struct ip_addr *addr)
{
	vec_each (&set->ranges, it)
		if (it->from.family == addr->family && addr_cmp(&it->from, addr) <= 0 && addr_cmp(addr, &it->to) <= 0)
			return true;
	return !set->ranges.count;
}

bool addr_set_has_family(const struct addr_set *set, enum ip_family family)
{
	vec_each (&set->ranges, it)
		if (it->from.family == family)
			return true;
	return !set->ranges.count;
}

void addr_set_nft(const struct addr_set *set, enum ip_family family, FILE *out)
{
	const char *separator = "{ ";

	vec_each (&set->ranges, it) {
		char from[IP_ADDR_TEXT], to[IP_ADDR_TEXT];
		int len = range_prefix_len(it);

		if (it->from.family != family)
			continue;
		ip_addr_text(&it->from, from);
		if (!addr_cmp(&it->from, &it->to))
			fprintf(out, "%s%s", separator, from);
		else if (len >= 0)
			fprintf(out, "%s%s/%d", separator, from, len);
		else
			fprintf(out, "%s%s-%s", separator, from, ip_addr_text(&it->to, to));
		separator = ", ";
	}
	fputs(" }", out);
}

static int port_number(const char *text, char **end, uint16_t *out)
{
	unsigned long value;

	if (*text < '0' || *text > '9')
		return -EINVAL;
	errno = 0;
	value = strtoul(text, end, 10);
	if (errno || value > 65535)
		return -EINVAL;
	*out = (uint16_t)value;
	*end += strspn(*end, " \t");
	return 0;
}

static int port_range_parse(const char *item, struct port_range *out)
{
	char *end;

	if (port_number(item, &end, &out->from))
		return -EINVAL;
	out->to = out->from;
	if (*end == '-') {
		end++;
		if (port_number(end + strspn(end, " \t"), &end, &out->to))
			return -EINVAL;
	}
	return *end || out->to < out->from ? -EINVAL : 0;
}

static int port_add(void *set, char *item)
{
	struct port_range range, *room;
	int error = port_range_parse(item, &range);

	if (error)
		return error;
	room = vec_add(&((struct port_set *)set)->ranges);
	if (!room)
		return -ENOMEM;
	*room = range;
	return 0;
}

static int port_order(const void *a, const void *b)
{
	return (int)((const struct port_range *)a)->from - (int)((const struct port_range *)b)->from;
}

static void port_merge(struct port_set *set)
{
	size_t kept = 0;

	if (set->ranges.count < 2)
		return;
	qsort(set->ranges.items, set->ranges.count, sizeof(*set->ranges.items), port_order);
	for (size_t i = 1; i < set->ranges.count; i++) {
		struct port_range *last = &set->ranges.items[kept], *it = &set->ranges.items[i];

		if (it->from <= last->to + 1) {
			if (it->to > last->to)
				last->to = it->to;
		} else {
			set->ranges.items[++kept] = *it;
		}
	}
	set->ranges.count = kept + 1;
}

int port_set_parse(const char *text, struct port_set *out)
{
	struct port_set set = {0};
	int error = each_item(text, port_add, &set);

	if (error) {
		port_set_fini(&set);
		return error;
	}
	port_merge(&set);
	*out = set;
	return 0;
}

void port_set_fini(struct port_set *set)
{
	vec_free(&set->ranges);
}

bool port_set_has(const struct port_set *set, uint16_t port)
{
	vec_each (&set->ranges, it)
		if (it->from <= port && port <= it->to)
			return true;
	return !set->ranges.count;
}

void port_set_nft(const struct port_set *set, FILE *out)
{
	const char *separator = "{ ";

	vec_each (&set->ranges, it) {
		if (it->from == it->to)
			fprintf(out, "%s%u", separator, it->from);
		else
			fprintf(out, "%s%u-%u", separator, it->from, it->to);
		separator = ", ";
	}
	fputs(" }", out);
}
