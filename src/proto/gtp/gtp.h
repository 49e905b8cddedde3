// SPDX-License-Identifier: Apache-2.0
// What GTPv1-C (gtp1.h) and GTPv2-C (gtp2.h) share.
#pragma once

#include "base/addr.h"
#include "proto/gtp/ie.h"
#include "proto/gtp/tbcd.h"

#define GTP_C_PORT 2123
#define GTP_U_PORT 2152
#define GTP_MESSAGE_MAX 2048 // a control message of ours never is longer

enum gtp_kind { GTP_REQUEST = 1, GTP_RESPONSE, GTP_COMMAND }; // a v2 command's sequence number has the bit 0x800000 (29.274 7.6)

// RAT types are the same numbers in both versions (TS 29.060 7.7.50, TS 29.274 8.17).
enum gtp_rat {
	GTP_RAT_UTRAN = 1,
	GTP_RAT_GERAN = 2,
	GTP_RAT_WLAN = 3,
	GTP_RAT_GAN = 4,
	GTP_RAT_HSPA_EVOLUTION = 5,
	GTP_RAT_EUTRAN = 6,
	GTP_RAT_VIRTUAL = 7,
	GTP_RAT_NB_IOT = 8,
	GTP_RAT_LTE_M = 9,
	GTP_RAT_NR = 10,
};
const char *gtp_rat_name(uint8_t rat); // "EUTRAN", "NB-IoT" ...; "unknown" otherwise

struct gtp_ambr {
	uint32_t uplink_kbps, downlink_kbps;
};

// What a User Location Information IE names (TS 29.274 8.21, TS 29.060 7.7.51).
struct gtp_location {
	bool has_cgi, has_sai, has_rai, has_tai, has_ecgi, has_lai;
	struct plmn plmn; // of the last that is there
	uint16_t lac, ci, sac, rac, tac;
	uint32_t eci;
};
#define GTP_LOCATION_TEXT 96
char *gtp_location_text(const struct gtp_location *location, char *out); // "001-01 tac=1 eci=0x1079baf"; returns `out`
