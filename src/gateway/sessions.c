// SPDX-License-Identifier: Apache-2.0
#include "gateway/sessions.h"

#include "gateway/session.h"

#include <errno.h>

int sessions_init(struct sessions *sessions, const struct dp *dp)
{
	*sessions = (struct sessions){.slots = dp_teid_slots(dp)};
	sessions->by_slot = calloc(sessions->slots, sizeof(*sessions->by_slot)); // pages that are never used cost nothing
	return sessions->by_slot ? 0 : -ENOMEM;
}

void sessions_fini(struct sessions *sessions)
{
	free(sessions->by_slot);
	free(sessions->chains);
	*sessions = (struct sessions){0};
}

static uint32_t slot_of(const struct sessions *sessions, uint32_t teid)
{
	return teid & (sessions->slots - 1);
}

static struct session **chain_of(const struct sessions *sessions, uint64_t imsi)
{
	return &sessions->chains[hash_u64(imsi) & (sessions->size - 1)];
}

// One chain a session. The order within a SIM stays.
static int grow(struct sessions *sessions)
{
	struct sessions grown = *sessions;

	grown.size = sessions->size ? sessions->size * 2 : 64;
	grown.chains = calloc(grown.size, sizeof(*grown.chains));
	if (!grown.chains)
		return -ENOMEM;
	for (size_t i = 0; i < sessions->size; i++) {
		struct session *next;

		for (struct session *session = sessions->chains[i]; session; session = next) {
			struct session **link = chain_of(&grown, session->facts->imsi);

			next = session->chain_next;
			while (*link)
				link = &(*link)->chain_next;
			*link = session;
			session->chain_next = NULL;
		}
	}
	free(sessions->chains);
	*sessions = grown;
	return 0;
}

int sessions_put(struct sessions *sessions, struct session *session)
{
	uint32_t slot = slot_of(sessions, session->facts->local_teid);
	struct session **chain;

	if (sessions->by_slot[slot])
		return -EEXIST;
	if (sessions->count >= sessions->size && grow(sessions) && !sessions->size)
		return -ENOMEM; // longer chains will do
	chain = chain_of(sessions, session->facts->imsi);
	session->chain_next = *chain;
	*chain = session;
	sessions->by_slot[slot] = session;
	if (sessions->high <= slot)
		sessions->high = slot + 1;
	sessions->count++;
	return 0;
}

void sessions_del(struct sessions *sessions, struct session *session)
{
	struct session **link;

	if (sessions_get(sessions, session->facts->local_teid) != session)
		return;
	sessions->by_slot[slot_of(sessions, session->facts->local_teid)] = NULL;
	while (sessions->high && !sessions->by_slot[sessions->high - 1])
		sessions->high--;
	sessions->count--;
	for (link = chain_of(sessions, session->facts->imsi); *link != session; link = &(*link)->chain_next)
		;
	*link = session->chain_next;
	session->chain_next = NULL;
}

struct session *sessions_get(const struct sessions *sessions, uint32_t teid)
{
	struct session *session = sessions->slots ? sessions->by_slot[slot_of(sessions, teid)] : NULL;

	return session && session->facts->local_teid == teid ? session : NULL;
}

static struct session *first_of(struct session *session, uint64_t imsi)
{
	while (session && session->facts->imsi != imsi)
		session = session->chain_next;
	return session;
}

struct session *sessions_of(const struct sessions *sessions, uint64_t imsi)
{
	return sessions->size ? first_of(*chain_of(sessions, imsi), imsi) : NULL;
}

struct session *session_older(const struct session *session)
{
	return first_of(session->chain_next, session->facts->imsi);
}

struct session *sessions_next(const struct sessions *sessions, size_t *cursor)
{
	while (*cursor < sessions->high) {
		struct session *session = sessions->by_slot[(*cursor)++];

		if (session)
			return session;
	}
	return NULL;
}
