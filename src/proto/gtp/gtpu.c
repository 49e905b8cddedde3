// SPDX-License-Identifier: Apache-2.0
// GTP-U, TS 29.281. The header is 8 octets; any of the flags E, S and PN brings 4 more, whose last octet begins the chain of extension
// headers when E is set (5.1). An extension header's type says in its top bit whether the end point must understand it (5.2.1).
#include "proto/gtp/gtpu.h"

enum { FLAG_EXTENSION = 0x04, FLAG_SEQUENCE = 0x02, FLAG_NPDU = 0x01, FLAG_PROTOCOL = 0x10, FLAG_OPTIONS = 0x07 };
enum { IE_RECOVERY = 14, IE_TEID_DATA = 16, IE_EXTENSION_TYPES = 141, IE_PEER_ADDRESS = 133 };

// Those that this end understands, or may leave alone though the peer insists.
static const uint8_t supported[] = {GTPU_EXT_UDP_PORT, GTPU_EXT_PDU_SESSION, GTPU_EXT_PDCP_NUMBER};

static bool is_supported(uint8_t type)
{
	return memchr(supported, type, sizeof(supported));
}

static int extensions_read(struct wire_in *in, uint8_t type, struct gtpu_packet *out)
{
	while (type) {
		uint8_t units = wire_get_u8(in);
		struct wire_in contents;

		if (!units || in->error)
			return -EBADMSG;
		contents = wire_get_sub(in, units * 4u - 2);
		if (type == GTPU_EXT_UDP_PORT)
			out->udp_port = wire_get_be16(&contents);
		else if (type & 0x80 && !is_supported(type) && !out->unknown_extension)
			out->unknown_extension = type;
		type = wire_get_u8(in);
	}
	return in->error;
}

int gtpu_read(const void *bytes, size_t len, struct gtpu_packet *out)
{
	struct wire_in in = wire_in(bytes, len);
	struct gtpu_packet packet = {0};
	uint8_t flags = wire_get_u8(&in);
	uint16_t rest;

	if (in.error)
		return -EBADMSG;
	if (flags >> 5 != 1 || !(flags & FLAG_PROTOCOL))
		return -EPROTONOSUPPORT;
	packet.type = wire_get_u8(&in);
	rest = wire_get_be16(&in);
	packet.teid = wire_get_be32(&in);
	in = wire_get_sub(&in, rest);
	if (flags & FLAG_OPTIONS) {
		uint16_t sequence = wire_get_be16(&in);
		uint8_t npdu = wire_get_u8(&in), next = wire_get_u8(&in);

		packet.has_sequence = flags & FLAG_SEQUENCE;
		packet.has_npdu = flags & FLAG_NPDU;
		packet.sequence = packet.has_sequence ? sequence : 0;
		packet.npdu = packet.has_npdu ? npdu : 0;
		if (flags & FLAG_EXTENSION && extensions_read(&in, next, &packet))
			return -EBADMSG;
	}
	if (in.error)
		return -EBADMSG;
	packet.payload_len = (uint16_t)wire_left(&in);
	packet.payload = in.pos;
	*out = packet;
	return packet.unknown_extension ? -EOPNOTSUPP : 0;
}

int gtpu_write(const struct gtpu_packet *packet, void *bytes, size_t size)
{
	struct wire_out out = wire_out(bytes, size);
	uint8_t flags = (uint8_t)((packet->udp_port ? FLAG_EXTENSION : 0) | (packet->has_sequence ? FLAG_SEQUENCE : 0) |
		(packet->has_npdu ? FLAG_NPDU : 0));

	wire_put_u8(&out, (uint8_t)(0x20 | FLAG_PROTOCOL | flags));
	wire_put_u8(&out, packet->type);
	wire_put_be16(&out, 0);
	wire_put_be32(&out, packet->teid);
	if (flags) {
		wire_put_be16(&out, packet->has_sequence ? packet->sequence : 0);
		wire_put_u8(&out, packet->has_npdu ? packet->npdu : 0);
		wire_put_u8(&out, packet->udp_port ? GTPU_EXT_UDP_PORT : GTPU_EXT_NONE);
	}
	if (packet->udp_port) {
		wire_put_u8(&out, 1);
		wire_put_be16(&out, packet->udp_port);
		wire_put_u8(&out, GTPU_EXT_NONE);
	}
	wire_put_bytes(&out, packet->payload, packet->payload_len);
	if (out.error || wire_used(&out) - GTPU_HEADER_MIN > UINT16_MAX)
		return -EMSGSIZE;
	wire_patch_be16(&out, 2, (uint16_t)(wire_used(&out) - GTPU_HEADER_MIN));
	return (int)wire_used(&out);
}

