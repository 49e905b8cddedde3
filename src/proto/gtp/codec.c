// SPDX-License-Identifier: Apache-2.0
// Values that both versions have.
#include "proto/gtp/gtp.h"
#include "proto/gtp/pco.h"
#include "proto/gtp/walk.h"

#include <stdio.h>

int ie_read_u8(struct wire_in *in, void *value)
{
	*(uint8_t *)value = wire_get_u8(in);
	return in->error;
}

void ie_write_u8(struct wire_out *out, const void *value)
{
	wire_put_u8(out, *(const uint8_t *)value);
}

void ie_print_u8(struct ie_text *text, const void *value)
{
	ie_text_add(text, "%u", *(const uint8_t *)value);
}

static int read_u16(struct wire_in *in, void *value)
{
	*(uint16_t *)value = wire_get_be16(in);
	return in->error;
}

static void write_u16(struct wire_out *out, const void *value)
{
	wire_put_be16(out, *(const uint16_t *)value);
}

static void print_u16(struct ie_text *text, const void *value)
{
	ie_text_add(text, "0x%04x", *(const uint16_t *)value);
}

static int read_u32(struct wire_in *in, void *value)
{
	*(uint32_t *)value = wire_get_be32(in);
	return in->error;
}

static void write_u32(struct wire_out *out, const void *value)
{
	wire_put_be32(out, *(const uint32_t *)value);
}

static void print_u32(struct ie_text *text, const void *value)
{
	ie_text_add(text, "0x%x", *(const uint32_t *)value);
}

int ie_read_bytes(struct wire_in *in, void *value)
{
	struct ie_bytes *bytes = value;

	bytes->len = (uint16_t)wire_left(in);
	bytes->data = wire_get_bytes(in, bytes->len);
	return 0;
}

void ie_write_bytes(struct wire_out *out, const void *value)
{
	const struct ie_bytes *bytes = value;

	wire_put_bytes(out, bytes->data, bytes->len);
}

#define HEX_MAX 24

void ie_print_hex(struct ie_text *text, const uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i < len && i < HEX_MAX; i++)
		ie_text_add(text, "%02x", bytes[i]);
	if (len > HEX_MAX)
		ie_text_add(text, "..(%zu)", len);
}

void ie_print_bytes(struct ie_text *text, const void *value)
{
	const struct ie_bytes *bytes = value;

	ie_print_hex(text, bytes->data, bytes->len);
}

static void print_pco(struct ie_text *text, const void *value)
{
	char line[512];

	ie_text_add(text, "[%s]", pco_text(value, line, sizeof(line)));
}

static int read_apn(struct wire_in *in, void *value)
{
	return apn_read(in, value);
}

static void write_apn(struct wire_out *out, const void *value)
{
	apn_write(out, value);
}

static void print_apn(struct ie_text *text, const void *value)
{
	ie_text_add(text, "%.*s", APN_WIRE, ((const struct apn *)value)->text);
}

int ie_read_digits(struct wire_in *in, void *value)
{
	struct tbcd digits;
	int r;

	if (!wire_left(in))
		return -EBADMSG;
	r = tbcd_read(in, &digits);
	if (r)
		return r;
	return tbcd_parse(digits.digits, value); // decimal only
}

void ie_write_digits(struct wire_out *out, const void *value)
{
	tbcd_write(out, value, 0);
}

void ie_print_digits(struct ie_text *text, const void *value)
{
	ie_text_add(text, "%.*s", TBCD_DIGITS, ((const struct tbcd *)value)->digits);
}

static int read_ambr(struct wire_in *in, void *value)
{
	struct gtp_ambr *ambr = value;

	ambr->uplink_kbps = wire_get_be32(in);
	ambr->downlink_kbps = wire_get_be32(in);
	return in->error;
}

static void write_ambr(struct wire_out *out, const void *value)
{
	const struct gtp_ambr *ambr = value;

	wire_put_be32(out, ambr->uplink_kbps);
	wire_put_be32(out, ambr->downlink_kbps);
}

static void print_ambr(struct ie_text *text, const void *value)
{
	const struct gtp_ambr *ambr = value;

	ie_text_add(text, "%u/%ukbps", ambr->uplink_kbps, ambr->downlink_kbps);
}

static int read_ip(struct wire_in *in, enum ip_family family, size_t len, struct ip_addr *out)
{
	static const uint8_t zeros[16];
	const uint8_t *p = wire_get_bytes(in, len);

	*out = (struct ip_addr){0};
	if (!p)
		return -EBADMSG;
	if (memcmp(p, zeros, len) != 0) {
		out->family = (uint8_t)family;
		memcpy(out->bytes, p, len);
	}
	return 0;
}

