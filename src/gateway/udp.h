// SPDX-License-Identifier: Apache-2.0
// A UDP socket on the loop that reads and writes in batches (recvmmsg, sendmmsg).
#pragma once

#include "base/addr.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#define UDP_BATCH 64
#define UDP_HEADROOM 64 // octets free before each received datagram

struct udp;

struct udp_host {
	// One datagram; it may be edited in place (UDP_HEADROOM octets before it are free) and is borrowed until on_batch_end returns.
	void (*on_datagram)(void *owner, const struct ip_end *peer, uint8_t *datagram, size_t len);
	void (*on_batch_end)(void *owner); // may be NULL
	void *owner;
};

// A socket bound to `address` with the options that every tunnel socket here has (non-blocking, close-on-exec, PMTU discovery off,
// IP_RECVERR off, large buffers). 0 or -errno. Must be called in the right network namespace.
int udp_open(const struct ip_end *address, int *fd_out);
// Takes fd, also on failure. 0 or -errno.
int udp_new(uv_loop_t *loop, int fd, const struct udp_host *host, struct udp **out);
void udp_free(struct udp **udp); // flushes first
void udp_pause(struct udp *udp, bool on); // reads nothing meanwhile: what arrives waits in the socket
// How a datagram leaves. UDP_CHECKSUM: with the UDP checksum (IPv4 only; without, RFC 2661 8.1 allows data). UDP_DF: Don't Fragment is set
// (IPv4). UDP_DSCP(0 to 63): of the outer header.
#define UDP_CHECKSUM 1u
#define UDP_DF 2u
#define UDP_DSCP(dscp) ((unsigned)(dscp) << 10)
// Copies the datagram into the queue; it leaves at the end of the loop's turn, or at once when the queue is full. 0, -EMSGSIZE or
// -EAFNOSUPPORT; what the kernel refuses later is counted.
int udp_send(struct udp *udp, const struct ip_end *peer, const void *datagram, size_t len, unsigned how);
// Queues without copying: `datagram` must stay until the next udp_flush. A datagram borrowed in on_datagram qualifies: every socket is
// flushed after on_batch_end, before the buffers are used again.
int udp_send_borrowed(struct udp *udp, const struct ip_end *peer, const void *datagram, size_t len, unsigned how);
void udp_flush(struct udp *udp);
uint64_t udp_send_errors(const struct udp *udp); // datagrams that were queued and lost
