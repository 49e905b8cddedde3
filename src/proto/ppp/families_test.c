// SPDX-License-Identifier: Apache-2.0
// Which families a link has, where its host decides more than the options say.
#include "proto/ppp/testing.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct testing_end sim, lns;
static struct testing_wire wire;

static void setup(void)
{
	testing_client(&sim, NULL, NULL);
	testing_server(&lns, PPP_AUTH_NONE, NULL, NULL);
	wire = (struct testing_wire){.seed = 1, .delay_min_ms = 10, .delay_max_ms = 10};
}

// The SIM asked for one family of the two that the options allow: the other is not even asked for.
static void a_link_may_want_less(void **)
{
	setup();
	sim.options.ip6cp = lns.options.ip6cp = true;
	ppp_link_want_families(&sim.link, false, true);
	testing_join(&wire, &sim, &lns);
	ppp_link_up(&lns.link, 0);
	ppp_link_up(&sim.link, 0);
	testing_run(&wire, &sim, &lns, 1000);
	assert_string_equal(testing_events(&sim), "lcp-up ipv6-up up");
	assert_false(ppp_link_result(&sim.link)->has_ipv4);
}

// An LNS that says nothing to IPv6CP: the host has waited long enough.
static void the_host_may_decide(void **)
{
	setup();
	sim.options.ip6cp = true;
	sim.options.magic = false;
	ppp_link_up(&sim.link, 0);
	testing_recv(&sim, PPP_LCP, "01030008 010405b6", 1);
	testing_recv(&sim, PPP_LCP, "02010008 010405b4", 1);
	testing_recv(&sim, PPP_IPCP, "01030004", 1);
	ppp_link_decide(&sim.link, 2);
	assert_string_equal(testing_events(&sim), "lcp-up");
	testing_recv(&sim, PPP_IPCP, "04010010 8106000000008306 00000000", 3);
	testing_recv(&sim, PPP_IPCP, "0302000a 03060a4d0001", 3);
	testing_recv(&sim, PPP_IPCP, "0203000a 03060a4d0001", 3);
	assert_string_equal(testing_events(&sim), "lcp-up ipv4-up");
	ppp_link_decide(&sim.link, 2000);
	assert_string_equal(testing_events(&sim), "lcp-up ipv4-up up");
	assert_int_equal(ppp_link_result(&sim.link)->ipv6_reason, PPP_REASON_NCP_TIMEOUT);
	ppp_link_decide(&sim.link, 2001);
	assert_string_equal(testing_events(&sim), "lcp-up ipv4-up up");
}

static void open_lcp(void)
{
	setup();
	sim.options.ip6cp = true;
	sim.options.magic = false;
}

static void agree_lcp(void)
{
	ppp_link_up(&sim.link, 0);
	testing_recv(&sim, PPP_LCP, "01030008 010405b6", 1);
	testing_recv(&sim, PPP_LCP, "02010008 010405b4", 1);
	assert_string_equal(testing_sent(&sim), "c021 01010008010405b4");
	assert_string_equal(testing_sent(&sim), "c021 02030008010405b6");
}

static void give_ipv4(uint64_t now_ms)
{
	assert_string_equal(testing_sent(&sim), "8021 01010016030600000000810600000000830600000000");
	assert_string_equal(testing_sent(&sim), "");
	testing_recv(&sim, PPP_IPCP, "01030004", now_ms);
	assert_string_equal(testing_sent(&sim), "8021 02030004");
	testing_recv(&sim, PPP_IPCP, "04010010 810600000000 830600000000", now_ms);
	assert_string_equal(testing_sent(&sim), "8021 0102000a030600000000");
	testing_recv(&sim, PPP_IPCP, "0302000a 03060a4d0001", now_ms);
	assert_string_equal(testing_sent(&sim), "8021 0103000a03060a4d0001");
	testing_recv(&sim, PPP_IPCP, "0203000a 03060a4d0001", now_ms);
}

static bool asks_ipv6(void)
{
	return strncmp(testing_sent(&sim), "8057 01", 7) == 0;
}

// SoftEther's PPP stands still over its first IPv6CP request, and would leave IPCP unfinished.
static void ipv6_after_ipv4(void **)
{
	open_lcp();
	ppp_link_want_ip6_when(&sim.link, PPP_IP6_AFTER_IPV4);
	agree_lcp();
	give_ipv4(2);
	assert_true(asks_ipv6());
	assert_string_equal(testing_events(&sim), "lcp-up ipv4-up");
}

static void ipv6_when_ipv4_is_refused_or_silent(void **)
{
	open_lcp();
	ppp_link_want_ip6_when(&sim.link, PPP_IP6_AFTER_IPV4);
	agree_lcp();
	assert_string_equal(testing_sent(&sim), "8021 01010016030600000000810600000000830600000000");
	testing_recv(&sim, PPP_LCP, "0804000a 8021 01010016", 2); // Protocol-Reject
	assert_string_equal(testing_sent(&sim), "8021 05020004");
	assert_true(asks_ipv6());

	open_lcp();
	ppp_link_want_ip6_when(&sim.link, PPP_IP6_INSTEAD);
	agree_lcp();
	assert_string_equal(testing_sent(&sim), "8021 01010016030600000000810600000000830600000000");
	ppp_link_tick(&sim.link, sim.options.first_restart_ms + 1);
	assert_string_equal(testing_sent(&sim), "8021 01010016030600000000810600000000830600000000");
	assert_true(asks_ipv6());
}

static void ipv6_only_instead(void **)
{
	open_lcp();
	ppp_link_want_ip6_when(&sim.link, PPP_IP6_INSTEAD);
	agree_lcp();
	give_ipv4(2);
	assert_string_equal(testing_sent(&sim), "");
	assert_string_equal(testing_events(&sim), "lcp-up ipv4-up up");
}

static void a_peer_that_speaks_of_ipv6_first(void **)
{
	open_lcp();
	ppp_link_want_ip6_when(&sim.link, PPP_IP6_INSTEAD);
	agree_lcp();
	assert_string_equal(testing_sent(&sim), "8021 01010016030600000000810600000000830600000000");
	testing_recv(&sim, PPP_IPV6CP, "0107000e 010a0000000000000001", 2);
	assert_true(asks_ipv6());
	assert_string_equal(testing_sent(&sim), "8057 0207000e010a0000000000000001");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_link_may_want_less),
		cmocka_unit_test(the_host_may_decide),
		cmocka_unit_test(ipv6_after_ipv4),
		cmocka_unit_test(ipv6_when_ipv4_is_refused_or_silent),
		cmocka_unit_test(ipv6_only_instead),
		cmocka_unit_test(a_peer_that_speaks_of_ipv6_first),
	};

	return cmocka_run_group_tests_name("ppp families", tests, NULL, NULL);
}
