// SPDX-License-Identifier: Apache-2.0
// slicegate-sim: the mobile network on one side of a gateway, the customer's LNS on the other.

#include <stdio.h>
#include <string.h>

#include "base/clean.h"
#include "sim/lns.h"
#include "sim/sgw.h"

static int tell_main(int argc, char **argv)
{
	if (argc < 3) {
		fprintf(stderr, "usage: slicegate-sim tell PATH COMMAND...\n");
		return 2;
	}
	return io_tell(argv[1], argc - 2, argv + 2);
}

static const struct {
	const char *word, *help;
	int (*main)(int argc, char **argv);
} parts[] = {
	{"sgw", "an SGW or SGSN with SIMs", sgw_main},
	{"lns", "an LNS with users, addresses, and faults on order", lns_main},
	{"tell", "PATH COMMAND...: a command to the control socket of a running one", tell_main},
};

static void usage(FILE *out)
{
	fprintf(out, "usage: slicegate-sim PART [options]\n\n");
	for (size_t i = 0; i < array_len(parts); i++)
		fprintf(out, "  %-6s%s\n", parts[i].word, parts[i].help);
	fprintf(out, "\nslicegate-sim PART --help says more.\n");
}

int main(int argc, char **argv)
{
	const char *word = argc > 1 ? argv[1] : "";

	for (size_t i = 0; i < array_len(parts); i++)
		if (strcmp(word, parts[i].word) == 0)
			return parts[i].main(argc - 1, argv + 1);
	if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) {
		usage(stdout);
		return 0;
	}
	if (strcmp(word, "--version") == 0) {
		printf("slicegate-sim %s\n", SLICEGATE_VERSION);
		return 0;
	}
	usage(stderr);
	return 2;
}
