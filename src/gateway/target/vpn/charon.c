// SPDX-License-Identifier: Apache-2.0
// The configuration files are strongSwan's own (strongswan.conf, swanctl.conf) and the daemon is spoken to with swanctl over its VICI socket.
// All is in one directory of 0700 in the gateway's state. The preshared key is written in hexadecimal, so no character of it can end its string.
#include "gateway/target/vpn/charon.h"

#include "base/clean.h"
#include "gateway/target/program.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define DAEMON "/usr/sbin/charon-systemd"
#define TIMEOUT_MS 3000
#define AGAIN_S 5 // between attempts when the peer refused us
#define LOG_MAX (1024 * 1024)

#define PLUGINS "random nonce aes sha1 sha2 md5 hmac kdf drbg gmp gcm curve25519 pem pubkey x509 openssl"

// With the directory, twice.
static const char kernel_esp[] = "charon-systemd {\n"
				 "	load = " PLUGINS " kernel-netlink socket-default vici\n"
				 "	install_routes = no\n"
				 "	plugins {\n"
				 "		vici {\n			socket = unix://%s/vici\n		}\n"
				 "	}\n";
static const char user_esp[] = "charon-systemd {\n"
			       "	load = " PLUGINS " kernel-libipsec kernel-netlink socket-default vici\n"
			       "	plugins {\n"
			       "		kernel-libipsec {\n			load = yes\n			"
			       "allow_peer_ts = yes\n		}\n"
			       "		vici {\n			socket = unix://%s/vici\n		}\n"
			       "		kernel-netlink {\n			fwmark = !0x42\n		}\n"
			       "		socket-default {\n			fwmark = 0x42\n		}\n"
			       "	}\n";
static const char both_esp[] =
	"	install_virtual_ip = no\n"
	"	retransmit_tries = 3\n"
	"	retransmit_timeout = 2.0\n"
	"	filelog {\n		main {\n			path = %s/charon.log\n			append = yes\n"
	"			flush_line = yes\n			default = 1\n		}\n	}\n"
	"	journal {\n		default = -1\n	}\n"
	"}\n";

// What is looked for in the daemon's log, and the words for it; the last line that matches tells.
static const struct {
	const char *said, *words;
} troubles[] = {
	{"no CHILD_SA built", "the peer accepts none of our ESP proposals: vpnEspOption differs from its own"},
	{"received NO_PROPOSAL_CHOSEN", "the peer accepts none of our IKE proposals: vpnIkeOption differs from its own"},
	{"received AUTHENTICATION_FAILED",
		"the peer refuses our authentication: the preshared key differs from its own, or it expects "
		"another identity than %s"},
	{"constraint check failed: identity", "the peer calls itself otherwise than remoteIdentity says"},
	{"MAC mismatched", "the peer's proof is wrong: the preshared key differs from its own"},
	{"received TS_UNACCEPTABLE", "the peer does not accept our subnets: local and remote ones must mirror its own"},
	{"no shared key found", "there is no preshared key for the peer"},
	{"giving up after", "the peer does not answer (UDP ports 500 and 4500)"},
	{"retransmit ", "the peer does not answer (UDP ports 500 and 4500)"},
	{"unable to resolve", "the peer's address is not usable"}, {"established with SPIs", ""}, // what came before is past
};

void charon_init(struct charon *charon, const struct target_env *env, const struct target_config *config)
{
	snprintf(charon->dir, sizeof(charon->dir), "%s/targets/%s", env->state_dir, config->id.text);
}

const struct prefix_list *charon_selectors(const struct prefix_list *domain, const struct prefix_list *subnets)
{
	return domain->rows.count ? domain : subnets;
}

static void put_selectors(const char *name, const struct prefix_list *list, FILE *out)
{
	const char *separator = "";

	fprintf(out, "				%s = ", name);
	if (!list->rows.count)
		fputs("0.0.0.0/0", out);
	vec_each (&list->rows, prefix) {
		char text[IP_ADDR_TEXT];

		fprintf(out, "%s%s/%u", separator, ip_addr_text(&prefix->addr, text), prefix->len);
		separator = ",";
	}
	fputc('\n', out);
}

static void put_proposals(const char *name, const char *given, FILE *out)
{
	fprintf(out, "%s = %s\n", name, *given ? given : "default");
}

