// SPDX-License-Identifier: Apache-2.0
// Measures the BPF programs of the data plane: by themselves, and relaying over veth beside a program that only redirects.
//
//   bench_xdp alone DIRECTION OCTETS SESSIONS RUNS                     writes: base ns, ns
//   bench_xdp live PROGRAM DIRECTION OCTETS SESSIONS PACKETS           writes: packets sent, delivered, ns of CPU a packet
//     PROGRAM: drop, null; relay, sum (relay with the UDP checksum on data); routed, stack (up, of an Integrated slice: past its network stack by the
//     programs' copy of its routes; through that stack, which does what the namespace is set up for)
//   bench_xdp live relay DIRECTION OCTETS SESSIONS PACKETS renew       the program is replaced again and again meanwhile
//
// OCTETS is the inner packet's size. In "live" the namespace has the veth pairs bg0-bg1 (the load arrives at bg1) and bt0-bt1 (what bt0 sends arrives
// at bt1, the sink), for "stack" also simw-sims, the slice's cable: one CPU does all of it, generator and sink included, and the CPU time is that of this process and of its ksoftirqd.
#include "gateway/dataplane/xdp/testrun.h"
#include "load.h"
#include "load.skel.h"

#include "base/clean.h"

#include <bpf/libbpf.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define SLOTS (1u << 20)
#define TEID_HIGH 0x12300000u
#define BATCH 64

struct bench {
	struct fast *fast;
	struct load_bpf *load;
	struct ip_end gtpu, lac, sgw, lns;
	uint32_t slice, sessions, octets;
	bool is_uplink, has_sum, is_integrated, is_routed;
	int relay; // the program under test
};

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "bench_xdp: %s: %s\n", what, strerror(errno));
	exit(1);
}

static struct ip_end end_of(const char *text, uint16_t port)
{
	struct ip_end end = {.port = port};

	ip_addr_parse(text, &end.addr);
	return end;
}

// The far side of an Integrated slice; with a route to everybody where the stack need not see the packets.
static uint32_t cable_make(struct bench *bench)
{
	struct dp_path path = {.mark = 1};
	struct abi_route key = {.bits = 32 + 96, .to = {[10] = 0xff, [11] = 0xff}};
	uint32_t hop;

	if (bench->is_routed)
		strcpy(path.interface, "bt0");
	key.tunnel = fast_cable_new(bench->fast, bench->slice, &path, 0);
	hop = bench->is_routed ? xdp_hop_get(bench->fast, bench->slice, 1, 0, xdp_be_addr(&bench->lns.addr), "bt0") : 0;
	if (!key.tunnel || bpf_map_update_elem(xdp_routes_fd(bench->fast), &key, &hop, BPF_ANY))
		die("cable");
	bench->fast->objects.tunnels[key.tunnel].way = bench->is_routed;
	return key.tunnel;
}

static void sessions_install(struct bench *bench)
{
	uint32_t tunnel = 0;

	for (uint32_t slot = 0; slot < bench->sessions; slot++) {
		struct fast_session session = {.teid = TEID_HIGH | slot,
			.peer_teid = slot + 1,
			.sgw = bench->sgw,
			.has_v4 = true,
			.session_id = (uint16_t)(1 + slot % LOAD_TUNNEL_SESSIONS),
			.peer_session_id = 1,
			.mtu = 1500};

		if (bench->is_integrated) {
			tunnel = tunnel ? tunnel : cable_make(bench);
			session.session_id = session.peer_session_id = 0;
		} else if (slot % LOAD_TUNNEL_SESSIONS == 0) {
			tunnel = fast_tunnel_new(
				bench->fast, bench->slice, &bench->lac, (uint16_t)(1 + slot / LOAD_TUNNEL_SESSIONS));
			fast_tunnel_set(
				bench->fast, tunnel, 1, &bench->lns, &(struct dp_framing){.udp_checksum = bench->has_sum});
			fast_tunnel_path(bench->fast, tunnel, &(struct dp_path){.interface = "bt0", .mark = 1});
		}
		session.tunnel = tunnel;
		put_be32(session.ue4, LOAD_UE + slot);
		fast_session_set(bench->fast, slot, &session);
	}
	testrun_know_hops(bench->fast);
}

