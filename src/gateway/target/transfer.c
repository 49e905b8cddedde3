// SPDX-License-Identifier: Apache-2.0
#include "gateway/target/transfer.h"

#include "base/clean.h"
#include "base/log.h"
#include "gateway/netns.h"
#include "gateway/nft.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

LOG_CATEGORY(transfer);

#define PREFIX "sgt" // of the outer ends' names
#define NET 0xc6120000u // 198.18.0.0/15
#define LINKS 65536u
#define TRIES 256
#define PEERS_LEN_MIN 8 // whoever lets half of the world speak GTP does not mean to close it to his SIMs

static const char table[] =
	"table inet slicegate-transfer {\n"
	"	set gtp-peers {\n"
	"		type ipv4_addr; flags interval; auto-merge;\n"
	"	}\n"
	"	chain translate {\n"
	"		type nat hook postrouting priority srcnat; policy accept;\n"
	// IKE of a second slice would get another port below 512, such as 137, which firewalls do not let pass.
	"		ip saddr 198.18.0.0/15 oifname != \"sgt*\" udp sport { 500, 4500 } masquerade to :16384-65535\n"
	"		ip saddr 198.18.0.0/15 oifname != \"sgt*\" masquerade\n"
	"	}\n"
	"	chain forward {\n"
	"		type filter hook forward priority filter; policy accept;\n"
	"		iifname \"sgt*\" oifname \"sgt*\" counter drop\n"
	"		iifname \"sgt*\" ip daddr 169.254.0.0/16 counter drop\n"
	"		iifname \"sgt*\" ip daddr @gtp-peers counter drop\n"
	"		iifname \"sgt*\" udp dport { 2123, 2152, 3386 } counter drop\n"
	"		iifname \"sgt*\" ip saddr 198.18.0.0/15 accept\n"
	"		oifname \"sgt*\" ct state established,related accept\n"
	"		iifname \"sgt*\" counter drop\n"
	"		oifname \"sgt*\" counter drop\n"
	"	}\n"
	"	chain input {\n"
	"		type filter hook input priority filter; policy accept;\n"
	"		iifname \"sgt*\" counter drop\n"
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

// Who speaks GTP with us: no slice's business, though the underlay knows the way. The worker thread's, and of the process as the table is.
static VEC(struct ip_prefix) gtp_peers;

// In the underlay, where the table is there.
static int set_gtp_peers(char *why)
{
	_cleanup_free_ char *text = NULL;
	char prefix[IP_PREFIX_TEXT];
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		return -ENOMEM;
	if (!nft_has("set inet slicegate-transfer gtp-peers")) // an older version's table
		fputs("add set inet slicegate-transfer gtp-peers { type ipv4_addr; flags interval; auto-merge; }\n"
		      "insert rule inet slicegate-transfer forward iifname \"sgt*\" ip daddr @gtp-peers counter drop\n",
			out);
	fputs("flush set inet slicegate-transfer gtp-peers\n", out);
	vec_each (&gtp_peers, peer)
		fprintf(out, "add element inet slicegate-transfer gtp-peers { %s }\n", ip_prefix_text(peer, prefix));
	return fclose(out) ? -ENOMEM : nft_script(text, why);
}

void transfer_keep_from(int underlay_fd, const struct ip_prefix *peers, size_t count)
{
	char why[POLICY_WHY] = "";

	vec_free(&gtp_peers);
	for (size_t i = 0; i < count; i++) {
		struct ip_prefix *room =
			peers[i].addr.family == IP_V4 && peers[i].len >= PEERS_LEN_MIN ? vec_add(&gtp_peers) : NULL;

		if (room)
			*room = peers[i];
	}
	if (netns_enter(underlay_fd) || !nft_has("table inet slicegate-transfer"))
		return;
	if (set_gtp_peers(why))
		log_warn("message=\"the GTP peers cannot be kept from the slices\" error=\"%s\"", why);
}

static bool is_forwarding(void)
{
	char value = '0';
	_cleanup_close_ int fd = open("/proc/sys/net/ipv4/ip_forward", O_RDONLY | O_CLOEXEC);

	return fd >= 0 && read(fd, &value, 1) == 1 && value != '0';
}

