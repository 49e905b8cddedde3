// SPDX-License-Identifier: Apache-2.0
// The thread that knows where packets go next, and attaches the programs there.
//
// For every next hop in use it asks the kernel's routing table of the slice (or of the gateway's namespace) which interface and which neighbour, and
// writes port and MAC addresses where the programs read them. It listens to changes of routes, neighbours and links, and looks again every second
// anyhow; a neighbour that only the programs talk to is probed every few seconds, since nothing else would keep it alive. What is not resolved
// is simply not there, and the sockets carry the packets, which makes the kernel resolve it.
//
// An interface becomes a port when the first hop leads to it: frames can be redirected to it, it gets a program (native where the driver has it, else
// generic), and a place in the device map. A veth whose other end has neither XDP nor GRO takes no redirected frame and loses them without a
// word: such an interface stays with the network stack, and the log says so once. A tunnel's packets go there by the slice's cable.
#include "gateway/dataplane/xdp/xdp.h"

#include "base/clean.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <time.h>

LOG_CATEGORY(xdp);

#define LOOK_MS 1000
#define PROBE_MS 5000
#define PATIENCE_MS 5000
#define HURRY_MS 20

struct hop_job { // a copy of what is to be resolved
	uint32_t hop, generation, slice, mark, saddr, daddr;
	char interface[16];
};

// Of an L2TP tunnel: those of an Integrated slice's routes have no source, and the SGWs' no slice.
static bool is_tunnel(const struct hop_job *job)
{
	return job->slice && job->saddr;
}

struct probed { // what a frame that was sent has shown
	uint32_t slice, ifindex;
	uint64_t at_ms;
	int takes; // 1, 0 or -errno
};

struct xdp_thread {
	struct fast *fast;
	pthread_t id;
	int wake, home; // eventfd; our own namespace
	bool stop, sweep;
	uint64_t patience_ms; // for what an earlier version's programs still know better
	uint64_t home_netns;
	struct route *routes[ABI_SLICES];
	uint64_t netns[ABI_SLICES]; // that the route is of
	struct probed probed[1024]; // by hash
	struct hop_job jobs[ABI_HOPS];
	struct pollfd polled[ABI_SLICES + 1];
	uint32_t polled_slices[ABI_SLICES + 1];
	struct xdp_ways *ways;
	uint64_t told_refused; // interfaces that were said to be of no use, as a set of hashed bits
};

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

// The route object of a slice, opened when there is none yet. The lock is held.
static void open_route(struct xdp_thread *thread, uint32_t slice)
{
	struct fast *fast = thread->fast;
	uint64_t netns = slice ? fast->objects.slices[slice].netns : thread->home_netns;
	int fd = slice ? fast->slices[slice].netns : thread->home;

	if (thread->routes[slice] && thread->netns[slice] == netns && fd >= 0)
		return;
	route_close(&thread->routes[slice]);
	if (fd < 0 || setns(fd, CLONE_NEWNET))
		return;
	thread->netns[slice] = netns;
	if (route_open(&thread->routes[slice]))
		thread->routes[slice] = NULL;
	setns(thread->home, CLONE_NEWNET);
}

static uint32_t copy_jobs(struct xdp_thread *thread)
{
	struct fast *fast = thread->fast;
	uint32_t count = 0;

	pthread_mutex_lock(&fast->lock);
	for (uint32_t i = 1; i < fast->hops_end; i++) {
		const struct abi_hop *hop = &fast->objects.hops[i];

		if (!fast->hops[i].refs || hop->slice >= ABI_SLICES)
			continue;
		open_route(thread, hop->slice);
		thread->jobs[count] =
			(struct hop_job){i, fast->hops[i].generation, hop->slice, hop->mark, hop->saddr, hop->daddr, ""};
		memcpy(thread->jobs[count++].interface, fast->hops[i].interface, 16);
	}
	for (uint32_t i = 1; i < ABI_SLICES; i++)
		if (thread->routes[i] && fast->slices[i].netns < 0)
			route_close(&thread->routes[i]);
	pthread_mutex_unlock(&fast->lock);
	return count;
}

