// SPDX-License-Identifier: Apache-2.0
#include "proto/gtp/gtp2.h"

#include "base/clean.h"
#include "proto/gtp/vectors.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct gtp2_message message;
static struct ie_fault fault;

static struct ip_addr v4(uint8_t a, uint8_t b, uint8_t c, uint8_t d)
{
	return (struct ip_addr){.family = IP_V4, .bytes = {a, b, c, d}};
}

static void assert_ip(const struct ip_addr *got, struct ip_addr want)
{
	assert_true(ip_addr_equal(got, &want));
}

static void reads_create_session_request(void **state)
{
	const struct gtp2_create_session_request *body = &message.create_session_request;
	struct gtp_location location;

	assert_int_equal(gtp2_decode(create_session_request, sizeof(create_session_request), &message, &fault), 0);
	assert_int_equal(message.header.type, GTP2_CREATE_SESSION_REQUEST);
	assert_true(message.header.has_teid);
	assert_int_equal(message.header.teid, 0);
	assert_int_equal(message.header.sequence, 1);
	assert_int_equal(message.header.length, sizeof(create_session_request));
	assert_string_equal(body->imsi.digits, "999707364000060");
	assert_string_equal(body->msisdn.digits, "491725670014");
	assert_string_equal(body->mei.digits, "8665070400405301");
	assert_int_equal(gtp2_location_read(&body->uli, &location), 0);
	assert_true(location.has_tai && location.has_ecgi && !location.has_cgi);
	assert_int_equal(location.tac, 1);
	assert_int_equal(location.eci, 17275823);
	assert_int_equal(body->serving_network.mcc, 999);
	assert_int_equal(body->serving_network.mnc, 70);
	assert_int_equal(body->serving_network.mnc_digits, 2);
	assert_int_equal(body->rat_type, GTP_RAT_EUTRAN);
	assert_true(gtp2_indicates(&body->indication, GTP2_INDICATION_DAF));
	assert_true(gtp2_indicates(&body->indication, GTP2_INDICATION_CRSI));
	assert_false(gtp2_indicates(&body->indication, GTP2_INDICATION_HI));
	assert_int_equal(body->sender_fteid.interface, GTP2_IF_S5S8C_SGW);
	assert_int_equal(body->sender_fteid.teid, 0x1da);
	assert_ip(&body->sender_fteid.v4, v4(10, 9, 0, 2));
	assert_int_equal(body->sender_fteid.v6.family, IP_NONE);
	assert_string_equal(body->apn.text, "internet");
	assert_int_equal(body->has.selection_mode, 1);
	assert_int_equal(body->pdn_type, GTP2_PDN_IPV4V6);
	assert_int_equal(body->paa.pdn_type, GTP2_PDN_IPV4V6);
	assert_int_equal(body->paa.v4.family, IP_NONE);
	assert_int_equal(body->ambr.uplink_kbps, 1000000);
	assert_int_equal(body->has.bearers, 1);
	assert_int_equal(body->bearers[0].ebi, 5);
	assert_int_equal(body->bearers[0].s5s8u_sgw_fteid.teid, 0xa35c);
	assert_int_equal(body->bearers[0].s5s8u_sgw_fteid.interface, GTP2_IF_S5S8U_SGW);
	assert_int_equal(body->bearers[0].qos.qci, 9);
	assert_int_equal(body->bearers[0].qos.arp, 0x61);
	assert_int_equal(body->has.ue_time_zone, 1);
	assert_int_equal(body->epco.len, 47);
	assert_int_equal(body->has.pco, 0);
	assert_int_equal(body->has.recovery, 0);
}

static void reads_create_session_response(void **state)
{
	const struct gtp2_create_session_response *body = &message.create_session_response;

	assert_int_equal(gtp2_decode(create_session_response, sizeof(create_session_response), &message, &fault), 0);
	assert_int_equal(body->cause.value, GTP2_CAUSE_REQUEST_ACCEPTED);
	assert_ptr_equal(gtp2_message_cause(&message), &body->cause);
	assert_int_equal(body->pgw_fteid.teid, 0x7d4);
	assert_int_equal(body->pgw_fteid.interface, GTP2_IF_S5S8C_PGW);
	assert_int_equal(body->paa.v6_len, 64);
	assert_ip(&body->paa.v4, v4(10, 45, 0, 2));
	assert_int_equal(body->paa.v6.bytes[0], 0x20);
	assert_int_equal(body->bearers[0].cause.value, 16);
	assert_int_equal(body->bearers[0].charging_id, 1);
	assert_int_equal(body->bearers[0].s5s8u_pgw_fteid.teid, 0x78f0);
	assert_int_equal(body->epco.len, 78);
}

