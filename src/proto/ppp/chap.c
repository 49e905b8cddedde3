// SPDX-License-Identifier: Apache-2.0
// CHAP (RFC 1994) with its algorithms as rows: MD5, and MS-CHAPv2 (RFC 2759).
//
// The SIM may have answered a challenge of its own making and put both into its PCO. That response is good for that challenge only:
// a peer that asks with a fresh one can't be answered without the password, and this is a reason of its own, in words.

#include "proto/ppp/internal.h"

#include <nettle/memops.h>
#include <stdio.h>

#include "base/clean.h"
#include "proto/ppp/mschap.h"

#define CHALLENGE_LEN 16

struct algorithm {
	uint8_t auth;
	uint8_t response_len;
	// Client: writes the response to `challenge`.
	void (*respond)(struct ppp_link *link, uint8_t id, struct wire_in challenge, const struct ppp_credentials *credentials,
		struct wire_out *out);
	// Server: is this the response? `text` is the message for the Success.
	bool (*verify)(struct ppp_link *link, uint8_t id, const uint8_t *response, const struct ppp_credentials *peer, char *text,
		size_t size);
	// Client: does the Success prove the peer? NULL = nothing to prove.
	bool (*proven)(struct ppp_link *link, struct wire_in text);
};

static void md5_respond(
	struct ppp_link *, uint8_t id, struct wire_in challenge, const struct ppp_credentials *credentials, struct wire_out *out)
{
	uint8_t response[CHAP_MD5_LEN];

	chap_md5(id, credentials->password, credentials->password_len, challenge.pos, wire_left(&challenge), response);
	wire_put_bytes(out, response, sizeof(response));
}

static bool md5_verify(
	struct ppp_link *link, uint8_t id, const uint8_t *response, const struct ppp_credentials *peer, char *text, size_t size)
{
	uint8_t want[CHAP_MD5_LEN];

	chap_md5(id, peer->password, peer->password_len, link->auth.challenge, CHALLENGE_LEN, want);
	snprintf(text, size, "welcome");
	return memeql_sec(want, response, sizeof(want));
}

static void mschap_respond(
	struct ppp_link *link, uint8_t, struct wire_in challenge, const struct ppp_credentials *credentials, struct wire_out *out)
{
	uint8_t nt[MSCHAP_NT_LEN];

	// Made once a challenge: a repeat gets the very same response, and the Success to either proves the same.
	if (!link->auth.answered)
		link->ops->random(link, link->auth.peer_challenge, sizeof(link->auth.peer_challenge));
	memcpy(link->auth.challenge, wire_get_bytes(&challenge, MSCHAP_CHALLENGE_LEN), MSCHAP_CHALLENGE_LEN);
	mschap_nt_response(&(struct mschap){.auth_challenge = link->auth.challenge,
				   .peer_challenge = link->auth.peer_challenge,
				   .name = credentials->name,
				   .name_len = credentials->name_len,
				   .password = credentials->password,
				   .password_len = credentials->password_len},
		nt);
	wire_put_bytes(out, link->auth.peer_challenge, MSCHAP_CHALLENGE_LEN);
	wire_put_zeros(out, 8);
	wire_put_bytes(out, nt, sizeof(nt));
	wire_put_u8(out, 0);
}

static bool mschap_verify(
	struct ppp_link *link, uint8_t, const uint8_t *response, const struct ppp_credentials *peer, char *text, size_t size)
{
	struct wire_in in = wire_in(response, MSCHAP_RESPONSE_LEN);
	struct mschap exchange = {
		.auth_challenge = link->auth.challenge,
		.peer_challenge = wire_get_bytes(&in, MSCHAP_CHALLENGE_LEN),
		.name = peer->name,
		.name_len = peer->name_len,
		.password = peer->password,
		.password_len = peer->password_len,
	};
	uint8_t want[MSCHAP_NT_LEN], proof[MSCHAP_PROOF_LEN];
	char hex[2 * MSCHAP_PROOF_LEN + 1];

	wire_skip(&in, 8);
	mschap_nt_response(&exchange, want);
	mschap_proof(&exchange, want, proof);
	for (size_t i = 0; i < sizeof(proof); i++)
		snprintf(hex + 2 * i, 3, "%02X", proof[i]);
	snprintf(text, size, "S=%s M=welcome", hex);
	return memeql_sec(want, wire_get_bytes(&in, MSCHAP_NT_LEN), sizeof(want));
}

static int hex_digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

