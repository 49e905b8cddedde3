// SPDX-License-Identifier: Apache-2.0
// What an LNS is known to do with what it is offered. Learned from attaches, kept over restarts, used to spare the next SIM a wait, and tried anew
// now and then, since LNSs are reconfigured.
#pragma once

#include "proto/ppp/link.h"

#include <stdbool.h>
#include <stdint.h>

struct pair;

enum habit_ip6 {
	HABIT_IP6_UNKNOWN,
	HABIT_IP6_GIVEN, // IPv6CP and a prefix
	HABIT_IP6_REFUSED, // IPv6CP is rejected: costs nothing
	HABIT_IP6_SILENT, // IPv6CP stays unanswered
	HABIT_IP6_NO_PREFIX, // IPv6CP, and no router advertisement
};

struct habits {
	uint64_t learned_wall_ms;
	uint32_t record; // in the state file
	uint16_t spared; // attaches since it was last tried
	uint8_t proxy; // enum ppp_proxy_use
	uint8_t ip6; // enum habit_ip6
};

void habits_load(struct pair *pair); // from the state file
void habits_forget(struct pair *pair); // its settings were changed: whatever it did may be otherwise now
// Whether proxy LCP and authentication are worth the offer. `is_only_way`: without them the SIM can't get in.
bool habits_offer_proxy(struct pair *pair, bool is_only_way);
// When IPv6 is asked for beside IPv4: one after the other until the LNS is known to speak it, and not where it is known to give none.
enum ppp_ip6_when habits_ip6_when(struct pair *pair);
void habits_note_proxy(struct pair *pair, enum ppp_proxy_use use);
void habits_note_ip6(struct pair *pair, enum habit_ip6 ip6);
const char *habits_proxy_words(const struct pair *pair); // "takes proxy LCP, asks authentication afresh"; NULL = not known
const char *habits_ip6_words(const struct pair *pair);