// What we write from what we read are the octets that came: no IE is lost or in another order (these senders keep the table's).
static void writes_what_it_read(void **state)
{
	const struct {
		const uint8_t *bytes;
		size_t len;
	} vectors[] = {
		{create_session_request, sizeof(create_session_request)},
		{delete_session_request, sizeof(delete_session_request)},
	};

	for (size_t i = 0; i < array_len(vectors); i++) {
		uint8_t out[GTP_MESSAGE_MAX];
		size_t len = 0;

		assert_int_equal(gtp2_decode(vectors[i].bytes, vectors[i].len, &message, &fault), 0);
		assert_int_equal(gtp2_encode(&message, out, sizeof(out), &len), 0);
		assert_int_equal(len, vectors[i].len);
		assert_memory_equal(out, vectors[i].bytes, len);
	}
}

// Cuts one IE, the first of its type and instance, out of a message. The range to search is given, for IEs within a group.
static size_t cut(const uint8_t *from, size_t len, size_t start, size_t end, uint8_t type, uint8_t instance, uint8_t *out)
{
	size_t at = start;

	while (at + 4 <= end) {
		size_t ie = 4u + (size_t)(from[at + 1] << 8 | from[at + 2]);

		if (from[at] == type && from[at + 3] == instance) {
			memcpy(out, from, at);
			memcpy(out + at, from + at + ie, len - at - ie);
			len -= ie;
			out[2] = (uint8_t)((len - 4) >> 8);
			out[3] = (uint8_t)(len - 4);
			return len;
		}
		at += ie;
	}
	fail_msg("no IE %u.%u in the vector", type, instance);
	return 0;
}

static void each_missing_ie_has_its_cause(void **state)
{
	static const struct {
		uint8_t type, instance, cause;
	} rows[] = {
		{82, 0, GTP2_CAUSE_MANDATORY_IE_MISSING},
		{87, 0, GTP2_CAUSE_MANDATORY_IE_MISSING},
		{71, 0, GTP2_CAUSE_MANDATORY_IE_MISSING},
		{93, 0, GTP2_CAUSE_MANDATORY_IE_MISSING},
		{1, 0, 0}, // the rest is the host's to judge, or optional
		{76, 0, 0},
		{75, 0, 0},
		{86, 0, 0},
		{83, 0, 0},
		{77, 0, 0},
		{128, 0, 0},
		{99, 0, 0},
		{79, 0, 0},
		{127, 0, 0},
		{72, 0, 0},
		{114, 0, 0},
		{197, 0, 0},
	};
	uint8_t out[512];

	for (size_t i = 0; i < array_len(rows); i++) {
		size_t len = cut(create_session_request, sizeof(create_session_request), 12, sizeof(create_session_request),
			rows[i].type, rows[i].instance, out);
		int r = gtp2_decode(out, len, &message, &fault);

		assert_int_equal(r, rows[i].cause ? -EINVAL : 0);
		assert_int_equal(fault.cause, rows[i].cause);
		if (rows[i].cause) {
			assert_int_equal(fault.type, rows[i].type);
			assert_int_equal(fault.instance, rows[i].instance);
			assert_false(fault.in_bearer);
		}
	}
}

static size_t find_bearer(void)
{
	size_t at = 12;

	while (create_session_request[at] != 93)
		at += 4u + (size_t)(create_session_request[at + 1] << 8 | create_session_request[at + 2]);
	return at;
}

static void a_missing_ie_of_a_bearer_is_named(void **state)
{
	const uint8_t types[] = {73, 80};
	size_t bearer = find_bearer();
	uint8_t out[512];

	for (size_t i = 0; i < array_len(types); i++) {
		size_t before = sizeof(create_session_request);
		size_t len = cut(create_session_request, before, bearer + 4, bearer + 4 + create_session_request[bearer + 2],
			types[i], 0, out);

		out[bearer + 2] = (uint8_t)(out[bearer + 2] - (before - len));
		assert_int_equal(gtp2_decode(out, len, &message, &fault), -EINVAL);
		assert_int_equal(fault.cause, GTP2_CAUSE_MANDATORY_IE_MISSING);
		assert_int_equal(fault.type, types[i]);
		assert_true(fault.in_bearer);
	}
}

