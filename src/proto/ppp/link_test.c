// SPDX-License-Identifier: Apache-2.0
// Two links against each other: the ways to authenticate, a bad wire, ends of all kinds, renegotiation, echo, proxy, records.

#include "proto/ppp/link.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/clean.h"
#include "base/wire.h"
#include "proto/ppp/mschap.h"
#include "proto/ppp/testing.h"

static struct testing_end sim, lns;
static struct testing_wire wire;

static void setup(uint8_t auth, const char *user, const char *password)
{
	wire = (struct testing_wire){.now_ms = 1000, .delay_min_ms = 10, .delay_max_ms = 10, .seed = 1};
	testing_client(&sim, user, password);
	testing_server(&lns, auth, "sim1", "pass1");
	testing_join(&wire, &sim, &lns);
}

static void go(uint64_t for_ms)
{
	ppp_link_up(&sim.link, wire.now_ms);
	ppp_link_up(&lns.link, wire.now_ms);
	testing_run(&wire, &sim, &lns, wire.now_ms + for_ms);
}

static void assert_full(void)
{
	const struct ppp_result *result = ppp_link_result(&sim.link);

	assert_true(ppp_link_is_up(&sim.link));
	assert_true(ppp_link_is_up(&lns.link));
	assert_int_equal(result->address, 0x0a4d0007);
	assert_int_equal(result->peer_address, 0x0a4c0001);
	assert_int_equal(result->dns[0], 0x0a4d0035);
	assert_int_equal(result->dns[1], 0x0a4d0036);
	assert_int_equal(result->mru, 1460);
	assert_int_equal(ppp_link_result(&lns.link)->peer_address, 0x0a4d0007);
}

static void no_authentication(void **)
{
	setup(PPP_AUTH_NONE, NULL, NULL);
	go(1000);
	assert_full();
	assert_string_equal(testing_events(&sim), "lcp-up ipv4-up up");
	assert_int_equal(ppp_link_result(&sim.link)->auth, PPP_AUTH_NONE);
	assert_int_equal(ppp_link_next(&sim.link), PPP_NEVER);
}

static void each_way_to_authenticate(void **)
{
	static const uint8_t ways[] = {PPP_AUTH_PAP, PPP_AUTH_CHAP_MD5, PPP_AUTH_MSCHAPV2};

	for (size_t i = 0; i < array_len(ways); i++) {
		setup(ways[i], "sim1", "pass1");
		go(1000);
		assert_full();
		assert_string_equal(testing_events(&sim), "lcp-up auth-ok ipv4-up up");
		assert_string_equal(testing_events(&lns), "lcp-up auth-ok ipv4-up up");
		assert_int_equal(ppp_link_result(&sim.link)->auth, ways[i]);
		assert_int_equal(ppp_link_result(&lns.link)->auth, ways[i]);
		assert_int_equal(sim.counters.illegal + lns.counters.illegal, 0);
	}
}

// The clean way takes no more than these packets: the attach time is made of them.
static void a_clean_attach_is_short(void **)
{
	setup(PPP_AUTH_CHAP_MD5, "sim1", "pass1");
	go(1000);
	assert_int_equal(sim.counters.sent, 6); // LCP request, ack; response; IPCP request twice, ack
	assert_true(wire.now_ms - 1000 <= 90);
}

static void wrong_passwords(void **)
{
	static const uint8_t ways[] = {PPP_AUTH_PAP, PPP_AUTH_CHAP_MD5, PPP_AUTH_MSCHAPV2};
	static const char *const wrong[][2] = {{"sim1", "pass2"}, {"sim2", "pass1"}, {"sim1", ""}};

	for (size_t i = 0; i < array_len(ways); i++)
		for (size_t j = 0; j < array_len(wrong); j++) {
			setup(ways[i], wrong[j][0], wrong[j][1]);
			go(20000);
			testing_pass(&wire, &sim, &lns, wire.now_ms + 1000);
			assert_string_equal(testing_events(&sim), "lcp-up auth-failed ended");
			assert_int_equal(testing_last(&sim, PPP_EVENT_ENDED)->reason, PPP_REASON_AUTH_REFUSED);
			assert_non_null(strstr(testing_last(&sim, PPP_EVENT_AUTH_FAILED)->text, "wrong name or password"));
			assert_int_equal(testing_last(&lns, PPP_EVENT_ENDED)->reason, PPP_REASON_PEER_BAD_CREDENTIALS);
		}
}

