// SPDX-License-Identifier: Apache-2.0
// The end of an attach that succeeded, whichever way the session came up.
#include "gateway/access.h"
#include "gateway/session_ip6.h"
#include "gateway/trace.h"

#include <stdio.h>

LOG_CATEGORY(session);

#define TRACED_A_SECOND 200 // accepted attaches whose trace is reported

uint16_t session_since(uint64_t then_ms, uint64_t now_ms)
{
	return then_ms && now_ms > then_ms ? (uint16_t)(now_ms - then_ms > 65535 ? 65535 : now_ms - then_ms) : 0;
}

char *session_address_text(const struct session *session, char out[SESSION_ADDRESS_TEXT])
{
	char v4[IP_ADDR_TEXT], v6[IP_PREFIX_TEXT] = "";
	struct ip_prefix prefix = session->ip6 ? session_ip6_prefix(session->ip6->prefix) : (struct ip_prefix){0};

	if (session->ip6)
		ip_prefix_text(&prefix, v6);
	snprintf(out, SESSION_ADDRESS_TEXT, "%s%s%s",
		session->facts->address.family ? ip_addr_text(&session->facts->address, v4) : "",
		session->facts->address.family && session->ip6 ? " and " : "", v6);
	return out;
}

static void report_attach(struct session *session)
{
	struct gateway *gateway = session->gateway;
	struct attach *attach = session->attach;
	struct uuid endpoint;
	struct tbcd imsi = {0};
	char address[SESSION_ADDRESS_TEXT];

	// A storm's successes are not traced to the controller one by one: they are alike, and a trace costs as much as the attach.
	if (!attach->trace || !log_rate_ok(&gateway->trace_rate, gateway->now_ms, TRACED_A_SECOND))
		return;
	uuid_unpack(session->facts->endpoint, &endpoint);
	tbcd_from_key(session->facts->imsi, &imsi);
	report_add(gateway->report,
		json_pack("{s:s, s:s, s:s, s:s, s:o, s:b, s:o, s:o}", "row", "attach", "endpoint", endpoint.text, "imsi",
			imsi.digits, "vslice", session->vslice->id.text, "startedAt", json_time(session->facts->started_wall_ms),
			"ok", 1, "verdict",
			json_sprintf("attached in %u ms, %s gave %s", session->facts->attach_ms, session->way->giver,
				session_address_text(session, address)),
			"steps", trace_steps(attach->trace)));
}

void session_attached(struct session *session)
{
	struct gateway *gateway = session->gateway;
	struct session_record facts = *session->facts;
	struct tbcd imsi = {0};
	uint32_t teid = session->facts->local_teid;
	char address[SESSION_ADDRESS_TEXT];

	facts.attach_ms = session_since(session->attach->started_ms, gateway->now_ms);
	session_change(session, &facts);
	session_install(session);
	if (session_find(gateway, teid) != session)
		return;
	session->state = SESSION_UP;
	gateway->established++;
	gateway->counters.attach_accepted++;
	histogram_observe(&gateway->attach_times, session->facts->attach_ms);
	session_store(session);
	session->access->accepted(session);
	if (session->way->welcome)
		session->way->welcome(session);
	trace_add(session->attach->trace, gateway->now_ms, TRACE_GTP, TRACE_OUT, "accepted: address %s, MTU %u, DNS told",
		session_address_text(session, address), session->facts->mtu);
	if (session->facts->pdn_type != session->attach->request.pdn_type)
		trace_add(session->attach->trace, gateway->now_ms, TRACE_GTP, TRACE_OUT, "the device asked for IPv4 and IPv6: %s",
			session->attach->request.has_dual_bearer ? session->way->lack(session)
								 : "its mobile network carries one address family on a bearer");
	report_attach(session);
	session_attach_done(session);
	session_report(session);
	session_settle(session);
	if (log_enabled(&log_category_, LOG_LEVEL_INFO)) {
		tbcd_from_key(session->facts->imsi, &imsi);
		log_info("attached imsi=%s vslice=%s address=%s ms=%u", imsi.digits, session->vslice->moniker, address,
			session->facts->attach_ms);
	}
}

const struct group_config *session_group(const struct session *session)
{
	const struct endpoint_config *endpoint = session_endpoint(session);

	return endpoint ? config_group(session->gateway->config, &endpoint->group) : NULL;
}

const struct policy_config *session_policy(const struct session *session)
{
	const struct config *config = session->gateway->config;
	const struct vslice_config *vslice = config ? config_vslice(config, &session->vslice->id) : NULL;
	const struct group_config *group = vslice && vslice->type == VSLICE_INTEGRATED ? session_group(session) : NULL;

	if (!vslice)
		return NULL;
	return config_policy(config, group ? &group->policy : &vslice->default_policy);
}
