// SPDX-License-Identifier: Apache-2.0
// The simulated SGW or SGSN: SIMs that attach at a rate, stay, move to another SGW, and leave.
//
// All SIMs stand in one array; a SIM's number is its place there, and number + 1 its TEIDs, so a packet finds its SIM without a
// search. The GTP-C engine repeats and matches requests; its cookie is the SIM's number and what was asked. pump() keeps at most
// `window` requests in flight, whichever phase it is: first attaches, at the end detaches. Nothing here waits or blocks.

#include "sim/sgw.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/clean.h"

enum asked { ASKED_CREATE = 1, ASKED_DELETE, ASKED_MOVE };

#define TALKATIVE 20 // up to so many SIMs each has its lines
#define PROGRESS_MS 1000
#define REATTACH_LIMIT 100
#define DRAIN_MS 300

static bool is_talkative(const struct sgw *sgw)
{
	return !sgw->config.quiet && sgw->config.count <= TALKATIVE;
}

static uint64_t cookie_of(const struct sgw *sgw, const struct sim *sim, enum asked asked)
{
	return (uint64_t)asked << 32 | sim_number(sgw, sim);
}

static bool ask(struct sgw *sgw, struct sim *sim, enum asked asked, size_t len)
{
	struct sgw_side *side = &sgw->sides[sim->side];
	struct ip_addr to = asked == ASKED_CREATE ? sgw->config.remote : ip_addr_v4(sim->peer_control);

	if (!len || gtp_endpoint_request(side->ep, &to, sgw->bytes, len, cookie_of(sgw, sim, asked), io_ms(), NULL) < 0)
		return false;
	sgw->inflight++;
	return true;
}

static void begin_attach(struct sgw *sgw, struct sim *sim)
{
	sim->state = SIM_ATTACHING;
	sim->side = 0;
	sim->attempts++;
	sim->started_us = io_us();
	if (!ask(sgw, sim, ASKED_CREATE, sgw_version(sgw)->create(sgw, sim))) {
		sim->state = SIM_REFUSED;
		sgw->counters.unanswered++;
	}
}

static void begin_detach(struct sgw *sgw, struct sim *sim)
{
	sim->state = SIM_DETACHING;
	sgw->in--;
	if (!ask(sgw, sim, ASKED_DELETE, sgw_version(sgw)->remove(sgw, sim)))
		sim->state = SIM_GONE;
}

void sgw_begin_move(struct sgw *sgw, struct sim *sim)
{
	if (sim->state != SIM_IN || !sgw->sides[1].ep)
		return;
	sim->side ^= 1;
	ask(sgw, sim, ASKED_MOVE, sgw_version(sgw)->move(sgw, sim));
}

static struct ip_addr address6(const uint8_t bytes[16])
{
	struct ip_addr out = {.family = IP_V6};

	memcpy(out.bytes, bytes, sizeof(out.bytes));
	return out;
}

// What only a SIM that asks for IPv6 is told: " cause=18 (...) address6=... dns6=...".
static const char *words6(const struct sgw *sgw, const struct sim *sim)
{
	static char out[300];
	struct ip_addr own = address6(sim->address6), dns = address6(sim->dns6);
	char text[2][IP_ADDR_TEXT];

	out[0] = 0;
	if (sgw_asks_v6(sgw))
		snprintf(out, sizeof(out), " cause=%u (%s) address6=%s dns6=%s", sim->cause,
			sgw_version(sgw)->cause_name(sim->cause), ip_addr_text(&own, text[0]), ip_addr_text(&dns, text[1]));
	return out;
}

static void print_attached(const struct sgw *sgw, const struct sim *sim, uint64_t took_us)
{
	struct ip_addr address = ip_addr_v4(sim->address), dns[2] = {ip_addr_v4(sim->dns[0]), ip_addr_v4(sim->dns[1])};
	char text[3][IP_ADDR_TEXT];
	struct tbcd imsi = sgw_imsi(sgw, sim);

	printf("attached imsi=%s address=%s dns=%s,%s mtu=%u time=%.1fms %s%s\n", imsi.digits, ip_addr_text(&address, text[0]),
		ip_addr_text(&dns[0], text[1]), ip_addr_text(&dns[1], text[2]), sim->mtu, (double)took_us / 1000,
		sgw_version(sgw)->name, words6(sgw, sim));
}

