// SPDX-License-Identifier: Apache-2.0
// The checksum of the state file's records.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <string.h>

// Four lanes of 64-bit multiplications, as the fast hashes do: about 20 ns for 256 octets. Not keyed: the file is ours (0600), and
// all that it must find out is a record that was written in part.
static inline uint64_t sum_octets(uint64_t seed, const void *octets, size_t len)
{
	static const uint64_t odd = 0x9e3779b185ebca87, other = 0xc2b2ae3d27d4eb4f;
	uint64_t lanes[4] = {seed ^ odd, seed ^ other, seed + odd, seed - other}, sum = len * odd;
	const uint8_t *at = octets;
	uint64_t words[4] = {0};

	for (; len >= 32; at += 32, len -= 32) {
		memcpy(words, at, 32);
		for (unsigned i = 0; i < 4; i++) {
			lanes[i] += words[i] * other;
			lanes[i] = (lanes[i] << 31 | lanes[i] >> 33) * odd;
		}
	}
	memset(words, 0, sizeof(words));
	memcpy(words, at, len);
	for (unsigned i = 0; i < 4; i++) {
		lanes[i] += words[i] * other;
		lanes[i] = (lanes[i] << 31 | lanes[i] >> 33) * odd;
		sum = (sum ^ lanes[i] ^ lanes[i] >> 29) * other;
	}
	return sum ^ sum >> 32;
}
