// SPDX-License-Identifier: Apache-2.0
// What a SIM says of itself: IMSI, and its Protocol Configuration Options.

#include <stdio.h>
#include <string.h>

#include "base/clean.h"
#include "proto/ppp/mschap.h"
#include "sim/sgw.h"

#define PAP_ID 1
#define CHAP_ID 1
#define IPCP_ID 1

struct tbcd sgw_imsi(const struct sgw *sgw, const struct sim *sim)
{
	struct tbcd imsi = {0};

	snprintf(imsi.digits, sizeof(imsi.digits), "%0*llu", (int)sgw->imsi_digits,
		(unsigned long long)(sgw->first_imsi + sim_number(sgw, sim)));
	return imsi;
}

// "user:password", with "%{imsi}" in either. The two halves share `out`.
static void credentials(const struct sgw *sgw, const struct sim *sim, const char *spec, char *out, size_t size,
	struct ie_bytes *user, struct ie_bytes *password)
{
	static const char variable[] = "%{imsi}";
	struct tbcd imsi = sgw_imsi(sgw, sim);
	size_t at = 0;
	char *colon;

	while (*spec && at + sizeof(imsi.digits) < size) {
		if (strncmp(spec, variable, strlen(variable)) == 0) {
			at += (size_t)snprintf(out + at, size - at, "%s", imsi.digits);
			spec += strlen(variable);
		} else {
			out[at++] = *spec++;
		}
	}
	out[at] = 0;
	colon = strchr(out, ':');
	*user = (struct ie_bytes){(uint8_t *)out, (uint16_t)(colon ? (size_t)(colon - out) : at)};
	*password = colon ? (struct ie_bytes){(uint8_t *)colon + 1, (uint16_t)strlen(colon + 1)} : (struct ie_bytes){0};
}

struct ie_bytes sgw_pco(struct sgw *sgw, const struct sim *sim)
{
	const struct sgw_config *config = &sgw->config;
	uint8_t challenge[16], response[CHAP_MD5_LEN];
	struct ie_bytes password = {0};
	struct pco_request ask = {.wants_mtu = true};
	char text[200];
	size_t len = 0;

	if (config->pap) {
		ask.has_pap = true;
		ask.pap_id = PAP_ID;
		credentials(sgw, sim, config->pap, text, sizeof(text), &ask.pap_user, &ask.pap_password);
	} else if (config->chap) {
		// A UE answers a challenge of its own making: any will do, if it differs from SIM to SIM.
		for (size_t i = 0; i < sizeof(challenge); i++)
			challenge[i] = (uint8_t)(sim_number(sgw, sim) * 167 + i * 31 + 1);
		credentials(sgw, sim, config->chap, text, sizeof(text), &ask.chap_name, &password);
		chap_md5(CHAP_ID, password.data, password.len, challenge, sizeof(challenge), response);
		ask.has_chap_challenge = ask.has_chap_response = true;
		ask.chap_challenge_id = ask.chap_id = CHAP_ID;
		ask.chap_challenge = IE_BYTES(challenge);
		ask.chap_response = IE_BYTES(response);
	}
	ask.wants_dns6 = sgw_asks_v6(sgw) && !config->no_dns;
	if (!config->no_dns) {
		ask.wants_dns4 = true;
		ask.ipcp_count = 1;
		ask.ipcp[0] = (struct pco_ipcp){.code = 1, .id = IPCP_ID, .count = 2};
		ask.ipcp[0].options[0].type = 129;
		ask.ipcp[0].options[0].value = ip_addr_v4(0);
		ask.ipcp[0].options[1].type = 131;
		ask.ipcp[0].options[1].value = ip_addr_v4(0);
	}
	if (pco_request_write(&ask, sgw->pco, sizeof(sgw->pco), &len) < 0)
		len = 0;
	return (struct ie_bytes){sgw->pco, (uint16_t)len};
}

void sgw_pco_told(struct sim *sim, const struct ie_bytes *pco)
{
	struct pco_told told;

	if (pco_answer_read(pco, &told) < 0)
		return;
	sim->mtu = told.mtu;
	memcpy(sim->dns6, told.dns6[0].bytes, sizeof(sim->dns6));
	for (size_t i = 0; i < array_len(sim->dns); i++)
		sim->dns[i] = ip_addr_to_v4(&told.dns4[i]);
}
