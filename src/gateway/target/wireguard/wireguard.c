// SPDX-License-Identifier: Apache-2.0
// The WireGuard target: an interface made in the underlay, where its outer socket stays, and moved into the slice. The kernel's own where
// it has one, else wireguard-go's, which then is a process of its own that outlives the gateway: as long as the interface is in the slice
// there is nothing to make. Both are configured and asked by wg(8), which knows one from the other.
//
// The private key is made here and stays in the state directory (targets/<id>.key); the public one is reported. The port is made from the
// target's id, so that the customer's firewall may know it. Available means that a handshake happened in the last three minutes, which
// keep-alives make sure of (a session of WireGuard is refused after 180 s).
#include "gateway/target/program.h"
#include "gateway/target/target.h"

#include "base/clean.h"
#include "base/log.h"
#include "gateway/netns.h"

#include <errno.h>
#include <linux/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

LOG_CATEGORY(wireguard);

#define PREFIX "wg"
#define MTU 1420 // 1500 less IPv6, UDP and WireGuard: it fits whatever the outer family
#define FRESH_S 180
#define KEEPALIVE_S 25
#define FIRST_PORT 20000u // below the ephemeral ones
#define PORTS 12000u
#define TIMEOUT_MS 3000
#define LINK_WAIT_MS 2000
#define LINK_LOOK_MS 20

static int wireguard_interface(const struct target_config *config, char out[16])
{
	target_own_interface(PREFIX, &config->id, out);
	return 0;
}

static bool wireguard_reaches(const struct target_config *config, const struct ip_addr *addr)
{
	vec_each (&config->wireguard.remote_subnets.rows, prefix)
		if (ip_prefix_has(prefix, addr))
			return true;
	return !config->wireguard.remote_subnets.rows.count && addr->family == IP_V4;
}

static unsigned port_of(const struct target_config *config)
{
	char name[16];

	wireguard_interface(config, name);
	return FIRST_PORT + (unsigned)(strtoul(name + strlen(PREFIX), NULL, 16) % PORTS);
}

static int wg(const char *const *argv, const char *input, char *output, size_t room)
{
	struct program_run run = {.argv = argv, .input = input, .output = output, .room = room, .timeout_ms = TIMEOUT_MS};

	return program_run(&run);
}

static void state_dir(const struct target_env *env, char out[400])
{
	snprintf(out, 400, "%s/targets", env->state_dir);
}

// The target's private key, made the first time. 0, or what wg or the file system said.
static int private_key(const struct target_env *env, const struct target_config *config, char out[64])
{
	static const char *const genkey[] = {"wg", "genkey", NULL};
	char dir[400], name[64];
	int error;

	state_dir(env, dir);
	snprintf(name, sizeof(name), "%s.key", config->id.text);
	error = program_read(dir, name, out, 64);
	if (error != -ENOENT)
		return error;
	error = wg(genkey, NULL, out, 64);
	return error ? error : program_write(dir, name, out);
}

static int public_key(const char *private, char out[WIREGUARD_KEY_TEXT])
{
	static const char *const pubkey[] = {"wg", "pubkey", NULL};
	char text[64];
	int error = wg(pubkey, private, text, sizeof(text));

	snprintf(out, WIREGUARD_KEY_TEXT, "%.*s", (int)strcspn(text, "\n"), text);
	return error;
}

// wireguard-go in the underlay: it makes a TUN and goes on in the background, in a process of its own.
static int start_daemon(const struct target_env *env, const char *name, struct slice_target_status *status)
{
	const char *const argv[] = {"wireguard-go", name, NULL};
	const char *const environment[] = {"LOG_LEVEL=error", NULL};
	char dir[400], log[460];
	struct nl_link link;
	int pid, error = -ENODEV;

	state_dir(env, dir);
	snprintf(log, sizeof(log), "%s/%s.log", dir, name);
	pid = program_start(argv, environment, log);
	if (pid < 0) {
		target_unavailable(status, &status->target, "this kernel has no WireGuard, and wireguard-go cannot be run: %s",
			pid == -ENOENT ? "it is not installed" : strerror(-pid));
		return pid;
	}
	waitpid(pid, NULL, 0); // the parent of the one that stays
	for (unsigned waited = 0; error == -ENODEV && waited < LINK_WAIT_MS; waited += LINK_LOOK_MS) {
		error = nl_link_get(env->underlay, name, &link);
		if (error == -ENODEV)
			usleep(LINK_LOOK_MS * 1000);
	}
	if (error) {
		target_unavailable(status, &status->target, "wireguard-go did not make its interface; see %s", log);
		return error;
	}
	return nl_link_move(env->underlay, link.index, env->inside_fd);
}

