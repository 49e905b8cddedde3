// SPDX-License-Identifier: Apache-2.0
// Sessions of Integrated VSlices.
//
//	dial: address (kept for the endpoint, or from the pools) -> session_attached: data plane, record, answer -> router advertisement
//
// The controller is the one authority on addresses (docs/reference/gateway-link.md): a static one stands in the endpoint's row, pooled ones come
// from ranges that are leased to this gateway. So nothing is waited for, and SIMs attach while the controller is away. What is given out is
// known from the sessions; after a restart the records of the sessions claim it again before the first attach (resume.c).
//
// A SIM has a /64 of its own (TS 23.401 5.3.1.2.2). We choose its interface identifier and tell it in the answer, and answer its Router
// Solicitation with the prefix; one advertisement goes out unasked when the session is up.
#include "gateway/integrated.h"

#include "base/clean.h"
#include "gateway/addrpool.h"
#include "gateway/policy.h"
#include "gateway/records.h"
#include "gateway/resume.h"
#include "gateway/trace.h"
#include "proto/gtp/gtp2.h"
#include "proto/ip6/nd.h"

#include <errno.h>
#include <stdio.h>

LOG_CATEGORY(integrated);

#define LINK_MTU 1400 // passes WireGuard, IPsec and a mobile network's GTP-U without fragments
#define FEW 4 // addresses left, or a quarter of the pool: more are asked for
#define ASK_MS 5000
#define RA_LIFETIME_S 9000 // the longest that a router may say (RFC 4861 6.2.1): a SIM is not woken to hear it again

enum { V4, V6, FAMILIES };

struct integrated {
	struct dp_slice *dp;
	struct addrpool *pools[FAMILIES];
	struct policy_tags tags;
	uint64_t asked_ms[FAMILIES]; // when more addresses were asked for
	uint64_t limits; // digest of what the policies hold their SIMs to, as the data plane has it
	bool is_told[FAMILIES]; // that there is none left
	bool has_pooled; // some group gives addresses for the session only
	bool is_opening, is_resumed;
};

static enum ip_family family_of(int at)
{
	return at == V4 ? IP_V4 : IP_V6;
}

static bool is_kept(void *owner, enum ip_family family, uint64_t number)
{
	const struct vslice *vslice = owner;

	return config_kept_for(vslice->gateway->config, &vslice->id, family, number);
}

static int integrated_new(struct vslice *vslice, struct integrated **out)
{
	struct integrated *integrated = calloc(1, sizeof(*integrated));
	int error = integrated ? 0 : -ENOMEM;

	for (int i = 0; i < FAMILIES && !error; i++)
		error = addrpool_new(family_of(i), is_kept, vslice, &integrated->pools[i]);
	if (error) {
		if (integrated)
			addrpool_free(&integrated->pools[V4]);
		free(integrated);
		return error;
	}
	*out = integrated;
	return 0;
}

static uint32_t tag_of(const struct integrated *integrated, const struct uuid *policy)
{
	vec_each (&integrated->tags.rows, row)
		if (uuid_equal(&row->policy, policy))
			return row->tag;
	return 0; // no chain knows it: its packets are dropped
}

static bool any_pooled(const struct vslice *vslice)
{
	const struct config *config = vslice->gateway->config;
	const struct group_config *group;

	for (size_t i = 0; (group = strmap_next(&config->groups, &i));)
		if (group->is_pooled && uuid_equal(&group->vslice, &vslice->id))
			return true;
	return false;
}

// After a change of subnets, groups or policies: who may not go on as he is ends, the others are told to the data plane anew.
static void refresh_sessions(struct vslice *vslice)
{
	struct gateway *gateway = vslice->gateway;
	VEC(uint32_t) teids = {0};
	struct session *session;

	for (size_t at = 0; (session = map_next(&gateway->sessions, &at));) {
		uint32_t *teid = session->vslice == vslice && session->dp ? vec_add(&teids) : NULL;

		if (teid)
			*teid = session->local_teid;
	}
	vec_each (&teids, teid) {
		const struct group_config *group;

		session = session_find(gateway, *teid);
		group = session ? session_group(session) : NULL;
		if (group && integrated_is_good(session, group, session_endpoint(session)))
			session_install(session);
		else if (session)
			session_end(session, REFUSED_OTHER_ADDRESS, SESSION_TELL_BOTH, NULL);
	}
	vec_free(&teids);
}

