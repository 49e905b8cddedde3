// SPDX-License-Identifier: Apache-2.0
// The attach trace: what happened step by step while a SIM attached, in words and without secrets. Bounded; reported when the attach ends.
#pragma once

#include "proto/l2tp/msg.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct trace;

enum trace_layer { TRACE_GTP, TRACE_PCO, TRACE_L2TP, TRACE_PPP, TRACE_GATEWAY };
enum trace_direction { TRACE_IN, TRACE_OUT, TRACE_NONE };

// Every function takes NULL as a trace that is not kept.
struct trace *trace_new(uint64_t now_ms); // NULL when memory is out
void trace_free(struct trace **trace);
void trace_add(struct trace *trace, uint64_t now_ms, enum trace_layer layer, enum trace_direction direction, const char *format,
	...) __attribute__((format(printf, 5, 6)));
void trace_l2tp(struct trace *trace, uint64_t now_ms, bool is_sent, const struct l2tp_msg *msg);
void trace_ppp(struct trace *trace, uint64_t now_ms, bool is_sent, uint16_t protocol, const uint8_t *packet, size_t len);
json_t *trace_steps(const struct trace *trace); // for an `attach` report row; owned by the caller
