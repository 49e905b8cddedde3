// SPDX-License-Identifier: Apache-2.0
// The table of the configuration's kinds of objects: how each is decoded, where it lives, how it is freed. Only config.c needs it.
#pragma once

#include "gateway/config.h"

struct kind {
	const char *name;
	size_t map; // offset of its strmap in struct config
	int (*decode)(struct config *config, const json_t *data, void **out, char *why);
	void (*free)(void *object);
	void (*linked)(struct config *config, void *object, bool present); // further indexes; may be NULL
	void (*succeeds)(void *object, void *old); // takes over what the controller does not know; may be NULL
};

extern const struct kind config_kinds[];
extern const size_t config_kind_count;

// Of Routing Targets (config_target.c), for the table.
int config_target_decode(struct config *config, const json_t *data, void **out, char *why);
void config_target_free(void *object);

// Of Operator and Regional Policies (steering.c), likewise.
int config_steering_decode(struct config *config, const json_t *data, void **out, char *why);
void config_steering_free(void *object);

// The Regional Gateway's own row is the configuration itself.
int config_decode_gateway(struct config *config, const char *id, const json_t *data, char *why);

// Addresses and rates (config_address.c): of a VSlice, a policy and an endpoint.
int config_decode_subnets(struct vslice_config *vslice, const json_t *data, char *why);
void config_free_subnets(struct vslice_config *vslice);
void config_decode_limits(struct policy_config *policy, const json_t *data);
int config_decode_kept(struct endpoint_config *endpoint, const json_t *data, char *why);
void config_link_kept(struct config *config, struct endpoint_config *endpoint, bool present);
