// SPDX-License-Identifier: Apache-2.0
// Packets longer than the session's MTU (RFC 791 2.3, RFC 1191, RFC 1812 4.3.2, RFC 8201).
//
// We are no router of the SIM's network, yet the only one who knows the MTU, so we answer as one: to the SIM from 192.0.0.8, the
// address kept for routers that have none (RFC 7600 4.8), and fe80::1 for IPv6; toward the LNS from the SIM's own address, as an LNS
// may refuse any other source. Never about an ICMP error, a later fragment or a group; at most ten a second and session, and a
// thousand a second in all.
#include "gateway/dataplane/soft/soft.h"

#include <string.h>

#define ICMP_SESSION_MS 100
#define ICMP_SECOND_MAX 1000
#define ICMP4_QUOTE 548 // the whole error in 576 octets, RFC 1812 4.3.2.3
#define ICMP6_QUOTE 1232 // in 1280, RFC 4443 2.4

enum { IP_ICMP = 1, IP_ICMPV6 = 58, IP_MF = 0x2000, IP_OFFSET = 0x1fff };

static uint32_t sum_add(uint32_t sum, const uint8_t *bytes, size_t len)
{
	for (; len >= 2; bytes += 2, len -= 2)
		sum += parse_be16(bytes);
	return len ? sum + (uint32_t)(bytes[0] << 8) : sum;
}