int ie_read_ipv4(struct wire_in *in, struct ip_addr *out)
{
	return read_ip(in, IP_V4, 4, out);
}

int ie_read_ipv6(struct wire_in *in, struct ip_addr *out)
{
	return read_ip(in, IP_V6, 16, out);
}

void ie_write_ip(struct wire_out *out, const struct ip_addr *addr, size_t octets)
{
	if (addr->family == (octets == 4 ? IP_V4 : IP_V6))
		wire_put_bytes(out, addr->bytes, octets);
	else
		wire_put_zeros(out, octets);
}

void ie_print_ip(struct ie_text *text, const struct ip_addr *addr)
{
	char line[IP_ADDR_TEXT];

	ie_text_add(text, "%s", ip_addr_text(addr, line));
}

// An address of a node: its length says the family, and no address at all makes no sense.
static int read_ip_address(struct wire_in *in, void *value)
{
	struct ip_addr *addr = value;
	int r;

	switch (wire_left(in)) {
	case 4:
		r = ie_read_ipv4(in, addr);
		break;
	case 16:
		r = ie_read_ipv6(in, addr);
		break;
	default:
		return -EBADMSG;
	}
	return r ? r : addr->family == IP_NONE ? -EINVAL : 0;
}

static void write_ip_address(struct wire_out *out, const void *value)
{
	const struct ip_addr *addr = value;

	ie_write_ip(out, addr, addr->family == IP_V6 ? 16 : 4);
}

static void print_ip_address(struct ie_text *text, const void *value)
{
	ie_print_ip(text, value);
}

const char *gtp_rat_name(uint8_t rat)
{
	static const char *const names[] = {
		[GTP_RAT_UTRAN] = "UTRAN",
		[GTP_RAT_GERAN] = "GERAN",
		[GTP_RAT_WLAN] = "WLAN",
		[GTP_RAT_GAN] = "GAN",
		[GTP_RAT_HSPA_EVOLUTION] = "HSPA-Evolution",
		[GTP_RAT_EUTRAN] = "EUTRAN",
		[GTP_RAT_VIRTUAL] = "Virtual",
		[GTP_RAT_NB_IOT] = "NB-IoT",
		[GTP_RAT_LTE_M] = "LTE-M",
		[GTP_RAT_NR] = "NR",
	};

	return rat < sizeof(names) / sizeof(names[0]) && names[rat] ? names[rat] : "unknown";
}

char *gtp_location_text(const struct gtp_location *location, char *out)
{
	struct ie_text text = {.at = out, .room = GTP_LOCATION_TEXT};
	char plmn[PLMN_TEXT];

	out[0] = 0;
	ie_text_add(&text, "%s", plmn_text(&location->plmn, plmn));
	if (location->has_cgi || location->has_sai || location->has_rai || location->has_lai)
		ie_text_add(&text, " lac=%u", location->lac);
	if (location->has_cgi)
		ie_text_add(&text, " ci=%u", location->ci);
	if (location->has_sai)
		ie_text_add(&text, " sac=%u", location->sac);
	if (location->has_rai)
		ie_text_add(&text, " rac=%u", location->rac);
	if (location->has_tai)
		ie_text_add(&text, " tac=%u", location->tac);
	if (location->has_ecgi)
		ie_text_add(&text, " eci=0x%07x", location->eci);
	return out;
}

const struct ie_codec ie_codec_u8 = {.read = ie_read_u8, .write = ie_write_u8, .print = ie_print_u8};
const struct ie_codec ie_codec_recovery = {.read = ie_read_u8, .write = ie_write_u8, .print = ie_print_u8};
const struct ie_codec ie_codec_u16 = {.read = read_u16, .write = write_u16, .print = print_u16};
const struct ie_codec ie_codec_u32 = {.read = read_u32, .write = write_u32, .print = print_u32};
const struct ie_codec ie_codec_bytes = {.read = ie_read_bytes, .write = ie_write_bytes, .print = ie_print_bytes};
const struct ie_codec ie_codec_pco = {.read = ie_read_bytes, .write = ie_write_bytes, .print = print_pco};
const struct ie_codec ie_codec_apn = {.read = read_apn, .write = write_apn, .print = print_apn};
const struct ie_codec ie_codec_mei = {.read = ie_read_digits, .write = ie_write_digits, .print = ie_print_digits};
const struct ie_codec ie_codec_ambr = {.read = read_ambr, .write = write_ambr, .print = print_ambr};
const struct ie_codec ie_codec_ip_address = {.read = read_ip_address, .write = write_ip_address, .print = print_ip_address};
