// SPDX-License-Identifier: Apache-2.0
// A session toward the LNS: which LNS, the call, PPP, and what each way of failing means.
//
//	dial_next -> tunnel_dial -> (ICRQ, ICRP, ICCN) -> call up -> PPP -> up: install, answer
//
// The budget (standards: a device waits some 8 s, the radio side needs its part): an LNS that leaves SCCRQ or ICRQ unanswered for attemptBudgetMs
// is left for the next one, and the whole must end within overallBudgetMs. An LNS that did not answer is on hold (health.c): attaches go
// straight to the next. When all are on hold, the best is tried all the same. The session of a tunnel that was lost is dialled again in the same
// way (rescue.c), with nobody who waits.
#include "base/clean.h"
#include "gateway/access.h"
#include "gateway/health.h"
#include "gateway/lnstest.h"
#include "gateway/rescue.h"
#include "gateway/session_ip6.h"
#include "gateway/template.h"
#include "gateway/trace.h"

#include <errno.h>
#include <stdio.h>

LOG_CATEGORY(dial);

static struct l2tp_bytes number_of(int64_t setting, const struct template_values *values, char *out, size_t size)
{
	const char *text = "";

	if (setting == CALLING_MSISDN)
		text = values->msisdn[0] ? values->msisdn : values->imsi;
	else if (setting == CALLING_IMSI)
		text = values->imsi;
	else if (setting == CALLING_ICCID)
		text = values->iccid;
	snprintf(out, size, "%s", text);
	return (struct l2tp_bytes){.bytes = (const uint8_t *)out, .len = (uint16_t)strlen(out)};
}

static uint64_t speed_of(const struct l2tp_settings *settings, uint32_t kbps)
{
	return settings->connect_speed == CONNECT_SPEED_AMBR && kbps ? (uint64_t)kbps * 1000 : 100000000;
}

static void proxy_fill(struct session *session, const struct l2tp_settings *settings, struct l2tp_call *call)
{
	struct attach *attach = session->attach;
	const struct pco_request *pco = attach->request.pco;
	enum ppp_auth auth = PPP_AUTH_NONE;

	if (!attach->has_proxy)
		return;
	if (settings->proxy_auth && pco && pco->has_chap_challenge && pco->has_chap_response) {
		auth = PPP_AUTH_CHAP_MD5;
		call->proxy_authen_type = 2;
		call->proxy_authen_name = (struct l2tp_bytes){pco->chap_name.data, pco->chap_name.len};
		call->proxy_authen_challenge = (struct l2tp_bytes){pco->chap_challenge.data, pco->chap_challenge.len};
		call->proxy_authen_response = (struct l2tp_bytes){pco->chap_response.data, pco->chap_response.len};
		call->proxy_authen_id = pco->chap_id;
	} else if (settings->proxy_auth && pco && pco->has_pap) {
		auth = PPP_AUTH_PAP;
		call->proxy_authen_type = 3;
		call->proxy_authen_name = (struct l2tp_bytes){pco->pap_user.data, pco->pap_user.len};
		call->proxy_authen_response = (struct l2tp_bytes){pco->pap_password.data, pco->pap_password.len};
		call->proxy_authen_id = pco->pap_id;
	} else if (settings->proxy_auth) {
		call->proxy_authen_type = 4;
	}
	if (settings->proxy_lcp) {
		struct wire_out received = wire_out(attach->proxy_received, sizeof(attach->proxy_received));
		struct wire_out sent = wire_out(attach->proxy_sent, sizeof(attach->proxy_sent));

		if (ppp_link_proxy_lcp(&session->line->ppp, auth, &received, &sent))
			return;
		call->initial_received_lcp = (struct l2tp_bytes){attach->proxy_received, (uint16_t)wire_used(&received)};
		call->last_received_lcp = call->initial_received_lcp;
		call->last_sent_lcp = (struct l2tp_bytes){attach->proxy_sent, (uint16_t)wire_used(&sent)};
	}
}

