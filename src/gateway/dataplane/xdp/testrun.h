// SPDX-License-Identifier: Apache-2.0
// Runs a datagram through the BPF programs as they are in the kernel (BPF_PROG_TEST_RUN), for tests and benches: no interface, no thread.
#pragma once

#include "gateway/dataplane/soft/soft.h"
#include "gateway/dataplane/xdp/xdp.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <string.h>

#define TESTRUN_HEAD 42

static const uint8_t testrun_us[6] = {2, 0, 0, 0, 0, 1}, testrun_hop[6] = {2, 0, 0, 0, 0, 2};

// Next hops are never resolved but all known: by way of the loopback, to testrun_hop.
static inline void testrun_start(struct fast *fast)
{
	uint32_t port = 1, lo = 1;

	xdp_thread_stop(fast, true);
	bpf_map_update_elem(xdp_ports_fd(fast), &port, &lo, 0);
}

static inline void testrun_know_hops(struct fast *fast)
{
	for (uint32_t i = 1; i < fast->hops_end; i++)
		if (fast->hops[i].refs) {
			bool is_cable = !fast->objects.hops[i].daddr;
			struct xdp_way way = {.port = 1, .mtu = UINT16_MAX};

			fast->objects.hops[i].ifindex = 1; // where BPF_PROG_TEST_RUN lets packets come from
			memcpy(way.dmac, is_cable ? (const uint8_t *)DP_SLICE_MAC : testrun_hop, 6);
			memcpy(way.smac, is_cable ? (const uint8_t *)DP_SIMS_MAC : testrun_us, 6);
			xdp_hop_write(fast, i, &way);
			if (is_cable)
				fast->objects.slices[fast->objects.hops[i].slice].wire = 1;
		}
}

static inline uint16_t testrun_sum(const uint8_t *at)
{
	uint32_t sum = 0;

	for (unsigned i = 0; i < 20; i += 2)
		sum += parse_be16(at + i);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)(sum + (sum >> 16));
}

// Ethernet, IPv4 and UDP before the datagram at frame + TESTRUN_HEAD.
static inline void testrun_frame(uint8_t *frame, const struct ip_end *from, const struct ip_end *to, size_t len)
{
	memcpy(frame, testrun_us, 6);
	memcpy(frame + 6, testrun_hop, 6);
	put_be16(frame + 12, 0x0800);
	memcpy(frame + 14, (uint8_t[20]){0x45, 0, 0, 0, 0, 0, 0, 0, 64, 17}, 20);
	put_be16(frame + 16, (uint16_t)(28 + len));
	memcpy(frame + 26, from->addr.bytes, 4);
	memcpy(frame + 30, to->addr.bytes, 4);
	put_be16(frame + 24, (uint16_t)~testrun_sum(frame + 14));
	put_be16(frame + 34, from->port);
	put_be16(frame + 36, to->port);
	put_be16(frame + 38, (uint16_t)(8 + len));
	put_be16(frame + 40, 0);
}

// The verdict (XDP_*) on the frame, and what it has become; `ns` of one run, out of `repeat`. Or -errno.
static inline int testrun(
	int program, const uint8_t *frame, size_t len, uint8_t *out, size_t *out_len, uint32_t repeat, uint32_t *ns)
{
	LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = frame, .data_size_in = (uint32_t)len, .data_out = out,
		.data_size_out = out ? (uint32_t)*out_len : 0, .repeat = (int)repeat);

	if (bpf_prog_test_run_opts(program, &run))
		return -errno;
	if (out)
		*out_len = run.data_size_out;
	if (ns)
		*ns = run.duration;
	return (int)run.retval;
}