static char *connection_text(const struct charon *charon, const struct target_config *config)
{
	const struct vpn_config *vpn = &config->vpn;
	char peer[IP_ADDR_TEXT], *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		return NULL;
	fprintf(out,
		"connections {\n	main {\n		version = 2\n		remote_addrs = %s\n		encap = "
		"yes\n"
		"		mobike = no\n		keyingtries = 0\n		dpd_delay = 10s\n		"
		"rekey_time = %us\n"
		"		over_time = %us\n		if_id_in = %u\n		if_id_out = %u\n		",
		ip_addr_text(&vpn->remote, peer), vpn->ike_lifetime_s / 10 * 9, vpn->ike_lifetime_s / 10, charon->if_id,
		charon->if_id);
	put_proposals("proposals", vpn->ike, out);
	fprintf(out,
		"		local {\n			auth = psk\n			id = %s\n		}\n"
		"		remote {\n			auth = psk\n			id = %s\n		}\n"
		"		children {\n			net {\n				start_action = start\n"
		"				close_action = start\n				dpd_action = restart\n"
		"				rekey_time = %us\n				life_time = %us\n		"
		"		",
		charon->identity, *vpn->remote_id ? vpn->remote_id : "%any", vpn->esp_lifetime_s / 10 * 9, vpn->esp_lifetime_s);
	put_proposals("esp_proposals", vpn->esp, out);
	put_selectors("local_ts", charon_selectors(&vpn->local_domain, &vpn->local_subnets), out);
	put_selectors("remote_ts", charon_selectors(&vpn->remote_domain, &vpn->remote_subnets), out);
	fputs("			}\n		}\n	}\n}\nsecrets {\n	ike-main {\n		secret = 0x", out);
	for (const char *c = vpn->secret; *c; c++)
		fprintf(out, "%02x", (unsigned char)*c);
	fputs("\n	}\n}\n", out);
	if (fclose(out)) {
		free(text);
		return NULL;
	}
	return text;
}

static bool is_proposal(const char *text)
{
	return text[strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-_,")] == 0;
}

static int write_files(const struct charon *charon, const struct target_config *config, char *why)
{
	_cleanup_free_ char *connection = connection_text(charon, config);
	char text[sizeof(user_esp) + sizeof(both_esp) + 2 * sizeof(charon->dir)], there[8192];
	size_t len;
	int error;

	if (!connection)
		return -ENOMEM;
	len = (size_t)snprintf(text, sizeof(text), charon->if_id ? kernel_esp : user_esp, charon->dir);
	snprintf(text + len, sizeof(text) - len, both_esp, charon->dir);
	error = program_write(charon->dir, "strongswan.conf", text);
	if (error || (!program_read(charon->dir, "swanctl.conf", there, sizeof(there)) && !strcmp(there, connection))) {
		if (error)
			snprintf(why, 160, "its files in the state directory cannot be written: %s", strerror(-error));
		return error;
	}
	error = program_write(charon->dir, "swanctl.conf", connection);
	explicit_bzero(connection, strlen(connection));
	snprintf(text, sizeof(text), "%s/loaded", charon->dir);
	unlink(text);
	return error;
}

int charon_start(struct charon *charon, const struct annex *annex, const struct target_config *config, char *why)
{
	const char *const argv[] = {DAEMON, NULL};
	char variable[460], log[460], path[460];
	const char *const env[] = {variable, NULL};
	int error, pid;

	if (!is_proposal(config->vpn.ike) || !is_proposal(config->vpn.esp)) {
		snprintf(why, 160,
			"vpnIkeOption or vpnEspOption is not a proposal as strongSwan writes them: aes256-sha256-modp2048");
		return -EINVAL;
	}
	error = write_files(charon, config, why);
	if (error || annex_find(annex->env.inside_fd, "charon-systemd"))
		return error;
	snprintf(variable, sizeof(variable), "STRONGSWAN_CONF=%s/strongswan.conf", charon->dir);
	snprintf(log, sizeof(log), "%s/charon.out", charon->dir);
	snprintf(path, sizeof(path), "%s/loaded", charon->dir);
	unlink(path);
	snprintf(path, sizeof(path), "%s/vici", charon->dir);
	unlink(path);
	pid = program_start(argv, env, log);
	if (pid == -ENOENT)
		snprintf(why, 160,
			"strongSwan is not installed: packages charon-systemd, strongswan-swanctl, libcharon-extra-plugins");
	else if (pid < 0)
		snprintf(why, 160, "%s cannot be started: %s", DAEMON, strerror(-pid));
	return pid < 0 ? pid : 0;
}

static bool listens(const struct charon *charon)
{
	struct sockaddr_un sa = {.sun_family = AF_UNIX};
	_cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(sa.sun_path, sizeof(sa.sun_path), "%.100s/vici", charon->dir);
	return fd >= 0 && !connect(fd, (struct sockaddr *)&sa, sizeof(sa));
}

static int swanctl(const struct charon *charon, const char *verb, const char *option, const char *value, const char *more,
	const char *more_value, char *output, size_t room)
{
	char uri[460], variable[460];
	const char *argv[9] = {"swanctl", verb, "--uri", uri, option, value, more, more_value, NULL};
	const char *const env[] = {variable, NULL};
	struct program_run run = {.argv = argv, .env = env, .output = output, .room = room, .timeout_ms = TIMEOUT_MS};

	snprintf(uri, sizeof(uri), "unix://%s/vici", charon->dir);
	snprintf(variable, sizeof(variable), "STRONGSWAN_CONF=%s/strongswan.conf", charon->dir);
	return program_run(&run);
}

static time_t age_of(const struct charon *charon, const char *name)
{
	char path[460];
	struct stat st;

	snprintf(path, sizeof(path), "%s/%s", charon->dir, name);
	return stat(path, &st) ? -1 : time(NULL) - st.st_mtime;
}

// The last trouble in the log's tail, in words.
static void find_trouble(const struct charon *charon, char *why)
{
	char path[460], tail[8193], *rest = tail, *line;
	_cleanup_close_ int fd = -1;
	struct stat st;
	ssize_t got;

	*why = 0;
	snprintf(path, sizeof(path), "%s/charon.log", charon->dir);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st))
		return;
	got = pread(fd, tail, sizeof(tail) - 1, st.st_size > 8192 ? st.st_size - 8192 : 0);
	if (st.st_size > LOG_MAX && ftruncate(fd, 0))
		return;
	tail[got > 0 ? got : 0] = 0;
	while ((line = strsep(&rest, "\n")))
		for (size_t i = 0; i < array_len(troubles); i++) {
			const char *words = troubles[i].words, *gap = strstr(words, "%s");

			if (!strstr(line, troubles[i].said))
				continue;
			snprintf(why, 160, "%.*s%s", gap ? (int)(gap - words) : 160, words, gap ? charon->identity : "");
			break;
		}
}

