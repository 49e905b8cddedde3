// SPDX-License-Identifier: Apache-2.0
// A hierarchical timer wheel: a million timers, O(1) to arm and disarm, one millisecond of resolution.
// The owner embeds `struct timer`; nothing is allocated. Time is the caller's monotonic milliseconds.
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct timer {
	struct timer *next, **link; // link is NULL while disarmed
	uint64_t due_ms;
	void (*fire)(struct timer *timer, uint64_t now_ms); // disarmed already when it is called; may arm itself again
};

#define WHEEL_LEVELS 6
#define WHEEL_SLOTS 64

struct wheel {
	uint64_t now_ms;
	uint64_t armed; // timers armed
	struct timer *slots[WHEEL_LEVELS][WHEEL_SLOTS];
	uint64_t occupied[WHEEL_LEVELS]; // a bit a slot
	struct timer *late; // armed for the past: they fire at the next run
	struct timer *far; // past the span of the levels (two years); looked at when it turns over
};

#define WHEEL_NEVER UINT64_MAX

void wheel_init(struct wheel *wheel, uint64_t now_ms);
// Arms for `due_ms` (in the past: at the next run); an armed timer is moved; WHEEL_NEVER disarms.
void wheel_arm(struct wheel *wheel, struct timer *timer, uint64_t due_ms);
void wheel_disarm(struct wheel *wheel, struct timer *timer);
static inline bool timer_armed(const struct timer *timer)
{
	return timer->link;
}
// Fires everything due at `now_ms`, in order of milliseconds.
void wheel_run(struct wheel *wheel, uint64_t now_ms);
// When to call wheel_run next (never later than the earliest timer is due), or WHEEL_NEVER.
uint64_t wheel_next(const struct wheel *wheel);
