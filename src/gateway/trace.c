// SPDX-License-Identifier: Apache-2.0
#include "gateway/trace.h"

#include "gateway/gateway.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TRACE_STEPS 64
#define TRACE_TEXT 6000

struct step {
	uint32_t ms;
	uint16_t at; // of its text
	uint8_t layer, direction;
};

struct trace {
	uint64_t started_ms;
	uint16_t count, used;
	struct step steps[TRACE_STEPS];
	char text[TRACE_TEXT];
};

struct trace *trace_new(uint64_t now_ms)
{
	struct trace *trace = malloc(sizeof(*trace));

	if (!trace)
		return NULL;
	trace->started_ms = now_ms;
	trace->count = trace->used = 0;
	return trace;
}

void trace_free(struct trace **trace)
{
	free(*trace);
	*trace = NULL;
}

// Room for a step's text, or NULL when the trace is full.
static char *step_open(struct trace *trace, uint64_t now_ms, enum trace_layer layer, enum trace_direction direction, size_t *room)
{
	if (!trace || trace->count == TRACE_STEPS || trace->used + 32 > TRACE_TEXT)
		return NULL;
	trace->steps[trace->count++] = (struct step){.ms = (uint32_t)(now_ms - trace->started_ms),
		.at = trace->used,
		.layer = (uint8_t)layer,
		.direction = (uint8_t)direction};
	*room = TRACE_TEXT - trace->used;
	return trace->text + trace->used;
}

static void step_close(struct trace *trace, size_t len, size_t room)
{
	trace->used = (uint16_t)(trace->used + (len < room ? len : room - 1) + 1);
}

void trace_add(
	struct trace *trace, uint64_t now_ms, enum trace_layer layer, enum trace_direction direction, const char *format, ...)
{
	size_t room;
	char *at = step_open(trace, now_ms, layer, direction, &room);
	va_list arguments;
	int len;

	if (!at)
		return;
	va_start(arguments, format);
	len = vsnprintf(at, room, format, arguments);
	va_end(arguments);
	step_close(trace, len > 0 ? (size_t)len : 0, room);
}

void trace_l2tp(struct trace *trace, uint64_t now_ms, bool is_sent, const struct l2tp_msg *msg)
{
	size_t room;
	char *at = step_open(trace, now_ms, TRACE_L2TP, is_sent ? TRACE_OUT : TRACE_IN, &room);

	if (at)
		step_close(trace, l2tp_msg_print(msg, at, room), room);
}

void trace_ppp(struct trace *trace, uint64_t now_ms, bool is_sent, uint16_t protocol, const uint8_t *packet, size_t len)
{
	size_t room;
	char *at = step_open(trace, now_ms, TRACE_PPP, is_sent ? TRACE_OUT : TRACE_IN, &room);

	if (at)
		step_close(trace, ppp_print(protocol, packet, len, at, room), room);
}

json_t *trace_steps(const struct trace *trace)
{
	static const char *const layers[] = {[TRACE_GTP] = "gtp",
		[TRACE_PCO] = "pco",
		[TRACE_L2TP] = "l2tp",
		[TRACE_PPP] = "ppp",
		[TRACE_GATEWAY] = "gateway"};
	static const char *const directions[] = {[TRACE_IN] = "in", [TRACE_OUT] = "out", [TRACE_NONE] = "-"};
	json_t *steps = json_array();

	for (size_t i = 0; trace && i < trace->count; i++) {
		const struct step *step = &trace->steps[i];
		const char *text = trace->text + step->at;

		json_array_append_new(steps,
			json_pack("{s:I, s:s, s:s, s:o}", "ms", (json_int_t)step->ms, "layer", layers[step->layer], "direction",
				directions[step->direction], "text", json_text(text, strlen(text))));
	}
	return steps;
}