static enum charon_state load(const struct charon *charon, char *why)
{
	char file[460], said[600] = "";
	int error;

	snprintf(file, sizeof(file), "%s/swanctl.conf", charon->dir);
	error = swanctl(charon, "--load-all", "--file", file, "--clear", NULL, said, sizeof(said));
	if (error) {
		char *last = strstr(said, "failed");

		snprintf(why, 160, "strongSwan refuses the configuration: %.100s",
			last ? last : strerror(error < 0 ? -error : EINVAL));
		return CHARON_DOWN;
	}
	program_write(charon->dir, "loaded", "");
	return CHARON_STARTING;
}

enum charon_state charon_look(struct charon *charon, const struct target_config *config, char *why)
{
	char sas[8192] = "";
	int error;

	(void)config;
	*why = 0;
	if (!listens(charon))
		return CHARON_GONE;
	if (age_of(charon, "loaded") < 0)
		return load(charon, why);
	error = swanctl(charon, "--list-sas", "--raw", NULL, NULL, NULL, sas, sizeof(sas));
	if (error)
		return error == -ETIME ? CHARON_BUSY : CHARON_STARTING;
	charon->ike_up = strstr(sas, "state=ESTABLISHED") || strstr(sas, "state=REKEYING");
	if (strstr(sas, "state=INSTALLED") || strstr(sas, "state=REKEY"))
		return CHARON_UP;
	find_trouble(charon, why);
	if (!strstr(sas, "list-sa event") && age_of(charon, "loaded") >= AGAIN_S &&
		(age_of(charon, "tried") < 0 || age_of(charon, "tried") >= AGAIN_S)) {
		program_write(charon->dir, "tried", "");
		swanctl(charon, "--initiate", "--child", "net", "--timeout", "-1", NULL, 0);
	}
	return CHARON_DOWN;
}

void charon_forget(const struct charon *charon)
{
	static const char *const names[] = {
		"strongswan.conf", "swanctl.conf", "charon.log", "charon.out", "loaded", "tried", "vici"};
	char path[460];

	for (size_t i = 0; i < array_len(names); i++) {
		snprintf(path, sizeof(path), "%s/%s", charon->dir, names[i]);
		unlink(path);
	}
	rmdir(charon->dir);
}