// In the underlay.
static int prepare_underlay(char *why)
{
	bool was_on;
	int error;

	if (nft_has("chain inet slicegate-transfer input"))
		return 0;
	was_on = is_forwarding();
	error = nft_script(table, why);
	if (!error)
		error = set_gtp_peers(why);
	if (!error && !was_on)
		error = nft_script(keep_apart, why);
	if (!error && !was_on)
		error = netns_sysctl("ipv4/ip_forward", "1");
	if (error && !*why)
		snprintf(why, 160, "the underlay cannot forward: %s", strerror(-error));
	return error;
}

static uint32_t first_index(const struct uuid *owner)
{
	uint32_t hash = 2166136261u; // FNV-1a

	for (const char *c = owner->text; *c; c++)
		hash = (hash ^ (uint8_t)*c) * 16777619u;
	return hash % LINKS;
}

static void outer_name(uint32_t index, char out[16])
{
	snprintf(out, 16, PREFIX "%04x", index);
}

// Finds the owner's pair, or makes one under the first free number from the owner's own.
static int find_or_make(
	const struct target_env *env, const struct uuid *owner, const char *name, uint32_t *index, struct nl_link *outer)
{
	uint32_t at = first_index(owner);

	for (unsigned i = 0; i < TRIES; i++, at = (at + 1) % LINKS) {
		char there[16];
		struct nl_link inner;
		int error;

		outer_name(at, there);
		*index = at;
		error = nl_link_get(env->underlay, there, outer);
		if (!error && strcmp(outer->alias, owner->text))
			continue;
		if (!error && !nl_link_get(env->inside, name, &inner))
			return 0;
		if (!error && (error = nl_link_del(env->underlay, outer->index))) // its other end is lost
			return error;
		if (!nl_link_get(env->inside, name, &inner)) // the other way round
			nl_link_del(env->inside, inner.index);
		error = nl_veth_new(env->underlay, there, name, env->inside_fd);
		if (!error)
			error = target_claim_link(env->inside, name);
		if (!error)
			error = nl_link_get(env->underlay, there, outer);
		return error ? error : nl_alias_set(env->underlay, outer->index, owner->text);
	}
	return -ENOSPC;
}

static int set_end(struct nl *nl, const struct nl_link *link, const struct ip_addr *addr)
{
	struct nl_addr row = {.addr = *addr, .len = 31};
	int error = link->flags & IFF_UP ? 0 : nl_link_up(nl, link->index);

	return error ? error : nl_addrs_set(nl, link->index, &row, 1);
}

static int start(const struct target_env *env, const struct uuid *owner, const char *name, struct transfer *out, char *why)
{
	struct nl_link outer;
	uint32_t index = 0;
	int error = netns_enter(env->underlay_fd);

	if (!error)
		error = prepare_underlay(why);
	if (!error)
		error = find_or_make(env, owner, name, &index, &outer);
	if (error)
		return error;
	out->outer = ip_addr_v4(NET + 2 * index);
	out->inner = ip_addr_v4(NET + 2 * index + 1);
	error = set_end(env->underlay, &outer, &out->outer);
	if (!error)
		error = nl_link_get(env->inside, name, &out->link);
	return error ? error : set_end(env->inside, &out->link, &out->inner);
}

int transfer_start(const struct target_env *env, const struct uuid *owner, const char *name, struct transfer *out, char *why)
{
	int error, back;

	*why = 0;
	error = start(env, owner, name, out, why);
	back = netns_enter(env->inside_fd);
	error = error ? error : back;
	if (error && !*why)
		snprintf(why, 160, "the transfer link to the underlay cannot be made: %s", strerror(-error));
	return error;
}

void transfer_sweep(struct nl *underlay, int underlay_fd)
{
	struct nl_links links = {0};
	char why[POLICY_WHY] = "";
	bool is_used = false, was_off;

	if (netns_enter(underlay_fd) || nl_links_get(underlay, &links))
		return;
	vec_each (&links.rows, link)
		is_used = is_used || (!strncmp(link->name, PREFIX, strlen(PREFIX)) && strlen(link->alias) == UUID_TEXT - 1);
	vec_free(&links.rows);
	if (is_used || !nft_has("table inet slicegate-transfer"))
		return;
	was_off = nft_has("chain inet slicegate-transfer was-off");
	if (was_off)
		netns_sysctl("ipv4/ip_forward", "0");
	if (nft_script("delete table inet slicegate-transfer", why))
		log_warn("message=\"the underlay's rules cannot be removed\" error=\"%s\"", why);
}
