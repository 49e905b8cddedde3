// SPDX-License-Identifier: Apache-2.0
#include "base/roff.h"

#include <stdbool.h>

void roff_text(FILE *out, const char *text)
{
	bool starts = true;

	for (; *text; text++) {
		if (starts && (*text == '.' || *text == '\''))
			fputs("\\&", out); // no request
		starts = *text == '\n';
		if (*text == '\\')
			fputs("\\e", out);
		else if (*text == '|')
			fputs("|\\:", out); // a line may break there
		else if (*text == '-')
			fputs("\\-", out); // a minus, as it is typed
		else if (*text == '"' || *text == '`' || *text == '^' || *text == '~')
			fputs(*text == '"' ? "\\(dq" : *text == '`' ? "\\(ga" : *text == '^' ? "\\(ha" : "\\(ti", out);
		else
			fputc(*text, out);
	}
	fputc('\n', out);
}

void roff_item(FILE *out, const char *term, const char *text)
{
	fputs(".TP\n.B ", out);
	roff_text(out, term);
	roff_text(out, text);
}

void roff_section(FILE *out, const char *title)
{
	fputs(".SH ", out);
	roff_text(out, title);
}

void roff_subsection(FILE *out, const char *title)
{
	fputs(".SS ", out);
	roff_text(out, title);
}
