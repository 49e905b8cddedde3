// SPDX-License-Identifier: Apache-2.0
// The options that every command has.
#pragma once

#include "base/opt.h"

struct cli_config {
	char *profile, *url, *token, *token_file, *customer, *columns, *ca_file, *file;
	int output;
	uint64_t timeout_ms, wait_ms;
	bool insecure;
};

extern struct cli_config cli_config;
extern const struct opt_program cli_program;

// The row that "--name", "--name=value" or "-n" means; NULL when it is another's.
const struct opt *option_global(const char *arg);
