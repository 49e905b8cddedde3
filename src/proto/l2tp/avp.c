// SPDX-License-Identifier: Apache-2.0
// The AVP dictionary: one row an attribute, one reader and writer a kind of value.
#include "proto/l2tp/msg.h"

#define AVP_MANDATORY 0x8000
#define AVP_HIDDEN 0x4000
#define AVP_RESERVED 0x3c00
#define AVP_LENGTH 0x03ff

const struct l2tp_avp_def l2tp_avps[L2TP_AVPS] = {
#define AVP(type_, member, kind_, m, h, min_, max_, name_)                                                                       \
	[L2TP_AVP_##member] = {.type = type_,                                                                                    \
		.kind = L2TP_KIND_##kind_,                                                                                       \
		.mandatory = m,                                                                                                  \
		.can_hide = h,                                                                                                   \
		.min = min_,                                                                                                     \
		.max = max_,                                                                                                     \
		.offset = offsetof(struct l2tp_msg, member),                                                                     \
		.name = name_},
#include "proto/l2tp/avp.def"
#undef AVP
};

int l2tp_avp_find(uint16_t type)
{
	switch (type) {
#define AVP(type_, member, kind, m, h, min, max, name)                                                                           \
	case type_:                                                                                                              \
		return L2TP_AVP_##member;
#include "proto/l2tp/avp.def"
#undef AVP
	default:
		return -1;
	}
}

int l2tp_avp_next(struct wire_in *in, struct l2tp_avp_raw *out)
{
	uint16_t word, len;

	if (!wire_left(in))
		return -ENODATA;
	word = wire_get_be16(in);
	*out = (struct l2tp_avp_raw){
		.mandatory = word & AVP_MANDATORY, .hidden = word & AVP_HIDDEN, .reserved = word & AVP_RESERVED};
	out->vendor = wire_get_be16(in);
	out->type = wire_get_be16(in);
	len = word & AVP_LENGTH;
	if (in->error || len < L2TP_AVP_HEADER)
		return -EBADMSG;
	out->value.len = (uint16_t)(len - L2TP_AVP_HEADER);
	out->value.bytes = wire_get_bytes(in, out->value.len);
	return in->error;
}

static struct l2tp_bytes rest(struct wire_in *in)
{
	uint16_t len = (uint16_t)wire_left(in);

	return (struct l2tp_bytes){.bytes = wire_get_bytes(in, len), .len = len};
}

static void put(struct wire_out *out, struct l2tp_bytes bytes)
{
	wire_put_bytes(out, bytes.bytes, bytes.len);
}

static int read_u16(struct wire_in *in, void *member)
{
	*(uint16_t *)member = wire_get_be16(in);
	return 0;
}

static void write_u16(struct wire_out *out, const void *member)
{
	wire_put_be16(out, *(const uint16_t *)member);
}

// Assigned ids and windows: zero is no value.
static int read_id(struct wire_in *in, void *member)
{
	uint16_t id = wire_get_be16(in);

	*(uint16_t *)member = id;
	return id ? 0 : -ERANGE;
}

static int read_u32(struct wire_in *in, void *member)
{
	*(uint32_t *)member = wire_get_be32(in);
	return 0;
}

static void write_u32(struct wire_out *out, const void *member)
{
	wire_put_be32(out, *(const uint32_t *)member);
}

static int read_u64(struct wire_in *in, void *member)
{
	*(uint64_t *)member = wire_get_be64(in);
	return 0;
}

static void write_u64(struct wire_out *out, const void *member)
{
	wire_put_be64(out, *(const uint64_t *)member);
}

static int read_bytes(struct wire_in *in, void *member)
{
	*(struct l2tp_bytes *)member = rest(in);
	return 0;
}

static void write_bytes(struct wire_out *out, const void *member)
{
	put(out, *(const struct l2tp_bytes *)member);
}

static int read_flag(struct wire_in *in, void *member)
{
	(void)in;
	*(bool *)member = true;
	return 0;
}

static void write_flag(struct wire_out *out, const void *member)
{
	(void)out;
	(void)member;
}

static int read_result(struct wire_in *in, void *member)
{
	struct l2tp_result *result = member;

	*result = (struct l2tp_result){.code = wire_get_be16(in)};
	if (!wire_left(in))
		return 0;
	result->has_error = true;
	result->error = wire_get_be16(in);
	result->text = rest(in);
	return 0;
}

static void write_result(struct wire_out *out, const void *member)
{
	const struct l2tp_result *result = member;

	wire_put_be16(out, result->code);
	if (!result->has_error && !result->error && !result->text.len)
		return;
	wire_put_be16(out, result->error);
	put(out, result->text);
}

static int read_q931(struct wire_in *in, void *member)
{
	struct l2tp_q931 *q931 = member;

	q931->cause = wire_get_be16(in);
	q931->msg = wire_get_u8(in);
	q931->text = rest(in);
	return 0;
}

static void write_q931(struct wire_out *out, const void *member)
{
	const struct l2tp_q931 *q931 = member;

	wire_put_be16(out, q931->cause);
	wire_put_u8(out, q931->msg);
	put(out, q931->text);
}

static int read_call_errors(struct wire_in *in, void *member)
{
	struct l2tp_call_errors *errors = member;

	wire_skip(in, 2);
	errors->crc = wire_get_be32(in);
	errors->framing = wire_get_be32(in);
	errors->hardware_overruns = wire_get_be32(in);
	errors->buffer_overruns = wire_get_be32(in);
	errors->timeouts = wire_get_be32(in);
	errors->alignment = wire_get_be32(in);
	return 0;
}

