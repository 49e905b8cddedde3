// SPDX-License-Identifier: Apache-2.0
// The fast path by itself: what an earlier process left, changes under traffic, and what the verifier makes of the programs.
// What it does with each packet is in ../cases.h, run by ../dataplane_test.c.
#include "gateway/dataplane/xdp/testrun.h"

#include "base/clean.h"

#include <net/if.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/socket.h>

#include <cmocka.h>

#define TUNNEL 0x1111
#define SESSION 0x0033
#define UPLINK_PACKET                                                                                                            \
	"30ff001c5a000007"                                                                                                       \
	"4500001c000100004001af360a000001c0a801010800f7fd00010001"
#define DOWNLINK_PACKET                                                                                                          \
	"000211110033ff030021"                                                                                                   \
	"4500001c000100004001af36c0a801010a0000010000fffd00010001"

struct lab {
	struct ip_end gtpu_end, lac_end, sgw_end, lns_end;
	int socket; // in the slice
};

static size_t octets_of(const char *text, uint8_t *out)
{
	size_t len = 0;

	for (; *text; text += 2)
		assert_int_equal(sscanf(text, "%2hhx", &out[len++]), 1);
	return len;
}

static struct fast *fast_start(const struct lab *lab)
{
	struct fast_options options = {.gateway = "unit-test-xdp", .gtpu = lab->gtpu_end, .slots = 2048, .slot_mask = 0xfffff};
	char why[FAST_WHY] = "";
	struct fast *fast;

	if (fast_new(&options, &fast, why))
		fail_msg("%s", why);
	return fast;
}

static int setup(void **state)
{
	struct lab *lab = calloc(1, sizeof(*lab));

	ip_addr_parse("192.0.2.1", &lab->gtpu_end.addr);
	ip_addr_parse("192.0.2.2", &lab->sgw_end.addr);
	ip_addr_parse("198.51.100.1", &lab->lac_end.addr);
	ip_addr_parse("198.51.100.2", &lab->lns_end.addr);
	lab->gtpu_end.port = lab->sgw_end.port = 2152;
	lab->lac_end.port = lab->lns_end.port = 1701;
	lab->socket = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	*state = lab;
	return 0;
}

static int teardown(void **state)
{
	close(((struct lab *)*state)->socket);
	free(*state);
	return 0;
}

static int run_uplink(struct fast *fast, const struct lab *lab, uint32_t teid)
{
	uint8_t frame[TESTRUN_HEAD + 100] = {0}, out[200];
	size_t len = octets_of(UPLINK_PACKET, frame + TESTRUN_HEAD), out_len = sizeof(out);

	put_be32(frame + TESTRUN_HEAD + 4, teid);
	testrun_frame(frame, &lab->sgw_end, &lab->gtpu_end, len);
	return testrun(xdp_program_access(fast), frame, TESTRUN_HEAD + len, out, &out_len, 1, NULL);
}

static struct fast_session session_of(const struct lab *lab, uint32_t tunnel, uint32_t teid, uint16_t id)
{
	struct fast_session session = {.teid = teid,
		.has_v4 = true,
		.ue4 = {10, 0, 0, 1},
		.peer_teid = 1,
		.sgw = lab->sgw_end,
		.tunnel = tunnel,
		.session_id = id,
		.peer_session_id = id,
		.mtu = 1500};

	return session;
}

