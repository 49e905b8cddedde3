// SPDX-License-Identifier: Apache-2.0
// Routing rules other than those of marks.
#include "gateway/netlink_priv.h"

#include <errno.h>
#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#define BACK_PREFERENCE 10
#define LOCAL_PREFERENCE 20

static int rule_change(struct nl *nl, uint16_t type, uint16_t flags, uint32_t preference, uint32_t table, const char *iif)
{
	struct nlmsghdr *request = nl_request(nl, type, flags);
	struct fib_rule_hdr *head = mnl_nlmsg_put_extra_header(request, sizeof(*head));
	int error;

	head->family = AF_INET;
	head->action = FR_ACT_TO_TBL;
	head->table = table < 256 ? (uint8_t)table : RT_TABLE_UNSPEC;
	mnl_attr_put_u32(request, FRA_PRIORITY, preference);
	mnl_attr_put_u32(request, FRA_TABLE, table);
	if (iif)
		mnl_attr_put_strz(request, FRA_IIFNAME, iif);
	error = nl_talk(nl, NULL, NULL);
	return error == -EEXIST || (type == RTM_DELRULE && error == -ENOENT) ? 0 : error;
}

int nl_local_after(struct nl *nl, const char *iif, uint32_t table)
{
	int error = rule_change(nl, RTM_NEWRULE, NLM_F_CREATE | NLM_F_EXCL, BACK_PREFERENCE, table, iif);

	if (!error)
		error = rule_change(nl, RTM_NEWRULE, NLM_F_CREATE | NLM_F_EXCL, LOCAL_PREFERENCE, RT_TABLE_LOCAL, NULL);
	return error ? error : rule_change(nl, RTM_DELRULE, 0, 0, RT_TABLE_LOCAL, NULL);
}
