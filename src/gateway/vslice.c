// SPDX-License-Identifier: Apache-2.0
// VSlices at work. A change of the configuration is taken by what it concerns only: a LAC or LNS that is as before keeps its tunnels and
// sessions, other timers reach live tunnels, another secret or address makes a new tunnel.
#include "gateway/vslice.h"

#include "base/clean.h"
#include "gateway/health.h"
#include "gateway/integrated.h"
#include "gateway/rescue.h"
#include "gateway/resume.h"
#include "gateway/session.h"
#include "gateway/vslice_rules.h"
#include "gateway/vslice_watch.h"

#include <errno.h>
#include <stdio.h>

LOG_CATEGORY(vslice);

#define TUNNEL_ID_REST_MS 60000
#define WARM_MS 1000
#define STOP_LOOK_MS 50 // how often a VSlice that ends looks whether its StopCCNs are acknowledged
#define STOP_LIMIT_MS 5000

static void pair_free(struct pair *pair)
{
	for (struct tunnel *tunnel = pair->tunnels, *next; tunnel; tunnel = next) {
		next = tunnel->next;
		tunnel->pair = NULL;
		tunnel_close(tunnel, L2TP_STOP_clear, "removed from the configuration");
	}
	profile_unref(&pair->profile);
	free(pair);
}

struct pair *lac_find_pair(const struct lac *lac, const struct uuid *lns_id)
{
	for (struct pair *pair = lac->pairs; pair; pair = pair->next)
		if (uuid_equal(&pair->lns_id, lns_id))
			return pair;
	return NULL;
}

// Those that are being dialled end as they began.
static void sessions_take_profile(struct tunnel *tunnel)
{
	struct l2tp_session *l2tp;

	for (uint32_t cursor = 0; (l2tp = l2tp_tunnel_session_next(&tunnel->l2tp, &cursor));) {
		struct session *session = container_of(l2tp, struct call, l2tp)->session;

		if (session && !session->attach)
			session_take_profile(session, tunnel->profile);
	}
}

// Live tunnels and sessions learn the new options; where identity or secret differ, the tunnel is built anew.
static void pair_take_profile(struct pair *pair, struct profile *profile)
{
	bool is_changed;

	if (pair->profile && profile_equal(pair->profile, profile)) {
		profile_unref(&profile);
		return;
	}
	for (struct tunnel *tunnel = pair->tunnels, *next; tunnel; tunnel = next) {
		bool taken = l2tp_tunnel_reconfigure(&tunnel->l2tp, &profile->l2tp);

		next = tunnel->next;
		profile_unref(&tunnel->profile);
		tunnel->profile = profile_ref(profile);
		dp_tunnel_set_framing(tunnel->dp, &profile->framing);
		sessions_take_profile(tunnel);
		if (!taken)
			tunnel_close(tunnel, L2TP_STOP_clear, "the tunnel's settings were changed");
		else
			tunnel_settle(tunnel);
	}
	is_changed = pair->profile != NULL;
	profile_unref(&pair->profile);
	pair->profile = profile;
	pair->health.since_ms = pair->health.unanswered = 0; // whatever was wrong may be mended
	if (is_changed)
		habits_forget(pair);
	pair->has_redirect = pair->has_other_secret = false;
	pair->secret = 0;
}

static void pairs_apply(struct lac *lac, const struct vslice_config *config, const struct lac_config *lac_config)
{
	struct pair *old = lac->pairs, **link = &lac->pairs;

	lac->pairs = NULL;
	vec_each (&config->lnss, lns) {
		struct pair **from = &old, *pair = NULL;
		struct profile *profile = profile_new(lac->vslice->gateway, config, lac_config, lns);

		while (*from && !(uuid_equal(&(*from)->lns_id, &lns->id) && ip_end_equal(&(*from)->lns, &lns->address)))
			from = &(*from)->next;
		if (*from) {
			pair = *from;
			*from = pair->next;
		} else {
			pair = calloc(1, sizeof(*pair));
		}
		if (!pair || !profile) {
			log_err("memory is out vslice=%s", lac->vslice->moniker);
			free(pair);
			profile_unref(&profile);
			continue;
		}
		pair->lac = lac;
		pair->lns_id = lns->id;
		pair->lns = lns->address;
		pair->preference = lns->preference;
		if (!pair->profile)
			habits_load(pair);
		pair_take_profile(pair, profile);
		pair->next = NULL;
		*link = pair;
		link = &pair->next;
	}
	for (struct pair *next; old; old = next) {
		next = old->next;
		pair_free(old);
	}
}

