// SPDX-License-Identifier: Apache-2.0
// Runs the list of cases.h, and what needs more than one packet, against the sockets alone, and (DATAPLANE_XDP) against the BPF programs before the
// sockets: a datagram is run through the program of its side first, and goes to the socket when that passes it.
#include "gateway/dataplane/dataplane.h"

#include "base/clean.h"
#include "gateway/dataplane/cases.h"
#include "gateway/udp.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cmocka.h>

#ifdef DATAPLANE_XDP
#include "gateway/dataplane/xdp/testrun.h"
#endif

#define LINE 4096 // a datagram as text

struct lab {
	uv_loop_t loop;
	struct dp *dp;
	struct dp_lac *lac;
	struct dp_tunnel *tunnel;
	struct dp_slice *slice;
	struct dp_session *session;
	struct ip_end gtpu_end, lac_end, sgw_end, lns_end, stranger_end;
	int sgw, lns, stranger, inside; // inside: the slice's end of its cable; -1: none
	char seen[CASE_STEPS * 2][LINE]; // what came out, as the cases write it
	unsigned seen_count, batches;
};

static void note(struct lab *lab, const char *where, const uint8_t *octets, size_t len)
{
	char *line = lab->seen[lab->seen_count];
	size_t at = (size_t)snprintf(line, LINE, "%s", where);

	assert_true(lab->seen_count < array_len(lab->seen) && at + 2 * len < LINE);
	for (size_t i = 0; i < len; i++)
		at += (size_t)snprintf(line + at, LINE - at, "%02x", octets[i]);
	lab->seen_count++;
}

static void on_gtpu(void *owner, const struct ip_end *peer, const uint8_t *datagram, size_t len)
{
	note(owner, "G:", datagram, len);
}

static void on_l2tp_control(
	void *owner, struct dp_lac *lac, void *lac_owner, const struct ip_end *peer, const uint8_t *datagram, size_t len)
{
	assert_ptr_equal(lac, ((struct lab *)owner)->lac);
	assert_ptr_equal(lac_owner, &((struct lab *)owner)->lac);
	note(owner, "C:", datagram, len);
}

static void on_l2tp_frame(
	void *owner, struct dp_lac *lac, void *lac_owner, const struct ip_end *peer, const struct dp_l2tp_frame *frame)
{
	char where[16];

	assert_ptr_equal(lac, ((struct lab *)owner)->lac);
	assert_true(ip_end_equal(peer, &((struct lab *)owner)->lns_end));
	snprintf(where, sizeof(where), "F:%04x%04x", frame->tunnel_id, frame->session_id);
	note(owner, where, frame->ppp, frame->len);
}

static void on_inner6(void *owner, uint32_t local_teid, enum dp_direction direction, const uint8_t *packet, size_t len)
{
	assert_int_equal(local_teid, CASE_TEID);
	note(owner, direction == DP_UPLINK ? "N:u" : "N:d", packet, len);
}

static void on_batch_end(void *owner)
{
	((struct lab *)owner)->batches++;
}

static int socket_open(uint8_t host, struct ip_end *end)
{
	struct ip_end any = {.addr = ip_addr_v4(INADDR_LOOPBACK - 1 + host)};
	struct sockaddr_storage name;
	socklen_t len = sizeof(name);
	int fd;

	assert_int_equal(udp_open(&any, &fd), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&name, &len), 0);
	assert_int_equal(ip_end_from_sockaddr((struct sockaddr *)&name, end), 0);
	return fd;
}

static struct dp_session_spec spec_of(const struct lab *lab)
{
	struct dp_session_spec spec = {
		.local_teid = CASE_TEID,
		.peer_teid = CASE_PEER_TEID,
		.peer = lab->sgw_end,
		.tunnel = lab->tunnel,
		.local_session_id = CASE_SESSION,
		.peer_session_id = CASE_PEER_SESSION,
		.mtu = 1500,
	};

	assert_int_equal(ip_addr_parse(CASE_UE, &spec.ue), 0);
	return spec;
}

static void fast_open(struct lab *lab)
{
#ifdef DATAPLANE_XDP
	char why[DP_WHY] = "";

	if (dp_fast_start(lab->dp, "unit-test", &lab->gtpu_end, why))
		fail_msg("no fast path: %s", why);
	dp_fast_settle(lab->dp);
	testrun_start(lab->dp->fast);
#else
	(void)lab;
#endif
}

