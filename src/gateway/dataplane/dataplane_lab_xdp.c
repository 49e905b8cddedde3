// SPDX-License-Identifier: Apache-2.0
// A datagram by way of the BPF programs: into a frame, through the program of its side, and out of what has become of it.
#include "gateway/dataplane/dataplane_lab.h"
#include "gateway/dataplane/xdp/testrun.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

unsigned lab_xdp_sent, lab_xdp_dropped, lab_xdp_passed;

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
		return lab_note(lab, "I:", frame, len);
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
	lab_note(lab, is_uplink ? "L:" : "S:", frame + TESTRUN_HEAD, len - TESTRUN_HEAD);
}

// Whether the program of that side has taken the datagram.
static int xdp_run(struct lab *lab, int program, const uint8_t *frame, size_t frame_len, bool is_uplink)
{
	uint8_t out[LAB_LINE + 100];
	size_t out_len = sizeof(out);
	int verdict = testrun(program, frame, frame_len, out, &out_len, 1, NULL);

	if (verdict == XDP_PASS) {
		assert_int_equal(out_len, frame_len); // as it came
		assert_memory_equal(out, frame, frame_len);
	}
	if (verdict == XDP_REDIRECT)
		note_frame(lab, out, out_len, is_uplink);
	lab_xdp_sent += verdict == XDP_REDIRECT;
	lab_xdp_dropped += verdict == XDP_DROP;
	lab_xdp_passed += verdict == XDP_PASS;
	if (verdict != XDP_PASS && verdict != XDP_REDIRECT && verdict != XDP_DROP)
		fail_msg("verdict %d", verdict);
	return verdict;
}

bool lab_xdp_took(struct lab *lab, int fd, bool is_uplink, const uint8_t *octets, size_t len)
{
	const struct ip_end *from = fd == lab->sgw ? &lab->sgw_end : fd == lab->lns ? &lab->lns_end : &lab->stranger_end;
	struct fast *fast = lab->dp->fast;
	uint8_t frame[LAB_LINE + TESTRUN_HEAD] = {0};
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