static uint16_t sum_end(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

static void head_sum(uint8_t *packet)
{
	put_be16(packet + 10, 0);
	put_be16(packet + 10, sum_end(sum_add(0, packet, 4 * (size_t)(packet[0] & 15))));
}

static bool icmp_allowed(struct dp *dp, struct dp_session *session)
{
	uint64_t now_ms = uv_now(dp->loop);

	if ((uint32_t)now_ms - session->icmp_ms < ICMP_SESSION_MS)
		return false;
	if (now_ms / 1000 != dp->icmp_second) {
		dp->icmp_second = now_ms / 1000;
		dp->icmp_used = 0;
	}
	if (dp->icmp_used >= ICMP_SECOND_MAX)
		return false;
	dp->icmp_used++;
	session->icmp_ms = (uint32_t)now_ms;
	return true;
}

static bool is_answerable4(const uint8_t *packet, const struct inner_in *inner)
{
	size_t head = 4 * (size_t)(packet[0] & 15);

	if (parse_be16(packet + 6) & IP_OFFSET)
		return false;
	if (inner->source[0] == 0 || inner->source[0] == 127 || inner->source[0] >= 224 || inner->destination[0] >= 224)
		return false;
	if (packet[9] == IP_ICMP) {
		static const uint32_t errors = 1u << 3 | 1u << 4 | 1u << 5 | 1u << 11 | 1u << 12;

		return inner->len > head && (packet[head] > 31 || !(errors >> packet[head] & 1));
	}
	return true;
}

static bool is_answerable6(const uint8_t *packet, const struct inner_in *inner)
{
	static const uint8_t none[16];

	if (inner->source[0] == 0xff || memcmp(inner->source, none, 16) == 0)
		return false;
	return packet[6] != IP_ICMPV6 || inner->len < 41 || packet[40] & 0x80; // ICMPv6 errors have types below 128
}

static size_t icmp4_make(uint8_t *out, const struct dp_session *session, enum dp_direction direction, const uint8_t *packet,
	const struct inner_in *inner)
{
	static const uint8_t dummy[4] = {192, 0, 0, 8};
	size_t quote = inner->len < ICMP4_QUOTE ? inner->len : ICMP4_QUOTE;

	if (quote + 28 > session->mtu)
		quote = session->mtu - 28u;
	memset(out, 0, 28);
	out[0] = 0x45;
	out[1] = 0xc0; // RFC 1812 4.3.2.5: internetwork control
	put_be16(out + 2, (uint16_t)(28 + quote));
	put_be16(out + 6, 0x4000); // an atomic datagram needs no identification, RFC 6864
	out[8] = 64;
	out[9] = IP_ICMP;
	memcpy(out + 12, direction == DP_UPLINK ? dummy : inner->destination, 4);
	memcpy(out + 16, inner->source, 4);
	head_sum(out);
	out[20] = 3; // destination unreachable
	out[21] = 4; // fragmentation needed and DF set
	put_be16(out + 26, session->mtu);
	memcpy(out + 28, packet, quote);
	put_be16(out + 22, sum_end(sum_add(0, out + 20, 8 + quote)));
	return 28 + quote;
}

static size_t icmp6_make(uint8_t *out, const struct dp_session *session, enum dp_direction direction, const uint8_t *packet,
	const struct inner_in *inner)
{
	static const uint8_t router[16] = {0xfe, 0x80, [15] = 1};
	size_t quote = inner->len < ICMP6_QUOTE ? inner->len : ICMP6_QUOTE;

	memset(out, 0, 48);
	out[0] = 0x60;
	put_be16(out + 4, (uint16_t)(8 + quote));
	out[6] = IP_ICMPV6;
	out[7] = 64;
	memcpy(out + 8, direction == DP_UPLINK ? router : inner->destination, 16);
	memcpy(out + 24, inner->source, 16);
	out[40] = 2; // packet too big
	put_be16(out + 46, session->mtu < 1280 ? 1280 : session->mtu);
	memcpy(out + 48, packet, quote);
	put_be16(out + 42, sum_end(sum_add(sum_add(IP_ICMPV6 + (uint32_t)(8 + quote), out + 8, 32), out + 40, 8 + quote)));
	return 48 + quote;
}

static void tell_sender(
	struct dp_session *session, enum dp_direction direction, const uint8_t *packet, const struct inner_in *inner)
{
	uint8_t buffer[SOFT_HEAD_MAX + 1280];
	size_t len;

	if (!(inner->v6 ? is_answerable6(packet, inner) : is_answerable4(packet, inner)))
		return;
	if (!icmp_allowed(soft_dp(session), session))
		return;
	len = (inner->v6 ? icmp6_make : icmp4_make)(buffer + SOFT_HEAD_MAX, session, direction, packet, inner);
	soft_send(session, direction == DP_UPLINK ? DP_DOWNLINK : DP_UPLINK, buffer + SOFT_HEAD_MAX, len, false);
}

// The options that every fragment carries (RFC 791 3.1: the copied flag), padded; gives the header's length.
static size_t later_head(uint8_t *out, const uint8_t *packet)
{
	size_t head = 4 * (size_t)(packet[0] & 15), at = 20, used = 20;

	memcpy(out, packet, 20);
	while (at < head && packet[at] != 0) {
		size_t len = packet[at] == 1 ? 1 : at + 1 < head ? packet[at + 1] : 0;

		if (len == 0 || (packet[at] != 1 && len < 2) || len > head - at)
			break; // malformed options are not carried on
		if (packet[at] & 0x80) {
			memcpy(out + used, packet + at, len);
			used += len;
		}
		at += len;
	}
	while (used % 4)
		out[used++] = 0;
	out[0] = (uint8_t)(0x40 | used / 4);
	return used;
}

static void fragment(struct dp_session *session, enum dp_direction direction, const uint8_t *packet, const struct inner_in *inner)
{
	static _Thread_local uint8_t buffer[SOFT_HEAD_MAX + UINT16_MAX];
	size_t head = 4 * (size_t)(packet[0] & 15), at = head;
	uint16_t flags = parse_be16(packet + 6);
	uint8_t *out = buffer + SOFT_HEAD_MAX;

	memcpy(out, packet, head);
	while (at < inner->len) {
		size_t left = inner->len - at, room = (session->mtu - head) & ~(size_t)7,
		       len = left + head <= session->mtu ? left : room;
		bool more = len < left || flags & IP_MF;

		memcpy(out + head, packet + at, len);
		put_be16(out + 2, (uint16_t)(head + len));
		put_be16(out + 6,
			(uint16_t)((more ? IP_MF : 0) | ((flags & IP_OFFSET) + (at - 4 * (size_t)(packet[0] & 15)) / 8)));
		head_sum(out);
		soft_send(session, direction, out, head + len, false);
		at += len;
		head = later_head(out, packet);
	}
}

bool soft_too_big(struct dp_session *session, enum dp_direction direction, const uint8_t *packet, const struct inner_in *inner)
{
	if (!inner->dont_fragment) {
		fragment(session, direction, packet, inner);
		return true;
	}
	soft_drop(soft_dp(session), session, DP_DROP_INNER_TOO_BIG);
	tell_sender(session, direction, packet, inner);
	return false;
}