static void lab_open(struct lab *lab, const struct dp_framing *framing)
{
	struct dp_host host = {
		.on_gtpu = on_gtpu,
		.on_l2tp_control = on_l2tp_control,
		.on_l2tp_frame = on_l2tp_frame,
		.on_inner6 = on_inner6,
		.on_batch_end = on_batch_end,
		.owner = lab,
	};

	memset(lab, 0, sizeof(*lab));
	lab->inside = -1;
	assert_int_equal(uv_loop_init(&lab->loop), 0);
	lab->sgw = socket_open(2, &lab->sgw_end);
	lab->lns = socket_open(3, &lab->lns_end);
	lab->stranger = socket_open(4, &lab->stranger_end);
	assert_int_equal(dp_new(&lab->loop, socket_open(1, &lab->gtpu_end), &host, 1000, &lab->dp), 0);
	fast_open(lab);
	assert_int_equal(dp_lac_new(lab->dp, socket_open(5, &lab->lac_end), &lab->lac_end, &lab->lac, &lab->lac), 0);
	assert_int_equal(dp_tunnel_new(lab->lac, CASE_TUNNEL, CASE_PEER_TUNNEL, &lab->lns_end, framing, &lab->tunnel), 0);
	dp_tunnel_set_path(lab->tunnel, &(struct dp_path){.interface = "lo", .mark = 1});
}

static void lab_close(struct lab *lab)
{
	dp_session_del(&lab->session, NULL);
	dp_slice_free(&lab->slice);
	if (lab->inside >= 0)
		close(lab->inside);
	dp_tunnel_free(&lab->tunnel);
	dp_lac_free(&lab->lac);
	dp_free(&lab->dp);
	uv_run(&lab->loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&lab->loop), 0);
	close(lab->sgw);
	close(lab->lns);
	close(lab->stranger);
}

// The packet socket's part is played by a pair of sockets.
static void slice_open(struct lab *lab)
{
	int ends[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends), 0);
	lab->inside = ends[0];
	assert_int_equal(dp_slice_new(lab->dp, ends[1], &lab->slice), 0);
}

static size_t octets_of(const char *text, uint8_t *out)
{
	size_t len = 0;

	for (; *text; text++) {
		if (*text == ' ')
			continue;
		assert_int_equal(sscanf(text++, "%2hhx", &out[len++]), 1);
	}
	return len;
}

static void collect(struct lab *lab, int fd, const char *where)
{
	uint8_t octets[LINE];
	ssize_t len;

	while ((len = recv(fd, octets, sizeof(octets), MSG_DONTWAIT)) >= 0)
		note(lab, where, octets, (size_t)len);
}

#ifdef DATAPLANE_XDP
static unsigned xdp_sent, xdp_dropped, xdp_passed; // of all tests: that the programs did most of it is a test of its own

static uint32_t sum_of(const uint8_t *at, size_t len)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < len; i++)
		sum += i % 2 ? at[i] : (uint32_t)at[i] << 8;
	return sum;
}

// The checksum of the frame's UDP datagram, where it is to have one, else 0.
static void check_udp_sum(const uint8_t *frame, size_t len, bool is_wanted)
{
	uint32_t sum = sum_of(frame + 26, 8) + sum_of(frame + 34, len - 34) + 17 + (uint32_t)len - 34;

	if (!is_wanted)
		return assert_int_equal(parse_be16(frame + 40), 0);
	sum = (sum & 0xffff) + (sum >> 16);
	assert_int_equal((sum & 0xffff) + (sum >> 16), 0xffff);
}

// The outer packet's class and Don't Fragment, of the inner one or fixed.
static void check_outer(const uint8_t *frame, const struct dp_framing *framing, const uint8_t *inner)
{
	bool v4 = inner[0] >> 4 == 4;
	unsigned dscp = v4 ? inner[1] >> 2 : (parse_be16(inner) >> 6) & 63, df = v4 ? inner[6] & 0x40 : 0x40;

	assert_int_equal(frame[15], (framing->dscp == DP_DSCP_COPY ? dscp : framing->dscp - 1u) << 2);
	assert_int_equal(frame[20], framing->df == DP_DF_SET ? 0x40 : framing->df == DP_DF_COPY ? df : 0);
}

// Octets before the inner packet, of the forms that we send.
static size_t l2tp_head(const uint8_t *l2tp)
{
	size_t at = 6 + (l2tp[0] & 0x40 ? 2u : 0) + (l2tp[0] & 0x08 ? 4u : 0);

	return at + (l2tp[at] == 0xff ? 4 : 2);
}

