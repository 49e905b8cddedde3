// SPDX-License-Identifier: Apache-2.0
// Full load for a gateway that is alive: numbered packets of the sessions that its maps hold, both ways at once, each accounted for at the other end.
//
//   bench_flood MAPS PACKETS mobile=NETNS/IF [lns=NETNS/IF] [server=NETNS/IF/MAC] [octets=64] [window=128] [for=SECONDS]
//
// MAPS is where the gateway's maps are pinned. `mobile`, `lns` and `server` are the far ends of its cables: packets are sent to the gateway by
// them, and XDP programs there take what comes out, and nothing else. With `lns` L2TP sessions have packets up and down; with `server` those of Integrated
// slices do, to and from that interface, behind which the frames' next hop has the address MAC.
//
// Never more than `window` packets of a stream are under way, so that no queue on the way overflows that is not the gateway's: the ring of a
// veth has 256 places, that of a TUN 500. Packets that do not come within a moment wait in some socket; they are set aside (until the end) and
// the flood goes on. It goes on until each L2TP stream has had PACKETS, and `for` seconds are over or it is told to end (SIGTERM); what goes by `server` is
// paced by its window alone. At the end it writes a line of JSON for each stream, and its status is 1 when a packet was lost, doubled or misled.
#include "flood.h"
#include "flood.skel.h"

#include "gateway/dataplane/xdp/abi.h"

#include "base/clean.h"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#define BATCH 64
#define TIMES 200000
#define LEAST (FLOOD_HEAD + FLOOD_INNER)
#define STUCK_NS 50000000u // a packet to the LNS that takes so long waits in a socket
#define STUCK_TARGET_NS 3000000000u // a program in user space is on the way
#define END_NS 10000000000u // what has not come by then is lost
#define SERVER "203.0.113.1" // whom SIMs behind an LNS talk to; nobody has to be there

static const char *const names[FLOOD_STREAMS] = {"uplink", "downlink", "target uplink", "target downlink"};

struct side {
	char netns[64], interface[IF_NAMESIZE];
	uint8_t mac[6];
	bool is_there;
};

struct stream {
	struct flood *flood;
	pthread_t thread;
	uint32_t number;
	int program;
	bool is_on, is_over;
	uint64_t last, last_ns; // what had come, and when it changed
	uint64_t parked_most, silence_ns;
};

struct flood {
	struct flood_bpf *bpf;
	struct side mobile, lns, server;
	struct stream streams[FLOOD_STREAMS];
	uint64_t packets, window, until_ns;
	uint32_t octets, server_addr;
	double seconds;
	struct flood_count *counts;
	struct flood_stream *plans;
	struct flood_session *sessions;
	// The gateway's.
	uint32_t slots;
	const struct abi_config *config;
	const struct abi_uplink *uplinks;
	const struct abi_downlink *downlinks;
	const struct abi_extra *extras;
	const struct abi_tunnel *tunnels;
	const struct abi_hop *hops;
};

static volatile sig_atomic_t is_told; // to end

static void on_signal(int number)
{
	is_told = number;
}

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "bench_flood: %s: %s\n", what, strerror(errno));
	exit(2);
}

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static const void *map_of(const char *maps, const char *name, uint32_t *entries)
{
	char path[300];
	struct bpf_map_info info = {0};
	uint32_t len = sizeof(info);
	void *at;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", maps, name);
	fd = bpf_obj_get(path);
	if (fd < 0 || bpf_obj_get_info_by_fd(fd, &info, &len))
		die(path);
	at = mmap(NULL, (size_t)info.max_entries * ((info.value_size + 7) & ~7u), PROT_READ, MAP_SHARED, fd, 0);
	if (at == MAP_FAILED)
		die(path);
	close(fd);
	if (entries)
		*entries = info.max_entries;
	return at;
}

static void *ours(const struct bpf_map *map)
{
	void *at = mmap(NULL, (size_t)bpf_map__max_entries(map) * bpf_map__value_size(map), PROT_READ | PROT_WRITE, MAP_SHARED,
		bpf_map__fd(map), 0);

	if (at == MAP_FAILED)
		die("mmap");
	return at;
}

