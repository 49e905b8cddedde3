// SPDX-License-Identifier: Apache-2.0
#include "gateway/target/underlay.h"

#include "base/clean.h"
#include "base/log.h"
#include "gateway/netns.h"
#include "gateway/nft.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

LOG_CATEGORY(underlay);

#define PEERS_LEN_MIN 8 // whoever lets half of the world speak GTP does not mean to close it to his SIMs
#define MADE "chain inet slicegate-transfer version-2" // of the table's text below

static const char table[] =
	"table inet slicegate-transfer {\n"
	"	set gtp-peers {\n"
	"		type ipv4_addr; flags interval; auto-merge;\n"
	"	}\n"
	"	set public-only {\n" // ours, and no address that the host has for itself
	"		type ipv4_addr;\n"
	"	}\n"
	"	map public {\n" // by position (natpool.h)
	"		type ipv4_addr : ipv4_addr;\n"
	"	}\n"
	"	chain version-2 {\n"
	"	}\n"
	"	chain translate {\n"
	"		type nat hook postrouting priority srcnat; policy accept;\n"
	"		oifname \"sgt*\" accept\n"
	"		ip saddr 240.0.0.0/4 snat ip to ip saddr & 0.0.15.255 map @public\n"
	"		ip saddr 240.0.0.0/4 counter drop\n" // the address is gone, and its slice will hear of it
	// IKE of a second slice would get another port below 512, such as 137, which firewalls do not let pass.
	"		ip saddr 198.18.0.0/15 udp sport { 500, 4500 } masquerade to :16384-65535\n"
	"		ip saddr 198.18.0.0/15 masquerade\n"
	"	}\n"
	"	chain forward {\n"
	"		type filter hook forward priority filter; policy accept;\n"
	"		iifname \"sgt*\" oifname \"sgt*\" counter drop\n"
	"		iifname \"sgt*\" ip daddr 169.254.0.0/16 counter drop\n"
	"		iifname \"sgt*\" ip daddr @gtp-peers counter drop\n"
	"		iifname \"sgt*\" udp dport { 2123, 2152, 3386 } counter drop\n"
	"		iifname \"sgt*\" ip saddr { 198.18.0.0/15, 240.0.0.0/4 } accept\n"
	"		oifname \"sgt*\" ct state established,related accept\n"
	"		iifname \"sgt*\" counter drop\n"
	"		oifname \"sgt*\" counter drop\n"
	"	}\n"
	"	chain input {\n"
	"		type filter hook input priority filter; policy accept;\n"
	"		iifname \"sgt*\" counter drop\n"
	"		ip daddr @public-only counter drop\n"
	"	}\n"
	"}\n";

// Where forwarding was off before us, it is on for us only.
static const char keep_apart[] = "table inet slicegate-transfer {\n"
				 "	chain was-off {\n"
				 "	}\n"
				 "	chain forward {\n"
				 "		counter drop\n"
				 "	}\n"
				 "}\n";

static VEC(struct ip_prefix) gtp_peers;
static struct natpool public;

// The public addresses become the underlay's own, but for those that it has anyway: `own` tells which do. 0 or -errno.
static int set_addresses(struct nl *underlay, bool *own)
{
	VEC(struct nl_route) routes = {0};
	int error = 0, lo = (int)if_nametoindex("lo");

	for (size_t i = 0; i < public.rows.count && !error; i++) {
		struct ip_addr addr = ip_addr_v4(public.rows.items[i].addr);
		struct nl_route *room;

		own[i] = !nl_is_address(underlay, &addr);
		if (!own[i])
			continue;
		room = vec_add(&routes);
		if (room)
			*room = (struct nl_route){.kind = NL_ROUTE_LOCAL, .to = {.addr = addr, .len = 32}, .link = lo};
		else
			error = -ENOMEM;
	}
	if (!error)
		error = nl_routes_set(underlay, RT_TABLE_LOCAL, routes.items, routes.count);
	vec_free(&routes);
	return error;
}