// Into the slice's namespace, for calls that name an interface by number. 0 or -errno; enter_home comes after.
static int enter(struct xdp_thread *thread, uint32_t slice)
{
	int error = 0;

	if (!slice)
		return 0;
	pthread_mutex_lock(&thread->fast->lock);
	if (thread->fast->slices[slice].netns < 0 || setns(thread->fast->slices[slice].netns, CLONE_NEWNET))
		error = -ENOENT;
	pthread_mutex_unlock(&thread->fast->lock);
	return error;
}

static void enter_home(struct xdp_thread *thread)
{
	setns(thread->home, CLONE_NEWNET);
}

static int refuse(struct xdp_thread *thread, const struct route_link *link, const char *why)
{
	uint64_t bit = 1ull << (hash_bytes(link->name, strlen(link->name)) % 64);

	if (!(thread->told_refused & bit))
		log_warn("no packet goes past the network stack by an interface interface=%s why=\"%s\"", link->name, why);
	thread->told_refused |= bit;
	return -EOPNOTSUPP;
}

// Where the kernel does not say it: from time to time a frame is sent, and in between it is as it was.
static int probe(struct xdp_thread *thread, uint32_t slice, const struct route_link *link)
{
	struct probed *at = &thread->probed[(slice * 31 + link->ifindex) % array_len(thread->probed)];
	uint64_t now = now_ms();

	if (at->slice == slice && at->ifindex == link->ifindex && now - at->at_ms < PROBE_MS)
		return at->takes;
	if (enter(thread, slice))
		return -ENOENT;
	*at = (struct probed){
		.slice = slice, .ifindex = link->ifindex, .at_ms = now, .takes = xdp_probe(link->ifindex, link->name)};
	enter_home(thread);
	return at->takes;
}

static int judge(struct xdp_thread *thread, uint32_t slice, const struct route_link *link)
{
	int takes = route_takes_redirects(thread->routes[slice], link->ifindex);

	if (takes < 0 && !strcmp(link->kind, "veth") && link->is_up)
		takes = probe(thread, slice, link);

	if (!link->is_ethernet)
		return refuse(thread, link, "it is not Ethernet");
	if (takes == 0 || (takes < 0 && !strcmp(link->kind, "veth")))
		return refuse(thread, link,
			!strcmp(link->kind, "veth")
				? "frames cannot be redirected to a veth whose other end has neither XDP nor GRO"
				: "its driver takes no redirected frames");
	return link->is_up ? 0 : -ENETDOWN;
}

// Of a cable we know: its other end has GRO.
static bool is_wire(const char *interface)
{
	return !strcmp(interface, DP_SLICE_WIRE) || !strcmp(interface, DP_LAC_WIRE);
}

static int port_open(struct xdp_thread *thread, uint32_t slice, const struct route_link *link, uint32_t *out)
{
	struct fast *fast = thread->fast;
	uint64_t netns = thread->netns[slice];
	uint32_t port = xdp_port_find(fast, netns, link->ifindex);
	int error = is_wire(link->name) ? 0 : judge(thread, slice, link);

	if (error || (port && fast->ports[port].link >= 0)) {
		*out = port;
		return error;
	}
	for (uint32_t i = 1; !port && i < ABI_PORTS; i++)
		if (!fast->port_places[i].is_used)
			port = i;
	if (!port || enter(thread, slice))
		return -ENOSPC;
	fast->port_places[port].is_used = true;
	memcpy(fast->ports[port].name, link->name, 16);
	error = xdp_port_attach(fast, port, slice, netns, link->ifindex);
	if (!error && bpf_map_update_elem(xdp_ports_fd(fast), &port, &link->ifindex, 0))
		error = -errno;
	enter_home(thread);
	if (error) {
		xdp_port_detach(fast, port);
		return refuse(thread, link, strerror(-error));
	}
	fast->objects.port_keys[port] = (struct abi_port){.netns = netns, .ifindex = link->ifindex, .slice = slice};
	log_info("packets of an interface take the fast path interface=%s mode=%s%s", link->name,
		fast->ports[port].is_generic ? "generic" : "native", fast->ports[port].is_old ? " adopted=1" : "");
	*out = port;
	return 0;
}

