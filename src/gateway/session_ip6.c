// SPDX-License-Identifier: Apache-2.0
// IPv6 of a session over L2TP. IPv6CP (RFC 5072) agrees on interface identifiers only; the SIM's /64 stands in the LNS's router advertisement (RFC
// 4861), which comes later. The mobile network wants it in its answer (TS 29.061 11.2.1.3.2), so the attach waits for it, for a bounded time, and
// asks by router solicitations meanwhile. The advertisement that was waited for is passed to the SIM when it is in; later ones, DHCPv6 and
// the SIM's own solicitations cross the data plane as any packet, which shows a copy of what may change the SIM's prefixes to session_on_inner6.
#include "gateway/session_ip6.h"

#include "base/clean.h"
#include "gateway/trace.h"
#include "proto/ip6/dhcp6.h"
#include "proto/ip6/nd.h"

#include <errno.h>
#include <stdio.h>

LOG_CATEGORY(ip6);

#define PATIENCE_MS 1500 // for a family that is late, and then for its prefix
#define SOLICIT_MS 500
#define DEADLINE_SPARE_MS 250 // an answer with less is better than none
#define MTU_MIN 1280 // of IPv6 (RFC 8200 5)

static struct attach_ip6 *waiting(const struct session *session)
{
	return session->attach ? &session->attach->ip6 : NULL;
}

// SoftEther's PPP stands still for four seconds over its first IPv6CP request; then IPv4 has to be there already.
static enum ppp_ip6_when when_to_ask(const struct session *session, struct pair *pair)
{
	bool must_ask = session->attach->is_test || session->ip6; // it has IPv6 already, and is dialled again
	enum ppp_ip6_when when = habits_ip6_when(pair);

	return must_ask && when == PPP_IP6_INSTEAD ? PPP_IP6_AFTER_IPV4 : when;
}

int session_ip6_families(struct session *session, struct pair *pair)
{
	const struct attach_request *request = &session->attach->request;
	const struct l2tp_settings *settings = session->profile->settings;
	bool wants4 = request->pdn_type != GTP2_PDN_IPV6;
	bool wants6 = request->pdn_type == GTP2_PDN_IPV6 || (request->pdn_type == GTP2_PDN_IPV4V6 && request->has_dual_bearer);

	wants6 = wants6 && settings->ipv6cp && settings->ppp_mru >= MTU_MIN;
	session->attach->ip6 = (struct attach_ip6){.due_ms = WHEEL_NEVER, .until_ms = WHEEL_NEVER};
	if (!wants4 && !wants6)
		return -EAFNOSUPPORT;
	ppp_link_want_families(&session->line->ppp, wants4, wants6);
	if (wants4 && wants6) {
		enum ppp_ip6_when when = when_to_ask(session, pair);

		ppp_link_want_ip6_when(&session->line->ppp, when);
		session->attach->ip6.is_in_vain = when == PPP_IP6_INSTEAD;
	}
	if (session->ip6)
		ppp_link_want_interface_id(&session->line->ppp, session->ip6->interface_id);
	return 0;
}

static void send_ip6(struct session *session, const uint8_t *packet, size_t len)
{
	(void)dp_tunnel_send_ppp(
		call_tunnel(session->call)->dp, session->call->l2tp.local_id, session->call->l2tp.peer_id, PPP_IPV6, packet, len);
}

static void solicit(struct session *session)
{
	uint8_t packet[64], source[IP6_LEN];
	size_t len;

	ip6_link_local(session_ppp_result(session)->interface_id, source);
	if (!session->call || nd_rs_write(source, packet, sizeof(packet), &len))
		return;
	send_ip6(session, packet, len);
	if (session->attach)
		trace_add(session->attach->trace, session->gateway->now_ms, TRACE_PPP, TRACE_OUT,
			"Router Solicitation: which prefix has the SIM?");
}

// Patience from now on, but never beyond the time that the mobile network grants.
static void be_patient(struct session *session)
{
	struct attach_ip6 *ip6 = waiting(session);
	uint64_t now_ms = session->gateway->now_ms, last_ms = session->attach->deadline_ms - DEADLINE_SPARE_MS;
	bool has4 = session_ppp_result(session)->has_ipv4;

	ip6->until_ms = now_ms + (has4 && ip6->is_in_vain ? 0 : PATIENCE_MS);
	if (session->attach->deadline_ms && ip6->until_ms > last_ms)
		ip6->until_ms = last_ms > now_ms ? last_ms : now_ms;
	ip6->due_ms = ip6->until_ms;
}