static int bring_link(const struct target_env *env, const char *name, struct slice_target_status *status, struct nl_link *link)
{
	int error = nl_link_get(env->inside, name, link), back;

	if (error != -ENODEV)
		return error;
	error = netns_enter(env->underlay_fd);
	if (!error)
		error = nl_kind_new(env->underlay, "wireguard", name, env->inside_fd);
	if (error == -EOPNOTSUPP)
		error = start_daemon(env, name, status);
	back = netns_enter(env->inside_fd);
	error = error ? error : back;
	if (!error)
		error = target_claim_link(env->inside, name);
	return error ? error : nl_link_get(env->inside, name, link);
}

static void put_prefixes(const struct prefix_list *list, FILE *out)
{
	const char *separator = "";

	if (!list->rows.count)
		fputs("0.0.0.0/0", out);
	vec_each (&list->rows, prefix) {
		char text[IP_ADDR_TEXT];

		fprintf(out, "%s%s/%u", separator, ip_addr_text(&prefix->addr, text), prefix->len);
		separator = ", ";
	}
}

#define SHOWN 8192
#define ENDPOINT "Endpoint = "
#define LINES 160 // of a configuration, an allowed network a line: more are written anew each time

struct lines {
	char *at[LINES];
	size_t count;
};

static int line_order(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

// Cuts what wg reads or prints into its lines, sorted, a network a line, with or without the peer's address. False when there are too many.
static bool cut_lines(char *text, bool with_endpoint, struct lines *out)
{
	for (char *line; (line = strsep(&text, "\n"));) {
		bool is_list = !strncmp(line, "AllowedIPs = ", 13);
		const char *between = is_list ? ", " : "\n";

		if (!with_endpoint && !strncmp(line, ENDPOINT, strlen(ENDPOINT)))
			continue;
		line += is_list ? 13 : 0;
		for (char *rest, *item = strtok_r(line, between, &rest); item; item = strtok_r(NULL, between, &rest)) {
			if (out->count == LINES)
				return false;
			out->at[out->count++] = item;
		}
	}
	qsort(out->at, out->count, sizeof(*out->at), line_order);
	return true;
}

// Whether the interface is configured like this. Where the peer dials, its address is whatever it came from.
static bool is_configured(const char *name, const char *wanted)
{
	const char *const argv[] = {"wg", "showconf", name, NULL};
	_cleanup_free_ char *ours = strdup(wanted), *theirs = calloc(1, SHOWN);
	struct lines a = {0}, b = {0};
	bool we_dial = strstr(wanted, "\n" ENDPOINT);
	bool same = ours && theirs && !wg(argv, NULL, theirs, SHOWN) && cut_lines(ours, we_dial, &a) &&
		cut_lines(theirs, we_dial, &b) && a.count == b.count;

	for (size_t i = 0; same && i < a.count; i++)
		same = !strcmp(a.at[i], b.at[i]);
	if (ours)
		explicit_bzero(ours, strlen(wanted));
	if (theirs)
		explicit_bzero(theirs, SHOWN);
	return same;
}

// syncconf changes what differs: a peer that stays keeps its session. But wireguard-go drops what comes while it replaces the networks, so an
// interface that a gateway before this one configured is left alone.
static int configure(const struct target_config *config, const char *name, const char *private, char *said, size_t room)
{
	const char *const argv[] = {"wg", "syncconf", name, "/dev/stdin", NULL};
	_cleanup_free_ char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);
	char end[IP_END_TEXT];
	int error;

	if (!out)
		return -ENOMEM;
	fprintf(out, "[Interface]\nPrivateKey = %.*s\nListenPort = %u\n[Peer]\nPublicKey = %s\nAllowedIPs = ",
		(int)strcspn(private, "\n"), private, port_of(config), config->wireguard.remote_key);
	put_prefixes(&config->wireguard.remote_subnets, out);
	fprintf(out, "\nPersistentKeepalive = %u\n", KEEPALIVE_S);
	if (config->wireguard.remote.addr.family)
		fprintf(out, ENDPOINT "%s\n", ip_end_text(&config->wireguard.remote, end));
	if (fclose(out))
		return -ENOMEM;
	error = is_configured(name, text) ? 0 : wg(argv, text, said, room);
	explicit_bzero(text, len);
	return error;
}

static int bring_up(const struct target_env *env, const struct target_spec *spec, struct slice_target_status *status)
{
	const struct target_config *config = spec->config;
	char name[16], private[64] = "", said[200] = "", public[WIREGUARD_KEY_TEXT] = "";
	struct nl_route way = {.kind = NL_ROUTE_UNICAST, .to.addr.family = IP_V4, .metric = TARGET_METRIC};
	struct nl_link link;
	int error = private_key(env, config, private);

	if (!error)
		error = public_key(private, public);
	if (error) {
		target_unavailable(status, &config->id, "the key pair cannot be made: %s",
			error == -ENOENT    ? "wg (wireguard-tools) is not installed"
				: error < 0 ? strerror(-error)
					    : "wg failed");
		return -EIO;
	}
	snprintf(status->public_key, sizeof(status->public_key), "%s", public);
	wireguard_interface(config, name);
	error = bring_link(env, name, status, &link);
	if (!error)
		error = configure(config, name, private, said, sizeof(said));
	explicit_bzero(private, sizeof(private));
	if (error > 0) {
		target_unavailable(
			status, &config->id, "WireGuard refuses the configuration: %.*s", (int)strcspn(said, "\n"), said);
		return -EINVAL;
	}
	if (!error)
		error = target_sysctls(name);
	if (!error && link.mtu != MTU)
		error = nl_mtu_set(env->inside, link.index, MTU);
	if (!error && !(link.flags & IFF_UP))
		error = nl_link_up(env->inside, link.index);
	way.link = link.index;
	return error ? error : target_routes_set(env, spec, &way, &config->wireguard.remote_subnets);
}

