// SPDX-License-Identifier: Apache-2.0
// All numbers are little-endian, whatever the machine: Wireshark reads files of either order, but from a pipe only those of its own.
#include "base/pcapng.h"

enum block { BLOCK_INTERFACE = 1, BLOCK_STATISTICS = 5, BLOCK_PACKET = 6, BLOCK_SECTION = 0x0a0d0d0a };
enum option { OPTION_END = 0, OPTION_COMMENT = 1 };
enum { SECTION_APPLICATION = 4 };
enum { INTERFACE_NAME = 2, INTERFACE_DESCRIPTION = 3 }; // times are microseconds, the default
enum { PACKET_FLAGS = 2, PACKET_MISSED = 4 };
enum { STATISTICS_SEEN = 4, STATISTICS_MISSED = 5 };
enum { FLAG_RECEIVED = 1, FLAG_SENT = 2 };

static void put16(struct wire_out *out, unsigned value)
{
	wire_put_u8(out, (uint8_t)value);
	wire_put_u8(out, (uint8_t)(value >> 8));
}

static void put32(struct wire_out *out, uint32_t value)
{
	put16(out, value & 0xffff);
	put16(out, value >> 16);
}

static void put64(struct wire_out *out, uint64_t value)
{
	put32(out, (uint32_t)value);
	put32(out, (uint32_t)(value >> 32));
}

static void put_padding(struct wire_out *out, size_t len)
{
	wire_put_zeros(out, -len & 3);
}

static void put_option(struct wire_out *out, unsigned code, const void *value, size_t len)
{
	put16(out, code);
	put16(out, (unsigned)len);
	wire_put_bytes(out, value, len);
	put_padding(out, len);
}

static void put_text(struct wire_out *out, unsigned code, const char *text)
{
	if (text && *text)
		put_option(out, code, text, strlen(text));
}

static void put_number(struct wire_out *out, unsigned code, uint64_t value)
{
	put16(out, code);
	put16(out, 8);
	put64(out, value);
}

// Block type, and room for the length; gives where the block begins.
static size_t begin(struct wire_out *out, uint32_t type)
{
	size_t at = wire_used(out);

	put32(out, type);
	put32(out, 0);
	return at;
}

static void end(struct wire_out *out, size_t at)
{
	uint32_t len;

	put16(out, OPTION_END);
	put16(out, 0);
	len = (uint32_t)(wire_used(out) - at + 4);
	put32(out, len);
	for (size_t i = 0; i < 4 && !out->error; i++)
		out->start[at + 4 + i] = (uint8_t)(len >> 8 * i);
}

static void put_time(struct wire_out *out, uint64_t time_us)
{
	put32(out, (uint32_t)(time_us >> 32));
	put32(out, (uint32_t)time_us);
}

void pcapng_section(struct wire_out *out, const char *application, const char *comment)
{
	size_t at = begin(out, BLOCK_SECTION);

	put32(out, 0x1a2b3c4d);
	put16(out, 1);
	put16(out, 0);
	put64(out, UINT64_MAX); // how long the section is: not known
	put_text(out, SECTION_APPLICATION, application);
	put_text(out, OPTION_COMMENT, comment);
	end(out, at);
}

void pcapng_interface(struct wire_out *out, const char *name, const char *description, uint32_t snap)
{
	size_t at = begin(out, BLOCK_INTERFACE);

	put16(out, PCAPNG_RAW_IP);
	put16(out, 0);
	put32(out, snap);
	put_text(out, INTERFACE_NAME, name);
	put_text(out, INTERFACE_DESCRIPTION, description);
	end(out, at);
}

void pcapng_packet(struct wire_out *out, const struct pcapng_packet *packet)
{
	size_t at = begin(out, BLOCK_PACKET), len = packet->head_len + packet->len;

	put32(out, packet->interface);
	put_time(out, packet->time_us);
	put32(out, (uint32_t)len);
	put32(out, (uint32_t)(len + packet->cut));
	wire_put_bytes(out, packet->head, packet->head_len);
	wire_put_bytes(out, packet->bytes, packet->len);
	put_padding(out, len);
	put16(out, PACKET_FLAGS);
	put16(out, 4);
	put32(out, packet->is_sent ? FLAG_SENT : FLAG_RECEIVED);
	if (packet->missed)
		put_number(out, PACKET_MISSED, packet->missed);
	put_text(out, OPTION_COMMENT, packet->comment);
	end(out, at);
}

void pcapng_statistics(
	struct wire_out *out, uint32_t interface, uint64_t time_us, uint64_t seen, uint64_t missed, const char *comment)
{
	size_t at = begin(out, BLOCK_STATISTICS);

	put32(out, interface);
	put_time(out, time_us);
	put_number(out, STATISTICS_SEEN, seen);
	put_number(out, STATISTICS_MISSED, missed);
	put_text(out, OPTION_COMMENT, comment);
	end(out, at);
}