// MS-CHAPv2 is mutual: an LNS that says yes without knowing the password is found out by its proof.
static void a_false_lns_is_found_out(void **)
{
	static const char *const yes[] = {
		"0309002e 533d34303741353538393131354644304436323039463531304645394330343536363933324344413536",
		"03090004", // no proof at all
		"0309002d 533d343037413535383931313546443044363230394635313046453943303435363639333243444135",
	};

	for (size_t i = 0; i < array_len(yes); i++) {
		setup(PPP_AUTH_MSCHAPV2, "sim1", "pass1");
		lns.wire = NULL; // the LNS's own verdict never arrives
		ppp_link_up(&lns.link, 1000);
		sim.options.magic = false;
		sim.options.mru = 1500; // so that our LCP request is empty
		sim.wire = NULL;
		ppp_link_up(&sim.link, 1000);
		testing_recv(&sim, PPP_LCP, "01010009 0305c22381", 1000);
		testing_recv(&sim, PPP_LCP, "02010004", 1000);
		testing_recv(&sim, PPP_CHAP, "01090015 10 5b5d7c7d7b3f2f3e3c2c602132262628", 1000);
		testing_recv(&sim, PPP_CHAP, yes[i], 1000);
		assert_int_equal(testing_last(&sim, PPP_EVENT_ENDED)->reason, PPP_REASON_AUTH_PEER_UNPROVEN);
	}
}

// A wire that loses a third, doubles and reorders: every run comes up, with the same result.
static void a_bad_wire(void **)
{
	static const uint8_t ways[] = {PPP_AUTH_NONE, PPP_AUTH_PAP, PPP_AUTH_CHAP_MD5, PPP_AUTH_MSCHAPV2};
	unsigned int failed = 0;

	for (uint32_t seed = 1; seed <= 100; seed++) {
		setup(ways[seed % 4], "sim1", "pass1");
		wire = (struct testing_wire){.now_ms = 1000,
			.seed = seed,
			.loss = seed % 30,
			.duplicate = seed % 40,
			.delay_min_ms = 5,
			.delay_max_ms = 300};
		sim.options.auth_timeout_ms = lns.options.auth_timeout_ms = 60000;
		sim.options.ip6cp = lns.options.ip6cp = seed % 2;
		sim.seed = seed;
		go(120000);
		if (!ppp_link_is_up(&sim.link) || !ppp_link_is_up(&lns.link)) {
			failed++;
			continue;
		}
		// Late packets may start a renegotiation; it ends well too.
		wire.loss = wire.duplicate = 0;
		testing_pass(&wire, &sim, &lns, wire.now_ms + 30000);
		assert_full();
	}
	assert_int_equal(failed, 0);
}

static void nobody_there(void **)
{
	setup(PPP_AUTH_NONE, NULL, NULL);
	wire.cut = true;
	ppp_link_up(&sim.link, 1000);
	testing_pass(&wire, &sim, &lns, 60000);
	assert_string_equal(testing_events(&sim), "ended");
	assert_int_equal(testing_last(&sim, PPP_EVENT_ENDED)->reason, PPP_REASON_LCP_SILENT);
	assert_int_equal(sim.counters.sent, 10); // Max-Configure, and no last words to nobody
}

// The first repeats come at 1, 2 and then every 3 s (RFC 1661 4.6, with a shorter start).
static void repeats_back_off(void **)
{
	setup(PPP_AUTH_NONE, NULL, NULL);
	sim.wire = NULL;
	ppp_link_up(&sim.link, 1000);
	assert_int_equal(ppp_link_next(&sim.link), 2000);
	ppp_link_tick(&sim.link, 2000);
	assert_int_equal(ppp_link_next(&sim.link), 4000);
	ppp_link_tick(&sim.link, 4000);
	assert_int_equal(ppp_link_next(&sim.link), 7000);
	ppp_link_tick(&sim.link, 7000);
	assert_int_equal(ppp_link_next(&sim.link), 10000);
}

