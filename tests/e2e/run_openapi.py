#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The description of the API against the API. It is judged by the OpenAPI Initiative's own schema (openapi-3.1.json) and by an
independent implementation of JSON Schema (python3-jsonschema). Then every operation is driven, with success and with a refusal, and
each request and reply is held against it both ways: nothing undescribed, nothing that is missing. How many were driven is printed;
an operation that is not driven fails."""

import contextlib
import functools
import http.client
import http.server
import json
import pathlib
import re
import sys
import threading

try:
    from jsonschema import Draft202012Validator
except ImportError:
    print("needs the package python3-jsonschema")
    sys.exit(77)

from harness import Case, Stream, iccid, imsi, l2tp_setup, main

META = json.loads((pathlib.Path(__file__).parent / "openapi-3.1.json").read_text())
SESSION, TUNNEL = "0a000000-0000-4000-8000-000000000001", "0b000000-0000-4000-8000-000000000001"
RULE = {"ruleAction": "drop", "ruleDirection": "downlink", "description": "d"}

# What is created of each noun; of rows, what is added to their owner.
BODIES = {
    "customer": {"name": "C"}, "user": {"name": "U", "email": "u@example.net", "role": "viewer", "password": "0123456789a"},
    "regional-gateway": {"name": "G", "gtpPeers": ["192.0.2.0/24"]},
    "redundancy-zone": {"name": "Z", "regionalGateway": "europe"},
    "regional-policy": {"name": "P", "entries": [{"regionalGatewayId": "europe"}]},
    "regional-policy-entry": {"iso3": "SWE", "regionalGatewayId": "europe"},
    "operator-policy": {"name": "O", "entries": [{"steeringProfileEntryAction": "allow"}]},
    "operator-policy-entry": {"iso3": "GBR", "steeringProfileEntryAction": "reject-soft"},
    "event-handler": {"name": "H", "configurationData": {"webhookConfig": {"url": "https://example.net/"}}},
    "event-map": {"name": "M", "eventScope": "global"},
    "subscription": {"eventEndpointId": "hook", "eventTypeId": "l2tptunnelup_v1"},
    "api-token": {"name": "T", "scope": "read-only"},
    "vslice": {"name": "V", "subnetAddress": "100.64.0.0/24"},
    "lac": {"address": "10.64.0.9", "tunnelSecret": "s"}, "lns": {"address": "10.65.0.9"},
    "routing-target": {"name": "T two", "vslice": "described", "routingTargetType": "internet", "routingRedundancyZoneMoniker": "europe-primary"},
    "routing-policy": {"name": "P", "vslice": "described", "routingPolicyStatus": "active", "routingPolicyRules": [RULE]},
    "rule": RULE, "edge-service": {"moniker": "endpointmonitor", "enabled": True},
    "endpoint-group": {"name": "G", "vslice": "described", "l2tpAccessConcentrator": "lac-1"},
    "endpoint": {"iccid": iccid(500), "imsis": [imsi(500)], "pppPassword": "p"},
    "capture": {"endpoint": iccid(1), "levels": ["ip"], "seconds": 5},
}
# The object of each noun that is read, replaced and changed, where the first of the list will not do.
OBJECTS = {"regionalpolicies": "described", "operatorpolicies": "described", "eventmaps": "described", "eventhandlers": "hook", "customers": "default",
           "regionalgateways": "europe", "redundancyzones": "europe-primary", "vslices": "described", "routingpolicies": "described-policy"}


def validator(document, schema):
    return Draft202012Validator({**schema, "components": document["components"]})


def setup_body(number):
    return {"vslice": {"name": f"S{number}", "regionalGateway": "europe", "l2tpAccessConcentrators": [{"address": "10.0.0.1"}],
                       "l2tpNetworkServers": [{"address": "10.0.0.2"}]},
            "routingTargets": [{"name": f"S{number} T", "routingTargetType": "internet", "routingRedundancyZoneMoniker": "europe-primary"}],
            "routingPolicy": {"name": f"S{number} P", "routingPolicyRules": [{"ruleAction": "forward", "ruleDirection": "uplink", "routingTarget": f"s{number}-t"}]},
            "endpointGroups": [{"name": f"S{number} G", "l2tpAccessConcentrator": "10.0.0.1", "endpoints": [{"iccid": iccid(700), "imsis": [imsi(700)]}]}]}


class Hook(http.server.BaseHTTPRequestHandler):
    """A receiver of webhooks that takes all."""

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


class Description(Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.document = cls.api.get("openapi.json").body
        cls.operations = {operation["operationId"]: (method.upper(), path, operation)
                          for path, methods in cls.document["paths"].items() for method, operation in methods.items()}
        cls.driven = {"200": set(), "4XX": set()}
        cls.hook = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hook)
        threading.Thread(target=cls.hook.serve_forever, daemon=True).start()
        cls.ids = l2tp_setup(cls.api, "Described", with_endpoint=1)
        api = cls.api
        api.ok("POST", "RegionalPolicies", {"name": "Described", "entries": [{"regionalGatewayId": "europe"}]})
        api.ok("POST", "OperatorPolicies", {"name": "Described", "entries": [{"steeringProfileEntryAction": "allow"}]})
        api.ok("POST", "EventHandlers", {"name": "Hook", "configurationData": {"webhookConfig": {
            "url": f"http://127.0.0.1:{cls.hook.server_port}/", "username": "u", "password": "p"}}})
        api.ok("POST", "EventMaps", {"name": "Described", "eventScope": "global", "subscriptions": [
            {"eventEndpointId": "hook", "eventTypeId": "endpointprovisioningstatussetsuspended_v1"}]})
        api.ok("POST", "RoutingPolicies/described-policy/edgeservices", {"moniker": "remoteaccessproxy", "enabled": True})
        api.ok("POST", "users", {"name": "Ann", "email": "ann@example.net", "role": "viewer", "password": "0123456789a"})
        cls.stream = Stream(cls.controller, "europe")
        cls.stream.until("ready")
        cls.report()
        api.ok("PATCH", "endpoints/" + api.ok("POST", "endpoints", {"iccid": iccid(2), "imsis": [imsi(2)]}), {"endpointStatus": "suspended"})

    @classmethod
    def report(cls):
        ids = cls.ids
        session = {"row": "session", "id": SESSION, "endpoint": ids["endpoint"], "imsi": imsi(1), "vslice": ids["vslice"], "state": "up", "tunnel": TUNNEL,
                   "ipAddress": "10.0.0.1", "phases": {"tunnelMs": 1}}
        tunnel = {"row": "tunnel", "id": TUNNEL, "vslice": ids["vslice"], "lac": ids["lac"], "lns": ids["lns"], "state": "established"}
        attach = {"row": "attach", "endpoint": ids["endpoint"], "imsi": imsi(1), "startedAt": "2030-01-31T12:00:00.000Z", "ok": True, "verdict": "up",
                  "steps": [{"ms": 0, "layer": "gtp", "direction": "in", "text": "Create"}]}
        rows = [{"row": "reports", "gateway": "europe", "boot": "b", "sequence": 1, "count": 3}, session, tunnel, attach]
        reply = cls.api.call("POST", "/gateway/v1/reports", raw="\n".join(json.dumps(row) for row in rows))
        assert reply.status == 200, reply.text

    @classmethod
    def tearDownClass(cls):
        cls.stream.close()
        cls.hook.shutdown()
        super().tearDownClass()

    @functools.lru_cache(maxsize=None)
    def schema_of(self, identity, part, kind):
        """The validator of an operation's answer or body; None where it is no JSON."""
        operation = self.operations[identity][2]
        content = operation["requestBody"]["content"] if part == "body" else operation["responses"][part]["content"]
        self.assertIn(kind, content, identity)
        return validator(self.document, content[kind]["schema"]) if "json" in kind and kind != "application/x-ndjson" else None

    def drive(self, identity, path=None, body=None, raw=None, status=200, client=None, kind=None, **more):
        """Calls the operation, holds request (when it shall succeed) and reply against the description, and gives the reply."""
        method, pattern, operation = self.operations[identity]
        if "requestBody" in operation:
            kind = kind or ("application/merge-patch+json" if method == "PATCH" else "application/json")
            if status == 200 and body is not None:
                self.no_fault(self.schema_of(identity, "body", kind), body, identity + " (body)")
            more["headers"] = {"Content-Type": kind, **more.get("headers", {})}
        else:
            self.assertIsNone(body, identity)
        reply = (client or self.api).call(method, path or pattern.lstrip("/"), body, raw=raw, **more)
        good = reply.status == 200
        self.assertEqual(good, status == 200, f"{identity}: {reply.status} {reply.text[:1000]}")
        self.assertTrue(good or 400 <= reply.status < 500, f"{identity}: {reply.status} {reply.text[:1000]}")
        answered = "200" if good else "4XX"
        schema = self.schema_of(identity, answered, reply.headers["content-type"].split(";")[0])
        if schema:
            self.no_fault(schema, reply.body, f"{identity} ({reply.status})")
        self.driven[answered].add(identity)
        return reply

    def no_fault(self, schema, value, what):
        found = [f"{error.json_path}: {error.message[:300]}" for error in schema.iter_errors(value)]
        self.assertEqual(found[:5], [], f"{what}: {json.dumps(value)[:2000]}")

    def owner_of(self, path):
        """A path's first hole filled with an object that exists."""
        collection = path.split("/")[1]
        called = OBJECTS.get(collection.lower()) or self.api.ok("GET", collection)[0]["id"]
        return path.lstrip("/").replace("{id}", called, 1)

    # The document.

    def test_1_it_is_valid(self):
        found = [f"{error.json_path}: {error.message[:300]}" for error in Draft202012Validator(META).iter_errors(self.document)]
        self.assertEqual(found[:5], [])
        self.assertTrue(self.document["openapi"].startswith("3.1"))
        for name, schema in self.document["components"]["schemas"].items():
            Draft202012Validator.check_schema(schema)
            self.assertTrue(schema.keys() & {"type", "anyOf", "allOf", "enum"}, name)
        text = json.dumps(self.document)
        for reference in set(re.findall(r'"#/components/schemas/(\w+)"', text)):
            self.assertIn(reference, self.document["components"]["schemas"])
        for path, operations in self.document["paths"].items():
            for operation in operations.values():
                holes = {p["name"] for p in operation["parameters"] if p["in"] == "path"}
                self.assertEqual(holes, set(re.findall(r"{(\w+)}", path)), path)
        self.assertEqual(sum(len(methods) for methods in self.document["paths"].values()), len(self.operations))  # each has an identity of its own

    def test_1_a_fault_is_found(self):
        """The judges are awake: a document and replies with a fault do not pass."""
        broken = json.loads(json.dumps(self.document))
        broken["paths"]["/vslices"]["get"]["responses"] = []
        self.assertFalse(Draft202012Validator(META).is_valid(broken))
        schema = self.schema_of("get-vslice", "200", "application/json")
        reply = self.api.get("vslices/described").body
        self.assertTrue(schema.is_valid(reply))
        for change in (lambda r: r["data"].pop("name"), lambda r: r["data"].update(colour="red"), lambda r: r.update(colour="red"),
                       lambda r: r["data"].update(endpointCount="many"), lambda r: r["data"]["vsliceType"].update(moniker="other"),
                       lambda r: r["data"]["l2tpNetworkServers"][0].update(colour="red"), lambda r: r["data"]["readiness"][0].pop("ok")):
            copy = json.loads(json.dumps(reply))
            change(copy)
            self.assertFalse(schema.is_valid(copy))

    def test_1_no_member_is_left_open(self):
        """Objects whose members are not described are only those that say so."""
        def walk(schema, path):
            if isinstance(schema, dict):
                if schema.get("type") in ("object", ["object", "null"], ["object", "array", "null"]) and not schema.keys() & {"properties", "additionalProperties"}:
                    yield path
                for name, inner in schema.items():
                    yield from walk(inner, f"{path}.{name}")
            if isinstance(schema, list):
                for number, inner in enumerate(schema):
                    yield from walk(inner, f"{path}[{number}]")
        self.assertEqual(list(walk(self.document["components"]["schemas"], "")), [])

    # Operations of their own: each is driven here, with success and with a refusal.

    def test_2_sign_in(self):
        person = self.controller.client("-")
        self.drive("login", body={"email": "ann@example.net", "password": "wrong"}, status=401, token="")
        reply = self.drive("login", body={"email": "ann@example.net", "password": "0123456789a"}, token="")
        cookie = {"Cookie": reply.headers["set-cookie"].split(";")[0], "X-CSRF-Token": reply.data["csrfToken"]}
        self.drive("me", client=person, token="", headers=cookie)
        self.drive("me", client=person, token="", status=401)
        self.drive("change-password", body={"currentPassword": "x", "newPassword": "0123456789b"}, token="", headers=cookie, status=400)
        self.drive("change-password", body={"currentPassword": "0123456789a", "newPassword": "0123456789b"}, token="", headers=cookie)
        cookie["Cookie"] = self.drive("login", body={"email": "ann@example.net", "password": "0123456789b"}, token="").headers["set-cookie"].split(";")[0]
        cookie["X-CSRF-Token"] = self.api.call("GET", "me", token="", headers={"Cookie": cookie["Cookie"]}).data["csrfToken"]
        self.drive("logout", token="", headers=cookie)
        self.drive("logout", token="", headers=cookie, status=401)

    def test_2_about_itself(self):
        for identity in ("schema", "openapi", "verify-token"):
            self.drive(identity)
            self.drive(identity, status=401, token="0" * 32)

    def test_2_live(self):
        endpoint, lns = f"endpoints/{self.ids['endpoint']}", f"vslices/described/lnss/{self.ids['lns']}"
        for identity, path in (("detach-endpoint", endpoint + "/detach"), ("list-endpoint-attaches", endpoint + "/attaches"),
                               ("restart-tunnel", f"tunnels/{TUNNEL}/restart"), ("drain-tunnel", f"tunnels/{TUNNEL}/drain"),
                               ("test-lns", lns + "/test"), ("list-lns-tests", lns + "/tests")):
            self.drive(identity, path)
            self.drive(identity, re.sub(r"/[^/]+(/\w+)$", r"/nothing\1", path), status=404)

    def test_2_nat_bindings(self):
        target = self.api.ok("POST", "routingtargets", {"name": "Net", "vslice": "described", "routingTargetType": "internet"})
        session = {"row": "session", "id": SESSION.replace("0a", "0c"), "endpoint": self.ids["endpoint"], "imsi": imsi(1), "vslice": self.ids["vslice"],
                   "state": "up", "ipAddress": "100.64.0.2", "ipSource": "platform", "phases": {}}
        self.tell(session)
        binding = {"routingTarget": target, "endpoint": self.ids["endpoint"], "innerAddress": "100.64.0.2", "innerPort": 4000, "publicAddress": "203.0.113.8",
                   "publicPort": 5000, "remoteAddress": "192.0.2.1", "remotePort": 53, "transportProtocol": "udp", "startedAt": "2030-01-31T12:00:00.000Z",
                   "expiresSeconds": 30, "packets": 2, "bytes": 100}
        for identity, path, about in (("list-routing-target-nat-bindings", f"routingtargets/{target}", "routingTarget"),
                                      ("list-endpoint-nat-bindings", f"endpoints/{self.ids['endpoint']}", "innerAddress")):
            with self.answering("natBindings", {"row": "natBindings", "total": 7, "bindings": [binding]}) as asked:
                reply = self.drive(identity, path + "/natbindings?limit=1&filter=publicAddress:203.0.113.8,publicPort:5000")
            self.assertEqual((reply.body["totalItems"], reply.data[0]["endpoint"]["id"]), (7, self.ids["endpoint"]))
            self.assertEqual((asked[0]["publicAddress"], asked[0]["publicPort"], asked[0]["limit"], asked[0]["vslice"]), ("203.0.113.8", 5000, 1, self.ids["vslice"]))
            self.assertIn(about, asked[0])
            for query in ("filter=publicPort:x", "filter=colour:red", "sortBy=asc(publicPort)", "limit=x"):
                self.drive(identity, path + "/natbindings?" + query, status=400)
            self.drive(identity, path.split("/")[0] + "/nothing/natbindings", status=404)
        with self.answering("natBindings", {"row": "natBindings", "total": 0, "bindings": [], "error": "the VSlice is being removed"}):
            self.drive("list-routing-target-nat-bindings", f"routingtargets/{target}/natbindings", status=409)
        self.drive("list-routing-target-nat-bindings", f"routingtargets/{self.ids['target']}/natbindings", status=409)  # a peering
        self.tell({"row": "sessionEnd", "id": session["id"], "endpoint": self.ids["endpoint"]})
        self.drive("list-endpoint-nat-bindings", f"endpoints/{self.ids['endpoint']}/natbindings", status=409)

    @contextlib.contextmanager
    def answering(self, command, row):
        """The gateway answers the next command of this name with the row."""
        asked = []

        def answer():
            while not asked:
                said = self.stream.until("command")[-1]
                if said["command"] == command:
                    asked.append(said)
            self.tell({**row, "query": asked[0]["query"]})
        thread = threading.Thread(target=answer)
        thread.start()
        yield asked
        thread.join(10)

    sequence = 1

    @classmethod
    def tell(cls, *rows):
        Description.sequence += 1
        head = {"row": "reports", "gateway": "europe", "boot": "b", "sequence": Description.sequence, "count": len(rows)}
        reply = cls.api.call("POST", "/gateway/v1/reports", raw="\n".join(json.dumps(row) for row in [head, *rows]))
        assert reply.status == 200, reply.text

    def test_2_usage(self):
        for identity, path in (("list-vslice-usage", "vslices/described"), ("list-endpoint-group-usage", "EndpointGroups/described-group"),
                               ("list-endpoint-usage", f"endpoints/{self.ids['endpoint']}"), ("list-usage", "")):
            self.drive(identity, f"{path}/usage?interval=hour".lstrip("/"))
            self.drive(identity, f"{path}/usage?from=x".lstrip("/"), status=400)
        self.drive("get-usage", "usage/2026-01-01T00:00:00Z")
        self.drive("get-usage", "usage/yesterday", status=404)

    def test_2_lns_config(self):
        for kind in next(p for p in self.operations["get-lns-config"][2]["parameters"] if p["name"] == "for")["schema"]["enum"]:
            self.assertIn("10.65.0.1", self.drive("get-lns-config", f"vslices/described/lnsconfig?for={kind}&lac=lac-1&lns=lns-1").data["text"])
        for query in ("", "?for=x", "?for=junos&lac=x", "?for=junos&lns=x"):
            self.drive("get-lns-config", "vslices/described/lnsconfig" + query, status=400)

    def test_2_captures(self):
        for body in ({}, {"endpoint": "1"}, {"tunnel": TUNNEL, "levels": ["wifi"]}, {"tunnel": TUNNEL, "endpoint": iccid(1)}):
            self.drive("create-capture", body=body, status=400)
        capture = self.drive("create-capture", body={"tunnel": TUNNEL}).data
        piece = f"/gateway/v1/captures/{capture}?gateway=europe&sequence="
        self.assertEqual(self.api.call("POST", piece + "0&packets=2", raw="one").status, 200)
        self.assertEqual(self.api.call("POST", piece + "0&packets=2", raw="one").status, 200)  # again: taken once
        self.assertEqual(self.api.call("POST", piece + "0", raw="one", token="0" * 32).status, 401)
        self.drive("stop-capture", f"captures/{capture}/stop")
        self.assertEqual(self.api.call("POST", piece + "1&packets=3", raw="two").status, 200)
        self.assertEqual(self.api.call("POST", piece + "2&packets=3&reason=it+was+stopped", raw="").status, 200)
        self.assertEqual(self.drive("download-capture", f"captures/{capture}/download").text, "onetwo")
        held = self.api.ok("GET", f"captures/{capture}")
        self.assertEqual((held["size"], held["packets"], held["reason"], held["state"]["moniker"]), (6, 3, "it was stopped", "ended"))
        self.assertEqual(self.api.call("POST", piece + "3", raw="more").status, 404)
        for identity, path in (("download-capture", "captures/nothing/download"), ("stop-capture", "captures/nothing/stop")):
            self.drive(identity, path, status=404)

    def test_2_explain(self):
        packet = {"sourceIp": "10.64.0.1", "destinationIp": "10.65.0.1", "transportProtocol": "udp", "destinationPort": 1701}
        self.drive("explain-routing-policy", "RoutingPolicies/described-policy/explain", packet)
        self.drive("explain-routing-policy", "RoutingPolicies/described-policy/explain", {**packet, "routingPolicyRules": [RULE]})
        self.drive("explain-routing-policy", "RoutingPolicies/described-policy/explain", {"sourceIp": "x"}, status=400)
        unsaved = {**packet, "vslice": self.api.ok("GET", "RoutingPolicies/described-policy")["vslice"]["id"], "routingPolicyRules": [RULE]}
        self.drive("explain-unsaved-routing-policy", "RoutingPolicies/explain", unsaved)
        self.drive("explain-unsaved-routing-policy", "RoutingPolicies/explain", packet, status=400)

    def test_2_many(self):
        for row, status in ((f"{iccid(600)},{imsi(600)}", 200), ("1,2", 400)):
            self.drive("import-endpoints", raw=f"iccid,imsis\n{row}\n", kind="text/csv", status=status)
        self.drive("import-endpoints", "endpoints/import?dryRun=true", raw=json.dumps({"iccid": iccid(601), "imsis": [imsi(601)]}), kind="application/x-ndjson")
        for query in ("", "?format=ndjson"):
            self.drive("export-endpoints", "endpoints/export" + query)
        self.drive("export-endpoints", "endpoints/export?format=xml", status=400)
        self.drive("create-l2tp-setup", "l2tpSetups?dryRun=true", setup_body(1))
        self.drive("create-l2tp-setup", body=setup_body(1))
        self.drive("create-l2tp-setup", body=setup_body(1), status=409)

    def test_2_events(self):
        handler = "EventHandlers/hook"
        self.drive("test-event-handler", handler + "/test")
        self.drive("test-event-handler", "EventHandlers/nothing/test", status=404)
        self.drive("replay-event-handler", handler + "/replay?since=0")
        self.drive("replay-event-handler", handler + "/replay?since=x", status=400)
        self.drive("list-event-handler-dead-letters", handler + "/deadletters")
        self.drive("list-event-handler-dead-letters", handler + "/deadletters?limit=x", status=400)
        self.drive("stream-events", "events/stream?filter=colour:red", status=400)
        connection = self.open_stream()  # it has no end: what it begins with is looked at
        self.assertEqual((connection.status, connection.getheader("Content-Type").split(";")[0]), (200, "text/event-stream"))
        self.assertIn("text/event-stream", self.operations["stream-events"][2]["responses"]["200"]["content"])
        self.driven["200"].add("stream-events")
        connection.close()

    def open_stream(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.controller.port, timeout=20)
        connection.request("GET", "/api/v1/events/stream", headers={"Authorization": f"Bearer {self.controller.token}"})
        return connection.getresponse()

    # What every noun has.

    def test_3_reading(self):
        for identity, (method, path, _) in self.operations.items():
            if re.match(r"(list|get)-", identity) and method == "GET" and identity not in self.driven["200"]:
                with self.subTest(identity):
                    if "{row}" in path or path.count("{") == 1 and path.endswith("{id}"):
                        listed = self.api.ok("GET", self.owner_of(path.rsplit("/", 1)[0]))
                        self.assertTrue(listed, f"{identity}: there is none to read")
                        self.drive(identity, self.owner_of(path.rsplit("/", 1)[0]) + "/" + (listed[0].get("id") or listed[0]["moniker"]))
                        self.drive(identity, self.owner_of(path.rsplit("/", 1)[0]) + "/nothing", status=404)
                    else:
                        reply = self.drive(identity, self.owner_of(path))
                        self.assertTrue(reply.data, f"{identity}: nothing is listed, so nothing was held against it")
                        self.drive(identity, self.owner_of(path) + "?limit=x", status=400)

    def test_4_writing(self):
        for identity, (method, path, _) in self.operations.items():
            action, _, word = identity.partition("-")
            if action not in ("create", "replace", "change", "order") or word not in BODIES:
                continue
            with self.subTest(identity):
                getattr(self, "write_" + action)(identity, word, self.owner_of(path) if path.count("{") else path.lstrip("/"))

    def write_create(self, identity, word, path):
        self.drive(identity, path + "?dryRun=true", BODIES[word])
        reply = self.drive(identity, path, BODIES[word])
        self.drive(identity, path, {"colour": "red"}, status=400)
        if isinstance(reply.data, list):
            return
        if word == "lac":  # one more, as a list of one
            self.drive(identity, path, [{"address": "10.64.0.10"}])

    def target_of(self, path):
        """An object of the collection that may be written."""
        if "{row}" in path:
            listed = self.api.ok("GET", path.split("/{row}")[0])
            return path.replace("{row}", listed[0].get("id") or listed[0]["moniker"])
        return path

    def write_replace(self, identity, word, path):
        path = self.target_of(path)
        self.drive(identity, path, self.api.ok("GET", path))
        self.drive(identity, path, raw=b"[1]", status=400)

    def write_change(self, identity, word, path):
        path = self.target_of(path)
        self.drive(identity, path, {})
        self.drive(identity, path, {"colour": "red"}, status=400)
        self.drive(identity, path, {}, status=412, headers={"If-Match": '"0"'}) if "{" not in path and path.count("/") == 1 else None

    def write_order(self, identity, word, path):
        rows = self.api.ok("GET", path.rsplit("/", 1)[0])
        self.drive(identity, path, [row.get("id") or row["moniker"] for row in rows])
        self.drive(identity, path, ["nothing"], status=400)

    def test_5_deleting(self):
        for identity, (method, path, _) in self.operations.items():
            if method != "DELETE":
                continue
            with self.subTest(identity):
                collection, word = path.lstrip("/").rsplit("/", 1)[0], identity.partition("-")[2]
                collection = self.owner_of("/" + collection) if "{" in collection else collection
                rows = self.api.ok("GET", collection + "?limit=1000")
                made = self.made_by_us(rows, BODIES[word])
                self.drive(identity, f"{collection}/{made}?dryRun=true")
                self.drive(identity, f"{collection}/{made}")
                self.drive(identity, f"{collection}/{made}", status=404)

    def made_by_us(self, rows, body):
        """The one that test_4_writing made."""
        for row in rows:
            for name in ("name", "address", "iccid", "iso3", "moniker", "description"):
                if body.get(name) and row.get(name) == body[name]:
                    return row.get("id") or row["moniker"]
        return rows[-1].get("id") or rows[-1]["moniker"]

    def test_6_every_operation_was_driven(self):
        for status, driven in self.driven.items():
            print(f"\n{status}: {len(driven)} of {len(self.operations)} operations driven", end="", flush=True)
        print()
        self.assertEqual(sorted(set(self.operations) - self.driven["200"]), [])
        self.assertEqual(sorted(set(self.operations) - self.driven["4XX"]), [])

    def test_7_what_may_be_written_is_described(self):
        """Every body of the set-up stands in the write schemas, and every member that they name is known."""
        schemas = self.document["components"]["schemas"]
        for name, path in (("VsliceWrite", "vslices"), ("RoutingTargetWrite", "routingtargets"), ("EndpointWrite", "endpoints")):
            for member in schemas[name]["properties"]:
                reply = self.api.call("POST", path, {member: {"no": "such"}})
                self.assertFalse(any("is not a member of" in message and message.startswith(member + ":") for message in reply.messages), member)
        body = {"iccid": iccid(9), "imsis": [imsi(9)], "endpointGroup": None, "endpointStatus": "pending"}
        self.no_fault(validator(self.document, schemas["EndpointWrite"]), body, "EndpointWrite")

    def test_7_the_schema_for_forms_has_the_seed_s_tables(self):
        nouns = {noun["noun"]: {field["name"]: field for field in noun["fields"]} for noun in self.api.ok("GET", "schema")}
        vslice, group = nouns["vslice"], nouns["endpoint-group"]
        l2tp, integrated = {"field": "vsliceType", "is": "l2tp"}, {"field": "vsliceType", "is": "integrated"}
        self.assertEqual(vslice["subnetAddress"]["visibleWhen"], integrated)  # "Subnet field is hidden"
        self.assertEqual(vslice["defaultRoutingPolicy"]["visibleWhen"], l2tp)  # "On the VSlice (Default Routing Policy)"
        self.assertEqual((vslice["regionalGateway"]["visibleWhen"], vslice["regionalGateway"]["requiredWhen"]), (l2tp, l2tp))  # "Per VSlice"
        self.assertEqual(vslice["l2tpAccessConcentrators"]["visibleWhen"], l2tp)
        self.assertEqual((vslice["l2tpNetworkServers"]["visibleWhen"], vslice["l2tpNetworkServers"]["maximumLength"]), (l2tp, 5))  # "One to five"
        self.assertTrue(vslice["vsliceType"]["readOnlyAfterCreate"])
        self.assertEqual([value["moniker"] for value in vslice["ipAllocationType"]["values"]], ["static", "pooled", "ppp"])
        through = lambda kind: {"field": "vslice.vsliceType", "is": kind}
        self.assertEqual(group["routingPolicy"]["visibleWhen"], through("integrated"))  # "On the Endpoint Group" | "On the VSlice"
        self.assertEqual(group["regionalGatewayPolicy"]["visibleWhen"], through("integrated"))  # "Hidden on Endpoint Group form"
        self.assertEqual((group["l2tpAccessConcentrator"]["visibleWhen"], group["l2tpAccessConcentrator"]["requiredWhen"]), (through("l2tp"), through("l2tp")))
        lac = {field["name"]: field for field in vslice["l2tpAccessConcentrators"]["fields"]}
        self.assertEqual([lac[name]["label"] for name in ("address", "port", "tunnelSecret")], ["Virtual LAC Address", "Port", "Tunnel Secret"])
        for noun, fields in nouns.items():
            for field in fields.values():
                self.assertTrue(field.get("help") and field.get("label"), (noun, field["name"]))


if __name__ == "__main__":
    main()
