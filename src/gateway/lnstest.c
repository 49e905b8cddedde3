// SPDX-License-Identifier: Apache-2.0
// The test of an LNS is an attach that no SIM asked for: it goes the same way (dial.c), to the one LNS, on hold or not, and ends as soon as it has an
// address. So what is tested is what SIMs get. It proves itself as the VSlice's template says or, where that has no password, as an endpoint
// that is not connected just now.
#include "gateway/lnstest.h"

#include "base/clean.h"
#include "gateway/access.h"
#include "gateway/jsonget.h"
#include "gateway/session_ip6.h"
#include "gateway/trace.h"

#include <stdio.h>

LOG_CATEGORY(lnstest);

static void on_accepted(struct session *session)
{
	(void)session;
}

static void on_refused(struct gateway *gateway, const struct attach_request *request, enum refusal refusal)
{
	(void)gateway;
	(void)request;
	(void)refusal;
}

static void on_release(struct session *session, enum refusal reason)
{
	(void)session;
	(void)reason;
}

static const struct access_ops test_ops = {.accepted = on_accepted, .refused = on_refused, .release = on_release};

// Whose name and password the test may use: an endpoint of this LAC that has a password and no session, whom a second log-in can't hurt.
static const struct endpoint_config *lender(const struct gateway *gateway, const struct lac *lac)
{
	const struct endpoint_config *endpoint;

	for (size_t at = 0; (endpoint = strmap_next(&gateway->config->endpoints, &at));) {
		const struct group_config *group = config_group(gateway->config, &endpoint->group);

		if (endpoint->status == ENDPOINT_ACTIVE && endpoint->ppp_password && group && uuid_equal(&group->lac, &lac->id) &&
			endpoint->imsi_count && !sessions_of(&gateway->sessions, endpoint->imsis[0]))
			return endpoint;
	}
	return NULL;
}

static void test_pair(struct pair *pair)
{
	struct gateway *gateway = pair->lac->vslice->gateway;
	struct attach_request request = {
		.apn = "lns-test", .gtp_version = 2, .pdn_type = GTP2_PDN_IPV4V6, .has_dual_bearer = true};
	const struct endpoint_config *endpoint =
		pair->profile->settings->ppp_password || !gateway->config ? NULL : lender(gateway, pair->lac);
	struct session *session;
	char lac[IP_END_TEXT], lns[IP_END_TEXT];

	ip_end_text(&pair->lac->address, lac);
	ip_end_text(&pair->lns, lns);
	log_info("an LNS is tested vslice=%s lac=%s lns=%s", pair->lac->vslice->moniker, lac, lns);
	if (session_new(gateway, &test_ops, &request, pair->lac->vslice, &pair->lns_id, &session))
		return;
	session->attach->test_lac = pair->lac->id;
	session->attach->test_lns = pair->lns_id;
	session->attach->is_test = true;
	if (endpoint)
		session->attach->lender = endpoint->id;
	session->attach->trace = trace_new(gateway->now_ms);
	trace_add(session->attach->trace, gateway->now_ms, TRACE_GATEWAY, TRACE_NONE, "test of LNS %s from LAC %s%s", lns, lac,
		endpoint ? ", as an endpoint that is not connected" : "");
	session_dial_next(session);
}

void lnstest_run(struct gateway *gateway, const struct uuid *lns)
{
	struct vslice *vslice;

	if (gateway->stopping || !report_is_on(gateway->report))
		return;
	for (size_t at = 0; (vslice = strmap_next(&gateway->vslices, &at));) {
		for (struct lac *lac = vslice->lacs; lac; lac = lac->next) {
			struct pair *pair = lac->stale ? NULL : lac_find_pair(lac, lns);

			if (pair)
				test_pair(pair);
		}
	}
}

