// SPDX-License-Identifier: Apache-2.0
// The longest packet of a session. Over an LNS it is what LCP settles, and no more than the way there carries whole; that way is the interface of the
// Routing Target which the Routing Policy chooses: 1500 octets on most cables, 1420 in WireGuard, 1400 in a VPN. In an Integrated VSlice it is what
// passes WireGuard, a VPN and a mobile network's GTP-U, less where a target of the SIM's policy carries less.
//
// A device is told once, when it attaches. Where the packets take another way later, who sends longer ones is told by ICMP.
#include "gateway/session.h"

#include "gateway/tunnel.h"

enum {
	// IPv4, UDP, L2TP with Length (RFC 2661 3.1), PPP with Address and Control
	TUNNEL_HEADERS = 20 + 8 + 8 + 4,
	SEQUENCE_NUMBERS = 4,
	INTEGRATED_MTU = 1400,
	MTU_LEAST = 576, // RFC 791 3.1: what every host takes
};

static uint16_t lesser(uint16_t a, uint16_t b)
{
	return a < b ? a : b;
}

// 0: not known.
static uint32_t target_mtu(const struct vslice *vslice, const struct uuid *target)
{
	for (size_t i = 0; i < vslice->target_count; i++)
		if (uuid_equal(&vslice->targets[i].target, target))
			return vslice->targets[i].mtu;
	return 0;
}

uint16_t pair_mtu(const struct pair *pair)
{
	uint32_t mtu = target_mtu(pair->lac->vslice, &pair->way);
	uint32_t headers = TUNNEL_HEADERS + (pair->profile->settings->sequencing == SEQUENCING_REQUIRED ? SEQUENCE_NUMBERS : 0);

	if (!mtu || mtu > UINT16_MAX)
		return UINT16_MAX;
	return mtu < MTU_LEAST + headers ? MTU_LEAST : (uint16_t)(mtu - headers);
}

uint16_t session_mtu_over_lns(const struct session *session)
{
	const struct ppp_result *result = session_ppp_result(session);
	const struct pair *pair = session->call ? call_tunnel(session->call)->pair : NULL;

	return lesser(lesser(result->mru, result->local_mru), pair ? pair_mtu(pair) : UINT16_MAX);
}

static uint16_t policy_mtu(const struct vslice *vslice, const struct policy_config *policy)
{
	uint16_t least = INTEGRATED_MTU;

	if (policy)
		vec_each (&policy->rules, rule) {
			uint32_t mtu = rule->enabled && rule->action == RULE_FORWARD ? target_mtu(vslice, &rule->target) : 0;

			if (mtu && mtu < least)
				least = mtu < MTU_LEAST ? MTU_LEAST : (uint16_t)mtu;
		}
	return least;
}

uint16_t session_mtu_integrated(const struct session *session)
{
	return policy_mtu(session->vslice, session_policy(session));
}

static void follow(struct session *session)
{
	struct gateway *gateway = session->gateway;
	struct session_record facts = *session->facts;
	uint16_t mtu = session->way->mtu(session);

	if (session->attach || session->rescue || mtu == facts.mtu)
		return;
	facts.mtu = mtu;
	session_change(session, &facts);
	session_install(session);
	if (session_find(gateway, facts.local_teid) == session)
		session_report(session);
}

static uint64_t paths_of(const struct vslice *vslice)
{
	const struct config *config = vslice->gateway->config;
	const struct group_config *group;
	uint64_t digest = 0;

	for (const struct lac *lac = vslice->lacs; lac; lac = lac->next)
		for (const struct pair *pair = lac->pairs; pair; pair = pair->next)
			digest = hash_u64(digest ^ pair_mtu(pair));
	for (size_t i = 0; vslice->integrated && config && (group = strmap_next(&config->groups, &i));)
		if (uuid_equal(&group->vslice, &vslice->id)) // in any order
			digest += hash_u64(hash_bytes(group->id.text, strlen(group->id.text)) ^
				policy_mtu(vslice, config_policy(config, &group->policy)));
	return digest;
}

void vslice_follow_mtu(struct vslice *vslice)
{
	uint64_t paths = paths_of(vslice);

	if (paths == vslice->paths)
		return;
	vslice->paths = paths;
	vslice_each_session(vslice, follow);
}
