// SPDX-License-Identifier: Apache-2.0
// Inside the codec: what gtp1.c and gtp2.c share. How the two versions frame an IE, and the walker over the rows of ie.h.
#pragma once

#include "proto/gtp/ie.h"

// One IE on the wire. `contents` covers its value only.
struct ie_item {
	uint8_t type, instance;
	struct wire_in contents;
};

struct ie_seen { // v1: how often each type has occurred
	uint8_t count[256];
};

struct ie_framing {
	// 1, 0 at the end, -EBADMSG: what is left is no IE (item->type is 0 where not even a type was there).
	int (*next)(struct wire_in *in, struct ie_seen *seen, struct ie_item *item);
	size_t (*open)(struct wire_out *out, uint8_t type, uint8_t instance); // writes the header; what close needs
	void (*close)(struct wire_out *out, size_t at, uint8_t type); // patches the length
	// Causes: no IE at all, an IE longer than its message, then a known IE that is too short (0 = as a bad value), ...
	uint8_t bad_format, overrun, bad_length, bad_value, bad_conditional, missing, conditional_missing;
};
extern const struct ie_framing ie_framing_v1, ie_framing_v2;

// What decides whether a row is mandatory.
struct ie_context {
	const struct ie_framing *framing;
	bool at_ggsn;
	bool (*accepts)(const struct ie_table *table, const void *body); // by its Cause IE; asked for A rows only
};

// Reads all of `in` into `body` (zeroed by the caller). The first fault is put into `*fault` when that has none yet.
void ies_read(
	const struct ie_context *context, const struct ie_table *table, struct wire_in in, void *body, struct ie_fault *fault);
void ies_write(const struct ie_framing *framing, const struct ie_table *table, struct wire_out *out, const void *body);
void ies_print(const struct ie_table *table, struct ie_text *text, const void *body);
// The first value of that codec, or NULL when the table has no such row or the body no such value.
const void *ies_find(const struct ie_table *table, const void *body, const struct ie_codec *codec);
// The same, made present.
void *ies_set(const struct ie_table *table, void *body, const struct ie_codec *codec);
// Fills what an answer must have: values of `codec` (the Cause) with `value`, also within groups, the others with those of the same type
// and instance that the request has. Rows of one type and instance have one codec, or both are groups.
void ies_echo(const struct ie_table *table, void *answer, const struct ie_table *asked, const void *request,
	const struct ie_codec *codec, const void *value);

// One type of message.
struct gtp_message_def {
	uint8_t type, answer, kind; // kind: enum gtp_kind
	const struct ie_table *ies;
	const char *name;
};

#define IE_ROW_ONE_(S, presence, type, instance, ctype, codec, member)                                                           \
	{type, instance, IE_##presence, 1, offsetof(struct S, has.member), offsetof(struct S, member), sizeof(ctype),            \
		&ie_codec_##codec, #member},
#define IE_ROW_MANY_(S, presence, type, instance, ctype, codec, member, max)                                                     \
	{type, instance, IE_##presence, max, offsetof(struct S, has.member), offsetof(struct S, member), sizeof(ctype),          \
		&ie_codec_##codec, #member},
// The rows of a struct that IE_STRUCT declared. The last, empty row stands for messages without any IE.
#define IE_TABLE(S, LIST, bearer)                                                                                                \
	static const struct ie_def S##_rows[] = {LIST(IE_ROW_ONE_, IE_ROW_MANY_, S){0}};                                         \
	const struct ie_table S##_ies = {                                                                                        \
		.rows = S##_rows,                                                                                                \
		.count = sizeof(S##_rows) / sizeof(S##_rows[0]) - 1,                                                             \
		.is_bearer = bearer,                                                                                             \
		.size = sizeof(struct S),                                                                                        \
	};

// codec.c: both versions
extern const struct ie_codec ie_codec_u8, ie_codec_u16, ie_codec_u32, ie_codec_bytes, ie_codec_recovery, ie_codec_apn,
	ie_codec_mei, ie_codec_pco, ie_codec_ambr, ie_codec_ip_address;
// codec1.c
extern const struct ie_codec ie_codec_gtp1_cause, ie_codec_gtp1_imsi, ie_codec_isdn, ie_codec_nsapi, ie_codec_teardown,
	ie_codec_eua, ie_codec_rai, ie_codec_qos, ie_codec_extensions, ie_codec_gtp1_uli;
// codec2.c
extern const struct ie_codec ie_codec_gtp2_cause, ie_codec_imsi, ie_codec_msisdn, ie_codec_plmn, ie_codec_ebi,
	ie_codec_ebi_or_zero, ie_codec_pdn_type, ie_codec_fteid, ie_codec_paa, ie_codec_bearer_qos, ie_codec_gtp2_uli;

// What several codec files use.
struct ip_addr;
int ie_read_ipv4(struct wire_in *in, struct ip_addr *out); // 0.0.0.0 is IP_NONE
int ie_read_ipv6(struct wire_in *in, struct ip_addr *out);
void ie_write_ip(struct wire_out *out, const struct ip_addr *addr, size_t octets); // zeros for IP_NONE
void ie_print_ip(struct ie_text *text, const struct ip_addr *addr);
void ie_print_hex(struct ie_text *text, const uint8_t *bytes, size_t len);
int ie_read_u8(struct wire_in *in, void *value);
void ie_write_u8(struct wire_out *out, const void *value);
void ie_print_u8(struct ie_text *text, const void *value);
int ie_read_digits(struct wire_in *in, void *value); // decimal TBCD
void ie_write_digits(struct wire_out *out, const void *value);
void ie_print_digits(struct ie_text *text, const void *value);
int ie_read_bytes(struct wire_in *in, void *value);
void ie_write_bytes(struct wire_out *out, const void *value);
void ie_print_bytes(struct ie_text *text, const void *value);
