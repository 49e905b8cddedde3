// SPDX-License-Identifier: Apache-2.0
// Batched UDP sockets on a libuv loop.
//
// All sockets of one loop share a `struct udp_hub`: the receive slots, the queue of datagrams that wait to leave and the room for
// those that were copied. A socket itself is therefore small (a gateway has one per LAC, thousands of them), and one batch that
// comes in by one socket and leaves by others needs no copy: the receiver's slots are lent to the senders' queues.
//
// What happens when:
//   readable      -> recvmmsg into the hub's slots, on_datagram for each, on_batch_end, then every touched socket is flushed, since
//                    the slots are about to be used again; at most UDP_TURN_BATCHES times, so that one busy socket starves no other
//   prepare/check -> what timers and other callbacks queued leaves before the loop sleeps
//   EAGAIN        -> the kernel's buffer is full. Copied datagrams (control) wait on a bounded backlog for UV_WRITABLE; borrowed ones
//                    (user packets) are dropped and counted, as any full queue would
//   other errors  -> the datagram at fault is dropped and counted, the rest goes on
#include "gateway/udp.h"

#include "base/clean.h"
#include "base/fd.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>

#define UDP_MAX 65535 // octets in a datagram after the kernel's reassembly
#define UDP_SLOT (UDP_HEADROOM + UDP_MAX + 4096 + 193) // the odd stride spreads the slots' heads over the cache's sets
#define UDP_TURN_BATCHES 4
#define UDP_QUEUE 256
#define UDP_COPY_ROOM (4 * 65536)
#define UDP_BACKLOG 256
#define UDP_BUFFER_SIZE (8 << 20)

union udp_sockaddr {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

union udp_control { // room for one control message with an int
	struct cmsghdr head;
	uint8_t bytes[CMSG_SPACE(sizeof(int))];
};

struct udp_entry { // a datagram that waits for the flush
	struct udp_entry *next;
	struct iovec iov;
	union udp_sockaddr peer;
	unsigned how; // UDP_CHECKSUM, UDP_DF, UDP_DSCP
	bool borrowed;
};

struct udp_held { // a copied datagram that waits for room in the kernel's buffer
	struct udp_held *next;
	union udp_sockaddr peer;
	unsigned how;
	size_t len;
	uint8_t datagram[];
};

struct udp_hub {
	struct udp_hub *next;
	uv_loop_t *loop;
	uv_prepare_t prepare;
	uv_check_t check;
	uint32_t users, open_handles;
	struct udp *touched; // sockets with entries
	uint32_t queued; // entries in use
	size_t copied; // octets of copy_room in use
	uint8_t *slots; // UDP_BATCH of UDP_SLOT octets, then copy_room; mapped, so only pages that were used cost
	uint8_t *copy_room;
	struct mmsghdr in[UDP_BATCH], out[UDP_BATCH];
	union udp_control out_control[UDP_BATCH];
	struct iovec in_iov[UDP_BATCH];
	union udp_sockaddr in_peer[UDP_BATCH];
	struct udp_entry entries[UDP_QUEUE];
};

struct udp {
	uv_poll_t poll;
	struct udp_hub *hub;
	struct udp_host host;
	int fd;
	bool closed, touched, is_paused;
	unsigned how; // what SO_NO_CHECK and IP_MTU_DISCOVER on the socket say now
	struct udp *next_touched;
	struct udp_entry *first, *last;
	struct udp_held *held_first, *held_last;
	uint32_t held;
	uint64_t send_errors;
};

// A loop belongs to one thread, and so does its hub.
static _Thread_local struct udp_hub *hubs;

static socklen_t sockaddr_len(const union udp_sockaddr *peer)
{
	return peer->any.sa_family == AF_INET ? sizeof(peer->v4) : sizeof(peer->v6);
}

// ip_end_to_sockaddr without the clearing of a whole sockaddr_storage: this runs once a packet.
static int sockaddr_from_end(const struct ip_end *end, union udp_sockaddr *out)
{
	if (end->addr.family == IP_V4) {
		out->v4.sin_family = AF_INET;
		out->v4.sin_port = htons(end->port);
		memcpy(&out->v4.sin_addr, end->addr.bytes, 4);
		return 0;
	}
	if (end->addr.family != IP_V6)
		return -EAFNOSUPPORT;
	out->v6 = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = htons(end->port)};
	memcpy(&out->v6.sin6_addr, end->addr.bytes, 16);
	return 0;
}

