// SPDX-License-Identifier: Apache-2.0
#include "base/opt_man.h"

#include <string.h>

#include "base/opt_value.h"
#include "base/roff.h"

static void man_opt(const struct opt *opt)
{
	char word[160], term[300], text[1000];

	opt_value_word(opt, word, sizeof(word));
	snprintf(term, sizeof(term), "%s%c%s--%s%s%s", opt->letter ? "-" : "", opt->letter ? opt->letter : ' ',
		opt->letter ? ", " : "", opt->name, *word ? " " : "", word);
	snprintf(text, sizeof(text), "%s%s%s%s%s%s%s%s", opt->help ? opt->help : "", opt->required ? " (required)" : "",
		!opt->required && opt->fallback && *opt->fallback ? " (default " : "",
		!opt->required && opt->fallback && *opt->fallback ? opt->fallback : "",
		!opt->required && opt->fallback && *opt->fallback ? ")" : "", opt->env ? ". In the environment: " : "",
		opt->env ? opt->env : "", ".");
	roff_item(stdout, term + strspn(term, " "), text);
}

void opt_man(const struct opt_program *program)
{
	char line[300];

	roff_section(stdout, "SYNOPSIS");
	snprintf(line, sizeof(line), "%s %s", program->name, program->usage ? program->usage : "[options]");
	printf(".B ");
	roff_text(stdout, line);
	roff_section(stdout, "DESCRIPTION");
	roff_text(stdout, program->about ? program->about : "");
	roff_section(stdout, "OPTIONS");
	for (size_t i = 0; i < program->count; i++)
		man_opt(&program->opts[i]);
	roff_item(stdout, "--config FILE", "read options from FILE: lines of \"name = value\", # begins a comment.");
	roff_item(stdout, "--version", "print the version and end.");
	roff_item(stdout, "--help", "print the options and end.");
}
