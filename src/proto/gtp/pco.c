// SPDX-License-Identifier: Apache-2.0
// Protocol Configuration Options, both directions. Octet 3 is 0x80 (PPP for IP), then items of a 16-bit id, an 8-bit length and
// contents. An id that is a PPP protocol holds one whole PPP packet (code, identifier, length, data); the others are containers
// whose meaning depends on the direction. A broken item list makes the whole PCO malformed; a broken PPP packet only itself.
#include "proto/gtp/pco.h"

#define PCO_PPP 0x80

enum { PAP_REQUEST = 1, PAP_ACK = 2, PAP_NAK = 3 };
enum { CHAP_CHALLENGE = 1, CHAP_RESPONSE = 2, CHAP_SUCCESS = 3, CHAP_FAILURE = 4 };
enum { CP_REQUEST = 1, CP_ACK = 2, CP_NAK = 3, CP_REJECT = 4 };
enum { IPCP_ADDRESS = 3, IPCP_DNS1 = 129, IPCP_NBNS1 = 130, IPCP_DNS2 = 131, IPCP_NBNS2 = 132 };

int pco_open(struct wire_in *in)
{
	uint8_t octet = wire_get_u8(in);

	return in->error || octet & 0x07 ? -EBADMSG : 0;
}

int pco_next(struct wire_in *in, struct pco_item *out)
{
	struct pco_item item = {0};

	if (!wire_left(in) && !in->error)
		return 0;
	item.id = wire_get_be16(in);
	item.value.len = wire_get_u8(in);
	item.value.data = wire_get_bytes(in, item.value.len);
	if (in->error)
		return -EBADMSG;
	*out = item;
	return 1;
}

static struct ie_bytes take(struct wire_in *in, size_t len)
{
	const uint8_t *at = wire_get_bytes(in, len);

	return at ? (struct ie_bytes){.data = at, .len = (uint16_t)len} : (struct ie_bytes){0};
}

static bool ipv4_read(const struct ie_bytes *value, struct ip_addr *out)
{
	if (value->len != 4)
		return false;
	*out = (struct ip_addr){.family = IP_V4};
	memcpy(out->bytes, value->data, 4);
	return true;
}

static bool ipv6_read(const struct ie_bytes *value, struct ip_addr *out)
{
	if (value->len != 16)
		return false;
	*out = (struct ip_addr){.family = IP_V6};
	memcpy(out->bytes, value->data, 16);
	return true;
}

static bool is_any(const struct ip_addr *addr)
{
	static const uint8_t zeros[16];

	return addr->family == IP_NONE || !memcmp(addr->bytes, zeros, sizeof(zeros));
}

// The header of a PPP packet; a cursor over its data.
static struct wire_in ppp_open(const struct ie_bytes *packet, uint8_t *code, uint8_t *id)
{
	struct wire_in in = wire_in(packet->data, packet->len);
	uint16_t len;

	*code = wire_get_u8(&in);
	*id = wire_get_u8(&in);
	len = wire_get_be16(&in);
	if (len < 4)
		in.error = -EBADMSG;
	return wire_get_sub(&in, len < 4 ? 0 : len - 4u);
}

static bool ipcp_read(const struct ie_bytes *packet, struct pco_ipcp *out)
{
	struct pco_ipcp ipcp = {0};
	struct wire_in in = ppp_open(packet, &ipcp.code, &ipcp.id);

	while (!in.error && wire_left(&in)) {
		uint8_t type = wire_get_u8(&in), len = wire_get_u8(&in);
		struct ie_bytes raw;

		if (len < 2)
			return false;
		raw = take(&in, len - 2u);
		if (in.error)
			return false;
		if (ipcp.count == PCO_IPCP_OPTIONS)
			continue;
		ipcp.options[ipcp.count].type = type;
		ipcp.options[ipcp.count].raw = raw;
		if (type == IPCP_ADDRESS || (type >= IPCP_DNS1 && type <= IPCP_NBNS2))
			ipv4_read(&raw, &ipcp.options[ipcp.count].value);
		ipcp.count++;
	}
	if (in.error)
		return false;
	*out = ipcp;
	return true;
}

static void pap_request_read(const struct ie_bytes *packet, struct pco_request *out)
{
	uint8_t code, id;
	struct wire_in in = ppp_open(packet, &code, &id);
	struct ie_bytes user = take(&in, wire_get_u8(&in));
	struct ie_bytes password = take(&in, wire_get_u8(&in));

	if (in.error || code != PAP_REQUEST)
		return;
	out->has_pap = true;
	out->pap_id = id;
	out->pap_user = user;
	out->pap_password = password;
}

