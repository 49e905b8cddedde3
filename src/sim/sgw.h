// SPDX-License-Identifier: Apache-2.0
// The simulated mobile side: an SGW (GTPv2) or SGSN (GTPv1) with any number of SIMs.
#pragma once

#include "base/opt.h"
#include "proto/gtp/path.h"
#include "proto/gtp/pco.h"
#include "sim/io.h"
#include "sim/tally.h"
#include "sim/traffic.h"

enum sim_state { SIM_OUT = 0, SIM_ATTACHING, SIM_IN, SIM_DETACHING, SIM_REFUSED, SIM_GONE };

// One SIM with its one bearer. Its own TEIDs, control and user, are its number + 1.
struct sim {
	uint64_t started_us;
	uint32_t peer_teid, peer_teid_user; // the gateway's
	uint32_t peer_control, peer_user; // and its addresses
	uint32_t address; // that it was given, 0: none
	uint8_t address6[16]; // prefix and interface identifier
	uint8_t pdn_type; // enum gtp2_pdn_type that was given
	uint32_t dns[2];
	uint8_t dns6[16];
	uint32_t sequence; // of load packets
	uint16_t mtu;
	uint8_t state; // enum sim_state
	uint8_t cause; // of the refusal or of the network's detach
	uint8_t side; // which of our addresses it uses
	uint8_t attempts;
	bool echoed; // a load packet came back since it was last looked at
};

// One local address: control and user sockets, and the GTP-C engine. The second is the SGW that SIMs move to.
struct sgw_side {
	struct sgw *sgw;
	struct ip_addr address;
	struct gtp_endpoint *ep;
	struct net *control, *user;
	bool path_used;
};

struct sgw_counters {
	uint64_t attached, refused, unanswered, detached, released, moved, error_indications, unknown_teid, bad_sent;
	uint64_t load_sent, load_echoed, up_packets, down_packets;
};

// The options, as the command line gives them.
struct sgw_config {
	struct ip_addr local, second, remote;
	int version; // index: 0 = GTPv1, 1 = GTPv2
	int pdn_type; // index: IPv4, IPv6, IPv4v6
	char *imsi, *apn, *msisdn, *pap, *chap, *tun, *tun_netns, *control;
	struct opt_list routes;
	uint32_t count, rate, window, repeat, retries, load, load_size;
	uint64_t hold_ms, t3_ms;
	struct ip_end load_to;
	bool json, quiet, reattach, no_dns, single_address;
};

struct sgw {
	struct sgw_config config;
	struct io io;
	struct sgw_side sides[2];
	struct sim *sims;
	struct tun *tun;
	uint64_t first_imsi, first_msisdn;
	unsigned int imsi_digits;
	uint32_t next; // SIM to attach next
	uint32_t inflight; // requests of ours without an answer
	uint32_t detach_next;
	uint32_t in; // SIMs attached
	uint64_t started_us, attached_us; // the first request, the last answer
	uint64_t hold_until_ms, drain_until_ms, load_from_us, printed_ms;
	uint64_t load_due; // packets that the load should have sent by now
	uint32_t load_cursor;
	bool leaving, all_tried;
	struct sgw_counters counters;
	struct tally attach, round_trip;
	uint32_t causes[256];
	struct gtp2_message v2; // in the making
	struct gtp1_message v1;
	uint8_t bytes[GTP_MESSAGE_MAX];
	uint8_t pco[256];
};

static inline uint32_t sim_number(const struct sgw *sgw, const struct sim *sim)
{
	return (uint32_t)(sim - sgw->sims);
}

static inline uint32_t sim_teid(const struct sgw *sgw, const struct sim *sim)
{
	return sim_number(sgw, sim) + 1;
}

static inline struct sim *sgw_find(struct sgw *sgw, uint32_t teid)
{
	return teid && teid <= sgw->config.count ? &sgw->sims[teid - 1] : NULL;
}

// sgw_gtp1.c, sgw_gtp2.c: one row a version. Requests are written into sgw->bytes; the length, or 0 for what can't be said.
struct sgw_version {
	const char *name;
	size_t (*create)(struct sgw *sgw, const struct sim *sim);
	size_t (*remove)(struct sgw *sgw, const struct sim *sim);
	size_t (*move)(struct sgw *sgw, const struct sim *sim);
	// What came: the cause, and the values of an accepted create into the SIM.
	uint8_t (*created)(struct sgw *sgw, struct sim *sim, const struct gtp_response *response);
	uint8_t (*answered)(const struct gtp_response *response);
	// A request of the gateway: the answer into sgw->bytes, and the SIM that it releases (NULL: none).
	size_t (*serve)(struct sgw *sgw, const struct gtp_request *request, struct sim **released, uint8_t *cause);
	bool (*accepts)(uint8_t cause);
	const char *(*cause_name)(uint8_t cause);
};
extern const struct sgw_version sgw_gtp1, sgw_gtp2;

static inline bool sgw_asks_v6(const struct sgw *sgw)
{
	return sgw->config.pdn_type > 0;
}

static inline const struct sgw_version *sgw_version(const struct sgw *sgw)
{
	return sgw->config.version ? &sgw_gtp2 : &sgw_gtp1;
}

// sgw_pco.c: what a SIM asks for, and what it is told.
struct ie_bytes sgw_pco(struct sgw *sgw, const struct sim *sim);
void sgw_pco_told(struct sim *sim, const struct ie_bytes *pco);
struct tbcd sgw_imsi(const struct sgw *sgw, const struct sim *sim);

// sgw_user.c: the user plane.
void sgw_user_recv(void *owner, const struct ip_end *from, uint8_t *bytes, size_t len);
int sgw_tun_open(struct sgw *sgw);
void sgw_tun_up(struct sgw *sgw, const struct sim *sim);
void sgw_load_tick(struct sgw *sgw);
uint64_t sgw_load_next_ms(const struct sgw *sgw, uint64_t now_ms);
void sgw_load_report(struct sgw *sgw, char *out, size_t size);

// sgw.c
void sgw_released(struct sgw *sgw, struct sim *sim, uint8_t cause, const char *how);
void sgw_command(void *owner, char *line, char *out, size_t size);
void sgw_begin_move(struct sgw *sgw, struct sim *sim);
void sgw_again(struct sgw *sgw); // who is not in attaches again
void sgw_leave(struct sgw *sgw);

// sgw_options.c
const struct opt_program *sgw_program(struct sgw_config *config);

int sgw_main(int argc, char **argv);
