// SPDX-License-Identifier: Apache-2.0
// The portal's files, as the controller serves them at "/". The portal itself is portal/: it speaks the API like everyone else.
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct exchange;

// One file, compressed by the build (portal/build.mjs).
struct portal_asset {
	const char *path, *content_type;
	const char *etag; // quoted
	bool is_hashed; // its name changes with its content: it may be kept for ever
	const unsigned char *bytes; // gzip
	size_t len;
};
// Made by the build; none when it was configured without Node.js.
extern const struct portal_asset portal_assets[];
extern const size_t portal_asset_count;

// Answers a request for a file or a view of the portal; false when the path is not the portal's. `web_root` is a folder whose files are
// served instead of the embedded ones (for development), or NULL.
bool portal_request(const char *web_root, struct exchange *exchange);
