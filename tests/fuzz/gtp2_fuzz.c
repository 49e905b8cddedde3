// SPDX-License-Identifier: Apache-2.0
// GTPv2-C: what was read and written once reads and writes the same for ever; refusals can always be made; the text keeps its room.
#include "proto/gtp/gtp2.h"

#include <stdlib.h>

static void must(bool is_so)
{
	if (!is_so)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct gtp2_message message, again;
	static uint8_t once[70000], twice[70000];
	struct gtp_location location;
	struct ie_fault fault;
	size_t len = 0, len_again = 0;
	char line[300];
	int r = gtp2_decode(data, size, &message, &fault);

	if (r == -EINVAL && gtp2_type_answer(message.header.type))
		must(fault.cause && !gtp2_refuse(&message, 1, &fault, once, sizeof(once), &len));
	if (r && r != -EINVAL)
		return 0;
	gtp2_text(&message, line, sizeof(line));
	if (message.header.type == GTP2_CREATE_SESSION_REQUEST && message.create_session_request.has.uli)
		gtp2_location_read(&message.create_session_request.uli, &location);
	must(!gtp2_encode(&message, once, sizeof(once), &len));
	r = gtp2_decode(once, len, &again, &fault);
	must(!r || r == -EINVAL);
	must(!gtp2_encode(&again, twice, sizeof(twice), &len_again));
	must(len == len_again && !memcmp(once, twice, len));
	return 0;
}
