// SPDX-License-Identifier: Apache-2.0
#include "cli/bindings.h"

#include "base/clean.h"
#include "cli/pages.h"

#include <stdio.h>

#define COLUMNS                                                                                                                  \
	"endpoint,innerAddress,innerPort,publicAddress,publicPort,transportProtocol,remoteAddress,remotePort,startedAt,"         \
	"expiresSeconds"

int bindings_run(struct command *command, const struct verb *verb)
{
	static const struct {
		const char *option, *filter;
	} options[] = {{"public-address", "publicAddress"}, {"public-port", "publicPort"}, {"inner-address", "innerAddress"},
		{"inner-port", "innerPort"}, {"remote-address", "remoteAddress"}, {"remote-port", "remotePort"},
		{"protocol", "transportProtocol"}};
	json_t *all = json_array();
	char path[600] = "", filter[400] = "";
	size_t taken = 0, len = 0;
	int64_t total;
	int result;

	path_add(path, sizeof(path), command->noun->path);
	path_add(path, sizeof(path), command->words[0]);
	path_add(path, sizeof(path), verb->action);
	for (size_t i = 0; i < array_len(options); i++) {
		const char *value = command_option(command, options[i].option);

		taken += value != NULL;
		if (value && len < sizeof(filter))
			len += (size_t)snprintf(
				filter + len, sizeof(filter) - len, "%s%s:%.40s", len ? "," : "", options[i].filter, value);
	}
	if (taken != command->options.count) {
		snprintf(command->error, sizeof(command->error),
			"nat-bindings has no options but --public-address, --public-port, --inner-address, --inner-port, "
			"--remote-address, "
			"--remote-port and --protocol");
		json_decref(all);
		return EXIT_USAGE;
	}
	if (len)
		query_add(path, sizeof(path), "filter", filter);
	result = pages_read(command, path, 0, all, &total);
	if (!result)
		print_list(stdout, command->format, NULL,
			command->columns			  ? command->columns
				: command->format == FORMAT_TABLE ? COLUMNS
								  : NULL,
			all);
	json_decref(all);
	return result;
}
