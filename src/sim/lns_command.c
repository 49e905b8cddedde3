// SPDX-License-Identifier: Apache-2.0
// The words of the control socket of `slicegate-sim lns`, and its counters as JSON.

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clean.h"
#include "sim/lns.h"

void lns_counters_json(struct lns *lns, char *out, size_t size)
{
	const struct lns_counters *c = &lns->counters;
	const struct {
		const char *name;
		uint64_t value;
	} rows[] = {
		{"tunnels", c->tunnels},
		{"calls", c->calls},
		{"callsRefused", c->calls_refused},
		{"sessionsUp", c->calls_up},
		{"sessionsDown", c->calls_down},
		{"sessionsNow", c->up_now},
		{"sessionsPeak", c->up_peak},
		{"proxied", c->proxied},
		{"authRefused", c->auth_refused},
		{"packetsIn", c->packets_in},
		{"packetsEchoed", c->packets_echoed},
		{"packetsDropped", c->packets_dropped},
		{"faultsHit", c->faults_hit},
		{"sendErrors", net_lost(lns->net)},
	};
	size_t at = (size_t)snprintf(out, size, "{");

	for (size_t i = 0; i < array_len(rows) && at < size; i++)
		at += (size_t)snprintf(out + at, size - at, "\"%s\":%llu,", rows[i].name, (unsigned long long)rows[i].value);
	for (unsigned int i = 0; i < L2TP_COUNTERS && at < size; i++)
		at += (size_t)snprintf(out + at, size - at, "\"l2tp_%s\":%llu,", l2tp_counter_name(i),
			(unsigned long long)lns->l2tp_counters.at[i]);
#define ROW(member, name, help)                                                                                                  \
	if (at < size)                                                                                                           \
		at += (size_t)snprintf(                                                                                          \
			out + at, size - at, "\"ppp_%s\":%llu,", name, (unsigned long long)lns->ppp_counters.member);
	PPP_COUNTERS(ROW)
#undef ROW
	if (at + 1 < size) {
		out[at - 1] = '}';
		out[at] = '\n';
		out[at + 1] = 0;
	}
}

// The session that has this address; all for "all". Gives how many.
static unsigned int each(
	struct lns *lns, const char *which, void (*what)(struct lns_call *call, uint16_t number), uint16_t number)
{
	struct ip_addr address = {0};
	bool all = strcmp(which, "all") == 0;
	unsigned int count = 0;

	if (!all && ip_addr_parse(which, &address) < 0)
		return 0;
	for (struct lns_tunnel *tunnel = lns->tunnels; tunnel; tunnel = tunnel->next) {
		struct l2tp_session *session;

		for (uint32_t cursor = 0; (session = l2tp_tunnel_session_next(&tunnel->tunnel, &cursor));) {
			struct lns_call *call = lns_call_of(session);

			if (session->state != L2TP_SESSION_ESTABLISHED || (!all && call->address != ip_addr_to_v4(&address)))
				continue;
			what(call, number);
			count++;
		}
	}
	return count;
}

static void do_terminate(struct lns_call *call, uint16_t)
{
	lns_call_terminate(call);
}

static void do_renegotiate(struct lns_call *call, uint16_t)
{
	lns_call_renegotiate(call);
}

static void do_sli(struct lns_call *call, uint16_t)
{
	struct lns_tunnel *tunnel = call->session.tunnel->owner;

	(void)l2tp_session_sli(&call->session, &(struct l2tp_accm){.send = 0xffffffff, .receive = 0xffffffff}, io_ms());
	tunnel->touched = true;
}

static void do_renumber(struct lns_call *call, uint16_t)
{
	lns_ip6_renumber(call);
}

static void do_delegate(struct lns_call *call, uint16_t)
{
	lns_ip6_delegate(call);
}

static void list_sessions(struct lns *lns, char *out, size_t size)
{
	size_t at = 0;

	out[0] = 0;
	for (struct lns_tunnel *tunnel = lns->tunnels; tunnel; tunnel = tunnel->next) {
		struct l2tp_session *session;

		for (uint32_t cursor = 0; (session = l2tp_tunnel_session_next(&tunnel->tunnel, &cursor)) && at + 200 < size;) {
			const struct lns_call *call = lns_call_of(session);
			struct ip_addr address = ip_addr_v4(call->address);
			char text[IP_ADDR_TEXT];

			at += (size_t)snprintf(out + at, size - at, "tunnel=%u session=%u state=%s phase=%s address=%s\n",
				tunnel->tunnel.local_id, session->local_id, l2tp_session_state_name(session->state),
				ppp_phase_name(ppp_link_phase(&call->link)), ip_addr_text(&address, text));
		}
	}
}

// A command: its word, what follows it, and what it does. `arg` is there whenever `needs_arg` says so; what is not said is "ok".
struct command {
	const char *word, *args;
	bool needs_arg;
	void (*run)(struct lns *lns, char *arg, char *more, char *out, size_t size);
};