// A process ends and leaves two sessions in the kernel; the next one has one of them in its state file.
static void what_an_earlier_process_left_is_claimed_or_goes(void **state)
{
	const struct lab *lab = *state;
	struct fast_session one, other;
	struct dp_framing framing = {0};
	struct dp_path path = {.interface = "lo", .mark = 1};
	struct fast *fast;
	uint32_t slice, tunnel;

	fast = fast_start(lab);
	fast_settle(fast);
	testrun_start(fast);
	slice = fast_slice_get(fast, lab->socket);
	tunnel = fast_tunnel_new(fast, slice, &lab->lac_end, 5);
	assert_true(slice && tunnel);
	fast_tunnel_set(fast, tunnel, 6, &lab->lns_end, &framing);
	fast_tunnel_path(fast, tunnel, &path);
	one = session_of(lab, tunnel, 0x12300001, 7);
	other = session_of(lab, tunnel, 0x12300002, 8);
	one.sequencing = one.is_numbered = true;
	fast_session_set(fast, 1, &one);
	fast_session_set(fast, 2, &other);
	testrun_know_hops(fast);
	assert_int_equal(run_uplink(fast, lab, one.teid), XDP_REDIRECT);
	assert_int_equal(run_uplink(fast, lab, other.teid), XDP_REDIRECT);
	fast_free(&fast, true);

	fast = fast_start(lab);
	xdp_thread_stop(fast, true);
	assert_int_equal(run_uplink(fast, lab, one.teid), XDP_REDIRECT); // nobody has claimed anything yet, and it goes on
	assert_int_equal(run_uplink(fast, lab, other.teid), XDP_REDIRECT);
	assert_int_equal(fast_slice_get(fast, lab->socket), slice);
	assert_int_equal(fast_tunnel_new(fast, slice, &lab->lac_end, 5), tunnel);
	fast_tunnel_set(fast, tunnel, 0, &lab->lns_end, &framing); // its peer is not read yet: it stays as it was
	assert_int_equal(run_uplink(fast, lab, one.teid), XDP_REDIRECT);
	fast_tunnel_set(fast, tunnel, 6, &lab->lns_end, &framing);
	fast_tunnel_path(fast, tunnel, &path);
	fast_session_set(fast, 1, &one);
	fast_settle(fast);
	assert_int_equal(run_uplink(fast, lab, one.teid), XDP_REDIRECT);
	assert_int_equal(run_uplink(fast, lab, other.teid), XDP_PASS); // the orphan is gone
	assert_int_equal(fast_count(fast, 1, DP_UPLINK)->packets, 4);
	assert_int_equal(fast_order(fast, 1)->ns, 4);
	fast_free(&fast, false);
}

static int run_downlink(struct fast *fast, const struct lab *lab, uint32_t slice)
{
	uint8_t frame[TESTRUN_HEAD + 100] = {0}, out[200];
	size_t len = octets_of(DOWNLINK_PACKET, frame + TESTRUN_HEAD), out_len = sizeof(out);
	int program = xdp_program_ingress(fast, slice), verdict;

	testrun_frame(frame, &lab->lns_end, &lab->lac_end, len);
	verdict = testrun(program, frame, TESTRUN_HEAD + len, out, &out_len, 1, NULL);
	close(program);
	return verdict;
}

// The Routing Policy lets the tunnel past the slice's stack, by one interface, or it does not.
static void packets_take_only_the_path_that_the_policy_gave(void **state)
{
	const struct lab *lab = *state;
	struct fast *fast = fast_start(lab);
	struct fast_session session;
	uint32_t slice, tunnel;

	fast_settle(fast);
	testrun_start(fast);
	slice = fast_slice_get(fast, lab->socket);
	tunnel = fast_tunnel_new(fast, slice, &lab->lac_end, TUNNEL);
	fast_tunnel_set(fast, tunnel, 6, &lab->lns_end, &(struct dp_framing){0});
	session = session_of(lab, tunnel, 0x12300001, SESSION);
	fast_session_set(fast, 1, &session);
	testrun_know_hops(fast);
	assert_int_equal(run_uplink(fast, lab, session.teid), XDP_PASS); // none was given
	assert_int_equal(run_downlink(fast, lab, slice), XDP_PASS);
	fast_tunnel_path(fast, tunnel, &(struct dp_path){.interface = "lo", .mark = 1});
	testrun_know_hops(fast);
	assert_int_equal(run_uplink(fast, lab, session.teid), XDP_REDIRECT);
	assert_int_equal(run_downlink(fast, lab, slice), XDP_REDIRECT);
	fast->objects.hops[fast->objects.tunnels[tunnel].hop].ifindex =
		7; // it leads by another interface than the packet came in by
	assert_int_equal(run_downlink(fast, lab, slice), XDP_PASS);
	fast_tunnel_path(fast, tunnel, &(struct dp_path){0}); // taken away
	assert_int_equal(run_uplink(fast, lab, session.teid), XDP_PASS);
	assert_int_equal(run_downlink(fast, lab, slice), XDP_PASS);
	fast_free(&fast, false);
}

static void put_tag(uint8_t *frame, size_t len, uint16_t tag)
{
	memmove(frame + 16, frame + 12, len - 12);
	put_be16(frame + 12, 0x8100);
	put_be16(frame + 14, tag);
}

