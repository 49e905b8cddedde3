// SPDX-License-Identifier: Apache-2.0
#include "gateway/dataplane/dataplane_lab.h"

#include "base/clean.h"
#include "gateway/udp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#ifdef DATAPLANE_XDP
#include "gateway/dataplane/xdp/testrun.h"
#endif

void lab_note(struct lab *lab, const char *where, const uint8_t *octets, size_t len)
{
	char *line = lab->seen[lab->seen_count];
	size_t at = (size_t)snprintf(line, LAB_LINE, "%s", where);

	assert_true(lab->seen_count < array_len(lab->seen) && at + 2 * len < LAB_LINE);
	for (size_t i = 0; i < len; i++)
		at += (size_t)snprintf(line + at, LAB_LINE - at, "%02x", octets[i]);
	lab->seen_count++;
}

static void on_gtpu(void *owner, const struct ip_end *peer, const uint8_t *datagram, size_t len)
{
	lab_note(owner, "G:", datagram, len);
}

static void on_l2tp_control(
	void *owner, struct dp_lac *lac, void *lac_owner, const struct ip_end *peer, const uint8_t *datagram, size_t len)
{
	assert_ptr_equal(lac, ((struct lab *)owner)->lac);
	assert_ptr_equal(lac_owner, &((struct lab *)owner)->lac);
	lab_note(owner, "C:", datagram, len);
}

static void on_l2tp_frame(
	void *owner, struct dp_lac *lac, void *lac_owner, const struct ip_end *peer, const struct dp_l2tp_frame *frame)
{
	char where[16];

	assert_ptr_equal(lac, ((struct lab *)owner)->lac);
	assert_true(ip_end_equal(peer, &((struct lab *)owner)->lns_end));
	snprintf(where, sizeof(where), "F:%04x%04x", frame->tunnel_id, frame->session_id);
	lab_note(owner, where, frame->ppp, frame->len);
}

static void on_inner6(void *owner, uint32_t local_teid, enum dp_direction direction, const uint8_t *packet, size_t len)
{
	assert_int_equal(local_teid, CASE_TEID);
	lab_note(owner, direction == DP_UPLINK ? "N:u" : "N:d", packet, len);
}

static void on_batch_end(void *owner)
{
	((struct lab *)owner)->batches++;
}

int lab_socket(uint8_t host, struct ip_end *end)
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

struct dp_session_spec lab_spec(const struct lab *lab)
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

void lab_open(struct lab *lab, const struct dp_framing *framing)
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
	lab->sgw = lab_socket(2, &lab->sgw_end);
	lab->lns = lab_socket(3, &lab->lns_end);
	lab->stranger = lab_socket(4, &lab->stranger_end);
	assert_int_equal(dp_new(&lab->loop, lab_socket(1, &lab->gtpu_end), &host, 1000, &lab->dp), 0);
	fast_open(lab);
	assert_int_equal(dp_lac_new(lab->dp, lab_socket(5, &lab->lac_end), &lab->lac_end, &lab->lac, &lab->lac), 0);
	assert_int_equal(dp_tunnel_new(lab->lac, CASE_TUNNEL, CASE_PEER_TUNNEL, &lab->lns_end, framing, &lab->tunnel), 0);
	dp_tunnel_set_path(lab->tunnel, &(struct dp_path){.interface = "lo", .mark = 1});
}

void lab_close(struct lab *lab)
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

void lab_slice_open(struct lab *lab)
{
	int ends[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends), 0);
	lab->inside = ends[0];
	assert_int_equal(dp_slice_new(lab->dp, ends[1], &lab->slice), 0);
}

size_t lab_octets(const char *text, uint8_t *out)
{
	size_t len = 0;

	for (; *text; text++) {
		if (*text == ' ')
			continue;
		assert_int_equal(sscanf(text++, "%2hhx", &out[len++]), 1);
	}
	return len;
}

void lab_collect(struct lab *lab, int fd, const char *where)
{
	uint8_t octets[LAB_LINE];
	ssize_t len;

	while ((len = recv(fd, octets, sizeof(octets), MSG_DONTWAIT)) >= 0)
		lab_note(lab, where, octets, (size_t)len);
}

void lab_send(struct lab *lab, const char *in)
{
	uint64_t start = uv_hrtime();
	struct dp_counters before, now;
	struct sockaddr_storage to;
	uint8_t octets[LAB_LINE] = {0};
	size_t len = lab_octets(in + 2, octets);
	int fd = in[0] == 'S' ? lab->sgw : in[0] == 'L' ? lab->lns : in[0] == 'I' ? lab->inside : lab->stranger;
	bool to_gtpu = in[0] == 'S' || (in[0] == 'X' && octets[0] >> 4 == 3); // a stranger's goes where it looks like
	unsigned seen = lab->seen_count;

#ifdef DATAPLANE_XDP
	if (lab->dp->fast && lab_xdp_took(lab, fd, to_gtpu, octets, len))
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
		lab_collect(lab, lab->sgw, "S:");
		lab_collect(lab, lab->lns, "L:");
		lab_collect(lab, lab->inside, "I:");
		dp_totals(lab->dp, &now);
	} while (lab->seen_count == seen && now.dropped == before.dropped && uv_hrtime() - start < 2000000000ull);
	for (unsigned turn = 0; turn < 2; turn++) { // and whatever else there is
		uv_run(&lab->loop, UV_RUN_NOWAIT);
		lab_collect(lab, lab->sgw, "S:");
		lab_collect(lab, lab->lns, "L:");
		lab_collect(lab, lab->inside, "I:");
	}
}

void lab_pack(const char *text, char *out)
{
	for (; *text; text++) {
		if (*text != ' ')
			*out++ = *text;
	}
	*out = 0;
}

void lab_expect(struct lab *lab, const char *want)
{
	char line[LAB_LINE];

	lab_pack(want, line);
	assert_int_equal(lab->seen_count, 1);
	assert_string_equal(lab->seen[0], line);
	lab->seen_count = 0;
}
