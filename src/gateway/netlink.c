// SPDX-License-Identifier: Apache-2.0
// rtnetlink over libmnl: the exchange itself, addresses, routes and rules. Links stand in netlink_link.c.
//
// Every "set" works the same way: ask the kernel what is there, remove what is not wanted, add what is missing. So it is also what adopts
// the work of an earlier gateway, and calling it again changes nothing and raises no event. What belongs to others is told from ours by
// the protocol number (routes, rules) or the scope (addresses).
#include "gateway/netlink_priv.h"

#include "base/clean.h"
#include "gateway/netns.h"

#include <errno.h>
#include <linux/fib_rules.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define MARK_PREFERENCE 1000 // after "local" (0), before "main" (32766)
#define DUMP_TRIES 8

int nl_new(struct nl **out)
{
	struct nl *nl = calloc(1, sizeof(*nl));
	int on = 1, error;

	if (!nl)
		return -ENOMEM;
	nl->socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	if (!nl->socket || mnl_socket_bind(nl->socket, 0, MNL_SOCKET_AUTOPID) < 0) {
		error = -errno;
		nl_free(&nl);
		return error;
	}
	// The kernel's words with its errors; dumps that heed the filters of the request.
	mnl_socket_setsockopt(nl->socket, NETLINK_EXT_ACK, &on, sizeof(on));
	mnl_socket_setsockopt(nl->socket, NETLINK_GET_STRICT_CHK, &on, sizeof(on));
	*out = nl;
	return 0;
}

void nl_free(struct nl **nl)
{
	if (*nl && (*nl)->socket)
		mnl_socket_close((*nl)->socket);
	free(*nl);
	*nl = NULL;
}

const char *nl_error(const struct nl *nl)
{
	return nl->error;
}

struct nlmsghdr *nl_request(struct nl *nl, uint16_t type, uint16_t flags)
{
	struct nlmsghdr *request = mnl_nlmsg_put_header(nl->out);

	request->nlmsg_type = type;
	request->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags | ((flags & NLM_F_DUMP) == NLM_F_DUMP ? 0 : NLM_F_ACK));
	return request;
}

static int keep_error(const struct nlattr *attr, void *data)
{
	struct nl *nl = data;

	if (mnl_attr_get_type(attr) == NLMSGERR_ATTR_MSG)
		snprintf(nl->error, sizeof(nl->error), "%s", mnl_attr_get_str(attr));
	return MNL_CB_OK;
}

// NLMSG_ERROR: the acknowledgement, or an error with the kernel's explanation as an attribute behind the quoted request.
static int on_ack(const struct nlmsghdr *message, void *data)
{
	const struct nlmsgerr *ack = mnl_nlmsg_get_payload(message);
	const struct nl_reply *reply = data;
	size_t quoted = sizeof(*ack);

	if (!ack->error)
		return MNL_CB_STOP;
	if (!(message->nlmsg_flags & NLM_F_CAPPED))
		quoted += ack->msg.nlmsg_len - NLMSG_HDRLEN;
	if (message->nlmsg_flags & NLM_F_ACK_TLVS)
		mnl_attr_parse(message, (unsigned)quoted, keep_error, reply->nl);
	errno = -ack->error;
	return MNL_CB_ERROR;
}

// NLMSG_DONE: the end of a dump, with the error that ended it early, if any.
static int on_end(const struct nlmsghdr *message, void *data)
{
	const int *error = mnl_nlmsg_get_payload(message);

	if (mnl_nlmsg_get_payload_len(message) < sizeof(*error) || *error >= 0)
		return MNL_CB_STOP;
	errno = -*error;
	return MNL_CB_ERROR;
}

static int talk(struct nl *nl, mnl_cb_t each, void *data)
{
	struct nlmsghdr *request = (struct nlmsghdr *)nl->out;
	struct nl_reply reply = {nl, data};
	mnl_cb_t control[NLMSG_MIN_TYPE] = {[NLMSG_ERROR] = on_ack, [NLMSG_DONE] = on_end}; // a row hides libmnl's own
	int more = MNL_CB_OK;

	request->nlmsg_seq = ++nl->seq;
	nl->error[0] = 0;
	if (mnl_socket_sendto(nl->socket, request, request->nlmsg_len) < 0)
		return -errno;
	while (more > MNL_CB_STOP) {
		ssize_t len = mnl_socket_recvfrom(nl->socket, nl->in, sizeof(nl->in));

		if (len < 0)
			return -errno;
		more = mnl_cb_run2(nl->in, (size_t)len, nl->seq, mnl_socket_get_portid(nl->socket), each, &reply, control,
			array_len(control));
	}
	return more < 0 ? -errno : 0;
}

