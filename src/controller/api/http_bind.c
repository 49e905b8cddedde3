// SPDX-License-Identifier: Apache-2.0
#include "controller/api/http_bind.h"

#include "base/addr.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static int bind_unix(const char *path, char **out, char why[200])
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct stat status;

	if (strlen(path) >= sizeof(address.sun_path)) {
		snprintf(why, 200, "--listen unix:%.60s...: the path is too long for a socket (107 characters at most)", path);
		return -ENAMETOOLONG;
	}
	strcpy(address.sun_path, path);
	if (lstat(path, &status) == 0 && S_ISSOCK(status.st_mode))
		unlink(path);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 || chmod(path, 0660) < 0) {
		int error = -errno;

		snprintf(why, 200, "cannot listen on unix:%.100s: %s", path, strerror(-error));
		if (fd >= 0)
			close(fd);
		return error;
	}
	*out = strdup(path);
	return fd;
}

static int end_parse(const char *text, struct ip_end *out)
{
	const char *colon = strrchr(text, ':');
	char host[64];
	char *rest;

	if (!colon || (size_t)(colon - text) >= sizeof(host))
		return -EINVAL;
	bool bracketed = *text == '[' && colon > text && colon[-1] == ']';

	snprintf(host, sizeof(host), "%.*s", (int)(colon - text) - (bracketed ? 2 : 0), text + bracketed);
	unsigned long port = strtoul(colon + 1, &rest, 10);

	if (*rest || rest == colon + 1 || port > 65535 || ip_addr_parse(host, &out->addr))
		return -EINVAL;
	out->port = (uint16_t)port;
	return 0;
}

static int bind_tcp(const char *text, uint16_t *port, char why[200])
{
	struct sockaddr_storage address;
	struct ip_end end;
	int on = 1;

	if (end_parse(text, &end)) {
		snprintf(why, 200, "--listen %.60s: is not an address; accepted: 127.0.0.1:5050, [::1]:5050 or unix:/path", text);
		return -EINVAL;
	}
	socklen_t len = ip_end_to_sockaddr(&end, &address);
	int fd = socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd >= 0)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, len) < 0) {
		int error = -errno;

		snprintf(why, 200, "cannot listen on %.60s: %s", text, strerror(-error));
		if (fd >= 0)
			close(fd);
		return error;
	}
	if (port && getsockname(fd, (struct sockaddr *)&address, &len) == 0 &&
		ip_end_from_sockaddr((struct sockaddr *)&address, &end) == 0)
		*port = end.port;
	return fd;
}

int http_bind(const char *address, uint16_t *port, char **path, char why[200])
{
	if (strncmp(address, "unix:", 5) == 0)
		return bind_unix(address + 5, path, why);
	return bind_tcp(address, port, why);
}
