// SPDX-License-Identifier: Apache-2.0
// Packets that no peer should send, the header of frames, and the printer.

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/clean.h"
#include "proto/ppp/testing.h"

static struct testing_end sim;

// An open link; its further packets are the replies to what a test sends.
static void setup(void)
{
	testing_client(&sim, "sim1", "pass1");
	sim.options.magic = false;
	ppp_link_up(&sim.link, 0);
	testing_recv(&sim, PPP_LCP, "01010004", 0);
	testing_recv(&sim, PPP_LCP, "02010008 010405b4", 0);
	testing_recv(&sim, PPP_IPCP, "01010004", 0);
	testing_recv(&sim, PPP_IPCP, "04010010 810600000000 830600000000", 0);
	testing_recv(&sim, PPP_IPCP, "0302000a 03060a4d0001", 0);
	testing_recv(&sim, PPP_IPCP, "0203000a 03060a4d0001", 0);
	assert_true(ppp_link_is_up(&sim.link));
	sim.read_count = sim.sent_count;
	sim.event_count = 0;
}

static void malformed_packets_change_nothing(void **)
{
	static const struct {
		uint16_t protocol;
		const char *packet;
	} bad[] = {
		{PPP_LCP, ""}, // nothing
		{PPP_LCP, "010100"}, // no whole head
		{PPP_LCP, "01010003"}, // a length below the head
		{PPP_LCP, "01010000 01020304"},
		{PPP_LCP, "0101ffff 010405b4"}, // a length past the packet
		{PPP_LCP, "01010009 010405b4"},
		{PPP_LCP, "01010006 0100"}, // options of length 0 and 1
		{PPP_LCP, "01010006 0101"},
		{PPP_LCP, "01010008 01ff05b4"}, // and of 255
		{PPP_LCP, "01010005 01"}, // no length at all
		{PPP_LCP, "01010009 010405b4 05"},
		{PPP_LCP, "09010006 0000"}, // an echo without magic number
		{PPP_LCP, "08010005 80"}, // a Protocol-Reject of half a protocol
		{PPP_IPCP, "01010006 0300"},
		{PPP_IPCP, "01010006 0301"},
		{PPP_IPCP, "01010008 03ff0000"},
		{PPP_PAP, "020100"},
		{PPP_PAP, "0201ffff00"},
		{PPP_CHAP, "01010003"},
	};

	setup();
	for (size_t i = 0; i < array_len(bad); i++) {
		uint64_t before = sim.counters.malformed;

		testing_recv(&sim, bad[i].protocol, bad[i].packet, 1);
		assert_int_equal(sim.counters.malformed, before + 1);
		assert_string_equal(testing_sent(&sim), "");
		assert_true(ppp_link_is_up(&sim.link));
	}
	assert_int_equal(sim.event_count, 0);
}

// While nothing is open an Ack, Nak or Reject with bad options must not count as an answer either.
static void malformed_naks(void **)
{
	testing_client(&sim, NULL, NULL);
	ppp_link_up(&sim.link, 0);
	sim.read_count = sim.sent_count;
	testing_recv(&sim, PPP_LCP, "03010006 0100", 1);
	testing_recv(&sim, PPP_LCP, "04010008 01ff05b4", 1);
	testing_recv(&sim, PPP_LCP, "02010004", 1); // an Ack of something else
	assert_int_equal(sim.counters.malformed, 3);
	testing_recv(&sim, PPP_LCP, "03020008 01040578", 1); // and a Nak of another request
	assert_int_equal(sim.counters.stale, 1);
	assert_string_equal(testing_sent(&sim), "");
}

static void wrong_option_lengths_are_rejected(void **)
{
	setup();
	testing_recv(&sim, PPP_LCP, "0106000b 010305 05040000", 2);
	assert_string_equal(testing_sent(&sim), "c021 01020008010405b4"); // a new request is a new start
	assert_string_equal(testing_sent(&sim), "c021 0406000b01030505040000");
}

static void unknown_codes_and_protocols(void **)
{
	setup();
	testing_recv(&sim, PPP_LCP, "00070006 abcd", 1); // RFC 2153's vendor code
	assert_string_equal(testing_sent(&sim), "c021 0700000a00070006abcd");
	testing_recv(&sim, PPP_LCP, "ff080004", 1);
	assert_string_equal(testing_sent(&sim), "c021 07010008ff080004");
	testing_recv(&sim, PPP_IPCP, "08090006 c021", 1); // Protocol-Reject is LCP's only
	assert_string_equal(testing_sent(&sim), "8021 0702000a08090006c021");
	testing_recv(&sim, PPP_EAP, "01010005 01", 1);
	assert_string_equal(testing_sent(&sim), "c021 0803000bc2270101000501");
	testing_recv(&sim, 0x8053, "", 1);
	assert_string_equal(testing_sent(&sim), "c021 080400068053");
	assert_true(ppp_link_is_up(&sim.link));
	assert_int_equal(sim.counters.unknown_code, 3);
	assert_int_equal(sim.counters.unknown_protocol, 2);
}