static void end_from_sockaddr(const union udp_sockaddr *peer, struct ip_end *out)
{
	if (peer->any.sa_family == AF_INET) {
		*out = (struct ip_end){.addr.family = IP_V4, .port = ntohs(peer->v4.sin_port)};
		memcpy(out->addr.bytes, &peer->v4.sin_addr, 4);
		return;
	}
	*out = (struct ip_end){.addr.family = IP_V6, .port = ntohs(peer->v6.sin6_port)};
	memcpy(out->addr.bytes, &peer->v6.sin6_addr, 16);
}

#define UDP_OF_SOCKET (UDP_CHECKSUM | UDP_DF) // what is said per socket; the rest is said per datagram

static void set_how(struct udp *udp, unsigned how)
{
	int off = !(how & UDP_CHECKSUM);
	int discover =
		how & UDP_DF ? IP_PMTUDISC_PROBE : IP_PMTUDISC_DONT; // PROBE: DF, and the kernel keeps no path MTU of its own

	if ((udp->how ^ how) & UDP_CHECKSUM)
		setsockopt(udp->fd, SOL_SOCKET, SO_NO_CHECK, &off, sizeof(off));
	if ((udp->how ^ how) & UDP_DF)
		setsockopt(udp->fd, IPPROTO_IP, IP_MTU_DISCOVER, &discover, sizeof(discover));
	udp->how = how & UDP_OF_SOCKET;
}

// The header of a datagram for the kernel, with its DSCP where it has one.
static void fill_header(struct msghdr *out, union udp_sockaddr *peer, struct iovec *iov, unsigned how, union udp_control *control)
{
	bool v4 = peer->any.sa_family == AF_INET;
	int tos = (int)(how >> 8);

	*out = (struct msghdr){.msg_name = &peer->any, .msg_namelen = sockaddr_len(peer), .msg_iov = iov, .msg_iovlen = 1};
	if (!tos)
		return;
	out->msg_control = control;
	out->msg_controllen = sizeof(*control);
	control->head = (struct cmsghdr){.cmsg_len = CMSG_LEN(sizeof(tos)),
		.cmsg_level = v4 ? IPPROTO_IP : IPPROTO_IPV6,
		.cmsg_type = v4 ? IP_TOS : IPV6_TCLASS};
	memcpy(CMSG_DATA(&control->head), &tos, sizeof(tos));
}

static int watch(struct udp *udp);

// Moves an entry that the kernel had no room for to the backlog; a borrowed one, or one too many, is lost.
static void hold(struct udp *udp, const struct udp_entry *entry)
{
	struct udp_held *held = NULL;

	if (!entry->borrowed && udp->held < UDP_BACKLOG)
		held = malloc(sizeof(*held) + entry->iov.iov_len);
	if (!held) {
		udp->send_errors++;
		return;
	}
	held->next = NULL;
	held->peer = entry->peer;
	held->how = entry->how;
	held->len = entry->iov.iov_len;
	memcpy(held->datagram, entry->iov.iov_base, held->len);
	if (udp->held_last)
		udp->held_last->next = held;
	else
		udp->held_first = held;
	udp->held_last = held;
	if (++udp->held == 1)
		watch(udp);
}

static void held_drop_first(struct udp *udp)
{
	struct udp_held *held = udp->held_first;

	udp->held_first = held->next;
	if (!held->next)
		udp->held_last = NULL;
	udp->held--;
	free(held);
}

