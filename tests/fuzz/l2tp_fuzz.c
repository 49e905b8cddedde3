// SPDX-License-Identifier: Apache-2.0
// Headers and messages, plain and hidden: what was read and written once reads and writes the same for ever; the text keeps its room.
#include "proto/l2tp/header.h"
#include "proto/l2tp/msg.h"
#include "proto/l2tp/tunnel.h"

#include <stdlib.h>

static void must(bool is_so)
{
	if (!is_so)
		abort();
}

static const struct l2tp_keys keys = {.secrets = {{(const uint8_t *)"s3cret", 6}, {(const uint8_t *)"old", 3}}};

static size_t encode(const struct l2tp_msg *msg, uint8_t *bytes, size_t size)
{
	struct wire_out out = wire_out(bytes, size);

	l2tp_msg_encode(&out, msg, NULL);
	must(!out.error);
	return wire_used(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct l2tp_msg msg, again;
	static uint8_t once[70000], twice[70000];
	uint8_t stopccn[L2TP_STOPCCN_SIZE];
	struct l2tp_header header;
	struct l2tp_fault fault;
	struct l2tp_peek peek;
	size_t len, len_again;
	char line[300];

	if (l2tp_header_parse(data, size, &header) < 0)
		return 0;
	if (l2tp_header_size(&header) + header.len <= size) {
		struct wire_out out = wire_out(once, sizeof(once));

		l2tp_header_build(&out, &header);
		must(!out.error && wire_used(&out) == l2tp_header_size(&header));
	}
	(void)l2tp_peek(&header, &peek);
	if (l2tp_stopccn_for_unknown(&header, stopccn, sizeof(stopccn), &len) == 0)
		must(l2tp_header_parse(stopccn, len, &(struct l2tp_header){0}) == 0);
	if (l2tp_msg_decode(header.payload, header.len, &keys, &msg, &fault) < 0)
		must(fault.error && fault.text[0]);
	must(l2tp_msg_print(&msg, line, sizeof(line)) < sizeof(line));
	if (!l2tp_msg_find(msg.type))
		return 0;
	len = encode(&msg, once, sizeof(once));
	(void)l2tp_msg_decode(once, len, NULL, &again, &fault);
	must(again.has == (msg.has & ~((uint64_t)1 << L2TP_AVP_random_vector)) && !again.bad_avps && !again.unknown_avps);
	len_again = encode(&again, twice, sizeof(twice));
	must(len == len_again && !memcmp(once, twice, len));
	return 0;
}
