// SPDX-License-Identifier: Apache-2.0
// What a data plane does with a packet, octet by octet: one list for every implementation behind dataplane.h.
//
// Each case has one session in one tunnel or in one slice, as CASE_* say. `in` and `out` are "where:octets": S is the SGW's GTP-U socket, L the LNS,
// X a stranger, I the slice, whole frames; G, C, F and N are the callbacks on_gtpu, on_l2tp_control, on_l2tp_frame and on_inner6. What is not in
// `out` may not come out. Octets are hex, blanks do not count. The packets were made by another program than the one under test, checksums included.
#pragma once

#include "gateway/dataplane/dataplane.h"

#define CASE_STEPS 4
#define CASE_TEID 0x5a000007u // ours; the SGW's is cafe0001
#define CASE_PEER_TEID 0xcafe0001u
#define CASE_TUNNEL 0x1111 // ours; the LNS's is 2222
#define CASE_PEER_TUNNEL 0x2222
#define CASE_SESSION 0x0033 // ours; the LNS's is 0044
#define CASE_PEER_SESSION 0x0044
#define CASE_UE "10.0.0.1"
#define CASE_UE6 "2001:db8:0:1::/64"
#define CASE_DELEGATED "2001:db8:10::/44"

struct dp_case {
	const char *name;
	struct dp_framing framing;
	bool sequencing;
	bool v6, both; // the SIM has CASE_UE6 instead of CASE_UE, or beside it
	bool delegated; // and CASE_DELEGATED
	bool integrated;
	uint32_t tag;
	struct dp_limit limits[2];
	uint16_t mtu; // 0: 1500
	uint16_t tcp_mss;
	const char *in[CASE_STEPS + 1];
	const char *out[CASE_STEPS + 1];
	enum dp_drop drop; // counted once, when `is_dropped`
	bool is_dropped;
	struct dp_counters counters; // of the session afterwards
};

#define UP "4500001c000100004001af360a000001c0a801010800f7fd00010001"
#define DOWN "4500001c000100004001af36c0a801010a0000010000fffd00010001"
#define UP_FOREIGN "4500001c000100004001af350a000002c0a801010800f7fd00010001"
#define DOWN_FOREIGN "4500001c000100004001af35c0a801010a0000020000fffd00010001"
#define UP_DF                                                                                                                    \
	"4500008c0001400040116eb60a000001c0a8010103e807d000780000000102030405060708090a0b0c0d0e0f101112131415161718191a1b"       \
	"1c1d1e1f202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f404142434445464748494a4b4c4d4e4f50515253"       \
	"5455565758595a5b5c5d5e5f606162636465666768696a6b6c6d6e6f"
#define DOWN_DF                                                                                                                  \
	"4500008c0001400040116eb6c0a801010a00000103e807d000780000000102030405060708090a0b0c0d0e0f101112131415161718191a1b"       \
	"1c1d1e1f202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f404142434445464748494a4b4c4d4e4f50515253"       \
	"5455565758595a5b5c5d5e5f606162636465666768696a6b6c6d6e6f"
#define UP_BIG                                                                                                                   \
	"4500008c000700004011aeb00a000001c0a8010103e807d000780000000102030405060708090a0b0c0d0e0f101112131415161718191a1b"       \
	"1c1d1e1f202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f404142434445464748494a4b4c4d4e4f50515253"       \
	"5455565758595a5b5c5d5e5f606162636465666768696a6b6c6d6e6f"
#define DOWN_BIG                                                                                                                 \
	"4500008c000700004011aeb0c0a801010a00000103e807d000780000000102030405060708090a0b0c0d0e0f101112131415161718191a1b"       \
	"1c1d1e1f202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f404142434445464748494a4b4c4d4e4f50515253"       \
	"5455565758595a5b5c5d5e5f606162636465666768696a6b6c6d6e6f"
#define UP_BIG_1                                                                                                                 \
	"450000640007200040118ed80a000001c0a8010103e807d000780000000102030405060708090a0b0c0d0e0f101112131415161718191a1b"       \
	"1c1d1e1f202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f4041424344454647"
#define UP_BIG_2                                                                                                                 \
	"4500003c0007000a4011aef60a000001c0a8010148494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f606162636465666768696a6b"       \
	"6c6d6e6f"
#define DOWN_BIG_1                                                                                                               \
	"450000640007200040118ed8c0a801010a00000103e807d000780000000102030405060708090a0b0c0d0e0f101112131415161718191a1b"       \
	"1c1d1e1f202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f4041424344454647"
#define DOWN_BIG_2                                                                                                               \
	"4500003c0007000a4011aef6c0a801010a00000148494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f606162636465666768696a6b"       \
	"6c6d6e6f"
#define UP_OPT                                                                                                                   \
	"480000980007000040110c990a000001c0a8010194040000070704000000000003e807d000780000000102030405060708090a0b0c0d0e0f"       \
	"101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f4041424344454647"       \
	"48494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f606162636465666768696a6b6c6d6e6f"