static void held_send(struct udp *udp)
{
	while (udp->held_first) {
		struct udp_held *held = udp->held_first;
		struct iovec iov = {.iov_base = held->datagram, .iov_len = held->len};
		union udp_control control;
		struct msghdr header;
		ssize_t sent;

		set_how(udp, held->how);
		fill_header(&header, &held->peer, &iov, held->how, &control);
		sent = sendmsg(udp->fd, &header, MSG_DONTWAIT);
		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0 && errno == EAGAIN)
			return;
		if (sent < 0)
			udp->send_errors++;
		held_drop_first(udp);
	}
	watch(udp);
}

// Sends out[0..count), made from the entries that begin at `entry`; the kernel takes as many as it can at a time.
static void send_run(struct udp *udp, struct udp_entry *entry, unsigned count)
{
	struct mmsghdr *out = udp->hub->out;
	unsigned done = 0;

	set_how(udp, entry->how);
	while (done < count) {
		int sent = sendmmsg(udp->fd, out + done, count - done, MSG_DONTWAIT);

		if (sent > 0) {
			done += (unsigned)sent;
			continue;
		}
		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0 && errno == EAGAIN)
			break;
		udp->send_errors++; // ENOBUFS, no route, too big: this one is lost
		done++;
	}
	for (unsigned skip = 0; skip < done; skip++)
		entry = entry->next;
	for (; done < count; done++, entry = entry->next)
		hold(udp, entry);
}

void udp_flush(struct udp *udp)
{
	struct udp_entry *entry = udp->first;

	while (entry) {
		struct udp_entry *start = entry;
		unsigned count = 0;

		if (udp->held_first) { // order is kept: nothing overtakes the backlog
			hold(udp, entry);
			entry = entry->next;
			continue;
		}
		for (; entry && count < UDP_BATCH && !((entry->how ^ start->how) & UDP_OF_SOCKET); entry = entry->next, count++)
			fill_header(&udp->hub->out[count].msg_hdr, &entry->peer, &entry->iov, entry->how,
				&udp->hub->out_control[count]);
		send_run(udp, start, count);
	}
	udp->first = udp->last = NULL;
}

static void hub_flush(struct udp_hub *hub)
{
	while (hub->touched) {
		struct udp *udp = hub->touched;

		hub->touched = udp->next_touched;
		udp->touched = false;
		udp_flush(udp);
	}
	hub->queued = 0;
	hub->copied = 0;
}

static int queue(struct udp *udp, const struct ip_end *peer, const void *datagram, size_t len, bool borrowed, unsigned how)
{
	struct udp_hub *hub = udp->hub;
	struct udp_entry *entry;
	int error;

	if (hub->queued == UDP_QUEUE || (!borrowed && hub->copied + len > UDP_COPY_ROOM))
		hub_flush(hub);
	entry = &hub->entries[hub->queued];
	error = sockaddr_from_end(peer, &entry->peer);
	if (error)
		return error;
	if (!borrowed) {
		datagram = memcpy(hub->copy_room + hub->copied, datagram, len);
		hub->copied += len;
	}
	entry->iov = (struct iovec){.iov_base = (void *)datagram, .iov_len = len};
	entry->borrowed = borrowed;
	entry->how = how;
	entry->next = NULL;
	hub->queued++;
	if (udp->last)
		udp->last->next = entry;
	else
		udp->first = entry;
	udp->last = entry;
	if (!udp->touched) {
		udp->touched = true;
		udp->next_touched = hub->touched;
		hub->touched = udp;
	}
	return 0;
}

int udp_send(struct udp *udp, const struct ip_end *peer, const void *datagram, size_t len, unsigned how)
{
	return len > UDP_MAX ? -EMSGSIZE : queue(udp, peer, datagram, len, false, how);
}

int udp_send_borrowed(struct udp *udp, const struct ip_end *peer, const void *datagram, size_t len, unsigned how)
{
	return len > UDP_MAX ? -EMSGSIZE : queue(udp, peer, datagram, len, true, how);
}

