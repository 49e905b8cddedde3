#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The description of the API against the API: every operation is driven, every live reply is held against its schema, both ways."""

import json
import re

from harness import Case, Stream, iccid, imsi, l2tp_setup, main

TYPES = {"string": str, "boolean": bool, "array": list, "object": dict, "null": type(None)}


def is_type(value, name):
    if name == "integer":
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, TYPES[name])


def faults(document, schema, value, at="$"):
    """What of JSON Schema the description uses."""
    if "$ref" in schema:
        target = document
        for part in schema["$ref"][2:].split("/"):
            target = target[part]
        yield from faults(document, target, value, at)
    if "type" in schema:
        names = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
        if not any(is_type(value, name) for name in names):
            yield f"{at}: {value!r} is not {names}"
            return
    if "const" in schema and value != schema["const"]:
        yield f"{at}: {value!r} is not {schema['const']!r}"
    if "enum" in schema and value not in schema["enum"]:
        yield f"{at}: {value!r} is not in {schema['enum']}"
    for inner in schema.get("allOf", []):
        yield from faults(document, inner, value, at)
    if "anyOf" in schema:
        tried = [list(faults(document, inner, value, at)) for inner in schema["anyOf"]]
        if all(tried):
            yield from tried[0]
    if isinstance(value, dict):
        for name in schema.get("required", []):
            if name not in value:
                yield f"{at}: {name} is missing"
        for name, inner in value.items():
            if name in schema.get("properties", {}):
                yield from faults(document, schema["properties"][name], inner, f"{at}.{name}")
            elif schema.get("additionalProperties") is False:
                yield f"{at}: {name} is not described"
    if isinstance(value, list) and "items" in schema:
        for number, item in enumerate(value):
            yield from faults(document, schema["items"], item, f"{at}[{number}]")


