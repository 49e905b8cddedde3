// SPDX-License-Identifier: Apache-2.0
#include "lab.h"

#include "gateway/dataplane/dataplane.h"
#include "gateway/udp.h"

#define MOBILE 5 // the number of its cable
#define GTPU "198.51.100.1"
#define SGW "198.51.100.2"
#define HEAD 14
#define OUTER (HEAD + 20 + 8) // octets before the GTP-U header
#define GTPU_HEAD 8
#define FIRST_TEID 0x5a000001u
#define FAST_MS 1000 // to learn where the next hops are

struct way {
	struct dp_path path;
	struct uuid rules[2];
};

struct lab_gtp {
	struct dp *dp;
	struct dp_slice *slice;
	struct dp_session *sessions[RANDOM_SIMS];
	struct ip_end gtpu, sgw;
	struct way ways[LAB_POLICIES];
	uint8_t mac[6];
};

static struct dp_session_spec spec_of(const struct lab *lab, size_t sim)
{
	size_t policy = lab_policy_of(lab, sim);
	struct ip_addr ue6 = random_sim(sim, IP_V6);
	struct dp_session_spec spec = {.local_teid = FIRST_TEID + (uint32_t)sim,
		.peer_teid = FIRST_TEID + (uint32_t)sim,
		.peer = lab->gtp->sgw,
		.slice = lab->gtp->slice,
		.ue = random_sim(sim, IP_V4),
		.tag = lab->tags[policy],
		.path = lab->gtp->ways[policy].path,
		.mtu = 1400};

	memset(ue6.bytes + 8, 0, 8);
	spec.ue6 = (struct ip_prefix){ue6, 64};
	return spec;
}

static int start(struct lab *lab, char *why)
{
	const struct dp_host host = {.owner = lab};
	struct lab_gtp *gtp = lab->gtp;
	int fd = -1, error;

	assert_int_equal(udp_open(&gtp->gtpu, &fd), 0);
	assert_int_equal(dp_new(&lab->world->loop, fd, &host, 64, &gtp->dp), 0);
	error = dp_fast_start(gtp->dp, "unit-test-policy", &gtp->gtpu, why);
	if (error)
		return error;
	dp_fast_settle(gtp->dp);
	assert_int_equal(dp_slice_new(gtp->dp, lab->fds[LAB_SIMS], &gtp->slice), 0);
	lab->fds[LAB_SIMS] = lab_frames_of("net5", "up0");
	for (size_t sim = 0; sim < RANDOM_SIMS; sim++) {
		struct dp_session_spec spec = spec_of(lab, sim);

		assert_int_equal(dp_session_add(gtp->dp, &spec, &gtp->sessions[sim]), 0);
	}
	return 0;
}

int lab_gtp_open(struct lab *lab, char *why)
{
	struct lab_gtp *gtp = lab->gtp = calloc(1, sizeof(*gtp));
	const char *mac;

	lab->policy_count = 1; // until there are some
	lab_far_open(MOBILE);
	sh("ip addr add " GTPU "/24 dev cable5 && ip link set cable5 up && ip neigh replace " SGW
	   " lladdr 02:00:00:00:00:05 dev cable5 nud permanent");
	mac = out_of("ip -br link show cable5 | awk '{ print $3 }'");
	assert_int_equal(sscanf(mac, "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", &gtp->mac[0], &gtp->mac[1], &gtp->mac[2], &gtp->mac[3],
				 &gtp->mac[4], &gtp->mac[5]),
		6);
	gtp->gtpu.port = gtp->sgw.port = 2152;
	ip_addr_parse(GTPU, &gtp->gtpu.addr);
	ip_addr_parse(SGW, &gtp->sgw.addr);
	return start(lab, why);
}

void lab_gtp_close(struct lab *lab)
{
	struct lab_gtp *gtp = lab->gtp;

	for (size_t sim = 0; sim < RANDOM_SIMS; sim++)
		if (gtp->sessions[sim])
			dp_session_del(&gtp->sessions[sim], NULL);
	if (gtp->slice)
		dp_slice_free(&gtp->slice);
	dp_fast_stop(gtp->dp, false);
	dp_free(&gtp->dp);
	free(gtp);
	lab->gtp = NULL;
	sh("ip link del cable5");
}