// One line for each thing that works, so that what is missing shows.
static void tell_lines(struct session *session)
{
	const struct ppp_result *result = session_ppp_result(session);
	const struct tunnel *tunnel = call_tunnel(session->call);
	const struct l2tp_settings *settings = session->profile->settings;
	uint32_t rtt_us = l2tp_channel_rtt_us(&tunnel->l2tp.channel);
	uint64_t now_ms = session->gateway->now_ms;
	struct ip_addr address = ip_addr_v4(result->address);
	struct trace *trace = session->attach->trace;
	char text[IP_ADDR_TEXT], dns[2][IP_ADDR_TEXT];
	bool has_secret = session->profile->l2tp.secrets[0].len;

	trace_add(trace, now_ms, TRACE_GATEWAY, TRACE_NONE, "the LNS calls itself \"%.*s\", vendor \"%.*s\"",
		tunnel->l2tp.peer_host_len, (const char *)tunnel->l2tp.peer_host_name, tunnel->l2tp.peer_vendor_len,
		(const char *)tunnel->l2tp.peer_vendor_name);
	trace_add(trace, now_ms, TRACE_GATEWAY, TRACE_NONE, "tunnel: up, %s, window %u, AVPs %s",
		!has_secret					       ? "no secret"
			: settings->tunnel_auth == TUNNEL_AUTH_REQUIRE ? "the LNS proved the secret"
								       : "the LNS did not have to prove the secret",
		tunnel->l2tp.channel.window, settings->hide_avps && has_secret ? "hidden" : "in the clear");
	if (rtt_us != L2TP_RTT_UNKNOWN)
		trace_add(trace, now_ms, TRACE_GATEWAY, TRACE_NONE, "round trip: %.1f ms", rtt_us / 1000.0);
	trace_add(trace, now_ms, TRACE_GATEWAY, TRACE_NONE, "PPP: authentication %s as \"%s\", MRU %u to the LNS, %u from it",
		ppp_auth_name(result->auth), session->attach->user, result->mru, result->local_mru);
	for (size_t i = 0; i < array_len(dns); i++) {
		struct ip_addr server = ip_addr_v4(result->dns[i]);

		ip_addr_text(&server, dns[i]);
	}
	trace_add(trace, now_ms, TRACE_GATEWAY, TRACE_NONE, "address %s, DNS %s%s%s",
		result->has_ipv4 ? ip_addr_text(&address, text) : "none", result->dns[0] ? dns[0] : "none",
		result->dns[1] ? " and " : "", result->dns[1] ? dns[1] : "");
}

// Largest first. A way that carries 1500 carries an MRU of 1460; 1280 is IPv6's least, 576 IPv4's.
static const uint16_t sizes[] = {0, 1400, 1280, 1000, 576}; // 0: as LCP agreed
#define ECHO_ID 200 // and up, one each
#define ECHO_WAIT_MS 1000
#define ECHO_WAIT_BUSY_MS 10000 // SoftEther's PPP answers nothing for 4 s after an IPv6CP request that it leaves open
#define ECHO_REQUEST 9 // LCP codes
#define ECHO_REPLY 10

static uint16_t size_of(const struct session *session, size_t at)
{
	return sizes[at] ? sizes[at] : session->facts->mtu;
}

static void send_echoes(struct session *session)
{
	struct call *call = session->call;
	uint8_t packet[PPP_PACKET_MAX];

	for (size_t i = 0; i < array_len(sizes); i++)
		if (size_of(session, i) <= session->facts->mtu &&
			!ppp_link_echo_write(&session->line->ppp, (uint8_t)(ECHO_ID + i), packet, size_of(session, i)))
			(void)dp_tunnel_send_ppp(call_tunnel(call)->dp, call->l2tp.local_id, call->l2tp.peer_id, PPP_LCP, packet,
				size_of(session, i));
}

static void tell_ip6(struct session *session)
{
	const struct ppp_result *result = session_ppp_result(session);
	struct trace *trace = session->attach->trace;
	uint64_t now_ms = session->gateway->now_ms;
	struct ip_prefix prefix;
	char text[IP_PREFIX_TEXT];

	if (session->facts->pdn_type == GTP2_PDN_IPV4V6 || session->facts->pdn_type == GTP2_PDN_IPV6) {
		prefix = session_ip6_prefix(session->ip6->prefix);
		trace_add(trace, now_ms, TRACE_GATEWAY, TRACE_NONE, "IPv6: prefix %s by router advertisement",
			ip_prefix_text(&prefix, text));
	} else if (!session->profile->settings->ipv6cp) {
		trace_add(trace, now_ms, TRACE_GATEWAY, TRACE_NONE, "IPv6: not asked for (ipv6cp is off)");
	} else {
		trace_add(trace, now_ms, TRACE_GATEWAY, TRACE_NONE, "IPv6: none, %s",
			!result->has_ipv6 && result->ipv6_reason == PPP_REASON_NCP_TIMEOUT ? "the LNS leaves IPv6CP unanswered"
				: !result->has_ipv6					   ? "the LNS refuses IPv6CP"
						    : "no router advertisement with a /64 came");
	}
}

