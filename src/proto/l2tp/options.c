// SPDX-License-Identifier: Apache-2.0
#include "proto/l2tp/tunnel.h"

void l2tp_options_default(struct l2tp_options *out)
{
	*out = (struct l2tp_options){.auth = L2TP_AUTH_REQUIRE,
		.tie_breaker = true,
		.accept_move = true,
		.sequencing = L2TP_SEQUENCING_ON_REQUEST,
		.receive_window = 16,
		.send_window = 16,
		.framing_capabilities = 3,
		.hello_ms = 60000,
		.retransmit_ms = 1000,
		.retransmit_cap_ms = 8000,
		.setup_retransmit_ms = 1000,
		.retries = 5,
		.setup_retries = 2,
		.call_wait_ms = 1500,
		.queue_max = 8192,
		.asked_max = 64};
}

uint32_t l2tp_cycle_ms(const struct l2tp_options *options)
{
	uint64_t wait = options->retransmit_ms ? options->retransmit_ms : 1, total = 0;
	uint64_t cap = options->retransmit_cap_ms > wait ? options->retransmit_cap_ms : wait;

	for (int i = 0; i <= options->retries; i++) {
		total += wait;
		wait = wait * 2 < cap ? wait * 2 : cap;
	}
	return total < UINT32_MAX ? (uint32_t)total : UINT32_MAX;
}

static bool same(struct l2tp_bytes a, struct l2tp_bytes b)
{
	return a.len == b.len && (!a.len || memcmp(a.bytes, b.bytes, a.len) == 0);
}

bool l2tp_tunnel_reconfigure(struct l2tp_tunnel *tunnel, const struct l2tp_options *options)
{
	const struct l2tp_options *old = tunnel->options;
	bool is_taken = same(old->host_name, options->host_name) && old->auth == options->auth && old->hide == options->hide &&
		same(old->peer_host_name, options->peer_host_name) && old->receive_window == options->receive_window;
	bool has_secret = false;

	// A secret that is only being replaced stays as the other one of the two: the tunnel goes on with it.
	for (uint8_t i = 0; i < L2TP_SECRETS && !has_secret; i++) {
		has_secret = same(old->secrets[tunnel->secret], options->secrets[i]);
		if (has_secret)
			tunnel->secret = i;
	}
	if (!has_secret)
		tunnel->secret = 0;
	tunnel->options = options;
	tunnel->channel.options = options;
	return is_taken && has_secret;
}