static const char *unanswered(enum gtp_result result)
{
	return result == GTP_VERSION_REFUSED ? "the gateway does not speak this version of GTP" : "no answer";
}

static void on_created(struct sgw *sgw, struct sim *sim, const struct gtp_response *response)
{
	const struct sgw_version *version = sgw_version(sgw);
	uint64_t took_us = io_us() - sim->started_us;

	sgw->attached_us = io_us();
	sim->cause = response->result == GTP_ANSWERED ? version->created(sgw, sim, response) : 0;
	if (version->accepts(sim->cause)) {
		sim->state = SIM_IN;
		sgw->in++;
		sgw->counters.attached++;
		tally_add(&sgw->attach, took_us);
		if (is_talkative(sgw))
			print_attached(sgw, sim, took_us);
		sgw_tun_up(sgw, sim);
		return;
	}
	sim->state = SIM_REFUSED;
	sgw->causes[sim->cause]++;
	*(sim->cause ? &sgw->counters.refused : &sgw->counters.unanswered) += 1;
	if (is_talkative(sgw))
		printf("refused imsi=%s cause=%u (%s) time=%.1fms\n", sgw_imsi(sgw, sim).digits, sim->cause,
			sim->cause ? version->cause_name(sim->cause) : unanswered(response->result), (double)took_us / 1000);
}

static void on_response(void *owner, const struct gtp_response *response)
{
	struct sgw *sgw = ((struct sgw_side *)owner)->sgw;
	struct sim *sim = &sgw->sims[(uint32_t)response->cookie];
	const struct sgw_version *version = sgw_version(sgw);
	bool accepted = response->result == GTP_ANSWERED && version->accepts(version->answered(response));

	sgw->inflight--;
	switch ((enum asked)(response->cookie >> 32)) {
	case ASKED_CREATE:
		if (sim->state == SIM_ATTACHING)
			on_created(sgw, sim, response);
		break;
	case ASKED_DELETE:
		sim->state = SIM_GONE;
		sgw->counters.detached += accepted;
		if (is_talkative(sgw))
			printf("detached imsi=%s %s\n", sgw_imsi(sgw, sim).digits, accepted ? "ok" : "without a good answer");
		break;
	case ASKED_MOVE:
		sgw->counters.moved += accepted;
		if (is_talkative(sgw))
			printf("moved imsi=%s %s\n", sgw_imsi(sgw, sim).digits, accepted ? "ok" : "refused");
		break;
	}
}

// The network took the SIM's bearer away.
void sgw_released(struct sgw *sgw, struct sim *sim, uint8_t cause, const char *how)
{
	sim->state = SIM_GONE;
	sim->cause = cause;
	sgw->in--;
	sgw->counters.released++;
	if (is_talkative(sgw))
		printf("released imsi=%s by=%s cause=%u (%s)\n", sgw_imsi(sgw, sim).digits, how, cause,
			cause ? sgw_version(sgw)->cause_name(cause) : "none given");
	if (sgw->config.reattach && !sgw->leaving && sim->attempts < REATTACH_LIMIT)
		begin_attach(sgw, sim);
}

static void on_request(void *owner, const struct gtp_request *request)
{
	struct sgw_side *side = owner;
	struct sgw *sgw = side->sgw;
	const struct sgw_version *version = request->version == 2 ? &sgw_gtp2 : &sgw_gtp1;
	struct sim *released = NULL;
	uint8_t cause = 0;
	size_t len = version->serve(sgw, request, &released, &cause);

	if (len)
		gtp_endpoint_respond(side->ep, request->xact, sgw->bytes, len, request->now_ms);
	else
		gtp_endpoint_forget(side->ep, request->xact);
	if (released)
		sgw_released(sgw, released, cause, "gateway");
}

static void on_send(void *owner, const struct ip_end *to, const void *bytes, size_t len)
{
	struct sgw_side *side = owner;

	for (uint32_t i = 0; i <= side->sgw->config.repeat; i++)
		net_send(side->control, to, bytes, len, NULL, 0);
}

static void on_peer_restarted(void *owner, const struct ip_addr *peer, uint8_t version, uint8_t old, uint8_t new)
{
	char text[IP_ADDR_TEXT];

	(void)owner;
	printf("gateway-restarted address=%s gtp=%u counter=%u->%u\n", ip_addr_text(peer, text), version, old, new);
}