// "public-key preshared endpoint allowed-ips latest-handshake rx tx keepalive", a line a peer behind the interface's own. Not 0 when the
// interface does not answer: -ETIME when it may yet.
static int ask(const char *name, char public[WIREGUARD_KEY_TEXT], long *handshake, char peer[64])
{
	const char *const argv[] = {"wg", "show", name, "dump", NULL};
	char text[2048], *rest = text, *line, *word;
	unsigned at = 0;
	int error = wg(argv, NULL, text, sizeof(text));

	if (error)
		return error;
	line = strsep(&rest, "\n");
	strsep(&line, "\t");
	word = strsep(&line, "\t");
	snprintf(public, WIREGUARD_KEY_TEXT, "%s", word ? word : "");
	explicit_bzero(text, strcspn(text, "\t")); // the private key
	*handshake = 0;
	peer[0] = 0;
	line = rest ? strsep(&rest, "\n") : NULL;
	while (line && (word = strsep(&line, "\t"))) {
		if (at == 2)
			snprintf(peer, 64, "%s", word);
		if (at == 4)
			*handshake = strtoll(word, NULL, 10);
		at++;
	}
	return 0;
}

static void wireguard_status(const struct target_env *env, const struct target_spec *spec, struct slice_target_status *status)
{
	char name[16], public[WIREGUARD_KEY_TEXT] = "", peer[64] = "";
	struct nl_link link;
	long handshake = 0;
	int error;

	wireguard_interface(spec->config, name);
	error = nl_link_get(env->inside, name, &link);
	if (!error && (error = ask(name, public, &handshake, peer)) == -ETIME) {
		target_pending(status, &spec->config->id, "WireGuard does not answer in time");
		status->is_unknown = true;
		return;
	}
	if (error) {
		target_unavailable(status, &spec->config->id, "WireGuard's interface is gone");
		status->must_start = true;
		return;
	}
	if (!strcmp(public, "(none)")) { // what the start said of it stands, until one succeeds
		if (!status->message[0])
			target_unavailable(status, &spec->config->id, "WireGuard's interface is not set up");
		status->must_start = true;
		return;
	}
	if (handshake && time(NULL) - handshake < FRESH_S)
		target_available(status, &spec->config->id);
	else if (handshake)
		target_unavailable(status, &spec->config->id, "no handshake with the peer %s for more than three minutes", peer);
	else if (!spec->config->wireguard.remote.addr.family)
		target_pending(status, &spec->config->id,
			"waiting for the peer's first handshake at our UDP port %u; our public key is %s", port_of(spec->config),
			public);
	else
		target_pending(status, &spec->config->id,
			"no handshake with the peer %s yet: it must answer there and know our public key %s", peer, public);
	snprintf(status->public_key, sizeof(status->public_key), "%s", public);
	if (spec->config->wireguard.remote.addr.family)
		target_underlay_address(env, &spec->config->wireguard.remote.addr, status->public_address);
	status->public_port = (uint16_t)port_of(spec->config);
	status->handshake_s = (uint64_t)handshake;
}

static void wireguard_start(const struct target_env *env, const struct target_spec *spec, struct slice_target_status *status)
{
	int error;

	*status = (struct slice_target_status){.target = spec->config->id};
	error = bring_up(env, spec, status);
	if (!error) {
		wireguard_status(env, spec, status);
		return;
	}
	if (!status->message[0])
		target_unavailable(status, &spec->config->id, "WireGuard cannot be set up: %s",
			*nl_error(env->inside) ? nl_error(env->inside) : strerror(-error));
	target_routes_set(env, spec, NULL, NULL);
}

static bool wireguard_reconfigure(const struct target_spec *old, const struct target_spec *now)
{
	return old->table == now->table;
}

static void wireguard_stop(const struct target_env *env, const struct target_spec *spec)
{
	target_own_stop(env, PREFIX, spec); // wireguard-go ends with its interface
}

const struct target_ops target_wireguard = {
	.name = "wireguard",
	.is_watched = target_always,
	.interface = wireguard_interface,
	.reaches = wireguard_reaches,
	.start = wireguard_start,
	.reconfigure = wireguard_reconfigure,
	.stop = wireguard_stop,
	.status = wireguard_status,
	.is_alone = target_always,
};
