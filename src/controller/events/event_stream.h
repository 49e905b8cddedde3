// SPDX-License-Identifier: Apache-2.0
// Live events: Server-Sent Events, each with its sequence as the id, so that a client that dials again goes on where it was.
#pragma once

struct event_streams;
struct events;
struct op;

int event_streams_new(struct events *events, struct event_streams **out);
void event_streams_free(struct event_streams **streams);
void event_streams_wake(struct event_streams *streams);
unsigned long event_streams_count(const struct event_streams *streams);
// Takes the exchange of an operation that was allowed (op->takes): its customer's events from now on, or after the query's `since`.
void event_stream_open(struct event_streams *streams, struct op *op);
