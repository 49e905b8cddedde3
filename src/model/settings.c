// SPDX-License-Identifier: Apache-2.0
// The rows of the advanced settings: what must match the LNS for tunnel and PPP session to come up. They follow RFC 2661, RFC 1661 and what good
// LACs let people set.
#include "model/settings.h"

#include "base/clean.h"
#include "model/noun.h"
#include "model/ruling.h"

static const struct word tunnel_auths[] = {
	{TUNNEL_AUTH_NONE, "none", "None", "no challenge is sent and a challenge of the LNS is not answered"},
	{TUNNEL_AUTH_SEND, "send", "Answer only", "the LNS's challenge is answered, none is sent"},
	{TUNNEL_AUTH_REQUIRE, "require", "Both ways",
		"both sides must prove the tunnel secret, when one is set (RFC 2661 5.1.1)"},
	{0},
};

static const struct word failover_modes[] = {
	{FAILOVER_PREFERENCE, "preference", "Preference", "the lowest preference first, round robin among equals"},
	{FAILOVER_BALANCED, "balanced", "Balanced", "the LNS with the fewest sessions first"},
	{FAILOVER_RANDOM, "random", "Random", "any LNS that is not on hold"},
	{FAILOVER_ROUND_ROBIN, "round-robin", "Round robin", "each LNS that is not on hold in turn, whatever its preference"},
	{0},
};

static const struct word source_ports[] = {
	{SOURCE_PORT_LAC, "lac", "The LAC entry's port", "the port declared on the LAC"},
	{SOURCE_PORT_FIXED, "fixed", "1701", "always 1701"},
	{SOURCE_PORT_EPHEMERAL, "ephemeral", "Ephemeral", "any free port (RFC 2661 8.1)"},
	{0},
};

static const struct word accept_changes[] = {
	{ACCEPT_CHANGE_NEVER, "never", "Never", "the LNS must answer from the address and port that were dialled"},
	{ACCEPT_CHANGE_ONCE, "once", "Once, in SCCRP",
		"the LNS may answer the SCCRQ from another port or address, which then holds"},
	{0},
};

static const struct word ppp_auths[] = {
	{LINK_AUTH_NONE, "none", "None", "an LNS that asks for authentication is refused"},
	{LINK_AUTH_PAP, "pap", "PAP", "PAP only"},
	{LINK_AUTH_CHAP, "chap", "CHAP", "CHAP with MD5 only"},
	{LINK_AUTH_MSCHAPV2, "ms-chap-v2", "MS-CHAPv2", "MS-CHAPv2 only"},
	{LINK_AUTH_PCO, "pco", "From the device, else the template",
		"whatever the LNS asks for, with the device's own name and password where it sends them, else the template's"},
	{0},
};

static const struct word called_numbers[] = {
	{CALLED_APN, "apn", "APN", "the access point name of the session"},
	{CALLED_CUSTOM, "custom", "Custom", "the text of calledNumberText"},
	{CALLED_OFF, "off", "Off", "the AVP is not sent"},
	{0},
};

static const struct word calling_numbers[] = {
	{CALLING_MSISDN, "msisdn", "MSISDN", "the telephone number; the IMSI where there is none"},
	{CALLING_IMSI, "imsi", "IMSI", "the IMSI"},
	{CALLING_ICCID, "iccid", "ICCID", "the SIM's serial number"},
	{CALLING_OFF, "off", "Off", "the AVP is not sent"},
	{0},
};

static const struct word connect_speeds[] = {
	{CONNECT_SPEED_AMBR, "ambr", "From the AMBR", "the session's aggregate maximum bit rate"},
	{CONNECT_SPEED_OFF, "off", "Nominal", "a nominal value (the AVP itself is mandatory in ICCN)"},
	{0},
};

static const struct word sequencings[] = {
	{SEQUENCING_OFF, "off", "Off", "data messages carry no sequence numbers"},
	{SEQUENCING_ON_REQUEST, "on-request", "On request", "when the LNS sends sequence numbers, so do we (RFC 2661 5.4)"},
	{SEQUENCING_REQUIRED, "required", "Required", "Sequencing Required is sent in ICCN"},
	{0},
};

static const struct word df_policies[] = {
	{DF_CLEAR, "clear", "Clear", "outer packets may be fragmented on the way"},
	{DF_COPY, "copy", "Copy", "as the inner packet says"},
	{DF_SET, "set", "Set", "outer packets are never fragmented"},
	{0},
};

static const struct word outer_dscps[] = {
	{OUTER_DSCP_COPY, "copy", "Copy", "the inner packet's DSCP"},
	{OUTER_DSCP_FIXED, "fixed", "Fixed", "the value of outerDscpValue"},
	{0},
};

