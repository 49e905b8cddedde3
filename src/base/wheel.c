// SPDX-License-Identifier: Apache-2.0
// Level L has 64 slots of 64^L ms. A timer stands on the level of the highest six-bit digit in which its due time differs from
// now, in the slot of that digit. So all timers of a level come before all of the next level, the slots of a level that are
// occupied lie after now's own digit, and the first bit set on the lowest level occupied is where time must go next: either to
// a single millisecond (level 0), which fires, or to the start of a longer stretch, whose timers then move to lower levels.
#include "base/wheel.h"

#include <stddef.h>
#include <string.h>

#define DIGIT 6 // bits: log2(WHEEL_SLOTS)
#define SPAN_BITS (DIGIT * WHEEL_LEVELS)

void wheel_init(struct wheel *wheel, uint64_t now_ms)
{
	memset(wheel, 0, sizeof(*wheel));
	wheel->now_ms = now_ms;
}

static void push(struct timer **head, struct timer *timer)
{
	timer->next = *head;
	timer->link = head;
	if (timer->next)
		timer->next->link = &timer->next;
	*head = timer;
}

static void unlink_timer(struct timer *timer)
{
	*timer->link = timer->next;
	if (timer->next)
		timer->next->link = timer->link;
	timer->next = NULL;
	timer->link = NULL;
}

static void place(struct wheel *wheel, struct timer *timer)
{
	uint64_t differ = wheel->now_ms ^ timer->due_ms;
	unsigned level, slot;

	if (timer->due_ms <= wheel->now_ms) {
		push(&wheel->late, timer);
	} else if (differ >> SPAN_BITS) {
		push(&wheel->far, timer);
	} else {
		level = (63 - (unsigned)__builtin_clzll(differ)) / DIGIT;
		slot = timer->due_ms >> (level * DIGIT) & (WHEEL_SLOTS - 1);
		push(&wheel->slots[level][slot], timer);
		wheel->occupied[level] |= UINT64_C(1) << slot;
	}
}

void wheel_disarm(struct wheel *wheel, struct timer *timer)
{
	struct timer **link = timer->link;
	uintptr_t at = (uintptr_t)link - (uintptr_t)wheel->slots;

	if (!link)
		return;
	unlink_timer(timer);
	wheel->armed--;
	// The last of its slot: link was the head in the table itself.
	if (!*link && at < sizeof(wheel->slots)) {
		size_t index = at / sizeof(*link);

		wheel->occupied[index / WHEEL_SLOTS] &= ~(UINT64_C(1) << index % WHEEL_SLOTS);
	}
}

void wheel_arm(struct wheel *wheel, struct timer *timer, uint64_t due_ms)
{
	wheel_disarm(wheel, timer);
	if (due_ms == WHEEL_NEVER)
		return;
	timer->due_ms = due_ms;
	place(wheel, timer);
	wheel->armed++;
}

// The whole list in `*from`, in the order in which it was armed (the lists push at the head).
static void take_list(struct timer **from, struct timer **out)
{
	*out = NULL;
	while (*from) {
		struct timer *timer = *from;

		unlink_timer(timer);
		push(out, timer);
	}
}

static void fire_list(struct wheel *wheel, struct timer **list)
{
	while (*list) {
		struct timer *timer = *list;

		unlink_timer(timer);
		wheel->armed--;
		timer->fire(timer, wheel->now_ms);
	}
}

// The start of the next stretch that holds timers, and its level; WHEEL_NEVER when none does.
static uint64_t next_stretch(const struct wheel *wheel, unsigned *level)
{
	for (*level = 0; *level < WHEEL_LEVELS; ++*level) {
		unsigned shift = *level * DIGIT;

		if (wheel->occupied[*level]) {
			uint64_t slot = (uint64_t)__builtin_ctzll(wheel->occupied[*level]);

			return (wheel->now_ms >> (shift + DIGIT) << (shift + DIGIT)) | slot << shift;
		}
	}
	return wheel->far ? ((wheel->now_ms >> SPAN_BITS) + 1) << SPAN_BITS : WHEEL_NEVER;
}

// Takes time to the start of a stretch and its timers to where they belong from there; those due just then fire.
static void enter_stretch(struct wheel *wheel, uint64_t start, unsigned level)
{
	unsigned slot = start >> (level * DIGIT) & (WHEEL_SLOTS - 1);
	struct timer **from = level < WHEEL_LEVELS ? &wheel->slots[level][slot] : &wheel->far;
	struct timer *moving, *due = NULL;

	wheel->now_ms = start;
	if (level < WHEEL_LEVELS)
		wheel->occupied[level] &= ~(UINT64_C(1) << slot);
	take_list(from, &moving);
	if (level == 0) {
		fire_list(wheel, &moving);
		return;
	}
	while (moving) {
		struct timer *timer = moving;

		unlink_timer(timer);
		if (timer->due_ms == start)
			push(&due, timer);
		else
			place(wheel, timer);
	}
	take_list(&due, &moving);
	fire_list(wheel, &moving);
}

void wheel_run(struct wheel *wheel, uint64_t now_ms)
{
	struct timer *late;
	uint64_t start;
	unsigned level;

	take_list(&wheel->late, &late);
	fire_list(wheel, &late);
	while ((start = next_stretch(wheel, &level)) <= now_ms)
		enter_stretch(wheel, start, level);
	if (now_ms > wheel->now_ms)
		wheel->now_ms = now_ms;
}

uint64_t wheel_next(const struct wheel *wheel)
{
	unsigned level;

	return wheel->late ? wheel->now_ms : next_stretch(wheel, &level);
}
