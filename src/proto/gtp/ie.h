// SPDX-License-Identifier: Apache-2.0
// Information elements of GTPv1-C and GTPv2-C: one walker reads, writes and prints every message and every grouped IE.
//
// A message is a list macro that reads like its table in TS 29.274 or TS 29.060 (gtp1.def, gtp2.def):
//
//	//   presence type inst  value              codec  member
//	#define GTP2_CREATE_SESSION_REQUEST_IES(X, R, S)
//		X(S, V,  1, 0, struct tbcd,         imsi,  imsi)
//		X(S, M, 87, 0, struct gtp2_fteid,   fteid, sender_fteid)
//		R(S, M, 93, 0, struct gtp2_bearer_to_create, gtp2_bearer_to_create, bearers, 11)
//
// X is an IE that occurs once, R one that may be repeated up to the last column's number. The compiler makes of it a struct,
// whose `has` holds a count for each member (0 absent, 1 present, for R the number of items), and the rows of the walker:
//
//	if (request->has.imsi)
//		key = tbcd_key(&request->imsi);
//	ie_set(answer, cause) = (struct gtp2_cause){.value = GTP2_CAUSE_REQUEST_ACCEPTED};
//	ie_add(answer, bearers)->ebi = ...;                 // NULL when all items are taken
//
// Presence: M mandatory; V conditional, and a receiver can tell (bad contents are a fault; its absence is judged by the
// caller, ie_missing()); A mandatory in an answer that accepts; G mandatory towards a GGSN; C other conditional ones and
// O optional ones count as absent when they are bad. Unknown IEs are skipped, the first of several instances wins, and the first
// fault in the order of the message wins, then the first row that is missing (TS 29.274 7.7.5-7.7.10, TS 29.060 11.1).
//
// In GTPv1 nothing on the wire tells two IEs of one type apart but their order, so there `instance` counts occurrences.
//
// Values of type `struct ie_bytes` (PCO, ULI, TFT, QoS ...) point into the datagram that was decoded: copy what must live longer.
#pragma once

#include "base/wire.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ie_bytes {
	const uint8_t *data; // borrowed
	uint16_t len;
};

#define IE_BYTES(array) ((struct ie_bytes){.data = (array), .len = sizeof(array)})

enum ie_presence { IE_O, IE_C, IE_V, IE_A, IE_G, IE_M };

// Why a message was refused, as the answer's Cause IE will say it. `cause` is of the version's own numbers; 0 = no fault.
struct ie_fault {
	uint8_t cause;
	uint8_t type, instance; // the offending IE; type 0 = none
	bool in_bearer; // it lies within a Bearer Context (v2: flag BCE)
};

// A bounded text: always NUL-terminated, cut when it is full. Starts as {.room = sizeof(buffer), .at = buffer}.
struct ie_text {
	char *at;
	size_t room;
};
void ie_text_add(struct ie_text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

struct ie_table;

// How one kind of value is read, written and shown. Exactly one of (read, write, print) and `group` is there.
struct ie_codec {
	// 0, -EBADMSG (too short), -EINVAL (no such value). `in` covers the IE's contents only; octets left over are ignored.
	int (*read)(struct wire_in *in, void *value);
	void (*write)(struct wire_out *out, const void *value);
	void (*print)(struct ie_text *text, const void *value);
	const struct ie_table *group;
};

struct ie_def {
	uint8_t type, instance, presence;
	uint8_t max; // items of a repeated IE, or 1
	uint16_t has_at, at, size; // offsets in the struct, size of one item
	const struct ie_codec *codec;
	const char *name;
};

struct ie_table {
	const struct ie_def *rows;
	uint8_t count;
	bool is_bearer; // a Bearer Context: faults inside carry in_bearer
	uint16_t size; // of the struct
};

#define IE_HAS_ONE_(S, presence, type, instance, ctype, codec, member) uint8_t member;
#define IE_HAS_MANY_(S, presence, type, instance, ctype, codec, member, max) uint8_t member;
#define IE_MEMBER_ONE_(S, presence, type, instance, ctype, codec, member) ctype member;
#define IE_MEMBER_MANY_(S, presence, type, instance, ctype, codec, member, max) ctype member[max];

// Declares `struct name` and its rows.
#define IE_STRUCT(S, LIST)                                                                                                       \
	struct S {                                                                                                               \
		struct {                                                                                                         \
			LIST(IE_HAS_ONE_, IE_HAS_MANY_, S)                                                                       \
		} has;                                                                                                           \
		LIST(IE_MEMBER_ONE_, IE_MEMBER_MANY_, S)                                                                         \
	};                                                                                                                       \
	extern const struct ie_table S##_ies

#define ie_set(body, member) (*((body)->has.member = 1, &(body)->member))
#define ie_add(body, member)                                                                                                     \
	((body)->has.member < sizeof((body)->member) / sizeof((body)->member[0]) ? &(body)->member[(body)->has.member++] : NULL)

// The fault "this IE is missing though the case needs it" (v2 cause 103, v1 cause 202), for V and C rows judged by the caller.
struct ie_fault ie_missing(uint8_t version, uint8_t type, uint8_t instance);
