// SPDX-License-Identifier: Apache-2.0
// Values of GTPv2-C, TS 29.274 clause 8. Every IE there may grow: octets past those known are ignored.
#include "proto/gtp/gtp2.h"
#include "proto/gtp/walk.h"

// 8.3: 5 to 15 decimal digits
static int read_imsi(struct wire_in *in, void *value)
{
	int r = ie_read_digits(in, value);
	size_t count = r ? 0 : strlen(((struct tbcd *)value)->digits);

	return r ? r : count < 5 || count > 15 ? -EINVAL : 0;
}

// 8.4
static int read_cause(struct wire_in *in, void *value)
{
	struct gtp2_cause *cause = value;
	uint8_t flags;

	*cause = (struct gtp2_cause){.value = wire_get_u8(in)};
	flags = wire_get_u8(in);
	cause->is_pdn_error = flags & 4;
	cause->is_bearer_error = flags & 2;
	cause->is_remote = flags & 1;
	if (wire_left(in) >= 4) {
		cause->offending_type = wire_get_u8(in);
		wire_skip(in, 2);
		cause->offending_instance = wire_get_u8(in) & 0x0f;
	}
	return in->error ? in->error : cause->value ? 0 : -EINVAL;
}

static void write_cause(struct wire_out *out, const void *value)
{
	const struct gtp2_cause *cause = value;

	wire_put_u8(out, cause->value);
	wire_put_u8(
		out, (uint8_t)((cause->is_pdn_error ? 4 : 0) | (cause->is_bearer_error ? 2 : 0) | (cause->is_remote ? 1 : 0)));
	if (cause->offending_type) {
		wire_put_u8(out, cause->offending_type);
		wire_put_be16(out, 0);
		wire_put_u8(out, cause->offending_instance & 0x0f);
	}
}

static void print_cause(struct ie_text *text, const void *value)
{
	const struct gtp2_cause *cause = value;

	ie_text_add(text, "%u(%s)", cause->value, gtp2_cause_name(cause->value));
	if (cause->offending_type)
		ie_text_add(text, "/ie=%u.%u", cause->offending_type, cause->offending_instance);
}

static int read_plmn(struct wire_in *in, void *value)
{
	return plmn_read(in, value);
}

static void write_plmn(struct wire_out *out, const void *value)
{
	plmn_write(out, value);
}

static void print_plmn(struct ie_text *text, const void *value)
{
	char line[PLMN_TEXT];

	ie_text_add(text, "%s", plmn_text(value, line));
}

// 8.8: 5 to 15; 0 where none is assigned yet
static int read_ebi_or_zero(struct wire_in *in, void *value)
{
	uint8_t ebi = wire_get_u8(in) & 0x0f;

	*(uint8_t *)value = ebi;
	return in->error ? in->error : ebi && ebi < 5 ? -EINVAL : 0;
}

static int read_ebi(struct wire_in *in, void *value)
{
	int r = read_ebi_or_zero(in, value);

	return r ? r : *(uint8_t *)value ? 0 : -EINVAL;
}

// 8.34
static int read_pdn_type(struct wire_in *in, void *value)
{
	uint8_t type = wire_get_u8(in) & 0x07;

	*(uint8_t *)value = type;
	return in->error ? in->error : type < GTP2_PDN_IPV4 || type > GTP2_PDN_ETHERNET ? -EINVAL : 0;
}

// 8.22
static int read_fteid(struct wire_in *in, void *value)
{
	struct gtp2_fteid *fteid = value;
	uint8_t flags = wire_get_u8(in);

	*fteid = (struct gtp2_fteid){.interface = flags & 0x3f};
	fteid->teid = wire_get_be32(in);
	if (flags & 0x80)
		ie_read_ipv4(in, &fteid->v4);
	if (flags & 0x40)
		ie_read_ipv6(in, &fteid->v6);
	if (in->error)
		return in->error;
	return fteid->v4.family || fteid->v6.family ? 0 : -EINVAL;
}

static void write_fteid(struct wire_out *out, const void *value)
{
	const struct gtp2_fteid *fteid = value;

	wire_put_u8(out, (uint8_t)((fteid->v4.family ? 0x80 : 0) | (fteid->v6.family ? 0x40 : 0) | (fteid->interface & 0x3f)));
	wire_put_be32(out, fteid->teid);
	if (fteid->v4.family)
		ie_write_ip(out, &fteid->v4, 4);
	if (fteid->v6.family)
		ie_write_ip(out, &fteid->v6, 16);
}

static void print_fteid(struct ie_text *text, const void *value)
{
	const struct gtp2_fteid *fteid = value;

	ie_text_add(text, "0x%x@", fteid->teid);
	if (fteid->v4.family)
		ie_print_ip(text, &fteid->v4);
	if (fteid->v4.family && fteid->v6.family)
		ie_text_add(text, ",");
	if (fteid->v6.family)
		ie_print_ip(text, &fteid->v6);
	ie_text_add(text, "/%u", fteid->interface);
}

// 8.14
static int read_paa(struct wire_in *in, void *value)
{
	struct gtp2_paa *paa = value;

	*paa = (struct gtp2_paa){.pdn_type = wire_get_u8(in) & 0x07};
	if (paa->pdn_type == GTP2_PDN_IPV6 || paa->pdn_type == GTP2_PDN_IPV4V6) {
		paa->v6_len = wire_get_u8(in);
		ie_read_ipv6(in, &paa->v6);
	}
	if (paa->pdn_type == GTP2_PDN_IPV4 || paa->pdn_type == GTP2_PDN_IPV4V6)
		ie_read_ipv4(in, &paa->v4);
	if (in->error)
		return in->error;
	return paa->pdn_type < GTP2_PDN_IPV4 || paa->pdn_type > GTP2_PDN_ETHERNET || paa->v6_len > 128 ? -EINVAL : 0;
}

