// SPDX-License-Identifier: Apache-2.0
// The simulated LNS: its loop and its way out to the network.
//
// One socket, one timer wheel. A tunnel is found by its id in an array, a session by its id in the tunnel's own table, so a packet
// costs no search. Whatever touches a tunnel marks it; before the loop sleeps, acknowledgments that are owed leave. Faults stand in
// one table (lns.h); each is looked up at the one place where it bites.

#include "sim/lns.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/clean.h"

#define GOODBYE_MS 500 // StopCCNs and their acknowledgments

struct delayed {
	struct delayed *next;
	uint64_t due_ms;
	struct ip_end to;
	size_t len;
	uint8_t bytes[];
};

// xorshift64*: spread, not secrecy.
uint32_t lns_random(struct lns *lns)
{
	lns->random ^= lns->random >> 12;
	lns->random ^= lns->random << 25;
	lns->random ^= lns->random >> 27;
	return (uint32_t)(lns->random * 0x2545f4914f6cdd1d >> 32);
}

bool lns_is_mute(struct lns *lns)
{
	return lns_has(&lns->faults, LNS_FAULT_silent_after) &&
		lns->counters.calls_up >= lns->faults.number[LNS_FAULT_silent_after];
}

static void delay(struct lns *lns, const struct ip_end *to, const void *head, size_t head_len, const void *body, size_t body_len)
{
	struct delayed *packet = malloc(sizeof(*packet) + head_len + body_len);

	if (!packet)
		return;
	packet->next = NULL;
	packet->due_ms = io_ms() + lns->faults.number[LNS_FAULT_slow];
	packet->to = *to;
	packet->len = head_len + body_len;
	memcpy(packet->bytes, head, head_len);
	if (body_len)
		memcpy(packet->bytes + head_len, body, body_len);
	*lns->delayed_end = packet;
	lns->delayed_end = &packet->next;
}

void lns_send(struct lns *lns, const struct ip_end *to, const void *head, size_t head_len, const void *body, size_t body_len)
{
	const struct lns_faults *faults = &lns->faults;

	if (faults->set) {
		bool lost = lns_has(faults, LNS_FAULT_loss) && lns_random(lns) % 100 < faults->number[LNS_FAULT_loss];

		if (lost || lns_has(faults, LNS_FAULT_no_answer) || lns_is_mute(lns)) {
			lns->counters.faults_hit++;
			return;
		}
		if (lns_has(faults, LNS_FAULT_slow)) {
			delay(lns, to, head, head_len, body, body_len);
			return;
		}
	}
	net_send(lns->net, to, head, head_len, body, body_len);
}

static void send_delayed(struct lns *lns, uint64_t now_ms)
{
	while (lns->delayed && lns->delayed->due_ms <= now_ms) {
		struct delayed *packet = lns->delayed;

		net_send(lns->net, &packet->to, packet->bytes, packet->len, NULL, 0);
		lns->delayed = packet->next;
		if (!lns->delayed)
			lns->delayed_end = &lns->delayed;
		free(packet);
	}
}

static void on_tick(void *owner, uint64_t now_ms)
{
	struct lns *lns = owner;

	wheel_run(&lns->wheel, now_ms);
	send_delayed(lns, now_ms);
	if (now_ms >= lns->stop_at_ms)
		io_stop(&lns->io, 0);
}

static uint64_t on_next(void *owner)
{
	struct lns *lns = owner;
	uint64_t next;

	lns_tunnels_flush(lns);
	next = wheel_next(&lns->wheel);
	if (lns->delayed && lns->delayed->due_ms < next)
		next = lns->delayed->due_ms;
	return lns->stop_at_ms < next ? lns->stop_at_ms : next;
}

static void each_call(struct lns *lns, void (*what)(struct lns_call *call))
{
	for (struct lns_tunnel *tunnel = lns->tunnels, *next; tunnel; tunnel = next) {
		struct l2tp_session *session;

		next = tunnel->next;
		for (uint32_t cursor = 0; (session = l2tp_tunnel_session_next(&tunnel->tunnel, &cursor));)
			what(lns_call_of(session));
	}
}

static void hangup_administratively(struct lns_call *call)
{
	lns_call_hangup(call, L2TP_CDN_administrative);
}

static void on_signal(void *owner, int number)
{
	struct lns *lns = owner;

	switch (number) {
	case SIGUSR1:
		each_call(lns, hangup_administratively);
		break;
	case SIGUSR2:
		lns_stop_all(lns, L2TP_STOP_clear);
		break;
	default:
		if (lns->stop_at_ms != UINT64_MAX) {
			io_stop(&lns->io, 0); // asked twice: at once
			return;
		}
		lns->stop_at_ms = lns->tunnels ? io_ms() + GOODBYE_MS : io_ms();
		lns_stop_all(lns, L2TP_STOP_shutdown);
	}
}

static int start(struct lns *lns)
{
	static struct io_host host = {.next = on_next, .tick = on_tick, .signal = on_signal, .command = lns_command};
	struct ip_end listen = {.addr = lns->config.listen, .port = lns->config.port};
	uint32_t first = ip_addr_to_v4(&lns->config.pool.addr), count = UINT32_MAX >> lns->config.pool.len;
	int error;

	host.owner = lns;
	lns->stop_at_ms = UINT64_MAX;
	lns->delayed_end = &lns->delayed;
	if (getrandom(&lns->random, sizeof(lns->random), 0) < 0)
		return -errno;
	lns->random |= 1;
	wheel_init(&lns->wheel, io_ms());
	pool_init(&lns->calls, sizeof(struct lns_call));
	error = idset_new(1, UINT16_MAX, 0, &lns->tunnel_ids);
	if (!error)
		error = idset_new(first + 1, first + count - 1, 0, &lns->addresses); // neither network nor broadcast
	if (!error)
		error = io_init(&lns->io, &host);
	if (!error)
		error = net_open(&lns->io, &listen, lns_recv, lns, &lns->net);
	if (!error && lns->config.control)
		error = io_listen(&lns->io, lns->config.control);
	for (size_t i = 0; i < lns->lac_count && !error; i++)
		error = lns_tunnel_open(lns, &lns->lacs[i]);
	return error;
}

static void finish(struct lns *lns)
{
	char text[4096];

	if (lns->config.json) {
		lns_counters_json(lns, text, sizeof(text));
		fputs(text, stdout);
		fflush(stdout);
	}
	for (struct lns_tunnel *tunnel = lns->tunnels, *next; tunnel; tunnel = next) {
		next = tunnel->next;
		l2tp_tunnel_fini(&tunnel->tunnel);
		free(tunnel);
	}
	while (lns->delayed) {
		struct delayed *packet = lns->delayed;

		lns->delayed = packet->next;
		free(packet);
	}
	net_close(&lns->net);
	io_fini(&lns->io);
	pool_fini(&lns->calls);
	idset_free(&lns->tunnel_ids);
	idset_free(&lns->addresses);
}

int lns_main(int argc, char **argv)
{
	static struct lns lns;
	const struct opt_program *program = lns_program(&lns.config);
	const char *mistake;
	int error, status = 1;

	opt_parse_or_exit(program, argc, argv, NULL);
	mistake = lns_apply(&lns);
	if (mistake) {
		fprintf(stderr, "slicegate-sim: %s\n", mistake);
		opt_fini(program);
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	error = start(&lns);
	if (error) {
		fprintf(stderr, "slicegate-sim: cannot start: %s\n", strerror(-error));
	} else {
		if (!lns.config.quiet)
			printf("listening\n");
		status = io_run(&lns.io);
	}
	finish(&lns);
	opt_fini(program);
	return status;
}