// What ICRQ and ICCN will say.
static void call_fill(struct session *session, const struct l2tp_settings *settings)
{
	struct attach *attach = session->attach;
	struct l2tp_call *call = &attach->call;
	struct template_values values;
	struct tbcd imsi;

	session_values(session, &imsi, &values);
	memset(call, 0, sizeof(*call));
	if (settings->called_number != CALLED_OFF)
		snprintf(attach->called, sizeof(attach->called), "%s",
			settings->called_number == CALLED_CUSTOM && settings->called_number_text ? settings->called_number_text
												 : session->apn->text);
	call->called_number = (struct l2tp_bytes){(const uint8_t *)attach->called, (uint16_t)strlen(attach->called)};
	call->calling_number = number_of(settings->calling_number, &values, attach->calling, sizeof(attach->calling));
	call->sub_address = number_of(settings->sub_address, &values, attach->sub_address, sizeof(attach->sub_address));
	call->framing_type = 1;
	// Tx is what the LAC sends toward the SIM (RFC 2661 4.4.4).
	call->tx_bps = speed_of(settings, attach->request.ambr.downlink_kbps);
	call->rx_bps = speed_of(settings, attach->request.ambr.uplink_kbps);
	proxy_fill(session, settings, call);
}

const struct endpoint_config *session_endpoint(const struct session *session)
{
	const struct config *config = session->gateway->config;

	if (config && session->attach && session->attach->is_test)
		return config_endpoint(config, &session->attach->lender);
	return config ? config_endpoint_by_imsi(config, session->facts->imsi) : NULL;
}

struct lac *session_lac(const struct session *session)
{
	const struct group_config *group = session_group(session);

	if (session->attach && session->attach->is_test)
		return vslice_find_lac(session->vslice, &session->attach->test_lac);
	return group ? vslice_find_lac(session->vslice, &group->lac) : NULL;
}

// Why there is no LNS for it, where nothing better is known from one that was dialled.
static void note_lack(struct session *session, const struct lac *lac, enum choice_lack lack)
{
	struct attach *attach = session->attach;

	if (attach->refusal)
		return;
	switch (lack) {
	case CHOICE_UNREACHED:
		attach->refusal = REFUSED_UNREACHED;
		for (const struct pair *pair = lac->pairs; pair; pair = pair->next)
			if (!pair->reached)
				snprintf(attach->why, sizeof(attach->why), "%s", pair->last_error);
		return;
	case CHOICE_FULL:
		attach->refusal = REFUSED_LIMIT;
		snprintf(attach->why, sizeof(attach->why), "every LNS has maxSessionsPerLns sessions");
		return;
	case CHOICE_LAC_FULL:
		attach->refusal = REFUSED_LIMIT;
		snprintf(attach->why, sizeof(attach->why), "the LAC has maxSessionsPerLac sessions");
		return;
	case CHOICE_HELD:
		attach->refusal = REFUSED_LNS_SILENT;
		snprintf(attach->why, sizeof(attach->why), "every LNS is on hold");
		return;
	case CHOICE_NONE:
		return;
	}
}

// The next LNS. Once another one was tried, one on hold would only cost time; and a session that is dialled again can wait elsewhere.
static struct pair *choose(struct session *session, struct lac *lac)
{
	struct attach *attach = session->attach;
	enum choice_lack lack;
	struct pair *pair;

	if (attach->is_test) { // this one and no other, whatever is known of it
		pair = attach->tried_count ? NULL : lac_find_pair(lac, &attach->test_lns);
		if (pair && !pair->reached)
			note_lack(session, lac, CHOICE_UNREACHED);
		return pair && pair->reached ? pair : NULL;
	}
	pair = choose_lns(lac, attach->tried, attach->tried_count, !attach->tried_count && !session->rescue, &lack);

	if (!pair)
		note_lack(session, lac, lack);
	return pair;
}

// Proxy LCP and authentication are offered where the settings say so, unless this LNS is known to ignore them: then they would only cost time. A
// SIM that has nothing but its own CHAP answer gets in by them or not at all.
static void offer_proxy(struct session *session, struct pair *pair)
{
	const struct endpoint_config *endpoint = session_endpoint(session);
	const struct pco_request *pco = session->attach->request.pco;
	bool has_password =
		session->profile->settings->ppp_password || (endpoint && endpoint->ppp_password) || (pco && pco->has_pap);
	bool is_offered =
		session->profile->ppp.proxy_sent && habits_offer_proxy(pair, pco && pco->has_chap_response && !has_password);

	session->attach->has_proxy = is_offered;
	ppp_link_want_proxy(&session->line->ppp, is_offered);
	if (session->profile->ppp.proxy_sent && !is_offered)
		trace_add(session->attach->trace, session->gateway->now_ms, TRACE_GATEWAY, TRACE_NONE,
			"proxy LCP and authentication are not offered: this LNS %s", habits_proxy_words(pair));
}

