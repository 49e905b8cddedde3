// SPDX-License-Identifier: Apache-2.0
// Numbered packets of random sessions, written into live frames and sent to the interface where a gateway expects them; and what stands at the ends where
// they must come out, tells each by its number, and leaves all that is not of them to the host.
#include <linux/bpf.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "flood.h"

#define ARRAY(name, entries, of)                                                                                                 \
	struct {                                                                                                                 \
		__uint(type, BPF_MAP_TYPE_ARRAY);                                                                                \
		__uint(map_flags, BPF_F_MMAPABLE);                                                                               \
		__uint(max_entries, entries);                                                                                    \
		__type(key, __u32);                                                                                              \
		__type(value, of);                                                                                               \
	} name SEC(".maps")

ARRAY(streams, FLOOD_STREAMS, struct flood_stream);
ARRAY(sessions, FLOOD_SESSIONS, struct flood_session);
ARRAY(counts, FLOOD_STREAMS, struct flood_count);
ARRAY(seen, (FLOOD_STREAMS * FLOOD_PACKETS / 64), __u64); // a bit for each packet

struct {
	__uint(type, BPF_MAP_TYPE_DEVMAP);
	__uint(max_entries, FLOOD_STREAMS);
	__type(key, __u32);
	__type(value, __u32);
} ways SEC(".maps");

#define OPAQUE(x) asm volatile("" : "+r"(x))

static __always_inline __u16 fold(__u32 sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	return (__u16)((sum & 0xffff) + (sum >> 16));
}

// The SIM's packet; `is_source`: from it.
static __always_inline void write_inner(__u8 *at, const struct flood_stream *stream, const struct flood_session *session,
	int is_source, const struct flood_mark *mark)
{
	__u16 len = bpf_htons(stream->octets);

	*(__u32 *)at = bpf_htonl(0x45000000) | (__u32)len << 16;
	*(__u32 *)(at + 4) = bpf_htonl(0x00004000);
	*(__u16 *)(at + 8) = bpf_htons(0x4011);
	*(__u16 *)(at + 10) = (__u16)~fold(stream->sum + (session->ue & 0xffff) + (session->ue >> 16));
	*(__u32 *)(at + 12) = is_source ? session->ue : stream->far;
	*(__u32 *)(at + 16) = is_source ? stream->far : session->ue;
	*(__u32 *)(at + 20) = bpf_htonl(0x10001000);
	*(__u16 *)(at + 24) = bpf_htons(stream->octets - 20);
	*(__u16 *)(at + 26) = 0;
	*(struct flood_mark *)(at + 28) = *mark;
}

// Packets that are no longer under way.
static __always_inline __u64 came(const struct flood_count *count)
{
	return *(volatile __u64 *)&count->got + *(volatile __u64 *)&count->wrong + *(volatile __u64 *)&count->parked;
}

static __always_inline int generate(struct xdp_md *ctx, __u32 number, __u32 head)
{
	struct flood_stream *stream = bpf_map_lookup_elem(&streams, &number);
	struct flood_count *count = bpf_map_lookup_elem(&counts, &number);
	__u8 *data = (__u8 *)(long)ctx->data;
	struct flood_mark mark = {.magic = FLOOD_MAGIC, .stream = number};
	struct flood_session *session;
	int is_source = number == FLOOD_UP || number == FLOOD_TARGET_UP;

	if (!count || count->sent >= *(volatile __u64 *)&count->most || count->sent >= came(count) + count->window)
		return XDP_DROP; // not now
	if (!stream || !stream->count || data + FLOOD_HEAD + FLOOD_INNER > (__u8 *)(long)ctx->data_end)
		return XDP_ABORTED;
	mark.session = stream->first + bpf_get_prandom_u32() % stream->count;
	session = bpf_map_lookup_elem(&sessions, &mark.session);
	if (!session)
		return XDP_ABORTED;
	__builtin_memcpy(data, stream->head, head);
	if (is_source)
		*(__u32 *)(data + 46) = session->teid;
	else if (head == FLOOD_HEAD)
		*(__u32 *)(data + 44) = session->ids;
	mark.number = (__u32)count->sent;
	write_inner(data + head, stream, session, is_source, &mark);
	*(volatile __u64 *)&count->sent = count->sent + 1; // one thread sends a stream
	return (int)bpf_redirect_map(&ways, number, XDP_DROP);
}

