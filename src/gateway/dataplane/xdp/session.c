// SPDX-License-Identifier: Apache-2.0
// Sessions, written where the programs read them: the uplink by slot, the downlink by place, what is counted beside them.
#include "gateway/dataplane/xdp/xdp.h"

#include "base/clean.h"

#include <bpf/bpf.h>
#include <string.h>

_Static_assert(sizeof(struct fast_count) == sizeof(struct abi_count) && sizeof(struct fast_extra) <= sizeof(struct abi_extra) &&
		offsetof(struct fast_extra, busy_until_ns) == offsetof(struct abi_extra, busy_until_ns),
	"the counters are shared");
_Static_assert(sizeof(struct fast_order) == sizeof(struct abi_order) &&
		offsetof(struct fast_order, ns) == offsetof(struct abi_order, ns),
	"the sequence numbers are shared");
_Static_assert(sizeof(struct fast_limit) <= sizeof(struct abi_limit) &&
		offsetof(struct fast_limit, discard_percent) == offsetof(struct abi_limit, discard_percent) &&
		FAST_LIMIT_SHIFT == ABI_LIMIT_SHIFT,
	"the limits are shared");

// The head of a record (all but its sequence number) is copied under its sequence number; `key`, by which the programs find it, comes last.
static void write_uplink(struct abi_uplink *at, const struct abi_uplink *to)
{
	__atomic_fetch_add(&at->seq, 1, __ATOMIC_SEQ_CST);
	at->sgw = to->sgw;
	at->ue4 = to->ue4;
	at->tunnel = to->tunnel;
	at->peer_session_id = to->peer_session_id;
	at->mtu = to->mtu;
	at->tcp_mss = to->tcp_mss;
	at->limit = to->limit;
	at->flags = to->flags;
	__atomic_store_n(&at->teid, to->teid, __ATOMIC_SEQ_CST);
	__atomic_fetch_add(&at->seq, 1, __ATOMIC_SEQ_CST);
}

static void write_downlink(struct abi_downlink *at, const struct abi_downlink *to)
{
	__atomic_fetch_add(&at->seq, 1, __ATOMIC_SEQ_CST);
	at->peer_teid = to->peer_teid;
	at->ue4 = to->ue4;
	at->hop = to->hop;
	at->sgw_port = to->sgw_port;
	at->tunnel = to->tunnel;
	at->session_id = to->session_id;
	at->mtu = to->mtu;
	at->tcp_mss = to->tcp_mss;
	at->limit = to->limit;
	at->flags = (uint16_t)(to->flags | (at->flags & ABI_NUMBERED));
	__atomic_store_n(&at->slot, to->slot, __ATOMIC_SEQ_CST);
	__atomic_fetch_add(&at->seq, 1, __ATOMIC_SEQ_CST);
}

static struct abi_address address_of(uint32_t slice, uint32_t ue4, const uint64_t *ue6)
{
	struct abi_address key = {.slice = slice, .family = ue6 ? ABI_FAMILY_V6 : ABI_FAMILY_V4, .bytes = ue4};

	if (ue6)
		key.bytes = *ue6;
	return key;
}

// Makes the slice know the SIM's addresses, or forget them.
static void tell_addresses(struct fast *fast, uint32_t slot, uint32_t tunnel, bool is_there)
{
	const struct abi_uplink *session = &fast->objects.uplinks[slot];
	uint32_t slice = fast->objects.tunnels[tunnel].slice, place = fast->objects.extras[slot].place;
	struct abi_address keys[2] = {address_of(slice, session->ue4, NULL), address_of(slice, 0, &fast->objects.prefixes[slot])};
	const bool has[2] = {session->ue4, session->flags & ABI_HAS_V6};

	for (unsigned i = 0; i < 2; i++) {
		if (has[i] && is_there)
			bpf_map_update_elem(xdp_addresses_fd(fast), &keys[i], &place, BPF_ANY);
		else if (has[i])
			bpf_map_delete_elem(xdp_addresses_fd(fast), &keys[i]);
	}
}

static bool is_integrated(const struct fast *fast, uint32_t tunnel)
{
	return tunnel && fast->objects.tunnels[tunnel].flags & ABI_INTEGRATED;
}

