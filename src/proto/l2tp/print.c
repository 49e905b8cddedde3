// SPDX-License-Identifier: Apache-2.0
// A decoded message in one line, from the same rows that decode it. What proves or is a secret is masked.
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "proto/l2tp/msg.h"
#include "proto/l2tp/result.h"

struct text {
	char *at;
	size_t size, used;
};

static void add(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void add(struct text *text, const char *format, ...)
{
	size_t left = text->size - text->used;
	va_list args;
	int len;

	if (left <= 1)
		return;
	va_start(args, format);
	len = vsnprintf(text->at + text->used, left, format, args);
	va_end(args);
	if (len > 0)
		text->used += (size_t)len < left ? (size_t)len : left - 1;
}

static bool is_printable(struct l2tp_bytes bytes)
{
	for (size_t i = 0; i < bytes.len; i++)
		if (bytes.bytes[i] < 0x20 || bytes.bytes[i] > 0x7e)
			return false;
	return true;
}

static void add_bytes(struct text *text, struct l2tp_bytes bytes)
{
	if (is_printable(bytes)) {
		add(text, "\"");
		for (size_t i = 0; i < bytes.len; i++)
			add(text, bytes.bytes[i] == '"' || bytes.bytes[i] == '\\' ? "\\%c" : "%c", bytes.bytes[i]);
		add(text, "\"");
		return;
	}
	for (size_t i = 0; i < bytes.len; i++)
		add(text, "%02x", bytes.bytes[i]);
}

bool l2tp_avp_is_secret(enum l2tp_avp row)
{
	switch (row) {
	case L2TP_AVP_random_vector:
	case L2TP_AVP_challenge:
	case L2TP_AVP_challenge_response:
	case L2TP_AVP_proxy_authen_challenge:
	case L2TP_AVP_proxy_authen_response:
		return true;
	default:
		return false;
	}
}

static void add_result(struct text *text, const struct l2tp_msg *msg)
{
	const struct l2tp_result *result = &msg->result;

	add(text, "%u (%s)", result->code, msg->type == L2TP_cdn ? l2tp_cdn_name(result->code) : l2tp_stop_name(result->code));
	if (result->has_error || result->error)
		add(text, " error %u (%s)", result->error, l2tp_error_name(result->error));
	if (result->text.len) {
		add(text, " ");
		add_bytes(text, result->text);
	}
}

static void add_disconnect(struct text *text, const struct l2tp_disconnect *disconnect)
{
	static const char *const directions[] = {"global", "peer", "local"};

	add(text, "%u (%s) protocol %04x %s", disconnect->code, l2tp_disconnect_name(disconnect->code), disconnect->protocol,
		disconnect->direction < 3 ? directions[disconnect->direction] : "unknown");
	if (disconnect->text.len) {
		add(text, " ");
		add_bytes(text, disconnect->text);
	}
}

static void add_counts(struct text *text, const struct l2tp_call_errors *errors)
{
	add(text,
		"crc %" PRIu32 " framing %" PRIu32 " hardware overruns %" PRIu32 " buffer overruns %" PRIu32 " timeouts %" PRIu32
		" alignment %" PRIu32,
		errors->crc, errors->framing, errors->hardware_overruns, errors->buffer_overruns, errors->timeouts,
		errors->alignment);
}

static void add_value(struct text *text, const struct l2tp_msg *msg, unsigned row)
{
	const void *value = (const char *)msg + l2tp_avps[row].offset;

	switch ((enum l2tp_kind)l2tp_avps[row].kind) {
	case L2TP_KIND_u16:
	case L2TP_KIND_id:
		add(text, "%u", *(const uint16_t *)value);
		break;
	case L2TP_KIND_u32:
		add(text, "%" PRIu32, *(const uint32_t *)value);
		break;
	case L2TP_KIND_u64:
		add(text, "%016" PRIx64, *(const uint64_t *)value);
		break;
	case L2TP_KIND_bytes:
		add_bytes(text, *(const struct l2tp_bytes *)value);
		break;
	case L2TP_KIND_flag:
		add(text, "yes");
		break;
	case L2TP_KIND_result:
		add_result(text, msg);
		break;
	case L2TP_KIND_q931:
		add(text, "%u message %u", msg->q931_cause.cause, msg->q931_cause.msg);
		break;
	case L2TP_KIND_call_errors:
		add_counts(text, &msg->call_errors);
		break;
	case L2TP_KIND_accm:
		add(text, "send %08" PRIx32 " receive %08" PRIx32, msg->accm.send, msg->accm.receive);
		break;
	case L2TP_KIND_disconnect:
		add_disconnect(text, &msg->disconnect);
		break;
	case L2TP_KIND_failover:
		add(text, "%s%s %" PRIu32 " ms", msg->failover_capability.control ? "C" : "",
			msg->failover_capability.data ? "D" : "", msg->failover_capability.recovery_ms);
		break;
	case L2TP_KIND_id_pair:
		add(text, "%u/%u", ((const struct l2tp_id_pair *)value)->local, ((const struct l2tp_id_pair *)value)->remote);
		break;
	case L2TP_KIND_sequence:
		add(text, "Ns %u Nr %u", msg->control_sequence.ns, msg->control_sequence.nr);
		break;
	case L2TP_KIND_speed_update:
		add(text, "session %u tx %" PRIu32 " rx %" PRIu32, msg->speed_update.session_id, msg->speed_update.tx_bps,
			msg->speed_update.rx_bps);
		break;
	case L2TP_KINDS:
		break;
	}
}

size_t l2tp_msg_print(const struct l2tp_msg *msg, char *out, size_t size)
{
	struct text text = {.at = out, .size = size};

	if (!size)
		return 0;
	out[0] = 0;
	if (l2tp_msg_find(msg->type))
		add(&text, "%s", l2tp_msg_name(msg->type));
	else
		add(&text, "message %u", msg->type);
	for (unsigned row = L2TP_AVP_message_type + 1; row < L2TP_AVPS; row++) {
		if (!(msg->has >> row & 1))
			continue;
		add(&text, " %s=", l2tp_avps[row].name);
		if (l2tp_avp_is_secret(row))
			add(&text, "***");
		else
			add_value(&text, msg, row);
	}
	return text.used;
}