// Ports that no hop leads to: those of slices go at once, that of the access side stays until the end (a driver may flap).
static void close_unused(struct xdp_thread *thread)
{
	struct fast *fast = thread->fast;

	for (uint32_t port = 1; port < ABI_PORTS; port++) {
		bool is_used = false;

		if (!fast->objects.port_keys[port].netns)
			continue;
		if (!fast->is_settled || (!fast->objects.port_keys[port].slice && fast->ports[port].link >= 0))
			continue;
		for (uint32_t hop = 1; !is_used && hop < fast->hops_end; hop++)
			is_used = fast->hop_places[hop].is_used &&
				(fast->objects.hops[hop].port == port || (fast->hops[hop].refs && fast->hops[hop].port == port));
		if (!is_used)
			xdp_port_detach(fast, port);
	}
}

struct found { // where a hop leads
	struct xdp_way way;
	uint32_t ifindex;
};

static uint16_t mtu_of(const struct route_link *link)
{
	return link->mtu > UINT16_MAX ? UINT16_MAX : (uint16_t)link->mtu;
}

// The interface that frames by `link` really leave by: of a VLAN on the access side it is the one below, and they carry the tag.
static int find_device(struct xdp_thread *thread, uint32_t slice, struct route_link *link, struct found *out)
{
	int error = 0;

	memcpy(out->way.smac, link->mac, 6);
	out->way.mtu = mtu_of(link);
	if (slice == 0 && link->vlan) {
		out->way.vlan = htons(link->vlan);
		thread->fast->objects.config->vlan = out->way.vlan;
		error = route_link(thread->routes[0], link->lower, link);
	}
	if (!error)
		error = port_open(thread, slice, link, &out->way.port);
	out->ifindex = link->ifindex;
	return error;
}

static int resolve_neighbour(struct xdp_thread *thread, const struct hop_job *job, bool probe, struct found *out)
{
	struct route *route = thread->routes[job->slice];
	uint32_t ifindex, neighbour;
	struct route_link link;
	int error = route_find(route, job->daddr, job->saddr, job->mark, &ifindex, &neighbour);

	if (!error)
		error = route_link(route, ifindex, &link);
	if (!error && *job->interface && strcmp(job->interface, link.name))
		error = -EXDEV;
	if (!error)
		error = find_device(thread, job->slice, &link, out);
	return error ? error : route_mac(route, ifindex, neighbour, probe, out->way.dmac);
}

// The cable into a slice: always the same two addresses.
static int resolve_cable(struct xdp_thread *thread, const struct hop_job *job, const char *wire, struct found *out)
{
	struct route_link link = {0};
	int error = route_link_named(thread->routes[job->slice], wire, &link);

	*out = (struct found){.way.is_cable = true};
	if (!error)
		error = find_device(thread, job->slice, &link, out);
	memcpy(out->way.dmac, DP_SLICE_MAC, 6);
	memcpy(out->way.smac, DP_SIMS_MAC, 6);
	if (!strcmp(wire, DP_SLICE_WIRE))
		thread->fast->objects.slices[job->slice].wire = error ? 0 : out->ifindex;
	return error;
}

