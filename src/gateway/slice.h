// SPDX-License-Identifier: Apache-2.0
// A slice: the network namespace of one VSlice on this gateway, its LAC addresses, Routing Targets and compiled Routing Policy.
//
// Everything that touches the kernel (namespaces, netlink, nft) is done by worker threads (worker.h), of one slice in order; the control thread
// never blocks. A slice is described whole each time (`struct slice_spec`); the worker changes only what differs. The names of namespaces
// are "sg-<gateway>.<moniker>.<last part of the VSlice's id>", so a restarted gateway finds, adopts or removes its own.
#pragma once

#include "gateway/config.h"

#include <uv.h>

struct dp_path;
struct worker; // the kernel-worker thread
struct slice;

struct slice_target_status {
	struct uuid target;
	bool available, is_pending; // pending: not yet, but nothing is known to be wrong
	char message[200];
	uint32_t mtu; // of its interface, octets; 0 = there is none
	// Of targets that have them:
	char public_key[WIREGUARD_KEY_TEXT];
	char public_address[IP_ADDR_TEXT]; // where the peer finds us, or what its servers see;
	char public_addresses[200]; // one of these, of several: "203.0.113.8-203.0.113.11, 203.0.113.20"
	uint32_t nat_base; // of its transfer link; for the worker
	uint16_t public_port;
	uint64_t handshake_s; // the last one, in seconds since 1970
	bool ike_up, child_up; // the security associations of a VPN: phase 1, phase 2
	char routes[400]; // learned from the peer: "10.0.0.0/8 192.0.2.0/24", and " ..." when there are more
	bool must_start; // something of it is lost; for the worker
	bool is_unknown; // its daemon took too long to say; what was known of it before stands, if anything was
};

struct slice_host {
	// The last slice_apply has been done (or failed: the message says what to mend). Statuses of its targets are in `targets`.
	// Called again whenever an interface of a target comes, goes, or gains or loses its carrier.
	void (*on_applied)(void *owner, struct slice *slice, int error, const char *message,
		const struct slice_target_status *targets, size_t count);
	void *owner;
};

int worker_new(uv_loop_t *loop, struct worker **out);
void worker_keep_in(struct worker *worker, const char *state_dir); // borrowed; before the first slice. /run otherwise
void worker_free(struct worker **worker); // finishes what is queued

// `name` of the gateway goes into namespace names. The slice exists from here on; nothing is done in the kernel before slice_apply.
int slice_new(struct worker *worker, const char *gateway_name, const struct uuid *vslice, const char *moniker,
	const struct slice_host *host, struct slice **out);
// Makes the kernel look like this configuration (namespace, lo, LAC addresses /32 on lo, targets moved in with addresses and routes,
// nft rules, ip rules and tables). Copies what it needs. Calls coalesce while one is running. Never fails at once.
void slice_apply(struct slice *slice, const struct vslice_config *vslice, const struct config *config);
// Other slices' work goes before that of a slice_apply from here on.
void slice_can_wait(struct slice *slice, bool can_wait);
// A UDP socket bound to `address` inside the slice: `done` is called on the loop with fd (owned by the callee) or -errno. After slice_free it is not called any more.
void slice_socket(struct slice *slice, const struct ip_end *address, void (*done)(void *owner, int fd), void *owner);
// Of an Integrated slice: the socket by which it meets its SIMs (sims.h), for dp_slice_new. As slice_socket.
void slice_sims(struct slice *slice, void (*done)(void *owner, int fd), void *owner);
// Of an L2TP slice: whether there is to be a cable between its stack and the fast path's programs (lac_cable.h). An earlier gateway's stays as it is until
// this is called.
void slice_cable(struct slice *slice, bool on);
// Takes the namespace down (interfaces that were moved in go back to where they came from) unless `keep` (restart: adopt later). Asynchronous; the object is gone at once.
void slice_free(struct slice **slice, bool keep);
// Removes namespaces of this gateway that no slice claims (left over by a crash). Call after the first configuration has been applied.
void slice_sweep(struct worker *worker, const char *gateway_name);
// Who speaks GTP with the gateway, and is out of reach for every slice; and the gateway's public addresses. Copied.
void slice_underlay(struct worker *worker, const struct ip_prefix *peers, size_t count, const struct natpool *pool);
// Whether the policy lets the LAC reach the LNS by a target that leads there; `why` (size 160) says by which rule and target, or why not.
bool slice_reaches(const struct vslice_config *vslice, const struct config *config, const struct ip_addr *lac,
	const struct ip_end *lns, char *why);
// Where packets between the two leave the slice, when its stack need not see them: the Routing Policy lets them through both ways, to a target
// without NAT. False: it must; the path is the slice's cable then, or empty when nothing goes out at all. `rules`: those that say so, uplink and
// downlink; empty where none is asked.
bool slice_path(const struct vslice_config *vslice, const struct config *config, const struct ip_end *lac,
	const struct ip_end *lns, struct dp_path *out, struct uuid rules[2]);
// The same for the SIMs of an Integrated VSlice that have the Routing Policy `policy`: it forwards all that they send to one target without NAT, and
// all that comes from there to them, by rules that ask for nothing.
bool slice_sims_path(const struct vslice_config *vslice, const struct config *config, const struct uuid *policy,
	struct dp_path *out, struct uuid rules[2]);
// The Routing Target by which the policy sends the LAC's packets to the LNS; none when it does not.
void slice_way(const struct vslice_config *vslice, const struct config *config, const struct ip_addr *lac,
	const struct ip_end *lns, struct uuid *target);
// Of an Integrated slice whose groups have several Routing Policies: which one a SIM has, for what is sent to it. `whole`: these are all; else
// these only have changed. Copied.
struct slice_member {
	enum ip_family family;
	uint64_t number; // base/subnet.h
	uint32_t tag; // of the policy; 0 = the SIM is gone
};
void slice_members(struct slice *slice, const struct slice_member *rows, size_t count, bool whole);
// Asks the targets whose status changes without an event; on_applied is called again when one differs. Does nothing while an apply is under way.
void slice_look(struct slice *slice);
// The NAT bindings of its Internet targets: `done` is called with rows valid for the call, or an error; -ECANCELED when the slice is
// gone meanwhile.
struct binding_query;
struct bindings;
void slice_bindings(struct slice *slice, const struct binding_query *query,
	void (*done)(void *owner, int error, const struct bindings *bindings), void *owner);
// What was counted since the slice was made; valid for the call.
struct slice_rule_counter { // what a rule matched
	struct uuid rule;
	uint64_t packets, bytes;
};
struct slice_traffic { // what went by a Routing Target's interface, uplink and downlink
	struct uuid target;
	uint64_t packets[2], bytes[2];
	uint64_t refused; // connections of the slice for which NAT had no port left, or the kernel no room
};
struct slice_counts {
	const struct slice_rule_counter *rules;
	const struct slice_traffic *targets;
	size_t rule_count, target_count;
};
void slice_counters(struct slice *slice, void (*done)(void *owner, const struct slice_counts *counts), void *owner);
