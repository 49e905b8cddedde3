// SPDX-License-Identifier: Apache-2.0
#include "base/opt_value.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/addr.h"
#include "base/clean.h"
#include "base/vec.h"

static const char *const kind_words[] = {
	[OPT_FLAG] = "",
	[OPT_TEXT] = "TEXT",
	[OPT_LIST] = "LIST",
	[OPT_INT] = "N",
	[OPT_U16] = "N",
	[OPT_U32] = "N",
	[OPT_U64] = "N",
	[OPT_MS] = "TIME",
	[OPT_CHOICE] = "",
	[OPT_ADDR] = "ADDRESS",
	[OPT_PREFIX] = "PREFIX",
	[OPT_END] = "ADDRESS:PORT",
};

static void choices_text(const struct opt *opt, char *out, size_t size, const char *between)
{
	size_t used = 0;

	out[0] = '\0';
	for (size_t i = 0; opt->choices[i] && used < size; i++)
		used += (size_t)snprintf(out + used, size - used, "%s%s", i ? between : "", opt->choices[i]);
}

void opt_value_word(const struct opt *opt, char *out, size_t size)
{
	if (opt->word || opt->kind != OPT_CHOICE)
		snprintf(out, size, "%s", opt->word ? opt->word : kind_words[opt->kind]);
	else
		choices_text(opt, out, size, "|");
}

static int set_flag(const struct opt *opt, const char *value, char *why)
{
	static const char *const yes[] = {"yes", "true", "on", "1"};
	static const char *const no[] = {"no", "false", "off", "0"};

	for (size_t i = 0; i < array_len(yes); i++) {
		if (strcasecmp(value, yes[i]) != 0 && strcasecmp(value, no[i]) != 0)
			continue;
		*(bool *)opt->target = strcasecmp(value, yes[i]) == 0;
		return 0;
	}
	snprintf(why, OPT_ERROR_TEXT, "yes or no is wanted");
	return -EINVAL;
}

static int set_text(const struct opt *opt, const char *value)
{
	char *copy = strdup(value);

	if (!copy)
		return -ENOMEM;
	free(*(char **)opt->target);
	*(char **)opt->target = copy;
	return 0;
}

static int set_list(const struct opt *opt, const char *value)
{
	struct opt_list *list = opt->target;
	_cleanup_free_ char *copy = strdup(value);
	char *rest = copy, *word;

	if (!copy)
		return -ENOMEM;
	while ((word = strsep(&rest, ","))) {
		char **item, *end;

		word += strspn(word, " \t");
		for (end = word + strlen(word); end > word && (end[-1] == ' ' || end[-1] == '\t');)
			*--end = '\0';
		if (!*word)
			continue;
		item = vec_add(list);
		if (!item)
			return -ENOMEM;
		*item = strdup(word);
		if (!*item) {
			list->count--;
			return -ENOMEM;
		}
	}
	return 0;
}

struct number_kind {
	int64_t min, max;
	size_t size;
};

static const struct number_kind number_kinds[] = {
	[OPT_INT] = {INT64_MIN, INT64_MAX, sizeof(int64_t)},
	[OPT_U16] = {0, UINT16_MAX, sizeof(uint16_t)},
	[OPT_U32] = {0, UINT32_MAX, sizeof(uint32_t)},
	[OPT_U64] = {0, INT64_MAX, sizeof(uint64_t)},
};

static int set_number(const struct opt *opt, const char *value, char *why)
{
	const struct number_kind *kind = &number_kinds[opt->kind];
	int64_t min = kind->min, max = kind->max;
	int64_t number;
	char *end;

	if (opt->min || opt->max) {
		min = opt->min;
		max = opt->max ? opt->max : max;
	}
	errno = 0;
	number = strtoll(value, &end, 0);
	if (errno || end == value || *end || strspn(value, " \t+") || number < min || number > max) {
		snprintf(why, OPT_ERROR_TEXT, "a number from %" PRId64 " to %" PRId64 " is wanted", min, max);
		return -EINVAL;
	}
	// The width of the target follows from the kind.
	if (kind->size == sizeof(uint16_t))
		*(uint16_t *)opt->target = (uint16_t)number;
	else if (kind->size == sizeof(uint32_t))
		*(uint32_t *)opt->target = (uint32_t)number;
	else
		*(int64_t *)opt->target = number;
	return 0;
}