// RFC 2759 5: "S=" and 40 digits, anything after. What they must be follows from the exchange and the password.
static bool mschap_proven(struct ppp_link *link, struct wire_in text)
{
	uint8_t proof[MSCHAP_PROOF_LEN], want[MSCHAP_PROOF_LEN], nt[MSCHAP_NT_LEN];
	struct ppp_credentials own;
	struct mschap exchange = {.auth_challenge = link->auth.challenge, .peer_challenge = link->auth.peer_challenge};

	if (wire_get_u8(&text) != 'S' || wire_get_u8(&text) != '=' || ppp_auth_credentials(link, PPP_AUTH_MSCHAPV2, &own) < 0)
		return false;
	for (size_t i = 0; i < sizeof(proof); i++) {
		int high = hex_digit(wire_get_u8(&text)), low = hex_digit(wire_get_u8(&text));

		if (high < 0 || low < 0)
			return false;
		proof[i] = (uint8_t)(high << 4 | low);
	}
	exchange.name = own.name;
	exchange.name_len = own.name_len;
	exchange.password = own.password;
	exchange.password_len = own.password ? own.password_len : 0;
	mschap_nt_response(&exchange, nt);
	mschap_proof(&exchange, nt, want);
	return memeql_sec(proof, want, sizeof(proof));
}

static const struct algorithm algorithms[] = {
	{.auth = PPP_AUTH_CHAP_MD5, .response_len = CHAP_MD5_LEN, .respond = md5_respond, .verify = md5_verify},
	{.auth = PPP_AUTH_MSCHAPV2,
		.response_len = MSCHAP_RESPONSE_LEN,
		.respond = mschap_respond,
		.verify = mschap_verify,
		.proven = mschap_proven},
};

// The algorithm that LCP agreed on. An LNS that took our proxy LCP asks by MD5, whatever was said there.
static const struct algorithm *agreed(const struct ppp_link *link)
{
	for (size_t i = 0; i < array_len(algorithms); i++)
		if (algorithms[i].auth == link->auth.method)
			return &algorithms[i];
	return link->proxied ? &algorithms[0] : NULL;
}

// Server: sends the challenge; a repeat is the same one with the same identifier (RFC 1994 4.1).
void ppp_chap_challenge(struct ppp_link *link, bool fresh)
{
	const uint8_t *name = link->options->name;
	uint8_t buffer[64];
	struct wire_out out;

	if (fresh) {
		link->ops->random(link, link->auth.challenge, CHALLENGE_LEN);
		link->auth.id++;
		link->auth.answered = false;
	}
	out = ppp_packet(buffer, sizeof(buffer), CHAP_CHALLENGE, link->auth.id);
	wire_put_u8(&out, CHALLENGE_LEN);
	wire_put_bytes(&out, link->auth.challenge, CHALLENGE_LEN);
	wire_put_bytes(&out, name, strnlen((const char *)name, sizeof(link->options->name)));
	link->auth.tries = ppp_more(link->auth.tries);
	link->auth.due_ms = ppp_backoff(link, link->auth.tries);
	ppp_link_send(link, PPP_CHAP, &out);
}

static bool is_ue_challenge(const struct ppp_credentials *credentials, uint8_t id, struct wire_in challenge)
{
	return credentials->ue_response && credentials->ue_challenge && credentials->ue_chap_id == id &&
		credentials->ue_challenge_len == wire_left(&challenge) &&
		memcmp(credentials->ue_challenge, challenge.pos, credentials->ue_challenge_len) == 0;
}

static void respond(struct ppp_link *link, const struct algorithm *algorithm, uint8_t id, struct wire_in challenge)
{
	uint8_t buffer[4 + 1 + MSCHAP_RESPONSE_LEN + 256];
	struct wire_out out = ppp_packet(buffer, sizeof(buffer), CHAP_RESPONSE, id);
	struct ppp_credentials credentials;

	if (ppp_auth_credentials(link, (enum ppp_auth)algorithm->auth, &credentials) < 0)
		return;
	wire_put_u8(&out, algorithm->response_len);
	if (credentials.password) {
		algorithm->respond(link, id, challenge, &credentials, &out);
	} else if (algorithm->auth == PPP_AUTH_CHAP_MD5 && is_ue_challenge(&credentials, id, challenge)) {
		wire_put_bytes(&out, credentials.ue_response, CHAP_MD5_LEN);
	} else {
		ppp_auth_failed(link, PPP_REASON_AUTH_UE_CHAP);
		return;
	}
	wire_put_bytes(&out, credentials.name, credentials.name_len);
	link->auth.id = id;
	link->auth.answered = true;
	link->auth.tries = ppp_more(link->auth.tries);
	// Only a proof is waited for: without one, network packets say the same as a lost Success (ppp_auth_implied).
	link->auth.due_ms = algorithm->proven ? ppp_backoff(link, link->auth.tries) : PPP_NEVER;
	ppp_link_send(link, PPP_CHAP, &out);
}

void ppp_chap_repeat(struct ppp_link *link)
{
	const struct algorithm *algorithm = agreed(link);

	if (algorithm && link->auth.answered)
		respond(link, algorithm, link->auth.id, wire_in(link->auth.challenge, CHALLENGE_LEN));
}

