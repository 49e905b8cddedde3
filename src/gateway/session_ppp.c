// SPDX-License-Identifier: Apache-2.0
// PPP on behalf of the SIM: its packets, its credentials, and what its events mean for the session.
//
// The link's events are only noted inside its calls and acted upon after them (ppp_news), since acting may free the session.
#include "base/clean.h"
#include "gateway/lnstest.h"
#include "gateway/rescue.h"
#include "gateway/session_ip6.h"
#include "gateway/template.h"
#include "gateway/trace.h"
#include "proto/ppp/mschap.h"

#include <errno.h>
#include <stdio.h>

LOG_CATEGORY(ppp);

void session_values(const struct session *session, struct tbcd *imsi, struct template_values *out)
{
	const struct endpoint_config *endpoint = session_endpoint(session);

	memset(imsi, 0, sizeof(*imsi));
	tbcd_from_key(
		session->facts->imsi || !endpoint || !endpoint->imsi_count ? session->facts->imsi : endpoint->imsis[0], imsi);
	*out = (struct template_values){
		.imsi = imsi->digits,
		.iccid = endpoint ? endpoint->iccid : "",
		.msisdn = session->facts->msisdn[0] ? session->facts->msisdn
			: endpoint		    ? endpoint->msisdn
						    : "",
		.imei = session->attach ? session->attach->request.imei : "",
		.apn = session->apn->text,
	};
}

static struct session *session_of(struct ppp_link *link)
{
	return container_of(link, struct line, ppp)->session;
}

static void on_ppp_send(struct ppp_link *link, uint16_t protocol, const uint8_t *packet, size_t len)
{
	struct session *session = session_of(link);

	if (!session->call)
		return;
	if (session->attach)
		trace_ppp(session->attach->trace, session->gateway->now_ms, true, protocol, packet, len);
	(void)dp_tunnel_send_ppp(
		call_tunnel(session->call)->dp, session->call->l2tp.local_id, session->call->l2tp.peer_id, protocol, packet, len);
}

static void note_what_is_said(struct attach *attach, const struct ppp_event *event)
{
	const char *words = mschap_failure_words(event->text, event->text_len);

	if (words)
		snprintf(attach->why, sizeof(attach->why), "the LNS says that %s", words);
	else
		snprintf(attach->why, sizeof(attach->why), "the LNS says \"%.*s\"", (int)event->text_len, event->text);
}

static void on_ppp_event(struct ppp_link *link, const struct ppp_event *event)
{
	struct session *session = session_of(link);
	struct attach *attach = session->attach;
	uint64_t now_ms = session->gateway->now_ms;

	session->line->news |= (uint8_t)(1U << event->kind);
	if (event->reason)
		session->line->reason = (uint8_t)event->reason;
	if (!attach)
		return;
	if (event->kind == PPP_EVENT_LCP_UP)
		attach->lcp_up_ms = now_ms;
	else if (event->kind == PPP_EVENT_AUTH_OK)
		attach->auth_ok_ms = now_ms;
	else if (event->kind == PPP_EVENT_UP)
		attach->ncp_up_ms = now_ms;
	else if (event->kind == PPP_EVENT_AUTH_FAILED && event->text_len)
		note_what_is_said(attach, event);
}

static void on_ppp_random(struct ppp_link *link, void *out, size_t len)
{
	(void)link;
	random_fill(out, len);
}

static void credentials_of_device(struct session *session, const struct pco_request *pco, struct ppp_credentials *out)
{
	struct secrets *secrets = session->secrets;

	if (pco->has_pap && !secrets && pco->pap_user.len <= sizeof(secrets->name) &&
		pco->pap_password.len <= sizeof(secrets->password) && (secrets = calloc(1, sizeof(*secrets)))) {
		secrets->name_len = (uint8_t)pco->pap_user.len;
		secrets->password_len = (uint8_t)pco->pap_password.len;
		memcpy(secrets->name, pco->pap_user.data, secrets->name_len);
		memcpy(secrets->password, pco->pap_password.data, secrets->password_len);
		session->secrets = secrets;
	}
	if (pco->has_chap_challenge && pco->has_chap_response) {
		out->name = pco->chap_name.data;
		out->name_len = pco->chap_name.len;
		out->ue_challenge = pco->chap_challenge.data;
		out->ue_challenge_len = pco->chap_challenge.len;
		out->ue_response = pco->chap_response.len == 16 ? pco->chap_response.data : NULL;
		out->ue_chap_id = pco->chap_id;
	}
}

