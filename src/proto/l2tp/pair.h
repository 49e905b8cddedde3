// SPDX-License-Identifier: Apache-2.0
// For tests: two engines, a LAC and an LNS, joined by a path that loses, doubles, delays and reorders by a seed, in a time that is a number.
#pragma once

#include "proto/l2tp/session.h"

#define PAIR_SESSIONS 4096

struct pair_call {
	struct l2tp_session session; // first: a session is its call
	int up, failed, down, info, gone;
	enum l2tp_reason reason;
	uint16_t result, error;
	struct l2tp_disconnect disconnect;
	char text[64];
};

// Everything that a host would keep over a restart.
struct pair_store {
	struct l2tp_tunnel_record tunnel;
	struct l2tp_session_record sessions[PAIR_SESSIONS];
	struct {
		struct l2tp_stored_message message;
		uint8_t bytes[L2TP_MESSAGE_MAX];
	} messages[L2TP_WINDOW_MAX];
	unsigned calls;
};

struct pair_side {
	struct l2tp_tunnel tunnel; // first: a tunnel is its side
	struct pair *pair;
	const char *name;
	struct l2tp_options options;
	struct l2tp_counters counters;
	struct ip_end address, heard_at; // heard_at: where its packets seem to come from
	struct pair_call calls[PAIR_SESSIONS]; // by local id
	struct pair_store store;
	uint16_t local_id;
	int up, failed, down, moved, gone;
	enum l2tp_reason reason;
	uint16_t result, error;
	char text[96];
	char log[4096]; // names of the messages that it sent, repeats too: "SCCRQ SCCCN ZLB "
	// What its host does.
	enum l2tp_call_verdict verdict;
	uint16_t next_call;
	uint16_t refuse_result;
	void (*on_session)(struct pair_call *call, const struct l2tp_session_event *event);
	bool is_deaf; // nothing reaches it
	bool is_dead; // killed: nothing of it leaves any more
	unsigned kill_at; // dies at this call to the store, before it is written
};

struct pair_packet {
	struct pair_packet *next;
	struct pair_side *from, *to;
	uint64_t due_ms;
	size_t len;
	uint8_t bytes[L2TP_MESSAGE_MAX];
};

struct pair {
	struct pair_side lac, lns;
	uint64_t now_ms;
	uint32_t random;
	uint32_t loss, doubling; // of 1,000 packets
	uint32_t delay_ms, jitter_ms;
	struct pair_packet *path;
	uint64_t packets;
	struct l2tp_call call; // what pair_dial says
};

extern const struct l2tp_ops pair_ops;

// One pair for all tests of a program; both tunnels are initialised, nothing is sent.
struct pair *pair_new(void);
void pair_free(struct pair **pair);
uint32_t pair_random(struct pair *pair);
// Until `until_ms`, or as long as something is to come.
void pair_run(struct pair *pair, uint64_t until_ms);
void pair_open(struct pair *pair); // the LAC opens; runs until it is up or 5 s have gone
void pair_dial(struct pair *pair, uint16_t id); // lac.calls[id]
void pair_hangup(struct pair_call *call, enum l2tp_cdn result);
// A packet made up by the test, as if the other side had sent it.
void pair_inject(struct pair_side *to, const void *bytes, size_t len);
// A message in sequence from the other side's numbers, which it uses up.
void pair_forge(struct pair_side *from, uint16_t session_id, const void *avps, size_t len);
