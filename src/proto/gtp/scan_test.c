// SPDX-License-Identifier: Apache-2.0
#include "proto/gtp/scan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/clean.h"
#include "proto/gtp/gtp1.h"
#include "proto/gtp/gtp2.h"

// A PPP packet of the PAP protocol is all zeroes afterwards; others are left alone.
static bool conceal(uint16_t protocol, uint8_t *packet, size_t len)
{
	if (protocol != 0xc023)
		return false;
	memset(packet, 0, len);
	return true;
}

// PAP with the password "SECRET", then IPCP.
static const uint8_t pco[] = {
	0x80, 0xc0, 0x23, 14, 1, 1, 0, 14, 2, 'm', 'e', 6, 'S', 'E', 'C', 'R', 'E', 'T', 0x80, 0x21, 4, 1, 1, 0, 4};
static const struct ie_bytes pco_bytes = {.data = pco, .len = sizeof(pco)};

static size_t create_session(uint8_t *out, size_t size)
{
	static struct gtp2_message message;
	struct gtp2_create_session_request *body = &message.create_session_request;
	size_t len;

	gtp2_request(&message, GTP2_CREATE_SESSION_REQUEST, 0);
	message.header.sequence = 77;
	tbcd_parse("999700000000001", &ie_set(body, imsi));
	ie_set(body, sender_fteid) =
		(struct gtp2_fteid){.interface = GTP2_IF_S5S8C_SGW, .teid = 0x1234, .v4 = ip_addr_v4(0x0a000001)};
	ie_set(body, pco) = pco_bytes;
	assert_int_equal(gtp2_encode(&message, out, size, &len), 0);
	return len;
}

static size_t create_pdp(uint8_t *out, size_t size)
{
	static struct gtp1_message message;
	struct gtp1_create_pdp_request *body = &message.create_pdp_request;
	size_t len;

	gtp1_request(&message, GTP1_CREATE_PDP_REQUEST, 0);
	message.header.sequence = 77;
	tbcd_parse("999700000000001", &ie_set(body, imsi));
	ie_set(body, teid_control) = 0x1234;
	ie_set(body, pco) = pco_bytes;
	assert_int_equal(gtp1_encode(&message, out, size, &len), 0);
	return len;
}

static void whose_it_is(void **state)
{
	uint8_t bytes[512];
	struct gtp_scan scan;

	(void)state;
	for (int version = 1; version <= 2; version++) {
		size_t len = version == 2 ? create_session(bytes, sizeof(bytes)) : create_pdp(bytes, sizeof(bytes));

		assert_int_equal(gtp_scan(bytes, len, &scan), 0);
		assert_int_equal(scan.version, version);
		assert_int_equal(scan.teid, 0);
		assert_int_equal(scan.sequence, 77);
		assert_int_equal(scan.sender_teid, 0x1234);
		assert_true(scan.imsi == imsi_key("999700000000001"));
	}
}

static void an_answer_tells_the_teid_of_who_answers(void **state)
{
	static struct gtp2_message message;
	uint8_t bytes[512];
	struct gtp_scan scan;
	size_t len;

	(void)state;
	gtp2_answer(&message, &(struct gtp2_header){.type = GTP2_CREATE_SESSION_REQUEST, .sequence = 5}, 0x99);
	ie_set(&message.create_session_response, pgw_fteid) =
		(struct gtp2_fteid){.interface = GTP2_IF_S5S8C_PGW, .teid = 0x5678, .v4 = ip_addr_v4(0x0a000002)};
	assert_int_equal(gtp2_encode(&message, bytes, sizeof(bytes), &len), 0);
	assert_int_equal(gtp_scan(bytes, len, &scan), 0);
	assert_int_equal(scan.teid, 0x99);
	assert_int_equal(scan.sender_teid, 0x5678);
}

static void the_password_goes_and_the_rest_stays(void **state)
{
	uint8_t before[512], after[512];

	(void)state;
	for (int version = 1; version <= 2; version++) {
		size_t len = version == 2 ? create_session(before, sizeof(before)) : create_pdp(before, sizeof(before)),
		       changed = 0;

		memcpy(after, before, len);
		assert_true(gtp_conceal(after, len, conceal));
		assert_null(memmem(after, len, "SECRET", 6));
		for (size_t i = 0; i < len; i++)
			changed += before[i] != after[i];
		assert_in_range(changed, 6, 14);
	}
}

// Cut anywhere, or with any octet wrong, nothing of the password is left and nothing outside is touched.
static void broken_messages_leave_nothing(void **state)
{
	uint8_t whole[512];

	(void)state;
	for (int version = 1; version <= 2; version++) {
		size_t size = version == 2 ? create_session(whole, sizeof(whole)) : create_pdp(whole, sizeof(whole));

		for (size_t len = 0; len < size; len++) {
			_cleanup_free_ uint8_t *cut = malloc(len ? len : 1);
			struct gtp_scan scan;

			memcpy(cut, whole, len);
			(void)gtp_scan(cut, len, &scan);
			gtp_conceal(cut, len, conceal);
			assert_null(memmem(cut, len, "SEC", 3));
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whose_it_is),
		cmocka_unit_test(an_answer_tells_the_teid_of_who_answers),
		cmocka_unit_test(the_password_goes_and_the_rest_stays),
		cmocka_unit_test(broken_messages_leave_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
