// SPDX-License-Identifier: Apache-2.0
// Routes, neighbours and links of one namespace, as the kernel's own forwarding would use them. bpf_fib_lookup could say it to a program, but only of
// the namespace that a packet came in by, with forwarding on, and (before 6.10) without marks: each of which fails us on one side.
#include "gateway/dataplane/xdp/xdp.h"

#include "base/clean.h"
#include "base/fd.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include <linux/if.h>
#include <linux/if_arp.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

#define BUFFER 8192

// linux/netdev.h came with 6.3.
enum { NETDEV_DEV_GET = 1, NETDEV_IFINDEX = 1, NETDEV_XDP_FEATURES = 3, NETDEV_XDP_NDO_XMIT = 1 << 2 };

struct route {
	struct mnl_socket *ask, *listen, *generic;
	uint16_t netdev; // family; 0: this kernel has none
	uint32_t seq;
};

static int ask(struct route *route, struct mnl_socket *socket, struct nlmsghdr *request,
	int (*each)(const struct nlmsghdr *, void *), void *owner)
{
	uint8_t buffer[BUFFER];
	ssize_t len;

	request->nlmsg_seq = ++route->seq;
	if (mnl_socket_sendto(socket, request, request->nlmsg_len) < 0)
		return -errno;
	len = mnl_socket_recvfrom(socket, buffer, sizeof(buffer));
	if (len < 0)
		return -errno;
	return mnl_cb_run(buffer, (size_t)len, request->nlmsg_seq, mnl_socket_get_portid(socket), each, owner) < 0 ? -errno : 0;
}

static int on_family(const struct nlmsghdr *message, void *owner)
{
	const struct nlattr *attribute;

	mnl_attr_for_each(
		attribute, message, sizeof(struct genlmsghdr)) if (mnl_attr_get_type(attribute) == CTRL_ATTR_FAMILY_ID) *
		(uint16_t *)owner = mnl_attr_get_u16(attribute);
	return MNL_CB_OK;
}

static void find_netdev(struct route *route)
{
	uint8_t buffer[BUFFER];
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
	struct genlmsghdr *generic = mnl_nlmsg_put_extra_header(request, sizeof(*generic));

	request->nlmsg_type = GENL_ID_CTRL;
	request->nlmsg_flags = NLM_F_REQUEST;
	generic->cmd = CTRL_CMD_GETFAMILY;
	generic->version = 1;
	mnl_attr_put_strz(request, CTRL_ATTR_FAMILY_NAME, "netdev");
	if (ask(route, route->generic, request, on_family, &route->netdev))
		route->netdev = 0;
}

static struct mnl_socket *open_one(int bus, unsigned groups)
{
	int fd = fd_high(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | (groups ? SOCK_NONBLOCK : 0), bus));
	struct mnl_socket *socket = fd < 0 ? NULL : mnl_socket_fdopen(fd);

	if (!socket && fd >= 0)
		close(fd);
	if (socket && mnl_socket_bind(socket, groups, MNL_SOCKET_AUTOPID) < 0) {
		mnl_socket_close(socket);
		return NULL;
	}
	return socket;
}

int route_open(struct route **out)
{
	struct route *route = calloc(1, sizeof(*route));

	if (!route)
		return -ENOMEM;
	route->ask = open_one(NETLINK_ROUTE, 0);
	route->listen =
		open_one(NETLINK_ROUTE, RTMGRP_NEIGH | RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE | RTMGRP_LINK | RTMGRP_IPV4_RULE);
	route->generic = open_one(NETLINK_GENERIC, 0);
	if (!route->ask || !route->listen || !route->generic) {
		int error = errno ? -errno : -ENOMEM;

		route_close(&route);
		return error;
	}
	find_netdev(route);
	*out = route;
	return 0;
}

void route_close(struct route **pointer)
{
	struct route *route = *pointer;

	*pointer = NULL;
	if (!route)
		return;
	if (route->ask)
		mnl_socket_close(route->ask);
	if (route->listen)
		mnl_socket_close(route->listen);
	if (route->generic)
		mnl_socket_close(route->generic);
	free(route);
}

