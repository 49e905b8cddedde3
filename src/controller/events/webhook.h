// SPDX-License-Identifier: Apache-2.0
// Deliveries go out as HTTP requests (webhooks), each handler by itself.
#pragma once

#include "controller/events/events.h"

struct exchange;
struct webhooks;

int webhooks_new(struct events *events, const struct event_options *options, struct webhooks **out);
void webhooks_stop(
	struct webhooks *webhooks); // ends what is under way; what was not answered goes out again after the next start
void webhooks_free(struct webhooks **webhooks);
// Deliveries may have become ready.
void webhooks_wake(struct webhooks *webhooks);
// Posts {"message":"webhook test"} and answers the exchange with how it went. `handler` has its secrets and is taken over.
void webhook_test(struct webhooks *webhooks, struct event_handler *handler, struct exchange *exchange);
void webhooks_count(const struct webhooks *webhooks, struct event_counters *counters);

// Milliseconds to wait after the `failures`th failure in a row: doubled from one second up to `max_ms`, less up to a fifth by `chance` (0 to
// 255), so that those who failed together do not come back together.
int64_t webhook_backoff_ms(int64_t failures, int64_t max_ms, uint8_t chance);
// "t=SECONDS,v1=HEX" into `out` (100 octets).
void webhook_sign(const char *secret, int64_t seconds, const char *body, size_t len, char out[100]);