// A LAC's socket has the name of its slice too: two may have the same address.
static const char *socket_name(const struct lac *lac, char name[KEEPER_NAME])
{
	char text[IP_END_TEXT];

	snprintf(name, KEEPER_NAME, "lac %s %s", lac->vslice->id.text, ip_end_text(&lac->address, text));
	return name;
}

// With sourcePort ephemeral the kernel has chosen the port.
static struct ip_end really_bound(const struct lac *lac, int fd)
{
	struct sockaddr_in in = {0};
	socklen_t len = sizeof(in);
	struct ip_end bound = lac->bound;

	if (!getsockname(fd, (struct sockaddr *)&in, &len) && in.sin_family == AF_INET)
		bound.port = ntohs(in.sin_port);
	return bound;
}

static void lac_on_socket(void *owner, int fd)
{
	struct lac *lac = owner;
	struct vslice *vslice = lac->vslice;
	int error = fd;

	gateway_wake(vslice->gateway);
	lac->opening = false;
	if (fd >= 0 && !lac->stale) {
		struct ip_end bound = really_bound(lac, fd);

		error = dp_lac_new(vslice->gateway->dp, fd, &bound, lac, &lac->dp);
	} else if (fd >= 0)
		close(fd);
	if (error < 0) {
		char text[IP_END_TEXT];

		snprintf(vslice->message, sizeof(vslice->message), "the LAC's socket %s can't be opened: %s",
			ip_end_text(&lac->address, text), strerror(-error));
		log_err("the LAC's socket can't be opened vslice=%s lac=%s error=%s", vslice->moniker, text, strerror(-error));
	}
	if (lac->stale) {
		lac_free_if_unused(lac);
		return;
	}
	vslice_report(vslice);
	if (lac->dp) {
		resume_lac(lac);
		vslice_warm(vslice);
	}
}

static void lac_on_new_socket(void *owner, int fd)
{
	struct lac *lac = owner;
	char name[KEEPER_NAME];

	if (fd >= 0 && !lac->stale)
		keeper_put(lac->vslice->gateway->keeper, socket_name(lac, name), fd);
	lac_on_socket(lac, fd);
}

// At a restart the sockets are there before the slice is looked at, and the first packet of the loop finds its session. Nobody else can have their
// addresses while they are kept, whether or not anything of before is known. A LAC that is changed later opens one of its own.
static void lacs_take_kept(struct vslice *vslice)
{
	char name[KEEPER_NAME];
	int fd;

	for (struct lac *lac = vslice->lacs; lac; lac = lac->next)
		if (!lac->dp && !lac->opening && !lac->stale &&
			keeper_take(vslice->gateway->keeper, socket_name(lac, name), &fd) == 0)
			lac_on_socket(lac, fd);
}

static void lacs_open(struct vslice *vslice)
{
	for (struct lac *lac = vslice->lacs; lac; lac = lac->next) {
		if (lac->dp || lac->opening || lac->stale)
			continue;
		lac->opening = true;
		slice_socket(vslice->slice, &lac->bound, lac_on_new_socket, lac);
	}
}

static bool lac_has_tunnels(const struct lac *lac)
{
	const struct tunnel *tunnel;

	for (size_t at = 0; (tunnel = map_next(&lac->vslice->tunnels, &at));)
		if (tunnel->lac == lac)
			return true;
	return false;
}

void lac_free_if_unused(struct lac *lac)
{
	struct lac **link = &lac->vslice->lacs;
	char name[KEEPER_NAME];

	if (!lac->stale || lac->opening || lac_has_tunnels(lac))
		return;
	keeper_drop(lac->vslice->gateway->keeper, socket_name(lac, name));
	while (*link != lac)
		link = &(*link)->next;
	*link = lac->next;
	dp_lac_free(&lac->dp);
	free(lac);
}

static void lac_retire(struct lac *lac)
{
	struct pair *next;

	lac->stale = true;
	for (struct pair *pair = lac->pairs; pair; pair = next) {
		next = pair->next;
		pair_free(pair);
	}
	lac->pairs = NULL;
	lac_free_if_unused(lac);
}

