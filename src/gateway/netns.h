// SPDX-License-Identifier: Apache-2.0
// Named network namespaces, kept as `ip netns` keeps them (bind mounts in /run/netns), so that `ip netns exec NAME` works on a slice.
// A thread enters and leaves namespaces, other threads do not notice: worker thread only.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define NETNS_NAME 128

// Opens the namespace, making it where it does not exist; the calling thread is back in `home_fd` afterwards. 0 or -errno.
int netns_open_or_new(const char *name, int home_fd, int *fd_out, bool *is_new);
int netns_open(const char *name, int *fd_out); // -ENOENT when there is none
int netns_self(int *fd_out); // the calling thread's own
int netns_enter(int fd);
int netns_delete(const char *name); // removes the name; the namespace goes when its last socket does. -ENOENT is 0
// Calls `each` with every name in /run/netns; it may delete that name.
void netns_each(void (*each)(void *owner, const char *name), void *owner);
// The kernel changes interfaces of all namespaces one at a time, and who writes certain sysctls meanwhile does not sleep but tries again and again. So
// that threads of ours wait for each other asleep, they take this before they change something.
void netns_turn_begin(void);
void netns_turn_end(void);
// Writes /proc/sys/net/<path> of the calling thread's namespace unless it says so already. 0 or -errno.
int netns_sysctl(const char *path, const char *value);
