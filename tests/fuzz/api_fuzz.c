// SPDX-License-Identifier: Apache-2.0
// A body of the API: the first octet chooses noun and verb, the rest is the body. What is taken without a fault must read back as
// something that can be written without a fault.
#include "base/clean.h"
#include "model/json.h"
#include "model/noun.h"
#include "model/ruling.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct noun *const bodies[] = {
	&noun_vslice, &noun_target, &noun_policy, &noun_group, &noun_endpoint, &noun_gateway, &noun_token, &noun_lac};

static void write_back(const struct noun *noun, const void *object)
{
	struct text read = {0}, link = {0};
	struct ruling ruling = {0};
	void *again = object_new(noun);

	json_put_object(&read, noun, object, JSON_READ);
	json_put_object(&link, noun, object, JSON_LINK);
	json_t *body = json_loadb(read.bytes, read.len, JSON_REJECT_DUPLICATES, NULL),
	       *row = json_loadb(link.bytes, link.len, JSON_REJECT_DUPLICATES, NULL);

	if (!body || !row)
		abort(); // what we write is JSON
	json_get_object(&ruling, noun, body, again, JSON_CREATE);
	if (ruling.fault_count)
		abort();
	json_decref(body);
	json_decref(row);
	object_free(noun, again);
	text_fini(&read);
	text_fini(&link);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ruling ruling = {0};

	if (!size)
		return 0;
	const struct noun *noun = bodies[(data[0] >> 2) % array_len(bodies)];
	enum json_verb verb = (enum json_verb)(JSON_CREATE + (data[0] & 3) % 3);
	json_t *body = json_loadb((const char *)data + 1, size - 1, JSON_REJECT_DUPLICATES, NULL);
	void *object = object_new(noun);

	if (body) {
		json_get_object(&ruling, noun, body, object, verb);
		bool taken = !ruling.fault_count;

		object_judge(&ruling, noun, object, NULL);
		if (taken && !ruling.fault_count)
			write_back(noun, object);
	}
	json_decref(body);
	object_free(noun, object);
	ruling_fini(&ruling);
	return 0;
}