int route_fd(const struct route *route)
{
	return mnl_socket_get_fd(route->listen);
}

void route_drain(struct route *route)
{
	uint8_t buffer[BUFFER];

	while (recv(route_fd(route), buffer, sizeof(buffer), MSG_DONTWAIT) > 0 || errno == ENOBUFS)
		;
}

struct way {
	uint32_t ifindex, neighbour;
	uint8_t type;
};

static int on_route(const struct nlmsghdr *message, void *owner)
{
	const struct rtmsg *route = mnl_nlmsg_get_payload(message);
	const struct nlattr *attribute;
	struct way *way = owner;

	way->type = route->rtm_type;
	mnl_attr_for_each(attribute, message, sizeof(*route))
	{
		if (mnl_attr_get_type(attribute) == RTA_OIF)
			way->ifindex = mnl_attr_get_u32(attribute);
		else if (mnl_attr_get_type(attribute) == RTA_GATEWAY)
			way->neighbour = mnl_attr_get_u32(attribute);
		else if (mnl_attr_get_type(attribute) == RTA_VIA)
			way->type = RTN_UNSPEC; // a neighbour of another family
	}
	return MNL_CB_OK;
}

int route_find(struct route *route, uint32_t daddr, uint32_t saddr, uint32_t mark, uint32_t *ifindex, uint32_t *neighbour)
{
	uint8_t buffer[BUFFER];
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
	struct rtmsg *ask_for = mnl_nlmsg_put_extra_header(request, sizeof(*ask_for));
	struct way way = {.neighbour = daddr};
	int error;

	request->nlmsg_type = RTM_GETROUTE;
	request->nlmsg_flags = NLM_F_REQUEST;
	ask_for->rtm_family = AF_INET;
	ask_for->rtm_dst_len = ask_for->rtm_src_len = 32;
	mnl_attr_put_u32(request, RTA_DST, daddr);
	if (saddr)
		mnl_attr_put_u32(request, RTA_SRC, saddr);
	if (mark)
		mnl_attr_put_u32(request, RTA_MARK, mark);
	error = ask(route, route->ask, request, on_route, &way);
	if (error)
		return error;
	if (way.type != RTN_UNICAST || !way.ifindex)
		return -ENETUNREACH;
	*ifindex = way.ifindex;
	*neighbour = way.neighbour;
	return 0;
}

struct found_mac {
	uint8_t *mac;
	bool is_valid, is_fixed; // fixed: by an administrator, or none is needed
};

static int on_neighbour(const struct nlmsghdr *message, void *owner)
{
	const struct ndmsg *entry = mnl_nlmsg_get_payload(message);
	const struct nlattr *attribute;
	struct found_mac *found = owner;

	mnl_attr_for_each(attribute, message, sizeof(*entry))
	{
		if (mnl_attr_get_type(attribute) != NDA_LLADDR || mnl_attr_get_payload_len(attribute) != 6)
			continue;
		memcpy(found->mac, mnl_attr_get_payload(attribute), 6);
		found->is_valid =
			entry->ndm_state & (NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE | NUD_PERMANENT | NUD_NOARP);
		found->is_fixed = entry->ndm_state & (NUD_PERMANENT | NUD_NOARP);
	}
	return MNL_CB_OK;
}

// NTF_USE: as if a packet were sent to it, so the kernel asks for it or asks again.
static void use_neighbour(struct route *route, uint32_t ifindex, uint32_t neighbour)
{
	uint8_t buffer[BUFFER];
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
	struct ndmsg *entry = mnl_nlmsg_put_extra_header(request, sizeof(*entry));

	request->nlmsg_type = RTM_NEWNEIGH;
	request->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE;
	entry->ndm_family = AF_INET;
	entry->ndm_ifindex = (int)ifindex;
	entry->ndm_state = NUD_NONE;
	entry->ndm_flags = NTF_USE;
	mnl_attr_put_u32(request, NDA_DST, neighbour);
	(void)ask(route, route->ask, request, NULL, NULL);
}