static void close_in_order(void **)
{
	setup(PPP_AUTH_PAP, "sim1", "pass1");
	go(1000);
	ppp_link_close(&sim.link, wire.now_ms);
	assert_string_equal(testing_events(&sim), "lcp-up auth-ok ipv4-up up down");
	testing_pass(&wire, &sim, &lns, wire.now_ms + 100);
	assert_string_equal(testing_events(&sim), "lcp-up auth-ok ipv4-up up down ended");
	assert_int_equal(testing_last(&sim, PPP_EVENT_ENDED)->reason, PPP_REASON_CLOSED);
	assert_string_equal(testing_events(&lns), "lcp-up auth-ok ipv4-up up down ended");
	assert_int_equal(testing_last(&lns, PPP_EVENT_ENDED)->reason, PPP_REASON_PEER_TERMINATED);
	ppp_link_close(&sim.link, wire.now_ms); // harmless
	assert_int_equal(ppp_link_next(&sim.link), PPP_NEVER);
	assert_int_equal(ppp_link_phase(&sim.link), PPP_PHASE_DEAD);
}

static void close_to_a_dead_peer(void **)
{
	setup(PPP_AUTH_PAP, "sim1", "pass1");
	go(1000);
	wire.cut = true;
	ppp_link_close(&sim.link, wire.now_ms);
	testing_pass(&wire, &sim, &lns, wire.now_ms + 10000);
	assert_int_equal(testing_last(&sim, PPP_EVENT_ENDED)->reason, PPP_REASON_CLOSED);
}

static void close_before_up(void **)
{
	setup(PPP_AUTH_NONE, NULL, NULL);
	ppp_link_up(&sim.link, 1000);
	ppp_link_close(&sim.link, 1000);
	assert_string_equal(testing_events(&sim), "ended");
	assert_int_equal(ppp_link_next(&sim.link), PPP_NEVER);
}

static void down_is_silent(void **)
{
	size_t sent;

	setup(PPP_AUTH_PAP, "sim1", "pass1");
	go(1000);
	sent = sim.sent_count;
	ppp_link_down(&sim.link);
	assert_string_equal(testing_events(&sim), "lcp-up auth-ok ipv4-up up");
	assert_int_equal(sim.sent_count, sent);
	assert_false(ppp_link_is_up(&sim.link));
	assert_int_equal(ppp_link_next(&sim.link), PPP_NEVER);
}

// The LNS restarts LCP in Opened: down, and up again, with the address that it gives then.
static void the_lns_renegotiates(void **)
{
	setup(PPP_AUTH_CHAP_MD5, "sim1", "pass1");
	go(1000);
	sim.event_count = 0;
	ppp_link_down(&lns.link);
	testing_server(&lns, PPP_AUTH_CHAP_MD5, "sim1", "pass1");
	testing_join(&wire, &sim, &lns);
	lns.pool = 0x0a4d0099;
	lns.seed = 4711;
	ppp_link_up(&lns.link, wire.now_ms);
	testing_pass(&wire, &sim, &lns, wire.now_ms + 5000);
	assert_string_equal(testing_events(&sim), "down lcp-up auth-ok ipv4-up up");
	assert_int_equal(testing_last(&sim, PPP_EVENT_DOWN)->reason, PPP_REASON_PEER_RENEGOTIATES);
	assert_int_equal(ppp_link_result(&sim.link)->address, 0x0a4d0099);
	assert_int_equal(sim.counters.renegotiations, 1);
}

static void an_old_address_is_asked_for(void **)
{
	setup(PPP_AUTH_NONE, NULL, NULL);
	ppp_link_want_address(&sim.link, 0x0a4d0007);
	go(1000);
	assert_full();
	setup(PPP_AUTH_NONE, NULL, NULL);
	ppp_link_want_address(&sim.link, 0x0a4d0123); // another is given
	go(1000);
	assert_full();
}