static void recv_challenge(struct ppp_link *link, uint8_t id, struct wire_in data)
{
	struct wire_in challenge = wire_get_sub(&data, wire_get_u8(&data));
	const struct algorithm *algorithm = agreed(link);

	if (!algorithm) {
		ppp_count(link, out_of_phase);
		return;
	}
	if (data.error || !wire_left(&challenge) || (algorithm->proven && wire_left(&challenge) != MSCHAP_CHALLENGE_LEN)) {
		ppp_count(link, malformed);
		return;
	}
	if (id != link->auth.id)
		link->auth.answered = false;
	respond(link, algorithm, id, challenge);
}

void ppp_chap_verdict(struct ppp_link *link, uint8_t id, bool right, const char *text)
{
	uint8_t buffer[128];
	struct wire_out out = ppp_packet(buffer, sizeof(buffer), right ? CHAP_SUCCESS : CHAP_FAILURE, id);

	wire_put_bytes(&out, text, strlen(text));
	ppp_link_send(link, PPP_CHAP, &out);
}

// Server: an exchange by MD5 that the LAC had with its client.
bool ppp_chap_check(struct ppp_link *link, uint8_t id, struct wire_in name, struct wire_in challenge, struct wire_in response)
{
	const void *password = NULL;
	size_t len = 0;
	uint8_t want[CHAP_MD5_LEN];
	int known = link->ops->password ? link->ops->password(link, name.pos, wire_left(&name), &password, &len) : -ENOENT;

	if (known != 0 || wire_left(&response) != sizeof(want))
		return known == PPP_ANYBODY;
	chap_md5(id, password, len, challenge.pos, wire_left(&challenge), want);
	return memeql_sec(want, response.pos, sizeof(want));
}

static void recv_response(struct ppp_link *link, uint8_t id, struct wire_in data)
{
	struct wire_in response = wire_get_sub(&data, wire_get_u8(&data));
	const struct algorithm *algorithm = agreed(link);
	struct ppp_credentials peer = {.name = data.pos, .name_len = wire_left(&data)};
	char text[80] = "welcome";
	bool right;
	int known;

	if (!algorithm || id != link->auth.id) {
		ppp_count(link, stale);
		return;
	}
	if (data.error || wire_left(&response) != algorithm->response_len) {
		ppp_count(link, malformed);
		return;
	}
	known = link->ops->password ? link->ops->password(link, peer.name, peer.name_len, &peer.password, &peer.password_len)
				    : -ENOENT;
	right = known == 0 && algorithm->verify(link, id, response.pos, &peer, text, sizeof(text));
	if (known == PPP_ANYBODY && !algorithm->proven)
		right = true;
	if (link->auth.answered) { // RFC 1994 4.2: a repeat gets the reply that the first one got
		ppp_chap_verdict(link, id, true, text);
		return;
	}
	if (!right) {
		ppp_chap_verdict(link, id, false,
			algorithm->proven ? "E=691 R=0 C=00000000000000000000000000000000 V=3 M=wrong name or password"
					  : "wrong name or password");
		ppp_auth_failed(link, PPP_REASON_PEER_BAD_CREDENTIALS);
		return;
	}
	ppp_chap_verdict(link, id, true, text);
	link->auth.answered = true;
	ppp_auth_passed(link, (enum ppp_auth)algorithm->auth);
}

static void recv_verdict(struct ppp_link *link, bool success, uint8_t id, struct wire_in text)
{
	const struct algorithm *algorithm = agreed(link);

	// With proxied authentication the verdict is on the exchange in the AVPs, whose identifier this link never saw.
	if (!algorithm || (!link->proxied && (id != link->auth.id || !link->auth.answered))) {
		ppp_count(link, stale);
		return;
	}
	ppp_link_text(link, text);
	if (!success) {
		ppp_auth_failed(link, PPP_REASON_AUTH_REFUSED);
	} else if (algorithm->proven && !algorithm->proven(link, text)) {
		ppp_auth_failed(link, PPP_REASON_AUTH_PEER_UNPROVEN);
	} else {
		if (!link->proxied)
			link->auth.answered = false; // a further Success is stale
		ppp_auth_passed(link, (enum ppp_auth)algorithm->auth);
	}
}

void ppp_chap_recv(struct ppp_link *link, uint8_t code, uint8_t id, struct wire_in data)
{
	bool server = link->options->server;

	if (!server && code == CHAP_CHALLENGE)
		recv_challenge(link, id, data);
	else if (server && code == CHAP_RESPONSE)
		recv_response(link, id, data);
	else if (!server && (code == CHAP_SUCCESS || code == CHAP_FAILURE))
		recv_verdict(link, code == CHAP_SUCCESS, id, data);
	else
		ppp_count(link, unknown_code);
}