#define UP_OPT_1                                                                                                                 \
	"48000060000720004011ecd00a000001c0a8010194040000070704000000000003e807d000780000000102030405060708090a0b0c0d0e0f"       \
	"101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f3031323334353637"
#define UP_OPT_2                                                                                                                 \
	"4600005000070008401119e00a000001c0a801019404000038393a3b3c3d3e3f404142434445464748494a4b4c4d4e4f5051525354555657"       \
	"58595a5b5c5d5e5f606162636465666768696a6b6c6d6e6f"
#define UP_MID                                                                                                                   \
	"4500008c0007201440118e9c0a000001c0a8010103e807d000780000000102030405060708090a0b0c0d0e0f101112131415161718191a1b"       \
	"1c1d1e1f202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f404142434445464748494a4b4c4d4e4f50515253"       \
	"5455565758595a5b5c5d5e5f606162636465666768696a6b6c6d6e6f"
#define UP_MID_1                                                                                                                 \
	"450000640007201440118ec40a000001c0a8010103e807d000780000000102030405060708090a0b0c0d0e0f101112131415161718191a1b"       \
	"1c1d1e1f202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f4041424344454647"
#define UP_MID_2                                                                                                                 \
	"4500003c0007201e40118ee20a000001c0a8010148494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f606162636465666768696a6b"       \
	"6c6d6e6f"
#define UP_DF_ICMP                                                                                                               \
	"45c000640000400040016fd0c00000080a00000103042082000000644500008c0001400040116eb60a000001c0a8010103e807d000780000"       \
	"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f202122232425262728292a2b"
#define DOWN_DF_ICMP                                                                                                             \
	"45c000640000400040016e2f0a000001c0a8010103042082000000644500008c0001400040116eb6c0a801010a00000103e807d000780000"       \
	"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f202122232425262728292a2b"
#define UP_DF_ERROR                                                                                                              \
	"4500008c0001400040016ec60a000001c0a801010301fcfe0000000000000000000000000000000000000000000000000000000000000000"       \
	"0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"       \
	"00000000000000000000000000000000000000000000000000000000"
#define UP_DF_LATER                                                                                                              \
	"4500008c0001401440116ea20a000001c0a8010103e807d000780000000102030405060708090a0b0c0d0e0f101112131415161718191a1b"       \
	"1c1d1e1f202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f404142434445464748494a4b4c4d4e4f50515253"       \
	"5455565758595a5b5c5d5e5f606162636465666768696a6b6c6d6e6f"
#define UP6 "6000000000003b4020010db800000001000000000000004220010db8000000ff0000000000000001"
#define DOWN6 "6000000000003b4020010db8000000ff000000000000000120010db8000000010000000000000042"
#define DOWN6_FOREIGN "6000000000003b4020010db8000000ff000000000000000120010db8000000020000000000000042"
#define SYN_1460 "4500002c000100004006af210a000001c0a801010fa0005000000001000000006002ffffbc8b0000020405b4"
#define SYN_1360 "4500002c000100004006af210a000001c0a801010fa0005000000001000000006002ffffbcef000002040550"
#define SYN_1200 "4500002c000100004006af210a000001c0a801010fa0005000000001000000006002ffffbd8f0000020404b0"
#define SYN_ODD_1460 "45000030000100004006af1d0a000001c0a801010fa0005000000001000000007002fffffb37000001020405b4000000"
#define SYN_ODD_1360 "45000030000100004006af1d0a000001c0a801010fa0005000000001000000007002ffff5f3800000102040550000000"
#define ACK_1460 "4500002c000100004006af210a000001c0a801010fa0005000000001000000006010ffffbc7d0000020405b4"
#define SYNACK_1460 "4500002c000100004006af21c0a801010a0000010fa0005000000001000000006012ffffbc7b0000020405b4"
#define SYNACK_1360 "4500002c000100004006af21c0a801010a0000010fa0005000000001000000006012ffffbcdf000002040550"
#define SYN6_1440                                                                                                                \
	"600000000018064020010db800000001000000000000004220010db8000000ff00000000000000010fa0005000000001000000006002ffff"       \
	"2b950000020405a0"
#define SYN6_1340                                                                                                                \
	"600000000018064020010db800000001000000000000004220010db8000000ff00000000000000010fa0005000000001000000006002ffff"       \
	"2bf900000204053c"
#define SYN_BAD "4500002c000100004006af210a000001c0a801010fa0005000000001000000006002ffffbf36000003090204"
#define SYN_CUT "45000020000100004006af2d0a000001c0a801010fa000500000000100000000"

#define UP6_FOREIGN "6000000000003b4020010db800000002000000000000000120010db8000000ff0000000000000001"
#define UP6_DELEGATED "6000000000003b4020010db8001f0077000000000000000120010db8000000ff0000000000000001"
#define SOLICITATION "6000000000083afffe800000000000000000000000001234ff02000000000000000000000000000285006b0300000000"
#define ADVERTISEMENT                                                                                                            \
	"6000000000103afffe800000000000000000000000000009ff0200000000000000000000000000018600351f4000070800000000000000"         \
	"00"
