// SPDX-License-Identifier: Apache-2.0
// For the tests: an end of a link that remembers what it sent and heard, and a wire between two of them with a clock of its own.
#pragma once

#include "proto/ppp/link.h"

#define TESTING_SENT 64
#define TESTING_EVENTS 64

struct testing_packet {
	uint16_t protocol;
	size_t len;
	uint8_t bytes[PPP_PACKET_MAX];
};

struct testing_event {
	enum ppp_event_kind kind;
	enum ppp_reason reason;
	char text[128];
};

struct testing_wire;

// What an end is made of; `credentials` and `password` feed the callbacks.
struct testing_end {
	struct ppp_link link;
	struct ppp_options options;
	struct ppp_counters counters;
	struct ppp_credentials credentials; // client
	const char *user, *password; // server: the one it knows; user NULL = anybody
	uint32_t pool; // server: the address given; 0 = none
	struct testing_packet sent[TESTING_SENT]; // the latest, in a ring
	size_t sent_count, read_count;
	struct testing_event events[TESTING_EVENTS];
	size_t event_count;
	uint32_t seed;
	struct testing_wire *wire;
	struct testing_end *other;
};

void testing_client(struct testing_end *end, const char *user, const char *password);
void testing_server(struct testing_end *end, uint8_t auth, const char *user, const char *password);

// The next packet that the end sent and that was not looked at, as "protocol hex", e.g. "c021 0101000401020304"; "" when there is none.
const char *testing_sent(struct testing_end *end);
void testing_recv(struct testing_end *end, uint16_t protocol, const char *hex, uint64_t now_ms);
// The events so far as words: "lcp-up auth-ok ipv4-up up".
const char *testing_events(const struct testing_end *end);
const struct testing_event *testing_last(const struct testing_end *end, enum ppp_event_kind kind);
size_t testing_unhex(const char *hex, uint8_t *out, size_t size);

// The link becomes its record and is made again from it: what a host does with one that is quiet.
void testing_rest(struct testing_end *end, uint64_t now_ms);

// A wire with faults, out of a seed: percentages, and a delay between the two bounds (which reorders).
struct testing_wire {
	uint64_t now_ms;
	uint32_t seed, loss, duplicate, delay_min_ms, delay_max_ms;
	bool cut;
	struct {
		uint64_t due_ms;
		struct testing_end *to;
		struct testing_packet packet;
	} queue[256];
	size_t count;
};
void testing_join(struct testing_wire *wire, struct testing_end *a, struct testing_end *b);
// Lets time pass until both ends are up, one has ended, or `until_ms`.
void testing_run(struct testing_wire *wire, struct testing_end *a, struct testing_end *b, uint64_t until_ms);
// Lets time pass up to `until_ms`, whatever happens.
void testing_pass(struct testing_wire *wire, struct testing_end *a, struct testing_end *b, uint64_t until_ms);
