// SPDX-License-Identifier: Apache-2.0
// Links over rtnetlink: what is there, up, moved between namespaces, VLANs.
#include "gateway/netlink_priv.h"

#include "base/clean.h"

#include <errno.h>
#include <linux/if.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/net_namespace.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <stdio.h>
#include <string.h>

static int kind_attr(const struct nlattr *attr, void *data)
{
	struct nl_link *out = data;

	if (mnl_attr_get_type(attr) == IFLA_INFO_KIND)
		snprintf(out->kind, sizeof(out->kind), "%s", mnl_attr_get_str(attr));
	return MNL_CB_OK;
}

static void take_stats(const struct nlattr *attr, struct nl_link *out)
{
	struct rtnl_link_stats64 stats; // the attribute is not aligned, and longer on newer kernels

	if (mnl_attr_get_payload_len(attr) < offsetof(struct rtnl_link_stats64, rx_errors))
		return;
	memcpy(&stats, mnl_attr_get_payload(attr), offsetof(struct rtnl_link_stats64, rx_errors));
	out->sent_packets = stats.tx_packets;
	out->sent_bytes = stats.tx_bytes;
	out->received_packets = stats.rx_packets;
	out->received_bytes = stats.rx_bytes;
}

static int link_attr(const struct nlattr *attr, void *data)
{
	struct nl_link *out = data;

	switch (mnl_attr_get_type(attr)) {
	case IFLA_IFNAME:
		snprintf(out->name, sizeof(out->name), "%s", mnl_attr_get_str(attr));
		break;
	case IFLA_IFALIAS:
		snprintf(out->alias, sizeof(out->alias), "%s", mnl_attr_get_str(attr));
		break;
	case IFLA_MTU:
		out->mtu = mnl_attr_get_u32(attr);
		break;
	case IFLA_STATS64:
		take_stats(attr, out);
		break;
	case IFLA_LINKINFO:
		mnl_attr_parse_nested(attr, kind_attr, out);
		break;
	}
	return MNL_CB_OK;
}

void nl_link_parse(const struct nlmsghdr *message, struct nl_link *out)
{
	const struct ifinfomsg *head = mnl_nlmsg_get_payload(message);

	*out = (struct nl_link){.index = head->ifi_index, .flags = head->ifi_flags};
	mnl_attr_parse(message, sizeof(*head), link_attr, out);
}

static int on_link(const struct nlmsghdr *message, void *data)
{
	nl_link_parse(message, ((struct nl_reply *)data)->data);
	return MNL_CB_OK;
}

static int on_links(const struct nlmsghdr *message, void *data)
{
	struct nl_links *into = ((struct nl_reply *)data)->data;
	struct nl_link *room = vec_add(&into->rows);

	if (!room) {
		errno = ENOMEM;
		return MNL_CB_ERROR;
	}
	nl_link_parse(message, room);
	return MNL_CB_OK;
}

static struct nlmsghdr *link_request(struct nl *nl, uint16_t type, uint16_t flags, struct ifinfomsg head)
{
	struct nlmsghdr *request = nl_request(nl, type, flags);

	*(struct ifinfomsg *)mnl_nlmsg_put_extra_header(request, sizeof(head)) = head;
	return request;
}

int nl_link_get(struct nl *nl, const char *name, struct nl_link *out)
{
	struct nlmsghdr *request = link_request(nl, RTM_GETLINK, 0, (struct ifinfomsg){0});
	struct nl_link link = {0};
	int error;

	mnl_attr_put_strz(request, IFLA_IFNAME, name);
	error = nl_talk(nl, on_link, &link);
	if (!error)
		*out = link;
	return error;
}

int nl_links_get(struct nl *nl, struct nl_links *out)
{
	struct nl_links links = {0};
	int error;

	link_request(nl, RTM_GETLINK, NLM_F_DUMP, (struct ifinfomsg){0});
	error = nl_dump(nl, on_links, &links, &links.rows.count);
	if (error)
		vec_free(&links.rows);
	else
		*out = links;
	return error;
}

