// SPDX-License-Identifier: Apache-2.0
#include "gateway/flows.h"

#include "base/clean.h"
#include "base/map.h"
#include "base/subnet.h"
#include "gateway/conntrack.h"
#include "gateway/policy_priv.h"

struct review {
	const struct policy *was, *now;
	const struct members *members;
	const struct map *moved; // by number, of IPv4 and IPv6: whose are looked at; NULL: all
};

static bool has_prefix(const struct policy *policy, const struct ip_addr *addr)
{
	vec_each (&policy->subnets, subnet)
		if (ip_prefix_has(subnet, addr))
			return true;
	return false;
}

static bool is_own(const struct policy *policy, const struct ip_addr *addr)
{
	vec_each (&policy->lacs, lac)
		if (ip_addr_equal(lac, addr))
			return true;
	return has_prefix(policy, addr);
}

// The rules that judge the SIM's packets; of an L2TP slice the policy itself. NULL: there are none.
static const struct policy *rules_of(const struct policy *policy, uint32_t tag)
{
	if (policy->is_l2tp)
		return policy;
	vec_each (&policy->groups, group)
		if ((*group)->tag == tag)
			return *group;
	return NULL;
}

static const struct policy_target *marked(const struct policy *policy, uint32_t mark)
{
	vec_each (&policy->targets, target)
		if (mark && target->mark == mark)
			return target;
	return NULL;
}

static bool same_pool(const struct policy_target *a, const struct policy_target *b)
{
	size_t count = a->pool ? a->pool->rows.count : 0;

	if (a->nat_base != b->nat_base || count != (b->pool ? b->pool->rows.count : 0))
		return false;
	for (size_t i = 0; i < count; i++)
		if (a->pool->rows.items[i].position != b->pool->rows.items[i].position)
			return false;
	return true;
}

static bool same_translation(const struct policy_target *was, const struct policy_target *now)
{
	if (!was || !now)
		return was == now;
	return was->is_nat == now->is_nat && (!was->is_nat || (uuid_equal(&was->id, &now->id) && same_pool(was, now)));
}

static bool same_divert(const struct policy_rule *was, const struct policy_rule *now)
{
	if (!policy_diverts(was) || !policy_diverts(now))
		return policy_diverts(was) == policy_diverts(now);
	return ip_addr_equal(&was->divert, &now->divert) && was->divert_port == now->divert_port;
}

static bool say_the_same(const struct policy_verdict *was, const struct policy_verdict *now)
{
	if (!was->rule || !now->rule) // an LNS's answer, or nothing
		return !was->rule && !now->rule && was->forward == now->forward;
	return was->forward && now->forward && was->rule->reflexive == now->rule->reflexive &&
		same_divert(was->rule, now->rule) && same_translation(was->target, now->target);
}

static struct policy_verdict judge(const struct policy *policy, uint32_t tag, uint32_t mark, const struct policy_packet *packet)
{
	const struct policy *rules = rules_of(policy, tag);
	const struct policy_target *from = marked(policy, mark);
	struct policy_packet copy = *packet;

	copy.interface = from ? from->interface : NULL;
	return rules ? policy_judge(rules, &copy) : (struct policy_verdict){0};
}

// The tags that the SIM had and has; false: it is not looked at.
static bool tags_of(const struct review *review, const struct ip_addr *sim, uint32_t *was, uint32_t *now)
{
	uint64_t number = subnet_number(sim);

	if (review->moved) {
		const struct members_move *move = map_get(&review->moved[sim->family == IP_V6], number);

		*was = move ? move->was : 0;
		*now = move ? move->now : 0;
		return move;
	}
	*was = review->was->groups.count == 1 ? review->was->groups.items[0]->tag : members_tag(review->members, sim);
	*now = *was;
	return true;
}

static bool is_over(void *owner, const struct conntrack_row *row)
{
	const struct review *review = owner;
	bool is_down = row->mark & MARK_BITS; // by which target it came
	const struct ip_addr *sim = is_down ? &row->sent.destination.addr : &row->sent.source.addr;
	const struct policy_packet packet = {.direction = is_down ? RULE_DOWNLINK : RULE_UPLINK,
		.protocol = row->protocol,
		.source = row->sent.source.addr,
		.destination = row->sent.destination.addr,
		.source_port = row->sent.source.port,
		.destination_port = row->sent.destination.port};
	uint32_t was_tag = 0, now_tag = 0, mark = is_down ? row->mark & MARK_BITS : 0;
	struct policy_verdict was, now;

	if (!is_own(review->was, sim))
		return false; // an LNS's, and every packet of it is judged
	if (!review->was->is_l2tp && !tags_of(review, sim, &was_tag, &now_tag))
		return false;
	was = judge(review->was, was_tag, mark, &packet);
	now = judge(review->now, now_tag, mark, &packet);
	return !say_the_same(&was, &now);
}

int flows_review(const struct policy *was, const struct policy *now, const struct members *members)
{
	struct review review = {.was = was, .now = now, .members = members};

	return conntrack_end(is_over, &review);
}

int flows_follow(const struct policy *policy, const struct members_moves *moved)
{
	struct map numbers[2] = {0};
	struct review review = {.was = policy, .now = policy, .moved = numbers};
	int error = 0;

	if (!moved->rows.count)
		return 0;
	vec_each (&moved->rows, move)
		error = error ? error : map_put(&numbers[move->family == IP_V6], move->number, move);
	error = error ? error : conntrack_end(is_over, &review);
	map_fini(&numbers[0]);
	map_fini(&numbers[1]);
	return error;
}