// The access port is a VLAN's: its tag comes off, and what leaves by it has one. Frames of another VLAN are none of ours.
static void frames_of_a_vlan_are_taken_and_sent(void **state)
{
	const struct lab *lab = *state;
	uint8_t frame[TESTRUN_HEAD + 104] = {0}, out[200];
	size_t len = octets_of(UPLINK_PACKET, frame + TESTRUN_HEAD) + TESTRUN_HEAD + 4, out_len = sizeof(out);
	struct fast *fast = fast_start(lab);
	struct fast_session session;
	uint32_t slice, tunnel;
	int program;

	fast_settle(fast);
	testrun_start(fast);
	slice = fast_slice_get(fast, lab->socket);
	tunnel = fast_tunnel_new(fast, slice, &lab->lac_end, TUNNEL);
	fast_tunnel_set(fast, tunnel, 6, &lab->lns_end, &(struct dp_framing){0});
	fast_tunnel_path(fast, tunnel, &(struct dp_path){.interface = "lo", .mark = 1});
	session = session_of(lab, tunnel, 0x12300001, SESSION);
	fast_session_set(fast, 1, &session);
	testrun_know_hops(fast);
	fast->objects.config->vlan = htons(100);
	put_be32(frame + TESTRUN_HEAD + 4, session.teid);
	testrun_frame(frame, &lab->sgw_end, &lab->gtpu_end, len - 4 - TESTRUN_HEAD);
	put_tag(frame, len, 0x6000 | 100); // with a priority
	assert_int_equal(testrun(xdp_program_access(fast), frame, len, out, &out_len, 1, NULL), XDP_REDIRECT);
	assert_int_equal(parse_be16(out + 12), 0x0800); // the LNS's side has no VLAN
	put_be16(frame + 14, 101);
	out_len = sizeof(out);
	assert_int_equal(testrun(xdp_program_access(fast), frame, len, out, &out_len, 1, NULL), XDP_PASS);
	assert_int_equal(out_len, len);
	assert_memory_equal(out, frame, len);
	put_be16(frame + 14, 100);
	put_be32(frame + TESTRUN_HEAD + 4 + 4, 0x45600001); // no such session: passed as it came, tag and all
	out_len = sizeof(out);
	assert_int_equal(testrun(xdp_program_access(fast), frame, len, out, &out_len, 1, NULL), XDP_PASS);
	assert_int_equal(out_len, len);
	assert_memory_equal(out, frame, len);

	fast->objects.hops[fast->objects.downlinks[fast->objects.extras[1].place].hop].vlan = htons(100);
	len = octets_of(DOWNLINK_PACKET, frame + TESTRUN_HEAD);
	testrun_frame(frame, &lab->lns_end, &lab->lac_end, len);
	program = xdp_program_ingress(fast, slice);
	out_len = sizeof(out);
	assert_int_equal(testrun(program, frame, TESTRUN_HEAD + len, out, &out_len, 1, NULL), XDP_REDIRECT);
	close(program);
	assert_memory_equal(out, testrun_hop, 6);
	assert_memory_equal(out + 6, testrun_us, 6);
	assert_int_equal(parse_be32(out + 12), 0x81000064);
	assert_int_equal(parse_be16(out + 16), 0x0800);
	assert_int_equal(parse_be16(out + 20), out_len - 18);
	fast_free(&fast, false);
}

struct changes {
	struct fast *fast;
	struct fast_session spec[2];
	bool stop;
};

static void *change_all_the_time(void *owner)
{
	struct changes *changes = owner;

	for (unsigned i = 0; !__atomic_load_n(&changes->stop, __ATOMIC_SEQ_CST); i++)
		fast_session_set(changes->fast, 1, &changes->spec[i % 2]);
	return NULL;
}

