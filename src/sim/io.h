// SPDX-License-Identifier: Apache-2.0
// What both simulators run on: a loop with one timer, UDP sockets in batches, a TUN, signals, and a control socket.
#pragma once

#include <stdint.h>
#include <uv.h>

#include "base/addr.h"

struct io;
struct net;

struct io_host {
	uint64_t (*next)(void *owner); // when tick is wanted, ms, or UINT64_MAX
	void (*tick)(void *owner, uint64_t now_ms);
	void (*signal)(void *owner, int number); // SIGINT, SIGTERM, SIGUSR1, SIGUSR2
	// A line of the control socket; the answer goes into `out`.
	void (*command)(void *owner, char *line, char *out, size_t size);
	void *owner;
};

struct io {
	uv_loop_t loop;
	uv_prepare_t prepare;
	uv_timer_t timer;
	uv_signal_t signals[4];
	uv_pipe_t control;
	const struct io_host *host;
	struct net *nets;
	char *control_path;
	int status;
};

int io_init(struct io *io, const struct io_host *host); // 0 or -errno
// Listens for commands at a Unix socket; an old socket there is replaced. 0 or -errno.
int io_listen(struct io *io, const char *path);
int io_run(struct io *io); // until io_stop; gives its status
void io_stop(struct io *io, int status);
void io_fini(struct io *io);
uint64_t io_ms(void); // monotonic
uint64_t io_us(void);

// `receive` gets each datagram, borrowed for the call; it may change it in place. 0 or -errno.
int net_open(struct io *io, const struct ip_end *local,
	void (*receive)(void *owner, const struct ip_end *from, uint8_t *bytes, size_t len), void *owner, struct net **out);
void net_close(struct net **net);
// Copies head and body into the batch that leaves before the loop sleeps.
void net_send(struct net *net, const struct ip_end *to, const void *head, size_t head_len, const void *body, size_t body_len);
uint64_t net_lost(const struct net *net); // datagrams that the kernel did not take

struct tun;
// Makes the device, in the network namespace of that name where one is given; `receive` gets each packet that the host sends into it,
// borrowed for the call. 0 or -errno.
int tun_open(struct io *io, const char *name, const char *netns, void (*receive)(void *owner, const uint8_t *packet, size_t len),
	void *owner, struct tun **out);
void tun_close(struct tun **tun);
// Sets address (0: none) and MTU, brings it up, and adds the routes (prefixes as text). IPv6 is the host's own affair: it solicits, and takes what
// is advertised. 0 or -errno.
int tun_configure(struct tun *tun, uint32_t address, uint16_t mtu, char *const *routes, size_t count);
void tun_write(struct tun *tun, const uint8_t *packet, size_t len);

// Says `words` to the control socket at `path` and prints the answer. The program's status.
int io_tell(const char *path, int count, char **words);