// What left the program: headers and checksum, then the payload as the cases write it; into a slice, the frame.
static void note_frame(struct lab *lab, const uint8_t *frame, size_t len, bool is_uplink)
{
	const struct ip_end *from = is_uplink ? &lab->lac_end : &lab->gtpu_end,
			    *to = is_uplink ? &lab->tunnel->peer : &lab->session->peer;

	if (is_uplink && lab->session->kind == SOFT_INTEGRATED)
		return note(lab, "I:", frame, len);
	check_udp_sum(frame, len, is_uplink && lab->tunnel->framing.udp_checksum);
	if (is_uplink)
		check_outer(frame, &lab->tunnel->framing, frame + TESTRUN_HEAD + l2tp_head(frame + TESTRUN_HEAD));
	assert_memory_equal(frame, testrun_hop, 6);
	assert_memory_equal(frame + 6, testrun_us, 6);
	assert_int_equal(parse_be16(frame + 12), 0x0800);
	assert_int_equal(parse_be16(frame + 16), len - 14);
	assert_int_equal(testrun_sum(frame + 14), 0xffff);
	assert_memory_equal(frame + 26, from->addr.bytes, 4);
	assert_memory_equal(frame + 30, to->addr.bytes, 4);
	assert_int_equal(parse_be16(frame + 34), from->port);
	assert_int_equal(parse_be16(frame + 36), to->port);
	assert_int_equal(parse_be16(frame + 38), len - 34);
	note(lab, is_uplink ? "L:" : "S:", frame + TESTRUN_HEAD, len - TESTRUN_HEAD);
}

// Whether the program of that side has taken the datagram.
static int xdp_run(struct lab *lab, int program, const uint8_t *frame, size_t frame_len, bool is_uplink)
{
	uint8_t out[LINE + 100];
	size_t out_len = sizeof(out);
	int verdict = testrun(program, frame, frame_len, out, &out_len, 1, NULL);

	if (verdict == XDP_PASS) {
		assert_int_equal(out_len, frame_len); // as it came
		assert_memory_equal(out, frame, frame_len);
	}
	if (verdict == XDP_REDIRECT)
		note_frame(lab, out, out_len, is_uplink);
	xdp_sent += verdict == XDP_REDIRECT;
	xdp_dropped += verdict == XDP_DROP;
	xdp_passed += verdict == XDP_PASS;
	if (verdict != XDP_PASS && verdict != XDP_REDIRECT && verdict != XDP_DROP)
		fail_msg("verdict %d", verdict);
	return verdict;
}

static bool xdp_took(struct lab *lab, int fd, bool is_uplink, const uint8_t *octets, size_t len)
{
	const struct ip_end *from = fd == lab->sgw ? &lab->sgw_end : fd == lab->lns ? &lab->lns_end : &lab->stranger_end;
	struct fast *fast = lab->dp->fast;
	uint8_t frame[LINE + TESTRUN_HEAD] = {0};
	size_t frame_len = TESTRUN_HEAD + len < 60 ? 60 : TESTRUN_HEAD + len; // as short as Ethernet has them
	int program = is_uplink ? xdp_program_access(fast) : xdp_program_ingress(fast, lab->lac->slice), verdict;

	testrun_know_hops(fast);
	if (fd == lab->inside) {
		frame_len = len < 60 ? 60 : len;
		memcpy(frame, octets, len);
	} else {
		memcpy(frame + TESTRUN_HEAD, octets, len);
		testrun_frame(frame, from, is_uplink ? &lab->gtpu_end : &lab->lac_end, len);
	}
	verdict = xdp_run(lab, program, frame, frame_len, is_uplink);
	if (!is_uplink)
		close(program);
	return verdict != XDP_PASS;
}
#endif

// Sends "where:octets" and turns the loop until something came of it: output, a callback or a drop. Loopback is immediate as a rule.
static void send_in(struct lab *lab, const char *in)
{
	uint64_t start = uv_hrtime();
	struct dp_counters before, now;
	struct sockaddr_storage to;
	uint8_t octets[LINE];
	size_t len = octets_of(in + 2, octets);
	int fd = in[0] == 'S' ? lab->sgw : in[0] == 'L' ? lab->lns : in[0] == 'I' ? lab->inside : lab->stranger;
	bool to_gtpu = in[0] == 'S' || (in[0] == 'X' && octets[0] >> 4 == 3); // a stranger's goes where it looks like
	unsigned seen = lab->seen_count;

#ifdef DATAPLANE_XDP
	if (lab->dp->fast && xdp_took(lab, fd, to_gtpu, octets, len))
		return;
#endif
	dp_totals(lab->dp, &before);
	if (fd == lab->inside)
		assert_int_equal(send(fd, octets, len, 0), len);
	else
		assert_int_equal(sendto(fd, octets, len, 0, (struct sockaddr *)&to,
					 ip_end_to_sockaddr(to_gtpu ? &lab->gtpu_end : &lab->lac_end, &to)),
			len);
	do {
		uv_run(&lab->loop, UV_RUN_NOWAIT);
		collect(lab, lab->sgw, "S:");
		collect(lab, lab->lns, "L:");
		collect(lab, lab->inside, "I:");
		dp_totals(lab->dp, &now);
	} while (lab->seen_count == seen && now.dropped == before.dropped && uv_hrtime() - start < 2000000000ull);
	for (unsigned turn = 0; turn < 2; turn++) { // and whatever else there is
		uv_run(&lab->loop, UV_RUN_NOWAIT);
		collect(lab, lab->sgw, "S:");
		collect(lab, lab->lns, "L:");
		collect(lab, lab->inside, "I:");
	}
}