int nl_link_up(struct nl *nl, int index)
{
	link_request(nl, RTM_NEWLINK, 0, (struct ifinfomsg){.ifi_index = index, .ifi_flags = IFF_UP, .ifi_change = IFF_UP});
	return nl_talk(nl, NULL, NULL);
}

static int link_move(struct nl *nl, int index, int ns_fd, const char *name)
{
	struct nlmsghdr *request = link_request(nl, RTM_NEWLINK, 0, (struct ifinfomsg){.ifi_index = index});

	mnl_attr_put_u32(request, IFLA_NET_NS_FD, (uint32_t)ns_fd);
	if (name)
		mnl_attr_put_strz(request, IFLA_IFNAME, name);
	return nl_talk(nl, NULL, NULL);
}

int nl_link_move(struct nl *nl, int index, int ns_fd)
{
	int error = link_move(nl, index, ns_fd, NULL);

	// Another of this name is there: better under a new name than lost.
	return error == -EEXIST ? link_move(nl, index, ns_fd, "dev%d") : error;
}

int nl_link_del(struct nl *nl, int index)
{
	link_request(nl, RTM_DELLINK, 0, (struct ifinfomsg){.ifi_index = index});
	return nl_talk(nl, NULL, NULL);
}

int nl_vlan_new(struct nl *nl, int lower, uint16_t id, const char *name, int ns_fd)
{
	struct nlmsghdr *request = link_request(nl, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, (struct ifinfomsg){0});
	struct nlattr *info, *data;

	mnl_attr_put_strz(request, IFLA_IFNAME, name);
	mnl_attr_put_u32(request, IFLA_LINK, (uint32_t)lower);
	mnl_attr_put_u32(request, IFLA_NET_NS_FD, (uint32_t)ns_fd);
	info = mnl_attr_nest_start(request, IFLA_LINKINFO);
	mnl_attr_put_strz(request, IFLA_INFO_KIND, "vlan");
	data = mnl_attr_nest_start(request, IFLA_INFO_DATA);
	mnl_attr_put_u16(request, IFLA_VLAN_ID, id);
	mnl_attr_nest_end(request, data);
	mnl_attr_nest_end(request, info);
	return nl_talk(nl, NULL, NULL);
}

int nl_veth_new(struct nl *nl, const char *name, const char *far_name, int far_fd)
{
	struct nlmsghdr *request = link_request(nl, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, (struct ifinfomsg){0});
	struct nlattr *info, *data, *peer;

	mnl_attr_put_strz(request, IFLA_IFNAME, name);
	info = mnl_attr_nest_start(request, IFLA_LINKINFO);
	mnl_attr_put_strz(request, IFLA_INFO_KIND, "veth");
	data = mnl_attr_nest_start(request, IFLA_INFO_DATA);
	peer = mnl_attr_nest_start(request, VETH_INFO_PEER);
	mnl_nlmsg_put_extra_header(request, sizeof(struct ifinfomsg));
	mnl_attr_put_strz(request, IFLA_IFNAME, far_name);
	mnl_attr_put_u32(request, IFLA_NET_NS_FD, (uint32_t)far_fd);
	mnl_attr_nest_end(request, peer);
	mnl_attr_nest_end(request, data);
	mnl_attr_nest_end(request, info);
	return nl_talk(nl, NULL, NULL);
}

int nl_kind_new(struct nl *nl, const char *kind, const char *name, int ns_fd)
{
	struct nlmsghdr *request = link_request(nl, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, (struct ifinfomsg){0});
	struct nlattr *info;

	mnl_attr_put_strz(request, IFLA_IFNAME, name);
	mnl_attr_put_u32(request, IFLA_NET_NS_FD, (uint32_t)ns_fd);
	info = mnl_attr_nest_start(request, IFLA_LINKINFO);
	mnl_attr_put_strz(request, IFLA_INFO_KIND, kind);
	mnl_attr_nest_end(request, info);
	return nl_talk(nl, NULL, NULL);
}

