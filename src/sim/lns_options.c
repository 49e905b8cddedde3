// SPDX-License-Identifier: Apache-2.0
// The command line of `slicegate-sim lns`, its faults, and the words of its control socket.

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clean.h"
#include "sim/lns.h"

static const struct {
	const char *word, *number, *help;
} fault_rows[LNS_FAULT_COUNT] = {
#define LNS_FAULT_ROW_(member, word, number, help) {word, number, help},
	LNS_FAULTS(LNS_FAULT_ROW_)
#undef LNS_FAULT_ROW_
};

static const struct {
	const char *word;
	uint8_t bit;
} header_words[] = {
	{"length", LNS_HEADER_LENGTH},
	{"sequence", LNS_HEADER_SEQUENCE},
	{"offset", LNS_HEADER_OFFSET},
	{"priority", LNS_HEADER_PRIORITY},
	{"acfc", LNS_HEADER_ACFC},
};

static const char *const auth_words[] = {"none", "pap", "chap", "mschapv2", "any", NULL};
static const char *const proxy_words[] = {"no", "lcp", "auth", NULL};
static const uint8_t auth_masks[] = {
	0, PPP_AUTH_PAP, PPP_AUTH_CHAP_MD5, PPP_AUTH_MSCHAPV2, PPP_AUTH_PAP | PPP_AUTH_CHAP_MD5 | PPP_AUTH_MSCHAPV2};

static int parse_fault(char *word, struct lns_faults *out, char *error, size_t size)
{
	char *number = strchr(word, '='), *end = NULL;

	if (number)
		*number++ = 0;
	for (unsigned int i = 0; i < LNS_FAULT_COUNT; i++) {
		if (strcmp(word, fault_rows[i].word) != 0)
			continue;
		if (!number != !fault_rows[i].number) {
			snprintf(error, size, "fault %s: %s", word, number ? "takes no number" : "a number is needed");
			return -EINVAL;
		}
		out->number[i] = number ? (uint32_t)strtoul(number, &end, 10) : 0;
		if (number && (end == number || *end)) {
			snprintf(error, size, "fault %s: \"%s\" is no number", word, number);
			return -EINVAL;
		}
		out->set |= 1u << i;
		return 0;
	}
	snprintf(error, size, "\"%s\" is no fault", word);
	return -EINVAL;
}

int lns_faults_parse(const char *text, struct lns_faults *out, char *error, size_t size)
{
	_cleanup_free_ char *copy = strdup(text);
	struct lns_faults faults = {0};
	char *save = NULL;

	if (!copy)
		return -ENOMEM;
	for (char *word = strtok_r(copy, ",", &save); word; word = strtok_r(NULL, ",", &save))
		if (strcmp(word, "none") != 0 && parse_fault(word, &faults, error, size) < 0)
			return -EINVAL;
	*out = faults;
	return 0;
}

static const char *fault_help(void)
{
	static char help[4096];
	size_t at = (size_t)snprintf(help, sizeof(help), "faults, separated by commas:");

	for (size_t i = 0; i < array_len(fault_rows) && at < sizeof(help); i++)
		at += (size_t)snprintf(help + at, sizeof(help) - at, "%s %s%s%s (%s)", i ? "," : "", fault_rows[i].word,
			fault_rows[i].number ? "=" : "", fault_rows[i].number ? fault_rows[i].number : "", fault_rows[i].help);
	return help;
}