static void without_blanks(const char *text, char *out)
{
	for (; *text; text++) {
		if (*text != ' ')
			*out++ = *text;
	}
	*out = 0;
}

static void check_case(struct lab *lab, const struct dp_case *each)
{
	struct dp_counters counters;
	unsigned wanted = 0;

	for (; each->out[wanted]; wanted++) {
		char want[LINE];

		without_blanks(each->out[wanted], want);
		if (wanted < lab->seen_count && strcmp(lab->seen[wanted], want))
			fail_msg("%s: output %u\n  is      %s\n  and not %s", each->name, wanted, lab->seen[wanted], want);
	}
	if (lab->seen_count != wanted)
		fail_msg("%s: %u outputs, not %u", each->name, lab->seen_count, wanted);
	for (enum dp_drop reason = 0; reason < DP_DROP_COUNT; reason++) {
		uint64_t want = each->is_dropped && each->drop == reason;

		if (dp_drops(lab->dp, reason) != want)
			fail_msg("%s: %s is %lu, not %lu", each->name, dp_drop_name(reason), dp_drops(lab->dp, reason), want);
	}
	dp_session_counters(lab->session, &counters);
	if (memcmp(&counters, &each->counters, sizeof(counters)))
		fail_msg("%s: session counters up %lu/%lu down %lu/%lu dropped %lu", each->name, counters.uplink_packets,
			counters.uplink_bytes, counters.downlink_packets, counters.downlink_bytes, counters.dropped);
}

static struct dp_session_spec spec_of_case(struct lab *lab, const struct dp_case *each)
{
	struct dp_session_spec spec = spec_of(lab);

	spec.sequencing = each->sequencing;
	spec.tcp_mss = each->tcp_mss;
	if (each->mtu)
		spec.mtu = each->mtu;
	if (each->v6 || each->both)
		assert_int_equal(ip_prefix_parse(CASE_UE6, &spec.ue6), 0);
	if (each->v6)
		spec.ue = (struct ip_addr){0};
	if (each->delegated)
		assert_int_equal(ip_prefix_parse(CASE_DELEGATED, &spec.ue6_delegated), 0);
	memcpy(spec.limits, each->limits, sizeof(spec.limits));
	if (each->integrated) {
		slice_open(lab);
		spec.slice = lab->slice;
		spec.tunnel = NULL;
		spec.tag = each->tag;
	}
	return spec;
}

static void every_case_octet_by_octet(void **state)
{
	for (size_t i = 0; i < array_len(dp_cases); i++) {
		const struct dp_case *each = &dp_cases[i];
		struct dp_session_spec spec;
		struct lab lab;

		lab_open(&lab, &each->framing);
		spec = spec_of_case(&lab, each);
		assert_int_equal(dp_session_add(lab.dp, &spec, &lab.session), 0);
		for (unsigned step = 0; each->in[step]; step++)
			send_in(&lab, each->in[step]);
		check_case(&lab, each);
		lab_close(&lab);
	}
}

static int setup(void **state)
{
	struct lab *lab = calloc(1, sizeof(*lab));
	struct dp_framing framing = {.address_control = true};
	struct dp_session_spec spec;

	lab_open(lab, &framing);
	spec = spec_of(lab);
	assert_int_equal(dp_session_add(lab->dp, &spec, &lab->session), 0);
	*state = lab;
	return 0;
}

static int teardown(void **state)
{
	lab_close(*state);
	free(*state);
	return 0;
}

static void expect(struct lab *lab, const char *want)
{
	char line[LINE];

	without_blanks(want, line);
	assert_int_equal(lab->seen_count, 1);
	assert_string_equal(lab->seen[0], line);
	lab->seen_count = 0;
}

