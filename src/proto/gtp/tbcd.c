// SPDX-License-Identifier: Apache-2.0
#include "proto/gtp/tbcd.h"

#include <stdio.h>
#include <strings.h>

static const char tbcd_alphabet[] = "0123456789*#abc";
#define TBCD_FILLER 0x0f

int tbcd_parse(const char *text, struct tbcd *out)
{
	size_t len = strnlen(text, TBCD_DIGITS + 1);

	if (!len || len > TBCD_DIGITS || strspn(text, "0123456789") != len)
		return -EINVAL;
	*out = (struct tbcd){0};
	memcpy(out->digits, text, len);
	return 0;
}

int tbcd_read(struct wire_in *in, struct tbcd *out)
{
	struct tbcd value = {0};
	size_t count = 0;
	bool ended = false;

	while (wire_left(in)) {
		uint8_t octet = wire_get_u8(in);

		for (int half = 0; half < 2; half++) {
			uint8_t digit = half ? octet >> 4 : octet & 0x0f;

			if (digit == TBCD_FILLER) {
				ended = true;
				continue;
			}
			if (ended || count == TBCD_DIGITS)
				return -EINVAL;
			value.digits[count++] = tbcd_alphabet[digit];
		}
	}
	if (!count)
		return -EINVAL;
	*out = value;
	return 0;
}

void tbcd_write(struct wire_out *out, const struct tbcd *value, size_t octets)
{
	size_t count = strnlen(value->digits, TBCD_DIGITS);

	if (!octets)
		octets = (count + 1) / 2;
	for (size_t i = 0; i < octets; i++) {
		uint8_t octet = 0;

		for (size_t half = 0; half < 2; half++) {
			size_t at = i * 2 + half;
			const char *found = at < count ? strchr(tbcd_alphabet, value->digits[at]) : NULL;
			uint8_t digit = found ? (uint8_t)(found - tbcd_alphabet) : TBCD_FILLER;

			octet |= (uint8_t)(half ? digit << 4 : digit);
		}
		wire_put_u8(out, octet);
	}
}

// 18 decimal digits are below 2^60, so the number of digits would need its own octet: longer strings than 16 digits have no key.
#define KEY_DIGITS 16
#define KEY_SHIFT 56

uint64_t tbcd_key(const struct tbcd *value)
{
	size_t count = strnlen(value->digits, TBCD_DIGITS);
	uint64_t number = 0;

	if (!count || count > KEY_DIGITS)
		return 0;
	for (size_t i = 0; i < count; i++) {
		if (value->digits[i] < '0' || value->digits[i] > '9')
			return 0;
		number = number * 10 + (uint64_t)(value->digits[i] - '0');
	}
	return (uint64_t)count << KEY_SHIFT | number;
}

int tbcd_from_key(uint64_t key, struct tbcd *out)
{
	size_t count = key >> KEY_SHIFT;
	uint64_t number = key & ((UINT64_C(1) << KEY_SHIFT) - 1);
	struct tbcd value = {0};

	if (!count || count > KEY_DIGITS)
		return -EINVAL;
	for (size_t i = count; i > 0; i--, number /= 10)
		value.digits[i - 1] = (char)('0' + number % 10);
	if (number)
		return -EINVAL;
	*out = value;
	return 0;
}

int plmn_read(struct wire_in *in, struct plmn *out)
{
	const uint8_t *p = wire_get_bytes(in, 3);
	uint8_t mcc[3], mnc[3];

	if (!p)
		return -EBADMSG;
	mcc[0] = p[0] & 0x0f;
	mcc[1] = p[0] >> 4;
	mcc[2] = p[1] & 0x0f;
	mnc[2] = p[1] >> 4;
	mnc[0] = p[2] & 0x0f;
	mnc[1] = p[2] >> 4;
	if (mcc[0] > 9 || mcc[1] > 9 || mcc[2] > 9 || mnc[0] > 9 || mnc[1] > 9 || (mnc[2] > 9 && mnc[2] != TBCD_FILLER))
		return -EINVAL;
	out->mcc = (uint16_t)(mcc[0] * 100 + mcc[1] * 10 + mcc[2]);
	out->mnc = (uint16_t)(mnc[0] * 10 + mnc[1]);
	out->mnc_digits = 2;
	if (mnc[2] != TBCD_FILLER) {
		out->mnc = (uint16_t)(out->mnc * 10 + mnc[2]);
		out->mnc_digits = 3;
	}
	return 0;
}

