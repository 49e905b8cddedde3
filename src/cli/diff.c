// SPDX-License-Identifier: Apache-2.0
#include "cli/diff.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/clean.h"
#include "base/vec.h"
#include "cli/print.h"

#define AROUND 1
// Past this many lines on a side the texts stand one after the other: the table below would grow with their product.
#define LINES_MAX 2000

struct lines {
	char *text;
	VEC(char *) list;
};

static void lines_init(struct lines *lines, const json_t *value)
{
	size_t len = 0;
	FILE *out = open_memstream(&lines->text, &len);
	char *rest, *line;

	if (!out)
		return;
	if (json_object_size(value))
		print_yaml(out, value);
	fclose(out);
	for (rest = lines->text; rest && (line = strsep(&rest, "\n"));) {
		char **at = *line ? vec_add(&lines->list) : NULL;

		if (at)
			*at = line;
	}
}

static void lines_fini(struct lines *lines)
{
	vec_free(&lines->list);
	free(lines->text);
}

struct step {
	char mark; // ' ', '-', '+'
	const char *text;
};

struct steps {
	VEC(struct step) list;
};

static void add(struct steps *steps, char mark, const char *text)
{
	struct step *step = vec_add(&steps->list);

	if (step)
		*step = (struct step){mark, text};
}

// The longest common sequence of lines stays.
static void compare(struct steps *steps, const struct lines *a, const struct lines *b)
{
	size_t n = a->list.count, m = b->list.count, i = 0, j = 0;
	_cleanup_free_ unsigned *table = n > LINES_MAX || m > LINES_MAX ? NULL : calloc((n + 1) * (m + 1), sizeof(*table));

#define LONGEST(x, y) table[(x) * (m + 1) + (y)]
	for (size_t x = n; table && x-- > 0;)
		for (size_t y = m; y-- > 0;)
			LONGEST(x, y) = strcmp(a->list.items[x], b->list.items[y]) == 0 ? LONGEST(x + 1, y + 1) + 1
				: LONGEST(x + 1, y) >= LONGEST(x, y + 1)		? LONGEST(x + 1, y)
											: LONGEST(x, y + 1);
	while (i < n || j < m) {
		if (i < n && j < m && strcmp(a->list.items[i], b->list.items[j]) == 0) {
			add(steps, ' ', a->list.items[i++]);
			j++;
		} else if (i < n && (j == m || !table || LONGEST(i + 1, j) >= LONGEST(i, j + 1))) {
			add(steps, '-', a->list.items[i++]);
		} else {
			add(steps, '+', b->list.items[j++]);
		}
	}
#undef LONGEST
}

static bool is_near(const struct steps *steps, size_t at)
{
	for (size_t i = at > AROUND ? at - AROUND : 0; i < steps->list.count && i <= at + AROUND; i++)
		if (steps->list.items[i].mark != ' ')
			return true;
	return false;
}

void diff_print(FILE *out, const json_t *before, const json_t *after)
{
	struct lines a = {0}, b = {0};
	struct steps steps = {0};

	lines_init(&a, before);
	lines_init(&b, after);
	compare(&steps, &a, &b);
	for (size_t i = 0; i < steps.list.count; i++)
		if (is_near(&steps, i))
			fprintf(out, "  %c %s\n", steps.list.items[i].mark, steps.list.items[i].text);
	vec_free(&steps.list);
	lines_fini(&a);
	lines_fini(&b);
}
