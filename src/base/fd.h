// SPDX-License-Identifier: Apache-2.0
// Descriptors that live long go high: libraries that use select() (libnftables does) end the process when theirs is not below FD_SETSIZE, and a
// gateway of a thousand slices holds thousands.
#pragma once

#include <sys/select.h>

#include <fcntl.h>
#include <unistd.h>

// The same file under a number that select() has no use for; the old number is closed. `fd` itself where that cannot be had, or is an error.
static inline int fd_high(int fd)
{
	int high = fd >= 0 && fd < FD_SETSIZE ? fcntl(fd, F_DUPFD_CLOEXEC, FD_SETSIZE) : -1;

	if (high < 0)
		return fd;
	close(fd);
	return high;
}