// Where no frame can be redirected to the interface that a tunnel's packets leave by, the slice's stack takes them, by the cable.
static int resolve_any(struct xdp_thread *thread, const struct hop_job *job, bool probe, struct found *out)
{
	struct xdp_hop *hop = &thread->fast->hops[job->hop];
	int error;

	if (!job->daddr) {
		__atomic_store_n(&hop->is_cabled, true, __ATOMIC_RELAXED);
		return resolve_cable(thread, job, job->interface, out);
	}
	error = resolve_neighbour(thread, job, probe, out);
	if (error == -EOPNOTSUPP && is_tunnel(job)) {
		__atomic_store_n(&hop->is_cabled, true, __ATOMIC_RELAXED);
		return resolve_cable(thread, job, DP_LAC_WIRE, out);
	}
	if (!error)
		__atomic_store_n(&hop->is_cabled, false, __ATOMIC_RELAXED);
	return error;
}

static void resolve(struct xdp_thread *thread, const struct hop_job *job)
{
	struct fast *fast = thread->fast;
	uint64_t now = now_ms();
	bool probe = now - fast->hops[job->hop].probed_ms >= PROBE_MS;
	struct found found = {0};
	int error = -ENOENT;

	if (thread->routes[job->slice])
		error = resolve_any(thread, job, probe, &found);
	pthread_mutex_lock(&fast->lock);
	if (fast->hops[job->hop].generation == job->generation && fast->hops[job->hop].refs) {
		if (probe)
			fast->hops[job->hop].probed_ms = now;
		if (found.way.port) {
			fast->hops[job->hop].port = found.way.port;
			fast->objects.hops[job->hop].ifindex = found.ifindex;
		}
		if (error)
			found.way.port = 0;
		xdp_hop_write(fast, job->hop, &found.way);
	}
	pthread_mutex_unlock(&fast->lock);
}

// Whether packets find their way by our maps as they do by the earlier ones: a tunnel learns of its own after its policy has been asked.
static bool is_complete(const struct xdp_thread *thread, uint32_t jobs)
{
	const struct xdp_objects *objects = &thread->fast->objects;

	for (uint32_t i = 0; i < jobs; i++)
		if (!objects->hops[thread->jobs[i].hop].port)
			return false;
	for (uint32_t i = 1; i < ABI_TUNNELS; i++)
		if (thread->fast->tunnel_places[i].is_claimed && objects->tunnels[i].flags & ABI_OPEN && !objects->tunnels[i].hop)
			return false;
	return true;
}

// Our programs take the place of the earlier ones; while those have maps of their own, not before ours are complete, or will not be soon.
static void take_over(struct xdp_thread *thread, uint32_t jobs)
{
	struct fast *fast = thread->fast;

	if (fast->older && !thread->patience_ms)
		thread->patience_ms = now_ms() + PATIENCE_MS;
	if (fast->older && now_ms() < thread->patience_ms && !is_complete(thread, jobs)) {
		__atomic_store_n(&thread->sweep, true, __ATOMIC_SEQ_CST);
		return;
	}
	if (fast->older) {
		xdp_older_prepare(fast);
		xdp_objects_switch(fast);
	}
	for (uint32_t port = 1; port < ABI_PORTS; port++)
		xdp_port_renew(fast, port);
	close_unused(thread);
	xdp_ports_unpin(fast);
	xdp_objects_sweep(fast);
}

static void look(struct xdp_thread *thread)
{
	uint32_t count = copy_jobs(thread);
	bool is_swept = __atomic_exchange_n(&thread->sweep, false, __ATOMIC_SEQ_CST);

	for (uint32_t i = 0; i < count; i++)
		resolve(thread, &thread->jobs[i]);
	xdp_ways_look(thread->fast, thread->ways, thread->routes);
	if (is_swept)
		take_over(thread, count);
	else if (!thread->fast->older)
		close_unused(thread);
}

