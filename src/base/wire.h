// SPDX-License-Identifier: Apache-2.0
// The one cursor for reading and the one for writing bytes of a protocol.
//
// Both carry a sticky error: after a read past the end every further read gives zero and does nothing,
// after a write past the end nothing more is written. Callers check once, at the end. Multi-octet values
// are in network order on the wire and in host order here. Neither cursor owns its memory.
#pragma once

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct wire_in {
	const uint8_t *pos;
	const uint8_t *end;
	int error; // 0, or -EBADMSG once a read went past the end
};

static inline struct wire_in wire_in(const void *bytes, size_t len)
{
	const uint8_t *pos = bytes ? bytes : (const uint8_t *)""; // nothing may be NULL, and NULL knows no arithmetic

	return (struct wire_in){.pos = pos, .end = pos + len};
}

static inline size_t wire_left(const struct wire_in *in)
{
	return (size_t)(in->end - in->pos);
}

// The next `len` octets, borrowed from the buffer, or NULL (and the error) when there are fewer.
static inline const uint8_t *wire_get_bytes(struct wire_in *in, size_t len)
{
	const uint8_t *at = in->pos;

	if (in->error || wire_left(in) < len) {
		in->error = -EBADMSG;
		in->pos = in->end;
		return NULL;
	}
	in->pos += len;
	return at;
}

static inline void wire_skip(struct wire_in *in, size_t len)
{
	(void)wire_get_bytes(in, len);
}

static inline uint8_t wire_get_u8(struct wire_in *in)
{
	const uint8_t *p = wire_get_bytes(in, 1);

	return p ? p[0] : 0;
}

static inline uint16_t wire_get_be16(struct wire_in *in)
{
	const uint8_t *p = wire_get_bytes(in, 2);

	return (uint16_t)(p ? p[0] << 8 | p[1] : 0);
}

static inline uint32_t wire_get_be24(struct wire_in *in)
{
	const uint8_t *p = wire_get_bytes(in, 3);

	return p ? (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2] : 0;
}

static inline uint32_t wire_get_be32(struct wire_in *in)
{
	const uint8_t *p = wire_get_bytes(in, 4);

	return p ? (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3] : 0;
}

static inline uint64_t wire_get_be64(struct wire_in *in)
{
	uint64_t high = wire_get_be32(in);

	return high << 32 | wire_get_be32(in);
}

// A cursor over the next `len` octets only; it starts in error when there are fewer.
static inline struct wire_in wire_get_sub(struct wire_in *in, size_t len)
{
	const uint8_t *p = wire_get_bytes(in, len);

	struct wire_in sub = wire_in(p, p ? len : 0);

	sub.error = p ? 0 : -EBADMSG;
	return sub;
}

struct wire_out {
	uint8_t *start;
	uint8_t *pos;
	uint8_t *end;
	int error; // 0, or -EMSGSIZE once a write did not fit
};

static inline struct wire_out wire_out(void *bytes, size_t size)
{
	return (struct wire_out){.start = bytes, .pos = bytes, .end = size ? (uint8_t *)bytes + size : bytes};
}

static inline size_t wire_used(const struct wire_out *out)
{
	return (size_t)(out->pos - out->start);
}

// Room for `len` octets at the cursor, which moves past them; NULL (and the error) when they do not fit.
static inline uint8_t *wire_put_room(struct wire_out *out, size_t len)
{
	uint8_t *at = out->pos;

	if (out->error || (size_t)(out->end - out->pos) < len) {
		out->error = -EMSGSIZE;
		return NULL;
	}
	if (len)
		out->pos += len;
	return at;
}

static inline void wire_put_bytes(struct wire_out *out, const void *bytes, size_t len)
{
	uint8_t *p = wire_put_room(out, len);

	if (p && len)
		memcpy(p, bytes, len);
}

static inline void wire_put_zeros(struct wire_out *out, size_t len)
{
	uint8_t *p = wire_put_room(out, len);

	if (p && len)
		memset(p, 0, len);
}

static inline void wire_put_u8(struct wire_out *out, uint8_t value)
{
	uint8_t *p = wire_put_room(out, 1);

	if (p)
		p[0] = value;
}

static inline void wire_put_be16(struct wire_out *out, uint16_t value)
{
	uint8_t *p = wire_put_room(out, 2);

	if (p) {
		p[0] = (uint8_t)(value >> 8);
		p[1] = (uint8_t)value;
	}
}

static inline void wire_put_be24(struct wire_out *out, uint32_t value)
{
	wire_put_u8(out, (uint8_t)(value >> 16));
	wire_put_be16(out, (uint16_t)value);
}

static inline void wire_put_be32(struct wire_out *out, uint32_t value)
{
	wire_put_be16(out, (uint16_t)(value >> 16));
	wire_put_be16(out, (uint16_t)value);
}

static inline void wire_put_be64(struct wire_out *out, uint64_t value)
{
	wire_put_be32(out, (uint32_t)(value >> 32));
	wire_put_be32(out, (uint32_t)value);
}

// Overwrites two octets written before, at offset `at` from the start (a length known only later).
static inline void wire_patch_be16(struct wire_out *out, size_t at, uint16_t value)
{
	if (out->error || at + 2 > wire_used(out))
		return;
	out->start[at] = (uint8_t)(value >> 8);
	out->start[at + 1] = (uint8_t)value;
}
