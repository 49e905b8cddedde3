// SPDX-License-Identifier: Apache-2.0
// The command line of `slicegate-sim sgw`, and the words of its control socket.

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clean.h"
#include "sim/sgw.h"

const struct opt_program *sgw_program(struct sgw_config *config)
{
	static const char *const versions[] = {"1", "2", NULL}, *const pdn_types[] = {"ipv4", "ipv6", "ipv4v6", NULL};
	static struct opt opts[40];
	static struct opt_program program = {
		.name = "slicegate-sim sgw",
		.usage = "[options]",
		.about = "An SGW (GTPv2) or SGSN (GTPv1) with SIMs that attach, carry traffic, and detach at the end. SIGINT and "
			 "SIGTERM\n"
			 "detach all; SIGUSR1 moves all SIMs to the second address; SIGUSR2 prints where it stands. The status "
			 "is 0 only if\n"
			 "every SIM was attached.",
		.opts = opts,
	};
	const struct opt rows[] = {
		{"local", OPT_ADDR, &config->local, .word = "ADDRESS", .required = true,
			.help = "our address for GTP-C and GTP-U"},
		{"remote", OPT_ADDR, &config->remote, .word = "ADDRESS", .required = true, .help = "the gateway"},
		{"second", OPT_ADDR, &config->second, .word = "ADDRESS",
			.help = "a second address of ours: the SGW that SIMs move to"},
		{"gtp", OPT_CHOICE, &config->version, "2", .choices = versions, .help = "the version of GTP-C"},
		{"pdn-type", OPT_CHOICE, &config->pdn_type, "ipv4", .choices = pdn_types, .help = "what the SIMs ask for"},
		{"single-address", OPT_FLAG, &config->single_address,
			.help = "one address family on a bearer: no dual address flag"},
		{"imsi", OPT_TEXT, &config->imsi, "001010000000001", .word = "DIGITS",
			.help = "the first SIM; the others count up"},
		{"msisdn", OPT_TEXT, &config->msisdn, .word = "DIGITS", .help = "the first SIM's number; the others count up"},
		{"count", OPT_U32, &config->count, "1", .min = 1, .max = 10000000, .help = "SIMs"},
		{"rate", OPT_U32, &config->rate, "0", .help = "attaches begun a second; 0 = as many as the window lets through"},
		{"window", OPT_U32, &config->window, "256", .min = 1, .max = 65536, .help = "requests in flight at most"},
		{"apn", OPT_TEXT, &config->apn, "internet", .word = "NAME", .help = "the access point name"},
		{"pap", OPT_TEXT, &config->pap, .word = "USER:PASSWORD",
			.help = "PAP in the PCO; %{imsi} stands for the SIM's IMSI"},
		{"chap", OPT_TEXT, &config->chap, .word = "USER:PASSWORD", .help = "CHAP in the PCO, challenge and response"},
		{"no-dns", OPT_FLAG, &config->no_dns, .help = "do not ask for name servers"},
		{"tun", OPT_TEXT, &config->tun, .word = "NAME", .help = "a TUN device for the first SIM: real user traffic"},
		{"tun-netns", OPT_TEXT, &config->tun_netns, .word = "NAME", .help = "make it in this network namespace"},
		{"route", OPT_LIST, &config->routes, .word = "PREFIX", .help = "a route through the TUN"},
		{"hold", OPT_MS, &config->hold_ms, "365d", .help = "how long to stay when all were tried"},
		{"t3", OPT_MS, &config->t3_ms, "3s", .min = 100, .max = 60000, .help = "T3-RESPONSE"},
		{"retries", OPT_U32, &config->retries, "3", .max = 20, .help = "repeats of an unanswered request"},
		{"repeat", OPT_U32, &config->repeat, "0", .max = 100, .help = "send every message so many times more"},
		{"reattach", OPT_FLAG, &config->reattach, .help = "attach again when the gateway releases a SIM"},
		{"load", OPT_U32, &config->load, "0", .help = "UDP packets a second that each SIM sends while held"},
		{"load-to", OPT_END, &config->load_to, .help = "where to; what comes back from there is counted"},
		{"load-size", OPT_U32, &config->load_size, "100", .min = TRAFFIC_MIN, .max = TRAFFIC_MAX,
			.help = "octets of the IP packet"},
		{"control", OPT_TEXT, &config->control, .word = "PATH",
			.help = "a Unix socket for commands (slicegate-sim tell PATH help)"},
		{"json", OPT_FLAG, &config->json, .help = "counters as one line of JSON at the end"},
		{"quiet", OPT_FLAG, &config->quiet, .help = "no other lines"},
	};

	_Static_assert(array_len(rows) <= array_len(opts), "room for all rows");
	memcpy(opts, rows, sizeof(rows));
	program.count = array_len(rows);
	return &program;
}