#define GENERATOR(name, number, head)                                                                                            \
	SEC("xdp") int name(struct xdp_md *ctx)                                                                                  \
	{                                                                                                                        \
		return generate(ctx, number, head);                                                                              \
	}

GENERATOR(send_up, FLOOD_UP, FLOOD_HEAD)
GENERATOR(send_down, FLOOD_DOWN, FLOOD_HEAD)
GENERATOR(send_target_up, FLOOD_TARGET_UP, FLOOD_HEAD)
GENERATOR(send_target_down, FLOOD_TARGET_DOWN, FLOOD_BARE)

// Where the inner packet begins in an L2TP data message of a UDP datagram at 42; 0: it is none.
static __always_inline __u32 l2tp_inner(struct xdp_md *ctx, __u32 *ids)
{
	__u8 *data = (__u8 *)(long)ctx->data, *end = (__u8 *)(long)ctx->data_end, *at = data + 42;
	__u32 offset = 44;

	if (at + 16 > end || at[0] & 0x82 || (at[1] & 15) != 2)
		return 0;
	if (at[0] & 0x40)
		offset += 2;
	at = data + offset;
	if (at + 4 > end)
		return 0;
	*ids = *(__u32 *)at;
	offset += 4 + (data[42] & 8 ? 4 : 0);
	OPAQUE(offset);
	at = data + (offset & 127);
	if (at + 4 > end)
		return 0;
	if (*(__u16 *)at == bpf_htons(0xff03)) {
		at += 2;
		offset += 2;
	}
	return *(__u16 *)at == bpf_htons(0x0021) ? offset + 2 : 0;
}

// What carried the packet must be its own session's.
static __always_inline int is_right(const struct flood_mark *mark, const __u8 *inner, __u32 carrier)
{
	struct flood_session *session = bpf_map_lookup_elem(&sessions, &mark->session);

	if (!session)
		return 0;
	switch (mark->stream) {
	case FLOOD_UP:
		return carrier == session->peer_ids && *(__u32 *)(inner + 12) == session->ue;
	case FLOOD_TARGET_UP:
		return *(__u32 *)(inner + 12) == session->ue;
	default:
		return carrier == session->peer_teid && *(__u32 *)(inner + 16) == session->ue;
	}
}

static __always_inline void tally(const struct flood_mark *mark, int right)
{
	__u32 number = mark->stream, place = number * (FLOOD_PACKETS / 64) + mark->number / 64;
	struct flood_count *count = bpf_map_lookup_elem(&counts, &number);
	__u64 *bits = bpf_map_lookup_elem(&seen, &place), bit = 1ull << (mark->number & 63);

	if (!count || !bits)
		return;
	if (!right)
		__sync_fetch_and_add(&count->wrong, 1);
	else if (__sync_fetch_and_or(bits, bit) & bit)
		__sync_fetch_and_add(&count->doubled, 1);
	else
		__sync_fetch_and_add(&count->got, 1);
}

SEC("xdp")
int sink_xdp(struct xdp_md *ctx)
{
	__u8 *data = (__u8 *)(long)ctx->data, *end = (__u8 *)(long)ctx->data_end, *at;
	__u32 offset = FLOOD_BARE, carrier = 0;
	struct flood_mark mark;

	if (data + FLOOD_BARE + FLOOD_INNER > end || *(__u16 *)(data + 12) != bpf_htons(0x0800) || data[14] != 0x45 ||
		data[23] != 17)
		return XDP_PASS;
	if (*(__u16 *)(data + 36) == bpf_htons(2152)) {
		if (data[42] != 0x30 || data[43] != 255)
			return XDP_PASS;
		offset = FLOOD_HEAD;
		carrier = *(__u32 *)(data + 46);
	} else if (*(__u16 *)(data + 36) == bpf_htons(1701)) {
		offset = l2tp_inner(ctx, &carrier);
	}
	OPAQUE(offset);
	if (!offset)
		return XDP_PASS;
	at = data + (offset & 127);
	if (at + FLOOD_INNER > end)
		return XDP_PASS;
	mark = *(struct flood_mark *)(at + 28);
	if (mark.magic != FLOOD_MAGIC || mark.stream >= FLOOD_STREAMS || mark.number >= FLOOD_PACKETS)
		return XDP_PASS;
	tally(&mark, is_right(&mark, at, carrier));
	return XDP_DROP;
}

char _license[] SEC("license") = "Apache-2.0";
