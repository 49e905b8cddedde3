// SPDX-License-Identifier: Apache-2.0
// The rows of the advanced settings. The seed: they "need to match what is configured on the LNS for the tunnel and PPP session
// to come up". No list of them is public, so the rows follow RFC 2661, RFC 1661 and what good LACs let people set.
#include "model/settings.h"

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

#define ROW_(row_name, row_type, row_member)                                                                                     \
	.name = (row_name), .link = (row_name), .type = (row_type), .flags = FIELD_KEEP,                                         \
	FIELD_AT(struct l2tp_settings, row_member)
#define TEXT(name, member, low, high) ROW_(name, FIELD_TEXT, member), .min = (low), .max = (high)
#define INT(name, member, low, high, start) ROW_(name, FIELD_INT, member), .min = (low), .max = (high), .initial = (start)
#define BOOL(name, member, start) ROW_(name, FIELD_BOOL, member), .initial = (start)
#define ENUM(name, member, table, start) ROW_(name, FIELD_ENUM, member), .words = (table), .initial = (start)

static const struct field settings_fields[] = {
	{TEXT("lacHostName", lac_host_name, 1, 64), .format = FORMAT_HOST_NAME, .group = "Identity", .label = "LAC host name",
		.help = "What the LAC calls itself to the LNS (Host Name AVP); the VSlice's moniker when absent"},
	{BOOL("sendVendorName", send_vendor_name, "true"), .group = "Identity", .label = "Send vendor name",
		.help = "Whether the Vendor Name AVP is sent"},
	{TEXT("lnsHostName", lns_host_name, 1, 64), .format = FORMAT_HOST_NAME, .group = "Identity",
		.label = "Expected LNS host name",
		.help = "A tunnel whose LNS calls itself otherwise is refused; any name when absent"},

	{ENUM("tunnelAuth", tunnel_auth, tunnel_auths, "require"), .group = "Tunnel authentication",
		.label = "Tunnel authentication",
		.help = "How the tunnel secret is used; without a secret there is no authentication whatever this says"},
	{BOOL("hideAvps", hide_avps, "false"), .group = "Tunnel authentication", .label = "Hide AVPs",
		.help = "Encrypt sensitive AVPs with the tunnel secret (RFC 2661 4.3)"},

	{INT("helloIntervalSeconds", hello_interval_s, 0, 3600, "60"), .unit = "seconds", .group = "Timers",
		.label = "Hello interval", .help = "Silence after which the LNS is asked whether it lives; 0 = never"},
	{INT("retransmitInitialMs", retransmit_initial_ms, 100, 10000, "1000"), .unit = "ms", .group = "Timers",
		.label = "First retransmission",
		.help = "How long a control message waits for its acknowledgement at first; doubles each time"},
	{INT("retransmitCapMs", retransmit_cap_ms, 1000, 60000, "8000"), .unit = "ms", .group = "Timers", .label = "Longest wait",
		.help = "Where the doubling ends (RFC 2661 5.8: no less than 8 s)"},
	{INT("retransmitMaxSetup", retransmit_max_setup, 1, 10, "2"), .group = "Timers", .label = "Retries at set-up",
		.help = "Retransmissions after which an LNS that never answered is given up"},
	{INT("retransmitMaxEstablished", retransmit_max_established, 1, 20, "5"), .group = "Timers",
		.label = "Retries when established", .help = "Retransmissions after which an established tunnel is given up"},
	{INT("receiveWindow", receive_window, 1, 1024, "16"), .group = "Timers", .label = "Receive window",
		.help = "Control messages that the LNS may send ahead of our acknowledgement"},
	{INT("idleTimeoutSeconds", idle_timeout_s, 0, 86400, "0"), .unit = "seconds", .group = "Timers", .label = "Idle timeout",
		.help = "A tunnel without sessions is closed after this long, but not the last one where keepTunnelUp is set; 0 "
			"= never"},
	{BOOL("keepTunnelUp", keep_tunnel_up, "true"), .group = "Timers", .label = "Keep the tunnel up",
		.help = "Bring the tunnel up before any session is active, and keep it"},

	{ENUM("failoverMode", failover_mode, failover_modes, "preference"), .group = "Failover", .label = "Choice of the LNS",
		.help = "Which LNS is dialled first"},
	{INT("attemptBudgetMs", attempt_budget_ms, 200, 10000, "1500"), .unit = "ms", .group = "Failover",
		.label = "Budget of an attempt",
		.help = "How long an LNS may leave a tunnel or call request unanswered before the next is tried"},
	{INT("overallBudgetMs", overall_budget_ms, 1000, 30000, "5000"), .unit = "ms", .group = "Failover",
		.label = "Budget of an attach", .help = "How long an attach may take in all; devices lose patience at about 5 s"},
	{INT("lnsHoldSeconds", lns_hold_s, 0, 86400, "300"), .unit = "seconds", .group = "Failover",
		.label = "Hold time of a dead LNS",
		.help = "How long at most an LNS that failed is left alone while another one answers; 0 = it is dialled again at "
			"once"},
	{INT("lnsProbeSeconds", lns_probe_s, 0, 3600, "30"), .unit = "seconds", .group = "Failover", .label = "Probe interval",
		.help = "How often an LNS on hold is asked in the background whether it is back, which ends its hold; 0 = only "
			"when "
			"the hold time is over"},
	{INT("redialRate", redial_rate, 0, 100000, "1000"), .unit = "per second", .group = "Failover",
		.label = "Sessions dialled again",
		.help = "When a tunnel is lost, so many of its sessions a second are dialled again on another LNS, asking for "
			"their "
			"old addresses; 0 = none, the mobile network is told to attach them again"},
	{INT("releaseRate", release_rate, 1, 100000, "500"), .unit = "per second", .group = "Failover",
		.label = "Sessions released",
		.help = "So many sessions a second of a lost LNS are released toward the mobile network"},
	{TEXT("failoverCodes", failover_codes, 0, 64), .format = FORMAT_NUMBERS, .initial = "2,4,5,6,10", .group = "Failover",
		.label = "Failover result codes", .help = "CDN result codes (RFC 2661 4.4.2) after which the next LNS is tried"},

	{INT("maxSessionsPerTunnel", max_sessions_per_tunnel, 1, 65535, "4096"), .group = "Limits",
		.label = "Sessions per tunnel", .help = "Past this many sessions another tunnel is opened"},
	{INT("maxSessionsPerLns", max_sessions_per_lns, 0, 1000000, "0"), .group = "Limits", .label = "Sessions per LNS",
		.help = "Past this many the next LNS is used; 0 = no limit"},
	{INT("maxSessionsPerLac", max_sessions_per_lac, 0, 1000000, "0"), .group = "Limits", .label = "Sessions per LAC",
		.help = "Past this many attaches are refused; 0 = no limit"},
	{INT("maxTunnelsPerLns", max_tunnels_per_lns, 1, 64, "1"), .group = "Limits", .label = "Tunnels per LNS",
		.help = "Tunnels from one LAC to one LNS"},

	{ENUM("sourcePort", source_port, source_ports, "lac"), .group = "Ports", .label = "Source port",
		.help = "The UDP port that the LAC sends from"},
	{ENUM("acceptPeerChange", accept_peer_change, accept_changes, "once"), .group = "Ports",
		.label = "LNS address or port change",
		.help = "Whether the LNS may answer from another address or port than was dialled"},

	{ENUM("pppAuth", ppp_auth, ppp_auths, "pco"), .group = "PPP", .label = "PPP authentication",
		.help = "How a session proves itself to the LNS"},
	{TEXT("pppUsername", ppp_username, 1, 128), .format = FORMAT_TEMPLATE, .initial = "%{imsi}", .group = "PPP",
		.label = "PPP user name",
		.help = "Template of the user name: %{imsi}, %{iccid}, %{msisdn}, %{imei} and %{apn} are replaced, the rest "
			"stands: %{imsi}@example.net"},
	{.name = "pppPassword",
		.link = "pppPassword",
		.type = FIELD_TEXT,
		.flags = FIELD_KEEP | FIELD_SECRET,
		FIELD_AT(struct l2tp_settings, ppp_password),
		.min = 1,
		.max = 128,
		.group = "PPP",
		.label = "PPP password",
		.help = "The password of all endpoints that have none of their own"},
	{INT("pppMru", ppp_mru, 576, 1500, "1460"), .unit = "octets", .group = "PPP", .label = "MRU",
		.help = "The largest packet offered to the LNS; lowered to what the path carries"},
	{BOOL("pppMagic", ppp_magic, "true"), .group = "PPP", .label = "Magic number",
		.help = "Whether LCP asks for a magic number"},
	{INT("pppEchoIntervalSeconds", ppp_echo_interval_s, 0, 3600, "30"), .unit = "seconds", .group = "PPP",
		.label = "Echo interval", .help = "How often a silent session is checked by LCP echo; 0 = never"},
	{INT("pppEchoFailures", ppp_echo_failures, 1, 20, "3"), .group = "PPP", .label = "Echo failures",
		.help = "Unanswered echoes after which the session ends"},
	{BOOL("pppAcfc", ppp_acfc, "false"), .group = "PPP", .label = "ACFC",
		.help = "Ask for address and control field compression"},
	{BOOL("pppPfc", ppp_pfc, "false"), .group = "PPP", .label = "PFC", .help = "Ask for protocol field compression"},
	{BOOL("proxyLcp", proxy_lcp, "false"), .group = "PPP", .label = "Proxy LCP",
		.help = "Send the LCP options in ICCN (RFC 2661 4.4.5), so that the LNS need not negotiate again"},
	{BOOL("proxyAuth", proxy_auth, "false"), .group = "PPP", .label = "Proxy authentication",
		.help = "Send the device's own PAP or CHAP answer in ICCN; needed where devices use CHAP and no password is "
			"stored here"},
	{BOOL("ipv6cp", ipv6cp, "true"), .group = "PPP", .label = "IPv6CP",
		.help = "Whether IPv6 is offered when the device asks for it"},

	{ENUM("calledNumber", called_number, called_numbers, "apn"), .group = "AVPs", .label = "Called Number",
		.help = "What the Called Number AVP carries"},
	{TEXT("calledNumberText", called_number_text, 1, 64), .visible = {"calledNumber", "custom"},
		.required = {"calledNumber", "custom"}, .group = "AVPs", .label = "Called Number text",
		.help = "The Called Number when it is custom", .refusal = "it is used only when calledNumber is custom"},
	{ENUM("callingNumber", calling_number, calling_numbers, "msisdn"), .group = "AVPs", .label = "Calling Number",
		.help = "What the Calling Number AVP carries"},
	{ENUM("subAddress", sub_address, calling_numbers, "off"), .group = "AVPs", .label = "Sub-Address",
		.help = "What the Sub-Address AVP carries"},
	{ENUM("connectSpeed", connect_speed, connect_speeds, "ambr"), .group = "AVPs", .label = "Connect speed",
		.help = "What the Tx and Rx Connect Speed AVPs carry"},

	{ENUM("sequencing", sequencing, sequencings, "on-request"), .group = "Data", .label = "Sequencing",
		.help = "Sequence numbers on data messages"},
	{BOOL("dataUdpChecksum", data_udp_checksum, "false"), .group = "Data", .label = "UDP checksum on data",
		.help = "Control messages always have one (RFC 2661 8.1)"},
	{ENUM("dfPolicy", df_policy, df_policies, "clear"), .group = "Data", .label = "Don't Fragment",
		.help = "The DF bit of outer data packets"},
	{ENUM("outerDscp", outer_dscp, outer_dscps, "copy"), .group = "Data", .label = "Outer DSCP",
		.help = "The DSCP of outer data packets"},
	{INT("outerDscpValue", outer_dscp_value, 0, 63, NULL), .visible = {"outerDscp", "fixed"},
		.required = {"outerDscp", "fixed"}, .group = "Data", .label = "Outer DSCP value",
		.help = "The DSCP of outer packets when it is fixed", .refusal = "it is used only when outerDscp is fixed"},
	{ENUM("tcpMssClamp", tcp_mss_clamp, mss_clamps, "auto"), .group = "Data", .label = "TCP MSS clamp",
		.help = "Lowers the segment size that TCP connections agree on, both ways"},
	{INT("tcpMss", tcp_mss, 500, 1460, NULL), .visible = {"tcpMssClamp", "fixed"}, .required = {"tcpMssClamp", "fixed"},
		.unit = "octets", .group = "Data", .label = "TCP MSS", .help = "The segment size when the clamp is fixed",
		.refusal = "it is used only when tcpMssClamp is fixed"},
};

static void settings_check(struct ruling *ruling, void *object, const void *before)
{
	struct l2tp_settings *settings = object;

	(void)before;
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

const struct noun noun_settings = {
	.word = "advanced-settings",
	.title = "advanced settings",
	.help = "What must match the customer's LNS for the tunnel and the PPP session to come up",
	.size = sizeof(struct l2tp_settings),
	.flags = NOUN_PART,
	NOUN_FIELDS(settings_fields),
	.check = settings_check,
};