uint64_t udp_send_errors(const struct udp *udp)
{
	return udp->send_errors;
}

// One batch; gives back how many datagrams there were, 0 when there is nothing more (or the socket was closed by a callback).
static unsigned recv_batch(struct udp *udp)
{
	struct udp_hub *hub = udp->hub;
	int got;

	do
		got = recvmmsg(udp->fd, hub->in, UDP_BATCH, MSG_DONTWAIT, NULL);
	while (got < 0 && errno == EINTR);
	if (got <= 0)
		return 0;
	for (int i = 0; i < got; i++) {
		struct ip_end peer;

		hub->in[i].msg_hdr.msg_namelen = sizeof(hub->in_peer[i]);
		if (udp->closed)
			continue;
		end_from_sockaddr(&hub->in_peer[i], &peer);
		udp->host.on_datagram(udp->host.owner, &peer, hub->in_iov[i].iov_base, hub->in[i].msg_len);
	}
	if (!udp->closed && udp->host.on_batch_end)
		udp->host.on_batch_end(udp->host.owner);
	hub_flush(hub);
	return udp->closed ? 0 : (unsigned)got;
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
	struct udp *udp = poll->data;

	if (status < 0) { // libuv stops the handle on POLLERR: take the pending error away and listen on
		int error;
		socklen_t len = sizeof(error);

		if (getsockopt(udp->fd, SOL_SOCKET, SO_ERROR, &error, &len) == 0)
			watch(udp);
		return;
	}
	if (events & UV_WRITABLE)
		held_send(udp);
	if (events & UV_READABLE) {
		for (unsigned turn = 0; turn < UDP_TURN_BATCHES; turn++) {
			if (recv_batch(udp) < UDP_BATCH)
				break;
		}
	}
}

static int watch(struct udp *udp)
{
	int events = (udp->is_paused ? 0 : UV_READABLE) | (udp->held_first ? UV_WRITABLE : 0);

	return udp->closed ? 0 : uv_poll_start(&udp->poll, events, on_poll);
}

static void on_prepare(uv_prepare_t *prepare)
{
	hub_flush(prepare->data);
}

static void on_check(uv_check_t *check)
{
	hub_flush(check->data);
}

static int hub_map(struct udp_hub *hub)
{
	size_t size = UDP_BATCH * (size_t)UDP_SLOT + UDP_COPY_ROOM;
	void *map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (map == MAP_FAILED)
		return -errno;
	hub->slots = map;
	hub->copy_room = hub->slots + UDP_BATCH * (size_t)UDP_SLOT;
	for (unsigned i = 0; i < UDP_BATCH; i++) {
		hub->in_iov[i] = (struct iovec){.iov_base = hub->slots + i * (size_t)UDP_SLOT + UDP_HEADROOM, .iov_len = UDP_MAX};
		hub->in[i].msg_hdr = (struct msghdr){
			.msg_name = &hub->in_peer[i],
			.msg_namelen = sizeof(hub->in_peer[i]),
			.msg_iov = &hub->in_iov[i],
			.msg_iovlen = 1,
		};
	}
	return 0;
}

// Gives a reference to the loop's hub, made at the first call.
static int hub_ref(uv_loop_t *loop, struct udp_hub **out)
{
	_cleanup_free_ struct udp_hub *hub = NULL;
	int error;

	for (struct udp_hub *each = hubs; each; each = each->next) {
		if (each->loop == loop) {
			each->users++;
			*out = each;
			return 0;
		}
	}
	hub = calloc(1, sizeof(*hub));
	if (!hub)
		return -ENOMEM;
	error = hub_map(hub);
	if (error)
		return error;
	hub->loop = loop;
	hub->users = 1;
	hub->open_handles = 2;
	uv_prepare_init(loop, &hub->prepare);
	uv_check_init(loop, &hub->check);
	hub->prepare.data = hub->check.data = hub;
	uv_prepare_start(&hub->prepare, on_prepare);
	uv_check_start(&hub->check, on_check);
	uv_unref((uv_handle_t *)&hub->prepare);
	uv_unref((uv_handle_t *)&hub->check);
	hub->next = hubs;
	*out = hubs = TAKE_PTR(hub);
	return 0;
}