static void on_path_failed(void *owner, const struct ip_addr *peer, uint8_t version)
{
	char text[IP_ADDR_TEXT];

	(void)owner;
	printf("path-failed address=%s gtp=%u\n", ip_addr_text(peer, text), version);
}

static const struct gtp_ops gtp_ops = {
	.send = on_send,
	.on_request = on_request,
	.on_response = on_response,
	.on_peer_restarted = on_peer_restarted,
	.on_path_failed = on_path_failed,
};

static void on_control(void *owner, const struct ip_end *from, uint8_t *bytes, size_t len)
{
	struct sgw_side *side = owner;

	gtp_endpoint_recv(side->ep, from, bytes, len, io_ms());
}

static void print_causes(const struct sgw *sgw, const char *before, const char *format, const char *between)
{
	for (unsigned int i = 0; i < array_len(sgw->causes); i++) {
		if (!sgw->causes[i])
			continue;
		printf("%s", before);
		printf(format, i ? sgw_version(sgw)->cause_name((uint8_t)i) : "no answer", sgw->causes[i]);
		before = between;
	}
}

static void print_summary(struct sgw *sgw)
{
	const struct sgw_counters *c = &sgw->counters;
	double seconds = sgw->attached_us > sgw->started_us ? (double)(sgw->attached_us - sgw->started_us) / 1e6 : 0;

	printf("summary sims=%u attached=%llu refused=%llu unanswered=%llu in=%.2fs rate=%.0f/s p50=%.2fms p99=%.2fms "
	       "max=%.2fms\n",
		sgw->config.count, (unsigned long long)c->attached, (unsigned long long)c->refused,
		(unsigned long long)c->unanswered, seconds, seconds > 0 ? (double)c->attached / seconds : 0,
		(double)tally_percentile(&sgw->attach, 50) / 1000, (double)tally_percentile(&sgw->attach, 99) / 1000,
		(double)sgw->attach.max_us / 1000);
	print_causes(sgw, "refusals ", "\"%s\"=%u", " ");
	if (c->refused + c->unanswered)
		printf("\n");
}

static void print_json(struct sgw *sgw)
{
	const struct sgw_counters *c = &sgw->counters;
	double seconds = sgw->attached_us > sgw->started_us ? (double)(sgw->attached_us - sgw->started_us) / 1e6 : 0;
	const struct {
		const char *name;
		uint64_t value;
	} rows[] = {
		{"sims", sgw->config.count},
		{"attached", c->attached},
		{"refused", c->refused},
		{"unanswered", c->unanswered},
		{"detached", c->detached},
		{"released", c->released},
		{"moved", c->moved},
		{"attachP50Us", tally_percentile(&sgw->attach, 50)},
		{"attachP99Us", tally_percentile(&sgw->attach, 99)},
		{"attachMaxUs", sgw->attach.max_us},
		{"loadSent", c->load_sent},
		{"loadEchoed", c->load_echoed},
		{"loadP50Us", tally_percentile(&sgw->round_trip, 50)},
		{"loadP99Us", tally_percentile(&sgw->round_trip, 99)},
		{"packetsUp", c->up_packets},
		{"packetsDown", c->down_packets},
		{"errorIndications", c->error_indications},
		{"unknownTeid", c->unknown_teid},
		{"badSent", c->bad_sent},
		{"requestsRepeated", gtp_endpoint_stats(sgw->sides[0].ep)->retransmitted},
		{"sendErrors", net_lost(sgw->sides[0].control) + net_lost(sgw->sides[0].user)},
	};

	printf("{");
	for (size_t i = 0; i < array_len(rows); i++)
		printf("\"%s\":%llu,", rows[i].name, (unsigned long long)rows[i].value);
	printf("\"seconds\":%.3f,\"attachesPerSecond\":%.1f,\"causes\":{", seconds,
		seconds > 0 ? (double)c->attached / seconds : 0);
	print_causes(sgw, "", "\"%s\":%u", ",");
	printf("}}\n");
}

// Everybody has been tried: what came of it, and how long to stay.
static void on_all_tried(struct sgw *sgw, uint64_t now_ms)
{
	sgw->all_tried = true;
	if (!sgw->config.quiet && (sgw->config.count > 1 || sgw->counters.refused))
		print_summary(sgw);
	sgw->hold_until_ms = now_ms + sgw->config.hold_ms;
	if (!sgw->in && !sgw->config.reattach)
		sgw_leave(sgw);
}

