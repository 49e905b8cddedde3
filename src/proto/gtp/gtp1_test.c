// SPDX-License-Identifier: Apache-2.0
#include "proto/gtp/gtp1.h"

#include "base/clean.h"
#include "proto/gtp/vectors.h"
#include "proto/gtp/walk.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct gtp1_message message;
static struct ie_fault fault;

static void assert_v4(const struct ip_addr *got, uint32_t want)
{
	assert_int_equal(got->family, IP_V4);
	assert_int_equal(ip_addr_to_v4(got), want);
}

static void reads_create_pdp_request(void **state)
{
	const struct gtp1_create_pdp_request *body = &message.create_pdp_request;

	assert_int_equal(gtp1_decode(create_pdp_request, sizeof(create_pdp_request), GTP1_AT_GGSN, &message, &fault), 0);
	assert_int_equal(message.header.type, GTP1_CREATE_PDP_REQUEST);
	assert_int_equal(message.header.sequence, 0x401);
	assert_int_equal(message.header.teid, 0);
	assert_string_equal(body->imsi.digits, "240010123456789");
	assert_int_equal(body->recovery, 1);
	assert_int_equal(body->teid_data, 1);
	assert_int_equal(body->teid_control, 1);
	assert_int_equal(body->has.nsapi, 1);
	assert_int_equal(body->nsapi, 0);
	assert_int_equal(body->has.linked_nsapi, 0);
	assert_int_equal(body->charging_characteristics, 0x0800);
	assert_int_equal(body->end_user_address.pdp_type, GTP1_PDP_IPV4);
	assert_int_equal(body->end_user_address.v4.family, IP_NONE);
	assert_string_equal(body->apn.text, "internet");
	assert_int_equal(body->pco.len, 20);
	assert_v4(&body->sgsn_control, 0x0a090001);
	assert_v4(&body->sgsn_data, 0x0a090001);
	assert_string_equal(body->msisdn.digits, "46702123456");
	assert_int_equal(body->qos.len, 4);
}

static void reads_create_pdp_response(void **state)
{
	const struct gtp1_create_pdp_response *body = &message.create_pdp_response;

	assert_int_equal(gtp1_decode(create_pdp_response, sizeof(create_pdp_response), GTP1_AT_SGSN, &message, &fault), 0);
	assert_int_equal(body->cause, GTP1_CAUSE_REQUEST_ACCEPTED);
	assert_int_equal(gtp1_message_cause(&message), 128);
	assert_v4(&body->end_user_address.v4, 0x0a500002);
	assert_v4(&body->ggsn_control, 0x0a090002);
	assert_v4(&body->ggsn_data, 0x0a090002);
	assert_int_equal(body->charging_id, 1);
}

static void writes_what_it_read(void **state)
{
	const struct {
		const uint8_t *bytes;
		size_t len;
	} vectors[] = {
		{create_pdp_request, sizeof(create_pdp_request)},
		{create_pdp_response, sizeof(create_pdp_response)},
		{delete_pdp_request, sizeof(delete_pdp_request)},
	};

	for (size_t i = 0; i < array_len(vectors); i++) {
		uint8_t out[GTP_MESSAGE_MAX];
		size_t len = 0;

		assert_int_equal(gtp1_decode(vectors[i].bytes, vectors[i].len, GTP1_AT_GGSN, &message, &fault), 0);
		assert_int_equal(gtp1_encode(&message, out, sizeof(out), &len), 0);
		assert_int_equal(len, vectors[i].len);
		assert_memory_equal(out, vectors[i].bytes, len);
	}
}

// Where an IE of a message lies: type, and which of several.
static size_t find(const uint8_t *bytes, size_t len, uint8_t type, unsigned occurrence, size_t *ie_len)
{
	static const uint8_t tv[128] = {
		[1] = 1, [2] = 8, [3] = 6, [14] = 1, [15] = 1, [16] = 4, [17] = 4, [19] = 1, [20] = 1, [26] = 2, [127] = 4};
	size_t at = 12;

	while (at < len) {
		*ie_len = bytes[at] < 128 ? 1u + tv[bytes[at]] : 3u + (size_t)(bytes[at + 1] << 8 | bytes[at + 2]);
		if (bytes[at] == type && !occurrence--)
			return at;
		at += *ie_len;
	}
	fail_msg("no IE %u in the vector", type);
	return 0;
}

