// SPDX-License-Identifier: Apache-2.0
// The option negotiation automaton (RFC 1661 4) and its packets (5), once for LCP, IPCP and IPv6CP.
//
// The automaton is the table of RFC 1661 4.1 and one function that runs a cell. A control protocol is a struct ppp_cp_class: a table
// of options and what the link does at tlu, tld and tlf. A received packet becomes one event; the reply to a Configure-Request is
// composed before the event, since the cell only says whether it is sent. An event for which the RFC has no cell is counted.
//
// Beyond the letter of the RFC, and why:
// * Repeats keep their identifier until a valid reply came (5.1 allows it), so an answer to any of them counts; a further reply
//   to an answered request is stale and dropped, else a duplicated Ack would bring an open link down (the RFC's "x" cells).
// * In Opened, a Configure-Request equal to the one acknowledged last, identifier included, is that request again (5.1: a new
//   negotiation has a new identifier): it is acknowledged again, a few times, in place of a restart.
// * Naks that change nothing are bounded in both directions: past max_failure ours turn into Rejects (4.6), and a peer that goes
//   on refusing what we ask ends the negotiation.

#include "proto/ppp/internal.h"

enum {
	INI = PPP_CP_INITIAL,
	STG = PPP_CP_STARTING,
	CLD = PPP_CP_CLOSED,
	STD = PPP_CP_STOPPED,
	CLG = PPP_CP_CLOSING,
	SPG = PPP_CP_STOPPING,
	REQ = PPP_CP_REQ_SENT,
	AKR = PPP_CP_ACK_RCVD,
	AKS = PPP_CP_ACK_SENT,
	OPN = PPP_CP_OPENED,
	TLU = PPP_CP_TLU,
	TLD = PPP_CP_TLD,
	TLS = PPP_CP_TLS,
	TLF = PPP_CP_TLF,
	IRC = PPP_CP_IRC,
	ZRC = PPP_CP_ZRC,
	SCR = PPP_CP_SCR,
	SCA = PPP_CP_SCA,
	SCN = PPP_CP_SCN,
	STR = PPP_CP_STR,
	STA = PPP_CP_STA,
	SCJ = PPP_CP_SCJ,
	SER = PPP_CP_SER,
};

#define STATES (PPP_CP_OPENED + 1)
#define REPEATS_MAX 2 // times that a repeated request is acknowledged in Opened before it means a restart