static void cmd_sessions(struct lns *lns, char *, char *, char *out, size_t size)
{
	list_sessions(lns, out, size);
}

static void cmd_counters(struct lns *lns, char *, char *, char *out, size_t size)
{
	lns_counters_json(lns, out, size);
}

static void cmd_cdn(struct lns *lns, char *arg, char *more, char *out, size_t size)
{
	uint16_t result = more ? (uint16_t)strtoul(more, NULL, 10) : L2TP_CDN_administrative;

	snprintf(out, size, "ok %u\n", each(lns, arg, lns_call_hangup, result));
}

static void cmd_terminate(struct lns *lns, char *arg, char *, char *out, size_t size)
{
	snprintf(out, size, "ok %u\n", each(lns, arg, do_terminate, 0));
}

static void cmd_renegotiate(struct lns *lns, char *arg, char *, char *out, size_t size)
{
	snprintf(out, size, "ok %u\n", each(lns, arg, do_renegotiate, 0));
}

static void cmd_sli(struct lns *lns, char *arg, char *, char *out, size_t size)
{
	snprintf(out, size, "ok %u\n", each(lns, arg, do_sli, 0));
}

static void cmd_renumber(struct lns *lns, char *arg, char *, char *out, size_t size)
{
	snprintf(out, size, "ok %u\n", each(lns, arg, do_renumber, 0));
}

static void cmd_delegate(struct lns *lns, char *arg, char *, char *out, size_t size)
{
	snprintf(out, size, "ok %u\n", each(lns, arg, do_delegate, 0));
}

static void cmd_stopccn(struct lns *lns, char *arg, char *, char *, size_t)
{
	lns_stop_all(lns, arg ? (uint16_t)strtoul(arg, NULL, 10) : L2TP_STOP_clear);
}

static void cmd_open(struct lns *lns, char *arg, char *, char *out, size_t size)
{
	struct ip_end lac;

	if (lns_end_parse(arg, &lac) < 0 || lns_tunnel_open(lns, &lac) < 0)
		snprintf(out, size, "error: no tunnel to there\n");
}

static void cmd_proxy(struct lns *lns, char *arg, char *, char *out, size_t size)
{
	if (lns_proxy_set(lns, arg) < 0)
		snprintf(out, size, "error: no, lcp or auth\n");
}

static void cmd_header(struct lns *lns, char *arg, char *, char *out, size_t size)
{
	char *save = NULL;

	lns->headers = 0;
	for (char *part = strtok_r(arg, ",", &save); part; part = strtok_r(NULL, ",", &save))
		if (lns_header_add(lns, part) < 0 && strcmp(part, "plain") != 0)
			snprintf(out, size, "error: no such part of a header\n");
}

static void cmd_fault(struct lns *lns, char *arg, char *, char *out, size_t size)
{
	char error[200];

	if (lns_faults_set(lns, arg, error, sizeof(error)) < 0)
		snprintf(out, size, "error: %s\n", error);
}

static const struct command commands[] = {
	{"sessions", "", false, cmd_sessions},
	{"counters", "", false, cmd_counters},
	{"cdn", " ADDRESS|all [RESULT]", true, cmd_cdn},
	{"terminate", " ADDRESS|all", true, cmd_terminate},
	{"renegotiate", " ADDRESS|all", true, cmd_renegotiate},
	{"sli", " ADDRESS|all", true, cmd_sli},
	{"renumber", " ADDRESS|all", true, cmd_renumber},
	{"delegate", " ADDRESS|all", true, cmd_delegate},
	{"stopccn", " [RESULT]", false, cmd_stopccn},
	{"open", " ADDRESS[:PORT]", true, cmd_open},
	{"proxy", " no|lcp|auth", true, cmd_proxy},
	{"header", " PART[,...]|plain", true, cmd_header},
	{"fault", " FAULT[,...]|none", true, cmd_fault},
};

static void help(char *out, size_t size)
{
	size_t at = 0;

	for (size_t i = 0; i < array_len(commands) && at < size; i++)
		at += (size_t)snprintf(out + at, size - at, "%s%s\n", commands[i].word, commands[i].args);
}

void lns_command(void *owner, char *line, char *out, size_t size)
{
	char *save = NULL, *word = strtok_r(line, " ", &save), *arg = strtok_r(NULL, " ", &save),
	     *more = strtok_r(NULL, " ", &save);

	if (!word || strcmp(word, "help") == 0) {
		help(out, size);
		return;
	}
	snprintf(out, size, "error: no such command, or an argument is missing\n");
	for (size_t i = 0; i < array_len(commands); i++) {
		if (strcmp(word, commands[i].word) != 0 || (commands[i].needs_arg && !arg))
			continue;
		snprintf(out, size, "ok\n");
		commands[i].run(owner, arg, more, out, size);
	}
}
