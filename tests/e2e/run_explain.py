#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""POST /routingpolicies/{id}/explain: which rule a packet hits, where it would go, and why; also of rules that are not stored."""

from harness import Case, l2tp_setup, main


class Explain(Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.ids = l2tp_setup(cls.api, "Explained")
        cls.url = f"routingpolicies/{cls.ids['policy']}/explain"
        cls.to_target = {"ruleAction": "forward", "ruleDirection": "uplink", "routingTarget": cls.ids["target"]}

    def explain(self, packet, rules=None):
        body = {"sourceIp": "10.64.0.1", "destinationIp": "10.65.0.1", "transportProtocol": "udp", "sourcePort": 1701, "destinationPort": 1701}
        body.update(packet)
        if rules is not None:
            body["routingPolicyRules"] = rules
        return self.api.ok("POST", self.url, body)

    def test_words(self):
        drop = {"ruleAction": "drop", "ruleDirection": "uplink"}
        for rules, packet, verdict, precedence, said in (
            ([self.to_target], {}, "forward", 1, "rule 1 forwards it to Routing Target"),
            ([{**drop, "transportProtocol": "tcp"}, self.to_target], {}, "forward", 2, "rule 2 forwards"),
            ([{**drop, "transportProtocol": "tcp"}, self.to_target], {"transportProtocol": "tcp"}, "drop", 1, "rule 1 drops it"),
            ([drop, self.to_target], {}, "drop", 1, "rule 1 drops it"),
            ([], {}, "drop", None, "no uplink rule matches, and no match drops"),
            ([{**self.to_target, "enabled": False}], {}, "drop", None, "no match drops"),
            ([{**self.to_target, "sourceIpPattern": "10.64.0.9,10.64.0.1-10.64.0.3"}], {}, "forward", 1, "rule 1"),
            ([{**self.to_target, "sourceIpPattern": "10.64.0.9,10.64.0.2-10.64.0.3"}], {}, "drop", None, "no match"),
            ([{**self.to_target, "transportProtocol": "udp", "divertIp": "10.65.0.7", "divertPort": "1702"}], {}, "forward", 1,
             "diverted to 10.65.0.7 port 1702"),
            ([{**self.to_target, "regionalGateway": "north-america"}], {}, "drop", None, "no match"),
            ([{**self.to_target, "regionalGateway": "north-america"}], {"regionalGateway": "north-america"}, "forward", 1, "rule 1"),
            ([self.to_target], {"ruleDirection": "downlink", "sourceIp": "10.65.0.1", "destinationIp": "10.64.0.1"}, "forward", None,
             "needs no downlink rule"),
            ([self.to_target], {"ruleDirection": "downlink"}, "drop", None, "no downlink rule matches"),
        ):
            with self.subTest(rules=rules, packet=packet):
                answer = self.explain(packet, rules)
                self.assertEqual((answer["verdict"], answer["rule"] and answer["rule"]["precedence"]), (verdict, precedence), answer)
                self.assertIn(said, answer["reason"])

    def test_of_what_is_stored_and_nothing_is_stored(self):
        before = self.api.ok("GET", f"routingpolicies/{self.ids['policy']}")
        self.assertEqual(self.explain({})["verdict"], "forward")
        self.assertEqual(self.explain({})["routingTarget"]["id"], before["routingPolicyRules"][0]["routingTarget"]["id"])
        self.assertEqual(self.explain({}, [])["verdict"], "drop")
        self.assertEqual(self.api.ok("GET", f"routingpolicies/{self.ids['policy']}"), before)

    def test_of_a_policy_that_is_not_stored(self):
        stored = self.api.ok("GET", "routingpolicies")
        vslice = self.api.ok("GET", f"routingpolicies/{self.ids['policy']}")["vslice"]["moniker"]
        packet = {"sourceIp": "10.64.0.1", "destinationIp": "10.65.0.1", "vslice": vslice}
        for rules, verdict in (([self.to_target], "forward"), ([], "drop")):
            self.assertEqual(self.api.ok("POST", "routingpolicies/explain", {**packet, "routingPolicyRules": rules})["verdict"], verdict)
        self.assertEqual(self.api.ok("GET", "routingpolicies"), stored)
        self.assertSaid(self.api.refused("POST", "routingpolicies/explain", {"sourceIp": "10.64.0.1", "destinationIp": "10.65.0.1"}), "vslice:")
        self.assertSaid(self.api.refused("POST", "routingpolicies/explain", {**packet, "routingPolicyRules": [{"ruleAction": "go"}]}), "ruleAction")

    def test_by_which_target_a_packet_comes(self):
        drop = {"ruleAction": "drop", "ruleDirection": "downlink", "routingTarget": self.ids["target"]}
        packet = {"ruleDirection": "downlink", "sourceIp": "10.65.0.1", "destinationIp": "10.64.0.1"}
        self.assertEqual(self.explain({**packet, "routingTarget": self.ids["target"]}, [drop, self.to_target])["verdict"], "drop")
        self.assertSaid(self.api.refused("POST", self.url, {**packet, "routingTarget": "nowhere"}), "routingTarget:")

    def test_of_an_integrated_vslice(self):
        vslice = self.api.ok("POST", "vslices", {"name": "Explained fleet", "vsliceType": "integrated", "subnetAddress": "100.64.0.0/24"})
        target = self.api.ok("POST", "routingtargets", {"name": "Net", "vslice": vslice, "routingTargetType": "internet", "routingRedundancyZoneMoniker": "europe-primary"})
        to_sims, out = {"ruleAction": "forward", "ruleDirection": "uplink"}, {"ruleAction": "forward", "ruleDirection": "uplink", "routingTarget": target}
        for rules, to, verdict, said in (
            ([to_sims, out], "100.64.0.9", "forward", "rule 1 forwards it to the endpoint that has 100.64.0.9"),
            ([to_sims, out], "192.0.2.1", "forward", "rule 2 forwards it to Routing Target"),  # rule 1 leads to the subnets only
            ([to_sims], "192.0.2.1", "drop", "no uplink rule matches"),
            ([{**to_sims, "divertIp": "100.64.0.7"}], "100.64.0.9", "forward", "the endpoint that has 100.64.0.7"),
            ([{**out, "divertIp": "192.0.2.7"}], "2001:db8::1", "drop", "no uplink rule matches"),  # IPv6 cannot be diverted to IPv4
        ):
            packet = {"vslice": vslice, "sourceIp": "100.64.0.2" if "." in to else "2001:db8::2", "destinationIp": to, "routingPolicyRules": rules}
            with self.subTest(to=to, rules=rules):
                answer = self.api.ok("POST", "routingpolicies/explain", packet)
                self.assertEqual(answer["verdict"], verdict, answer)
                self.assertIn(said, answer["reason"])
        packet = {"vslice": vslice, "sourceIp": "100.64.0.2", "destinationIp": "192.0.2.1"}
        for rule, said in (
            ({**to_sims, "divertIp": "192.0.2.7"}, "divertIp: is in none of the VSlice's subnets"),
            ({**out, "ruleDirection": "downlink", "divertIp": "100.64.0.7"}, "divertIp: is for uplink rules"),
        ):
            self.assertSaid(self.api.refused("POST", "routingpolicies/explain", {**packet, "routingPolicyRules": [rule]}), said)

    def test_faults_are_told_together(self):
        reply = self.api.refused("POST", self.url, {"sourceIp": "nowhere", "transportProtocol": "sctp", "destinationPort": 70000})
        for name in ("sourceIp", "destinationIp", "transportProtocol", "destinationPort"):
            self.assertSaid(reply, name + ":")
        self.api.refused("POST", self.url, {"sourceIp": "10.0.0.1", "destinationIp": "10.0.0.2", "routingPolicyRules": [{"ruleAction": "forward"}]})
        self.api.refused("POST", "routingpolicies/none/explain", {}, status=404)


if __name__ == "__main__":
    main()
