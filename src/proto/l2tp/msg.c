// SPDX-License-Identifier: Apache-2.0
// Messages as rows of AVPs: one decoder and one encoder serve them all.
//
// What is wrong with an AVP matters only when its M bit is set (RFC 2661 4.1 and 7.1): then the message is refused and its session or tunnel
// ends with result 2 and an error code; otherwise the AVP counts as absent. StopCCN and CDN end something anyway: nothing in them is refused.
#include "proto/l2tp/msg.h"

#include <stdio.h>

#include "proto/l2tp/result.h"

#define A(member) ((uint64_t)1 << L2TP_AVP_##member)
#define VALUE(msg, row) ((void *)((char *)(msg) + l2tp_avps[row].offset))

enum { SCOPE_tunnel = false, SCOPE_session = true };

static const struct l2tp_msg_def messages[] = {
#define MSG(type_, word, scope, m, must_, may_, name_)                                                                           \
	{.type = type_, .is_session = SCOPE_##scope, .mandatory = m, .must = must_, .may = may_, .name = name_},
#include "proto/l2tp/msg.def"
#undef MSG
};

const struct l2tp_msg_def *l2tp_msg_find(uint16_t type)
{
	for (size_t i = 0; i < sizeof(messages) / sizeof(messages[0]); i++)
		if (messages[i].type == type)
			return &messages[i];
	return NULL;
}

const char *l2tp_msg_name(uint16_t type)
{
	const struct l2tp_msg_def *def = l2tp_msg_find(type);

	return def ? def->name : "unknown";
}

struct decoder {
	const struct l2tp_msg_def *def; // NULL = an unknown message
	const struct l2tp_keys *keys;
	struct l2tp_msg *msg;
	struct l2tp_fault *fault;
	struct l2tp_bytes vector; // the last Random Vector
	size_t plain_used;
	bool is_lenient, is_refused;
};

// Notes the first fault; the rest is read all the same, since the answer needs the ids.
static void refuse(struct decoder *d, uint16_t error, uint16_t avp, const char *before, const char *after)
{
	int row = l2tp_avp_find(avp);

	if (d->is_refused)
		return;
	d->is_refused = true;
	d->fault->error = error;
	d->fault->avp = avp;
	d->fault->is_session = d->def && d->def->is_session;
	if (row >= 0)
		snprintf(d->fault->text, sizeof(d->fault->text), "%s%s%s", before, l2tp_avps[row].name, after);
	else
		snprintf(d->fault->text, sizeof(d->fault->text), "%sAVP %u%s", before, avp, after);
}

// A value that was hidden, opened with the first secret that gives a sound one; that secret holds for the rest of the message.
static int read_hidden(struct decoder *d, enum l2tp_avp row, struct l2tp_bytes hidden)
{
	uint8_t *plain = d->msg->plain + d->plain_used;
	struct l2tp_bytes value;
	int error = -EBADMSG;

	if (!d->keys || !d->vector.len || hidden.len > sizeof(d->msg->plain) - d->plain_used)
		return -EBADMSG;
	for (int i = 0; i < L2TP_SECRETS; i++) {
		if (!d->keys->secrets[i].len || (d->msg->secret >= 0 && d->msg->secret != i))
			continue;
		if (l2tp_unhide(l2tp_avps[row].type, d->keys->secrets[i], d->vector, hidden, plain, &value) < 0)
			continue;
		error = l2tp_value_read(row, value, VALUE(d->msg, row));
		if (error)
			continue;
		d->msg->secret = (int8_t)i;
		d->plain_used += hidden.len;
		return 0;
	}
	return error;
}

// One AVP after the Message Type.
static void take(struct decoder *d, const struct l2tp_avp_raw *avp)
{
	bool must_know = avp->mandatory && !d->is_lenient;
	int row = avp->vendor || avp->reserved ? -1 : l2tp_avp_find(avp->type);
	int error;

	if (row < 0) {
		d->msg->unknown_avps++;
		if (must_know)
			refuse(d, L2TP_ERROR_unknown_avp, avp->type, "unknown mandatory ",
				avp->vendor		? " of a vendor"
					: avp->reserved ? " with reserved bits"
							: "");
		return;
	}
	if (row == L2TP_AVP_random_vector && avp->value.len)
		d->vector = avp->value;
	// A known AVP where it has no business, or for the second time, has no meaning: nothing to act on, nothing to refuse.
	if (!d->def || !((d->def->must | d->def->may) >> row & 1) || d->msg->has >> row & 1)
		return;
	if (avp->hidden)
		error = read_hidden(d, (enum l2tp_avp)row, avp->value);
	else
		error = l2tp_value_read((enum l2tp_avp)row, avp->value, VALUE(d->msg, row));
	if (!error) {
		d->msg->has |= (uint64_t)1 << row;
		return;
	}
	d->msg->bad_avps++;
	if (!must_know)
		return;
	if (avp->hidden)
		refuse(d, L2TP_ERROR_range, avp->type, "hidden ", " cannot be opened: the secret differs");
	else if (error == -ERANGE)
		refuse(d, L2TP_ERROR_range, avp->type, "", " is out of range");
	else
		refuse(d, L2TP_ERROR_length, avp->type, "", " has a bad length");
}

static bool take_message_type(struct decoder *d, struct wire_in *in)
{
	struct l2tp_avp_raw avp;

	if (l2tp_avp_next(in, &avp) < 0 || avp.vendor || avp.type || avp.hidden || avp.reserved ||
		l2tp_value_read(L2TP_AVP_message_type, avp.value, &d->msg->message_type) < 0) {
		refuse(d, L2TP_ERROR_length, 0, "the first AVP is not a sound ", "");
		return false;
	}
	d->msg->type = d->msg->message_type;
	d->msg->mandatory = avp.mandatory;
	d->msg->has = A(message_type);
	d->def = l2tp_msg_find(d->msg->type);
	d->is_lenient = !d->def || d->msg->type == L2TP_stopccn || d->msg->type == L2TP_cdn;
	return true;
}

int l2tp_msg_decode(const void *avps, size_t len, const struct l2tp_keys *keys, struct l2tp_msg *out, struct l2tp_fault *fault)
{
	struct decoder d = {.keys = keys, .msg = out, .fault = fault};
	struct wire_in in = wire_in(avps, len);
	struct l2tp_avp_raw avp;
	uint64_t missing;
	int error;

	// `plain` holds nothing that a value points to before it is written.
	memset(out, 0, offsetof(struct l2tp_msg, plain));
	out->secret = -1;
	*fault = (struct l2tp_fault){0};
	if (!take_message_type(&d, &in))
		return -EBADMSG;
	while ((error = l2tp_avp_next(&in, &avp)) == 0)
		take(&d, &avp);
	if (error != -ENODATA) {
		// Nothing behind a wrong length can be read.
		out->bad_avps++;
		if (avp.mandatory && !d.is_lenient)
			refuse(&d, L2TP_ERROR_length, avp.type, "", " does not fit the message");
	}
	missing = d.def ? d.def->must & ~out->has : 0;
	if (missing)
		refuse(&d, L2TP_ERROR_range, l2tp_avps[__builtin_ctzll(missing)].type, "", " is missing");
	return d.is_refused ? -EBADMSG : 0;
}

// A challenge and its response are no secrets, and they do not fit the first block of the cipher: l2tpns goes wrong from the second one on.
static bool is_hideable(unsigned row)
{
	return l2tp_avps[row].can_hide && row != L2TP_AVP_challenge && row != L2TP_AVP_challenge_response;
}

static void write_avp(struct wire_out *out, const struct l2tp_msg *msg, enum l2tp_avp row, const struct l2tp_hiding *hiding)
{
	const struct l2tp_avp_def *def = &l2tp_avps[row];
	bool is_mandatory = row == L2TP_AVP_message_type ? l2tp_msg_find(msg->type)->mandatory : def->mandatory;
	bool is_hidden = hiding && is_hideable(row);
	size_t start = wire_used(out), len;

	wire_put_be16(out, 0);
	wire_put_be16(out, 0);
	wire_put_be16(out, def->type);
	if (row == L2TP_AVP_message_type) {
		wire_put_be16(out, msg->type);
	} else if (is_hidden) {
		uint8_t value[L2TP_AVP_MAX];
		struct wire_out plain = wire_out(value, sizeof(value) - L2TP_AVP_HEADER - 2);
		struct l2tp_bytes padding = hiding->padding;
		size_t room;

		l2tp_value_write(&plain, row, VALUE(msg, row));
		if (plain.error)
			out->error = plain.error;
		// Up to a full block, which tells nothing of the length; some peers refuse a hidden AVP of a few octets.
		room = (size_t)(plain.end - plain.pos);
		if (room > 15 - (wire_used(&plain) + 1) % 16)
			room = 15 - (wire_used(&plain) + 1) % 16;
		if (padding.len > room)
			padding.len = (uint16_t)room;
		l2tp_hide(out, def->type, hiding->secret, hiding->random_vector,
			(struct l2tp_bytes){.bytes = value, .len = (uint16_t)wire_used(&plain)}, padding);
	} else {
		l2tp_value_write(out, row, VALUE(msg, row));
	}
	len = wire_used(out) - start;
	if (len > L2TP_AVP_MAX)
		out->error = -EMSGSIZE;
	wire_patch_be16(out, start, (uint16_t)((is_mandatory ? 0x8000 : 0) | (is_hidden ? 0x4000 : 0) | len));
}

void l2tp_msg_encode(struct wire_out *out, const struct l2tp_msg *msg, const struct l2tp_hiding *hiding)
{
	const struct l2tp_msg_def *def = l2tp_msg_find(msg->type);
	uint64_t rows, hidden = 0;

	if (!def) {
		out->error = -EINVAL;
		return;
	}
	rows = (msg->has & (def->must | def->may)) | A(message_type);
	if (hiding && !hiding->secret.len)
		hiding = NULL;
	for (unsigned row = 0; row < L2TP_AVPS; row++)
		if (rows >> row & 1 && is_hideable(row))
			hidden |= (uint64_t)1 << row;
	for (unsigned row = 0; row < L2TP_AVPS; row++) {
		if (row == L2TP_AVP_random_vector && hiding && hidden) {
			// It must stand before the first hidden AVP.
			wire_put_be16(out, (uint16_t)(0x8000 | (L2TP_AVP_HEADER + hiding->random_vector.len)));
			wire_put_be16(out, 0);
			wire_put_be16(out, l2tp_avps[row].type);
			wire_put_bytes(out, hiding->random_vector.bytes, hiding->random_vector.len);
		} else if (rows >> row & 1) {
			write_avp(out, msg, (enum l2tp_avp)row, hiding);
		}
	}
}