static void print_progress(struct sgw *sgw, uint64_t now_ms)
{
	if (sgw->config.quiet || is_talkative(sgw) || now_ms < sgw->printed_ms + PROGRESS_MS)
		return;
	sgw->printed_ms = now_ms;
	printf("progress started=%u attached=%llu refused=%llu unanswered=%llu in-flight=%u\n", sgw->next,
		(unsigned long long)sgw->counters.attached, (unsigned long long)sgw->counters.refused,
		(unsigned long long)sgw->counters.unanswered, sgw->inflight);
}

// The attaches that the rate allows by now.
static uint32_t allowed(const struct sgw *sgw)
{
	uint64_t count = sgw->config.rate ? (io_us() - sgw->started_us) * sgw->config.rate / 1000000 + 1 : UINT32_MAX;

	return count < sgw->config.count ? (uint32_t)count : sgw->config.count;
}

static void pump(struct sgw *sgw, uint64_t now_ms)
{
	if (sgw->leaving) {
		if (now_ms < sgw->drain_until_ms)
			return;
		while (sgw->inflight < sgw->config.window && sgw->detach_next < sgw->config.count) {
			struct sim *sim = &sgw->sims[sgw->detach_next++];

			if (sim->state == SIM_IN)
				begin_detach(sgw, sim);
		}
		if (!sgw->inflight && sgw->detach_next == sgw->config.count)
			io_stop(&sgw->io, sgw->counters.attached >= sgw->config.count ? 0 : 1);
		return;
	}
	for (uint32_t until = allowed(sgw); sgw->next < until && sgw->inflight < sgw->config.window; sgw->next++)
		if (sgw->sims[sgw->next].state != SIM_IN)
			begin_attach(sgw, &sgw->sims[sgw->next]);
	if (sgw->all_tried) {
		if (now_ms >= sgw->hold_until_ms)
			sgw_leave(sgw);
		return;
	}
	print_progress(sgw, now_ms);
	if (sgw->next == sgw->config.count && !sgw->inflight)
		on_all_tried(sgw, now_ms);
}

void sgw_again(struct sgw *sgw)
{
	if (!sgw->all_tried || sgw->leaving)
		return;
	sgw->all_tried = false;
	sgw->next = 0;
	sgw->started_us = io_us();
}

void sgw_leave(struct sgw *sgw)
{
	sgw->leaving = true;
	sgw->next = sgw->config.count;
	// Echoes that are under way still count.
	sgw->drain_until_ms = sgw->config.load ? io_ms() + DRAIN_MS : 0;
}

static void on_tick(void *owner, uint64_t now_ms)
{
	struct sgw *sgw = owner;

	for (size_t i = 0; i < array_len(sgw->sides); i++)
		if (sgw->sides[i].ep && gtp_endpoint_next(sgw->sides[i].ep) <= now_ms)
			gtp_endpoint_tick(sgw->sides[i].ep, now_ms);
	sgw_load_tick(sgw);
	pump(sgw, now_ms);
}

// Asked before each sleep, so it is also the place to go on after what the last packets brought.
static uint64_t on_next(void *owner)
{
	struct sgw *sgw = owner;
	uint64_t now_ms = io_ms(), next;

	pump(sgw, now_ms);
	next = sgw_load_next_ms(sgw, now_ms);
	for (size_t i = 0; i < array_len(sgw->sides); i++)
		if (sgw->sides[i].ep && gtp_endpoint_next(sgw->sides[i].ep) < next)
			next = gtp_endpoint_next(sgw->sides[i].ep);
	if (!sgw->all_tried && !sgw->leaving && sgw->config.rate && sgw->next < sgw->config.count && now_ms + 1 < next)
		next = now_ms + 1;
	if (sgw->all_tried && !sgw->leaving && sgw->hold_until_ms < next)
		next = sgw->hold_until_ms;
	if (sgw->leaving && sgw->drain_until_ms > now_ms && sgw->drain_until_ms < next)
		next = sgw->drain_until_ms;
	return next;
}

static void on_signal(void *owner, int number)
{
	struct sgw *sgw = owner;

	if (number == SIGUSR1) {
		for (uint32_t i = 0; i < sgw->config.count; i++)
			sgw_begin_move(sgw, &sgw->sims[i]);
	} else if (number == SIGUSR2) {
		print_summary(sgw);
	} else if (sgw->leaving) {
		io_stop(&sgw->io, 1); // asked twice: at once
	} else {
		sgw_leave(sgw);
	}
}

