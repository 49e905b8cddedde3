// SPDX-License-Identifier: Apache-2.0
// The packets were made by a program that shares no line with this one, from RFC 4861, 8106 and 8415; tshark finds their checksums right.
#include "proto/ip6/nd.h"

#include "base/clean.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

// From fe80::1 to all nodes: hop limit 64, O, lifetime 1800, prefix 2001:db8:77:5::/64 LA 86400 14400, MTU 1420, servers 2001:db8::53 and ::54, an
// option of a source link-layer address.
static const uint8_t ra_packet[] = {0x60, 0x00, 0x00, 0x00, 0x00, 0x68, 0x3a, 0xff, 0xfe, 0x80, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01, 0xff, 0x02, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x01, 0x86, 0x00, 0xb3, 0xce, 0x40, 0x40, 0x07, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x03, 0x04, 0x40, 0xc0, 0x00, 0x01, 0x51, 0x80, 0x00, 0x00, 0x38, 0x40, 0x00, 0x00, 0x00, 0x00, 0x20, 0x01, 0x0d,
	0xb8, 0x00, 0x77, 0x00, 0x05, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x05, 0x01, 0x00, 0x00, 0x00, 0x00, 0x05,
	0x8c, 0x19, 0x05, 0x00, 0x00, 0x00, 0x00, 0x02, 0x58, 0x20, 0x01, 0x0d, 0xb8, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x53, 0x20, 0x01, 0x0d, 0xb8, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x54, 0x01, 0x01, 0x02, 0x00, 0x00, 0x00, 0x00, 0x01};
static const uint8_t rs_packet[] = {0x60, 0x00, 0x00, 0x00, 0x00, 0x08, 0x3a, 0xff, 0xfe, 0x80, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x02, 0x11, 0x22, 0xff, 0xfe, 0x33, 0x44, 0x55, 0xff, 0x02, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x02, 0x85, 0x00, 0x15, 0x9e, 0x00, 0x00, 0x00, 0x00};
static const uint8_t ns_packet[] = {0x60, 0x00, 0x00, 0x00, 0x00, 0x18, 0x3a, 0xff, 0xfe, 0x80, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x05, 0xfe, 0x80, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x01, 0x87, 0x00, 0x7d, 0x23, 0x00, 0x00, 0x00, 0x00, 0xfe, 0x80, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01};
static const uint8_t na_packet[] = {0x60, 0x00, 0x00, 0x00, 0x00, 0x18, 0x3a, 0xff, 0xfe, 0x80, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01, 0xfe, 0x80, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x05, 0x88, 0x00, 0x9c, 0x22, 0xe0, 0x00, 0x00, 0x00, 0xfe, 0x80, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01};

static const uint8_t link_local[IP6_LEN] = {0xfe, 0x80, [15] = 1};

static void an_advertisement_is_read(void **state)
{
	static const uint8_t prefix[IP6_LEN] = {0x20, 0x01, 0x0d, 0xb8, 0x00, 0x77, 0x00, 0x05};
	static const uint8_t server[IP6_LEN] = {0x20, 0x01, 0x0d, 0xb8, [15] = 0x54};
	struct nd_ra ra;

	assert_int_equal(ip6_kind(ra_packet, sizeof(ra_packet)), IP6_ROUTER_ADVERTISEMENT);
	assert_int_equal(nd_ra_read(ra_packet, sizeof(ra_packet), &ra), 0);
	assert_memory_equal(ra.src, link_local, IP6_LEN);
	assert_memory_equal(ra.dst, ip6_all_nodes, IP6_LEN);
	assert_int_equal(ra.hop_limit, 64);
	assert_false(ra.managed);
	assert_true(ra.other);
	assert_int_equal(ra.router_lifetime_s, 1800);
	assert_int_equal(ra.mtu, 1420);
	assert_int_equal(ra.prefix_count, 1);
	assert_memory_equal(ra.prefixes[0].prefix, prefix, IP6_LEN);
	assert_int_equal(ra.prefixes[0].valid_s, 86400);
	assert_int_equal(ra.prefixes[0].preferred_s, 14400);
	assert_ptr_equal(nd_ra_slaac(&ra), &ra.prefixes[0]);
	assert_int_equal(ra.server_count, 2);
	assert_memory_equal(ra.servers[1], server, IP6_LEN);
	assert_int_equal(ra.servers_s, 600);
}

// RFC 4861 6.1.2, cell by cell: each of these is discarded.
static void what_must_be_discarded_is(void **state)
{
	static const struct {
		size_t at;
		uint8_t value;
	} faults[] = {
		{0, 0x40}, // IPv4
		{6, 17}, // no ICMPv6
		{7, 254}, // it came over a router
		{8, 0x20}, // not from a link-local address
		{41, 1}, // a code
		{42, 0}, // the checksum
		{57, 0}, // an option of length 0
		{57, 200}, // an option past the end
	};
	uint8_t bad[sizeof(ra_packet)];
	struct nd_ra ra;

	for (size_t i = 0; i < array_len(faults); i++) {
		struct ip6_header header;
		struct wire_in payload;

		memcpy(bad, ra_packet, sizeof(bad));
		bad[faults[i].at] = faults[i].value;
		if (faults[i].at != 42 && !ip6_header_read(bad, sizeof(bad), &header, &payload)) {
			uint16_t sum;

			bad[42] = bad[43] = 0;
			sum = ip6_checksum(&header, payload.pos, wire_left(&payload)); // so that it is not for its checksum
			bad[42] = (uint8_t)(sum >> 8);
			bad[43] = (uint8_t)sum;
		}
		assert_int_equal(nd_ra_read(bad, sizeof(bad), &ra), -EBADMSG);
	}
	for (size_t len = 0; len < sizeof(ra_packet); len++)
		assert_int_equal(nd_ra_read(ra_packet, len, &ra), -EBADMSG);
}