static void give_place(struct fast *fast, uint32_t place)
{
	uint32_t *room = vec_add(&fast->cable_places);

	if (room)
		*room = place;
}

// A place for an Integrated session; they have pages of their own, which stay theirs.
static uint32_t take_place(struct fast *fast)
{
	if (!fast->cable_places.count) {
		uint32_t page = xdp_place_take(fast->page_places, fast->objects.pages);

		for (uint32_t i = ABI_PAGE; page && i > 0; i--)
			give_place(fast, page * ABI_PAGE + i - 1);
	}
	return fast->cable_places.count ? fast->cable_places.items[--fast->cable_places.count] : 0;
}

static uint32_t l2tp_place(struct fast *fast, struct abi_tunnel *tunnel, uint16_t id)
{
	uint16_t *page = &tunnel->pages[id / ABI_PAGE];

	if (!*page)
		*page = (uint16_t)xdp_place_take(fast->page_places, fast->objects.pages);
	return *page ? (uint32_t)*page * ABI_PAGE + id % ABI_PAGE : 0;
}

// Where the session's downlink is to stand; where it stood, if that is somewhere else, is given up.
static uint32_t find_place(struct fast *fast, uint32_t slot, const struct fast_session *spec)
{
	struct abi_extra *extra = &fast->objects.extras[slot];
	uint32_t place = 0;

	if (is_integrated(fast, spec->tunnel))
		place = extra->place ? extra->place : take_place(fast);
	else if (spec->tunnel)
		place = l2tp_place(fast, &fast->objects.tunnels[spec->tunnel], spec->session_id);
	if (extra->place && extra->place != place)
		write_downlink(&fast->objects.downlinks[extra->place], &(struct abi_downlink){0});
	if (place && extra->place != place)
		memset(&fast->objects.downlink_counts[place], 0, sizeof(struct abi_count));
	extra->place = place;
	return place;
}

void xdp_session_clear(struct fast *fast, uint32_t slot)
{
	struct abi_extra *extra = &fast->objects.extras[slot];
	bool is_cable = is_integrated(fast, extra->tunnel % ABI_TUNNELS);

	xdp_older_forget(fast, fast->objects.uplinks[slot].teid);
	__atomic_store_n(&fast->objects.uplinks[slot].teid, 0, __ATOMIC_SEQ_CST);
	if (is_cable)
		tell_addresses(fast, slot, extra->tunnel, false);
	if (extra->place && fast->objects.downlinks[extra->place].slot == slot + 1) {
		write_downlink(&fast->objects.downlinks[extra->place], &(struct abi_downlink){0});
		fast->objects.downlinks[extra->place].flags = 0;
		if (is_cable)
			give_place(fast, extra->place);
	}
	write_uplink(&fast->objects.uplinks[slot], &(struct abi_uplink){0});
	*extra = (struct abi_extra){0};
	fast->session_places[slot] = (struct xdp_place){0};
}

static void begin(struct fast *fast, uint32_t slot, const struct fast_session *spec)
{
	if (fast->session_places[slot].is_used) // somebody's whom nobody claimed
		xdp_session_clear(fast, slot);
	fast->objects.extras[slot] = (struct abi_extra){0};
	fast->objects.uplink_counts[slot] = (struct abi_count){0};
	fast->objects.uplinks[slot].order =
		(struct abi_order){.on = spec->is_numbered, .required = spec->sequencing, .ns = spec->ns};
}

static uint64_t prefix_of(const struct fast_session *spec)
{
	uint64_t prefix;

	memcpy(&prefix, spec->ue6, sizeof(prefix));
	return prefix;
}