int route_mac(struct route *route, uint32_t ifindex, uint32_t neighbour, bool probe, uint8_t mac[6])
{
	uint8_t buffer[BUFFER];
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
	struct ndmsg *entry = mnl_nlmsg_put_extra_header(request, sizeof(*entry));
	struct found_mac found = {.mac = mac};
	int error;

	request->nlmsg_type = RTM_GETNEIGH;
	request->nlmsg_flags = NLM_F_REQUEST;
	entry->ndm_family = AF_INET;
	entry->ndm_ifindex = (int)ifindex;
	mnl_attr_put_u32(request, NDA_DST, neighbour);
	error = ask(route, route->ask, request, on_neighbour, &found);
	if (!found.is_fixed && (probe || error || !found.is_valid)) // NTF_USE would make a permanent entry one that goes
		use_neighbour(route, ifindex, neighbour);
	return error ? error : found.is_valid ? 0 : -ENOENT;
}

static void read_kind(const struct nlattr *info, struct route_link *out)
{
	const struct nlattr *attribute;

	mnl_attr_for_each_nested(attribute, info) if (mnl_attr_get_type(attribute) == IFLA_INFO_KIND)
		strncpy(out->kind, mnl_attr_get_str(attribute), 15);
	if (strcmp(out->kind, "vlan"))
		return;
	mnl_attr_for_each_nested(attribute, info)
	{
		const struct nlattr *data;

		if (mnl_attr_get_type(attribute) != IFLA_INFO_DATA)
			continue;
		mnl_attr_for_each_nested(data, attribute) if (mnl_attr_get_type(data) == IFLA_VLAN_ID) out->vlan =
			mnl_attr_get_u16(data);
	}
}

static int on_link(const struct nlmsghdr *message, void *owner)
{
	const struct ifinfomsg *link = mnl_nlmsg_get_payload(message);
	const struct nlattr *attribute;
	struct route_link *out = owner;

	out->ifindex = (uint32_t)link->ifi_index;
	out->is_up = link->ifi_flags & IFF_UP;
	out->is_ethernet = link->ifi_type == ARPHRD_ETHER;
	mnl_attr_for_each(attribute, message, sizeof(*link))
	{
		switch (mnl_attr_get_type(attribute)) {
		case IFLA_IFNAME:
			strncpy(out->name, mnl_attr_get_str(attribute), sizeof(out->name) - 1);
			break;
		case IFLA_ADDRESS:
			if (mnl_attr_get_payload_len(attribute) == 6)
				memcpy(out->mac, mnl_attr_get_payload(attribute), 6);
			break;
		case IFLA_LINK:
			out->lower = mnl_attr_get_u32(attribute);
			break;
		case IFLA_MTU:
			out->mtu = mnl_attr_get_u32(attribute);
			break;
		case IFLA_LINKINFO:
			read_kind(attribute, out);
			break;
		}
	}
	return MNL_CB_OK;
}

