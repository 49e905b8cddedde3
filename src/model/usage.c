// SPDX-License-Identifier: Apache-2.0
// Usage rows. Read-only: counted from what gateways report.
#include "model/usage.h"

#define USAGE(row_type, extra, json, member, its_label, its_help)                                                                \
	{                                                                                                                        \
		.name = (json), .type = (row_type), .flags = FIELD_READ_ONLY | FIELD_LIVE | (extra),                             \
		FIELD_AT(struct usage, member), .label = (its_label), .help = (its_help)                                         \
	}

static const struct field usage_fields[] = {
	USAGE(FIELD_TEXT, 0, "id", object.id, "Id", "When the interval begins"),
	USAGE(FIELD_TIME, FIELD_SUMMARY, "from", from_ms, "From", "When the interval begins"),
	USAGE(FIELD_TIME, FIELD_SUMMARY, "to", to_ms, "To", "When it ends"),
	USAGE(FIELD_INT, FIELD_SUMMARY, "bytesUplink", bytes_up, "Bytes up", "Octets from the devices"),
	USAGE(FIELD_INT, FIELD_SUMMARY, "bytesDownlink", bytes_down, "Bytes down", "Octets to the devices"),
	USAGE(FIELD_INT, FIELD_SUMMARY, "sessions", sessions, "Sessions", "Sessions that began in it"),
};

const struct noun noun_usage = {
	.word = "usage",
	.title = "Usage",
	.path = "usage",
	.spelling = "Usage",
	.help = "Octets and sessions of all VSlices, hour by hour or day by day",
	.size = sizeof(struct usage),
	.flags = NOUN_LIVE,
	NOUN_FIELDS(usage_fields),
};