static void an_update_moves_the_path_and_keeps_the_counters(void **state)
{
	struct lab *lab = *state;
	struct dp_session_spec spec = spec_of(lab);
	struct dp_counters counters;
	struct ip_end moved;
	int sgw = socket_open(6, &moved);

	send_in(lab, "S:" GTPU UP);
	expect(lab, "L:" L2TP_OUT "ff03 0021" UP);
	spec.peer = moved;
	spec.peer_teid = 0x77;
	assert_int_equal(dp_session_update(lab->session, &spec), 0);
	send_in(lab, "S:" GTPU UP); // the old SGW
	assert_int_equal(dp_drops(lab->dp, DP_DROP_GTPU_WRONG_PEER), 1);
	close(lab->sgw);
	lab->sgw = sgw;
	send_in(lab, "L:" L2TP "ff03 0021" DOWN);
	expect(lab, "S:30ff001c 00000077" DOWN);
	dp_session_counters(lab->session, &counters);
	assert_int_equal(counters.uplink_packets, 1);
	assert_int_equal(counters.downlink_packets, 1);
	spec.local_teid++;
	assert_int_equal(dp_session_update(lab->session, &spec), -EINVAL);
}

static void a_deleted_session_is_unknown_and_its_counts_are_handed_over(void **state)
{
	struct lab *lab = *state;
	struct dp_session_spec spec = spec_of(lab);
	struct dp_counters counters, earlier = {.uplink_packets = 41, .uplink_bytes = 1000, .dropped = 3};

	dp_session_restore_counters(lab->session, &earlier);
	send_in(lab, "S:" GTPU UP);
	expect(lab, "L:" L2TP_OUT "ff03 0021" UP);
	dp_session_del(&lab->session, &counters);
	assert_null(lab->session);
	assert_int_equal(counters.uplink_packets, 42);
	assert_int_equal(counters.uplink_bytes, 1028);
	assert_int_equal(counters.dropped, 3);
	send_in(lab, "S:" GTPU UP);
	expect(lab, "G:" GTPU UP);
	send_in(lab, "L:" L2TP "ff03 0021" DOWN);
	assert_int_equal(dp_drops(lab->dp, DP_DROP_L2TP_UNKNOWN_SESSION), 1);
	assert_int_equal(dp_session_add(lab->dp, &spec, &lab->session), 0); // the TEID stayed with its owner
	dp_session_counters(lab->session, &counters);
	assert_int_equal(counters.uplink_packets, 0);
}

static void no_two_sessions_share_an_id(void **state)
{
	struct lab *lab = *state;
	struct dp_session_spec spec = spec_of(lab);
	struct dp_session *other = NULL;
	struct dp_tunnel *tunnel = NULL;

	assert_int_equal(dp_session_add(lab->dp, &spec, &other), -EEXIST); // the TEID
	assert_int_equal(dp_teid_take(lab->dp, 0, &spec.local_teid), 0);
	assert_int_equal(dp_session_add(lab->dp, &spec, &other), -EEXIST); // the session id
	spec.local_session_id = 0;
	assert_int_equal(dp_session_add(lab->dp, &spec, &other), -EINVAL);
	assert_null(other);
	spec.local_session_id = 0xffff;
	assert_int_equal(dp_session_add(lab->dp, &spec, &other), 0);
	send_in(lab, "L:0002 1111 ffff ff03 0021" DOWN);
	expect(lab, "S:" GTPU_OUT DOWN);
	dp_session_del(&other, NULL);
	assert_int_equal(dp_tunnel_new(lab->lac, CASE_TUNNEL, 1, &lab->lns_end, &(struct dp_framing){0}, &tunnel), -EEXIST);
	assert_int_equal(dp_tunnel_new(lab->lac, 0, 1, &lab->lns_end, &(struct dp_framing){0}, &tunnel), -ERANGE);
}

static void two_lacs_may_use_the_same_tunnel_id(void **state)
{
	struct lab *lab = *state;
	struct dp_session_spec spec = spec_of(lab);
	struct dp_session *session;
	struct dp_tunnel *tunnel;
	struct ip_end end, first = lab->lac_end;
	struct dp_lac *lac;

	assert_int_equal(dp_lac_new(lab->dp, socket_open(7, &end), &end, &lab->lac, &lac), 0);
	assert_int_equal(dp_tunnel_new(lac, CASE_TUNNEL, 0x7777, &lab->lns_end, &(struct dp_framing){0}, &tunnel), 0);
	assert_int_equal(dp_teid_take(lab->dp, 0, &spec.local_teid), 0);
	spec.tunnel = tunnel;
	spec.peer_teid = 0x99;
	assert_int_equal(dp_session_add(lab->dp, &spec, &session), 0);
	lab->lac_end = end;
	send_in(lab, "L:" L2TP "ff03 0021" DOWN); // same ids and the same SIM address
	expect(lab, "S:30ff001c 00000099" DOWN);
	lab->lac_end = first;
	send_in(lab, "L:" L2TP "ff03 0021" DOWN);
	expect(lab, "S:" GTPU_OUT DOWN);
	dp_session_del(&session, NULL);
	dp_tunnel_free(&tunnel);
	dp_lac_free(&lac);
}

