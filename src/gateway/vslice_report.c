// SPDX-License-Identifier: Apache-2.0
// What the controller hears of a VSlice at this gateway: whether it is ready, and how its Routing Targets are.
#include "gateway/dataplane/dataplane.h"
#include "gateway/link.h"
#include "gateway/report.h"
#include "gateway/vslice.h"

// "10.0.0.0/8 192.0.2.0/24" as an array.
static json_t *words_array(const char *text)
{
	json_t *array = json_array();

	while (*text) {
		size_t len = strcspn(text, " ");

		json_array_append_new(array, json_stringn(text, len));
		text += len + (text[len] == ' ');
	}
	return array;
}

// What the customer must know of our end of the target; NULL = nothing.
static json_t *public_of(const struct slice_target_status *target)
{
	json_t *public = json_object();

	if (*target->public_key)
		json_object_set_new(public, "publicKey", json_string(target->public_key));
	if (target->public_port)
		json_object_set_new(public, "port", json_integer(target->public_port));
	if (*target->public_address)
		json_object_set_new(public, "publicAddress", json_string(target->public_address));
	if (*target->public_addresses)
		json_object_set_new(public, "publicAddresses", json_string(target->public_addresses));
	if (target->handshake_s)
		json_object_set_new(public, "lastHandshake", json_time(target->handshake_s * 1000));
	if (*target->routes)
		json_object_set_new(public, "learnedRoutes", words_array(target->routes));
	if (!json_object_size(public)) {
		json_decref(public);
		public = NULL;
	}
	return public;
}

void vslice_report(const struct vslice *vslice)
{
	json_t *targets = json_array();

	for (size_t i = 0; i < vslice->target_count; i++) {
		const struct slice_target_status *target = &vslice->targets[i];

		json_t *row = json_pack("{s:s, s:s, s:s}", "routingTarget", target->target.text, "status",
			target->available	     ? "available"
				: target->is_pending ? "pending"
						     : "unavailable",
			"message", target->message);

		json_object_set_new(row, "public", public_of(target));
		json_array_append_new(targets, row);
	}
	report_add(vslice->gateway->report,
		json_pack("{s:s, s:s, s:b, s:s, s:s, s:I, s:o}", "row", "slice", "vslice", vslice->id.text, "ready",
			vslice->ready, "message", vslice->message, "dataPath", dp_way_name(vslice->way_told), "configRevision",
			(json_int_t)(vslice->gateway->config ? vslice->gateway->config->revision : 0), "targets", targets));
	if (vslice->gateway->link)
		link_kick(vslice->gateway->link);
}