static void chap_request_read(const struct ie_bytes *packet, struct pco_request *out)
{
	uint8_t code, id;
	struct wire_in in = ppp_open(packet, &code, &id);
	struct ie_bytes value = take(&in, wire_get_u8(&in));
	struct ie_bytes name = take(&in, wire_left(&in));

	if (in.error || !value.len)
		return;
	if (code == CHAP_CHALLENGE) {
		out->has_chap_challenge = true;
		out->chap_challenge_id = id;
		out->chap_challenge = value;
	} else if (code == CHAP_RESPONSE) {
		out->has_chap_response = true;
		out->chap_id = id;
		out->chap_response = value;
		out->chap_name = name;
	}
}

static void request_item(const struct pco_item *item, struct pco_request *out)
{
	switch (item->id) {
	case PCO_PAP:
		pap_request_read(&item->value, out);
		break;
	case PCO_CHAP:
		chap_request_read(&item->value, out);
		break;
	case PCO_IPCP:
		if (out->ipcp_count < PCO_IPCP_MAX && ipcp_read(&item->value, &out->ipcp[out->ipcp_count]) &&
			out->ipcp[out->ipcp_count].code == CP_REQUEST)
			out->ipcp_count++;
		break;
	case PCO_DNS_V4:
		out->wants_dns4 = true;
		break;
	case PCO_DNS_V6:
		out->wants_dns6 = true;
		break;
	case PCO_LINK_MTU_V4:
		out->wants_mtu = true;
		break;
	case PCO_PCSCF_V4:
		out->wants_pcscf4 = true;
		break;
	case PCO_PCSCF_V6:
		out->wants_pcscf6 = true;
		break;
	case PCO_MSISDN:
		out->wants_msisdn = true;
		break;
	case PCO_BEARER_CONTROL:
		out->wants_bearer_control = true;
		break;
	default:
		break;
	}
}

int pco_request_read(const struct ie_bytes *pco, struct pco_request *out)
{
	struct wire_in in = wire_in(pco->data, pco->len);
	struct pco_item item;
	int r = pco_open(&in);

	*out = (struct pco_request){0};
	while (!r && (r = pco_next(&in, &item)) > 0) {
		request_item(&item, out);
		r = 0;
	}
	if (r < 0)
		*out = (struct pco_request){0};
	return r;
}

// Item headers whose length is patched when the contents are there.
static size_t item_open(struct wire_out *out, uint16_t id)
{
	wire_put_be16(out, id);
	wire_put_u8(out, 0);
	return wire_used(out);
}

static void item_close(struct wire_out *out, size_t at)
{
	size_t len = wire_used(out) - at;

	if (out->error)
		return;
	if (len > UINT8_MAX)
		out->error = -EMSGSIZE;
	else
		out->start[at - 1] = (uint8_t)len;
}

static size_t ppp_start(struct wire_out *out, uint16_t protocol, uint8_t code, uint8_t id)
{
	size_t at = item_open(out, protocol);

	wire_put_u8(out, code);
	wire_put_u8(out, id);
	wire_put_be16(out, 0);
	return at;
}

static void ppp_end(struct wire_out *out, size_t at)
{
	wire_patch_be16(out, at + 2, (uint16_t)(wire_used(out) - at));
	item_close(out, at);
}

static void item_ip(struct wire_out *out, uint16_t id, const struct ip_addr *addr)
{
	size_t at;

	if (is_any(addr))
		return;
	at = item_open(out, id);
	wire_put_bytes(out, addr->bytes, addr->family == IP_V6 ? 16 : 4);
	item_close(out, at);
}

static void item_empty(struct wire_out *out, uint16_t id)
{
	item_close(out, item_open(out, id));
}

static const struct ip_addr *ipcp_value(const struct pco_answer *tell, uint8_t type)
{
	switch (type) {
	case IPCP_ADDRESS:
		return &tell->address;
	case IPCP_DNS1:
		return &tell->dns4[0];
	case IPCP_DNS2:
		return &tell->dns4[1];
	case IPCP_NBNS1:
		return &tell->nbns[0];
	case IPCP_NBNS2:
		return &tell->nbns[1];
	default:
		return NULL;
	}
}

