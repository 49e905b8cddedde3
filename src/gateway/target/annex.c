// SPDX-License-Identifier: Apache-2.0
#include "gateway/target/annex.h"

#include "base/clean.h"
#include "base/log.h"
#include "gateway/netns.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/rtnetlink.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

LOG_CATEGORY(annex);

static const char *const daemons[] = {"charon-systemd", "bird"};

#define END_WAIT_MS 3000
#define LOOK_MS 20

static void name_of(const char *slice_name, const char *interface, char out[NETNS_NAME])
{
	snprintf(out, NETNS_NAME, "%s.%s", interface, slice_name);
}

static int set_sysctls(void)
{
	static const struct {
		const char *path, *value;
	} rows[] = {
		{"ipv4/conf/all/rp_filter", "0"},
		{"ipv4/conf/default/rp_filter", "0"},
		{"ipv4/conf/all/send_redirects", "0"},
		{"ipv4/conf/all/accept_redirects", "0"},
		{"ipv4/conf/all/accept_local", "1"}, // the daemon needs an address of the slice's side, which the slice has too
		{"ipv6/conf/all/disable_ipv6", "1"},
		{"ipv6/conf/default/disable_ipv6", "1"},
		{"ipv4/ip_forward", "1"},
	};

	for (size_t i = 0; i < array_len(rows); i++) {
		int error = netns_sysctl(rows[i].path, rows[i].value);

		if (error && error != -ENOENT)
			return error;
	}
	return 0;
}

static int set_end(struct nl *nl, const char *name, uint32_t addr, struct nl_link *out)
{
	struct nl_addr row = {.addr = ip_addr_v4(addr), .len = 32};
	int error = nl_link_get(nl, name, out);

	if (!error)
		error = nl_addrs_set(nl, out->index, &row, 1);
	if (!error && !(out->flags & IFF_UP))
		error = nl_link_up(nl, out->index);
	return error;
}

int annex_lay_cable(const struct target_env *slice, const char *interface, struct annex *annex)
{
	struct nl_link link;
	bool here = !nl_link_get(slice->inside, interface, &link),
	     there = !nl_link_get(annex->env.inside, "slice", &annex->inner);
	int error = 0;

	if (here && !there)
		error = nl_link_del(slice->inside, link.index);
	if (!error && !(here && there)) {
		error = nl_veth_new(slice->inside, interface, "slice", annex->env.inside_fd);
		if (!error)
			error = target_claim_link(slice->inside, interface);
	}
	if (!error)
		error = set_end(slice->inside, interface, ANNEX_SLICE_SIDE, &annex->cable);
	return error ? error : set_end(annex->env.inside, "slice", ANNEX_OWN_SIDE, &annex->inner);
}

static int open_annex(
	const struct target_env *slice, const struct uuid *owner, const char *interface, struct annex *annex, char *why)
{
	char name[NETNS_NAME];
	struct nl_link lo = {0};
	bool is_new;
	int error = netns_enter(slice->underlay_fd);

	name_of(slice->name, interface, name);
	if (!error)
		error = netns_open_or_new(name, slice->underlay_fd, &annex->env.inside_fd, &is_new);
	if (!error)
		error = netns_enter(annex->env.inside_fd);
	if (!error)
		error = nl_new(&annex->env.inside);
	if (!error)
		error = set_sysctls();
	if (!error)
		error = nl_link_get(annex->env.inside, "lo", &lo);
	if (!error && !(lo.flags & IFF_UP))
		error = nl_link_up(annex->env.inside, lo.index);
	return error ? error : transfer_start(&annex->env, owner, "out", &annex->transfer, why);
}

int annex_open(const struct target_env *slice, const struct uuid *owner, const char *interface, struct annex *out, char *why)
{
	int error;

	*why = 0;
	*out = (struct annex){.env = *slice};
	out->env.inside = NULL;
	out->env.inside_fd = -1;
	error = open_annex(slice, owner, interface, out, why);
	if (error && !*why)
		snprintf(why, 160, "the target's own network namespace cannot be set up: %s", strerror(-error));
	return error;
}

void annex_close(const struct target_env *slice, struct annex *annex)
{
	nl_free(&annex->env.inside);
	if (annex->env.inside_fd >= 0)
		close(annex->env.inside_fd);
	annex->env.inside_fd = -1;
	netns_enter(slice->inside_fd);
}

static bool is_program(const char *pid, ino_t ns, const char *program)
{
	char path[64], comm[32] = "";
	_cleanup_close_ int fd = -1;
	struct stat st;
	ssize_t got;

	snprintf(path, sizeof(path), "/proc/%.12s/ns/net", pid);
	if (stat(path, &st) || st.st_ino != ns)
		return false;
	snprintf(path, sizeof(path), "/proc/%.12s/comm", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	got = fd < 0 ? -1 : read(fd, comm, sizeof(comm) - 1);
	comm[got > 0 ? got - 1 : 0] = 0;
	for (size_t i = 0; i < array_len(daemons); i++)
		if (!strcmp(comm, daemons[i]))
			return !program || !strcmp(comm, program);
	return false;
}

int annex_find(int ns_fd, const char *program)
{
	DIR *dir = opendir("/proc");
	struct dirent *entry;
	struct stat st;
	int pid = 0;

	if (!dir || fstat(ns_fd, &st)) {
		if (dir)
			closedir(dir);
		return 0;
	}
	while (!pid && (entry = readdir(dir)))
		if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9' && is_program(entry->d_name, st.st_ino, program))
			pid = (pid_t)strtol(entry->d_name, NULL, 10);
	closedir(dir);
	return pid;
}

static bool has_ended(int pid)
{
	return waitpid(pid, NULL, WNOHANG) == pid || kill(pid, 0);
}

static void end_daemon(int pid)
{
	unsigned waited = 0;

	kill(pid, SIGTERM); // it says goodbye to its peer
	while (!has_ended(pid) && waited < END_WAIT_MS) {
		usleep(LOOK_MS * 1000);
		waited += LOOK_MS;
	}
	if (waited < END_WAIT_MS)
		return;
	log_warn("message=\"a target's daemon does not end, and is killed\" pid=%d", pid);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

void annex_end_daemons(int ns_fd)
{
	int pid;

	while ((pid = annex_find(ns_fd, NULL)))
		end_daemon(pid);
}

// The kernel takes a namespace down in its own time; its way out goes at once, so that who looks now sees that it is not used any more.
static void cut_off(int ns_fd)
{
	_cleanup_close_ int home = -1;
	struct nl *nl = NULL;
	struct nl_link out;

	if (netns_self(&home) || netns_enter(ns_fd))
		return;
	if (!nl_new(&nl) && !nl_link_get(nl, "out", &out))
		nl_link_del(nl, out.index);
	nl_free(&nl);
	netns_enter(home);
}

static void end(const char *name)
{
	_cleanup_close_ int fd = -1;

	if (netns_open(name, &fd))
		return;
	annex_end_daemons(fd);
	cut_off(fd);
	netns_delete(name);
}

void annex_end(const char *slice_name, const char *interface)
{
	char name[NETNS_NAME];

	name_of(slice_name, interface, name);
	end(name);
}

static void end_if_of(void *owner, const char *name)
{
	const char *slice_name = owner, *dot = strchr(name, '.');

	if (dot && !strcmp(dot + 1, slice_name))
		end(name);
}

void annex_end_all(const char *slice_name)
{
	netns_each(end_if_of, (void *)slice_name);
}