static void solicit_again_at(struct attach_ip6 *ip6, uint64_t now_ms)
{
	ip6->due_ms = now_ms + SOLICIT_MS < ip6->until_ms ? now_ms + SOLICIT_MS : ip6->until_ms;
}

void session_ip6_family_up(struct session *session, bool is_ipv6)
{
	if (session->attach)
		be_patient(session);
	if (!is_ipv6)
		return;
	solicit(session);
	if (session->attach)
		solicit_again_at(waiting(session), session->gateway->now_ms);
}

bool session_ip6_waits(const struct session *session)
{
	const struct attach_ip6 *ip6 = waiting(session);

	return ip6 && session_ppp_result(session)->has_ipv6 && !ip6->has_prefix && !ip6->gave_up;
}

bool session_ip6_is_there(const struct session *session)
{
	const struct ppp_result *result = session_ppp_result(session);
	bool fits = result->mru >= MTU_MIN && result->local_mru >= MTU_MIN;

	return result->has_ipv6 && fits && (session->attach ? session->attach->ip6.has_prefix : session->ip6 != NULL);
}

uint64_t session_ip6_next(const struct session *session)
{
	const struct attach_ip6 *ip6 = waiting(session);

	return ip6 && session->line->started ? ip6->due_ms : WHEEL_NEVER;
}

void session_ip6_tick(struct session *session)
{
	struct attach_ip6 *ip6 = waiting(session);
	uint64_t now_ms = session->gateway->now_ms;

	if (!ppp_link_is_up(&session->line->ppp) && now_ms >= ip6->until_ms) {
		ip6->due_ms = WHEEL_NEVER;
		trace_add(session->attach->trace, now_ms, TRACE_GATEWAY, TRACE_NONE,
			"the LNS left one address family unanswered for %u ms: on with the other", PATIENCE_MS);
		ppp_link_decide(&session->line->ppp, now_ms);
		session_after_ppp(session);
		return;
	}
	if (now_ms < ip6->until_ms) {
		solicit(session);
		solicit_again_at(ip6, now_ms);
		session_settle(session);
		return;
	}
	ip6->due_ms = WHEEL_NEVER;
	if (!session_ip6_waits(session)) {
		session_settle(session);
		return;
	}
	ip6->gave_up = true;
	trace_add(session->attach->trace, now_ms, TRACE_GATEWAY, TRACE_NONE,
		"no router advertisement with a /64 came within %u ms: the SIM has no IPv6", PATIENCE_MS);
	session_ppp_ready(session);
}

static void note(struct session_ip6 *out, const struct nd_ra *ra, const struct nd_prefix *prefix)
{
	memcpy(out->prefix, prefix->prefix, sizeof(out->prefix));
	memset(out->dns, 0, sizeof(out->dns));
	for (size_t i = 0; i < ra->server_count && i < array_len(out->dns); i++)
		memcpy(out->dns[i], ra->servers[i], IP6_LEN);
}

static char *prefix_text(const uint8_t prefix[8], char out[IP_PREFIX_TEXT])
{
	struct ip_prefix value = session_ip6_prefix(prefix);

	return ip_prefix_text(&value, out);
}

// The first advertisement with a prefix, while the mobile network waits.
static void advertised(struct session *session, const struct nd_ra *ra, const uint8_t *packet, size_t len)
{
	struct attach_ip6 *ip6 = waiting(session);
	const struct nd_prefix *prefix = nd_ra_slaac(ra);
	char text[IP_PREFIX_TEXT];

	if (!prefix) {
		trace_add(session->attach->trace, session->gateway->now_ms, TRACE_PPP, TRACE_IN,
			"Router Advertisement without a /64 to make addresses of (A flag)");
		return;
	}
	note(&ip6->got, ra, prefix);
	trace_add(session->attach->trace, session->gateway->now_ms, TRACE_PPP, TRACE_IN,
		"Router Advertisement: prefix %s, MTU %u, %u DNS servers%s", prefix_text(ip6->got.prefix, text), ra->mtu,
		ra->server_count, ra->other || ra->managed ? ", DHCPv6" : "");
	ip6->has_prefix = true;
	ip6->due_ms = ppp_link_is_up(&session->line->ppp) ? WHEEL_NEVER : ip6->until_ms; // IPv4 may still be late
	ip6->ra_len = len <= sizeof(ip6->ra) ? (uint16_t)len : 0;
	memcpy(ip6->ra, packet, ip6->ra_len);
	if (ppp_link_is_up(&session->line->ppp))
		session_ppp_ready(session);
}