static void digest_add(uint64_t *digest, const void *bytes, size_t len)
{
	*digest = hash_u64(*digest ^ hash_bytes(bytes, len));
}

// What the sessions' descriptions in the data plane are made of, besides themselves.
static uint64_t limits_of(const struct vslice *vslice)
{
	const struct config *config = vslice->gateway->config;
	const struct vslice_config *own = config_vslice(config, &vslice->id);
	const struct group_config *group;
	uint64_t digest = 0;

	vec_each (&own->subnets.rows, subnet)
		digest_add(&digest, subnet, sizeof(*subnet));
	for (size_t i = 0; (group = strmap_next(&config->groups, &i));) {
		const struct policy_config *policy = config_policy(config, &group->policy);
		uint64_t one = 0;

		if (!uuid_equal(&group->vslice, &vslice->id))
			continue;
		digest_add(&one, group->id.text, strlen(group->id.text));
		digest_add(&one, group->policy.text, strlen(group->policy.text));
		if (policy)
			digest_add(&one, policy->rate_bps, sizeof(policy->rate_bps));
		if (policy)
			digest_add(&one, policy->discard_percent, sizeof(policy->discard_percent));
		digest += one; // in any order
	}
	return digest;
}

int integrated_apply(struct vslice *vslice, const struct vslice_config *config)
{
	struct policy_tags tags = {0};
	struct integrated *integrated;
	uint64_t limits;
	int error = vslice->integrated ? 0 : integrated_new(vslice, &vslice->integrated);

	integrated = vslice->integrated;
	for (int i = 0; i < FAMILIES && !error; i++) {
		error = addrpool_set(integrated->pools[i], config->leases.items, config->leases.count);
		integrated->asked_ms[i] = 0;
	}
	if (!error)
		error = policy_tags(&vslice->id, vslice->gateway->config, &tags);
	if (error)
		return error;
	vec_free(&integrated->tags.rows);
	integrated->tags = tags;
	integrated->has_pooled = any_pooled(vslice);
	limits = limits_of(vslice);
	if (limits != integrated->limits)
		refresh_sessions(vslice);
	integrated->limits = limits;
	integrated_tick(vslice);
	return 0;
}

static const char *socket_name(const struct vslice *vslice, char name[KEEPER_NAME])
{
	snprintf(name, KEEPER_NAME, "sims %s", vslice->id.text);
	return name;
}

static void take_socket(struct vslice *vslice, int fd)
{
	int error = fd < 0 ? fd : dp_slice_new(vslice->gateway->dp, fd, &vslice->integrated->dp);

	vslice->integrated->is_opening = false;
	if (error) {
		snprintf(vslice->message, sizeof(vslice->message), "the interface toward the SIMs can't be opened: %s",
			strerror(-error));
		log_err("the interface toward the SIMs can't be opened vslice=%s error=%s", vslice->moniker, strerror(-error));
		return;
	}
	if (vslice->integrated->is_resumed)
		return;
	vslice->integrated->is_resumed = true;
	resume_vslice(vslice);
}

static void on_socket(void *owner, int fd)
{
	struct vslice *vslice = owner;
	char name[KEEPER_NAME];

	gateway_wake(vslice->gateway);
	if (fd >= 0)
		keeper_put(vslice->gateway->keeper, socket_name(vslice, name), fd);
	take_socket(vslice, fd);
	vslice_report(vslice);
}

void integrated_take_kept(struct vslice *vslice)
{
	char name[KEEPER_NAME];
	int fd;

	if (!integrated_is_open(vslice) && keeper_take(vslice->gateway->keeper, socket_name(vslice, name), &fd) == 0)
		take_socket(vslice, fd);
}

void integrated_open(struct vslice *vslice)
{
	struct integrated *integrated = vslice->integrated;

	if (integrated->dp || integrated->is_opening)
		return;
	integrated->is_opening = true;
	slice_sims(vslice->slice, on_socket, vslice);
}

bool integrated_is_open(const struct vslice *vslice)
{
	return vslice->integrated && vslice->integrated->dp;
}

