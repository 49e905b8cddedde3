// SPDX-License-Identifier: Apache-2.0
// What of a VSlice an LNS must match, as the values of a template: one file a kind of LNS (*.tmpl), built into the program.
//
// Both ends must agree on the secret, on who calls itself what (where the LNS tells LACs apart by host name), on PPP's authentication
// and on the MRU. The rest (windows, HELLO, hiding) works with any value; ours is written where the LNS has a word for it.
#include "controller/lnsconfig/lnsconfig.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clean.h"
#include "base/log.h"
#include "controller/lnsconfig/template.h"

LOG_CATEGORY(lnsconfig);

// Made from the .tmpl files by tools/embed.
extern const char lnsconfig_accel_ppp[], lnsconfig_ios_xe[], lnsconfig_junos[], lnsconfig_l2tpns[], lnsconfig_mpd5[],
	lnsconfig_routeros[], lnsconfig_sros[], lnsconfig_xl2tpd[];

const struct lnsconfig_kind lnsconfig_kinds[] = {
	{"ios-xe", "Cisco IOS XE", false, lnsconfig_ios_xe},
	{"junos", "Juniper Junos (MX)", false, lnsconfig_junos},
	{"sros", "Nokia SR OS", false, lnsconfig_sros},
	{"routeros", "MikroTik RouterOS 7", false, lnsconfig_routeros},
	{"accel-ppp", "accel-ppp", false, lnsconfig_accel_ppp},
	{"xl2tpd", "xl2tpd and pppd (Linux)", true, lnsconfig_xl2tpd},
	{"mpd5", "mpd5 (FreeBSD)", false, lnsconfig_mpd5},
	{"l2tpns", "l2tpns", true, lnsconfig_l2tpns},
	{0},
};

const struct lnsconfig_kind *lnsconfig_kind_find(const char *moniker)
{
	for (const struct lnsconfig_kind *kind = lnsconfig_kinds; kind->moniker; kind++)
		if (strcasecmp(kind->moniker, moniker) == 0)
			return kind;
	return NULL;
}

static const char *yes(bool holds)
{
	return holds ? "yes" : "";
}

// What the LNS shall ask for: what the sessions can answer.
static const char *auth_word(int64_t auth)
{
	static const char *const words[] = {
		[LINK_AUTH_NONE] = "none",
		[LINK_AUTH_PAP] = "pap",
		[LINK_AUTH_CHAP] = "chap",
		[LINK_AUTH_MSCHAPV2] = "mschapv2",
		[LINK_AUTH_PCO] = "any",
	};

	return auth >= 0 && (size_t)auth < array_len(words) && words[auth] ? words[auth] : "any";
}

static void set_settings(struct template_scope *scope, const struct l2tp_settings *settings)
{
	template_set(scope, "auth", "%s", auth_word(settings->ppp_auth));
	template_set(scope, "pap", "%s", yes(settings->ppp_auth == LINK_AUTH_PAP || settings->ppp_auth == LINK_AUTH_PCO));
	template_set(scope, "chap", "%s", yes(settings->ppp_auth == LINK_AUTH_CHAP || settings->ppp_auth == LINK_AUTH_PCO));
	template_set(scope, "mschapv2", "%s", yes(settings->ppp_auth == LINK_AUTH_MSCHAPV2));
	template_set(scope, "username", "%s", settings->ppp_username ? settings->ppp_username : "");
	template_set(scope, "mru", "%lld", (long long)settings->ppp_mru);
	template_set(scope, "mss", "%lld", (long long)settings->ppp_mru - 40);
	template_set(scope, "echo", "%lld", (long long)settings->ppp_echo_interval_s);
	template_set(scope, "hello", "%lld", (long long)(settings->hello_interval_s ? settings->hello_interval_s : 60));
	template_set(scope, "window", "%lld", (long long)settings->receive_window);
	template_set(scope, "hide", "%s", yes(settings->hide_avps));
	template_set(scope, "proxy", "%s", yes(settings->proxy_lcp || settings->proxy_auth));
	template_set(scope, "ipv6", "%s", yes(settings->ipv6cp));
	template_set(scope, "sequencing", "%s", yes(settings->sequencing == SEQUENCING_REQUIRED));
}

// What the configuration is about: an LNS, and the settings that hold toward it.
struct peer {
	const struct vslice *vslice;
	const struct lns *lns;
	struct l2tp_settings settings; // borrows its texts
};

static const char *secret_of(const struct peer *peer, const struct lac *lac)
{
	bool has_secret = lac->tunnel_secret || peer->lns->tunnel_secret;

	return has_secret && peer->settings.tunnel_auth != TUNNEL_AUTH_NONE ? "<TUNNEL-SECRET>" : "";
}

static void set_lac(struct template_scope *scope, const struct peer *peer, const struct lac *lac, size_t number)
{
	template_set(scope, "lac", "%s", lac->object.moniker ? lac->object.moniker : lac->address);
	template_set(scope, "number", "%zu", number);
	template_set(scope, "address", "%s", lac->address);
	template_set(scope, "port", "%lld", (long long)lac->port);
	template_set(scope, "secret", "%s", secret_of(peer, lac));
}

static void set_all(struct template_scope *scope, const struct peer *peer)
{
	const struct l2tp_settings *settings = &peer->settings;
	const char *name = settings->lns_host_name ? settings->lns_host_name : peer->lns->object.moniker;
	const char *lac = settings->lac_host_name ? settings->lac_host_name : peer->vslice->object.moniker;

	template_set(scope, "vslice", "%s", peer->vslice->object.moniker);
	template_set(scope, "vslice-name", "%s", peer->vslice->object.name);
	template_set(scope, "lns-address", "%s", peer->lns->address);
	template_set(scope, "lns-port", "%lld", (long long)peer->lns->port);
	template_set(scope, "lns-host-name", "%s", name ? name : "lns");
	template_set(scope, "lac-host-name", "%s", lac ? lac : "lac"); // all of a VSlice call themselves the same
	set_settings(scope, settings);
}

int lnsconfig_write(struct text *out, const struct lnsconfig_kind *kind, const struct vslice *vslice, const struct lns *lns,
	const struct lac *lac)
{
	struct template_scope scope = {0}, *items = calloc(vslice->lacs.count + 1, sizeof(*items));
	struct template_list list = {.name = "lac", .items = items};
	struct peer peer = {.vslice = vslice, .lns = lns};
	char why[200] = "out of memory";
	int error = -ENOMEM;

	settings_overlay(&vslice->settings, &lns->settings, &peer.settings);
	if (items) {
		const char *first = "";

		set_all(&scope, &peer);
		for (size_t i = 0; i < vslice->lacs.count; i++) {
			const struct lac *one = field_rows_at(&noun_lac, &vslice->lacs, i);

			if (lac && lac != one)
				continue;
			first = list.count ? first : secret_of(&peer, one);
			set_lac(&items[list.count++], &peer, one, i + 1);
		}
		template_set(&scope, "first-secret", "%s", first); // for an LNS that has one value for all LACs
		error = template_write(out, kind->source, &scope, &list, why, sizeof(why));
	}
	for (size_t i = 0; i < list.count; i++)
		template_scope_fini(&items[i]);
	template_scope_fini(&scope);
	free(items);
	return error ? log_err_r(error, "the template of an LNS is wrong kind=%s why=\"%s\"", kind->moniker, why) : 0;
}