#define ZEROES_40 "00000000000000000000000000000000000000000000000000000000000000000000000000000000"
#define ZEROES_370                                                                                                               \
	ZEROES_40 ZEROES_40 ZEROES_40 ZEROES_40 ZEROES_40 ZEROES_40 ZEROES_40 ZEROES_40 ZEROES_40 "00000000000000000000"
#define DOWN_1500 "450005dc000100004011a966c0a801010a000001" ZEROES_370 ZEROES_370 ZEROES_370 ZEROES_370
#define ETH_UP "025347000001025347000002" // DP_SLICE_MAC, DP_SIMS_MAC
#define ETH_DOWN "025347000002025347000001"

#define GTPU "30ff001c 5a000007 " // of a packet of 28 octets, to us
#define GTPU_OUT "30ff001c cafe0001 "
#define L2TP "0002 1111 0033 " // to us
#define L2TP_OUT "0002 2222 0044 "
#define FF03 .framing = {.address_control = true}
#define DROPS(reason) .is_dropped = true, .drop = DP_DROP_##reason
#define DROPS_OF_SESSION(reason) DROPS(reason), .counters = {.dropped = 1}
#define UPLINK(octets) .counters = {.uplink_packets = 1, .uplink_bytes = octets}
#define DOWNLINK(octets) .counters = {.downlink_packets = 1, .downlink_bytes = octets}