static void no_address_left(void **)
{
	setup(PPP_AUTH_NONE, NULL, NULL);
	lns.pool = 0;
	go(20000);
	testing_pass(&wire, &sim, &lns, wire.now_ms + 1000);
	assert_int_equal(testing_last(&sim, PPP_EVENT_ENDED)->reason, PPP_REASON_NO_ADDRESS);
}

static void both_families(void **)
{
	setup(PPP_AUTH_PAP, "sim1", "pass1");
	sim.options.ip6cp = lns.options.ip6cp = true;
	go(1000);
	assert_full();
	assert_true(ppp_link_result(&sim.link)->has_ipv6);
	assert_memory_equal(ppp_link_result(&sim.link)->interface_id, ppp_link_result(&lns.link)->peer_interface_id, 8);
	assert_memory_equal(ppp_link_result(&lns.link)->interface_id, ppp_link_result(&sim.link)->peer_interface_id, 8);
}

// IPv4v6 toward an LNS that has IPv4 only: up with what there is, and the reason for the rest.
static void one_family_refused(void **)
{
	setup(PPP_AUTH_PAP, "sim1", "pass1");
	sim.options.ip6cp = true;
	go(1000);
	assert_full();
	assert_string_equal(testing_events(&sim), "lcp-up auth-ok ipv4-up up");
	assert_false(ppp_link_result(&sim.link)->has_ipv6);
	assert_int_equal(ppp_link_result(&sim.link)->ipv6_reason, PPP_REASON_NCP_REJECTED);
}

static void all_families_refused(void **)
{
	setup(PPP_AUTH_NONE, NULL, NULL);
	sim.options.ipcp = false;
	sim.options.ip6cp = true;
	go(5000);
	testing_pass(&wire, &sim, &lns, wire.now_ms + 100);
	assert_string_equal(testing_events(&sim), "lcp-up ended");
	assert_int_equal(testing_last(&sim, PPP_EVENT_ENDED)->reason, PPP_REASON_NCP_REJECTED);
}

static void authentication_falls_back(void **)
{
	setup(PPP_AUTH_PAP | PPP_AUTH_CHAP_MD5 | PPP_AUTH_MSCHAPV2, "sim1", "pass1");
	sim.options.auth_accept = PPP_AUTH_PAP;
	go(1000);
	assert_full();
	assert_int_equal(ppp_link_result(&sim.link)->auth, PPP_AUTH_PAP);
}

static void no_way_to_authenticate(void **)
{
	setup(PPP_AUTH_CHAP_MD5, "sim1", "pass1");
	sim.options.auth_accept = PPP_AUTH_PAP;
	go(30000);
	testing_pass(&wire, &sim, &lns, wire.now_ms + 100);
	assert_int_equal(testing_last(&lns, PPP_EVENT_ENDED)->reason, PPP_REASON_AUTH_PROTOCOL);
	assert_string_equal(testing_events(&sim), "ended"); // at once, by the LNS's Terminate-Request
	assert_int_equal(testing_last(&sim, PPP_EVENT_ENDED)->reason, PPP_REASON_AUTH_PROTOCOL);
}

// What a host that runs out of patience may tell, at each point of the way.
static void what_it_waits_for(void **)
{
	setup(PPP_AUTH_NONE, NULL, NULL);
	sim.options.magic = false;
	ppp_link_up(&sim.link, 0);
	assert_int_equal(ppp_link_suspect(&sim.link), PPP_REASON_LCP_SILENT);
	testing_recv(&sim, PPP_LCP, "01010008 0304c227", 0); // EAP
	assert_int_equal(ppp_link_suspect(&sim.link), PPP_REASON_AUTH_PROTOCOL);
	testing_recv(&sim, PPP_LCP, "01020009 0305c22305", 0);
	assert_int_equal(ppp_link_suspect(&sim.link), PPP_REASON_LCP_TIMEOUT);
	testing_recv(&sim, PPP_LCP, "02010008 010405b4", 0);
	assert_int_equal(ppp_link_suspect(&sim.link), PPP_REASON_AUTH_TIMEOUT);
	setup(PPP_AUTH_NONE, NULL, NULL);
	lns.options.ipcp = false;
	lns.options.ip6cp = true;
	sim.options.auth_timeout_ms = 60000;
	go(25);
	assert_int_equal(ppp_link_suspect(&sim.link), PPP_REASON_NCP_TIMEOUT);
	setup(PPP_AUTH_NONE, NULL, NULL);
	go(1000);
	assert_int_equal(ppp_link_suspect(&sim.link), PPP_REASON_NONE);
}