static size_t cut(const uint8_t *bytes, size_t len, uint8_t type, unsigned occurrence, uint8_t *out)
{
	size_t ie_len = 0, at = find(bytes, len, type, occurrence, &ie_len);

	memcpy(out, bytes, at);
	memcpy(out + at, bytes + at + ie_len, len - at - ie_len);
	len -= ie_len;
	out[2] = (uint8_t)((len - 8) >> 8);
	out[3] = (uint8_t)(len - 8);
	return len;
}

static void each_missing_ie_has_its_cause(void **state)
{
	static const struct {
		uint8_t type, occurrence, cause, instance;
	} rows[] = {
		{16, 0, GTP1_CAUSE_MANDATORY_IE_MISSING, 0},
		{20, 0, GTP1_CAUSE_MANDATORY_IE_MISSING, 0},
		{133, 0, GTP1_CAUSE_MANDATORY_IE_MISSING, 1}, // one address left: it is the first
		{133, 1, GTP1_CAUSE_MANDATORY_IE_MISSING, 1},
		{135, 0, GTP1_CAUSE_MANDATORY_IE_MISSING, 0},
		{2, 0, 0, 0},
		{17, 0, 0, 0},
		{128, 0, 0, 0},
		{131, 0, 0, 0},
		{132, 0, 0, 0},
		{134, 0, 0, 0},
	};
	uint8_t out[256];

	for (size_t i = 0; i < array_len(rows); i++) {
		size_t len = cut(create_pdp_request, sizeof(create_pdp_request), rows[i].type, rows[i].occurrence, out);

		assert_int_equal(gtp1_decode(out, len, GTP1_AT_GGSN, &message, &fault), rows[i].cause ? -EINVAL : 0);
		assert_int_equal(fault.cause, rows[i].cause);
		if (rows[i].cause) {
			assert_int_equal(fault.type, rows[i].type);
			assert_int_equal(fault.instance, rows[i].instance);
		}
	}
}

static void two_missing_give_the_first(void **state)
{
	uint8_t once[256], twice[256];
	size_t len = cut(create_pdp_request, sizeof(create_pdp_request), 135, 0, once);

	len = cut(once, len, 20, 0, twice);
	assert_int_equal(gtp1_decode(twice, len, GTP1_AT_GGSN, &message, &fault), -EINVAL);
	assert_int_equal(fault.type, 20);
	assert_int_equal(message.create_pdp_request.teid_control, 1);
}

// A Create with more at its end.
static int decode_with(const uint8_t *extra, size_t extra_len)
{
	static uint8_t bytes[512];
	size_t len = sizeof(create_pdp_request) + extra_len;

	memcpy(bytes, create_pdp_request, sizeof(create_pdp_request));
	if (extra_len)
		memcpy(bytes + sizeof(create_pdp_request), extra, extra_len);
	bytes[2] = (uint8_t)((len - 8) >> 8);
	bytes[3] = (uint8_t)(len - 8);
	return gtp1_decode(bytes, len, GTP1_AT_GGSN, &message, &fault);
}

static void a_future_ie_is_skipped(void **state)
{
	const uint8_t extra[] = {250, 0, 3, 1, 2, 3, 151, 0, 1, 2};

	assert_int_equal(decode_with(extra, sizeof(extra)), 0);
	assert_int_equal(message.create_pdp_request.rat_type, GTP_RAT_GERAN);
}

static void an_unlisted_tv_cannot_be_skipped(void **state)
{
	const uint8_t extra[] = {60, 1, 2, 3}, overrun[] = {151, 0, 9, 2};

	assert_int_equal(decode_with(extra, sizeof(extra)), -EINVAL);
	assert_int_equal(fault.cause, GTP1_CAUSE_INVALID_MESSAGE_FORMAT);
	assert_int_equal(decode_with(overrun, sizeof(overrun)), -EINVAL);
	assert_int_equal(fault.cause, GTP1_CAUSE_INVALID_MESSAGE_FORMAT);
}