// Questions need no turn. What is deleted is waited for after the kernel's own turn is over, so that goes beside others.
static bool needs_turn(uint16_t type)
{
	switch (type) {
	case RTM_NEWLINK:
	case RTM_NEWADDR:
	case RTM_DELADDR:
	case RTM_NEWROUTE:
	case RTM_DELROUTE:
	case RTM_NEWRULE:
	case RTM_DELRULE:
		return true;
	}
	return false;
}

int nl_talk(struct nl *nl, mnl_cb_t each, void *data)
{
	bool in_turn = needs_turn(((struct nlmsghdr *)nl->out)->nlmsg_type);
	int error;

	if (in_turn)
		netns_turn_begin();
	error = talk(nl, each, data);
	if (in_turn)
		netns_turn_end();
	return error;
}

int nl_dump(struct nl *nl, mnl_cb_t each, void *data, size_t *count)
{
	int error = -EINTR;

	for (int i = 0; i < DUMP_TRIES && error == -EINTR; i++) {
		*count = 0;
		error = nl_talk(nl, each, data);
	}
	return error;
}

void nl_put_addr(struct nlmsghdr *request, uint16_t type, const struct ip_addr *addr)
{
	mnl_attr_put(request, type, addr->family == IP_V4 ? 4 : 16, addr->bytes);
}

void nl_get_addr(const struct nlattr *attr, struct ip_addr *out)
{
	size_t len = mnl_attr_get_payload_len(attr);

	*out = (struct ip_addr){.family = len == 4 ? IP_V4 : IP_V6};
	memcpy(out->bytes, mnl_attr_get_payload(attr), len < 16 ? len : 16);
}

uint8_t nl_family(const struct ip_addr *addr)
{
	return addr->family == IP_V6 ? AF_INET6 : AF_INET;
}

struct addr_rows {
	int link;
	VEC(struct nl_addr) rows;
};

static int addr_attr(const struct nlattr *attr, void *data)
{
	struct nl_addr *out = data;
	uint16_t type = mnl_attr_get_type(attr);

	// IFA_LOCAL is ours; IFA_ADDRESS is that, or the far end of a point-to-point link where both stand.
	if (type == IFA_LOCAL || (type == IFA_ADDRESS && !out->addr.family))
		nl_get_addr(attr, &out->addr);
	return MNL_CB_OK;
}

static int on_addr(const struct nlmsghdr *message, void *data)
{
	const struct ifaddrmsg *head = mnl_nlmsg_get_payload(message);
	struct addr_rows *into = ((struct nl_reply *)data)->data;
	struct nl_addr addr = {.len = head->ifa_prefixlen}, *room;

	if ((int)head->ifa_index != into->link || head->ifa_scope != RT_SCOPE_UNIVERSE)
		return MNL_CB_OK;
	mnl_attr_parse(message, sizeof(*head), addr_attr, &addr);
	room = vec_add(&into->rows);
	if (!room) {
		errno = ENOMEM;
		return MNL_CB_ERROR;
	}
	*room = addr;
	return MNL_CB_OK;
}

static int addr_change(struct nl *nl, uint16_t type, uint16_t flags, int link, const struct nl_addr *addr)
{
	struct nlmsghdr *request = nl_request(nl, type, flags);
	struct ifaddrmsg *head = mnl_nlmsg_put_extra_header(request, sizeof(*head));

	*head = (struct ifaddrmsg){.ifa_family = nl_family(&addr->addr),
		.ifa_prefixlen = addr->len,
		.ifa_flags = addr->addr.family == IP_V6 ? IFA_F_NODAD : 0,
		.ifa_scope = RT_SCOPE_UNIVERSE,
		.ifa_index = (unsigned)link};
	nl_put_addr(request, IFA_LOCAL, &addr->addr);
	nl_put_addr(request, IFA_ADDRESS, &addr->addr);
	return nl_talk(nl, NULL, NULL);
}

