// SPDX-License-Identifier: Apache-2.0
#include "proto/gtp/gtpu.h"

#include "base/clean.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct gtpu_packet packet;
static uint8_t out[128];

static void reads_every_header_variant(void **state)
{
	static const struct {
		uint8_t len, bytes[24];
		uint8_t payload_len;
		int16_t sequence, npdu, port; // -1: not there
	} rows[] = {
		{10, {0x30, 255, 0, 2, 0, 0, 0, 9, 0xab, 0xcd}, 2, -1, -1, -1},
		{14, {0x32, 255, 0, 6, 0, 0, 0, 9, 1, 2, 3, 4, 0xab, 0xcd}, 2, 0x102, -1, -1},
		{14, {0x31, 255, 0, 6, 0, 0, 0, 9, 1, 2, 3, 4, 0xab, 0xcd}, 2, -1, 3, -1},
		{14, {0x33, 255, 0, 6, 0, 0, 0, 9, 1, 2, 3, 4, 0xab, 0xcd}, 2, 0x102, 3, -1},
		{18, {0x34, 255, 0, 10, 0, 0, 0, 9, 1, 2, 3, 0x40, 1, 0x12, 0x34, 0, 0xab, 0xcd}, 2, -1, -1, 0x1234},
		// PDU session container, then a PDCP number, then an unknown one that may be ignored
		{24, {0x36, 255, 0, 16, 0, 0, 0, 9, 0, 1, 0, 0x85, 1, 0, 9, 0xc0, 1, 0, 7, 0x20, 1, 0, 0, 0}, 0, 1, -1, -1},
		{12, {0x30, 255, 0, 0, 0, 0, 0, 9, 1, 2, 3, 4}, 0, -1, -1, -1}, // octets past the length
	};

	for (size_t i = 0; i < array_len(rows); i++) {
		assert_int_equal(gtpu_read(rows[i].bytes, rows[i].len, &packet), 0);
		assert_int_equal(packet.type, GTPU_GPDU);
		assert_int_equal(packet.teid, 9);
		assert_int_equal(packet.payload_len, rows[i].payload_len);
		if (rows[i].payload_len)
			assert_int_equal(packet.payload[0], 0xab);
		assert_int_equal(packet.has_sequence ? packet.sequence : -1, rows[i].sequence);
		assert_int_equal(packet.has_npdu ? packet.npdu : -1, rows[i].npdu);
		assert_int_equal(packet.udp_port ? packet.udp_port : -1, rows[i].port);
	}
}

static void refuses_bad_headers(void **state)
{
	static const struct {
		uint8_t len, bytes[20];
		int error;
	} rows[] = {
		{0, {0}, -EBADMSG},
		{7, {0x30, 255, 0, 0, 0, 0, 0}, -EBADMSG},
		{9, {0x30, 255, 0, 2, 0, 0, 0, 9, 1}, -EBADMSG}, // longer than the datagram
		{10, {0x32, 255, 0, 2, 0, 0, 0, 9, 0, 1}, -EBADMSG}, // no room for what the flag says
		{16, {0x34, 255, 0, 8, 0, 0, 0, 9, 0, 0, 0, 0x40, 0, 0, 0, 0}, -EBADMSG}, // an extension of no length
		{16, {0x34, 255, 0, 8, 0, 0, 0, 9, 0, 0, 0, 0x40, 2, 0, 0, 0}, -EBADMSG}, // and one of too much
		{8, {0x48, 32, 0, 4, 0, 0, 0, 0}, -EPROTONOSUPPORT},
		{8, {0x20, 255, 0, 0, 0, 0, 0, 9}, -EPROTONOSUPPORT}, // GTP'
		{16, {0x34, 255, 0, 8, 0, 0, 0, 9, 0, 0, 0, 0x9f, 1, 0, 0, 0}, -EOPNOTSUPP},
	};

	for (size_t i = 0; i < array_len(rows); i++) {
		_cleanup_free_ uint8_t *exact = malloc(rows[i].len + 1u);

		memcpy(exact, rows[i].bytes, rows[i].len);
		assert_int_equal(gtpu_read(exact, rows[i].len, &packet), rows[i].error);
	}
	assert_int_equal(packet.unknown_extension, 0x9f);
}