static void what_was_read_is_written_again(void **state)
{
	uint8_t out[ND_RA_MAX];
	struct nd_ra ra, again;
	size_t len;

	assert_int_equal(nd_ra_read(ra_packet, sizeof(ra_packet), &ra), 0);
	assert_int_equal(nd_ra_write(&ra, out, sizeof(out), &len), 0);
	assert_int_equal(len, sizeof(ra_packet) - 8); // without the link-layer address
	assert_memory_equal(out + 44, ra_packet + 44, len - 44);
	assert_int_equal(nd_ra_read(out, len, &again), 0);
	assert_memory_equal(&again, &ra, sizeof(ra));
	assert_int_equal(nd_ra_write(&ra, out, len - 1, &len), -EMSGSIZE);
}

static void only_an_autonomous_slash_64_that_lives_makes_addresses(void **state)
{
	struct nd_ra ra = {.prefix_count = 4,
		.prefixes = {{.len = 64, .on_link = true, .valid_s = 10}, {.len = 48, .autonomous = true, .valid_s = 10},
			{.len = 64, .autonomous = true}, {.len = 64, .autonomous = true, .valid_s = 1}}};

	assert_ptr_equal(nd_ra_slaac(&ra), &ra.prefixes[3]);
	ra.prefix_count = 3;
	assert_null(nd_ra_slaac(&ra));
}

// Found by fuzzing: its lifetime was kept, and not written again.
static void an_option_without_servers_says_nothing(void **state)
{
	struct nd_ra ra = {.src = {0xfe, 0x80, [15] = 1}, .server_count = 1, .servers_s = 600};
	uint8_t out[ND_RA_MAX];
	struct ip6_header header;
	struct wire_in payload;
	uint16_t sum;
	size_t len;

	assert_int_equal(nd_ra_write(&ra, out, sizeof(out), &len), 0);
	out[57] = 1; // 8 octets: no server follows
	len -= IP6_LEN;
	out[5] = (uint8_t)(len - IP6_HEADER_LEN);
	out[42] = out[43] = 0;
	assert_int_equal(ip6_header_read(out, len, &header, &payload), 0);
	sum = ip6_checksum(&header, payload.pos, wire_left(&payload));
	out[42] = (uint8_t)(sum >> 8);
	out[43] = (uint8_t)sum;
	assert_int_equal(nd_ra_read(out, len, &ra), 0);
	assert_int_equal(ra.server_count, 0);
	assert_int_equal(ra.servers_s, 0);
}

static void a_solicitation_is_written_and_read(void **state)
{
	static const uint8_t id[8] = {0x02, 0x11, 0x22, 0xff, 0xfe, 0x33, 0x44, 0x55};
	uint8_t out[64], src[IP6_LEN], found[IP6_LEN];
	size_t len;

	ip6_link_local(id, src);
	assert_int_equal(nd_rs_write(src, out, sizeof(out), &len), 0);
	assert_int_equal(len, sizeof(rs_packet));
	assert_memory_equal(out, rs_packet, len);
	assert_int_equal(nd_rs_read(out, len, found), 0);
	assert_memory_equal(found, src, IP6_LEN);
	assert_int_equal(nd_rs_write(src, out, len - 1, &len), -EMSGSIZE);
	assert_int_equal(nd_rs_read(ra_packet, sizeof(ra_packet), found), -EBADMSG);
}

static void who_asks_for_us_is_answered(void **state)
{
	uint8_t out[96];
	struct nd_ns ns;
	size_t len;

	assert_int_equal(nd_ns_read(ns_packet, sizeof(ns_packet), &ns), 0);
	assert_memory_equal(ns.target, link_local, IP6_LEN);
	assert_int_equal(nd_na_write(&ns, true, out, sizeof(out), &len), 0);
	assert_int_equal(len, sizeof(na_packet));
	assert_memory_equal(out, na_packet, len);
	memset(ns.src, 0, IP6_LEN); // "is this address taken?"
	assert_int_equal(nd_na_write(&ns, false, out, sizeof(out), &len), 0);
	assert_memory_equal(out + 24, ip6_all_nodes, IP6_LEN);
	assert_int_equal(out[44], 0x20); // override, neither router nor solicited
}

static void an_echo_has_the_length_that_is_asked_for(void **state)
{
	uint8_t out[1460];
	struct ip6_header header;
	struct wire_in payload;

	assert_int_equal(ip6_echo_write(link_local, ip6_all_routers, 7, 1, out, sizeof(out)), 0);
	assert_int_equal(ip6_kind(out, sizeof(out)), IP6_ECHO_REQUEST);
	assert_int_equal(ip6_header_read(out, sizeof(out), &header, &payload), 0);
	assert_int_equal(header.payload_len, 1420);
	assert_int_equal(ip6_checksum(&header, payload.pos, wire_left(&payload)), 0);
	assert_int_equal(ip6_echo_write(link_local, ip6_all_routers, 7, 1, out, 47), -EMSGSIZE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_advertisement_is_read),
		cmocka_unit_test(what_must_be_discarded_is),
		cmocka_unit_test(what_was_read_is_written_again),
		cmocka_unit_test(only_an_autonomous_slash_64_that_lives_makes_addresses),
		cmocka_unit_test(an_option_without_servers_says_nothing),
		cmocka_unit_test(a_solicitation_is_written_and_read),
		cmocka_unit_test(who_asks_for_us_is_answered),
		cmocka_unit_test(an_echo_has_the_length_that_is_asked_for),
	};

	return cmocka_run_group_tests_name("nd", tests, NULL, NULL);
}
