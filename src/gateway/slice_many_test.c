// SPDX-License-Identifier: Apache-2.0
// What a slice costs when there are many: octets that the kernel tells us and directory entries that are read, for the slices that come when there
// are few, and for those that come when there are many. What grows with their number squared shows here, in counts, on a machine however slow.
#include "gateway/slice_world_fixture.h"

#include <dirent.h>
#include <dlfcn.h>
#include <stdatomic.h>

#define SLICES 100
#define PART 10

static _Atomic unsigned long octets, entries;

// In place of the C library's, for all that is linked into this program.
ssize_t recvmsg(int fd, struct msghdr *message, int flags);
ssize_t recvmsg(int fd, struct msghdr *message, int flags)
{
	static ssize_t (*real)(int, struct msghdr *, int);
	ssize_t got;

	if (!real)
		real = (ssize_t(*)(int, struct msghdr *, int))dlsym(RTLD_NEXT, "recvmsg");
	got = real(fd, message, flags);
	if (got > 0)
		octets += (unsigned long)got;
	return got;
}

struct dirent *readdir(DIR *dir);
struct dirent *readdir(DIR *dir)
{
	static struct dirent *(*real)(DIR *);

	if (!real)
		real = (struct dirent * (*)(DIR *)) dlsym(RTLD_NEXT, "readdir");
	entries++;
	return real(dir);
}

static void put_slice(struct world *world, unsigned number)
{
	fixture_put(world->config, "vslice", number,
		"{'moniker': 'motors', 'name': 'Motors', 'vsliceType': 'l2tp', 'defaultRoutingPolicy': $%x, 'lnss': [],"
		" 'lacs': [{'id': $c1, 'address': '10.1.1.1', 'port': 1701}]}",
		0x2000 + number);
	fixture_put(world->config, "routingTarget", 0x1000 + number,
		"{'moniker': 'net', 'vslice': $%x, 'routingTargetType': 'internet'}", number);
	fixture_put(world->config, "routingPolicy", 0x2000 + number,
		"{'moniker': 'main', 'vslice': $%x, 'rules': [{'id': $%x, 'routingTarget': $%x}]}", number, 0x3000 + number,
		0x1000 + number);
}

struct cost {
	unsigned long octets, entries;
};

static struct cost cost_since(struct cost before)
{
	return (struct cost){octets - before.octets, entries - before.entries};
}

static struct cost come_up(struct world *world, struct seen *seen, unsigned first, unsigned count)
{
	struct cost before = cost_since((struct cost){0});

	for (unsigned i = first; i < first + count; i++) {
		put_slice(world, i + 1);
		seen_new(world, i + 1, &seen[i]);
		seen_apply(world, i + 1, &seen[i]);
		assert_true(seen[i].targets[0].available);
	}
	return cost_since(before);
}

static struct cost change(struct world *world, struct seen *seen, unsigned number)
{
	struct cost before = cost_since((struct cost){0});

	fixture_put(world->config, "routingPolicy", 0x2000 + number,
		"{'moniker': 'main', 'vslice': $%x, 'rules': [{'id': $%x, 'routingTarget': $%x, 'sourcePortPattern': '%u'}]}",
		number, 0x3000 + number, 0x1000 + number, number);
	seen_apply(world, number, &seen[number - 1]);
	return cost_since(before);
}

static void a_slice_costs_the_same_however_many_there_are(void **state)
{
	struct world *world = *state;
	struct seen *seen = calloc(SLICES, sizeof(*seen));
	struct cost few, many, first, last;

	assert_non_null(seen);
	first = come_up(world, seen, 0, PART); // what is made once is made
	assert_true(first.octets > 0 && first.entries > 0); // it is counted
	few = come_up(world, seen, PART, PART);
	first = change(world, seen, 1);
	come_up(world, seen, 2 * PART, SLICES - 3 * PART);
	many = come_up(world, seen, SLICES - PART, PART);
	last = change(world, seen, SLICES);
	print_message("a slice of the first: %lu octets, %lu entries; of the last: %lu, %lu; a change: %lu, then %lu octets\n",
		few.octets / PART, few.entries / PART, many.octets / PART, many.entries / PART, first.octets, last.octets);
	assert_true(few.octets > 0);
	assert_true(many.octets < few.octets * 3 / 2);
	assert_true(many.entries <= few.entries);
	assert_true(last.octets < first.octets * 3 / 2);
	assert_true(last.entries <= first.entries);

	first = cost_since((struct cost){0});
	for (unsigned i = 0; i < SLICES; i++)
		gone(world, &seen[i]);
	worker_free(&world->worker); // finishes what is queued
	first = cost_since(first);
	print_message("their end: %lu octets, %lu entries a slice\n", first.octets / SLICES, first.entries / SLICES);
	assert_true(first.octets / SLICES < many.octets / PART);
	assert_true(first.entries < SLICES);
	assert_string_equal(out_of("ip -o link show | grep -c sgt"), "0");
	assert_string_equal(out_of("nft list tables | grep -c slicegate"), "0");
	assert_int_equal(worker_new(&world->loop, &world->worker), 0);
	free(seen);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_world(a_slice_costs_the_same_however_many_there_are),
	};

	return run_in_worlds(tests);
}