void integrated_end_sessions(struct vslice *vslice, enum refusal reason)
{
	struct gateway *gateway = vslice->gateway;
	VEC(uint32_t) teids = {0};
	struct session *session;

	for (size_t at = 0; (session = map_next(&gateway->sessions, &at));) {
		uint32_t *teid = session->vslice == vslice ? vec_add(&teids) : NULL;

		if (teid)
			*teid = session->local_teid;
	}
	vec_each (&teids, teid)
		if ((session = session_find(gateway, *teid)))
			session_end(session, reason, SESSION_TELL_BOTH, NULL);
	vec_free(&teids);
}

void integrated_free(struct vslice *vslice, bool keep)
{
	struct integrated *integrated = vslice->integrated;
	char name[KEEPER_NAME];

	if (!integrated)
		return;
	if (!keep) {
		integrated_end_sessions(vslice, REFUSED_ADMINISTRATIVE);
		keeper_drop(vslice->gateway->keeper, socket_name(vslice, name));
	}
	dp_slice_free(&integrated->dp);
	for (int i = 0; i < FAMILIES; i++)
		addrpool_free(&integrated->pools[i]);
	vec_free(&integrated->tags.rows);
	free(integrated);
	vslice->integrated = NULL;
}

static void ask_for_more(struct vslice *vslice, int at)
{
	struct integrated *integrated = vslice->integrated;
	uint64_t now_ms = vslice->gateway->now_ms;

	if (integrated->asked_ms[at] && now_ms - integrated->asked_ms[at] < ASK_MS)
		return;
	integrated->asked_ms[at] = now_ms ? now_ms : 1;
	report_add(vslice->gateway->report,
		json_pack("{s:s, s:s, s:s, s:I, s:I}", "row", "pool", "vslice", vslice->id.text, "family",
			at == V4 ? "ipv4" : "ipv6", "size", (json_int_t)addrpool_size(integrated->pools[at]), "used",
			(json_int_t)addrpool_live(integrated->pools[at])));
	if (vslice->gateway->link)
		link_kick(vslice->gateway->link);
}

void integrated_tick(struct vslice *vslice)
{
	const struct vslice_config *config = config_vslice(vslice->gateway->config, &vslice->id);
	struct integrated *integrated = vslice->integrated;

	for (int i = 0; config && integrated->has_pooled && i < FAMILIES; i++) {
		uint64_t size = addrpool_size(integrated->pools[i]), left = size - addrpool_live(integrated->pools[i]);

		addrpool_look_again(integrated->pools[i]);
		if ((i == V4 ? config->has_ipv4 : config->has_ipv6) && (left < FEW || left < size / 4))
			ask_for_more(vslice, i);
	}
}

enum refusal integrated_check(const struct vslice *vslice, const struct group_config *group, const struct attach_request *request,
	char *why, size_t size)
{
	const struct vslice_config *config = vslice ? config_vslice(vslice->gateway->config, &vslice->id) : NULL;

	if (!config || !vslice->ready || !integrated_is_open(vslice)) {
		snprintf(why, size, "%s", vslice ? vslice->message : "");
		return REFUSED_SLICE;
	}
	if (!config_policy(vslice->gateway->config, &group->policy))
		return REFUSED_NO_GROUP_POLICY;
	if ((request->pdn_type == GTP2_PDN_IPV4 && !config->has_ipv4) ||
		(request->pdn_type == GTP2_PDN_IPV6 && !config->has_ipv6) || request->pdn_type < GTP2_PDN_IPV4 ||
		request->pdn_type > GTP2_PDN_IPV4V6) {
		snprintf(why, size, "the VSlice gives %s only", config->has_ipv4 ? "IPv4" : "IPv6");
		return REFUSED_PDN_TYPE;
	}
	return REFUSED_NONE;
}

static uint64_t number_of(const struct session *session, int at)
{
	struct ip_addr prefix = {.family = IP_V6};

	if (at == V4)
		return subnet_number(&session->address);
	if (!session->ip6)
		return 0;
	memcpy(prefix.bytes, session->ip6->prefix, sizeof(session->ip6->prefix));
	return subnet_number(&prefix);
}

