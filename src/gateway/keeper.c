// SPDX-License-Identifier: Apache-2.0
// Why: a gateway that was killed has closed its sockets, and until its next start the kernel answers every LNS and SGW with "port
// unreachable", which some take for the end. So each socket has a second owner that does nothing with it. What arrives meanwhile waits
// in the socket, and an ephemeral port stays the same.
//
// The keeper is forked by the first gateway of a state directory and outlives it. It listens on STATE_DIR/keeper.sock (SOCK_SEQPACKET),
// one gateway at a time: a request is an octet and a name, a descriptor rides along (SCM_RIGHTS), and each is answered. It ends when a
// gateway says so (a stop in order), or when none came back for ABANDONED_MS.
#include "gateway/keeper.h"

#include "base/clean.h"
#include "base/fd.h"
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

LOG_CATEGORY(keeper);

#define ABANDONED_MS (10 * 60 * 1000)
#define ANSWER_MS 1000

enum verb { KEEPER_TAKE = 't', KEEPER_PUT = 'p', KEEPER_DROP = 'd', KEEPER_QUIT = 'q', KEEPER_YES = 'y', KEEPER_NO = 'n' };

struct message {
	char verb;
	char name[KEEPER_NAME]; // zero-terminated
};

struct kept {
	struct kept *next;
	int fd;
	char name[KEEPER_NAME];
};

struct keeper {
	int fd;
	unsigned unanswered; // requests whose answers nobody waits for
};

static int message_send(int to, char verb, const char *name, int fd)
{
	struct message message = {.verb = verb};
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = {0};
	struct iovec part = {.iov_base = &message, .iov_len = sizeof(message)};
	struct msghdr head = {.msg_iov = &part, .msg_iovlen = 1};

	snprintf(message.name, sizeof(message.name), "%s", name);
	if (fd >= 0) {
		struct cmsghdr *rights;

		head.msg_control = control.bytes;
		head.msg_controllen = sizeof(control.bytes);
		rights = CMSG_FIRSTHDR(&head);
		rights->cmsg_level = SOL_SOCKET;
		rights->cmsg_type = SCM_RIGHTS;
		rights->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(rights), &fd, sizeof(int));
	}
	return sendmsg(to, &head, MSG_NOSIGNAL) == sizeof(message) ? 0 : -(errno ? errno : EIO);
}

// 0; -EPIPE when the other side is gone. `*fd` is -1 when none came along.
static int message_recv(int from, struct message *message, int *fd, int flags)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control;
	struct iovec part = {.iov_base = message, .iov_len = sizeof(*message)};
	struct msghdr head = {
		.msg_iov = &part, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof(control.bytes)};
	ssize_t len = recvmsg(from, &head, MSG_CMSG_CLOEXEC | flags);
	struct cmsghdr *rights;

	*fd = -1;
	if (len < 0)
		return -errno;
	rights = CMSG_FIRSTHDR(&head);
	if (rights && rights->cmsg_level == SOL_SOCKET && rights->cmsg_type == SCM_RIGHTS)
		memcpy(fd, CMSG_DATA(rights), sizeof(int));
	if (len == sizeof(*message) && !message->name[KEEPER_NAME - 1])
		return 0;
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
	return -EPIPE;
}

static int address_of(const char *state_dir, struct sockaddr_un *out)
{
	*out = (struct sockaddr_un){.sun_family = AF_UNIX};
	return snprintf(out->sun_path, sizeof(out->sun_path), "%s/keeper.sock", state_dir) < (int)sizeof(out->sun_path)
		? 0
		: -ENAMETOOLONG;
}

static struct kept **find(struct kept **link, const char *name)
{
	while (*link && strcmp((*link)->name, name) != 0)
		link = &(*link)->next;
	return link;
}

static void let_go(struct kept **link)
{
	struct kept *kept = *link;

	*link = kept->next;
	close(kept->fd);
	free(kept);
}

static bool hold(struct kept **all, const char *name, int fd)
{
	struct kept **link = find(all, name);
	struct kept *kept;

	if (fd < 0)
		return false;
	if (*link)
		let_go(link);
	kept = calloc(1, sizeof(*kept));
	if (!kept) {
		close(fd);
		return false;
	}
	snprintf(kept->name, sizeof(kept->name), "%s", name);
	kept->fd = fd;
	kept->next = *all;
	*all = kept;
	return true;
}

// Serves one gateway until it goes. True when it said that nothing is to be kept.
static bool serve(int gateway, struct kept **all)
{
	struct message message;
	int fd;

	while (message_recv(gateway, &message, &fd, 0) == 0) {
		struct kept **kept = find(all, message.name);
		bool done = *kept;

		if (message.verb == KEEPER_QUIT)
			return true;
		if (message.verb == KEEPER_PUT)
			done = hold(all, message.name, fd);
		else if (message.verb == KEEPER_DROP && *kept)
			let_go(kept);
		if (message_send(
			    gateway, done ? KEEPER_YES : KEEPER_NO, "", message.verb == KEEPER_TAKE && done ? (*kept)->fd : -1))
			break;
	}
	return false;
}