// A Code-Reject of a code that we can live without, of one that we can't, and Identification, Time-Remaining, Discard in peace.
static void codes_that_only_pass(void **)
{
	setup();
	testing_recv(&sim, PPP_LCP, "0b010008 00000000", 1);
	testing_recv(&sim, PPP_LCP, "0c010010 00000000 4d5352415356352e", 1);
	testing_recv(&sim, PPP_LCP, "0d01000c 00000000 00000e10", 1);
	testing_recv(&sim, PPP_LCP, "07010008 09010008", 1);
	testing_recv(&sim, PPP_LCP, "0a630008 00000000", 1);
	testing_recv(&sim, PPP_LCP, "0801000a 80fd 01010004", 1);
	assert_string_equal(testing_sent(&sim), "");
	assert_true(ppp_link_is_up(&sim.link));
	testing_recv(&sim, PPP_LCP, "07020008 01010008", 1);
	assert_false(ppp_link_is_up(&sim.link));
	assert_memory_equal(testing_sent(&sim), "c021 05", 7);
	testing_recv(&sim, PPP_LCP, "06020004", 1);
	assert_int_equal(testing_last(&sim, PPP_EVENT_ENDED)->reason, PPP_REASON_LCP_REJECTED);
}

static void the_peer_terminates(void **)
{
	setup();
	testing_recv(&sim, PPP_LCP, "05090009 6c61746572", 1);
	assert_string_equal(testing_sent(&sim), "c021 06090004");
	assert_string_equal(testing_events(&sim), "down ended");
	assert_int_equal(testing_last(&sim, PPP_EVENT_ENDED)->reason, PPP_REASON_PEER_TERMINATED);
	assert_string_equal(testing_last(&sim, PPP_EVENT_ENDED)->text, "later");
	testing_recv(&sim, PPP_LCP, "01010004", 2);
	assert_string_equal(testing_sent(&sim), "");
}

static void the_peer_terminates_ipcp(void **)
{
	setup();
	testing_recv(&sim, PPP_IPCP, "05090004", 1);
	assert_string_equal(testing_sent(&sim), "8021 06090004");
	assert_string_equal(testing_events(&sim), "down ended");
	assert_int_equal(testing_last(&sim, PPP_EVENT_ENDED)->reason, PPP_REASON_PEER_TERMINATED);
}

// A Configure-Request that came twice is no restart; one with another identifier is.
static void a_doubled_request(void **)
{
	setup();
	testing_recv(&sim, PPP_LCP, "01010004", 1);
	assert_string_equal(testing_sent(&sim), "c021 02010004");
	assert_true(ppp_link_is_up(&sim.link));
	assert_int_equal(sim.counters.repeated, 1);
	testing_recv(&sim, PPP_LCP, "01020004", 1);
	assert_false(ppp_link_is_up(&sim.link));
	assert_string_equal(testing_events(&sim), "down");
	assert_string_equal(testing_sent(&sim), "c021 01020008010405b4");
	assert_string_equal(testing_sent(&sim), "c021 02020004");
}

// Whether a request is a repeat, or the peer's new start, does not depend on whether the link rested in between.
static void a_request_after_a_rest(void **)
{
	setup();
	for (int i = 0; i < 2; i++) {
		testing_rest(&sim, 1);
		testing_recv(&sim, PPP_LCP, "01010004", 1);
		assert_string_equal(testing_sent(&sim), "c021 02010004");
		assert_true(ppp_link_is_up(&sim.link));
	}
	testing_rest(&sim, 1);
	testing_recv(&sim, PPP_LCP, "01010004", 1);
	assert_string_equal(testing_events(&sim), "down");
	assert_string_equal(testing_sent(&sim), "c021 01020008010405b4");
	testing_recv(&sim, PPP_LCP, "02020008 010405b4", 1);
	assert_string_equal(testing_sent(&sim), "c021 02010004");
	assert_string_equal(testing_sent(&sim), "8021 0104001603060a4d0001810600000000830600000000"); // the address that it had
}

