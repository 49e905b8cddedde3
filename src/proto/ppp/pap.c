// SPDX-License-Identifier: Apache-2.0
// PAP (RFC 1334 2): a name and a password in the clear, and a word back.

#include "proto/ppp/internal.h"

#include <nettle/memops.h>

void ppp_pap_request(struct ppp_link *link)
{
	uint8_t buffer[4 + 2 * 256];
	struct ppp_credentials credentials;
	struct wire_out out;

	if (ppp_auth_credentials(link, PPP_AUTH_PAP, &credentials) < 0)
		return;
	if (!credentials.password) { // the SIM's CHAP response says nothing of its password
		ppp_auth_failed(link, PPP_REASON_AUTH_UE_CHAP);
		return;
	}
	link->auth.id++; // RFC 1334 2.2.1: a new one each time, so the reply to any of them is awaited
	out = ppp_packet(buffer, sizeof(buffer), PAP_REQUEST, link->auth.id);
	wire_put_u8(&out, (uint8_t)credentials.name_len);
	wire_put_bytes(&out, credentials.name, credentials.name_len);
	wire_put_u8(&out, (uint8_t)credentials.password_len);
	wire_put_bytes(&out, credentials.password, credentials.password_len);
	link->auth.answered = true;
	link->auth.tries = ppp_more(link->auth.tries);
	link->auth.due_ms = ppp_backoff(link, link->auth.tries);
	ppp_link_send(link, PPP_PAP, &out);
	explicit_bzero(buffer, sizeof(buffer));
}

void ppp_pap_reply(struct ppp_link *link, uint8_t code, uint8_t id, const char *text)
{
	uint8_t buffer[64];
	struct wire_out out = ppp_packet(buffer, sizeof(buffer), code, id);

	wire_put_u8(&out, (uint8_t)strlen(text));
	wire_put_bytes(&out, text, strlen(text));
	ppp_link_send(link, PPP_PAP, &out);
}

bool ppp_pap_check(struct ppp_link *link, struct wire_in name, struct wire_in password)
{
	const void *secret = NULL;
	size_t len = 0;
	int known = link->ops->password ? link->ops->password(link, name.pos, wire_left(&name), &secret, &len) : -ENOENT;

	return known == PPP_ANYBODY || (known == 0 && len == wire_left(&password) && memeql_sec(secret, password.pos, len));
}

static void recv_request(struct ppp_link *link, uint8_t id, struct wire_in data)
{
	struct wire_in name = wire_get_sub(&data, wire_get_u8(&data)), password = wire_get_sub(&data, wire_get_u8(&data));

	if (data.error) {
		ppp_count(link, malformed);
		return;
	}
	if (link->auth.done) { // our Ack was lost (RFC 1334 2.2.1): the same answer again
		ppp_pap_reply(link, PAP_ACK, id, "welcome");
		return;
	}
	if (ppp_pap_check(link, name, password)) {
		ppp_pap_reply(link, PAP_ACK, id, "welcome");
		ppp_auth_passed(link, PPP_AUTH_PAP);
	} else {
		ppp_pap_reply(link, PAP_NAK, id, "wrong name or password");
		ppp_auth_failed(link, PPP_REASON_PEER_BAD_CREDENTIALS);
	}
}

void ppp_pap_recv(struct ppp_link *link, uint8_t code, uint8_t id, struct wire_in data)
{
	bool server = link->options->server;
	struct wire_in text;

	if (link->auth.method != PPP_AUTH_PAP && !link->proxied) {
		ppp_count(link, out_of_phase);
		return;
	}
	if (server && code == PAP_REQUEST) {
		recv_request(link, id, data);
	} else if (!server && (code == PAP_ACK || code == PAP_NAK)) {
		if (link->auth.done) {
			ppp_count(link, stale);
			return;
		}
		if (wire_left(&data)) { // some peers leave the message's length out
			text = wire_get_sub(&data, wire_get_u8(&data));
			ppp_link_text(link, text);
		}
		if (code == PAP_ACK)
			ppp_auth_passed(link, PPP_AUTH_PAP);
		else
			ppp_auth_failed(link, PPP_REASON_AUTH_REFUSED);
	} else {
		ppp_count(link, unknown_code);
	}
}