static void keep(int listener)
{
	struct kept *all = NULL;
	struct pollfd wait = {.fd = listener, .events = POLLIN};
	int gateway = -1;

	while (poll(&wait, 1, ABANDONED_MS) > 0) {
		gateway = accept(listener, NULL, NULL);
		if (gateway >= 0 && serve(gateway, &all))
			break;
		if (gateway >= 0)
			close(gateway);
		gateway = -1;
	}
	// Answered only now: the next gateway must find neither this listener nor a port that is taken.
	close(listener);
	while (all)
		let_go(&all);
	if (gateway >= 0)
		(void)message_send(gateway, KEEPER_YES, "", -1);
}

// In the child: away from the gateway's session, files and name. Only the listener is taken along: whoever reads what the gateway says must see
// its end.
static void become_keeper(int listener)
{
	int nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);
	struct rlimit files;

	setsid();
	prctl(PR_SET_NAME, "slicegate-keep");
	signal(SIGINT, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		dup2(nowhere, fd);
	if (dup2(listener, 3) == 3)
		close_range(4, ~0u, 0);
	keep(3);
	_exit(0);
}

static int start(const struct sockaddr_un *address)
{
	_cleanup_close_ int listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	pid_t child;

	unlink(address->sun_path);
	if (listener < 0 || bind(listener, (const struct sockaddr *)address, sizeof(*address)) < 0 || listen(listener, 1) < 0)
		return -errno;
	child = fork();
	if (child < 0)
		return -errno;
	if (!child) { // once more, so that it is nobody's child
		if (fork() == 0)
			become_keeper(listener);
		_exit(0);
	}
	while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
		;
	return 0;
}

static int dial(const struct sockaddr_un *address, int *out)
{
	_cleanup_close_ int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	struct timeval patience = {.tv_sec = ANSWER_MS / 1000, .tv_usec = ANSWER_MS % 1000 * 1000};

	if (fd < 0 || connect(fd, (const struct sockaddr *)address, sizeof(*address)) < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	*out = TAKE_FD(fd);
	return 0;
}

int keeper_new(const char *state_dir, struct keeper **out)
{
	struct sockaddr_un address;
	struct keeper *keeper;
	int fd = -1, error = address_of(state_dir, &address);

	if (error)
		return error;
	error = dial(&address, &fd);
	if (error == -ENOENT || error == -ECONNREFUSED) {
		error = start(&address);
		if (!error)
			error = dial(&address, &fd);
	}
	if (error)
		return error;
	keeper = calloc(1, sizeof(*keeper));
	if (!keeper) {
		close(fd);
		return -ENOMEM;
	}
	keeper->fd = fd;
	*out = keeper;
	return 0;
}

// Takes the answers that were not waited for: all of them, or with MSG_DONTWAIT those that are there.
static int take_answers(struct keeper *keeper, int flags)
{
	struct message answer;
	int with, error = 0;

	while (keeper->unanswered && !(error = message_recv(keeper->fd, &answer, &with, flags))) {
		keeper->unanswered--;
		if (with >= 0)
			close(with);
		if (answer.verb != KEEPER_YES)
			log_debug("the keeper refused a socket, or had none to drop");
	}
	return error == -EAGAIN && flags ? 0 : error;
}

// Without waiting: a thousand LACs open their sockets while packets are served. The answers that have come are taken first, so the keeper, which
// answers one request after the other, always goes on.
static int tell(struct keeper *keeper, char verb, const char *name, int fd)
{
	int error = take_answers(keeper, MSG_DONTWAIT);

	if (!error)
		error = message_send(keeper->fd, verb, name, fd);
	keeper->unanswered += !error;
	return error;
}

// Asks, and waits for the answer: the keeper has nothing else to do. 0, -ENOENT for "no", or another -errno.
static int ask(struct keeper *keeper, char verb, const char *name, int fd, int *got)
{
	struct message answer;
	int with = -1, error = take_answers(keeper, 0);

	if (!error)
		error = message_send(keeper->fd, verb, name, fd);
	if (!error)
		error = message_recv(keeper->fd, &answer, &with, 0);
	if (error)
		return error;
	if (got)
		*got = with;
	else if (with >= 0)
		close(with);
	return answer.verb == KEEPER_YES ? 0 : -ENOENT;
}

int keeper_take(struct keeper *keeper, const char *name, int *fd)
{
	int got, error = keeper ? ask(keeper, KEEPER_TAKE, name, -1, &got) : -ENOENT;

	if (error || got < 0)
		return error ? error : -ENOENT;
	*fd = fd_high(got);
	return 0;
}

void keeper_put(struct keeper *keeper, const char *name, int fd)
{
	int error = keeper ? tell(keeper, KEEPER_PUT, name, fd) : 0;

	if (error)
		log_warn("a socket can't be kept over a restart name=\"%s\" error=%s", name, strerror(-error));
}

void keeper_drop(struct keeper *keeper, const char *name)
{
	if (keeper)
		(void)tell(keeper, KEEPER_DROP, name, -1);
}

void keeper_free(struct keeper **out, bool stay)
{
	struct keeper *keeper = *out;

	if (!keeper)
		return;
	if (!stay)
		(void)ask(keeper, KEEPER_QUIT, "", -1, NULL);
	close(keeper->fd);
	free(keeper);
	*out = NULL;
}
