#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Two customers and every operation of the description: nothing of the other is read, changed or named, and what is foreign looks exactly
like what does not exist. Then every operation with every role."""

import json
import re
import uuid

from harness import Case, Stream, iccid, imsi, l2tp_setup, main

ROLES = ("viewer", "operator", "administrator", "owner")


class Tenant:
    """A customer with one of everything, and a token of its owner."""

    def __init__(self, case, name, number):
        admin = case.api
        self.name, self.id = name, admin.ok("POST", "customers", {"name": name})
        self.acting = {"X-Customer": name.lower()}
        token = admin.call("POST", "apitokens", {"name": f"{name} token"}, headers=self.acting)
        self.api = case.controller.client(token.body["token"])
        self.ids = ids = l2tp_setup(self.api, name, with_endpoint=number)
        ids["token"] = token.data
        ids["user"] = self.api.ok("POST", "users", {"name": f"{name} user", "email": f"{name}@example.net", "role": "viewer"})
        ids["integrated"] = self.api.ok("POST", "vslices", {"name": f"{name} plain", "subnetAddress": "100.64.0.0/24"})
        ids["operator"] = self.api.ok("POST", "OperatorPolicies", {"name": f"{name} steer", "entries": [{"steeringProfileEntryAction": "allow"}]})
        ids["regional"] = self.api.ok("POST", "RegionalPolicies", {"name": f"{name} region", "entries": [{"regionalGatewayId": "europe"}]})
        ids["handler"] = self.api.ok("POST", "EventHandlers", {"name": f"{name} hook", "eventEndpointType": "webhook", "configurationData": {
            "webhookConfig": {"url": f"http://127.0.0.1:9/{name.lower()}", "timeout": "5"}}})
        ids["map"] = self.api.ok("POST", "EventMaps", {"name": f"{name} map", "eventScope": "global", "subscriptions": [
            {"eventEndpointId": ids["handler"], "eventTypeId": "endpointdatasessioncreated_v1"}]})
        ids["plain_group"] = self.api.ok("POST", "EndpointGroups", {"name": f"{name} plain group", "vslice": ids["integrated"], "regionalGatewayPolicy": "automatic"})
        ids["session"], ids["tunnel"] = f"0a000000-0000-4000-8000-{number:012d}", f"0b000000-0000-4000-8000-{number:012d}"
        self.rows = [
            {"row": "session", "id": ids["session"], "endpoint": ids["endpoint"], "imsi": imsi(number), "vslice": ids["vslice"], "state": "up",
             "tunnel": ids["tunnel"], "ipAddress": f"10.0.0.{number}", "apn": f"{name.lower()}.example"},
            {"row": "tunnel", "id": ids["tunnel"], "vslice": ids["vslice"], "lac": ids["lac"], "lns": ids["lns"], "state": "established"},
            {"row": "attach", "endpoint": ids["endpoint"], "imsi": imsi(number), "ok": True, "verdict": f"up for {name}", "steps": []}]
        self.marks = [name, name.lower(), *ids.values(), iccid(number), imsi(number), self.id]

    def of(self, collection):
        """An object of this collection."""
        names = {"vslices": "vslice", "routingtargets": "target", "routingpolicies": "policy", "endpointgroups": "group", "endpoints": "endpoint",
                 "operatorpolicies": "operator", "regionalpolicies": "regional", "eventhandlers": "handler", "eventmaps": "map", "apitokens": "token",
                 "users": "user", "sessions": "session", "tunnels": "tunnel", "captures": "capture"}
        if collection in names:
            return self.ids[names[collection]]
        if collection == "customers":
            return self.id
        return None


class Walk(Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.north, cls.south = Tenant(cls, "Northmark", 1), Tenant(cls, "Southmark", 2)
        cls.stream = Stream(cls.controller, "europe")
        cls.stream.until("ready")
        cls.report([*cls.north.rows, *cls.south.rows])
        for tenant in (cls.north, cls.south):
            tenant.ids["capture"] = tenant.api.ok("POST", "captures", {"tunnel": tenant.ids["tunnel"]})
            tenant.marks.append(tenant.ids["capture"])
        cls.document = cls.api.get("openapi.json").body
        cls.nouns = {noun["noun"]: noun for noun in cls.api.ok("GET", "schema")}
        for noun in cls.nouns.values():  # a new noun is walked too
            assert cls.north.of(noun["path"]) or noun.get("readOnly") or noun.get("platformWrite"), noun["path"]
        for tenant in (cls.north, cls.south):
            for path in ("events", "auditlog"):
                rows = tenant.api.ok("GET", f"{path}?limit=1000")
                assert rows, path
                tenant.ids[path] = rows[0]["id"]
                if path == "events":
                    tenant.marks += [row["id"] for row in rows]

    @classmethod
    def tearDownClass(cls):
        cls.stream.close()
        super().tearDownClass()

    sequence = 0

    @classmethod
    def report(cls, rows):
        cls.sequence += 1
        head = {"row": "reports", "gateway": "europe", "boot": "b", "sequence": cls.sequence, "count": len(rows)}
        reply = cls.api.call("POST", "/gateway/v1/reports", raw="\n".join(json.dumps(row) for row in [head, *rows]))
        assert reply.status == 200, reply.text

    def whole(self, tenant):
        """All that the customer has, but for what moves by itself."""
        paths = sorted({path.split("/")[1] for path in self.document["paths"] if path.count("/") == 1 and "get" in self.document["paths"][path]})
        skipped = {"schema", "openapi.json", "me", "auditlog"}
        return {path: tenant.api.get(f"{path}?limit=1000").text for path in paths if path.lower() not in skipped}

    def assertNothingOf(self, other, text, said=""):
        text = text.replace(said, "") if said else text
        for mark in other.marks:
            self.assertNotIn(mark, text)

    def operations(self):
        for path, operations in self.document["paths"].items():
            for method, operation in operations.items():
                yield path, method.upper(), operation

    def fill(self, path, tenant, identity=None):
        """The path with the tenant's objects in its holes, or with `identity` in the last one; None when it has none such."""
        collection = path.split("/")[1].lower()
        owner = tenant.of(collection) or tenant.ids.get(collection)
        if "{row}" not in path:
            return path.replace("{id}", identity or owner) if owner else None
        rows = tenant.api.get(path.split("/{row}")[0].replace("{id}", owner)) if owner else None
        if not rows or rows.status != 200 or not rows.data:
            return None
        row = rows.data[0].get("id") or rows.data[0]["moniker"]
        return path.replace("{id}", owner).replace("{row}", identity or row)

    def body_of(self, method, operation):
        return {"name": "x"} if method in ("POST", "PUT", "PATCH") and "requestBody" in operation else None

    def test_each_operation_on_what_is_foreign(self):
        before, walked = self.whole(self.south), 0
        for path, method, operation in self.operations():
            if "{id}" not in path or path.lower().startswith("/customers/"):
                continue
            foreign = self.fill(path, self.south)
            nothing = str(uuid.uuid4())
            if not foreign:
                continue
            absent = self.fill(path, self.south, nothing) if "{row}" not in path else path.replace("{id}", nothing).replace("{row}", nothing)
            seen, unseen = (self.north.api.call(method, at.lstrip("/"), self.body_of(method, operation)) for at in (foreign, absent))
            if foreign == absent:
                continue  # no hole was filled: a collection that all share
            shared = path.split("/")[1].lower() in ("regionalgateways", "redundancyzones", "operators", "eventtypes", "eventendpointtypes")
            if shared:
                continue
            self.assertEqual(seen.status, 404, (method, path, seen.text))
            self.assertEqual((seen.status, seen.text), (unseen.status, unseen.text), (method, path))
            self.assertNothingOf(self.south, seen.text)
            walked += 1
        self.assertGreater(walked, 60)
        self.assertEqual(self.whole(self.south), before)

    def test_rows_of_the_other_in_an_object_of_one_s_own(self):
        before = self.whole(self.south)
        for path, method, operation in self.operations():
            if "{row}" not in path:
                continue
            own, foreign = self.fill(path, self.north), self.fill(path, self.south)
            if not own or own.split("/")[2] == foreign.split("/")[2]:
                continue
            mixed = "/".join([*own.split("/")[:4], foreign.split("/")[4], *own.split("/")[5:]])
            absent = "/".join([*own.split("/")[:4], str(uuid.uuid4()), *own.split("/")[5:]])
            replies = [self.north.api.call(method, at.lstrip("/"), self.body_of(method, operation)) for at in (mixed, absent)]
            self.assertEqual([reply.status for reply in replies], [404, 404], (method, mixed, replies[0].text))
            self.assertEqual(replies[0].text, replies[1].text)
        for rows, field in (("lacs", "lac"), ("lnss", "lns")):
            messages = self.north.api.refused("PUT", f"vslices/{self.north.ids['vslice']}/{rows}/order", [self.south.ids[field]])
            self.assertSaid(messages, "is none of the entries")
        self.assertEqual(self.whole(self.south), before)

    def test_lists_filters_and_sorting(self):
        for path, method, operation in self.operations():
            names = {parameter["name"] for parameter in operation["parameters"]}
            if method != "GET" or not {"filter", "limit"} <= names or "{" in path:
                continue
            reply = self.north.api.get(f"{path.lstrip('/')}?limit=1000")
            if path.lower() == "/customers":
                self.assertEqual(reply.status, 403)
                continue
            self.assertEqual(reply.status, 200, path)
            self.assertNothingOf(self.south, reply.text)
            listed = self.south.api.get(f"{path.lstrip('/')}?limit=1000")
            self.assertNothingOf(self.north, listed.text)
            members = set(listed.data[0]) if listed.data else set()
            for member in members:
                for value in ("Southmark", "southmark", self.south.ids["vslice"], self.south.ids["endpoint"], self.south.id):
                    found = self.north.api.get(f"{path.lstrip('/')}?filter={member}:{value}")
                    if found.status == 200:
                        self.assertEqual((found.data, found.body["totalItems"]), ([], 0), (path, member, value))
                    else:
                        self.assertEqual(found.status, 400)
            for order in ("asc", "desc"):
                reply = self.north.api.get(f"{path.lstrip('/')}?sortBy={order}(name)&limit=1000")
                self.assertNothingOf(self.south, reply.text)

    def references(self, fields, prefix=()):
        """(path to the member, noun) of each reference that may be written."""
        for field in fields:
            if field.get("readOnly"):
                continue
            if "refersTo" in field:
                yield (*prefix, (field["name"], None)), field["refersTo"]
            elif "fields" in field:
                yield from self.references(field["fields"], (*prefix, (field["name"], field["type"])))

    def test_references_in_bodies(self):
        """A reference to what is foreign is refused in the words for what does not exist, by id and by moniker, in every body."""
        before, tried = self.whole(self.south), 0
        targets = {"vslice": "vslice", "routing-target": "target", "routing-policy": "policy", "endpoint-group": "group", "operator-policy": "operator",
                   "regional-policy": "regional", "event-handler": "handler", "event-map": "map", "lac": "lac", "lns": "lns", "endpoint": "endpoint"}
        own = {"vslice": "integrated", "endpoint-group": "plain_group"}
        for word, noun in self.nouns.items():
            mine = self.north.of(noun["path"]) if word not in own else self.north.ids[own[word]]
            if noun.get("readOnly") or not mine or word == "customer":
                continue
            for steps, refers in self.references(noun["fields"]):
                if refers not in targets:
                    continue
                identity = self.south.ids[targets[refers]]
                listed = [row for row in self.south.api.ok("GET", self.nouns[refers]["path"]) if row["id"] == identity] if refers in self.nouns else []
                for value in [identity, *(row["moniker"] for row in listed)]:
                    said = []
                    for written in (value, "no-such-thing"):
                        body = written
                        for name, kind in reversed(steps):
                            body = {name: [body] if kind == "rows" or kind == "list" else body}
                        reply = self.north.api.call("PATCH", f"{noun['path']}/{mine}", body)
                        self.assertIn(reply.status, (400, 404, 409), (word, steps, reply.text))
                        said.append((reply.status, reply.text.replace(written, "@")))
                    self.assertEqual(said[0], said[1], (word, steps))
                    tried += 1
        self.assertGreater(tried, 12)
        self.assertEqual(self.whole(self.south), before)

    def test_creating_beside_the_other(self):
        """POST with what is foreign; the same names are free; what is unique on the platform is refused without naming its holder."""
        api, south = self.north.api, self.south.ids
        for path, body in (
            ("routingtargets", {"name": "t", "vslice": south["vslice"], "routingTargetType": "internet", "routingRedundancyZoneMoniker": "europe-primary"}),
            ("RoutingPolicies", {"name": "p", "vslice": south["vslice"]}),
            ("EndpointGroups", {"name": "g", "vslice": south["vslice"], "l2tpAccessConcentrator": south["lac"]}),
            ("EndpointGroups", {"name": "g", "vslice": self.north.ids["vslice"], "l2tpAccessConcentrator": south["lac"]}),
            ("endpoints", {"iccid": iccid(90), "imsis": [imsi(90)], "endpointGroup": south["group"]}),
            ("EventMaps", {"name": "m", "eventScope": "global", "subscriptions": [{"eventEndpointId": south["handler"], "eventTypeId": "lnsfailover_v1"}]}),
            ("l2tpSetups", {"vslice": {"name": "s", "regionalGateway": "europe"}, "routingPolicy": {"name": "p", "routingPolicyRules": [
                {"description": "d", "ruleAction": "forward", "ruleDirection": "uplink", "routingTarget": south["target"], "reflexive": False, "enabled": True}]}}),
        ):
            reply = api.call("POST", path, body)
            self.assertEqual(reply.status, 400, (path, reply.text))
            self.assertSaid(reply.messages, "does not exist")
            for mark in set(self.south.marks) - set(south.values()):
                self.assertNotIn(mark, reply.text)
        for body in ({"iccid": iccid(2), "imsis": [imsi(91)]}, {"iccid": iccid(91), "imsis": [imsi(2)]}):
            messages = api.refused("POST", "endpoints", body, status=409)
            self.assertSaid(messages, "belongs to another Endpoint")
            self.assertNotIn(south["endpoint"], str(messages))
        self.assertSaid(api.refused("POST", "users", {"name": "u", "email": "southmark@example.net"}, status=409), "belongs to another User")
        for tenant in (self.south, self.north):  # a moniker is taken for its customer only
            tenant.api.ok("POST", "vslices", {"name": "Common", "subnetAddress": "100.64.0.0/24"})
        for header in ("southmark", self.south.id, "nobody"):
            reply = api.call("GET", "vslices", headers={"X-Customer": header})
            self.assertEqual((reply.status, reply.text.replace(header, "@")), (403, api.get("vslices", headers={"X-Customer": "no-such"}).text.replace("no-such", "@")))

    def test_captures_of_the_other(self):
        south = self.south.ids
        for body in ({"endpoint": south["endpoint"]}, {"endpoint": iccid(2)}, {"tunnel": south["tunnel"]}, {"vslice": south["vslice"], "lns": south["lns"]},
                     {"vslice": self.north.ids["vslice"], "lns": south["lns"]}):
            replies = [self.north.api.call("POST", "captures", sent) for sent in (body, {**body, list(body)[-1]: "no-such-thing"})]
            self.assertIn(replies[0].status, (400, 404, 409), replies[0].text)
            self.assertEqual(*((reply.status, reply.text.replace(str(sent), "@")) for reply, sent in zip(replies, (list(body.values())[-1], "no-such-thing"))))

    def test_import_and_export(self):
        for format_ in ("csv", "ndjson"):
            self.assertNothingOf(self.south, self.north.api.get(f"endpoints/export?format={format_}").text)
            self.assertNothingOf(self.south, self.north.api.get(f"endpoints/export?format={format_}&filter=endpointGroup:southmark-group").text)
        for group in (self.south.ids["group"], "southmark-group"):
            said = []
            for written in (group, "no-such-group"):
                raw = json.dumps({"iccid": iccid(95), "imsis": [imsi(95)], "endpointGroup": written})
                reply = self.north.api.call("POST", "endpoints/import", raw=raw, headers={"Content-Type": "application/x-ndjson"})
                self.assertEqual(reply.status, 400, reply.text)
                said.append(reply.text.replace(written, "@"))
            self.assertEqual(said[0], said[1])

    def test_actions_reach_no_gateway(self):
        while not self.stream.rows.empty():
            self.stream.rows.get()
        for path in (f"endpoints/{self.south.ids['endpoint']}/detach", f"tunnels/{self.south.ids['tunnel']}/restart", f"tunnels/{self.south.ids['tunnel']}/drain",
                     f"vslices/{self.south.ids['vslice']}/lnss/{self.south.ids['lns']}/test", f"eventhandlers/{self.south.ids['handler']}/test",
                     f"eventhandlers/{self.south.ids['handler']}/replay"):
            self.assertEqual(self.north.api.call("POST", path).status, 404, path)
        self.north.api.ok("POST", f"endpoints/{self.north.ids['endpoint']}/detach")
        rows = self.stream.until("command")
        self.assertEqual((rows[-1]["command"], rows[-1]["endpoint"]), ("detach", self.north.ids["endpoint"]))
        self.assertNotIn(self.south.ids["endpoint"], str(rows))
        self.report(self.north.rows[:1])  # it is up again, for the other tests

    def test_live_events(self):
        import http.client
        since = self.north.api.ok("GET", "events?limit=1")[0]["sequence"]
        connection = http.client.HTTPConnection("127.0.0.1", self.controller.port, timeout=20)
        connection.request("GET", f"/api/v1/events/stream?since={since}", headers={"Authorization": f"Bearer {self.north.api.token}"})
        reply = connection.getresponse()
        self.south.api.ok("PATCH", f"endpoints/{self.south.ids['endpoint']}", {"endpointStatus": "suspended"})
        self.south.api.ok("PATCH", f"endpoints/{self.south.ids['endpoint']}", {"endpointStatus": "active"})
        self.report(self.south.rows[:1])
        second = self.north.api.ok("POST", "endpoints", {"iccid": iccid(50), "imsis": [imsi(50)]})
        self.north.api.ok("PATCH", f"endpoints/{second}", {"endpointStatus": "terminated"})
        seen = b""
        while b"terminated" not in seen:
            seen += reply.fp.readline()
        connection.close()
        self.assertNothingOf(self.south, seen.decode())

    def test_what_all_may_read_says_nothing_of_anybody(self):
        for path in ("regionalgateways", "redundancyzones", "operators", "eventtypes", "eventendpointtypes", "schema", "openapi.json", "regionalpolicies"):
            if "/" + path in {known.lower() for known in self.document["paths"]}:
                text = self.north.api.get(f"{path}?limit=1000").text
                self.assertNothingOf(self.south, text)
        self.report([{"row": "status", "sessions": 2, "tunnels": 2, "load": 5}])
        self.assertEqual(self.api.ok("GET", "regionalgateways/europe")["sessions"], 2)
        for gateway in (self.north.api.ok("GET", "regionalgateways/europe"), *self.north.api.ok("GET", "regionalgateways")):
            self.assertEqual([gateway[member] for member in ("sessions", "tunnels", "load", "configRevision", "gtpPeers")], [None] * 4 + [[]])


