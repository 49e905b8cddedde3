// SPDX-License-Identifier: Apache-2.0
// What the flood's programs and its driver share. Octets that go onto the wire are in network order (be).
#pragma once

enum { FLOOD_UP, FLOOD_DOWN, FLOOD_TARGET_UP, FLOOD_TARGET_DOWN, FLOOD_STREAMS };

#define FLOOD_HEAD 50 // Ethernet, IPv4, UDP, 8 octets of GTP-U or of L2TP with PPP
#define FLOOD_BARE 14 // Ethernet alone
#define FLOOD_INNER 44 // IPv4, UDP, and the mark
#define FLOOD_MAGIC 0x53476631u
#define FLOOD_SESSIONS 4096u // of all streams
#define FLOOD_PACKETS (1u << 25) // of one stream

struct flood_stream {
	unsigned char head[FLOOD_HEAD];
	unsigned short octets; // of an inner packet
	unsigned int first, count; // of `sessions`
	unsigned int sum; // of the inner IPv4 header but for the SIM's address
	unsigned int far; // be; whom the SIM talks to
	unsigned int reserved;
};

struct flood_session {
	unsigned int ue, teid, peer_teid; // be
	unsigned int ids, peer_ids; // be; L2TP's tunnel and session id: ours, and the LNS's
	unsigned int reserved;
};

// A packet's own mark, behind its UDP header.
struct flood_mark {
	unsigned int magic, stream, number, session;
};

struct flood_count {
	unsigned long long sent, got, doubled, wrong; // wrong: by another session's way
	unsigned long long most; // that may be sent
	unsigned long long window, parked; // under way at most, beside those that wait somewhere
};

// The kernel rounds a value up to 8 octets; both are arrays in the driver's memory.
_Static_assert(sizeof(struct flood_stream) % 8 == 0 && sizeof(struct flood_session) % 8 == 0, "a map's value");