// The programs learn of next hops by and by; until then the stack has the packets.
static void wait_for_hops(struct lab *lab)
{
	uint64_t until = uv_hrtime() + (uint64_t)FAST_MS * 1000000;

	for (size_t i = 0; i < lab->policy_count; i++)
		while (lab->gtp->ways[i].path.interface[0] && uv_hrtime() < until &&
			dp_slice_way(lab->gtp->slice, &lab->gtp->ways[i].path, lab->tags[i]) != DP_WAY_FAST)
			uv_sleep(1);
}

void lab_gtp_apply(struct lab *lab)
{
	const struct uuid vslice = fixture_id(1);

	for (unsigned i = 0; i < lab->policy_count; i++) {
		const struct uuid policy = fixture_id(0xb1 + i);
		struct way *way = &lab->gtp->ways[i];

		if (!slice_sims_path(
			    config_vslice(lab->world->config, &vslice), lab->world->config, &policy, &way->path, way->rules))
			*way = (struct way){0};
	}
	for (size_t sim = 0; sim < RANDOM_SIMS; sim++) {
		struct dp_session_spec spec = spec_of(lab, sim);

		assert_int_equal(dp_session_update(lab->gtp->sessions[sim], &spec), 0);
	}
	wait_for_hops(lab);
}

static void put16(uint8_t *at, size_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

void lab_gtp_send(struct lab *lab, size_t sim, const uint8_t *packet, size_t len)
{
	const struct lab_gtp *gtp = lab->gtp;
	uint8_t frame[OUTER + GTPU_HEAD + WIRE_MAX] = {0};
	uint8_t *ip = frame + HEAD, *udp = ip + 20, *gtpu = udp + 8;
	uint32_t teid = FIRST_TEID + (uint32_t)sim, sum = 0;

	memcpy(frame, gtp->mac, 6);
	memcpy(frame + 6, (uint8_t[]){2, 0, 0, 0, 0, 5, 8, 0}, 8);
	memcpy(ip, (uint8_t[]){0x45, 0, 0, 0, 0, 0, 0, 0, 64, IPPROTO_UDP}, 10);
	put16(ip + 2, 20 + 8 + GTPU_HEAD + len);
	memcpy(ip + 12, gtp->sgw.addr.bytes, 4);
	memcpy(ip + 16, gtp->gtpu.addr.bytes, 4);
	for (int i = 0; i < 20; i += 2)
		sum += (uint32_t)(ip[i] << 8 | ip[i + 1]);
	put16(ip + 10, (uint16_t) ~((sum & 0xffff) + (sum >> 16)));
	put16(udp, 2152);
	put16(udp + 2, 2152);
	put16(udp + 4, 8 + GTPU_HEAD + len);
	memcpy(gtpu, (uint8_t[]){0x30, 255}, 2);
	put16(gtpu + 2, len);
	put16(gtpu + 4, teid >> 16);
	put16(gtpu + 6, teid & 0xffff);
	memcpy(gtpu + GTPU_HEAD, packet, len);
	assert_int_equal(write(lab->fds[LAB_SIMS], frame, OUTER + GTPU_HEAD + len), OUTER + GTPU_HEAD + len);
}

const uint8_t *lab_gtp_packet(const uint8_t *frame, size_t *len)
{
	const uint8_t *gtpu = frame + OUTER;

	if (*len + HEAD <= OUTER + GTPU_HEAD || frame[12] != 0x08 || frame[HEAD + 9] != IPPROTO_UDP || gtpu[0] != 0x30 ||
		gtpu[1] != 255)
		return NULL;
	*len = (size_t)(gtpu[2] << 8 | gtpu[3]);
	return gtpu + GTPU_HEAD;
}

uint64_t lab_gtp_count(struct lab *lab, void (*add)(void *owner, const struct uuid *rule, uint64_t packets), void *owner)
{
	uint64_t all = 0;

	for (size_t i = 0; i < lab->policy_count; i++) {
		const struct way *way = &lab->gtp->ways[i];
		struct dp_counters flow = {0};

		if (!way->path.interface[0])
			continue;
		dp_slice_flow(lab->gtp->slice, &way->path, lab->tags[i], &flow);
		add(owner, &way->rules[0], flow.uplink_packets);
		add(owner, &way->rules[1], flow.downlink_packets);
		all += flow.uplink_packets + flow.downlink_packets;
	}
	return all;
}