static bool ipcp_knows(const struct pco_answer *tell, uint8_t type)
{
	const struct ip_addr *value = ipcp_value(tell, type);

	return value && value->family == IP_V4 && !is_any(value);
}

// There is only this one exchange, so what is known is told even when another option of the packet is not: options without a value
// are left out, and only a packet none of whose options has one is rejected (RFC 1332 would reject these first, and ask again).
static void ipcp_answer(struct wire_out *out, const struct pco_ipcp *ask, const struct pco_answer *tell)
{
	bool any = false;
	size_t at;

	for (uint8_t i = 0; i < ask->count; i++)
		any |= ipcp_knows(tell, ask->options[i].type);
	if (ask->count && !any) {
		at = ppp_start(out, PCO_IPCP, CP_REJECT, ask->id);
		for (uint8_t i = 0; i < ask->count; i++) {
			wire_put_u8(out, ask->options[i].type);
			wire_put_u8(out, (uint8_t)(ask->options[i].raw.len + 2));
			wire_put_bytes(out, ask->options[i].raw.data, ask->options[i].raw.len);
		}
		ppp_end(out, at);
		return;
	}
	at = ppp_start(out, PCO_IPCP, tell->is_ipcp_nak && ask->count ? CP_NAK : CP_ACK, ask->id);
	for (uint8_t i = 0; i < ask->count; i++) {
		if (!ipcp_knows(tell, ask->options[i].type))
			continue;
		wire_put_u8(out, ask->options[i].type);
		wire_put_u8(out, 6);
		wire_put_bytes(out, ipcp_value(tell, ask->options[i].type)->bytes, 4);
	}
	ppp_end(out, at);
}

int pco_answer_write(const struct pco_request *ask, const struct pco_answer *tell, void *bytes, size_t size, size_t *len)
{
	struct wire_out out = wire_out(bytes, size);
	size_t at;

	wire_put_u8(&out, PCO_PPP);
	if (ask->has_pap) {
		at = ppp_start(&out, PCO_PAP, tell->is_refused ? PAP_NAK : PAP_ACK, ask->pap_id);
		wire_put_u8(&out, 0); // no message
		ppp_end(&out, at);
	}
	if (ask->has_chap_response)
		ppp_end(&out, ppp_start(&out, PCO_CHAP, tell->is_refused ? CHAP_FAILURE : CHAP_SUCCESS, ask->chap_id));
	for (uint8_t i = 0; i < ask->ipcp_count && !tell->is_refused; i++)
		ipcp_answer(&out, &ask->ipcp[i], tell);
	for (size_t i = 0; i < 2 && ask->wants_dns4; i++)
		item_ip(&out, PCO_DNS_V4, &tell->dns4[i]);
	for (size_t i = 0; i < 2 && ask->wants_dns6; i++)
		item_ip(&out, PCO_DNS_V6, &tell->dns6[i]);
	if (ask->wants_mtu && tell->mtu) {
		at = item_open(&out, PCO_LINK_MTU_V4);
		wire_put_be16(&out, tell->mtu);
		item_close(&out, at);
	}
	if (out.error)
		return out.error;
	*len = wire_used(&out) > 1 ? wire_used(&out) : 0;
	return 0;
}

static void chap_write(struct wire_out *out, uint8_t code, uint8_t id, const struct ie_bytes *value, const struct ie_bytes *name)
{
	size_t at = ppp_start(out, PCO_CHAP, code, id);

	wire_put_u8(out, (uint8_t)value->len);
	wire_put_bytes(out, value->data, value->len);
	wire_put_bytes(out, name->data, name->len);
	ppp_end(out, at);
}