static void wait_for_news(struct xdp_thread *thread)
{
	nfds_t count = 1;
	uint64_t kicks;

	thread->polled[0] = (struct pollfd){.fd = thread->wake, .events = POLLIN};
	for (uint32_t i = 0; i < ABI_SLICES; i++)
		if (thread->routes[i]) {
			thread->polled[count] = (struct pollfd){.fd = route_fd(thread->routes[i]), .events = POLLIN};
			thread->polled_slices[count++] = i;
		}
	if (poll(thread->polled, count, thread->patience_ms && thread->fast->older ? HURRY_MS : LOOK_MS) <= 0)
		return;
	if (thread->polled[0].revents && read(thread->wake, &kicks, sizeof(kicks)) < 0)
		return;
	for (nfds_t i = 1; i < count; i++)
		if (thread->polled[i].revents)
			route_drain(thread->routes[thread->polled_slices[i]]);
}

static void *run(void *owner)
{
	struct xdp_thread *thread = owner;

	while (!__atomic_load_n(&thread->stop, __ATOMIC_SEQ_CST)) {
		look(thread);
		wait_for_news(thread);
	}
	return NULL;
}

static void thread_free(struct xdp_thread *thread)
{
	for (uint32_t i = 0; i < ABI_SLICES; i++)
		route_close(&thread->routes[i]);
	if (thread->wake >= 0)
		close(thread->wake);
	if (thread->home >= 0)
		close(thread->home);
	xdp_ways_free(thread->fast, &thread->ways, true); // the routes stay, as all that is pinned does
	free(thread);
}

int xdp_thread_start(struct fast *fast, char *why)
{
	struct xdp_thread *thread = calloc(1, sizeof(*thread));
	struct stat stat;
	int error;

	if (!thread)
		return -ENOMEM;
	thread->fast = fast;
	thread->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	thread->home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	if (thread->wake < 0 || thread->home < 0 || fstat(thread->home, &stat)) {
		error = -errno;
		snprintf(why, FAST_WHY, "the fast path's thread cannot be started: %s", strerror(-error));
		thread_free(thread);
		return error;
	}
	thread->home_netns = stat.st_ino;
	error = xdp_ways_new(&thread->ways);
	if (!error)
		error = -pthread_create(&thread->id, NULL, run, thread);
	if (error) {
		snprintf(why, FAST_WHY, "the fast path's thread cannot be started: %s", strerror(-error));
		thread_free(thread);
		return error;
	}
	fast->thread = thread;
	return 0;
}

void xdp_thread_stop(struct fast *fast, bool keep)
{
	struct xdp_thread *thread = fast->thread;

	if (!thread)
		return;
	fast->thread = NULL;
	__atomic_store_n(&thread->stop, true, __ATOMIC_SEQ_CST);
	(void)!write(thread->wake, &(uint64_t){1}, sizeof(uint64_t));
	pthread_join(thread->id, NULL);
	for (uint32_t port = 1; port < ABI_PORTS; port++) {
		if (!keep && fast->objects.port_keys[port].netns)
			xdp_port_detach(fast, port);
		else if (fast->ports[port].link >= 0)
			close(fast->ports[port].link);
	}
	thread_free(thread);
}

void xdp_thread_kick(struct fast *fast)
{
	if (fast->thread)
		(void)!write(fast->thread->wake, &(uint64_t){1}, sizeof(uint64_t));
}

void xdp_ports_sweep(struct fast *fast)
{
	if (!fast->thread)
		return;
	__atomic_store_n(&fast->thread->sweep, true, __ATOMIC_SEQ_CST);
	xdp_thread_kick(fast);
}

void fast_describe(struct fast *fast, char *out, size_t size)
{
	size_t used = (size_t)snprintf(out, size, "xdp");

	pthread_mutex_lock(&fast->lock);
	for (uint32_t port = 1; port < ABI_PORTS && used < size; port++)
		if (fast->ports[port].link >= 0)
			used += (size_t)snprintf(out + used, size - used, " %s:%s", fast->ports[port].name,
				fast->ports[port].is_generic ? "generic" : "native");
	pthread_mutex_unlock(&fast->lock);
}
