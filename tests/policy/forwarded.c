// SPDX-License-Identifier: Apache-2.0
// Random Routing Policies and the packets that an Integrated slice forwards: where each comes out of the kernel, and as what, is what the reference
// says, in both directions, with divert, reflexive rules, NAT, IPv6, other SIMs and several policies in one slice; and each rule counts its own.
//
// A round has random policies and random flows. Each flow's first packet is sent, from a SIM or from a network behind a target; what arrived is
// answered, and a second packet follows; then the policies are edited, and the other side speaks first. A flow that the old rules and the new ones
// let be answered goes on, any other does not.
#include "lab.h"

#include "gateway/dataplane/dataplane.h"

#define FLOWS 200 // of a round
#define FIRST_RULE 0xe00u
#define RULES 12 // of a policy before it is edited

struct flow {
	bool is_uplink;
	size_t sim; // whose it is
	enum lab_place place; // where its first packet comes out; of a downlink one where it comes from
	struct reference_packet first; // as the side that began says it
	struct reference_verdict verdict; // by the rules of the time
	size_t sent; // number of its last packet from the side that began
	uint32_t seq[2]; // of TCP, that come next: of the side that began, of the other
	bool is_open; // its first packet came through
	bool is_kept; // the edit says of it what was said before
	bool is_over; // begun anew from the other side
};

struct round {
	struct lab lab;
	struct flow flows[FLOWS];
	struct reference_packet used[4 * FLOWS];
	size_t used_count;
	const struct random_kind *kind;
	size_t arrived, kept, pushed;
	uint64_t past; // the stack
};

static const struct random_kind everything = {.targets = lab_targets,
	.target_count = LAB_FARS,
	.gateway = lab_gateway,
	.other_gateway = lab_other_gateway,
	.is_integrated = true};
// Nothing that connections must be followed for, and rules that let all through: those may go past the slice's stack.
static const struct random_kind plain = {.targets = lab_targets,
	.target_count = LAB_INTERNET,
	.gateway = lab_gateway,
	.other_gateway = lab_other_gateway,
	.is_integrated = true,
	.is_plain = true,
	.open_once_in = 2};

static struct reference_packet reversed(const struct reference_packet *packet)
{
	struct reference_packet out = *packet;

	out.source = packet->destination;
	out.destination = packet->source;
	if (packet->protocol == IPPROTO_TCP || packet->protocol == IPPROTO_UDP) { // the identifier of ICMP is both sides'
		out.source_port = packet->destination_port;
		out.destination_port = packet->source_port;
	}
	return out;
}

static bool same_flow(const struct reference_packet *a, const struct reference_packet *b)
{
	return a->protocol == b->protocol && ip_addr_equal(&a->source, &b->source) &&
		ip_addr_equal(&a->destination, &b->destination) && a->source_port == b->source_port &&
		a->destination_port == b->destination_port;
}

// Connections are told apart by addresses and ports: a new flow has no others', neither way round. Nothing but addresses tells those of an unknown
// protocol apart, and behind NAT all have the same source.
static bool is_used(const struct round *round, const struct reference_packet *packet)
{
	const struct reference_packet back = reversed(packet);

	for (size_t i = 0; i < round->used_count; i++) {
		const struct reference_packet *used = &round->used[i];

		if (same_flow(used, packet) || same_flow(used, &back))
			return true;
		if (used->protocol == packet->protocol && packet->protocol == WIRE_OTHER &&
			(ip_addr_equal(&used->destination, &packet->destination) ||
				ip_addr_equal(&used->source, &packet->destination)))
			return true;
	}
	return false;
}

static void use(struct round *round, const struct reference_packet *packet)
{
	assert_true(round->used_count < array_len(round->used));
	round->used[round->used_count++] = *packet;
}

static struct reference_packet diverted(const struct reference_packet *packet, const struct reference_verdict *verdict)
{
	struct reference_packet out = *packet;

	if (verdict->divert.family)
		out.destination = verdict->divert;
	if (verdict->divert_port)
		out.destination_port = verdict->divert_port;
	return out;
}