static void enter(const char *netns)
{
	char path[128];
	_cleanup_close_ int fd = -1;

	snprintf(path, sizeof(path), "/run/netns/%s", netns);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || setns(fd, CLONE_NEWNET))
		die(path);
}

// The end takes what comes out there; the link goes with the process.
static void side_open(struct flood *flood, const struct side *side, const uint32_t *sent_by, size_t count)
{
	LIBBPF_OPTS(bpf_link_create_opts, options, .flags = XDP_FLAGS_DRV_MODE);
	uint32_t ifindex;

	if (!side->is_there)
		return;
	enter(side->netns);
	ifindex = if_nametoindex(side->interface);
	if (!ifindex || bpf_link_create(bpf_program__fd(flood->bpf->progs.sink_xdp), (int)ifindex, BPF_XDP, &options) < 0)
		die(side->interface);
	for (size_t i = 0; i < count; i++)
		if (bpf_map_update_elem(bpf_map__fd(flood->bpf->maps.ways), &sent_by[i], &ifindex, 0))
			die(side->interface);
}

static uint16_t sum16(const uint8_t *at, size_t len)
{
	uint32_t sum = 0;
	uint16_t word;

	for (size_t i = 0; i < len; i += 2) {
		memcpy(&word, at + i, 2);
		sum += word;
	}
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)((sum & 0xffff) + (sum >> 16));
}