static void bad_ies_have_their_causes(void **state)
{
	uint8_t bytes[256];
	size_t ie_len = 0;

	// a bad optional one counts as absent
	assert_int_equal(decode_with((const uint8_t[]){152, 0, 0, 151, 0, 0}, 6), 0);
	assert_int_equal(message.create_pdp_request.has.rat_type, 0);

	// a conditional one that the answer depends on
	memcpy(bytes, create_pdp_request, sizeof(create_pdp_request));
	bytes[find(bytes, sizeof(create_pdp_request), 131, 0, &ie_len) + 3] = 60; // a label longer than its APN
	assert_int_equal(gtp1_decode(bytes, sizeof(create_pdp_request), GTP1_AT_GGSN, &message, &fault), -EINVAL);
	assert_int_equal(fault.cause, GTP1_CAUSE_OPTIONAL_IE_INCORRECT);
	assert_int_equal(fault.type, 131);

	// a mandatory one: the address 0.0.0.0
	memcpy(bytes, create_pdp_request, sizeof(create_pdp_request));
	memset(bytes + find(bytes, sizeof(create_pdp_request), 133, 1, &ie_len) + 3, 0, 4);
	assert_int_equal(gtp1_decode(bytes, sizeof(create_pdp_request), GTP1_AT_GGSN, &message, &fault), -EINVAL);
	assert_int_equal(fault.cause, GTP1_CAUSE_MANDATORY_IE_INCORRECT);
	assert_int_equal(fault.type, 133);
	assert_int_equal(fault.instance, 1);
}

static void an_update_means_who_sends_it(void **state)
{
	const uint8_t bytes[] = {0x32, 18, 0, 6, 0, 0, 0, 1, 0, 5, 0, 0, 20, 5};

	assert_int_equal(gtp1_decode(bytes, sizeof(bytes), GTP1_AT_GGSN, &message, &fault), -EINVAL);
	assert_int_equal(fault.cause, GTP1_CAUSE_MANDATORY_IE_MISSING);
	assert_int_equal(fault.type, 16);
	assert_int_equal(gtp1_decode(bytes, sizeof(bytes), GTP1_AT_SGSN, &message, &fault), 0);
}

static void secondary_contexts_are_seen(void **state)
{
	// Secondary: NSAPI 6 linked to 5, with a TFT and without IMSI and APN (7.3.1)
	static const uint8_t bytes[] = {
		0x32, 16, 0, 42, 0, 0, 0, 9, 0, 6, 0, 0, // header
		16, 0, 0, 0, 2, 20, 6, 20, 5, // TEID data I, NSAPI, linked NSAPI
		133, 0, 4, 10, 0, 0, 1, 133, 0, 4, 10, 0, 0, 2, // addresses
		135, 0, 4, 0, 0x0b, 0x92, 0x1f, 137, 0, 2, 0x21, 0, // QoS, TFT
	};
	uint8_t copy[sizeof(bytes)];

	memcpy(copy, bytes, sizeof(bytes));
	copy[3] = sizeof(bytes) - 8;
	assert_int_equal(gtp1_decode(copy, sizeof(copy), GTP1_AT_GGSN, &message, &fault), 0);
	assert_int_equal(message.create_pdp_request.nsapi, 6);
	assert_int_equal(message.create_pdp_request.has.linked_nsapi, 1);
	assert_int_equal(message.create_pdp_request.linked_nsapi, 5);
	assert_int_equal(message.create_pdp_request.has.tft, 1);
	assert_v4(&message.create_pdp_request.sgsn_data, 0x0a000002);
}

