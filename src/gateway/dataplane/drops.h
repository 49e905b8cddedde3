// SPDX-License-Identifier: Apache-2.0
// Why a packet was not delivered: the name is the metric's label. One list for the sockets (soft/) and the BPF programs (xdp/).
#pragma once

#define DP_DROP_LIST(X)                                                                                                          \
	X(GTPU_MALFORMED, "gtpu_malformed")                                                                                      \
	X(GTPU_UNKNOWN_TEID, "gtpu_unknown_teid")                                                                                \
	X(GTPU_WRONG_PEER, "gtpu_wrong_peer")                                                                                    \
	X(GTPU_EXTENSION, "gtpu_extension")                                                                                      \
	X(L2TP_MALFORMED, "l2tp_malformed")                                                                                      \
	X(L2TP_UNKNOWN_TUNNEL, "l2tp_unknown_tunnel")                                                                            \
	X(L2TP_UNKNOWN_SESSION, "l2tp_unknown_session")                                                                          \
	X(L2TP_WRONG_PEER, "l2tp_wrong_peer")                                                                                    \
	X(INNER_MALFORMED, "inner_malformed")                                                                                    \
	X(INNER_FOREIGN_SOURCE, "inner_foreign_source")                                                                          \
	X(INNER_FOREIGN_DESTINATION, "inner_foreign_destination")                                                                \
	X(INNER_TOO_BIG, "inner_too_big")                                                                                        \
	X(INNER_FAMILY, "inner_family")                                                                                          \
	X(INNER_UNKNOWN_DESTINATION, "inner_unknown_destination")                                                                \
	X(DISCARDED, "discarded")                                                                                                \
	X(RATE_LIMITED, "rate_limited")                                                                                          \
	X(SEND_FAILED, "send_failed")

enum dp_drop {
#define X(name, text) DP_DROP_##name,
	DP_DROP_LIST(X)
#undef X
		DP_DROP_COUNT
};