class Roles(Case):
    """Each operation with each role: refused with 403 exactly where the description says that more is needed."""

    def test_each_operation_with_each_role(self):
        self.api.ok("POST", "customers", {"name": "Walked"})
        acting = {"X-Customer": "walked"}
        tokens = {}
        for role in ROLES:
            tokens[role] = self.api.call("POST", "apitokens", {"name": role, "role": role}, headers=acting).body["token"]
        tokens["reader"] = self.api.call("POST", "apitokens", {"name": "reader", "scope": "read-only"}, headers=acting).body["token"]
        tokens["gateway"] = self.api.call("POST", "apitokens", {"name": "gw", "scope": "gateway", "regionalGateway": "europe"}).body["token"]
        document, walked = self.api.get("openapi.json").body, 0
        for path, operations in document["paths"].items():
            if path in ("/events/stream", "/logout"):
                continue
            for method, operation in operations.items():
                if operation.get("security") == []:
                    continue
                at = re.sub(r"{\w+}", "no-such-thing", path).lstrip("/")
                for who, token in tokens.items():
                    body = {"raw": b"[1]"} if method in ("post", "put", "patch") else {}
                    reply = self.api.call(method.upper(), at, token=token, **body)
                    role = "owner" if who == "reader" else who
                    if who == "gateway":
                        allowed = path in ("/me", "/me/password", "/apitokens/verify") and method == "get"
                    else:
                        allowed = ROLES.index(role) >= ROLES.index(operation["x-role"]) and not operation["x-platform"]
                        allowed = allowed and (who != "reader" or method == "get" or path.endswith("/explain"))
                    if path == "/me/password":
                        continue  # a token has none
                    self.assertEqual(reply.status != 403, allowed, (who, method, path, reply.text))
                    self.assertNotIn(reply.status, (401, 500), (who, method, path, reply.text))
                    walked += 1
        self.assertGreater(walked, 500)

    def test_who_acts_for_the_platform_has_a_role_too(self):
        for role in ROLES:
            token = self.api.call("POST", "apitokens", {"name": f"p {role}", "scope": "platform-owner", "role": role}).body["token"]
            self.assertEqual(self.api.get("customers", token=token).status, 200)
            self.assertEqual(self.api.call("POST", "regionalgateways", raw=b"[1]", token=token).status, 400 if role in ("administrator", "owner") else 403)
            self.assertEqual(self.api.call("POST", "customers", raw=b"[1]", token=token).status, 400 if role == "owner" else 403)
            self.assertEqual(self.api.get("/gateway/v1/config?gateway=nowhere&since=0", token=token).status if role in ("viewer", "operator") else 403, 403)


if __name__ == "__main__":
    main()