// The SGW moves back and forth while packets come down: each goes to one of the two, never to the address of one with the TEID of the other.
static void no_packet_sees_half_a_change(void **state)
{
	const struct lab *lab = *state;
	struct changes changes = {0};
	uint8_t frame[TESTRUN_HEAD + 100] = {0}, out[200];
	unsigned sent = 0, passed = 0;
	struct fast *fast;
	uint32_t slice, tunnel;
	pthread_t thread;
	int program;
	size_t len;

	fast = fast_start(lab);
	fast_settle(fast);
	testrun_start(fast);
	slice = fast_slice_get(fast, lab->socket);
	tunnel = fast_tunnel_new(fast, slice, &lab->lac_end, TUNNEL);
	fast_tunnel_set(fast, tunnel, 6, &lab->lns_end, &(struct dp_framing){0});
	fast_tunnel_path(fast, tunnel, &(struct dp_path){.interface = "lo", .mark = 1});
	changes.fast = fast;
	for (unsigned i = 0; i < 2; i++) {
		changes.spec[i] = session_of(lab, tunnel, 0x12300001, SESSION);
		changes.spec[i].peer_teid = i;
		changes.spec[i].sgw.addr = ip_addr_v4(0x0a000000 + i);
		xdp_hop_get(fast, 0, 0, fast->objects.config->gtpu_addr, htonl(0x0a000000 + i), ""); // kept all the while
	}
	fast_session_set(fast, 1, &changes.spec[0]);
	testrun_know_hops(fast);
	len = octets_of(DOWNLINK_PACKET, frame + TESTRUN_HEAD);
	testrun_frame(frame, &lab->lns_end, &lab->lac_end, len);
	program = xdp_program_ingress(fast, slice);
	assert_int_equal(pthread_create(&thread, NULL, change_all_the_time, &changes), 0);
	for (unsigned i = 0; i < 50000; i++) {
		size_t out_len = sizeof(out);
		int verdict = testrun(program, frame, TESTRUN_HEAD + len, out, &out_len, 1, NULL);

		passed += verdict == XDP_PASS; // in the middle of a change: the sockets' turn
		if (verdict != XDP_REDIRECT)
			continue;
		sent++;
		assert_int_equal(out[33], parse_be32(out + TESTRUN_HEAD + 4));
	}
	__atomic_store_n(&changes.stop, true, __ATOMIC_SEQ_CST);
	pthread_join(thread, NULL);
	printf("%u packets saw one or the other, %u went to the sockets\n", sent, passed);
	assert_in_range(sent, 1000, 50000);
	assert_int_equal(sent + passed, 50000);
	close(program);
	fast_free(&fast, false);
}

static void run(const char *command)
{
	if (system(command))
		fail_msg("%s", command);
}

// What kernels before 6.3 do not say is found out by a frame.
static void a_veth_is_probed(void **state)
{
	uint32_t ifindex;

	(void)state;
	assert_int_equal(unshare(CLONE_NEWNET), 0);
	run("ip link add probe0 type veth peer name probe1 && ip link set probe0 up && ip link set probe1 up");
	run("ethtool -K probe1 gro off >/dev/null");
	ifindex = if_nametoindex("probe0");
	assert_int_equal(xdp_probe(ifindex, "probe0"), 0);
	run("ethtool -K probe1 gro on >/dev/null");
	assert_int_equal(xdp_probe(ifindex, "probe0"), 1);
	assert_int_equal(xdp_probe(ifindex, "probe0"), 1);
	run("ethtool -K probe1 gro off >/dev/null");
	assert_int_equal(xdp_probe(ifindex, "probe0"), 0);
	run("ip link del probe0");
	assert_true(xdp_probe(ifindex, "probe0") < 0);
}

// A change that makes the verifier work much harder is seen here before a kernel refuses it. Kernel 6.18, clang 14.
static void the_verifier_stays_below_its_ceilings(void **state)
{
	struct fast *fast = fast_start(*state);
	const struct {
		int program;
		uint32_t most;
	} rows[] = {{xdp_program_access(fast), 60000}, {xdp_program_target(fast), 40000}};

	for (size_t i = 0; i < array_len(rows); i++) {
		struct bpf_prog_info info = {0};
		uint32_t len = sizeof(info);

		assert_int_equal(bpf_obj_get_info_by_fd(rows[i].program, &info, &len), 0);
		printf("%s: %u instructions verified, %u octets of machine code\n", info.name, info.verified_insns,
			info.jited_prog_len);
		assert_in_range(info.verified_insns, 1, rows[i].most);
	}
	fast_free(&fast, false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_an_earlier_process_left_is_claimed_or_goes, setup, teardown),
		cmocka_unit_test_setup_teardown(packets_take_only_the_path_that_the_policy_gave, setup, teardown),
		cmocka_unit_test_setup_teardown(frames_of_a_vlan_are_taken_and_sent, setup, teardown),
		cmocka_unit_test_setup_teardown(no_packet_sees_half_a_change, setup, teardown),
		cmocka_unit_test(a_veth_is_probed),
		cmocka_unit_test_setup_teardown(the_verifier_stays_below_its_ceilings, setup, teardown),
	};
	struct fast_options options = {
		.gateway = "unit-test-xdp", .gtpu.addr = ip_addr_v4(INADDR_LOOPBACK), .slots = 2048, .slot_mask = 0xfffff};
	char why[FAST_WHY] = "";
	struct fast *fast;

	if (fast_new(&options, &fast, why)) { // without the right to load programs
		fprintf(stderr, "skipped: %s\n", why);
		return 77;
	}
	fast_free(&fast, false); // with whatever a run that failed left pinned
	return cmocka_run_group_tests_name("dataplane xdp", tests, NULL, NULL);
}
