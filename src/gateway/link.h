// SPDX-License-Identifier: Apache-2.0
// The link to the controller (docs/reference/gateway-link.md): the gateway dials, reads the endless configuration stream, posts reports.
//
// The stream is recorded as it comes in STATE_DIR/config.ndjson, so a gateway that starts while the controller is away goes on with what it
// had. Rows between `hello` and `ready` are applied together.
#pragma once

#include "base/http.h"
#include "gateway/config.h"
#include "gateway/report.h"

struct link;

struct link_options {
	const char *
		controller; // "http://127.0.0.1:5050" or "unix:/run/slicegate/controller.sock"; NULL = none: the snapshot is all there is
	const char *token_file; // holds the bearer token; read at each dial, so that it can be replaced
	const char *gateway; // our moniker
	const char *state_dir; // where config.ndjson is kept; NULL = nowhere
	const char *snapshot; // a configuration file to start from, in place of the recorded one; NULL = none
};

struct link_host {
	// The configuration changed. `config` is the one to use from now on; with `all`, it is another object and anything may differ.
	void (*on_config)(void *owner, struct config *config, bool all, const struct config_change *changes, size_t count);
	void (*on_command)(void *owner, const char *command, const json_t *row);
	// The stream is up (again): live sessions and tunnels should be told anew.
	void (*on_sync)(void *owner);
	// Asked before each batch: more rows may be added to the spool now (usage, a piece of a sync).
	void (*on_fill)(void *owner);
	void *owner;
};

// Reads the recorded configuration (or the snapshot; a faulty snapshot is -EINVAL), then dials. Borrows `report`. 0 or -errno.
int link_new(uv_loop_t *loop, struct http *http, const struct link_options *options, const struct link_host *host,
	struct report *report, struct link **out);
void link_free(struct link **link);
// There is something to report: a batch goes out soon.
void link_kick(struct link *link);
bool link_is_up(const struct link *link);
// Posts octets to /gateway/v1/PATH (which has a query already). `on_done` as of http_start; the octets are copied. 0 or -errno.
int link_upload(struct link *link, const char *path, const void *bytes, size_t len,
	void (*on_done)(void *owner, long status, const char *error), void *owner, struct http_call **out);
