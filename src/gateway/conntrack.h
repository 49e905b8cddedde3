// SPDX-License-Identifier: Apache-2.0
// Connection tracking of the network namespace that the calling thread is in, over nfnetlink. Worker thread only.
#pragma once

// Forgets all connections: the next packet of each is judged and translated anew. A TCP flow that the new rules still allow goes on
// (nf_conntrack_tcp_loose), and keeps its port where that is free. 0 or -errno.
int conntrack_flush(void);
