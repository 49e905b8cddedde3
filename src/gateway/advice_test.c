// SPDX-License-Identifier: Apache-2.0
// Every refusal of an attach says what to mend, and the particular is said before the general.
#include "gateway/advice.h"

#include "base/clean.h"
#include "proto/l2tp/engine.h"
#include "proto/ppp/link.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

// Ends of sessions that were up, and what is no fault: nobody asks there what to mend.
static bool is_an_end(enum refusal refusal)
{
	return refusal == REFUSED_NONE || refusal >= REFUSED_REPLACED;
}

static void test_every_refusal(void **state)
{
	for (enum refusal refusal = 0; refusal < REFUSAL_COUNT; refusal++) {
		const char *words = advice_for(refusal, NULL);

		if (is_an_end(refusal) != !*words)
			fail_msg("%s: \"%s\"", refusal_name(refusal), words);
	}
}

static void test_every_ppp_failure(void **state)
{
	for (enum ppp_reason reason = PPP_REASON_PEER_TERMINATED; reason < PPP_REASON_COUNT; reason++) {
		struct advice_cause cause = {.ppp = (uint8_t)reason};
		bool is_none = reason == PPP_REASON_PEER_RENEGOTIATES || reason == PPP_REASON_ECHO_TIMEOUT ||
			reason == PPP_REASON_PEER_BAD_CREDENTIALS; // not at an attach, not as a client

		if (is_none != !*advice_for(REFUSED_NONE, &cause))
			fail_msg("%s", ppp_reason_info(reason)->name);
	}
}

static void test_particular_first(void **state)
{
	static const struct {
		enum refusal refusal;
		struct advice_cause cause;
		const char *word;
	} cases[] = {
		{REFUSED_TUNNEL_AUTH, {.tunnel = L2TP_REASON_secret_unproved}, "on the LNS too"},
		{REFUSED_TUNNEL_AUTH, {.tunnel = L2TP_REASON_secret_missing}, "the LNS asks for it"},
		{REFUSED_TUNNEL_AUTH, {.tunnel = L2TP_REASON_secret_refused, .stop = L2TP_STOP_not_authorized}, "lacHostName"},
		{REFUSED_TUNNEL_REFUSED, {.tunnel = L2TP_REASON_peer_closed, .stop = L2TP_STOP_channel_exists}, "old tunnel"},
		{REFUSED_CALL_REFUSED, {.call = L2TP_REASON_peer_closed, .cdn = L2TP_CDN_permanent}, "PPP profile"},
		{REFUSED_CALL_REFUSED, {.cdn = L2TP_CDN_error, .disconnect = L2TP_DISCONNECT_no_renegotiation}, "proxyLcp"},
		{REFUSED_LNS_FULL, {.call = L2TP_REASON_peer_closed, .cdn = L2TP_CDN_error, .error = L2TP_ERROR_resources},
			"no room"},
		{REFUSED_CALL_REFUSED, {.call = L2TP_REASON_peer_fault, .cdn = L2TP_CDN_error, .error = L2TP_ERROR_unknown_avp},
			"AVP"},
		{REFUSED_LNS_FAULT, {.call = L2TP_REASON_malformed, .cdn = L2TP_CDN_error, .error = L2TP_ERROR_unknown_avp},
			"newer version"},
		{REFUSED_LNS_FULL, {.tunnel = L2TP_REASON_peer_closed, .stop = L2TP_STOP_error, .error = L2TP_ERROR_resources},
			"no room"},
		{REFUSED_LNS_SILENT, {.call = L2TP_REASON_no_answer}, "RADIUS"},
		{REFUSED_LNS_SILENT, {.tunnel = L2TP_REASON_no_answer}, "firewall"},
		{REFUSED_PPP_AUTH, {.ppp = PPP_REASON_AUTH_PROTOCOL}, "set pppAuth"},
		{REFUSED_PPP_UE_CHAP, {.ppp = PPP_REASON_AUTH_UE_CHAP}, "proxyAuth"},
	};

	for (size_t i = 0; i < array_len(cases); i++) {
		const char *words = advice_for(cases[i].refusal, &cases[i].cause);

		if (!strstr(words, cases[i].word))
			fail_msg("%s: \"%s\" lacks \"%s\"", refusal_name(cases[i].refusal), words, cases[i].word);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_refusal),
		cmocka_unit_test(test_every_ppp_failure),
		cmocka_unit_test(test_particular_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