static void note_user(struct session *session, const struct ppp_credentials *credentials)
{
	struct attach *attach = session->attach;

	if (!attach)
		return;
	snprintf(attach->user, sizeof(attach->user), "%.*s", (int)credentials->name_len, (const char *)credentials->name);
	for (char *c = attach->user; *c; c++)
		if ((unsigned char)*c < ' ' || (unsigned char)*c > '~')
			*c = '?';
}

// The device's own name and password where it sent them and the settings let it; else the endpoint's own; else the VSlice's template.
static int on_ppp_credentials(struct ppp_link *link, enum ppp_auth auth, struct ppp_credentials *out)
{
	struct session *session = session_of(link);
	const struct l2tp_settings *settings = session->profile->settings;
	const struct endpoint_config *endpoint = session_endpoint(session);
	const char *password = endpoint && endpoint->ppp_password ? endpoint->ppp_password : settings->ppp_password;
	const char *name = endpoint && endpoint->ppp_username ? endpoint->ppp_username : settings->ppp_username;
	struct template_values values;
	struct tbcd imsi;

	(void)auth;
	memset(out, 0, sizeof(*out));
	session_values(session, &imsi, &values);
	out->name = session->gateway->user_name;
	out->name_len =
		template_expand(name ? name : "", &values, session->gateway->user_name, sizeof(session->gateway->user_name));
	out->password = password;
	out->password_len = password ? strlen(password) : 0;
	if (settings->ppp_auth == LINK_AUTH_PCO && session->attach && session->attach->request.pco)
		credentials_of_device(session, session->attach->request.pco, out);
	if (settings->ppp_auth == LINK_AUTH_PCO && session->secrets) {
		out->name = session->secrets->name;
		out->name_len = session->secrets->name_len;
		out->password = session->secrets->password;
		out->password_len = session->secrets->password_len;
	}
	note_user(session, out);
	return out->name_len || out->password ? 0 : -ENOENT;
}

const struct ppp_ops session_ppp_ops = {
	.send = on_ppp_send,
	.event = on_ppp_event,
	.random = on_ppp_random,
	.credentials = on_ppp_credentials,
};

static enum refusal refusal_of_ppp(enum ppp_reason reason)
{
	switch (reason) {
	case PPP_REASON_AUTH_UE_CHAP:
		return REFUSED_PPP_UE_CHAP;
	case PPP_REASON_AUTH_REFUSED:
	case PPP_REASON_AUTH_PROTOCOL:
	case PPP_REASON_AUTH_NO_CREDENTIALS:
	case PPP_REASON_AUTH_PEER_UNPROVEN:
	case PPP_REASON_AUTH_TIMEOUT:
		return REFUSED_PPP_AUTH;
	case PPP_REASON_NO_ADDRESS:
	case PPP_REASON_ADDRESS_NOT_CONVERGING:
		return REFUSED_PPP_NO_ADDRESS;
	default:
		return REFUSED_PPP_FAILED;
	}
}

// What the LNS did with what it was offered is remembered for the next SIM.
static void learn(struct session *session)
{
	const struct ppp_result *result = session_ppp_result(session);
	struct pair *pair = session->call ? call_tunnel(session->call)->pair : NULL;
	enum ppp_proxy_use use;

	if (!session->attach)
		return;
	use = ppp_link_proxy_use(&session->line->ppp);
	habits_note_proxy(pair, use);
	if (use != PPP_PROXY_UNKNOWN && habits_proxy_words(pair))
		trace_add(session->attach->trace, session->gateway->now_ms, TRACE_GATEWAY, TRACE_NONE, "the LNS %s",
			habits_proxy_words(pair));
	if (!ppp_link_is_up(&session->line->ppp))
		return;
	if (result->has_ipv6)
		habits_note_ip6(pair, session->attach->ip6.has_prefix ? HABIT_IP6_GIVEN : HABIT_IP6_NO_PREFIX);
	else if (result->ipv6_reason && !session->attach->ip6.is_in_vain)
		habits_note_ip6(pair, result->ipv6_reason == PPP_REASON_NCP_TIMEOUT ? HABIT_IP6_SILENT : HABIT_IP6_REFUSED);
}

