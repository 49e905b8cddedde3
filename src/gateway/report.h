// SPDX-License-Identifier: Apache-2.0
// The spool of what the gateway has to tell the controller (docs/reference/gateway-link.md, Reports).
//
// Rows wait here until they are acknowledged. The spool is bounded: at its limit usage, which is told in totals, becomes one row a session and
// hour; then traces go, then rows that a later `sync` repeats anyway (session, tunnel, slice); then usage becomes one row a session and day.
// Ends and events are never given up, and no octet that was used.
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct report;

int report_new(size_t max_rows, struct report **out);
void report_free(struct report **report);
// Takes the reference to `row`; its "row" member says what it is. Drops it when reporting is off.
void report_add(struct report *report, json_t *row);
// No controller: rows are dropped at once.
void report_off(struct report *report);
bool report_is_on(const struct report *report);
size_t report_waiting(const struct report *report);
uint64_t report_lost(const struct report *report); // rows given up
// The text of the next batch (header row and at most `max` rows; owned by the caller), or NULL when nothing waits. The same batch comes
// again until report_taken with its sequence.
char *report_batch(struct report *report, const char *gateway, const char *boot, size_t max, uint64_t *sequence);
void report_taken(struct report *report, uint64_t sequence);
// Drops waiting rows that a sync repeats.
void report_forget_live(struct report *report);