static void a_sim_without_password(void **)
{
	setup(PPP_AUTH_PAP, NULL, NULL);
	go(5000);
	assert_string_equal(testing_events(&sim), "lcp-up auth-failed ended");
	assert_int_equal(testing_last(&sim, PPP_EVENT_ENDED)->reason, PPP_REASON_AUTH_NO_CREDENTIALS);
}

// The SIM's own CHAP answer: good for its own challenge, and a reason of its own for any other.
static void ue_chap(void **)
{
	uint8_t challenge[16] = {1, 2, 3}, response[16] = {9, 9};

	setup(PPP_AUTH_CHAP_MD5, "sim1", NULL);
	sim.credentials.ue_challenge = challenge;
	sim.credentials.ue_challenge_len = sizeof(challenge);
	sim.credentials.ue_response = response;
	sim.credentials.ue_chap_id = 5;
	go(5000);
	assert_int_equal(testing_last(&sim, PPP_EVENT_ENDED)->reason, PPP_REASON_AUTH_UE_CHAP);
	assert_non_null(strstr(ppp_reason_info(PPP_REASON_AUTH_UE_CHAP)->words, "no password is stored"));

	setup(PPP_AUTH_CHAP_MD5, "sim1", NULL);
	sim.wire = NULL;
	sim.options.proxy_sent = true;
	sim.credentials.ue_challenge = challenge;
	sim.credentials.ue_challenge_len = sizeof(challenge);
	sim.credentials.ue_response = response;
	sim.credentials.ue_chap_id = 5;
	ppp_link_up(&sim.link, 0);
	testing_recv(&sim, PPP_CHAP, "01050015 10 01020300000000000000000000000000", 0);
	assert_string_equal(testing_sent(&sim),
		"c223 020500191009090000000000000000000000000000"
		"73696d31");
}

static void echo_finds_a_dead_peer(void **)
{
	setup(PPP_AUTH_NONE, NULL, NULL);
	sim.options.echo_interval_ms = 30000;
	go(1000);
	testing_pass(&wire, &sim, &lns, wire.now_ms + 200000);
	assert_true(ppp_link_is_up(&sim.link));
	assert_true(sim.counters.echo_sent >= 6);
	assert_int_equal(sim.counters.echo_lost, 0);
	wire.cut = true;
	testing_pass(&wire, &sim, &lns, wire.now_ms + 40000);
	assert_int_equal(testing_last(&sim, PPP_EVENT_ENDED)->reason, PPP_REASON_ECHO_TIMEOUT);
	assert_int_equal(sim.counters.echo_lost, 3);
}

static void a_probe_on_order(void **)
{
	setup(PPP_AUTH_NONE, NULL, NULL);
	go(1000);
	ppp_link_probe(&sim.link, wire.now_ms);
	testing_pass(&wire, &sim, &lns, wire.now_ms + 10000);
	assert_true(ppp_link_is_up(&sim.link));
	assert_int_equal(sim.counters.echo_sent, 1);
	assert_int_equal(ppp_link_next(&sim.link), PPP_NEVER); // no interval: silent again
	wire.cut = true;
	ppp_link_probe(&sim.link, wire.now_ms);
	testing_pass(&wire, &sim, &lns, wire.now_ms + 10000);
	assert_int_equal(testing_last(&sim, PPP_EVENT_ENDED)->reason, PPP_REASON_ECHO_TIMEOUT);
}