static bool has_addr(const struct nl_addr *rows, size_t count, const struct nl_addr *addr)
{
	for (size_t i = 0; i < count; i++)
		if (rows[i].len == addr->len && ip_addr_equal(&rows[i].addr, &addr->addr))
			return true;
	return false;
}

int nl_addrs_set(struct nl *nl, int link, const struct nl_addr *wanted, size_t count)
{
	struct addr_rows there = {.link = link};
	struct ifaddrmsg *head;
	int error;

	head = mnl_nlmsg_put_extra_header(nl_request(nl, RTM_GETADDR, NLM_F_DUMP), sizeof(*head));
	head->ifa_index = (unsigned)link;
	error = nl_dump(nl, on_addr, &there, &there.rows.count);
	for (size_t i = 0; !error && i < there.rows.count; i++)
		if (!has_addr(wanted, count, &there.rows.items[i]))
			error = addr_change(nl, RTM_DELADDR, 0, link, &there.rows.items[i]);
	for (size_t i = 0; !error && i < count; i++) {
		if (has_addr(there.rows.items, there.rows.count, &wanted[i]))
			continue;
		error = addr_change(nl, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, link, &wanted[i]);
		if (error == -EEXIST)
			error = 0;
	}
	vec_free(&there.rows);
	return error;
}

struct route_row {
	struct nl_route route;
	uint32_t table;
	uint8_t protocol;
};

struct route_rows {
	VEC(struct route_row) rows; // ours
};

static int route_attr(const struct nlattr *attr, void *data)
{
	struct route_row *out = data;

	switch (mnl_attr_get_type(attr)) {
	case RTA_TABLE:
		out->table = mnl_attr_get_u32(attr);
		break;
	case RTA_DST:
		nl_get_addr(attr, &out->route.to.addr);
		break;
	case RTA_GATEWAY:
		nl_get_addr(attr, &out->route.gateway);
		break;
	case RTA_PREFSRC:
		nl_get_addr(attr, &out->route.source);
		break;
	case RTA_OIF:
		out->route.link = (int)mnl_attr_get_u32(attr);
		break;
	case RTA_PRIORITY:
		out->route.metric = mnl_attr_get_u32(attr);
		break;
	}
	return MNL_CB_OK;
}

static int on_route(const struct nlmsghdr *message, void *data)
{
	const struct rtmsg *head = mnl_nlmsg_get_payload(message);
	struct route_rows *into = ((struct nl_reply *)data)->data;
	struct route_row row = {.table = head->rtm_table, .protocol = head->rtm_protocol}, *room;

	if (head->rtm_flags & RTM_F_CLONED)
		return MNL_CB_OK;
	row.route.kind = head->rtm_type;
	row.route.to.addr.family = head->rtm_family == AF_INET ? IP_V4 : IP_V6; // a default route has no RTA_DST
	row.route.to.len = head->rtm_dst_len;
	mnl_attr_parse(message, sizeof(*head), route_attr, &row);
	if (row.route.kind == NL_ROUTE_UNREACHABLE)
		row.route.link = 0; // IPv6 shows lo
	room = vec_add(&into->rows);
	if (!room) {
		errno = ENOMEM;
		return MNL_CB_ERROR;
	}
	*room = row;
	return MNL_CB_OK;
}

// All routes of one table (0: of all tables).
static int routes_get(struct nl *nl, uint32_t table, struct route_rows *out)
{
	static const uint8_t families[] = {AF_INET, AF_INET6};
	int error = 0;

	for (size_t i = 0; !error && i < array_len(families); i++) {
		struct route_rows part = {0};
		struct nlmsghdr *request = nl_request(nl, RTM_GETROUTE, NLM_F_DUMP);
		struct rtmsg *head = mnl_nlmsg_put_extra_header(request, sizeof(*head));

		head->rtm_family = families[i];
		if (table)
			mnl_attr_put_u32(request, RTA_TABLE, table);
		error = nl_dump(nl, on_route, &part, &part.rows.count);
		if (error == -ENOENT || error == -EAFNOSUPPORT)
			error = 0; // the table does not exist yet, or there is no IPv6
		vec_each (&part.rows, row) {
			struct route_row *room = vec_add(&out->rows);

			if (room)
				*room = *row;
			else
				error = -ENOMEM;
		}
		vec_free(&part.rows);
	}
	return error;
}

