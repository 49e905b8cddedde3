// SPDX-License-Identifier: Apache-2.0
// Helper programs of targets (wg, wireguard-go, swanctl, charon): run from the worker thread, in the network namespace that it is in.
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct program_run {
	const char *const *argv; // argv[0] is looked up in PATH
	const char *const *env; // "NAME=value" beside the gateway's own; NULL = none
	const char *input; // on its standard input; NULL = nothing
	char *output; // what it wrote to standard output and error, cut to `room`; NULL = not wanted
	size_t room;
	bool is_cut; // it is ended when `output` is full, and that is well
	unsigned timeout_ms; // then it is killed
};

// Its exit status (0 = well), -ETIME when it was killed for taking too long, or -errno when it cannot be run (-ENOENT: not installed).
int program_run(const struct program_run *run);
// Starts a program that goes on by itself, in a session of its own, with its output in `log_path`. Its pid or -errno.
int program_start(const char *const *argv, const char *const *env, const char *log_path);

// A file of the target's, 0600 in a directory of 0700, written whole or not at all. 0 or -errno.
int program_write(const char *dir, const char *name, const char *text);
int program_read(const char *dir, const char *name, char *out, size_t room); // 0 or -errno; cut to `room`