// The address is this session's from here on.
static int set_number(struct session *session, int at, uint64_t number)
{
	struct ip_addr addr = subnet_addr(family_of(at), number);

	if (at == V4) {
		session->address = addr;
		return 0;
	}
	session->ip6 = calloc(1, sizeof(*session->ip6));
	if (!session->ip6)
		return -ENOMEM;
	memcpy(session->ip6->prefix, addr.bytes, sizeof(session->ip6->prefix));
	random_fill(session->ip6->interface_id, sizeof(session->ip6->interface_id));
	session->ip6->interface_id[0] &= 0xfd; // not universally unique (RFC 4291 2.5.1)
	return 0;
}

// Somebody else has what is kept for this endpoint: an older session of the same SIM under another IMSI, or one that had it from a pool before
// it was reserved. Both go.
static void displace(struct session *holder, const struct session *by)
{
	bool is_same = !memcmp(holder->endpoint, by->endpoint, sizeof(by->endpoint));

	session_end(holder, is_same ? REFUSED_REPLACED : REFUSED_ADMINISTRATIVE, SESSION_TELL_BOTH,
		is_same ? "the SIM came back under another IMSI" : "its address was reserved for another endpoint");
}

static enum refusal take_static(struct session *session, int at, uint64_t number, char *why, size_t size)
{
	struct addrpool *pool = session->vslice->integrated->pools[at];
	struct session *holder;

	if (!number) {
		snprintf(why, size, "the VSlice's subnets had no address left to keep for this endpoint");
		return REFUSED_NO_ADDRESS;
	}
	holder = addrpool_holder(pool, number);
	if (holder && holder->imsi == session->imsi) {
		char text[SUBNET_TEXT];

		snprintf(why, size, "%s", subnet_text(family_of(at), number, text));
		return REFUSED_ADDRESS_TAKEN;
	}
	if (holder)
		displace(holder, session);
	return addrpool_claim(pool, number, session) || set_number(session, at, number) ? REFUSED_NO_MEMORY : REFUSED_NONE;
}

static enum refusal take_pooled(struct session *session, int at, char *why, size_t size)
{
	struct integrated *integrated = session->vslice->integrated;
	struct addrpool *pool = integrated->pools[at];
	uint64_t number;
	int error = addrpool_take(pool, session, &number);

	if (error == -ENOSPC) {
		snprintf(why, size, "all %llu %s of the pool are in use", (unsigned long long)addrpool_size(pool),
			at == V4 ? "addresses" : "prefixes");
		ask_for_more(session->vslice, at);
		return REFUSED_NO_ADDRESS;
	}
	if (error || set_number(session, at, number))
		return REFUSED_NO_MEMORY;
	integrated->is_told[at] = false;
	if (addrpool_size(pool) - addrpool_live(pool) < FEW)
		ask_for_more(session->vslice, at);
	return REFUSED_NONE;
}

static enum refusal take_addresses(struct session *session, bool wanted[FAMILIES], char *why, size_t size, int *at)
{
	const struct group_config *group = session_group(session);
	const struct endpoint_config *endpoint = session_endpoint(session);
	enum refusal refusal = REFUSED_NONE;

	for (*at = V4; *at < FAMILIES && !refusal; ++*at) {
		if (!wanted[*at])
			continue;
		if (group->is_pooled)
			refusal = take_pooled(session, *at, why, size);
		else
			refusal = take_static(session, *at,
				!endpoint->kept || !uuid_equal(&endpoint->kept->vslice, &session->vslice->id) ? 0
					: *at == V4							      ? endpoint->kept->v4
						    : endpoint->kept->v6,
				why, size);
		if (refusal)
			return refusal;
	}
	return refusal;
}

// Once, until there was one to give again.
static void tell_exhausted(struct vslice *vslice, int at, const char *why)
{
	if (vslice->integrated->is_told[at])
		return;
	vslice->integrated->is_told[at] = true;
	report_add(vslice->gateway->report,
		json_pack("{s:s, s:s, s:s, s:{s:s, s:s}}", "row", "event", "eventType", "addressesexhausted_v1", "vslice",
			vslice->id.text, "detail", "family", at == V4 ? "ipv4" : "ipv6", "verdict", why));
	if (vslice->gateway->link)
		link_kick(vslice->gateway->link);
}