static void put16(uint8_t *at, uint32_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

// Ethernet to the interface that `hop` leaves by, IPv4, UDP; ports and addresses are be.
static void outer(struct flood *flood, uint8_t *head, uint32_t hop, uint32_t from, uint32_t to, uint16_t sport, uint16_t dport)
{
	uint16_t sum;

	memcpy(head, flood->hops[hop].smac, 6);
	memcpy(head + 6, flood->hops[hop].dmac, 6);
	put16(head + 12, 0x0800);
	memcpy(head + 14, (uint8_t[12]){0x45, 0, 0, 0, 0, 0, 0, 0, 64, 17}, 12);
	put16(head + 16, 36 + flood->octets);
	memcpy(head + 26, &from, 4);
	memcpy(head + 30, &to, 4);
	sum = (uint16_t)~sum16(head + 14, 20);
	memcpy(head + 24, &sum, 2);
	memcpy(head + 34, &sport, 2);
	memcpy(head + 36, &dport, 2);
	put16(head + 38, 16 + flood->octets);
}

// What of an inner packet's checksum does not depend on the SIM.
static uint32_t inner_sum(const struct flood *flood, uint32_t far)
{
	uint8_t head[20] = {0x45, 0, 0, 0, 0, 0, 0x40, 0, 0x40, 0x11};

	put16(head + 2, flood->octets);
	memcpy(head + 12, &far, 4);
	return sum16(head, 20);
}

static struct flood_session session_of(const struct flood *flood, uint32_t slot)
{
	const struct abi_uplink *up = &flood->uplinks[slot];
	const struct abi_downlink *down = &flood->downlinks[flood->extras[slot].place];
	const struct abi_tunnel *tunnel = &flood->tunnels[up->tunnel];

	return (struct flood_session){
		.ue = up->ue4,
		.teid = htonl(up->teid),
		.peer_teid = down->peer_teid,
		.ids = (uint32_t)htons(tunnel->id) | (uint32_t)htons(down->session_id) << 16,
		.peer_ids = (uint32_t)tunnel->peer_id | (uint32_t)up->peer_session_id << 16,
	};
}

static bool is_of(const struct flood *flood, uint32_t slot, bool integrated)
{
	const struct abi_uplink *up = &flood->uplinks[slot];

	return up->teid && up->tunnel && up->ue4 && !(flood->tunnels[up->tunnel].flags & ABI_INTEGRATED) == !integrated;
}

static void head_up(struct flood *flood, struct flood_stream *plan, uint32_t slot)
{
	const struct abi_downlink *down = &flood->downlinks[flood->extras[slot].place];

	outer(flood, plan->head, down->hop, flood->uplinks[slot].sgw, flood->config->gtpu_addr, down->sgw_port,
		flood->config->gtpu_port);
	memcpy(plan->head + 42, "\x30\xff", 2);
	put16(plan->head + 44, flood->octets);
}

static void head_down(struct flood *flood, struct flood_stream *plan, uint32_t slot)
{
	const struct abi_tunnel *tunnel = &flood->tunnels[flood->uplinks[slot].tunnel];

	outer(flood, plan->head, tunnel->hop, tunnel->lns, tunnel->lac, tunnel->lns_port, tunnel->lac_port);
	memcpy(plan->head + 42, "\0\2\0\0\0\0\0\x21", 8);
}

// The sessions of one kind, and its two streams. All have one SGW, and one LNS.
static void plan_make(struct flood *flood, bool integrated, uint32_t first)
{
	struct flood_stream *up = &flood->plans[integrated ? FLOOD_TARGET_UP : FLOOD_UP],
			    *down = &flood->plans[integrated ? FLOOD_TARGET_DOWN : FLOOD_DOWN];
	uint32_t count = 0, far = integrated ? flood->server_addr : inet_addr(SERVER);

	for (uint32_t slot = 0; slot < flood->slots && first + count < FLOOD_SESSIONS; slot++) {
		if (!is_of(flood, slot, integrated))
			continue;
		flood->sessions[first + count] = session_of(flood, slot);
		if (count++)
			continue;
		head_up(flood, up, slot);
		if (integrated) {
			memcpy(down->head, flood->server.mac, 6);
			put16(down->head + 12, 0x0800);
		} else {
			head_down(flood, down, slot);
		}
	}
	if (!count)
		die(integrated ? "no session of an Integrated slice" : "no session of an L2TP slice");
	for (struct flood_stream *each = up; each; each = each == up ? down : NULL) {
		each->octets = (uint16_t)flood->octets;
		each->first = first;
		each->count = count;
		each->far = far;
		each->sum = inner_sum(flood, far);
		flood->counts[each - flood->plans].window = flood->window;
		flood->counts[each - flood->plans].most = FLOOD_PACKETS;
		flood->streams[each - flood->plans].is_on = true;
	}
}

static uint64_t sent(const struct stream *stream)
{
	return *(volatile unsigned long long *)&stream->flood->counts[stream->number].sent;
}

static uint64_t got(const struct stream *stream)
{
	const struct flood_count *count = &stream->flood->counts[stream->number];

	return *(volatile unsigned long long *)&count->got + *(volatile unsigned long long *)&count->wrong;
}

// Lets the kernel run the stream's program so many times. With more than one it changes a trampoline first, which takes a moment.
static void inject(struct stream *stream, uint32_t times)
{
	uint8_t frame[FLOOD_HEAD + 1500] = {0};
	uint32_t len = (stream->number == FLOOD_TARGET_DOWN ? FLOOD_BARE : FLOOD_HEAD) + stream->flood->octets;
	LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = frame, .data_size_in = len < LEAST ? LEAST : len,
		.flags = BPF_F_TEST_XDP_LIVE_FRAMES, .batch_size = times < BATCH ? times : BATCH, .repeat = (int)times);

	while (bpf_prog_test_run_opts(stream->program, &run)) {
		if (errno == ENOSPC) // the kernel keeps the pages of so many runs for packets that are still on their way
			nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
		else if (errno != EINTR && errno != EAGAIN)
			die("live frames");
	}
}

static bool is_over(const struct stream *stream)
{
	const struct flood *flood = stream->flood;

	if (sent(stream) == FLOOD_PACKETS)
		return true;
	for (unsigned i = FLOOD_UP; i <= FLOOD_DOWN; i++)
		if (flood->streams[i].is_on && sent(&flood->streams[i]) < flood->packets)
			return false;
	return is_told || now_ns() >= flood->until_ns;
}

