#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""An existing client of the API, as its own types have it: typed decoders that fail on a number where a text is written and the reverse, write
bodies of exactly the members that it knows, and an empty store with its built-ins. What it creates it reads, lists, updates and deletes."""

from harness import Case, main

REF = {"id": str, "moniker": str, "name": str}
ENUM = {"key": int, "moniker": str, "name": str, "active": bool}


class Null:
    """A member that may be null."""

    def __init__(self, kind):
        self.kind = kind


class Document(str):
    """A JSON document as a text."""


RULE = {"id": str, "routingPolicyId": str, "description": str, "ruleAction": ENUM, "ruleDirection": ENUM, "precedence": int, "sourceIpPattern": Null(str),
        "destinationIpPattern": Null(str), "divertIp": Null(str), "divertPort": Null(str), "transportProtocol": Null(ENUM), "sourcePortPattern": Null(str),
        "destinationPortPattern": Null(str), "routingTarget": Null(REF), "reflexive": bool, "enabled": bool, "regionalGateway": Null(REF)}
SERVICE = {"name": str, "description": str, "iconShape": str, "moniker": str, "available": bool, "enabled": bool, "hasInstance": bool, "edgeServiceInstanceIds": [str]}
SUBSCRIPTION = {"id": str, "eventMap": REF, "eventEndpoint": {"id": str, "name": str, "moniker": str, "type": str, "summaryDescription": str}, "eventType": ENUM}
STEER = {"id": str, "operatorId": Null(int), "iso3": Null(str), "steeringProfileEntryAction": ENUM}
REGION = {"id": str, "operatorId": Null(int), "regionalGatewayPolicyId": Null(str), "iso3": Null(str), "regionalGateway": {"moniker": str, "name": str}}
HANDLER = {"id": str, "moniker": str, "name": str, "summaryDescription": str,
           "configurationData": {"webhookConfig": {"url": str, "timeout": str, "username": Null(str), "password": Null(str), "bearerToken": Null(str)}},
           "eventEndpointType": {"id": str, "name": str, "moniker": str, "type": str, "active": bool, "summaryDescription": str}}
READ = {
    "vslices": {"id": str, "name": str, "moniker": str, "subnets": [str], "dnsServers": Null([str]), "eventMap": Null(REF), "dnsMode": ENUM,
                "ipAddressFamily": ENUM, "endpointGroupCount": int, "endpointCount": int},
    "routingtargets": {"id": str, "name": str, "moniker": str, "routingTargetType": ENUM, "routingTargetStatus": ENUM, "vSlice": REF, "configurationData": Null(dict),
                       "publicInstanceConfiguration": Document, "networkKey": int, "routingTargetTypeInstance": {"id": int, "name": str, "moniker": str},
                       "routingRedundancyZoneMoniker": str, "routingRedundancyZoneName": str, "regionalGatewayMoniker": str, "regionalGatewayName": str},
    "RoutingPolicies": {"id": str, "name": str, "moniker": str, "vslice": REF, "rateLimitUplink": ENUM, "rateLimitDownlink": ENUM, "packetDiscardUplinkPercentage": int,
                        "packetDiscardDownlinkPercentage": int, "routingPolicyStatus": ENUM, "routingPolicyRules": Null([RULE]), "routingPolicyEdgeServices": Null([SERVICE])},
    "EndpointGroups": {"id": str, "moniker": str, "name": str, "endpointsAssigned": int, "vslice": REF, "eventMap": Null(REF), "routingPolicy": Null(REF),
                       "steeringProfile": Null(REF), "regionalGatewayPolicy": REF, "ipAllocationType": ENUM, "customerId": str},
    "OperatorPolicies": {"id": str, "moniker": str, "name": str, "allow2g": bool, "allow3g": bool, "allow45g": bool, "entries": Null([STEER])},
    "RegionalPolicies": {"id": str, "moniker": str, "name": str, "active": bool, "isFixed": bool, "entries": Null([REGION])},
    "EventHandlers": HANDLER,
    "EventMaps": {"id": str, "moniker": str, "name": str, "eventScope": ENUM, "subscriptions": Null([SUBSCRIPTION])},
}


def decode(kind, value, at):
    """As a typed client does; also that no two members of an object differ in letter case only, since it matches names so."""
    if isinstance(kind, Null):
        return None if value is None else decode(kind.kind, value, at)
    if isinstance(kind, dict):
        assert isinstance(value, dict), f"{at}: {value!r} is no object"
        assert len({name.lower() for name in value}) == len(value), f"{at}: {sorted(value)}"
        for name, inner in kind.items():
            assert name in value, f"{at}.{name} is missing"
            decode(inner, value[name], f"{at}.{name}")
    elif isinstance(kind, list):
        assert isinstance(value, list), f"{at}: {value!r} is no list"
        for number, item in enumerate(value):
            decode(kind[0], item, f"{at}[{number}]")
    elif kind is dict:
        assert isinstance(value, dict), f"{at}: {value!r}"
    elif kind is Document:
        import json
        assert isinstance(json.loads(value), dict), f"{at}: {value!r}"
    else:
        assert type(value) is kind, f"{at}: {value!r} is not {kind.__name__}"
        assert kind is not int or abs(value) < 2 ** 31, f"{at}: {value} has more than 32 bits"
    return value


class Client(Case):
    def read(self, path, identity):
        reply = self.api.get(f"{path}/{identity}")
        assert (reply.status, reply.body["success"]) == (200, True), reply.text
        for name in ("totalItems", "limit", "offset"):
            self.assertIsInstance(reply.body[name], int)
        return decode(READ[path], reply.data, path)

    def whole_life(self, path, body, changes, unchecked=()):
        """Create, read by id and by moniker, list, update by a full PUT, and be told apart from what is not there."""
        identity = self.api.ok("POST", path, body)
        self.assertIsInstance(identity, str)
        read = self.read(path, identity)
        self.assertEqual(self.read(path, body["moniker"])["id"], identity)
        self.assertEqual((read["name"], read["moniker"]), (body["name"], body["moniker"]))
        for query in (f"?filter=moniker:{body['moniker']}", f"?filter=name:{body['name']}&sortBy=asc(name),desc(moniker)&offset=0&limit=10", "?limit=1000"):
            reply = self.api.get(path + query)
            self.assertIn(identity, [decode(READ[path], row, path)["id"] for row in reply.data], query)
            self.assertGreaterEqual(reply.body["totalItems"], 1)
        for change in (changes, {}):
            written = {**body, **change}
            self.assertEqual(self.api.ok("PUT", f"{path}/{identity}", written), identity)
            again = self.read(path, identity)
            for name, value in change.items():
                if name not in unchecked:
                    seen = again[name]
                    self.assertEqual(seen["moniker"] if isinstance(seen, dict) and "moniker" in seen else seen, value, (path, name))
        self.assertEqual({**self.read(path, identity), "changedAt": None}, {**read, "changedAt": None})  # back to where it was
        self.assertEqual(self.api.refused("GET", f"{path}/00000000-0000-4000-8000-000000000000", status=404), ["Record not found"])
        self.assertSaid(self.api.refused("POST", path, body, status=409), body["moniker"])
        return identity

    def end(self, path, identity):
        self.assertEqual(self.api.ok("DELETE", f"{path}/{identity}"), identity)
        self.assertEqual(self.api.get(f"{path}/{identity}").status, 404)
        self.assertEqual(self.api.refused("DELETE", f"{path}/{identity}", status=404), ["Record not found"])

    def test_every_object_from_an_empty_store(self):
        api = self.api
        self.assertEqual(api.get("apitokens/verify").body["success"], True)
        for moniker in ("automatic", "europe", "north-america"):
            self.read("RegionalPolicies", moniker)
        handler = self.whole_life("EventHandlers", {"name": "Hook", "moniker": "hook", "eventEndpointType": "webhook", "configurationData": {
            "webhookConfig": {"url": "https://hooks.example.net/a", "timeout": "30", "username": "u", "password": "p"}}}, {"name": "Hook 2"})
        event_map = self.whole_life("EventMaps", {"name": "Map", "moniker": "map", "eventScope": "vslice", "subscriptions": [
            {"eventEndpointId": "hook", "eventTypeId": "endpointdatasessioncreated_v1"}]}, {"name": "Map 2"})
        answer = api.ok("POST", f"EventMaps/{event_map}/subscriptions", [{"eventEndpointId": handler, "eventTypeId": "vpnchildsaphase2up_v1"},
                                                                       {"eventEndpointId": "hook", "eventTypeId": "vpninitiationsucceeded_v1"}])
        decode([{"eventSubscriptionId": str, "eventEndpointId": str, "eventType": ENUM, "eventHandler": REF}], answer, "subscriptions")
        listed = decode([SUBSCRIPTION], api.ok("GET", "eventmaps/map/subscriptions"), "subscriptions")
        self.assertEqual(len(listed), 3)
        for row in listed[1:]:
            api.ok("DELETE", f"EventMaps/{event_map}/subscriptions/{row['id']}")
        vslice = self.whole_life("vslices", {"name": "Fleet", "moniker": "fleet", "dnsServers": ["9.9.9.9", "1.1.1.1"], "dnsMode": "custom", "ipAddressFamily": "ipv4",
                                             "subnetAddress": "100.64.0.0/16", "ipAllocationType": "static", "eventMap": "map"},
                                 {"name": "Fleet 2", "dnsMode": "auto", "dnsServers": None, "eventMap": ""}, unchecked=("dnsServers", "eventMap"))
        zone = {"routingRedundancyZoneMoniker": "europe-primary", "vslice": "fleet", "routingTargetTypeInstanceId": "", "subnetAddress": ""}
        internet = self.whole_life("routingtargets", {"name": "Out", "moniker": "out", "routingTargetType": "internet", **zone}, {"name": "Out 2"})
        vpn = self.whole_life("routingtargets", {"name": "Vpn", "moniker": "vpn", "routingTargetType": "vpn", **zone, "configurationData": {"vpnConfig": {
            "remotePeerAddress": "198.51.100.1", "remoteSubnets": "10.1.0.0/16,10.2.0.0/16", "remoteEncryptionDomain": "10.1.0.0/16", "localEncryptionDomain": "100.64.0.0/16",
            "localSubnets": "100.64.0.0/16", "presharedKey": "very secret", "keyExchangeType": "ikev2", "vpnIkeOption": "aes128-sha1-modp1024", "vpnEspOption": "aes128-sha1",
            "phase1Lifetime": 28800, "phase2Lifetime": 3600}}}, {"name": "Vpn 2"})
        config = self.read("routingtargets", vpn)["configurationData"]["vpnConfig"]
        self.assertEqual((config["presharedKey"], type(config["phase1Lifetime"]), config["remoteSubnets"]), ("", int, "10.1.0.0/16,10.2.0.0/16"))
        wireguard = self.whole_life("routingtargets", {"name": "Wg", "moniker": "wg", "routingTargetType": "wireguard", **zone, "configurationData": {"wireGuardConfig": {
            "localSubnets": "100.64.0.0/16", "remotePublicKey": "xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg=", "remoteSubnets": "10.3.0.0/16",
            "remotePeerIPAddress": "198.51.100.2", "remotePeerPortNumber": 51820}}}, {"name": "Wg 2"})
        rule = {"description": "web", "ruleAction": "forward", "ruleDirection": "uplink", "sourceIpPattern": "", "destinationIpPattern": "10.1.0.0/16", "transportProtocol": "tcp",
                "sourcePortPattern": "", "destinationPortPattern": "443", "divertIp": "", "divertPort": "", "routingTarget": "vpn", "reflexive": True, "enabled": True, "regionalGateway": "europe"}
        other = {"description": "rest", "ruleAction": "drop", "ruleDirection": "downlink", "reflexive": False, "enabled": False}
        policy = self.whole_life("RoutingPolicies", {"name": "Policy", "moniker": "policy", "vslice": "fleet", "routingPolicyStatus": "active", "routingPolicyRules": [rule, other],
                                                     "routingPolicyEdgeServices": [], "rateLimitUplinkMoniker": "1mbits", "rateLimitDownlinkMoniker": "",
                                                     "packetDiscardUplinkPercentage": 0, "packetDiscardDownlinkPercentage": 5},
                                 {"name": "Policy 2", "packetDiscardUplinkPercentage": 7})
        read = self.read("RoutingPolicies", policy)
        self.assertEqual((read["rateLimitUplink"]["moniker"], read["rateLimitDownlink"]["moniker"]), ("1mbits", "unlimited"))
        self.assertEqual([row["precedence"] for row in read["routingPolicyRules"]], [1, 2])
        steering = self.whole_life("OperatorPolicies", {"name": "Steer", "moniker": "steer", "entries": [
            {"operatorId": None, "iso3": None, "steeringProfileEntryAction": "allow"}, {"operatorId": None, "iso3": "NLD", "steeringProfileEntryAction": "reject-soft"}]}, {"name": "Steer 2"})
        api.ok("POST", f"OperatorPolicies/{steering}/entries", {"iso3": "GBR", "steeringProfileEntryAction": "reject-hard"})
        self.assertEqual(len(decode([STEER], api.ok("GET", f"OperatorPolicies/{steering}/entries"), "entries")), 3)
        regional = self.whole_life("RegionalPolicies", {"name": "Region", "moniker": "region", "entries": [{"regionalGatewayId": "europe", "operatorId": None, "iso3": None}]}, {"name": "Region 2"})
        api.ok("POST", f"RegionalPolicies/{regional}/entries", {"regionalGatewayId": "north-america", "iso3": "USA"})
        self.assertEqual(len(decode([REGION], api.ok("GET", f"RegionalPolicies/{regional}/entries"), "entries")), 2)
        group = self.whole_life("EndpointGroups", {"name": "Cars", "moniker": "cars", "vslice": "fleet", "routingPolicy": "policy", "eventMap": "map", "steeringProfile": "steer",
                                                   "regionalGatewayPolicy": "automatic", "ipAllocationType": "static"},
                                {"name": "Cars 2", "regionalGatewayPolicy": "region", "steeringProfile": None, "eventMap": ""}, unchecked=("steeringProfile", "eventMap"))
        for path, identity in (("vslices", vslice), ("RoutingPolicies", policy), ("OperatorPolicies", steering), ("EventMaps", event_map), ("EventHandlers", handler)):
            self.assertEqual(api.call("DELETE", f"{path}/{identity}").status, 409, path)  # in use
        for path, identity in (("EndpointGroups", group), ("RoutingPolicies", policy), ("routingtargets", wireguard), ("routingtargets", vpn), ("routingtargets", internet),
                               ("vslices", vslice), ("OperatorPolicies", steering), ("RegionalPolicies", regional), ("EventMaps", event_map), ("EventHandlers", handler)):
            self.end(path, identity)

    def test_the_habits_of_typed_clients(self):
        """They list with every parameter at its zero value, send 0 and "" for what was not set, look into parts without asking whether they are there,
        and add the entries and subscriptions that they created the owner with once more."""
        api = self.api
        for path in READ:
            self.assertEqual(api.get(f"{path}?filter=&limit=0&offset=0&sortBy=").body["limit"], 50, path)
        hook = {"bearerToken": "t0ken", "username": "someone", "password": "p@ssword", "timeout": "10", "url": "https://hooks.example.net/a"}
        api.ok("POST", "EventHandlers", {"name": "Hook", "moniker": "hook", "eventEndpointType": "webhook", "configurationData": {"webhookConfig": hook}})
        subscriptions = [{"eventEndpointId": "hook", "eventTypeId": "vpnchildsaphase2up_v1"}, {"eventEndpointId": "hook", "eventTypeId": "vpninitiationsucceeded_v1"}]
        api.ok("POST", "EventMaps", {"name": "Map", "moniker": "map", "eventScope": "vslice", "subscriptions": subscriptions})
        self.assertEqual([row["eventHandler"]["moniker"] for row in api.ok("POST", "EventMaps/map/subscriptions", subscriptions)], ["hook", "hook"])
        self.assertEqual(len(api.ok("GET", "EventMaps/map/subscriptions")), 2)
        steering = [{"operatorId": None, "iso3": iso3, "steeringProfileEntryAction": action} for iso3, action in ((None, "reject-hard"), ("AUS", "allow"), ("DZA", "reject-soft"))]
        regional = [{"regionalGatewayId": gateway, "operatorId": None, "iso3": iso3} for iso3, gateway in ((None, "europe"), ("DZA", "north-america"))]
        for path, entries in (("OperatorPolicies", steering), ("RegionalPolicies", regional)):
            for body in (entries, None):
                api.ok("POST", path, {"name": "None" if body is None else "Some", "entries": body})
            before = api.ok("GET", f"{path}/some/entries")
            self.assertEqual(api.ok("POST", f"{path}/some/entries", entries), [row["id"] for row in before])
            for entry, row in zip(entries, before):
                self.assertEqual(api.ok("POST", f"{path}/some/entries", entry), row["id"])
            self.assertEqual(api.ok("GET", f"{path}/some/entries"), before)
        other = {"operatorId": None, "iso3": "AUS", "steeringProfileEntryAction": "reject-soft"}  # not the same once more: something else about it
        self.assertSaid(api.refused("POST", "OperatorPolicies/some/entries", other), "is about the same as entries[1]")
        vslice = {"name": "Fleet", "moniker": "fleet", "dnsServers": ["1.1.1.1", "8.8.8.8"], "dnsMode": "custom", "ipAddressFamily": "Ipv4", "subnetAddress": "100.64.0.0/10",
                  "eventMap": "map"}
        api.ok("POST", "vslices", {**vslice, "ipAllocationType": "static"})
        api.ok("PUT", "vslices/fleet", {**vslice, "dnsServers": None, "dnsMode": "auto"})
        target = {"routingRedundancyZoneMoniker": "europe-primary", "subnetAddress": "", "vslice": "fleet", "routingTargetTypeInstanceId": ""}
        api.ok("POST", "routingtargets", {**target, "name": "Out", "moniker": "out", "routingTargetType": "internet"})
        self.assertEqual(self.read("routingtargets", "out")["configurationData"], {"internetConfig": None, "vpnConfig": None, "wireGuardConfig": None, "peeringConfig": None})
        wireguard = {"localSubnets": "10.0.0.0/8", "localPublicKey": "", "remotePublicKey": "xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg=", "remoteSubnets": "192.168.0.0/16",
                     "remotePeerIPAddress": "192.168.1.5", "remotePeerPortNumber": 0}
        api.ok("POST", "routingtargets", {**target, "name": "Wg", "moniker": "wg", "routingTargetType": "wireguard", "configurationData": {"wireGuardConfig": wireguard}})
        self.assertEqual(self.read("routingtargets", "wg")["configurationData"]["wireGuardConfig"]["remotePeerPortNumber"], 51820)
        vpn = {"localSubnets": "100.64.0.0/10", "remoteSubnets": "10.1.0.0/16", "remotePeerAddress": "198.51.100.1", "remoteEncryptionDomain": "", "localEncryptionDomain": "",
               "presharedKey": "very secret", "keyExchangeType": "", "vpnIkeOption": "", "vpnEspOption": "", "phase1Lifetime": 0, "phase2Lifetime": 0}
        api.ok("POST", "routingtargets", {**target, "name": "Vpn", "moniker": "vpn", "routingTargetType": "vpn", "configurationData": {"vpnConfig": vpn}})
        read = self.read("routingtargets", "vpn")["configurationData"]["vpnConfig"]
        self.assertEqual((read["phase1Lifetime"], read["phase2Lifetime"], read["keyExchangeType"]), (28800, 3600, "ikev2"))
        rule = {"description": "d", "ruleAction": "drop", "ruleDirection": "uplink", "sourceIpPattern": None, "destinationIpPattern": None, "divertIp": None, "divertPort": None,
                "transportProtocol": None, "sourcePortPattern": None, "destinationPortPattern": None, "routingTarget": None, "reflexive": True, "regionalGateway": None, "enabled": True}
        rules = [{**rule, "regionalGateway": "europe"},
                 {**rule, "ruleAction": "forward", "destinationIpPattern": "8.8.8.8", "transportProtocol": "icmp", "routingTarget": "out"},
                 {**rule, "ruleAction": "forward", "destinationIpPattern": "4.3.2.1/32", "divertIp": "5.6.7.8", "divertPort": "1234", "transportProtocol": "tcp",
                  "sourcePortPattern": "1111", "destinationPortPattern": "4321", "routingTarget": "wg", "regionalGateway": "north-america"},
                 {**rule, "ruleDirection": "downlink", "sourceIpPattern": "1.2.3.4/32", "divertIp": "5.6.7.8", "divertPort": "1234", "transportProtocol": "udp", "enabled": False}]
        policy = {"vslice": "fleet", "routingPolicyStatus": "active", "routingPolicyEdgeServices": None, "rateLimitUplinkMoniker": "", "rateLimitDownlinkMoniker": "",
                  "packetDiscardUplinkPercentage": 5, "packetDiscardDownlinkPercentage": 70}
        api.ok("POST", "RoutingPolicies", {**policy, "name": "Rules", "moniker": "rules", "routingPolicyRules": rules})
        for rule, row in zip(rules, self.read("RoutingPolicies", "rules")["routingPolicyRules"]):  # texts read back as they were written
            for name in rule:
                self.assertEqual(row[name]["moniker"] if isinstance(row[name], dict) else row[name], rule[name], name)
        api.ok("POST", "RoutingPolicies", {**policy, "name": "Bare", "moniker": "bare", "routingPolicyRules": None})
        read = self.read("RoutingPolicies", "bare")
        self.assertEqual((read["routingPolicyRules"], read["routingPolicyEdgeServices"]), ([], []))

    def test_what_it_reads_it_may_write(self):
        """Each object of each collection, put back as it was read."""
        self.api.ok("POST", "l2tpSetups", {"vslice": {"name": "Whole", "regionalGateway": "europe", "l2tpAccessConcentrators": [{"address": "10.64.0.1", "tunnelSecret": "secret"}],
                                                      "l2tpNetworkServers": [{"address": "10.65.0.1"}]},
                                           "routingTargets": [{"name": "T", "routingTargetType": "internet"}],
                                           "routingPolicy": {"name": "P", "routingPolicyRules": [{"description": "d", "ruleAction": "forward", "ruleDirection": "uplink", "routingTarget": "t"}]},
                                           "endpointGroups": [{"name": "G", "l2tpAccessConcentrator": "lac-1"}]})
        self.api.ok("POST", "users", {"name": "U", "email": "u@example.net", "password": "0123456789"})
        for noun in self.api.ok("GET", "schema"):
            if noun.get("readOnly"):
                continue
            for row in self.api.ok("GET", noun["path"]):
                url = f"{noun['path']}/{row['id']}"
                before = self.api.get(url)
                reply = self.api.call("PUT", url, before.data)
                if reply.status == 403:  # it came with the program
                    continue
                self.assertEqual(reply.status, 200, (url, reply.text))
                after = self.api.get(url)
                self.assertEqual((after.data, after.headers["etag"]), (before.data, before.headers["etag"]), url)


if __name__ == "__main__":
    main()