static void dial(struct session *session)
{
	const struct vslice_config *config = config_vslice(session->gateway->config, &session->vslice->id);
	const struct attach_request *request = &session->attach->request;
	bool wanted[FAMILIES] = {
		config->has_ipv4 && request->pdn_type != GTP2_PDN_IPV6, config->has_ipv6 && request->pdn_type != GTP2_PDN_IPV4};
	struct gateway *gateway = session->gateway;
	char why[200] = "", text[SESSION_ADDRESS_TEXT];
	enum refusal refusal;
	int at;

	refusal = take_addresses(session, wanted, why, sizeof(why), &at);
	if (refusal) {
		if (refusal == REFUSED_NO_ADDRESS)
			tell_exhausted(session->vslice, at, why);
		trace_add(session->attach->trace, gateway->now_ms, TRACE_GATEWAY, TRACE_NONE, "%s%s%s", refusal_words(refusal),
			*why ? ": " : "", why);
		session_give_up(session, refusal, why);
		return;
	}
	session->mtu = LINK_MTU;
	session->pdn_type = (uint8_t)(session->ip6 && session->address.family ? GTP2_PDN_IPV4V6
			: session->ip6					      ? GTP2_PDN_IPV6
									      : GTP2_PDN_IPV4);
	trace_add(session->attach->trace, gateway->now_ms, TRACE_GATEWAY, TRACE_NONE, "gives %s, %s",
		session_address_text(session, text),
		session_group(session)->is_pooled ? "from the pool, for this session" : "which is kept for this endpoint");
	session_attached(session);
}

static void fill(const struct session *session, struct dp_session_spec *spec)
{
	const struct integrated *integrated = session->vslice->integrated;
	const struct group_config *group = session_group(session);

	spec->slice = integrated->dp;
	spec->tag = group ? tag_of(integrated, &group->policy) : 0;
}

static void store(const struct session *session, struct session_record *record)
{
	(void)session;
	record->tunnel = NO_RECORD;
}

static void report(const struct session *session, json_t *row)
{
	(void)session;
	(void)row;
}

static void dns(const struct session *session, struct pco_answer *tell)
{
	const struct gateway *gateway = session->gateway;
	const struct vslice_config *config = config_vslice(gateway->config, &session->vslice->id);
	bool is_own = config && config->dns.count;
	const struct ip_addr *servers = is_own ? config->dns.items : gateway->options->dns;
	size_t count = is_own ? config->dns.count : gateway->options->dns_count, v4 = 0, v6 = 0;

	for (size_t i = 0; i < count; i++) {
		if (servers[i].family == IP_V4 && v4 < array_len(tell->dns4))
			tell->dns4[v4++] = servers[i];
		else if (servers[i].family == IP_V6 && v6 < array_len(tell->dns6))
			tell->dns6[v6++] = servers[i];
	}
}

static const char *lack(const struct session *session)
{
	return session->ip6 ? "the VSlice has no IPv4" : "the VSlice has no IPv6";
}

static void advertise_to(struct session *session, const uint8_t *to);

static void welcome(struct session *session)
{
	if (session->ip6)
		advertise_to(session, ip6_all_nodes);
}

static void end(struct session *session, enum session_tell tell, enum refusal reason)
{
	struct integrated *integrated = session->vslice->integrated;

	(void)tell;
	(void)reason;
	for (int i = 0; i < FAMILIES && integrated; i++)
		if (number_of(session, i))
			addrpool_give(integrated->pools[i], number_of(session, i), session);
}

const struct session_way session_integrated = {
	.giver = "the platform",
	.source = "platform",
	.dial = dial,
	.fill = fill,
	.store = store,
	.report = report,
	.dns = dns,
	.welcome = welcome,
	.lack = lack,
	.end = end,
};

int integrated_claim(struct session *session)
{
	int error = 0;

	for (int i = 0; i < FAMILIES && !error; i++)
		if (number_of(session, i))
			error = addrpool_claim(session->vslice->integrated->pools[i], number_of(session, i), session);
	return error;
}

