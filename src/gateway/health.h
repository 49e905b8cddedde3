// SPDX-License-Identifier: Apache-2.0
// What is known of an LNS as seen from one LAC, and which LNS an attach goes to.
#pragma once

#include "gateway/vslice.h"

struct attach;

// It failed: a tunnel or call stayed without answer, or the tunnel was lost. It is on hold from now on and is probed.
void health_failed(struct pair *pair, const char *why);
// An ICRQ stayed unanswered on a tunnel that is up. Unheard since `asked_ms`: it is dead; else only a repetition counts.
void health_unanswered(struct pair *pair, bool is_silent, const char *why);
// A call was answered, or a tunnel came up.
void health_works(struct pair *pair);
// An attach leaves this LNS for `to`; told once until the LNS works again.
void health_moved_on(struct pair *from, const struct pair *to, const char *why);
// The LNS asks to try another address (RFC 3193 4): true when that address is taken, and the pair's next tunnel goes there.
bool health_redirect(struct pair *pair, struct l2tp_bytes text);
// The LNS refused the tunnel's secret: true when another one is valid too, and the pair's next tunnel begins with it.
bool health_other_secret(struct pair *pair);
// Once a second: probes what is on hold, and tells when its sessions come near to their limit. A held LNS that answers is used again.
void health_tick(struct pair *pair);

static inline bool pair_is_held(const struct pair *pair)
{
	return pair->health.since_ms;
}
uint32_t pair_sessions(const struct pair *pair); // live ones, those being dialled included

// Why an LNS was passed over, for the verdict.
enum choice_lack { CHOICE_NONE, CHOICE_UNREACHED, CHOICE_FULL, CHOICE_LAC_FULL, CHOICE_HELD };
// The LNS for an attach that has tried `tried` already, by the settings' failover mode. `may_be_held`: when all others are out, one on hold is
// better than none. NULL: none, and `*lack` says what the last one passed over lacked.
struct pair *choose_lns(
	struct lac *lac, const struct uuid *tried, unsigned tried_count, bool may_be_held, enum choice_lack *lack);
