// SPDX-License-Identifier: Apache-2.0
// The running form of a VSlice at this gateway: its slice (namespace), its LACs with their sockets, and for each pair of a LAC and an LNS the
// tunnels and what is known of the LNS's health.
#pragma once

#include "base/idset.h"
#include "gateway/gateway.h"
#include "gateway/habits.h"
#include "gateway/settings.h"
#include "proto/l2tp/tunnel.h"

struct integrated;
struct tunnel;

// How tunnels and PPP links of a pair behave. Shared by them and counted, since they outlive a change of the settings.
struct profile {
	unsigned refs;
	struct l2tp_settings *settings;
	char *secret, *next_secret, *host_name; // both secrets are valid
	struct l2tp_options l2tp;
	struct ppp_options ppp;
	struct dp_framing framing;
};

// What is known of an LNS (health.c).
struct health {
	uint64_t since_ms; // on hold since; 0 = in use
	uint64_t until_ms; // end of the hold
	uint64_t probe_ms; // next probe
	uint32_t probe_wait_ms;
	uint8_t unanswered; // calls in a row
	bool told, moved_told; // the events are out
};

struct pair {
	struct pair *next; // of the LAC, by preference
	struct lac *lac;
	struct uuid lns_id;
	struct ip_end lns;
	int preference;
	struct profile *profile;
	struct tunnel *tunnels;
	struct health health;
	struct habits habits;
	struct ip_end redirect; // where the LNS asked to go instead, while has_redirect
	uint64_t turn; // when it was last chosen: a number that only grows
	char last_error[160];
	uint8_t redirects; // in a row
	uint8_t secret; // which one the next tunnel begins with
	bool has_redirect;
	bool is_full_told; // that it is nearly full
	bool has_other_secret; // the one that was used first was refused
	struct dp_path path; // past the slice's stack; an empty interface: none
	struct uuid path_rules[2]; // of the Routing Policy, that let its packets go there and come back; empty: none is asked
	struct uuid way; // the Routing Target that its packets took when the slice was last set up
	bool reached; // the policy lets the LAC reach it
};

struct lac {
	struct lac *next;
	struct vslice *vslice;
	struct uuid id;
	struct ip_end address;
	struct ip_end bound; // what its socket is bound to: port 0 = any
	struct dp_lac *dp; // NULL until the socket is there
	struct pair *pairs;
	uint64_t turn; // of the last choice
	bool opening, resumed, stale; // stale: not in the configuration any longer; goes when its tunnels are gone
};

struct vslice {
	struct gateway *gateway;
	struct uuid id;
	char *moniker;
	struct slice *slice;
	struct lac *lacs;
	struct idset *tunnel_ids;
	struct map tunnels; // by local tunnel id
	bool ready, stopping;
	char message[200]; // why it is not ready
	struct slice_target_status *targets;
	size_t target_count;
	struct slice_traffic *traffic; // of its targets, as last counted
	size_t traffic_count;
	struct timer warm_timer, watch_timer;
	struct integrated *integrated; // of an Integrated VSlice: what it has instead of LACs; NULL of an L2TP one
	uint64_t paths; // digest of how long packets may be on their way (session_mtu.c)
	uint64_t limits; // digest of what its policy holds L2TP sessions to, as the data plane has it
	struct rescues *rescues; // sessions of lost tunnels; NULL = none
	struct carried *carried; // vslice_rules.c
	enum dp_way way_told; // how its packets go, as last reported
	enum { CABLE_UNKNOWN, CABLE_NONE, CABLE_LAID } cable; // between its stack and the fast path's programs
	uint64_t rules_told; // digest of the rule counters as last reported
	uint64_t rules_due_ms; // when they are asked for again
	unsigned rules_silent; // rounds in which they had not changed
	uint64_t stop_deadline_ms;
};

// Takes the configured form: new, changed or as before. 0 or -errno.
// `can_wait`: what others have to do in the kernel goes first.
int vslice_apply(struct gateway *gateway, const struct vslice_config *config, bool can_wait);
// Ends everything on it, with StopCCN, then removes it.
void vslice_stop(struct vslice *vslice);
// Frees what is left, without a word on the wire. `keep` leaves the kernel's side for the next start.
void vslice_free(struct vslice *vslice, bool keep);
struct lac *vslice_find_lac(const struct vslice *vslice, const struct uuid *id);
struct pair *lac_find_pair(const struct lac *lac, const struct uuid *lns_id);
void vslice_report(const struct vslice *vslice);
// Opens what should be open without any session (a tunnel may be up before any session is): a tunnel from each LAC to
// each LNS, so that HELLO tells of every LNS before a SIM needs it; and probes the LNSs on hold.
void vslice_warm(struct vslice *vslice);

struct profile *profile_new(const struct gateway *gateway, const struct vslice_config *vslice, const struct lac_config *lac,
	const struct lns_config *lns); // NULL when memory is out
bool profile_equal(const struct profile *a, const struct profile *b);
struct profile *profile_ref(struct profile *profile);
void profile_unref(struct profile **profile);

// What the Default Routing Policy of an L2TP VSlice holds each SIM to; live sessions learn of a change (vslice_limit.c).
void vslice_limit(struct vslice *vslice, const struct vslice_config *config);
// Calls `each` with each session of the VSlice that is in the data plane; it may end that session.
void vslice_each_session(struct vslice *vslice, void (*each)(struct session *session));

// Sessions follow what their way carries after it was set up anew (session_mtu.c).
void vslice_follow_mtu(struct vslice *vslice);
// The longest packet of a SIM that goes to the LNS in one piece: 576 to 65535 octets; the last when nothing is known of the way.
uint16_t pair_mtu(const struct pair *pair);

// A LAC that is not configured any longer goes with its last tunnel.
void lac_free_if_unused(struct lac *lac);

// From the data plane (lac.c).
void lac_on_control(struct lac *lac, const struct ip_end *peer, const uint8_t *datagram, size_t len);
void lac_on_frame(struct lac *lac, const struct ip_end *peer, const struct dp_l2tp_frame *frame);
