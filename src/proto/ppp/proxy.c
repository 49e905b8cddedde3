// SPDX-License-Identifier: Apache-2.0
// The server's side of proxy LCP and proxy authentication (RFC 2661 6.12, 6.13): an LNS that goes on where the LAC stopped.

#include "proto/ppp/internal.h"

#define AUTH_TYPE_CHAP 2
#define AUTH_TYPE_PAP 3

static struct wire_in bytes_of(const void *bytes, size_t len)
{
	return wire_in(bytes ? bytes : "", bytes ? len : 0);
}

// The client's options, judged as if it had asked us. All or nothing.
static bool take_received(struct ppp_link *link, const struct ppp_proxy *proxy, struct ppp_offer *offer)
{
	struct wire_in list = bytes_of(proxy->received_lcp, proxy->received_lcp_len), value;
	uint8_t buffer[64], type;

	while (ppp_option_next(&list, &type, &value)) {
		const struct ppp_option *option = ppp_cp_option(&ppp_lcp, type);
		struct wire_out better = wire_out(buffer, sizeof(buffer));

		if (!option || !option->judge || wire_left(&value) < option->min || wire_left(&value) > option->max ||
			option->judge(link, type, value, offer, &better) != PPP_ACK)
			return false;
	}
	return !list.error;
}

// What the LAC asked of the client in our place: it must demand the authentication that we would.
static bool take_sent(struct ppp_link *link, const struct ppp_proxy *proxy)
{
	struct wire_in list = bytes_of(proxy->sent_lcp, proxy->sent_lcp_len), value;
	uint8_t method = PPP_AUTH_NONE, type;
	uint16_t mru = 0;
	uint32_t magic = 0;

	while (ppp_option_next(&list, &type, &value)) {
		const struct ppp_option *option = ppp_cp_option(&ppp_lcp, type);

		if (option && option->kind == PPP_VALUE_AUTH)
			method = (uint8_t)ppp_lcp_get_auth(value);
		else if (option && option->kind == PPP_VALUE_NUMBER)
			mru = wire_get_be16(&value);
		else if (option && option->min == 4 && option->put)
			magic = wire_get_be32(&value);
	}
	if (list.error || (link->options->auth_require && !(method & link->options->auth_require)))
		return false;
	link->auth.method = link->options->auth_require ? method : PPP_AUTH_NONE;
	link->result.local_mru = mru ? mru : link->options->mru;
	link->magic = magic;
	return true;
}

static void judge_auth(struct ppp_link *link, const struct ppp_proxy *proxy)
{
	struct wire_in name = bytes_of(proxy->name, proxy->name_len), response = bytes_of(proxy->response, proxy->response_len);
	bool is_pap = proxy->auth_type == AUTH_TYPE_PAP, right;

	right = is_pap ? ppp_pap_check(link, name, response)
		       : ppp_chap_check(link, proxy->auth_id, name, bytes_of(proxy->challenge, proxy->challenge_len), response);
	if (is_pap)
		ppp_pap_reply(link, right ? PAP_ACK : PAP_NAK, proxy->auth_id, right ? "welcome" : "wrong name or password");
	else
		ppp_chap_verdict(link, proxy->auth_id, right, right ? "welcome" : "wrong name or password");
	if (right)
		ppp_auth_passed(link, is_pap ? PPP_AUTH_PAP : PPP_AUTH_CHAP_MD5);
	else
		ppp_auth_failed(link, PPP_REASON_PEER_BAD_CREDENTIALS);
}

bool ppp_link_up_proxied(struct ppp_link *link, const struct ppp_proxy *proxy, uint64_t now_ms)
{
	bool has_auth = proxy->auth_type == AUTH_TYPE_CHAP || proxy->auth_type == AUTH_TYPE_PAP;
	struct ppp_offer offer = {0};

	if (link->phase != PPP_PHASE_DEAD || !proxy->received_lcp_len)
		return false;
	link->now_ms = now_ms;
	if (!take_received(link, proxy, &offer) || !take_sent(link, proxy))
		return false;
	ppp_lcp.agree(link, &offer);
	ppp_cp_assume_open(&link->lcp);
	link->reason = PPP_REASON_NONE;
	link->phase = PPP_PHASE_AUTHENTICATE;
	ppp_link_raise(link, PPP_EVENT_LCP_UP);
	if (link->auth.method && has_auth && proxy->trust_auth)
		judge_auth(link, proxy);
	else
		ppp_auth_begin(link);
	ppp_link_settle(link);
	return true;
}
