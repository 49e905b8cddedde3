// SPDX-License-Identifier: Apache-2.0
#include "gateway/links.h"

#include "gateway/netlink_priv.h"

#include <errno.h>
#include <linux/if.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define LINKS_TURN 64 // messages in one turn of the loop

struct links {
	uv_poll_t poll;
	struct mnl_socket *socket;
	struct links_host host;
	char buffer[16384] __attribute__((aligned(8)));
};

static void on_message(struct links *links, int nsid, const struct nlmsghdr *message)
{
	struct nl_link link;
	bool is_there = message->nlmsg_type == RTM_NEWLINK;

	if (message->nlmsg_type != RTM_NEWLINK && message->nlmsg_type != RTM_DELLINK)
		return;
	nl_link_parse(message, &link);
	links->host.on_link(
		links->host.owner, nsid, link.name, is_there, is_there && (link.flags & IFF_UP) && (link.flags & IFF_LOWER_UP));
}

// The number of the namespace that an event is from stands beside it when it is not the socket's own.
static int nsid_of(struct msghdr *header)
{
	int nsid = LINKS_UNDERLAY;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c; c = CMSG_NXTHDR(header, c))
		if (c->cmsg_level == SOL_NETLINK && c->cmsg_type == NETLINK_LISTEN_ALL_NSID)
			memcpy(&nsid, CMSG_DATA(c), sizeof(nsid));
	return nsid;
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
	struct links *links = poll->data;

	for (int i = 0; i < LINKS_TURN; i++) {
		char control[CMSG_SPACE(64)] __attribute__((aligned(8)));
		struct iovec iov = {links->buffer, sizeof(links->buffer)};
		struct msghdr header = {
			.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)};
		ssize_t got = recvmsg(mnl_socket_get_fd(links->socket), &header, MSG_DONTWAIT);
		int left = (int)got;

		if (got < 0 && errno == ENOBUFS)
			links->host.on_lost(links->host.owner);
		if (got <= 0)
			break;
		for (struct nlmsghdr *m = (struct nlmsghdr *)links->buffer; mnl_nlmsg_ok(m, left); m = mnl_nlmsg_next(m, &left))
			on_message(links, nsid_of(&header), m);
	}
	links->host.on_end(links->host.owner);
}

int links_new(uv_loop_t *loop, const struct links_host *host, struct links **out)
{
	struct links *links = calloc(1, sizeof(*links));
	int on = 1, room = 1 << 20, error = 0;

	if (!links)
		return -ENOMEM;
	links->host = *host;
	links->socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (!links->socket || mnl_socket_bind(links->socket, RTMGRP_LINK, MNL_SOCKET_AUTOPID) < 0 ||
		mnl_socket_setsockopt(links->socket, NETLINK_LISTEN_ALL_NSID, &on, sizeof(on)))
		error = -errno;
	if (!error) {
		setsockopt(mnl_socket_get_fd(links->socket), SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room));
		error = uv_poll_init(loop, &links->poll, mnl_socket_get_fd(links->socket));
	}
	if (error) {
		if (links->socket)
			mnl_socket_close(links->socket);
		free(links);
		return error;
	}
	links->poll.data = links;
	uv_poll_start(&links->poll, UV_READABLE, on_readable);
	*out = links;
	return 0;
}

static void on_closed(uv_handle_t *handle)
{
	struct links *links = handle->data;

	mnl_socket_close(links->socket);
	free(links);
}

void links_free(struct links **links)
{
	if (*links)
		uv_close((uv_handle_t *)&(*links)->poll, on_closed);
	*links = NULL;
}