static void put_public(const bool *own, FILE *out)
{
	char addr[IP_ADDR_TEXT], key[IP_ADDR_TEXT];

	fputs("flush map inet slicegate-transfer public\nflush set inet slicegate-transfer public-only\n", out);
	for (size_t i = 0; i < public.rows.count; i++) {
		struct ip_addr to = ip_addr_v4(public.rows.items[i].addr), position = ip_addr_v4(public.rows.items[i].position);

		ip_addr_text(&to, addr);
		fprintf(out, "add element inet slicegate-transfer public { %s : %s }\n", ip_addr_text(&position, key), addr);
		if (own[i])
			fprintf(out, "add element inet slicegate-transfer public-only { %s }\n", addr);
	}
}

// What changes: peers and addresses. In the underlay, where the table is there.
static int fill(struct nl *underlay, char *why)
{
	_cleanup_free_ bool *own = calloc(public.rows.count + 1, sizeof(*own));
	_cleanup_free_ char *text = NULL;
	char prefix[IP_PREFIX_TEXT];
	size_t len = 0;
	FILE *out = own ? open_memstream(&text, &len) : NULL;
	int error;

	if (!out)
		return -ENOMEM;
	error = set_addresses(underlay, own);
	fputs("flush set inet slicegate-transfer gtp-peers\n", out);
	vec_each (&gtp_peers, peer)
		fprintf(out, "add element inet slicegate-transfer gtp-peers { %s }\n", ip_prefix_text(peer, prefix));
	put_public(own, out);
	if (fclose(out))
		return -ENOMEM;
	return error ? error : nft_script(text, why);
}

static void take(const struct ip_prefix *peers, size_t count, const struct natpool *pool)
{
	vec_free(&gtp_peers);
	natpool_fini(&public);
	for (size_t i = 0; i < count; i++) {
		struct ip_prefix *room =
			peers[i].addr.family == IP_V4 && peers[i].len >= PEERS_LEN_MIN ? vec_add(&gtp_peers) : NULL;

		if (room)
			*room = peers[i];
	}
	vec_each (&pool->rows, row) {
		struct natpool_row *room = vec_add(&public.rows);

		if (room)
			*room = *row;
	}
}

void underlay_set(int underlay_fd, const struct ip_prefix *peers, size_t count, const struct natpool *pool)
{
	char why[POLICY_WHY] = "";
	struct nl *underlay = NULL;
	int error;

	take(peers, count, pool);
	if (netns_enter(underlay_fd) || !nft_has(MADE))
		return;
	error = nl_new(&underlay);
	if (!error)
		error = fill(underlay, why);
	nl_free(&underlay);
	if (error)
		log_warn("message=\"the GTP peers and the public addresses cannot be set\" error=\"%s\"",
			*why ? why : strerror(-error));
}

static bool is_forwarding(void)
{
	char value = '0';
	_cleanup_close_ int fd = open("/proc/sys/net/ipv4/ip_forward", O_RDONLY | O_CLOEXEC);

	return fd >= 0 && read(fd, &value, 1) == 1 && value != '0';
}

int underlay_prepare(struct nl *underlay, char *why)
{
	bool is_old, was_on;
	char text[sizeof(table) + sizeof(keep_apart) + 60];
	int error;

	if (nft_has(MADE))
		return 0;
	is_old = nft_has("table inet slicegate-transfer");
	was_on = is_old ? !nft_has("chain inet slicegate-transfer was-off") : is_forwarding();
	snprintf(text, sizeof(text), "%s%s%s", is_old ? "delete table inet slicegate-transfer\n" : "", table,
		was_on ? "" : keep_apart);
	error = nft_script(text, why);
	if (!error)
		error = fill(underlay, why);
	if (!error && !was_on)
		error = netns_sysctl("ipv4/ip_forward", "1");
	if (error && !*why)
		snprintf(why, 160, "the underlay cannot forward: %s", strerror(-error));
	return error;
}

void underlay_leave(struct nl *underlay)
{
	char why[POLICY_WHY] = "";

	if (!nft_has("table inet slicegate-transfer"))
		return;
	nl_routes_set(underlay, RT_TABLE_LOCAL, NULL, 0);
	if (nft_has("chain inet slicegate-transfer was-off"))
		netns_sysctl("ipv4/ip_forward", "0");
	if (nft_script("delete table inet slicegate-transfer", why))
		log_warn("message=\"the underlay's rules cannot be removed\" error=\"%s\"", why);
}
