#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The gateway link with a gateway made of a few lines: snapshot, difference, live changes, commands, reports."""

import json
import time

from harness import Case, Stream, iccid, imsi, l2tp_setup, main


def kinds(rows):
    return [(row["row"], row.get("kind")) for row in rows]


class Link(Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.ids = l2tp_setup(cls.api, "Linked", with_endpoint=1)
        cls.other = l2tp_setup(cls.api, "Elsewhere", gateway="north-america", with_endpoint=2)

    def setUp(self):
        self.streams = []

    def tearDown(self):
        for stream in self.streams:
            stream.close()

    def stream(self, *words, **more):
        self.streams.append(Stream(self.controller, *words, **more))
        return self.streams[-1]

    def report(self, sequence, rows, gateway="europe", boot="boot-1", token=None, status=200):
        lines = [{"row": "reports", "gateway": gateway, "boot": boot, "sequence": sequence, "count": len(rows)}, *rows]
        reply = self.api.call("POST", "/gateway/v1/reports", raw="".join(json.dumps(line) + "\n" for line in lines), token=token,
                              headers={"Content-Type": "application/x-ndjson"})
        self.assertEqual(reply.status, status, reply.text)
        return reply

    def session(self, identity="0a000000-0000-4000-8000-000000000001", endpoint=None, **more):
        return {"row": "session", "id": identity, "endpoint": endpoint or self.ids["endpoint"], "imsi": imsi(1), "vslice": self.ids["vslice"], "state": "up",
                "apn": "iot", "rat": "E-UTRAN", "servingNetwork": "00101", "gtpVersion": 2, "gtpPeer": "10.0.0.1",
                "tunnel": "0b000000-0000-4000-8000-000000000001", "lns": "10.65.0.1", "ipAddress": "10.80.0.7", "ipSource": "lns",
                "dnsServers": ["10.80.0.1"], "mtu": 1400, "startedAt": "2026-01-02T03:04:05Z", "attachMs": 180,
                "phases": {"tunnelMs": 20, "callMs": 10, "lcpMs": 30, "authenticationMs": 5, "ipcpMs": 9},
                "bytesUplink": 1, "bytesDownlink": 2, "packetsUplink": 3, "packetsDownlink": 4, **more}

    def tunnel(self, **more):
        return {"row": "tunnel", "id": "0b000000-0000-4000-8000-000000000001", "vslice": self.ids["vslice"], "lac": self.ids["lac"], "lns": self.ids["lns"],
                "state": "established", "since": "2026-01-02T03:04:05Z", "localTunnelId": 7, "peerTunnelId": 9, "peerHostName": "lns", "peerVendor": "v",
                "sessions": 1, "lastError": None, "rttMs": 3, **more}

    def test_snapshot_holds_what_the_gateway_needs_and_no_more(self):
        rows = self.stream("europe").until("ready")
        self.assertEqual(rows[0], {"row": "hello", "revision": rows[0]["revision"], "snapshot": True, "gateway": rows[0]["gateway"]})
        self.assertEqual(list(dict.fromkeys(kind for _, kind in kinds(rows)[1:-1])),
                         ["regionalGateway", "vslice", "routingTarget", "routingPolicy", "regionalPolicy", "endpointGroup", "endpoint"])
        data = {row["kind"]: row["data"] for row in rows[1:-1] if row["id"] in (*self.ids.values(), rows[1]["id"])}
        text = json.dumps(rows)
        for name in self.other.values():
            self.assertNotIn(name, text)
        self.assertEqual(data["vslice"]["lacs"], [{"id": self.ids["lac"], "moniker": "lac-1", "name": "10.64.0.1", "address": "10.64.0.1", "port": 1701,
                                                   "tunnelSecret": "tunnel-secret-1"}])
        self.assertEqual(data["vslice"]["lnss"], [{"id": self.ids["lns"], "moniker": "lns-1", "name": "10.65.0.1", "address": "10.65.0.1", "port": 1701,
                                                   "preference": 1, "equalPreference": False}])
        self.assertEqual((data["vslice"]["vsliceType"], data["vslice"]["defaultRoutingPolicy"]), ("l2tp", self.ids["policy"]))
        self.assertEqual(data["vslice"]["advancedSettings"]["helloIntervalSeconds"], 60)
        self.assertEqual(data["routingTarget"]["peeringConfig"], {"interface": "dc0", "localAddress": "192.0.2.1/30", "gatewayAddress": "192.0.2.2"})
        rule = data["routingPolicy"]["rules"][0]
        self.assertEqual((rule["ruleAction"], rule["ruleDirection"], rule["routingTarget"], rule["precedence"]), ("forward", "uplink", self.ids["target"], 1))
        self.assertEqual(data["endpointGroup"]["lac"], self.ids["lac"])
        self.assertEqual({name: data["endpoint"][name] for name in ("iccid", "imsis", "status", "endpointGroup", "pppPassword")},
                         {"iccid": iccid(1), "imsis": [imsi(1)], "status": "active", "endpointGroup": self.ids["group"], "pppPassword": "endpoint-secret-1"})

    def test_live_changes_in_under_a_second(self):
        stream = self.stream("europe", unix=True)
        stream.until("ready")
        started = time.monotonic()
        endpoint = self.api.ok("POST", "endpoints", {"iccid": iccid(3), "imsis": [imsi(3)], "endpointGroup": self.ids["group"]})
        rows = stream.until("ready")
        self.assertLess(time.monotonic() - started, 1)
        self.assertEqual([(row["row"], row.get("id")) for row in rows], [("put", endpoint), ("ready", None)])
        self.api.ok("DELETE", f"endpoints/{endpoint}")
        rows = stream.until("ready")
        self.assertEqual([(row["row"], row.get("kind"), row.get("id")) for row in rows][:-1], [("delete", "endpoint", endpoint)])

    def test_a_change_does_not_wait_for_an_import(self):
        count, stream = 6000, self.stream("europe", paused=True)
        lines = "iccid,imsis,endpointGroup\r\n" + "".join(f"{iccid(n)},{imsi(n)},linked-group\r\n" for n in range(500000, 500000 + count))
        reply = self.api.call("POST", "endpoints/import", raw=lines, headers={"Content-Type": "text/csv"})
        self.assertEqual(reply.status, 200, reply.text[:300])
        self.api.ok("PATCH", f"vslices/{self.ids['vslice']}", {"name": "overtakes"})  # the gateway has read nothing of the import yet
        stream.resume()
        stream.until("ready")
        told, overtook, half, readies = 0, None, None, []
        while told < count:
            row = stream.next(30)
            if row["row"] == "ready":
                readies.append(row["revision"])
            elif row.get("kind") == "endpoint":
                told, imported = told + 1, row["revision"]
                half = readies[-1] if told == count // 2 else half
            elif row.get("kind") == "vslice" and row["data"]["name"] == "overtakes":
                overtook = told
        self.assertLess(overtook, count)
        self.assertLess(max(readies), imported)  # who is cut off before the end begins the import again
        while stream.revision <= imported:
            stream.until("ready")
        again = self.stream("europe", since=half)
        self.assertFalse(again.until("hello")[-1]["snapshot"])
        rows = []
        while not rows or rows[-1]["revision"] <= imported:
            rows += again.until("ready", 30)
        self.assertEqual(len({row["data"]["iccid"] for row in rows if row.get("kind") == "endpoint"} & {iccid(n) for n in range(500000, 500000 + count)}), count)

    def test_difference_after_an_absence(self):
        stream = self.stream("europe")
        stream.until("ready")
        revision = stream.revision
        stream.close()
        self.api.ok("PATCH", f"endpoints/{self.ids['endpoint']}", {"reference": str(time.time())})
        created = self.api.ok("POST", "endpoints", {"iccid": iccid(4), "imsis": [imsi(4)], "endpointGroup": self.ids["group"]})
        rows = self.stream("europe", since=revision).until("ready")
        self.assertIs(rows[0]["snapshot"], False)
        self.assertEqual([(row["row"], row.get("id")) for row in rows[1:]], [("put", self.ids["endpoint"]), ("put", created), ("ready", None)])
        again = self.stream("europe", since=rows[-1]["revision"]).until("ready")
        self.assertEqual(kinds(again), [("hello", None), ("ready", None)])
        self.assertIs(self.stream("europe", since=rows[-1]["revision"] + 1000).until("ready")[0]["snapshot"], True)

    def test_heartbeat(self):
        stream = self.stream("europe")
        stream.until("ready")
        self.assertEqual(stream.until("heartbeat", timeout=8)[-1]["row"], "heartbeat")

    def test_a_vslice_that_moves_brings_a_new_snapshot(self):
        stream = self.stream("north-america")
        moved = l2tp_setup(self.api, "Moving", with_endpoint=50)
        stream.until("ready")
        self.api.ok("PATCH", f"vslices/{moved['vslice']}", {"regionalGateway": "north-america"})
        while True:
            rows = stream.until("ready")
            if rows[0]["row"] == "hello" and rows[0]["snapshot"]:
                break
        self.assertIn(moved["endpoint"], [row.get("id") for row in rows])
        self.assertNotIn(moved["endpoint"], [row.get("id") for row in self.stream("europe").until("ready")])
        back = self.stream("north-america", since=rows[-1]["revision"]).until("ready")
        self.assertIs(back[0]["snapshot"], False)
        third = self.stream("third")
        third.until("ready")
        revision = third.revision
        self.api.ok("PATCH", f"vslices/{moved['vslice']}", {"regionalGateway": "europe"})
        self.assertNotIn("hello", [row["row"] for row in third.until("ready")])  # it is none of its business
        self.assertIs(self.stream("third", since=revision).until("ready")[0]["snapshot"], False)
        self.assertIs(self.stream("north-america", since=back[-1]["revision"]).until("ready")[0]["snapshot"], True)

    def test_first_join_with_the_administrator_s_token(self):
        rows = self.stream("lab-7").until("ready")
        self.assertEqual(rows[1]["data"]["moniker"], "lab-7")
        self.assertEqual(self.api.ok("GET", "regionalgateways/lab-7")["status"]["moniker"], "connected")
        self.assertEqual(self.api.ok("GET", "redundancyzones/lab-7-primary")["regionalGateway"]["moniker"], "lab-7")

    def test_a_gateway_s_token(self):
        reply = self.api.call("POST", "apitokens", {"name": "gw", "scope": "gateway", "regionalGateway": "europe"})
        token, identity = reply.body["token"], reply.data
        self.assertRegex(token, "^[0-9a-f]{32}$")
        stream = self.stream("europe", token=token)
        self.assertEqual(stream.until("ready")[0]["snapshot"], True)
        self.assertEqual(self.stream("north-america", token=token).status, 403)
        self.assertEqual(self.stream("europe", token="0" * 32).status, 401)
        self.assertEqual(self.api.get("vslices", token=token).status, 403)
        self.assertEqual(self.api.get("apitokens/verify", token=token).status, 200)
        self.report(1, [], gateway="europe", boot="t", token=token)
        self.report(1, [], gateway="north-america", boot="t", token=token, status=403)
        self.api.ok("PATCH", f"apitokens/{identity}", {"enabled": False})
        while stream.next() is not None:  # a revoked token's stream ends
            pass
        self.assertEqual(self.stream("europe", token=token).status, 401)
        reader = self.api.call("POST", "apitokens", {"name": "reader", "scope": "read-only"}).body["token"]
        self.assertEqual(self.stream("europe", token=reader).status, 403)

    def test_sessions_and_tunnels(self):
        stream = self.stream("europe")
        stream.until("ready")
        self.report(1, [{"row": "sync", "phase": "begin"}, self.tunnel(), self.session(), {"row": "sync", "phase": "end"}])
        session = self.api.ok("GET", "sessions")[0]
        self.assertEqual((session["endpoint"]["id"], session["ipAddress"], session["ipSource"], session["state"]["moniker"]),
                         (self.ids["endpoint"], "10.80.0.7", "lns", "up"))
        self.assertEqual((session["vslice"]["moniker"], session["regionalGateway"]["moniker"], session["phases"]["lcpMs"]), ("linked", "europe", 30))
        self.assertEqual(session["startedAt"], "2026-01-02T03:04:05.000Z")
        tunnel = self.api.ok("GET", "tunnels")[0]
        self.assertEqual((tunnel["lac"]["moniker"], tunnel["lns"]["name"], tunnel["state"]["moniker"], tunnel["peerTunnelId"]),
                         ("lac-1", "10.65.0.1", "established", 9))
        endpoint = self.api.ok("GET", f"endpoints/{self.ids['endpoint']}")
        self.assertEqual((endpoint["ipAddress"], endpoint["ipSource"], endpoint["session"]["id"]), ("10.80.0.7", "lns", session["id"]))
        self.assertEqual(self.api.ok("GET", f"sessions/{session['id']}"), session)
        self.assertEqual(len(self.api.ok("GET", "sessions?filter=imsi:0001&sortBy=desc(startedAt)")), 1)
        self.assertSaid(self.api.refused("GET", "sessions?sortBy=asc(x)"), "sortBy", "x")

        self.report(2, [{"row": "usage", "session": session["id"], "endpoint": self.ids["endpoint"], "bytesUplink": 100, "bytesDownlink": 200,
                         "packetsUplink": 10, "packetsDownlink": 20}])
        self.assertEqual(self.api.ok("GET", f"sessions/{session['id']}")["bytesDownlink"], 200)
        self.report(2, [{"row": "sessionEnd", "id": session["id"], "endpoint": self.ids["endpoint"], "reason": "again"}])  # taken already
        self.assertEqual(len(self.api.ok("GET", "sessions")), 1)

        self.api.ok("POST", f"endpoints/{self.ids['endpoint']}/detach")
        row = stream.until("command")[-1]
        self.assertEqual((row["command"], row["endpoint"]), ("detach", self.ids["endpoint"]))
        for action, command in (("restart", "restartTunnel"), ("drain", "drainTunnel")):
            self.api.ok("POST", f"tunnels/{tunnel['id']}/{action}")
            row = stream.until("command")[-1]
            self.assertEqual((row["command"], row["tunnel"]), (command, tunnel["id"]))
        self.api.ok("PATCH", f"endpoints/{self.ids['endpoint']}", {"endpointStatus": "suspended"})
        self.assertEqual(stream.until("command")[-1]["command"], "detach")
        self.api.ok("PATCH", f"endpoints/{self.ids['endpoint']}", {"endpointStatus": "active"})

        self.report(3, [{"row": "sync", "phase": "begin"}, self.session("0a000000-0000-4000-8000-000000000002"), {"row": "sync", "phase": "end"}])
        self.assertEqual([row["id"] for row in self.api.ok("GET", "sessions")], ["0a000000-0000-4000-8000-000000000002"])
        self.assertEqual(self.api.ok("GET", "tunnels"), [])
        self.report(4, [{"row": "sessionEnd", "id": "0a000000-0000-4000-8000-000000000002", "endpoint": self.ids["endpoint"], "reason": "over"}])
        self.assertEqual(self.api.ok("GET", "sessions"), [])
        self.assertIsNone(self.api.ok("GET", f"endpoints/{self.ids['endpoint']}")["session"])
        self.assertSaid(self.api.refused("POST", f"endpoints/{self.ids['endpoint']}/detach", status=409), "no live session")

    def test_status_slices_and_attaches(self):
        self.stream("europe").until("ready")
        self.report(1, [
            {"row": "status", "version": "0.1.0", "startedAt": "2026-01-02T03:04:05Z", "addresses": ["10.0.0.9"], "sessions": 3, "tunnels": 2, "load": 0.25,
             "configRevision": 10 ** 6},
            {"row": "slice", "vslice": self.ids["vslice"], "ready": True, "message": "", "configRevision": 5,
             "targets": [{"routingTarget": self.ids["target"], "status": "unavailable", "message": "dc0 is down"}]},
            *[{"row": "attach", "endpoint": self.ids["endpoint"], "imsi": imsi(1), "startedAt": "2026-01-02T03:04:05Z", "ok": False, "verdict": f"no {number}",
               "steps": [{"ms": 0, "layer": "gtp", "direction": "in", "text": "Create Session Request"}]} for number in range(15)],
            {"row": "event", "eventType": "l2tptunnelup_v1", "vslice": self.ids["vslice"], "detail": {}},
            {"row": "of-the-future"},
        ], boot="boot-2")
        gateway = self.api.ok("GET", "regionalgateways/europe")
        self.assertEqual((gateway["status"]["moniker"], gateway["version"], gateway["sessions"], gateway["addresses"], gateway["load"]),
                         ("connected", "0.1.0", 3, ["10.0.0.9"], 25))
        target = self.api.ok("GET", f"routingtargets/{self.ids['target']}")
        self.assertEqual((target["routingTargetStatus"]["moniker"], target["statusMessage"]), ("unavailable", "dc0 is down"))
        readiness = {row["check"]: row for row in self.api.ok("GET", f"vslices/{self.ids['vslice']}")["readiness"]}
        self.assertIn("dc0 is down", readiness["lnsRoute"]["message"])
        self.assertFalse(readiness["lnsRoute"]["ok"])
        self.assertEqual((readiness["network"]["ok"], readiness["configuration"]["ok"]), (True, True))
        self.report(2, [{"row": "slice", "vslice": self.ids["vslice"], "ready": False, "message": "no interface dc0", "configRevision": 5, "targets": []}],
                    boot="boot-2")
        readiness = {row["check"]: row for row in self.api.ok("GET", f"vslices/{self.ids['vslice']}")["readiness"]}
        self.assertEqual((readiness["network"]["ok"], readiness["network"]["message"]), (False, "no interface dc0"))
        attaches = self.api.ok("GET", f"endpoints/{self.ids['endpoint']}/attaches")
        self.assertEqual([row["verdict"] for row in attaches], [f"no {number}" for number in range(14, 4, -1)])

    def delivery(self, path):
        data = self.api.ok("GET", path)
        return data["deliveryStatus"]["moniker"], data["pendingGateways"]

    def test_an_object_shows_whether_every_gateway_has_taken_it(self):
        vslice, endpoint = f"vslices/{self.ids['vslice']}", f"endpoints/{self.ids['endpoint']}"
        policy = "OperatorPolicies/" + self.api.ok("POST", "OperatorPolicies", {"name": "Delivered", "entries": [{"steeringProfileEntryAction": "allow"}]})
        self.addCleanup(self.api.ok, "DELETE", policy)
        stream, other = self.stream("europe"), self.stream("north-america")
        revision = stream.until("ready")[-1]["revision"]
        other.until("ready")
        self.assertEqual(self.delivery(f"endpoints/{self.api.ok('POST', 'endpoints', {'iccid': iccid(77), 'imsis': [imsi(77)]})}"), ("none", []))
        self.report(1, [{"row": "status", "configRevision": revision}], boot="delivery")
        self.report(1, [{"row": "status", "configRevision": revision - 1}], gateway="north-america", boot="delivery")
        for path in (vslice, endpoint, f"EndpointGroups/{self.ids['group']}", f"routingtargets/{self.ids['target']}", f"RoutingPolicies/{self.ids['policy']}"):
            self.assertEqual(self.delivery(path), ("taken", []), path)  # north-america does not get it
        self.assertIn("north-america", self.delivery(policy)[1])  # every gateway does
        self.report(2, [{"row": "status", "configRevision": revision}], gateway="north-america", boot="delivery")
        self.assertNotIn("north-america", self.delivery(policy)[1])
        start = time.monotonic()
        self.api.ok("PATCH", endpoint, {"name": "changed"})
        self.assertEqual(self.delivery(endpoint), ("pending", ["europe"]))
        while stream.next().get("data", {}).get("name") != "changed":
            pass
        self.report(2, [{"row": "status", "configRevision": stream.until("ready")[-1]["revision"]}], boot="delivery")
        self.assertEqual(self.delivery(endpoint), ("taken", []))
        self.assertLess(time.monotonic() - start, 1)
        listed = {row["id"]: row["deliveryStatus"]["moniker"] for row in self.api.ok("GET", "endpoints")}
        self.assertEqual((listed[self.ids["endpoint"]], listed[self.other["endpoint"]]), ("taken", "taken"))

    def test_wrong_reports(self):
        for raw, status in (("", 400), ("{", 400), ("[]\n", 400), ('{"row":"reports","gateway":"europe","boot":"x","sequence":1,"count":1}\nnonsense\n', 400),
                            ('{"row":"reports","gateway":"nowhere","boot":"x","sequence":1,"count":0}\n', 404)):
            reply = self.api.call("POST", "/gateway/v1/reports", raw=raw)
            self.assertEqual(reply.status, status, raw)
            self.assertIs(reply.body["success"], False)


if __name__ == "__main__":
    main()