// clang-format off
static const uint32_t cells[PPP_CP_EVENTS][STATES] = {
	[PPP_CP_UP] = { [INI] = CLD, [STG] = IRC|SCR|REQ },
	[PPP_CP_DOWN] = { [CLD] = INI, [STD] = TLS|STG, [CLG] = INI, [SPG] = STG, [REQ] = STG, [AKR] = STG, [AKS] = STG, [OPN] = TLD|STG },
	[PPP_CP_OPEN] = { [INI] = TLS|STG, [STG] = STG, [CLD] = IRC|SCR|REQ, [STD] = STD, [CLG] = SPG, [SPG] = SPG,
			  [REQ] = REQ, [AKR] = AKR, [AKS] = AKS, [OPN] = OPN },
	[PPP_CP_CLOSE] = { [INI] = INI, [STG] = TLF|INI, [CLD] = CLD, [STD] = CLD, [CLG] = CLG, [SPG] = CLG,
			   [REQ] = IRC|STR|CLG, [AKR] = IRC|STR|CLG, [AKS] = IRC|STR|CLG, [OPN] = TLD|IRC|STR|CLG },
	[PPP_CP_TO_PLUS] = { [CLG] = STR|CLG, [SPG] = STR|SPG, [REQ] = SCR|REQ, [AKR] = SCR|REQ, [AKS] = SCR|AKS },
	[PPP_CP_TO_MINUS] = { [CLG] = TLF|CLD, [SPG] = TLF|STD, [REQ] = TLF|STD, [AKR] = TLF|STD, [AKS] = TLF|STD },
	[PPP_CP_RCR_PLUS] = { [CLD] = STA|CLD, [STD] = IRC|SCR|SCA|AKS, [CLG] = CLG, [SPG] = SPG,
			      [REQ] = SCA|AKS, [AKR] = SCA|TLU|OPN, [AKS] = SCA|AKS, [OPN] = TLD|SCR|SCA|AKS },
	[PPP_CP_RCR_MINUS] = { [CLD] = STA|CLD, [STD] = IRC|SCR|SCN|REQ, [CLG] = CLG, [SPG] = SPG,
			       [REQ] = SCN|REQ, [AKR] = SCN|AKR, [AKS] = SCN|REQ, [OPN] = TLD|SCR|SCN|REQ },
	[PPP_CP_RCA] = { [CLD] = STA|CLD, [STD] = STA|STD, [CLG] = CLG, [SPG] = SPG,
			 [REQ] = IRC|AKR, [AKR] = SCR|REQ, [AKS] = IRC|TLU|OPN, [OPN] = TLD|SCR|REQ },
	[PPP_CP_RCN] = { [CLD] = STA|CLD, [STD] = STA|STD, [CLG] = CLG, [SPG] = SPG,
			 [REQ] = IRC|SCR|REQ, [AKR] = SCR|REQ, [AKS] = IRC|SCR|AKS, [OPN] = TLD|SCR|REQ },
	[PPP_CP_RTR] = { [CLD] = STA|CLD, [STD] = STA|STD, [CLG] = STA|CLG, [SPG] = STA|SPG,
			 [REQ] = STA|REQ, [AKR] = STA|REQ, [AKS] = STA|REQ, [OPN] = TLD|ZRC|STA|SPG },
	[PPP_CP_RTA] = { [CLD] = CLD, [STD] = STD, [CLG] = TLF|CLD, [SPG] = TLF|STD, [REQ] = REQ, [AKR] = REQ, [AKS] = AKS, [OPN] = TLD|SCR|REQ },
	[PPP_CP_RUC] = { [CLD] = SCJ|CLD, [STD] = SCJ|STD, [CLG] = SCJ|CLG, [SPG] = SCJ|SPG,
			 [REQ] = SCJ|REQ, [AKR] = SCJ|AKR, [AKS] = SCJ|AKS, [OPN] = SCJ|OPN },
	[PPP_CP_RXJ_PLUS] = { [CLD] = CLD, [STD] = STD, [CLG] = CLG, [SPG] = SPG, [REQ] = REQ, [AKR] = REQ, [AKS] = AKS, [OPN] = OPN },
	[PPP_CP_RXJ_MINUS] = { [CLD] = TLF|CLD, [STD] = TLF|STD, [CLG] = TLF|CLD, [SPG] = TLF|STD,
			       [REQ] = TLF|STD, [AKR] = TLF|STD, [AKS] = TLF|STD, [OPN] = TLD|IRC|STR|SPG },
	[PPP_CP_RXR] = { [CLD] = CLD, [STD] = STD, [CLG] = CLG, [SPG] = SPG, [REQ] = REQ, [AKR] = AKR, [AKS] = AKS, [OPN] = SER|OPN },
};
// clang-format on

uint32_t ppp_cp_cell(enum ppp_cp_event event, enum ppp_cp_state state)
{
	return cells[event][state];
}

void ppp_cp_init(struct ppp_cp *cp)
{
	// Identifiers go on where they were: a late reply to an older negotiation must not fit a new one.
	*cp = (struct ppp_cp){.state = PPP_CP_INITIAL, .due_ms = PPP_NEVER, .id = cp->id};
}

// Opened without a packet: by proxy (RFC 2661 6.12) or from a record.
void ppp_cp_assume_open(struct ppp_cp *cp)
{
	cp->state = PPP_CP_OPENED;
	cp->due_ms = PPP_NEVER;
	cp->answered = true;
	cp->repeats = REPEATS_MAX; // any request now is a new one
}

uint64_t ppp_backoff(const struct ppp_link *link, uint8_t tries)
{
	uint64_t wait_ms = link->options->first_restart_ms;

	for (; tries > 1 && wait_ms < link->options->restart_ms; tries--)
		wait_ms *= 2;
	return link->now_ms + (wait_ms < link->options->restart_ms ? wait_ms : link->options->restart_ms);
}

const struct ppp_option *ppp_cp_option(const struct ppp_cp_class *class, uint8_t type)
{
	for (size_t i = 0; i < class->option_count; i++)
		if (class->options[i].type == type)
			return &class->options[i];
	return NULL;
}

bool ppp_option_next(struct wire_in *in, uint8_t *type, struct wire_in *value)
{
	uint8_t len;

	if (in->error || !wire_left(in))
		return false;
	*type = wire_get_u8(in);
	len = wire_get_u8(in);
	if (!in->error && len < 2)
		in->error = -EBADMSG;
	else
		*value = wire_get_sub(in, len - 2u);
	return !in->error;
}

