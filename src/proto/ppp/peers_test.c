// SPDX-License-Identifier: Apache-2.0
// The real LNSs, played by their own packets: l2tpns from a capture, SoftEther and pppd as they were seen to behave.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/clean.h"
#include "proto/ppp/testing.h"

static struct testing_end sim;

// A client whose own requests are easy to type: no magic number, so that only MRU 1460 (0x05b4) is asked.
static void setup(uint8_t accept)
{
	testing_client(&sim, "sim1", "pass1");
	sim.options.magic = false;
	sim.options.auth_accept = accept;
	ppp_link_up(&sim.link, 0);
	assert_string_equal(testing_sent(&sim), "c021 01010008010405b4");
}

// Packets 9 to 27 of the capture: multilink options first, then CHAP, addresses by Nak.
static void l2tpns(void **)
{
	setup(PPP_AUTH_PAP | PPP_AUTH_CHAP_MD5);
	testing_recv(&sim, PPP_LCP, "0101001e 010405b6 0305c22305 05066b03ef2d 1104064e 1307020a4c0001", 1);
	assert_string_equal(testing_sent(&sim), "c021 040100081104064e");
	testing_recv(&sim, PPP_LCP, "02010008 010405b4", 2);
	testing_recv(&sim, PPP_LCP, "0103001a 010405b6 0305c22305 05066b03ef2d 1307020a4c0001", 3);
	assert_string_equal(testing_sent(&sim), "c021 0203001a010405b60305c2230505066b03ef2d1307020a4c0001");
	assert_string_equal(testing_events(&sim), "lcp-up");
	assert_int_equal(ppp_link_result(&sim.link)->mru, 1460); // 1462, but never more than ours
	testing_recv(&sim, PPP_CHAP, "01010017 10b1ba8d53190b7ce3334f49341d6c7191 766d", 4);
	assert_string_equal(testing_sent(&sim),
		"c223 020100191039196a88edcdaaf026a5a9aa9bdd7a58"
		"73696d31");
	testing_recv(&sim, PPP_CHAP, "03010004", 5);
	assert_string_equal(testing_sent(&sim), "8021 01010016030600000000810600000000830600000000");
	testing_recv(&sim, PPP_IPCP, "0101000a 03060a4c0001", 6);
	assert_string_equal(testing_sent(&sim), "8021 0201000a03060a4c0001");
	testing_recv(&sim, PPP_IPCP, "03010016 03060a4d0001 81060a4d0035 83060a4d0036", 7);
	assert_string_equal(testing_sent(&sim), "8021 0102001603060a4d000181060a4d003583060a4d0036");
	// It offers IPv6CP to a client that wants none.
	testing_recv(&sim, PPP_IPV6CP, "0101000e 010a0000000000000001", 8);
	assert_string_equal(testing_sent(&sim), "c021 0800001480570101000e010a0000000000000001");
	testing_recv(&sim, PPP_IPCP, "02020016 03060a4d0001 81060a4d0035 83060a4d0036", 9);
	assert_string_equal(testing_events(&sim), "lcp-up auth-ok ipv4-up up");
	assert_int_equal(ppp_link_result(&sim.link)->address, 0x0a4d0001);
	assert_int_equal(ppp_link_result(&sim.link)->dns[1], 0x0a4d0036);
	assert_int_equal(sim.counters.illegal, 0);
}

// Packets 22 to 32: it Naks the identifier that the client chose.
static void l2tpns_ipv6(void **)
{
	static const uint8_t given[8] = {0x0a, 0x4d, 0, 1, 0, 0, 0, 0}, its[8] = {0, 0, 0, 0, 0, 0, 0, 1};

	testing_client(&sim, NULL, NULL);
	sim.options.magic = false;
	sim.options.ipcp = false;
	sim.options.ip6cp = true;
	ppp_link_up(&sim.link, 0);
	testing_recv(&sim, PPP_LCP, "01030008 010405b6", 1);
	testing_recv(&sim, PPP_LCP, "02010008 010405b4", 1);
	testing_recv(&sim, PPP_IPV6CP, "0301000e 010a0a4d000100000000", 2);
	testing_recv(&sim, PPP_IPV6CP, "0101000e 010a0000000000000001", 2);
	testing_recv(&sim, PPP_IPV6CP, "0202000e 010a0a4d000100000000", 3);
	assert_string_equal(testing_events(&sim), "lcp-up ipv6-up up");
	assert_memory_equal(ppp_link_result(&sim.link)->interface_id, given, 8);
	assert_memory_equal(ppp_link_result(&sim.link)->peer_interface_id, its, 8);
}

