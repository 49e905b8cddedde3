// SPDX-License-Identifier: Apache-2.0
// IPv6CP (RFC 5072): both ends agree on their interface identifiers. The prefix comes later, in a Router Advertisement.

#include "proto/ppp/internal.h"

#include "base/clean.h"

#define ID_LEN 8

static const uint8_t none[ID_LEN];

// RFC 5072 4.1: random where nothing better is at hand, with the "u" bit clear, and never zero.
static void random_id(struct ppp_link *link, uint8_t out[ID_LEN])
{
	link->ops->random(link, out, ID_LEN);
	out[0] &= 0xfd;
	out[ID_LEN - 1] |= 1;
}

static void id_put(struct ppp_link *link, uint8_t, struct wire_out *out)
{
	wire_put_bytes(out, link->result.interface_id, ID_LEN);
}

static enum ppp_verdict id_judge(
	struct ppp_link *link, uint8_t, struct wire_in value, struct ppp_offer *offer, struct wire_out *better)
{
	uint8_t id[ID_LEN];

	memcpy(offer->interface_id, wire_get_bytes(&value, ID_LEN), ID_LEN); // the row bounds its length
	if (memcmp(offer->interface_id, none, ID_LEN) != 0 && memcmp(offer->interface_id, link->result.interface_id, ID_LEN) != 0)
		return PPP_ACK;
	random_id(link, id);
	wire_put_bytes(better, id, ID_LEN);
	return PPP_NAK;
}

static bool id_nak(struct ppp_link *link, uint8_t, struct wire_in value)
{
	const uint8_t *id = wire_get_bytes(&value, ID_LEN); // the row bounds its length

	if (memcmp(id, none, ID_LEN) == 0)
		return false;
	memcpy(link->result.interface_id, id, ID_LEN);
	return true;
}

static const struct ppp_option options[] = {
	{.type = 1,
		.name = "interface-id",
		.min = ID_LEN,
		.max = ID_LEN,
		.kind = PPP_VALUE_HEX,
		.put = id_put,
		.judge = id_judge,
		.nak = id_nak},
	{.type = 2, .name = "compression", .min = 2, .max = 253, .kind = PPP_VALUE_HEX},
};

static void ip6cp_prepare(struct ppp_link *link, struct ppp_cp *cp)
{
	cp->asked = 1;
	if (memcmp(link->result.interface_id, none, ID_LEN) == 0)
		random_id(link, link->result.interface_id);
	memset(link->result.peer_interface_id, 0, ID_LEN);
}

static void ip6cp_agree(struct ppp_link *link, const struct ppp_offer *offer)
{
	memcpy(link->result.peer_interface_id, offer->interface_id, ID_LEN);
}

static void ip6cp_up(struct ppp_link *link)
{
	ppp_link_family_up(link, &ppp_ip6cp);
}

static void ip6cp_down(struct ppp_link *link, enum ppp_cp_event why)
{
	ppp_link_family_down(link, &ppp_ip6cp, ppp_ncp_reason(why));
}

static void ip6cp_finished(struct ppp_link *link, enum ppp_cp_event why)
{
	ppp_link_family_refused(link, &ppp_ip6cp, ppp_ncp_reason(why));
}

static void ip6cp_diverged(struct ppp_link *link)
{
	ppp_link_family_refused(link, &ppp_ip6cp, PPP_REASON_ADDRESS_NOT_CONVERGING);
}

const struct ppp_cp_class ppp_ip6cp = {
	.name = "IPv6CP",
	.protocol = PPP_IPV6CP,
	.codes = 0xfe, // 1 to 7
	.options = options,
	.option_count = array_len(options),
	.offset = offsetof(struct ppp_link, ip6cp),
	.prepare = ip6cp_prepare,
	.agree = ip6cp_agree,
	.up = ip6cp_up,
	.down = ip6cp_down,
	.finished = ip6cp_finished,
	.diverged = ip6cp_diverged,
};
