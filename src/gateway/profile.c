// SPDX-License-Identifier: Apache-2.0
// From the settings that people see to the options that the engines take: the one place where a setting gets its technical meaning.
#include "base/clean.h"
#include "gateway/vslice.h"

static struct l2tp_bytes bytes_of(const char *text)
{
	return (struct l2tp_bytes){.bytes = (const uint8_t *)text, .len = text ? (uint16_t)strlen(text) : 0};
}

static enum l2tp_auth auth_of(int64_t setting)
{
	switch (setting) {
	case TUNNEL_AUTH_NONE:
	case TUNNEL_AUTH_SEND:
		return L2TP_AUTH_NONE;
	default:
		return L2TP_AUTH_REQUIRE;
	}
}

static void l2tp_fill(struct l2tp_options *out, const struct profile *profile, const struct l2tp_settings *settings)
{
	uint32_t setup_ms = settings->retransmit_initial_ms < 500 ? (uint32_t)settings->retransmit_initial_ms : 500;

	l2tp_options_default(out);
	out->host_name = bytes_of(profile->host_name);
	out->vendor_name = settings->send_vendor_name ? bytes_of("Slicegate") : bytes_of(NULL);
	out->peer_host_name = bytes_of(settings->lns_host_name);
	if (settings->tunnel_auth != TUNNEL_AUTH_NONE)
		for (unsigned i = 0; i < L2TP_SECRETS; i++)
			out->secrets[i] = bytes_of(i ? profile->next_secret : profile->secret);
	out->auth = auth_of(settings->tunnel_auth);
	out->hide = settings->hide_avps;
	out->accept_move = settings->accept_peer_change == ACCEPT_CHANGE_ONCE;
	out->sequencing = settings->sequencing == SEQUENCING_REQUIRED ? L2TP_SEQUENCING_REQUIRED
		: settings->sequencing == SEQUENCING_OFF	      ? L2TP_SEQUENCING_OFF
								      : L2TP_SEQUENCING_ON_REQUEST;
	out->receive_window = (uint16_t)settings->receive_window;
	out->hello_ms = (uint32_t)settings->hello_interval_s * 1000;
	out->retransmit_ms = (uint32_t)settings->retransmit_initial_ms;
	out->retransmit_cap_ms = (uint32_t)settings->retransmit_cap_ms;
	out->retries = (uint8_t)settings->retransmit_max_established;
	// A device does not wait: until the tunnel is up, the first repeats are quick (a recommended default in RFC 2661 5.8 is 1 s).
	out->setup_retransmit_ms = setup_ms;
	out->setup_retries = (uint8_t)settings->retransmit_max_setup;
	out->call_wait_ms = (uint32_t)settings->overall_budget_ms;
}

static uint8_t auth_mask(int64_t setting)
{
	switch (setting) {
	case LINK_AUTH_NONE:
		return PPP_AUTH_NONE;
	case LINK_AUTH_PAP:
		return PPP_AUTH_PAP;
	case LINK_AUTH_CHAP:
		return PPP_AUTH_CHAP_MD5;
	case LINK_AUTH_MSCHAPV2:
		return PPP_AUTH_MSCHAPV2;
	default:
		return PPP_AUTH_PAP | PPP_AUTH_CHAP_MD5 | PPP_AUTH_MSCHAPV2;
	}
}

static void ppp_fill(struct ppp_options *out, const struct l2tp_settings *settings)
{
	ppp_options_init(out);
	out->mru = (uint16_t)settings->ppp_mru;
	out->magic = settings->ppp_magic;
	out->pfc = settings->ppp_pfc;
	out->acfc = settings->ppp_acfc;
	out->echo_interval_ms = 0; // silent sessions are probed by session_watch, spread
	out->echo_failures = (uint8_t)settings->ppp_echo_failures;
	out->auth_accept = auth_mask(settings->ppp_auth);
	out->ask_dns = true;
	out->ip6cp = settings->ipv6cp;
	out->proxy_sent = settings->proxy_lcp || settings->proxy_auth;
}

static void framing_fill(struct dp_framing *out, const struct l2tp_settings *settings)
{
	*out = (struct dp_framing){
		.address_control = true,
		.udp_checksum = settings->data_udp_checksum,
		.df = settings->df_policy == DF_COPY	? DP_DF_COPY
			: settings->df_policy == DF_SET ? DP_DF_SET
							: DP_DF_CLEAR,
		.dscp = settings->outer_dscp == OUTER_DSCP_FIXED ? DP_DSCP_FIXED(settings->outer_dscp_value) : DP_DSCP_COPY,
	};
}

static void profile_free(struct profile *profile)
{
	settings_free(&profile->settings);
	if (profile->secret)
		explicit_bzero(profile->secret, strlen(profile->secret));
	if (profile->next_secret)
		explicit_bzero(profile->next_secret, strlen(profile->next_secret));
	free(profile->secret);
	free(profile->next_secret);
	free(profile->host_name);
	free(profile);
}

struct profile *profile_new(const struct gateway *gateway, const struct vslice_config *vslice, const struct lac_config *lac,
	const struct lns_config *lns)
{
	struct profile *profile = calloc(1, sizeof(*profile));
	const char *secret = lns->secret ? lns->secret : lac->secret;
	const char *next = lns->secret || lns->next_secret ? lns->next_secret : lac->next_secret;

	if (!profile)
		return NULL;
	profile->refs = 1;
	if (settings_new(vslice->settings, &profile->settings)) {
		free(profile);
		return NULL;
	}
	settings_override(profile->settings, lns->settings);
	profile->secret = secret ? strdup(secret) : NULL;
	profile->next_secret = next ? strdup(next) : NULL;
	profile->host_name = strdup(profile->settings->lac_host_name ? profile->settings->lac_host_name : vslice->moniker);
	l2tp_fill(&profile->l2tp, profile, profile->settings);
	ppp_fill(&profile->ppp, profile->settings);
	profile->ppp.counters = (struct ppp_counters *)&gateway->ppp_counters;
	framing_fill(&profile->framing, profile->settings);
	return profile;
}

static bool text_equal(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

bool profile_equal(const struct profile *a, const struct profile *b)
{
	return text_equal(a->secret, b->secret) && text_equal(a->next_secret, b->next_secret) &&
		text_equal(a->host_name, b->host_name) && settings_equal(a->settings, b->settings);
}

struct profile *profile_ref(struct profile *profile)
{
	profile->refs++;
	return profile;
}

void profile_unref(struct profile **profile)
{
	if (*profile && !--(*profile)->refs)
		profile_free(*profile);
	*profile = NULL;
}
