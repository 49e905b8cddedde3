// SPDX-License-Identifier: Apache-2.0
// Routing rules other than those of marks.
#include "gateway/netlink_priv.h"

#include <errno.h>
#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <sys/socket.h>

#define BACK_PREFERENCE 10
#define CABLE_PREFERENCE 15
#define LOCAL_PREFERENCE 20

struct rule {
	uint32_t preference, table;
	const char *iif; // NULL: any
	uint8_t protocol; // IPPROTO_*; 0: any
};

static int rule_change(struct nl *nl, bool is_wanted, const struct rule *rule)
{
	struct nlmsghdr *request =
		nl_request(nl, is_wanted ? RTM_NEWRULE : RTM_DELRULE, is_wanted ? NLM_F_CREATE | NLM_F_EXCL : 0);
	struct fib_rule_hdr *head = mnl_nlmsg_put_extra_header(request, sizeof(*head));
	int error;

	head->family = AF_INET;
	head->action = FR_ACT_TO_TBL;
	head->table = rule->table < 256 ? (uint8_t)rule->table : RT_TABLE_UNSPEC;
	mnl_attr_put_u32(request, FRA_PRIORITY, rule->preference);
	mnl_attr_put_u32(request, FRA_TABLE, rule->table);
	if (rule->iif)
		mnl_attr_put_strz(request, FRA_IIFNAME, rule->iif);
	if (rule->protocol)
		mnl_attr_put_u8(request, FRA_IP_PROTO, rule->protocol);
	error = nl_talk(nl, NULL, NULL);
	return error == (is_wanted ? -EEXIST : -ENOENT) ? 0 : error;
}

static int local_late(struct nl *nl)
{
	int error = rule_change(nl, true, &(struct rule){LOCAL_PREFERENCE, RT_TABLE_LOCAL, NULL, 0});

	return error ? error : rule_change(nl, false, &(struct rule){0, RT_TABLE_LOCAL, NULL, 0});
}

int nl_local_after(struct nl *nl, const char *iif, uint32_t table)
{
	int error = rule_change(nl, true, &(struct rule){BACK_PREFERENCE, table, iif, 0});

	return error ? error : local_late(nl);
}

int nl_cable_rules_set(struct nl *nl, const char *wire, bool is_wanted)
{
	const struct rule local = {BACK_PREFERENCE, RT_TABLE_LOCAL, wire, 0},
			  detour = {CABLE_PREFERENCE, NL_TABLE_CABLE, NULL, IPPROTO_UDP};
	int error;

	if (!is_wanted)
		return rule_change(nl, false, &detour);
	error = rule_change(nl, true, &local);
	if (!error)
		error = rule_change(nl, true, &detour);
	return error ? error : local_late(nl);
}
