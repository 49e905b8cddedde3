// SPDX-License-Identifier: Apache-2.0
// The user plane of the simulated SGW: GTP-U to and from the gateway, the first SIM's TUN, and load with its echoes.

#include <stdio.h>
#include <string.h>

#include "base/clean.h"
#include "proto/gtp/gtpu.h"
#include "sim/sgw.h"

#define MTU_DEFAULT 1400
#define LOAD_BURST 4096 // packets in one turn of the loop

static void send_up(struct sgw *sgw, const struct sim *sim, const uint8_t *packet, size_t len)
{
	struct ip_end to = {.addr = ip_addr_v4(sim->peer_user), .port = GTP_U_PORT};
	uint8_t head[GTPU_HEADER_MIN];

	gtpu_header(head, sim->peer_teid_user, (uint16_t)len);
	sgw->counters.up_packets++;
	net_send(sgw->sides[sim->side].user, &to, head, sizeof(head), packet, len);
}

// A packet of the first SIM's own host.
static void on_tun(void *owner, const uint8_t *packet, size_t len)
{
	struct sgw *sgw = owner;

	if (sgw->sims[0].state == SIM_IN && len <= TRAFFIC_MAX)
		send_up(sgw, &sgw->sims[0], packet, len);
}

int sgw_tun_open(struct sgw *sgw)
{
	return sgw->config.tun ? tun_open(&sgw->io, sgw->config.tun, sgw->config.tun_netns, on_tun, sgw, &sgw->tun) : 0;
}

void sgw_tun_up(struct sgw *sgw, const struct sim *sim)
{
	const struct opt_list *routes = &sgw->config.routes;
	int error;

	if (!sgw->tun || sim_number(sgw, sim) != 0)
		return;
	error = tun_configure(sgw->tun, sim->address, sim->mtu ? sim->mtu : MTU_DEFAULT, routes->items, routes->count);
	if (error)
		fprintf(stderr, "slicegate-sim: %s: %s\n", sgw->config.tun, strerror(-error));
}

static void on_gpdu(struct sgw *sgw, const struct gtpu_packet *packet)
{
	struct sim *sim = sgw_find(sgw, packet->teid);
	struct traffic_mark mark;

	sgw->counters.down_packets++;
	if (traffic_read(packet->payload, packet->payload_len, &mark) && mark.sender < sgw->config.count) {
		sgw->counters.load_echoed++;
		sgw->sims[mark.sender].echoed = true;
		tally_add(&sgw->round_trip, io_us() - mark.sent_us);
	} else if (sgw->tun && sim_number(sgw, sim) == 0) {
		tun_write(sgw->tun, packet->payload, packet->payload_len);
	}
}

static void on_error_indication(struct sgw *sgw, const struct gtpu_packet *packet)
{
	struct gtpu_error error;
	char text[IP_ADDR_TEXT];

	if (gtpu_error_read(packet, &error) < 0)
		return;
	sgw->counters.error_indications++;
	if (!sgw->config.quiet && sgw->counters.error_indications <= 10)
		printf("error-indication teid=0x%x gateway=%s\n", error.teid, ip_addr_text(&error.peer, text));
}

void sgw_user_recv(void *owner, const struct ip_end *from, uint8_t *bytes, size_t len)
{
	struct sgw_side *side = owner;
	struct sgw *sgw = side->sgw;
	struct gtpu_packet packet;
	const struct sim *sim;
	uint8_t answer[64];
	int answer_len = 0;

	if (gtpu_read(bytes, len, &packet) < 0)
		return;
	switch (packet.type) {
	case GTPU_GPDU:
		sim = sgw_find(sgw, packet.teid);
		if (sim && (sim->state == SIM_IN || sim->state == SIM_ATTACHING)) {
			on_gpdu(sgw, &packet);
		} else {
			sgw->counters.unknown_teid++;
			answer_len = gtpu_error_indication(packet.teid, &side->address, 0, answer, sizeof(answer));
		}
		break;
	case GTPU_ECHO_REQUEST:
		answer_len = gtpu_echo_response(&packet, answer, sizeof(answer));
		break;
	case GTPU_ERROR_INDICATION:
		on_error_indication(sgw, &packet);
		break;
	default: // Echo Response, End Marker
		break;
	}
	if (answer_len > 0)
		net_send(side->user, from, answer, (size_t)answer_len, NULL, 0);
}

static bool load_runs(const struct sgw *sgw)
{
	return sgw->config.load && sgw->all_tried && !sgw->leaving && sgw->in;
}

// Sends what is due since the last turn, a packet a SIM in their order.
void sgw_load_tick(struct sgw *sgw)
{
	uint8_t packet[TRAFFIC_MAX];
	uint64_t now_us = io_us();
	unsigned int burst = 0;

	if (!load_runs(sgw))
		return;
	if (!sgw->load_from_us)
		sgw->load_from_us = now_us;
	sgw->load_due = (now_us - sgw->load_from_us) * sgw->config.load / 1000000 * sgw->in;
	while (sgw->counters.load_sent < sgw->load_due && burst < LOAD_BURST) {
		struct sim *sim = &sgw->sims[sgw->load_cursor];
		struct traffic_mark mark = {.sender = sgw->load_cursor, .sequence = sim->sequence, .sent_us = now_us};

		sgw->load_cursor = (sgw->load_cursor + 1) % sgw->config.count;
		burst++;
		if (sim->state != SIM_IN)
			continue;
		sim->sequence++;
		sgw->counters.load_sent++;
		send_up(sgw, sim, packet,
			traffic_write(packet, sgw->config.load_size, sim->address, ip_addr_to_v4(&sgw->config.load_to.addr),
				sgw->config.load_to.port, &mark));
	}
}

uint64_t sgw_load_next_ms(const struct sgw *sgw, uint64_t now_ms)
{
	return load_runs(sgw) ? now_ms + 1 : UINT64_MAX;
}

void sgw_load_report(struct sgw *sgw, char *out, size_t size)
{
	const struct sgw_counters *c = &sgw->counters;
	double seconds = sgw->load_from_us ? (double)(io_us() - sgw->load_from_us) / 1e6 : 0;

	snprintf(out, size, "load sent=%llu echoed=%llu lost=%.3f%% pps=%.0f p50=%.2fms p99=%.2fms",
		(unsigned long long)c->load_sent, (unsigned long long)c->load_echoed,
		c->load_sent ? 100.0 * (1 - (double)c->load_echoed / (double)c->load_sent) : 0,
		seconds > 0 ? (double)c->load_sent / seconds : 0, (double)tally_percentile(&sgw->round_trip, 50) / 1000,
		(double)tally_percentile(&sgw->round_trip, 99) / 1000);
}