const struct opt_program *lns_program(struct lns_config *config)
{
	static struct opt opts[32];
	static struct opt_program program = {
		.name = "slicegate-sim lns",
		.usage = "[options]",
		.about = "An LNS for load and faults. It gives addresses, and answers pings and UDP inside the sessions. SIGUSR1 "
			 "hangs all\n"
			 "sessions up (CDN), SIGUSR2 stops all tunnels (StopCCN), SIGINT and SIGTERM end it in order.",
		.opts = opts,
	};
	const struct opt rows[] = {
		{"listen", OPT_ADDR, &config->listen, .word = "ADDRESS", .required = true, .help = "our address"},
		{"port", OPT_U16, &config->port, "1701", .help = "our UDP port"},
		{"secret", OPT_TEXT, &config->secret, .word = "SECRET",
			.help = "the tunnel secret; none: no tunnel authentication"},
		{"hide", OPT_FLAG, &config->hide, .help = "hide AVPs (needs a secret)"},
		{"host-name", OPT_TEXT, &config->host_name, "slicegate-lns", .word = "NAME", .help = "our Host Name AVP"},
		{"window", OPT_U16, &config->window, "32", .min = 1, .help = "our Receive Window Size"},
		{"hello", OPT_MS, &config->hello_ms, "60s", .help = "silence before a HELLO; 0 = none"},
		{"auth", OPT_CHOICE, &config->auth, "chap", .choices = auth_words,
			.help = "how SIMs authenticate; any: the strongest they accept"},
		{"user", OPT_LIST, &config->users, .word = "NAME:PASSWORD", .help = "who may come in; none given: anybody"},
		{"proxy", OPT_CHOICE, &config->proxy, "no", .choices = proxy_words,
			.help = "go by the ICCN's proxy AVPs: not at all, for LCP only, or for authentication too"},
		{"open", OPT_LIST, &config->open, .word = "ADDRESS:PORT", .help = "open a tunnel to this LAC ourselves"},
		{"disconnect-cause", OPT_FLAG, &config->disconnect_cause, .help = "say in a CDN why PPP ended (RFC 3145)"},
		{"pool", OPT_PREFIX, &config->pool, "10.99.0.0/16", .help = "addresses for the SIMs"},
		{"address", OPT_ADDR, &config->address, "10.98.0.1", .help = "our end of each link"},
		{"dns", OPT_LIST, &config->dns, .word = "ADDRESS", .help = "up to two name servers"},
		{"mru", OPT_U32, &config->mru, "1460", .min = 576, .max = 1500, .help = "our MRU"},
		{"ipv6", OPT_FLAG, &config->ip6, .help = "offer IPv6CP"},
		{"echo", OPT_MS, &config->echo_ms, "0", .help = "interval of our LCP Echo-Requests; 0 = none"},
		{"no-user-echo", OPT_FLAG, &config->no_echo, .help = "swallow user traffic"},
		{"data-header", OPT_LIST, &config->headers, .word = "PART",
			.help = "of our data packets: length, sequence, offset, priority, acfc"},
		{"fault", OPT_TEXT, &config->fault, "none", .word = "FAULT[,...]", .help = fault_help()},
		{"control", OPT_TEXT, &config->control, .word = "PATH",
			.help = "a Unix socket for commands (slicegate-sim tell PATH help)"},
		{"json", OPT_FLAG, &config->json, .help = "counters as one line of JSON at the end"},
		{"verbose", OPT_FLAG, &config->verbose, .help = "a line for each session"},
		{"quiet", OPT_FLAG, &config->quiet, .help = "no lines about tunnels"},
	};

	_Static_assert(array_len(rows) <= array_len(opts), "room for all rows");
	memcpy(opts, rows, sizeof(rows));
	program.count = array_len(rows);
	return &program;
}

static struct l2tp_bytes bytes_of(const char *text)
{
	return (struct l2tp_bytes){.bytes = (const uint8_t *)text, .len = text ? (uint16_t)strlen(text) : 0};
}

static void apply_secret(struct lns *lns)
{
	const char *secret = lns->config.secret;

	if (lns_has(&lns->faults, LNS_FAULT_wrong_secret))
		secret = secret && strcmp(secret, "wrong") == 0 ? "another" : "wrong";
	lns->l2tp.secrets[0] = bytes_of(secret);
	lns->l2tp.auth = secret ? L2TP_AUTH_REQUIRE : L2TP_AUTH_NONE;
}

// What of the options follows from the faults, at the start and whenever they change.
static void apply_faults(struct lns *lns)
{
	apply_secret(lns);
	lns->ppp.ipcp = !lns_has(&lns->faults, LNS_FAULT_reject_ipcp);
	lns->ppp.ip6cp = lns->config.ip6 || !lns->ppp.ipcp;
}

// "ADDRESS" or "ADDRESS:PORT".
static bool parse_end(const char *text, struct ip_end *out)
{
	_cleanup_free_ char *copy = strdup(text);
	char *colon = copy ? strrchr(copy, ':') : NULL, *end = NULL;
	unsigned long port = L2TP_PORT;

	if (colon) {
		*colon = 0;
		port = strtoul(colon + 1, &end, 10);
	}
	if (!copy || ip_addr_parse(copy, &out->addr) < 0 || !port || port > UINT16_MAX || (end && *end))
		return false;
	out->port = (uint16_t)port;
	return true;
}

static const char *apply_lists(struct lns *lns)
{
	const struct lns_config *config = &lns->config;
	struct ip_addr dns;

	for (size_t i = 0; i < config->users.count; i++)
		if (!strchr(config->users.items[i], ':'))
			return "--user: NAME:PASSWORD is needed";
	if (config->dns.count > array_len(lns->ppp.dns))
		return "--dns: two at most";
	for (size_t i = 0; i < config->dns.count; i++) {
		if (ip_addr_parse(config->dns.items[i], &dns) < 0 || dns.family != IP_V4)
			return "--dns: an IPv4 address is needed";
		lns->ppp.dns[i] = ip_addr_to_v4(&dns);
	}
	for (size_t i = 0; i < config->open.count; i++)
		if (lns->lac_count == LNS_LACS_MAX || !parse_end(config->open.items[i], &lns->lacs[lns->lac_count++]))
			return "--open: ADDRESS:PORT is needed, at most 16 times";
	for (size_t i = 0; i < config->headers.count; i++) {
		uint8_t bit = 0;

		for (size_t j = 0; j < array_len(header_words); j++)
			if (strcmp(config->headers.items[i], header_words[j].word) == 0)
				bit = header_words[j].bit;
		if (!bit)
			return "--data-header: length, sequence, offset, priority or acfc";
		lns->headers |= bit;
	}
	return NULL;
}

