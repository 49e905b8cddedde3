// SPDX-License-Identifier: Apache-2.0
#include "gateway/template.h"

#include "base/clean.h"

#include <string.h>

static size_t append(char *out, size_t size, size_t used, const char *text, size_t len)
{
	if (!text || used + 1 >= size)
		return used;
	if (len > size - used - 1)
		len = size - used - 1;
	memcpy(out + used, text, len);
	return used + len;
}

size_t template_expand(const char *text, const struct template_values *values, char *out, size_t size)
{
	const struct {
		const char *name, *value;
	} names[] = {
		{"%{imsi}", values->imsi},
		{"%{iccid}", values->iccid},
		{"%{msisdn}", values->msisdn},
		{"%{imei}", values->imei},
		{"%{apn}", values->apn},
	};
	size_t used = 0;

	while (*text && size) {
		size_t i = 0;

		while (i < array_len(names) && strncmp(text, names[i].name, strlen(names[i].name)))
			i++;
		if (i < array_len(names)) {
			used = append(out, size, used, names[i].value, names[i].value ? strlen(names[i].value) : 0);
			text += strlen(names[i].name);
		} else {
			used = append(out, size, used, text, 1);
			text++;
		}
	}
	if (size)
		out[used] = 0;
	return used;
}
