// SPDX-License-Identifier: Apache-2.0
// Who has which address of an Integrated VSlice. The controller is the one authority: an address is kept for an endpoint (static), or a range is
// leased to a gateway, which gives it out for sessions (pooled). So two gateways never give the same one, and both go on while the controller is
// away. Everything here runs in a write job of the store.
#pragma once

#include "base/addr.h"
#include "controller/store/db.h"
#include "controller/store/uuid.h"
#include "model/ruling.h"

struct endpoint;
struct text;
struct vslice;

int address_schema(struct db *db);

// Brings what is kept for the endpoint to what its group says: keeps, chooses or gives back. 1 when something was changed, 0, or -errno.
int address_settle(struct db *db, const char *endpoint);
// A walk over all endpoints of a VSlice, group by group; begins with the VSlice alone.
struct address_walk {
	char vslice[UUID_TEXT], group[UUID_TEXT];
	int64_t row; // the last one that was looked at, in the group
};
// Settles some more of them. How many were looked at: 0 when there are no more; or -errno.
int address_settle_some(struct db *db, struct address_walk *walk);
// The VSlice's subnets or family are others now: leases outside of them end, and the search begins anew.
int address_space_changed(struct db *db, const char *vslice);
// A VSlice where somebody waits for an address and one has come free since the last call. False when there is none.
bool address_came_free(struct db *db, char vslice[UUID_TEXT]);

// Leases half of what is left of the family to the gateway. 1 when there was something, 0, or -errno.
int address_lease(struct db *db, const char *vslice, enum ip_family family, const char *gateway);
// Fills vslice->leases with what the gateway may give out.
void address_fill_leases(struct db *db, const char *gateway, struct vslice *vslice);

// Is the address that somebody reserves free?
void address_judge_endpoint(struct db *db, struct ruling *ruling, const struct endpoint *endpoint);
// Subnets that are taken away must not have addresses that are kept.
void address_judge_vslice(struct db *db, struct ruling *ruling, const struct vslice *vslice, const struct vslice *before);