static uint8_t scope_of(const struct nl_route *route)
{
	if (route->kind == NL_ROUTE_LOCAL)
		return RT_SCOPE_HOST;
	return route->kind == NL_ROUTE_UNICAST && !route->gateway.family ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE;
}

static int route_change(struct nl *nl, uint16_t type, uint16_t flags, uint32_t table, const struct nl_route *route)
{
	struct nlmsghdr *request = nl_request(nl, type, flags);
	struct rtmsg *head = mnl_nlmsg_put_extra_header(request, sizeof(*head));

	*head = (struct rtmsg){.rtm_family = nl_family(&route->to.addr),
		.rtm_dst_len = route->to.len,
		.rtm_table = table < 256 ? (uint8_t)table : RT_TABLE_UNSPEC,
		.rtm_protocol = NL_PROTOCOL,
		.rtm_type = (uint8_t)route->kind,
		.rtm_scope = scope_of(route),
		.rtm_flags = route->gateway.family ? RTNH_F_ONLINK : 0};
	mnl_attr_put_u32(request, RTA_TABLE, table);
	mnl_attr_put_u32(request, RTA_PRIORITY, route->metric);
	if (route->to.len)
		nl_put_addr(request, RTA_DST, &route->to.addr);
	if (route->gateway.family)
		nl_put_addr(request, RTA_GATEWAY, &route->gateway);
	if (route->source.family)
		nl_put_addr(request, RTA_PREFSRC, &route->source);
	if (route->link)
		mnl_attr_put_u32(request, RTA_OIF, (uint32_t)route->link);
	return nl_talk(nl, NULL, NULL);
}

static bool route_equal(const struct nl_route *a, const struct nl_route *b)
{
	return a->kind == b->kind && a->to.len == b->to.len && ip_addr_equal(&a->to.addr, &b->to.addr) &&
		ip_addr_equal(&a->gateway, &b->gateway) && ip_addr_equal(&a->source, &b->source) && a->link == b->link &&
		a->metric == b->metric;
}

int nl_routes_set(struct nl *nl, uint32_t table, const struct nl_route *wanted, size_t count)
{
	struct route_rows there = {0};
	int error = routes_get(nl, table, &there);

	for (size_t i = 0; !error && i < count; i++) {
		bool found = false;

		vec_each (&there.rows, row)
			found = found ||
				(row->protocol == NL_PROTOCOL && row->table == table && route_equal(&row->route, &wanted[i]));
		if (!found)
			error = route_change(nl, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, table, &wanted[i]);
	}
	vec_each (&there.rows, row) {
		bool found = false;

		for (size_t i = 0; i < count; i++)
			found = found || route_equal(&row->route, &wanted[i]);
		if (found || error || row->protocol != NL_PROTOCOL || row->table != table)
			continue;
		error = route_change(nl, RTM_DELROUTE, 0, table, &row->route);
		if (error == -ESRCH)
			error = 0; // a new one has just replaced it
	}
	vec_free(&there.rows);
	return error;
}

int nl_route_put(struct nl *nl, uint32_t table, const struct nl_route *route)
{
	return route_change(nl, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, table, route);
}

bool nl_is_address(struct nl *nl, const struct ip_addr *addr)
{
	struct route_rows there = {0};
	bool found = false;

	if (!routes_get(nl, RT_TABLE_LOCAL, &there))
		vec_each (&there.rows, row)
			found = found ||
				(row->route.kind == NL_ROUTE_LOCAL && row->protocol != NL_PROTOCOL &&
					ip_addr_equal(&row->route.to.addr, addr));
	vec_free(&there.rows);
	return found;
}

