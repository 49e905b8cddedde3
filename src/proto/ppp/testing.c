// SPDX-License-Identifier: Apache-2.0

#include "proto/ppp/testing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clean.h"
#include "base/wire.h"

static struct testing_end *end_of(struct ppp_link *link)
{
	return container_of(link, struct testing_end, link);
}

static uint32_t roll(uint32_t *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 8;
}

static void put_on_wire(struct testing_wire *wire, struct testing_end *to, const struct testing_packet *packet)
{
	uint32_t copies = roll(&wire->seed) % 100 < wire->loss ? 0 : 1;

	copies += copies && roll(&wire->seed) % 100 < wire->duplicate;
	while (copies-- && !wire->cut && wire->count < array_len(wire->queue)) {
		wire->queue[wire->count].due_ms =
			wire->now_ms + wire->delay_min_ms + roll(&wire->seed) % (wire->delay_max_ms - wire->delay_min_ms + 1);
		wire->queue[wire->count].to = to;
		wire->queue[wire->count++].packet = *packet;
	}
}

static void on_send(struct ppp_link *link, uint16_t protocol, const uint8_t *bytes, size_t len)
{
	struct testing_end *end = end_of(link);
	struct testing_packet *packet = &end->sent[end->sent_count++ % TESTING_SENT];

	if (len > PPP_PACKET_MAX || len < 4)
		abort();
	packet->protocol = protocol;
	packet->len = len;
	memcpy(packet->bytes, bytes, len);
	if (end->wire)
		put_on_wire(end->wire, end->other, packet);
}

static void on_event(struct ppp_link *link, const struct ppp_event *event)
{
	struct testing_end *end = end_of(link);
	struct testing_event *kept;

	if (end->event_count == TESTING_EVENTS) // a long run: the oldest go
		memmove(end->events, end->events + 1, sizeof(end->events[0]) * --end->event_count);
	kept = &end->events[end->event_count++];
	kept->kind = event->kind;
	kept->reason = event->reason;
	snprintf(kept->text, sizeof(kept->text), "%.*s", (int)event->text_len, event->text);
}

static void on_random(struct ppp_link *link, void *out, size_t len)
{
	uint8_t *bytes = out;

	for (size_t i = 0; i < len; i++)
		bytes[i] = (uint8_t)roll(&end_of(link)->seed);
}

static int on_credentials(struct ppp_link *link, enum ppp_auth, struct ppp_credentials *out)
{
	*out = end_of(link)->credentials;
	return out->name ? 0 : -ENOENT;
}

static int on_password(struct ppp_link *link, const void *name, size_t name_len, const void **password, size_t *password_len)
{
	const struct testing_end *end = end_of(link);

	if (!end->user)
		return PPP_ANYBODY;
	if (name_len != strlen(end->user) || memcmp(name, end->user, name_len) != 0)
		return -ENOENT;
	*password = end->password;
	*password_len = strlen(end->password);
	return 0;
}

static int on_assign(struct ppp_link *link, uint32_t, uint32_t *address)
{
	*address = end_of(link)->pool;
	return *address ? 0 : -ENOSPC;
}

static const struct ppp_ops ops = {
	.send = on_send,
	.event = on_event,
	.random = on_random,
	.credentials = on_credentials,
	.password = on_password,
	.assign = on_assign,
};

void testing_client(struct testing_end *end, const char *user, const char *password)
{
	memset(end, 0, sizeof(*end));
	ppp_options_init(&end->options);
	end->options.counters = &end->counters;
	end->options.echo_interval_ms = 0;
	end->seed = 1;
	end->credentials.name = user;
	end->credentials.name_len = user ? strlen(user) : 0;
	end->credentials.password = password;
	end->credentials.password_len = password ? strlen(password) : 0;
	ppp_link_init(&end->link, &ops, &end->options);
}

void testing_server(struct testing_end *end, uint8_t auth, const char *user, const char *password)
{
	memset(end, 0, sizeof(*end));
	ppp_options_init(&end->options);
	end->options.counters = &end->counters;
	end->options.echo_interval_ms = 0;
	end->options.server = true;
	end->options.auth_require = auth;
	end->options.address = 0x0a4c0001;
	end->options.dns[0] = 0x0a4d0035;
	end->options.dns[1] = 0x0a4d0036;
	end->seed = 77;
	end->user = user;
	end->password = password;
	end->pool = 0x0a4d0007;
	ppp_link_init(&end->link, &ops, &end->options);
}

const char *testing_sent(struct testing_end *end)
{
	static char text[8 + 2 * PPP_PACKET_MAX];
	const struct testing_packet *packet;
	int at;

	if (end->read_count == end->sent_count)
		return "";
	packet = &end->sent[end->read_count++ % TESTING_SENT];
	at = snprintf(text, sizeof(text), "%04x ", packet->protocol);
	for (size_t i = 0; i < packet->len; i++)
		at += snprintf(text + at, sizeof(text) - (size_t)at, "%02x", packet->bytes[i]);
	return text;
}