int opt_ms_parse(const char *text, uint64_t *out)
{
	static const struct {
		const char *name;
		double ms;
	} units[] = {{"", 1000}, {"ms", 1}, {"s", 1000}, {"m", 60000}, {"min", 60000}, {"h", 3600000}, {"d", 86400000}};
	size_t digits = strspn(text, "0123456789.");
	char *end;
	double value;

	if (!digits)
		return -EINVAL;
	value = strtod(text, &end);
	if (end != text + digits)
		return -EINVAL;
	end += strspn(end, " ");
	for (size_t i = 0; i < array_len(units); i++) {
		if (strcmp(end, units[i].name) != 0)
			continue;
		if (value * units[i].ms > 1e15)
			return -EINVAL;
		*out = (uint64_t)(value * units[i].ms + 0.5);
		return 0;
	}
	return -EINVAL;
}

static int set_ms(const struct opt *opt, const char *value, char *why)
{
	uint64_t ms;

	if (opt_ms_parse(value, &ms) < 0) {
		snprintf(why, OPT_ERROR_TEXT, "a time such as 250ms, 1.5s, 2m or 1h is wanted");
		return -EINVAL;
	}
	if (ms < (uint64_t)opt->min || (opt->max && ms > (uint64_t)opt->max)) {
		snprintf(why, OPT_ERROR_TEXT,
			opt->max ? "from %" PRId64 " ms to %" PRId64 " ms is accepted" : "%" PRId64 " ms at least", opt->min,
			opt->max);
		return -EINVAL;
	}
	*(uint64_t *)opt->target = ms;
	return 0;
}

static int set_choice(const struct opt *opt, const char *value, char *why)
{
	char names[OPT_ERROR_TEXT - 20];

	for (int i = 0; opt->choices[i]; i++) {
		if (strcasecmp(value, opt->choices[i]) != 0)
			continue;
		*(int *)opt->target = i;
		return 0;
	}
	choices_text(opt, names, sizeof(names), ", ");
	snprintf(why, OPT_ERROR_TEXT, "one of %s is wanted", names);
	return -EINVAL;
}

// "a.b.c.d:port" or "[v6]:port".
static int parse_end(const char *text, struct ip_end *out)
{
	char copy[IP_END_TEXT];
	char *addr = copy, *colon, *stop;
	struct ip_end end = {0};
	unsigned long port;

	if (strlen(text) >= sizeof(copy))
		return -EINVAL;
	strcpy(copy, text);
	colon = strrchr(copy, ':');
	if (!colon || strspn(colon + 1, "0123456789") != strlen(colon + 1))
		return -EINVAL;
	*colon = '\0';
	if (addr[0] == '[' && colon[-1] == ']') {
		colon[-1] = '\0';
		addr++;
	}
	port = strtoul(colon + 1, &stop, 10);
	if (stop == colon + 1 || port > UINT16_MAX || ip_addr_parse(addr, &end.addr) < 0)
		return -EINVAL;
	if ((end.addr.family == IP_V6) != (addr != copy))
		return -EINVAL;
	end.port = (uint16_t)port;
	*out = end;
	return 0;
}

static int set_address(const struct opt *opt, const char *value, char *why)
{
	const char *wanted = "an IP address";
	int error;

	if (opt->kind == OPT_END) {
		wanted = "an address and a port such as 192.0.2.1:5050";
		error = parse_end(value, opt->target);
	} else if (opt->kind == OPT_PREFIX) {
		wanted = "a prefix such as 192.0.2.0/24";
		error = ip_prefix_parse_strict(value, opt->target);
	} else {
		error = ip_addr_parse(value, opt->target);
	}
	if (error)
		snprintf(why, OPT_ERROR_TEXT, "%s is wanted", wanted);
	return error;
}

int opt_value_set(const struct opt *opt, const char *value, char why[OPT_ERROR_TEXT])
{
	switch (opt->kind) {
	case OPT_FLAG:
		return set_flag(opt, value, why);
	case OPT_TEXT:
		return set_text(opt, value);
	case OPT_LIST:
		return set_list(opt, value);
	case OPT_INT:
	case OPT_U16:
	case OPT_U32:
	case OPT_U64:
		return set_number(opt, value, why);
	case OPT_MS:
		return set_ms(opt, value, why);
	case OPT_CHOICE:
		return set_choice(opt, value, why);
	case OPT_ADDR:
	case OPT_PREFIX:
	case OPT_END:
		return set_address(opt, value, why);
	}
	return -EINVAL;
}

void opt_value_clear(const struct opt *opt)
{
	if (opt->kind == OPT_TEXT) {
		free(*(char **)opt->target);
		*(char **)opt->target = NULL;
	} else if (opt->kind == OPT_LIST) {
		struct opt_list *list = opt->target;

		vec_each (list, item)
			free(*item);
		vec_free(list);
	}
}
