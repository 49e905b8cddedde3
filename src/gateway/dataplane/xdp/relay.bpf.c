// SPDX-License-Identifier: Apache-2.0
// The data plane in the kernel: packets of established sessions, rewritten in the frame that came in and redirected.
//
//   access_xdp   on the interface of the GTP-U address: uplink, GTP-U to L2TP or into the slice                        uplink.bpf.h
//   target_xdp   on interfaces inside the slices, behind a few instructions that say which slice (objects.c)            downlink.bpf.h
//                  a peering interface   L2TP to GTP-U; and, past the slice's stack, to SIMs of an Integrated slice
//                  simw                  what the slice's stack has for its SIMs (sims.c)
//                  lacw                  what it has for its LACs (lac_cable.c): L2TP to GTP-U
//
// The order of checks is that of soft/forward.c: parse, find, peer, inner header, address, limits, length. What is plainly wrong in a packet of a
// known session is dropped and counted here. Everything that is not a plain packet of an established session is passed: control, PPP, link-local
// IPv6, fragments, IP options, unknown ids, packets longer than the MTU, and all of it while the next hop is not known. The sockets of soft/ hear
// those and do what is right, so nothing here needs to be complete, only correct.
//
// Little is hashed: the TEID's low bits are the uplink's place; slice, tunnel id and session id lead to the downlink by arrays (abi.h). Only an
// Integrated SIM is found by its address. TS 29.281 5, RFC 2661 3.1, RFC 1661 2 and 6.5, RFC 791.
#include "gateway/dataplane/xdp/downlink.bpf.h"
#include "gateway/dataplane/xdp/uplink.bpf.h"

SEC("xdp")
int access_xdp(struct xdp_md *ctx)
{
	struct abi_config *here = bpf_map_lookup_elem(&config, &zero);
	uint32_t slot = ~0u;
	uint16_t tag;
	int verdict;

	if (!here)
		return XDP_PASS;
	tag = here->vlan ? vlan_pop(ctx, here->vlan) : 0;
	verdict = conclude(uplink(ctx, here, &slot), slot);
	if (tag && verdict == XDP_PASS && !vlan_push(ctx, tag))
		return XDP_DROP;
	return verdict;
}

static __always_inline int target_l2tp(struct xdp_md *ctx, struct abi_config *here, uint32_t slice, uint32_t *slot)
{
	uint32_t len, number;
	struct outer *outer = outer_read(ctx, &len);
	struct abi_tunnel *tunnel;
	struct abi_hop *path;
	struct l2tp l2tp;

	if (!outer || !l2tp_read(ctx, len, &l2tp))
		return XDP_PASS;
	tunnel = tunnel_find(slice, l2tp.tunnel_id, &number);
	if (!tunnel || outer->ip.daddr != tunnel->lac || outer->udp.dport != tunnel->lac_port)
		return XDP_PASS;
	if (outer->ip.saddr != tunnel->lns || outer->udp.sport != tunnel->lns_port || !(tunnel->flags & ABI_OPEN))
		return PASS_DATA; // counted by the sockets, when the policy lets it come so far
	path = bpf_map_lookup_elem(&hops, &tunnel->hop);
	if (!path)
		return PASS_DATA;
	if (path->ifindex !=
		ctx->ingress_ifindex) // the Routing Policy was asked about one interface only, or the slice's stack comes first
		return path->is_used == ABI_HOP_CABLE ? XDP_PASS : PASS_DATA;
	l2tp.to_count =
		path->is_used / ABI_HOP_CABLE - 1; // and not by a branch, which the verifier would follow to the end twice
	return downlink_l2tp(ctx, here, &l2tp, tunnel, number, slot);
}

SEC("xdp")
int target_xdp(struct xdp_md *ctx)
{
	struct abi_config *here = bpf_map_lookup_elem(&config, &zero);
	uint32_t *number = bpf_map_lookup_elem(&ingress, &zero);
	struct abi_slice *slice = number ? bpf_map_lookup_elem(&slices, number) : 0;
	uint32_t slot = ~0u;
	int verdict = XDP_PASS;

	if (!here || !slice)
		return XDP_PASS;
	if (!slice->wire)
		verdict = target_l2tp(ctx, here, *number, &slot);
	else
		verdict = downlink_slice(ctx, here, *number, ctx->ingress_ifindex == slice->wire, &slot);
	return conclude(verdict, slot);
}

char _license[] SEC("license") = "Apache-2.0";