int nl_xfrm_new(struct nl *nl, const char *name, uint32_t if_id)
{
	struct nlmsghdr *request = link_request(nl, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, (struct ifinfomsg){0});
	struct nlattr *info, *data;

	mnl_attr_put_strz(request, IFLA_IFNAME, name);
	info = mnl_attr_nest_start(request, IFLA_LINKINFO);
	mnl_attr_put_strz(request, IFLA_INFO_KIND, "xfrm");
	data = mnl_attr_nest_start(request, IFLA_INFO_DATA);
	mnl_attr_put_u32(request, IFLA_XFRM_IF_ID, if_id);
	mnl_attr_nest_end(request, data);
	mnl_attr_nest_end(request, info);
	return nl_talk(nl, NULL, NULL);
}

int nl_alias_set(struct nl *nl, int index, const char *alias)
{
	mnl_attr_put_str(link_request(nl, RTM_NEWLINK, 0, (struct ifinfomsg){.ifi_index = index}), IFLA_IFALIAS, alias);
	return nl_talk(nl, NULL, NULL);
}

int nl_mtu_set(struct nl *nl, int index, uint32_t mtu)
{
	mnl_attr_put_u32(link_request(nl, RTM_NEWLINK, 0, (struct ifinfomsg){.ifi_index = index}), IFLA_MTU, mtu);
	return nl_talk(nl, NULL, NULL);
}

int nl_neighbour_set(struct nl *nl, int index, const struct ip_addr *addr, const uint8_t mac[6])
{
	struct nlmsghdr *request = nl_request(nl, RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE);
	struct ndmsg *entry = mnl_nlmsg_put_extra_header(request, sizeof(*entry));

	entry->ndm_family = nl_family(addr);
	entry->ndm_ifindex = index;
	entry->ndm_state = NUD_PERMANENT;
	nl_put_addr(request, NDA_DST, addr);
	mnl_attr_put(request, NDA_LLADDR, 6, mac);
	return nl_talk(nl, NULL, NULL);
}

static int nsid_attr(const struct nlattr *attr, void *data)
{
	if (mnl_attr_get_type(attr) == NETNSA_NSID)
		*(int *)data = (int)mnl_attr_get_u32(attr);
	return MNL_CB_OK;
}

static int on_nsid(const struct nlmsghdr *message, void *data)
{
	return mnl_attr_parse(message, sizeof(struct rtgenmsg), nsid_attr, ((struct nl_reply *)data)->data);
}

static struct nlmsghdr *nsid_request(struct nl *nl, uint16_t type, int ns_fd)
{
	struct nlmsghdr *request = nl_request(nl, type, 0);

	mnl_nlmsg_put_extra_header(request, sizeof(struct rtgenmsg));
	mnl_attr_put_u32(request, NETNSA_FD, (uint32_t)ns_fd);
	return request;
}

int nl_nsid(struct nl *nl, int ns_fd, int *out)
{
	int id = NETNSA_NSID_NOT_ASSIGNED, error;

	nsid_request(nl, RTM_GETNSID, ns_fd);
	error = nl_talk(nl, on_nsid, &id);
	if (!error && id == NETNSA_NSID_NOT_ASSIGNED) {
		// -1 has the kernel choose a number, which it does not tell.
		mnl_attr_put_u32(nsid_request(nl, RTM_NEWNSID, ns_fd), NETNSA_NSID, (uint32_t)-1);
		error = nl_talk(nl, NULL, NULL);
		if (!error || error == -EEXIST) {
			nsid_request(nl, RTM_GETNSID, ns_fd);
			error = nl_talk(nl, on_nsid, &id);
		}
	}
	if (!error)
		*out = id;
	return error;
}
