// SPDX-License-Identifier: Apache-2.0
// Maps of another layout or size, which a gateway of another version, or with another --max-sessions, has left with its programs running on them.
//
// They are not converted. The control side installs everything anew from the state file, into maps of ours, while the earlier programs go on; when
// all next hops are known (port.c) ours take their place, interface by interface: both sets are complete, so no packet minds. What only the maps
// know is moved: counters, when a session is installed and again after the last earlier program has run; numbers of L2TP data messages (RFC 2661
// 5.4), a little ahead, since a gap is what the peer allows for and a number used twice is not.
//
// Where things stand in the earlier maps they say themselves: the kernel keeps their type (BTF). What is asked for by name here is all that versions owe
// each other: `teid` and `order` of uplinks, `slot` of downlinks, `place` and `dropped` of extras, `packets` and `bytes` of counts, what `stats` counts.
#include "gateway/dataplane/xdp/xdp.h"

#include "base/clean.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/membarrier.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>

LOG_CATEGORY(xdp);

#define NS_AHEAD 256

struct old_map {
	int fd;
	uint8_t *at;
	uint32_t entries, size; // size: of a value, as the array has it
	struct btf *btf;
	uint32_t type;
};

struct xdp_older {
	struct old_map uplinks, downlinks, uplink_counts, downlink_counts, extras, config, stats, before;
	uint32_t slot_mask;
};

static void map_close(struct old_map *map)
{
	if (map->at)
		munmap(map->at, (size_t)map->entries * map->size);
	if (map->fd >= 0)
		close(map->fd);
	btf__free(map->btf);
	*map = (struct old_map){.fd = -1};
}

// 0 or -errno. One that cannot be mapped (per CPU) is only opened.
static int map_open(const char *path, const char *name, struct old_map *out)
{
	char whole[XDP_PATH + 300];
	struct bpf_map_info info = {0};
	uint32_t len = sizeof(info);

	*out = (struct old_map){.fd = -1};
	snprintf(whole, sizeof(whole), "%s/%s", path, name);
	out->fd = bpf_obj_get(whole);
	if (out->fd < 0)
		return -errno;
	if (bpf_obj_get_info_by_fd(out->fd, &info, &len))
		return -errno;
	out->entries = info.max_entries;
	out->size = (info.value_size + 7) & ~7u;
	out->btf = btf__load_from_kernel_by_id(info.btf_id);
	out->type = info.btf_value_type_id;
	if (!out->btf || !out->type)
		return -ENOENT;
	if (info.map_flags & BPF_F_MMAPABLE)
		out->at = mmap(NULL, (size_t)out->entries * out->size, PROT_READ | PROT_WRITE, MAP_SHARED, out->fd, 0);
	if (out->at == MAP_FAILED) {
		out->at = NULL;
		return -errno;
	}
	return 0;
}

// Where a member of this name stands, in octets from the type's begin, that of an unnamed union or struct as its own; `*type` becomes the member's.
static int find(const struct btf *btf, uint32_t *type, const char *name)
{
	int id = btf__resolve_type(btf, *type);
	const struct btf_type *of = id < 0 ? NULL : btf__type_by_id(btf, (uint32_t)id);

	if (!of || !btf_is_composite(of))
		return -ENOENT;
	for (uint32_t i = 0; i < btf_vlen(of); i++) {
		const struct btf_member *member = btf_members(of) + i;
		const char *word = btf__name_by_offset(btf, member->name_off);
		uint32_t inner = member->type;
		int below = *word ? 0 : find(btf, &inner, name);

		if (*word ? strcmp(word, name) : below < 0)
			continue;
		*type = inner;
		return (int)(btf_member_bit_offset(of, i) / 8) + below;
	}
	return -ENOENT;
}

