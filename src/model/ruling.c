// SPDX-License-Identifier: Apache-2.0
#include "model/ruling.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void add(struct ruling *ruling, enum ruling_verdict verdict, const char *field, const char *format, va_list args)
{
	char text[600];
	int used = field ? snprintf(text, sizeof(text), "%s%s: ", ruling->prefix, field) : 0;

	if (used < 0 || (size_t)used >= sizeof(text))
		used = sizeof(text) - 1;
	vsnprintf(text + used, sizeof(text) - (size_t)used, format, args);
	if (verdict == RULING_INVALID || verdict > ruling->verdict)
		ruling->verdict =
			ruling->verdict == RULING_INVALID ? RULING_INVALID : verdict; // what is wrong comes before what conflicts
	if (ruling->fault_count++ >= RULING_FAULTS_MAX)
		return;
	char **faults = realloc(ruling->faults, ruling->fault_count * sizeof(*faults));

	if (!faults || !(faults[ruling->fault_count - 1] = strdup(text)))
		abort();
	ruling->faults = faults;
}

void ruling_fault(struct ruling *ruling, const char *field, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add(ruling, RULING_INVALID, field, format, args);
	va_end(args);
}

void ruling_fault_of(struct ruling *ruling, enum ruling_verdict verdict, const char *field, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add(ruling, verdict, field, format, args);
	va_end(args);
}

bool ruling_has(const struct ruling *ruling, const char *field)
{
	size_t prefix = strlen(ruling->prefix), len = strlen(field);

	for (size_t i = 0; i < ruling->fault_count && i < RULING_FAULTS_MAX; i++) {
		const char *fault = ruling->faults[i];

		if (strncmp(fault, ruling->prefix, prefix) == 0 && strncmp(fault + prefix, field, len) == 0 &&
			strchr(":[.", fault[prefix + len]))
			return true;
	}
	return false;
}

bool ruling_resolve(struct ruling *ruling, const struct noun *noun, const char *owner, struct field_ref *ref)
{
	if (!ref->id && ref->moniker && ruling->resolve)
		ruling->resolve(ruling, noun, owner, ref);
	return ref->id;
}

const void *ruling_load(struct ruling *ruling, const struct noun *noun, const struct field_ref *ref)
{
	return ref->id && ruling->load ? ruling->load(ruling, noun, ref->id) : NULL;
}

int64_t ruling_count(struct ruling *ruling, const struct noun *noun, const char *field, const char *id)
{
	return ruling->count && id ? ruling->count(ruling, noun, field, id) : 0;
}

void ruling_fini(struct ruling *ruling)
{
	size_t kept = ruling->fault_count < RULING_FAULTS_MAX ? ruling->fault_count : RULING_FAULTS_MAX;

	for (size_t i = 0; i < kept; i++)
		free(ruling->faults[i]);
	free(ruling->faults);
	ruling->faults = NULL;
	ruling->fault_count = 0;
}