// SoftEther: EAP, then MS-CHAPv2, then PAP; asks for an echo before LCP is open; rejects the magic number and the second DNS.
static void softether(void **)
{
	testing_client(&sim, "sim1", "pass1");
	sim.options.auth_accept = PPP_AUTH_PAP;
	ppp_link_up(&sim.link, 0);
	assert_memory_equal(testing_sent(&sim), "c021 0101000e010405b40506", 25);
	ppp_link_tick(&sim.link, 1000); // 2.6 s of silence after ICCN
	assert_memory_equal(testing_sent(&sim), "c021 0101000e010405b40506", 25); // the same request, identifier and all
	testing_recv(&sim, PPP_LCP, "09000008 00000000", 2600);
	assert_memory_equal(testing_sent(&sim), "c021 0a000008", 13);
	testing_recv(&sim, PPP_LCP, "0100000c 010405d4 0304c227", 2600);
	assert_string_equal(testing_sent(&sim), "c021 030000080304c023");
	testing_recv(&sim, PPP_LCP, "0101000d 010405d4 0305c22381", 2610);
	assert_string_equal(testing_sent(&sim), "c021 030100080304c023");
	testing_recv(&sim, PPP_LCP, "0102000c 010405d4 0304c023", 2620);
	assert_string_equal(testing_sent(&sim), "c021 0202000c010405d40304c023");
	// Reject of the magic number: whatever it was.
	sim.read_count = 0;
	{
		char reject[64] = "0401000a ";

		strcat(reject, testing_sent(&sim) + 5 + 16); // from the magic option on
		testing_recv(&sim, PPP_LCP, reject, 2630);
	}
	sim.read_count = sim.sent_count - 1;
	assert_string_equal(testing_sent(&sim), "c021 01020008010405b4");
	testing_recv(&sim, PPP_LCP, "02020008 010405b4", 2640);
	assert_string_equal(testing_sent(&sim),
		"c023 0101000f0473696d3105"
		"7061737331");
	testing_recv(&sim, PPP_PAP, "02010005 00", 2650);
	assert_string_equal(testing_sent(&sim), "8021 01010016030600000000810600000000830600000000");
	testing_recv(&sim, PPP_IPCP, "0401000a 830600000000", 2660);
	assert_string_equal(testing_sent(&sim), "8021 01020010030600000000810600000000");
	testing_recv(&sim, PPP_IPCP, "03020010 0306c0a81e0a 8106c0a81e01", 2670);
	assert_string_equal(testing_sent(&sim), "8021 010300100306c0a81e0a8106c0a81e01");
	testing_recv(&sim, PPP_IPCP, "02030010 0306c0a81e0a 8106c0a81e01", 2680);
	assert_false(ppp_link_is_up(&sim.link)); // its own request is still to come, and has no address
	testing_recv(&sim, PPP_IPCP, "01040004", 2690);
	assert_string_equal(testing_sent(&sim), "8021 02040004");
	assert_string_equal(testing_events(&sim), "lcp-up auth-ok ipv4-up up");
	assert_int_equal(ppp_link_result(&sim.link)->dns[0], 0xc0a81e01);
	assert_int_equal(ppp_link_result(&sim.link)->dns[1], 0);
	assert_int_equal(ppp_link_result(&sim.link)->peer_address, 0);
}

