// SPDX-License-Identifier: Apache-2.0
#include "cli/man.h"

#include <stdio.h>

#include "base/opt_man.h"
#include "base/roff.h"
#include "cli/help.h"
#include "cli/options.h"
#include "cli/tool.h"

static void man_item(const char *left, const char *right, void *context)
{
	(void)context;
	roff_item(stdout, left, right);
}

static void man_noun(const struct noun *noun, void *context)
{
	(void)context;
	roff_subsection(stdout, noun->word);
	roff_text(stdout, noun->help ? noun->help : noun->title);
	help_verbs(noun, man_item, NULL);
	help_fields(noun, man_item, NULL);
}

int man_print(void)
{
	opt_man(&cli_program);
	roff_section(stdout, "COMMANDS");
	for (const struct tool *tool = tools; tool->word; tool++) {
		char line[300];

		snprintf(line, sizeof(line), "slicegate %s %s", tool->word, tool->usage);
		roff_item(stdout, line, tool->help);
	}
	roff_section(stdout, "NOUNS");
	roff_text(stdout, HELP_VALUES);
	help_nouns(man_noun, NULL);
	return EXIT_DONE;
}
