// SPDX-License-Identifier: Apache-2.0
#include "proto/l2tp/conceal.h"

#include "proto/l2tp/avp.h"
#include "proto/l2tp/header.h"

static bool zero(uint8_t *datagram, const uint8_t *from, const uint8_t *to)
{
	if (from >= to)
		return false;
	memset(datagram + (from - datagram), 0, (size_t)(to - from));
	return true;
}

bool l2tp_conceal(uint8_t *datagram, size_t len)
{
	struct l2tp_header header;
	struct l2tp_avp_raw avp;
	struct wire_in in;
	bool any = false;
	int error = l2tp_header_parse(datagram, len, &header);

	if (error)
		return zero(datagram, datagram + (len < L2TP_CONTROL_HEADER ? len : L2TP_CONTROL_HEADER), datagram + len);
	if (!l2tp_is_control(&header))
		return false;
	in = wire_in(header.payload, header.len);
	for (;;) {
		const uint8_t *at = in.pos;

		error = l2tp_avp_next(&in, &avp);
		if (error) {
			bool rest = error != -ENODATA && zero(datagram, at, datagram + len);

			return zero(datagram, header.payload + header.len, datagram + len) || rest || any;
		}
		// A vendor's own AVPs are not known: one that it calls secret is hidden.
		if (avp.hidden ||
			(!avp.vendor && l2tp_avp_find(avp.type) >= 0 &&
				l2tp_avp_is_secret((enum l2tp_avp)l2tp_avp_find(avp.type))))
			any |= zero(datagram, avp.value.bytes, avp.value.bytes + avp.value.len);
	}
}
