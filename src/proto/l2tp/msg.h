// SPDX-License-Identifier: Apache-2.0
// A control message as one struct: decode, encode, print. The rows are in msg.def, the AVPs in avp.def.
#pragma once

#include "proto/l2tp/avp.h"
#include "proto/l2tp/hide.h"

#define L2TP_MESSAGE_MAX                                                                                                         \
	1400 // octets, header included, of any control message that we send: it is never fragmented on a common path
#define L2TP_SECRETS 2 // valid at once, while a secret is being replaced

enum l2tp_msg_type {
#define MSG(type, word, scope, m, must, may, name) L2TP_##word = type,
#include "proto/l2tp/msg.def"
#undef MSG
};

struct l2tp_msg {
	uint16_t type; // enum l2tp_msg_type, or an unknown one
	bool mandatory; // M of the Message Type AVP
	uint64_t has; // a bit an enum l2tp_avp; a member is valid only when its bit is set
	int8_t secret; // decode: which secret opened the hidden AVPs, or -1 where none was hidden
	uint16_t unknown_avps, bad_avps; // decode: optional ones that were passed over
	// Values; bytes are borrowed from the packet, or from `plain` where they were hidden: a decoded message is not to be copied.
	uint16_t message_type, protocol_version, firmware_revision, assigned_tunnel_id, receive_window, assigned_session_id,
		proxy_authen_type, proxy_authen_id, control_phb, session_phb;
	uint32_t framing_capabilities, bearer_capabilities, call_serial_number, min_bps, max_bps, bearer_type, framing_type,
		tx_connect_speed, rx_connect_speed, physical_channel_id;
	uint64_t tie_breaker;
	struct l2tp_bytes random_vector, host_name, vendor_name, challenge, challenge_response, called_number, calling_number,
		sub_address, initial_received_lcp, last_sent_lcp, last_received_lcp, proxy_authen_name, proxy_authen_challenge,
		proxy_authen_response, private_group_id, lcp_want, lcp_allow, lns_last_sent_lcp, lns_last_received_lcp;
	bool sequencing_required, speed_update_enable;
	struct l2tp_result result;
	struct l2tp_q931 q931_cause;
	struct l2tp_call_errors call_errors;
	struct l2tp_accm accm;
	struct l2tp_disconnect disconnect;
	struct l2tp_failover failover_capability;
	struct l2tp_id_pair tunnel_recovery, failover_session;
	struct l2tp_sequence control_sequence;
	struct l2tp_speed_update speed_update;
	uint8_t plain[2048]; // decode: values that were hidden
};

#define l2tp_has(msg, member_) ((msg)->has >> L2TP_AVP_##member_ & 1)
// l2tp_set(&msg, host_name, value): the member and its bit.
#define l2tp_set(msg, member_, ...)                                                                                              \
	do {                                                                                                                     \
		(msg)->member_ = (typeof((msg)->member_))__VA_ARGS__;                                                            \
		(msg)->has |= (uint64_t)1 << L2TP_AVP_##member_;                                                                 \
	} while (0)

struct l2tp_msg_def {
	uint16_t type;
	bool is_session; // a fault ends the session only; else the tunnel
	bool mandatory;
	uint64_t must, may;
	const char *name;
};

// The row of a message type, or NULL.
const struct l2tp_msg_def *l2tp_msg_find(uint16_t type);
// "ICRQ", or "unknown". A static string.
const char *l2tp_msg_name(uint16_t type);

// What is wrong with a message that must end its session or tunnel: the codes to send (RFC 2661 4.1, 7.1).
struct l2tp_fault {
	uint16_t error; // enum l2tp_error, with result code 2
	uint16_t avp; // attribute type it is about
	bool is_session;
	char text[64]; // in words, for the peer and for the log
};

// The secrets to try on hidden AVPs, in order.
struct l2tp_keys {
	struct l2tp_bytes secrets[L2TP_SECRETS]; // an empty one is not used
};

// Decodes the AVPs of a message. `keys` may be NULL. 0, or -EBADMSG with `*fault` filled; `out->type` is set whenever the first AVP is a
// Message Type (0 otherwise), and what is sound in it is there all the same.
// An unknown type is 0 here: whether it is fatal is `out->mandatory`. Optional AVPs that are unknown, hidden without a key or wrong are passed
// over and counted; the first of two equal AVPs is taken.
int l2tp_msg_decode(const void *avps, size_t len, const struct l2tp_keys *keys, struct l2tp_msg *out, struct l2tp_fault *fault);

// How to hide: all AVPs that may be, but for a challenge and its response, are hidden when `secret` is not empty.
struct l2tp_hiding {
	struct l2tp_bytes secret;
	struct l2tp_bytes random_vector; // 16 octets of randomness, fresh for each message
	struct l2tp_bytes padding; // random octets, 15 or more: a hidden value is filled up to a block of 16
};

// Writes the AVPs that `msg->has` tells, in the order of avp.def, Message Type first (has need not name it). `hiding` may be NULL.
// Nothing is sent that does not belong to the message by its row. The error is in `out`.
void l2tp_msg_encode(struct wire_out *out, const struct l2tp_msg *msg, const struct l2tp_hiding *hiding);

// One line of text for a trace: `ICRQ Assigned Session ID=7 Called Number="internet"`. Challenges' responses, proxy passwords and vectors are
// masked. Writes at most `size` octets, NUL included, and gives the length of the text.
size_t l2tp_msg_print(const struct l2tp_msg *msg, char *out, size_t size);
