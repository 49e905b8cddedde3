// SPDX-License-Identifier: Apache-2.0
// A TUN device as the SIM's own network interface: its packets are a real host's.

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <net/route.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "base/clean.h"
#include "sim/io.h"

#define PACKET_MAX 65536
#define ROUNDS 64

struct tun {
	uv_poll_t poll;
	int fd;
	int control; // a socket in the device's network namespace, for its ioctls
	char name[IFNAMSIZ];
	void (*receive)(void *owner, const uint8_t *packet, size_t len);
	void *owner;
	uint8_t packet[PACKET_MAX];
};

static void on_readable(uv_poll_t *poll, int, int)
{
	struct tun *tun = poll->data;

	for (int i = 0; i < ROUNDS; i++) {
		ssize_t len = read(tun->fd, tun->packet, sizeof(tun->packet));

		if (len <= 0)
			return;
		tun->receive(tun->owner, tun->packet, (size_t)len);
	}
}

void tun_write(struct tun *tun, const uint8_t *packet, size_t len)
{
	ssize_t written = write(tun->fd, packet, len); // a full queue drops, as any line does

	(void)written;
}

// Makes device and control socket in the namespace that the thread is in.
static int make(struct tun *tun, const char *name)
{
	struct ifreq request = {.ifr_flags = IFF_TUN | IFF_NO_PI};

	tun->fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	tun->control = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (tun->fd < 0 || tun->control < 0)
		return -errno;
	if (strlen(name) >= sizeof(request.ifr_name))
		return -ENAMETOOLONG;
	strcpy(request.ifr_name, name);
	if (ioctl(tun->fd, TUNSETIFF, &request) < 0)
		return -errno;
	memcpy(tun->name, request.ifr_name, sizeof(tun->name));
	return 0;
}

static int make_in(struct tun *tun, const char *name, const char *netns)
{
	char path[256];
	_cleanup_close_ int own = -1, other = -1;
	int error;

	if (!netns)
		return make(tun, name);
	snprintf(path, sizeof(path), "/run/netns/%s", netns);
	own = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	other = open(path, O_RDONLY | O_CLOEXEC);
	if (own < 0 || other < 0 || setns(other, CLONE_NEWNET) < 0)
		return -errno;
	error = make(tun, name);
	if (setns(own, CLONE_NEWNET) < 0)
		return -errno;
	return error;
}

static void on_closed(uv_handle_t *handle)
{
	free(handle->data);
}

int tun_open(struct io *io, const char *name, const char *netns, void (*receive)(void *owner, const uint8_t *packet, size_t len),
	void *owner, struct tun **out)
{
	struct tun *tun = calloc(1, sizeof(*tun));
	int error;

	if (!tun)
		return -ENOMEM;
	tun->fd = tun->control = -1;
	tun->receive = receive;
	tun->owner = owner;
	error = make_in(tun, name, netns);
	if (error) {
		if (tun->fd >= 0)
			close(tun->fd);
		if (tun->control >= 0)
			close(tun->control);
		free(tun);
		return error;
	}
	uv_poll_init(&io->loop, &tun->poll, tun->fd);
	tun->poll.data = tun;
	uv_poll_start(&tun->poll, UV_READABLE, on_readable);
	*out = tun;
	return 0;
}

void tun_close(struct tun **tun)
{
	if (!*tun)
		return;
	uv_poll_stop(&(*tun)->poll);
	close((*tun)->fd);
	close((*tun)->control);
	uv_close((uv_handle_t *)&(*tun)->poll, on_closed);
	*tun = NULL;
}

static struct sockaddr in_address(uint32_t host_order)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(host_order)};
	struct sockaddr out;

	memcpy(&out, &address, sizeof(out));
	return out;
}

static int add_route(struct tun *tun, const char *text)
{
	struct ip_prefix prefix;
	struct rtentry route = {.rt_flags = RTF_UP, .rt_dev = tun->name};
	uint32_t mask;

	if (ip_prefix_parse(text, &prefix) < 0 || prefix.addr.family != IP_V4)
		return -EINVAL;
	mask = prefix.len ? UINT32_MAX << (32 - prefix.len) : 0;
	route.rt_dst = in_address(ip_addr_to_v4(&prefix.addr));
	route.rt_genmask = in_address(mask);
	if (ioctl(tun->control, SIOCADDRT, &route) < 0 && errno != EEXIST)
		return -errno;
	return 0;
}

int tun_configure(struct tun *tun, uint32_t address, uint16_t mtu, char *const *routes, size_t count)
{
	struct ifreq request = {0};

	memcpy(request.ifr_name, tun->name, sizeof(tun->name));
	request.ifr_addr = in_address(address);
	if (address && ioctl(tun->control, SIOCSIFADDR, &request) < 0)
		return -errno;
	request.ifr_netmask = in_address(UINT32_MAX);
	if (address && ioctl(tun->control, SIOCSIFNETMASK, &request) < 0)
		return -errno;
	request.ifr_mtu = mtu;
	if (mtu && ioctl(tun->control, SIOCSIFMTU, &request) < 0)
		return -errno;
	request.ifr_flags = IFF_UP;
	if (ioctl(tun->control, SIOCSIFFLAGS, &request) < 0)
		return -errno;
	for (size_t i = 0; address && i < count; i++) {
		int error = add_route(tun, routes[i]);

		if (error)
			return error;
	}
	return 0;
}
