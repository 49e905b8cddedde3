// SPDX-License-Identifier: Apache-2.0
// A policy's entries come with the networks that they are about (docs/reference/gateway-link.md): whole countries by their mobile
// country code, operators by country and network code. So this gateway needs no list of operators.
#include "gateway/steering.h"

#include "base/clean.h"
#include "gateway/config_kinds.h"
#include "gateway/jsonget.h"
#include "proto/gtp/gtp.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { DIGITS_COUNTRY = 3 };

static int network_parse(const char *text, struct plmn *out)
{
	size_t len = strspn(text, "0123456789");

	if (text[len] || len != DIGITS_COUNTRY)
		return text[len] ? -EINVAL : plmn_parse(text, out);
	*out = (struct plmn){.mcc = (uint16_t)strtoul(text, NULL, 10)};
	return 0;
}

static int entry_decode(const json_t *row, struct steering_entry *entry, char *why)
{
	static const char *const actions[] = {
		[STEERING_ALLOW] = "allow", [STEERING_REJECT_SOFT] = "reject-soft", [STEERING_REJECT_HARD] = "reject-hard"};
	static const char *const radios[] = {[RADIO_2G] = "2g", [RADIO_3G] = "3g", [RADIO_45G] = "45g"};
	const char *action = jsonget_text(row, "action", "allow"), *radio = jsonget_text(row, "radioAccess", "");
	json_t *text;
	size_t i;

	for (size_t a = STEERING_ALLOW; a < array_len(actions); a++)
		if (!strcmp(actions[a], action))
			entry->action = (enum steering_action)a;
	for (size_t r = RADIO_2G; r < array_len(radios); r++)
		if (!strcmp(radios[r], radio))
			entry->radio = (enum radio_access)r;
	uuid_set(&entry->gateway, jsonget_text(row, "regionalGateway", NULL));
	entry->gateway_moniker = jsonget_dup(row, "regionalGatewayMoniker");
	json_array_foreach(json_object_get(row, "networks"), i, text)
	{
		struct plmn *network = vec_add(&entry->networks);

		if (!network || !json_is_string(text) || network_parse(json_string_value(text), network)) {
			snprintf(why, 160, "networks holds something that is no network");
			return -EINVAL;
		}
	}
	if (!entry->action || (*radio && !entry->radio)) {
		snprintf(why, 160, "an action or a radioAccess that is not known");
		return -EINVAL;
	}
	return 0;
}

void config_steering_free(void *object)
{
	struct steering_config *policy = object;

	if (!policy)
		return;
	vec_each (&policy->entries, entry) {
		vec_free(&entry->networks);
		free(entry->gateway_moniker);
	}
	vec_free(&policy->entries);
	free(policy->moniker);
	free(policy);
}

int config_steering_decode(struct config *config, const json_t *data, void **out, char *why)
{
	struct steering_config *policy = calloc(1, sizeof(*policy));
	json_t *row;
	size_t i;
	int error = 0;

	(void)config;
	if (!policy)
		return -ENOMEM;
	policy->moniker = jsonget_dup(data, "moniker");
	json_array_foreach(json_object_get(data, "entries"), i, row)
	{
		struct steering_entry *entry = vec_add(&policy->entries);

		error = entry ? entry_decode(row, entry, why) : -ENOMEM;
		if (error)
			break;
	}
	if (error)
		config_steering_free(policy);
	else
		*out = policy;
	return error;
}

// TS 29.274 8.17, TS 29.060 7.7.50. What is neither (WLAN) is only met by entries about all.
static enum radio_access radio_of(uint8_t rat)
{
	switch (rat) {
	case GTP_RAT_GERAN:
	case GTP_RAT_GAN:
		return RADIO_2G;
	case GTP_RAT_UTRAN:
	case GTP_RAT_HSPA_EVOLUTION:
		return RADIO_3G;
	case GTP_RAT_EUTRAN:
	case GTP_RAT_NB_IOT:
	case GTP_RAT_LTE_M:
	case GTP_RAT_NR:
		return RADIO_45G;
	default:
		return 0;
	}
}

// How well the entry fits: 0 = not at all.
static int fit(const struct steering_entry *entry, const struct plmn *network, enum radio_access radio)
{
	int best = entry->networks.count ? 0 : 1;

	if (entry->radio && entry->radio != radio)
		return 0;
	vec_each (&entry->networks, own) {
		if (own->mnc_digits && plmn_equal(own, network))
			best = 5;
		else if (!own->mnc_digits && own->mcc == network->mcc && best < 3)
			best = 3;
	}
	return best && entry->radio ? best + 1 : best;
}

const struct steering_entry *steering_entry_of(const struct steering_config *policy, const struct plmn *network, uint8_t rat)
{
	const struct steering_entry *found = NULL;
	int best = 0;

	vec_each (&policy->entries, entry) {
		int now = fit(entry, network, radio_of(rat));

		if (now > best) {
			best = now;
			found = entry;
		}
	}
	return found;
}

static void say(const struct steering_config *policy, const struct plmn *network, uint8_t rat, const char *gateway, char *why,
	size_t size)
{
	char text[PLMN_TEXT] = "unknown";

	if (network->mcc)
		plmn_text(network, text);
	if (gateway)
		snprintf(
			why, size, "network %s, Regional Policy \"%s\": Regional Gateway \"%s\"", text, policy->moniker, gateway);
	else
		snprintf(why, size, "network %s, RAT %s, Operator Policy \"%s\"", text, gtp_rat_name(rat), policy->moniker);
}

enum refusal steering_check(const struct config *config, const struct group_config *group, const struct vslice_config *vslice,
	const struct plmn *network, uint8_t rat, char *why, size_t size)
{
	const struct steering_config *operators = config_operator_policy(config, &group->operator_policy);
	const struct steering_config *regions =
		vslice->type == VSLICE_INTEGRATED ? config_regional_policy(config, &group->regional_policy) : NULL;
	const struct steering_entry *entry = operators ? steering_entry_of(operators, network, rat) : NULL;

	if (entry && entry->action != STEERING_ALLOW) {
		say(operators, network, rat, NULL, why, size);
		return entry->action == STEERING_REJECT_SOFT ? REFUSED_STEERED_SOFT : REFUSED_STEERED_HARD;
	}
	entry = regions ? steering_entry_of(regions, network, rat) : NULL;
	if (entry && !uuid_equal(&entry->gateway, &config->gateway_id)) {
		say(regions, network, rat, entry->gateway_moniker ? entry->gateway_moniker : "", why, size);
		return REFUSED_REGION;
	}
	return REFUSED_NONE;
}
