// SPDX-License-Identifier: Apache-2.0
// GTPv1-C, read as a GGSN and as an SGSN: what was read and written once reads and writes the same for ever.
#include "proto/gtp/gtp1.h"

#include <stdlib.h>

static void must(bool is_so)
{
	if (!is_so)
		abort();
}

static void one(const uint8_t *data, size_t size, enum gtp1_role role)
{
	static struct gtp1_message message, again;
	static uint8_t once[70000], twice[70000];
	struct gtp_location location;
	struct ie_fault fault;
	size_t len = 0, len_again = 0;
	char line[300];
	int r = gtp1_decode(data, size, role, &message, &fault);

	if (r == -EINVAL && gtp1_type_answer(message.header.type))
		must(fault.cause && !gtp1_refuse(&message.header, 1, fault.cause, once, sizeof(once), &len));
	if (r && r != -EINVAL)
		return;
	gtp1_text(&message, line, sizeof(line));
	if (message.header.type == GTP1_CREATE_PDP_REQUEST && message.create_pdp_request.has.uli)
		gtp1_location_read(&message.create_pdp_request.uli, &location);
	must(!gtp1_encode(&message, once, sizeof(once), &len));
	r = gtp1_decode(once, len, role, &again, &fault);
	must(!r || r == -EINVAL);
	must(!gtp1_encode(&again, twice, sizeof(twice), &len_again));
	must(len == len_again && !memcmp(once, twice, len));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	one(data, size, GTP1_AT_GGSN);
	one(data, size, GTP1_AT_SGSN);
	return 0;
}