int gtpu_echo_request(uint16_t sequence, void *out, size_t size)
{
	return gtpu_write(
		&(struct gtpu_packet){.type = GTPU_ECHO_REQUEST, .has_sequence = true, .sequence = sequence}, out, size);
}

// The restart counter of GTP-U is not used: 0 is sent, and what comes is ignored (7.2.2, 8.2).
int gtpu_echo_response(const struct gtpu_packet *request, void *out, size_t size)
{
	static const uint8_t recovery[] = {IE_RECOVERY, 0};

	return gtpu_write(&(struct gtpu_packet){.type = GTPU_ECHO_RESPONSE,
				  .has_sequence = true,
				  .sequence = request->sequence,
				  .payload = recovery,
				  .payload_len = sizeof(recovery)},
		out, size);
}

int gtpu_end_marker(uint32_t teid, void *out, size_t size)
{
	return gtpu_write(&(struct gtpu_packet){.type = GTPU_END_MARKER, .teid = teid}, out, size);
}

int gtpu_supported_extensions(const struct gtpu_packet *request, void *bytes, size_t size)
{
	uint8_t body[2 + sizeof(supported)];
	struct wire_out out = wire_out(body, sizeof(body));

	wire_put_u8(&out, IE_EXTENSION_TYPES);
	wire_put_u8(&out, sizeof(supported));
	wire_put_bytes(&out, supported, sizeof(supported));
	return gtpu_write(&(struct gtpu_packet){.type = GTPU_SUPPORTED_EXTENSIONS,
				  .has_sequence = true,
				  .sequence = request->sequence,
				  .payload = body,
				  .payload_len = (uint16_t)wire_used(&out)},
		bytes, size);
}

int gtpu_error_indication(uint32_t unknown_teid, const struct ip_addr *own, uint16_t udp_port, void *bytes, size_t size)
{
	uint8_t body[5 + 3 + 16];
	struct wire_out out = wire_out(body, sizeof(body));
	uint16_t len = own->family == IP_V6 ? 16 : 4;

	wire_put_u8(&out, IE_TEID_DATA);
	wire_put_be32(&out, unknown_teid);
	wire_put_u8(&out, IE_PEER_ADDRESS);
	wire_put_be16(&out, len);
	wire_put_bytes(&out, own->bytes, len);
	// S is set and the sequence number is 0: the receiver ignores it (7.3.1)
	return gtpu_write(&(struct gtpu_packet){.type = GTPU_ERROR_INDICATION,
				  .has_sequence = true,
				  .udp_port = udp_port,
				  .payload = body,
				  .payload_len = (uint16_t)wire_used(&out)},
		bytes, size);
}

int gtpu_error_read(const struct gtpu_packet *packet, struct gtpu_error *out)
{
	struct wire_in in = wire_in(packet->payload, packet->payload_len);
	struct gtpu_error error = {0};
	bool has_teid = false;

	while (!in.error && wire_left(&in)) {
		uint8_t type = wire_get_u8(&in);
		struct wire_in value;
		size_t len;

		if (type < 0x80 && type != IE_TEID_DATA && type != IE_RECOVERY)
			return -EBADMSG; // of unknown length: cannot be skipped
		len = type == IE_TEID_DATA	     ? 4
			: type == IE_RECOVERY	     ? 1
			: type == IE_EXTENSION_TYPES ? wire_get_u8(&in)
						     : wire_get_be16(&in);
		value = wire_get_sub(&in, len);
		if (type == IE_TEID_DATA && !has_teid) {
			error.teid = wire_get_be32(&value);
			has_teid = !value.error;
		} else if (type == IE_PEER_ADDRESS && !error.peer.family && (len == 4 || len == 16)) {
			const uint8_t *at = wire_get_bytes(&value, len);

			if (at) {
				error.peer.family = len == 4 ? IP_V4 : IP_V6;
				memcpy(error.peer.bytes, at, len);
			}
		}
	}
	if (in.error || !has_teid || !error.peer.family)
		return -EBADMSG;
	*out = error;
	return 0;
}