static void ppp_ended(struct session *session)
{
	enum ppp_reason reason = (enum ppp_reason)session->line->reason;
	const struct ppp_reason_info *info = ppp_reason_info(reason);
	const struct l2tp_disconnect disconnect = {.code = info->code, .protocol = info->protocol, .direction = info->direction};
	enum refusal refusal = session->attach ? refusal_of_ppp(reason) : REFUSED_PPP_ENDED;
	bool is_family = reason == PPP_REASON_NCP_REJECTED || reason == PPP_REASON_NCP_TIMEOUT;
	char why[400];

	if (session->attach && session->attach->request.pdn_type == GTP2_PDN_IPV6 && is_family)
		refusal = REFUSED_PDN_TYPE;
	snprintf(why, sizeof(why), "%s%s%s", info->words, session->attach && session->attach->why[0] ? ": " : "",
		session->attach ? session->attach->why : "");
	if (refusal == REFUSED_PPP_AUTH && session->attach->user[0])
		snprintf(why + strlen(why), sizeof(why) - strlen(why), " (user \"%s\")", session->attach->user);
	if (session->attach)
		session->attach->cause = (struct advice_cause){.ppp = (uint8_t)reason};
	learn(session);
	session->line->started = false;
	call_drop(&session->call, L2TP_CDN_administrative, L2TP_ERROR_none, &disconnect, NULL);
	if (session->rescue) {
		session_give_up(session, refusal, why);
		return;
	}
	session_end(session, refusal, SESSION_TELL_ACCESS, why);
}

// Why a SIM that wants both families has one.
const char *session_ppp_lack(const struct session *session)
{
	const struct ppp_result *result = session_ppp_result(session);

	if (!session->profile->settings->ipv6cp)
		return "ipv6cp is off";
	if (session->facts->pdn_type == GTP2_PDN_IPV6)
		return "the LNS gave no IPv4 address";
	if (!result->has_ipv6 && session->attach->ip6.is_in_vain)
		return "the LNS is known to give no IPv6, and it is asked again within the hour";
	if (!result->has_ipv6)
		return result->ipv6_reason == PPP_REASON_NCP_TIMEOUT ? "the LNS leaves IPv6CP unanswered"
								     : "the LNS refuses IPv6CP";
	return session->attach->ip6.has_prefix ? "the MRU is less than IPv6's 1280"
					       : "the LNS sent no router advertisement with a /64";
}

static void note_phases(const struct attach *attach, struct session_record *facts)
{
	uint64_t dialled = attach->tunnel_up_ms ? attach->tunnel_up_ms : attach->started_ms;
	uint64_t authenticated = attach->auth_ok_ms ? attach->auth_ok_ms : attach->lcp_up_ms;

	facts->tunnel_ms = attach->tunnel_up_ms ? session_since(attach->started_ms, attach->tunnel_up_ms) : 0;
	facts->call_ms = session_since(dialled, attach->call_up_ms);
	facts->lcp_ms = session_since(attach->call_up_ms, attach->lcp_up_ms);
	facts->authentication_ms = session_since(attach->lcp_up_ms, authenticated);
	facts->ipcp_ms = session_since(authenticated, attach->ncp_up_ms);
}

// The session has a place on another tunnel, with its old address: the SIM need not know.
static void redial_complete(struct session *session)
{
	struct gateway *gateway = session->gateway;
	uint32_t teid = session->facts->local_teid;

	session_install(session);
	if (session_find(gateway, teid) != session)
		return;
	dp_session_restore_counters(session->dp, rescue_counters(session));
	session_attach_done(session);
	rescue_done(session);
	session_store(session);
	session_report(session);
}

// The families that the SIM gets: what PPP brought up, IPv6 with its prefix only.
static uint8_t granted(const struct session *session)
{
	const struct ppp_result *result = session_ppp_result(session);
	bool has4 = result->has_ipv4 && result->address, has6 = session_ip6_is_there(session);

	return has4 && has6 ? GTP2_PDN_IPV4V6 : has6 ? GTP2_PDN_IPV6 : has4 ? GTP2_PDN_IPV4 : 0;
}

