// SPDX-License-Identifier: Apache-2.0
#include "proto/ip6/nd.h"

#include "base/clean.h"

enum { RS = 133, RA = 134, NS = 135, NA = 136 };
enum { OPTION_PREFIX = 3, OPTION_MTU = 5, OPTION_RDNSS = 25 };
enum { FLAG_MANAGED = 0x80, FLAG_OTHER = 0x40, FLAG_ON_LINK = 0x80, FLAG_AUTONOMOUS = 0x40 };
enum { NA_ROUTER = 0x80, NA_SOLICITED = 0x40, NA_OVERRIDE = 0x20 };
#define HOP_LIMIT 255 // it has crossed no router (RFC 4861 6.1)
#define CHECKSUM_AT 2

// The checks that all of them share, and a cursor behind type, code and checksum. 0 or -EBADMSG.
static int open_message(const void *packet, size_t len, uint8_t type, struct ip6_header *header, struct wire_in *body)
{
	uint16_t what;

	if (ip6_header_read(packet, len, header, body) || header->next != IP6_ICMP || header->hop_limit != HOP_LIMIT ||
		ip6_checksum(header, body->pos, wire_left(body)) != 0)
		return -EBADMSG;
	what = wire_get_be16(body);
	wire_skip(body, 2);
	return body->error || what != type << 8 ? -EBADMSG : 0;
}

static struct wire_out begin_message(void *bytes, size_t size, const uint8_t *src, const uint8_t *dst, uint8_t type)
{
	struct ip6_header header = {.next = IP6_ICMP, .hop_limit = HOP_LIMIT};
	struct wire_out out = wire_out(bytes, size);

	memcpy(header.src, src, IP6_LEN);
	memcpy(header.dst, dst, IP6_LEN);
	ip6_header_write(&out, &header);
	wire_put_be16(&out, (uint16_t)(type << 8));
	wire_put_be16(&out, 0);
	return out;
}

static int end_message(struct wire_out *out, size_t *len)
{
	int error = ip6_payload_end(out, CHECKSUM_AT);

	if (!error)
		*len = wire_used(out);
	return error;
}

// One option: its type, and a cursor over its value. 1, 0 at the end, -EBADMSG.
static int option_next(struct wire_in *in, uint8_t *type, struct wire_in *value)
{
	uint8_t units;

	if (!wire_left(in))
		return 0;
	*type = wire_get_u8(in);
	units = wire_get_u8(in);
	if (in->error || !units)
		return -EBADMSG;
	*value = wire_get_sub(in, (size_t)units * 8 - 2);
	return value->error ? -EBADMSG : 1;
}

static int options_check(struct wire_in in)
{
	struct wire_in value;
	uint8_t type;
	int more;

	while ((more = option_next(&in, &type, &value)) > 0)
		;
	return more;
}

static void prefix_read(struct wire_in value, struct nd_ra *out)
{
	struct nd_prefix prefix = {.len = wire_get_u8(&value)};
	uint8_t flags = wire_get_u8(&value);
	const uint8_t *bytes;

	prefix.on_link = flags & FLAG_ON_LINK;
	prefix.autonomous = flags & FLAG_AUTONOMOUS;
	prefix.valid_s = wire_get_be32(&value);
	prefix.preferred_s = wire_get_be32(&value);
	wire_skip(&value, 4);
	bytes = wire_get_bytes(&value, IP6_LEN);
	if (!bytes || prefix.len > 128 || out->prefix_count == ND_PREFIXES)
		return;
	memcpy(prefix.prefix, bytes, IP6_LEN);
	out->prefixes[out->prefix_count++] = prefix;
}

static void servers_read(struct wire_in value, struct nd_ra *out)
{
	uint32_t lifetime_s;
	const uint8_t *bytes;

	wire_skip(&value, 2);
	lifetime_s = wire_get_be32(&value);
	while (lifetime_s && out->server_count < ND_SERVERS && (bytes = wire_get_bytes(&value, IP6_LEN))) {
		if (!out->server_count)
			out->servers_s = lifetime_s;
		memcpy(out->servers[out->server_count++], bytes, IP6_LEN);
	}
}

static void option_read(uint8_t type, struct wire_in value, struct nd_ra *out)
{
	switch (type) {
	case OPTION_PREFIX:
		prefix_read(value, out);
		return;
	case OPTION_MTU:
		wire_skip(&value, 2);
		out->mtu = wire_get_be32(&value);
		return;
	case OPTION_RDNSS:
		servers_read(value, out);
		return;
	default:
		return; // RFC 4861 4.6: ignored
	}
}

