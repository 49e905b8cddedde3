// SPDX-License-Identifier: Apache-2.0
// The command line of `slicegate-sim lns`, its faults, and what of it may be changed while it runs.

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
	static struct opt opts[40];
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
		{"pool6", OPT_PREFIX, &config->pool6, "2001:db8:77::/48",
			.help = "each SIM gets a /64 of it, by router advertisement"},
		{"dns6", OPT_ADDR, &config->dns6, .word = "ADDRESS", .help = "a name server to advertise"},
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
	lns->ppp.ip6cp = lns->config.ip6 || !lns->ppp.ipcp || lns_has(&lns->faults, LNS_FAULT_no_ip6cp);
}

int lns_header_add(struct lns *lns, const char *word)
{
	for (size_t i = 0; i < array_len(header_words); i++) {
		if (strcmp(word, header_words[i].word) != 0)
			continue;
		lns->headers |= header_words[i].bit;
		return 0;
	}
	return -EINVAL;
}

int lns_end_parse(const char *text, struct ip_end *out)
{
	_cleanup_free_ char *copy = strdup(text);
	char *colon = copy ? strrchr(copy, ':') : NULL, *end = NULL;
	unsigned long port = L2TP_PORT;

	if (colon) {
		*colon = 0;
		port = strtoul(colon + 1, &end, 10);
	}
	if (!copy || ip_addr_parse(copy, &out->addr) < 0 || !port || port > UINT16_MAX || (end && *end))
		return -EINVAL;
	out->port = (uint16_t)port;
	return 0;
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
		if (lns->lac_count == LNS_LACS_MAX || lns_end_parse(config->open.items[i], &lns->lacs[lns->lac_count++]) < 0)
			return "--open: ADDRESS:PORT is needed, at most 16 times";
	for (size_t i = 0; i < config->headers.count; i++)
		if (lns_header_add(lns, config->headers.items[i]) < 0)
			return "--data-header: length, sequence, offset, priority or acfc";
	return NULL;
}

const char *lns_apply(struct lns *lns)
{
	static char error[200];
	const struct lns_config *config = &lns->config;

	if (config->pool.addr.family != IP_V4 || config->pool.len > 30)
		return "--pool: an IPv4 prefix of 30 bits or less is needed";
	if (config->pool6.addr.family != IP_V6 || config->pool6.len > 63)
		return "--pool6: an IPv6 prefix of 63 bits or less is needed";
	if (config->dns6.family == IP_V4)
		return "--dns6: an IPv6 address is needed";
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

int lns_faults_set(struct lns *lns, const char *text, char *error, size_t size)
{
	int bad = lns_faults_parse(text, &lns->faults, error, size);

	if (!bad)
		apply_faults(lns);
	return bad;
}

int lns_proxy_set(struct lns *lns, const char *word)
{
	for (int i = 0; proxy_words[i]; i++) {
		if (strcmp(word, proxy_words[i]) != 0)
			continue;
		lns->config.proxy = i;
		return 0;
	}
	return -EINVAL;
}