// A session that the SIM has already stays what it is: the same families with the same addresses.
static bool is_as_before(const struct session *session, uint8_t pdn_type)
{
	const struct attach *attach = session->attach;
	struct ip_addr address = ip_addr_v4(session_ppp_result(session)->address);

	if (pdn_type != session->facts->pdn_type)
		return false;
	if (session->facts->address.family == IP_V4 && !ip_addr_equal(&address, &session->facts->address))
		return false;
	return !attach || !session->ip6 || !memcmp(attach->ip6.got.prefix, session->ip6->prefix, sizeof(session->ip6->prefix));
}

static void nothing_granted(struct session *session)
{
	if (session_ppp_result(session)->has_ipv6 && session->attach) {
		session_give_up(session, REFUSED_NO_PREFIX, NULL);
		return;
	}
	session->line->reason = PPP_REASON_NO_ADDRESS;
	ppp_ended(session);
}

static void take_result(struct session *session, uint8_t pdn_type)
{
	const struct ppp_result *result = session_ppp_result(session);
	struct session_record facts;

	if (session->attach && pdn_type != GTP2_PDN_IPV4 && session_ip6_take(session))
		pdn_type &= GTP2_PDN_IPV4; // memory is out
	facts = *session->facts;
	facts.pdn_type = pdn_type;
	facts.address = ip_addr_v4(result->address);
	if (pdn_type == GTP2_PDN_IPV6)
		facts.address = (struct ip_addr){0};
	facts.mtu = session->way->mtu(session);
	if (session->attach)
		note_phases(session->attach, &facts);
	session_change(session, &facts);
}

void session_ppp_ready(struct session *session)
{
	uint8_t pdn_type = granted(session);

	learn(session);
	if (!pdn_type) {
		nothing_granted(session);
		return;
	}
	if (session->rescue && !is_as_before(session, pdn_type)) {
		session_give_up(session, REFUSED_ADDRESS_CHANGED, "the other LNS gave another address");
		return;
	}
	if (!session->attach && !is_as_before(session, pdn_type)) {
		session_end(session, REFUSED_ADDRESS_CHANGED, SESSION_TELL_BOTH, NULL);
		return;
	}
	take_result(session, pdn_type);
	if (session->attach && session->attach->is_test)
		lnstest_passed(session);
	else if (session->rescue)
		redial_complete(session);
	else if (session->attach)
		session_attached(session);
	else
		session_install(session);
}

static bool news(struct session *session, enum ppp_event_kind kind)
{
	bool is = session->line->news & 1U << kind;

	session->line->news &= (uint8_t) ~(1U << kind);
	return is;
}

static void families_up(struct session *session)
{
	if (news(session, PPP_EVENT_IPV4_UP))
		session_ip6_family_up(session, false);
	if (news(session, PPP_EVENT_IPV6_UP))
		session_ip6_family_up(session, true);
}

// Acts on what the link said during the last call into it; the session may be gone afterwards.
void session_after_ppp(struct session *session)
{
	struct gateway *gateway = session->gateway;
	uint32_t teid = session->facts->local_teid;

	if (news(session, PPP_EVENT_ENDED)) {
		ppp_ended(session);
	} else {
		families_up(session);
		if (news(session, PPP_EVENT_UP) && !session_ip6_waits(session))
			session_ppp_ready(session);
		else if (session->state == SESSION_UP && news(session, PPP_EVENT_AUTH_OK))
			session_store(session);
	}
	if (session_find(gateway, teid) != session)
		return;
	if (session->line)
		session->line->news = 0;
	session_settle(session);
}

void session_on_ppp(struct session *session, uint16_t protocol, const uint8_t *packet, size_t len)
{
	if (!session_wake(session))
		return; // memory is out: the LNS repeats it
	if (session->attach)
		trace_ppp(session->attach->trace, session->gateway->now_ms, false, protocol, packet, len);
	ppp_link_recv(&session->line->ppp, protocol, packet, len, session->gateway->now_ms);
	if (protocol == PPP_LCP && session->attach && session->attach->test_until_ms)
		lnstest_on_lcp(session, packet, len);
	else
		session_after_ppp(session);
}