static int dial(struct session *session, struct pair *pair)
{
	struct gateway *gateway = session->gateway;
	struct attach *attach = session->attach;
	struct tunnel *tunnel;
	char lns[IP_END_TEXT];
	int error;

	if (attach->tried_count < array_len(attach->tried))
		attach->tried[attach->tried_count++] = pair->lns_id;
	attach->last = pair->lns_id;
	attach->dialled_ms = gateway->now_ms;
	error = tunnel_get(pair, &tunnel);
	if (error)
		return error;
	profile_unref(&session->profile);
	session->profile = profile_ref(pair->profile);
	session->line->started = false;
	session->line->news = 0;
	ppp_link_init(&session->line->ppp, &session_ppp_ops, &session->profile->ppp);
	ppp_link_want_mru(&session->line->ppp, pair_mtu(pair));
	error = session_ip6_families(session, pair);
	if (error)
		return error;
	if (attach->request.wanted.family == IP_V4)
		ppp_link_want_address(&session->line->ppp, ip_addr_to_v4(&attach->request.wanted));
	offer_proxy(session, pair);
	call_fill(session, session->profile->settings);
	if (!attach->deadline_ms)
		attach->deadline_ms = attach->started_ms + (uint64_t)session->profile->settings->overall_budget_ms;
	attach->try_ms = gateway->now_ms + (uint64_t)session->profile->settings->attempt_budget_ms;
	trace_add(attach->trace, gateway->now_ms, TRACE_GATEWAY, TRACE_NONE, "dials LNS %s, tunnel %u (%s)",
		ip_end_text(&tunnel->l2tp.peer, lns), tunnel->l2tp.local_id, l2tp_tunnel_state_name(tunnel->l2tp.state));
	return tunnel_dial(tunnel, session, &attach->call, &session->call);
}

// Nobody waits for the answer of a session that is dialled again: it is released in its turn.
static void redial_over(struct session *session, const char *why)
{
	char said[sizeof(session->attach->why)]; // `why` may be the attach's own text, which goes with it

	snprintf(said, sizeof(said), "%s", why);
	session_close_line(session);
	call_drop(&session->call, L2TP_CDN_administrative, L2TP_ERROR_none, NULL, NULL);
	session_attach_done(session);
	(void)session_unstore(session); // it has its draft
	rescue_failed(session, said);
}

void session_give_up(struct session *session, enum refusal refusal, const char *why)
{
	if (session->rescue)
		redial_over(session, why && *why ? why : refusal_words(refusal));
	else
		session_end(session, refusal, SESSION_TELL_BOTH, why);
}

static void moved_on(const struct lac *lac, const struct attach *attach, const struct pair *to)
{
	struct pair *from = lac_find_pair(lac, &attach->last);

	if (from && from != to)
		health_moved_on(from, to, attach->why);
}

void session_dial_next(struct session *session)
{
	struct attach *attach = session->attach;
	struct lac *lac = session_lac(session);
	struct pair *pair;

	while (lac && lac->dp && (pair = choose(session, lac))) {
		int error;

		if (attach->has_moved)
			moved_on(lac, attach, pair);
		attach->has_moved = false;
		error = dial(session, pair);
		if (!error) {
			session_settle(session);
			return;
		}
		attach->refusal = error == -EDQUOT || error == -ENOSPC ? REFUSED_LIMIT
			: error == -EAFNOSUPPORT		       ? REFUSED_PDN_TYPE
								       : REFUSED_NO_MEMORY;
		snprintf(attach->why, sizeof(attach->why), "%s",
			error == -EDQUOT ? "the tunnels to the LNS are full (maxSessionsPerTunnel, maxTunnelsPerLns)"
				: error == -EAFNOSUPPORT
				? "the device asks for IPv6 alone, and ipv6cp is off or pppMru is less than 1280"
				: strerror(-error));
	}
	session_give_up(session, attach->refusal ? attach->refusal : REFUSED_SLICE, attach->why);
}

