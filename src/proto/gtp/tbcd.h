// SPDX-License-Identifier: Apache-2.0
// Digit strings and names of the mobile world: TBCD (IMSI, MSISDN, IMEI), PLMN (MCC and MNC), APN. All checked, none allocates.
//
//	struct tbcd imsi;
//	if (!tbcd_parse("001010123456789", &imsi))
//		session = map_get(&sessions, tbcd_key(&imsi));
//	struct apn apn;
//	apn_parse("iot.example", &apn);
#pragma once

#include "base/wire.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TBCD_DIGITS 18 // an IMEISV has 16, an E.164 number 15

// Digits as text, NUL-terminated. The codes *, #, a, b, c of TS 29.002 are kept as those characters.
struct tbcd {
	char digits[TBCD_DIGITS + 1];
};

// 0, or -EINVAL unless it is 1 to 18 decimal digits.
int tbcd_parse(const char *text, struct tbcd *out);
// All of `in`; the filler 0xF may stand in the last half octet only, but whole 0xFF octets at the end are accepted
// (GTPv1 pads an IMSI to 8 octets). 0 or -EINVAL.
int tbcd_read(struct wire_in *in, struct tbcd *out);
void tbcd_write(struct wire_out *out, const struct tbcd *value, size_t octets); // padded with 0xFF to `octets`, 0 = as needed
// A 64-bit key that keeps leading zeros apart: number of digits in the top octet, value below. 0 for an empty or undecimal string.
uint64_t tbcd_key(const struct tbcd *value);
int tbcd_from_key(uint64_t key, struct tbcd *out);
static inline uint64_t imsi_key(const char *text) // 0 when it is no digit string
{
	struct tbcd value;

	return tbcd_parse(text, &value) ? 0 : tbcd_key(&value);
}

// A network: 001-01 and 001-001 are different ones (TS 23.003 2.2).
struct plmn {
	uint16_t mcc, mnc;
	uint8_t mnc_digits; // 2 or 3
};
#define PLMN_TEXT 8 // "001-001"
int plmn_read(struct wire_in *in, struct plmn *out); // 3 octets; 0, -EBADMSG, -EINVAL
void plmn_write(struct wire_out *out, const struct plmn *value);
char *plmn_text(const struct plmn *value, char *out); // "001-01"; returns `out`
int plmn_parse(const char *text, struct plmn *out); // "001-01" or "00101"; 0 or -EINVAL
bool plmn_equal(const struct plmn *a, const struct plmn *b);

// An access point name: labels of 1 to 63 octets of letters, digits and '-', 100 octets on the wire at most (TS 23.003 9.1).
#define APN_WIRE 100
struct apn {
	char text[APN_WIRE]; // dotted, as received; compare with apn_equal
};
int apn_read(struct wire_in *in, struct apn *out); // all of `in`; one zero octet at the end is tolerated; 0 or -EINVAL
void apn_write(struct wire_out *out, const struct apn *value);
int apn_parse(const char *text, struct apn *out); // 0 or -EINVAL
bool apn_equal(const struct apn *a, const struct apn *b); // letter case apart
// The name without an Operator Identifier (".mnc001.mcc001.gprs") at its end.
struct apn apn_network_id(const struct apn *value);
