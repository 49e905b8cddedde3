// SPDX-License-Identifier: Apache-2.0
// What a capture sees of the data plane: whole datagrams as they came, before anything is checked or changed, and as they leave. Of user packets
// only those of watched sessions; PPP frames of all calls, since a call is not installed before its PPP is up.
#include "gateway/dataplane/soft/soft.h"

void dp_watch(struct dp *dp, bool on)
{
	dp->is_watching = on;
}

void soft_show_gtpu(struct dp *dp, const struct dp_session *session, bool is_sent, const uint8_t *datagram, size_t len)
{
	const struct dp_seen seen = {
		.is_sent = is_sent,
		.peer = &session->peer,
		.teid = session->teid,
		.datagram = datagram,
		.len = len,
	};

	if (session->is_watched && dp->host.on_seen)
		dp->host.on_seen(dp->host.owner, &seen);
}

void soft_show_l2tp(const struct dp_tunnel *tunnel, const struct dp_session *session, uint16_t session_id, bool is_sent,
	const uint8_t *datagram, size_t len)
{
	const struct dp_host *host = &tunnel->lac->dp->host;
	const struct dp_seen seen = {
		.lac = tunnel->lac,
		.lac_owner = tunnel->lac->owner,
		.is_sent = is_sent,
		.peer = &tunnel->peer,
		.teid = session ? session->teid : 0,
		.tunnel_id = tunnel->id,
		.session_id = session_id,
		.datagram = datagram,
		.len = len,
	};

	if ((!session || session->is_watched) && host->on_seen)
		host->on_seen(host->owner, &seen);
}
