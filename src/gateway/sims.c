// SPDX-License-Identifier: Apache-2.0
// A virtual cable with both ends in the slice: "sims", which the slice's stack sees, and "simw", the SIMs' side.
//
//   downlink   the slice routes the SIMs' subnets to sims; the frames come out of simw, where a BPF program takes them or, on the sockets, a packet
//              socket. Their Ethernet address is not simw's, so the stack behind simw drops what it hears of them: no second way round.
//   uplink     the BPF program of the access interface redirects into simw, or the packet socket writes there; it comes out of sims into the
//              slice's stack, where segments of TCP are joined again (GRO), which is half the cost of forwarding them.
//
// sims sends no packet with half a checksum or unsegmented: neither the programs nor GTP-U could make it whole.
#include "gateway/sims.h"

#include "base/clean.h"
#include "gateway/dataplane/dataplane.h"
#include "gateway/netns.h"

#include <errno.h>
#include <linux/ethtool.h>
#include <linux/if_packet.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <netinet/if_ether.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#define FAR "simw"
#define MTU 3500 // the most that a veth takes with a BPF program; a SIM's packet is never that long
#define BUFFER (8 << 20)

bool sims_owns(const char *interface)
{
	return !strcmp(interface, DP_SLICE_INTERFACE) || !strcmp(interface, FAR);
}

static int set_feature(int fd, uint32_t what, uint32_t value)
{
	struct ethtool_value request = {.cmd = what, .data = value};
	struct ifreq interface = {.ifr_name = DP_SLICE_INTERFACE, .ifr_data = (void *)&request};

	return ioctl(fd, SIOCETHTOOL, &interface) ? -errno : 0;
}

static int set_features(int fd)
{
	static const struct {
		uint32_t what, value;
	} rows[] = {{ETHTOOL_STSO, 0}, {ETHTOOL_SGSO, 0}, {ETHTOOL_STXCSUM, 0}, {ETHTOOL_SGRO, 1}};

	for (size_t i = 0; i < array_len(rows); i++) {
		int error = set_feature(fd, rows[i].what, rows[i].value);

		if (error && error != -EOPNOTSUPP) // with a program on the other end there is nothing left to switch off
			return error;
	}
	return 0;
}

static int set_address(int fd)
{
	struct ifreq interface = {.ifr_name = DP_SLICE_INTERFACE, .ifr_hwaddr.sa_family = ARPHRD_ETHER};

	memcpy(interface.ifr_hwaddr.sa_data, DP_SLICE_MAC, 6);
	return ioctl(fd, SIOCSIFHWADDR, &interface) ? -errno : 0;
}

static int set_sysctls(void)
{
	static const char *const rows[][2] = {
		{"ipv6/conf/" FAR "/disable_ipv6", "1"},
		{"ipv6/conf/" DP_SLICE_INTERFACE "/accept_ra", "0"},
		{"ipv6/conf/" DP_SLICE_INTERFACE "/router_solicitations", "0"},
	};

	for (size_t i = 0; i < array_len(rows); i++) {
		int error = netns_sysctl(rows[i][0], rows[i][1]);

		if (error && error != -ENOENT) // a kernel without IPv6
			return error;
	}
	return 0;
}

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

static int make_cable(struct nl *nl, struct nl_link *near, struct nl_link *far)
{
	_cleanup_close_ int here = -1;
	int error = nl_link_get(nl, DP_SLICE_INTERFACE, near);

	if (error == -ENODEV) {
		error = netns_self(&here);
		if (!error)
			error = nl_veth_new(nl, DP_SLICE_INTERFACE, FAR, here);
		if (!error)
			error = nl_link_get(nl, DP_SLICE_INTERFACE, near);
	}
	return error ? error : nl_link_get(nl, FAR, far);
}

int sims_make(struct nl *nl)
{
	_cleanup_close_ int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct nl_link near, far;
	int error = fd < 0 ? -errno : make_cable(nl, &near, &far);

	if (!error && near.mtu != MTU)
		error = nl_mtu_set(nl, near.index, MTU);
	if (!error && far.mtu != MTU)
		error = nl_mtu_set(nl, far.index, MTU);
	if (!error && !(near.flags & IFF_UP)) {
		error = set_address(fd);
		if (!error)
			error = set_sysctls();
		if (!error)
			error = nl_link_up(nl, near.index);
	}
	if (!error && !(far.flags & IFF_UP))
		error = nl_link_up(nl, far.index);
	if (!error)
		error = set_features(fd);
	return error ? error : set_neighbours(nl, near.index);
}

static int open_socket(int *out)
{
	_cleanup_close_ int fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	struct sockaddr_ll name = {
		.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL), .sll_ifindex = (int)if_nametoindex(FAR)};
	int on = 1, size = BUFFER;

	if (fd < 0 || !name.sll_ifindex)
		return -errno;
	if (setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof(on)))
		return -errno;
	setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &on, sizeof(on));
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	if (bind(fd, (struct sockaddr *)&name, sizeof(name)))
		return -errno;
	*out = TAKE_FD(fd);
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