// pppd: ACCM, MRU 1400, compression of everything, CCP, and a challenge again while the link is up.
static void pppd(void **)
{
	setup(PPP_AUTH_CHAP_MD5);
	testing_recv(&sim, PPP_LCP, "0101001d 01040578 020600000000 0305c22305 0506a1b2c3d4 0702 0802", 1);
	assert_string_equal(testing_sent(&sim), "c021 0201001d010405780206000000000305c223050506a1b2c3d407020802");
	testing_recv(&sim, PPP_LCP, "02010008 010405b4", 2);
	assert_int_equal(ppp_link_result(&sim.link)->mru, 1400);
	assert_true(ppp_link_result(&sim.link)->pfc);
	testing_recv(&sim, PPP_LCP, "09000008 a1b2c3d4", 3);
	assert_string_equal(testing_sent(&sim), "c021 0a00000800000000");
	testing_recv(&sim, PPP_CHAP, "01330017 10b1ba8d53190b7ce3334f49341d6c7191 766d", 4);
	assert_memory_equal(testing_sent(&sim), "c223 0233001910", 15);
	testing_recv(&sim, PPP_CHAP, "0333000b 41636365737300", 5);
	assert_memory_equal(testing_last(&sim, PPP_EVENT_LCP_UP)->text, "", 1);
	assert_string_equal(testing_last(&sim, PPP_EVENT_AUTH_OK)->text, "Access");
	testing_recv(&sim, PPP_CCP, "01010009 1a0478000015", 6); // malformed inside, and none of our business
	assert_string_equal(testing_sent(&sim), "8021 01010016030600000000810600000000830600000000");
	assert_string_equal(testing_sent(&sim), "c021 0800001080fd010100091a0478000015");
	testing_recv(&sim, PPP_IPCP, "01010010 0206002d0f01 03060a500001", 7);
	assert_string_equal(testing_sent(&sim), "8021 0401000a0206002d0f01");
	testing_recv(&sim, PPP_IPCP, "0102000a 03060a500001", 8);
	assert_string_equal(testing_sent(&sim), "8021 0202000a03060a500001");
	testing_recv(&sim, PPP_IPCP, "0401000a 810600000000", 9); // ms-dns not configured: one of them
	testing_recv(&sim, PPP_IPCP, "0402000a 830600000000", 9); // and the other
	testing_recv(&sim, PPP_IPCP, "0303000a 03060a500064", 9);
	testing_recv(&sim, PPP_IPCP, "0204000a 03060a500064", 9);
	assert_string_equal(testing_events(&sim), "lcp-up auth-ok ipv4-up up");
	sim.read_count = sim.sent_count;
	testing_recv(&sim, PPP_CHAP, "01340017 10b1ba8d53190b7ce3334f49341d6c7191 766d", 60000);
	assert_memory_equal(testing_sent(&sim), "c223 0234001910", 15);
	testing_recv(&sim, PPP_CHAP, "03340004", 60001);
	assert_true(ppp_link_is_up(&sim.link));
	testing_recv(&sim, PPP_CHAP, "01350017 10b1ba8d53190b7ce3334f49341d6c7191 766d", 90000);
	testing_recv(&sim, PPP_CHAP, "04350007 6e6f21", 90001); // refused this time
	assert_int_equal(testing_last(&sim, PPP_EVENT_ENDED)->reason, PPP_REASON_AUTH_REFUSED);
	assert_string_equal(testing_last(&sim, PPP_EVENT_ENDED)->text, "no!");
}

// The Ack to our Success was lost on the way: its first network packet says as much.
static void a_lost_success(void **)
{
	setup(PPP_AUTH_CHAP_MD5);
	testing_recv(&sim, PPP_LCP, "0101000d 010405b6 0305c22305", 1);
	testing_recv(&sim, PPP_LCP, "02010008 010405b4", 2);
	testing_recv(&sim, PPP_IPCP, "0101000a 03060a4c0001", 3); // too early: no response went out yet
	assert_int_equal(sim.counters.out_of_phase, 1);
	testing_recv(&sim, PPP_CHAP, "01010017 10b1ba8d53190b7ce3334f49341d6c7191 766d", 4);
	testing_recv(&sim, PPP_IPCP, "0102000a 03060a4c0001", 5);
	assert_string_equal(testing_events(&sim), "lcp-up auth-ok");
	assert_int_equal(ppp_link_phase(&sim.link), PPP_PHASE_NETWORK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(l2tpns),
		cmocka_unit_test(l2tpns_ipv6),
		cmocka_unit_test(softether),
		cmocka_unit_test(pppd),
		cmocka_unit_test(a_lost_success),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