static void on_hub_closed(uv_handle_t *handle)
{
	struct udp_hub *hub = handle->data;

	if (--hub->open_handles)
		return;
	munmap(hub->slots, UDP_BATCH * (size_t)UDP_SLOT + UDP_COPY_ROOM);
	free(hub);
}

static void hub_unref(struct udp_hub *hub)
{
	if (--hub->users)
		return;
	for (struct udp_hub **at = &hubs; *at; at = &(*at)->next) {
		if (*at == hub) {
			*at = hub->next;
			break;
		}
	}
	uv_close((uv_handle_t *)&hub->prepare, on_hub_closed);
	uv_close((uv_handle_t *)&hub->check, on_hub_closed);
}

static void set_buffer(int fd, int force, int plain)
{
	int size = UDP_BUFFER_SIZE;

	if (setsockopt(fd, SOL_SOCKET, force, &size, sizeof(size)) < 0)
		setsockopt(fd, SOL_SOCKET, plain, &size, sizeof(size)); // without CAP_NET_ADMIN: as much as the system allows
}

int udp_open(const struct ip_end *address, int *fd_out)
{
	union udp_sockaddr local = {0};
	int error = sockaddr_from_end(address, &local), dont = IP_PMTUDISC_DONT, off = 0, on = 1;
	_cleanup_close_ int fd = -1;

	if (error)
		return error;
	fd = socket(local.any.sa_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (local.any.sa_family == AF_INET) { // no DF on the outer packet: the kernel fragments what a path cannot take
		setsockopt(fd, IPPROTO_IP, IP_MTU_DISCOVER, &dont, sizeof(dont));
		setsockopt(fd, IPPROTO_IP, IP_RECVERR, &off, sizeof(off));
	} else {
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
		setsockopt(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, &dont, sizeof(dont));
		setsockopt(fd, IPPROTO_IPV6, IPV6_RECVERR, &off, sizeof(off));
	}
	set_buffer(fd, SO_RCVBUFFORCE, SO_RCVBUF);
	set_buffer(fd, SO_SNDBUFFORCE, SO_SNDBUF);
	if (bind(fd, &local.any, sockaddr_len(&local)) < 0)
		return -errno;
	*fd_out = fd_high(TAKE_FD(fd));
	return 0;
}

int udp_new(uv_loop_t *loop, int fd, const struct udp_host *host, struct udp **out)
{
	_cleanup_free_ struct udp *udp = calloc(1, sizeof(*udp));
	_cleanup_close_ int taken = fd;
	int error;

	if (!udp)
		return -ENOMEM;
	error = hub_ref(loop, &udp->hub);
	if (error)
		return error;
	error = uv_poll_init(loop, &udp->poll, fd);
	if (error) {
		hub_unref(udp->hub);
		return error;
	}
	udp->poll.data = udp;
	udp->fd = TAKE_FD(taken);
	udp->host = *host;
	udp->how = UDP_CHECKSUM;
	error = watch(udp);
	if (error) {
		struct udp *failed = TAKE_PTR(udp);

		udp_free(&failed);
		return error;
	}
	*out = TAKE_PTR(udp);
	return 0;
}

void udp_pause(struct udp *udp, bool on)
{
	udp->is_paused = on;
	(void)watch(udp);
}

static void on_closed(uv_handle_t *handle)
{
	free(handle->data);
}

void udp_free(struct udp **pointer)
{
	struct udp *udp = *pointer;

	if (!udp)
		return;
	*pointer = NULL;
	hub_flush(udp->hub); // all of them: the list of touched sockets may not keep one that goes
	while (udp->held_first)
		held_drop_first(udp);
	udp->closed = true;
	hub_unref(udp->hub);
	uv_close((uv_handle_t *)&udp->poll, on_closed);
	close(udp->fd);
}
