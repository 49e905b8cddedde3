// SPDX-License-Identifier: Apache-2.0
// The rates and discard percentages of a Routing Policy, as they reach sessions that are up already.
#include "gateway/session.h"

static uint64_t digest_of(const struct policy_config *policy)
{
	return policy ? hash_bytes(policy->rate_bps, sizeof(policy->rate_bps)) ^
			hash_u64((uint64_t)policy->discard_percent[0] << 8 | policy->discard_percent[1])
		      : 0;
}

void vslice_each_session(struct vslice *vslice, void (*each)(struct session *session))
{
	struct gateway *gateway = vslice->gateway;
	struct session *session;
	VEC(uint32_t) teids = {0};

	for (size_t at = 0; (session = sessions_next(&gateway->sessions, &at));) {
		uint32_t *teid = session->vslice == vslice && session->dp ? vec_add(&teids) : NULL;

		if (teid)
			*teid = session->facts->local_teid;
	}
	vec_each (&teids, teid)
		if ((session = session_find(gateway, *teid)))
			each(session);
	vec_free(&teids);
}

void vslice_limit(struct vslice *vslice, const struct vslice_config *config)
{
	uint64_t limits = digest_of(config_policy(vslice->gateway->config, &config->default_policy));

	if (limits == vslice->limits)
		return;
	vslice->limits = limits;
	vslice_each_session(vslice, session_install);
}