void session_redial(struct session *session)
{
	struct attach *attach = calloc(1, sizeof(*attach));
	struct gateway *gateway = session->gateway;

	if (!attach || session_open_line(session)) {
		free(attach);
		rescue_failed(session, "memory is out");
		return;
	}
	attach->request.imsi = session->facts->imsi;
	attach->request.gtp_version = session->facts->gtp_version;
	attach->request.pdn_type = session->facts->pdn_type;
	attach->request.has_dual_bearer = true;
	attach->request.wanted = session->facts->address;
	attach->started_ms = gateway->now_ms;
	attach->try_ms = WHEEL_NEVER;
	session->attach = attach;
	gateway->attaching++;
	session_dial_next(session);
}

static void dial_elsewhere(struct session *session)
{
	session->attach->has_moved = true;
	session->line->started = false;
	session_dial_next(session);
}

static bool is_failover_code(const struct l2tp_settings *settings, uint16_t result)
{
	for (const char *at = settings->failover_codes; at && *at; at += strcspn(at, ","), at += *at == ',')
		if (strtoul(at, NULL, 10) == result)
			return true;
	return false;
}

static bool is_full(bool is_general, uint16_t error)
{
	return is_general && error == L2TP_ERROR_resources;
}

static enum refusal refusal_of_tunnel(const struct tunnel *tunnel)
{
	switch (tunnel->l2tp.reason) {
	case L2TP_REASON_secret_differs:
	case L2TP_REASON_secret_refused:
	case L2TP_REASON_secret_missing:
	case L2TP_REASON_secret_unproved:
		return REFUSED_TUNNEL_AUTH;
	case L2TP_REASON_no_answer:
	case L2TP_REASON_peer_lost:
		return REFUSED_LNS_SILENT;
	case L2TP_REASON_malformed:
	case L2TP_REASON_unexpected:
		return REFUSED_LNS_FAULT;
	case L2TP_REASON_peer_closed:
		return is_full(tunnel->l2tp.result == L2TP_STOP_error, tunnel->l2tp.error) ? REFUSED_LNS_FULL
											   : REFUSED_TUNNEL_REFUSED;
	default:
		return REFUSED_TUNNEL_REFUSED;
	}
}

// The LNS hung up over a way to authenticate that is not allowed here.
static bool is_over_auth(const struct session *session)
{
	return session->line && session->line->started && ppp_link_suspect(&session->line->ppp) == PPP_REASON_AUTH_PROTOCOL;
}

static bool is_authenticating(const struct session *session)
{
	return session->line && session->line->started && ppp_link_phase(&session->line->ppp) == PPP_PHASE_AUTHENTICATE;
}

static enum refusal refusal_of_call(const struct session *session, const struct l2tp_session_event *event)
{
	if (event->reason == L2TP_REASON_tunnel)
		return refusal_of_tunnel(call_tunnel(session->call));
	if (event->reason == L2TP_REASON_no_answer)
		return REFUSED_LNS_SILENT;
	if (event->reason == L2TP_REASON_malformed || event->reason == L2TP_REASON_unexpected)
		return REFUSED_LNS_FAULT;
	if (event->disconnect &&
		(event->disconnect->code == L2TP_DISCONNECT_auth_failed ||
			event->disconnect->code == L2TP_DISCONNECT_auth_protocol))
		return REFUSED_PPP_AUTH;
	if (event->disconnect && event->disconnect->code == L2TP_DISCONNECT_no_address)
		return REFUSED_PPP_NO_ADDRESS;
	if (is_authenticating(session) || is_over_auth(session))
		return REFUSED_PPP_AUTH; // what an LNS does that does not say PAP Nak or CHAP Failure
	if (event->has_result && (event->result == L2TP_CDN_temporary || event->result == L2TP_CDN_busy))
		return REFUSED_LNS_FULL;
	if (event->has_result && is_full(event->result == L2TP_CDN_error, event->error))
		return REFUSED_LNS_FULL;
	return REFUSED_CALL_REFUSED;
}

static struct advice_cause cause_of_call(
	const struct session *session, const struct l2tp_session_event *event, enum refusal refusal)
{
	const struct tunnel *tunnel = call_tunnel(session->call);

	if (event->reason == L2TP_REASON_tunnel)
		return (struct advice_cause){
			.tunnel = (uint8_t)tunnel->l2tp.reason, .stop = tunnel->l2tp.result, .error = tunnel->l2tp.error};
	if (refusal == REFUSED_PPP_AUTH && !event->disconnect)
		return (struct advice_cause){.ppp = is_over_auth(session) ? PPP_REASON_AUTH_PROTOCOL : PPP_REASON_AUTH_REFUSED};
	return (struct advice_cause){.call = (uint8_t)event->reason,
		.cdn = event->has_result ? event->result : 0,
		.error = event->has_result ? event->error : 0,
		.disconnect = event->disconnect ? event->disconnect->code : 0};
}

