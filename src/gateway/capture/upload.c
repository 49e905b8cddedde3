// SPDX-License-Identifier: Apache-2.0
// The way of a capture's file to the controller: POST /gateway/v1/captures/{id}, one piece at a time, each of whole blocks. The next piece fills
// while one is on its way, up to FILL_MAX; then packets are left out. A piece that got no answer is sent again under its number.
#include "gateway/capture/private.h"

#include "base/clean.h"

#include <stdio.h>

#define FILL_MAX (1 << 20) // octets that wait at most
#define GATHER_MS 20 // what comes close together travels together
#define FAILURES_MAX 6
#define RETRY_MS 500

struct wire_out *capture_room(struct capture *capture, size_t len)
{
	struct wire_out *filling = &capture->filling;
	size_t used = wire_used(filling), room = (size_t)(filling->end - filling->start);
	uint8_t *grown;

	if (used + len > FILL_MAX)
		return NULL;
	if (used + len <= room)
		return filling;
	room = room ? room : 65536;
	while (room < used + len)
		room *= 2;
	grown = realloc(filling->start, room);
	if (!grown)
		return NULL;
	*filling = (struct wire_out){.start = grown, .pos = grown + used, .end = grown + room};
	return filling;
}

void capture_send(struct capture *capture)
{
	struct gateway *gateway = capture->all->gateway;

	if (!capture->call && !timer_armed(&capture->send_timer))
		wheel_arm(&gateway->wheel, &capture->send_timer, gateway->now_ms + GATHER_MS);
}

// The piece on its way is done with.
static void sent(struct capture *capture)
{
	free(capture->sending);
	capture->sending = NULL;
	capture->sequence++;
	capture->failures = 0;
	if (wire_used(&capture->filling) || capture->is_ending)
		capture_send(capture);
}

static void on_done(void *owner, long status, const char *error)
{
	struct capture *capture = owner;
	struct gateway *gateway = capture->all->gateway;

	gateway_wake(gateway);
	capture->call = NULL;
	if (status == 200 && !error) {
		if (!capture->sending_len)
			capture_free(capture);
		else
			sent(capture);
		return;
	}
	// Refused: nobody wants it any longer. Not answered: the controller may be starting again.
	if ((status >= 400 && status < 500) || ++capture->failures > FAILURES_MAX) {
		capture_end(capture, "the controller does not take it");
		capture_free(capture);
		return;
	}
	wheel_arm(&gateway->wheel, &capture->send_timer, gateway->now_ms + RETRY_MS);
}

// An empty piece says that the file is complete.
static void next_piece(struct capture *capture)
{
	capture->sending_len = wire_used(&capture->filling);
	capture->sending = capture->filling.start;
	capture->filling = (struct wire_out){0};
}

void capture_send_now(struct timer *timer, uint64_t now_ms)
{
	struct capture *capture = container_of(timer, struct capture, send_timer);
	struct gateway *gateway = capture->all->gateway;
	char path[200], reason[100];

	if (!capture->failures)
		next_piece(capture);
	snprintf(reason, sizeof(reason), "%s", capture->sending_len ? "" : capture->reason);
	for (char *c = reason; *c; c++)
		*c = *c == ' ' ? '+' : *c;
	snprintf(path, sizeof(path), "captures/%s?sequence=%llu&packets=%llu&reason=%s", capture->id.text,
		(unsigned long long)capture->sequence, (unsigned long long)capture->packets, reason);
	if (link_upload(gateway->link, path, capture->sending, capture->sending_len, on_done, capture, &capture->call))
		wheel_arm(&gateway->wheel, &capture->send_timer, now_ms + RETRY_MS);
}
