// SPDX-License-Identifier: Apache-2.0
// One packet as one line of text, from the same rows that negotiate. Nothing secret gets here: passwords, challenges and responses are
// shown by their length only, and text of the peer's only as far as it is printable ASCII.

#include "proto/ppp/internal.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/clean.h"

struct text {
	char *out;
	size_t size, len;
};

static void add(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void add(struct text *text, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(text->out + text->len, text->size - text->len, format, args);
	va_end(args);
	if (n > 0)
		text->len = text->len + (size_t)n < text->size ? text->len + (size_t)n : text->size - 1;
}

static void add_words(struct text *text, const char *label, struct wire_in words)
{
	if (!wire_left(&words))
		return;
	add(text, " %s \"", label);
	while (wire_left(&words)) {
		uint8_t c = wire_get_u8(&words);

		add(text, "%c", c >= ' ' && c < 0x7f && c != '"' ? c : '.');
	}
	add(text, "\"");
}

static void add_hex(struct text *text, struct wire_in value)
{
	for (size_t i = 0; wire_left(&value) && i < 24; i++)
		add(text, "%02x", wire_get_u8(&value));
	if (wire_left(&value))
		add(text, "...");
}

static void add_auth(struct text *text, struct wire_in value)
{
	enum ppp_auth auth = ppp_lcp_get_auth(value);
	uint16_t protocol = wire_get_be16(&value);

	if (auth)
		add(text, "%s", ppp_auth_name(auth));
	else if (protocol == PPP_EAP)
		add(text, "eap");
	else
		add(text, "%04x", protocol);
	if (!auth && wire_left(&value)) {
		add(text, "/");
		add_hex(text, value);
	}
}

static void add_value(struct text *text, uint8_t kind, struct wire_in value)
{
	uint32_t number;

	switch (kind) {
	case PPP_VALUE_NUMBER:
		add(text, "%u", wire_get_be16(&value));
		return;
	case PPP_VALUE_ADDRESS:
		number = wire_get_be32(&value);
		add(text, "%u.%u.%u.%u", number >> 24, number >> 16 & 255, number >> 8 & 255, number & 255);
		return;
	case PPP_VALUE_AUTH:
		add_auth(text, value);
		return;
	case PPP_VALUE_NOTHING:
		return;
	default:
		add_hex(text, value);
	}
}

static void add_options(struct text *text, const struct ppp_cp_class *class, struct wire_in options)
{
	struct wire_in value;
	uint8_t type;

	while (ppp_option_next(&options, &type, &value)) {
		const struct ppp_option *option = ppp_cp_option(class, type);
		bool fits = option && wire_left(&value) >= option->min && wire_left(&value) <= option->max;

		if (option)
			add(text, " %s", option->name);
		else
			add(text, " option-%u", type);
		if (wire_left(&value))
			add(text, " ");
		add_value(text, fits ? option->kind : PPP_VALUE_HEX, value);
	}
	if (options.error)
		add(text, " (malformed option)");
}

static const char *const cp_codes[] = {
	[PPP_CONF_REQ] = "Configure-Request",
	[PPP_CONF_ACK] = "Configure-Ack",
	[PPP_CONF_NAK] = "Configure-Nak",
	[PPP_CONF_REJ] = "Configure-Reject",
	[PPP_TERM_REQ] = "Terminate-Request",
	[PPP_TERM_ACK] = "Terminate-Ack",
	[PPP_CODE_REJ] = "Code-Reject",
	[PPP_PROTO_REJ] = "Protocol-Reject",
	[PPP_ECHO_REQ] = "Echo-Request",
	[PPP_ECHO_REPLY] = "Echo-Reply",
	[PPP_DISCARD_REQ] = "Discard-Request",
	[PPP_IDENTIFICATION] = "Identification",
	[PPP_TIME_REMAINING] = "Time-Remaining",
};
static const char *const pap_codes[] = {
	[PAP_REQUEST] = "Authenticate-Request", [PAP_ACK] = "Authenticate-Ack", [PAP_NAK] = "Authenticate-Nak"};
static const char *const chap_codes[] = {
	[CHAP_CHALLENGE] = "Challenge", [CHAP_RESPONSE] = "Response", [CHAP_SUCCESS] = "Success", [CHAP_FAILURE] = "Failure"};

static void add_cp(struct text *text, const struct ppp_cp_class *class, uint8_t code, struct wire_in data)
{
	switch (code) {
	case PPP_CONF_REQ:
	case PPP_CONF_ACK:
	case PPP_CONF_NAK:
	case PPP_CONF_REJ:
		add_options(text, class, data);
		return;
	case PPP_TERM_REQ:
	case PPP_TERM_ACK:
		add_words(text, "text", data);
		return;
	case PPP_CODE_REJ:
		add(text, " of code %u", wire_get_u8(&data));
		return;
	case PPP_PROTO_REJ: {
		uint16_t protocol = wire_get_be16(&data);

		add(text, " of %s (0x%04x)", ppp_protocol_name(protocol), protocol);
		return;
	}
	case PPP_IDENTIFICATION:
		wire_skip(&data, 4);
		add_words(text, "text", data);
		return;
	default:
		return;
	}
}

static void add_pap(struct text *text, uint8_t code, struct wire_in data)
{
	struct wire_in first = wire_get_sub(&data, wire_get_u8(&data));

	if (first.error)
		return;
	add_words(text, code == PAP_REQUEST ? "name" : "text", first);
	if (code == PAP_REQUEST)
		add(text, " password ***");
}

static void add_chap(struct text *text, uint8_t code, struct wire_in data)
{
	struct wire_in value;

	if (code == CHAP_SUCCESS || code == CHAP_FAILURE) {
		// "S=..." of MS-CHAPv2 is a response too.
		if (wire_left(&data) >= 2 && data.pos[0] == 'S' && data.pos[1] == '=')
			add(text, " proof ***");
		else
			add_words(text, "text", data);
		return;
	}
	value = wire_get_sub(&data, wire_get_u8(&data));
	add(text, " value *** (%zu octets)", wire_left(&value));
	add_words(text, "name", data);
}

static const char *code_name(uint16_t protocol, uint8_t code)
{
	bool is_pap = protocol == PPP_PAP, is_chap = protocol == PPP_CHAP;
	const char *const *table = is_pap ? pap_codes : is_chap ? chap_codes : cp_codes;
	size_t count = is_pap ? array_len(pap_codes) : is_chap ? array_len(chap_codes) : array_len(cp_codes);

	return code < count ? table[code] : NULL;
}

size_t ppp_print(uint16_t protocol, const void *packet, size_t len, char *out, size_t size)
{
	static const struct ppp_cp_class *const classes[] = {&ppp_lcp, &ppp_ipcp, &ppp_ip6cp};
	struct wire_in in = wire_in(packet, len), data;
	struct text text = {.out = out, .size = size};
	uint8_t code, id;
	uint16_t length;

	if (!size)
		return 0;
	out[0] = 0;
	add(&text, "%s", ppp_protocol_name(protocol));
	if (protocol < 0x8000) {
		add(&text, " %zu octets", len);
		return text.len;
	}
	code = wire_get_u8(&in);
	id = wire_get_u8(&in);
	length = wire_get_be16(&in);
	if (in.error || length < 4 || length > len) {
		add(&text, " (malformed)");
		return text.len;
	}
	data = wire_get_sub(&in, length - 4u);
	if (code_name(protocol, code))
		add(&text, " %s id %u", code_name(protocol, code), id);
	else
		add(&text, " code %u id %u", code, id);
	if (protocol == PPP_PAP)
		add_pap(&text, code, data);
	else if (protocol == PPP_CHAP)
		add_chap(&text, code, data);
	for (size_t i = 0; i < array_len(classes); i++)
		if (classes[i]->protocol == protocol)
			add_cp(&text, classes[i], code, data);
	return text.len;
}
