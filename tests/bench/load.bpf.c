// SPDX-License-Identifier: Apache-2.0
// The XDP bench's load: a packet of a random session is written, then handed to the program under test, or sent to the interface under test. And
// what that is compared with: a program that does nothing, one that drops, one that redirects everything, and the sink that counts.
#include <linux/bpf.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "load.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct load_plan);
} plan SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} sunk SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_DEVMAP);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u32);
} ways SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} tested SEC(".maps");

static const __u32 zero;

static __always_inline __u16 inner_sum(__u32 sum, __u32 ue)
{
	sum += (ue & 0xffff) + (ue >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (__u16) ~((sum & 0xffff) + (sum >> 16));
}

static __always_inline int write_packet(struct xdp_md *ctx)
{
	struct load_plan *to = bpf_map_lookup_elem(&plan, &zero);
	__u8 *data = (__u8 *)(long)ctx->data;
	__u32 slot;

	if (!to || data + LOAD_HEAD > (__u8 *)(long)ctx->data_end)
		return 0;
	slot = to->sessions > 1 ? bpf_get_prandom_u32() & (to->sessions - 1) : 0;
	__builtin_memcpy(data, to->head, LOAD_HEAD);
	if (to->is_uplink) {
		*(__u32 *)(data + 46) = bpf_htonl(to->teid_high | slot);
		*(__u32 *)(data + 50 + 12) = bpf_htonl(LOAD_UE + slot);
		if (to->sum)
			*(__u16 *)(data + 50 + 10) = inner_sum(to->sum, bpf_htonl(LOAD_UE + slot));
	} else {
		*(__u16 *)(data + 44) = bpf_htons((__u16)(1 + slot / LOAD_TUNNEL_SESSIONS));
		*(__u16 *)(data + 46) = bpf_htons((__u16)(1 + slot % LOAD_TUNNEL_SESSIONS));
		*(__u32 *)(data + 50 + 16) = bpf_htonl(LOAD_UE + slot);
	}
	return 1;
}

SEC("xdp")
int fresh_xdp(struct xdp_md *ctx) // then the program under test, in the same run
{
	if (write_packet(ctx))
		bpf_tail_call(ctx, &tested, 0);
	return XDP_ABORTED;
}

SEC("xdp")
int send_xdp(struct xdp_md *ctx) // to the interface under test
{
	return write_packet(ctx) ? (int)bpf_redirect_map(&ways, 0, XDP_DROP) : XDP_ABORTED;
}

SEC("xdp")
int empty_xdp(struct xdp_md *ctx)
{
	return XDP_DROP;
}

SEC("xdp")
int null_xdp(struct xdp_md *ctx) // as little as a relay can do
{
	return (int)bpf_redirect_map(&ways, 1, XDP_DROP);
}

SEC("xdp")
int sink_xdp(struct xdp_md *ctx)
{
	__u64 *count = bpf_map_lookup_elem(&sunk, &zero);

	if (count)
		++*count;
	return XDP_DROP;
}

char _license[] SEC("license") = "Apache-2.0";