static const struct dp_case dp_cases[] = {
	// GTP-U in, TS 29.281 5
	{"uplink", FF03, .in = {"S:" GTPU UP}, .out = {"L:" L2TP_OUT "ff03 0021" UP}, UPLINK(28)},
	{"uplink with a sequence number", FF03, .in = {"S:32ff0020 5a000007 0001 00 00" UP},
		.out = {"L:" L2TP_OUT "ff03 0021" UP}, UPLINK(28)},
	{"uplink with an N-PDU number", FF03, .in = {"S:31ff0020 5a000007 0000 07 85" UP}, .out = {"L:" L2TP_OUT "ff03 0021" UP},
		UPLINK(28)},
	{"uplink with the E flag and no extension", FF03, .in = {"S:34ff0020 5a000007 0000 00 00" UP},
		.out = {"L:" L2TP_OUT "ff03 0021" UP}, UPLINK(28)},
	{"uplink with a PDU Session Container", FF03, .in = {"S:34ff0024 5a000007 0000 00 85 01 1009 00" UP},
		.out = {"L:" L2TP_OUT "ff03 0021" UP}, UPLINK(28)},
	{"uplink with a chain of extensions", FF03, .in = {"S:37ff002c 5a000007 1234 01 c0 01 0101 20 02 010203040506 00" UP},
		.out = {"L:" L2TP_OUT "ff03 0021" UP}, UPLINK(28)},
	{"an extension that must be understood", FF03, .in = {"S:34ff0024 5a000007 0000 00 ff 01 1009 00" UP},
		DROPS(GTPU_EXTENSION)},
	{"an extension of an unknown kind that need not be", FF03, .in = {"S:34ff0024 5a000007 0000 00 7f 01 1009 00" UP},
		.out = {"L:" L2TP_OUT "ff03 0021" UP}, UPLINK(28)},
	{"an extension of length 0", FF03, .in = {"S:34ff0024 5a000007 0000 00 85 00 1009 00" UP}, DROPS(GTPU_MALFORMED)},
	{"an extension longer than the message", FF03, .in = {"S:34ff0024 5a000007 0000 00 85 09 1009 00" UP},
		DROPS(GTPU_MALFORMED)},
	{"a chain that ends in nothing", FF03, .in = {"S:34ff0008 5a000007 0000 00 85 01 1009 85"}, DROPS(GTPU_MALFORMED)},
	{"GTP-U shorter than its header", FF03, .in = {"S:30ff0000 5a0000"}, DROPS(GTPU_MALFORMED)},
	{"GTP-U with flags and no room for them", FF03, .in = {"S:32ff0002 5a000007 0001"}, DROPS(GTPU_MALFORMED)},
	{"GTP-U longer than its datagram", FF03, .in = {"S:30ff001d 5a000007" UP}, DROPS(GTPU_MALFORMED)},
	{"GTP-U shorter than its datagram", FF03, .in = {"S:" GTPU UP "ffff"}, .out = {"L:" L2TP_OUT "ff03 0021" UP}, UPLINK(28)},
	{"GTP version 2 on the GTP-U port", FF03, .in = {"S:40ff001c 5a000007" UP}, DROPS(GTPU_MALFORMED)},
	{"GTP prime on the GTP-U port", FF03, .in = {"S:20ff001c 5a000007" UP}, DROPS(GTPU_MALFORMED)},
	{"an Echo Request goes up", FF03, .in = {"S:32010004 00000000 0001 0000"}, .out = {"G:32010004 00000000 0001 0000"}},
	{"an End Marker goes up", FF03, .in = {"S:30fe0000 5a000007"}, .out = {"G:30fe0000 5a000007"}},
	{"an unknown TEID goes up and is counted", FF03, .in = {"S:30ff001c 5a000008" UP}, .out = {"G:30ff001c 5a000008" UP},
		DROPS(GTPU_UNKNOWN_TEID)},
	{"a guessed TEID: right slot, wrong random bits", FF03, .in = {"S:30ff001c 5b000007" UP},
		.out = {"G:30ff001c 5b000007" UP}, DROPS(GTPU_UNKNOWN_TEID)},
	{"TEID 0", FF03, .in = {"S:30ff001c 00000000" UP}, .out = {"G:30ff001c 00000000" UP}, DROPS(GTPU_UNKNOWN_TEID)},
	{"a G-PDU from another SGW", FF03, .in = {"X:" GTPU UP}, DROPS_OF_SESSION(GTPU_WRONG_PEER)},

	// the inner packet, uplink
	{"a source that is not the SIM's", FF03, .in = {"S:" GTPU UP_FOREIGN}, DROPS_OF_SESSION(INNER_FOREIGN_SOURCE)},
	{"an inner packet with padding behind it", FF03, .in = {"S:30ff001e 5a000007" UP "0000"},
		.out = {"L:" L2TP_OUT "ff03 0021" UP}, UPLINK(28)},
	{"an inner packet cut short", FF03, .in = {"S:30ff001b 5a000007 4500001c000100004001af360a000001c0a801010800f7fd000100"},
		DROPS_OF_SESSION(INNER_MALFORMED)},
	{"no inner packet", FF03, .in = {"S:30ff0000 5a000007"}, DROPS_OF_SESSION(INNER_MALFORMED)},
	{"an inner header of 16 octets", FF03, .in = {"S:" GTPU "4400001c000100004001af360a000001c0a801010800f7fd00010001"},
		DROPS_OF_SESSION(INNER_MALFORMED)},
	{"an inner total length below its header", FF03,
		.in = {"S:" GTPU "45000013000100004001af360a000001c0a801010800f7fd00010001"}, DROPS_OF_SESSION(INNER_MALFORMED)},
	{"an inner version that is neither", FF03, .in = {"S:" GTPU "5500001c000100004001af360a000001c0a801010800f7fd00010001"},
		DROPS_OF_SESSION(INNER_MALFORMED)},
	{"IPv6 in an IPv4 session", FF03, .in = {"S:30ff0028 5a000007" UP6}, DROPS_OF_SESSION(INNER_FAMILY)},
	{"IPv6 uplink", FF03, .v6 = true, .in = {"S:30ff0028 5a000007" UP6}, .out = {"L:" L2TP_OUT "ff03 0057" UP6}, UPLINK(40)},
	{"IPv4 in an IPv6 session", FF03, .v6 = true, .in = {"S:" GTPU UP}, DROPS_OF_SESSION(INNER_FAMILY)},

	// L2TP out, RFC 2661 3.1
	{"without Address and Control", .in = {"S:" GTPU UP}, .out = {"L:" L2TP_OUT "0021" UP}, UPLINK(28)},
	{"with the length", .framing = {.length = true}, .in = {"S:" GTPU UP}, .out = {"L:4002 0026 2222 0044 0021" UP},
		UPLINK(28)},
	{"with length, Address and Control", .framing = {.length = true, .address_control = true}, .in = {"S:" GTPU UP},
		.out = {"L:4002 0028 2222 0044 ff03 0021" UP}, UPLINK(28)},
	{"with sequence numbers", FF03, .sequencing = true, .in = {"S:" GTPU UP, "S:" GTPU UP},
		.out = {"L:0802 2222 0044 0000 0000 ff03 0021" UP, "L:0802 2222 0044 0001 0000 ff03 0021" UP},
		.counters = {.uplink_packets = 2, .uplink_bytes = 56}},
	{"with all of it", .framing = {.length = true, .address_control = true, .udp_checksum = true}, .sequencing = true,
		.in = {"S:" GTPU UP}, .out = {"L:4802 002c 2222 0044 0000 0000 ff03 0021" UP}, UPLINK(28)},
	{"the LNS turns sequencing on and off", FF03,
		.in = {"L:0802 1111 0033 0009 0000 ff03 0021" DOWN, "S:" GTPU UP, "L:" L2TP "ff03 0021" DOWN, "S:" GTPU UP},
		.out = {"S:" GTPU_OUT DOWN, "L:0802 2222 0044 0000 0000 ff03 0021" UP, "S:" GTPU_OUT DOWN,
			"L:" L2TP_OUT "ff03 0021" UP},
		.counters = {.uplink_packets = 2, .uplink_bytes = 56, .downlink_packets = 2, .downlink_bytes = 56}},
	{"required sequencing stays", FF03, .sequencing = true, .in = {"L:" L2TP "ff03 0021" DOWN, "S:" GTPU UP},
		.out = {"S:" GTPU_OUT DOWN, "L:0802 2222 0044 0000 0000 ff03 0021" UP},
		.counters = {.uplink_packets = 1, .uplink_bytes = 28, .downlink_packets = 1, .downlink_bytes = 28}},

	// L2TP in, RFC 2661 3.1, in every legal form; PPP framing, RFC 1661 2, 6.5, 6.6
	{"downlink, 6 octets", .in = {"L:" L2TP "ff03 0021" DOWN}, .out = {"S:" GTPU_OUT DOWN}, DOWNLINK(28)},
	{"downlink, 8 octets: length", .in = {"L:4002 0028 1111 0033 ff03 0021" DOWN}, .out = {"S:" GTPU_OUT DOWN}, DOWNLINK(28)},
	{"downlink, 10 octets: sequence", .in = {"L:0802 1111 0033 0007 0000 ff03 0021" DOWN}, .out = {"S:" GTPU_OUT DOWN},
		DOWNLINK(28)},
	{"downlink, 12 octets: both", .in = {"L:4802 002c 1111 0033 0007 0000 ff03 0021" DOWN}, .out = {"S:" GTPU_OUT DOWN},
		DOWNLINK(28)},
	{"downlink with an offset of 0", .in = {"L:0202 1111 0033 0000 ff03 0021" DOWN}, .out = {"S:" GTPU_OUT DOWN},
		DOWNLINK(28)},
	{"downlink with offset and padding", .in = {"L:0202 1111 0033 0005 aabbccddee ff03 0021" DOWN},
		.out = {"S:" GTPU_OUT DOWN}, DOWNLINK(28)},
	{"downlink, every field and priority", .in = {"L:4b02 0031 1111 0033 0007 0000 0003 000000 ff03 0021" DOWN},
		.out = {"S:" GTPU_OUT DOWN}, DOWNLINK(28)},
	{"downlink with priority", .in = {"L:0102 1111 0033 ff03 0021" DOWN}, .out = {"S:" GTPU_OUT DOWN}, DOWNLINK(28)},
	{"downlink with reserved bits", .in = {"L:34f2 1111 0033 ff03 0021" DOWN}, .out = {"S:" GTPU_OUT DOWN}, DOWNLINK(28)},
	{"downlink without Address and Control", .in = {"L:" L2TP "0021" DOWN}, .out = {"S:" GTPU_OUT DOWN}, DOWNLINK(28)},
	{"downlink with a short protocol", .in = {"L:" L2TP "ff03 21" DOWN}, .out = {"S:" GTPU_OUT DOWN}, DOWNLINK(28)},
	{"downlink with a protocol of one octet only", .in = {"L:" L2TP "21" DOWN}, .out = {"S:" GTPU_OUT DOWN}, DOWNLINK(28)},
	{"downlink with padding behind the packet", .in = {"L:" L2TP "ff03 0021" DOWN "00000000"}, .out = {"S:" GTPU_OUT DOWN},
		DOWNLINK(28)},
	{"downlink, length shorter than the datagram", .in = {"L:4002 0028 1111 0033 ff03 0021" DOWN "ffff"},
		.out = {"S:" GTPU_OUT DOWN}, DOWNLINK(28)},
	{"downlink, length longer than the datagram", .in = {"L:4002 0029 1111 0033 ff03 0021" DOWN}, DROPS(L2TP_MALFORMED)},
	{"downlink, length below the header", .in = {"L:4002 0007 1111 0033 ff03 0021" DOWN}, DROPS(L2TP_MALFORMED)},
	{"downlink, offset past the end", .in = {"L:0202 1111 0033 0100 ff03 0021" DOWN}, DROPS(L2TP_MALFORMED)},
	{"downlink, offset past the length", .in = {"L:4202 000c 1111 0033 0003 ff03 0021" DOWN}, DROPS(L2TP_MALFORMED)},
	{"L2TP shorter than its header", .in = {"L:0002 1111 00"}, DROPS(L2TP_MALFORMED)},
	{"L2TP with flags and no room for them", .in = {"L:0802 1111 0033 0000"}, DROPS(L2TP_MALFORMED)},
	{"L2F", .in = {"L:0001 1111 0033 ff03 0021" DOWN}, DROPS(L2TP_MALFORMED)},
	{"L2TPv3", .in = {"L:0003 1111 0033 ff03 0021" DOWN}, DROPS(L2TP_MALFORMED)},
	{"L2TP without a frame", .in = {"L:" L2TP}, DROPS_OF_SESSION(L2TP_MALFORMED)},
	{"a frame of Address and Control", .in = {"L:" L2TP "ff03"}, DROPS_OF_SESSION(L2TP_MALFORMED)},
	{"a protocol cut in half", .in = {"L:" L2TP "ff03 00"}, DROPS_OF_SESSION(L2TP_MALFORMED)},
	{"a protocol with an even end", .in = {"L:" L2TP "ff03 0022" DOWN}, DROPS_OF_SESSION(L2TP_MALFORMED)},
	{"a control message goes up whole", .in = {"L:c802 000c 1111 0000 0001 0002"},
		.out = {"C:c802 000c 1111 0000 0001 0002"}},
	{"a control message of a stranger goes up", .in = {"X:c802 000c 9999 0000 0001 0002"},
		.out = {"C:c802 000c 9999 0000 0001 0002"}},
	{"LCP goes up with its framing", .in = {"L:" L2TP "ff03 c021 09010008 00000000"},
		.out = {"F:1111 0033 ff03 c021 09010008 00000000"}},
	{"IPCP of a session not installed goes up", .in = {"L:4002 000e 1111 0099 8021 01010004"},
		.out = {"F:1111 0099 8021 01010004"}},
	{"IP of a session not installed", .in = {"L:0002 1111 0099 ff03 0021" DOWN}, DROPS(L2TP_UNKNOWN_SESSION)},
	{"session 0", .in = {"L:0002 1111 0000 ff03 0021" DOWN}, DROPS(L2TP_UNKNOWN_SESSION)},
	{"a tunnel that is not ours", .in = {"L:0002 1112 0033 ff03 0021" DOWN}, DROPS(L2TP_UNKNOWN_TUNNEL)},
	{"tunnel 0", .in = {"L:0002 0000 0033 ff03 0021" DOWN}, DROPS(L2TP_UNKNOWN_TUNNEL)},
	{"data from another than the LNS", .in = {"X:" L2TP "ff03 0021" DOWN}, DROPS(L2TP_WRONG_PEER)},
	{"LCP from another than the LNS", .in = {"X:" L2TP "ff03 c021 09010008 00000000"}, DROPS(L2TP_WRONG_PEER)},
	{"a destination that is not the SIM's", .in = {"L:" L2TP "ff03 0021" DOWN_FOREIGN},
		DROPS_OF_SESSION(INNER_FOREIGN_DESTINATION)},
	{"a short packet from the LNS", .in = {"L:" L2TP "ff03 0021 45000014"}, DROPS_OF_SESSION(INNER_MALFORMED)},
	{"IPv6 under the protocol number of IPv4", .v6 = true, .in = {"L:" L2TP "ff03 0021" DOWN6},
		DROPS_OF_SESSION(INNER_MALFORMED)},
	{"IPv6 downlink", .v6 = true, .in = {"L:" L2TP "ff03 0057" DOWN6}, .out = {"S:30ff0028 cafe0001" DOWN6}, DOWNLINK(40)},
	{"IPv6 of another prefix", .v6 = true, .in = {"L:" L2TP "57" DOWN6_FOREIGN}, DROPS_OF_SESSION(INNER_FOREIGN_DESTINATION)},
	{"IPv6 for an IPv4 SIM", .in = {"L:" L2TP "57" DOWN6}, DROPS_OF_SESSION(INNER_FAMILY)},

	// longer than the MTU, RFC 791, 1191
	{"as long as the MTU", FF03, .mtu = 140, .in = {"S:30ff008c 5a000007" UP_DF}, .out = {"L:" L2TP_OUT "ff03 0021" UP_DF},
		UPLINK(140)},
	{"uplink with DF: the SIM is told", FF03, .mtu = 100, .in = {"S:30ff008c 5a000007" UP_DF},
		.out = {"S:30ff0064 cafe0001" UP_DF_ICMP}, DROPS_OF_SESSION(INNER_TOO_BIG)},
	{"downlink with DF: the sender is told", FF03, .mtu = 100, .in = {"L:" L2TP "ff03 0021" DOWN_DF},
		.out = {"L:" L2TP_OUT "ff03 0021" DOWN_DF_ICMP}, DROPS_OF_SESSION(INNER_TOO_BIG)},
	{"uplink without DF is fragmented", FF03, .mtu = 100, .in = {"S:30ff008c 5a000007" UP_BIG},
		.out = {"L:" L2TP_OUT "ff03 0021" UP_BIG_1, "L:" L2TP_OUT "ff03 0021" UP_BIG_2}, UPLINK(140)},
	{"downlink without DF is fragmented", FF03, .mtu = 100, .in = {"L:" L2TP "ff03 0021" DOWN_BIG},
		.out = {"S:30ff0064 cafe0001" DOWN_BIG_1, "S:30ff003c cafe0001" DOWN_BIG_2}, DOWNLINK(140)},
	{"only copied options go into later fragments", FF03, .mtu = 100, .in = {"S:30ff0098 5a000007" UP_OPT},
		.out = {"L:" L2TP_OUT "ff03 0021" UP_OPT_1, "L:" L2TP_OUT "ff03 0021" UP_OPT_2}, UPLINK(152)},
	{"a fragment is fragmented again", FF03, .mtu = 100, .in = {"S:30ff008c 5a000007" UP_MID},
		.out = {"L:" L2TP_OUT "ff03 0021" UP_MID_1, "L:" L2TP_OUT "ff03 0021" UP_MID_2}, UPLINK(140)},
	{"no ICMP error about an ICMP error", FF03, .mtu = 100, .in = {"S:30ff008c 5a000007" UP_DF_ERROR},
		DROPS_OF_SESSION(INNER_TOO_BIG)},
	{"no ICMP error about a later fragment", FF03, .mtu = 100, .in = {"S:30ff008c 5a000007" UP_DF_LATER},
		DROPS_OF_SESSION(INNER_TOO_BIG)},

	// TCP MSS: the clamp is 1360
	{"the MSS of a SYN is lowered, the checksum corrected", FF03, .tcp_mss = 1360, .in = {"S:30ff002c 5a000007" SYN_1460},
		.out = {"L:" L2TP_OUT "ff03 0021" SYN_1360}, UPLINK(44)},
	{"an MSS that fits is left alone", FF03, .tcp_mss = 1360, .in = {"S:30ff002c 5a000007" SYN_1200},
		.out = {"L:" L2TP_OUT "ff03 0021" SYN_1200}, UPLINK(44)},
	{"an MSS at an odd place", FF03, .tcp_mss = 1360, .in = {"S:30ff0030 5a000007" SYN_ODD_1460},
		.out = {"L:" L2TP_OUT "ff03 0021" SYN_ODD_1360}, UPLINK(48)},
	{"only SYNs are looked at", FF03, .tcp_mss = 1360, .in = {"S:30ff002c 5a000007" ACK_1460},
		.out = {"L:" L2TP_OUT "ff03 0021" ACK_1460}, UPLINK(44)},
	{"the MSS over IPv6 is 20 less", FF03, .v6 = true, .tcp_mss = 1360, .in = {"S:30ff0040 5a000007" SYN6_1440},
		.out = {"L:" L2TP_OUT "ff03 0057" SYN6_1340}, UPLINK(64)},
	{"a SYN with a bad option", FF03, .tcp_mss = 1360, .in = {"S:30ff002c 5a000007" SYN_BAD},
		.out = {"L:" L2TP_OUT "ff03 0021" SYN_BAD}, UPLINK(44)},
	{"a SYN cut short", FF03, .tcp_mss = 1360, .in = {"S:30ff0020 5a000007" SYN_CUT},
		.out = {"L:" L2TP_OUT "ff03 0021" SYN_CUT}, UPLINK(32)},
	{"the MSS of a SYN ACK from the server is lowered", FF03, .tcp_mss = 1360, .in = {"L:" L2TP "ff03 0021" SYNACK_1460},
		.out = {"S:30ff002c cafe0001" SYNACK_1360}, DOWNLINK(44)},

	// both families, and what the two ends of the link say to each other
	{"IPv4 of a SIM with both", FF03, .both = true, .in = {"S:" GTPU UP}, .out = {"L:" L2TP_OUT "ff03 0021" UP}, UPLINK(28)},
	{"IPv6 of a SIM with both", FF03, .both = true, .in = {"S:30ff0028 5a000007" UP6}, .out = {"L:" L2TP_OUT "ff03 0057" UP6},
		UPLINK(40)},
	{"to a SIM with both", .both = true, .in = {"L:" L2TP "57" DOWN6, "L:" L2TP "21" DOWN},
		.out = {"S:30ff0028 cafe0001" DOWN6, "S:" GTPU_OUT DOWN},
		.counters = {.downlink_packets = 2, .downlink_bytes = 68}},
	{"another prefix uplink", FF03, .v6 = true, .in = {"S:30ff0028 5a000007" UP6_FOREIGN},
		DROPS_OF_SESSION(INNER_FOREIGN_SOURCE)},
	{"a delegated prefix uplink", FF03, .v6 = true, .delegated = true, .in = {"S:30ff0028 5a000007" UP6_DELEGATED},
		.out = {"L:" L2TP_OUT "ff03 0057" UP6_DELEGATED}, UPLINK(40)},
	{"beside a delegated prefix", FF03, .v6 = true, .delegated = true, .in = {"S:30ff0028 5a000007" UP6_FOREIGN},
		DROPS_OF_SESSION(INNER_FOREIGN_SOURCE)},
	{"a router solicitation goes to the LNS", FF03, .v6 = true, .in = {"S:30ff0030 5a000007" SOLICITATION},
		.out = {"L:" L2TP_OUT "ff03 0057" SOLICITATION}, UPLINK(48)},
	{"link-local of a SIM without IPv6", FF03, .in = {"S:30ff0030 5a000007" SOLICITATION}, DROPS_OF_SESSION(INNER_FAMILY)},
	{"a router advertisement goes to the SIM, and is shown", .v6 = true, .in = {"L:" L2TP "0057" ADVERTISEMENT},
		.out = {"N:d" ADVERTISEMENT, "S:30ff0038 cafe0001" ADVERTISEMENT}, DOWNLINK(56)},
	{"IPv6 of a session not installed goes up", .in = {"L:0002 1111 0099 0057" ADVERTISEMENT},
		.out = {"F:1111 0099 0057" ADVERTISEMENT}},

	// Integrated
	{"uplink into the slice", .integrated = true, .in = {"S:" GTPU UP}, .out = {"I:" ETH_UP "0800" UP}, UPLINK(28)},
	{"uplink with the group's tag", .integrated = true, .tag = 0xabcdef, .in = {"S:" GTPU UP},
		.out = {"I:025347000001 025347abcdef 0800" UP}, UPLINK(28)},
	{"uplink with an extension into the slice", .integrated = true,
		.in = {"S:34ff0024 5a000007 0000 00 85 01 1009 00" UP "ffff"}, .out = {"I:" ETH_UP "0800" UP}, UPLINK(28)},
	{"IPv6 uplink into the slice", .integrated = true, .both = true, .in = {"S:30ff0028 5a000007" UP6},
		.out = {"I:" ETH_UP "86dd" UP6}, UPLINK(40)},
	{"a foreign source does not enter the slice", .integrated = true, .in = {"S:" GTPU UP_FOREIGN},
		DROPS_OF_SESSION(INNER_FOREIGN_SOURCE)},
	{"a router solicitation is the control side's", .integrated = true, .v6 = true,
		.in = {"S:30ff0030 5a000007" SOLICITATION}, .out = {"N:u" SOLICITATION}},
	{"downlink from the slice", .integrated = true, .in = {"I:" ETH_DOWN "0800" DOWN}, .out = {"S:" GTPU_OUT DOWN},
		DOWNLINK(28)},
	{"downlink from the slice with padding", .integrated = true, .in = {"I:" ETH_DOWN "0800" DOWN "00000000"},
		.out = {"S:" GTPU_OUT DOWN}, DOWNLINK(28)},
	{"IPv6 downlink from the slice", .integrated = true, .both = true, .in = {"I:" ETH_DOWN "86dd" DOWN6},
		.out = {"S:30ff0028 cafe0001" DOWN6}, DOWNLINK(40)},
	{"nobody has the address", .integrated = true, .in = {"I:" ETH_DOWN "0800" DOWN_FOREIGN},
		DROPS(INNER_UNKNOWN_DESTINATION)},
	{"nobody has the prefix", .integrated = true, .both = true, .in = {"I:" ETH_DOWN "86dd" DOWN6_FOREIGN},
		DROPS(INNER_UNKNOWN_DESTINATION)},
	{"from the slice with DF: the sender is told", .integrated = true, .mtu = 100, .in = {"I:" ETH_DOWN "0800" DOWN_DF},
		.out = {"I:" ETH_UP "0800" DOWN_DF_ICMP}, DROPS_OF_SESSION(INNER_TOO_BIG)},
	{"from the slice without DF is fragmented", .integrated = true, .mtu = 100, .in = {"I:" ETH_DOWN "0800" DOWN_BIG},
		.out = {"S:30ff0064 cafe0001" DOWN_BIG_1, "S:30ff003c cafe0001" DOWN_BIG_2}, DOWNLINK(140)},
	{"the MSS of a SYN into the slice", .integrated = true, .tcp_mss = 1360, .in = {"S:30ff002c 5a000007" SYN_1460},
		.out = {"I:" ETH_UP "0800" SYN_1360}, UPLINK(44)},
	{"the MSS of a SYN ACK from the slice", .integrated = true, .tcp_mss = 1360, .in = {"I:" ETH_DOWN "0800" SYNACK_1460},
		.out = {"S:30ff002c cafe0001" SYNACK_1360}, DOWNLINK(44)},

	// limits
	{"all uplink packets are discarded", FF03, .limits = {{.discard_percent = 100}},
		.in = {"S:" GTPU UP, "L:" L2TP "21" DOWN}, .out = {"S:" GTPU_OUT DOWN}, DROPS(DISCARDED),
		.counters = {.downlink_packets = 1, .downlink_bytes = 28, .dropped = 1}},
	{"all downlink packets are discarded", FF03, .limits = {[1] = {.discard_percent = 100}},
		.in = {"S:" GTPU UP, "L:" L2TP "21" DOWN}, .out = {"L:" L2TP_OUT "ff03 0021" UP}, DROPS(DISCARDED),
		.counters = {.uplink_packets = 1, .uplink_bytes = 28, .dropped = 1}},
	{"a limit that is not reached", FF03, .limits = {{1000}, {1000}}, .in = {"S:" GTPU UP, "L:" L2TP "21" DOWN, "S:" GTPU UP},
		.out = {"L:" L2TP_OUT "ff03 0021" UP, "S:" GTPU_OUT DOWN, "L:" L2TP_OUT "ff03 0021" UP},
		.counters = {.uplink_packets = 2, .uplink_bytes = 56, .downlink_packets = 1, .downlink_bytes = 28}},
	{"more than the burst", .integrated = true, .limits = {[1] = {8}},
		.in = {"I:" ETH_DOWN "0800" DOWN_1500, "I:" ETH_DOWN "0800" DOWN_1500, "I:" ETH_DOWN "0800" DOWN,
			"I:" ETH_DOWN "0800" DOWN},
		.out = {"S:30ff05dc cafe0001" DOWN_1500, "S:30ff05dc cafe0001" DOWN_1500, "S:" GTPU_OUT DOWN},
		DROPS(RATE_LIMITED), .counters = {.downlink_packets = 3, .downlink_bytes = 3028, .dropped = 1}},
};
