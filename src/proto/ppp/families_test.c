// SPDX-License-Identifier: Apache-2.0
// Which families a link has, where its host decides more than the options say.
#include "proto/ppp/testing.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_link_may_want_less),
		cmocka_unit_test(the_host_may_decide),
	};

	return cmocka_run_group_tests_name("ppp families", tests, NULL, NULL);
}
