// SPDX-License-Identifier: Apache-2.0
#include "gateway/state.h"

#include "base/clean.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cmocka.h>

struct row {
	uint64_t number;
	uint8_t fill[49]; // an odd size, each octet the number's last
};

enum { ROWS, NAMES, TABLES };

static struct state_table_spec specs[TABLES] = {
	[ROWS] = {"rows", sizeof(struct row), 1, 100000},
	[NAMES] = {"names", 16, 7, 4},
};

static char dir[64], path[96];

static struct row row_of(uint64_t number)
{
	struct row row;

	memset(&row, 0, sizeof(row));
	row.number = number;
	memset(row.fill, (int)number, sizeof(row.fill));
	return row;
}

static bool is_row(const void *record, uint64_t number)
{
	struct row want = row_of(number);

	return record && memcmp(record, &want, sizeof(want)) == 0;
}

static int setup(void **context)
{
	snprintf(dir, sizeof(dir), "/tmp/state_test.XXXXXX");
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/state", dir);
	return 0;
}

static int setup_lean(void **context)
{
	specs[ROWS].is_lean = true;
	return setup(context);
}

static int teardown(void **context)
{
	char beside[128];

	snprintf(beside, sizeof(beside), "%s.new", path);
	assert_int_equal(access(beside, F_OK), -1);
	unlink(path);
	specs[ROWS].is_lean = false;
	return rmdir(dir);
}

static struct state *open_as(const struct state_table_spec *of, size_t count, enum state_start want)
{
	struct state *state = NULL;
	enum state_start start;

	assert_int_equal(state_open(path, of, count, &start, &state), 0);
	assert_int_equal(start, want);
	return state;
}

static struct state *open_want(enum state_start want)
{
	return open_as(specs, TABLES, want);
}

static void put_row(struct state *state, uint32_t index, uint64_t number)
{
	struct row row = row_of(number);

	state_put(state, ROWS, index, &row);
}

static void what_was_stored_is_there_again(void **context)
{
	struct state *state = open_want(STATE_FRESH);
	struct stat stat_of;
	uint32_t index;

	for (uint32_t i = 0; i < 5; i++) {
		assert_int_equal(state_take(state, ROWS, &index), 0);
		assert_int_equal(index, i);
		assert_null(state_get(state, ROWS, index)); // only taken
		put_row(state, index, 100 + i);
	}
	put_row(state, 2, 1000);
	put_row(state, 2, 1001);
	put_row(state, 2, 1002);
	state_clear(state, ROWS, 3);
	assert_int_equal(state_take(state, NAMES, &index), 0);
	state_put(state, NAMES, index, "0123456789abcde");
	assert_int_equal(state_take(state, NAMES, &index), 0); // taken and never put
	assert_int_equal(state_live(state, ROWS), 4);
	state_close(&state);
	assert_null(state);

	assert_int_equal(stat(path, &stat_of), 0);
	assert_int_equal(stat_of.st_mode & 0777, 0600);
	state = open_want(STATE_RESUME);
	assert_int_equal(state_live(state, ROWS), 4);
	assert_int_equal(state_live(state, NAMES), 1);
	assert_true(is_row(state_get(state, ROWS, 0), 100));
	assert_true(is_row(state_get(state, ROWS, 2), 1002));
	assert_null(state_get(state, ROWS, 3));
	assert_true(is_row(state_get(state, ROWS, 4), 104));
	assert_null(state_get(state, ROWS, 5));
	assert_null(state_get(state, ROWS, 99999999));
	assert_string_equal(state_get(state, NAMES, 0), "0123456789abcde");
	assert_int_equal(state_take(state, ROWS, &index), 0);
	assert_int_equal(index, 3); // the free list is there again
	assert_int_equal(state_take(state, NAMES, &index), 0);
	assert_int_equal(index, 1);
	state_clear(state, NAMES, 1);
	state_clear(state, NAMES, 1); // twice does nothing
	state_close(&state);
}

