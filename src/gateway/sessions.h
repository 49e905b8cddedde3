// SPDX-License-Identifier: Apache-2.0
// The sessions of the gateway, found by TEID and by IMSI: an array by the TEID's slot, which the data plane gives densely, and chains through the
// sessions themselves. So a session costs some twenty octets here, and one may end while they are walked.
#pragma once

#include <stddef.h>
#include <stdint.h>

struct dp;
struct session;

struct sessions {
	struct session **by_slot;
	uint32_t slots, high; // of those; none is in use from `high` on
	struct session **chains; // by IMSI
	size_t size, count; // chains, a power of two or 0; sessions
};

int sessions_init(struct sessions *sessions, const struct dp *dp); // 0 or -ENOMEM
void sessions_fini(struct sessions *sessions);
int sessions_put(struct sessions *sessions, struct session *session); // 0, -EEXIST (its slot is taken) or -ENOMEM
void sessions_del(struct sessions *sessions, struct session *session); // nothing where it is not in
struct session *sessions_get(const struct sessions *sessions, uint32_t teid);
// A SIM's latest session, and its next older one.
struct session *sessions_of(const struct sessions *sessions, uint64_t imsi);
struct session *session_older(const struct session *session);
// Walks all: for (size_t i = 0; (session = sessions_next(sessions, &i)); )
struct session *sessions_next(const struct sessions *sessions, size_t *cursor);
