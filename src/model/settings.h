// SPDX-License-Identifier: Apache-2.0
// Advanced settings of an L2TP VSlice: what must match the customer's LNS, each with a default that works with most.
#pragma once

#include "model/field.h"

struct l2tp_settings {
	// Identity
	char *lac_host_name, *lns_host_name;
	int64_t send_vendor_name;
	// Tunnel authentication
	int64_t tunnel_auth, hide_avps;
	// Timers
	int64_t hello_interval_s, retransmit_initial_ms, retransmit_cap_ms, retransmit_max_setup, retransmit_max_established;
	int64_t receive_window, idle_timeout_s, keep_tunnel_up;
	// Failover
	int64_t failover_mode, attempt_budget_ms, overall_budget_ms, lns_hold_s, lns_probe_s;
	int64_t redial_rate, release_rate;
	char *failover_codes;
	// Limits
	int64_t max_sessions_per_tunnel, max_sessions_per_lns, max_sessions_per_lac, max_tunnels_per_lns;
	// Ports
	int64_t source_port, accept_peer_change;
	// PPP
	int64_t ppp_auth;
	char *ppp_username, *ppp_password;
	int64_t ppp_mru, ppp_magic, ppp_echo_interval_s, ppp_echo_failures, ppp_acfc, ppp_pfc, proxy_lcp, proxy_auth, ipv6cp;
	// AVPs
	int64_t called_number, calling_number, sub_address, connect_speed;
	char *called_number_text;
	// Data
	int64_t sequencing, data_udp_checksum, df_policy, outer_dscp, outer_dscp_value, tcp_mss_clamp, tcp_mss;
};

enum tunnel_auth { TUNNEL_AUTH_NONE = 1, TUNNEL_AUTH_SEND, TUNNEL_AUTH_REQUIRE };
enum failover_mode { FAILOVER_PREFERENCE = 1, FAILOVER_BALANCED, FAILOVER_RANDOM, FAILOVER_ROUND_ROBIN };
enum source_port { SOURCE_PORT_LAC = 1, SOURCE_PORT_FIXED, SOURCE_PORT_EPHEMERAL };
enum accept_change { ACCEPT_CHANGE_NEVER = 1, ACCEPT_CHANGE_ONCE };
enum link_auth { LINK_AUTH_NONE = 1, LINK_AUTH_PAP, LINK_AUTH_CHAP, LINK_AUTH_MSCHAPV2, LINK_AUTH_PCO };
enum called_number { CALLED_APN = 1, CALLED_CUSTOM, CALLED_OFF };
enum calling_number { CALLING_MSISDN = 1, CALLING_IMSI, CALLING_ICCID, CALLING_OFF };
enum connect_speed { CONNECT_SPEED_AMBR = 1, CONNECT_SPEED_OFF };
enum sequencing { SEQUENCING_OFF = 1, SEQUENCING_ON_REQUEST, SEQUENCING_REQUIRED };
enum df_policy { DF_CLEAR = 1, DF_COPY, DF_SET };
enum outer_dscp { OUTER_DSCP_COPY = 1, OUTER_DSCP_FIXED };
enum mss_clamp { MSS_CLAMP_AUTO = 1, MSS_CLAMP_OFF, MSS_CLAMP_FIXED };

struct ruling;

// The settings of an LNS: the VSlice's, with what `of_lns` sets in their place. Texts are borrowed from both. False: it sets nothing.
bool settings_overlay(const struct l2tp_settings *settings, const struct l2tp_settings *of_lns, struct l2tp_settings *out);
// The rules that hold between settings.
void settings_rules(struct ruling *ruling, const struct l2tp_settings *settings);