static void ppp_frames_of_ours_take_the_tunnels_form_and_the_sessions_ns(void **state)
{
	struct lab *lab = *state;
	struct dp_framing framing = {.length = true};
	struct dp_tunnel *tunnel;

	assert_int_equal(dp_tunnel_new(lab->lac, 0x0101, 0x0202, &lab->lns_end, &framing, &tunnel), 0);
	assert_int_equal(dp_tunnel_send_ppp(tunnel, 5, 6, 0xc021, (const uint8_t *)"\1\1\0\4", 4), 0);
	uv_run(&lab->loop, UV_RUN_NOWAIT);
	collect(lab, lab->lns, "L:");
	expect(lab, "L:4002 0010 0202 0006 ff03 c021 01010004"); // LCP never goes without FF03
	assert_int_equal(dp_tunnel_send_ppp(tunnel, 5, 6, 0x8021, (const uint8_t *)"\1\1\0\4", 4), 0);
	uv_run(&lab->loop, UV_RUN_NOWAIT);
	collect(lab, lab->lns, "L:");
	expect(lab, "L:4002 000e 0202 0006 8021 01010004");
	send_in(lab, "L:0802 0101 0005 0000 0000 8021 01010004"); // not installed, and the LNS numbers its data
	lab->seen_count = 0;
	for (unsigned i = 0; i < 2; i++)
		assert_int_equal(dp_tunnel_send_ppp(tunnel, 5, 6, 0x8021, (const uint8_t *)"\1\1\0\4", 4), 0);
	uv_run(&lab->loop, UV_RUN_NOWAIT);
	collect(lab, lab->lns, "L:");
	assert_int_equal(lab->seen_count, 2);
	assert_string_equal(lab->seen[0], "L:480200120202000600000000802101010004");
	assert_string_equal(lab->seen[1], "L:480200120202000600010000802101010004");
	lab->seen_count = 0;
	dp_tunnel_forget(tunnel, 5);
	assert_int_equal(dp_tunnel_send_ppp(tunnel, 5, 6, 0x8021, (const uint8_t *)"\1\1\0\4", 4), 0);
	uv_run(&lab->loop, UV_RUN_NOWAIT);
	collect(lab, lab->lns, "L:");
	expect(lab, "L:4002 000e 0202 0006 8021 01010004");
	assert_int_equal(dp_tunnel_send_ppp(tunnel, 5, 6, 0x8021, (const uint8_t[5000]){0}, 5000), -EMSGSIZE);
	dp_tunnel_free(&tunnel);
}

static void the_ns_goes_on_when_a_session_is_installed(void **state)
{
	struct lab *lab = *state;
	struct dp_session_spec spec = spec_of(lab);

	dp_session_del(&lab->session, NULL);
	assert_int_equal(dp_tunnel_send_ppp(lab->tunnel, CASE_SESSION, CASE_PEER_SESSION, 0x8021, NULL, 0), 0);
	uv_run(&lab->loop, UV_RUN_NOWAIT);
	collect(lab, lab->lns, "L:");
	expect(lab, "L:" L2TP_OUT "ff03 8021");
	send_in(lab, "L:0802 1111 0033 0000 0000 ff03 8021 01010004");
	lab->seen_count = 0;
	assert_int_equal(dp_tunnel_send_ppp(lab->tunnel, CASE_SESSION, CASE_PEER_SESSION, 0x8021, NULL, 0), 0);
	uv_run(&lab->loop, UV_RUN_NOWAIT);
	collect(lab, lab->lns, "L:");
	expect(lab, "L:0802 2222 0044 0000 0000 ff03 8021");
	assert_int_equal(dp_session_add(lab->dp, &spec, &lab->session), 0);
	send_in(lab, "S:" GTPU UP);
	expect(lab, "L:0802 2222 0044 0001 0000 ff03 0021" UP);
}

static void control_and_gtpu_messages_are_sent_as_they_are(void **state)
{
	struct lab *lab = *state;

	assert_int_equal(dp_lac_send(lab->lac, &lab->lns_end, (const uint8_t *)"\xc8\2", 2), 0);
	uv_run(&lab->loop, UV_RUN_NOWAIT);
	collect(lab, lab->lns, "L:");
	expect(lab, "L:c802");
	assert_int_equal(dp_gtpu_send(lab->dp, &lab->sgw_end, (const uint8_t *)"\x30\2", 2), 0);
	uv_run(&lab->loop, UV_RUN_NOWAIT);
	collect(lab, lab->sgw, "S:");
	expect(lab, "S:3002");
}