static bool is_in_subnets(const struct vslice_config *vslice, enum ip_family family, uint64_t number)
{
	vec_each (&vslice->subnets.rows, subnet) {
		struct subnet_range range;

		if (!subnet_range(subnet, &range) && subnet_range_has(&range, family, number))
			return true;
	}
	return false;
}

bool integrated_is_good(const struct session *session, const struct group_config *group, const struct endpoint_config *endpoint)
{
	const struct config *config = session->gateway->config;
	const struct vslice_config *vslice = config_vslice(config, &session->vslice->id);

	if (!vslice || !config_policy(config, &group->policy))
		return false;
	for (int i = 0; i < FAMILIES; i++) {
		uint64_t number = number_of(session, i);
		const struct endpoint_config *keeper = config_kept_for(config, &vslice->id, family_of(i), number);

		if (!number)
			continue;
		if (!is_in_subnets(vslice, family_of(i), number) || (group->is_pooled ? keeper != NULL : keeper != endpoint))
			return false;
	}
	return true;
}

void integrated_endpoint_changed(struct gateway *gateway, const struct endpoint_config *endpoint)
{
	const struct endpoint_address *kept = endpoint ? endpoint->kept : NULL;
	struct vslice *vslice = kept ? gateway_vslice(gateway, &kept->vslice) : NULL;
	uint8_t id[16];

	if (!vslice || !vslice->integrated)
		return;
	uuid_pack(&endpoint->id, id);
	for (int i = 0; i < FAMILIES; i++) {
		struct session *holder = addrpool_holder(vslice->integrated->pools[i], i == V4 ? kept->v4 : kept->v6);

		if (holder && memcmp(holder->endpoint, id, sizeof(id)) != 0)
			session_end(holder, REFUSED_OTHER_ADDRESS, SESSION_TELL_BOTH,
				"its address was reserved for another endpoint");
	}
}

static void advertise_to(struct session *session, const uint8_t *to)
{
	static const uint8_t router_id[8] = {[7] = 1};
	struct pco_answer servers = {0};
	uint8_t packet[ND_RA_MAX];
	struct nd_ra ra = {
		.hop_limit = 64,
		.router_lifetime_s = RA_LIFETIME_S,
		.mtu = session->mtu,
		.prefix_count = 1,
		.prefixes = {{.len = 64,
			.autonomous = true,
			.valid_s = ND_FOREVER,
			.preferred_s = ND_FOREVER}}, // not on link: TS 29.061 11.2.1.3.2a
		.servers_s = RA_LIFETIME_S,
	};
	size_t len;

	ip6_link_local(router_id, ra.src);
	memcpy(ra.dst, to, sizeof(ra.dst));
	memcpy(ra.prefixes[0].prefix, session->ip6->prefix, sizeof(session->ip6->prefix));
	dns(session, &servers);
	for (size_t i = 0; i < array_len(servers.dns6); i++)
		if (servers.dns6[i].family)
			memcpy(ra.servers[ra.server_count++], servers.dns6[i].bytes, IP6_LEN);
	if (session->dp && !nd_ra_write(&ra, packet, sizeof(packet), &len))
		(void)dp_session_send(session->dp, packet, len);
}

// On this link are the SIM and we. Its solicitation of a router is answered; of a neighbour too, when it asks for us.
void integrated_on_inner6(struct session *session, const uint8_t *packet, size_t len)
{
	static const uint8_t router_id[8] = {[7] = 1};
	uint8_t from[IP6_LEN], router[IP6_LEN], answer[128];
	struct nd_ns asked;
	size_t size;

	if (!session->ip6)
		return;
	ip6_link_local(router_id, router);
	switch (ip6_kind(packet, len)) {
	case IP6_ROUTER_SOLICITATION:
		if (!nd_rs_read(packet, len, from))
			advertise_to(session, ip6_is_link_local(from) ? from : ip6_all_nodes);
		return;
	case IP6_NEIGHBOR_SOLICITATION:
		if (!nd_ns_read(packet, len, &asked) && !memcmp(asked.target, router, sizeof(router)) &&
			!nd_na_write(&asked, true, answer, sizeof(answer), &size))
			(void)dp_session_send(session->dp, answer, size);
		return;
	default:
		return;
	}
}