// Our own Configure-Request's options. What it writes depends only on the link, so an Ack can be compared with it.
void ppp_cp_put_request(struct ppp_link *link, const struct ppp_cp_class *class, struct wire_out *out)
{
	for (size_t i = 0; i < class->option_count; i++) {
		size_t at = wire_used(out);

		if (!(ppp_cp_of(link, class)->asked & 1u << i))
			continue;
		wire_put_u8(out, class->options[i].type);
		wire_put_u8(out, 0);
		class->options[i].put(link, class->options[i].type, out);
		if (!out->error)
			out->start[at + 1] = (uint8_t)(wire_used(out) - at);
	}
}

void ppp_cp_unask(struct ppp_link *link, const struct ppp_cp_class *class, uint8_t type)
{
	for (size_t i = 0; i < class->option_count; i++)
		if (class->options[i].type == type)
			ppp_cp_of(link, class)->asked &= (uint16_t) ~(1u << i);
}

static void send_request(struct ppp_link *link, const struct ppp_cp_class *class, bool again)
{
	struct ppp_cp *cp = ppp_cp_of(link, class);
	uint8_t buffer[PPP_PACKET_MAX];
	struct wire_out out;

	if (!again || cp->answered) {
		cp->id++;
		cp->answered = false;
	}
	out = ppp_packet(buffer, sizeof(buffer), PPP_CONF_REQ, cp->id);
	ppp_cp_put_request(link, class, &out);
	ppp_link_send(link, class->protocol, &out);
	cp->tries = ppp_more(cp->tries);
	cp->left = (uint8_t)(cp->left ? cp->left - 1 : 0);
	cp->due_ms = ppp_backoff(link, cp->tries);
}

static void send_plain(struct ppp_link *link, const struct ppp_cp_class *class, uint8_t code, uint8_t id)
{
	uint8_t buffer[4];
	struct wire_out out = ppp_packet(buffer, sizeof(buffer), code, id);

	ppp_link_send(link, class->protocol, &out);
}

static void send_terminate(struct ppp_link *link, const struct ppp_cp_class *class)
{
	struct ppp_cp *cp = ppp_cp_of(link, class);

	send_plain(link, class, PPP_TERM_REQ, ++cp->id);
	cp->tries = ppp_more(cp->tries);
	cp->left = (uint8_t)(cp->left ? cp->left - 1 : 0);
	cp->due_ms = ppp_backoff(link, cp->tries);
}

// The restart counter of RFC 1661 4.6: irc and zrc.
static void restart_counter(struct ppp_link *link, struct ppp_cp *cp, uint32_t cell)
{
	const struct ppp_options *options = link->options;

	if (cell & PPP_CP_ZRC) {
		cp->left = 0;
		cp->due_ms = ppp_backoff(link, 1);
	} else {
		cp->left = cell & PPP_CP_STR ? options->max_terminate : options->max_configure;
	}
	cp->tries = 0;
}

// What came with an event: the packet that SCA, SCN, STA, SCJ or SER sends, and what an Ack of it puts in force.
struct reply {
	const struct wire_out *packet;
	const struct ppp_offer *offer;
};

// A negotiation begins, for the first time or over again.
static bool begins(uint32_t cell, enum ppp_cp_event event)
{
	return cell & PPP_CP_SCR &&
		(cell & PPP_CP_TLD || event == PPP_CP_UP || event == PPP_CP_OPEN || event == PPP_CP_RCR_PLUS ||
			event == PPP_CP_RCR_MINUS);
}

static void send_actions(
	struct ppp_link *link, const struct ppp_cp_class *class, uint32_t cell, enum ppp_cp_event event, struct reply reply)
{
	if (cell & PPP_CP_SCR)
		send_request(link, class, event == PPP_CP_TO_PLUS);
	if (cell & PPP_CP_STR)
		send_terminate(link, class);
	if (cell & (PPP_CP_SCA | PPP_CP_SCN | PPP_CP_STA | PPP_CP_SCJ | PPP_CP_SER) && reply.packet)
		ppp_link_send(link, class->protocol, reply.packet);
	if (cell & PPP_CP_SCA && reply.offer)
		class->agree(link, reply.offer);
}

