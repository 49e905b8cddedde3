// SPDX-License-Identifier: Apache-2.0
// The authentication phase (RFC 1661 3.5): who acts first, what is repeated, when it is over. PAP and CHAP are in their files.
//
// Client: PAP sends its request and repeats it; CHAP waits for a challenge, and repeats its response where only the Success
// will do (MS-CHAPv2). Server: PAP waits; CHAP sends its challenge and repeats it. The whole phase has one deadline.
// A challenge may come at any time later (RFC 1994 2): it is answered, and only a refusal then ends the link.

#include "proto/ppp/internal.h"

void ppp_auth_reset(struct ppp_link *link)
{
	uint8_t method = link->auth.method, refused = link->auth.refused, id = link->auth.id;

	link->auth = (struct ppp_auth_state){
		.due_ms = PPP_NEVER, .deadline_ms = PPP_NEVER, .method = method, .refused = refused, .id = id};
}

void ppp_auth_begin(struct ppp_link *link)
{
	ppp_auth_reset(link);
	link->result.auth = PPP_AUTH_NONE;
	if (!link->auth.method) {
		ppp_link_network(link);
		return;
	}
	link->phase = PPP_PHASE_AUTHENTICATE;
	link->auth.deadline_ms = link->now_ms + link->options->auth_timeout_ms;
	if (link->options->server) {
		if (link->auth.method != PPP_AUTH_PAP)
			ppp_chap_challenge(link, true);
	} else if (link->auth.method == PPP_AUTH_PAP) {
		ppp_pap_request(link);
	}
}

void ppp_auth_tick(struct ppp_link *link)
{
	struct ppp_auth_state *auth = &link->auth;

	if (link->now_ms >= auth->deadline_ms) {
		ppp_auth_failed(link, PPP_REASON_AUTH_TIMEOUT);
		return;
	}
	if (link->now_ms < auth->due_ms)
		return;
	auth->due_ms = PPP_NEVER;
	if (link->proxied && !auth->answered) {
		ppp_link_network(link); // the LNS asks nothing more: the proxied authentication is good, or it will say otherwise
		return;
	}
	ppp_count(link, timeouts);
	if (link->options->server)
		ppp_chap_challenge(link, false);
	else if (auth->method == PPP_AUTH_PAP)
		ppp_pap_request(link);
	else
		ppp_chap_repeat(link);
}

void ppp_auth_passed(struct ppp_link *link, enum ppp_auth auth)
{
	link->auth.due_ms = link->auth.deadline_ms = PPP_NEVER;
	link->auth.tries = 0;
	link->auth.done = true;
	link->result.auth = (uint8_t)auth;
	ppp_count(link, auth_ok);
	ppp_link_raise(link, PPP_EVENT_AUTH_OK);
	if (link->phase == PPP_PHASE_AUTHENTICATE)
		ppp_link_network(link);
}

void ppp_auth_failed(struct ppp_link *link, enum ppp_reason reason)
{
	ppp_count(link, auth_failed);
	link->reason = link->reason ? link->reason : (uint8_t)reason;
	ppp_link_raise(link, PPP_EVENT_AUTH_FAILED);
	ppp_link_fail(link, reason);
}

// MS-CHAPv2 is mutual: there the Success carries the peer's proof, and nothing else can stand for it.
bool ppp_auth_implied(const struct ppp_link *link)
{
	return !link->options->server && link->phase == PPP_PHASE_AUTHENTICATE && link->auth.method != PPP_AUTH_MSCHAPV2 &&
		(link->auth.answered || link->proxied);
}

// What the host has, or the reason in words why it will not do.
int ppp_auth_credentials(struct ppp_link *link, enum ppp_auth auth, struct ppp_credentials *out)
{
	*out = (struct ppp_credentials){0};
	if (link->proxied)
		link->proxy_use = PPP_PROXY_LCP;
	if (!link->ops->credentials || link->ops->credentials(link, auth, out) < 0 || (!out->password && !out->ue_response)) {
		ppp_auth_failed(link, PPP_REASON_AUTH_NO_CREDENTIALS);
		return -ENOENT;
	}
	if (out->name_len > 255 || out->password_len > 255) {
		ppp_auth_failed(link, PPP_REASON_AUTH_NO_CREDENTIALS);
		return -EMSGSIZE;
	}
	return 0;
}

void ppp_auth_recv(struct ppp_link *link, uint16_t protocol, const uint8_t *packet, size_t len)
{
	struct wire_in in = wire_in(packet, len), data;
	uint8_t code = wire_get_u8(&in), id = wire_get_u8(&in);
	uint16_t length = wire_get_be16(&in);

	if (in.error || length < 4 || length > len) {
		ppp_count(link, malformed);
		return;
	}
	data = wire_get_sub(&in, length - 4u);
	if (protocol == PPP_PAP)
		ppp_pap_recv(link, code, id, data);
	else
		ppp_chap_recv(link, code, id, data);
}
