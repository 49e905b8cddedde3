// SPDX-License-Identifier: Apache-2.0
// The cable (cable.c) of an Integrated slice: "sims", which the slice's stack sees, and "simw", the SIMs' side.
//
//   downlink   the slice routes the SIMs' subnets to sims; the frames come out of simw, where a BPF program takes them or, on the sockets, a packet
//              socket. Their Ethernet address is not simw's, so the stack behind simw drops what it hears of them: no second way round.
//   uplink     the BPF program of the access interface redirects into simw, or the packet socket writes there; it comes out of sims into the
//              slice's stack, where segments of TCP are joined again (GRO), which is half the cost of forwarding them.
#include "gateway/sims.h"

#include "base/clean.h"
#include "base/fd.h"
#include "gateway/cable.h"
#include "gateway/dataplane/dataplane.h"

#include <errno.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/if_ether.h>
#include <sys/socket.h>

#define BUFFER (8 << 20)

static int set_neighbours(struct nl *nl, int index)
{
	static const char *const gateways[] = {DP_SLICE_GATEWAY4, DP_SLICE_GATEWAY6};
	struct nl_addr own = {.len = 32};
	int error = ip_addr_parse("192.0.0.8", &own.addr); // RFC 7600 4.8: what errors of the slice's own stack come from

	if (!error)
		error = nl_addrs_set(nl, index, &own, 1);
	for (size_t i = 0; i < array_len(gateways) && !error; i++) {
		struct ip_addr gateway;

		error = ip_addr_parse(gateways[i], &gateway);
		if (!error)
			error = nl_neighbour_set(nl, index, &gateway, (const uint8_t *)DP_SIMS_MAC);
		if (error == -EOPNOTSUPP || error == -EAFNOSUPPORT || (error == -EINVAL && gateway.family == IP_V6))
			error = 0; // IPv6 is off here
	}
	return error;
}

int sims_make(struct nl *nl)
{
	static const struct cable sims = {.near = DP_SLICE_INTERFACE, .far = DP_SLICE_WIRE};
	struct nl_link near;
	int error = cable_make(nl, &sims, &near);

	return error ? error : set_neighbours(nl, near.index);
}

static int open_socket(int *out)
{
	_cleanup_close_ int fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	struct sockaddr_ll name = {
		.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL), .sll_ifindex = (int)if_nametoindex(DP_SLICE_WIRE)};
	int on = 1, size = BUFFER;

	if (fd < 0 || !name.sll_ifindex)
		return -errno;
	if (setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof(on)))
		return -errno;
	setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &on, sizeof(on));
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	if (bind(fd, (struct sockaddr *)&name, sizeof(name)))
		return -errno;
	*out = fd_high(TAKE_FD(fd));
	return 0;
}

int sims_open(int *fd)
{
	struct nl *nl = NULL;
	int error = nl_new(&nl);

	if (!error)
		error = sims_make(nl);
	nl_free(&nl);
	return error ? error : open_socket(fd);
}