static int find_link(struct route *route, uint32_t ifindex, const char *name, struct route_link *out)
{
	uint8_t buffer[BUFFER];
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
	struct ifinfomsg *link = mnl_nlmsg_put_extra_header(request, sizeof(*link));

	memset(out, 0, sizeof(*out));
	request->nlmsg_type = RTM_GETLINK;
	request->nlmsg_flags = NLM_F_REQUEST;
	link->ifi_index = (int)ifindex;
	mnl_attr_put_u32(request, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
	if (name)
		mnl_attr_put_strz(request, IFLA_IFNAME, name);
	return ask(route, route->ask, request, on_link, out);
}

int route_link(struct route *route, uint32_t ifindex, struct route_link *out)
{
	return find_link(route, ifindex, NULL, out);
}

int route_link_named(struct route *route, const char *name, struct route_link *out)
{
	return find_link(route, 0, name, out);
}

static int on_device(const struct nlmsghdr *message, void *owner)
{
	const struct nlattr *attribute;

	mnl_attr_for_each(
		attribute, message, sizeof(struct genlmsghdr)) if (mnl_attr_get_type(attribute) == NETDEV_XDP_FEATURES) *
		(int *)owner = (mnl_attr_get_u64(attribute) & NETDEV_XDP_NDO_XMIT) != 0;
	return MNL_CB_OK;
}

int route_takes_redirects(struct route *route, uint32_t ifindex)
{
	uint8_t buffer[BUFFER];
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
	struct genlmsghdr *generic = mnl_nlmsg_put_extra_header(request, sizeof(*generic));
	int takes = -EOPNOTSUPP, error;

	if (!route->netdev)
		return -EOPNOTSUPP;
	request->nlmsg_type = route->netdev;
	request->nlmsg_flags = NLM_F_REQUEST;
	generic->cmd = NETDEV_DEV_GET;
	generic->version = 1;
	mnl_attr_put_u32(request, NETDEV_IFINDEX, ifindex);
	error = ask(route, route->generic, request, on_device, &takes);
	return error ? error : takes;
}

struct dump {
	void (*each)(void *owner, const struct route_row *row);
	void *owner;
};

static int on_row(const struct nlmsghdr *message, void *data)
{
	const struct rtmsg *route = mnl_nlmsg_get_payload(message);
	struct route_row row = {.type = route->rtm_type,
		.table = route->rtm_table,
		.is_v6 = route->rtm_family == AF_INET6,
		.len = route->rtm_dst_len};
	const struct dump *dump = data;
	const struct nlattr *attribute;

	if (message->nlmsg_type != RTM_NEWROUTE || (route->rtm_family != AF_INET && route->rtm_family != AF_INET6) ||
		route->rtm_flags & RTM_F_CLONED)
		return MNL_CB_OK;
	mnl_attr_for_each(attribute, message, sizeof(*route))
	{
		size_t len = mnl_attr_get_payload_len(attribute);

		if (mnl_attr_get_type(attribute) == RTA_TABLE)
			row.table = mnl_attr_get_u32(attribute);
		else if (mnl_attr_get_type(attribute) == RTA_OIF)
			row.ifindex = mnl_attr_get_u32(attribute);
		else if (mnl_attr_get_type(attribute) == RTA_GATEWAY && len == 4)
			row.gateway = mnl_attr_get_u32(attribute);
		else if (mnl_attr_get_type(attribute) == RTA_DST && len <= sizeof(row.to))
			memcpy(row.to, mnl_attr_get_payload(attribute), len);
	}
	dump->each(dump->owner, &row);
	return MNL_CB_OK;
}

static int dump_family(struct route *route, uint8_t family, const struct dump *dump)
{
	uint8_t buffer[4 * BUFFER];
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
	struct rtmsg *ask_for = mnl_nlmsg_put_extra_header(request, sizeof(*ask_for));
	int more = MNL_CB_OK;

	request->nlmsg_type = RTM_GETROUTE;
	request->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	request->nlmsg_seq = ++route->seq;
	ask_for->rtm_family = family;
	if (mnl_socket_sendto(route->ask, request, request->nlmsg_len) < 0)
		return -errno;
	while (more > MNL_CB_STOP) {
		ssize_t len = mnl_socket_recvfrom(route->ask, buffer, sizeof(buffer));

		if (len < 0)
			return -errno;
		more = mnl_cb_run(buffer, (size_t)len, route->seq, mnl_socket_get_portid(route->ask), on_row, (void *)dump);
	}
	return more < 0 ? -errno : 0;
}

int route_dump(struct route *route, void (*each)(void *owner, const struct route_row *row), void *owner)
{
	const struct dump dump = {each, owner};
	int error = dump_family(route, AF_INET, &dump);

	return error ? error : dump_family(route, AF_INET6, &dump);
}
