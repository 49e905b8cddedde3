// SPDX-License-Identifier: Apache-2.0
#include "gateway/keeper.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static char dir[] = "/tmp/keeper_test.XXXXXX";

static int bound(struct sockaddr_in *address)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	socklen_t len = sizeof(*address);

	*address = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	assert_return_code(bind(fd, (struct sockaddr *)address, len), errno);
	assert_return_code(getsockname(fd, (struct sockaddr *)address, &len), errno);
	return fd;
}

static void send_one(const struct sockaddr_in *to, char what)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	assert_int_equal(sendto(fd, &what, 1, 0, (const struct sockaddr *)to, sizeof(*to)), 1);
	close(fd);
}

static char recv_one(int fd)
{
	char what = 0;

	return recv(fd, &what, 1, MSG_DONTWAIT) == 1 ? what : 0;
}

// The gateway dies with its socket; what comes meanwhile is there for the next one, on the same port.
static void a_socket_outlives_its_gateway(void **)
{
	struct keeper *keeper = NULL;
	struct sockaddr_in address;
	int fd = bound(&address), other;

	assert_int_equal(keeper_new(dir, &keeper), 0);
	assert_int_equal(keeper_take(keeper, "gtp", &other), -ENOENT);
	keeper_put(keeper, "gtp", fd);
	close(fd);
	keeper_free(&keeper, true);
	assert_null(keeper);
	send_one(&address, 'a');
	send_one(&address, 'b');

	assert_int_equal(keeper_new(dir, &keeper), 0);
	assert_int_equal(keeper_take(keeper, "gtp", &other), 0);
	assert_int_equal(recv_one(other), 'a');
	assert_int_equal(recv_one(other), 'b');
	assert_int_equal(recv_one(other), 0);
	close(other);
	assert_int_equal(keeper_take(keeper, "gtp", &other), 0); // it still holds its own
	close(other);
	keeper_free(&keeper, false);
}

static void a_name_holds_one_socket(void **)
{
	struct keeper *keeper = NULL;
	struct sockaddr_in first, second;
	int one = bound(&first), two = bound(&second), got;

	assert_int_equal(keeper_new(dir, &keeper), 0);
	keeper_put(keeper, "lac", one);
	keeper_put(keeper, "another", one);
	keeper_put(keeper, "lac", two);
	send_one(&second, '2');
	assert_int_equal(keeper_take(keeper, "lac", &got), 0);
	assert_int_equal(recv_one(got), '2');
	close(got);
	keeper_drop(keeper, "lac");
	keeper_drop(keeper, "nothing");
	assert_int_equal(keeper_take(keeper, "lac", &got), -ENOENT);
	assert_int_equal(keeper_take(keeper, "another", &got), 0);
	close(got);
	close(one);
	close(two);
	keeper_free(&keeper, false);
}

// A stop in order lets go: the port is free at once, and the next gateway finds an empty keeper.
static void nothing_stays_after_a_stop(void **)
{
	struct keeper *keeper = NULL;
	struct sockaddr_in address;
	int fd = bound(&address), got, again = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	assert_int_equal(keeper_new(dir, &keeper), 0);
	keeper_put(keeper, "gtp", fd);
	close(fd);
	keeper_free(&keeper, false);
	assert_return_code(bind(again, (struct sockaddr *)&address, sizeof(address)), errno);
	close(again);
	assert_int_equal(keeper_new(dir, &keeper), 0);
	assert_int_equal(keeper_take(keeper, "gtp", &got), -ENOENT);
	keeper_free(&keeper, false);
}

static void without_a_keeper_nothing_is_kept(void **)
{
	struct keeper *none = NULL;
	int fd;

	assert_int_equal(keeper_new("/nonexistent", &none), -ENOENT);
	assert_int_equal(keeper_take(NULL, "gtp", &fd), -ENOENT);
	keeper_put(NULL, "gtp", 0);
	keeper_drop(NULL, "gtp");
	keeper_free(&none, true);
}

static int enter(void **)
{
	return mkdtemp(dir) ? 0 : -1;
}

static int leave(void **)
{
	char path[64];

	snprintf(path, sizeof(path), "%s/keeper.sock", dir);
	unlink(path);
	return rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_socket_outlives_its_gateway),
		cmocka_unit_test(a_name_holds_one_socket),
		cmocka_unit_test(nothing_stays_after_a_stop),
		cmocka_unit_test(without_a_keeper_nothing_is_kept),
	};

	return cmocka_run_group_tests(tests, enter, leave);
}
