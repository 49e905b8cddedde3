#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Many objects at once: import and export of endpoints, a whole L2TP set-up in one request; and the audit log of it all."""

import contextlib
import csv
import io
import json
import sqlite3
import threading
import time

from harness import Case, Controller, Stream, iccid, imsi, l2tp_setup, main


def rows_csv(group, numbers):
    return "iccid,imsis,endpointGroup,tags\r\n" + "".join(f"{iccid(n)},{imsi(n)},{group},a;b\r\n" for n in numbers)


class Import(Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.ids = l2tp_setup(cls.api, "Bulk")

    def count(self):
        return self.api.get("endpoints?limit=1").body["totalItems"]

    def take(self, body, status=200, query="", kind="text/csv"):
        reply = self.api.call("POST", "endpoints/import" + query, raw=body, headers={"Content-Type": kind})
        self.assertEqual(reply.status, status, reply.text[:600])
        self.assertEqual(reply.body["success"], status == 200)
        return reply

    def test_csv_in_more_than_one_portion(self):
        before = self.count()
        data = self.take(rows_csv("bulk-group", range(1000, 1450))).data
        self.assertEqual((data["rows"], data["created"], data["faulty"]), (450, 450, 0))
        self.assertEqual(self.count(), before + 450)
        row = data["report"][449]
        self.assertEqual((row["row"], row["iccid"], row["messages"]), (450, iccid(1449), []))
        endpoint = self.api.ok("GET", f"endpoints/{row['id']}")
        self.assertEqual((endpoint["imsis"], endpoint["tags"], endpoint["endpointStatus"]["moniker"]), ([imsi(1449)], ["a", "b"], "active"))

    def test_ndjson_and_quotes(self):
        body = json.dumps({"iccid": iccid(2000), "imsis": [imsi(2000), imsi(2001)], "endpointGroup": self.ids["group"], "name": 'A "b", c'}) + "\n\n"
        data = self.take(body, kind="application/x-ndjson").data
        self.assertEqual(self.api.ok("GET", f"endpoints/{data['report'][0]['id']}")["name"], 'A "b", c')
        data = self.take(f'\ufefficcid,imsis,name\n{iccid(2002)},"{imsi(2002)};{imsi(2003)}","A ""b"", c\nd"\n'.encode()).data
        endpoint = self.api.ok("GET", f"endpoints/{iccid(2002)}")
        self.assertEqual((endpoint["name"], endpoint["imsis"], endpoint["endpointStatus"]["moniker"]),
                         ('A "b", c\nd', [imsi(2002), imsi(2003)], "pending"))

    def test_one_fault_and_nothing_is_stored(self):
        before = self.count()
        body = rows_csv("bulk-group", range(3000, 3300)) + f"{iccid(3000)},{imsi(3400)},bulk-group,\n123,{imsi(3299)},nowhere,\n"
        reply = self.take(body, 400)
        self.assertEqual(self.count(), before)
        self.assertSaid(reply.messages, "row 301: iccid", "row 1 too")
        self.assertSaid(reply.messages, "row 302: iccid")
        self.assertSaid(reply.messages, "row 302: imsis[0]", "row 300 too")
        self.assertSaid(reply.messages, "row 302: endpointGroup", "nowhere")
        data = reply.data
        self.assertEqual((data["rows"], data["created"], data["faulty"], len(data["report"])), (302, 0, 2, 302))
        self.assertEqual(data["report"][0]["messages"], [])
        self.assertEqual(len(data["report"][301]["messages"]), 3)

    def test_conflict_with_what_is_stored(self):
        self.api.ok("POST", "endpoints", {"iccid": iccid(3500), "imsis": [imsi(3500)]})
        reply = self.take(rows_csv("bulk-group", range(3499, 3502)), 409)
        self.assertSaid(reply.messages, "row 2: iccid", "belongs to another Endpoint")
        self.assertEqual(self.api.get(f"endpoints/{iccid(3499)}").status, 404)

    def test_dry_run(self):
        before = self.count()
        data = self.take(rows_csv("bulk-group", range(3600, 3610)), query="?dryRun=true").data
        self.assertEqual((data["rows"], data["created"], self.count()), (10, 0, before))

    def test_what_cannot_be_read(self):
        for body, said in (("", "empty"), ("nonsense,imsis\n1,2\n", "nonsense: is not a member"), ("iccid,iccid\n", "twice"), ("iccid,imsis\n1\n", "row 1: row: has 1 fields"),
                           ('iccid,imsis\n"1,2\n', "broken quotation"), ('{"iccid":1\n', "row 1: row: is not valid JSON"), ('{"iccid":"1","a":2}\n', "row 1: a: is not a member"),
                           (b"iccid,imsis,name\n1,2,\xff\xfe\n", "not valid UTF-8"), (b"iccid,imsis\n1\x00,2\n", "row 1")):
            with self.subTest(body=body):
                self.assertSaid(self.take(body, 400).messages, said)

    def test_a_token_that_may_only_read(self):
        token = self.api.call("POST", "apitokens", {"name": "reader of imports", "scope": "read-only"}).body["token"]
        self.api.refused("POST", "endpoints/import", status=403, raw=rows_csv("bulk-group", [3700]), token=token)

    def test_export_and_import_again(self):
        self.take(rows_csv("bulk-group", range(5000, 6100)))
        reply = self.export("endpoints/export?filter=iccid:89883030000000")
        self.assertTrue(reply[1].startswith("text/csv"))
        rows = [row for row in csv.DictReader(io.StringIO(reply[0])) if iccid(5000) <= row["iccid"] <= iccid(6099)]
        self.assertEqual(len(rows), 1100)
        self.assertEqual((rows[0]["endpointGroup"], rows[0]["tags"], rows[0]["endpointStatus"]), ("bulk-group", "a;b", "active"))
        self.assertNotIn("pppPassword", rows[0])
        lines = [json.loads(line) for line in self.export("endpoints/export?format=ndjson&filter=iccid:" + iccid(5007))[0].splitlines()]
        self.assertEqual((lines[0]["imsis"], lines[0]["endpointGroup"]), ([imsi(5007)], "bulk-group"))
        self.api.ok("DELETE", "endpoints/" + iccid(5007))
        self.take(json.dumps(lines[0]), kind="application/x-ndjson")
        again = json.loads(self.export("endpoints/export?format=ndjson&filter=iccid:" + iccid(5007))[0])
        self.assertEqual(again, lines[0])
        self.api.refused("GET", "endpoints/export?format=xml")
        self.api.refused("GET", "endpoints/export?filter=pppPassword:x")

    def export(self, path):
        import http.client
        connection = http.client.HTTPConnection("127.0.0.1", self.controller.port)
        connection.request("GET", "/api/v1/" + path, headers={"Authorization": f"Bearer {self.api.token}"})
        reply = connection.getresponse()
        self.assertEqual(reply.status, 200)
        return reply.read().decode(), reply.getheader("Content-Type")

    def test_others_are_served_meanwhile(self):
        other, slow = self.controller.client(), []
        thread = threading.Thread(target=lambda: self.controller.client().call("POST", "endpoints/import", raw=rows_csv("bulk-group", range(10000, 14000))))
        thread.start()
        while thread.is_alive():
            start = time.monotonic()
            other.ok("GET", f"vslices/{self.ids['vslice']}")
            other.ok("PATCH", f"vslices/{self.ids['vslice']}", {"name": f"Bulk {len(slow)}"})
            slow.append(time.monotonic() - start)
        self.assertGreater(len(slow), 5)
        self.assertLess(sorted(slow)[len(slow) // 2], 1)
        self.assertEqual(self.api.get(f"endpoints/{iccid(13999)}").status, 200)

    @staticmethod
    def stored(controller, what):
        """What stands in the database, whoever may see it."""
        with contextlib.closing(sqlite3.connect(f"file:{controller.folder}/db?mode=ro", uri=True, timeout=10)) as db:
            return db.execute("SELECT " + what).fetchone()[0]

    def under_way(self, numbers, in_store, headers=None):
        """A controller with an import that has stored some of its endpoints, and not all."""
        controller = Controller()
        l2tp_setup(controller.client(), "Crash")
        thread = threading.Thread(target=lambda: self.swallow(controller, rows_csv("crash-group", numbers), headers))
        thread.start()
        while not self.stored(controller, in_store):
            time.sleep(0.002)
        return controller, thread

    def test_what_a_crash_ended_is_taken_back(self):
        controller, thread = self.under_way(range(1, 6000), "count(*) FROM endpoint")
        try:
            controller.kill()
            thread.join()
            self.assertEqual(self.stored(controller, "min(state) FROM import_log"), 0)
            controller.start()
            self.assertIn("taken_back", controller.log())
            self.assertEqual(self.stored(controller, "count(*) FROM endpoint"), 0)
            self.assertEqual(self.stored(controller, "count(*) FROM endpoint_imsis"), 0)
            api = controller.client()
            self.assertEqual(api.get("endpoints?limit=1").body["totalItems"], 0)
            self.assertEqual(api.ok("GET", "vslices/crash")["endpointCount"], 0)
        finally:
            controller.close()

    def test_a_crash_after_the_end_costs_no_event(self):
        controller, thread = self.under_way(range(1, 6000), "count(*) FROM import_log WHERE state = 1")
        try:
            controller.kill()
            thread.join()
            controller.start()
            self.assertEqual(self.stored(controller, "count(*) FROM endpoint"), 5999)
            self.assertEqual(self.stored(controller, "count(DISTINCT endpoint) FROM event"), 5999)
            self.assertEqual(self.stored(controller, "count(*) FROM event"), 5999)
        finally:
            controller.close()

    def test_all_come_into_sight_at_once(self):
        stream = Stream(self.controller, "europe")
        stream.until("ready")
        before, group = self.count(), self.api.ok("GET", "EndpointGroups/bulk-group")["endpointsAssigned"]
        thread = threading.Thread(target=lambda: self.swallow(self.controller, rows_csv("bulk-group", range(20000, 23500))))
        thread.start()
        seen = set()
        while thread.is_alive():
            page = self.api.get("endpoints?limit=1&sortBy=desc(iccid)").body
            one = self.api.get(f"endpoints/{iccid(20000)}").status
            seen.add(page["totalItems"] - before)
            self.assertLessEqual({page["totalItems"] - before, one}, {0, 404, 200, 3500})
            self.assertIn(self.api.ok("GET", "EndpointGroups/bulk-group")["endpointsAssigned"] - group, (0, 3500))
        self.assertLessEqual(seen, {0, 3500})
        self.assertEqual(self.count(), before + 3500)
        told = set()
        while len(told) < 3500:  # in portions, each to be applied
            row = stream.next()
            if row["row"] == "put" and row["kind"] == "endpoint":
                told.add(row["data"]["imsis"][0])
        self.assertEqual(told, {imsi(n) for n in range(20000, 23500)})
        stream.close()
        endpoint = self.api.get(f"endpoints/{iccid(20001)}")
        self.assertGreater(int(endpoint.headers["etag"].strip('"')), 0)
        self.assertEqual(self.api.call("PATCH", f"endpoints/{iccid(20001)}", {"name": "x"}, headers={"If-Match": endpoint.headers["etag"]}).status, 200)

    def test_once_by_its_key(self):
        body, key = rows_csv("bulk-group", range(7000, 7010)), {"Idempotency-Key": "import-1", "Content-Type": "text/csv"}
        first = self.api.call("POST", "endpoints/import", raw=body, headers=key)
        again = self.api.call("POST", "endpoints/import", raw=body, headers=key)
        self.assertEqual((first.status, again.text), (200, first.text))
        self.api.refused("POST", "endpoints/import", raw=rows_csv("bulk-group", [7011]), headers=key, status=409)

    @staticmethod
    def swallow(controller, body, headers=None):
        try:
            controller.client().call("POST", "endpoints/import", raw=body, headers=headers)
        except Exception:  # the controller is killed meanwhile
            pass


def setup_body(name, number):
    return {
        "vslice": {"name": name, "regionalGateway": "europe", "l2tpAccessConcentrators": [{"name": "one", "address": "10.64.0.1", "tunnelSecret": "setup-secret-1"}],
                   "l2tpNetworkServers": [{"address": "10.65.0.1"}, {"address": "10.65.0.2"}]},
        "routingTargets": [{"name": name + " target", "routingTargetType": "peering",
                            "configurationData": {"peeringConfig": {"interface": "dc0", "localAddress": "192.0.2.1/30"}}}],
        "routingPolicy": {"name": name + " policy", "routingPolicyStatus": "active",
                          "routingPolicyRules": [{"ruleAction": "forward", "ruleDirection": "uplink", "routingTarget": name.lower().replace(" ", "-") + "-target"}]},
        "endpointGroups": [{"name": name + " group", "l2tpAccessConcentrator": "10.64.0.1",
                            "endpoints": [{"iccid": iccid(n), "imsis": [imsi(n)], "pppPassword": "setup-secret-2"} for n in range(number, number + 3)]}],
    }


class Setup(Case):
    def test_a_whole_set_up(self):
        made = self.api.ok("POST", "l2tpSetups", setup_body("Whole", 1))
        vslice = self.api.ok("GET", f"vslices/{made['vslice']}")
        self.assertEqual((vslice["vsliceType"]["moniker"], vslice["defaultRoutingPolicy"]["id"]), ("l2tp", made["routingPolicy"]))
        self.assertEqual((vslice["endpointGroupCount"], vslice["endpointCount"], len(vslice["l2tpNetworkServers"])), (1, 3, 2))
        self.assertEqual((len(made["routingTargets"]), len(made["endpointGroups"]), len(made["endpoints"])), (1, 1, 3))
        for row in vslice["readiness"]:
            self.assertTrue(row["ok"] or row["check"] in ("regionalGateway", "gtpPeers"), row)

    def test_faults_have_their_place_and_nothing_is_stored(self):
        body = setup_body("Faulty", 11)
        body["vslice"]["l2tpAccessConcentrators"][0]["address"] = "nonsense"
        body["routingTargets"][0]["nothing"] = 1
        body["endpointGroups"][0]["endpoints"][2]["iccid"] = "12"
        body["other"] = 1
        said = self.api.refused("POST", "l2tpSetups", body)
        for place in ("vslice.l2tpAccessConcentrators[0].address:", "routingTargets[0].nothing:", "endpointGroups[0].endpoints[2].iccid:", "other:"):
            self.assertSaid(said, place)
        body = setup_body("Faulty", 11)
        body["endpointGroups"][0]["l2tpAccessConcentrator"] = "10.64.0.9"
        body["routingPolicy"]["routingPolicyRules"][0]["routingTarget"] = "elsewhere"
        said = self.api.refused("POST", "l2tpSetups", body)
        self.assertSaid(said, "endpointGroups[0].l2tpAccessConcentrator: ")
        self.assertSaid(said, "routingPolicy.routingPolicyRules[0].routingTarget: ")
        for collection in ("vslices", "routingtargets", "RoutingPolicies", "EndpointGroups"):
            self.assertEqual([row for row in self.api.ok("GET", collection) if row["name"].startswith("Faulty")], [])
        for body in ([1], {}, {"vslice": 1, "routingPolicy": 1, "routingTargets": 1, "endpointGroups": [1]}, {"vslice": {}, "routingPolicy": {}, "endpointGroups": [{"endpoints": [1]}]}):
            self.api.refused("POST", "l2tpSetups", body)

    def test_once_by_its_key(self):
        made = [self.api.ok("POST", "l2tpSetups", setup_body("Once", 21), headers={"Idempotency-Key": "setup"}) for _ in range(2)]
        self.assertEqual(made[0], made[1])


class Audit(Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.ids = l2tp_setup(cls.api, "Audited", with_endpoint=1)

    def entries(self, *pairs):
        return self.api.ok("GET", "auditlog?filter=" + ",".join(pairs))

    def test_create_change_delete(self):
        vslice = self.ids["vslice"]
        first = self.entries(f"objectId:{vslice}", "action:create")[0]
        self.assertEqual((first["objectType"], first["before"], first["after"]["name"]), ("vslice", None, "Audited"))
        self.api.ok("PATCH", f"vslices/{vslice}", {"name": "Audited again"})
        entry = self.entries(f"objectId:{vslice}")[0]
        self.assertEqual((entry["action"], entry["before"], entry["after"]), ("change", {"name": "Audited"}, {"name": "Audited again"}))
        self.assertTrue(entry["actor"] and entry["actorId"])
        self.assertEqual(self.api.ok("GET", f"auditlog/{entry['id']}"), entry)
        self.api.ok("PATCH", f"vslices/{vslice}", {"name": "Audited again"})  # no change, no entry
        self.assertEqual(self.entries(f"objectId:{vslice}")[0]["id"], entry["id"])
        extra = self.api.ok("POST", "endpoints", {"iccid": iccid(70), "imsis": [imsi(70)]})
        self.api.ok("DELETE", f"endpoints/{extra}")
        gone = self.entries(f"objectId:{extra}")[0]
        self.assertEqual((gone["action"], gone["after"], gone["before"]["iccid"]), ("delete", None, iccid(70)))

    def test_secrets_are_masked(self):
        endpoint = self.ids["endpoint"]
        self.api.ok("PATCH", f"endpoints/{endpoint}", {"pppPassword": "another-secret-9"})
        entry = self.entries(f"objectId:{endpoint}")[0]
        self.assertEqual((entry["before"], entry["after"]), ({"pppPassword": "********"}, {"pppPassword": "********"}))
        self.api.ok("PATCH", f"vslices/{self.ids['vslice']}/lacs/{self.ids['lac']}", {"tunnelSecret": "another-secret-8"})
        self.assertTrue(self.entries(f"objectId:{self.ids['vslice']}")[0]["after"]["secretsChanged"])
        text = self.api.get("auditlog?limit=1000").text
        for secret in ("secret-1", "secret-8", "secret-9"):
            self.assertNotIn(secret, text)

    def test_paging_and_refusals(self):
        page = self.api.get("auditlog?limit=2&offset=1").body
        whole = self.api.ok("GET", "auditlog?limit=1000")
        self.assertEqual(page["data"], whole[1:3])
        self.assertEqual(page["totalItems"], len(whole))
        self.assertEqual(self.api.ok("GET", "auditlog?limit=1000&sortBy=asc(time)"), whole[::-1])
        self.api.refused("GET", "auditlog?filter=secret:x")
        self.api.refused("GET", "auditlog?sortBy=asc(actor)")
        self.api.refused("GET", "auditlog/0", status=404)
        self.api.refused("DELETE", f"auditlog/{whole[0]['id']}", status=405)

    def test_another_customer_sees_nothing_of_it(self):
        self.api.ok("POST", "customers", {"name": "Other"})
        token = self.api.call("POST", "apitokens", {"name": "other", "scope": "customer"}, headers={"X-Customer": "other"}).body["token"]
        rows = self.api.ok("GET", "auditlog?limit=1000", token=token)
        self.assertEqual({row["objectType"] for row in rows}, {"api-token"})
        own = self.entries(f"objectId:{self.ids['vslice']}")[0]["id"]
        self.api.refused("GET", f"auditlog/{own}", status=404, token=token)

    def test_an_import_is_one_entry(self):
        self.api.call("POST", "endpoints/import", raw=rows_csv("audited-group", range(100, 120)))
        entry = self.entries("action:import")[0]
        self.assertEqual((entry["objectType"], entry["after"]), ("endpoint", {"created": 20}))


if __name__ == "__main__":
    main()
