// SPDX-License-Identifier: Apache-2.0
// Which addresses a session of an Integrated VSlice gets, keeps and gives back. The controller is the one authority (docs/reference/gateway-link.md):
// a static one stands in the endpoint's row, pooled ones come from ranges that are leased to this gateway.
#include "gateway/integrated_priv.h"

#include "base/clean.h"

#include <errno.h>
#include <stdio.h>

LOG_CATEGORY(integrated);

#define FEW 4 // addresses left, or a quarter of the pool: more are asked for
#define ASK_MS 5000

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

uint64_t integrated_number(const struct session *session, int at)
{
	struct ip_addr prefix = {.family = IP_V6};

	if (at == V4)
		return subnet_number(&session->facts->address);
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
		struct session_record facts = *session->facts;

		facts.address = addr;
		session_change(session, &facts);
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
	bool is_same = !memcmp(holder->facts->endpoint, by->facts->endpoint, sizeof(by->facts->endpoint));

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
	if (holder && holder->facts->imsi == session->facts->imsi) {
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

enum refusal integrated_take(struct session *session, const bool wanted[FAMILIES], char *why, size_t size, int *at)
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
void integrated_exhausted(struct vslice *vslice, int at, const char *why)
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

void integrated_give(struct session *session)
{
	struct integrated *integrated = session->vslice->integrated;

	for (int i = 0; i < FAMILIES && integrated; i++)
		if (integrated_number(session, i))
			addrpool_give(integrated->pools[i], integrated_number(session, i), session);
}

int integrated_claim(struct session *session)
{
	int error = 0;

	for (int i = 0; i < FAMILIES && !error; i++)
		if (integrated_number(session, i))
			error = addrpool_claim(session->vslice->integrated->pools[i], integrated_number(session, i), session);
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
		uint64_t number = integrated_number(session, i);
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

	for (size_t i = 0; endpoint && i < endpoint->imsi_count; i++) {
		struct session *next;

		for (struct session *session = sessions_of(&gateway->sessions, endpoint->imsis[i]); session; session = next) {
			next = session_older(session);
			if (session->vslice->integrated && session->dp)
				integrated_refresh(session); // it may be in another group now
		}
	}
	if (!vslice || !vslice->integrated)
		return;
	uuid_pack(&endpoint->id, id);
	for (int i = 0; i < FAMILIES; i++) {
		struct session *holder = addrpool_holder(vslice->integrated->pools[i], i == V4 ? kept->v4 : kept->v6);

		if (holder && memcmp(holder->facts->endpoint, id, sizeof(id)) != 0)
			session_end(holder, REFUSED_OTHER_ADDRESS, SESSION_TELL_BOTH,
				"its address was reserved for another endpoint");
	}
}
