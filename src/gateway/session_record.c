// SPDX-License-Identifier: Apache-2.0
// The durable record of a session.
#include "gateway/records.h"
#include "gateway/session.h"

void session_store_call(const struct session *session, struct session_record *record)
{
	const struct l2tp_session *l2tp = &session->call->l2tp;

	record->tunnel = call_tunnel(session->call)->state_index;
	record->l2tp = (struct l2tp_session_record){.local_id = l2tp->local_id,
		.peer_id = l2tp->peer_id,
		.serial = l2tp->serial,
		.state = l2tp->state,
		.sequencing = l2tp->sequencing};
	if (session->ppp_started)
		(void)ppp_link_save(&session->ppp, &record->ppp);
}

static void record_fill(const struct session *session, struct session_record *out)
{
	memset(out, 0, sizeof(*out));
	memcpy(out->id, session->id, sizeof(out->id));
	memcpy(out->endpoint, session->endpoint, sizeof(out->endpoint));
	uuid_pack(&session->vslice->id, out->vslice);
	out->imsi = session->imsi;
	out->started_wall_ms = session->started_wall_ms;
	out->control_peer = session->control_peer;
	out->user_peer = session->user_peer;
	out->address = session->address;
	out->local_teid = session->local_teid;
	out->control_teid = session->control_teid;
	out->user_teid = session->user_teid;
	session->way->store(session, out);
	if (session->dp)
		dp_session_counters(session->dp, &out->counters);
	out->secret = session->secret_index;
	out->mtu = session->mtu;
	out->attach_ms = session->attach_ms;
	out->tunnel_ms = session->tunnel_ms;
	out->call_ms = session->call_ms;
	out->lcp_ms = session->lcp_ms;
	out->authentication_ms = session->authentication_ms;
	out->ipcp_ms = session->ipcp_ms;
	out->gtp_version = session->gtp_version;
	out->ebi = session->ebi;
	out->rat = session->rat;
	out->is_up = session->state == SESSION_UP;
	out->serving_network = session->serving_network;
	memcpy(out->msisdn, session->msisdn, sizeof(out->msisdn));
	out->apn = session->apn->index;
	out->ip6 = session->ip6_index;
	out->pdn_type = session->pdn_type;
}

static void secrets_store(struct session *session)
{
	struct gateway *gateway = session->gateway;

	if (!session->secrets || session->secret_index != NO_RECORD)
		return;
	if (state_take(gateway->state, TABLE_SECRET, &session->secret_index))
		session->secret_index = NO_RECORD;
	else
		state_put(gateway->state, TABLE_SECRET, session->secret_index, session->secrets);
}

static void ip6_store(struct session *session)
{
	struct gateway *gateway = session->gateway;

	if (!session->ip6)
		return;
	if (session->ip6_index == NO_RECORD && state_take(gateway->state, TABLE_IP6, &session->ip6_index))
		session->ip6_index = NO_RECORD;
	else
		state_put(gateway->state, TABLE_IP6, session->ip6_index, session->ip6);
}

// Only a session that is up, or whose LNS knows of it, is worth a record: what was still dialling is torn down at the next start.
void session_store(struct session *session)
{
	struct gateway *gateway = session->gateway;
	struct session_record record;

	if ((!session->call && !session->vslice->integrated) || session->state == SESSION_ENDING)
		return;
	if (session->state_index == NO_RECORD && state_take(gateway->state, TABLE_SESSION, &session->state_index)) {
		session->state_index = NO_RECORD;
		return;
	}
	if (session->state == SESSION_UP)
		secrets_store(session);
	ip6_store(session);
	record_fill(session, &record);
	state_put(gateway->state, TABLE_SESSION, session->state_index, &record);
}

void session_clear_record(struct session *session)
{
	struct gateway *gateway = session->gateway;

	if (session->state_index != NO_RECORD)
		state_clear(gateway->state, TABLE_SESSION, session->state_index);
	if (session->secret_index != NO_RECORD)
		state_clear(gateway->state, TABLE_SECRET, session->secret_index);
	if (session->ip6_index != NO_RECORD)
		state_clear(gateway->state, TABLE_IP6, session->ip6_index);
	session->state_index = session->secret_index = session->ip6_index = NO_RECORD;
}
