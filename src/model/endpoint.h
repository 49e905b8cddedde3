// SPDX-License-Identifier: Apache-2.0
// Endpoint: a SIM, with its identities, its place in an Endpoint Group and its state.
#pragma once

#include "model/noun.h"

enum endpoint_status {
	ENDPOINT_UNALLOCATED = 1,
	ENDPOINT_PENDING,
	ENDPOINT_PROVISIONAL,
	ENDPOINT_AUTO_ACTIVATE,
	ENDPOINT_ACTIVE,
	ENDPOINT_SUSPENDED,
	ENDPOINT_TERMINATED,
};

struct endpoint {
	struct object object;
	char *assigned_ip, *assigned_prefix; // by controller/addresses.c
	char *iccid, *msisdn, *reference, *static_ip, *ppp_username, *ppp_password;
	struct field_texts imsis, tags;
	struct field_ref group, vslice;
	int64_t status;
	int64_t last_activity_ms;
	char *session, *ip_address, *ip_source; // live
};
