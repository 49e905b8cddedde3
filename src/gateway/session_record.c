// SPDX-License-Identifier: Apache-2.0
// The facts of a session: its durable record, which stands once, in the state file. They are read there, and changed by putting a whole new record.
//
// A session that is being set up, or waits for another tunnel, has a draft of its own: the file holds of it what a restart must tear down, or
// nothing. The draft goes when the session is up and in the file; it stays where the disk is full.
#include "gateway/session.h"

#include "base/clean.h"

#include <errno.h>

int session_draft(struct session *session)
{
	struct session_record *draft;

	if (session->has_draft)
		return 0;
	draft = calloc(1, sizeof(*draft));
	if (!draft)
		return -ENOMEM;
	if (session->facts)
		*draft = *session->facts;
	else
		draft->tunnel = draft->secret = draft->ip6 = NO_RECORD;
	session->facts = draft;
	session->has_draft = true;
	return 0;
}

static void put(struct session *session, const struct session_record *record)
{
	state_put(session->gateway->state, TABLE_SESSION, session->state_index, record);
}

static void draft_free(struct session *session)
{
	if (session->has_draft)
		free((struct session_record *)session->facts);
	session->has_draft = false;
	session->facts = NULL;
}

void session_change(struct session *session, const struct session_record *to)
{
	if (session->has_draft)
		*(struct session_record *)session->facts = *to;
	else
		put(session, to);
}

void session_store_call(const struct session *session, struct session_record *record)
{
	const struct l2tp_session *l2tp = &session->call->l2tp;

	record->tunnel = call_tunnel(session->call)->state_index;
	record->l2tp = (struct l2tp_session_record){.local_id = l2tp->local_id,
		.peer_id = l2tp->peer_id,
		.serial = l2tp->serial,
		.state = l2tp->state,
		.sequencing = l2tp->sequencing};
	if (session->line && session->line->started)
		(void)ppp_link_save(&session->line->ppp, &record->ppp);
}

static void secrets_store(struct session *session, struct session_record *record)
{
	struct state *state = session->gateway->state;

	if (!session->secrets || record->secret != NO_RECORD)
		return;
	if (state_take(state, TABLE_SECRET, &record->secret))
		record->secret = NO_RECORD;
	else
		state_put(state, TABLE_SECRET, record->secret, session->secrets);
}

static void ip6_store(struct session *session, struct session_record *record)
{
	struct state *state = session->gateway->state;

	if (!session->ip6)
		return;
	if (record->ip6 == NO_RECORD && state_take(state, TABLE_IP6, &record->ip6))
		record->ip6 = NO_RECORD;
	else
		state_put(state, TABLE_IP6, record->ip6, session->ip6);
}

// Only a session that is up, or whose LNS knows of it, is worth a record: what was still dialling is torn down at the next start.
void session_store(struct session *session)
{
	struct gateway *gateway = session->gateway;
	struct session_record record = *session->facts;

	if ((!session->call && !session->vslice->integrated) || session->state == SESSION_ENDING)
		return;
	if (session->state_index == NO_RECORD && state_take(gateway->state, TABLE_SESSION, &session->state_index)) {
		session->state_index = NO_RECORD;
		return;
	}
	record.is_up = session->state == SESSION_UP;
	if (record.is_up)
		secrets_store(session, &record);
	ip6_store(session, &record);
	session->way->store(session, &record);
	if (session->dp)
		dp_session_counters(session->dp, &record.counters);
	if (session->has_draft)
		session_change(session, &record);
	put(session, &record);
	if (record.is_up && !session->rescue) {
		draft_free(session);
		session->facts = state_get(gateway->state, TABLE_SESSION, session->state_index);
	}
}

void session_store_ppp(struct session *session)
{
	struct session_record record = *session->facts;

	if (!ppp_link_save(&session->line->ppp, &record.ppp) &&
		memcmp(&record.ppp, &session->facts->ppp, sizeof(record.ppp)) != 0)
		session_change(session, &record);
}

static void clear(struct session *session)
{
	struct state *state = session->gateway->state;

	if (session->state_index == NO_RECORD)
		return;
	if (session->facts->secret != NO_RECORD)
		state_clear(state, TABLE_SECRET, session->facts->secret);
	if (session->facts->ip6 != NO_RECORD)
		state_clear(state, TABLE_IP6, session->facts->ip6);
	state_clear(state, TABLE_SESSION, session->state_index);
	session->state_index = NO_RECORD;
}

int session_unstore(struct session *session)
{
	struct session_record record;

	if (session_draft(session))
		return -ENOMEM;
	clear(session);
	record = *session->facts;
	record.tunnel = record.secret = record.ip6 = NO_RECORD;
	memset(&record.l2tp, 0, sizeof(record.l2tp));
	memset(&record.ppp, 0, sizeof(record.ppp));
	session_change(session, &record);
	return 0;
}

void session_free_facts(struct session *session)
{
	clear(session);
	draft_free(session);
}
