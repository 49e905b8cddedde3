// SPDX-License-Identifier: Apache-2.0
// The health of an LNS, seen from one LAC: what HELLO, tunnels and calls say of it.
//
//	in use --(failed)--> on hold --(a probe is answered, the LNS opens a tunnel, the settings change)--> in use
//
// An LNS that failed is on hold: attaches pass it over without delay while another one is there. It is probed in the background: after 1 s,
// then at doubling intervals up to lnsProbeSeconds, and in any case when lnsHoldSeconds are over; no attach pays for a probe. One that only was
// started again is therefore back after a second. With lnsHoldSeconds 0 nothing is ever on hold.
//
// A probe is a tunnel that is opened (and stays, as the warm one), or a HELLO where one is up and only calls stayed unanswered.
#include "gateway/health.h"

#include "base/clean.h"
#include "gateway/jsonget.h"
#include "gateway/tunnel.h"

#include <stdio.h>

LOG_CATEGORY(lns);

#define FIRST_PROBE_MS 1000
#define UNANSWERED_MAX 3 // calls in a row that a living LNS may leave unanswered
#define ROOM_NEAR_PERCENT 90
#define ROOM_CALM_PERCENT 80

static struct gateway *gateway_of(const struct pair *pair)
{
	return pair->lac->vslice->gateway;
}

static void tell(const struct pair *pair, const char *type, const char *why)
{
	struct gateway *gateway = gateway_of(pair);
	char lns[IP_END_TEXT];

	ip_end_text(&pair->lns, lns);
	log_info("%s vslice=%s lns=%s why=\"%s\"", type, pair->lac->vslice->moniker, lns, why);
	report_add(gateway->report,
		json_pack("{s:s, s:s, s:s, s:{s:s, s:s, s:s, s:s}}", "row", "event", "eventType", type, "vslice",
			pair->lac->vslice->id.text, "detail", "lns", pair->lns_id.text, "lnsAddress", lns, "lac",
			pair->lac->id.text, "reason", why));
	if (gateway->link)
		link_kick(gateway->link);
}

void health_failed(struct pair *pair, const char *why)
{
	const struct l2tp_settings *settings = pair->profile->settings;
	struct health *health = &pair->health;
	uint64_t now_ms = gateway_of(pair)->now_ms;

	if (why != pair->last_error)
		snprintf(pair->last_error, sizeof(pair->last_error), "%s", why);
	pair->has_redirect = false;
	if (!health->told) {
		health->told = true;
		tell(pair, "lnsunreachable_v1", pair->last_error);
	}
	if (!settings->lns_hold_s)
		return;
	if (!health->since_ms) {
		health->since_ms = now_ms;
		health->probe_wait_ms = FIRST_PROBE_MS;
		health->probe_ms = now_ms + FIRST_PROBE_MS;
	}
	health->until_ms = now_ms + (uint64_t)settings->lns_hold_s * 1000;
}

void health_unanswered(struct pair *pair, bool is_silent, const char *why)
{
	if (is_silent || ++pair->health.unanswered >= UNANSWERED_MAX)
		health_failed(pair, why);
}

void health_works(struct pair *pair)
{
	bool was_told = pair->health.told;

	pair->health = (struct health){0};
	pair->last_error[0] = 0;
	pair->redirects = 0;
	pair->has_other_secret = false;
	if (was_told)
		tell(pair, "lnsreachable_v1", "it answers again");
}

void health_moved_on(struct pair *from, const struct pair *to, const char *why)
{
	struct gateway *gateway = gateway_of(from);
	char lns[IP_END_TEXT], next[IP_END_TEXT];

	gateway->counters.lns_failovers++;
	if (from->health.moved_told)
		return;
	from->health.moved_told = true;
	log_warn("attaches move on to another LNS vslice=%s from=%s to=%s why=\"%s\"", from->lac->vslice->moniker,
		ip_end_text(&from->lns, lns), ip_end_text(&to->lns, next), why);
	report_add(gateway->report,
		json_pack("{s:s, s:s, s:s, s:{s:s, s:s, s:s, s:s, s:s, s:s}}", "row", "event", "eventType", "lnsfailover_v1",
			"vslice", from->lac->vslice->id.text, "detail", "lns", from->lns_id.text, "lnsAddress",
			ip_end_text(&from->lns, lns), "to", to->lns_id.text, "toAddress", ip_end_text(&to->lns, next), "lac",
			from->lac->id.text, "reason", why));
}

