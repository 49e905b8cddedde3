// SPDX-License-Identifier: Apache-2.0
// What the tests of the data plane have in common: one with sockets on the loopback, an SGW, an LNS and a stranger around it, and what came out of it, as
// text. With DATAPLANE_XDP the BPF programs stand before its sockets, and a datagram is run through the program of its side first.
#pragma once

#include "gateway/dataplane/cases.h"
#include "gateway/dataplane/dataplane.h"

#define LAB_LINE 4096 // a datagram as text

struct lab {
	uv_loop_t loop;
	struct dp *dp;
	struct dp_lac *lac;
	struct dp_tunnel *tunnel;
	struct dp_slice *slice;
	struct dp_session *session;
	struct ip_end gtpu_end, lac_end, sgw_end, lns_end, stranger_end;
	int sgw, lns, stranger, inside; // inside: the slice's end of its cable; -1: none
	char seen[CASE_STEPS * 2][LAB_LINE]; // what came out, as the cases write it
	unsigned seen_count, batches;
};

// With the LAC and the tunnel of the cases, and no session.
void lab_open(struct lab *lab, const struct dp_framing *framing);
void lab_close(struct lab *lab);
void lab_slice_open(struct lab *lab); // the packet socket's part is played by a pair of sockets
int lab_socket(uint8_t host, struct ip_end *end); // on 127.0.0.HOST
struct dp_session_spec lab_spec(const struct lab *lab); // the session of the cases
size_t lab_octets(const char *text, uint8_t *out);
void lab_pack(const char *text, char *out); // without blanks

// Sends "where:octets" and turns the loop until something came of it: output, a callback or a drop. Loopback is immediate as a rule.
void lab_send(struct lab *lab, const char *in);
void lab_collect(struct lab *lab, int fd, const char *where); // what has come to a socket
void lab_note(struct lab *lab, const char *where, const uint8_t *octets, size_t len);
void lab_expect(struct lab *lab, const char *want); // one thing came out, and it was this

// dataplane_lab_xdp.c: whether the program of that side has taken the datagram; and what all of them did, in all tests.
bool lab_xdp_took(struct lab *lab, int fd, bool is_uplink, const uint8_t *octets, size_t len);
extern unsigned lab_xdp_sent, lab_xdp_dropped, lab_xdp_passed;
