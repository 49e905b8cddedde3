#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Operator Policies and Regional Policies: the shapes that existing clients decode, the rules of their entries, and what gateways get."""

import json

from harness import Case, Stream, iccid, imsi, l2tp_setup, main

ALLOW, SOFT, HARD = ({"steeringProfileEntryAction": action} for action in ("allow", "reject-soft", "reject-hard"))


class Policies(Case):
    def assertSaid(self, messages, *parts):
        for part in parts:
            self.assertTrue(any(part in message for message in messages), (part, messages))

    def test_operators_are_listed(self):
        found = self.api.ok("GET", "operators?filter=moniker:26203")
        self.assertEqual([(row["operatorId"], row["iso3"], row["networks"]) for row in found], [(26203, "DEU", ["26203", "26207"])])
        self.assertGreater(self.api.get("operators?limit=1").body["totalItems"], 50)
        self.assertSaid(self.api.refused("POST", "operators", {"name": "x"}, status=403), "comes with the program")

    def test_an_operator_policy_s_life(self):
        api = self.api
        identity = api.ok("POST", "OperatorPolicies", {"name": "Roaming", "moniker": "roaming",
                                                       "entries": [{**ALLOW, "operatorId": None, "iso3": None}, {**SOFT, "iso3": "GBR"}]})
        read = api.ok("GET", "OperatorPolicies/roaming")
        self.assertLessEqual({"id", "moniker", "name", "allow2g", "allow3g", "allow45g", "entries"}, set(read))
        self.assertEqual((read["id"], read["allow2g"], read["allow3g"], read["allow45g"]), (identity, True, True, True))
        first = read["entries"][0]
        self.assertLessEqual({"id", "operatorId", "iso3", "steeringProfileEntryAction"}, set(first))
        self.assertEqual(set(first["steeringProfileEntryAction"]), {"key", "moniker", "name", "active"})
        self.assertEqual(api.ok("GET", "operatorpolicies/roaming/entries"), read["entries"])

        added = api.ok("POST", "OperatorPolicies/roaming/entries", {**HARD, "operatorId": 26203})
        one = api.ok("GET", f"OperatorPolicies/roaming/entries/{added}")
        self.assertEqual((one["operatorId"], one["iso3"], one["steeringProfileEntryAction"]["moniker"]), (26203, None, "reject-hard"))
        api.ok("PUT", f"OperatorPolicies/roaming/entries/{added}", {**SOFT, "operatorId": 26203})
        api.ok("PATCH", f"OperatorPolicies/roaming/entries/{added}", {"radioAccess": "2g"})
        self.assertEqual(api.ok("GET", f"OperatorPolicies/roaming/entries/{added}")["radioAccess"]["moniker"], "2g")

        read = api.get("OperatorPolicies/roaming")
        api.ok("PUT", "OperatorPolicies/roaming", read.data)  # what was read is no change
        self.assertEqual(api.get("OperatorPolicies/roaming").data, read.data)
        api.ok("DELETE", f"OperatorPolicies/roaming/entries/{added}")
        self.assertEqual(len(api.ok("GET", "OperatorPolicies/roaming/entries")), 2)
        self.assertSaid(api.refused("DELETE", f"OperatorPolicies/roaming/entries/{first['id']}"), "one entry must be the default")
        api.ok("DELETE", "OperatorPolicies/roaming")
        self.assertEqual(api.get("OperatorPolicies/roaming").status, 404)

    def test_what_is_allowed_is_derived(self):
        self.api.ok("POST", "OperatorPolicies", {"name": "LTE", "moniker": "lte", "allow2g": True, "entries": [HARD, {**ALLOW, "iso3": "NLD", "radioAccess": "45g"}]})
        read = self.api.ok("GET", "OperatorPolicies/lte")
        self.assertEqual((read["allow2g"], read["allow3g"], read["allow45g"]), (False, False, True))

    def test_what_is_wrong_is_said(self):
        for path, entries, said in (
            ("OperatorPolicies", [{**ALLOW, "iso3": "NLD"}], "one entry must be the default"),
            ("OperatorPolicies", [ALLOW, ALLOW], "entries[1]: is about the same as entries[0]"),
            ("OperatorPolicies", [ALLOW, {**ALLOW, "iso3": "holland"}], "entries[1].iso3"),
            ("OperatorPolicies", [ALLOW, {**ALLOW, "operatorId": 12345}], "is no operator and no network"),
            ("OperatorPolicies", [{"steeringProfileEntryAction": "perhaps"}], "allow, reject-soft, reject-hard"),
            ("RegionalPolicies", [{"regionalGatewayId": "nowhere"}], '"nowhere" does not exist'),
            ("RegionalPolicies", [{"regionalGatewayId": "europe", "iso3": "NLD"}], "one entry must be the default"),
            ("RegionalPolicies", [{}], "regionalGateway: is missing"),
        ):
            with self.subTest(entries=entries):
                self.assertSaid(self.api.refused("POST", path, {"name": "Wrong", "entries": entries}), said)
        self.assertSaid(self.api.refused("POST", "RegionalPolicies", {"name": "A", "moniker": "automatic"}, status=409), "automatic")

    def test_a_regional_policy_s_life(self):
        api = self.api
        identity = api.ok("POST", "RegionalPolicies", {"name": "Split", "moniker": "split",
                                                       "entries": [{"regionalGatewayId": "europe"}, {"regionalGatewayId": "north-america", "iso3": "USA"}]})
        read = api.ok("GET", "RegionalPolicies/split")
        self.assertLessEqual({"id", "moniker", "name", "active", "isFixed", "entries"}, set(read))
        self.assertEqual((read["active"], read["isFixed"]), (True, False))
        added = api.ok("POST", "RegionalPolicies/split/entries", {"regionalGatewayId": api.ok("GET", "regionalgateways/north-america")["id"], "operatorId": 310260})
        rows = api.ok("GET", "RegionalPolicies/split/entries")
        for row in rows:
            self.assertLessEqual({"id", "operatorId", "regionalGatewayPolicyId", "iso3", "regionalGateway"}, set(row))
            self.assertEqual(row["regionalGatewayPolicyId"], identity)
        self.assertEqual([(row["operatorId"], row["iso3"], row["regionalGateway"]["moniker"]) for row in rows],
                         [(None, None, "europe"), (None, "USA", "north-america"), (310260, None, "north-america")])
        read = api.get("RegionalPolicies/split").data
        api.ok("PUT", "RegionalPolicies/split", read)
        self.assertEqual(api.get("RegionalPolicies/split").data, read)
        api.ok("DELETE", f"RegionalPolicies/split/entries/{added}")
        for method, path, body in (("PUT", "automatic", {"name": "Mine"}), ("PATCH", "europe", {"name": "Mine"}), ("DELETE", "europe", None),
                                   ("POST", "automatic/entries", {"regionalGatewayId": "europe"})):
            self.assertSaid(api.refused(method, "RegionalPolicies/" + path, body, status=403), "comes with the program")

    def test_groups_use_them_and_gateways_get_them(self):
        api = self.api
        stream = Stream(self.controller, "europe")
        self.addCleanup(stream.close)
        stream.until("ready")
        policy = api.ok("POST", "OperatorPolicies", {"name": "Used", "entries": [HARD, {**ALLOW, "iso3": "GBR"}, {**SOFT, "operatorId": 26203, "radioAccess": "3g"}]})
        rows = [row for row in stream.until("ready") if row["row"] == "put"]
        self.assertEqual([row["kind"] for row in rows], ["operatorPolicy"])
        entries = rows[0]["data"]["entries"]
        self.assertEqual([(row["networks"], row["action"], row.get("radioAccess")) for row in entries],
                         [([], "reject-hard", None), (["234", "235"], "allow", None), (["26203", "26207"], "reject-soft", "3g")])

        ids = l2tp_setup(api, "Steered")
        stream.until("ready")
        api.ok("PATCH", f"EndpointGroups/{ids['group']}", {"steeringProfile": policy})
        self.assertEqual(api.ok("GET", f"EndpointGroups/{ids['group']}")["steeringProfile"]["id"], policy)
        self.assertSaid(api.refused("DELETE", f"OperatorPolicies/{policy}", status=409), "names it in steeringProfile")
        fresh = Stream(self.controller, "europe")
        self.addCleanup(fresh.close)
        rows = [row for row in fresh.until("ready") if row["row"] == "put"]
        kinds = [row["kind"] for row in rows]
        self.assertLess(max(i for i, kind in enumerate(kinds) if kind == "operatorPolicy"), kinds.index("endpointGroup"))
        group = next(row["data"] for row in rows if row["kind"] == "endpointGroup" and row["id"] == ids["group"])
        self.assertEqual(group["steeringProfile"], policy)
        europe = next(row["data"] for row in rows if row["kind"] == "regionalPolicy" and row["data"]["moniker"] == "europe")
        self.assertEqual(europe["entries"][0]["regionalGatewayMoniker"], "europe")

    def test_a_customer_has_its_own_and_sees_the_built_ins(self):
        self.api.ok("POST", "customers", {"name": "Rival", "moniker": "rival"})
        rival = self.controller.client(self.api.call("POST", "apitokens", {"name": "rival"}, headers={"X-Customer": "rival"}).body["token"])
        self.api.ok("POST", "OperatorPolicies", {"name": "Ours", "moniker": "ours", "entries": [ALLOW]})
        self.assertEqual(rival.ok("GET", "OperatorPolicies"), [])
        self.assertEqual(rival.get("OperatorPolicies/ours").status, 404)
        rival.ok("POST", "OperatorPolicies", {"name": "Theirs", "moniker": "ours", "entries": [HARD]})
        reply = rival.get("RegionalPolicies?sortBy=asc(moniker)")
        self.assertEqual([row["moniker"] for row in reply.data], ["automatic", "europe", "north-america"])
        self.assertEqual(reply.body["totalItems"], 3)
        self.assertEqual(rival.call("DELETE", "RegionalPolicies/automatic").status, 403)
        rival.ok("POST", "RegionalPolicies", {"name": "Mine", "entries": [{"regionalGatewayId": "europe"}]})
        self.assertEqual(rival.get("RegionalPolicies?limit=1").body["totalItems"], 4)

    def test_a_sim_at_the_wrong_gateway_is_told_so(self):
        ids = l2tp_setup(self.api, "Elsewhere", with_endpoint=77)
        where = self.api.ok("GET", f"vslices/{ids['vslice']}")["regionalGateway"]["moniker"]
        other = "north-america" if where == "europe" else "europe"
        stream = Stream(self.controller, other)
        self.addCleanup(stream.close)
        stream.until("ready")
        rows = [{"row": "reports", "gateway": other, "boot": "b", "sequence": 1, "count": 1},
                {"row": "attach", "imsi": imsi(77), "ok": False, "startedAt": "2026-01-01T00:00:00Z", "reason": "unknown-imsi",
                 "verdict": "no endpoint that this Regional Gateway serves has this IMSI", "steps": []}]
        self.assertEqual(self.api.call("POST", "/gateway/v1/reports", raw="\n".join(json.dumps(row) for row in rows)).status, 200)
        attach = self.api.ok("GET", f"endpoints/{ids['endpoint']}/attaches")[0]
        for word in (other, where, "Regional Gateway"):
            self.assertIn(word, attach["verdict"])


main()