static void two_missing_give_the_first(void **state)
{
	uint8_t once[512], twice[512];
	size_t len = cut(create_session_request, sizeof(create_session_request), 12, sizeof(create_session_request), 71, 0, once);

	len = cut(once, len, 12, len, 82, 0, twice);
	assert_int_equal(gtp2_decode(twice, len, &message, &fault), -EINVAL);
	assert_int_equal(fault.cause, GTP2_CAUSE_MANDATORY_IE_MISSING);
	assert_int_equal(fault.type, 82);
	// What is there has been read all the same: the answer needs the sender's TEID.
	assert_int_equal(message.create_session_request.sender_fteid.teid, 0x1da);
}

// A message of ours to build faults from: header, RAT, F-TEID, APN, bearer; then what the test adds.
static size_t small_request(uint8_t *out, const uint8_t *extra, size_t extra_len)
{
	static const uint8_t ies[] = {
		82, 0, 1, 0, 6, // RAT
		87, 0, 9, 0, 0x86, 0, 0, 1, 0xda, 10, 9, 0, 2, // F-TEID
		71, 0, 4, 0, 3, 'i', 'o', 't', // APN
		93, 0, 31, 0, 73, 0, 1, 0, 5, 80, 0, 22, 0, 0x61, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
		0, // bearer
	};
	size_t len = 12 + sizeof(ies) + extra_len;

	memset(out, 0, 12);
	out[0] = 0x48;
	out[1] = GTP2_CREATE_SESSION_REQUEST;
	out[2] = (uint8_t)((len - 4) >> 8);
	out[3] = (uint8_t)(len - 4);
	out[10] = 7;
	memcpy(out + 12, ies, sizeof(ies));
	if (extra_len)
		memcpy(out + 12 + sizeof(ies), extra, extra_len);
	return len;
}

static int decode_with(const uint8_t *extra, size_t extra_len)
{
	static uint8_t bytes[512];

	return gtp2_decode(bytes, small_request(bytes, extra, extra_len), &message, &fault);
}

static void a_future_ie_is_skipped(void **state)
{
	const uint8_t extra[] = {254, 0, 3, 0, 1, 2, 3, 76, 0, 2, 5, 0x21, 0x43, 3, 0, 1, 0, 42};

	assert_int_equal(decode_with(extra, sizeof(extra)), 0);
	assert_int_equal(message.create_session_request.has.msisdn, 0); // another instance is another IE
	assert_int_equal(message.create_session_request.recovery, 42);
}

static void the_first_instance_wins(void **state)
{
	const uint8_t extra[] = {3, 0, 1, 0, 42, 3, 0, 1, 0, 43, 82, 0, 1, 0, 9};

	assert_int_equal(decode_with(extra, sizeof(extra)), 0);
	assert_int_equal(message.create_session_request.recovery, 42);
	assert_int_equal(message.create_session_request.rat_type, 6);
}

static void a_bad_optional_ie_is_absent(void **state)
{
	const uint8_t short_ambr[] = {72, 0, 3, 0, 1, 2, 3}, bad_msisdn[] = {76, 0, 2, 0, 0xff, 0x1a}, ebi4[] = {73, 0, 1, 0, 4};

	assert_int_equal(decode_with(short_ambr, sizeof(short_ambr)), 0);
	assert_int_equal(message.create_session_request.has.ambr, 0);
	assert_int_equal(decode_with(bad_msisdn, sizeof(bad_msisdn)), 0);
	assert_int_equal(message.create_session_request.has.msisdn, 0);
	assert_int_equal(decode_with(ebi4, sizeof(ebi4)), 0);
	assert_int_equal(message.create_session_request.has.linked_ebi, 0);
}

