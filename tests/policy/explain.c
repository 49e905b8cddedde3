// SPDX-License-Identifier: Apache-2.0
// What explains a verdict says the verdict: the gateway's evaluator and the controller's (POST /routingpolicies/{id}/explain) agree with the reference
// on random packets, of Integrated VSlices and L2TP ones.
#include "judges.h"
#include "random.h"
#include "wire.h"

#include "base/clean.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define PACKETS 250 // a policy

static const char *const targets[] = {
	"11111111-2222-4333-8444-0000000000a1",
	"11111111-2222-4333-8444-0000000000a2",
	"11111111-2222-4333-8444-0000000000a3",
};

static struct reference_packet some_packet(bool is_integrated)
{
	enum ip_family family = is_integrated && random_once_in(3) ? IP_V6 : IP_V4;
	bool is_uplink = random_below(3);
	struct ip_addr near = is_integrated ? random_sim(random_below(RANDOM_SIMS), family) : random_server(family);
	struct ip_addr far =
		is_integrated && random_once_in(4) ? random_sim(random_below(RANDOM_SIMS), family) : random_server(family);
	struct reference_packet packet = is_uplink ? random_packet(&near, &far) : random_packet(&far, &near);

	packet.is_uplink = is_uplink;
	if (!is_uplink)
		packet.from = targets[random_below(array_len(targets))];
	return packet;
}

static void agree(const struct judged *judged, const struct reference_verdict *verdict, const struct reference_packet *packet,
	const char *who, uint32_t seed)
{
	const char *target = verdict->target ? verdict->target : "";
	struct wire_packet wire = {.packet = *packet};
	char text[160];

	if (judged->forward != verdict->forward || judged->rule != verdict->rule || strcmp(judged->target, target) != 0)
		fail_msg("POLICY_SEED=%u: %s %s: the %s says %s by rule %zu to %s (%s), the reference %s by rule %zu to %s", seed,
			packet->is_uplink ? "uplink" : "downlink", wire_text(&wire, text), who,
			judged->forward ? "forward" : "drop", judged->rule, judged->target, judged->why,
			verdict->forward ? "forward" : "drop", verdict->rule, target);
}

static void judge_all(const struct random_kind *kind, const json_t *vslice, uint32_t seed)
{
	json_t *policy;
	struct judge *gateway, *controller;

	random_seed(seed);
	policy = random_policy(kind, "11111111-2222-4333-8444-000000000001", 0xe00, RANDOM_RULES);
	gateway = judge_of_gateway_new(vslice, policy, targets, array_len(targets));
	controller = judge_of_controller_new(vslice, policy);
	for (unsigned i = 0; i < PACKETS; i++) {
		const struct reference_packet packet = some_packet(kind->is_integrated);
		const struct reference_verdict verdict = reference_judge(vslice, policy, judges_gateway, &packet);
		struct judged judged = judge_of_gateway(gateway, &packet);
		char rule[20];

		agree(&judged, &verdict, &packet, "gateway", seed);
		snprintf(rule, sizeof(rule), "rule %zu ", verdict.rule);
		if (verdict.rule && !strstr(judged.why, rule))
			fail_msg("POLICY_SEED=%u: \"%s\" does not name rule %zu", seed, judged.why, verdict.rule);
		judged = judge_of_controller(controller, &packet);
		agree(&judged, &verdict, &packet, "controller", seed);
	}
	judge_of_gateway_free(&gateway);
	judge_of_controller_free(&controller);
	json_decref(policy);
}

static void run(bool is_integrated, const char *vslice_text)
{
	const struct random_kind kind = {.targets = targets,
		.target_count = array_len(targets),
		.gateway = judges_gateway,
		.other_gateway = judges_other_gateway,
		.is_integrated = is_integrated,
		.open_once_in = 10};
	json_t *vslice = json_loads(vslice_text, 0, NULL);
	unsigned policies = random_packets(50000) / PACKETS / 2;
	uint32_t first = random_first_seed(1);

	assert_non_null(vslice);
	for (uint32_t i = 0; i < policies; i++)
		judge_all(&kind, vslice, first + i);
	printf("%u packets by %u policies from seed %u\n", policies * PACKETS, policies, first);
	json_decref(vslice);
}

static void of_integrated_vslices(void **state)
{
	run(true, "{\"vsliceType\": \"integrated\", \"subnets\": " RANDOM_SUBNETS "}");
}

static void of_l2tp_vslices(void **state)
{
	run(false,
		"{\"vsliceType\": \"l2tp\", \"lacs\": [{\"address\": \"10.20.0.1\", \"port\": 1701}], \"lnss\": [{\"address\": "
		"\"10.20.1.1\"}, "
		"{\"address\": \"10.20.2.3\"}]}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(of_integrated_vslices),
		cmocka_unit_test(of_l2tp_vslices),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
