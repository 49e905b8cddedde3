// SPDX-License-Identifier: Apache-2.0
// The configuration is BIRD's own; the daemon is asked with birdc over its socket. Its files are in a directory of 0700 in the gateway's state.
#include "gateway/target/peering/bgp.h"

#include "base/clean.h"
#include "gateway/target/peering/peering.h"
#include "gateway/target/program.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define TIMEOUT_MS 2000
#define METRIC (TARGET_METRIC - 50) // before what is configured, where both say the same prefix
#define ROUTES_MAX 10000 // of one peer

static void dir_of(const struct target_env *env, const struct target_spec *spec, char out[420])
{
	snprintf(out, 420, "%s/targets/%s", env->state_dir, spec->config->id.text);
}

// BIRD wants four octets that tell it from its neighbours; an IPv6-only slice has no address that is that short.
static struct ip_addr router_id(const struct target_config *config)
{
	return config->peering.local.family == IP_V4 ? config->peering.local : ip_addr_v4(config->peering.bgp.local_as | 1);
}

static bool is_on_link(const struct peering_config *peering)
{
	struct ip_prefix local = peering_network(peering);

	return ip_prefix_has(&local, &peering->bgp.peer);
}

// What no peer may lead anywhere: this host, the link, groups. RFC 6890, RFC 5735 3.
static const char *martians(enum ip_family family)
{
	return family == IP_V4 ? "0.0.0.0/8+, 127.0.0.0/8+, 169.254.0.0/16+, 224.0.0.0/3+" : "::/8+, fe80::/10+, ff00::/8+";
}

// "lo" has the LACs' addresses; what is routed to "sims" are the subnets of an Integrated VSlice.
static char *config_text(const char *dir, const struct target_spec *spec)
{
	const struct peering_config *peering = &spec->config->peering;
	const char *family = peering->local.family == IP_V4 ? "ipv4" : "ipv6";
	char id[IP_ADDR_TEXT], ours[IP_ADDR_TEXT], peer[IP_ADDR_TEXT], *text = NULL;
	struct ip_addr router = router_id(spec->config);
	size_t len;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		return NULL;
	fprintf(out, "log \"%s/bird.log\" { warning, error, fatal, auth, bug };\nrouter id %s;\n%s table known;\n", dir,
		ip_addr_text(&router, id), family);
	fprintf(out, "protocol device { scan time 10; }\n");
	fprintf(out, "protocol direct lacs { %s { table known; import where scope = SCOPE_UNIVERSE; }; interface \"lo\"; }\n",
		family);
	fprintf(out, "protocol kernel main { learn; %s { import where ifname = \"sims\"; export none; }; }\n", family);
	fprintf(out, "protocol pipe subnets { table known; peer table master%c; import all; export none; }\n", family[3]);
	fprintf(out,
		"protocol kernel target { kernel table %u; metric %u; %s { table known; import none; export where source = "
		"RTS_BGP; }; }\n",
		spec->table, METRIC, family);
	fprintf(out, "protocol bgp peer {\n\tlocal %s as %u;\n\tneighbor %s as %u;\n\t%s;\n", ip_addr_text(&peering->local, ours),
		peering->bgp.local_as, ip_addr_text(&peering->bgp.peer, peer), peering->bgp.peer_as,
		is_on_link(peering) ? "direct" : "multihop");
	if (*peering->bgp.password)
		fprintf(out, "\tpassword \"%s\";\n", peering->bgp.password);
	fprintf(out,
		"\tconnect delay time 1;\n\tconnect retry time 5;\n\terror wait time 1, 15;\n\thold time 30;\n"
		"\t%s { table known; next hop self; import limit %u action block; import where net !~ [ %s ]; export where "
		"source != RTS_BGP; "
		"};\n}\n",
		family, ROUTES_MAX, martians(peering->local.family));
	if (fclose(out)) {
		free(text);
		return NULL;
	}
	return text;
}

static bool listens(const char *dir)
{
	struct sockaddr_un sa = {.sun_family = AF_UNIX};
	_cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(sa.sun_path, sizeof(sa.sun_path), "%.98s/bird.ctl", dir);
	return fd >= 0 && !connect(fd, (struct sockaddr *)&sa, sizeof(sa));
}

static int birdc(const char *dir, const char *const words[4], char *output, size_t room)
{
	char socket[440];
	const char *argv[9] = {"birdc", "-s", socket};
	struct program_run run = {.argv = argv, .output = output, .room = room, .is_cut = output, .timeout_ms = TIMEOUT_MS};

	snprintf(socket, sizeof(socket), "%s/bird.ctl", dir);
	for (size_t i = 0; i < 4 && words[i]; i++)
		argv[3 + i] = words[i];
	return program_run(&run);
}