struct lac *vslice_find_lac(const struct vslice *vslice, const struct uuid *id)
{
	for (struct lac *lac = vslice->lacs; lac; lac = lac->next)
		if (!lac->stale && uuid_equal(&lac->id, id))
			return lac;
	return NULL;
}

// One that was retired, whose last tunnels still linger: its socket is the only one that can have that address.
static struct lac *revive(struct vslice *vslice, const struct lac_config *config, const struct ip_end *bound)
{
	for (struct lac *lac = vslice->lacs; lac; lac = lac->next) {
		if (!lac->stale || !ip_end_equal(&lac->address, &config->address) || !ip_end_equal(&lac->bound, bound))
			continue;
		lac->stale = false;
		lac->id = config->id;
		return lac;
	}
	return NULL;
}

static struct ip_end bound_of(const struct lac_config *config, const struct l2tp_settings *settings)
{
	struct ip_end bound = config->address;

	if (settings->source_port == SOURCE_PORT_FIXED)
		bound.port = 1701;
	else if (settings->source_port == SOURCE_PORT_EPHEMERAL)
		bound.port = 0;
	return bound;
}

static int lacs_apply(struct vslice *vslice, const struct vslice_config *config)
{
	struct l2tp_settings *settings;
	struct lac *next;

	if (settings_new(config->settings, &settings))
		return -ENOMEM;
	for (struct lac *lac = vslice->lacs; lac; lac = next) {
		const struct lac_config *as = vslice_lac(config, &lac->id);

		next = lac->next;
		struct ip_end bound = as ? bound_of(as, settings) : lac->bound;

		if (!lac->stale && (!as || !ip_end_equal(&as->address, &lac->address) || !ip_end_equal(&bound, &lac->bound)))
			lac_retire(lac);
	}
	vec_each (&config->lacs, lac_config) {
		struct ip_end bound = bound_of(lac_config, settings);
		struct lac *lac = vslice_find_lac(vslice, &lac_config->id);

		if (!lac)
			lac = revive(vslice, lac_config, &bound);
		if (!lac) {
			lac = calloc(1, sizeof(*lac));
			if (!lac)
				break;
			lac->vslice = vslice;
			lac->id = lac_config->id;
			lac->address = lac_config->address;
			lac->bound = bound;
			lac->next = vslice->lacs;
			vslice->lacs = lac;
		}
		pairs_apply(lac, config, lac_config);
	}
	settings_free(&settings);
	return 0;
}

static bool pair_is_warm(const struct pair *pair)
{
	for (const struct tunnel *tunnel = pair->tunnels; tunnel; tunnel = tunnel->next)
		if (!tunnel->is_draining && tunnel->l2tp.state != L2TP_TUNNEL_CLOSING)
			return true;
	return false;
}

void vslice_warm(struct vslice *vslice)
{
	uint64_t now_ms = vslice->gateway->now_ms;

	if (vslice->stopping)
		return;
	wheel_arm(&vslice->gateway->wheel, &vslice->warm_timer, now_ms + WARM_MS);
	if (!vslice->ready)
		return;
	if (vslice->integrated) {
		integrated_open(vslice);
		integrated_tick(vslice);
		return;
	}
	lacs_open(vslice); // one whose address was not free is tried again
	for (struct lac *lac = vslice->lacs; lac; lac = lac->next) {
		for (struct pair *pair = lac->pairs; lac->dp && pair; pair = pair->next) {
			struct tunnel *tunnel;

			health_tick(pair);
			if (pair_is_warm(pair) || !pair->profile->settings->keep_tunnel_up || pair_is_held(pair) ||
				!pair->reached)
				continue;
			(void)tunnel_get(pair, &tunnel);
		}
	}
}

// With keepTunnelUp the last one of a pair stays, idle or not.
static bool is_kept(const struct tunnel *tunnel)
{
	unsigned others = 0;

	if (!tunnel->pair || !tunnel->profile->settings->keep_tunnel_up)
		return false;
	for (const struct tunnel *other = tunnel->pair->tunnels; other; other = other->next)
		others += other != tunnel && !other->is_draining && other->l2tp.state == L2TP_TUNNEL_ESTABLISHED;
	return !others;
}

