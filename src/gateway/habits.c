// SPDX-License-Identifier: Apache-2.0
#include "gateway/habits.h"

#include "base/clean.h"
#include "gateway/records.h"
#include "gateway/tunnel.h"

#include <string.h>

LOG_CATEGORY(habits);

#define TRY_ANEW_MS 3600000 // of wall time
#define TRY_ANEW_ATTACHES 256

static const char *const proxy_words[] = {
	[PPP_PROXY_UNKNOWN] = NULL,
	[PPP_PROXY_IGNORED] = "ignores proxy LCP: negotiates anew",
	[PPP_PROXY_LCP] = "takes proxy LCP, asks for the authentication afresh",
	[PPP_PROXY_ALL] = "takes proxy LCP and authentication",
};

static const char *const ip6_words[] = {
	[HABIT_IP6_UNKNOWN] = NULL,
	[HABIT_IP6_GIVEN] = "gives IPv6 prefixes",
	[HABIT_IP6_REFUSED] = "refuses IPv6CP",
	[HABIT_IP6_SILENT] = "leaves IPv6CP unanswered",
	[HABIT_IP6_NO_PREFIX] = "speaks IPv6CP, but advertises no prefix",
};

static struct gateway *gateway_of(const struct pair *pair)
{
	return pair->lac->vslice->gateway;
}

struct search {
	struct pair *pair;
	struct habit_record key;
};

static void fill_key(const struct pair *pair, struct habit_record *out)
{
	memset(out, 0, sizeof(*out));
	uuid_pack(&pair->lac->id, out->lac);
	uuid_pack(&pair->lns_id, out->lns);
}

static void look_at(void *owner, uint32_t index, const void *bytes)
{
	const struct habit_record *record = bytes;
	struct search *search = owner;

	if (memcmp(record->lac, search->key.lac, sizeof(record->lac)) != 0 ||
		memcmp(record->lns, search->key.lns, sizeof(record->lns)) != 0 || record->proxy >= array_len(proxy_words) ||
		record->ip6 >= array_len(ip6_words))
		return;
	search->pair->habits = (struct habits){
		.learned_wall_ms = record->learned_wall_ms, .record = index, .proxy = record->proxy, .ip6 = record->ip6};
}

void habits_load(struct pair *pair)
{
	struct search search = {.pair = pair};

	pair->habits = (struct habits){.record = NO_RECORD};
	fill_key(pair, &search.key);
	if (gateway_of(pair)->state)
		state_each(gateway_of(pair)->state, TABLE_HABIT, look_at, &search);
}

void habits_forget(struct pair *pair)
{
	if (pair->habits.record != NO_RECORD)
		state_clear(gateway_of(pair)->state, TABLE_HABIT, pair->habits.record);
	pair->habits = (struct habits){.record = NO_RECORD};
}

static void store(struct pair *pair)
{
	struct state *state = gateway_of(pair)->state;
	struct habits *habits = &pair->habits;
	struct habit_record record;

	if (habits->record == NO_RECORD && state_take(state, TABLE_HABIT, &habits->record)) {
		habits->record = NO_RECORD; // it is learned again after a restart
		return;
	}
	fill_key(pair, &record);
	record.learned_wall_ms = habits->learned_wall_ms;
	record.proxy = habits->proxy;
	record.ip6 = habits->ip6;
	state_put(state, TABLE_HABIT, habits->record, &record);
}

static void learned(struct pair *pair, uint8_t *what, uint8_t now, const char *words)
{
	char lns[IP_END_TEXT];

	if (*what == now)
		return;
	pair->habits.spared = 0;
	pair->habits.learned_wall_ms = wall_ms();
	*what = now;
	store(pair);
	log_info("learned vslice=%s lns=%s what=\"%s\"", pair->lac->vslice->moniker, ip_end_text(&pair->lns, lns), words);
	for (struct tunnel *tunnel = pair->tunnels; tunnel; tunnel = tunnel->next)
		tunnel_report(tunnel);
}

// A habit that costs the SIM nothing to know needs no second look; one that keeps something from it does.
static bool is_stale(struct habits *habits)
{
	if (++habits->spared < TRY_ANEW_ATTACHES && wall_ms() - habits->learned_wall_ms < TRY_ANEW_MS)
		return false;
	habits->spared = 0;
	habits->learned_wall_ms = wall_ms(); // this attach tries it
	return true;
}

bool habits_offer_proxy(struct pair *pair, bool is_only_way)
{
	return pair->habits.proxy != PPP_PROXY_IGNORED || is_only_way || is_stale(&pair->habits);
}

enum ppp_ip6_when habits_ip6_when(struct pair *pair)
{
	switch ((enum habit_ip6)pair->habits.ip6) {
	case HABIT_IP6_GIVEN:
	case HABIT_IP6_REFUSED:
		return PPP_IP6_WITH_IPV4;
	case HABIT_IP6_SILENT:
	case HABIT_IP6_NO_PREFIX:
		return is_stale(&pair->habits) ? PPP_IP6_AFTER_IPV4 : PPP_IP6_INSTEAD;
	case HABIT_IP6_UNKNOWN:
		break;
	}
	return PPP_IP6_AFTER_IPV4;
}

void habits_note_proxy(struct pair *pair, enum ppp_proxy_use use)
{
	if (pair && use != PPP_PROXY_UNKNOWN)
		learned(pair, &pair->habits.proxy, (uint8_t)use, proxy_words[use]);
}

void habits_note_ip6(struct pair *pair, enum habit_ip6 ip6)
{
	if (pair)
		learned(pair, &pair->habits.ip6, (uint8_t)ip6, ip6_words[ip6]);
}

const char *habits_proxy_words(const struct pair *pair)
{
	return pair ? proxy_words[pair->habits.proxy] : NULL;
}

const char *habits_ip6_words(const struct pair *pair)
{
	return pair ? ip6_words[pair->habits.ip6] : NULL;
}