// A stream to the LNS runs in the kernel for long, its window kept by the program. To a target it is the driver that waits, which costs no CPU.
static void *run(void *owner)
{
	struct stream *stream = owner;
	struct flood_count *count = &stream->flood->counts[stream->number];

	while (!is_over(stream)) {
		if (stream->number <= FLOOD_DOWN)
			inject(stream, TIMES);
		else if (sent(stream) < got(stream) + count->parked + count->window)
			inject(stream, 1);
		else
			nanosleep(&(struct timespec){.tv_nsec = 20000}, NULL);
	}
	stream->is_over = true;
	return NULL;
}

// Sets aside what has not come for a while, and takes back what came since. The longest silence of a stream with packets under way is noted.
static void watch(struct stream *stream)
{
	struct flood_count *count = &stream->flood->counts[stream->number];
	uint64_t here = got(stream), out = sent(stream) - here, now = now_ns();

	if (here != stream->last || !out) {
		if (now - stream->last_ns > stream->silence_ns && here != stream->last)
			stream->silence_ns = now - stream->last_ns;
		stream->last = here;
		stream->last_ns = now;
		if (count->parked > out)
			count->parked = out;
	} else if (now - stream->last_ns > (stream->number <= FLOOD_DOWN ? STUCK_NS : STUCK_TARGET_NS) &&
		out >= count->parked + count->window) {
		count->parked = out;
		stream->parked_most = out > stream->parked_most ? out : stream->parked_most;
	}
}

static bool is_any_on(const struct flood *flood)
{
	for (unsigned i = 0; i < FLOOD_STREAMS; i++)
		if (flood->streams[i].is_on && !*(volatile bool *)&flood->streams[i].is_over)
			return true;
	return false;
}

static void watch_all(struct flood *flood)
{
	uint64_t begun = now_ns(), ended, out = 1;

	for (unsigned i = 0; i < FLOOD_STREAMS; i++)
		flood->streams[i].last_ns = begun;
	for (; is_any_on(flood); nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL))
		for (unsigned i = 0; i < FLOOD_STREAMS; i++)
			if (flood->streams[i].is_on)
				watch(&flood->streams[i]);
	ended = now_ns();
	flood->seconds = (double)(ended - begun) / 1e9;
	for (; out && now_ns() - ended < END_NS; nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL)) {
		out = 0;
		for (unsigned i = 0; i < FLOOD_STREAMS; i++)
			out += sent(&flood->streams[i]) - got(&flood->streams[i]);
	}
}

static int report(const struct flood *flood)
{
	int status = 0;

	for (unsigned i = 0; i < FLOOD_STREAMS; i++) {
		const struct stream *stream = &flood->streams[i];
		const struct flood_count *count = &flood->counts[i];
		uint64_t lost = count->sent - count->got - count->wrong;

		if (!stream->is_on)
			continue;
		printf("{\"stream\": \"%s\", \"sessions\": %u, \"octets\": %u, \"sent\": %llu, \"lost\": %lld, \"doubled\": "
		       "%llu, \"misled\": %llu, "
		       "\"perSecond\": %.0f, \"longestSilenceMs\": %.1f, \"setAside\": %llu}\n",
			names[i], flood->plans[i].count, flood->octets, count->sent, (long long)lost, count->doubled,
			count->wrong, (double)count->sent / flood->seconds, (double)stream->silence_ns / 1e6,
			(unsigned long long)stream->parked_most);
		status |= lost || count->doubled || count->wrong;
	}
	return status;
}

static bool side_read(struct side *side, const char *text)
{
	unsigned mac[6];

	side->is_there = sscanf(text, "%63[^/]/%15[^/]/%x:%x:%x:%x:%x:%x", side->netns, side->interface, &mac[0], &mac[1],
				 &mac[2], &mac[3], &mac[4], &mac[5]) >= 2;
	for (unsigned i = 0; i < 6; i++)
		side->mac[i] = (uint8_t)mac[i];
	return side->is_there;
}

