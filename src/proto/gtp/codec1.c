// SPDX-License-Identifier: Apache-2.0
// Values of GTPv1-C, TS 29.060 7.7.
#include "proto/gtp/gtp1.h"
#include "proto/gtp/walk.h"

static void print_cause(struct ie_text *text, const void *value)
{
	uint8_t cause = *(const uint8_t *)value;

	ie_text_add(text, "%u(%s)", cause, gtp1_cause_name(cause));
}

// 7.7.2: 8 octets, filled with ones
static int read_imsi(struct wire_in *in, void *value)
{
	int r = ie_read_digits(in, value);
	size_t count = r ? 0 : strlen(((struct tbcd *)value)->digits);

	return r ? r : count < 5 || count > 15 ? -EINVAL : 0;
}

static void write_imsi(struct wire_out *out, const void *value)
{
	tbcd_write(out, value, 8);
}

// 7.7.33: an ISDN-AddressString of TS 29.002, that is a type-of-number octet and TBCD
static int read_isdn(struct wire_in *in, void *value)
{
	wire_skip(in, 1);
	return ie_read_digits(in, value);
}

static void write_isdn(struct wire_out *out, const void *value)
{
	wire_put_u8(out, 0x91); // international, E.164
	tbcd_write(out, value, 0);
}

// 7.7.17. Values below 5 are reserved, but real SGSNs and test tools use 0.
static int read_nsapi(struct wire_in *in, void *value)
{
	*(uint8_t *)value = wire_get_u8(in) & 0x0f;
	return in->error;
}

static int read_teardown(struct wire_in *in, void *value)
{
	*(uint8_t *)value = wire_get_u8(in) & 0x01;
	return in->error;
}

static void write_teardown(struct wire_out *out, const void *value)
{
	wire_put_u8(out, (uint8_t)(0xfe | *(const uint8_t *)value)); // spare bits are ones (7.7.16)
}

// 7.7.27
static int read_eua(struct wire_in *in, void *value)
{
	struct gtp1_eua *eua = value;
	unsigned organisation = wire_get_u8(in) & 0x0f;

	*eua = (struct gtp1_eua){0};
	eua->pdp_type = (uint16_t)(organisation << 8 | wire_get_u8(in));
	if (in->error)
		return in->error;
	if (eua->pdp_type != GTP1_PDP_IPV4 && eua->pdp_type != GTP1_PDP_IPV6 && eua->pdp_type != GTP1_PDP_IPV4V6)
		return 0;
	switch (wire_left(in)) {
	case 0:
		return 0;
	case 4:
		return eua->pdp_type == GTP1_PDP_IPV6 ? -EINVAL : ie_read_ipv4(in, &eua->v4);
	case 16:
		return eua->pdp_type == GTP1_PDP_IPV4 ? -EINVAL : ie_read_ipv6(in, &eua->v6);
	case 20:
		if (eua->pdp_type != GTP1_PDP_IPV4V6)
			return -EINVAL;
		ie_read_ipv4(in, &eua->v4);
		return ie_read_ipv6(in, &eua->v6);
	default:
		return -EINVAL;
	}
}

static void write_eua(struct wire_out *out, const void *value)
{
	const struct gtp1_eua *eua = value;

	wire_put_u8(out, (uint8_t)(0xf0 | eua->pdp_type >> 8));
	wire_put_u8(out, (uint8_t)eua->pdp_type);
	if (eua->v4.family == IP_V4 && (eua->pdp_type == GTP1_PDP_IPV4 || eua->pdp_type == GTP1_PDP_IPV4V6))
		ie_write_ip(out, &eua->v4, 4);
	if (eua->v6.family == IP_V6 && (eua->pdp_type == GTP1_PDP_IPV6 || eua->pdp_type == GTP1_PDP_IPV4V6))
		ie_write_ip(out, &eua->v6, 16);
}