static void end_user_addresses(void **state)
{
	static const struct {
		uint8_t len;
		uint8_t contents[24];
		uint16_t type;
		uint8_t v4, v6;
	} rows[] = {
		{2, {0xf1, 0x21}, GTP1_PDP_IPV4, 0, 0},
		{6, {0xf1, 0x21, 10, 1, 2, 3}, GTP1_PDP_IPV4, IP_V4, 0},
		{18, {0xf1, 0x57, 0x20, 1}, GTP1_PDP_IPV6, 0, IP_V6},
		{22, {0xf1, 0x8d, 10, 1, 2, 3, 0x20, 1}, GTP1_PDP_IPV4V6, IP_V4, IP_V6},
		{6, {0xf1, 0x8d, 10, 1, 2, 3}, GTP1_PDP_IPV4V6, IP_V4, 0},
		{18, {0xf1, 0x8d, 0x20, 1}, GTP1_PDP_IPV4V6, 0, IP_V6},
		{2, {0xf0, 0x01}, GTP1_PDP_PPP, 0, 0},
	};

	for (size_t i = 0; i < array_len(rows); i++) {
		struct wire_in in = wire_in(rows[i].contents, rows[i].len);
		uint8_t bytes[32];
		struct wire_out out = wire_out(bytes, sizeof(bytes));
		struct gtp1_eua eua = {0};

		assert_int_equal(ie_codec_eua.read(&in, &eua), 0);
		assert_int_equal(eua.pdp_type, rows[i].type);
		assert_int_equal(eua.v4.family, rows[i].v4);
		assert_int_equal(eua.v6.family, rows[i].v6);
		ie_codec_eua.write(&out, &eua);
		assert_int_equal(wire_used(&out), rows[i].len);
		assert_memory_equal(bytes, rows[i].contents, rows[i].len);
	}
}

static void headers_with_options(void **state)
{
	// PN, E and S; the PDCP number extension, which may be left alone; then an NSAPI
	const uint8_t known[] = {0x37, 20, 0, 10, 0, 0, 0, 1, 0, 5, 0x11, 0xc0, 1, 0, 0, 0, 20, 5};
	uint8_t unknown[sizeof(known)];

	assert_int_equal(gtp1_decode(known, sizeof(known), GTP1_AT_GGSN, &message, &fault), 0);
	assert_true(message.header.has_npdu);
	assert_int_equal(message.header.npdu, 0x11);
	assert_int_equal(message.delete_pdp_request.nsapi, 5);
	memcpy(unknown, known, sizeof(known));
	unknown[11] = 0x9f; // must be understood
	assert_int_equal(gtp1_decode(unknown, sizeof(unknown), GTP1_AT_GGSN, &message, &fault), -EOPNOTSUPP);
	assert_int_equal(message.header.unknown_extension, 0x9f);
	unknown[11] = 0x1f; // may be ignored
	assert_int_equal(gtp1_decode(unknown, sizeof(unknown), GTP1_AT_GGSN, &message, &fault), 0);
	unknown[12] = 0; // a length of nothing would go round for ever
	assert_int_equal(gtp1_decode(unknown, sizeof(unknown), GTP1_AT_GGSN, &message, &fault), -EBADMSG);
	unknown[12] = 9;
	assert_int_equal(gtp1_decode(unknown, sizeof(unknown), GTP1_AT_GGSN, &message, &fault), -EBADMSG);
	unknown[0] = 0x30; // no sequence number
	assert_int_equal(gtp1_decode(unknown, sizeof(unknown), GTP1_AT_GGSN, &message, &fault), -EBADMSG);
	unknown[0] = 0x22; // GTP'
	assert_int_equal(gtp1_decode(unknown, sizeof(unknown), GTP1_AT_GGSN, &message, &fault), -EPROTONOSUPPORT);
}

static void supported_extensions_have_a_short_length(void **state)
{
	static const uint8_t want[] = {0x32, 31, 0, 8, 0, 0, 0, 0, 0, 9, 0, 0, 141, 2, 0xc0, 0x01};
	static const uint8_t types[] = {0xc0, 0x01};
	uint8_t out[32];
	size_t len = 0;

	gtp1_request(&message, GTP1_SUPPORTED_EXTENSIONS, 0);
	message.header.sequence = 9;
	ie_set(&message.supported_extensions, extensions) = IE_BYTES(types);
	assert_int_equal(gtp1_encode(&message, out, sizeof(out), &len), 0);
	assert_int_equal(len, sizeof(want));
	assert_memory_equal(out, want, len);
	assert_int_equal(gtp1_decode(out, len, GTP1_AT_SGSN, &message, &fault), 0);
	assert_int_equal(message.supported_extensions.extensions.len, 2);
}