bool health_redirect(struct pair *pair, struct l2tp_bytes text)
{
	struct gateway *gateway = gateway_of(pair);
	struct vslice_config *config = config_vslice(gateway->config, &pair->lac->vslice->id);
	struct ip_end to = {.port = pair->lns.port};
	char word[IP_ADDR_TEXT], why[160];

	// RFC 3193 4: the text is the address to use. Twice is enough: two LNSs that name each other would never end.
	snprintf(word, sizeof(word), "%.*s", (int)text.len, (const char *)text.bytes);
	if (pair->redirects >= 2 || ip_addr_parse(word, &to.addr) || to.addr.family != IP_V4 ||
		ip_addr_equal(&to.addr, &pair->lns.addr))
		return false;
	if (!config || !slice_reaches(config, gateway->config, &pair->lac->address.addr, &to, why)) {
		snprintf(pair->last_error, sizeof(pair->last_error),
			"the LNS asks to try %s, which the Default Routing Policy does not reach", word);
		return false;
	}
	log_info("the LNS asks to try another vslice=%s to=%s", pair->lac->vslice->moniker, word);
	config_name_lns(config, &to.addr);
	slice_apply(pair->lac->vslice->slice, config, gateway->config);
	pair->redirects++;
	pair->redirect = to;
	pair->has_redirect = true;
	return true;
}

bool health_other_secret(struct pair *pair)
{
	if (!pair->profile->l2tp.secrets[0].len || !pair->profile->l2tp.secrets[1].len || pair->has_other_secret)
		return false;
	log_info("the LNS refuses one tunnel secret, the other one is tried vslice=%s", pair->lac->vslice->moniker);
	pair->secret ^= 1;
	pair->has_other_secret = true;
	return true;
}

static struct tunnel *established(const struct pair *pair)
{
	for (struct tunnel *tunnel = pair->tunnels; tunnel; tunnel = tunnel->next)
		if (tunnel->l2tp.state == L2TP_TUNNEL_ESTABLISHED && !tunnel->is_draining)
			return tunnel;
	return NULL;
}

static void probe(struct pair *pair)
{
	struct tunnel *tunnel = established(pair);
	uint64_t now_ms = gateway_of(pair)->now_ms;

	if (!tunnel) {
		(void)tunnel_get(pair, &tunnel);
		return;
	}
	// It is heard, and only calls stayed unanswered: the next one will show; another failure puts it on hold again, at once.
	if (tunnel->l2tp.heard_ms > pair->health.since_ms + FIRST_PROBE_MS / 2) {
		health_works(pair);
		pair->health.unanswered = UNANSWERED_MAX - 1;
		return;
	}
	l2tp_tunnel_hello(&tunnel->l2tp, now_ms);
	tunnel_settle(tunnel);
}

// What the settings let this LNS have.
static uint64_t room_of(const struct pair *pair)
{
	const struct l2tp_settings *settings = pair->profile->settings;
	uint64_t by_tunnels = (uint64_t)(settings->max_tunnels_per_lns * settings->max_sessions_per_tunnel);
	uint64_t by_lns = (uint64_t)settings->max_sessions_per_lns;

	return by_lns && by_lns < by_tunnels ? by_lns : by_tunnels;
}

// A person should hear of it before a SIM is refused; told once, until it is well below again.
static void watch_room(struct pair *pair)
{
	uint64_t sessions = pair_sessions(pair), room = room_of(pair);
	char why[120];

	if (sessions * 100 < room * ROOM_CALM_PERCENT)
		pair->is_full_told = false;
	if (pair->is_full_told || sessions * 100 < room * ROOM_NEAR_PERCENT)
		return;
	pair->is_full_told = true;
	snprintf(why, sizeof(why), "%llu sessions of %llu: raise maxTunnelsPerLns, maxSessionsPerTunnel or maxSessionsPerLns",
		(unsigned long long)sessions, (unsigned long long)room);
	tell(pair, "lnsnearlyfull_v1", why);
}

void health_tick(struct pair *pair)
{
	struct health *health = &pair->health;
	uint64_t now_ms = gateway_of(pair)->now_ms;
	uint64_t most_ms = (uint64_t)pair->profile->settings->lns_probe_s * 1000;
	uint64_t hold_ms = (uint64_t)pair->profile->settings->lns_hold_s * 1000;

	watch_room(pair);
	most_ms = most_ms < hold_ms ? most_ms : hold_ms;
	if (!health->since_ms || !pair->reached || !pair->lac->dp)
		return;
	if (most_ms ? now_ms < health->probe_ms : now_ms < health->until_ms)
		return;
	health->probe_wait_ms = health->probe_wait_ms * 2 < most_ms ? health->probe_wait_ms * 2 : (uint32_t)most_ms;
	health->probe_ms = now_ms + health->probe_wait_ms;
	probe(pair);
}
