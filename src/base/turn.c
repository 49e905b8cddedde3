// SPDX-License-Identifier: Apache-2.0
#include "base/turn.h"

#include <sched.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#define SHORT_NS 100000
#define LONG_NS 10000000
#define LONG_NICE 5
#define LAST_NICE 10
#define LAST_AT_THE_DISK ((2 << 13) | 7) // best effort, the lowest: ioprio_set(2)

// sched_setattr(2), which Debian 12's libc does not declare.
struct attributes {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime_ns, deadline_ns, period_ns;
};

static void set(uint64_t runtime_ns, int more_nice)
{
	int nice = getpriority(PRIO_PROCESS, 0);
	struct attributes attributes = {
		.size = sizeof(attributes), .policy = SCHED_OTHER, .nice = nice + more_nice, .runtime_ns = runtime_ns};

	(void)syscall(SYS_sched_setattr, 0, &attributes, 0); // an optimisation: where it is refused all goes on as it was
}

void turn_short(void)
{
	set(SHORT_NS, 0);
}

void turn_long(void)
{
	set(LONG_NS, LONG_NICE);
}

void turn_last(void)
{
	set(LONG_NS, LAST_NICE);
	(void)syscall(SYS_ioprio_set, 1, 0, LAST_AT_THE_DISK);
}