static void a_full_table_says_so(void **context)
{
	struct state *state = open_want(STATE_FRESH);
	uint32_t index;

	for (uint32_t i = 0; i < 4; i++)
		assert_int_equal(state_take(state, NAMES, &index), 0);
	assert_int_equal(state_take(state, NAMES, &index), -ENOSPC);
	state_clear(state, NAMES, 1);
	assert_int_equal(state_take(state, NAMES, &index), 0);
	assert_int_equal(index, 1);
	state_close(&state);
}

struct seen {
	struct state *state;
	uint64_t sum;
	uint32_t count;
};

static void on_row(void *owner, uint32_t index, const void *record)
{
	struct seen *seen = owner;

	seen->sum += ((const struct row *)record)->number;
	seen->count++;
	state_clear(seen->state, ROWS, index);
}

static void each_visits_every_live_record(void **context)
{
	struct state *state = open_want(STATE_FRESH);
	struct seen seen = {.state = state};
	uint32_t index;

	for (uint32_t i = 0; i < 100; i++) {
		assert_int_equal(state_take(state, ROWS, &index), 0);
		if (i % 2)
			put_row(state, index, i);
	}
	state_each(state, ROWS, on_row, &seen);
	assert_int_equal(seen.count, 50);
	assert_int_equal(seen.sum, 2500);
	assert_int_equal(state_live(state, ROWS), 0);
	state_close(&state);
}

// What the child does, one step after another. Row 0 goes 1 -> 2 -> 3 -> gone -> 4, row 1 appears as 9.
#define STEPS 6

static void child_step(struct state *state, unsigned step)
{
	uint32_t index;

	switch (step) {
	case 0:
	case 1:
	case 2:
		if (step == 0 && state_take(state, ROWS, &index))
			_exit(3);
		put_row(state, 0, step + 1);
		break;
	case 3:
		state_clear(state, ROWS, 0);
		break;
	case 4:
		if (state_take(state, ROWS, &index) || index != 0)
			_exit(3);
		put_row(state, 0, 4);
		break;
	case 5:
		if (state_take(state, ROWS, &index) || index != 1)
			_exit(3);
		put_row(state, 1, 9);
		break;
	}
}

