// SPDX-License-Identifier: Apache-2.0
// UDP in batches: one system call reads or writes up to BATCH datagrams.

#include "sim/net.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clean.h"
#include "sim/io.h"

#define BATCH 64
#define DATAGRAM_MAX 2048
#define ROUNDS 8 // batches read before anything else has its turn
#define KERNEL_BUFFER (8 << 20)

struct batch {
	struct mmsghdr headers[BATCH];
	struct iovec vectors[BATCH];
	struct sockaddr_storage addresses[BATCH];
	uint8_t bytes[BATCH][DATAGRAM_MAX];
};

struct net {
	struct net *next;
	struct io *io;
	uv_poll_t poll;
	int fd;
	void (*receive)(void *owner, const struct ip_end *from, uint8_t *bytes, size_t len);
	void *owner;
	uint64_t lost;
	unsigned int queued;
	struct batch in, out;
};

static void flush(struct net *net)
{
	unsigned int done = 0;

	while (done < net->queued) {
		int sent = sendmmsg(net->fd, net->out.headers + done, net->queued - done, 0);

		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0) { // the first of them is what failed
			net->lost++;
			sent = 1;
		}
		done += (unsigned int)sent;
	}
	net->queued = 0;
}

void net_flush_all(struct net *nets)
{
	for (; nets; nets = nets->next)
		flush(nets);
}

void net_send(struct net *net, const struct ip_end *to, const void *head, size_t head_len, const void *body, size_t body_len)
{
	unsigned int i = net->queued;

	if (head_len + body_len > DATAGRAM_MAX) {
		net->lost++;
		return;
	}
	memcpy(net->out.bytes[i], head, head_len);
	if (body_len)
		memcpy(net->out.bytes[i] + head_len, body, body_len);
	net->out.vectors[i].iov_len = head_len + body_len;
	net->out.headers[i].msg_hdr.msg_namelen = ip_end_to_sockaddr(to, &net->out.addresses[i]);
	if (++net->queued == BATCH)
		flush(net);
}

static void on_readable(uv_poll_t *poll, int, int)
{
	struct net *net = poll->data;

	for (int round = 0; round < ROUNDS; round++) {
		int count;

		for (unsigned int i = 0; i < BATCH; i++)
			net->in.headers[i].msg_hdr.msg_namelen = sizeof(net->in.addresses[i]);
		count = recvmmsg(net->fd, net->in.headers, BATCH, 0, NULL);
		for (int i = 0; i < count; i++) {
			struct ip_end from;

			if (ip_end_from_sockaddr((struct sockaddr *)&net->in.addresses[i], &from) == 0)
				net->receive(net->owner, &from, net->in.bytes[i], net->in.headers[i].msg_len);
		}
		if (count < BATCH)
			return;
	}
}

static void prepare(struct batch *batch)
{
	for (unsigned int i = 0; i < BATCH; i++) {
		batch->vectors[i] = (struct iovec){.iov_base = batch->bytes[i], .iov_len = DATAGRAM_MAX};
		batch->headers[i].msg_hdr =
			(struct msghdr){.msg_name = &batch->addresses[i], .msg_iov = &batch->vectors[i], .msg_iovlen = 1};
	}
}

int net_open(struct io *io, const struct ip_end *local,
	void (*receive)(void *owner, const struct ip_end *from, uint8_t *bytes, size_t len), void *owner, struct net **out)
{
	struct sockaddr_storage address;
	socklen_t len = ip_end_to_sockaddr(local, &address);
	_cleanup_close_ int fd = socket(address.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	_cleanup_free_ struct net *net = calloc(1, sizeof(*net));
	int size = KERNEL_BUFFER;

	if (fd < 0)
		return -errno;
	if (!net)
		return -ENOMEM;
	// Beyond the usual limit where we may.
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) < 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size)) < 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	if (bind(fd, (struct sockaddr *)&address, len) < 0)
		return -errno;
	net->io = io;
	net->receive = receive;
	net->owner = owner;
	prepare(&net->in);
	prepare(&net->out);
	net->fd = TAKE_FD(fd);
	uv_poll_init(&io->loop, &net->poll, net->fd);
	net->poll.data = net;
	uv_poll_start(&net->poll, UV_READABLE, on_readable);
	net->next = io->nets;
	io->nets = net;
	*out = TAKE_PTR(net);
	return 0;
}

static void on_closed(uv_handle_t *handle)
{
	free(handle->data);
}

void net_close(struct net **net)
{
	struct net **link;

	if (!*net)
		return;
	flush(*net);
	for (link = &(*net)->io->nets; *link != *net; link = &(*link)->next)
		;
	*link = (*net)->next;
	uv_poll_stop(&(*net)->poll);
	close((*net)->fd);
	uv_close((uv_handle_t *)&(*net)->poll, on_closed);
	*net = NULL;
}

uint64_t net_lost(const struct net *net)
{
	return net ? net->lost : 0;
}