static size_t sim_at(const struct ip_addr *addr)
{
	for (size_t i = 0; i < RANDOM_SIMS; i++) {
		struct ip_addr sim = random_sim(i, (enum ip_family)addr->family);

		if (ip_addr_equal(&sim, addr))
			return i;
	}
	return RANDOM_SIMS;
}

static struct reference_verdict judge(struct round *round, size_t sim, const struct reference_packet *packet)
{
	return reference_judge(round->lab.vslice, lab_policy(&round->lab, sim), lab_gateway, packet);
}

// As `judge`, of a packet that the kernel asks the rules about: the one that decides counts it.
static struct reference_verdict ask(struct round *round, size_t sim, const struct reference_packet *packet)
{
	struct reference_verdict verdict = judge(round, sim, packet);

	if (verdict.rule) {
		const json_t *rule = json_array_get(json_object_get(lab_policy(&round->lab, sim), "rules"), verdict.rule - 1);

		lab_count(&round->lab, json_string_value(json_object_get(rule, "id")));
	}
	return verdict;
}

// Where an uplink packet comes out.
static enum lab_place place_of(const struct reference_verdict *verdict, const struct reference_packet *packet)
{
	enum lab_place place = lab_place_of(verdict->target);

	return verdict->forward && lab_carries(place, (enum ip_family)packet->destination.family) ? place : LAB_NOWHERE;
}

// Whom the data plane does not know it does not reach; at the cable itself all come out.
static enum lab_place reached(const struct round *round, enum lab_place place, const struct ip_addr *to)
{
	return round->lab.gtp && place == LAB_SIMS && sim_at(to) == RANDOM_SIMS ? LAB_NOWHERE : place;
}

static void choose_uplink(struct flow *flow)
{
	enum ip_family family = random_below(3) ? IP_V4 : IP_V6;
	struct ip_addr from = random_sim(flow->sim, family), to;

	to = random_once_in(4) ? random_sim(flow->sim + 1 + random_below(RANDOM_SIMS), family) : random_server(family);
	flow->first = random_packet(&from, &to);
	flow->first.is_uplink = true;
}

static void choose_downlink(struct flow *flow)
{
	enum ip_family family;
	struct ip_addr from, to;

	flow->place = (enum lab_place)random_below(LAB_INTERNET);
	family = lab_carries(flow->place, IP_V6) ? IP_V6 : IP_V4;
	from = random_once_in(8) ? random_sim(random_below(RANDOM_SIMS), family) : random_server(family);
	to = random_sim(flow->sim, family);
	flow->first = random_packet(&from, &to);
	flow->first.from = lab_targets[flow->place];
}

static void choose(struct round *round, struct flow *flow)
{
	struct reference_packet through;

	do {
		*flow = (struct flow){.is_uplink = random_below(3), .sim = random_below(RANDOM_SIMS), .seq = {1000, 5000}};
		if (flow->is_uplink)
			choose_uplink(flow);
		else
			choose_downlink(flow);
		flow->verdict = judge(round, flow->sim, &flow->first);
		through = diverted(&flow->first, &flow->verdict);
	} while (
		is_used(round, &flow->first) || is_used(round, &through) || ip_addr_equal(&through.source, &through.destination));
	use(round, &flow->first);
	use(round, &through);
}

// The next packet of the side that began, or of the other.
static struct wire_packet next_packet(struct flow *flow, const struct reference_packet *packet, bool is_answer)
{
	bool is_first = flow->seq[is_answer] == (is_answer ? 5000 : 1000);
	struct wire_packet out = {.packet = *packet, .is_answer = is_answer, .seq = flow->seq[is_answer]};

	out.tcp_flags = (is_first ? WIRE_SYN : 0) | (is_first && !is_answer ? 0 : WIRE_ACK);
	out.ack = out.tcp_flags & WIRE_ACK ? flow->seq[!is_answer] : 0;
	flow->seq[is_answer] += WIRE_PAYLOAD + is_first;
	return out;
}

