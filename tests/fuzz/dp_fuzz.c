// SPDX-License-Identifier: Apache-2.0
// The data plane from a received datagram to a sent one, with sockets of its own in the place of udp.c. The first octet of the input
// chooses socket, peer and session; what is sent is taken apart again and must be well formed.
#include "gateway/dataplane/soft/soft.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct udp {
	struct udp_host host;
	bool is_lac;
};

static struct ip_end sgw, lns;

static void must(bool truth)
{
	if (!truth)
		abort();
}

int udp_new(uv_loop_t *loop, int fd, const struct udp_host *host, struct udp **out)
{
	*out = calloc(1, sizeof(**out));
	(*out)->host = *host;
	return 0;
}

void udp_free(struct udp **udp)
{
	free(*udp);
	*udp = NULL;
}

void udp_pause(struct udp *udp, bool on)
{
	(void)udp;
	(void)on;
}

void udp_flush(struct udp *udp)
{
}

uint64_t udp_send_errors(const struct udp *udp)
{
	return 0;
}

int udp_send(struct udp *udp, const struct ip_end *peer, const void *datagram, size_t len, unsigned how)
{
	uint8_t *copy = malloc(len);
	struct gtpu_in gtpu;
	struct l2tp_in l2tp;
	struct ppp_in ppp;
	struct inner_in inner;

	memcpy(copy, datagram, len);
	if (udp->is_lac) {
		must(ip_end_equal(peer, &lns));
		must(l2tp_parse(copy, len, &l2tp) == 0 && !l2tp.control);
		must(ppp_parse(l2tp.payload, l2tp.len, &ppp) == 0);
		must(inner_parse(ppp.packet, ppp.len, &inner) == 0 && inner.len == ppp.len &&
			inner.v6 == (ppp.protocol == PPP_IPV6));
	} else {
		must(ip_end_equal(peer, &sgw));
		must(gtpu_parse(copy, len, &gtpu) == 0 && gtpu.type == GTPU_G_PDU);
		must(inner_parse(gtpu.packet, gtpu.len, &inner) == 0 && inner.len == gtpu.len);
	}
	must(inner.len <= 1500);
	free(copy);
	return 0;
}

int udp_send_borrowed(struct udp *udp, const struct ip_end *peer, const void *datagram, size_t len, unsigned how)
{
	return udp_send(udp, peer, datagram, len, how);
}

static void on_gtpu(void *owner, const struct ip_end *peer, const uint8_t *datagram, size_t len)
{
	must(len >= 8);
}

static void on_l2tp_control(
	void *owner, struct dp_lac *lac, void *lac_owner, const struct ip_end *peer, const uint8_t *datagram, size_t len)
{
	must(len >= 6 && datagram[0] & L2TP_T);
}

static void on_l2tp_frame(
	void *owner, struct dp_lac *lac, void *lac_owner, const struct ip_end *peer, const struct dp_l2tp_frame *frame)
{
	volatile uint8_t last;

	must(frame->len > 0 && frame->len < 65536);
	last = frame->ppp[frame->len - 1]; // ASan looks whether it is there
	(void)last;
}

static uv_loop_t loop;
static struct dp *dp;
static struct dp_lac *lac;

// TEID 0x100000 + n, tunnel n, session n; IPv4 10.0.0.1 with an MTU of 100 and IPv6 2001:db8:: with 1300.
static void open_sessions(void)
{
	struct dp_host host = {.on_gtpu = on_gtpu, .on_l2tp_control = on_l2tp_control, .on_l2tp_frame = on_l2tp_frame};

	uv_loop_init(&loop);
	sgw = (struct ip_end){.addr = ip_addr_v4(0x0a010101), .port = 2152};
	lns = (struct ip_end){.addr = ip_addr_v4(0x0a020202), .port = 1701};
	must(dp_new(&loop, -1, &host, 16, &dp) == 0 && dp_lac_new(dp, -1, &lns, NULL, &lac) == 0);
	lac->udp->is_lac = true;
	for (uint16_t n = 1; n <= 4; n++) {
		struct dp_framing framing = {.address_control = n & 1, .length = n & 2};
		struct dp_session_spec spec = {
			.local_teid = 0x100000u + n,
			.peer_teid = n,
			.peer = sgw,
			.local_session_id = n,
			.peer_session_id = n,
			.ue = ip_addr_v4(0x0a000001),
			.mtu = n == 4 ? 1300 : 100,
			.tcp_mss = 60,
			.sequencing = n == 3,
		};
		struct dp_session *session;

		if (n == 4)
			spec.ue6 = (struct ip_prefix){.addr = {.family = IP_V6, .bytes = {0x20, 0x01, 0x0d, 0xb8}}, .len = 64};
		must(dp_tunnel_new(lac, n, n, &lns, &framing, &spec.tunnel) == 0);
		must(dp_session_add(dp, &spec, &session) == 0);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *buffer, *datagram;
	size_t len = size - 1;

	if (size == 0 || size > 65536)
		return 0;
	if (!dp)
		open_sessions();
	uv_update_time(&loop);
	buffer = malloc(UDP_HEADROOM + len);
	datagram = buffer + UDP_HEADROOM;
	memcpy(datagram, data + 1, len);
	if (data[0] & 4 && len >= 8) { // the fuzzer need not guess who is installed
		if (data[0] & 1)
			put_be32(datagram + 4, 0x100000u + (data[0] >> 4 & 3) + 1);
		else
			put_be32(datagram + (datagram[0] & L2TP_L ? 4 : 2), (uint32_t)((data[0] >> 4 & 3) + 1) * 0x10001u);
	}
	if (data[0] & 1)
		dp->gtpu->host.on_datagram(dp->gtpu->host.owner, data[0] & 2 ? &lns : &sgw, datagram, len);
	else
		lac->udp->host.on_datagram(lac->udp->host.owner, data[0] & 2 ? &sgw : &lns, datagram, len);
	free(buffer);
	return 0;
}