static void write_call_errors(struct wire_out *out, const void *member)
{
	const struct l2tp_call_errors *errors = member;

	wire_put_zeros(out, 2);
	wire_put_be32(out, errors->crc);
	wire_put_be32(out, errors->framing);
	wire_put_be32(out, errors->hardware_overruns);
	wire_put_be32(out, errors->buffer_overruns);
	wire_put_be32(out, errors->timeouts);
	wire_put_be32(out, errors->alignment);
}

static int read_accm(struct wire_in *in, void *member)
{
	struct l2tp_accm *accm = member;

	wire_skip(in, 2);
	accm->send = wire_get_be32(in);
	accm->receive = wire_get_be32(in);
	return 0;
}

static void write_accm(struct wire_out *out, const void *member)
{
	const struct l2tp_accm *accm = member;

	wire_put_zeros(out, 2);
	wire_put_be32(out, accm->send);
	wire_put_be32(out, accm->receive);
}

static int read_disconnect(struct wire_in *in, void *member)
{
	struct l2tp_disconnect *disconnect = member;

	disconnect->code = wire_get_be16(in);
	disconnect->protocol = wire_get_be16(in);
	disconnect->direction = wire_get_u8(in);
	disconnect->text = rest(in);
	return 0;
}

static void write_disconnect(struct wire_out *out, const void *member)
{
	const struct l2tp_disconnect *disconnect = member;

	wire_put_be16(out, disconnect->code);
	wire_put_be16(out, disconnect->protocol);
	wire_put_u8(out, disconnect->direction);
	put(out, disconnect->text);
}

// RFC 4951 5.1: fourteen reserved bits, D, C.
static int read_failover(struct wire_in *in, void *member)
{
	struct l2tp_failover *failover = member;
	uint16_t bits = wire_get_be16(in);

	failover->data = bits & 2;
	failover->control = bits & 1;
	failover->recovery_ms = wire_get_be32(in);
	return 0;
}

static void write_failover(struct wire_out *out, const void *member)
{
	const struct l2tp_failover *failover = member;

	wire_put_be16(out, (uint16_t)(failover->data << 1 | failover->control));
	wire_put_be32(out, failover->recovery_ms);
}

// Two ids, each in the low half of a word, as in L2TPv3 they would fill it.
static int read_id_pair(struct wire_in *in, void *member)
{
	struct l2tp_id_pair *pair = member;

	wire_skip(in, 4);
	pair->local = wire_get_be16(in);
	wire_skip(in, 2);
	pair->remote = wire_get_be16(in);
	return 0;
}

static void write_id_pair(struct wire_out *out, const void *member)
{
	const struct l2tp_id_pair *pair = member;

	wire_put_zeros(out, 4);
	wire_put_be16(out, pair->local);
	wire_put_zeros(out, 2);
	wire_put_be16(out, pair->remote);
}

static int read_sequence(struct wire_in *in, void *member)
{
	struct l2tp_sequence *sequence = member;

	wire_skip(in, 2);
	sequence->ns = wire_get_be16(in);
	sequence->nr = wire_get_be16(in);
	return 0;
}

static void write_sequence(struct wire_out *out, const void *member)
{
	const struct l2tp_sequence *sequence = member;

	wire_put_zeros(out, 2);
	wire_put_be16(out, sequence->ns);
	wire_put_be16(out, sequence->nr);
}

static int read_speed_update(struct wire_in *in, void *member)
{
	struct l2tp_speed_update *update = member;

	wire_skip(in, 2);
	update->session_id = wire_get_be16(in);
	update->tx_bps = wire_get_be32(in);
	update->rx_bps = wire_get_be32(in);
	return 0;
}

static void write_speed_update(struct wire_out *out, const void *member)
{
	const struct l2tp_speed_update *update = member;

	wire_put_zeros(out, 2);
	wire_put_be16(out, update->session_id);
	wire_put_be32(out, update->tx_bps);
	wire_put_be32(out, update->rx_bps);
}

static const struct {
	int (*read)(struct wire_in *in, void *member);
	void (*write)(struct wire_out *out, const void *member);
} kinds[L2TP_KINDS] = {
	[L2TP_KIND_u16] = {read_u16, write_u16},
	[L2TP_KIND_id] = {read_id, write_u16},
	[L2TP_KIND_u32] = {read_u32, write_u32},
	[L2TP_KIND_u64] = {read_u64, write_u64},
	[L2TP_KIND_bytes] = {read_bytes, write_bytes},
	[L2TP_KIND_flag] = {read_flag, write_flag},
	[L2TP_KIND_result] = {read_result, write_result},
	[L2TP_KIND_q931] = {read_q931, write_q931},
	[L2TP_KIND_call_errors] = {read_call_errors, write_call_errors},
	[L2TP_KIND_accm] = {read_accm, write_accm},
	[L2TP_KIND_disconnect] = {read_disconnect, write_disconnect},
	[L2TP_KIND_failover] = {read_failover, write_failover},
	[L2TP_KIND_id_pair] = {read_id_pair, write_id_pair},
	[L2TP_KIND_sequence] = {read_sequence, write_sequence},
	[L2TP_KIND_speed_update] = {read_speed_update, write_speed_update},
};

int l2tp_value_read(enum l2tp_avp row, struct l2tp_bytes value, void *member)
{
	const struct l2tp_avp_def *def = &l2tp_avps[row];
	struct wire_in in = wire_in(value.bytes, value.len);
	int error;

	if (value.len + L2TP_AVP_HEADER < def->min || value.len + L2TP_AVP_HEADER > def->max)
		return -EBADMSG;
	error = kinds[def->kind].read(&in, member);
	return in.error ? in.error : error;
}

void l2tp_value_write(struct wire_out *out, enum l2tp_avp row, const void *member)
{
	kinds[l2tp_avps[row].kind].write(out, member);
}