// A line that gives our own packets back.
static void a_looped_line(void **)
{
	setup(PPP_AUTH_NONE, NULL, NULL);
	testing_join(&wire, &sim, &sim);
	ppp_link_up(&sim.link, 1000);
	testing_pass(&wire, &sim, &lns, 60000);
	assert_int_equal(testing_last(&sim, PPP_EVENT_ENDED)->reason, PPP_REASON_LOOPED);
}

static void proxy_that_the_lns_takes(void **)
{
	uint8_t received[64], sent[64];
	struct wire_out in = wire_out(received, sizeof(received)), out = wire_out(sent, sizeof(sent));

	setup(PPP_AUTH_CHAP_MD5, "sim1", "pass1");
	sim.options.proxy_sent = true;
	assert_int_equal(ppp_link_proxy_lcp(&sim.link, PPP_AUTH_CHAP_MD5, &in, &out), 0);
	assert_int_equal(wire_used(&in), 10); // MRU and magic number
	assert_memory_equal(received, "\x01\x04\x05\xb4\x05\x06", 6);
	assert_int_equal(wire_used(&out), 15);
	assert_memory_equal(sent, "\x01\x04\x05\xb4\x03\x05\xc2\x23\x05\x05\x06", 11);
	ppp_link_up(&sim.link, 1000);
	assert_int_equal(sim.sent_count, 0); // it waits for the LNS's choice
	testing_recv(&sim, PPP_CHAP, "03070004", 1010); // Success for the exchange in the AVPs
	assert_string_equal(testing_events(&sim), "auth-ok");
	assert_int_equal(ppp_link_phase(&sim.link), PPP_PHASE_NETWORK);
	testing_recv(&sim, PPP_IPCP, "0101000a 03060a4c0001", 1010);
	testing_recv(&sim, PPP_IPCP, "03010016 03060a4d0007 81060a4d0035 83060a4d0036", 1010);
	testing_recv(&sim, PPP_IPCP, "02020016 03060a4d0007 81060a4d0035 83060a4d0036", 1020);
	assert_string_equal(testing_events(&sim), "auth-ok ipv4-up up");
	assert_int_equal(ppp_link_result(&sim.link)->mru, 1460);
}

// An LNS that takes what the ICCN says: no LCP packet crosses the line, and the verdict is on the proxied exchange.
static void proxied_from_end_to_end(uint8_t auth, bool trust, const char *password)
{
	uint8_t received[64], sent[64], challenge[16] = {1, 2, 3}, response[16];
	struct wire_out in = wire_out(received, sizeof(received)), out = wire_out(sent, sizeof(sent));
	struct ppp_proxy proxy = {.auth_type = auth == PPP_AUTH_PAP ? 3 : 2, .auth_id = 9, .trust_auth = trust};

	setup(auth, "sim1", "pass1");
	sim.options.proxy_sent = true;
	lns.password = password;
	assert_int_equal(ppp_link_proxy_lcp(&sim.link, auth, &in, &out), 0);
	chap_md5(9, "pass1", 5, challenge, sizeof(challenge), response);
	proxy.received_lcp = received;
	proxy.received_lcp_len = wire_used(&in);
	proxy.sent_lcp = sent;
	proxy.sent_lcp_len = wire_used(&out);
	proxy.name = "sim1";
	proxy.name_len = 4;
	proxy.challenge = challenge;
	proxy.challenge_len = sizeof(challenge);
	proxy.response = auth == PPP_AUTH_PAP ? (const void *)"pass1" : response;
	proxy.response_len = auth == PPP_AUTH_PAP ? 5 : sizeof(response);
	ppp_link_up(&sim.link, wire.now_ms);
	assert_true(ppp_link_up_proxied(&lns.link, &proxy, wire.now_ms));
	testing_run(&wire, &sim, &lns, wire.now_ms + 3000);
}

