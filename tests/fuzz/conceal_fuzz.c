// SPDX-License-Identifier: Apache-2.0
// What takes the secrets out of captured packets: any octets, changed in place within their length, and what was done once stays as it is.
#include "proto/gtp/scan.h"
#include "proto/l2tp/conceal.h"
#include "proto/ppp/conceal.h"
#include "proto/ppp/frame.h"

#include <stdlib.h>
#include <string.h>

static bool gtp(uint8_t *bytes, size_t len)
{
	struct gtp_scan scan;

	(void)gtp_scan(bytes, len, &scan);
	return gtp_conceal(bytes, len, ppp_conceal);
}

static bool pap(uint8_t *bytes, size_t len)
{
	return ppp_conceal(PPP_PAP, bytes, len);
}

static bool chap(uint8_t *bytes, size_t len)
{
	return ppp_conceal(PPP_CHAP, bytes, len);
}

static void one(const uint8_t *data, size_t size, bool (*conceal)(uint8_t *bytes, size_t len))
{
	uint8_t *bytes = calloc(1, size ? size : 1), *again = calloc(1, size ? size : 1);
	bool any;

	if (size)
		memcpy(bytes, data, size);
	any = conceal(bytes, size);
	if (!any && size && memcmp(bytes, data, size))
		abort();
	if (size)
		memcpy(again, bytes, size);
	conceal(again, size);
	if (size && memcmp(again, bytes, size))
		abort();
	free(bytes);
	free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	one(data, size, gtp);
	one(data, size, l2tp_conceal);
	one(data, size, pap);
	one(data, size, chap);
	return 0;
}
