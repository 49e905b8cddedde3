// SPDX-License-Identifier: Apache-2.0
// A change reaches what it concerns and nothing else: a VSlice, its targets and policies go to vslice_apply; an endpoint or group
// ends the sessions that it does not allow any longer.
#include "gateway/apply.h"

#include "base/clean.h"
#include "gateway/integrated.h"
#include "gateway/resume.h"

#define PIECE_NS 5000000 // how long packets may have to wait

static struct session *session_of_endpoint(const struct gateway *gateway, const struct endpoint_config *endpoint, size_t *cursor)
{
	for (; *cursor < endpoint->imsi_count; (*cursor)++) {
		struct session *session = sessions_of(&gateway->sessions, endpoint->imsis[*cursor]);

		if (session)
			return session;
	}
	return NULL;
}

void apply_detach(struct gateway *gateway, const struct uuid *id, const char *why)
{
	const struct endpoint_config *endpoint = config_endpoint(gateway->config, id);
	struct session *session;

	for (size_t at = 0; endpoint && (session = session_of_endpoint(gateway, endpoint, &at));)
		session_end(session, REFUSED_ADMINISTRATIVE, SESSION_TELL_BOTH, why);
}

// May this session go on under the configuration as it is now?
static enum refusal still_good(const struct gateway *gateway, const struct session *session)
{
	const struct endpoint_config *endpoint = config_endpoint_by_imsi(gateway->config, session->facts->imsi);
	const struct group_config *group = endpoint ? config_group(gateway->config, &endpoint->group) : NULL;
	const struct tunnel *tunnel = session->call ? call_tunnel(session->call) : NULL;

	if (!endpoint)
		return REFUSED_UNKNOWN_IMSI;
	if (endpoint->status != ENDPOINT_ACTIVE)
		return REFUSED_NOT_ACTIVE;
	if (!group)
		return REFUSED_NO_GROUP;
	if (!uuid_equal(&group->vslice, &session->vslice->id))
		return REFUSED_NO_VSLICE;
	if (tunnel && !uuid_equal(&group->lac, &tunnel->lac->id))
		return REFUSED_NO_LAC;
	if (session->vslice->integrated && !integrated_is_good(session, group, endpoint))
		return REFUSED_OTHER_ADDRESS;
	return REFUSED_NONE;
}

static void check_session(struct gateway *gateway, struct session *session)
{
	enum refusal bad = still_good(gateway, session);

	if (bad)
		session_end(session, REFUSED_ADMINISTRATIVE, SESSION_TELL_BOTH, refusal_words(bad));
}

// Walks all sessions; the map changes under the walk when one ends, so the bad ones are gathered first.
static void check_all_sessions(struct gateway *gateway)
{
	VEC(uint32_t) bad = {0};
	struct session *session;

	for (size_t at = 0; (session = sessions_next(&gateway->sessions, &at));) {
		uint32_t *teid = still_good(gateway, session) ? vec_add(&bad) : NULL;

		if (teid)
			*teid = session->facts->local_teid;
	}
	vec_each (&bad, teid) {
		session = session_find(gateway, *teid);
		if (session)
			check_session(gateway, session);
	}
	vec_free(&bad);
}

static void remove_vslices(struct gateway *gateway)
{
	struct vslice *vslice;

	for (size_t at = 0; (vslice = strmap_next(&gateway->vslices, &at));)
		if (!vslice->stopping && !config_vslice(gateway->config, &vslice->id))
			vslice_stop(vslice);
}

static void apply_vslice(struct gateway *gateway, const struct uuid *id)
{
	const struct vslice_config *config = config_vslice(gateway->config, id);

	if (config)
		(void)vslice_apply(gateway, config, false);
}

// An Integrated VSlice is made of its groups too: their policies, and how they give addresses.
static void apply_group(struct gateway *gateway, const struct uuid *id)
{
	const struct group_config *group = config_group(gateway->config, id);
	const struct vslice_config *config = group ? config_vslice(gateway->config, &group->vslice) : NULL;

	if (config && config->type == VSLICE_INTEGRATED)
		(void)vslice_apply(gateway, config, false);
}

struct apply_round {
	VEC(struct uuid) left; // VSlices
	size_t at;
	struct timer timer;
	struct gateway *gateway;
};

// Whether devices would notice that it has to wait.
static bool is_live(const struct gateway *gateway, const struct uuid *id)
{
	const struct vslice *vslice = gateway_vslice(gateway, id);

	return (gateway->resume && resume_has(gateway->resume, id)) || (vslice && (vslice->tunnels.count || vslice->integrated));
}

