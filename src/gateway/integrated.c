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
#include "gateway/integrated_priv.h"

#include "base/clean.h"
#include "gateway/records.h"
#include "gateway/resume.h"
#include "gateway/trace.h"
#include "proto/gtp/gtp2.h"
#include "proto/ip6/nd.h"

#include <errno.h>
#include <stdio.h>

LOG_CATEGORY(integrated);

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
	if (!error)
		integrated->vslice = vslice;
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

	for (group = config_group_first(config, &vslice->id); group; group = group->sibling.next)
		if (group->is_pooled)
			return true;
	return false;
}

// After a change of subnets, groups or policies: who may not go on as he is ends, the others are told to the data plane anew.
static void refresh(struct session *session)
{
	const struct group_config *group = session_group(session);

	if (group && integrated_is_good(session, group, session_endpoint(session)))
		integrated_refresh(session);
	else
		session_end(session, REFUSED_OTHER_ADDRESS, SESSION_TELL_BOTH, NULL);
}

void integrated_refresh(struct session *session)
{
	struct gateway *gateway = session->gateway;
	uint32_t teid = session->facts->local_teid;

	session_install(session);
	if (session_find(gateway, teid) == session)
		integrated_member(session, true);
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
	for (group = config_group_first(config, &vslice->id); group; group = group->sibling.next) {
		const struct policy_config *policy = config_policy(config, &group->policy);
		uint64_t one = 0;

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
	if (!error)
		integrated_members_start(vslice);
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
	if (integrated_ways_set(vslice) || limits != integrated->limits)
		vslice_each_session(vslice, refresh);
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

void integrated_applied(struct vslice *vslice)
{
	integrated_open(vslice);
	integrated_members(vslice);
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

static void end_it(struct session *session)
{
	session_end(session, REFUSED_ADMINISTRATIVE, SESSION_TELL_BOTH, NULL);
}

void integrated_end_sessions(struct vslice *vslice)
{
	vslice_each_session(vslice, end_it);
}

void integrated_free(struct vslice *vslice, bool keep)
{
	struct integrated *integrated = vslice->integrated;
	char name[KEEPER_NAME];

	if (!integrated)
		return;
	if (!keep) {
		integrated_end_sessions(vslice);
		keeper_drop(vslice->gateway->keeper, socket_name(vslice, name));
	}
	integrated_members_stop(vslice);
	dp_slice_free(&integrated->dp);
	for (int i = 0; i < FAMILIES; i++)
		addrpool_free(&integrated->pools[i]);
	vec_free(&integrated->tags.rows);
	vec_free(&integrated->ways);
	free(integrated);
	vslice->integrated = NULL;
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

static void dial(struct session *session)
{
	const struct vslice_config *config = config_vslice(session->gateway->config, &session->vslice->id);
	const struct attach_request *request = &session->attach->request;
	// Where the mobile network carries one family on a bearer, it is IPv4 if there is any.
	bool wants6 = request->pdn_type == GTP2_PDN_IPV6 ||
		(request->pdn_type == GTP2_PDN_IPV4V6 && (request->has_dual_bearer || !config->has_ipv4));
	bool wanted[FAMILIES] = {config->has_ipv4 && request->pdn_type != GTP2_PDN_IPV6, config->has_ipv6 && wants6};
	struct gateway *gateway = session->gateway;
	char why[200] = "", text[SESSION_ADDRESS_TEXT];
	struct session_record facts;
	enum refusal refusal;
	int at;

	refusal = integrated_take(session, wanted, why, sizeof(why), &at);
	if (refusal) {
		if (refusal == REFUSED_NO_ADDRESS)
			integrated_exhausted(session->vslice, at, why);
		trace_add(session->attach->trace, gateway->now_ms, TRACE_GATEWAY, TRACE_NONE, "%s%s%s", refusal_words(refusal),
			*why ? ": " : "", why);
		session_give_up(session, refusal, why);
		return;
	}
	facts = *session->facts;
	facts.mtu = session->way->mtu(session);
	facts.pdn_type = (uint8_t)(session->ip6 && facts.address.family ? GTP2_PDN_IPV4V6
			: session->ip6					? GTP2_PDN_IPV6
									: GTP2_PDN_IPV4);
	session_change(session, &facts);
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
	if (group)
		spec->path = integrated_path(integrated, &group->policy);
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

static void welcome(struct session *session)
{
	integrated_member(session, true);
	if (session->ip6)
		integrated_advertise(session, ip6_all_nodes);
}

static void end(struct session *session, enum session_tell tell, enum refusal reason)
{
	(void)tell;
	(void)reason;
	integrated_member(session, false);
	integrated_give(session);
}

const struct session_way session_integrated = {
	.giver = "the platform",
	.source = "platform",
	.dial = dial,
	.mtu = session_mtu_integrated,
	.fill = fill,
	.store = store,
	.report = report,
	.dns = dns,
	.welcome = welcome,
	.lack = lack,
	.end = end,
};