static void the_lns_may_move_to_another_port(void **state)
{
	struct lab *lab = *state;
	struct ip_end moved;
	int fd = socket_open(3, &moved); // the same address

	dp_tunnel_set_peer(lab->tunnel, 0x3333, &moved);
	send_in(lab, "L:" L2TP "ff03 0021" DOWN);
	assert_int_equal(dp_drops(lab->dp, DP_DROP_L2TP_WRONG_PEER), 1);
	close(lab->lns);
	lab->lns = fd;
	send_in(lab, "S:" GTPU UP);
	expect(lab, "L:0002 3333 0044 ff03 0021" UP);
	send_in(lab, "L:" L2TP "ff03 0021" DOWN);
	expect(lab, "S:" GTPU_OUT DOWN);
}

static void icmp_errors_are_rate_limited(void **state)
{
	struct lab *lab = *state;
	struct dp_session_spec spec = spec_of(lab);

	uint64_t start_ms;

	spec.mtu = 100;
	assert_int_equal(dp_session_update(lab->session, &spec), 0);
	uv_update_time(&lab->loop);
	start_ms = uv_now(&lab->loop);
	send_in(lab, "S:30ff008c 5a000007" UP_DF);
	assert_int_equal(lab->seen_count, 1);
	for (unsigned i = 0; i < 5; i++)
		send_in(lab, "S:30ff008c 5a000007" UP_DF);
	assert_true(lab->seen_count <= 1 + (uv_now(&lab->loop) - start_ms) / 100); // one in 100 ms
	assert_int_equal(dp_drops(lab->dp, DP_DROP_INNER_TOO_BIG), 6);
}

#ifndef DATAPLANE_XDP // it is about the sockets
static void a_refused_datagram_is_a_failed_send(void **state)
{
	struct lab *lab = *state;
	struct dp_session_spec spec = spec_of(lab);

	spec.peer.addr = ip_addr_v4(0xffffffff); // broadcast: EACCES
	assert_int_equal(dp_session_update(lab->session, &spec), 0);
	send_in(lab, "L:" L2TP "ff03 0021" DOWN);
	assert_int_equal(dp_drops(lab->dp, DP_DROP_SEND_FAILED), 1);
}
#endif

static void teids_are_random_above_their_index_and_rest(void **state)
{
	struct lab *lab = *state;
	uint32_t first, teid, different = 0, many[999];

	assert_int_equal(dp_teid_take(lab->dp, 1000, &first), 0);
	dp_teid_give(lab->dp, first, 1000);
	assert_int_equal(dp_teid_take(lab->dp, 1001, &teid), 0);
	assert_int_not_equal(teid & 0xfffff, first & 0xfffff); // it rests
	dp_teid_give(lab->dp, teid, 1001);
	for (unsigned i = 0; i < array_len(many); i++) { // max_sessions, less the one of CASE_TEID
		assert_int_equal(dp_teid_take(lab->dp, 1002, &many[i]), 0);
		assert_int_not_equal(many[i] >> 20, 0);
		different += (many[i] ^ many[0]) >> 20 != 0;
	}
	assert_true(different > 900);
	assert_int_equal(dp_teid_take(lab->dp, 1002, &teid), -ENOSPC);
	for (unsigned i = 0; i < array_len(many); i++)
		dp_teid_give(lab->dp, many[i], 1002);
	dp_teid_give(lab->dp, many[0], 1002); // twice does nothing
	dp_teid_give(lab->dp, CASE_TEID, 1002); // nor while a session is installed
	assert_int_equal(dp_teid_take(lab->dp, 60000, &teid), 0);
	dp_teid_give(lab->dp, teid, 60000);
	assert_int_equal(dp_teid_claim(lab->dp, CASE_TEID), -EEXIST);
	assert_int_equal(dp_teid_claim(lab->dp, 0), -ERANGE);
	assert_int_equal(dp_teid_claim(lab->dp, 0x123fffff), 0); // far above max_sessions: another configuration's
	assert_int_equal(dp_teid_claim(lab->dp, 0x456fffff), -EEXIST); // the same slot
	assert_int_equal(dp_teid_claim(lab->dp, 0x12300003), 0); // a slot that had been given back
	assert_int_equal(dp_teid_take(lab->dp, 120000, &teid), 0);
	assert_int_not_equal(teid & 0xfffff, 3);
}

