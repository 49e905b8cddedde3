// SPDX-License-Identifier: Apache-2.0
// What the files of the captures share. Nothing outside capture/ includes it.
#pragma once

#include "base/pcapng.h"
#include "gateway/capture/capture.h"

enum capture_subject { CAPTURE_ENDPOINT = 1, CAPTURE_TUNNEL, CAPTURE_LNS };
enum capture_level { LEVEL_GTP, LEVEL_L2TP, LEVEL_IP, CAPTURE_LEVELS };

struct capture {
	struct captures *all;
	struct uuid id, about;
	uint8_t about_packed[16];
	enum capture_subject subject;
	uint8_t levels; // bits of enum capture_level
	uint8_t interface[CAPTURE_LEVELS]; // in the file
	uint32_t snap; // octets kept of a packet
	uint64_t octets, octets_max; // of the file
	uint64_t seen[CAPTURE_LEVELS], missed[CAPTURE_LEVELS]; // packets
	uint64_t packets; // that are in the file
	uint32_t missed_now; // since the last packet that was kept
	struct timer end_timer, send_timer;
	// upload.c: one piece on its way, one that fills meanwhile.
	struct wire_out filling;
	uint8_t *sending;
	size_t sending_len;
	uint64_t sequence;
	unsigned failures;
	struct http_call *call;
	bool is_ending;
	char reason[100];
};

#define CAPTURE_REMEMBERED 256
#define CAPTURE_ENDED 16

struct captures {
	struct gateway *gateway;
	struct capture *list[CAPTURES_MAX];
	unsigned count;
	// GTP-C transactions by peer, version and sequence number, with the captures that have the request: the answer carries no more of whose it is.
	struct {
		uint64_t key;
		uint8_t mask;
	} remembered[CAPTURE_REMEMBERED];
	struct capture_call { // that was given up, with the captures that want its last words
		const struct tunnel *tunnel; // only compared
		uint16_t local_id, peer_id;
		uint8_t mask;
	} ended[CAPTURE_ENDED];
	unsigned ended_at;
	uint8_t scratch[65536];
};

// capture.c: sets of captures are bits of their places in `list`.
uint8_t captures_of_session(const struct captures *captures, const struct session *session);
uint8_t captures_of_tunnel(const struct captures *captures, const struct tunnel *tunnel);
// Its file ends here, for this reason; it is gone when the controller has all of it.
void capture_end(struct capture *capture, const char *reason);
void capture_free(struct capture *capture);

// upload.c
// Room for a block of at most so many octets; NULL when the controller takes too slowly.
struct wire_out *capture_room(struct capture *capture, size_t len);
void capture_send(struct capture *capture); // what has been filled goes out, soon
void capture_send_now(struct timer *timer, uint64_t now_ms);
