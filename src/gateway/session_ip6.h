// SPDX-License-Identifier: Apache-2.0
// IPv6 of a session over L2TP: the families to ask for, the wait for the LNS's router advertisement, and what changes later.
#pragma once

#include "gateway/session.h"

// Before PPP begins: the families that the SIM asks for and the settings of this LNS allow. 0, or -EAFNOSUPPORT: none is left.
int session_ip6_families(struct session *session, struct pair *pair);
void session_ip6_family_up(
	struct session *session, bool is_ipv6); // one is agreed upon; the other, or the prefix, may be a little late
bool session_ip6_waits(const struct session *session); // PPP is up, and the prefix is on its way
bool session_ip6_is_there(const struct session *session); // IPv6CP and the prefix
uint64_t session_ip6_next(const struct session *session); // when session_ip6_tick wants to be called, or WHEEL_NEVER
void session_ip6_tick(struct session *session); // the session may be gone then
// An IPv6 packet from the LNS of a session that is not in the data plane yet. The session may be gone then.
void session_on_ip6(struct session *session, const uint8_t *packet, size_t len);
// A copy of a downlink router advertisement or DHCPv6 answer of an installed one. The session may be gone then.
void session_on_inner6(struct session *session, const uint8_t *packet, size_t len);
int session_ip6_take(struct session *session); // what the attach got is the session's. 0 or -ENOMEM
void session_ip6_welcome(struct session *session); // the SIM hears the advertisement that the attach got

struct ip_prefix session_ip6_prefix(const uint8_t prefix[8]);
struct ip_addr session_ip6_address(const struct session *session); // prefix and interface identifier; IP_NONE without IPv6