int pco_request_write(const struct pco_request *ask, void *bytes, size_t size, size_t *len)
{
	const struct {
		bool wanted;
		uint16_t id;
	} flags[] = {
		{ask->wants_pcscf6, PCO_PCSCF_V6},
		{ask->wants_dns6, PCO_DNS_V6},
		{ask->wants_bearer_control, PCO_BEARER_CONTROL},
		{ask->wants_pcscf4, PCO_PCSCF_V4},
		{ask->wants_dns4, PCO_DNS_V4},
		{ask->wants_msisdn, PCO_MSISDN},
		{ask->wants_mtu, PCO_LINK_MTU_V4},
	};
	struct wire_out out = wire_out(bytes, size);

	wire_put_u8(&out, PCO_PPP);
	if (ask->has_pap) {
		size_t at = ppp_start(&out, PCO_PAP, PAP_REQUEST, ask->pap_id);

		wire_put_u8(&out, (uint8_t)ask->pap_user.len);
		wire_put_bytes(&out, ask->pap_user.data, ask->pap_user.len);
		wire_put_u8(&out, (uint8_t)ask->pap_password.len);
		wire_put_bytes(&out, ask->pap_password.data, ask->pap_password.len);
		ppp_end(&out, at);
	}
	if (ask->has_chap_challenge)
		chap_write(&out, CHAP_CHALLENGE, ask->chap_challenge_id, &ask->chap_challenge, &ask->chap_name);
	if (ask->has_chap_response)
		chap_write(&out, CHAP_RESPONSE, ask->chap_id, &ask->chap_response, &ask->chap_name);
	for (uint8_t i = 0; i < ask->ipcp_count; i++) {
		size_t at = ppp_start(&out, PCO_IPCP, CP_REQUEST, ask->ipcp[i].id);

		for (uint8_t k = 0; k < ask->ipcp[i].count; k++) {
			wire_put_u8(&out, ask->ipcp[i].options[k].type);
			wire_put_u8(&out, 6);
			wire_put_bytes(&out, ask->ipcp[i].options[k].value.bytes, 4);
		}
		ppp_end(&out, at);
	}
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		if (flags[i].wanted)
			item_empty(&out, flags[i].id);
	if (out.error)
		return out.error;
	*len = wire_used(&out);
	return 0;
}

static void addr_add(struct ip_addr list[2], const struct ip_addr *addr)
{
	if (list[0].family == IP_NONE || ip_addr_equal(&list[0], addr))
		list[0] = *addr;
	else if (list[1].family == IP_NONE)
		list[1] = *addr;
}

static void told_ipcp(const struct pco_ipcp *ipcp, struct pco_told *out)
{
	if (ipcp->code != CP_ACK && ipcp->code != CP_NAK)
		return;
	for (uint8_t i = 0; i < ipcp->count; i++) {
		const struct ip_addr *value = &ipcp->options[i].value;

		if (is_any(value))
			continue;
		if (ipcp->options[i].type == IPCP_ADDRESS)
			out->address = *value;
		else if (ipcp->options[i].type == IPCP_DNS1 || ipcp->options[i].type == IPCP_DNS2)
			addr_add(out->dns4, value);
		else if (ipcp->options[i].type == IPCP_NBNS1 || ipcp->options[i].type == IPCP_NBNS2)
			addr_add(out->nbns, value);
	}
}

static void told_item(const struct pco_item *item, struct pco_told *out)
{
	struct wire_in in;
	struct ip_addr addr;
	uint8_t code, id;

	switch (item->id) {
	case PCO_PAP:
		in = ppp_open(&item->value, &code, &id);
		out->has_pap = !in.error;
		out->pap_ok = !in.error && code == PAP_ACK;
		out->pap_id = id;
		break;
	case PCO_CHAP:
		in = ppp_open(&item->value, &code, &id);
		out->has_chap = !in.error;
		out->chap_ok = !in.error && code == CHAP_SUCCESS;
		out->chap_id = id;
		break;
	case PCO_IPCP:
		if (out->ipcp_count < PCO_IPCP_MAX && ipcp_read(&item->value, &out->ipcp[out->ipcp_count]))
			told_ipcp(&out->ipcp[out->ipcp_count++], out);
		break;
	case PCO_DNS_V4:
		if (ipv4_read(&item->value, &addr))
			addr_add(out->dns4, &addr);
		break;
	case PCO_DNS_V6:
		if (ipv6_read(&item->value, &addr))
			addr_add(out->dns6, &addr);
		break;
	case PCO_LINK_MTU_V4:
		in = wire_in(item->value.data, item->value.len);
		out->mtu = wire_get_be16(&in);
		break;
	default:
		break;
	}
}

int pco_answer_read(const struct ie_bytes *pco, struct pco_told *out)
{
	struct wire_in in = wire_in(pco->data, pco->len);
	struct pco_item item;
	int r = pco_open(&in);

	*out = (struct pco_told){0};
	while (!r && (r = pco_next(&in, &item)) > 0) {
		told_item(&item, out);
		r = 0;
	}
	if (r < 0)
		*out = (struct pco_told){0};
	return r;
}