static void a_bad_needed_ie_is_a_fault(void **state)
{
	static const struct {
		uint8_t cause, type, instance;
		uint8_t len;
		uint8_t ie[24];
	} rows[] = {
		{GTP2_CAUSE_INVALID_LENGTH, 1, 0, 4, {1, 0, 0, 0}},
		{GTP2_CAUSE_MANDATORY_IE_INCORRECT, 1, 0, 6, {1, 0, 2, 0, 0xaa, 0xbb}},
		{GTP2_CAUSE_INVALID_LENGTH, 99, 0, 4, {99, 0, 0, 0}},
		{GTP2_CAUSE_MANDATORY_IE_INCORRECT, 99, 0, 5, {99, 0, 1, 0, 0}},
		{GTP2_CAUSE_INVALID_LENGTH, 79, 0, 8, {79, 0, 4, 0, 1, 10, 0, 0}},
		{GTP2_CAUSE_MANDATORY_IE_INCORRECT, 79, 0, 9, {79, 0, 5, 0, 7, 10, 0, 0, 1}},
		// longer than its message, and no whole header
		{GTP2_CAUSE_INVALID_LENGTH, 200, 0, 8, {200, 0, 5, 0, 1, 2, 3, 4}},
		{GTP2_CAUSE_INVALID_MESSAGE_FORMAT, 0, 0, 3, {3, 0, 1}},
		// within a second bearer
		{GTP2_CAUSE_INVALID_LENGTH, 73, 0, 8, {93, 0, 4, 0, 73, 0, 0, 0}},
		{GTP2_CAUSE_MANDATORY_IE_INCORRECT, 73, 0, 9, {93, 0, 5, 0, 73, 0, 1, 0, 3}},
	};

	for (size_t i = 0; i < array_len(rows); i++) {
		assert_int_equal(decode_with(rows[i].ie, rows[i].len), -EINVAL);
		assert_int_equal(fault.cause, rows[i].cause);
		assert_int_equal(fault.type, rows[i].type);
		assert_int_equal(fault.instance, rows[i].instance);
		assert_int_equal(fault.in_bearer, rows[i].ie[0] == 93);
	}
}

static void the_first_fault_of_a_message_wins(void **state)
{
	const uint8_t extra[] = {99, 0, 1, 0, 0, 1, 0, 0, 0};

	assert_int_equal(decode_with(extra, sizeof(extra)), -EINVAL);
	assert_int_equal(fault.cause, GTP2_CAUSE_MANDATORY_IE_INCORRECT);
	assert_int_equal(fault.type, 99);
}

static void bad_headers_are_told_apart(void **state)
{
	uint8_t bytes[64] = {0x48, 32, 0, 8};

	assert_int_equal(gtp2_decode(bytes, 0, &message, &fault), -EBADMSG);
	assert_int_equal(gtp2_decode(bytes, 11, &message, &fault), -EBADMSG);
	bytes[3] = 7; // no room for TEID and sequence number
	assert_int_equal(gtp2_decode(bytes, 12, &message, &fault), -EBADMSG);
	bytes[3] = 9; // longer than the datagram
	assert_int_equal(gtp2_decode(bytes, 12, &message, &fault), -EBADMSG);
	bytes[3] = 8;
	bytes[1] = 250;
	assert_int_equal(gtp2_decode(bytes, 12, &message, &fault), -ENOMSG);
	bytes[0] = 0x32;
	assert_int_equal(gtp2_decode(bytes, 12, &message, &fault), -EPROTONOSUPPORT);
	// A request without its IEs is whole, and has a fault.
	bytes[0] = 0x48;
	bytes[1] = GTP2_CREATE_SESSION_REQUEST;
	assert_int_equal(gtp2_decode(bytes, 12, &message, &fault), -EINVAL);
	assert_int_equal(fault.type, 82);
}

static void a_refusal_names_the_ie(void **state)
{
	static const uint8_t want[] = {0x48, 33, 0, 18, 0, 0, 1, 0xda, 0, 0, 7, 0, 2, 0, 6, 0, 70, 2, 73, 0, 0, 0};
	static const struct gtp2_message request = {.header = {.type = GTP2_CREATE_SESSION_REQUEST, .sequence = 7}};
	static const struct gtp2_message answer = {.header = {.type = GTP2_CREATE_SESSION_RESPONSE}};
	const struct ie_fault missing = {.cause = GTP2_CAUSE_MANDATORY_IE_MISSING, .type = 73, .in_bearer = true};
	uint8_t out[64];
	size_t len = 0;

	assert_int_equal(gtp2_refuse(&request, 0x1da, &missing, out, sizeof(out), &len), 0);
	assert_int_equal(len, sizeof(want));
	assert_memory_equal(out, want, len);
	// The peer understands it: a refusal needs no bearers.
	assert_int_equal(gtp2_decode(out, len, &message, &fault), 0);
	assert_int_equal(message.create_session_response.cause.offending_type, 73);
	assert_int_equal(gtp2_refuse(&answer, 0, &missing, out, sizeof(out), &len), -ENOMSG);
	assert_int_equal(ie_missing(2, 1, 0).cause, GTP2_CAUSE_CONDITIONAL_IE_MISSING);
}