// The side that began speaks, by the rules of the time.
static void speak(struct round *round, struct flow *flow)
{
	const struct wire_packet packet = next_packet(flow, &flow->first, false);
	const struct reference_verdict verdict = ask(round, flow->sim, &flow->first);
	const struct reference_packet through = diverted(&flow->first, &verdict);
	enum lab_place expected = verdict.forward ? LAB_SIMS : LAB_NOWHERE;

	flow->verdict = verdict;
	if (flow->is_uplink)
		flow->place = expected = reached(round, place_of(&verdict, &flow->first), &through.destination);
	flow->sent = lab_send(&round->lab, flow->is_uplink ? LAB_SIMS : flow->place, flow->sim, &packet, expected, &through,
		flow->is_uplink && expected == LAB_INTERNET);
}

// What a SIM sends, as one that did not begin: it goes back where the flow comes from, or where the rules say, but is not diverted.
static void answer_up(struct round *round, struct flow *flow, size_t sim, const struct reference_packet *packet, bool is_let,
	enum lab_place back, const struct reference_packet *wanted)
{
	const struct wire_packet wire = next_packet(flow, packet, true);
	enum lab_place expected = back;
	struct reference_packet up = *packet;

	up.is_uplink = true;
	if (!is_let) {
		const struct reference_verdict verdict = ask(round, sim, &up);

		expected = place_of(&verdict, &up);
		if (expected ==
			LAB_INTERNET) // a connection is translated from its first packet on, and nothing leaves there that is not
			expected = LAB_NOWHERE;
	}
	expected = reached(round, expected, &wanted->destination);
	lab_send(&round->lab, LAB_SIMS, sim, &wire, expected, wanted, false);
}

// What a network sends to a SIM, as one that did not begin. `seen`: as the rules see it.
static void answer_down(struct round *round, struct flow *flow, const struct reference_packet *packet, bool is_let,
	struct reference_packet seen, const struct reference_packet *wanted)
{
	const struct wire_packet wire = next_packet(flow, packet, true);

	seen.from = lab_targets[flow->place];
	if (!is_let)
		is_let = ask(round, flow->sim, &seen).forward;
	lab_send(&round->lab, flow->place, flow->sim, &wire, is_let ? LAB_SIMS : LAB_NOWHERE, wanted, false);
}

// The other side answers what it got, while the connection is known.
static void answer(struct round *round, struct flow *flow)
{
	const struct reference_packet packet = reversed(&round->lab.sent.items[flow->sent].got.packet);
	const struct reference_packet wanted = reversed(&flow->first);
	struct reference_packet seen = packet;

	if (!flow->is_uplink) {
		answer_up(round, flow, flow->sim, &packet, flow->verdict.answers, flow->place, &wanted);
	} else if (flow->place == LAB_SIMS) {
		if (sim_at(&packet.source) < RANDOM_SIMS)
			answer_up(round, flow, sim_at(&packet.source), &packet, flow->verdict.answers, LAB_SIMS, &wanted);
	} else {
		seen.destination = wanted.destination; // behind the translation
		seen.destination_port = wanted.destination_port;
		answer_down(round, flow, &packet, flow->verdict.answers || flow->place == LAB_INTERNET, seen, &wanted);
	}
}

// What the rules say now is what they said, as far as the connection is concerned: which target without NAT it takes is asked for each packet.
static bool says_the_same(const struct reference_verdict *was, const struct reference_verdict *now)
{
	bool was_nat = lab_place_of(was->target) == LAB_INTERNET, is_nat = lab_place_of(now->target) == LAB_INTERNET;

	return now->forward && was->answers == now->answers && ip_addr_equal(&was->divert, &now->divert) &&
		was->divert_port == now->divert_port && was_nat == is_nat && !was->target == !now->target;
}

