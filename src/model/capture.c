// SPDX-License-Identifier: Apache-2.0
#include "model/capture.h"

#include "model/ruling.h"

#include <string.h>

static const struct word states[] = {
	{CAPTURE_RUNNING, "running", "Running", NULL},
	{CAPTURE_ENDED, "ended", "Ended", NULL},
	{0},
};

#define AT(json, row_type, member, its_label, its_help)                                                                          \
	.name = (json), .type = (row_type), FIELD_AT(struct capture, member), .label = (its_label), .help = (its_help)
#define TOLD FIELD_READ_ONLY | FIELD_LIVE

static const struct field fields[] = {
	{AT("id", FIELD_TEXT, object.id, "Id", "The capture's UUID, given by the platform"), .flags = TOLD},
	{AT("endpoint", FIELD_REF, endpoint, "Endpoint", "The endpoint whose packets are captured, in all its sessions"),
		.flags = FIELD_SUMMARY, .noun = &noun_endpoint},
	{AT("tunnel", FIELD_TEXT, tunnel, "Tunnel", "The id of the tunnel whose packets are captured"), .flags = FIELD_SUMMARY,
		.max = 36},
	{AT("vslice", FIELD_REF, vslice, "VSlice", "The VSlice that it is in; named to say which lns is meant"),
		.noun = &noun_vslice},
	{AT("lns", FIELD_REF, lns, "LNS", "The LNS of that VSlice whose packets are captured, in all tunnels to it"),
		.flags = FIELD_SUMMARY, .noun = &noun_lns, .scope = "vslice"},
	{AT("levels", FIELD_TEXTS, levels, "Levels",
		 "What is captured: gtp (toward the mobile network), l2tp (toward the LNS), ip (the SIM's own packets); all when "
		 "absent"),
		.max = 3},
	{AT("seconds", FIELD_INT, seconds, "Seconds", "How long it runs at most"), .min = 1, .max = 3600, .initial = "60",
		.unit = "seconds"},
	{AT("octets", FIELD_INT, octets, "Octets", "How large the file may become"), .min = 65536, .max = 256 << 20,
		.initial = "16777216", .unit = "octets"},
	{AT("packetOctets", FIELD_INT, packet_octets, "Octets of a packet",
		 "How much of each packet is kept, from its IP header on"),
		.min = 64, .max = 65535, .initial = "65535", .unit = "octets"},
	{AT("regionalGateway", FIELD_REF, gateway, "Regional Gateway", "The gateway that captures"), .flags = TOLD,
		.noun = &noun_gateway},
	{AT("state", FIELD_ENUM, state, "State", "Whether it runs"), .flags = TOLD | FIELD_SUMMARY, .words = states},
	{AT("reason", FIELD_TEXT, reason, "Reason", "Why it ended"), .flags = TOLD},
	{AT("startedAt", FIELD_TIME, started_ms, "Started", "When it was begun"), .flags = TOLD | FIELD_SUMMARY},
	{AT("endedAt", FIELD_TIME, ended_ms, "Ended", "When it ended"), .flags = TOLD},
	{AT("size", FIELD_INT, captured, "Size", "Octets that the file has now"), .flags = TOLD | FIELD_SUMMARY,
		.unit = "octets"},
	{AT("packets", FIELD_INT, packets, "Packets", "Packets that the file has now"), .flags = TOLD},
};

static void check(struct ruling *ruling, void *object, const void *before)
{
	const struct capture *capture = object;
	int subjects = (capture->endpoint.id != NULL) + (capture->tunnel != NULL) + (capture->lns.id != NULL);

	(void)before;
	if (!ruling->fault_count && subjects != 1)
		ruling_fault(ruling, "endpoint", "name one thing to capture: an endpoint, a tunnel, or an lns with its vslice");
	for (size_t i = 0; i < capture->levels.count; i++)
		if (strcmp(capture->levels.items[i], "gtp") != 0 && strcmp(capture->levels.items[i], "l2tp") != 0 &&
			strcmp(capture->levels.items[i], "ip") != 0)
			ruling_fault(
				ruling, "levels", "\"%.40s\" is not a level; accepted: gtp, l2tp, ip", capture->levels.items[i]);
}

const struct noun noun_capture = {
	.word = "capture",
	.title = "Capture",
	.path = "captures",
	.spelling = "Captures",
	.help = "Packets of an Endpoint, a Tunnel or an LNS as a pcapng file, without secrets; kept for an hour after its end",
	.size = sizeof(struct capture),
	.flags = NOUN_LIVE,
	NOUN_FIELDS(fields),
	.check = check,
};