void session_on_ip6(struct session *session, const uint8_t *packet, size_t len)
{
	struct attach_ip6 *ip6 = waiting(session);
	struct gateway *gateway = session->gateway;
	uint32_t teid = session->facts->local_teid;
	struct nd_ra ra;

	if (!ip6 || ip6->has_prefix || !session_ppp_result(session)->has_ipv6 || nd_ra_read(packet, len, &ra))
		return;
	advertised(session, &ra, packet, len);
	if (session_find(gateway, teid) == session)
		session_settle(session);
}

int session_ip6_take(struct session *session)
{
	const struct attach_ip6 *ip6 = &session->attach->ip6;

	if (!session->ip6)
		session->ip6 = calloc(1, sizeof(*session->ip6));
	if (!session->ip6)
		return -ENOMEM;
	memcpy(session->ip6->prefix, ip6->got.prefix, sizeof(ip6->got.prefix));
	memcpy(session->ip6->dns, ip6->got.dns, sizeof(ip6->got.dns));
	memcpy(session->ip6->interface_id, session_ppp_result(session)->interface_id, sizeof(session->ip6->interface_id));
	return 0;
}

void session_ip6_welcome(struct session *session)
{
	const struct attach_ip6 *ip6 = &session->attach->ip6;

	if (session->ip6 && session->dp && ip6->ra_len)
		(void)dp_session_send(session->dp, ip6->ra, ip6->ra_len);
}

struct ip_prefix session_ip6_prefix(const uint8_t prefix[8])
{
	struct ip_prefix out = {.addr.family = IP_V6, .len = 64};

	memcpy(out.addr.bytes, prefix, 8);
	return out;
}

struct ip_addr session_ip6_address(const struct session *session)
{
	struct ip_addr out = {0};

	if (!session->ip6)
		return out;
	out.family = IP_V6;
	memcpy(out.bytes, session->ip6->prefix, 8);
	memcpy(out.bytes + 8, session->ip6->interface_id, 8);
	return out;
}

static void changed(struct session *session, const char *what, const struct ip_prefix *prefix)
{
	char text[IP_PREFIX_TEXT];

	log_info("the LNS %s a SIM's IPv6 prefix vslice=%s prefix=%s", what, session->vslice->moniker,
		ip_prefix_text(prefix, text));
	session_install(session);
}

// The LNS numbers the link anew: the SIM heard it too, and uses the new prefix from now on.
static void renumber(struct session *session, const uint8_t *packet, size_t len)
{
	const struct nd_prefix *prefix;
	struct ip_prefix now;
	struct nd_ra ra;

	if (nd_ra_read(packet, len, &ra) || !(prefix = nd_ra_slaac(&ra)) ||
		!memcmp(prefix->prefix, session->ip6->prefix, sizeof(session->ip6->prefix)))
		return;
	note(session->ip6, &ra, prefix);
	now = session_ip6_prefix(session->ip6->prefix);
	changed(session, "changes", &now);
}

static void delegate(struct session *session, const uint8_t *packet, size_t len)
{
	struct ip_prefix prefix = {.addr.family = IP_V6};
	struct dhcp6_delegation found;

	if (dhcp6_delegation_read(packet, len, &found) != 1)
		return;
	memcpy(prefix.addr.bytes, found.prefix, IP6_LEN);
	prefix.len = found.len;
	if (!found.valid_s)
		prefix = (struct ip_prefix){0};
	if (prefix.len == session->ip6->delegated.len && ip_addr_equal(&prefix.addr, &session->ip6->delegated.addr))
		return;
	session->ip6->delegated = prefix;
	changed(session, prefix.len ? "delegates" : "takes back", &prefix);
}

void session_on_inner6(struct session *session, const uint8_t *packet, size_t len)
{
	struct gateway *gateway = session->gateway;
	struct ip_addr before = session_ip6_address(session), after;
	uint32_t teid = session->facts->local_teid;
	uint8_t delegated = session->ip6 ? session->ip6->delegated.len : 0;

	if (!session->ip6 || session->state != SESSION_UP)
		return;
	if (ip6_kind(packet, len) == IP6_ROUTER_ADVERTISEMENT)
		renumber(session, packet, len);
	else
		delegate(session, packet, len);
	if (session_find(gateway, teid) != session)
		return;
	after = session_ip6_address(session);
	if (ip_addr_equal(&before, &after) && delegated == session->ip6->delegated.len)
		return;
	session_store(session);
	session_report(session);
}
