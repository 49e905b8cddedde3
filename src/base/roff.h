// SPDX-License-Identifier: Apache-2.0
// Pieces of manual pages in the man(7) language.
#pragma once

#include <stdio.h>

// Text in which nothing is taken for a request or an escape.
void roff_text(FILE *out, const char *text);
// "term" in bold with what it means below, indented. Either may hold several lines.
void roff_item(FILE *out, const char *term, const char *text);
void roff_section(FILE *out, const char *title);
void roff_subsection(FILE *out, const char *title);
