// SPDX-License-Identifier: Apache-2.0
// slicegate-gateway: options, signals, the loop.
//
// SIGTERM and SIGINT end it in order: every session is told to both sides, tunnels are closed. SIGUSR2 ends it but leaves all as it is for the
// next start, as after a kill, which goes on from the state file (systemd: RestartKillSignal=SIGUSR2).
#include "gateway/gateway.h"
#include "gateway/status.h"

#include "base/opt.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

LOG_CATEGORY(main);

static struct {
	char *name, *controller, *token_file, *state_dir, *snapshot, *log;
	struct ip_addr gtp_address;
	struct ip_end metrics;
	uint32_t max_sessions, max_attaching;
	uint64_t usage_ms;
	int dataplane;
	struct opt_list dns;
} given;

static const char *const dataplanes[] = {[DATAPLANE_AUTO] = "auto", [DATAPLANE_XDP] = "xdp", [DATAPLANE_SOFT] = "soft", NULL};

static const struct opt opts[] = {
	{"name", OPT_TEXT, &given.name, .word = "MONIKER", .required = true, .help = "the Regional Gateway that this is"},
	{"gtp-address", OPT_ADDR, &given.gtp_address, .required = true,
		.help = "where SGWs and SGSNs find us (UDP 2123 and 2152)"},
	{"controller", OPT_TEXT, &given.controller, .word = "URL", .env = "SLICEGATE_URL",
		.help = "http://HOST:PORT, https://HOST:PORT or unix:/PATH; without it the recorded configuration is all there "
			"is"},
	{"token-file", OPT_TEXT, &given.token_file, .word = "FILE", .help = "holds the token that the controller knows us by"},
	{"state-dir", OPT_TEXT, &given.state_dir, "/var/lib/slicegate-gateway", .word = "DIR",
		.help = "where sessions and the configuration survive a restart"},
	{"config-snapshot", OPT_TEXT, &given.snapshot, .word = "FILE",
		.help = "start from this configuration (NDJSON, docs/reference/gateway-link.md)"},
	{"metrics-listen", OPT_END, &given.metrics, .help = "serve /metrics and /health there"},
	{"max-sessions", OPT_U32, &given.max_sessions, "65536", .min = 16, .max = 4194304, .help = "sessions at once"},
	{"max-attaching", OPT_U32, &given.max_attaching, "4096", .min = 1, .max = 1000000,
		.help = "attaches under way at once; beyond, the answer is \"no resources\""},
	{"dns", OPT_LIST, &given.dns, "9.9.9.9,149.112.112.112,2620:fe::fe,2620:fe::9", .word = "ADDRESSES",
		.help = "DNS servers told to devices on Integrated VSlices whose dnsMode is auto, four at most"},
	{"dataplane", OPT_CHOICE, &given.dataplane, "auto", .choices = dataplanes,
		.help = "xdp, soft (sockets), or auto: xdp where the kernel and the interfaces have it"},
	{"usage-interval", OPT_MS, &given.usage_ms, "10s", .min = 100, .help = "how often usage is reported"},
	{"log", OPT_TEXT, &given.log, "info", .word = "LEVELS",
		.help = "error, warn, info or debug; of a part: info,tunnel=debug"},
};

static const struct opt_program program = {
	.name = "slicegate-gateway",
	.about = "A Regional Gateway: takes SIMs' sessions over GTP and carries them over L2TP to the customers' LNSs.\n"
		 "Needs CAP_NET_ADMIN and CAP_SYS_ADMIN for the network namespaces of the slices.",
	.opts = opts,
	.count = sizeof(opts) / sizeof(opts[0]),
};

static struct gateway *gateway;
static struct status *status;
static uv_signal_t signals[3];

static void on_stopped(struct gateway *stopped)
{
	(void)stopped;
	status_free(&status);
	gateway_free(&gateway);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		uv_close((uv_handle_t *)&signals[i], NULL);
}

static void on_signal(uv_signal_t *handle, int number)
{
	(void)handle;
	if (!gateway)
		return;
	log_info("stopping signal=%d keep=%d", number, number == SIGUSR2);
	gateway_stop(gateway, number == SIGUSR2, on_stopped);
}

static void signals_start(uv_loop_t *loop)
{
	static const int numbers[] = {SIGTERM, SIGINT, SIGUSR2};

	signal(SIGPIPE, SIG_IGN);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		uv_signal_init(loop, &signals[i]);
		uv_signal_start(&signals[i], on_signal, numbers[i]);
	}
}

// 0, or -EINVAL and a word about it.
static int dns_of(struct gateway_options *options)
{
	for (size_t i = 0; i < given.dns.count; i++) {
		struct ip_addr server;

		if (options->dns_count == sizeof(options->dns) / sizeof(options->dns[0]) ||
			ip_addr_parse(given.dns.items[i], &server)) {
			fprintf(stderr, "%s: --dns %s: is not an address, or is one too many\n", program.name,
				given.dns.items[i]);
			return -EINVAL;
		}
		options->dns[options->dns_count++] = server;
	}
	return 0;
}

static struct gateway_options options_of(void)
{
	return (struct gateway_options){
		.name = given.name,
		.gtp_address = given.gtp_address,
		.state_dir = given.state_dir,
		.dataplane = (enum gateway_dataplane)given.dataplane,
		.max_sessions = given.max_sessions,
		.max_attaching = given.max_attaching,
		.usage_ms = given.usage_ms,
		.link = {.controller = given.controller,
			.token_file = given.token_file,
			.gateway = given.name,
			.state_dir = given.state_dir,
			.snapshot = given.snapshot},
	};
}

// A slice has a few of its own.
static void allow_files(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files))
		return;
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
}

int main(int argc, char **argv)
{
	struct gateway_options options;
	uv_loop_t loop;
	int error;

	opt_parse_or_exit(&program, argc, argv, NULL);
	if (log_set_levels(given.log)) {
		fprintf(stderr, "%s: --log \"%s\": error, warn, info or debug, or part=level\n", program.name, given.log);
		return 2;
	}
	if (mkdir(given.state_dir, 0700) && errno != EEXIST) {
		fprintf(stderr, "%s: --state-dir %s: %s\n", program.name, given.state_dir, strerror(errno));
		return 1;
	}
	allow_files();
	options = options_of();
	if (dns_of(&options))
		return 2;
	uv_loop_init(&loop);
	signals_start(&loop);
	error = gateway_new(&loop, &options, &gateway);
	if (!error && given.metrics.port)
		error = status_new(gateway, &given.metrics, &status);
	if (error) {
		fprintf(stderr, "%s: can't start: %s\n", program.name, strerror(-error));
		on_stopped(gateway);
	} else {
		log_info("started gateway=%s version=%s", given.name, SLICEGATE_VERSION);
	}
	uv_run(&loop, UV_RUN_DEFAULT);
	uv_loop_close(&loop);
	opt_fini(&program);
	return error ? 1 : 0;
}
