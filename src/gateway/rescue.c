// SPDX-License-Identifier: Apache-2.0
// A tunnel is lost, and its sessions with it, perhaps 50,000 at once. A session is worth more than its tunnel: the SIM still has its bearer
// and its address. So each one waits here, without a data plane, for its turn to be dialled again, asking for its old address (IPCP
// option 3). Where it is granted the SIM notices nothing; otherwise the mobile network is told to attach it again.
//
//	tunnel lost -> WAITING -> DIALLING (dial.c, an attach that nobody waits for) -> done
//	                  |            | no LNS, another address
//	                  +--(no LNS)--+-> LEAVING -> Delete Bearer, Delete PDP Context: reactivation requested
//
// Both ways are paced per VSlice: redialRate a second toward the LNSs, and never more than IN_FLIGHT at once, so that an LNS that is slow sets
// the pace itself; releaseRate a second toward the mobile network. While every LNS is on hold the sessions wait, but no longer than an attach
// may take: a SIM that is silently cut off is worse off than one that attaches again.
#include "gateway/rescue.h"

#include "base/clean.h"
#include "gateway/health.h"

#include <stdio.h>

LOG_CATEGORY(rescue);

#define TURN_MS 10
#define IN_FLIGHT 128

enum rescue_state { RESCUE_WAITING, RESCUE_DIALLING, RESCUE_LEAVING, RESCUE_STATES };

struct rescue {
	struct session *session;
	struct rescue *next, *prev;
	struct rescue_list *list;
	uint64_t lost_ms;
	struct dp_counters counters;
	char why[120];
};

struct rescue_list {
	struct rescue *first, *last;
	uint32_t count;
};

// Of one VSlice; made with the first session that waits, gone with the last.
struct rescues {
	struct vslice *vslice;
	struct timer timer;
	struct rescue_list lists[RESCUE_STATES];
	uint64_t began_ms, turn_ms;
	double redials, releases; // what may be done now
	uint32_t taken, rescued, released;
};

static void enlist(struct rescues *rescues, struct rescue *rescue, enum rescue_state state)
{
	struct rescue_list *list = &rescues->lists[state];

	rescue->list = list;
	rescue->next = NULL;
	rescue->prev = list->last;
	if (list->last)
		list->last->next = rescue;
	else
		list->first = rescue;
	list->last = rescue;
	list->count++;
}

static void unlist(struct rescue *rescue)
{
	struct rescue_list *list = rescue->list;

	if (rescue->next)
		rescue->next->prev = rescue->prev;
	else
		list->last = rescue->prev;
	if (rescue->prev)
		rescue->prev->next = rescue->next;
	else
		list->first = rescue->next;
	list->count--;
}

static const struct l2tp_settings *settings_of(const struct session *session)
{
	return session->profile->settings;
}

static bool any_works(const struct lac *lac)
{
	for (const struct pair *pair = lac->pairs; pair; pair = pair->next)
		if (pair->reached && !pair_is_held(pair))
			return true;
	return false;
}

static void end_all(struct rescues *rescues)
{
	struct vslice *vslice = rescues->vslice;

	log_info("the sessions of lost tunnels are dealt with vslice=%s taken=%u rescued=%u released=%u ms=%llu", vslice->moniker,
		rescues->taken, rescues->rescued, rescues->released,
		(unsigned long long)(vslice->gateway->now_ms - rescues->began_ms));
	wheel_disarm(&vslice->gateway->wheel, &rescues->timer);
	vslice->rescues = NULL;
	free(rescues);
}

static bool is_over(const struct rescues *rescues)
{
	for (size_t i = 0; i < RESCUE_STATES; i++)
		if (rescues->lists[i].count)
			return false;
	return true;
}

static void release(struct rescues *rescues)
{
	struct rescue *rescue;

	while (rescues->releases >= 1 && (rescue = rescues->lists[RESCUE_LEAVING].first)) {
		char why[sizeof(rescue->why)];

		memcpy(why, rescue->why, sizeof(why));
		rescues->releases--;
		rescues->released++;
		session_end(rescue->session, REFUSED_TUNNEL_LOST, SESSION_TELL_BOTH, why);
	}
}