static bool option(struct flood *flood, const char *word)
{
	const char *value = strchr(word, '=');

	if (!value++)
		return false;
	if (!strncmp(word, "mobile=", 7))
		return side_read(&flood->mobile, value);
	if (!strncmp(word, "lns=", 4))
		return side_read(&flood->lns, value);
	if (!strncmp(word, "server=", 7))
		return side_read(&flood->server, value);
	if (!strncmp(word, "far=", 4))
		return inet_pton(AF_INET, value, &flood->server_addr) == 1;
	if (!strncmp(word, "octets=", 7))
		return (flood->octets = (uint32_t)strtoul(value, NULL, 10)) >= FLOOD_INNER && flood->octets <= 1500;
	if (!strncmp(word, "window=", 7))
		return (flood->window = strtoul(value, NULL, 10));
	if (!strncmp(word, "for=", 4))
		return (flood->until_ns = now_ns() + strtoul(value, NULL, 10) * 1000000000u);
	return false;
}

static void maps_open(struct flood *flood, const char *maps)
{
	flood->config = map_of(maps, "config", NULL);
	flood->uplinks = map_of(maps, "uplinks", &flood->slots);
	flood->downlinks = map_of(maps, "downlinks", NULL);
	flood->extras = map_of(maps, "extras", NULL);
	flood->tunnels = map_of(maps, "tunnels", NULL);
	flood->hops = map_of(maps, "hops", NULL);
	flood->bpf = flood_bpf__open_and_load();
	if (!flood->bpf)
		die("the programs");
	flood->counts = ours(flood->bpf->maps.counts);
	flood->plans = ours(flood->bpf->maps.streams);
	flood->sessions = ours(flood->bpf->maps.sessions);
}

int main(int argc, char **argv)
{
	static const uint32_t by_mobile[] = {FLOOD_UP, FLOOD_TARGET_UP}, by_lns[] = {FLOOD_DOWN},
			      by_server[] = {FLOOD_TARGET_DOWN};
	struct flood flood = {
		.octets = 64, .window = 128, .until_ns = UINT64_MAX, .packets = argc > 2 ? strtoull(argv[2], NULL, 10) : 0};
	bool is_good = argc > 3;
	int status;

	for (int i = 3; is_good && i < argc; i++)
		is_good = option(&flood, argv[i]);
	if (!is_good || !flood.mobile.is_there || !(flood.lns.is_there || flood.server.is_there)) {
		fprintf(stderr,
			"usage: bench_flood MAPS PACKETS mobile=NETNS/IF [lns=NETNS/IF] [server=NETNS/IF/MAC far=ADDRESS] "
			"[octets=64] "
			"[window=128] [for=SECONDS]\n");
		return 2;
	}
	signal(SIGTERM, on_signal);
	maps_open(&flood, argv[1]);
	if (flood.lns.is_there)
		plan_make(&flood, false, 0);
	if (flood.server.is_there)
		plan_make(&flood, true, flood.plans[FLOOD_UP].count);
	side_open(&flood, &flood.mobile, by_mobile, 2);
	side_open(&flood, &flood.lns, by_lns, 1);
	side_open(&flood, &flood.server, by_server, 1);
	const int programs[] = {bpf_program__fd(flood.bpf->progs.send_up), bpf_program__fd(flood.bpf->progs.send_down),
		bpf_program__fd(flood.bpf->progs.send_target_up), bpf_program__fd(flood.bpf->progs.send_target_down)};

	puts("flooding");
	fflush(stdout);
	for (uint32_t i = 0; i < FLOOD_STREAMS; i++) {
		struct stream *stream = &flood.streams[i];

		stream->flood = &flood;
		stream->number = i;
		stream->program = programs[i];
		if (stream->is_on && pthread_create(&stream->thread, NULL, run, stream))
			die("thread");
	}
	watch_all(&flood);
	for (uint32_t i = 0; i < FLOOD_STREAMS; i++)
		if (flood.streams[i].is_on)
			pthread_join(flood.streams[i].thread, NULL);
	status = report(&flood);
	flood_bpf__destroy(flood.bpf);
	return status;
}
