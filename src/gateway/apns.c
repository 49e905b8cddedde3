// SPDX-License-Identifier: Apache-2.0
#include "gateway/apns.h"

#include "gateway/gateway.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static int name_add(struct apns *apns, const char *text, uint32_t index, struct apn_name **out)
{
	struct apn_name *name = calloc(1, sizeof(*name));
	int error;

	if (!name)
		return -ENOMEM;
	snprintf(name->text, sizeof(name->text), "%s", text);
	name->index = index;
	error = strmap_put(&apns->names, name->text, name);
	if (!error && map_put(&apns->by_index, index, name)) {
		strmap_del(&apns->names, name->text);
		error = -ENOMEM;
	}
	if (error)
		free(name);
	else
		*out = name;
	return error;
}

static void name_read(void *owner, uint32_t index, const void *record)
{
	struct apn_name *name;

	(void)name_add(owner, record, index, &name);
}

int apns_init(struct apns *apns, struct state *state)
{
	apns->state = state;
	state_each(state, TABLE_APN, name_read, apns);
	return 0;
}

void apns_fini(struct apns *apns)
{
	struct apn_name *name;

	for (size_t at = 0; (name = strmap_next(&apns->names, &at));)
		free(name);
	strmap_fini(&apns->names);
	map_fini(&apns->by_index);
}

struct apn_name *apn_ref(struct apns *apns, const char *text)
{
	struct apn_name *name = strmap_get(&apns->names, text);
	char record[APN_TEXT] = "";
	uint32_t index;

	if (!name) {
		if (state_take(apns->state, TABLE_APN, &index))
			return NULL;
		snprintf(record, sizeof(record), "%s", text);
		if (name_add(apns, record, index, &name)) {
			state_clear(apns->state, TABLE_APN, index);
			return NULL;
		}
		state_put(apns->state, TABLE_APN, index, record);
	}
	name->refs++;
	return name;
}

struct apn_name *apn_ref_index(struct apns *apns, uint32_t index)
{
	struct apn_name *name = map_get(&apns->by_index, index);

	if (name)
		name->refs++;
	return name;
}

static void name_drop(struct apns *apns, struct apn_name *name)
{
	state_clear(apns->state, TABLE_APN, name->index);
	strmap_del(&apns->names, name->text);
	map_del(&apns->by_index, name->index);
	free(name);
}

void apn_unref(struct apns *apns, struct apn_name **name)
{
	if (*name && !--(*name)->refs)
		name_drop(apns, *name);
	*name = NULL;
}

void apns_sweep(struct apns *apns)
{
	struct apn_name *name;
	bool again = true;

	while (again) {
		again = false;
		for (size_t at = 0; !again && (name = strmap_next(&apns->names, &at));)
			again = !name->refs;
		if (again)
			name_drop(apns, name);
	}
}