// A peer that never agrees is left in the end, in LCP and in IPCP.
static void endless_naks(void **)
{
	char nak[32];

	testing_client(&sim, NULL, NULL);
	sim.options.magic = false;
	ppp_link_up(&sim.link, 0);
	for (int i = 1; i < 30; i++) {
		snprintf(nak, sizeof(nak), "03%02x0008 01040%03x", i, 0x500 - i);
		testing_recv(&sim, PPP_LCP, nak, 1);
	}
	assert_int_equal(testing_last(&sim, PPP_EVENT_ENDED)->reason, PPP_REASON_LCP_NOT_CONVERGING);

	testing_client(&sim, NULL, NULL);
	sim.options.magic = false;
	ppp_link_up(&sim.link, 0);
	testing_recv(&sim, PPP_LCP, "01010004", 0);
	testing_recv(&sim, PPP_LCP, "02010008 010405b4", 0);
	for (int i = 1; i < 30; i++) {
		snprintf(nak, sizeof(nak), "03%02x000a 03060a4d00%02x", i, i);
		testing_recv(&sim, PPP_IPCP, nak, 1);
	}
	assert_int_equal(testing_last(&sim, PPP_EVENT_ENDED)->reason, PPP_REASON_ADDRESS_NOT_CONVERGING);
}

// A peer that goes on asking for what was refused: Naks, then Rejects (Max-Failure), then the end.
static void endless_demands(void **)
{
	char request[32];

	testing_client(&sim, "sim1", "pass1");
	sim.options.magic = false;
	ppp_link_up(&sim.link, 0);
	sim.read_count = sim.sent_count;
	for (int i = 1; i <= 5; i++) {
		snprintf(request, sizeof(request), "01%02x0008 0304c227", i);
		testing_recv(&sim, PPP_LCP, request, 1);
		assert_memory_equal(testing_sent(&sim), "c021 03", 7);
	}
	for (int i = 6; i <= 20; i++) {
		snprintf(request, sizeof(request), "01%02x0008 0304c227", i);
		testing_recv(&sim, PPP_LCP, request, 1);
		assert_memory_equal(testing_sent(&sim), "c021 04", 7);
	}
	testing_recv(&sim, PPP_LCP, "01300008 0304c227", 1);
	assert_int_equal(testing_last(&sim, PPP_EVENT_ENDED)->reason, PPP_REASON_AUTH_PROTOCOL);
}

// Every shorter cut of every packet of a whole negotiation, at every phase of it.
static void every_cut(void **)
{
	static const struct {
		uint16_t protocol;
		const char *packet;
	} script[] = {
		{PPP_LCP, "0101001e010405b60305c2238105066b03ef2d1104064e1307020a4c0001"},
		{PPP_LCP, "0103001a010405b60305c2238105066b03ef2d1307020a4c0001"},
		{PPP_LCP, "02010008010405b4"},
		{PPP_CHAP, "0101001710b1ba8d53190b7ce3334f49341d6c7191766d"},
		{PPP_CHAP, "0301002e533d34303741353538393131354644304436323039463531304645394330343536363933324344413536"},
		{PPP_IPCP, "0101000a03060a4c0001"},
		{PPP_IPCP, "0301001603060a4d000181060a4d003583060a4d0036"},
		{PPP_LCP, "0a010008000000000"},
	};
	char cut[128];

	for (size_t reach = 0; reach < array_len(script); reach++) {
		testing_client(&sim, "sim1", "pass1");
		sim.options.magic = false;
		ppp_link_up(&sim.link, 0);
		for (size_t i = 0; i < reach; i++) {
			for (size_t octets = 0; octets < strlen(script[i].packet) / 2; octets++) {
				snprintf(cut, sizeof(cut), "%.*s", (int)(2 * octets), script[i].packet);
				testing_recv(&sim, script[i].protocol, cut, 1);
			}
			snprintf(cut, sizeof(cut), "%.*s", (int)(strlen(script[i].packet) / 2 * 2), script[i].packet);
			testing_recv(&sim, script[i].protocol, cut, 1);
		}
	}
	assert_true(sim.counters.malformed > 50);
}

static void frames(void **)
{
	static const struct {
		const char *frame;
		int error;
		uint16_t protocol;
		size_t len;
	} rows[] = {
		{"ff03c0210101", 0, PPP_LCP, 2},
		{"c0210101", 0, PPP_LCP, 2},
		{"ff03002145", 0, PPP_IP, 1},
		{"002145", 0, PPP_IP, 1},
		{"2145", 0, PPP_IP, 1}, // protocol field compressed
		{"ff032145", 0, PPP_IP, 1},
		{"5760", 0, PPP_IPV6, 1},
		{"ff030057", 0, PPP_IPV6, 0},
		{"21", 0, PPP_IP, 0},
		{"", -EBADMSG, 0, 0},
		{"ff", 0, 0xff, 0},
		{"ff03", -EBADMSG, 0, 0},
		{"ff03c0", -EBADMSG, 0, 0},
		{"c0", -EBADMSG, 0, 0},
		{"c020", -EBADMSG, 0, 0}, // the last octet of a number is odd
		{"0145", 0, 0x01, 1},
		{"0345", 0, 0x03, 1},
	};

	for (size_t i = 0; i < array_len(rows); i++) {
		uint8_t bytes[16];
		size_t len = testing_unhex(rows[i].frame, bytes, sizeof(bytes)), packet_len = 99;
		const uint8_t *packet = NULL;
		uint16_t protocol = 0;

		assert_int_equal(ppp_frame_parse(bytes, len, &protocol, &packet, &packet_len), rows[i].error);
		if (rows[i].error)
			continue;
		assert_int_equal(protocol, rows[i].protocol);
		assert_int_equal(packet_len, rows[i].len);
		assert_ptr_equal(packet + packet_len, bytes + len);
	}
}