static void end_round(struct gateway *gateway)
{
	remove_vslices(gateway);
	check_all_sessions(gateway);
	slice_sweep(gateway->worker, gateway->options->name);
	apply_forget(gateway);
}

static void on_round_due(struct timer *timer, uint64_t now_ms)
{
	struct apply_round *round = container_of(timer, struct apply_round, timer);
	struct gateway *gateway = round->gateway;
	uint64_t begun_ns = uv_hrtime();

	while (round->at < round->left.count && uv_hrtime() - begun_ns < PIECE_NS) {
		const struct vslice_config *config = config_vslice(gateway->config, &round->left.items[round->at++]);

		if (config)
			(void)vslice_apply(gateway, config, true);
	}
	if (gateway->stopping)
		return;
	if (round->at < round->left.count)
		wheel_arm(&gateway->wheel, timer, now_ms + 1);
	else
		end_round(gateway);
}

void apply_forget(struct gateway *gateway)
{
	if (!gateway->applying)
		return;
	wheel_disarm(&gateway->wheel, &gateway->applying->timer);
	vec_free(&gateway->applying->left);
	free(gateway->applying);
	gateway->applying = NULL;
}

// VSlices that devices use are taken at once, the others in pieces between which packets are served. Where memory is out, all at once.
static void apply_all(struct gateway *gateway)
{
	struct vslice_config *config;
	struct apply_round *round;

	apply_forget(gateway);
	gateway->applying = round = calloc(1, sizeof(*round));
	for (size_t at = 0; (config = strmap_next(&gateway->config->vslices, &at));) {
		bool live = is_live(gateway, &config->id);
		struct uuid *room = round && !live ? vec_add(&round->left) : NULL;

		if (room)
			*room = config->id;
		else
			(void)vslice_apply(gateway, config, !live);
	}
	if (!round) {
		end_round(gateway);
		return;
	}
	round->gateway = gateway;
	round->timer.fire = on_round_due;
	wheel_arm(&gateway->wheel, &round->timer, gateway->now_ms);
}

struct vslice *apply_wanted(struct gateway *gateway, const struct vslice_config *config)
{
	struct vslice *vslice = gateway_vslice(gateway, &config->id);

	if (!vslice && gateway->applying && !gateway->stopping)
		(void)vslice_apply(gateway, config, false);
	return vslice ? vslice : gateway_vslice(gateway, &config->id);
}

static void apply_endpoint(struct gateway *gateway, const struct config_change *change)
{
	struct session *session, *next;

	for (size_t i = 0; i < change->imsi_count; i++) {
		for (session = sessions_of(&gateway->sessions, change->imsis[i]); session; session = next) {
			next = session_older(session);
			check_session(gateway, session);
		}
	}
	integrated_endpoint_changed(gateway, config_endpoint(gateway->config, &change->id));
}

// Targets take what there is of public addresses.
static void apply_gateway(struct gateway *gateway)
{
	const struct config *config = gateway->config;
	const struct target_config *target;

	slice_underlay(gateway->worker, config->gtp_peers.items, config->gtp_peers.count, &config->public_addresses);
	for (size_t at = 0; (target = strmap_next(&config->targets, &at));)
		if (target->type == TARGET_INTERNET)
			apply_vslice(gateway, &target->vslice);
}

void apply_config(void *owner, struct config *config, bool all, const struct config_change *changes, size_t count)
{
	struct gateway *gateway = owner;
	bool recheck = false, vslices_gone = false;

	gateway->config = config;
	if (gateway->stopping)
		return;
	if (all) {
		slice_underlay(gateway->worker, config->gtp_peers.items, config->gtp_peers.count, &config->public_addresses);
		apply_all(gateway);
		return;
	}
	for (size_t i = 0; i < count; i++) {
		const struct config_change *change = &changes[i];
		const struct target_config *target = config_target(config, &change->id);
		const struct policy_config *policy = config_policy(config, &change->id);

		if (!strcmp(change->kind, "regionalGateway"))
			apply_gateway(gateway);
		else if (!strcmp(change->kind, "endpoint"))
			apply_endpoint(gateway, change);
		else if (!strcmp(change->kind, "vslice") && !change->deleted)
			apply_vslice(gateway, &change->id);
		else if (target || policy)
			apply_vslice(gateway, target ? &target->vslice : &policy->vslice);
		else if (!strcmp(change->kind, "endpointGroup"))
			apply_group(gateway, &change->id);
		else if (change->deleted)
			recheck = true;
		recheck = recheck || !strcmp(change->kind, "endpointGroup");
		vslices_gone = vslices_gone || (change->deleted && !strcmp(change->kind, "vslice"));
	}
	if (vslices_gone)
		remove_vslices(gateway);
	if (recheck)
		check_all_sessions(gateway);
}