static void proxy_end_to_end(void **)
{
	static const uint8_t ways[] = {PPP_AUTH_PAP, PPP_AUTH_CHAP_MD5};

	for (size_t i = 0; i < array_len(ways); i++) {
		proxied_from_end_to_end(ways[i], true, "pass1");
		assert_full();
		assert_string_equal(testing_events(&sim), "auth-ok ipv4-up up");
		assert_int_equal(sim.sent[0].protocol, PPP_IPCP);
		proxied_from_end_to_end(ways[i], true, "pass2");
		testing_pass(&wire, &sim, &lns, wire.now_ms + 100);
		assert_int_equal(testing_last(&sim, PPP_EVENT_ENDED)->reason, PPP_REASON_AUTH_REFUSED);
		assert_int_equal(testing_last(&lns, PPP_EVENT_ENDED)->reason, PPP_REASON_PEER_BAD_CREDENTIALS);
	}
	proxied_from_end_to_end(PPP_AUTH_CHAP_MD5, false, "pass1"); // LCP is taken, the challenge is a fresh one
	assert_full();
	assert_int_equal(sim.sent[0].protocol, PPP_CHAP);
}

static void proxy_that_does_not_fit(void **)
{
	struct ppp_proxy proxy = {.received_lcp = "\x11\x04\x06\x4e", .received_lcp_len = 4}; // multilink

	setup(PPP_AUTH_PAP, "sim1", "pass1");
	assert_false(ppp_link_up_proxied(&lns.link, &proxy, 0));
	proxy.received_lcp = "\x01\x04\x05\xb4";
	assert_false(ppp_link_up_proxied(&lns.link, &proxy, 0)); // no authentication was agreed, and we want one
	proxy.received_lcp = "\x01\x00\x05\xb4";
	assert_false(ppp_link_up_proxied(&lns.link, &proxy, 0));
	assert_int_equal(lns.sent_count + lns.event_count, 0);
	ppp_link_up(&lns.link, 0);
	assert_int_equal(lns.sent_count, 1);
}

static void proxy_that_the_lns_ignores(void **)
{
	setup(PPP_AUTH_CHAP_MD5, "sim1", "pass1");
	sim.options.proxy_sent = true;
	go(1000);
	assert_full();
	assert_string_equal(testing_events(&sim), "lcp-up auth-ok ipv4-up up");
}

// The LNS says nothing to IPCP: LCP is negotiated after all.
static void proxy_and_a_waiting_lns(void **)
{
	setup(PPP_AUTH_CHAP_MD5, "sim1", "pass1");
	sim.options.proxy_sent = true;
	ppp_link_up(&sim.link, 1000);
	testing_pass(&wire, &sim, &lns, 4400);
	assert_int_equal(ppp_link_phase(&sim.link), PPP_PHASE_NETWORK);
	testing_pass(&wire, &sim, &lns, 4600);
	assert_int_equal(ppp_link_phase(&sim.link), PPP_PHASE_ESTABLISH);
}

static void a_record_goes_on(void **)
{
	struct ppp_record record;
	struct testing_end again;

	setup(PPP_AUTH_CHAP_MD5, "sim1", "pass1");
	assert_int_equal(ppp_link_save(&sim.link, &record), -EAGAIN);
	go(1000);
	assert_int_equal(ppp_link_save(&sim.link, &record), 0);
	testing_client(&again, "sim1", "pass1");
	assert_int_equal(ppp_link_resume(&again.link, sim.link.ops, &again.options, &record, wire.now_ms), 0);
	testing_join(&wire, &again, &lns);
	assert_true(ppp_link_is_up(&again.link));
	assert_memory_equal(ppp_link_result(&again.link), &record.result, sizeof(record.result));
	ppp_link_probe(&lns.link, wire.now_ms);
	ppp_link_probe(&again.link, wire.now_ms);
	testing_pass(&wire, &again, &lns, wire.now_ms + 10000);
	assert_true(ppp_link_is_up(&lns.link));
	assert_int_equal(again.event_count, 0);
	assert_int_equal(again.counters.echo_lost + lns.counters.echo_lost, 0);
	again.read_count = again.sent_count;
	testing_recv(
		&again, PPP_CHAP, "0163001510000102030405060708090a0b0c0d0e0f", wire.now_ms); // a challenge after the restart
	assert_memory_equal(testing_sent(&again), "c223 0263001910", 15);
	ppp_link_close(&again.link, wire.now_ms);
	testing_pass(&wire, &again, &lns, wire.now_ms + 1000);
	assert_int_equal(testing_last(&lns, PPP_EVENT_ENDED)->reason, PPP_REASON_PEER_TERMINATED);

	record.version++;
	assert_int_equal(ppp_link_resume(&again.link, sim.link.ops, &again.options, &record, 0), -EINVAL);
	record.version--;
	record.result.address = 0;
	assert_int_equal(ppp_link_resume(&again.link, sim.link.ops, &again.options, &record, 0), -EINVAL);
}

