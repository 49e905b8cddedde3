// SPDX-License-Identifier: Apache-2.0
// Connection tracking of the network namespace that the calling thread is in, over nfnetlink. Worker thread only.
#pragma once

#include "base/addr.h"

#include <stdint.h>

// Forgets all connections: the next packet of each is judged and translated anew. A TCP flow that the new rules still allow goes on
// (nf_conntrack_tcp_loose), and keeps its port where that is free. 0 or -errno.
int conntrack_flush(void);

struct conntrack_ends {
	struct ip_end source, destination; // of ICMP both ports are its identifier
};

struct conntrack_row {
	struct conntrack_ends sent,
		answered; // as the first packet was, and as its answers are: the two differ where it is translated
	uint64_t started_ms; // since 1970; 0 where the namespace does not note it
	uint64_t packets, octets; // both ways; 0 where it does not count
	uint32_t timeout_s; // what is left of it
	uint32_t mark;
	uint8_t protocol; // IPPROTO_*
};

// Calls `each` with each connection of IPv4; it returns false to hear no more. 0 or -errno.
int conntrack_each(bool (*each)(void *owner, const struct conntrack_row *row), void *owner);

// Ends the connections, of both families, that `is_over` says it of; the next packet of each is judged and translated anew. 0 or -errno.
int conntrack_end(bool (*is_over)(void *owner, const struct conntrack_row *row), void *owner);

struct conntrack_stats {
	uint64_t no_room; // connections that were dropped because no port, or no room in the table, was left for them
};
int conntrack_stats(struct conntrack_stats *out); // since the namespace was made; 0 or -errno