static void redial(struct rescues *rescues, uint64_t now_ms)
{
	struct rescue_list *waiting = &rescues->lists[RESCUE_WAITING];
	struct rescue *rescue;

	while (rescues->redials >= 1 && rescues->lists[RESCUE_DIALLING].count < IN_FLIGHT && (rescue = waiting->first)) {
		struct session *session = rescue->session;
		struct lac *lac = session_lac(session);

		if (lac && !any_works(lac) && now_ms - rescue->lost_ms < (uint64_t)settings_of(session)->overall_budget_ms)
			return; // one of them may be back in a moment
		unlist(rescue);
		if (!lac || !any_works(lac)) {
			enlist(rescues, rescue, RESCUE_LEAVING);
			continue;
		}
		rescues->redials--;
		enlist(rescues, rescue, RESCUE_DIALLING);
		session_redial(session);
	}
}

static double allowance(double have, int64_t rate, uint64_t elapsed_ms)
{
	double most = (double)rate * TURN_MS / 500 + 1; // two turns' worth: a busy loop does not make a burst

	have += (double)rate * (double)elapsed_ms / 1000;
	return have < most ? have : most;
}

static void on_turn(struct timer *timer, uint64_t now_ms)
{
	struct rescues *rescues = container_of(timer, struct rescues, timer);
	struct vslice *vslice = rescues->vslice;
	const struct rescue *any = NULL;

	for (size_t i = 0; i < RESCUE_STATES && !any; i++)
		any = rescues->lists[i].first;
	if (any) {
		const struct l2tp_settings *settings = settings_of(any->session);
		uint64_t elapsed_ms = now_ms - rescues->turn_ms;

		rescues->redials = allowance(rescues->redials, settings->redial_rate, elapsed_ms);
		rescues->releases = allowance(rescues->releases, settings->release_rate, elapsed_ms);
		rescues->turn_ms = now_ms;
		redial(rescues, now_ms);
		release(rescues);
	}
	if (is_over(rescues))
		end_all(rescues);
	else
		wheel_arm(&vslice->gateway->wheel, timer, now_ms + TURN_MS);
}

static struct rescues *rescues_of(struct vslice *vslice)
{
	struct rescues *rescues = vslice->rescues;

	if (rescues)
		return rescues;
	rescues = calloc(1, sizeof(*rescues));
	if (!rescues)
		return NULL;
	rescues->vslice = vslice;
	rescues->began_ms = rescues->turn_ms = vslice->gateway->now_ms;
	rescues->timer.fire = on_turn;
	wheel_arm(&vslice->gateway->wheel, &rescues->timer, rescues->turn_ms + TURN_MS);
	vslice->rescues = rescues;
	return rescues;
}

bool rescue_take(struct session *session, const char *why)
{
	struct gateway *gateway = session->gateway;
	struct vslice *vslice = session->vslice;
	struct rescues *rescues;
	struct rescue *rescue;

	if (gateway->stopping || vslice->stopping || session->state != SESSION_UP || !session_lac(session))
		return false;
	rescues = rescues_of(vslice);
	rescue = rescues ? calloc(1, sizeof(*rescue)) : NULL;
	if (!rescue || session_unstore(session)) {
		free(rescue);
		return false;
	}
	if (session->dp)
		dp_session_del(&session->dp, &rescue->counters);
	session_close_line(session);
	rescue->session = session;
	rescue->lost_ms = gateway->now_ms;
	snprintf(rescue->why, sizeof(rescue->why), "%s", why);
	session->rescue = rescue;
	rescues->taken++;
	gateway->counters.sessions_to_rescue++;
	enlist(rescues, rescue, settings_of(session)->redial_rate ? RESCUE_WAITING : RESCUE_LEAVING);
	return true;
}

void rescue_done(struct session *session)
{
	session->vslice->rescues->rescued++;
	session->gateway->counters.sessions_rescued++;
	rescue_forget(session);
}

void rescue_failed(struct session *session, const char *why)
{
	struct rescue *rescue = session->rescue;

	if (why)
		snprintf(rescue->why, sizeof(rescue->why), "%s", why);
	unlist(rescue);
	enlist(session->vslice->rescues, rescue, RESCUE_LEAVING);
}

void rescue_forget(struct session *session)
{
	if (!session->rescue)
		return;
	unlist(session->rescue);
	free(session->rescue);
	session->rescue = NULL;
}

const struct dp_counters *rescue_counters(const struct session *session)
{
	return &session->rescue->counters;
}

void rescue_stop(struct vslice *vslice)
{
	struct rescues *rescues = vslice->rescues;
	struct rescue *rescue;

	if (!rescues)
		return;
	for (size_t i = 0; i < RESCUE_STATES; i++)
		while ((rescue = rescues->lists[i].first))
			session_end(rescue->session, REFUSED_ADMINISTRATIVE, SESSION_TELL_BOTH, "its VSlice is being removed");
	end_all(rescues);
}
