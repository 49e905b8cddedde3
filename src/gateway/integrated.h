// SPDX-License-Identifier: Apache-2.0
// Integrated VSlices: the SIM's address comes from the VSlice's own subnets, and its packets go straight into the slice.
#pragma once

#include "gateway/session.h"

// What such a VSlice has besides.
struct integrated;

int integrated_apply(struct vslice *vslice, const struct vslice_config *config); // takes the configured form; 0 or -errno
void integrated_applied(struct vslice *vslice); // the slice has taken the configuration
void integrated_open(struct vslice *vslice); // its slice is there: the interface toward the SIMs
void integrated_ways_gather(struct vslice *vslice); // as vslice_rules_gather
enum dp_way integrated_way(const struct vslice *vslice); // how its packets go at present
bool integrated_is_open(const struct vslice *vslice);
void integrated_take_kept(struct vslice *vslice); // at a restart: the interface's socket that was kept
void integrated_end_sessions(struct vslice *vslice); // all of them, with a word to the mobile network
void integrated_free(struct vslice *vslice, bool keep); // its sessions are gone

// Whether a SIM of the group may attach there at all.
enum refusal integrated_check(const struct vslice *vslice, const struct group_config *group, const struct attach_request *request,
	char *why, size_t size);
// Whether the session may keep its addresses under the configuration as it is now.
bool integrated_is_good(const struct session *session, const struct group_config *group, const struct endpoint_config *endpoint);
// Addresses that are kept for the endpoint from now on must not be others' any longer. NULL is fine.
void integrated_endpoint_changed(struct gateway *gateway, const struct endpoint_config *endpoint);
// Takes the addresses of a session that is resumed. 0 or -errno.
int integrated_claim(struct session *session);
// An IPv6 packet of link-local scope from a SIM.
void integrated_on_inner6(struct session *session, const uint8_t *packet, size_t len);
void integrated_tick(struct vslice *vslice); // once in a while: asks for more addresses where few are left
