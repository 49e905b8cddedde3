// SPDX-License-Identifier: Apache-2.0
// The AVP dictionary and the codec of a single AVP (RFC 2661 4.1 - 4.4). The rows are in avp.def.
#pragma once

#include "base/wire.h"

#define L2TP_AVP_HEADER 6 // octets: flags and length, vendor, type
#define L2TP_AVP_MAX 1023 // the length has ten bits

// Octets that someone else owns.
struct l2tp_bytes {
	const uint8_t *bytes;
	uint16_t len;
};

// Result Code (AVP 1) of a StopCCN or a CDN; names are in result.h.
struct l2tp_result {
	uint16_t code, error;
	bool has_error;
	struct l2tp_bytes text; // UTF-8 of the sender, not terminated
};

// Q.931 Cause Code (AVP 12).
struct l2tp_q931 {
	uint16_t cause;
	uint8_t msg;
	struct l2tp_bytes text;
};

// Call Errors (AVP 34).
struct l2tp_call_errors {
	uint32_t crc, framing, hardware_overruns, buffer_overruns, timeouts, alignment;
};

// ACCM (AVP 35).
struct l2tp_accm {
	uint32_t send, receive;
};

// PPP Disconnect Cause (AVP 46, RFC 3145); names are in result.h.
struct l2tp_disconnect {
	uint16_t code, protocol; // protocol = the PPP control protocol it speaks of, or 0
	uint8_t direction; // 0 global, 1 at the peer of the sender, 2 at the sender
	struct l2tp_bytes text;
};

// Failover Capability (AVP 76, RFC 4951).
struct l2tp_failover {
	bool data, control;
	uint32_t recovery_ms;
};

// Tunnel Recovery (77) and Failover Session State (79, RFC 4951): two ids.
struct l2tp_id_pair {
	uint16_t local, remote; // as the sender of the message sees them
};

// Suggested Control Sequence (AVP 78).
struct l2tp_sequence {
	uint16_t ns, nr;
};

// Connect Speed Update (AVP 97, RFC 5515).
struct l2tp_speed_update {
	uint16_t session_id; // of the receiver
	uint32_t tx_bps, rx_bps;
};

// The kinds of value, each a reader, a writer and a printer. `id` is a non-zero u16; `flag` has no value.
enum l2tp_kind {
	L2TP_KIND_u16 = 1,
	L2TP_KIND_id,
	L2TP_KIND_u32,
	L2TP_KIND_u64,
	L2TP_KIND_bytes,
	L2TP_KIND_flag,
	L2TP_KIND_result,
	L2TP_KIND_q931,
	L2TP_KIND_call_errors,
	L2TP_KIND_accm,
	L2TP_KIND_disconnect,
	L2TP_KIND_failover,
	L2TP_KIND_id_pair,
	L2TP_KIND_sequence,
	L2TP_KIND_speed_update,
	L2TP_KINDS
};

// Indexes of the rows: L2TP_AVP_host_name and so on. They are bits of l2tp_msg.has, not the numbers on the wire.
enum l2tp_avp {
#define AVP(type, member, kind, m, h, min, max, name) L2TP_AVP_##member,
#include "proto/l2tp/avp.def"
#undef AVP
	L2TP_AVPS
};
_Static_assert(L2TP_AVPS <= 64, "an AVP is a bit of l2tp_msg.has");

struct l2tp_avp_def {
	uint16_t type;
	uint8_t kind; // enum l2tp_kind
	bool mandatory; // M as we send it
	bool can_hide;
	uint16_t min, max; // octets of the whole AVP, before hiding
	uint16_t offset; // of the value in struct l2tp_msg
	const char *name;
};

extern const struct l2tp_avp_def l2tp_avps[L2TP_AVPS];

// The row of an IETF attribute type, or -1.
int l2tp_avp_find(uint16_t type);

// Proves a secret, or helps to guess one: not for logs, traces and captures.
bool l2tp_avp_is_secret(enum l2tp_avp row);

// One AVP as it stands in a message.
struct l2tp_avp_raw {
	bool mandatory, hidden, reserved; // reserved = a reserved bit is set: to be treated as unknown
	uint16_t vendor, type;
	struct l2tp_bytes value; // borrowed
};

// Takes the next AVP. 0; -ENODATA at the end; -EBADMSG when its length is less than 6 or more than what is left (nothing after it can be
// read then; `out->mandatory` is right when at least two octets were there).
int l2tp_avp_next(struct wire_in *in, struct l2tp_avp_raw *out);

// Value to and from the member of its row. l2tp_value_read is 0, -EBADMSG (length) or -ERANGE (value); bytes are borrowed.
int l2tp_value_read(enum l2tp_avp row, struct l2tp_bytes value, void *member);
void l2tp_value_write(struct wire_out *out, enum l2tp_avp row, const void *member);