static void open_fast(struct bench *bench)
{
	struct fast_options options = {.gateway = "bench", .slots = SLOTS, .slot_mask = SLOTS - 1};
	_cleanup_close_ int fd = socket(AF_INET, SOCK_DGRAM, 0);
	char why[FAST_WHY] = "";

	bench->gtpu = end_of("10.7.1.1", 2152);
	bench->sgw = end_of("10.7.1.2", 2152);
	bench->lac = end_of("10.7.2.1", 1701);
	bench->lns = end_of("10.7.2.2", 1701);
	options.gtpu = bench->gtpu;
	if (fast_new(&options, &bench->fast, why)) {
		fprintf(stderr, "bench_xdp: %s\n", why);
		exit(1);
	}
	fast_settle(bench->fast);
	testrun_start(bench->fast);
	bench->slice = fast_slice_get(bench->fast, fd);
	sessions_install(bench);
	bench->relay = bench->is_uplink ? xdp_program_access(bench->fast) : xdp_program_ingress(bench->fast, bench->slice);
}

static void plan_make(struct bench *bench)
{
	struct load_plan plan = {.is_uplink = bench->is_uplink, .sessions = bench->sessions, .teid_high = TEID_HIGH};
	uint8_t *inner = plan.head + TESTRUN_HEAD + 8;
	uint32_t zero = 0;

	if (bench->is_uplink) {
		testrun_frame(plan.head, &bench->sgw, &bench->gtpu, 8 + bench->octets);
		put_be32(plan.head + TESTRUN_HEAD, 0x30ff0000 | bench->octets);
	} else {
		testrun_frame(plan.head, &bench->lns, &bench->lac, 8 + bench->octets);
		put_be16(plan.head + TESTRUN_HEAD, 2);
		put_be16(plan.head + TESTRUN_HEAD + 6, PPP_IP);
	}
	inner[0] = 0x45;
	put_be16(inner + 2, (uint16_t)bench->octets);
	inner[8] = 64;
	inner[9] = 17;
	if (bench->is_integrated) { // a packet that a stack would forward
		put_be32(inner + 16, 0xc6336401); // 198.51.100.1
		put_be32(inner + 20, 0x10001000);
		put_be16(inner + 24, (uint16_t)(bench->octets - 20));
		for (unsigned i = 0; i < 20; i += 2)
			plan.sum += (uint32_t)inner[i] | (uint32_t)inner[i + 1] << 8;
	}
	if (bpf_map_update_elem(bpf_map__fd(bench->load->maps.plan), &zero, &plan, 0))
		die("plan");
}

// Both of a run of TEST_RUN: fresh packet then an empty program, fresh packet then the relay.
static int alone(struct bench *bench, uint32_t repeat)
{
	size_t len = TESTRUN_HEAD + 8 + bench->octets, out_len = 2048;
	uint8_t frame[2048] = {0}, out[2048];
	int programs[] = {bpf_program__fd(bench->load->progs.empty_xdp), bench->relay};
	uint32_t ns[2], zero = 0;

	for (int i = 0; i < 2; i++) {
		if (bpf_map_update_elem(bpf_map__fd(bench->load->maps.tested), &zero, &programs[i], 0))
			die("tail call");
		out_len = sizeof(out);
		if (testrun(bpf_program__fd(bench->load->progs.fresh_xdp), frame, len, out, &out_len, repeat, &ns[i]) !=
			(i ? XDP_REDIRECT : XDP_DROP))
			die("not what the program should do");
	}
	printf("%u %u\n", ns[0], ns[1]);
	return 0;
}

static uint64_t softirq_ns(int pid)
{
	char path[64];
	unsigned long long ns = 0;
	_cleanup_free_ char *line = NULL;
	size_t room = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/schedstat", pid);
	file = fopen(path, "r");
	if (file && getline(&line, &room, file) > 0)
		ns = strtoull(line, NULL, 10);
	if (file)
		fclose(file);
	return ns;
}

static uint64_t cpu_ns(int ksoftirqd)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec + softirq_ns(ksoftirqd);
}

static uint64_t sunk(const struct bench *bench)
{
	uint64_t each[256] = {0}, sum = 0;
	uint32_t zero = 0;

	bpf_map_lookup_elem(bpf_map__fd(bench->load->maps.sunk), &zero, each);
	for (int i = 0; i < libbpf_num_possible_cpus(); i++)
		sum += each[i];
	return sum;
}

static int attach(const char *interface, int program)
{
	LIBBPF_OPTS(bpf_link_create_opts, options, .flags = XDP_FLAGS_DRV_MODE);
	int link = bpf_link_create(program, (int)if_nametoindex(interface), BPF_XDP, &options);

	if (link < 0)
		die(interface);
	return link;
}

