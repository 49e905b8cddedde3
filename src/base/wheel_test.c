// SPDX-License-Identifier: Apache-2.0
#include "base/wheel.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "base/clean.h"

#define TIMERS 5000

struct alarm {
	struct timer timer;
	struct wheel *wheel;
	uint64_t fired_ms, again_ms;
	unsigned count, turn;
	struct alarm *victim; // disarmed when this one fires
};

static unsigned turns;

static void fire(struct timer *timer, uint64_t now_ms)
{
	struct alarm *alarm = container_of(timer, struct alarm, timer);

	assert_false(timer_armed(timer));
	alarm->fired_ms = now_ms;
	alarm->count++;
	alarm->turn = ++turns;
	if (alarm->victim)
		wheel_disarm(alarm->wheel, &alarm->victim->timer);
	if (alarm->again_ms)
		wheel_arm(alarm->wheel, timer, now_ms + alarm->again_ms - 1);
}

static struct alarm alarm_of(struct wheel *wheel)
{
	return (struct alarm){.timer.fire = fire, .wheel = wheel};
}

static void test_fires_once_and_in_time(void **state)
{
	static const uint64_t delays[] = {
		1, 2, 63, 64, 65, 4095, 4096, 4097, 262144, 16777216, UINT64_C(1) << 30, UINT64_C(1) << 35};

	for (size_t i = 0; i < array_len(delays); i++) {
		struct wheel wheel;
		struct alarm alarm = alarm_of(&wheel);

		wheel_init(&wheel, 12345);
		wheel_arm(&wheel, &alarm.timer, 12345 + delays[i]);
		assert_int_equal(wheel.armed, 1);
		wheel_run(&wheel, 12345 + delays[i] - 1);
		assert_int_equal(alarm.count, 0);
		wheel_run(&wheel, 12345 + delays[i]);
		assert_int_equal(alarm.count, 1);
		assert_true(alarm.fired_ms == 12345 + delays[i]);
		assert_int_equal(wheel.armed, 0);
		assert_true(wheel_next(&wheel) == WHEEL_NEVER);
		wheel_run(&wheel, 12345 + 3 * delays[i]);
		assert_int_equal(alarm.count, 1);
	}
}

static void test_past_fires_at_next_run(void **state)
{
	struct wheel wheel;
	struct alarm alarm = alarm_of(&wheel);

	wheel_init(&wheel, 1000);
	wheel_arm(&wheel, &alarm.timer, 5);
	assert_true(wheel_next(&wheel) <= 1000);
	wheel_run(&wheel, 1000);
	assert_int_equal(alarm.count, 1);
	wheel_arm(&wheel, &alarm.timer, 1000);
	wheel_run(&wheel, 1000);
	assert_int_equal(alarm.count, 2);
}

// A timer that arms itself for now must not keep the run from ending.
static void test_rearming_for_now_waits_for_the_next_run(void **state)
{
	struct wheel wheel;
	struct alarm alarm = alarm_of(&wheel);

	alarm.again_ms = 1;
	wheel_init(&wheel, 0);
	wheel_arm(&wheel, &alarm.timer, 10);
	wheel_run(&wheel, 20);
	assert_int_equal(alarm.count, 1);
	wheel_run(&wheel, 20);
	assert_int_equal(alarm.count, 2);
}

static void test_periodic_keeps_its_milliseconds(void **state)
{
	struct wheel wheel;
	struct alarm alarm = alarm_of(&wheel);

	alarm.again_ms = 101; // 100 ms later
	wheel_init(&wheel, 0);
	wheel_arm(&wheel, &alarm.timer, 100);
	wheel_run(&wheel, 100000);
	assert_int_equal(alarm.count, 1000);
	assert_true(alarm.fired_ms == 100000);
}

static void test_move_and_disarm(void **state)
{
	struct wheel wheel;
	struct alarm alarm = alarm_of(&wheel);

	wheel_init(&wheel, 0);
	wheel_disarm(&wheel, &alarm.timer); // not armed: nothing
	wheel_arm(&wheel, &alarm.timer, 100);
	wheel_arm(&wheel, &alarm.timer, 5000);
	assert_int_equal(wheel.armed, 1);
	wheel_run(&wheel, 4999);
	assert_int_equal(alarm.count, 0);
	wheel_arm(&wheel, &alarm.timer, WHEEL_NEVER);
	assert_false(timer_armed(&alarm.timer));
	assert_int_equal(wheel.armed, 0);
	assert_true(wheel_next(&wheel) == WHEEL_NEVER);
	wheel_run(&wheel, 10000);
	assert_int_equal(alarm.count, 0);
}

static void test_same_millisecond_in_order_of_arming(void **state)
{
	struct wheel wheel;
	struct alarm alarms[3];

	// The last is armed when the slot is near already, the others cascade to it.
	for (size_t i = 0; i < 3; i++)
		alarms[i] = alarm_of(&wheel);
	wheel_init(&wheel, 0);
	wheel_arm(&wheel, &alarms[0].timer, 70);
	wheel_arm(&wheel, &alarms[1].timer, 70);
	wheel_run(&wheel, 65);
	wheel_arm(&wheel, &alarms[2].timer, 70);
	wheel_run(&wheel, 70);
	assert_true(alarms[0].turn < alarms[1].turn);
	assert_true(alarms[1].turn < alarms[2].turn);
}

