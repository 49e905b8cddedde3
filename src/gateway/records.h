// SPDX-License-Identifier: Apache-2.0
// The durable records: what the state file holds, table by table (enum gateway_table). Plain values, no pointers, padding is zero: start each
// from memset. A change of a layout raises that table's version; members are added at the end (of the whole record: a struct inside it must not
// grow), so that a file of the version before is read.
#pragma once

#include "base/addr.h"
#include "gateway/dataplane/dataplane.h"
#include "gateway/state.h"
#include "proto/gtp/path.h"
#include "proto/l2tp/engine.h"
#include "proto/ppp/link.h"

#define GATEWAY_RECORD_VERSION 1

#define NO_RECORD UINT32_MAX

struct gateway_record {
	uint8_t restart_counter; // GTP Recovery (TS 23.007)
};

struct peer_record {
	struct gtp_peer_state peer;
};

struct habit_record { // outlives a boot of the machine, unlike those that follow
	uint8_t lac[16], lns[16];
	uint64_t learned_wall_ms;
	uint8_t proxy, ip6; // enum ppp_proxy_use, enum habit_ip6
};

struct tunnel_record {
	uint8_t id[16], vslice[16], lac[16], lns[16];
	struct l2tp_tunnel_record l2tp;
	uint64_t since_wall_ms;
	char peer_host[64], peer_vendor[32];
};

struct session_record {
	uint8_t id[16], endpoint[16], vslice[16];
	uint64_t imsi, started_wall_ms;
	struct ip_end control_peer;
	struct ip_addr user_peer;
	struct ip_addr address; // IP_NONE: it has no IPv4
	uint32_t local_teid; // control and user plane
	uint32_t control_teid, user_teid;
	uint32_t tunnel; // its record; NO_RECORD: it has none, in an Integrated VSlice
	struct l2tp_session_record l2tp;
	struct ppp_record ppp;
	struct dp_counters counters; // as last reported
	uint32_t secret; // record of the device's own credentials, or NO_RECORD
	uint16_t mtu, attach_ms, tunnel_ms, call_ms, lcp_ms, authentication_ms, ipcp_ms;
	uint8_t gtp_version, ebi, rat;
	bool is_up;
	struct plmn serving_network;
	char msisdn[17];
	uint32_t apn; // record of its access point name
	// Since version 3.
	uint32_t ip6; // record of its IPv6 (struct session_ip6), where pdn_type has it
	uint8_t pdn_type; // enum gtp2_pdn_type that was granted; 0 = IPv4, of an older file
};

// The IPv6 of a session, apart from it since few sessions have any.
struct session_ip6 {
	uint8_t prefix[8]; // the /64 that the SIM has
	uint8_t interface_id[8]; // the SIM's
	uint8_t dns[2][16]; // zero: none
	struct ip_prefix delegated; // to the SIM's router by DHCPv6 (RFC 8415 6.3); len 0: none
};

// Name and password of the device itself, kept for a later re-challenge.
struct secrets {
	uint8_t name_len, password_len;
	uint8_t name[127], password[127];
};

struct message_record { // a control message that the LNS has not acknowledged
	uint32_t tunnel; // its record
	uint16_t ns, session_id, type, len;
	uint8_t bytes[L2TP_MESSAGE_MAX];
};

// The rows for state_open, for this many sessions.
void records_specs(uint32_t max_sessions, struct state_table_spec specs[]);