void plmn_write(struct wire_out *out, const struct plmn *value)
{
	unsigned mcc = value->mcc % 1000u, mnc = value->mnc % 1000u;
	unsigned last = TBCD_FILLER, pair = mnc % 100;

	if (value->mnc_digits == 3) {
		last = mnc % 10;
		pair = mnc / 10;
	}
	wire_put_u8(out, (uint8_t)(mcc / 10 % 10 << 4 | mcc / 100));
	wire_put_u8(out, (uint8_t)(last << 4 | mcc % 10));
	wire_put_u8(out, (uint8_t)(pair % 10 << 4 | pair / 10));
}

char *plmn_text(const struct plmn *value, char *out)
{
	bool is_long = value->mnc_digits == 3;

	snprintf(out, PLMN_TEXT, "%03u-%0*u", value->mcc % 1000u, is_long ? 3 : 2, value->mnc % (is_long ? 1000u : 100u));
	return out;
}

int plmn_parse(const char *text, struct plmn *out)
{
	char digits[8] = {0};
	size_t mcc = strspn(text, "0123456789"), mnc;
	unsigned number = 0;

	if (mcc == 3 && text[3] == '-') {
		mnc = strspn(text + 4, "0123456789");
		if (text[4 + mnc])
			return -EINVAL;
	} else {
		mnc = mcc >= 3 ? mcc - 3 : 0;
		if (text[mcc])
			return -EINVAL;
	}
	if (mnc < 2 || mnc > 3)
		return -EINVAL;
	memcpy(digits, text, 3);
	memcpy(digits + 3, text + 3 + (text[3] == '-'), mnc);
	for (const char *p = digits; *p; p++)
		number = number * 10 + (unsigned)(*p - '0');
	*out = (struct plmn){
		.mcc = (uint16_t)(number / (mnc == 3 ? 1000 : 100)),
		.mnc = (uint16_t)(number % (mnc == 3 ? 1000 : 100)),
		.mnc_digits = (uint8_t)mnc,
	};
	return 0;
}

bool plmn_equal(const struct plmn *a, const struct plmn *b)
{
	return a->mcc == b->mcc && a->mnc == b->mnc && a->mnc_digits == b->mnc_digits;
}

static bool is_apn_char(uint8_t c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
}

#define LABEL_MAX 63

int apn_read(struct wire_in *in, struct apn *out)
{
	struct apn value = {0};
	size_t used = 0;

	if (wire_left(in) > APN_WIRE + 1)
		return -EINVAL;
	while (wire_left(in)) {
		uint8_t len = wire_get_u8(in);
		const uint8_t *label;

		if (!len && used && !wire_left(in))
			break;
		label = wire_get_bytes(in, len);
		if (!label || !len || len > LABEL_MAX || used + (used ? 1u : 0u) + len >= sizeof(value.text))
			return -EINVAL;
		if (used)
			value.text[used++] = '.';
		for (size_t i = 0; i < len; i++) {
			if (!is_apn_char(label[i]))
				return -EINVAL;
			value.text[used++] = (char)label[i];
		}
	}
	if (!used)
		return -EINVAL;
	*out = value;
	return 0;
}

void apn_write(struct wire_out *out, const struct apn *value)
{
	const char *label = value->text;

	while (*label) {
		size_t len = strcspn(label, ".");

		wire_put_u8(out, (uint8_t)len);
		wire_put_bytes(out, label, len);
		label += len + (label[len] == '.');
	}
}

int apn_parse(const char *text, struct apn *out)
{
	size_t len = strnlen(text, APN_WIRE), label = 0;

	if (!len || len >= APN_WIRE || text[len - 1] == '.')
		return -EINVAL;
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '.') {
			if (!label)
				return -EINVAL;
			label = 0;
		} else if (!is_apn_char((uint8_t)text[i]) || ++label > LABEL_MAX) {
			return -EINVAL;
		}
	}
	*out = (struct apn){0};
	memcpy(out->text, text, len);
	return 0;
}

bool apn_equal(const struct apn *a, const struct apn *b)
{
	return !strncasecmp(a->text, b->text, sizeof(a->text));
}

// ".mnc" 3 digits ".mcc" 3 digits ".gprs"
static bool is_operator_id(const char *text)
{
	static const char shape[] = ".mnc000.mcc000.gprs";

	if (strlen(text) != sizeof(shape) - 1)
		return false;
	for (size_t i = 0; shape[i]; i++) {
		char c = text[i];

		if (shape[i] == '0' ? c < '0' || c > '9' : (c | 0x20) != (shape[i] | 0x20))
			return false;
	}
	return true;
}

struct apn apn_network_id(const struct apn *value)
{
	struct apn out = *value;
	size_t len = strnlen(out.text, sizeof(out.text));
	const size_t id = sizeof(".mnc000.mcc000.gprs") - 1;

	if (len > id && is_operator_id(out.text + len - id))
		memset(out.text + len - id, 0, id);
	return out;
}
