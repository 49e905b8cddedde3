#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every object: created, read, listed, replaced by what was read, changed, deleted, with the shapes that existing clients decode."""

import copy

from harness import Case, iccid, imsi, l2tp_setup, main

COLLECTIONS = {
    "vslices": "vslice", "routingtargets": "target", "RoutingPolicies": "policy", "EndpointGroups": "group", "endpoints": "endpoint",
}


def is_ref(value):
    return isinstance(value, dict) and set(value) == {"id", "moniker", "name"} and all(isinstance(v, str) for v in value.values())


def is_enum(value):
    return isinstance(value, dict) and set(value) == {"key", "moniker", "name", "active"} and isinstance(value["key"], int)


class Objects(Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.ids = l2tp_setup(cls.api, "Vantiq Diagnostics L2TP", with_endpoint=1)

    def test_the_seed_s_order_leaves_nothing_but_the_gateway(self):
        vslice = self.api.ok("GET", f"vslices/{self.ids['vslice']}")
        blocking = {row["check"] for row in vslice["readiness"] if not row["ok"]}
        self.assertLessEqual(blocking, {"regionalGateway", "gtpPeers"}, vslice["readiness"])
        self.assertEqual((vslice["endpointGroupCount"], vslice["endpointCount"]), (1, 1))

    def test_readiness_follows_the_rules(self):
        ids = l2tp_setup(self.api, "Ready")
        check = lambda name: [row for row in self.api.ok("GET", f"vslices/{ids['vslice']}")["readiness"] if row["check"] == name]
        rule = {"ruleAction": "forward", "ruleDirection": "uplink", "routingTarget": ids["target"]}
        peering = {"interface": "dc0", "localAddress": "192.0.2.1/30"}
        for rules, config, ok, said in (
            ([rule], {}, True, "rule 1"),
            ([], {}, False, "no uplink rule"),
            ([{**rule, "ruleDirection": "downlink"}], {}, False, "no uplink rule"),
            ([{**rule, "enabled": False}], {}, False, "no uplink rule"),
            ([{"ruleAction": "drop", "ruleDirection": "uplink"}, rule], {}, False, "rule 1 drops"),
            ([{"ruleAction": "drop", "ruleDirection": "uplink", "transportProtocol": "tcp"}, rule], {}, True, "rule 2"),
            ([{**rule, "destinationIpPattern": "10.65.0.0/16", "sourceIpPattern": "10.64.0.1"}], {}, True, "rule 1"),
            ([{**rule, "destinationIpPattern": "10.66.0.0/16"}], {}, False, "no uplink rule"),
            ([{**rule, "transportProtocol": "udp", "destinationPortPattern": "500,1700-1702"}], {}, True, "rule 1"),
            ([{**rule, "transportProtocol": "udp", "destinationPortPattern": "500"}], {}, False, "no uplink rule"),
            ([{**rule, "regionalGateway": "north-america"}], {}, False, "no uplink rule"),
            ([rule], {"remoteSubnets": "10.66.0.0/16"}, False, "LNS 10.65.0.1 is not in the remote subnets"),
            ([rule], {"remoteSubnets": "10.66.0.0/16, 10.65.0.0/24"}, True, "rule 1"),
        ):
            with self.subTest(rules=rules, config=config):
                self.api.ok("PATCH", f"RoutingPolicies/{ids['policy']}", {"routingPolicyRules": rules})
                self.api.ok("PATCH", f"routingtargets/{ids['target']}", {"configurationData": {"peeringConfig": {**peering, "remoteSubnets": None, **config}}})
                row = check("lnsRoute")[0]
                self.assertEqual(row["ok"], ok, row)
                self.assertIn(said, row["message"])
        self.api.ok("POST", f"vslices/{ids['vslice']}/lacs", {"address": "10.64.0.1"})
        self.assertIn("are both 10.64.0.1 port 1701", check("lacAddresses")[0]["message"])
        self.assertIn("not authenticated", check("tunnelSecret")[0]["message"])
        self.api.ok("PATCH", f"RoutingPolicies/{ids['policy']}", {"routingPolicyStatus": "inactive"})
        self.assertIn("not active", check("defaultRoutingPolicy")[0]["message"])

    def test_envelope(self):
        reply = self.api.get("vslices")
        self.assertEqual(set(reply.body), {"success", "messages", "data", "totalItems", "limit", "offset"})
        reply = self.api.get(f"vslices/{self.ids['vslice']}")
        self.assertEqual(set(reply.body), {"success", "messages", "data", "totalItems", "limit", "offset"})
        self.assertEqual(reply.headers["content-type"].split(";")[0], "application/json")

    def test_put_what_was_read_is_no_change(self):
        for path, name in COLLECTIONS.items():
            with self.subTest(path):
                url = f"{path}/{self.ids[name]}"
                before = self.api.get(url)
                self.api.ok("PUT", url, before.data)
                after = self.api.get(url)
                self.assertEqual(before.data, after.data)
                self.assertEqual(before.headers["etag"], after.headers["etag"])
        for row in ("lacs/lac-1", "lnss/lns-1"):
            url = f"vslices/{self.ids['vslice']}/{row}"
            before = self.api.get(url)
            self.api.ok("PUT", url, before.data)
            self.assertEqual(self.api.get(url).data, before.data)
        for path in ("regionalgateways/europe", "customers/default", "redundancyzones/europe-primary"):
            before = self.api.get(path)
            self.api.ok("PUT", path, before.data)
            self.assertEqual(self.api.get(path).headers["etag"], before.headers["etag"])

    def test_an_existing_client_s_put_keeps_what_it_does_not_know(self):
        url = f"vslices/{self.ids['vslice']}"
        before = self.api.ok("GET", url)
        self.api.ok("PUT", url, {"name": before["name"], "moniker": before["moniker"], "dnsServers": None, "dnsMode": "auto",
                                 "ipAddressFamily": "ipv4", "subnetAddress": "", "eventMap": ""})
        self.assertEqual({**self.api.ok("GET", url), "changedAt": 0}, {**before, "changedAt": 0})

    def test_shapes(self):
        vslice = self.api.ok("GET", f"vslices/{self.ids['vslice']}")
        self.assertTrue(is_enum(vslice["dnsMode"]) and is_enum(vslice["ipAddressFamily"]) and is_enum(vslice["vsliceType"]))
        self.assertTrue(is_ref(vslice["defaultRoutingPolicy"]) and is_ref(vslice["regionalGateway"]))
        self.assertIsNone(vslice["eventMap"])
        self.assertEqual(vslice["ipAllocationType"]["moniker"], "ppp")
        target = self.api.ok("GET", f"routingtargets/{self.ids['target']}")
        self.assertTrue(is_ref(target["vSlice"]) and is_enum(target["routingTargetType"]) and is_enum(target["routingTargetStatus"]))
        self.assertIsInstance(target["publicInstanceConfiguration"], str)
        self.assertIsInstance(target["networkKey"], int)
        self.assertIsInstance(target["routingTargetTypeInstance"]["id"], int)
        self.assertEqual(target["routingRedundancyZoneMoniker"], "europe-primary")
        self.assertEqual((target["regionalGatewayMoniker"], target["regionalGatewayName"]), ("europe", "Europe"))
        self.assertEqual(target["configurationData"]["peeringConfig"]["interface"], "dc0")
        self.assertIsNone(target["configurationData"]["vpnConfig"])
        self.assertIsNone(target["configurationData"]["peeringConfig"]["bgp"])
        peer = self.api.ok("POST", "routingtargets", {
            "name": "Peer", "vslice": self.ids["vslice"], "routingTargetType": "peering", "configurationData": {"peeringConfig": {
                "interface": "dc1", "localAddress": "192.0.2.5/30", "bgp": {"localAs": 65000, "peerAs": 4200000000, "peerAddress": "192.0.2.6", "password": "x"}}}})
        self.assertEqual(self.api.ok("GET", f"routingtargets/{peer}")["configurationData"]["peeringConfig"]["bgp"],
                         {"localAs": 65000, "peerAs": 4200000000, "peerAddress": "192.0.2.6", "passwordSet": True})
        policy = self.api.ok("GET", f"RoutingPolicies/{self.ids['policy']}")
        rule = policy["routingPolicyRules"][0]
        self.assertEqual((rule["precedence"], rule["routingPolicyId"]), (1, self.ids["policy"]))
        self.assertTrue(is_enum(rule["ruleAction"]) and is_ref(rule["routingTarget"]) and is_enum(policy["rateLimitUplink"]))
        self.assertIs(rule["reflexive"], False)
        group = self.api.ok("GET", f"EndpointGroups/{self.ids['group']}")
        self.assertEqual(group["endpointsAssigned"], 1)
        self.assertTrue(is_ref(group["vslice"]) and is_ref(group["l2tpAccessConcentrator"]) and isinstance(group["customerId"], str))
        endpoint = self.api.ok("GET", f"endpoints/{self.ids['endpoint']}")
        self.assertEqual(endpoint["endpointStatus"]["moniker"], "active")
        self.assertEqual((endpoint["session"], endpoint["ipAddress"]), (None, None))

    def test_paths_take_id_and_moniker_in_any_case(self):
        for path in ("vslices/vantiq-diagnostics-l2tp", "VSLICES/VANTIQ-diagnostics-l2tp", f"VSlices/{self.ids['vslice'].upper()}"):
            self.assertEqual(self.api.ok("GET", path)["id"], self.ids["vslice"])
        self.assertEqual(self.api.ok("GET", "/API/V1/routingPolicies")[0]["id"], self.ids["policy"])

    def test_integrated_life(self):
        api = self.api
        vslice = api.ok("POST", "vslices", {"name": "Int", "moniker": "int", "dnsServers": ["9.9.9.9"], "dnsMode": "custom",
                                            "ipAddressFamily": "ipv4", "subnetAddress": "100.64.0.0/24", "ipAllocationType": "static", "eventMap": ""})
        read = api.ok("GET", f"vslices/{vslice}")
        self.assertEqual((read["subnets"], read["dnsServers"]), (["100.64.0.0/24"], ["9.9.9.9"]))
        self.assertEqual((read["defaultRoutingPolicy"], read["regionalGateway"], read["advancedSettings"]), (None, None, None))
        target = api.ok("POST", "routingtargets", {"name": "Net", "vslice": "int", "routingTargetType": "internet", "subnetAddress": "",
                                                   "routingRedundancyZoneMoniker": "europe-primary", "routingTargetTypeInstanceId": ""})
        self.assertEqual(set(api.ok("GET", f"routingtargets/{target}")["configurationData"].values()), {None})
        vpn = api.ok("POST", "routingtargets", {
            "name": "Vpn", "vslice": "int", "routingTargetType": "vpn", "routingRedundancyZoneMoniker": "europe-primary", "configurationData": {
                "vpnConfig": {"remotePeerAddress": "198.51.100.1", "remoteSubnets": "10.0.0.0/8", "presharedKey": "vpn-secret-1",
                              "keyExchangeType": "ikev2", "vpnIkeOption": "aes128-sha1-modp1024", "vpnEspOption": "aes128-sha1-modp1024",
                              "phase1Lifetime": 28800, "phase2Lifetime": 3600}}})
        config = api.ok("GET", f"routingtargets/{vpn}")["configurationData"]["vpnConfig"]
        self.assertEqual((config["presharedKey"], config["presharedKeySet"], config["phase1Lifetime"]), ("", True, 28800))
        policy = api.ok("POST", "RoutingPolicies", {
            "name": "P", "moniker": "p", "vslice": "int", "routingPolicyStatus": "active", "rateLimitUplinkMoniker": "", "rateLimitDownlinkMoniker": "1mbits",
            "packetDiscardUplinkPercentage": 0, "packetDiscardDownlinkPercentage": 0, "routingPolicyEdgeServices": None,
            "routingPolicyRules": [
                {"description": "web", "ruleAction": "forward", "ruleDirection": "uplink", "transportProtocol": "tcp",
                 "destinationPortPattern": "443", "routingTarget": "net", "reflexive": True, "enabled": True},
                {"description": "rest", "ruleAction": "drop", "ruleDirection": "uplink", "reflexive": False, "enabled": True}]})
        read = api.ok("GET", f"RoutingPolicies/{policy}")
        self.assertEqual([rule["precedence"] for rule in read["routingPolicyRules"]], [1, 2])
        self.assertEqual((read["rateLimitUplink"]["moniker"], read["rateLimitDownlink"]["moniker"]), ("unlimited", "1mbits"))
        group = api.ok("POST", "EndpointGroups", {"name": "G", "vslice": "int", "routingPolicy": "p", "eventMap": "", "steeringProfile": "",
                                                  "regionalGatewayPolicy": "automatic", "ipAllocationType": "static"})
        read = api.ok("GET", f"EndpointGroups/{group}")
        self.assertEqual((read["regionalGatewayPolicy"]["moniker"], read["routingPolicy"]["moniker"]), ("automatic", "p"))
        for path in (f"vslices/{vslice}", f"routingtargets/{target}", f"routingtargets/{vpn}", f"RoutingPolicies/{policy}", f"EndpointGroups/{group}"):
            before = api.get(path)
            api.ok("PUT", path, before.data)
            self.assertEqual((api.get(path).data, api.get(path).headers["etag"]), (before.data, before.headers["etag"]), path)
        api.ok("DELETE", f"EndpointGroups/{group}")
        api.ok("DELETE", f"vslices/{vslice}")
        for path in (f"routingtargets/{target}", f"RoutingPolicies/{policy}"):
            self.assertEqual(api.refused("GET", path, status=404), ["Record not found"])

    def test_rules_keep_their_ids_when_they_move(self):
        url = f"RoutingPolicies/{self.ids['policy']}"
        policy = self.api.ok("GET", url)
        first = policy["routingPolicyRules"][0]
        changed = copy.deepcopy(policy)
        changed["routingPolicyRules"].insert(0, {"description": "new", "ruleAction": "drop", "ruleDirection": "downlink", "destinationIpPattern": "10.0.0.0/8"})
        self.api.ok("PUT", url, changed)
        rules = self.api.ok("GET", url)["routingPolicyRules"]
        self.assertEqual([(rule["precedence"], rule["description"]) for rule in rules], [(1, "new"), (2, "all")])
        self.assertEqual(rules[1]["id"], first["id"])
        self.api.ok("DELETE", f"{url}/rules/{rules[0]['id']}")
        rules = self.api.ok("GET", f"{url}/rules")
        self.assertEqual([(rule["precedence"], rule["id"]) for rule in rules], [(1, first["id"])])

    def test_an_lns_has_settings_of_its_own(self):
        ids = l2tp_setup(self.api, "Two makes of LNS")
        path = f"vslices/{ids['vslice']}"
        self.api.ok("PATCH", path, {"advancedSettings": {"pppMru": 1440, "overallBudgetMs": 4000}})
        lns = self.api.ok("GET", f"{path}/lnss")[0]
        one = f"{path}/lnss/{lns['moniker']}"
        self.assertIsNone(lns["advancedSettings"] or None)
        self.api.ok("PATCH", one, {"advancedSettings": {"pppMru": 1300, "pppAuth": "pap", "pppPassword": "of this LNS"}})
        own = self.api.ok("GET", one)["advancedSettings"]
        self.assertEqual((own["pppMru"], own["pppAuth"]["moniker"], own["pppPasswordSet"]), (1300, "pap", True))
        self.assertNotIn("of this LNS", str(own))
        self.assertIsNone(own["pppMagic"])  # as the VSlice says
        self.assertEqual(self.api.ok("GET", path)["advancedSettings"]["pppMru"], 1440)
        self.api.ok("PUT", path, self.api.ok("GET", path))
        self.assertEqual(self.api.ok("GET", one)["advancedSettings"], own)
        for wrong, said in (
            ({"failoverMode": "random"}, "failoverMode: is not a member of LNS settings"),
            ({"pppMru": 100}, "pppMru"),
            ({"attemptBudgetMs": 4500}, "attemptBudgetMs: 4500 is more than overallBudgetMs"),
        ):
            self.assertSaid(self.api.refused("PATCH", one, {"advancedSettings": wrong}), "advancedSettings", said)
        self.api.ok("PATCH", one, {"advancedSettings": {"pppMru": None, "pppAuth": None, "pppPassword": None}})
        self.assertIsNone(self.api.ok("GET", one)["advancedSettings"] or None)

    def test_lns_order(self):
        url = f"vslices/{self.ids['vslice']}"
        second = self.api.ok("POST", f"{url}/lnss", {"name": "Second", "address": "10.65.0.2", "moniker": "second"})
        self.api.ok("PUT", f"{url}/lnss/order", [second, "lns-1"])
        rows = self.api.ok("GET", f"{url}/lnss")
        self.assertEqual([(row["moniker"], row["preference"]) for row in rows], [("second", 1), ("lns-1", 2)])
        self.assertSaid(self.api.refused("PUT", f"{url}/lnss/order", [second]), "body", "2 entries")
        self.assertSaid(self.api.refused("PUT", f"{url}/lnss/order", [second, second]), "body[1]", "twice")
        self.api.ok("DELETE", f"{url}/lnss/{second}")
        self.assertEqual(self.api.ok("GET", f"{url}/lnss/lns-1")["preference"], 1)

    def test_moniker_made_from_the_name(self):
        first = self.api.ok("POST", "regionalgateways", {"name": "Nordic & Baltic!"})
        second = self.api.ok("POST", "regionalgateways", {"name": "Nordic, Baltic"})
        self.assertEqual(self.api.ok("GET", f"regionalgateways/{first}")["moniker"], "nordic-baltic")
        self.assertEqual(self.api.ok("GET", f"regionalgateways/{second}")["moniker"], "nordic-baltic-2")
        self.assertEqual(self.api.ok("GET", "redundancyzones/nordic-baltic-primary")["regionalGateway"]["id"], first)
        self.api.ok("DELETE", f"regionalgateways/{second}")

    def test_lists(self):
        for number in range(100, 125):
            self.api.ok("POST", "endpoints", {"iccid": iccid(number), "imsis": [imsi(number)], "name": f"car {number}", "tags": [f"tag{number % 5}"]})
        reply = self.api.get("endpoints?limit=10&offset=5&sortBy=desc(name)&filter=name:car")
        self.assertEqual([row["name"] for row in reply.data], [f"car {number}" for number in range(119, 109, -1)])
        self.assertEqual((reply.body["totalItems"], reply.body["limit"], reply.body["offset"]), (25, 10, 5))
        self.assertEqual(len(self.api.ok("GET", "endpoints?filter=name:car%201,tags:tag3")), 5)
        self.assertEqual(self.api.ok("GET", "endpoints?filter=name:CAR"), [])
        self.assertEqual(len(self.api.ok("GET", "endpoints?filter=endpointStatus:pending&limit=1000")), 25)
        self.assertEqual(len(self.api.ok("GET", "endpoints?filter=imsis:0000000107")), 1)
        self.assertEqual(len(self.api.ok("GET", "endpoints")), 26)
        for query, parts in (("limit=-1", ("limit", "0 to 1000")), ("limit=1001", ("limit",)), ("offset=-1", ("offset",)), ("offset=x", ("offset",)),
                             ("sortBy=name", ("sortBy", "asc(member)")), ("sortBy=asc(nothing)", ("sortBy", "nothing")), ("filter=name", ("filter", "colon")),
                             ("filter=pppPassword:x", ("filter", "pppPassword")), ("filter=name:%27%20OR%201=1", None)):
            if parts:
                self.assertSaid(self.api.refused("GET", "endpoints?" + query), *parts)
            else:
                self.assertEqual(self.api.ok("GET", "endpoints?" + query), [])

    def test_built_ins(self):
        self.assertEqual({row["moniker"] for row in self.api.ok("GET", "redundancyzones")} & {"europe-primary", "north-america-primary"},
                         {"europe-primary", "north-america-primary"})
        policies = {row["moniker"]: row for row in self.api.ok("GET", "RegionalPolicies")}
        self.assertTrue(policies["automatic"]["isFixed"])
        self.assertEqual(self.api.ok("GET", "RegionalPolicies/europe/entries")[0]["regionalGateway"]["moniker"], "europe")
        self.assertSaid(self.api.refused("DELETE", "RegionalPolicies/automatic", status=403), "comes with the program")
        for path in ("OperatorPolicies", "EventMaps", "sessions", "tunnels"):
            self.assertEqual(self.api.ok("GET", path), [])

    def test_etag(self):
        url = f"EndpointGroups/{self.ids['group']}"
        etag = self.api.get(url).headers["etag"]
        self.api.ok("PATCH", url, {"name": "first"}, headers={"If-Match": etag})
        self.assertSaid(self.api.refused("PATCH", url, {"name": "second"}, status=412, headers={"If-Match": etag}), "If-Match", "changed meanwhile")
        self.assertEqual(self.api.ok("GET", url)["name"], "first")

    def test_idempotency_key(self):
        body = {"iccid": iccid(900), "imsis": [imsi(900)]}
        first = self.api.ok("POST", "endpoints", body, headers={"Idempotency-Key": "a-key"})
        self.assertEqual(self.api.ok("POST", "endpoints", body, headers={"Idempotency-Key": "a-key"}), first)
        self.assertSaid(self.api.refused("POST", "endpoints", {**body, "name": "x"}, status=409, headers={"Idempotency-Key": "a-key"}), "Idempotency-Key")
        self.api.ok("DELETE", f"endpoints/{first}")

    def test_merge(self):
        url = f"endpoints/{self.ids['endpoint']}"
        self.api.ok("PATCH", url, {"reference": "R-1", "tags": ["a", "b"]})
        read = self.api.ok("GET", url)
        self.assertEqual((read["reference"], read["tags"], read["pppPasswordSet"]), ("R-1", ["a", "b"], True))
        self.api.ok("PATCH", url, {"reference": None, "tags": None, "moniker": None})
        read = self.api.ok("GET", url)
        self.assertEqual((read["reference"], read["tags"], read["iccid"]), (None, [], iccid(1)))
        self.assertEqual(read["moniker"], iccid(1))


if __name__ == "__main__":
    main()