// The member of a value, NULL where that version has none.
static void *member(const struct old_map *map, uint32_t index, const char *name, const char *of)
{
	uint32_t type = map->type;
	int offset = map->at && index < map->entries ? find(map->btf, &type, name) : -ENOENT, more = 0;

	if (offset >= 0 && of)
		more = find(map->btf, &type, of);
	return offset < 0 || more < 0 ? NULL : map->at + (size_t)index * map->size + offset + more;
}

static void move(const struct old_map *map, uint32_t index, const char *name, uint64_t *to)
{
	uint64_t *from = member(map, index, name, NULL);

	if (from)
		__atomic_fetch_add(to, __atomic_exchange_n(from, 0, __ATOMIC_SEQ_CST), __ATOMIC_SEQ_CST);
}

static void older_close(struct xdp_older *older)
{
	map_close(&older->uplinks);
	map_close(&older->downlinks);
	map_close(&older->uplink_counts);
	map_close(&older->downlink_counts);
	map_close(&older->extras);
	map_close(&older->config);
	map_close(&older->stats);
	map_close(&older->before);
	free(older);
}

int xdp_older_open(struct fast *fast, const char *path)
{
	struct xdp_older *older = calloc(1, sizeof(*older));
	const uint32_t *mask;
	int error = older ? map_open(path, "uplinks", &older->uplinks) : -ENOMEM;

	if (!older)
		return error;
	error = error ? error : map_open(path, "downlinks", &older->downlinks);
	error = error ? error : map_open(path, "uplink_counts", &older->uplink_counts);
	error = error ? error : map_open(path, "downlink_counts", &older->downlink_counts);
	error = error ? error : map_open(path, "extras", &older->extras);
	error = error ? error : map_open(path, "config", &older->config);
	error = error ? error : map_open(path, "stats", &older->stats);
	(void)map_open(path, "before", &older->before); // young
	mask = error ? NULL : member(&older->config, 0, "slot_mask", NULL);
	if (!mask) {
		older_close(older);
		log_warn("what an earlier version left in the fast path cannot be read: counters begin anew error=\"%s\"",
			strerror(error ? -error : ENOENT));
		return -ENOENT;
	}
	older->slot_mask = *mask;
	fast->older = older;
	log_info("the earlier programs go on until maps of another layout or size are filled maps=%s", path);
	return 0;
}

// Its slot there; UINT32_MAX: it had none.
static uint32_t slot_of(const struct xdp_older *older, uint32_t teid)
{
	const uint32_t *there = teid ? member(&older->uplinks, teid & older->slot_mask, "teid", NULL) : NULL;

	return there && *there == teid ? teid & older->slot_mask : UINT32_MAX;
}

static void session_move(struct fast *fast, uint32_t slot)
{
	struct xdp_older *older = fast->older;
	struct xdp_objects *objects = &fast->objects;
	uint32_t from = slot_of(older, objects->uplinks[slot].teid), place = objects->extras[slot].place;
	const uint32_t *old_place;

	if (from == UINT32_MAX)
		return;
	move(&older->uplink_counts, from, "packets", &objects->uplink_counts[slot].packets);
	move(&older->uplink_counts, from, "bytes", &objects->uplink_counts[slot].bytes);
	move(&older->extras, from, "dropped", &objects->extras[slot].dropped);
	old_place = member(&older->extras, from, "place", NULL);
	if (!place || !old_place || !*old_place)
		return;
	move(&older->downlink_counts, *old_place, "packets", &objects->downlink_counts[place].packets);
	move(&older->downlink_counts, *old_place, "bytes", &objects->downlink_counts[place].bytes);
}

static void session_forget(struct xdp_older *older, uint32_t teid)
{
	uint32_t from = slot_of(older, teid);
	const uint32_t *place = from == UINT32_MAX ? NULL : member(&older->extras, from, "place", NULL);
	uint32_t *down = place && *place ? member(&older->downlinks, *place, "slot", NULL) : NULL, *up;

	if (from == UINT32_MAX)
		return;
	up = member(&older->uplinks, from, "teid", NULL);
	__atomic_store_n(up, 0, __ATOMIC_SEQ_CST);
	if (down)
		__atomic_store_n(down, 0, __ATOMIC_SEQ_CST);
}