// A Bearer Resource Failure Indication repeats linked EBI and PTI, a Delete Bearer Failure Indication has a cause for each bearer.
static void a_refused_command_repeats_what_it_must(void **state)
{
	static const uint8_t resource[] = {0x48, 68, 0, 18, 0, 0, 0, 1, 0x80, 0, 9, 0, 73, 0, 1, 0, 5, 100, 0, 1, 0, 77};
	static const uint8_t resource_refused[] = {
		0x48, 69, 0, 24, 0, 0, 0, 2, 0x80, 0, 9, 0, 2, 0, 2, 0, 68, 0, 73, 0, 1, 0, 5, 100, 0, 1, 0, 77};
	static const uint8_t delete[] = {
		0x48, 66, 0, 26, 0, 0, 0, 1, 0x80, 0, 9, 0, 93, 0, 5, 0, 73, 0, 1, 0, 6, 93, 0, 5, 0, 73, 0, 1, 0, 7};
	static const uint8_t delete_refused[] = {0x48, 67, 0, 44, 0, 0, 0, 2, 0x80, 0, 9, 0, 2, 0, 2, 0, 68, 0, 93, 0, 11, 0, 73,
		0, 1, 0, 6, 2, 0, 2, 0, 68, 0, 93, 0, 11, 0, 73, 0, 1, 0, 7, 2, 0, 2, 0, 68, 0};
	const struct ie_fault unsupported = {.cause = GTP2_CAUSE_SERVICE_NOT_SUPPORTED};
	uint8_t out[128];
	size_t len = 0;

	assert_int_equal(gtp2_decode(resource, sizeof(resource), &message, &fault), 0);
	assert_int_equal(gtp2_refuse(&message, 2, &unsupported, out, sizeof(out), &len), 0);
	assert_int_equal(len, sizeof(resource_refused));
	assert_memory_equal(out, resource_refused, len);
	assert_int_equal(gtp2_decode(delete, sizeof(delete), &message, &fault), 0);
	assert_int_equal(gtp2_refuse(&message, 2, &unsupported, out, sizeof(out), &len), 0);
	assert_int_equal(len, sizeof(delete_refused));
	assert_memory_equal(out, delete_refused, len);
	assert_int_equal(gtp2_decode(out, len, &message, &fault), 0);
}

// Whatever is refused, its answer is a good message to whoever asked.
static void every_refusal_can_be_read(void **state)
{
	static struct gtp2_message request;
	const struct ie_fault unsupported = {.cause = GTP2_CAUSE_SERVICE_NOT_SUPPORTED};
	uint8_t out[128];
	size_t len = 0;

	for (int type = GTP2_CREATE_SESSION_REQUEST; type < 256; type++) {
		if (!gtp2_type_answer((uint8_t)type) || type == GTP2_DELETE_BEARER_COMMAND ||
			type == GTP2_BEARER_RESOURCE_COMMAND)
			continue;
		memset(&request, 0, sizeof(request));
		request.header.type = (uint8_t)type;
		assert_int_equal(gtp2_refuse(&request, 2, &unsupported, out, sizeof(out), &len), 0);
		assert_int_equal(gtp2_decode(out, len, &message, &fault), 0);
		assert_int_equal(message.header.type, gtp2_type_answer((uint8_t)type));
		assert_int_equal(gtp2_message_cause(&message)->value, GTP2_CAUSE_SERVICE_NOT_SUPPORTED);
	}
}

static void an_accepting_answer_needs_its_bearers(void **state)
{
	const uint8_t bytes[] = {0x48, 33, 0, 14, 0, 0, 0, 1, 0, 0, 1, 0, 2, 0, 2, 0, 16, 0};

	assert_int_equal(gtp2_decode(bytes, sizeof(bytes), &message, &fault), -EINVAL);
	assert_int_equal(fault.cause, GTP2_CAUSE_MANDATORY_IE_MISSING);
	assert_int_equal(fault.type, 93);
}

static void every_size_is_safe(void **state)
{
	size_t len = 0, used = 0;

	assert_int_equal(gtp2_decode(create_session_request, sizeof(create_session_request), &message, &fault), 0);
	for (size_t size = 0;; size++) {
		// Of exactly that size, so that the sanitizer sees a write past it.
		_cleanup_free_ uint8_t *out = malloc(size ? size : 1);
		int r = gtp2_encode(&message, out, size, &len);

		if (!r) {
			used = size;
			break;
		}
		assert_int_equal(r, -EMSGSIZE);
	}
	assert_int_equal(used, sizeof(create_session_request));
	assert_int_equal(len, used);
}