size_t testing_unhex(const char *hex, uint8_t *out, size_t size)
{
	size_t n = 0;
	unsigned int octet;

	for (; *hex; hex++) {
		if (*hex == ' ')
			continue;
		if (n == size || sscanf(hex, "%2x", &octet) != 1)
			abort();
		out[n++] = (uint8_t)octet;
		hex++;
	}
	return n;
}

void testing_recv(struct testing_end *end, uint16_t protocol, const char *hex, uint64_t now_ms)
{
	uint8_t bytes[PPP_PACKET_MAX + 64];
	size_t len = testing_unhex(hex, bytes, sizeof(bytes));
	_cleanup_free_ uint8_t *exact = malloc(len ? len : 1); // so that a read past the end is seen

	if (!exact)
		abort();
	memcpy(exact, bytes, len);
	ppp_link_recv(&end->link, protocol, exact, len, now_ms);
}

const char *testing_events(const struct testing_end *end)
{
	static const char *const names[] = {"down", "lcp-up", "auth-ok", "auth-failed", "ipv4-up", "ipv6-up", "up", "ended"};
	static char text[1024];
	int at = 0;

	text[0] = 0;
	for (size_t i = 0; i < end->event_count; i++)
		at += snprintf(text + at, sizeof(text) - (size_t)at, "%s%s", i ? " " : "", names[end->events[i].kind]);
	return text;
}

const struct testing_event *testing_last(const struct testing_end *end, enum ppp_event_kind kind)
{
	static const struct testing_event nothing = {.kind = PPP_EVENT_ENDED, .reason = PPP_REASON_COUNT};

	for (size_t i = end->event_count; i > 0; i--)
		if (end->events[i - 1].kind == kind)
			return &end->events[i - 1];
	return &nothing;
}

void testing_rest(struct testing_end *end, uint64_t now_ms)
{
	const struct ppp_ops *own = end->link.ops;
	struct ppp_record record;

	if (ppp_link_save(&end->link, &record))
		abort();
	memset(&end->link, 0xee, sizeof(end->link));
	if (ppp_link_resume(&end->link, own, &end->options, &record, now_ms))
		abort();
}

void testing_join(struct testing_wire *wire, struct testing_end *a, struct testing_end *b)
{
	a->wire = b->wire = wire;
	a->other = b;
	b->other = a;
	if (wire->delay_max_ms < wire->delay_min_ms)
		wire->delay_max_ms = wire->delay_min_ms;
}

static uint64_t next_of(const struct testing_wire *wire, const struct testing_end *a, const struct testing_end *b)
{
	uint64_t next = ppp_link_next(&a->link), other = ppp_link_next(&b->link);

	next = other < next ? other : next;
	for (size_t i = 0; i < wire->count; i++)
		next = wire->queue[i].due_ms < next ? wire->queue[i].due_ms : next;
	return next;
}

static void deliver(struct testing_wire *wire)
{
	for (size_t i = 0; i < wire->count;) {
		struct testing_packet packet = wire->queue[i].packet;
		struct testing_end *to = wire->queue[i].to;

		if (wire->queue[i].due_ms > wire->now_ms) {
			i++;
			continue;
		}
		memmove(&wire->queue[i], &wire->queue[i + 1], sizeof(wire->queue[0]) * (--wire->count - i));
		ppp_link_recv(&to->link, packet.protocol, packet.bytes, packet.len, wire->now_ms);
	}
}

// One step to the next moment at which anything happens; false when that is past `until_ms`.
static bool step(struct testing_wire *wire, struct testing_end *a, struct testing_end *b, uint64_t until_ms)
{
	uint64_t next = next_of(wire, a, b);

	if (next > until_ms) {
		wire->now_ms = until_ms;
		return false;
	}
	wire->now_ms = next > wire->now_ms ? next : wire->now_ms;
	deliver(wire);
	if (ppp_link_next(&a->link) <= wire->now_ms)
		ppp_link_tick(&a->link, wire->now_ms);
	if (ppp_link_next(&b->link) <= wire->now_ms)
		ppp_link_tick(&b->link, wire->now_ms);
	return true;
}

static bool is_decided(const struct testing_end *a, const struct testing_end *b)
{
	bool ended = a->event_count && a->events[a->event_count - 1].kind == PPP_EVENT_ENDED;

	ended |= b->event_count && b->events[b->event_count - 1].kind == PPP_EVENT_ENDED;
	return ended || (ppp_link_is_up(&a->link) && ppp_link_is_up(&b->link));
}

void testing_run(struct testing_wire *wire, struct testing_end *a, struct testing_end *b, uint64_t until_ms)
{
	while (!is_decided(a, b) && step(wire, a, b, until_ms))
		;
}

void testing_pass(struct testing_wire *wire, struct testing_end *a, struct testing_end *b, uint64_t until_ms)
{
	while (step(wire, a, b, until_ms))
		;
}
