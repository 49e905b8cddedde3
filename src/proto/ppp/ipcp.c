// SPDX-License-Identifier: Apache-2.0
// IPCP (RFC 1332) with the name servers of RFC 1877.
//
// Client: asks for 0.0.0.0 (or an address it had), takes what the peer Naks, agrees to whatever address the peer has or has not.
// Server: Naks the address that the host assigned and its name servers into the peer's request.

#include "proto/ppp/internal.h"

#include "base/clean.h"

enum {
	OPTION_ADDRESSES = 1,
	OPTION_COMPRESSION = 2,
	OPTION_ADDRESS = 3,
	OPTION_DNS1 = 129,
	OPTION_NBNS1,
	OPTION_DNS2,
	OPTION_NBNS2
};
enum { ROW_ADDRESS = 2, ROW_DNS1, ROW_DNS2, ROW_NBNS1, ROW_NBNS2 };

static uint32_t get_address(struct wire_in value)
{
	return wire_get_be32(&value);
}

static void address_put(struct ppp_link *link, uint8_t, struct wire_out *out)
{
	wire_put_be32(out, link->result.address);
}

// The host is asked once a link: the same SIM keeps its address through renegotiations.
static bool assign(struct ppp_link *link, uint32_t asked)
{
	if (link->result.peer_address)
		return true;
	if (link->ops->assign && link->ops->assign(link, asked, &link->result.peer_address) == 0 && link->result.peer_address)
		return true;
	link->result.peer_address = 0;
	return false;
}

static enum ppp_verdict address_judge(
	struct ppp_link *link, uint8_t, struct wire_in value, struct ppp_offer *offer, struct wire_out *better)
{
	offer->address = get_address(value);
	if (!link->options->server)
		return offer->address ? PPP_ACK : PPP_REJ; // 0.0.0.0 asks for an address, and we have none to give
	if (!assign(link, offer->address))
		return PPP_REJ;
	wire_put_be32(better, link->result.peer_address);
	return offer->address == link->result.peer_address ? PPP_ACK : PPP_NAK;
}

// Client: the peer's word is final. Server: our own address is not the peer's to choose.
static bool address_nak(struct ppp_link *link, uint8_t, struct wire_in value)
{
	if (!link->options->server)
		link->result.address = get_address(value);
	return true;
}

static uint32_t *server_slot(struct ppp_link *link, uint8_t type)
{
	bool first = type == OPTION_DNS1 || type == OPTION_NBNS1;

	return type == OPTION_DNS1 || type == OPTION_DNS2 ? &link->result.dns[first ? 0 : 1] : &link->result.nbns[first ? 0 : 1];
}

static uint32_t configured_server(const struct ppp_options *options, uint8_t type)
{
	switch (type) {
	case OPTION_DNS1:
		return options->dns[0];
	case OPTION_DNS2:
		return options->dns[1];
	case OPTION_NBNS1:
		return options->nbns[0];
	default:
		return options->nbns[1];
	}
}

static void server_put(struct ppp_link *link, uint8_t type, struct wire_out *out)
{
	wire_put_be32(out, *server_slot(link, type));
}

static enum ppp_verdict server_judge(
	struct ppp_link *link, uint8_t type, struct wire_in value, struct ppp_offer *, struct wire_out *better)
{
	uint32_t configured = configured_server(link->options, type);

	if (!link->options->server || !configured)
		return PPP_REJ;
	wire_put_be32(better, configured);
	return get_address(value) == configured ? PPP_ACK : PPP_NAK;
}

static bool server_nak(struct ppp_link *link, uint8_t type, struct wire_in value)
{
	*server_slot(link, type) = get_address(value);
	return true;
}

#define SERVER_ROW(number, word)                                                                                                 \
	{                                                                                                                        \
		.type = number, .name = word, .min = 4, .max = 4, .kind = PPP_VALUE_ADDRESS, .put = server_put,                  \
		.judge = server_judge, .nak = server_nak                                                                         \
	}

static const struct ppp_option options[] = {
	{.type = OPTION_ADDRESSES, .name = "addresses", .min = 8, .max = 8, .kind = PPP_VALUE_HEX}, // RFC 1172's, long deprecated
	{.type = OPTION_COMPRESSION,
		.name = "compression",
		.min = 2,
		.max = 253,
		.kind = PPP_VALUE_HEX}, // VJ over a lossy tunnel is unsafe
	{.type = OPTION_ADDRESS,
		.name = "address",
		.min = 4,
		.max = 4,
		.kind = PPP_VALUE_ADDRESS,
		.put = address_put,
		.judge = address_judge,
		.nak = address_nak},
	SERVER_ROW(OPTION_DNS1, "dns1"),
	SERVER_ROW(OPTION_DNS2, "dns2"),
	SERVER_ROW(OPTION_NBNS1, "nbns1"),
	SERVER_ROW(OPTION_NBNS2, "nbns2"),
};

