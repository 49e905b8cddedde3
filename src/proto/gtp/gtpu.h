// SPDX-License-Identifier: Apache-2.0
// GTP-U (TS 29.281): header, extension headers, and the few messages of the user plane. For the control thread and the soft data
// path; established sessions' headers are also written by gtpu_header().
//
//	struct gtpu_packet packet;
//	switch (gtpu_read(bytes, len, &packet)) {
//	case 0:
//		if (packet.type == GTPU_GPDU)
//			deliver(packet.teid, packet.payload, packet.payload_len);
//		break;
//	case -EOPNOTSUPP: // a header that must be understood
//		len = gtpu_supported_extensions(&packet, out, sizeof(out));
//	}
#pragma once

#include "base/addr.h"
#include "base/wire.h"
#include "proto/gtp/gtp.h"

enum gtpu_type {
	GTPU_ECHO_REQUEST = 1,
	GTPU_ECHO_RESPONSE = 2,
	GTPU_ERROR_INDICATION = 26,
	GTPU_SUPPORTED_EXTENSIONS = 31,
	GTPU_TUNNEL_STATUS = 253,
	GTPU_END_MARKER = 254,
	GTPU_GPDU = 255,
};

enum gtpu_extension { // 5.2.1; the two top bits say who must understand it
	GTPU_EXT_NONE = 0x00,
	GTPU_EXT_SERVICE_CLASS = 0x20,
	GTPU_EXT_UDP_PORT = 0x40,
	GTPU_EXT_PDU_SESSION = 0x85,
	GTPU_EXT_PDCP_NUMBER = 0xc0,
};

#define GTPU_HEADER_MIN 8
#define GTPU_HEADER_MAX 12 // with S, PN or E and no extension header

struct gtpu_packet {
	uint8_t type; // enum gtpu_type
	bool has_sequence, has_npdu;
	uint16_t sequence;
	uint8_t npdu;
	uint32_t teid;
	uint16_t udp_port; // of the UDP Port extension header, or 0
	uint8_t unknown_extension; // set with -EOPNOTSUPP
	const uint8_t *payload; // borrowed
	uint16_t payload_len;
};

// 0, or: -EPROTONOSUPPORT (version is not 1, or GTP'), -EBADMSG (too short, lengths do not fit, a broken extension chain),
// -EOPNOTSUPP (an unknown extension header that must be understood; everything before it is read).
// Octets after the length in the header are ignored.
int gtpu_read(const void *bytes, size_t len, struct gtpu_packet *out);

// The 8 octets in front of a G-PDU without options. `payload_len` is what follows.
static inline void gtpu_header(uint8_t out[GTPU_HEADER_MIN], uint32_t teid, uint16_t payload_len)
{
	struct wire_out w = wire_out(out, GTPU_HEADER_MIN);

	wire_put_u8(&w, 0x30);
	wire_put_u8(&w, GTPU_GPDU);
	wire_put_be16(&w, payload_len);
	wire_put_be32(&w, teid);
}

// Any packet: header as the fields say (udp_port adds that extension header), then the payload. The octets written, or -EMSGSIZE.
int gtpu_write(const struct gtpu_packet *packet, void *out, size_t size);

// Each gives the octets written, or -EMSGSIZE.
int gtpu_echo_request(uint16_t sequence, void *out, size_t size);
int gtpu_echo_response(const struct gtpu_packet *request, void *out, size_t size); // same sequence, Recovery 0 (7.2.2)
int gtpu_end_marker(uint32_t teid, void *out, size_t size);
int gtpu_supported_extensions(const struct gtpu_packet *request, void *out, size_t size); // 7.2.3

// Error Indication (7.3.1): no bearer of ours has this TEID. `own` is the address that the packet was sent to.
// `udp_port` not 0: its source port goes into an extension header, as the clause asks when we want to be found behind one.
int gtpu_error_indication(uint32_t unknown_teid, const struct ip_addr *own, uint16_t udp_port, void *out, size_t size);

// The peer says: your TEID `teid` at my address `peer` is unknown. 0, or -EBADMSG when an IE is missing or broken.
struct gtpu_error {
	uint32_t teid;
	struct ip_addr peer;
};
int gtpu_error_read(const struct gtpu_packet *packet, struct gtpu_error *out);
