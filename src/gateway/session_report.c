// SPDX-License-Identifier: Apache-2.0
// What the controller hears of a session: that it is up, what it used, that it ended.
#include "base/clean.h"
#include "gateway/session_ip6.h"
#include "proto/ip6/ip6.h"

static void add_counters(json_t *row, const struct dp_counters *counters)
{
	json_object_set_new(row, "bytesUplink", json_integer((json_int_t)counters->uplink_bytes));
	json_object_set_new(row, "bytesDownlink", json_integer((json_int_t)counters->downlink_bytes));
	json_object_set_new(row, "packetsUplink", json_integer((json_int_t)counters->uplink_packets));
	json_object_set_new(row, "packetsDownlink", json_integer((json_int_t)counters->downlink_packets));
}

void session_ppp_dns(const struct session *session, struct pco_answer *tell)
{
	const struct ppp_result *result = session_ppp_result(session);

	for (size_t i = 0; i < array_len(tell->dns4); i++) {
		if (result->dns[i])
			tell->dns4[i] = ip_addr_v4(result->dns[i]);
		if (result->nbns[i])
			tell->nbns[i] = ip_addr_v4(result->nbns[i]);
	}
	for (size_t i = 0; session->ip6 && i < array_len(tell->dns6); i++) {
		if (ip6_is_any(session->ip6->dns[i]))
			continue;
		tell->dns6[i].family = IP_V6;
		memcpy(tell->dns6[i].bytes, session->ip6->dns[i], sizeof(tell->dns6[i].bytes));
	}
}

static void add_servers(json_t *list, const struct ip_addr *servers, size_t count)
{
	char text[IP_ADDR_TEXT];

	for (size_t i = 0; i < count; i++)
		if (servers[i].family)
			json_array_append_new(list, json_string(ip_addr_text(&servers[i], text)));
}

static json_t *dns_servers(const struct session *session)
{
	struct pco_answer tell = {0};
	json_t *list = json_array();

	session->way->dns(session, &tell);
	add_servers(list, tell.dns4, array_len(tell.dns4));
	add_servers(list, tell.dns6, array_len(tell.dns6));
	return list;
}

void session_report_call(const struct session *session, json_t *row)
{
	const struct tunnel *tunnel = call_tunnel(session->call);

	json_object_set_new(row, "tunnel", json_string(tunnel->id.text));
	json_object_set_new(row, "lns", json_string(tunnel->lns_id.text));
}

static void add_prefix(json_t *row, const char *name, const struct ip_prefix *prefix)
{
	char text[IP_PREFIX_TEXT];

	if (prefix->len)
		json_object_set_new(row, name, json_string(ip_prefix_text(prefix, text)));
}

static void add_prefixes(json_t *row, const struct session *session)
{
	struct ip_prefix prefix;

	if (!session->ip6)
		return;
	prefix = session_ip6_prefix(session->ip6->prefix);
	add_prefix(row, "ipv6Prefix", &prefix);
	add_prefix(row, "ipv6DelegatedPrefix", &session->ip6->delegated);
}

