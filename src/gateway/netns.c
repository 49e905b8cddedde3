// SPDX-License-Identifier: Apache-2.0
#include "gateway/netns.h"

#include "base/clean.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#define NETNS_DIR "/run/netns"

static void path_of(const char *name, char out[NETNS_NAME + sizeof(NETNS_DIR)])
{
	snprintf(out, NETNS_NAME + sizeof(NETNS_DIR), "%s/%s", NETNS_DIR, name);
}

// The directory must be a shared mount point: a name made in one mount namespace then shows, and can be deleted, in all.
static int share_dir(void)
{
	if (mkdir(NETNS_DIR, 0755) && errno != EEXIST)
		return -errno;
	if (!mount("", NETNS_DIR, "none", MS_SHARED | MS_REC, NULL))
		return 0;
	if (errno != EINVAL)
		return -errno;
	if (mount(NETNS_DIR, NETNS_DIR, "none", MS_BIND | MS_REC, NULL))
		return -errno;
	return mount("", NETNS_DIR, "none", MS_SHARED | MS_REC, NULL) ? -errno : 0;
}

static int prepare_dir(void)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	int error;

	pthread_mutex_lock(&lock);
	error = share_dir();
	pthread_mutex_unlock(&lock);
	return error;
}

int netns_open(const char *name, int *fd_out)
{
	char path[NETNS_NAME + sizeof(NETNS_DIR)];
	_cleanup_close_ int fd = -1;
	struct statfs fs;

	path_of(name, path);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	// A plain file is what a kill between "make the file" and "mount on it" leaves.
	if (fstatfs(fd, &fs))
		return -errno;
	if (fs.f_type != NSFS_MAGIC)
		return -ENOENT;
	*fd_out = TAKE_FD(fd);
	return 0;
}

int netns_open_or_new(const char *name, int home_fd, int *fd_out, bool *is_new)
{
	char path[NETNS_NAME + sizeof(NETNS_DIR)];
	int file, error = netns_open(name, fd_out);

	*is_new = false;
	if (error != -ENOENT)
		return error;
	error = prepare_dir();
	if (error)
		return error;
	path_of(name, path);
	file = open(path, O_RDONLY | O_CREAT | O_CLOEXEC, 0);
	if (file < 0)
		return -errno;
	close(file);
	if (unshare(CLONE_NEWNET) || mount("/proc/thread-self/ns/net", path, "none", MS_BIND, NULL))
		error = -errno;
	if (setns(home_fd, CLONE_NEWNET) && !error)
		error = -errno;
	if (!error)
		error = netns_open(name, fd_out);
	if (error)
		netns_delete(name);
	*is_new = !error;
	return error;
}

int netns_self(int *fd_out)
{
	int fd = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	*fd_out = fd;
	return 0;
}

int netns_enter(int fd)
{
	return setns(fd, CLONE_NEWNET) ? -errno : 0;
}

int netns_delete(const char *name)
{
	char path[NETNS_NAME + sizeof(NETNS_DIR)];

	path_of(name, path);
	umount2(path, MNT_DETACH);
	return unlink(path) && errno != ENOENT ? -errno : 0;
}

void netns_each(void (*each)(void *owner, const char *name), void *owner)
{
	DIR *dir = opendir(NETNS_DIR);
	struct dirent *entry;

	if (!dir)
		return;
	while ((entry = readdir(dir)))
		if (entry->d_name[0] != '.' && strlen(entry->d_name) < NETNS_NAME)
			each(owner, entry->d_name);
	closedir(dir);
}

static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;

void netns_turn_begin(void)
{
	pthread_mutex_lock(&turn);
}

void netns_turn_end(void)
{
	pthread_mutex_unlock(&turn);
}

int netns_sysctl(const char *path, const char *value)
{
	char full[160], there[32] = "";
	_cleanup_close_ int fd = -1;
	size_t len = strlen(value);
	ssize_t got;

	snprintf(full, sizeof(full), "/proc/sys/net/%s", path);
	fd = open(full, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	got = read(fd, there, sizeof(there) - 1);
	if (got > 0 && (size_t)got >= len && !strncmp(there, value, len) && (there[len] == '\n' || !there[len]))
		return 0;
	netns_turn_begin();
	got = pwrite(fd, value, len, 0);
	netns_turn_end();
	return got == (ssize_t)len ? 0 : got < 0 ? -errno : -EIO;
}
