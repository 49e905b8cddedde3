// SPDX-License-Identifier: Apache-2.0
// What the XDP bench's programs and its driver share.
#pragma once

#define LOAD_HEAD 78 // Ethernet, IPv4, UDP, 8 octets of GTP-U or L2TP with PPP, and the inner IP and UDP headers
#define LOAD_UE 0x0a000000u // the SIM of slot 0; its number counts on from there
#define LOAD_TUNNEL_SESSIONS 32768

struct load_plan {
	unsigned char head[LOAD_HEAD];
	unsigned char is_uplink, reserved;
	unsigned int sessions; // a power of two
	unsigned int teid_high;
	unsigned int sum; // of the inner IPv4 header but for the SIM's address; 0: nobody looks at its checksum
};