static void run(struct ppp_link *link, const struct ppp_cp_class *class, enum ppp_cp_event event, struct reply reply)
{
	struct ppp_cp *cp = ppp_cp_of(link, class);
	uint32_t cell = cells[event][cp->state];
	uint8_t next = cell & PPP_CP_STATE_MASK;

	if (!cell) {
		ppp_count(link, illegal);
		return;
	}
	cp->state = next;
	if (next < PPP_CP_CLOSING || next == PPP_CP_OPENED)
		cp->due_ms = PPP_NEVER;
	if (cell & PPP_CP_TLD)
		class->down(link, event);
	if (begins(cell, event)) {
		cp->naks_sent = cp->naks_seen = cp->repeats = 0;
		class->prepare(link, cp);
	}
	if (cell & (PPP_CP_IRC | PPP_CP_ZRC) || begins(cell, event))
		restart_counter(link, cp, cell);
	send_actions(link, class, cell, event, reply);
	if (cell & PPP_CP_TLU) {
		cp->naks_sent = cp->naks_seen = cp->repeats = 0;
		class->up(link);
	}
	// zrc waits for the peer to leave (4.4); on L2TP its CDN follows anyway, so whoever is told is told now.
	if (cell & (PPP_CP_TLF | PPP_CP_ZRC))
		class->finished(link, event);
}

void ppp_cp_run(struct ppp_link *link, const struct ppp_cp_class *class, enum ppp_cp_event event)
{
	run(link, class, event, (struct reply){0});
}

void ppp_cp_timeout(struct ppp_link *link, const struct ppp_cp_class *class)
{
	ppp_count(link, timeouts);
	ppp_cp_run(link, class, ppp_cp_of(link, class)->left ? PPP_CP_TO_PLUS : PPP_CP_TO_MINUS);
}

// FNV-1a, to know a request again.
static uint32_t hash(struct wire_in in)
{
	uint32_t h = 2166136261u;

	while (wire_left(&in))
		h = (h ^ wire_get_u8(&in)) * 16777619u;
	return h;
}

static void put_option(struct wire_out *out, uint8_t type, struct wire_in value)
{
	wire_put_u8(out, type);
	wire_put_u8(out, (uint8_t)(wire_left(&value) + 2));
	wire_put_bytes(out, value.pos, wire_left(&value));
}

// One option of the peer's request: into `naks` or `rejects`, or acceptable.
static void judge_option(struct ppp_link *link, const struct ppp_cp_class *class, uint8_t type, struct wire_in value,
	struct ppp_offer *offer, struct wire_out *naks, struct wire_out *rejects)
{
	const struct ppp_option *option = ppp_cp_option(class, type);
	enum ppp_verdict verdict = PPP_REJ;
	size_t at = wire_used(naks);

	if (option && option->judge && wire_left(&value) >= option->min && wire_left(&value) <= option->max) {
		wire_put_u8(naks, type);
		wire_put_u8(naks, 0);
		verdict = option->judge(link, type, value, offer, naks);
		if (verdict == PPP_NAK && !naks->error)
			naks->start[at + 1] = (uint8_t)(wire_used(naks) - at);
		else
			naks->pos = naks->start + at;
	}
	// RFC 1661 4.6, Max-Failure: what can't be agreed by Naks is rejected.
	if (verdict == PPP_NAK && ppp_cp_of(link, class)->naks_sent >= link->options->max_failure) {
		naks->pos = naks->start + at;
		verdict = PPP_REJ;
	}
	if (verdict == PPP_REJ)
		put_option(rejects, type, value);
}

// Judges all options and composes the reply (RFC 1661 5.2 - 5.4: Rejects first, then Naks, else an Ack of the same octets).
// Gives the reply's code, or 0 for a list that does not parse.
static uint8_t judge_request(struct ppp_link *link, const struct ppp_cp_class *class, struct wire_in data,
	struct ppp_offer *offer, struct wire_out *reply)
{
	uint8_t nak_buffer[PPP_PACKET_MAX], reject_buffer[PPP_PACKET_MAX], type;
	struct wire_out naks = wire_out(nak_buffer, sizeof(nak_buffer)), rejects = wire_out(reject_buffer, sizeof(reject_buffer));
	struct wire_in options = data, value;
	uint32_t seen = 0;