// Every truncation, each in memory of exactly its size: no read past the end, and never a good message.
static void every_truncation_is_safe(void **state)
{
	for (size_t len = 0; len < sizeof(create_session_request); len++) {
		_cleanup_free_ uint8_t *bytes = malloc(len ? len : 1);

		memcpy(bytes, create_session_request, len);
		assert_int_equal(gtp2_decode(bytes, len, &message, &fault), -EBADMSG);
		if (len < 12)
			continue;
		bytes[2] = (uint8_t)((len - 4) >> 8);
		bytes[3] = (uint8_t)(len - 4);
		gtp2_decode(bytes, len, &message, &fault);
	}
}

static void lists_stop_at_their_room(void **state)
{
	struct gtp2_delete_bearer_request *body = &message.delete_bearer_request;
	uint8_t out[256];
	size_t len = 0;

	gtp2_request(&message, GTP2_DELETE_BEARER_REQUEST, 9);
	for (int i = 0; i < GTP2_BEARERS; i++)
		*ie_add(body, ebis) = (uint8_t)(5 + i);
	assert_null(ie_add(body, ebis));
	ie_set(body, cause) = (struct gtp2_cause){.value = GTP2_CAUSE_REACTIVATION_REQUESTED};
	assert_int_equal(gtp2_encode(&message, out, sizeof(out), &len), 0);
	assert_int_equal(gtp2_decode(out, len, &message, &fault), 0);
	assert_int_equal(body->has.ebis, GTP2_BEARERS);
	assert_int_equal(body->ebis[10], 15);
}

static void the_text_tells_all_but_secrets(void **state)
{
	char line[2048];

	assert_int_equal(gtp2_decode(create_session_request, sizeof(create_session_request), &message, &fault), 0);
	gtp2_text(&message, line, sizeof(line));
	assert_non_null(strstr(line, "Create Session Request seq=1 teid=0x0 imsi=999707364000060"));
	assert_non_null(strstr(line, "bearers={ ebi=5 s5s8u_sgw_fteid=0xa35c@10.9.0.2/4"));
	assert_non_null(strstr(line, "user=rim password=***"));
	assert_null(strstr(line, "password=p"));
	assert_non_null(strstr(line, "tac=1 eci=0x1079baf"));
	for (size_t size = 0; size < 64; size++) {
		memset(line, 'x', sizeof(line));
		gtp2_text(&message, line, size);
		assert_int_equal(line[size], 'x');
	}
}

static void every_type_has_its_answer(void **state)
{
	for (int type = 0; type < 256; type++) {
		uint8_t answer = gtp2_type_answer((uint8_t)type);

		if (gtp2_type_kind((uint8_t)type) == GTP_REQUEST || gtp2_type_kind((uint8_t)type) == GTP_COMMAND)
			assert_int_equal(gtp2_type_kind(answer), GTP_RESPONSE);
		else
			assert_int_equal(answer, 0);
	}
	assert_string_equal(gtp2_type_name(GTP2_RESUME_ACKNOWLEDGE), "Resume Acknowledge");
	assert_string_equal(gtp2_type_name(250), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_create_session_request),
		cmocka_unit_test(reads_create_session_response),
		cmocka_unit_test(writes_what_it_read),
		cmocka_unit_test(each_missing_ie_has_its_cause),
		cmocka_unit_test(a_missing_ie_of_a_bearer_is_named),
		cmocka_unit_test(two_missing_give_the_first),
		cmocka_unit_test(a_future_ie_is_skipped),
		cmocka_unit_test(the_first_instance_wins),
		cmocka_unit_test(a_bad_optional_ie_is_absent),
		cmocka_unit_test(a_bad_needed_ie_is_a_fault),
		cmocka_unit_test(the_first_fault_of_a_message_wins),
		cmocka_unit_test(bad_headers_are_told_apart),
		cmocka_unit_test(a_refusal_names_the_ie),
		cmocka_unit_test(a_refused_command_repeats_what_it_must),
		cmocka_unit_test(every_refusal_can_be_read),
		cmocka_unit_test(an_accepting_answer_needs_its_bearers),
		cmocka_unit_test(every_size_is_safe),
		cmocka_unit_test(every_truncation_is_safe),
		cmocka_unit_test(lists_stop_at_their_room),
		cmocka_unit_test(the_text_tells_all_but_secrets),
		cmocka_unit_test(every_type_has_its_answer),
	};

	return cmocka_run_group_tests_name("gtp2", tests, NULL, NULL);
}