static unsigned int echo_wait_ms(const struct session *session)
{
	return session_ppp_result(session)->ipv6_reason == PPP_REASON_NCP_TIMEOUT ? ECHO_WAIT_BUSY_MS : ECHO_WAIT_MS;
}

static void tell_rest(struct session *session)
{
	struct attach *attach = session->attach;
	struct trace *trace = attach->trace;
	uint64_t now_ms = session->gateway->now_ms;
	struct tunnel *tunnel = call_tunnel(session->call);

	if (!attach->test_mtu)
		trace_add(trace, now_ms, TRACE_GATEWAY, TRACE_NONE,
			"MTU: not one LCP echo came back within %u ms: an LNS that answers none, or a way that carries no 576 "
			"octets",
			echo_wait_ms(session));
	else if (attach->test_mtu == session->facts->mtu)
		trace_add(
			trace, now_ms, TRACE_GATEWAY, TRACE_NONE, "MTU: %u octets pass end to end, both ways", attach->test_mtu);
	else
		trace_add(trace, now_ms, TRACE_GATEWAY, TRACE_NONE,
			"MTU: %u octets pass end to end, but not the %u that LCP agreed on: set pppMru to %u, or let the way "
			"carry more",
			attach->test_mtu, session->facts->mtu, attach->test_mtu);
	trace_add(trace, now_ms, TRACE_GATEWAY, TRACE_NONE, "proxy LCP and authentication: %s%s",
		!attach->has_proxy ? "not offered" : "the LNS ", attach->has_proxy ? habits_proxy_words(tunnel->pair) : "");
	trace_add(trace, now_ms, TRACE_GATEWAY, TRACE_NONE, "HELLO: %s",
		l2tp_channel_idle(&tunnel->l2tp.channel) ? "acknowledged" : "not acknowledged in time");
	trace_add(trace, now_ms, TRACE_GATEWAY, TRACE_NONE, "teardown: the call ends with a CDN, the tunnel stays");
}

void lnstest_passed(struct session *session)
{
	struct gateway *gateway = session->gateway;
	struct tunnel *tunnel = call_tunnel(session->call);

	if (session->attach->test_until_ms)
		return; // the LNS negotiated anew meanwhile
	tell_lines(session);
	tell_ip6(session);
	session->attach->attached_ms = gateway->now_ms;
	session->attach->test_until_ms = gateway->now_ms + echo_wait_ms(session);
	send_echoes(session);
	l2tp_tunnel_hello(&tunnel->l2tp, gateway->now_ms);
	tunnel_settle(tunnel);
}

static void finish(struct session *session)
{
	struct gateway *gateway = session->gateway;
	struct attach *attach = session->attach;

	tell_rest(session);
	attach->must_answer = false;
	report_add(gateway->report,
		json_pack("{s:s, s:s, s:s, s:o, s:b, s:o, s:o}", "row", "attach", "endpoint", attach->test_lns.text, "vslice",
			session->vslice->id.text, "startedAt", json_time(session->facts->started_wall_ms), "ok", 1, "verdict",
			json_sprintf("the LNS works: an address after %llu ms",
				(unsigned long long)(attach->attached_ms - attach->started_ms)),
			"steps", trace_steps(attach->trace)));
	link_kick(gateway->link);
	session_end(session, REFUSED_DEVICE, SESSION_TELL_LNS, "the test is over");
}

void lnstest_on_lcp(struct session *session, const uint8_t *packet, size_t len)
{
	struct gateway *gateway = session->gateway;
	struct wire_in in = wire_in(packet, len);
	uint32_t teid = session->facts->local_teid;
	uint8_t code = wire_get_u8(&in), id = wire_get_u8(&in);

	if (code == ECHO_REPLY && id >= ECHO_ID && (size_t)(id - ECHO_ID) < array_len(sizes) && len > session->attach->test_mtu)
		session->attach->test_mtu = (uint16_t)len;
	else if (code == ECHO_REQUEST && !session->attach->test_mtu)
		send_echoes(session); // it is awake again
	session_after_ppp(session);
	if (session_find(gateway, teid) == session && session->attach && session->attach->test_mtu >= session->facts->mtu &&
		l2tp_channel_idle(&call_tunnel(session->call)->l2tp.channel))
		finish(session);
}

bool lnstest_on_tick(struct session *session, uint64_t now_ms)
{
	if (!session->attach->test_until_ms || now_ms < session->attach->test_until_ms)
		return false;
	finish(session);
	return true;
}