	while (ppp_option_next(&options, &type, &value))
		;
	if (options.error)
		return 0;
	for (options = data; ppp_option_next(&options, &type, &value);) {
		const struct ppp_option *option = ppp_cp_option(class, type);

		if (option)
			seen |= 1u << (option - class->options);
		judge_option(link, class, type, value, offer, &naks, &rejects);
	}
	if (class->missing && ppp_cp_of(link, class)->naks_sent < link->options->max_failure)
		(void)class->missing(link, seen, &naks);
	if (rejects.error || naks.error)
		return 0;
	if (wire_used(&rejects)) {
		wire_put_bytes(reply, rejects.start, wire_used(&rejects));
		return PPP_CONF_REJ;
	}
	if (wire_used(&naks)) {
		wire_put_bytes(reply, naks.start, wire_used(&naks));
		return PPP_CONF_NAK;
	}
	wire_put_bytes(reply, data.pos, wire_left(&data));
	return PPP_CONF_ACK;
}

static void recv_request(struct ppp_link *link, const struct ppp_cp_class *class, uint8_t id, struct wire_in data)
{
	struct ppp_cp *cp = ppp_cp_of(link, class);
	uint32_t request_hash = hash(data);
	uint8_t buffer[PPP_PACKET_MAX], code;
	struct wire_out reply = ppp_packet(buffer, sizeof(buffer), 0, id);
	struct ppp_offer offer = {0};

	if (cp->state == PPP_CP_OPENED && cp->peer_id == id && cp->acked_hash == request_hash && cp->repeats < REPEATS_MAX) {
		cp->repeats++;
		ppp_count(link, repeated);
		wire_put_bytes(&reply, data.pos, wire_left(&data));
		buffer[0] = PPP_CONF_ACK;
		ppp_link_send(link, class->protocol, &reply);
		return;
	}
	// A request that an open or closing automaton judges must not disturb what is in force: judge() only reads the link, except
	// for a server's assignment, which is the same for the whole session.
	code = judge_request(link, class, data, &offer, &reply);
	if (link->phase == PPP_PHASE_DEAD)
		return; // a looped line, seen by its magic number
	if (!code || reply.error) {
		ppp_count(link, malformed);
		return;
	}
	buffer[0] = code;
	if (cp->state == PPP_CP_CLOSED) // sta, in place of what was composed
		reply = ppp_packet(buffer, sizeof(buffer), PPP_TERM_ACK, id);
	run(link, class, code == PPP_CONF_ACK ? PPP_CP_RCR_PLUS : PPP_CP_RCR_MINUS,
		(struct reply){.packet = &reply, .offer = &offer});
	if (cp->state == PPP_CP_ACK_SENT || cp->state == PPP_CP_OPENED) {
		cp->peer_id = id;
		cp->acked_hash = request_hash;
	}
	if (code != PPP_CONF_ACK && cp->state >= PPP_CP_REQ_SENT) {
		cp->naks_sent = ppp_more(cp->naks_sent);
		// Even Rejects don't help: twice over is enough.
		if (cp->naks_sent > 2 * link->options->max_failure + link->options->max_configure)
			class->diverged(link);
	}
}

// Does this reply belong to our latest request, and is it the first to it?
static bool is_fresh(struct ppp_link *link, const struct ppp_cp_class *class, enum ppp_cp_event event, uint8_t id)
{
	const struct ppp_cp *cp = ppp_cp_of(link, class);
	uint8_t buffer[4];
	struct wire_out ack = ppp_packet(buffer, sizeof(buffer), PPP_TERM_ACK, id);

	if (cp->state < PPP_CP_REQ_SENT) { // a reply to one who asks nothing: the cell says whether to tell the peer so
		run(link, class, event, (struct reply){.packet = &ack});
		return false;
	}
	if (id == cp->id && !cp->answered)
		return true;
	ppp_count(link, stale);
	return false;
}

static void recv_ack(struct ppp_link *link, const struct ppp_cp_class *class, struct wire_in data)
{
	uint8_t buffer[PPP_PACKET_MAX];
	struct wire_out request = wire_out(buffer, sizeof(buffer));

	ppp_cp_put_request(link, class, &request);
	if (wire_left(&data) != wire_used(&request) || memcmp(data.pos, request.start, wire_used(&request)) != 0) {
		ppp_count(link, malformed); // RFC 1661 5.2: the options must match exactly
		return;
	}
	ppp_cp_of(link, class)->answered = true;
	ppp_cp_run(link, class, PPP_CP_RCA);
}