static void ipcp_prepare(struct ppp_link *link, struct ppp_cp *cp)
{
	const struct ppp_options *o = link->options;

	cp->asked = 0;
	if (o->server) {
		link->result.address = o->address;
		cp->asked = o->address ? 1u << ROW_ADDRESS : 0;
		return;
	}
	// After a renegotiation the address that the link had is asked for again; the peer may Nak another.
	if (!link->result.address)
		link->result.address = link->want_address;
	link->result.peer_address = 0;
	memset(link->result.dns, 0, sizeof(link->result.dns));
	memset(link->result.nbns, 0, sizeof(link->result.nbns));
	cp->asked = 1u << ROW_ADDRESS;
	if (o->ask_dns)
		cp->asked |= 1u << ROW_DNS1 | 1u << ROW_DNS2;
	if (o->ask_nbns)
		cp->asked |= 1u << ROW_NBNS1 | 1u << ROW_NBNS2;
}

// RFC 1332 3.3: a server may offer the address to a peer that does not ask for it.
static bool ipcp_missing(struct ppp_link *link, uint32_t seen, struct wire_out *better)
{
	if (!link->options->server || seen & 1u << ROW_ADDRESS || !assign(link, 0))
		return false;
	wire_put_u8(better, OPTION_ADDRESS);
	wire_put_u8(better, 6);
	wire_put_be32(better, link->result.peer_address);
	return true;
}

static void ipcp_agree(struct ppp_link *link, const struct ppp_offer *offer)
{
	if (!link->options->server)
		link->result.peer_address = offer->address;
}

static void ipcp_rejected(struct ppp_link *link, uint8_t type)
{
	if (type == OPTION_ADDRESS && !link->options->server)
		ppp_link_family_refused(link, &ppp_ipcp, PPP_REASON_NO_ADDRESS);
	else if (type != OPTION_ADDRESS)
		*server_slot(link, type) = 0;
}

static void ipcp_up(struct ppp_link *link)
{
	if (link->options->server ? !link->result.peer_address : !link->result.address)
		ppp_link_family_refused(link, &ppp_ipcp, PPP_REASON_NO_ADDRESS);
	else
		ppp_link_family_up(link, &ppp_ipcp);
}

enum ppp_reason ppp_ncp_reason(enum ppp_cp_event why)
{
	switch (why) {
	case PPP_CP_RTR:
		return PPP_REASON_PEER_TERMINATED;
	case PPP_CP_RXJ_MINUS:
		return PPP_REASON_NCP_REJECTED;
	case PPP_CP_TO_MINUS:
		return PPP_REASON_NCP_TIMEOUT;
	case PPP_CP_CLOSE:
	case PPP_CP_RTA:
		return PPP_REASON_CLOSED;
	default:
		return PPP_REASON_PEER_RENEGOTIATES;
	}
}

static void ipcp_down(struct ppp_link *link, enum ppp_cp_event why)
{
	ppp_link_family_down(link, &ppp_ipcp, ppp_ncp_reason(why));
}

static void ipcp_finished(struct ppp_link *link, enum ppp_cp_event why)
{
	ppp_link_family_refused(link, &ppp_ipcp, ppp_ncp_reason(why));
}

static void ipcp_diverged(struct ppp_link *link)
{
	bool unasked = link->options->server ? !link->result.peer_address : !link->result.address;

	ppp_link_family_refused(link, &ppp_ipcp, unasked ? PPP_REASON_NO_ADDRESS : PPP_REASON_ADDRESS_NOT_CONVERGING);
}

const struct ppp_cp_class ppp_ipcp = {
	.name = "IPCP",
	.protocol = PPP_IPCP,
	.codes = 0xfe, // 1 to 7
	.options = options,
	.option_count = array_len(options),
	.offset = offsetof(struct ppp_link, ipcp),
	.prepare = ipcp_prepare,
	.missing = ipcp_missing,
	.agree = ipcp_agree,
	.rejected = ipcp_rejected,
	.up = ipcp_up,
	.down = ipcp_down,
	.finished = ipcp_finished,
	.diverged = ipcp_diverged,
};