// The thread closes them while the control side has sessions come and go.
void xdp_older_move(struct fast *fast, uint32_t slot)
{
	pthread_mutex_lock(&fast->lock);
	if (fast->older)
		session_move(fast, slot);
	pthread_mutex_unlock(&fast->lock);
}

void xdp_older_forget(struct fast *fast, uint32_t teid)
{
	pthread_mutex_lock(&fast->lock);
	if (fast->older)
		session_forget(fast->older, teid);
	pthread_mutex_unlock(&fast->lock);
}

static void numbers_move(struct fast *fast, uint32_t slot)
{
	struct xdp_objects *objects = &fast->objects;
	uint32_t from = slot_of(fast->older, objects->uplinks[slot].teid);
	const bool *on = from == UINT32_MAX ? NULL : member(&fast->older->uplinks, from, "order", "on");
	const uint16_t *ns = on ? member(&fast->older->uplinks, from, "order", "ns") : NULL;

	if (!ns || objects->tunnels[objects->extras[slot].tunnel % ABI_TUNNELS].flags & ABI_INTEGRATED || !*on)
		return;
	objects->uplinks[slot].order.ns = (uint16_t)(*ns + NS_AHEAD);
	objects->uplinks[slot].order.on = true;
}

void xdp_older_prepare(struct fast *fast)
{
	for (uint32_t slot = 0; fast->older && slot < fast->options.slots; slot++)
		numbers_move(fast, slot);
}

// One total, of all CPUs, and what that version had from one before it.
static uint64_t total(const struct xdp_older *older, const uint8_t *each, int cpus, const char *name, uint32_t at)
{
	uint32_t type = older->stats.type;
	int offset = find(older->stats.btf, &type, name);
	const uint64_t *before = member(&older->before, 0, name, NULL);
	uint64_t sum = before ? before[at] : 0;

	for (int i = 0; offset >= 0 && offset + 8 * (at + 1) <= older->stats.size && i < cpus; i++) {
		uint64_t value;

		memcpy(&value, each + (size_t)i * older->stats.size + (size_t)offset + 8 * (size_t)at, 8);
		sum += value;
	}
	return sum;
}

static void totals_move(struct fast *fast)
{
	const struct xdp_older *older = fast->older;
	struct abi_stats *to = fast->objects.before;
	int cpus = libbpf_num_possible_cpus();
	_cleanup_free_ uint8_t *each = cpus > 0 ? calloc((size_t)cpus, older->stats.size) : NULL;
	uint32_t zero = 0;

	if (!each || bpf_map_lookup_elem(older->stats.fd, &zero, each))
		return;
#define MOVE(name) __atomic_store_n(&to->name, total(older, each, cpus, #name, 0), __ATOMIC_SEQ_CST)
	MOVE(uplink_packets);
	MOVE(uplink_bytes);
	MOVE(downlink_packets);
	MOVE(downlink_bytes);
	MOVE(passed);
#undef MOVE
	for (uint32_t i = 0; i < ABI_DROPS; i++)
		to->drops[i] = total(older, each, cpus, "drops", i);
}

void xdp_older_free(struct fast *fast)
{
	struct xdp_older *older = fast->older;

	pthread_mutex_lock(&fast->lock);
	fast->older = NULL;
	pthread_mutex_unlock(&fast->lock);
	if (older)
		older_close(older);
}

void xdp_older_close(struct fast *fast)
{
	if (!fast->older)
		return;
	syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0); // no earlier program runs any longer
	for (uint32_t slot = 0; slot < fast->options.slots; slot++)
		xdp_older_move(fast, slot);
	totals_move(fast);
	xdp_older_free(fast);
	log_info("the earlier maps are gone from the fast path");
}
