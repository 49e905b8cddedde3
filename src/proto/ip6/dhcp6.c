// SPDX-License-Identifier: Apache-2.0
#include "proto/ip6/dhcp6.h"

enum { REPLY = 7 };
enum { OPTION_IA_PD = 25, OPTION_IAPREFIX = 26 };
#define UDP_HEADER_LEN 8
#define IA_PD_LEN 12 // IAID, T1, T2, before its own options
#define IAPREFIX_LEN 25

// The next option of this type, its value in `*value`. 1, 0 when there is none left, -EBADMSG.
static int option_find(struct wire_in *in, uint16_t type, struct wire_in *value)
{
	while (wire_left(in)) {
		uint16_t found = wire_get_be16(in);

		*value = wire_get_sub(in, wire_get_be16(in));
		if (in->error)
			return -EBADMSG;
		if (found == type)
			return 1;
	}
	return 0;
}

static int prefix_find(struct wire_in in, struct dhcp6_delegation *out)
{
	struct wire_in value;
	const uint8_t *prefix;
	int found;

	wire_skip(&in, IA_PD_LEN);
	if (in.error)
		return -EBADMSG;
	found = option_find(&in, OPTION_IAPREFIX, &value);
	if (found <= 0)
		return found;
	wire_skip(&value, 4); // the preferred lifetime
	out->valid_s = wire_get_be32(&value);
	out->len = wire_get_u8(&value);
	prefix = wire_get_bytes(&value, IP6_LEN);
	if (!prefix || out->len > 128)
		return -EBADMSG;
	memcpy(out->prefix, prefix, IP6_LEN);
	return 1;
}

int dhcp6_delegation_read(const void *packet, size_t len, struct dhcp6_delegation *out)
{
	struct dhcp6_delegation delegation;
	struct ip6_header header;
	struct wire_in in, value;
	int found;

	if (ip6_kind(packet, len) != IP6_DHCP_FROM_SERVER)
		return 0;
	if (ip6_header_read(packet, len, &header, &in) || ip6_checksum(&header, in.pos, wire_left(&in)) != 0)
		return -EBADMSG;
	wire_skip(&in, UDP_HEADER_LEN);
	if (wire_get_u8(&in) != REPLY)
		return in.error;
	wire_skip(&in, 3); // the transaction
	if (in.error)
		return -EBADMSG;
	while ((found = option_find(&in, OPTION_IA_PD, &value)) > 0) {
		int it = prefix_find(value, &delegation);

		if (it < 0)
			return it;
		if (it) {
			*out = delegation;
			return 1;
		}
	}
	return found;
}

int dhcp6_delegation_write(const uint8_t from[IP6_LEN], const uint8_t to[IP6_LEN], const struct dhcp6_delegation *delegation,
	void *bytes, size_t size, size_t *len)
{
	struct ip6_header header = {.next = IP6_UDP, .hop_limit = 64};
	struct wire_out out = wire_out(bytes, size);
	int error;

	memcpy(header.src, from, IP6_LEN);
	memcpy(header.dst, to, IP6_LEN);
	ip6_header_write(&out, &header);
	wire_put_be16(&out, 547);
	wire_put_be16(&out, 546);
	wire_put_be32(&out, 0); // length and checksum, below
	wire_put_be32(&out, (uint32_t)REPLY << 24);
	wire_put_be16(&out, OPTION_IA_PD);
	wire_put_be16(&out, IA_PD_LEN + 4 + IAPREFIX_LEN);
	wire_put_zeros(&out, IA_PD_LEN);
	wire_put_be16(&out, OPTION_IAPREFIX);
	wire_put_be16(&out, IAPREFIX_LEN);
	wire_put_be32(&out, delegation->valid_s);
	wire_put_be32(&out, delegation->valid_s);
	wire_put_u8(&out, delegation->len);
	wire_put_bytes(&out, delegation->prefix, IP6_LEN);
	wire_patch_be16(&out, IP6_HEADER_LEN + 4, (uint16_t)(wire_used(&out) - IP6_HEADER_LEN));
	error = ip6_payload_end(&out, 6);
	if (!error)
		*len = wire_used(&out);
	return error;
}
