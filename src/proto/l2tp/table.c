// SPDX-License-Identifier: Apache-2.0
// The sessions of a tunnel by local id: 1,024 blocks of 64, made when the first id of a block is used.
#include <stdlib.h>

#include "proto/l2tp/private.h"

#define BLOCK_IDS 64u
#define BLOCKS (65536u / BLOCK_IDS)

static struct l2tp_session **slot(const struct l2tp_tunnel *tunnel, uint16_t id)
{
	if (!tunnel->blocks || !tunnel->blocks[id / BLOCK_IDS])
		return NULL;
	return &tunnel->blocks[id / BLOCK_IDS][id % BLOCK_IDS];
}

struct l2tp_session *l2tp_tunnel_session(const struct l2tp_tunnel *tunnel, uint16_t local_id)
{
	struct l2tp_session **at = slot(tunnel, local_id);

	return at ? *at : NULL;
}

struct l2tp_session *l2tp_tunnel_session_next(const struct l2tp_tunnel *tunnel, uint32_t *cursor)
{
	while (tunnel->blocks && *cursor < BLOCKS * BLOCK_IDS) {
		struct l2tp_session **block = tunnel->blocks[*cursor / BLOCK_IDS];

		if (!block) {
			*cursor += BLOCK_IDS - *cursor % BLOCK_IDS;
			continue;
		}
		if (block[(*cursor)++ % BLOCK_IDS])
			return block[(*cursor - 1) % BLOCK_IDS];
	}
	return NULL;
}

int l2tp_table_put(struct l2tp_tunnel *tunnel, struct l2tp_session *session)
{
	uint16_t id = session->local_id;
	struct l2tp_session **at;

	if (!tunnel->blocks)
		tunnel->blocks = calloc(BLOCKS, sizeof(*tunnel->blocks));
	if (!tunnel->blocks)
		return -ENOMEM;
	if (!tunnel->blocks[id / BLOCK_IDS])
		tunnel->blocks[id / BLOCK_IDS] = calloc(BLOCK_IDS, sizeof(**tunnel->blocks));
	at = slot(tunnel, id);
	if (!at)
		return -ENOMEM;
	if (*at)
		return -EEXIST;
	*at = session;
	tunnel->sessions++;
	return 0;
}

void l2tp_table_del(struct l2tp_tunnel *tunnel, const struct l2tp_session *session)
{
	struct l2tp_session **at = slot(tunnel, session->local_id);

	if (!at || *at != session)
		return;
	*at = NULL;
	tunnel->sessions--;
}

void l2tp_table_fini(struct l2tp_tunnel *tunnel)
{
	for (unsigned i = 0; tunnel->blocks && i < BLOCKS; i++)
		free(tunnel->blocks[i]);
	free(tunnel->blocks);
	tunnel->blocks = NULL;
	tunnel->sessions = 0;
}

// For a CDN that names the call by the sender's id only (RFC 2661 4.4.4): rare, so it may walk.
struct l2tp_session *l2tp_table_find_peer(const struct l2tp_tunnel *tunnel, uint16_t peer_id)
{
	struct l2tp_session *session;
	uint32_t cursor = 0;

	while (peer_id && (session = l2tp_tunnel_session_next(tunnel, &cursor)))
		if (session->peer_id == peer_id)
			return session;
	return NULL;
}

// An id for a call that is refused in the same breath: an Assigned Session ID is mandatory in a CDN and is never zero.
uint16_t l2tp_table_free_id(struct l2tp_tunnel *tunnel)
{
	uint16_t id;

	tunnel->ops->random(tunnel, &id, sizeof(id));
	for (uint32_t i = 0; i < UINT16_MAX && (!id || l2tp_tunnel_session(tunnel, id)); i++)
		id++;
	return id;
}