bool nl_has_default_route(struct nl *nl, int link)
{
	struct route_rows there = {0};
	bool found = false;

	if (!routes_get(nl, RT_TABLE_MAIN, &there))
		vec_each (&there.rows, row)
			found = found || (!row->route.to.len && row->route.link == link);
	vec_free(&there.rows);
	return found;
}

struct rule_rows {
	VEC(uint32_t) marks; // of our rules
};

struct rule_row {
	uint32_t mark;
	uint8_t protocol;
};

static int rule_attr(const struct nlattr *attr, void *data)
{
	struct rule_row *out = data;

	if (mnl_attr_get_type(attr) == FRA_FWMARK)
		out->mark = mnl_attr_get_u32(attr);
	else if (mnl_attr_get_type(attr) == FRA_PROTOCOL)
		out->protocol = mnl_attr_get_u8(attr);
	return MNL_CB_OK;
}

static int on_rule(const struct nlmsghdr *message, void *data)
{
	struct rule_rows *into = ((struct nl_reply *)data)->data;
	struct rule_row row = {0};
	uint32_t *room;

	mnl_attr_parse(message, sizeof(struct fib_rule_hdr), rule_attr, &row);
	if (row.protocol != NL_PROTOCOL)
		return MNL_CB_OK;
	room = vec_add(&into->marks);
	if (!room) {
		errno = ENOMEM;
		return MNL_CB_ERROR;
	}
	*room = row.mark;
	return MNL_CB_OK;
}

static int rule_change(struct nl *nl, uint16_t type, uint16_t flags, uint8_t family, uint32_t mark)
{
	struct nlmsghdr *request = nl_request(nl, type, flags);
	struct fib_rule_hdr *head = mnl_nlmsg_put_extra_header(request, sizeof(*head));

	*head = (struct fib_rule_hdr){.family = family, .action = FR_ACT_TO_TBL};
	mnl_attr_put_u32(request, FRA_PRIORITY, MARK_PREFERENCE);
	mnl_attr_put_u32(request, FRA_FWMARK, mark);
	mnl_attr_put_u32(request, FRA_FWMASK, UINT32_MAX);
	mnl_attr_put_u32(request, FRA_TABLE, mark);
	mnl_attr_put_u8(request, FRA_PROTOCOL, NL_PROTOCOL);
	return nl_talk(nl, NULL, NULL);
}

static bool has_mark(const uint32_t *marks, size_t count, uint32_t mark)
{
	for (size_t i = 0; i < count; i++)
		if (marks[i] == mark)
			return true;
	return false;
}

static int family_marks_set(struct nl *nl, uint8_t family, const uint32_t *marks, size_t count)
{
	struct rule_rows there = {0};
	struct fib_rule_hdr *head = mnl_nlmsg_put_extra_header(nl_request(nl, RTM_GETRULE, NLM_F_DUMP), sizeof(*head));
	int error;

	head->family = family;
	error = nl_dump(nl, on_rule, &there, &there.marks.count);
	for (size_t i = 0; !error && i < count; i++)
		if (!has_mark(there.marks.items, there.marks.count, marks[i]))
			error = rule_change(nl, RTM_NEWRULE, NLM_F_CREATE | NLM_F_EXCL, family, marks[i]);
	vec_each (&there.marks, mark)
		if (!error && !has_mark(marks, count, *mark))
			error = rule_change(nl, RTM_DELRULE, 0, family, *mark);
	vec_free(&there.marks);
	return error;
}

int nl_marks_set(struct nl *nl, const uint32_t *marks, size_t count)
{
	struct route_rows there = {0};
	int error = family_marks_set(nl, AF_INET, marks, count);

	if (!error)
		error = family_marks_set(nl, AF_INET6, marks, count);
	if (error == -EAFNOSUPPORT)
		error = 0; // a kernel without IPv6
	if (!error)
		error = routes_get(nl, 0, &there);
	vec_each (&there.rows, row) {
		if (error || row->protocol != NL_PROTOCOL || row->table == RT_TABLE_MAIN || row->table == NL_TABLE_CABLE ||
			has_mark(marks, count, row->table))
			continue;
		error = route_change(nl, RTM_DELROUTE, 0, row->table, &row->route);
		if (error == -ESRCH)
			error = 0;
	}
	vec_free(&there.rows);
	return error;
}