// Tunnels that nobody needs any longer: drained ones, and idle ones where the settings say so.
static void close_unused(struct vslice *vslice)
{
	uint64_t now_ms = vslice->gateway->now_ms;
	struct tunnel *tunnel;

	for (size_t at = 0; (tunnel = map_next(&vslice->tunnels, &at));) {
		uint64_t idle_ms = (uint64_t)tunnel->profile->settings->idle_timeout_s * 1000;

		if (tunnel->l2tp.state != L2TP_TUNNEL_ESTABLISHED || tunnel->l2tp.sessions)
			continue;
		if (!tunnel->is_draining && is_kept(tunnel))
			continue;
		if (tunnel->is_draining)
			tunnel_close(tunnel, L2TP_STOP_clear, "drained");
		else if (idle_ms && now_ms - tunnel->unused_ms >= idle_ms)
			tunnel_close(tunnel, L2TP_STOP_clear, "idle");
	}
}

static bool is_quiet(const struct vslice *vslice)
{
	const struct tunnel *tunnel;

	for (size_t at = 0; (tunnel = map_next(&vslice->tunnels, &at));)
		if (!tunnel->gone && !l2tp_channel_idle(&tunnel->l2tp.channel))
			return false;
	return true;
}

static void on_warm_due(struct timer *timer, uint64_t now_ms)
{
	struct vslice *vslice = container_of(timer, struct vslice, warm_timer);

	if (!vslice->stopping) {
		close_unused(vslice);
		vslice_warm(vslice);
	} else if (!vslice->gateway->stopping && (is_quiet(vslice) || now_ms >= vslice->stop_deadline_ms)) {
		vslice_free(vslice, false);
	} else {
		wheel_arm(&vslice->gateway->wheel, timer, now_ms + STOP_LOOK_MS);
	}
}

static void reach_update(struct vslice *vslice)
{
	const struct vslice_config *config = config_vslice(vslice->gateway->config, &vslice->id);

	for (struct lac *lac = vslice->lacs; config && lac; lac = lac->next) {
		for (struct pair *pair = lac->pairs; pair; pair = pair->next) {
			char why[160] = "";

			vslice_rules_gather(vslice); // what went the old way counts for the old rules
			(void)slice_path(
				config, vslice->gateway->config, &lac->address, &pair->lns, &pair->path, pair->path_rules);
			for (struct tunnel *tunnel = pair->tunnels; tunnel; tunnel = tunnel->next)
				tunnel_follow_path(tunnel);
			pair->reached = slice_reaches(config, vslice->gateway->config, &lac->address.addr, &pair->lns, why);
			if (!pair->reached)
				snprintf(pair->last_error, sizeof(pair->last_error), "%s", why);
		}
	}
}

// Where the packets take another way now, each tunnel is asked at once whether it works: NAT may have changed its source, and what does not
// answer is better known in seconds than after a minute of silence.
static void follow_ways(struct vslice *vslice)
{
	const struct vslice_config *config = config_vslice(vslice->gateway->config, &vslice->id);

	for (struct lac *lac = vslice->lacs; config && lac; lac = lac->next) {
		for (struct pair *pair = lac->pairs; pair; pair = pair->next) {
			struct uuid before = pair->way;

			slice_way(config, vslice->gateway->config, &lac->address.addr, &pair->lns, &pair->way);
			if (uuid_is_none(&before) || uuid_equal(&before, &pair->way))
				continue;
			for (struct tunnel *tunnel = pair->tunnels; tunnel; tunnel = tunnel->next)
				if (tunnel->l2tp.state == L2TP_TUNNEL_ESTABLISHED)
					l2tp_tunnel_hello(&tunnel->l2tp, vslice->gateway->now_ms);
		}
	}
}

static void on_applied(
	void *owner, struct slice *slice, int error, const char *message, const struct slice_target_status *targets, size_t count)
{
	struct vslice *vslice = owner;

	(void)slice;
	gateway_wake(vslice->gateway);
	vslice_watch_targets(vslice, targets, count);
	vslice->ready = !error;
	snprintf(vslice->message, sizeof(vslice->message), "%s", error ? message : "");
	if (error)
		log_err("the slice can't be set up vslice=%s error=\"%s\"", vslice->moniker, message);
	else
		log_info("the slice is set up vslice=%s targets=%zu", vslice->moniker, count);
	reach_update(vslice);
	if (!error && vslice->integrated) {
		integrated_applied(vslice);
	} else if (!error) {
		follow_ways(vslice);
		lacs_open(vslice);
	}
	vslice_follow_mtu(vslice);
	vslice_report(vslice);
	vslice_warm(vslice);
	resume_slice_ready(vslice->gateway);
}