// An LNS may ask for the password again at any time (RFC 1994 1.1), and its verdict may come when the link rests.
static void a_link_that_rests(void **)
{
	for (int refused = 0; refused < 2; refused++) {
		setup(PPP_AUTH_CHAP_MD5, "sim1", "pass1");
		go(1000);
		testing_pass(&wire, &sim, &lns, wire.now_ms + 1000);
		testing_rest(&sim, wire.now_ms);
		sim.read_count = sim.sent_count;
		sim.event_count = 0;
		testing_recv(&sim, PPP_CHAP, "0163001510000102030405060708090a0b0c0d0e0f", wire.now_ms);
		assert_memory_equal(testing_sent(&sim), "c223 0263001910", 15);
		testing_rest(&sim, wire.now_ms);
		testing_recv(&sim, PPP_CHAP, refused ? "04630004" : "03630004", wire.now_ms);
		assert_string_equal(testing_events(&sim), refused ? "down auth-failed ended" : "auth-ok");
	}
}

static void every_reason_has_words(void **)
{
	for (int i = 0; i < PPP_REASON_COUNT; i++) {
		assert_non_null(ppp_reason_info((enum ppp_reason)i)->name);
		assert_non_null(ppp_reason_info((enum ppp_reason)i)->words);
		assert_true(ppp_reason_info((enum ppp_reason)i)->code <= 20);
	}
	assert_string_equal(ppp_reason_info(PPP_REASON_COUNT)->name, "none");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_authentication),
		cmocka_unit_test(each_way_to_authenticate),
		cmocka_unit_test(a_clean_attach_is_short),
		cmocka_unit_test(wrong_passwords),
		cmocka_unit_test(a_false_lns_is_found_out),
		cmocka_unit_test(a_bad_wire),
		cmocka_unit_test(nobody_there),
		cmocka_unit_test(repeats_back_off),
		cmocka_unit_test(close_in_order),
		cmocka_unit_test(close_to_a_dead_peer),
		cmocka_unit_test(close_before_up),
		cmocka_unit_test(down_is_silent),
		cmocka_unit_test(the_lns_renegotiates),
		cmocka_unit_test(an_old_address_is_asked_for),
		cmocka_unit_test(no_address_left),
		cmocka_unit_test(both_families),
		cmocka_unit_test(one_family_refused),
		cmocka_unit_test(all_families_refused),
		cmocka_unit_test(authentication_falls_back),
		cmocka_unit_test(no_way_to_authenticate),
		cmocka_unit_test(what_it_waits_for),
		cmocka_unit_test(a_sim_without_password),
		cmocka_unit_test(ue_chap),
		cmocka_unit_test(echo_finds_a_dead_peer),
		cmocka_unit_test(a_probe_on_order),
		cmocka_unit_test(a_looped_line),
		cmocka_unit_test(proxy_that_the_lns_takes),
		cmocka_unit_test(proxy_end_to_end),
		cmocka_unit_test(proxy_that_does_not_fit),
		cmocka_unit_test(proxy_that_the_lns_ignores),
		cmocka_unit_test(proxy_and_a_waiting_lns),
		cmocka_unit_test(a_record_goes_on),
		cmocka_unit_test(a_link_that_rests),
		cmocka_unit_test(every_reason_has_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