static int open_side(struct sgw *sgw, struct sgw_side *side, const struct ip_addr *address)
{
	struct ip_end control = {.addr = *address, .port = GTP_C_PORT}, user = {.addr = *address, .port = GTP_U_PORT};
	struct gtp_config config = {
		.ops = &gtp_ops,
		.owner = side,
		.restart_counter = 1,
		.role = GTP1_AT_SGSN,
		.t3_ms = (uint32_t)sgw->config.t3_ms,
		.n3 = sgw->config.retries + 1,
	};
	int error;

	if (getrandom(&config.seed, sizeof(config.seed), 0) < 0)
		return -errno;
	side->sgw = sgw;
	side->address = *address;
	error = net_open(&sgw->io, &control, on_control, side, &side->control);
	if (!error)
		error = net_open(&sgw->io, &user, sgw_user_recv, side, &side->user);
	if (!error)
		error = gtp_endpoint_new(&config, io_ms(), &side->ep);
	if (!error)
		error = gtp_path_use(side->ep, &sgw->config.remote, sgw->config.version ? 2 : 1, io_ms());
	return error;
}

static int start(struct sgw *sgw)
{
	static const struct io_host host_template = {
		.next = on_next, .tick = on_tick, .signal = on_signal, .command = sgw_command};
	static struct io_host host;
	int error;

	host = host_template;
	host.owner = sgw;
	error = io_init(&sgw->io, &host);
	if (error)
		return error;
	error = open_side(sgw, &sgw->sides[0], &sgw->config.local);
	if (!error && sgw->config.second.family)
		error = open_side(sgw, &sgw->sides[1], &sgw->config.second);
	if (!error)
		error = sgw_tun_open(sgw);
	if (!error && sgw->config.control)
		error = io_listen(&sgw->io, sgw->config.control);
	return error;
}

static void finish(struct sgw *sgw)
{
	char text[256];

	if (sgw->counters.load_sent && !sgw->config.quiet) {
		sgw_load_report(sgw, text, sizeof(text));
		printf("%s\n", text);
	}
	if (sgw->config.json && sgw->sides[0].ep)
		print_json(sgw);
	fflush(stdout);
	tun_close(&sgw->tun);
	for (size_t i = 0; i < array_len(sgw->sides); i++) {
		gtp_endpoint_free(&sgw->sides[i].ep);
		net_close(&sgw->sides[i].control);
		net_close(&sgw->sides[i].user);
	}
	io_fini(&sgw->io);
	free(sgw->sims);
}

static const char *check(struct sgw *sgw)
{
	struct sgw_config *config = &sgw->config;
	struct tbcd imsi;
	struct apn apn;

	if (tbcd_parse(config->imsi, &imsi) < 0 || strlen(config->imsi) < 6 || strlen(config->imsi) > 15)
		return "--imsi: 6 to 15 digits are needed";
	if (apn_parse(config->apn, &apn) < 0)
		return "--apn: not an access point name";
	if (config->pap && config->chap)
		return "--pap and --chap: one of them";
	if (config->load && config->load_to.addr.family != IP_V4)
		return "--load: --load-to says where to";
	sgw->imsi_digits = (unsigned int)strlen(config->imsi);
	sgw->first_imsi = strtoull(config->imsi, NULL, 10);
	sgw->first_msisdn = config->msisdn ? strtoull(config->msisdn, NULL, 10) : 0;
	return NULL;
}

int sgw_main(int argc, char **argv)
{
	static struct sgw sgw;
	const struct opt_program *program = sgw_program(&sgw.config);
	const char *mistake;
	int error, status = 1;

	opt_parse_or_exit(program, argc, argv, NULL);
	mistake = check(&sgw);
	if (mistake) {
		fprintf(stderr, "slicegate-sim: %s\n", mistake);
		opt_fini(program);
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	sgw.sims = calloc(sgw.config.count, sizeof(*sgw.sims));
	error = sgw.sims ? start(&sgw) : -ENOMEM;
	if (error) {
		fprintf(stderr, "slicegate-sim: cannot start: %s\n", strerror(-error));
	} else {
		sgw.started_us = io_us();
		status = io_run(&sgw.io);
	}
	finish(&sgw);
	opt_fini(program);
	return status;
}