static void test_disarmed_by_a_neighbour(void **state)
{
	struct wheel wheel;
	struct alarm first = alarm_of(&wheel), second = alarm_of(&wheel);

	first.victim = &second;
	wheel_init(&wheel, 0);
	wheel_arm(&wheel, &first.timer, 50);
	wheel_arm(&wheel, &second.timer, 50);
	wheel_run(&wheel, 60);
	assert_int_equal(first.count, 1);
	assert_int_equal(second.count, 0);
	assert_int_equal(wheel.armed, 0);
}

static void test_next_is_never_late(void **state)
{
	struct wheel wheel;
	struct alarm alarm = alarm_of(&wheel);

	wheel_init(&wheel, 777);
	wheel_arm(&wheel, &alarm.timer, 777 + 1000000);
	for (int wakes = 0; !alarm.count; wakes++) {
		uint64_t next = wheel_next(&wheel);

		assert_in_range(next, wheel.now_ms, 777 + 1000000);
		assert_in_range(wakes, 0, WHEEL_LEVELS);
		wheel_run(&wheel, next);
	}
	assert_true(alarm.fired_ms == 777 + 1000000);
}

// Past the span of the levels, and just before and after it turns over.
static void test_far_away(void **state)
{
	uint64_t span = UINT64_C(1) << 36;
	struct wheel wheel;
	struct alarm near = alarm_of(&wheel), over = alarm_of(&wheel), far = alarm_of(&wheel);

	wheel_init(&wheel, span - 5);
	wheel_arm(&wheel, &near.timer, span - 1);
	wheel_arm(&wheel, &over.timer, span + 1);
	wheel_arm(&wheel, &far.timer, 3 * span + 7);
	wheel_run(&wheel, span);
	assert_true(near.fired_ms == span - 1);
	assert_int_equal(over.count, 0);
	wheel_run(&wheel, span + 1);
	assert_true(over.fired_ms == span + 1);
	wheel_run(&wheel, 3 * span + 6);
	assert_int_equal(far.count, 0);
	wheel_run(&wheel, 4 * span);
	assert_true(far.fired_ms == 3 * span + 7);
}

static void test_time_never_goes_back(void **state)
{
	struct wheel wheel;
	struct alarm alarm = alarm_of(&wheel);

	wheel_init(&wheel, 1000);
	wheel_arm(&wheel, &alarm.timer, 1100);
	wheel_run(&wheel, 500);
	assert_true(wheel.now_ms == 1000);
	wheel_run(&wheel, 1100);
	assert_int_equal(alarm.count, 1);
}

// Thousands of random timers, moved, disarmed and run in random steps: each fires exactly when it is due, in order.
static void test_against_a_model(void **state)
{
	static struct alarm alarms[TIMERS];
	struct wheel wheel;
	uint64_t now = UINT64_C(0xfffff000), last = 0;
	unsigned last_turn = 0;

	srandom(42);
	wheel_init(&wheel, now);
	for (size_t i = 0; i < TIMERS; i++) {
		alarms[i] = alarm_of(&wheel);
		wheel_arm(&wheel, &alarms[i].timer, now + 1 + (uint64_t)random() % (1 << (i % 24)));
	}
	for (size_t i = 0; i < TIMERS; i += 5)
		wheel_arm(&wheel, &alarms[i].timer, now + 1 + (uint64_t)random() % 100000);
	for (size_t i = 0; i < TIMERS; i += 7)
		wheel_disarm(&wheel, &alarms[i].timer);
	while (wheel.armed) {
		uint64_t next = wheel_next(&wheel);

		now += 1 + (uint64_t)random() % 1000;
		wheel_run(&wheel, now);
		assert_true(next > last || next == WHEEL_NEVER);
		last = wheel.now_ms;
	}
	for (size_t i = 0; i < TIMERS; i++) {
		assert_int_equal(alarms[i].count, i % 7 ? 1 : 0);
		if (alarms[i].count)
			assert_true(alarms[i].fired_ms == alarms[i].timer.due_ms);
	}
	// The turns of two alarms are in the order of their times.
	for (size_t i = 1; i < TIMERS; i++) {
		struct alarm *a = &alarms[i - 1], *b = &alarms[i];

		if (a->count && b->count && a->fired_ms != b->fired_ms)
			assert_int_equal(a->turn < b->turn, a->fired_ms < b->fired_ms);
		last_turn = b->turn > last_turn ? b->turn : last_turn;
	}
	assert_true(last_turn > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fires_once_and_in_time),
		cmocka_unit_test(test_past_fires_at_next_run),
		cmocka_unit_test(test_rearming_for_now_waits_for_the_next_run),
		cmocka_unit_test(test_periodic_keeps_its_milliseconds),
		cmocka_unit_test(test_move_and_disarm),
		cmocka_unit_test(test_same_millisecond_in_order_of_arming),
		cmocka_unit_test(test_disarmed_by_a_neighbour),
		cmocka_unit_test(test_next_is_never_late),
		cmocka_unit_test(test_far_away),
		cmocka_unit_test(test_time_never_goes_back),
		cmocka_unit_test(test_against_a_model),
	};

	return cmocka_run_group_tests_name("base/wheel", tests, NULL, NULL);
}