// The policy was edited, and the other side speaks first.
static void push(struct round *round, struct flow *flow)
{
	const struct reference_packet packet = reversed(&round->lab.sent.items[flow->sent].got.packet);
	const struct reference_verdict now = judge(round, flow->sim, &flow->first);

	flow->is_kept = says_the_same(&flow->verdict, &now);
	round->kept += flow->is_kept;
	if (flow->is_kept) {
		answer(round, flow);
		round->pushed++;
		return;
	}
	flow->is_over = true; // for what comes now is the first of a new one
	if (flow->is_uplink && flow->place == LAB_SIMS)
		return;
	if (!flow->is_uplink) {
		struct flow anew = {.is_uplink = true, .sim = flow->sim, .first = packet, .seq = {flow->seq[1], flow->seq[0]}};
		struct reference_packet through;

		anew.first.is_uplink = true;
		anew.verdict = judge(round, anew.sim, &anew.first);
		through = diverted(&anew.first, &anew.verdict);
		if (anew.verdict.divert.family && is_used(round, &through))
			return;
		speak(round, &anew);
	} else if (flow->place == LAB_INTERNET) { // nobody knows whose it is
		const struct wire_packet wire = next_packet(flow, &packet, true);

		lab_send(&round->lab, flow->place, flow->sim, &wire, LAB_NOWHERE, &packet, false);
		flow->is_over = false;
	} else {
		size_t number = round->lab.sent.count;

		answer_down(round, flow, &packet, false, packet, &packet);
		flow->is_over = round->lab.sent.items[number].expected != LAB_NOWHERE;
	}
}

static json_t *edited(const struct random_kind *kind, json_t *policy, unsigned first_rule)
{
	json_t *out = json_deep_copy(policy), *rules = json_object_get(out, "rules"), *other, *rule;
	unsigned number = first_rule + RULES;

	if (random_once_in(4))
		return out;
	other = random_policy(kind, fixture_id(1).text, number, 4);
	for (size_t i = 0; i < 4 && !random_once_in(3); i++) {
		rule = json_array_get(json_object_get(other, "rules"), i);
		switch (random_below(4)) {
		case 0:
			json_array_remove(rules, random_below((uint32_t)json_array_size(rules)));
			break;
		case 1: // another place
			rule = json_deep_copy(json_array_get(rules, 0));
			json_array_remove(rules, 0);
			json_array_insert_new(rules, random_below((uint32_t)json_array_size(rules)), rule);
			break;
		case 2: { // another target
			size_t at = random_below((uint32_t)json_array_size(rules));

			json_object_set_new(json_array_get(rules, at), "routingTarget",
				json_string(kind->targets[random_below((uint32_t)kind->target_count)]));
			break;
		}
		default:
			json_array_insert(rules, random_below((uint32_t)json_array_size(rules)), rule);
		}
	}
	json_decref(other);
	return out;
}

static void edit(struct round *round)
{
	json_t *policies[LAB_POLICIES];
	size_t count = round->lab.policy_count;

	for (unsigned i = 0; i < count; i++)
		policies[i] = edited(round->kind, round->lab.policies[i], FIRST_RULE + i * RANDOM_RULES);
	lab_apply(&round->lab, policies, count);
	lab_take_counts(&round->lab);
}

// Has it let all through both ways, in its first two rules, mostly.
static void open_up(json_t *policy)
{
	const char *target = lab_targets[random_below(LAB_INTERNET)];

	for (size_t i = 0; i < 2; i++) {
		json_t *rule = json_array_get(json_object_get(policy, "rules"), i);
		_cleanup_free_ char *id = strdup(json_string_value(json_object_get(rule, "id")));

		json_object_clear(rule);
		json_object_set_new(rule, "id", json_string(id));
		json_object_set_new(rule, "ruleAction", json_string("forward"));
		json_object_set_new(rule, "ruleDirection", json_string(i ? "downlink" : "uplink"));
		json_object_set_new(rule, "enabled", json_boolean(random_below(12)));
		if (!i || random_once_in(2))
			json_object_set_new(rule, "routingTarget",
				json_string(random_below(8) ? target : lab_targets[random_below(LAB_INTERNET)]));
	}
}

static void prepare(struct round *round, uint32_t seed)
{
	json_t *policies[LAB_POLICIES];
	size_t count;

	random_seed(seed);
	round->lab.seed = seed;
	round->used_count = 0;
	round->kind = round->lab.gtp && random_below(4) ? &plain : &everything;
	lab_internet(&round->lab, round->kind == &everything);
	count = 1 + random_below(LAB_POLICIES);
	for (unsigned i = 0; i < count; i++)
		policies[i] = random_policy(round->kind, fixture_id(1).text, FIRST_RULE + i * RANDOM_RULES, RULES);
	for (unsigned i = 0; i < count && round->kind == &plain; i++)
		if (random_below(4))
			open_up(policies[i]);
	lab_apply(&round->lab, policies, count);
	lab_forget_flows(&round->lab);
	lab_take_counts(&round->lab);
}

