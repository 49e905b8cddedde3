// SPDX-License-Identifier: Apache-2.0
// PCO of both directions. A request that we write from one that we read asks the same; an answer that we write can be read.
#include "proto/gtp/pco.h"

#include <stdlib.h>

static void must(bool is_so)
{
	if (!is_so)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct pco_answer tell = {
		.address = {.family = IP_V4, .bytes = {10, 0, 0, 1}},
		.dns4 = {{.family = IP_V4, .bytes = {10, 0, 0, 2}}, {.family = IP_V4, .bytes = {10, 0, 0, 3}}},
		.mtu = 1400,
	};
	static uint8_t out[8192];
	struct ie_bytes pco = {.data = data, .len = (uint16_t)size};
	struct pco_request ask, again;
	struct pco_told told;
	size_t len = 0;
	char line[200];

	if (size > UINT16_MAX)
		return 0;
	pco_text(&pco, line, sizeof(line));
	pco_answer_read(&pco, &told);
	if (pco_request_read(&pco, &ask))
		return 0;
	if (!pco_answer_write(&ask, &tell, out, sizeof(out), &len) && len)
		must(!pco_answer_read(&(struct ie_bytes){out, (uint16_t)len}, &told) && told.has_pap == ask.has_pap);
	if (pco_request_write(&ask, out, sizeof(out), &len))
		return 0; // it would not fit into an item of 255 octets
	must(!pco_request_read(&(struct ie_bytes){out, (uint16_t)len}, &again));
	must(again.has_pap == ask.has_pap && again.pap_id == ask.pap_id && again.pap_password.len == ask.pap_password.len);
	must(again.has_chap_response == ask.has_chap_response && again.chap_id == ask.chap_id);
	must(again.ipcp_count == ask.ipcp_count && again.wants_dns4 == ask.wants_dns4 && again.wants_mtu == ask.wants_mtu);
	return 0;
}
