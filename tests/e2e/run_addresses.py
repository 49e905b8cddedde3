#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Addresses of Integrated VSlices over the API: kept as soon as an endpoint is in a group, reserved by hand, waited for, leased to gateways."""

import json
import time

from harness import Case, Stream, iccid, imsi, main


class Addresses(Case):
    number = 100

    def fleet(self, name, subnets, allocation="static", **more):
        vslice = self.api.ok("POST", "vslices", {"name": name, "subnets": subnets, **more})
        policy = self.api.ok("POST", "RoutingPolicies", {"name": f"{name} policy", "vslice": vslice, "routingPolicyRules": []})
        group = self.api.ok("POST", "EndpointGroups", {"name": f"{name} group", "vslice": vslice, "routingPolicy": policy,
                                                       "regionalGatewayPolicy": "automatic", "ipAllocationType": allocation})
        return vslice, group

    def body(self, group, **more):
        Addresses.number += 1
        return {"iccid": iccid(self.number), "imsis": [imsi(self.number)], "endpointGroup": group, **more}

    def endpoint(self, group, **more):
        return self.api.ok("POST", "endpoints", self.body(group, **more))

    def until(self, what, wanted):
        end = time.monotonic() + 20
        while (now := what()) != wanted and time.monotonic() < end:
            time.sleep(0.02)
        self.assertEqual(now, wanted)

    def kept(self, endpoint, address, prefix=None):
        self.until(lambda: tuple(self.api.get(f"endpoints/{endpoint}").data[name] for name in ("assignedIpAddress", "assignedIpv6Prefix")), (address, prefix))

    def ready(self, vslice, check):
        return [row["ok"] for row in self.api.get(f"vslices/{vslice}").data["readiness"] if row["check"] == check]

    def test_an_address_is_kept_and_the_row_is_as_it_was_written(self):
        _, group = self.fleet("Kept", ["10.0.0.0/24"])
        reply = self.api.call("POST", "/api/v1/endpoints", self.body(group))
        first = reply.data
        self.kept(first, "10.0.0.2")
        etag = self.api.get(f"endpoints/{first}").headers["etag"]
        self.assertEqual(etag, reply.headers["etag"])  # what the platform keeps for it is no write of the client's object
        self.api.ok("PATCH", f"endpoints/{first}", {"name": "again"}, headers={"If-Match": etag})
        self.kept(self.endpoint(group), "10.0.0.3")
        self.api.ok("DELETE", f"endpoints/{first}")
        self.kept(self.endpoint(group), "10.0.0.4")  # what was given back rests

    def test_both_families_and_a_move(self):
        _, both = self.fleet("Both", ["10.0.0.0/24", "2001:db8:1::/48"], ipAddressFamily="ipv4v6")
        _, other = self.fleet("Other", ["10.0.0.0/24"])
        endpoint = self.endpoint(both)
        self.kept(endpoint, "10.0.0.2", "2001:db8:1:1::/64")
        self.kept(self.endpoint(other), "10.0.0.2")
        self.api.ok("PATCH", f"endpoints/{endpoint}", {"endpointGroup": other})
        self.kept(endpoint, "10.0.0.3")
        self.api.ok("PATCH", f"endpoints/{endpoint}", {"endpointStatus": "terminated"})
        self.kept(endpoint, None)

    def test_who_waits_gets_one(self):
        vslice, group = self.fleet("Small", ["10.0.0.0/29"])
        endpoints = [self.endpoint(group) for _ in range(6)]
        self.kept(endpoints[4], "10.0.0.6")
        self.until(lambda: self.ready(vslice, "addresses"), [False])
        self.kept(endpoints[5], None)
        self.api.ok("DELETE", f"endpoints/{endpoints[0]}")
        self.kept(endpoints[5], "10.0.0.2")
        late = self.endpoint(group)
        self.api.ok("PATCH", f"vslices/{vslice}", {"subnets": ["10.0.0.0/29", "10.0.1.0/24"]})
        self.kept(late, "10.0.1.2")
        self.until(lambda: self.ready(vslice, "addresses"), [True])

    def test_reserved_by_hand(self):
        vslice, group = self.fleet("Reserved", ["10.0.0.0/24"])
        _, pooled = self.fleet("Pool", ["10.0.0.0/24"], "pooled")
        first = self.endpoint(group, staticIpAddress="10.0.0.2")
        second = self.endpoint(group)
        self.kept(first, "10.0.0.2")
        self.kept(second, "10.0.0.3")
        for address, status, part in (("10.0.0.3", 409, "belongs to Endpoint"), ("10.0.0.2", 409, "belongs to Endpoint"), ("10.0.0.1", 400, "the gateway's"),
                                      ("10.0.0.255", 400, "broadcast"), ("10.9.0.1", 400, "none of its subnets")):
            self.assertSaid(self.api.refused("POST", "endpoints", self.body(group, staticIpAddress=address), status=status), "staticIpAddress", part)
        self.assertSaid(self.api.refused("POST", "endpoints", self.body(pooled, staticIpAddress="10.0.0.9")), "staticIpAddress", "per session")
        self.api.ok("PATCH", f"endpoints/{second}", {"staticIpAddress": "10.0.0.77"})
        self.kept(second, "10.0.0.77")
        self.assertSaid(self.api.refused("PATCH", f"vslices/{vslice}", {"subnets": ["10.8.0.0/24"]}, status=409), "subnets", "kept for 2 Endpoint(s)")
        self.api.ok("PATCH", f"vslices/{vslice}", {"subnets": ["10.0.0.0/16"]})  # a larger one holds them too

    def test_subnets_that_cannot_be(self):
        for subnets, family, part in ((["10.0.0.0/31"], "ipv4", "/30 or shorter"), (["198.18.0.0/16"], "ipv4", "overlaps 198.18.0.0/15"),
                                      (["2001:db8::/48"], "ipv4", "has no IPv4 prefix"), (["10.0.0.0/24"], "ipv4v6", "has no IPv6 prefix"),
                                      (["10.0.0.0/8", "10.1.0.0/16"], "ipv4", "overlap")):
            with self.subTest(subnets=subnets):
                self.assertSaid(self.api.refused("POST", "vslices", {"name": "x", "subnets": subnets, "ipAddressFamily": family}), part)

    def test_a_group_that_pools_and_keeps_again(self):
        _, group = self.fleet("Change", ["10.0.0.0/24"])
        endpoints = [self.endpoint(group) for _ in range(3)]
        self.kept(endpoints[2], "10.0.0.4")
        self.api.ok("PATCH", f"EndpointGroups/{group}", {"ipAllocationType": "pooled"})
        for endpoint in endpoints:
            self.kept(endpoint, None)
        self.api.ok("PATCH", f"EndpointGroups/{group}", {"ipAllocationType": "static"})
        self.kept(endpoints[0], "10.0.0.5")

    def test_gateways_are_leased_ranges_of_their_own(self):
        vslice, _ = self.fleet("Leased", ["10.0.0.0/24"], "pooled")
        streams = {name: Stream(self.controller, name) for name in ("europe", "north-america")}
        taken = {}
        for at, (name, stream) in enumerate(streams.items()):
            stream.until("ready")
            lines = [{"row": "reports", "gateway": name, "boot": f"b{at}", "sequence": 1, "count": 1}, {"row": "pool", "vslice": vslice, "family": "ipv4", "size": 0, "used": 0}]
            self.assertEqual(self.api.call("POST", "/gateway/v1/reports", raw="".join(json.dumps(line) + "\n" for line in lines),
                                           headers={"Content-Type": "application/x-ndjson"}).status, 200)
            while not (row := stream.next()).get("data", {}).get("leases") or row["id"] != vslice:
                pass
            taken[name] = row["data"]["leases"]
        self.assertEqual(taken, {"europe": ["10.0.0.129-10.0.0.254"], "north-america": ["10.0.0.66-10.0.0.128"]})
        for stream in streams.values():
            stream.close()

    def test_an_import_is_numbered_through(self):
        _, group = self.fleet("Import", ["10.0.0.0/16"])
        rows = [self.body(group) for _ in range(300)]
        reply = self.api.call("POST", "/api/v1/endpoints/import", raw="".join(json.dumps(row) + "\n" for row in rows), headers={"Content-Type": "application/x-ndjson"})
        self.assertEqual(reply.status, 200, reply.text)
        group = self.api.get(f"EndpointGroups/{group}").data["moniker"]
        self.until(lambda: len({row["assignedIpAddress"] for row in self.api.get(f"endpoints?filter=endpointGroup:{group}&limit=1000").data} - {None}), 300)


if __name__ == "__main__":
    main()
