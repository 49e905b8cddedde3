// SPDX-License-Identifier: Apache-2.0
#include "gateway/target/program.h"

#include "base/clean.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

// The gateway's environment and `more` behind it; the list is the caller's.
static char **environment(const char *const *more)
{
	size_t count = 0, extra = 0;
	char **all;

	while (environ[count])
		count++;
	while (more && more[extra])
		extra++;
	all = calloc(count + extra + 1, sizeof(*all));
	if (!all)
		return NULL;
	for (size_t i = 0; i < extra; i++)
		all[i] = (char *)more[i];
	memcpy(all + extra, environ, count * sizeof(*all));
	return all;
}

// Signals as a program expects them: the gateway ignores SIGPIPE, its threads block some.
static int attributes(posix_spawnattr_t *attr, bool own_session)
{
	sigset_t all, none;

	sigfillset(&all);
	sigemptyset(&none);
	if (posix_spawnattr_init(attr))
		return -ENOMEM;
	posix_spawnattr_setsigdefault(attr, &all);
	posix_spawnattr_setsigmask(attr, &none);
	posix_spawnattr_setflags(
		attr, (short)(POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | (own_session ? POSIX_SPAWN_SETSID : 0)));
	return 0;
}

static int spawn(
	const char *const *argv, const char *const *env, const posix_spawn_file_actions_t *actions, bool own_session, pid_t *pid)
{
	_cleanup_free_ char **all = environment(env);
	posix_spawnattr_t attr;
	int error = all ? attributes(&attr, own_session) : -ENOMEM;

	if (error)
		return error;
	error = -posix_spawnp(pid, argv[0], actions, &attr, (char *const *)argv, all);
	posix_spawnattr_destroy(&attr);
	return error;
}

// Takes the output until it ends, or time is up, or (1) it is more than is wanted.
static int listen_to(int out, const struct program_run *run)
{
	uint64_t until = now_ms() + run->timeout_ms, now;
	size_t len = 0;

	while ((now = now_ms()) < until) {
		struct pollfd fd = {.fd = out, .events = POLLIN};
		char scrap[4096];
		ssize_t got;

		if (poll(&fd, 1, (int)(until - now)) <= 0)
			continue;
		got = read(out, scrap, sizeof(scrap));
		if (got <= 0)
			return 0;
		if (run->output && len + 1 < run->room) {
			size_t take = (size_t)got < run->room - 1 - len ? (size_t)got : run->room - 1 - len;

			memcpy(run->output + len, scrap, take);
			len += take;
			run->output[len] = 0;
		}
		if (run->is_cut && len + 1 >= run->room)
			return 1;
	}
	return -ETIME;
}

static int finish(pid_t pid, int talked)
{
	int status;

	if (talked)
		kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	if (talked)
		return talked < 0 ? talked : 0;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int program_run(const struct program_run *run)
{
	posix_spawn_file_actions_t actions;
	_cleanup_close_ int in = -1, out = -1;
	int to[2], from[2], error;
	pid_t pid;

	if (run->output && run->room)
		run->output[0] = 0;
	// The child's input is written in one piece where it fits a pipe, which every configuration of ours does; a reader that is gone is no
	// reason to die of SIGPIPE, which the gateway ignores.
	if (pipe2(to, O_CLOEXEC))
		return -errno;
	if (pipe2(from, O_CLOEXEC)) {
		error = -errno;
		close(to[0]);
		close(to[1]);
		return error;
	}
	in = to[1];
	out = from[0];
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, to[0], 0);
	posix_spawn_file_actions_adddup2(&actions, from[1], 1);
	posix_spawn_file_actions_adddup2(&actions, from[1], 2);
	error = spawn(run->argv, run->env, &actions, false, &pid);
	posix_spawn_file_actions_destroy(&actions);
	close(to[0]);
	close(from[1]);
	if (error)
		return error;
	if (run->input && write(in, run->input, strlen(run->input)) < 0 && errno != EPIPE)
		error = -errno;
	close(TAKE_FD(in)); // its end is part of the input
	return finish(pid, error ? error : listen_to(out, run));
}

int program_start(const char *const *argv, const char *const *env, const char *log_path)
{
	posix_spawn_file_actions_t actions;
	pid_t pid;
	int error;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_addopen(&actions, 1, log_path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	posix_spawn_file_actions_adddup2(&actions, 1, 2);
	error = spawn(argv, env, &actions, true, &pid);
	posix_spawn_file_actions_destroy(&actions);
	return error ? error : pid;
}

// With the directory above it.
static int make_dir(const char *dir)
{
	_cleanup_free_ char *above = strdup(dir);
	char *slash = above ? strrchr(above, '/') : NULL;

	if (!mkdir(dir, 0700) || errno == EEXIST)
		return 0;
	if (errno != ENOENT || !slash || slash == above)
		return -1;
	*slash = 0;
	if (mkdir(above, 0700) && errno != EEXIST)
		return -1;
	return mkdir(dir, 0700) && errno != EEXIST ? -1 : 0;
}

int program_write(const char *dir, const char *name, const char *text)
{
	_cleanup_close_ int fd = -1;
	char path[512], fresh[520];
	size_t len = strlen(text);

	if (make_dir(dir))
		return -errno;
	if (snprintf(path, sizeof(path), "%s/%s", dir, name) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	snprintf(fresh, sizeof(fresh), "%s.new", path);
	fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return -errno;
	if (write(fd, text, len) != (ssize_t)len || fsync(fd) || rename(fresh, path))
		return -errno;
	return 0;
}

int program_read(const char *dir, const char *name, char *out, size_t room)
{
	_cleanup_close_ int fd = -1;
	char path[512];
	ssize_t got;

	if (snprintf(path, sizeof(path), "%s/%s", dir, name) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	got = read(fd, out, room - 1);
	if (got < 0)
		return -errno;
	out[got] = 0;
	return 0;
}
