// SPDX-License-Identifier: Apache-2.0
// A virtual cable with both ends in the slice: what the slice's stack sends into the near end comes out of the far end before a BPF program, and what
// programs redirect into the far end comes out of the near end into the slice's stack. Integrated slices have one to their SIMs (sims.c), L2TP
// slices one to their LACs (lac_cable.c).
//
// The near end joins segments (GRO): a veth takes redirected frames only when its other end has that or a program. It sends no packet with half a
// checksum or unsegmented: neither the programs nor a tunnel could make it whole.
#include "gateway/cable.h"

#include "base/clean.h"
#include "gateway/dataplane/dataplane.h"
#include "gateway/netns.h"

#include <errno.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#define MTU 3500 // the most that a veth takes with a BPF program; a SIM's packet is never that long

bool cable_owns(const char *interface)
{
	static const char *const ends[] = {DP_SLICE_INTERFACE, DP_SLICE_WIRE, DP_LAC_INTERFACE, DP_LAC_WIRE};

	for (size_t i = 0; i < array_len(ends); i++)
		if (!strcmp(interface, ends[i]))
			return true;
	return false;
}

static struct ifreq request_for(const char *interface)
{
	struct ifreq request = {0};

	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", interface);
	return request;
}

static int set_features(int fd, const char *near)
{
	static const struct {
		uint32_t what, value;
	} rows[] = {{ETHTOOL_STSO, 0}, {ETHTOOL_SGSO, 0}, {ETHTOOL_STXCSUM, 0}, {ETHTOOL_SGRO, 1}};

	for (size_t i = 0; i < array_len(rows); i++) {
		struct ethtool_value value = {.cmd = rows[i].what, .data = rows[i].value};
		struct ifreq request = request_for(near);

		request.ifr_data = (void *)&value;
		if (ioctl(fd, SIOCETHTOOL, &request) && errno != EOPNOTSUPP)
			return -errno; // with a program on the other end there is nothing left to switch off
	}
	return 0;
}

static int set_address(int fd, const char *interface, const char *address)
{
	struct ifreq request = request_for(interface);

	request.ifr_hwaddr.sa_family = ARPHRD_ETHER;
	memcpy(request.ifr_hwaddr.sa_data, address, 6);
	return ioctl(fd, SIOCSIFHWADDR, &request) ? -errno : 0;
}

static int set_sysctls(const struct cable *cable)
{
	const struct {
		const char *interface, *name, *value;
	} rows[] = {
		{cable->far, "disable_ipv6", "1"},
		{cable->near, "accept_ra", "0"},
		{cable->near, "router_solicitations", "0"},
	};

	for (size_t i = 0; i < array_len(rows); i++) {
		char path[80];
		int error;

		snprintf(path, sizeof(path), "ipv6/conf/%s/%s", rows[i].interface, rows[i].name);
		error = netns_sysctl(path, rows[i].value);
		if (error && error != -ENOENT) // a kernel without IPv6
			return error;
	}
	return 0;
}

static int find_or_lay(struct nl *nl, const struct cable *cable, struct nl_link *near, struct nl_link *far)
{
	_cleanup_close_ int here = -1;
	int error = nl_link_get(nl, cable->near, near);

	if (error == -ENODEV) {
		error = netns_self(&here);
		if (!error)
			error = nl_veth_new(nl, cable->near, cable->far, here);
		if (!error)
			error = nl_link_get(nl, cable->near, near);
	}
	return error ? error : nl_link_get(nl, cable->far, far);
}

// The far end first: the near one finds its carrier when it comes up and sends at once, and not when the kernel looks at carriers, a second later.
static int bring_up(struct nl *nl, int fd, const struct cable *cable, const struct nl_link *near, const struct nl_link *far)
{
	int error = 0;

	if (!(far->flags & IFF_UP)) {
		error = cable->far_hears ? set_address(fd, cable->far, DP_SIMS_MAC) : 0;
		if (!error)
			error = set_sysctls(cable);
		if (!error)
			error = nl_link_up(nl, far->index);
	}
	if (!error && !(near->flags & IFF_UP)) {
		error = set_address(fd, cable->near, DP_SLICE_MAC);
		if (!error)
			error = nl_link_up(nl, near->index);
	}
	return error ? error : set_features(fd, cable->near);
}

int cable_make(struct nl *nl, const struct cable *cable, struct nl_link *near)
{
	_cleanup_close_ int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct nl_link far = {0};
	int error = fd < 0 ? -errno : find_or_lay(nl, cable, near, &far);

	if (!error && near->mtu != MTU)
		error = nl_mtu_set(nl, near->index, MTU);
	if (!error && far.mtu != MTU)
		error = nl_mtu_set(nl, far.index, MTU);
	return error ? error : bring_up(nl, fd, cable, near, &far);
}
