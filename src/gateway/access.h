// SPDX-License-Identifier: Apache-2.0
// The mobile side: the GTP-C address with its peers, and what GTP-U has to say beside user packets. pgw.c speaks GTPv2 as a PGW, ggsn.c GTPv1
// as a GGSN; both turn messages into session_attach and the like.
#pragma once

#include "gateway/session.h"
#include "gateway/udp.h"
#include "proto/gtp/path.h"

struct access_peer {
	struct ip_addr address;
	uint8_t version;
	struct session *sessions;
	struct session *ending; // sessions of before the peer's restart: ended in pieces
	enum refusal ending_reason;
	uint32_t count;
};

struct access {
	struct gateway *gateway;
	struct udp *udp;
	struct gtp_endpoint *endpoint;
	struct map peers; // by hash of address and version
	struct timer tick, purge;
	uint8_t restart_counter;
	struct log_rate error_indication_rate, scan_rate;
	struct map peer_records; // state records by hash of the peer's address
	const struct session *about; // while a request of ours is made: the session that it is about
	// Scratch: a message is some kilobytes.
	union {
		struct gtp1_message v1;
		struct gtp2_message v2;
	} out;
	uint8_t bytes[GTP_MESSAGE_MAX];
	uint8_t pco[1024];
};

int access_new(struct gateway *gateway, uint8_t restart_counter, struct access **out);
void access_free(struct access **access);
// The session counts for its peer's path; and no longer.
void access_link(struct session *session);
void access_unlink(struct session *session);
// The control plane moved to another node.
void access_move(struct session *session, const struct ip_addr *peer, uint32_t control_teid);
// The SIM is in this network, by this technology; 0 and NULL: as before.
void access_locate(struct session *session, uint8_t rat, const struct plmn *network);
// After any call into the endpoint.
void access_settle(struct access *access);
// Answers a transaction with the message in access->out.
void access_respond(struct access *access, uint8_t version, uint64_t xact);
// Sends access->out as a request of ours about the session, to its peer.
void access_request(struct access *access, const struct session *about);
// The session that a message with this TEID is about, when its sender owns it; NULL otherwise.
struct session *access_owned(const struct access *access, uint32_t teid, const struct ip_addr *from, uint8_t version);
// PCO of the answer: what the LNS gave. The bytes stand in access->pco. `len` 0 when nothing is to be sent.
struct ie_bytes access_pco(struct session *session);
void access_on_gtpu(struct gateway *gateway, const struct ip_end *peer, const uint8_t *datagram, size_t len);
int access_restore_peers(struct access *access); // from the state file
void access_store_peer(struct access *access, const struct ip_addr *peer);

void pgw_on_request(struct access *access, const struct gtp_request *request);
void ggsn_on_request(struct access *access, const struct gtp_request *request);
