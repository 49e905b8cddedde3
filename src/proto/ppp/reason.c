// SPDX-License-Identifier: Apache-2.0
// Names and words of everything that a link can say about itself.

#include "base/clean.h"
#include "proto/ppp/link.h"

// Codes and directions: RFC 3145 2.1, 2.2 (1 = the fault is the peer's, 2 = it is ours).
static const struct ppp_reason_info reasons[PPP_REASON_COUNT] = {
	[PPP_REASON_NONE] = {"none", "no fault", 0, 0, 0},
	[PPP_REASON_CLOSED] = {"closed", "closed by this side", 1, 0, 2},
	[PPP_REASON_LOWER_DOWN] = {"lower-down", "the L2TP session under the link ended", 0, 0, 0},
	[PPP_REASON_PEER_TERMINATED] = {"peer-terminated", "the peer ended the link (LCP Terminate-Request)", 3, PPP_LCP, 1},
	[PPP_REASON_PEER_RENEGOTIATES] = {"peer-renegotiates", "the peer starts the negotiation over again", 0, 0, 1},
	[PPP_REASON_LCP_SILENT] = {"lcp-silent", "not one PPP packet came from the peer", 6, PPP_LCP, 1},
	[PPP_REASON_LCP_TIMEOUT] = {"lcp-timeout", "LCP came to no end in time", 5, PPP_LCP, 0},
	[PPP_REASON_LCP_NOT_CONVERGING] = {"lcp-not-converging", "the two sides' LCP options do not fit together", 5, PPP_LCP, 0},
	[PPP_REASON_LCP_REJECTED] = {"lcp-rejected", "the peer rejects LCP itself", 5, PPP_LCP, 1},
	[PPP_REASON_LOOPED] = {"looped", "the line is looped: our own packets come back", 7, PPP_LCP, 0},
	[PPP_REASON_ECHO_TIMEOUT] = {"echo-timeout", "the peer answers no LCP Echo-Request any more", 8, PPP_LCP, 1},
	[PPP_REASON_AUTH_TIMEOUT] = {"auth-timeout", "PPP authentication came to no end in time", 13, 0, 0},
	[PPP_REASON_AUTH_PROTOCOL] = {"auth-protocol", "no way to authenticate (PAP, CHAP, MS-CHAPv2) is allowed on both sides",
		15, 0, 2},
	[PPP_REASON_AUTH_REFUSED] = {"auth-refused", "the LNS refused the user name or password", 16, 0, 2},
	[PPP_REASON_AUTH_UE_CHAP] = {"auth-ue-chap",
		"the SIM brought a CHAP answer of its own, but the LNS asks afresh and no password is stored: let the LNS "
		"accept proxy authentication, or store the password",
		16, 0, 2},
	[PPP_REASON_AUTH_NO_CREDENTIALS] = {"auth-no-credentials", "the LNS asks for a password and none is known for this SIM",
		16, 0, 2},
	[PPP_REASON_AUTH_PEER_UNPROVEN] = {"auth-peer-unproven", "the LNS did not prove that it knows the password (MS-CHAPv2)",
		16, 0, 1},
	[PPP_REASON_PEER_BAD_CREDENTIALS] = {"peer-bad-credentials", "the peer's user name or password is wrong", 16, 0, 1},
	[PPP_REASON_NCP_TIMEOUT] = {"ncp-timeout", "the peer does not finish the network protocol", 17, PPP_IPCP, 1},
	[PPP_REASON_NCP_REJECTED] = {"ncp-rejected", "the peer rejects the network protocol", 18, PPP_IPCP, 1},
	[PPP_REASON_ADDRESS_NOT_CONVERGING] = {"address-not-converging", "the two sides do not agree on addresses", 19, PPP_IPCP,
		0},
	[PPP_REASON_NO_ADDRESS] = {"no-address", "the LNS gives no address", 20, PPP_IPCP, 1},
};

const struct ppp_reason_info *ppp_reason_info(enum ppp_reason reason)
{
	return &reasons[(unsigned int)reason < PPP_REASON_COUNT ? reason : PPP_REASON_NONE];
}

const char *ppp_phase_name(enum ppp_phase phase)
{
	static const char *const names[] = {"dead", "establish", "authenticate", "network", "terminate"};

	return (unsigned int)phase < array_len(names) ? names[phase] : "unknown";
}

const char *ppp_auth_name(enum ppp_auth auth)
{
	switch (auth) {
	case PPP_AUTH_PAP:
		return "pap";
	case PPP_AUTH_CHAP_MD5:
		return "chap-md5";
	case PPP_AUTH_MSCHAPV2:
		return "mschapv2";
	default:
		return "none";
	}
}