void fast_session_set(struct fast *fast, uint32_t slot, const struct fast_session *spec)
{
	struct abi_uplink *uplink = &fast->objects.uplinks[slot],
			  up = {
				  .teid = spec->teid,
				  .sgw = xdp_be_addr(&spec->sgw.addr),
				  .tunnel = (uint16_t)(spec->is_held || spec->sgw.addr.family != IP_V4 ? 0 : spec->tunnel),
				  .peer_session_id = htons(spec->peer_session_id),
				  .mtu = spec->mtu,
				  .tcp_mss = spec->tcp_mss,
				  .limit = spec->limit,
				  .flags = (uint16_t)((spec->has_v6 ? ABI_HAS_V6 : 0) | (spec->has_more ? ABI_HAS_MORE : 0)),
			  };
	bool is_new = uplink->teid != spec->teid, is_ours = fast->session_places[slot].is_claimed && !is_new;
	uint32_t old_hop = is_ours ? fast->objects.downlinks[fast->objects.extras[slot].place].hop : 0, place;
	struct abi_downlink down = {.slot = slot + 1,
		.peer_teid = htonl(spec->peer_teid),
		.sgw_port = htons(spec->sgw.port),
		.tunnel = up.tunnel,
		.session_id = spec->session_id,
		.mtu = spec->mtu,
		.tcp_mss = spec->tcp_mss,
		.limit = spec->limit,
		.flags = up.flags};

	if (is_new)
		begin(fast, slot, spec);
	else if (is_integrated(fast, spec->tunnel) &&
		(memcmp(&uplink->ue4, spec->ue4, 4) || fast->objects.prefixes[slot] != prefix_of(spec)))
		tell_addresses(fast, slot, spec->tunnel, false);
	fast->session_places[slot] = (struct xdp_place){.is_used = true, .is_claimed = true};
	fast->objects.extras[slot].tunnel = spec->tunnel;
	if (spec->has_v4)
		memcpy(&up.ue4, spec->ue4, 4);
	down.ue4 = up.ue4;
	place = find_place(fast, slot, spec);
	if (!place)
		up.tunnel = 0;
	else if (up.tunnel)
		down.hop = (uint16_t)xdp_hop_get(fast, 0, 0, fast->objects.config->gtpu_addr, up.sgw, "");
	fast->objects.prefixes[slot] = prefix_of(spec);
	if (place)
		write_downlink(&fast->objects.downlinks[place], &down);
	if (is_integrated(fast, spec->tunnel))
		uplink->tag = spec->tag;
	else
		uplink->order.required = spec->sequencing;
	write_uplink(uplink, &up);
	xdp_older_move(fast, slot);
	if (place && is_integrated(fast, spec->tunnel))
		tell_addresses(fast, slot, spec->tunnel, true);
	if (old_hop)
		xdp_hop_put(fast, old_hop);
}

void fast_session_del(struct fast *fast, uint32_t slot)
{
	uint32_t hop = fast->objects.downlinks[fast->objects.extras[slot].place].hop;

	xdp_session_clear(fast, slot);
	xdp_hop_put(fast, hop);
}

void xdp_session_settle(struct fast *fast)
{
	_cleanup_free_ bool *pages = calloc(fast->objects.pages, sizeof(*pages));

	for (uint32_t slot = 0; pages && slot < fast->options.slots; slot++)
		if (fast->session_places[slot].is_used && is_integrated(fast, fast->objects.extras[slot].tunnel % ABI_TUNNELS))
			pages[fast->objects.extras[slot].place / ABI_PAGE % fast->objects.pages] = true;
	vec_free(&fast->cable_places);
	for (uint32_t page = 1; pages && page < fast->objects.pages; page++)
		for (uint32_t i = 0; pages[page] && i < ABI_PAGE; i++)
			if (!fast->objects.downlinks[page * ABI_PAGE + i].slot)
				give_place(fast, page * ABI_PAGE + i);
}

void fast_limit_set(struct fast *fast, uint16_t number, const struct fast_limit *limit)
{
	memcpy(&fast->objects.limits[number], limit, sizeof(*limit));
}

struct fast_count *fast_count(struct fast *fast, uint32_t slot, enum dp_direction direction)
{
	uint32_t place = fast->objects.extras[slot].place;

	if (direction == DP_UPLINK)
		return (struct fast_count *)&fast->objects.uplink_counts[slot];
	return place ? (struct fast_count *)&fast->objects.downlink_counts[place] : NULL;
}

struct fast_extra *fast_extra(struct fast *fast, uint32_t slot)
{
	return (struct fast_extra *)&fast->objects.extras[slot];
}

struct fast_order *fast_order(struct fast *fast, uint32_t slot)
{
	return (struct fast_order *)&fast->objects.uplinks[slot].order;
}