static void words_of_call(const struct session *session, const struct l2tp_session_event *event, char *out, size_t size)
{
	int used;

	if (event->reason == L2TP_REASON_tunnel) {
		snprintf(out, size, "%s", call_tunnel(session->call)->last_error);
		return;
	}
	used = snprintf(out, size, "%s%s",
		is_over_auth(session) ? "it asks for a way to authenticate that pppAuth does not allow; " : "",
		l2tp_reason_text(event->reason));
	if (event->has_result && (size_t)used < size)
		used += snprintf(out + used, size - (size_t)used, " (CDN %u: %s%s%s)", event->result,
			l2tp_cdn_name(event->result), event->error ? ", " : "",
			event->error ? l2tp_error_name(event->error) : "");
	if (event->disconnect && (size_t)used < size)
		used += snprintf(out + used, size - (size_t)used, ", disconnect cause %u: %s", event->disconnect->code,
			l2tp_disconnect_name(event->disconnect->code));
	if (event->text.len && (size_t)used < size)
		used += snprintf(
			out + used, size - (size_t)used, ", \"%.*s\"", (int)event->text.len, (const char *)event->text.bytes);
	if (session->attach && session->attach->user[0] && (size_t)used < size)
		snprintf(out + used, size - (size_t)used, " (user \"%s\")", session->attach->user);
	for (char *c = out; *c; c++)
		if ((unsigned char)*c < ' ' || (unsigned char)*c > '~')
			*c = '?';
}

static void call_lost(struct session *session, const struct l2tp_session_event *event)
{
	struct attach *attach = session->attach;
	const struct l2tp_settings *settings = session->profile->settings;
	char why[200];
	enum refusal refusal = refusal_of_call(session, event);
	struct advice_cause cause = cause_of_call(session, event, refusal);
	bool elsewhere = event->reason == L2TP_REASON_tunnel || event->reason == L2TP_REASON_no_answer ||
		event->reason == L2TP_REASON_try_another ||
		(event->has_result && refusal != REFUSED_PPP_AUTH && is_failover_code(settings, event->result));

	words_of_call(session, event, why, sizeof(why));
	if (attach && event->reason == L2TP_REASON_tunnel && call_tunnel(session->call)->is_again)
		attach->tried_count--; // the LNS asked to try another address, or the other secret may do
	session->call->session = NULL;
	session->call = NULL;
	if (!attach) {
		if (event->reason == L2TP_REASON_tunnel && rescue_take(session, why))
			return;
		session_end(session, event->reason == L2TP_REASON_tunnel ? REFUSED_TUNNEL_LOST : REFUSED_LNS_HANGUP,
			SESSION_TELL_ACCESS, why);
		return;
	}
	attach->refusal = refusal;
	attach->cause = cause;
	memcpy(attach->why, why, sizeof(attach->why));
	trace_add(attach->trace, session->gateway->now_ms, TRACE_L2TP, TRACE_NONE, "%s", why);
	if (elsewhere)
		dial_elsewhere(session);
	else
		session_give_up(session, refusal, why);
}

static void call_up(struct session *session)
{
	struct attach *attach = session->attach;
	struct gateway *gateway = session->gateway;
	struct tunnel *tunnel = call_tunnel(session->call);

	attach->call_up_ms = gateway->now_ms;
	if (tunnel->l2tp.up_ms > attach->started_ms)
		attach->tunnel_up_ms = tunnel->l2tp.up_ms;
	attach->try_ms = WHEEL_NEVER;
	if (tunnel->pair)
		health_works(tunnel->pair);
	session->line->started = true;
	ppp_link_up(&session->line->ppp, gateway->now_ms);
	session_after_ppp(session);
}

void session_on_call(struct session *session, const struct l2tp_session_event *event)
{
	switch (event->type) {
	case L2TP_SESSION_UP:
		call_up(session);
		return;
	case L2TP_SESSION_FAILED:
	case L2TP_SESSION_DOWN:
		call_lost(session, event);
		return;
	default:
		return; // SLI and WEN ask nothing of us
	}
}

