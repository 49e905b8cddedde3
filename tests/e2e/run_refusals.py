#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What is refused, and how: each rule of the product as an error that teaches, all faults at once, bad bodies of every kind."""

import json

from harness import Case, iccid, imsi, l2tp_setup, main


class Refusals(Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.ids = l2tp_setup(cls.api, "One", with_endpoint=1)
        cls.two = l2tp_setup(cls.api, "Two")
        cls.integrated = cls.api.ok("POST", "vslices", {"name": "Integrated", "subnetAddress": "100.64.0.0/24"})

    def said(self, method, path, body, *parts, status=400):
        self.assertSaid(self.api.refused(method, path, body, status=status), *parts)

    def test_vslice_rules(self):
        l2tp = {"name": "x", "vsliceType": "l2tp", "regionalGateway": "europe"}
        plain = {"name": "x", "subnetAddress": "100.65.0.0/24"}
        for body, parts in (
            ({**l2tp, "subnetAddress": "10.0.0.0/8"}, ("subnetAddress", "does not apply", "LNS assigns")),
            ({**l2tp, "subnets": ["10.0.0.0/8"]}, ("subnets", "does not apply", "LNS assigns")),
            ({**l2tp, "dnsServers": ["9.9.9.9"]}, ("dnsServers", "does not apply")),
            ({**l2tp, "dnsMode": "custom"}, ("dnsMode", "does not apply")),
            ({**l2tp, "ipAllocationType": "static"}, ("ipAllocationType", "fixed to ppp")),
            ({**l2tp, "regionalGateway": None}, ("regionalGateway", "is missing", "vsliceType is l2tp")),
            ({**l2tp, "regionalGateway": "mars"}, ("regionalGateway", '"mars" does not exist')),
            ({**l2tp, "defaultRoutingPolicy": self.ids["policy"]}, ("defaultRoutingPolicy", "leave it blank at creation")),
            ({**l2tp, "l2tpNetworkServers": [{"address": f"10.0.0.{n}"} for n in range(1, 7)]}, ("l2tpNetworkServers", "6 entries", "0 to 5")),
            ({**l2tp, "l2tpNetworkServers": [{"address": "lns.example.net"}]}, ("l2tpNetworkServers[0].address", "lns.example.net", "names are not supported")),
            ({**l2tp, "l2tpNetworkServers": [{"address": "2001:db8::1"}]}, ("l2tpNetworkServers[0].address", "IPv6")),
            ({**l2tp, "l2tpNetworkServers": [{"port": 1701}]}, ("l2tpNetworkServers[0].address", "is missing")),
            ({**l2tp, "l2tpNetworkServers": [{"address": "10.0.0.1"}, {"address": "10.0.0.1"}]}, ("l2tpNetworkServers", "entries 1 and 2")),
            ({**l2tp, "l2tpAccessConcentrators": [{"address": "10.0.0.1", "port": 0}]}, ("l2tpAccessConcentrators[0].port", "1 to 65535")),
            ({**l2tp, "l2tpAccessConcentrators": [{"address": "10.0.0.1", "moniker": "a"}, {"address": "10.0.0.2", "moniker": "a"}]}, ("same moniker",)),
            ({**l2tp, "l2tpAccessConcentrators": [{"address": "10.0.0.1", "secret": "x"}]}, ("l2tpAccessConcentrators[0].secret", "tunnelSecret")),
            ({**l2tp, "advancedSettings": {"helloIntervalSeconds": 3601}}, ("advancedSettings.helloIntervalSeconds", "0 to 3600 seconds")),
            ({**l2tp, "advancedSettings": {"calledNumberText": "x"}}, ("advancedSettings.calledNumberText", "calledNumber is custom")),
            ({**l2tp, "advancedSettings": {"calledNumber": "custom"}}, ("advancedSettings.calledNumberText", "is missing")),
            ({**l2tp, "advancedSettings": {"attemptBudgetMs": 6000}}, ("advancedSettings.attemptBudgetMs", "overallBudgetMs")),
            ({**l2tp, "advancedSettings": {"pppUsername": "%{imei"}}, ("advancedSettings.pppUsername", "%{imsi}")),
            ({**l2tp, "ipAddressFamily": "ipv6"}, ("ipAddressFamily", "not supported for now")),
            ({**plain, "ipAllocationType": "ppp"}, ("ipAllocationType", "L2TP")),
            ({**plain, "defaultRoutingPolicy": self.ids["policy"]}, ("defaultRoutingPolicy", "each Endpoint Group selects")),
            ({**plain, "regionalGateway": "europe"}, ("regionalGateway", "regionalGatewayPolicy")),
            ({**plain, "lacs": [{"address": "10.0.0.1"}]}, ("l2tpAccessConcentrators", "only an L2TP VSlice")),
            ({**plain, "lnss": [{"address": "10.0.0.1"}]}, ("l2tpNetworkServers", "only an L2TP VSlice")),
            ({**plain, "advancedSettings": {"hideAvps": True}}, ("advancedSettings", "only an L2TP VSlice")),
            ({**plain, "dnsMode": "custom"}, ("dnsServers", "is empty")),
            ({**plain, "dnsServers": ["9.9.9.9"]}, ("dnsServers", "must be empty while dnsMode is auto")),
            ({**plain, "subnets": ["100.65.0.0/24", "100.65.0.0/25"]}, ("subnets", "overlap")),
            ({"name": "x"}, ("subnetAddress", "is missing")),
            ({**plain, "subnetAddress": "100.65.0.1/24"}, ("subnetAddress", "without host bits")),
        ):
            with self.subTest(body=body):
                self.said("POST", "vslices", body, *parts)
        self.said("PATCH", f"vslices/{self.ids['vslice']}", {"vsliceType": "integrated"}, "vsliceType", "cannot be changed after creation")
        self.said("PATCH", f"vslices/{self.ids['vslice']}", {"defaultRoutingPolicy": self.two["policy"]}, "defaultRoutingPolicy", 'created against VSlice "two"')
        for number in range(2, 6):
            self.api.ok("POST", f"vslices/{self.two['vslice']}/lnss", {"address": f"10.65.0.{number}"})
        self.said("POST", f"vslices/{self.two['vslice']}/lnss", {"address": "10.65.0.6"}, "l2tpNetworkServers", "6 entries")

    def test_what_does_not_apply_is_accepted_when_it_asks_for_nothing(self):
        api = self.api
        vslice = api.ok("POST", "vslices", {"name": "Quiet", "vsliceType": "l2tp", "regionalGateway": "europe", "subnetAddress": "", "dnsServers": [],
                                            "dnsMode": "auto", "ipAllocationType": "ppp", "subnets": None, "defaultRoutingPolicy": ""})
        api.ok("POST", "vslices", {"name": "Quiet 2", "subnetAddress": "100.66.0.0/24", "l2tpNetworkServers": [], "lacs": None, "advancedSettings": {},
                                   "regionalGateway": None})
        lac = api.ok("POST", f"vslices/{vslice}/lacs", {"address": "10.0.0.1"})
        api.ok("POST", "EndpointGroups", {"name": "Quiet", "vslice": vslice, "lac": lac, "routingPolicy": "", "regionalGatewayPolicy": "automatic",
                                          "ipAllocationType": "ppp"})
        api.ok("POST", "EndpointGroups", {"name": "Quiet again", "vslice": self.ids["vslice"], "lac": "lac-1", "routingPolicy": "one-policy",
                                          "regionalGatewayPolicy": "europe"})

    def test_group_rules(self):
        l2tp = {"name": "g", "vslice": self.ids["vslice"]}
        plain = {"name": "g", "vslice": "integrated", "regionalGatewayPolicy": "automatic"}
        for body, parts in (
            (l2tp, ("l2tpAccessConcentrator", "is missing", "L2TP Access Concentrator")),
            ({**l2tp, "l2tpAccessConcentrator": self.two["lac"]}, ("l2tpAccessConcentrator", "does not exist", "same VSlice")),
            ({**l2tp, "lac": "lac-1", "routingPolicy": self.two["policy"]}, ("routingPolicy", "selected on the VSlice")),
            ({**l2tp, "lac": "lac-1", "regionalGatewayPolicy": "north-america"}, ("regionalGatewayPolicy", "fixed on the VSlice")),
            ({**l2tp, "lac": "lac-1", "ipAllocationType": "pooled"}, ("ipAllocationType", "fixed to ppp")),
            ({**plain, "l2tpAccessConcentrator": "lac-1"}, ("l2tpAccessConcentrator", "integrated and has no LACs")),
            ({**plain, "routingPolicy": self.ids["policy"]}, ("routingPolicy", "another VSlice")),
            ({**plain, "ipAllocationType": "ppp"}, ("ipAllocationType", "L2TP")),
            ({"name": "g", "vslice": "nowhere"}, ("vslice", '"nowhere" does not exist')),
        ):
            with self.subTest(body=body):
                self.said("POST", "EndpointGroups", body, *parts)
        self.said("PATCH", f"EndpointGroups/{self.ids['group']}", {"vslice": self.two["vslice"]}, "vslice", "cannot be changed")

    def test_policy_and_target_rules(self):
        rule = {"ruleAction": "forward", "ruleDirection": "uplink", "routingTarget": self.ids["target"]}
        policy = {"name": "p", "vslice": self.ids["vslice"]}
        for change, parts in (
            ({"routingTarget": None}, ("routingPolicyRules[0].routingTarget", "is missing", "ruleAction is forward")),
            ({"routingTarget": self.two["target"]}, ("routingPolicyRules[0].routingTarget", 'belongs to VSlice "two"')),
            ({"ruleAction": "divert"}, ("routingPolicyRules[0].ruleAction", "forward, drop")),
            ({"destinationPortPattern": "80"}, ("routingPolicyRules[0].destinationPortPattern", "tcp or udp")),
            ({"destinationPortPattern": 80, "transportProtocol": "tcp"}, ("routingPolicyRules[0].destinationPortPattern", "an integer")),
            ({"destinationPortPattern": "80-70", "transportProtocol": "tcp"}, ("destinationPortPattern", "80,8000-8100")),
            ({"sourceIpPattern": "10.0.0.300"}, ("routingPolicyRules[0].sourceIpPattern", "10.0.0.300")),
            ({"divertPort": "53", "transportProtocol": "udp"}, ("routingPolicyRules[0].divertPort", "divertIp")),
        ):
            with self.subTest(change=change):
                self.said("POST", "RoutingPolicies", {**policy, "routingPolicyRules": [{**rule, **change}]}, *parts)
        self.said("POST", "RoutingPolicies", {**policy, "routingPolicyRules": [rule] * 1001}, "routingPolicyRules", "1001 entries")
        target = {"name": "t", "vslice": self.ids["vslice"], "routingTargetType": "peering"}
        for body, parts in (
            (target, ("configurationData.peeringConfig.interface", "is missing")),
            ({**target, "configurationData": {"vpnConfig": {"remotePeerAddress": "10.0.0.1"}}}, ("configurationData.vpnConfig", "type vpn")),
            ({**target, "configurationData": {"peeringConfig": {"interface": "a/b", "localAddress": "10.0.0.1/30"}}}, ("interface", "a/b")),
            ({**target, "configurationData": {"peeringConfig": {"interface": "a", "localAddress": "10.0.0.1/30", "bgp": {"localAs": 65000}}}},
             ("configurationData.peeringConfig.bgp.peerAs", "is missing")),
            ({"name": "t", "vslice": "integrated", "routingTargetType": "internet"}, ("routingRedundancyZoneMoniker", "is missing")),
            ({"name": "t", "vslice": "integrated", "routingTargetType": "internet", "routingRedundancyZoneMoniker": "x"}, ("routingRedundancyZoneMoniker", '"x"')),
        ):
            with self.subTest(body=body):
                self.said("POST", "routingtargets", body, *parts)

    def test_endpoint_rules(self):
        body = {"iccid": iccid(70), "imsis": [imsi(70)]}
        for change, parts in (
            ({"iccid": iccid(70)[:-1] + str((int(iccid(70)[-1]) + 1) % 10)}, ("iccid", "check digit")),
            ({"iccid": "123"}, ("iccid", "18 to 22")),
            ({"imsis": []}, ("imsis", "is missing")),
            ({"imsis": ["123"]}, ("imsis[0]", "14 or 15 digits")),
            ({"imsis": [imsi(70), imsi(70)]}, ("imsis[1]", "twice")),
            ({"imsis": [1, 2]}, ("imsis[0]", "an integer")),
            ({"imsis": [imsi(n) for n in range(80, 85)]}, ("imsis", "5 items")),
            ({"endpointStatus": "active"}, ("endpointStatus", "set endpointGroup too")),
            ({"endpointStatus": "sleeping"}, ("endpointStatus", "suspended, terminated")),
            ({"endpointGroup": self.ids["group"], "staticIpAddress": "10.0.0.1"}, ("staticIpAddress", "LNS assigns")),
            ({"msisdn": "+31612345678"}, ("msisdn", "digits")),
            ({"name": "x" * 51}, ("name", "51 characters")),
            ({"pppPassword": "x" * 129}, ("pppPassword", "129 characters")),
        ):
            with self.subTest(change=change):
                self.said("POST", "endpoints", {**body, **change}, *parts)
        self.said("POST", "endpoints", {**body, "imsis": [imsi(1)]}, "imsis[0]", "belongs to another Endpoint", status=409)
        self.said("POST", "endpoints", {**body, "iccid": iccid(1)}, "iccid", "belongs to another Endpoint", status=409)

    def test_endpoint_life(self):
        api = self.api
        endpoint = api.ok("POST", "endpoints", {"iccid": iccid(71), "imsis": [imsi(71), imsi(72)]})
        status = lambda: api.ok("GET", f"endpoints/{endpoint}")["endpointStatus"]["moniker"]
        self.assertEqual(status(), "pending")
        api.ok("PATCH", f"endpoints/{endpoint}", {"endpointGroup": self.ids["group"]})
        self.assertEqual(status(), "active")
        api.ok("PATCH", f"endpoints/{endpoint}", {"endpointStatus": "suspended"})
        api.ok("PATCH", f"endpoints/{endpoint}", {"endpointStatus": "active"})
        api.ok("PATCH", f"endpoints/{endpoint}", {"endpointGroup": ""})
        self.assertEqual(status(), "pending")
        api.ok("PATCH", f"endpoints/{endpoint}", {"endpointStatus": "terminated"})
        self.said("PATCH", f"endpoints/{endpoint}", {"endpointStatus": "pending"}, "endpointStatus", "terminated is final")
        self.said("PATCH", f"endpoints/{endpoint}", {"iccid": iccid(73)}, "iccid", "cannot be changed")
        api.ok("DELETE", f"endpoints/{endpoint}")

    def test_deleting_names_the_users(self):
        ids = l2tp_setup(self.api, "Used", with_endpoint=90)
        said = lambda path, *parts: self.said("DELETE", path, None, *parts, status=409)
        said(f"EndpointGroups/{ids['group']}", "Endpoint", iccid(90), "endpointGroup")
        said(f"vslices/{ids['vslice']}", "1 Endpoint Group(s)", "delete them first")
        said(f"routingtargets/{ids['target']}", "rule 1", '"used-policy"')
        said(f"RoutingPolicies/{ids['policy']}", "Default Routing Policy", '"used"')
        said(f"vslices/{ids['vslice']}/lacs/{ids['lac']}", "lac-1", "1 Endpoint Group(s)")
        said("regionalgateways/europe", "VSlice", "regionalGateway")
        said("customers/default", "Endpoint(s) belong to it")
        self.api.ok("POST", "regionalgateways", {"name": "Zoned"})
        self.api.ok("POST", "routingtargets", {"name": "Zoned", "vslice": "integrated", "routingTargetType": "internet", "routingRedundancyZoneMoniker": "zoned-primary"})
        said("regionalgateways/zoned", "Redundancy Zones", "move it")
        self.api.ok("DELETE", f"endpoints/{ids['endpoint']}")
        self.api.ok("DELETE", f"EndpointGroups/{ids['group']}")
        self.api.ok("DELETE", f"RoutingPolicies/{ids['policy']}")
        self.assertIsNone(self.api.ok("GET", f"vslices/{ids['vslice']}")["defaultRoutingPolicy"])
        self.api.ok("DELETE", f"vslices/{ids['vslice']}")
        self.api.refused("GET", f"routingtargets/{ids['target']}", status=404)

    def test_all_faults_at_once(self):
        messages = self.api.refused("POST", "vslices", {
            "name": "", "moniker": "Not A Moniker", "vsliceType": "l2tp", "subnetAddress": "10.0.0.0/8", "dnsMode": "sometimes", "colour": "red",
            "l2tpNetworkServers": [{"address": "x", "port": "1701"}, {"address": "10.0.0.1", "port": 70000}]})
        for parts in (("name", "is missing"), ("moniker", "Not A Moniker"), ("subnetAddress", "does not apply"), ("dnsMode", "auto, custom"),
                      ("colour", "not a member of VSlice"), ("l2tpNetworkServers[0].address",), ("l2tpNetworkServers[0].port", "a text"),
                      ("l2tpNetworkServers[1].port", "70000"), ("regionalGateway", "is missing")):
            self.assertSaid(messages, *parts)
        self.assertEqual(len(messages), 9, messages)
        self.assertEqual(len(set(messages)), len(messages))

    def test_bad_bodies(self):
        for raw, parts in (
            (b"", ("empty",)), (b"{", ("line 1",)), (b"[]", ("body", "a list")), (b'"x"', ("body",)), (b"nonsense", ("line 1",)),
            (b'{"name":"a","name":"b"}', ("duplicate",)), (b'{"name":"a","NAME":"b"}', ("name", "twice")),
            (b'{"name":' + b"[" * 100000 + b"]" * 100000 + b"}", ("line 1",)), (b'{"name":1e400}', ("line 1",)),
            (b'{"name":99999999999999999999999}', ("line 1",)), (b'{"name":"\xff\xfe"}', ("line 1",)), (b'{"name":"a\\u0000b"}', ("line 1",)),
            (b'{"name":true}', ("name", "a boolean")), (b'{"name":{"a":1}}', ("name", "an object")), (b'{"name":1.5}', ("name", "a number")),
            (b'{"name":"a","vsliceType":1}', ("vsliceType", "an integer")), (b'{"name":"a","subnetAddress":["x"]}', ("subnetAddress", "a list")),
        ):
            with self.subTest(raw=raw[:40]):
                reply = self.api.call("POST", "vslices", raw=raw)
                self.assertEqual(reply.status, 400, reply.text)
                self.assertSaid(reply.messages, *parts)
        reply = self.api.call("POST", "vslices", raw=b'{"name":"' + b"x" * (2 << 20) + b'"}')
        self.assertEqual(reply.status, 413)
        reply = self.api.call("POST", "vslices", raw=b"name=x", headers={"Content-Type": "application/x-www-form-urlencoded"})
        self.assertEqual(reply.status, 415)
        self.assertSaid(self.api.refused("POST", "vslices", {f"m{n}": n for n in range(500)}), "and", "more")

    def test_paths_and_methods(self):
        self.assertEqual(self.api.get("nothing").status, 404)
        self.assertEqual(self.api.get("/").status, 404)
        self.assertEqual(self.api.get("/api/v1/vslices/x/y/z/a/b/c").status, 404)
        reply = self.api.call("DELETE", "vslices")
        self.assertEqual((reply.status, reply.headers["allow"]), (405, "GET, POST"))
        self.assertEqual(self.api.refused("GET", "vslices/nothing", status=404), ["Record not found"])
        self.assertEqual(self.api.refused("GET", f"vslices/{self.ids['target']}", status=404), ["Record not found"])
        self.assertEqual(self.api.call("POST", "sessions", {}).status, 405)

    def test_tokens(self):
        self.assertEqual(self.api.get("vslices", token="").status, 401)
        self.assertEqual(self.api.get("vslices", token="f" * 32).status, 401)
        self.assertEqual(self.api.get("vslices", headers={"Authorization": "Basic eDp5"}).status, 401)
        self.assertEqual(self.api.get("apitokens/verify").body["success"], True)
        reader = self.api.call("POST", "apitokens", {"name": "reader", "scope": "read-only"}).body["token"]
        customer = self.api.call("POST", "apitokens", {"name": "customer"}).body["token"]
        expired = self.api.call("POST", "apitokens", {"name": "expired", "expiresAt": "2020-01-01T00:00:00Z"}).body["token"]
        self.assertEqual(self.api.get("vslices", token=reader).status, 200)
        self.assertSaid(self.api.refused("POST", "vslices", {"name": "x"}, status=403, token=reader), "only read")
        self.assertSaid(self.api.refused("POST", f"endpoints/{self.ids['endpoint']}/detach", status=403, token=reader), "only read")
        self.assertSaid(self.api.refused("POST", "regionalgateways", {"name": "x"}, status=403, token=customer), "platform owner")
        self.assertSaid(self.api.refused("POST", "apitokens", {"name": "x", "scope": "platform-owner"}, status=403, token=customer), "scope")
        self.assertEqual(self.api.get("customers", token=customer).status, 403)
        self.assertEqual(self.api.get("vslices", token=expired).status, 401)
        self.assertSaid(self.api.refused("POST", "apitokens", {"name": "x", "scope": "gateway"}), "regionalGateway", "is missing")
        self.assertSaid(self.api.refused("POST", "apitokens", {"name": "x", "expiresAt": "tomorrow"}), "expiresAt", "2030-01-31T12:00:00Z")

    def test_two_customers_see_nothing_of_each_other(self):
        self.api.ok("POST", "customers", {"name": "Other"})
        other = self.api.call("POST", "apitokens", {"name": "other"}, headers={"X-Customer": "other"}).body["token"]
        for path, name in (("vslices", "vslice"), ("routingtargets", "target"), ("RoutingPolicies", "policy"), ("EndpointGroups", "group"), ("endpoints", "endpoint")):
            self.assertEqual(self.api.get(path, token=other).data, [])
            for method, body in (("GET", None), ("PUT", {"name": "x"}), ("PATCH", {"name": "x"}), ("DELETE", None)):
                reply = self.api.call(method, f"{path}/{self.ids[name]}", body, token=other)
                self.assertEqual((reply.status, reply.messages), (404, ["Record not found"]), (method, path))
        self.assertSaid(self.api.refused("POST", "EndpointGroups", {"name": "x", "vslice": "one", "lac": "lac-1"}, token=other), "vslice", "does not exist")
        self.assertSaid(self.api.refused("GET", "vslices", status=403, token=other, headers={"X-Customer": "default"}), "X-Customer")
        self.api.ok("POST", "vslices", {"name": "One", "vsliceType": "l2tp", "regionalGateway": "europe"}, token=other)  # the same moniker, of another customer
        self.assertEqual(len(self.api.ok("GET", "vslices", headers={"X-Customer": "other"})), 1)


if __name__ == "__main__":
    main()