static int run_daemon(const char *dir, const char *text, char *why)
{
	char config[440], socket[440], log[440], there[4096], said[200] = "";
	const char *const argv[] = {"bird", "-f", "-c", config, "-s", socket, NULL};
	bool is_new = program_read(dir, "bird.conf", there, sizeof(there)) || strcmp(there, text) != 0;
	int error = is_new ? program_write(dir, "bird.conf", text) : 0;

	if (error) {
		snprintf(why, 160, "BIRD's files in the state directory cannot be written: %s", strerror(-error));
		return error;
	}
	snprintf(config, sizeof(config), "%s/bird.conf", dir);
	error = is_new ? program_run(&(struct program_run){.argv = (const char *const[]){"bird", "-p", "-c", config, NULL},
				 .output = said,
				 .room = sizeof(said),
				 .timeout_ms = TIMEOUT_MS})
		       : 0;
	if (error > 0) {
		snprintf(why, 160, "BIRD does not take its configuration: %.*s", (int)strcspn(said, "\n"), said);
		return -EINVAL;
	}
	if (listens(dir)) {
		if (is_new)
			birdc(dir, (const char *const[4]){"configure"}, NULL, 0);
		return 0;
	}
	snprintf(socket, sizeof(socket), "%s/bird.ctl", dir);
	snprintf(log, sizeof(log), "%s/bird.out", dir);
	error = program_start(argv, (const char *const[]){NULL}, log);
	if (error == -ENOENT)
		snprintf(why, 160, "BIRD is not installed: package bird2");
	else if (error < 0)
		snprintf(why, 160, "bird cannot be started: %s", strerror(-error));
	return error < 0 ? error : 0;
}

// The peer's line of "show protocols": name, protocol, table, state, since, and its own words. "" while it is not there.
static void words_of_peer(char *text, char *out, size_t room)
{
	char *line;

	*out = 0;
	while ((line = strsep(&text, "\n"))) {
		int at = 0;

		if (sscanf(line, "peer BGP %*s %*s %*s %n", &at) >= 0 && at)
			snprintf(out, room, "%s", line + at);
	}
}

// A line of "show route" that begins with a prefix is a route; the others say more of the one before.
static void take_routes(char *text, char *out, size_t room)
{
	size_t used = 0;
	char *line;

	*out = 0;
	while ((line = strsep(&text, "\n"))) {
		int len = (int)strcspn(line, " \t");

		if (!memchr(line, '/', (size_t)len))
			continue;
		if (used + (size_t)len + sizeof(" ...") >= room) {
			snprintf(out + used, room - used, " ...");
			return;
		}
		used += (size_t)snprintf(out + used, room - used, "%s%.*s", used ? " " : "", len, line);
	}
}

void bgp_look(const struct target_env *env, const struct target_spec *spec, struct slice_target_status *status)
{
	const struct uuid *id = &spec->config->id;
	char dir[420], said[8192] = "", words[120], peer[IP_ADDR_TEXT];

	if (!spec->config->peering.bgp.local_as)
		return;
	dir_of(env, spec, dir);
	ip_addr_text(&spec->config->peering.bgp.peer, peer);
	if (!listens(dir)) {
		target_pending(status, id, "the BGP daemon is starting");
		status->must_start = !annex_find(env->inside_fd, "bird");
		return;
	}
	if (birdc(dir, (const char *const[4]){"show", "protocols", "peer"}, said, sizeof(said)))
		return;
	words_of_peer(said, words, sizeof(words));
	if (strncmp(words, "Established", strlen("Established")) != 0) {
		target_pending(status, id, "BGP with %s is not established: %s", peer, *words ? words : "starting");
		return;
	}
	if (!birdc(dir, (const char *const[4]){"show", "route", "protocol", "peer"}, said, sizeof(said)))
		take_routes(said, status->routes, sizeof(status->routes));
}

void bgp_start(const struct target_env *env, const struct target_spec *spec, struct slice_target_status *status)
{
	char dir[420], why[160] = "";
	_cleanup_free_ char *text = NULL;

	if (!spec->config->peering.bgp.local_as) {
		bgp_stop(env, spec);
		return;
	}
	dir_of(env, spec, dir);
	text = config_text(dir, spec);
	if (!text || run_daemon(dir, text, why))
		target_unavailable(status, &spec->config->id, "%s", text ? why : strerror(ENOMEM));
	else if (status->available)
		bgp_look(env, spec, status);
	status->must_start = false;
	if (text)
		explicit_bzero(text, strlen(text));
}

void bgp_stop(const struct target_env *env, const struct target_spec *spec)
{
	static const char *const names[] = {"bird.conf", "bird.ctl", "bird.log", "bird.out"};
	char dir[420], path[440];

	dir_of(env, spec, dir);
	if (listens(dir))
		birdc(dir, (const char *const[4]){"down"}, NULL, 0); // it takes its routes along
	for (size_t i = 0; i < array_len(names); i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		unlink(path);
	}
	rmdir(dir);
}