#ifndef DATAPLANE_XDP // it is about the sockets
static void a_batch_has_an_end(void **state)
{
	struct lab *lab = *state;

	send_in(lab, "S:" GTPU UP);
	send_in(lab, "L:" L2TP "ff03 0021" DOWN);
	assert_int_equal(lab->batches, 2);
}
#endif

// A loopback of its own with a small MTU: what we send leaves in fragments, and what comes in is put together again.
static void outer_packets_are_fragmented_by_the_kernel(void **state)
{
	struct ifreq lo = {.ifr_name = "lo", .ifr_mtu = 600};
	_cleanup_close_ int fd = -1, host = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	char up[2801], down[2801], line[LINE];

	if (unshare(CLONE_NEWNET) < 0)
		skip(); // needs root
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_int_equal(ioctl(fd, SIOCSIFMTU, &lo), 0);
	lo.ifr_flags = IFF_UP;
	assert_int_equal(ioctl(fd, SIOCSIFFLAGS, &lo), 0);
	snprintf(up, sizeof(up), "4500057800010000401100000a000001c0a80101%02760d", 0); // 1400 octets
	snprintf(down, sizeof(down), "450005780001000040110000c0a801010a000001%02760d", 0);
	setup(state);
	snprintf(line, sizeof(line), "S:30ff05785a000007%s", up);
	send_in(*state, line);
	snprintf(line, sizeof(line), "L:000222220044ff030021%s", up);
	expect(*state, line);
	snprintf(line, sizeof(line), "L:000211110033ff030021%s", down);
	send_in(*state, line);
	snprintf(line, sizeof(line), "S:30ff0578cafe0001%s", down);
	expect(*state, line);
	teardown(state);
	assert_int_equal(setns(host, CLONE_NEWNET), 0);
}

#ifdef DATAPLANE_XDP
// Had the programs passed everything, all tests would hold as well.
static void the_programs_did_most_of_it(void **state)
{
	printf("%u datagrams sent on by the programs, %u dropped, %u left to the sockets\n", xdp_sent, xdp_dropped, xdp_passed);
	assert_in_range(xdp_sent, 45, 1000);
	assert_in_range(xdp_dropped, 12, 100);
}
#endif

// What an earlier run that failed left pinned goes; without the right to load programs the tests are skipped.
static int fast_prepare(void)
{
#ifdef DATAPLANE_XDP
	struct fast_options options = {
		.gateway = "unit-test", .gtpu.addr = ip_addr_v4(INADDR_LOOPBACK), .slots = 2274, .slot_mask = 0xfffff};
	char why[DP_WHY] = "";
	struct fast *fast;

	if (fast_new(&options, &fast, why)) {
		fprintf(stderr, "skipped: %s\n", why);
		return 77;
	}
	fast_free(&fast, false);
#endif
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_case_octet_by_octet),
		cmocka_unit_test_setup_teardown(an_update_moves_the_path_and_keeps_the_counters, setup, teardown),
		cmocka_unit_test_setup_teardown(a_deleted_session_is_unknown_and_its_counts_are_handed_over, setup, teardown),
		cmocka_unit_test_setup_teardown(no_two_sessions_share_an_id, setup, teardown),
		cmocka_unit_test_setup_teardown(two_lacs_may_use_the_same_tunnel_id, setup, teardown),
		cmocka_unit_test_setup_teardown(ppp_frames_of_ours_take_the_tunnels_form_and_the_sessions_ns, setup, teardown),
		cmocka_unit_test_setup_teardown(the_ns_goes_on_when_a_session_is_installed, setup, teardown),
		cmocka_unit_test_setup_teardown(control_and_gtpu_messages_are_sent_as_they_are, setup, teardown),
		cmocka_unit_test_setup_teardown(the_lns_may_move_to_another_port, setup, teardown),
		cmocka_unit_test_setup_teardown(icmp_errors_are_rate_limited, setup, teardown),
		cmocka_unit_test_setup_teardown(teids_are_random_above_their_index_and_rest, setup, teardown),
		cmocka_unit_test(outer_packets_are_fragmented_by_the_kernel),
#ifndef DATAPLANE_XDP
		cmocka_unit_test_setup_teardown(a_refused_datagram_is_a_failed_send, setup, teardown),
		cmocka_unit_test_setup_teardown(a_batch_has_an_end, setup, teardown),
#else
		cmocka_unit_test(the_programs_did_most_of_it),
#endif
	};

	if (fast_prepare())
		return 77;
	return cmocka_run_group_tests_name("dataplane", tests, NULL, NULL);
}
