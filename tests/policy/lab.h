// SPDX-License-Identifier: Apache-2.0
// An Integrated slice in a real kernel, with what stands around it: the test is its data plane (frames of SIMs go in and out at the cable, with
// their policy's tag), and the test is the networks behind its Routing Targets, far1 and far2 (peering, IPv4), far3 (peering, IPv6) and far4 (the
// Internet, behind both translations). What is sent is known again by its number wherever it comes out.
#pragma once

#include "gateway/slice_world_fixture.h"
#include "random.h"
#include "wire.h"

#define LAB_POLICIES 3 // that Endpoint Groups may have
#define LAB_FARS 4
enum lab_place { LAB_FAR1, LAB_FAR2, LAB_FAR3, LAB_INTERNET, LAB_SIMS, LAB_PLACES, LAB_NOWHERE = LAB_PLACES };
#define LAB_PUBLIC "203.0.113.1" // the underlay's address

struct lab_sent {
	struct wire_packet sent, got;
	enum lab_place expected, arrived;
	struct reference_packet wanted; // as it should arrive
	bool any_source; // translated
	uint8_t came_from[6]; // what the frame had as its source
};

struct lab_gtp; // the real data plane between SIMs and slice

struct lab {
	struct world *world;
	struct lab_gtp *gtp; // NULL: the test itself is at the cable
	struct seen slice;
	int fds[LAB_PLACES];
	uint8_t macs[LAB_FARS][6]; // of the slice's ends
	json_t *vslice, *policies[LAB_POLICIES], *former[LAB_POLICIES]; // verdicts of the former ones are still spoken of
	size_t policy_count;
	uint32_t tags[LAB_POLICIES];
	VEC(struct lab_sent) sent;
	size_t settled; // those before are settled
	uint32_t seed;
	bool has_internet; // the fourth target is there
	uint64_t counted[LAB_POLICIES][RANDOM_RULES]; // what the rules should have counted
};

extern const char *const lab_targets[LAB_FARS]; // ids
extern const char lab_gateway[], lab_other_gateway[]; // ids: we are the first

void lab_open(struct lab *lab, struct world *world);
void lab_close(struct lab *lab);
// Makes `policies` (taken) those of the Endpoint Groups, and waits until the kernel has them.
void lab_apply(struct lab *lab, json_t *policies[], size_t count);
void lab_forget_flows(struct lab *lab); // connections of slice and underlay
size_t lab_policy_of(const struct lab *lab, size_t sim); // the index of the policy that the SIM's group has
json_t *lab_policy(const struct lab *lab, size_t sim);
// Sends it from there (LAB_SIMS: with the tag of `sim`'s policy) and notes what should become of it. The index in `sent`.
size_t lab_send(struct lab *lab, enum lab_place from, size_t sim, const struct wire_packet *packet, enum lab_place expected,
	const struct reference_packet *wanted, bool any_source);
void lab_clear(struct lab *lab); // forgets what was sent
void lab_settle(struct lab *lab, const char *phase); // waits for all that is expected, and fails when anything else came
void lab_take_counts(struct lab *lab); // from here on the counters are compared
void lab_count(struct lab *lab, const char *rule); // one packet, that this rule decided
void lab_compare_counts(struct lab *lab, const char *phase);
void lab_internet(struct lab *lab, bool is_there); // from the next lab_apply on
bool lab_carries(enum lab_place place, enum ip_family family);
enum lab_place lab_place_of(const char *target);

// From here on SIMs are at a mobile network, and the gateway's data plane with its BPF programs is between it and the slice. 0, or -errno with the
// reason in `why` (DP_WHY) where there can be none.
int lab_gtp_open(struct lab *lab, char *why);
void lab_gtp_close(struct lab *lab);
void lab_gtp_apply(struct lab *lab); // each SIM has its policy's tag and path
void lab_gtp_send(struct lab *lab, size_t sim, const uint8_t *packet, size_t len);
// The packet in a frame of the mobile network, or NULL.
const uint8_t *lab_gtp_packet(const uint8_t *frame, size_t *len);
// Adds what the programs took past the slice's stack, rule by rule; how much that was.
uint64_t lab_gtp_count(struct lab *lab, void (*add)(void *owner, const struct uuid *rule, uint64_t packets), void *owner);
// Helpers of both.
int lab_frames_of(const char *ns_name, const char *interface);
void lab_far_open(int number); // a cable to a network that is the test's alone: cableN here, up0 in the namespace netN
