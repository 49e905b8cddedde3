// SPDX-License-Identifier: Apache-2.0
// A listening address as a bound socket.
#pragma once

#include <stdint.h>

// "127.0.0.1:5050", "[::1]:5050" or "unix:/path" (made with mode 0660). `port` (may be NULL) gets the port of a TCP socket, `path` that of a Unix
// socket (the caller frees it). The descriptor, or -errno with one line in `why`.
int http_bind(const char *address, uint16_t *port, char **path, char why[200]);