const char *lns_apply(struct lns *lns)
{
	static char error[200];
	const struct lns_config *config = &lns->config;

	if (config->pool.addr.family != IP_V4 || config->pool.len > 30)
		return "--pool: an IPv4 prefix of 30 bits or less is needed";
	if (config->address.family != IP_V4)
		return "--address: an IPv4 address is needed";
	if (auth_masks[config->auth] & PPP_AUTH_MSCHAPV2 && !config->users.count)
		return "--auth mschapv2: passwords are needed (--user)";
	if (config->hide && !config->secret)
		return "--hide: a secret is needed";
	if (lns_faults_parse(config->fault, &lns->faults, error, sizeof(error)) < 0)
		return error;
	l2tp_options_default(&lns->l2tp);
	lns->l2tp.host_name = bytes_of(config->host_name);
	lns->l2tp.vendor_name = bytes_of("slicegate-sim");
	lns->l2tp.hide = config->hide;
	lns->l2tp.receive_window = config->window;
	lns->l2tp.send_window = L2TP_WINDOW_MAX;
	lns->l2tp.queue_max = 200000;
	lns->l2tp.hello_ms = (uint32_t)config->hello_ms;
	ppp_options_init(&lns->ppp);
	lns->ppp.counters = &lns->ppp_counters;
	lns->ppp.server = true;
	lns->ppp.mru = (uint16_t)config->mru;
	lns->ppp.auth_require = auth_masks[config->auth];
	lns->ppp.address = ip_addr_to_v4(&config->address);
	lns->ppp.echo_interval_ms = (uint32_t)config->echo_ms;
	apply_faults(lns);
	return apply_lists(lns);
}

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

static void do_cdn(struct lns_call *call, uint16_t number)
{
	lns_call_hangup(call, number);
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

void lns_command(void *owner, char *line, char *out, size_t size)
{
	struct lns *lns = owner;
	char *save = NULL, *word = strtok_r(line, " ", &save), *arg = strtok_r(NULL, " ", &save),
	     *more = strtok_r(NULL, " ", &save);
	uint16_t number = (uint16_t)strtoul(more ? more : "3", NULL, 10);
	char error[200];

	snprintf(out, size, "ok\n");
	if (!word || strcmp(word, "help") == 0) {
		snprintf(out, size,
			"sessions | counters | cdn ADDRESS|all [CODE] | terminate ADDRESS|all | renegotiate ADDRESS|all | "
			"stopccn [CODE] | proxy no|lcp|auth | "
			"fault FAULTS\n");
	} else if (strcmp(word, "sessions") == 0) {
		list_sessions(lns, out, size);
	} else if (strcmp(word, "counters") == 0) {
		lns_counters_json(lns, out, size);
	} else if (strcmp(word, "cdn") == 0 && arg) {
		snprintf(out, size, "ok %u\n", each(lns, arg, do_cdn, number));
	} else if (strcmp(word, "terminate") == 0 && arg) {
		snprintf(out, size, "ok %u\n", each(lns, arg, do_terminate, 0));
	} else if (strcmp(word, "renegotiate") == 0 && arg) {
		snprintf(out, size, "ok %u\n", each(lns, arg, do_renegotiate, 0));
	} else if (strcmp(word, "sli") == 0 && arg) {
		snprintf(out, size, "ok %u\n", each(lns, arg, do_sli, 0));
	} else if (strcmp(word, "stopccn") == 0) {
		lns_stop_all(lns, (uint16_t)strtoul(arg ? arg : "1", NULL, 10));
	} else if (strcmp(word, "proxy") == 0 && arg) {
		for (int i = 0; proxy_words[i]; i++)
			if (strcmp(arg, proxy_words[i]) == 0)
				lns->config.proxy = i;
	} else if (strcmp(word, "fault") == 0 && arg) {
		if (lns_faults_parse(arg, &lns->faults, error, sizeof(error)) == 0)
			apply_faults(lns);
		else
			snprintf(out, size, "error: %s\n", error);
	} else {
		snprintf(out, size, "error: no such command, or an argument is missing\n");
	}
}