static void print_eua(struct ie_text *text, const void *value)
{
	const struct gtp1_eua *eua = value;

	ie_text_add(text, "0x%03x", eua->pdp_type);
	if (eua->v4.family) {
		ie_text_add(text, ",");
		ie_print_ip(text, &eua->v4);
	}
	if (eua->v6.family) {
		ie_text_add(text, ",");
		ie_print_ip(text, &eua->v6);
	}
}

// 7.7.3
static int read_rai(struct wire_in *in, void *value)
{
	struct gtp1_rai *rai = value;
	int r = plmn_read(in, &rai->plmn);

	rai->lac = wire_get_be16(in);
	rai->rac = wire_get_u8(in);
	return r ? r : in->error;
}

static void write_rai(struct wire_out *out, const void *value)
{
	const struct gtp1_rai *rai = value;

	plmn_write(out, &rai->plmn);
	wire_put_be16(out, rai->lac);
	wire_put_u8(out, rai->rac);
}

static void print_rai(struct ie_text *text, const void *value)
{
	const struct gtp1_rai *rai = value;
	char line[PLMN_TEXT];

	ie_text_add(text, "%s/%u/%u", plmn_text(&rai->plmn, line), rai->lac, rai->rac);
}

// 7.7.34: at least the three octets of TS 24.008; an allocation/retention octet comes before them
static int read_qos(struct wire_in *in, void *value)
{
	return wire_left(in) < 3 ? -EBADMSG : ie_read_bytes(in, value);
}

// 7.7.40: the length has one octet only
static int read_extensions(struct wire_in *in, void *value)
{
	return ie_read_bytes(in, value);
}

// 7.7.51: geographic location type, PLMN, LAC, then CI, SAC or RAC
int gtp1_location_read(const struct ie_bytes *uli, struct gtp_location *out)
{
	struct wire_in in = wire_in(uli->data, uli->len);
	struct gtp_location at = {0};
	uint8_t type = wire_get_u8(&in);
	int r = plmn_read(&in, &at.plmn);

	at.lac = wire_get_be16(&in);
	switch (type) {
	case 0:
		at.has_cgi = true;
		at.ci = wire_get_be16(&in);
		break;
	case 1:
		at.has_sai = true;
		at.sac = wire_get_be16(&in);
		break;
	case 2:
		at.has_rai = true;
		at.rac = wire_get_u8(&in);
		break;
	default:
		return -EBADMSG;
	}
	if (r || in.error)
		return -EBADMSG;
	*out = at;
	return 0;
}

static void print_uli(struct ie_text *text, const void *value)
{
	struct gtp_location location;
	char line[GTP_LOCATION_TEXT];

	if (gtp1_location_read(value, &location))
		ie_print_bytes(text, value);
	else
		ie_text_add(text, "[%s]", gtp_location_text(&location, line));
}

const struct ie_codec ie_codec_gtp1_cause = {.read = ie_read_u8, .write = ie_write_u8, .print = print_cause};
const struct ie_codec ie_codec_gtp1_imsi = {.read = read_imsi, .write = write_imsi, .print = ie_print_digits};
const struct ie_codec ie_codec_isdn = {.read = read_isdn, .write = write_isdn, .print = ie_print_digits};
const struct ie_codec ie_codec_nsapi = {.read = read_nsapi, .write = ie_write_u8, .print = ie_print_u8};
const struct ie_codec ie_codec_teardown = {.read = read_teardown, .write = write_teardown, .print = ie_print_u8};
const struct ie_codec ie_codec_eua = {.read = read_eua, .write = write_eua, .print = print_eua};
const struct ie_codec ie_codec_rai = {.read = read_rai, .write = write_rai, .print = print_rai};
const struct ie_codec ie_codec_qos = {.read = read_qos, .write = ie_write_bytes, .print = ie_print_bytes};
const struct ie_codec ie_codec_extensions = {.read = read_extensions, .write = ie_write_bytes, .print = ie_print_bytes};
const struct ie_codec ie_codec_gtp1_uli = {.read = ie_read_bytes, .write = ie_write_bytes, .print = print_uli};
