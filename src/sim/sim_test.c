// SPDX-License-Identifier: Apache-2.0
// The simulators' own arithmetic: percentiles, echoes.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "sim/lns.h"
#include "sim/tally.h"
#include "sim/traffic.h"

static void percentiles(void **)
{
	static struct tally tally;

	assert_int_equal(tally_percentile(&tally, 50), 0);
	for (uint64_t us = 1; us <= 10000; us++)
		tally_add(&tally, us);
	assert_in_range(tally_percentile(&tally, 50), 5000, 5200);
	assert_in_range(tally_percentile(&tally, 99), 9900, 10000);
	assert_int_equal(tally_percentile(&tally, 100), 10000);
	assert_in_range(tally_percentile(&tally, 0.1), 10, 10);
	tally_add(&tally, UINT64_MAX / 2); // past all steps
	assert_int_equal(tally.max_us, UINT64_MAX / 2);
}

static void every_step_is_close(void **)
{
	for (uint64_t us = 1; us < 100000000; us += us / 7 + 1) {
		struct tally one = {0};

		tally_add(&one, us);
		tally_add(&one, us * 2 + 64);
		assert_true(tally_percentile(&one, 50) >= us);
		assert_true(tally_percentile(&one, 50) <= us + us / 16);
	}
}

static void a_packet_and_its_echo(void **)
{
	struct traffic_mark mark = {.sender = 7, .sequence = 9, .sent_us = 123456789}, back;
	uint8_t packet[100];

	assert_int_equal(traffic_write(packet, sizeof(packet), 0x0a4d0001, 0xc0000201, 7, &mark), sizeof(packet));
	assert_false(traffic_read(packet, sizeof(packet), &back)); // not echoed yet
	assert_true(traffic_echo(packet, sizeof(packet)));
	assert_true(traffic_read(packet, sizeof(packet), &back));
	assert_int_equal(back.sender, 7);
	assert_int_equal(back.sequence, 9);
	assert_int_equal(back.sent_us, 123456789);
	assert_memory_equal(packet + 12, "\xc0\x00\x02\x01\x0a\x4d\x00\x01", 8);
	for (size_t len = 0; len < TRAFFIC_MIN; len++) // whatever is cut
		assert_false(traffic_read(packet, len, &back) && len < TRAFFIC_MIN);
}

// A minimal ping: only type, checksum and addresses change.
static void a_ping(void **)
{
	uint8_t ping[] = {0x45, 0, 0, 0x1c, 0, 1, 0, 0, 64, 1, 0, 0, 10, 77, 0, 1, 10, 76, 0, 1, 8, 0, 0xf7, 0xfd, 0, 1, 0, 1};

	assert_true(traffic_echo(ping, sizeof(ping)));
	assert_memory_equal(ping + 12, "\x0a\x4c\x00\x01\x0a\x4d\x00\x01", 8);
	assert_memory_equal(ping + 20, "\x00\x00\xff\xfd\x00\x01\x00\x01", 8);
	assert_false(traffic_echo(ping, sizeof(ping))); // a reply is not answered
	assert_false(traffic_echo(ping, 19));
	ping[0] = 0x4f; // a header longer than the packet
	assert_false(traffic_echo(ping, sizeof(ping)));
}

static void faults(void **)
{
	static const char *const bad[] = {"bogus", "cdn", "cdn=", "cdn=x", "no-icrp=1", "cdn=4,", "slow=12ms"};
	struct lns_faults out;
	char error[200];

	assert_int_equal(lns_faults_parse("none", &out, error, sizeof(error)), 0);
	assert_int_equal(out.set, 0);
	assert_int_equal(lns_faults_parse("cdn=4,no-echo,slow=150", &out, error, sizeof(error)), 0);
	assert_true(lns_has(&out, LNS_FAULT_cdn) && lns_has(&out, LNS_FAULT_no_echo) && lns_has(&out, LNS_FAULT_slow));
	assert_false(lns_has(&out, LNS_FAULT_no_icrp));
	assert_int_equal(out.number[LNS_FAULT_cdn], 4);
	assert_int_equal(out.number[LNS_FAULT_slow], 150);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		error[0] = 0;
		if (lns_faults_parse(bad[i], &out, error, sizeof(error)) == 0)
			assert_string_equal(bad[i], "cdn=4,"); // an empty word at the end is no harm
		else
			assert_true(error[0]);
		assert_int_equal(out.number[LNS_FAULT_cdn], 4); // untouched
	}
}

static void ends(void **)
{
	struct ip_end end;

	assert_int_equal(lns_end_parse("192.0.2.1", &end), 0);
	assert_int_equal(end.port, 1701);
	assert_int_equal(lns_end_parse("192.0.2.1:1702", &end), 0);
	assert_int_equal(end.port, 1702);
	assert_int_equal(lns_end_parse("192.0.2.1:0", &end), -EINVAL);
	assert_int_equal(lns_end_parse("192.0.2.1:70000", &end), -EINVAL);
	assert_int_equal(lns_end_parse("192.0.2.1:x", &end), -EINVAL);
	assert_int_equal(lns_end_parse("lns", &end), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(percentiles),
		cmocka_unit_test(every_step_is_close),
		cmocka_unit_test(a_packet_and_its_echo),
		cmocka_unit_test(a_ping),
		cmocka_unit_test(faults),
		cmocka_unit_test(ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
