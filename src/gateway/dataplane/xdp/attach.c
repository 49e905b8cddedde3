// SPDX-License-Identifier: Apache-2.0
// Programs on interfaces: attached and pinned, taken over from an earlier process, renewed, detached. The thread of port.c calls all of it.
#include "gateway/dataplane/xdp/xdp.h"

#include "base/clean.h"
#include "base/fd.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <dirent.h>
#include <errno.h>
#include <linux/if_link.h>
#include <stdio.h>
#include <string.h>

LOG_CATEGORY(xdp);

#define LINK_LEN (XDP_PATH + 60)

static void link_path(const struct fast *fast, uint64_t netns, uint32_t ifindex, char out[LINK_LEN])
{
	snprintf(out, LINK_LEN, "%.200s/links/%llu-%u", fast->objects.pins, (unsigned long long)netns, ifindex);
}

static int program_of(const struct fast *fast, uint32_t slice)
{
	return slice ? xdp_program_ingress(fast, slice) : xdp_program_access(fast);
}

// Attaches in the namespace that the thread is in. A link fd or -errno.
static int attach(struct fast *fast, uint32_t slice, uint32_t ifindex, bool *is_generic)
{
	int program = program_of(fast, slice), link;
	LIBBPF_OPTS(bpf_link_create_opts, options, .flags = XDP_FLAGS_DRV_MODE);

	if (program < 0)
		return program;
	link = bpf_link_create(program, (int)ifindex, BPF_XDP, &options);
	*is_generic = false;
	if (link < 0 && (errno == EOPNOTSUPP || errno == EINVAL || errno == ERANGE)) {
		options.flags = XDP_FLAGS_SKB_MODE;
		link = bpf_link_create(program, (int)ifindex, BPF_XDP, &options);
		*is_generic = true;
	}
	if (link < 0)
		link = -errno;
	if (slice)
		close(program);
	return link;
}

void xdp_port_renew(struct fast *fast, uint32_t port)
{
	uint32_t slice = fast->objects.port_keys[port].slice;
	int program;

	if (fast->ports[port].link < 0 || !fast->ports[port].is_old)
		return;
	program = program_of(fast, slice);
	if (program < 0)
		return;
	if (bpf_link_update(fast->ports[port].link, program, NULL))
		log_warn("the program of an interface cannot be renewed interface=%s error=\"%s\"", fast->ports[port].name,
			strerror(errno));
	fast->ports[port].is_old = false;
	if (slice)
		close(program);
}

void xdp_port_detach(struct fast *fast, uint32_t port)
{
	struct abi_port *key = &fast->objects.port_keys[port];
	char path[LINK_LEN];

	if (key->netns && *fast->objects.pins) {
		link_path(fast, key->netns, key->ifindex, path);
		unlink(path);
	}
	bpf_map_delete_elem(xdp_ports_fd(fast), &port);
	pthread_mutex_lock(&fast->lock);
	if (fast->ports[port].link >= 0)
		close(fast->ports[port].link);
	fast->ports[port] = (struct xdp_port){.link = -1};
	*key = (struct abi_port){0};
	fast->port_places[port] = (struct xdp_place){0};
	pthread_mutex_unlock(&fast->lock);
}

uint32_t xdp_port_find(const struct fast *fast, uint64_t netns, uint32_t ifindex)
{
	for (uint32_t i = 1; i < ABI_PORTS; i++)
		if (fast->objects.port_keys[i].netns == netns && fast->objects.port_keys[i].ifindex == ifindex)
			return i;
	return 0;
}

int xdp_port_attach(struct fast *fast, uint32_t port, uint32_t slice, uint64_t netns, uint32_t ifindex)
{
	struct xdp_port *at = &fast->ports[port];
	char path[LINK_LEN] = "";
	int link = -1;

	if (*fast->objects.pins) {
		link_path(fast, netns, ifindex, path);
		link = bpf_obj_get(path);
	}
	at->is_old = link >= 0;
	if (link < 0) {
		link = attach(fast, slice, ifindex, &at->is_generic);
		if (link >= 0 && *path && bpf_obj_pin(link, path))
			log_warn("a program cannot be pinned interface=%s error=\"%s\"", at->name, strerror(errno));
	}
	if (link < 0)
		return link;
	at->link = fd_high(link);
	if (fast->is_settled && !fast->older)
		xdp_port_renew(fast, port);
	return 0;
}

void xdp_ports_unpin(struct fast *fast)
{
	char path[XDP_PATH + 280];
	struct dirent *entry;
	DIR *directory;

	if (!*fast->objects.pins)
		return;
	snprintf(path, sizeof(path), "%.200s/links", fast->objects.pins);
	directory = opendir(path);
	while (directory && (entry = readdir(directory))) {
		unsigned long long netns;
		uint32_t ifindex;

		if (sscanf(entry->d_name, "%llu-%u", &netns, &ifindex) != 2 || xdp_port_find(fast, netns, ifindex))
			continue;
		snprintf(path, sizeof(path), "%.200s/links/%.60s", fast->objects.pins, entry->d_name);
		unlink(path);
	}
	if (directory)
		closedir(directory);
}