static void frame_heads(void **)
{
	uint8_t head[PPP_FRAME_HEAD_MAX];

	assert_int_equal(ppp_frame_head(head, PPP_IPCP, false), 4);
	assert_memory_equal(head, "\xff\x03\x80\x21", 4);
	assert_int_equal(ppp_frame_head(head, PPP_IPCP, true), 2);
	assert_memory_equal(head, "\x80\x21", 2);
}

static void packets_as_text(void **)
{
	static const struct {
		uint16_t protocol;
		const char *packet, *text;
	} rows[] = {
		{PPP_LCP, "0101001e010405b60305c2230505066b03ef2d1104064e1307020a4c0001",
			"LCP Configure-Request id 1 mru 1462 auth chap-md5 magic 6b03ef2d mrru 1614 endpoint 020a4c0001"},
		{PPP_LCP, "010100080304c227", "LCP Configure-Request id 1 auth eap"},
		{PPP_LCP, "0102000702 02c1 0300", "LCP Configure-Request id 2 accm (malformed option)"},
		{PPP_LCP, "0801000a80fd01010004", "LCP Protocol-Reject id 1 of CCP (0x80fd)"},
		{PPP_LCP, "05090009 6c61746572", "LCP Terminate-Request id 9 text \"later\""},
		{PPP_IPCP, "0301001003060a4d000181060a4d0035", "IPCP Configure-Nak id 1 address 10.77.0.1 dns1 10.77.0.53"},
		{PPP_IPCP, "0101000a550601020304", "IPCP Configure-Request id 1 option-85 01020304"},
		{PPP_PAP, "0101000f0473696d31057061737331", "PAP Authenticate-Request id 1 name \"sim1\" password ***"},
		{PPP_PAP, "03010008036e6f21", "PAP Authenticate-Nak id 1 text \"no!\""},
		{PPP_CHAP, "020100191039196a88edcdaaf026a5a9aa9bdd7a5873696d31",
			"CHAP Response id 1 value *** (16 octets) name \"sim1\""},
		{PPP_CHAP, "03010009533d414220", "CHAP Success id 1 proof ***"},
		{PPP_CHAP, "0401000a 0a2201ff7a41", "CHAP Failure id 1 text \"....zA\""},
		{PPP_IP, "4500", "IP 2 octets"},
		{PPP_LCP, "0101", "LCP (malformed)"},
		{PPP_LCP, "63010004", "LCP code 99 id 1"},
		{0x8053, "01010004", "ECP Configure-Request id 1"},
	};

	for (size_t i = 0; i < array_len(rows); i++) {
		uint8_t bytes[128];
		char text[256];
		size_t len = testing_unhex(rows[i].packet, bytes, sizeof(bytes));

		assert_int_equal(ppp_print(rows[i].protocol, bytes, len, text, sizeof(text)), strlen(rows[i].text));
		assert_string_equal(text, rows[i].text);
		for (size_t size = 0; size < strlen(rows[i].text); size++) { // any room is enough
			memset(text, 'x', sizeof(text));
			ppp_print(rows[i].protocol, bytes, len, text, size);
			assert_int_equal(text[size], 'x');
			assert_true(!size || memcmp(text, rows[i].text, size - 1) == 0);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(malformed_packets_change_nothing),
		cmocka_unit_test(malformed_naks),
		cmocka_unit_test(wrong_option_lengths_are_rejected),
		cmocka_unit_test(unknown_codes_and_protocols),
		cmocka_unit_test(codes_that_only_pass),
		cmocka_unit_test(the_peer_terminates),
		cmocka_unit_test(the_peer_terminates_ipcp),
		cmocka_unit_test(a_doubled_request),
		cmocka_unit_test(a_request_after_a_rest),
		cmocka_unit_test(endless_naks),
		cmocka_unit_test(endless_demands),
		cmocka_unit_test(every_cut),
		cmocka_unit_test(frames),
		cmocka_unit_test(frame_heads),
		cmocka_unit_test(packets_as_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