static void write_paa(struct wire_out *out, const void *value)
{
	const struct gtp2_paa *paa = value;

	wire_put_u8(out, paa->pdn_type & 0x07);
	if (paa->pdn_type == GTP2_PDN_IPV6 || paa->pdn_type == GTP2_PDN_IPV4V6) {
		wire_put_u8(out, paa->v6_len);
		ie_write_ip(out, &paa->v6, 16);
	}
	if (paa->pdn_type == GTP2_PDN_IPV4 || paa->pdn_type == GTP2_PDN_IPV4V6)
		ie_write_ip(out, &paa->v4, 4);
}

static void print_paa(struct ie_text *text, const void *value)
{
	const struct gtp2_paa *paa = value;

	ie_text_add(text, "type=%u,", paa->pdn_type);
	ie_print_ip(text, &paa->v4);
	if (paa->v6.family) {
		ie_text_add(text, ",");
		ie_print_ip(text, &paa->v6);
		ie_text_add(text, "/%u", paa->v6_len);
	}
}

// 8.15
static uint64_t read_rate(struct wire_in *in)
{
	uint64_t high = wire_get_u8(in);

	return high << 32 | wire_get_be32(in);
}

static void write_rate(struct wire_out *out, uint64_t rate)
{
	wire_put_u8(out, (uint8_t)(rate >> 32));
	wire_put_be32(out, (uint32_t)rate);
}

static int read_bearer_qos(struct wire_in *in, void *value)
{
	struct gtp2_qos *qos = value;

	qos->arp = wire_get_u8(in);
	qos->qci = wire_get_u8(in);
	qos->mbr_uplink_kbps = read_rate(in);
	qos->mbr_downlink_kbps = read_rate(in);
	qos->gbr_uplink_kbps = read_rate(in);
	qos->gbr_downlink_kbps = read_rate(in);
	return in->error;
}

static void write_bearer_qos(struct wire_out *out, const void *value)
{
	const struct gtp2_qos *qos = value;

	wire_put_u8(out, qos->arp);
	wire_put_u8(out, qos->qci);
	write_rate(out, qos->mbr_uplink_kbps);
	write_rate(out, qos->mbr_downlink_kbps);
	write_rate(out, qos->gbr_uplink_kbps);
	write_rate(out, qos->gbr_downlink_kbps);
}

static void print_bearer_qos(struct ie_text *text, const void *value)
{
	const struct gtp2_qos *qos = value;

	ie_text_add(text, "qci=%u,arp=0x%02x", qos->qci, qos->arp);
}

bool gtp2_indicates(const struct ie_bytes *indication, enum gtp2_indication bit)
{
	return indication->len > bit >> 3 && indication->data[bit >> 3] >> (bit & 7) & 1;
}

// 8.21: what is there, and in which order
int gtp2_location_read(const struct ie_bytes *uli, struct gtp_location *out)
{
	struct wire_in in = wire_in(uli->data, uli->len);
	struct gtp_location at = {0};
	uint8_t flags = wire_get_u8(&in);
	int r = 0;

	for (unsigned bit = 0; bit < 6 && !r; bit++) {
		if (!(flags >> bit & 1))
			continue;
		r = plmn_read(&in, &at.plmn);
		if (bit == 3) {
			at.tac = wire_get_be16(&in);
			at.has_tai = true;
			continue;
		}
		if (bit == 4) {
			at.eci = wire_get_be32(&in) & 0x0fffffff;
			at.has_ecgi = true;
			continue;
		}
		at.lac = wire_get_be16(&in);
		if (bit == 0)
			at.ci = wire_get_be16(&in);
		else if (bit == 1)
			at.sac = wire_get_be16(&in);
		else if (bit == 2)
			at.rac = wire_get_be16(&in);
		at.has_cgi |= bit == 0;
		at.has_sai |= bit == 1;
		at.has_rai |= bit == 2;
		at.has_lai |= bit == 5;
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

	if (gtp2_location_read(value, &location))
		ie_print_bytes(text, value);
	else
		ie_text_add(text, "[%s]", gtp_location_text(&location, line));
}

const struct ie_codec ie_codec_imsi = {.read = read_imsi, .write = ie_write_digits, .print = ie_print_digits};
const struct ie_codec ie_codec_msisdn = {.read = ie_read_digits, .write = ie_write_digits, .print = ie_print_digits};
const struct ie_codec ie_codec_gtp2_cause = {.read = read_cause, .write = write_cause, .print = print_cause};
const struct ie_codec ie_codec_plmn = {.read = read_plmn, .write = write_plmn, .print = print_plmn};
const struct ie_codec ie_codec_ebi = {.read = read_ebi, .write = ie_write_u8, .print = ie_print_u8};
const struct ie_codec ie_codec_ebi_or_zero = {.read = read_ebi_or_zero, .write = ie_write_u8, .print = ie_print_u8};
const struct ie_codec ie_codec_pdn_type = {.read = read_pdn_type, .write = ie_write_u8, .print = ie_print_u8};
const struct ie_codec ie_codec_fteid = {.read = read_fteid, .write = write_fteid, .print = print_fteid};
const struct ie_codec ie_codec_paa = {.read = read_paa, .write = write_paa, .print = print_paa};
const struct ie_codec ie_codec_bearer_qos = {.read = read_bearer_qos, .write = write_bearer_qos, .print = print_bearer_qos};
const struct ie_codec ie_codec_gtp2_uli = {.read = ie_read_bytes, .write = ie_write_bytes, .print = print_uli};
