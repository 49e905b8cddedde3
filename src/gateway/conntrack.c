// SPDX-License-Identifier: Apache-2.0
#include "gateway/conntrack.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <sys/socket.h>

int conntrack_flush(void)
{
	char buffer[256];
	struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);
	struct mnl_socket *socket = mnl_socket_open(NETLINK_NETFILTER);
	struct nfgenmsg *head;
	ssize_t got;
	int error = 0;

	if (!socket)
		return -errno;
	message->nlmsg_type = (NFNL_SUBSYS_CTNETLINK << 8) | IPCTNL_MSG_CT_DELETE;
	message->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	message->nlmsg_seq = 1;
	head = mnl_nlmsg_put_extra_header(message, sizeof(*head));
	*head = (struct nfgenmsg){.nfgen_family = AF_UNSPEC, .version = NFNETLINK_V0};
	if (mnl_socket_sendto(socket, message, message->nlmsg_len) < 0) {
		error = -errno;
	} else {
		got = mnl_socket_recvfrom(socket, buffer, sizeof(buffer));
		if (got < 0 || mnl_cb_run(buffer, (size_t)got, 1, 0, NULL, NULL) < 0)
			error = -errno;
	}
	mnl_socket_close(socket);
	return error;
}