static void try_timed_out(struct session *session)
{
	struct attach *attach = session->attach;
	struct gateway *gateway = session->gateway;
	struct tunnel *tunnel = call_tunnel(session->call);
	uint64_t budget_ms = (uint64_t)session->profile->settings->attempt_budget_ms;
	char lns[IP_END_TEXT];

	// The tunnel came up meanwhile: the call request has its own budget.
	if (tunnel->l2tp.up_ms + budget_ms > gateway->now_ms && tunnel->l2tp.state == L2TP_TUNNEL_ESTABLISHED) {
		attach->try_ms = tunnel->l2tp.up_ms + budget_ms;
		session_settle(session);
		return;
	}
	attach->refusal = REFUSED_LNS_SILENT;
	snprintf(attach->why, sizeof(attach->why), "%s left the %s unanswered for %llu ms", ip_end_text(&tunnel->l2tp.peer, lns),
		tunnel->l2tp.state == L2TP_TUNNEL_ESTABLISHED ? "call request (ICRQ)" : "tunnel request (SCCRQ)",
		(unsigned long long)budget_ms);
	trace_add(attach->trace, gateway->now_ms, TRACE_GATEWAY, TRACE_NONE, "%s", attach->why);
	attach->cause = (struct advice_cause){.tunnel = L2TP_REASON_no_answer};
	if (tunnel->l2tp.state == L2TP_TUNNEL_ESTABLISHED) {
		attach->cause = (struct advice_cause){.call = L2TP_REASON_no_answer};
		uint64_t asked_ms = tunnel->l2tp.up_ms > attach->dialled_ms ? tunnel->l2tp.up_ms : attach->dialled_ms;

		l2tp_tunnel_hello(&tunnel->l2tp, gateway->now_ms);
		if (tunnel->pair)
			health_unanswered(tunnel->pair, tunnel->l2tp.heard_ms <= asked_ms, attach->why);
	} else if (tunnel->pair) {
		health_failed(tunnel->pair, attach->why);
	}
	call_drop(&session->call, L2TP_CDN_time_limit, L2TP_ERROR_none, NULL, NULL);
	dial_elsewhere(session);
}

// Where an attach stands whose time is up: the first thing that a person asks.
static const char *waits_for(struct session *session)
{
	enum ppp_reason reason = ppp_link_suspect(&session->line->ppp);

	if (!session->line->started)
		return "the call to the LNS was not up";
	session->attach->cause.ppp = (uint8_t)reason;
	return ppp_reason_info(reason)->words;
}

void session_on_tick(struct session *session, uint64_t now_ms)
{
	struct attach *attach = session->attach;

	if (attach && attach->is_test && lnstest_on_tick(session, now_ms))
		return;
	if (attach && attach->deadline_ms <= now_ms) {
		session_give_up(session, attach->refusal ? attach->refusal : REFUSED_TIMEOUT,
			attach->why[0] ? attach->why : waits_for(session));
		return;
	}
	if (attach && attach->try_ms <= now_ms && session->call) {
		try_timed_out(session);
		return;
	}
	if (session_ip6_next(session) <= now_ms) {
		session_ip6_tick(session);
		return;
	}
	if (session->line->started) {
		ppp_link_tick(&session->line->ppp, now_ms);
		session_after_ppp(session);
	}
}

static void fill_spec(const struct session *session, struct dp_session_spec *spec)
{
	spec->tunnel = call_tunnel(session->call)->dp;
	spec->local_session_id = session->call->l2tp.local_id;
	spec->peer_session_id = session->call->l2tp.peer_id;
	spec->sequencing = session->call->l2tp.sequencing;
}

static void over(struct session *session, enum session_tell tell, enum refusal reason)
{
	if (session->call && tell & SESSION_TELL_LNS)
		call_drop(&session->call, L2TP_CDN_administrative, L2TP_ERROR_none, NULL, refusal_words(reason));
	else if (session->call)
		session->call->session = NULL;
}

const struct session_way session_over_lns = {
	.giver = "the LNS",
	.source = "lns",
	.dial = session_dial_next,
	.mtu = session_mtu_over_lns,
	.fill = fill_spec,
	.store = session_store_call,
	.report = session_report_call,
	.dns = session_ppp_dns,
	.welcome = session_ip6_welcome,
	.lack = session_ppp_lack,
	.watch = session_watch_ppp,
	.end = over,
};
