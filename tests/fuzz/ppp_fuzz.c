// SPDX-License-Identifier: Apache-2.0
// A link of either role fed with a script: the first octet chooses the options, then come packets, ticks, closes and probes.
// What must hold whatever comes: packets that it sends are well formed and few, and a tick moves its own deadline on.

#include <stdlib.h>
#include <string.h>

#include "base/wire.h"
#include "proto/ppp/link.h"

static unsigned int sent;
static uint32_t seed;
static uint8_t flags;

static void on_send(struct ppp_link *, uint16_t protocol, const uint8_t *packet, size_t len)
{
	char text[300];

	if (len < 4 || len > PPP_PACKET_MAX || (size_t)(packet[2] << 8 | packet[3]) != len)
		abort();
	ppp_print(protocol, packet, len, text, sizeof(text));
	sent++;
}

static void on_event(struct ppp_link *link, const struct ppp_event *event)
{
	if (event->kind == PPP_EVENT_UP && !ppp_link_is_up(link))
		abort();
	if (event->kind == PPP_EVENT_ENDED)
		memset(link, 0xa5, sizeof(*link)); // the host may free it here
}

static void on_random(struct ppp_link *, void *out, size_t len)
{
	for (size_t i = 0; i < len; i++)
		((uint8_t *)out)[i] = (uint8_t)((seed = seed * 1664525 + 1013904223) >> 24);
}

static int on_credentials(struct ppp_link *, enum ppp_auth, struct ppp_credentials *out)
{
	static const uint8_t challenge[16], response[16];

	out->name = "sim1";
	out->name_len = 4;
	out->password = flags & 0x40 ? NULL : "pass1";
	out->password_len = flags & 0x40 ? 0 : 5;
	out->ue_challenge = challenge;
	out->ue_response = response;
	out->ue_challenge_len = sizeof(challenge);
	return 0;
}

static int on_password(struct ppp_link *, const void *, size_t len, const void **password, size_t *password_len)
{
	*password = "pass1";
	*password_len = 5;
	return len == 4 ? 0 : len == 3 ? PPP_ANYBODY : -ENOENT;
}

static int on_assign(struct ppp_link *, uint32_t, uint32_t *address)
{
	*address = 0x0a4d0007;
	return 0;
}

static const struct ppp_ops ops = {on_send, on_event, on_random, on_credentials, on_password, on_assign};

static bool is_gone(const struct ppp_link *link)
{
	return (uintptr_t)link->ops == 0xa5a5a5a5a5a5a5a5u;
}

static void step(struct ppp_link *link, uint8_t action, struct wire_in packet, uint64_t *now_ms)
{
	static const uint16_t protocols[] = {PPP_LCP, PPP_PAP, PPP_CHAP, PPP_IPCP, PPP_IPV6CP, PPP_CCP, PPP_EAP, PPP_IP};
	struct ppp_record record;

	sent = 0;
	switch (action >> 5) {
	case 7:
		*now_ms = ppp_link_next(link) == PPP_NEVER ? *now_ms : ppp_link_next(link);
		ppp_link_tick(link, *now_ms);
		if (!is_gone(link) && ppp_link_next(link) <= *now_ms)
			abort();
		break;
	case 6:
		if (action & 1)
			ppp_link_close(link, *now_ms);
		else
			ppp_link_probe(link, *now_ms);
		break;
	case 5:
		if (ppp_link_save(link, &record) == 0 && ppp_link_resume(link, &ops, link->options, &record, *now_ms) < 0)
			abort();
		break;
	default:
		ppp_link_recv(link, protocols[action & 7], packet.pos, wire_left(&packet), *now_ms);
	}
	if (sent > 8)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct wire_in in = wire_in(data, size);
	struct ppp_counters counters = {0};
	struct ppp_options options;
	struct ppp_link link;
	uint64_t now_ms = 1;

	seed = 1;
	flags = wire_get_u8(&in);
	ppp_options_init(&options);
	options.counters = &counters;
	options.server = flags & 1;
	options.auth_require = (uint8_t)(flags >> 1 & 7);
	options.proxy_sent = flags & 0x10;
	options.ip6cp = flags & 0x20;
	options.ask_nbns = options.ip6cp;
	options.magic = !(flags & 0x80);
	options.dns[0] = 0x0a4d0035;
	options.address = 0x0a4c0001;
	ppp_link_init(&link, &ops, &options);
	if (options.server && options.proxy_sent) { // an ICCN's proxy AVPs, out of the next octets
		uint8_t len = wire_get_u8(&in);
		struct wire_in lcp = wire_get_sub(&in, len < wire_left(&in) ? len : wire_left(&in));
		struct ppp_proxy proxy = {
			.received_lcp = lcp.pos, .sent_lcp = lcp.pos, .name = "sim1", .name_len = 4, .challenge = lcp.pos};

		proxy.received_lcp_len = proxy.sent_lcp_len = proxy.challenge_len = wire_left(&lcp);
		proxy.response = lcp.pos;
		proxy.response_len = len < wire_left(&lcp) ? len : wire_left(&lcp);
		proxy.auth_type = len & 3;
		proxy.trust_auth = len & 4;
		(void)ppp_link_up_proxied(&link, &proxy, now_ms);
	}
	if (!is_gone(&link))
		ppp_link_up(&link, now_ms);
	while (wire_left(&in) && !is_gone(&link)) {
		uint8_t action = wire_get_u8(&in), len = action < 0xa0 ? wire_get_u8(&in) : 0;
		struct wire_in packet = wire_get_sub(&in, len < wire_left(&in) ? len : wire_left(&in));
		char text[64];

		ppp_print((uint16_t)(action << 8 | len), packet.pos, wire_left(&packet), text, sizeof(text));
		step(&link, action, packet, &now_ms);
	}
	return 0;
}