static void way(int map, uint32_t number, const char *interface)
{
	uint32_t ifindex = if_nametoindex(interface);

	if (bpf_map_update_elem(map, &number, &ifindex, 0))
		die(interface);
}

static uint64_t inject(struct bench *bench, uint32_t packets)
{
	size_t len = TESTRUN_HEAD + 8 + bench->octets;
	uint8_t frame[2048] = {0};
	LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = frame, .data_size_in = (uint32_t)len, .flags = BPF_F_TEST_XDP_LIVE_FRAMES,
		.batch_size = BATCH, .repeat = (int)packets);

	if (bpf_prog_test_run_opts(bpf_program__fd(bench->load->progs.send_xdp), &run))
		die("live frames");
	return packets;
}

static int ksoftirqd_of(int cpu)
{
	char command[64];
	int pid = 0;
	FILE *pipe;

	snprintf(command, sizeof(command), "pgrep -x ksoftirqd/%d", cpu);
	pipe = popen(command, "r");
	if (!pipe || fscanf(pipe, "%d", &pid) != 1)
		pid = 0;
	if (pipe)
		pclose(pipe);
	return pid;
}

// Waits for what is under way in the softirq.
static uint64_t settled(const struct bench *bench)
{
	uint64_t before, now = sunk(bench);

	do {
		before = now;
		nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
		now = sunk(bench);
	} while (now != before);
	return now;
}

static int live(struct bench *bench, const char *program, uint32_t packets, bool renew)
{
	int ksoftirqd = ksoftirqd_of(sched_getcpu()), fd = bench->relay, link, sink;
	uint64_t start, used, delivered, sent = 0;

	if (!strcmp(program, "null"))
		fd = bpf_program__fd(bench->load->progs.null_xdp);
	else if (!strcmp(program, "drop"))
		fd = bpf_program__fd(bench->load->progs.sink_xdp);
	way(bpf_map__fd(bench->load->maps.ways), 0, "bg0");
	way(bpf_map__fd(bench->load->maps.ways), 1, "bt0");
	way(xdp_ports_fd(bench->fast), 1, bench->is_integrated && !bench->is_routed ? "simw" : "bt0");
	for (uint32_t i = 1; i < bench->fast->hops_end; i++)
		bench->fast->objects.hops[i].ifindex = if_nametoindex("bg1");
	link = attach("bg1", fd);
	sink = attach("bt1", bpf_program__fd(bench->load->progs.sink_xdp));
	inject(bench, 20000);
	delivered = settled(bench);
	start = cpu_ns(ksoftirqd);
	while (sent < packets) {
		sent += inject(bench, renew ? 10000 : packets);
		if (renew) {
			int other = bench->is_uplink ? fd : xdp_program_ingress(bench->fast, bench->slice);

			if (bpf_link_update(link, other, NULL))
				die("replace");
			if (other != fd)
				close(other);
		}
	}
	used = cpu_ns(ksoftirqd) - start;
	delivered = settled(bench) - delivered;
	printf("%lu %lu %.1f\n", (unsigned long)sent, (unsigned long)delivered, (double)used / (double)sent);
	close(link);
	close(sink);
	return 0;
}

int main(int argc, char **argv)
{
	struct bench bench = {0};
	bool is_alone = argc == 6 && !strcmp(argv[1], "alone"), is_live = argc >= 7 && !strcmp(argv[1], "live");
	char **words = argv + (is_live ? 3 : 2);
	int status;

	if (!is_alone && !is_live) {
		fprintf(stderr,
			"bench_xdp alone DIRECTION OCTETS SESSIONS RUNS | live PROGRAM DIRECTION OCTETS SESSIONS PACKETS "
			"[renew]\n");
		return 2;
	}
	bench.is_uplink = !strcmp(words[0], "up");
	bench.octets = (uint32_t)strtoul(words[1], NULL, 10);
	bench.sessions = (uint32_t)strtoul(words[2], NULL, 10);
	bench.has_sum = is_live && !strcmp(argv[2], "sum");
	bench.is_routed = is_live && !strcmp(argv[2], "routed");
	bench.is_integrated = bench.is_routed || (is_live && !strcmp(argv[2], "stack"));
	bench.load = load_bpf__open_and_load();
	if (!bench.load)
		die("load");
	open_fast(&bench);
	plan_make(&bench);
	status = is_alone ? alone(&bench, (uint32_t)strtoul(words[3], NULL, 10))
			  : live(&bench, argv[2], (uint32_t)strtoul(words[3], NULL, 10), argc == 8);
	fast_free(&bench.fast, false);
	load_bpf__destroy(bench.load);
	return status;
}
