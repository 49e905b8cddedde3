// SPDX-License-Identifier: Apache-2.0
// PCO for traces, in words. Passwords, challenges and responses are secrets (a challenge with its response is enough to search for the
// password): of these nothing but their presence is shown. Names are cleaned of what could forge a log line.
#include "proto/gtp/pco.h"

#include <stdio.h>

static const struct {
	uint16_t id;
	const char *name;
} names[] = {
	{PCO_LCP, "LCP"},
	{PCO_PAP, "PAP"},
	{PCO_CHAP, "CHAP"},
	{PCO_IPCP, "IPCP"},
	{PCO_PCSCF_V6, "P-CSCFv6"},
	{PCO_IM_CN_FLAG, "IM-CN"},
	{PCO_DNS_V6, "DNSv6"},
	{PCO_BEARER_CONTROL, "bearer-control"},
	{PCO_ADDRESS_BY_NAS, "address-by-NAS"},
	{PCO_ADDRESS_BY_DHCP, "address-by-DHCP"},
	{PCO_PCSCF_V4, "P-CSCFv4"},
	{PCO_DNS_V4, "DNSv4"},
	{PCO_MSISDN, "MSISDN"},
	{PCO_LINK_MTU_V4, "MTU"},
	{PCO_PCSCF_RESELECTION, "P-CSCF-reselection"},
	{PCO_LINK_MTU_NON_IP, "non-IP-MTU"},
};

static void text_name(struct ie_text *text, const struct ie_bytes *name)
{
	for (uint16_t i = 0; i < name->len; i++) {
		uint8_t c = name->data[i];

		ie_text_add(text, "%c", c > 0x20 && c < 0x7f && c != '"' && c != '=' ? c : '.');
	}
}

static void text_ip(struct ie_text *text, const struct ie_bytes *value)
{
	struct ip_addr addr = {.family = value->len == 4 ? IP_V4 : IP_V6};
	char line[IP_ADDR_TEXT];

	memcpy(addr.bytes, value->data, value->len);
	ie_text_add(text, "%s", ip_addr_text(&addr, line));
}

static void text_options(struct ie_text *text, struct wire_in in)
{
	while (!in.error && wire_left(&in)) {
		uint8_t type = wire_get_u8(&in), len = wire_get_u8(&in);
		struct ie_bytes value = {.len = (uint16_t)(len < 2 ? 0 : len - 2)};

		value.data = wire_get_bytes(&in, value.len);
		if (in.error || len < 2) {
			ie_text_add(text, " malformed");
			return;
		}
		ie_text_add(text, " %u", type);
		if (value.len == 4) {
			ie_text_add(text, "=");
			text_ip(text, &value);
		}
	}
}

static void text_ppp(struct ie_text *text, const struct pco_item *item)
{
	struct wire_in in = wire_in(item->value.data, item->value.len);
	uint8_t code = wire_get_u8(&in), id = wire_get_u8(&in);
	uint16_t len = wire_get_be16(&in);

	in = wire_get_sub(&in, len < 4 ? 0 : len - 4u);
	if (in.error || len < 4) {
		ie_text_add(text, "(malformed)");
		return;
	}
	ie_text_add(text, "(code=%u id=%u", code, id);
	if (item->id == PCO_PAP && code == 1) {
		struct ie_bytes name = {.len = wire_get_u8(&in)};

		name.data = wire_get_bytes(&in, name.len);
		ie_text_add(text, " user=");
		if (name.data)
			text_name(text, &name);
		ie_text_add(text, " password=***");
	} else if (item->id == PCO_CHAP && (code == 1 || code == 2)) {
		struct ie_bytes name;

		wire_skip(&in, wire_get_u8(&in));
		name = (struct ie_bytes){.len = (uint16_t)wire_left(&in)};
		name.data = wire_get_bytes(&in, name.len);
		ie_text_add(text, " value=*** name=");
		if (name.data)
			text_name(text, &name);
	} else if (item->id == PCO_IPCP || item->id == PCO_LCP) {
		text_options(text, in);
	}
	ie_text_add(text, ")");
}

static void text_item(struct ie_text *text, const struct pco_item *item)
{
	const char *name = NULL;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].id == item->id)
			name = names[i].name;
	if (name)
		ie_text_add(text, "%s", name);
	else
		ie_text_add(text, "0x%04x", item->id);
	switch (item->id) {
	case PCO_LCP:
	case PCO_PAP:
	case PCO_CHAP:
	case PCO_IPCP:
		text_ppp(text, item);
		break;
	case PCO_DNS_V4:
	case PCO_DNS_V6:
		if (item->value.len == 4 || item->value.len == 16) {
			ie_text_add(text, "=");
			text_ip(text, &item->value);
		}
		break;
	case PCO_LINK_MTU_V4:
		if (item->value.len == 2)
			ie_text_add(text, "=%u", item->value.data[0] << 8 | item->value.data[1]);
		break;
	default:
		break;
	}
}

char *pco_text(const struct ie_bytes *pco, char *out, size_t size)
{
	struct ie_text text = {.at = out, .room = size};
	struct wire_in in = wire_in(pco->data, pco->len);
	struct pco_item item;
	int r = pco_open(&in);
	const char *gap = "";

	if (size)
		out[0] = 0;
	while (!r && (r = pco_next(&in, &item)) > 0) {
		ie_text_add(&text, "%s", gap);
		text_item(&text, &item);
		gap = " ";
		r = 0;
	}
	if (r < 0)
		ie_text_add(&text, "%smalformed", gap);
	return out;
}
