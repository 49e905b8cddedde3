// SPDX-License-Identifier: Apache-2.0
// Tells when an interface comes, goes, or gains or loses its carrier, in the gateway's own namespace and in every namespace that has been
// given a number there (nl_nsid): one netlink socket hears them all. Control thread.
#pragma once

#include <stdbool.h>
#include <uv.h>

struct links;

#define LINKS_UNDERLAY (-1)

struct links_host {
	// `nsid` is LINKS_UNDERLAY for the gateway's own namespace. `is_running`: it is there, up and has a carrier.
	void (*on_link)(void *owner, int nsid, const char *name, bool is_there, bool is_running);
	void (*on_end)(void *owner); // no more for now: act on what was heard
	void (*on_lost)(void *owner); // some events were lost: look at everything again
	void *owner;
};

int links_new(uv_loop_t *loop, const struct links_host *host, struct links **out);
void links_free(struct links **links);
