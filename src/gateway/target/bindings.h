// SPDX-License-Identifier: Apache-2.0
// The NAT bindings of a slice's Internet targets: who has which public address and port just now, toward whom. They are read from the kernel's
// tracking of connections: the slice's says which of the link's addresses and ports a SIM has, the underlay's what became of those outside.
#pragma once

#include "base/vec.h"
#include "gateway/config.h"

#define BINDINGS_MAX 200000 // that are looked at, of one slice

struct binding {
	struct uuid target;
	struct ip_end inner, public, remote; // public: IP_NONE where the underlay has none any more
	uint64_t started_ms, packets, octets;
	uint32_t timeout_s;
	uint8_t protocol;
};

// Which ones; what is empty or 0 may be anything.
struct binding_query {
	struct uuid target;
	struct ip_end inner, public, remote;
	uint8_t protocol;
	size_t offset, limit; // of the page
};

struct bindings {
	VEC(struct binding) rows; // the page, by inner address and port
	size_t total;
};

struct binding_link { // of a target
	struct uuid target;
	uint32_t nat_base; // struct transfer
};

// The thread is in the slice, and in the underlay afterwards. 0 or -errno.
int bindings_get(
	int underlay_fd, const struct binding_link *links, size_t count, const struct binding_query *query, struct bindings *out);
