// SPDX-License-Identifier: Apache-2.0
// Captures of the gateway: which there are, and what each wants to see.
//
// A capture is about an endpoint (all its sessions, those to come too), a tunnel, or an LNS (all tunnels to it). Packets come by three ways: GTP-C
// from access.c, L2TP control messages from tunnel.c and lac.c, user packets and PPP from the data plane, which shows those of watched sessions
// only and lets them take the sockets meanwhile, so that a capture sees also what the fast path would carry. seen.c decides who wants a
// packet, takes the secrets out of a copy and writes it; upload.c carries the file to the controller, in pieces. A controller that takes
// slowly costs packets of the capture, never anything else: they are counted, in the file too.
//
// A capture ends when its time or size is reached, when it is stopped, or when the controller does not want it any longer.
#include "gateway/capture/private.h"

#include "base/clean.h"
#include "gateway/jsonget.h"

#include <errno.h>
#include <stdio.h>

LOG_CATEGORY(capture);

static const struct {
	const char *name, *description;
} levels[CAPTURE_LEVELS] = {
	[LEVEL_GTP] = {"gtp", "GTP-C and GTP-U, toward the mobile network"},
	[LEVEL_L2TP] = {"l2tp", "L2TP, toward the LNS"},
	[LEVEL_IP] = {"ip", "The SIM's own packets, as it sends and gets them"},
};

uint8_t captures_of_tunnel(const struct captures *captures, const struct tunnel *tunnel)
{
	uint8_t mask = 0;

	for (unsigned i = 0; i < CAPTURES_MAX; i++) {
		const struct capture *capture = captures->list[i];

		if (!capture || capture->is_ending)
			continue;
		if ((capture->subject == CAPTURE_TUNNEL && uuid_equal(&capture->about, &tunnel->id)) ||
			(capture->subject == CAPTURE_LNS && uuid_equal(&capture->about, &tunnel->lns_id)))
			mask |= (uint8_t)(1u << i);
	}
	return mask;
}

uint8_t captures_of_session(const struct captures *captures, const struct session *session)
{
	uint8_t mask = session->call ? captures_of_tunnel(captures, call_tunnel(session->call)) : 0;

	for (unsigned i = 0; i < CAPTURES_MAX; i++) {
		const struct capture *capture = captures->list[i];

		if (capture && !capture->is_ending && capture->subject == CAPTURE_ENDPOINT &&
			!memcmp(capture->about_packed, session->facts->endpoint, sizeof(session->facts->endpoint)))
			mask |= (uint8_t)(1u << i);
	}
	return mask;
}

void capture_installed(struct session *session)
{
	dp_session_watch(session->dp, captures_of_session(session->gateway->captures, session));
}

// After a capture has come or gone: sessions that one wants take the sockets, the others go back to the fast path.
static void watch_all(struct captures *captures)
{
	struct session *session;

	for (size_t at = 0; (session = sessions_next(&captures->gateway->sessions, &at));)
		if (session->dp)
			capture_installed(session);
}

static void forget_slot(struct captures *captures, unsigned slot)
{
	for (size_t i = 0; i < array_len(captures->remembered); i++)
		captures->remembered[i].mask &= (uint8_t) ~(1u << slot);
	for (size_t i = 0; i < array_len(captures->ended); i++)
		captures->ended[i].mask &= (uint8_t) ~(1u << slot);
}

void capture_end(struct capture *capture, const char *reason)
{
	struct gateway *gateway = capture->all->gateway;
	char comment[160];

	if (capture->is_ending)
		return;
	capture->is_ending = true;
	snprintf(capture->reason, sizeof(capture->reason), "%s", reason);
	snprintf(comment, sizeof(comment), "The capture ended: %s", reason);
	wheel_disarm(&gateway->wheel, &capture->end_timer);
	watch_all(capture->all);
	for (unsigned i = 0; i < CAPTURE_LEVELS; i++) {
		struct wire_out *out = capture->levels >> i & 1 ? capture_room(capture, 512) : NULL;

		if (out)
			pcapng_statistics(
				out, capture->interface[i], wall_ms() * 1000, capture->seen[i], capture->missed[i], comment);
	}
	log_info("a capture ended capture=%s reason=\"%s\" packets=%llu octets=%llu", capture->id.text, reason,
		(unsigned long long)capture->packets, (unsigned long long)capture->octets);
	capture_send(capture);
}

void capture_free(struct capture *capture)
{
	struct captures *captures = capture->all;
	struct gateway *gateway = captures->gateway;

	http_cancel(&capture->call);
	wheel_disarm(&gateway->wheel, &capture->end_timer);
	wheel_disarm(&gateway->wheel, &capture->send_timer);
	for (unsigned i = 0; i < CAPTURES_MAX; i++)
		if (captures->list[i] == capture) {
			captures->list[i] = NULL;
			forget_slot(captures, i);
		}
	free(capture->filling.start);
	free(capture->sending);
	free(capture);
	if (--captures->count)
		return;
	dp_watch(gateway->dp, false);
	free(captures);
	gateway->captures = NULL;
}