static int vslice_new(struct gateway *gateway, const struct vslice_config *config, struct vslice **out)
{
	struct vslice *vslice = calloc(1, sizeof(*vslice));
	struct slice_host host = {.on_applied = on_applied, .owner = vslice};
	int error;

	if (!vslice)
		return -ENOMEM;
	vslice->gateway = gateway;
	vslice->id = config->id;
	vslice->moniker = strdup(config->moniker);
	vslice->warm_timer.fire = on_warm_due;
	snprintf(vslice->message, sizeof(vslice->message), "the slice is being set up");
	error = idset_new(1, 65535, TUNNEL_ID_REST_MS, &vslice->tunnel_ids);
	if (!error)
		error = slice_new(gateway->worker, gateway->options->name, &config->id, config->moniker, &host, &vslice->slice);
	if (!error)
		error = strmap_put(&gateway->vslices, vslice->id.text, vslice);
	if (error) {
		vslice_free(vslice, false);
		return error;
	}
	vslice_watch_start(vslice);
	*out = vslice;
	return 0;
}

int vslice_apply(struct gateway *gateway, const struct vslice_config *config, bool can_wait)
{
	struct vslice *vslice = gateway_vslice(gateway, &config->id);
	bool is_new;
	int error;

	if (vslice && vslice->stopping) { // it came back while it was going
		vslice_free(vslice, false);
		vslice = NULL;
	}
	is_new = !vslice;
	error = is_new ? vslice_new(gateway, config, &vslice) : 0;
	if (error)
		return log_err_r(error, "a VSlice can't be set up vslice=%s error=%s", config->moniker, strerror(-error));
	error = config->type == VSLICE_L2TP ? lacs_apply(vslice, config) : integrated_apply(vslice, config);
	if (config->type == VSLICE_L2TP && is_new)
		lacs_take_kept(vslice);
	else if (config->type != VSLICE_L2TP && gateway->resume && !error)
		integrated_take_kept(vslice);
	if (config->type == VSLICE_L2TP)
		vslice_limit(vslice, config);
	reach_update(vslice);
	slice_can_wait(vslice->slice, can_wait);
	slice_apply(vslice->slice, config, gateway->config);
	return error;
}

void vslice_stop(struct vslice *vslice)
{
	struct tunnel *tunnel;

	vslice->stopping = true;
	rescue_stop(vslice);
	vslice->stop_deadline_ms = vslice->gateway->now_ms + STOP_LIMIT_MS;
	wheel_arm(&vslice->gateway->wheel, &vslice->warm_timer, vslice->gateway->now_ms + STOP_LOOK_MS);
	if (vslice->integrated)
		integrated_end_sessions(vslice);
	for (size_t at = 0; (tunnel = map_next(&vslice->tunnels, &at));)
		tunnel_close(tunnel, L2TP_STOP_shutdown, NULL);
}

static void lac_drop(struct lac *lac, bool keep)
{
	char name[KEEPER_NAME];

	if (!keep)
		keeper_drop(lac->vslice->gateway->keeper, socket_name(lac, name));
	for (struct pair *pair = lac->pairs, *next; pair; pair = next) {
		next = pair->next;
		profile_unref(&pair->profile);
		free(pair);
	}
	dp_lac_free(&lac->dp);
	free(lac);
}

void vslice_free(struct vslice *vslice, bool keep)
{
	struct tunnel *tunnel;
	struct lac *next;

	wheel_disarm(&vslice->gateway->wheel, &vslice->warm_timer);
	rescue_stop(vslice);
	vslice_watch_stop(vslice);
	for (size_t at = 0; (tunnel = map_next(&vslice->tunnels, &at)); at = 0)
		tunnel_free(tunnel);
	vslice_rules_free(vslice);
	integrated_free(vslice, keep);
	if (vslice->slice)
		slice_free(&vslice->slice, keep);
	for (struct lac *lac = vslice->lacs; lac; lac = next) {
		next = lac->next;
		lac_drop(lac, keep);
	}
	if (gateway_vslice(vslice->gateway, &vslice->id) == vslice)
		strmap_del(&vslice->gateway->vslices, vslice->id.text);
	map_fini(&vslice->tunnels);
	idset_free(&vslice->tunnel_ids);
	free(vslice->targets);
	free(vslice->traffic);
	free(vslice->moniker);
	free(vslice);
}