class Description(Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.document = cls.api.get("openapi.json").body
        cls.ids = l2tp_setup(cls.api, "Described", with_endpoint=1)
        cls.regional = cls.api.ok("POST", "RegionalPolicies", {"name": "R", "entries": [{"regionalGatewayId": "europe"}]})
        cls.api.ok("POST", "OperatorPolicies", {"name": "O", "entries": [{"steeringProfileEntryAction": "allow"}]})
        cls.stream = Stream(cls.controller, "europe")
        cls.stream.until("ready")
        session = {"row": "session", "id": "0a000000-0000-4000-8000-000000000001", "endpoint": cls.ids["endpoint"], "imsi": imsi(1),
                   "vslice": cls.ids["vslice"], "state": "up", "tunnel": "0b000000-0000-4000-8000-000000000001", "ipAddress": "10.0.0.1"}
        tunnel = {"row": "tunnel", "id": "0b000000-0000-4000-8000-000000000001", "vslice": cls.ids["vslice"], "lac": cls.ids["lac"], "lns": cls.ids["lns"],
                  "state": "established"}
        attach = {"row": "attach", "endpoint": cls.ids["endpoint"], "imsi": imsi(1), "ok": True, "verdict": "up", "steps": []}
        rows = [{"row": "reports", "gateway": "europe", "boot": "b", "sequence": 1, "count": 3}, session, tunnel, attach]
        reply = cls.api.call("POST", "/gateway/v1/reports", raw="\n".join(json.dumps(row) for row in rows))
        assert reply.status == 200, reply.text

    @classmethod
    def tearDownClass(cls):
        cls.stream.close()
        super().tearDownClass()

    def example(self, path):
        """A path's holes filled with objects that exist."""
        names = {"vslices": self.ids["vslice"], "routingtargets": self.ids["target"], "routingpolicies": self.ids["policy"],
                 "endpointgroups": self.ids["group"], "endpoints": self.ids["endpoint"], "sessions": "0a000000-0000-4000-8000-000000000001",
                 "tunnels": "0b000000-0000-4000-8000-000000000001", "regionalgateways": "europe", "redundancyzones": "europe-primary",
                 "regionalpolicies": self.regional, "customers": "default"}
        collection = path.split("/")[1].lower()
        if "{id}" in path and collection not in names:
            listed = self.api.ok("GET", collection)
            if not listed:
                return None
            names[collection] = listed[0]["id"]
        path = path.replace("{id}", names.get(collection, ""))
        if "{row}" in path:
            rows = self.api.ok("GET", path.lstrip("/").split("/{row}")[0])
            if not rows:
                return None
            path = path.replace("{row}", rows[0].get("id") or rows[0]["moniker"])
        return path.lstrip("/")

    def hold(self, operation, reply):
        status = "200" if reply.status == 200 else "4XX"
        content = operation["responses"][status]["content"]
        if "application/json" not in content:  # a file
            self.assertIn(reply.headers["content-type"].split(";")[0], content)
            return
        schema = content["application/json"]["schema"]
        found = list(faults(self.document, schema, reply.body))
        self.assertEqual(found, [], operation["operationId"])

    def test_it_is_whole(self):
        self.assertTrue(self.document["openapi"].startswith("3.1"))
        identities = [operation["operationId"] for path in self.document["paths"].values() for operation in path.values()]
        self.assertEqual(len(identities), len(set(identities)))
        self.assertGreater(len(identities), 80)
        text = json.dumps(self.document)
        for reference in set(re.findall(r'#/components/schemas/(\w+)', text)):
            self.assertIn(reference, self.document["components"]["schemas"])
        for path, operations in self.document["paths"].items():
            for operation in operations.values():
                holes = {p["name"] for p in operation["parameters"] if p["in"] == "path"}
                self.assertEqual(holes, set(re.findall(r"{(\w+)}", path)), path)

    def test_every_reading_operation(self):
        driven = 0
        for path, operations in self.document["paths"].items():
            if "get" not in operations:
                continue
            example = self.example(path)
            if example is None or path in ("/openapi.json", "/events/stream"):  # a stream has no end
                continue
            reply = self.api.get(example)
            self.assertEqual(reply.status, 200, (path, reply.text))
            self.hold(operations["get"], reply)
            driven += 1
        self.assertGreater(driven, 30)

    def test_every_writing_operation(self):
        """PUT of what was read, and refusals: an empty body for every POST, PUT and PATCH."""
        for path, operations in self.document["paths"].items():
            example = self.example(path)
            for method, operation in operations.items():
                if method == "get" or example is None:
                    continue
                if method == "put" and "order" not in path:
                    self.hold(operation, self.api.call("PUT", example, self.api.ok("GET", example)))
                if method in ("put", "patch") or (method == "post" and "requestBody" in operation):
                    reply = self.api.call(method.upper(), example, raw=b"[1]")
                    self.assertEqual(reply.status, 400, (method, path, reply.text))
                    self.hold(operation, reply)
                if method == "delete":
                    reply = self.api.call("DELETE", example + "-nothing")
                    self.assertEqual(reply.status, 404, (path, reply.text))
                    self.hold(operation, reply)
                if method == "post" and "requestBody" not in operation:
                    reply = self.api.call("POST", example)
                    self.assertIn(reply.status, (200, 409), (path, reply.text))  # 409: not in this state, said in words
                    self.hold(operation, reply)

    def test_what_may_be_written_is_described(self):
        """Every body of the set-up stands in the write schemas, and every member that they name is known."""
        schemas = self.document["components"]["schemas"]
        for name, path in (("VsliceWrite", "vslices"), ("RoutingTargetWrite", "routingtargets"), ("EndpointWrite", "endpoints")):
            for member in schemas[name]["properties"]:
                reply = self.api.call("POST", path, {member: {"no": "such"}})
                self.assertFalse(any("is not a member of" in message and message.startswith(member + ":") for message in reply.messages), member)
        body = {"iccid": iccid(9), "imsis": [imsi(9)], "endpointGroup": None, "endpointStatus": "pending"}
        self.assertEqual(list(faults(self.document, schemas["EndpointWrite"], body)), [])

    def test_the_schema_for_forms_has_the_seed_s_tables(self):
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