// Nak and Reject. An answer changes what is asked, so each is parsed as a whole before it counts.
static void recv_nak(struct ppp_link *link, const struct ppp_cp_class *class, bool reject, struct wire_in data)
{
	struct ppp_cp *cp = ppp_cp_of(link, class);
	struct wire_in options = data, value;
	uint8_t type;

	while (ppp_option_next(&options, &type, &value))
		;
	if (options.error) {
		ppp_count(link, malformed);
		return;
	}
	cp->answered = true;
	if (++cp->naks_seen > link->options->max_configure) {
		class->diverged(link);
		return;
	}
	for (options = data; ppp_option_next(&options, &type, &value);) {
		const struct ppp_option *option = ppp_cp_option(class, type);

		if (!option || !(cp->asked & 1u << (option - class->options)))
			continue; // a suggestion that we do not follow (5.3)
		if (reject) {
			ppp_cp_unask(link, class, type);
			if (class->rejected)
				class->rejected(link, type);
		} else if (wire_left(&value) >= option->min && wire_left(&value) <= option->max &&
			!option->nak(link, type, value)) {
			ppp_cp_unask(link, class, type);
		}
		if (cp->state < PPP_CP_REQ_SENT)
			return; // that was fatal
	}
	ppp_cp_run(link, class, PPP_CP_RCN);
}

// Replies that quote the offending packet: Code-Reject (RFC 1661 5.6).
static void reject_code(struct ppp_link *link, const struct ppp_cp_class *class, const uint8_t *packet, size_t len)
{
	uint8_t buffer[PPP_PACKET_MAX];
	struct wire_out reply = ppp_packet(buffer, sizeof(buffer), PPP_CODE_REJ, link->next_id++);
	size_t room = link->result.mru > 64 && link->result.mru < sizeof(buffer) ? link->result.mru : sizeof(buffer);

	ppp_count(link, unknown_code);
	wire_put_bytes(&reply, packet, len < room - 4 ? len : room - 4);
	run(link, class, PPP_CP_RUC, (struct reply){.packet = &reply});
}

static void recv_code_reject(struct ppp_link *link, const struct ppp_cp_class *class, struct wire_in data)
{
	uint8_t code = wire_get_u8(&data);

	// Without these there is no negotiation; any other code we can do without (RFC 1661 4.3, RXJ).
	ppp_cp_run(link, class, code >= PPP_CONF_REQ && code <= PPP_CODE_REJ ? PPP_CP_RXJ_MINUS : PPP_CP_RXJ_PLUS);
}

void ppp_cp_recv(struct ppp_link *link, const struct ppp_cp_class *class, const uint8_t *packet, size_t len)
{
	struct ppp_cp *cp = ppp_cp_of(link, class);
	struct wire_in in = wire_in(packet, len), data;
	uint8_t code = wire_get_u8(&in), id = wire_get_u8(&in), buffer[4];
	uint16_t length = wire_get_be16(&in);
	struct wire_out ack;

	// Octets past the length are padding (RFC 1661 5); a length past the octets is a fault.
	if (in.error || length < 4 || length > len || length > PPP_PACKET_MAX) {
		ppp_count(link, malformed);
		return;
	}
	data = wire_get_sub(&in, length - 4u);
	cp->heard = true;
	if (code > 15 || !(class->codes & 1u << code)) {
		reject_code(link, class, packet, length);
		return;
	}
	switch (code) {
	case PPP_CONF_REQ:
		recv_request(link, class, id, data);
		return;
	case PPP_CONF_ACK:
		if (is_fresh(link, class, PPP_CP_RCA, id))
			recv_ack(link, class, data);
		return;
	case PPP_CONF_NAK:
	case PPP_CONF_REJ:
		if (is_fresh(link, class, PPP_CP_RCN, id))
			recv_nak(link, class, code == PPP_CONF_REJ, data);
		return;
	case PPP_TERM_REQ:
		ack = ppp_packet(buffer, sizeof(buffer), PPP_TERM_ACK, id);
		ppp_link_text(link, data);
		run(link, class, PPP_CP_RTR, (struct reply){.packet = &ack});
		if (class->left)
			class->left(link);
		return;
	case PPP_TERM_ACK:
		ppp_cp_run(link, class, PPP_CP_RTA);
		return;
	case PPP_CODE_REJ:
		recv_code_reject(link, class, data);
		return;
	default:
		class->extra(link, code, id, data);
	}
}