static void refusals(void **state)
{
	static const uint8_t want[] = {0x32, 17, 0, 6, 0, 0, 0, 1, 0x04, 0x01, 0, 0, 1, 199};
	const struct gtp1_header request = {.type = GTP1_CREATE_PDP_REQUEST, .sequence = 0x401};
	uint8_t out[32];
	size_t len = 0;

	assert_int_equal(gtp1_refuse(&request, 1, GTP1_CAUSE_NO_RESOURCES_AVAILABLE, out, sizeof(out), &len), 0);
	assert_int_equal(len, sizeof(want));
	assert_memory_equal(out, want, len);
	assert_int_equal(gtp1_decode(out, len, GTP1_AT_SGSN, &message, &fault), 0);
}

// GTPv1 has its IEs in the order of their types (7.7), so the rows must be.
static void rows_ascend(void **state)
{
	const struct ie_table *tables[] = {&gtp1_create_pdp_request_ies, &gtp1_create_pdp_response_ies,
		&gtp1_update_pdp_request_ies, &gtp1_update_pdp_response_ies, &gtp1_delete_pdp_request_ies,
		&gtp1_delete_pdp_response_ies, &gtp1_ms_info_change_request_ies, &gtp1_ms_info_change_response_ies,
		&gtp1_echo_response_ies};

	for (size_t t = 0; t < array_len(tables); t++)
		for (unsigned i = 1; i < tables[t]->count; i++)
			assert_true(tables[t]->rows[i - 1].type * 16 + tables[t]->rows[i - 1].instance <
				tables[t]->rows[i].type * 16 + tables[t]->rows[i].instance);
}

static void every_size_is_safe(void **state)
{
	size_t len = 0, size = 0;
	int r = -EMSGSIZE;

	assert_int_equal(gtp1_decode(create_pdp_request, sizeof(create_pdp_request), GTP1_AT_GGSN, &message, &fault), 0);
	for (; r; size++) {
		_cleanup_free_ uint8_t *out = malloc(size ? size : 1);

		r = gtp1_encode(&message, out, size, &len);
		assert_true(!r || r == -EMSGSIZE);
	}
	assert_int_equal(size - 1, sizeof(create_pdp_request));
}

static void every_truncation_is_safe(void **state)
{
	for (size_t len = 0; len < sizeof(create_pdp_request); len++) {
		_cleanup_free_ uint8_t *bytes = malloc(len ? len : 1);

		memcpy(bytes, create_pdp_request, len);
		assert_int_equal(gtp1_decode(bytes, len, GTP1_AT_GGSN, &message, &fault), -EBADMSG);
		if (len < 12)
			continue;
		bytes[2] = (uint8_t)((len - 8) >> 8);
		bytes[3] = (uint8_t)(len - 8);
		assert_int_equal(gtp1_decode(bytes, len, GTP1_AT_GGSN, &message, &fault), -EINVAL);
	}
}

static void the_text_tells_all_but_secrets(void **state)
{
	char line[1024];

	assert_int_equal(gtp1_decode(create_pdp_request, sizeof(create_pdp_request), GTP1_AT_GGSN, &message, &fault), 0);
	gtp1_text(&message, line, sizeof(line));
	assert_non_null(strstr(line, "Create PDP Context Request seq=1025 teid=0x0 imsi=240010123456789"));
	assert_non_null(strstr(line, "user=user1 password=***"));
	assert_null(strstr(line, "pass1"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_create_pdp_request),
		cmocka_unit_test(reads_create_pdp_response),
		cmocka_unit_test(writes_what_it_read),
		cmocka_unit_test(each_missing_ie_has_its_cause),
		cmocka_unit_test(two_missing_give_the_first),
		cmocka_unit_test(a_future_ie_is_skipped),
		cmocka_unit_test(an_unlisted_tv_cannot_be_skipped),
		cmocka_unit_test(bad_ies_have_their_causes),
		cmocka_unit_test(an_update_means_who_sends_it),
		cmocka_unit_test(secondary_contexts_are_seen),
		cmocka_unit_test(end_user_addresses),
		cmocka_unit_test(headers_with_options),
		cmocka_unit_test(supported_extensions_have_a_short_length),
		cmocka_unit_test(refusals),
		cmocka_unit_test(rows_ascend),
		cmocka_unit_test(every_size_is_safe),
		cmocka_unit_test(every_truncation_is_safe),
		cmocka_unit_test(the_text_tells_all_but_secrets),
	};

	return cmocka_run_group_tests_name("gtp1", tests, NULL, NULL);
}