void session_report(struct session *session)
{
	struct gateway *gateway = session->gateway;
	struct uuid id, endpoint;
	char address[IP_ADDR_TEXT], peer[IP_ADDR_TEXT], plmn[PLMN_TEXT];
	struct dp_counters counters = {0};
	struct tbcd imsi = {0};
	struct ip_addr address6 = session_ip6_address(session);
	json_t *row;

	if (!report_is_on(gateway->report) || session->state != SESSION_UP || (!session->call && !session->vslice->integrated))
		return; // it waits for another tunnel
	session->sync_round = gateway->sync_round;
	uuid_unpack(session->facts->id, &id);
	uuid_unpack(session->facts->endpoint, &endpoint);
	tbcd_from_key(session->facts->imsi, &imsi);
	row = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:i, s:s, s:s, s:s, s:o, s:i, s:o, s:i, s:{s:i, "
			"s:i, s:i, s:i, s:i}}",
		"row", "session", "id", id.text, "endpoint", endpoint.text, "imsi", imsi.digits, "vslice",
		session->vslice->id.text, "state", "up", "apn", session->apn->text, "rat", gtp_rat_name(session->facts->rat),
		"servingNetwork", plmn_text(&session->facts->serving_network, plmn), "gtpVersion", session->facts->gtp_version,
		"gtpPeer", ip_addr_text(&session->facts->control_peer.addr, peer), "ipAddress",
		ip_addr_text(session->facts->address.family ? &session->facts->address : &address6, address), "ipSource",
		session->way->source, "dnsServers", dns_servers(session), "mtu", session->facts->mtu, "startedAt",
		json_time(session->facts->started_wall_ms), "attachMs", session->facts->attach_ms, "phases", "tunnelMs",
		session->facts->tunnel_ms, "callMs", session->facts->call_ms, "lcpMs", session->facts->lcp_ms, "authenticationMs",
		session->facts->authentication_ms, "ipcpMs", session->facts->ipcp_ms);
	if (!row)
		return;
	add_prefixes(row, session);
	session->way->report(session, row);
	if (session->dp)
		dp_session_counters(session->dp, &counters);
	add_counters(row, &counters);
	report_add(gateway->report, row);
	link_kick(gateway->link);
}

void session_report_usage(struct session *session)
{
	struct uuid id, endpoint;
	struct dp_counters counters;
	json_t *row;

	if (!session->dp)
		return;
	dp_session_counters(session->dp, &counters);
	if (counters.uplink_packets + counters.downlink_packets == session->usage_packets)
		return;
	session->usage_packets = counters.uplink_packets + counters.downlink_packets;
	session_store(session);
	uuid_unpack(session->facts->id, &id);
	uuid_unpack(session->facts->endpoint, &endpoint);
	row = json_pack("{s:s, s:s, s:s, s:o}", "row", "usage", "session", id.text, "endpoint", endpoint.text, "time",
		json_time(wall_ms()));
	if (row)
		add_counters(row, &counters);
	report_add(session->gateway->report, row);
}

void session_watch_ppp(struct session *session)
{
	uint32_t silent_s = (uint32_t)session->profile->settings->ppp_echo_interval_s;
	uint32_t now_s = (uint32_t)(session->gateway->now_ms / 1000) + 1; // never 0
	struct dp_counters counters;

	if (!session->dp || !silent_s)
		return;
	dp_session_counters(session->dp, &counters);
	if ((uint32_t)counters.downlink_packets != session->heard_packets || !session->heard_s) {
		session->heard_packets = (uint32_t)counters.downlink_packets;
		session->heard_s = now_s;
	} else if (now_s - session->heard_s >= silent_s) {
		session->heard_s = now_s;
		if (session_wake(session))
			ppp_link_probe(&session->line->ppp, session->gateway->now_ms);
		session_settle(session);
	}
}

void session_watch_some(struct gateway *gateway)
{
	uint32_t some = gateway->established / (10000 / SESSION_WATCH_MS) + 1;
	struct session *session;

	while (some-- && (session = sessions_next(&gateway->sessions, &gateway->watch_cursor)))
		if (session->state == SESSION_UP && session->way->watch)
			session->way->watch(session);
	if (some != UINT32_MAX) // the end of the map
		gateway->watch_cursor = 0;
}

void session_report_end(struct session *session, const struct dp_counters *counters, const char *reason)
{
	struct uuid id, endpoint;
	json_t *row;

	uuid_unpack(session->facts->id, &id);
	uuid_unpack(session->facts->endpoint, &endpoint);
	row = json_pack("{s:s, s:s, s:s, s:s, s:o, s:o}", "row", "sessionEnd", "id", id.text, "endpoint", endpoint.text, "reason",
		reason, "startedAt", json_time(session->facts->started_wall_ms), "time", json_time(wall_ms()));
	if (row)
		add_counters(row, counters);
	report_add(session->gateway->report, row);
	link_kick(session->gateway->link);
}
