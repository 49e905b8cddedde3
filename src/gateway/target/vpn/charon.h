// SPDX-License-Identifier: Apache-2.0
// strongSwan's IKE daemon for one VPN target: its files, its start, what it says. One charon a target, in the target's annex.
#pragma once

#include "gateway/target/annex.h"

#include <stdbool.h>

struct charon {
	char dir[420]; // of its files: <state_dir>/targets/<id>
	char identity[101]; // ours, toward the peer
	bool ike_up; // at the last look: phase 1 is established
	uint32_t if_id; // of the XFRM interface that its kernel associations belong to; 0: ESP in user space
};

enum charon_state {
	CHARON_GONE, // must be started
	CHARON_STARTING, // does not listen yet
	CHARON_BUSY, // does not answer in time
	CHARON_DOWN, // no security association; the last trouble is in `why`, if there was any
	CHARON_UP,
};

void charon_init(struct charon *charon, const struct target_env *env, const struct target_config *config);
// Writes its files; starts it in the annex (where the thread is) unless it runs there. 0 or -errno with `why` (size 160).
int charon_start(struct charon *charon, const struct annex *annex, const struct target_config *config, char *why);
// Loads the connection into it where that has not been done, and asks how it is.
enum charon_state charon_look(struct charon *charon, const struct target_config *config, char *why);
void charon_forget(const struct charon *charon); // removes its files

// "10.0.0.0/8,10.9.0.0/16", or 0.0.0.0/0 for none: the first list that is not empty.
const struct prefix_list *charon_selectors(const struct prefix_list *domain, const struct prefix_list *subnets);