static void first_packets(struct round *round)
{
	for (size_t i = 0; i < FLOWS; i++) {
		choose(round, &round->flows[i]);
		speak(round, &round->flows[i]);
	}
	lab_settle(&round->lab, "first packets");
	for (size_t i = 0; i < FLOWS; i++)
		round->flows[i].is_open = round->lab.sent.items[round->flows[i].sent].arrived != LAB_NOWHERE;
}

static void each_open(struct round *round, void (*act)(struct round *, struct flow *), const char *phase)
{
	for (size_t i = 0; i < FLOWS; i++)
		if (round->flows[i].is_open)
			act(round, &round->flows[i]);
	lab_settle(&round->lab, phase);
}

// After the edit each goes by the new rules, where it would not meet another's connection there.
static void go_on(struct round *round, struct flow *flow)
{
	const struct reference_verdict now = judge(round, flow->sim, &flow->first);
	const struct reference_packet through = diverted(&flow->first, &now), was = diverted(&flow->first, &flow->verdict);

	if (flow->is_over || (!same_flow(&through, &was) && is_used(round, &through)))
		return;
	if (!same_flow(&through, &was))
		use(round, &through);
	speak(round, flow);
}

static void nothing(void *owner, const struct uuid *rule, uint64_t packets)
{
	(void)owner;
	(void)rule;
	(void)packets;
}

static uint64_t past(struct round *round)
{
	return round->lab.gtp ? lab_gtp_count(&round->lab, nothing, NULL) : 0;
}

static void play(struct round *round)
{
	uint64_t before = past(round);

	first_packets(round);
	each_open(round, answer, "answers");
	each_open(round, speak, "second packets");
	lab_compare_counts(&round->lab, "before the edit");
	round->past += past(round) - before;
	edit(round);
	before = past(round);
	each_open(round, push, "the other side, after an edit");
	each_open(round, go_on, "after an edit");
	lab_compare_counts(&round->lab, "after the edit");
	round->past += past(round) - before;
}

static void run(struct round *round)
{
	unsigned wanted = random_packets(12000), rounds = 0, packets = 0;
	uint32_t seed = random_first_seed(1);

	for (; packets < wanted; rounds++) {
		prepare(round, seed + rounds);
		play(round);
		vec_each (&round->lab.sent, it)
			round->arrived += it->arrived != LAB_NOWHERE;
		packets += (unsigned)round->lab.sent.count;
		lab_clear(&round->lab);
	}
	printf("%u packets in %u rounds from seed %u: %zu came through, %llu of them past the stack, %zu flows were kept by an "
	       "edit\n",
		packets, rounds, seed, round->arrived, (unsigned long long)round->past, round->kept);
	assert_in_range(round->arrived, packets / 8, packets * 9 / 10);
	assert_true(round->pushed > packets / 50);
}

__attribute__((unused)) static void forwarded_packets(void **state)
{
	struct round *round = calloc(1, sizeof(*round));

	lab_open(&round->lab, *state);
	run(round);
	lab_close(&round->lab);
	free(round);
}

// The same with the data plane between: GTP-U comes in, and policies that ask for nothing have it go past the slice's stack.
__attribute__((unused)) static void by_the_programs(void **state)
{
	struct round *round = calloc(1, sizeof(*round));
	char why[DP_WHY] = "";

	lab_open(&round->lab, *state);
	if (lab_gtp_open(&round->lab, why)) {
		fprintf(stderr, "skipped: %s\n", why);
		skip();
	}
	run(round);
	assert_true(round->past > round->arrived / 20);
	lab_gtp_close(&round->lab);
	lab_close(&round->lab);
	free(round);
}

int main(void)
{
	const struct CMUnitTest tests[] = {in_world(TEST)};

	return run_in_worlds(tests);
}