static const struct word mss_clamps[] = {
	{MSS_CLAMP_AUTO, "auto", "Automatic", "from the MTU that LCP settled"},
	{MSS_CLAMP_OFF, "off", "Off", "TCP is left alone"},
	{MSS_CLAMP_FIXED, "fixed", "Fixed", "the value of tcpMss"},
	{0},
};

#define ROW_(row_name, row_type, row_member, start)                                                                              \
	.name = (row_name), .link = (row_name), .type = (row_type), .flags = FIELD_KEEP,                                         \
	FIELD_AT(struct l2tp_settings, row_member), .initial = INITIAL(start)
#define TEXT(name, member, low, high, start) ROW_(name, FIELD_TEXT, member, start), .min = (low), .max = (high)
#define INT(name, member, low, high, start) ROW_(name, FIELD_INT, member, start), .min = (low), .max = (high)
#define BOOL(name, member, start) ROW_(name, FIELD_BOOL, member, start)
#define ENUM(name, member, table, start) ROW_(name, FIELD_ENUM, member, start), .words = (table)
#define SECRET(row_name, member, low, high)                                                                                      \
	.name = (row_name), .link = (row_name), .type = FIELD_TEXT, .flags = FIELD_KEEP | FIELD_SECRET,                          \
	FIELD_AT(struct l2tp_settings, member), .min = (low), .max = (high)
#define PER_LNS(...) {__VA_ARGS__},

#define INITIAL(start) (start)
#define VSLICE_ONLY(...) {__VA_ARGS__},
static const struct field settings_fields[] = {
#include "model/settings.def"
};
#undef INITIAL
#undef VSLICE_ONLY

// Of an LNS: no defaults, since what it does not say is as the VSlice says.
#define INITIAL(start) NULL
#define VSLICE_ONLY(...)
static const struct field lns_settings_fields[] = {
#include "model/settings.def"
};

void settings_rules(struct ruling *ruling, const struct l2tp_settings *settings)
{
	if (settings->attempt_budget_ms > settings->overall_budget_ms)
		ruling_fault(ruling, "attemptBudgetMs",
			"%lld is more than overallBudgetMs (%lld): an attempt cannot outlast the attach; lower it",
			(long long)settings->attempt_budget_ms, (long long)settings->overall_budget_ms);
	if (settings->retransmit_initial_ms > settings->retransmit_cap_ms)
		ruling_fault(ruling, "retransmitInitialMs", "%lld is more than retransmitCapMs (%lld); lower it or raise the cap",
			(long long)settings->retransmit_initial_ms, (long long)settings->retransmit_cap_ms);
	if (settings->hide_avps && settings->tunnel_auth == TUNNEL_AUTH_NONE)
		ruling_fault(ruling, "hideAvps",
			"hiding encrypts with the tunnel secret, which tunnelAuth none does not use; set tunnelAuth to send or "
			"require");
}

static void settings_check(struct ruling *ruling, void *object, const void *before)
{
	(void)before;
	settings_rules(ruling, object);
}

static bool is_set(const struct field *field, const void *object)
{
	return field->type == FIELD_TEXT ? *field_text(field, object) != NULL : *field_int(field, object) != FIELD_UNSET;
}

bool settings_overlay(const struct l2tp_settings *settings, const struct l2tp_settings *of_lns, struct l2tp_settings *out)
{
	bool is_any = false;

	*out = *settings;
	for (size_t i = 0; i < array_len(lns_settings_fields); i++) {
		const struct field *field = &lns_settings_fields[i];

		if (!is_set(field, of_lns))
			continue;
		is_any = true;
		if (field->type == FIELD_TEXT)
			*field_text(field, out) = *field_text(field, of_lns);
		else
			*field_int(field, out) = *field_int(field, of_lns);
	}
	return is_any;
}

const struct noun noun_settings = {
	.word = "advanced-settings",
	.title = "advanced settings",
	.help = "What must match the customer's LNS for the tunnel and the PPP session to come up",
	.size = sizeof(struct l2tp_settings),
	.flags = NOUN_PART,
	NOUN_FIELDS(settings_fields),
	.check = settings_check,
};

// What each is alone is checked here; what they are together with the VSlice's, by the VSlice.
const struct noun noun_lns_settings = {
	.word = "lns-settings",
	.title = "LNS settings",
	.help = "Advanced settings that are otherwise for this LNS than for the VSlice",
	.size = sizeof(struct l2tp_settings),
	.flags = NOUN_PART,
	NOUN_FIELDS(lns_settings_fields),
};
