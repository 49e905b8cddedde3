// SPDX-License-Identifier: Apache-2.0
// The line of a session: its timer and the PPP link on behalf of the SIM.
//
// Of a link that is up and waits for nothing there is nothing to know but what its record says (ppp_link_save), and that stands in the state file
// anyway. So the line is freed then, and made again when a packet of PPP comes, or an echo is to be sent. Most sessions have no line most of the time.
#include "gateway/session_ip6.h"

#include "base/clean.h"

#include <errno.h>

static void on_timer(struct timer *timer, uint64_t now_ms)
{
	session_on_tick(container_of(timer, struct line, timer)->session, now_ms);
}

int session_open_line(struct session *session)
{
	struct line *line = pool_take(&session->gateway->line_pool);

	if (!line)
		return -ENOMEM;
	line->session = session;
	line->timer.fire = on_timer;
	session->line = line;
	return 0;
}

void session_close_line(struct session *session)
{
	struct gateway *gateway = session->gateway;

	if (!session->line)
		return;
	wheel_disarm(&gateway->wheel, &session->line->timer);
	pool_give(&gateway->line_pool, session->line);
	session->line = NULL;
}

static bool rests(const struct session *session)
{
	return !session->line && session->state == SESSION_UP && session->call;
}

bool session_wake(struct session *session)
{
	struct gateway *gateway = session->gateway;

	if (!rests(session))
		return session->line;
	if (session_open_line(session))
		return false;
	session->line->started = !ppp_link_resume(
		&session->line->ppp, &session_ppp_ops, &session->profile->ppp, &session->facts->ppp, gateway->now_ms);
	if (!session->line->started)
		session_close_line(session);
	return session->line;
}

bool session_has_ppp(const struct session *session)
{
	return session->line ? session->line->started : rests(session);
}

const struct ppp_result *session_ppp_result(const struct session *session)
{
	return session->line ? ppp_link_result(&session->line->ppp) : &session->facts->ppp.result;
}

// When the line has something to do.
static uint64_t due_ms(const struct session *session)
{
	const struct attach *attach = session->attach;
	uint64_t due = session->line->started ? ppp_link_next(&session->line->ppp) : WHEEL_NEVER;

	if (attach && attach->deadline_ms < due)
		due = attach->deadline_ms;
	if (attach && attach->try_ms < due)
		due = attach->try_ms;
	if (attach && attach->test_until_ms)
		due = attach->test_until_ms;
	if (session_ip6_next(session) < due)
		due = session_ip6_next(session);
	return due;
}

static bool is_quiet(const struct session *session)
{
	const struct line *line = session->line;

	return !session->attach && session->state == SESSION_UP && !line->news && (!line->started || ppp_link_is_up(&line->ppp));
}

void session_settle(struct session *session)
{
	uint64_t due;

	if (!session->line)
		return;
	due = due_ms(session);
	if (due != WHEEL_NEVER || !is_quiet(session)) {
		wheel_arm(&session->gateway->wheel, &session->line->timer, due);
		return;
	}
	if (session->line->started)
		session_store_ppp(session);
	session_close_line(session);
}