static void on_time_up(struct timer *timer, uint64_t now_ms)
{
	(void)now_ms;
	capture_end(container_of(timer, struct capture, end_timer), "its time was over");
}

static struct captures *captures_get(struct gateway *gateway)
{
	if (gateway->captures)
		return gateway->captures;
	gateway->captures = calloc(1, sizeof(*gateway->captures));
	if (!gateway->captures)
		return NULL;
	gateway->captures->gateway = gateway;
	dp_watch(gateway->dp, true);
	return gateway->captures;
}

static int take_subject(struct capture *capture, const json_t *row)
{
	static const struct {
		const char *member;
		enum capture_subject subject;
	} subjects[] = {{"endpoint", CAPTURE_ENDPOINT}, {"tunnel", CAPTURE_TUNNEL}, {"lns", CAPTURE_LNS}};

	for (size_t i = 0; i < array_len(subjects); i++) {
		const char *id = jsonget_text(row, subjects[i].member, "");

		if (!*id)
			continue;
		capture->subject = subjects[i].subject;
		uuid_set(&capture->about, id);
		uuid_pack(&capture->about, capture->about_packed);
		return 0;
	}
	return -EINVAL;
}

static int take_levels(struct capture *capture, const json_t *row)
{
	const json_t *words = json_object_get(row, "levels"), *word;
	uint8_t next = 0;
	size_t i;

	json_array_foreach((json_t *)words, i, word) for (unsigned level = 0; level < CAPTURE_LEVELS; level++)
	{
		if (json_is_string(word) && !strcmp(json_string_value(word), levels[level].name))
			capture->levels |= (uint8_t)(1u << level);
	}
	for (unsigned level = 0; level < CAPTURE_LEVELS; level++)
		if (capture->levels >> level & 1)
			capture->interface[level] = next++;
	return capture->levels ? 0 : -EINVAL;
}

static void write_head(struct capture *capture)
{
	static const char *const subjects[] = {
		[CAPTURE_ENDPOINT] = "endpoint", [CAPTURE_TUNNEL] = "tunnel", [CAPTURE_LNS] = "LNS"};
	struct wire_out *out = capture_room(capture, 1024);
	char comment[600];

	if (!out)
		return;
	snprintf(comment, sizeof(comment),
		"Capture of %s %s. Zeroed in the packets: passwords, responses to CHAP, what proves the tunnel secret, hidden "
		"AVPs. A packet "
		"in which that was done says so. The IP and UDP headers around GTP and L2TP are made up from the sockets' "
		"addresses.",
		subjects[capture->subject], capture->about.text);
	pcapng_section(out, "slicegate-gateway " SLICEGATE_VERSION, comment);
	for (unsigned level = 0; level < CAPTURE_LEVELS; level++)
		if (capture->levels >> level & 1)
			pcapng_interface(out, levels[level].name, levels[level].description, capture->snap);
	capture->octets = wire_used(out);
	capture_send(capture);
}

static int capture_new(struct captures *captures, const json_t *row, struct capture **out)
{
	struct capture *capture = calloc(1, sizeof(*capture));
	unsigned slot = 0;

	while (slot < CAPTURES_MAX && captures->list[slot])
		slot++;
	if (!capture || slot == CAPTURES_MAX || take_subject(capture, row) || take_levels(capture, row)) {
		free(capture);
		return -EINVAL;
	}
	capture->all = captures;
	captures->list[slot] = capture;
	captures->count++;
	uuid_set(&capture->id, jsonget_text(row, "capture", ""));
	capture->end_timer.fire = on_time_up;
	capture->send_timer.fire = capture_send_now;
	capture->octets_max = (uint64_t)jsonget_int(row, "octets", 1 << 24);
	capture->snap = (uint32_t)jsonget_int(row, "packetOctets", 65535);
	wheel_arm(&captures->gateway->wheel, &capture->end_timer,
		captures->gateway->now_ms + 1000 * (uint64_t)jsonget_int(row, "seconds", 60));
	*out = capture;
	return 0;
}

void capture_start(struct gateway *gateway, const json_t *row)
{
	struct captures *captures = captures_get(gateway);
	struct capture *capture;

	if (!captures || gateway->stopping)
		return;
	if (capture_new(captures, row, &capture)) {
		log_warn("a capture can't begin capture=%s running=%u", jsonget_text(row, "capture", ""), captures->count);
		if (!captures->count) {
			dp_watch(gateway->dp, false);
			free(captures);
			gateway->captures = NULL;
		}
		return;
	}
	log_info("a capture begins capture=%s about=%s", capture->id.text, capture->about.text);
	write_head(capture);
	watch_all(captures);
}

void capture_stop(struct gateway *gateway, const char *id)
{
	for (unsigned i = 0; gateway->captures && i < CAPTURES_MAX; i++) {
		struct capture *capture = gateway->captures->list[i];

		if (capture && !strcmp(capture->id.text, id))
			capture_end(capture, "it was stopped");
	}
}

void captures_free(struct gateway *gateway)
{
	for (unsigned i = 0; gateway->captures && i < CAPTURES_MAX; i++)
		if (gateway->captures->list[i])
			capture_free(gateway->captures->list[i]);
}