// Runs the steps in a child that dies at store point `n` (0: never). Gives how many steps it ended.
static unsigned run_and_die(uint64_t n)
{
	int pipe_fds[2], status;
	unsigned done = 0;
	uint8_t octet;
	pid_t pid;

	assert_int_equal(pipe(pipe_fds), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		struct state *state = NULL;
		enum state_start start;

		setrlimit(RLIMIT_CORE, &(struct rlimit){0});
		signal(SIGABRT, SIG_DFL);
		if (state_open(path, specs, TABLES, &start, &state) || start != STATE_FRESH)
			_exit(2);
		state_crash_at(state, n);
		for (unsigned step = 0; step < STEPS; step++) {
			child_step(state, step);
			if (write(pipe_fds[1], "x", 1) != 1)
				_exit(4);
		}
		_exit(0);
	}
	close(pipe_fds[1]);
	while (read(pipe_fds[0], &octet, 1) == 1)
		done++;
	close(pipe_fds[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (done == STEPS)
		assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	else
		assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
	return done;
}

// Row 0 and 1 as they are after so many steps; 0: not there.
static const uint64_t after[STEPS + 1][2] = {{0, 0}, {1, 0}, {2, 0}, {3, 0}, {0, 0}, {4, 0}, {4, 9}};

static void a_kill_at_any_store_loses_at_most_that_store(void **context)
{
	unsigned done = 0;
	uint64_t n;

	for (n = 1; done < STEPS; n++) {
		struct state *state = NULL;
		enum state_start start;
		uint32_t index;

		unlink(path);
		done = run_and_die(n);
		assert_int_equal(state_open(path, specs, TABLES, &start, &state), 0);
		for (uint32_t row = 0; row < 2; row++) {
			uint64_t before = after[done][row], next = after[done < STEPS ? done + 1 : done][row];
			const void *record = state_get(state, ROWS, row);
			bool is_before = before ? is_row(record, before) : !record,
			     is_next = next ? is_row(record, next) : !record;

			if (!is_before && !is_next)
				fail_msg("killed at store %lu in step %u: row %u is %lu", n, done, row,
					record ? ((const struct row *)record)->number : 0);
		}
		assert_int_equal(state_take(state, ROWS, &index), 0); // and it goes on
		put_row(state, index, 77);
		assert_true(is_row(state_get(state, ROWS, index), 77));
		state_close(&state);
	}
	assert_true(n > 5 * 5); // five puts of at least five points each
}

// A file of the other kind of table is read, both ways; what an older gateway wrote is there, and costs half.
static void a_table_becomes_lean_and_back(void **context)
{
	uint64_t fat, lean;

	for (int round = 0; round < 2; round++) {
		struct state *state = open_want(round ? STATE_RESUME : STATE_FRESH);
		uint32_t index;

		for (uint32_t i = 0; !round && i < 1000; i++) {
			assert_int_equal(state_take(state, ROWS, &index), 0);
			put_row(state, index, i);
			put_row(state, index, 2 * i);
		}
		fat = state_bytes_used(state);
		state_close(&state);
		specs[ROWS].is_lean = true;
		state = open_want(STATE_RESUME);
		for (uint32_t i = 0; i < 1000; i++)
			assert_true(is_row(state_get(state, ROWS, i), round ? 3 * i : 2 * i));
		for (uint32_t i = 0; i < 1000; i++)
			put_row(state, i, 3 * i);
		lean = state_bytes_used(state);
		assert_true(lean < fat / 2 + 8192);
		state_close(&state);
		specs[ROWS].is_lean = false;
	}
}

static void poke(off_t at, uint8_t with)
{
	int fd = open(path, O_RDWR);
	uint8_t octet;

	assert_int_equal(pread(fd, &octet, 1, at), 1);
	octet ^= with;
	assert_int_equal(pwrite(fd, &octet, 1, at), 1);
	close(fd);
}

// Where the file has these octets, the n-th time.
static off_t find(const void *octets, size_t len, unsigned n)
{
	static uint8_t content[1 << 16];
	int fd = open(path, O_RDONLY);
	ssize_t size = read(fd, content, sizeof(content));
	const uint8_t *at = content;

	close(fd);
	for (;; at++) {
		at = memmem(at, (size_t)(content + size - at), octets, len);
		assert_non_null(at);
		if (n-- == 0)
			return at - content;
	}
}

static void a_slot_written_in_part_gives_way_to_the_older(void **context)
{
	struct state *state = open_want(STATE_FRESH);
	struct row older = row_of(0x51), newer = row_of(0x52);
	uint32_t index;

	assert_int_equal(state_take(state, ROWS, &index), 0);
	state_put(state, ROWS, index, &older);
	state_put(state, ROWS, index, &newer);
	state_close(&state);
	poke(find(&newer, sizeof(newer), 0) + 20, 1);
	state = open_want(STATE_RESUME);
	assert_true(is_row(state_get(state, ROWS, index), 0x51));
	put_row(state, index, 0x53); // over the bad one
	state_close(&state);
	state = open_want(STATE_RESUME);
	assert_true(is_row(state_get(state, ROWS, index), 0x53));
	state_close(&state);
	poke(find(&older, sizeof(older), 0) + 48, 0x80);
	newer = row_of(0x53);
	poke(find(&newer, sizeof(newer), 0), 1);
	state = open_want(STATE_FRESH); // none is whole
	assert_null(state_get(state, ROWS, index));
	assert_int_equal(state_take(state, ROWS, &index), 0);
	assert_int_equal(index, 0);
	state_close(&state);
}

static void another_boot_is_said_until_it_is_settled(void **context)
{
	struct state *state = open_want(STATE_FRESH);
	char boot_id[40] = "";
	FILE *file = fopen("/proc/sys/kernel/random/boot_id", "r");
	uint32_t index;

	assert_int_equal(fscanf(file, "%36s", boot_id), 1);
	fclose(file);
	assert_int_equal(state_take(state, ROWS, &index), 0);
	put_row(state, index, 5);
	state_close(&state);
	poke(find(boot_id, 36, 0) + 35, 1);
	state = open_want(STATE_NEW_BOOT);
	assert_true(is_row(state_get(state, ROWS, 0), 5));
	state_close(&state);
	state = open_want(STATE_NEW_BOOT); // killed before it was settled
	put_row(state, 0, 6);
	state_settle(state);
	state_close(&state);
	state = open_want(STATE_RESUME);
	assert_true(is_row(state_get(state, ROWS, 0), 6));
	state_close(&state);
}

static void one_file_has_one_gateway(void **context)
{
	struct state *state = open_want(STATE_FRESH), *second = NULL;
	enum state_start start;

	assert_int_equal(state_open(path, specs, TABLES, &start, &second), -EBUSY);
	assert_null(second);
	state_close(&state);
}

static void other_tables_keep_what_they_share(void **context)
{
	static const struct state_table_spec changed[] = {
		{"new", 8, 1, 10}, {"names", 16, 8, 4}, // another version
		{"rows", sizeof(struct row), 1, 200000}, // larger
	};
	static const struct state_table_spec smaller[] = {{"rows", sizeof(struct row), 1, 3}};
	struct state *state = open_want(STATE_FRESH);
	uint32_t index;

	for (uint32_t i = 0; i < 5; i++) {
		assert_int_equal(state_take(state, ROWS, &index), 0);
		put_row(state, index, i);
	}
	state_clear(state, ROWS, 1);
	assert_int_equal(state_take(state, NAMES, &index), 0);
	state_put(state, NAMES, index, "0123456789abcde");
	state_close(&state);

	state = open_as(changed, array_len(changed), STATE_RESUME);
	assert_int_equal(state_live(state, 0), 0);
	assert_int_equal(state_live(state, 1), 0);
	assert_int_equal(state_live(state, 2), 4);
	assert_null(state_get(state, 2, 1));
	assert_true(is_row(state_get(state, 2, 4), 4)); // under its own index
	assert_int_equal(state_take(state, 2, &index), 0);
	assert_int_equal(index, 1);
	state_close(&state);

	state = open_as(smaller, 1, STATE_RESUME);
	assert_int_equal(state_live(state, 0), 2);
	assert_true(is_row(state_get(state, 0, 2), 2));
	state_close(&state);
}

// A gateway of the version before is upgraded with its sessions: their records are the beginning of today's.
static void an_older_layout_is_extended(void **context)
{
	struct longer {
		struct row row;
		uint64_t since_2;
	};
	static const struct state_table_spec extended[] = {{"rows", sizeof(struct longer), 3, 8, .reads_from = 1}};
	static const struct state_table_spec broken[] = {{"rows", sizeof(struct longer), 5, 8, .reads_from = 4}};
	struct state *state = open_want(STATE_FRESH);
	const struct longer *found;
	uint32_t index;

	for (uint32_t i = 0; i < 3; i++) {
		assert_int_equal(state_take(state, ROWS, &index), 0);
		put_row(state, index, i);
	}
	state_clear(state, ROWS, 1);
	state_close(&state);

	state = open_as(extended, 1, STATE_RESUME);
	assert_int_equal(state_live(state, 0), 2);
	assert_null(state_get(state, 0, 1));
	found = state_get(state, 0, 2);
	assert_true(is_row(&found->row, 2));
	assert_int_equal(found->since_2, 0);
	state_close(&state);

	state = open_as(broken, 1, STATE_FRESH); // version 3 is too old for it
	assert_int_equal(state_live(state, 0), 0);
	state_close(&state);
}

static void what_is_no_state_file_is_begun_anew(void **context)
{
	static const uint8_t noise[5000] = {[0] = 1, [4999] = 2};
	struct state *state;
	uint32_t index;
	int fd = open(path, O_RDWR | O_CREAT, 0644);

	assert_int_equal(write(fd, "short", 5), 5);
	state = open_want(STATE_FRESH);
	state_close(&state);
	fd = (close(fd), open(path, O_RDWR | O_TRUNC));
	assert_int_equal(write(fd, noise, sizeof(noise)), sizeof(noise));
	close(fd);
	state = open_want(STATE_FRESH);
	assert_int_equal(state_take(state, ROWS, &index), 0);
	put_row(state, index, 1);
	state_close(&state);
	poke(find("rows", 4, 0), 1); // a header that does not sum up
	state = open_want(STATE_FRESH);
	state_close(&state);
	assert_int_equal(truncate(path, 8192), 0);
	state = open_want(STATE_FRESH);
	assert_null(state_get(state, ROWS, 0));
	state_close(&state);
}

static void only_used_pages_cost(void **context)
{
	struct state *state = open_want(STATE_FRESH);
	struct stat stat_of;
	uint32_t index;

	assert_true(state_bytes_used(state) <= 4096);
	for (uint32_t i = 0; i < 1000; i++) {
		assert_int_equal(state_take(state, ROWS, &index), 0);
		put_row(state, index, i);
	}
	assert_in_range(state_bytes_used(state), 2 * 1000 * sizeof(struct row), 2 * 1000 * (sizeof(struct row) + 16) + 8192);
	assert_int_equal(stat(path, &stat_of), 0);
	assert_true((uint64_t)stat_of.st_blocks * 512 < 512 * 1024);
	assert_true(stat_of.st_size > 10 << 20);
	state_close(&state);
}

static void a_full_disk_is_an_error_and_no_signal(void **context)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) { // its own mount namespace, a disk of 256 KiB
		struct state *state = NULL;
		enum state_start start;
		uint32_t index, count = 0;
		int error = 0;

		if (unshare(CLONE_NEWNS) || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
			mount("none", dir, "tmpfs", 0, "size=256k"))
			_exit(77);
		if (state_open(path, specs, TABLES, &start, &state))
			_exit(1);
		for (; !error && count < 100000; count++) {
			error = state_take(state, ROWS, &index);
			if (!error)
				put_row(state, index, count);
		}
		_exit(error == -ENOSPC && count > 500 && count < 4000 ? 0 : 2);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == 77)
		skip(); // not root
	assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_was_stored_is_there_again, setup, teardown),
		cmocka_unit_test_setup_teardown(a_full_table_says_so, setup, teardown),
		cmocka_unit_test_setup_teardown(each_visits_every_live_record, setup, teardown),
		cmocka_unit_test_setup_teardown(a_kill_at_any_store_loses_at_most_that_store, setup, teardown),
		{"a kill at any store, of a lean table", a_kill_at_any_store_loses_at_most_that_store, setup_lean, teardown,
			NULL},
		{"what was stored is there again, of a lean table", what_was_stored_is_there_again, setup_lean, teardown, NULL},
		{"other tables, of a lean table", other_tables_keep_what_they_share, setup_lean, teardown, NULL},
		cmocka_unit_test_setup_teardown(a_table_becomes_lean_and_back, setup, teardown),
		cmocka_unit_test_setup_teardown(a_slot_written_in_part_gives_way_to_the_older, setup, teardown),
		cmocka_unit_test_setup_teardown(another_boot_is_said_until_it_is_settled, setup, teardown),
		cmocka_unit_test_setup_teardown(one_file_has_one_gateway, setup, teardown),
		cmocka_unit_test_setup_teardown(other_tables_keep_what_they_share, setup, teardown),
		cmocka_unit_test_setup_teardown(an_older_layout_is_extended, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_no_state_file_is_begun_anew, setup, teardown),
		cmocka_unit_test_setup_teardown(only_used_pages_cost, setup, teardown),
		cmocka_unit_test_setup_teardown(a_full_disk_is_an_error_and_no_signal, setup, teardown),
	};

	return cmocka_run_group_tests_name("state", tests, NULL, NULL);
}