int nd_ra_read(const void *packet, size_t len, struct nd_ra *out)
{
	struct nd_ra ra = {0};
	struct ip6_header header;
	struct wire_in body, value;
	uint8_t flags, type;

	if (open_message(packet, len, RA, &header, &body) || !ip6_is_link_local(header.src))
		return -EBADMSG;
	memcpy(ra.src, header.src, IP6_LEN);
	memcpy(ra.dst, header.dst, IP6_LEN);
	ra.hop_limit = wire_get_u8(&body);
	flags = wire_get_u8(&body);
	ra.managed = flags & FLAG_MANAGED;
	ra.other = flags & FLAG_OTHER;
	ra.router_lifetime_s = wire_get_be16(&body);
	ra.reachable_ms = wire_get_be32(&body);
	ra.retransmit_ms = wire_get_be32(&body);
	if (body.error || options_check(body))
		return -EBADMSG;
	while (option_next(&body, &type, &value) > 0)
		option_read(type, value, &ra);
	*out = ra;
	return 0;
}

static void prefix_write(struct wire_out *out, const struct nd_prefix *prefix)
{
	wire_put_u8(out, OPTION_PREFIX);
	wire_put_u8(out, 4);
	wire_put_u8(out, prefix->len);
	wire_put_u8(out, (uint8_t)((prefix->on_link ? FLAG_ON_LINK : 0) | (prefix->autonomous ? FLAG_AUTONOMOUS : 0)));
	wire_put_be32(out, prefix->valid_s);
	wire_put_be32(out, prefix->preferred_s);
	wire_put_be32(out, 0);
	wire_put_bytes(out, prefix->prefix, IP6_LEN);
}

int nd_ra_write(const struct nd_ra *ra, void *bytes, size_t size, size_t *len)
{
	struct wire_out out = begin_message(bytes, size, ra->src, ra->dst, RA);

	wire_put_u8(&out, ra->hop_limit);
	wire_put_u8(&out, (uint8_t)((ra->managed ? FLAG_MANAGED : 0) | (ra->other ? FLAG_OTHER : 0)));
	wire_put_be16(&out, ra->router_lifetime_s);
	wire_put_be32(&out, ra->reachable_ms);
	wire_put_be32(&out, ra->retransmit_ms);
	for (size_t i = 0; i < ra->prefix_count; i++)
		prefix_write(&out, &ra->prefixes[i]);
	if (ra->mtu) {
		wire_put_u8(&out, OPTION_MTU);
		wire_put_u8(&out, 1);
		wire_put_be16(&out, 0);
		wire_put_be32(&out, ra->mtu);
	}
	if (ra->server_count) {
		wire_put_u8(&out, OPTION_RDNSS);
		wire_put_u8(&out, (uint8_t)(1 + 2 * ra->server_count));
		wire_put_be16(&out, 0);
		wire_put_be32(&out, ra->servers_s);
		wire_put_bytes(&out, ra->servers, (size_t)ra->server_count * IP6_LEN);
	}
	return end_message(&out, len);
}

const struct nd_prefix *nd_ra_slaac(const struct nd_ra *ra)
{
	for (size_t i = 0; i < ra->prefix_count; i++) {
		const struct nd_prefix *prefix = &ra->prefixes[i];

		if (prefix->autonomous && prefix->len == 64 && prefix->valid_s && !ip6_is_link_local(prefix->prefix))
			return prefix;
	}
	return NULL;
}

int nd_rs_read(const void *packet, size_t len, uint8_t src[IP6_LEN])
{
	struct ip6_header header;
	struct wire_in body;

	if (open_message(packet, len, RS, &header, &body))
		return -EBADMSG;
	wire_skip(&body, 4);
	if (body.error || options_check(body))
		return -EBADMSG;
	memcpy(src, header.src, IP6_LEN);
	return 0;
}

int nd_rs_write(const uint8_t src[IP6_LEN], void *bytes, size_t size, size_t *len)
{
	struct wire_out out = begin_message(bytes, size, src, ip6_all_routers, RS);

	wire_put_be32(&out, 0);
	return end_message(&out, len);
}

int nd_ns_read(const void *packet, size_t len, struct nd_ns *out)
{
	struct ip6_header header;
	struct wire_in body;
	const uint8_t *target;

	if (open_message(packet, len, NS, &header, &body))
		return -EBADMSG;
	wire_skip(&body, 4);
	target = wire_get_bytes(&body, IP6_LEN);
	if (!target || target[0] == 0xff || options_check(body))
		return -EBADMSG;
	memcpy(out->src, header.src, IP6_LEN);
	memcpy(out->target, target, IP6_LEN);
	return 0;
}

int nd_na_write(const struct nd_ns *asked, bool is_router, void *bytes, size_t size, size_t *len)
{
	bool is_nameless = memcmp(asked->src, ip6_any, IP6_LEN) == 0; // 7.2.4: then it is told to all
	struct wire_out out = begin_message(bytes, size, asked->target, is_nameless ? ip6_all_nodes : asked->src, NA);

	wire_put_u8(&out, (uint8_t)((is_router ? NA_ROUTER : 0) | (is_nameless ? 0 : NA_SOLICITED) | NA_OVERRIDE));
	wire_put_be24(&out, 0);
	wire_put_bytes(&out, asked->target, IP6_LEN);
	return end_message(&out, len);
}