// Octets that no gateway may take for a request: noise, a request cut short, one of another version, one with wrong lengths.
static void send_bad(struct sgw *sgw, uint32_t count)
{
	struct ip_end to = {.addr = sgw->config.remote, .port = GTP_C_PORT};

	for (uint32_t i = 0; i < count; i++) {
		size_t len = sgw_version(sgw)->create(sgw, &sgw->sims[0]);

		switch (i % 4) {
		case 0:
			for (size_t at = 0; at < len; at++)
				sgw->bytes[at] = (uint8_t)((i + 1) * 2654435761u >> at % 24);
			break;
		case 1:
			len = i * 7 % len;
			break;
		case 2:
			sgw->bytes[0] = (uint8_t)(sgw->bytes[0] ^ 0xe0);
			break;
		default:
			sgw->bytes[2] = 0xff;
			break;
		}
		net_send(sgw->sides[0].control, &to, sgw->bytes, len, NULL, 0);
		sgw->counters.bad_sent++;
	}
}

static void each(struct sgw *sgw, const char *which, void (*what)(struct sgw *sgw, struct sim *sim))
{
	uint32_t number = (uint32_t)strtoul(which, NULL, 10);

	for (uint32_t i = 0; i < sgw->config.count; i++)
		if (strcmp(which, "all") == 0 || i == number)
			what(sgw, &sgw->sims[i]);
}

// SIMs that had an echo since this was last asked: both sides know their sessions.
static uint32_t echoing(struct sgw *sgw)
{
	uint32_t number = 0;

	for (uint32_t i = 0; i < sgw->config.count; i++) {
		number += sgw->sims[i].state == SIM_IN && sgw->sims[i].echoed;
		sgw->sims[i].echoed = false;
	}
	return number;
}

static void forget(struct sgw *sgw, struct sim *sim)
{
	if (sim->state == SIM_IN)
		sgw_released(sgw, sim, 0, "itself");
}

void sgw_command(void *owner, char *line, char *out, size_t size)
{
	struct sgw *sgw = owner;
	char *save = NULL, *word = strtok_r(line, " ", &save), *arg = strtok_r(NULL, " ", &save);

	snprintf(out, size, "ok\n");
	if (!word || strcmp(word, "help") == 0)
		snprintf(out, size, "status | again | echoing | move N|all | forget N|all | bad COUNT | leave\n");
	else if (strcmp(word, "status") == 0)
		snprintf(out, size, "in=%u attached=%llu refused=%llu released=%llu error-indications=%llu\n", sgw->in,
			(unsigned long long)sgw->counters.attached, (unsigned long long)sgw->counters.refused,
			(unsigned long long)sgw->counters.released, (unsigned long long)sgw->counters.error_indications);
	else if (strcmp(word, "move") == 0 && arg && sgw->sides[1].ep)
		each(sgw, arg, sgw_begin_move);
	else if (strcmp(word, "forget") == 0 && arg)
		each(sgw, arg, forget);
	else if (strcmp(word, "bad") == 0)
		send_bad(sgw, arg ? (uint32_t)strtoul(arg, NULL, 10) : 1);
	else if (strcmp(word, "again") == 0)
		sgw_again(sgw);
	else if (strcmp(word, "echoing") == 0)
		snprintf(out, size, "echoing=%u in=%u\n", echoing(sgw), sgw->in);
	else if (strcmp(word, "leave") == 0)
		sgw_leave(sgw);
	else
		snprintf(out, size, "error: no such command, or an argument is missing\n");
}