static void writes_messages(void **state)
{
	static const uint8_t echo[] = {0x32, 1, 0, 4, 0, 0, 0, 0, 0x12, 0x34, 0, 0};
	static const uint8_t echo_response[] = {0x32, 2, 0, 6, 0, 0, 0, 0, 0x12, 0x34, 0, 0, 14, 0};
	static const uint8_t end_marker[] = {0x30, 254, 0, 0, 0, 0, 0, 9};
	static const uint8_t supported[] = {0x32, 31, 0, 9, 0, 0, 0, 0, 0, 5, 0, 0, 141, 3, 0x40, 0x85, 0xc0};
	static const uint8_t gpdu[] = {0x30, 255, 0x01, 0x02, 0, 0, 0, 9};
	uint8_t header[GTPU_HEADER_MIN];

	assert_int_equal(gtpu_echo_request(0x1234, out, sizeof(out)), sizeof(echo));
	assert_memory_equal(out, echo, sizeof(echo));
	assert_int_equal(gtpu_read(echo, sizeof(echo), &packet), 0);
	assert_int_equal(gtpu_echo_response(&packet, out, sizeof(out)), sizeof(echo_response));
	assert_memory_equal(out, echo_response, sizeof(echo_response));
	assert_int_equal(gtpu_end_marker(9, out, sizeof(out)), sizeof(end_marker));
	assert_memory_equal(out, end_marker, sizeof(end_marker));
	packet.sequence = 5;
	assert_int_equal(gtpu_supported_extensions(&packet, out, sizeof(out)), sizeof(supported));
	assert_memory_equal(out, supported, sizeof(supported));
	gtpu_header(header, 9, 0x102);
	assert_memory_equal(header, gpdu, sizeof(gpdu));
}

static void error_indications(void **state)
{
	static const uint8_t plain[] = {0x32, 26, 0, 16, 0, 0, 0, 0, 0, 0, 0, 0, 16, 0, 0, 0, 9, 133, 0, 4, 10, 9, 0, 1};
	static const uint8_t with_port[] = {
		0x36, 26, 0, 20, 0, 0, 0, 0, 0, 0, 0, 0x40, 1, 0x08, 0x68, 0, 16, 0, 0, 0, 9, 133, 0, 4, 10, 9, 0, 1};
	const struct ip_addr v4 = ip_addr_v4(0x0a090001), v6 = {.family = IP_V6, .bytes = {0x20, 0x01}};
	struct gtpu_error error;

	assert_int_equal(gtpu_error_indication(9, &v4, 0, out, sizeof(out)), sizeof(plain));
	assert_memory_equal(out, plain, sizeof(plain));
	assert_int_equal(gtpu_read(plain, sizeof(plain), &packet), 0);
	assert_int_equal(gtpu_error_read(&packet, &error), 0);
	assert_int_equal(error.teid, 9);
	assert_true(ip_addr_equal(&error.peer, &v4));
	assert_int_equal(gtpu_error_indication(9, &v4, 2152, out, sizeof(out)), sizeof(with_port));
	assert_memory_equal(out, with_port, sizeof(with_port));
	assert_int_equal(gtpu_read(out, sizeof(with_port), &packet), 0);
	assert_int_equal(packet.udp_port, 2152);
	assert_int_equal(gtpu_error_indication(9, &v6, 0, out, sizeof(out)), (int)sizeof(plain) + 12);
	assert_int_equal(gtpu_read(out, sizeof(plain) + 12, &packet), 0);
	assert_int_equal(gtpu_error_read(&packet, &error), 0);
	assert_true(ip_addr_equal(&error.peer, &v6));
}

static void broken_error_indications(void **state)
{
	static const uint8_t good[] = {16, 0, 0, 0, 9, 133, 0, 4, 10, 9, 0, 1, 255, 0, 2, 0, 1};
	struct gtpu_error error;

	for (size_t len = 0; len <= sizeof(good); len++) {
		_cleanup_free_ uint8_t *exact = malloc(len + 1);
		bool is_whole = len == 12 || len == sizeof(good);

		memcpy(exact, good, len);
		packet = (struct gtpu_packet){.type = GTPU_ERROR_INDICATION, .payload = exact, .payload_len = (uint16_t)len};
		assert_int_equal(gtpu_error_read(&packet, &error), is_whole ? 0 : -EBADMSG);
	}
	packet.payload = (const uint8_t *)"\x30\x01";
	packet.payload_len = 2;
	assert_int_equal(gtpu_error_read(&packet, &error), -EBADMSG);
}

static void every_size_is_safe(void **state)
{
	const struct ip_addr own = ip_addr_v4(1);

	for (size_t size = 0; size < 28; size++) {
		_cleanup_free_ uint8_t *room = malloc(size ? size : 1);

		assert_int_equal(gtpu_error_indication(9, &own, 2152, room, size), -EMSGSIZE);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_every_header_variant),
		cmocka_unit_test(refuses_bad_headers),
		cmocka_unit_test(writes_messages),
		cmocka_unit_test(error_indications),
		cmocka_unit_test(broken_error_indications),
		cmocka_unit_test(every_size_is_safe),
	};

	return cmocka_run_group_tests_name("gtpu", tests, NULL, NULL);
}
