// SPDX-License-Identifier: Apache-2.0
// The product's two evaluators behind one face: the gateway's and the controller's each have a `struct policy` of their own.
#pragma once

#include "reference.h"

struct judged {
	bool forward;
	size_t rule; // its place, from 1; 0: none
	char target[37]; // id; "": none
	char why[160]; // the gateway's, in words
};

struct judge;
// `vslice`, `policy`: as the configuration stream has them. The gateway's needs the Routing Targets too.
struct judge *judge_of_gateway_new(const json_t *vslice, const json_t *policy, const char *const *targets, size_t count);
void judge_of_gateway_free(struct judge **judge);
struct judged judge_of_gateway(struct judge *judge, const struct reference_packet *packet);

struct judge *judge_of_controller_new(const json_t *vslice, const json_t *policy);
void judge_of_controller_free(struct judge **judge);
struct judged judge_of_controller(struct judge *judge, const struct reference_packet *packet);

extern const char judges_gateway[], judges_other_gateway[]; // ids: the judges are at the first
