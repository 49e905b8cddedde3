#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""slicegate apply, export and profiles against a real controller."""

import json
import stat

from command_line import CommandLine
from harness import Controller, iccid, imsi, main

# The Vantiq Motors example, its documents in an order in which nothing could be made one by one.
NETWORK = """
kind: endpoint
iccid: 8988303000000000010
imsis: [001010000000001]
endpointGroup: cars
pppPassword: {fromEnv: PPP_PASSWORD}
---
kind: endpoint-group
name: Cars
vslice: vantiq-diagnostics-l2tp
l2tpAccessConcentrator: lac-1
---
kind: routing-policy
name: To the data centre
vslice: vantiq-diagnostics-l2tp
routingPolicyStatus: active
routingPolicyRules:
- {description: all, ruleAction: forward, ruleDirection: uplink, routingTarget: data-centre}
---
kind: routing-target
name: Data centre
vslice: vantiq-diagnostics-l2tp
routingTargetType: peering
configurationData:
  peeringConfig: {interface: dc0, localAddress: 192.0.2.1/30}
---
kind: vslice
name: Vantiq Diagnostics L2TP
vsliceType: l2tp
regionalGateway: europe
defaultRoutingPolicy: to-the-data-centre
advancedSettings: {helloIntervalSeconds: 30, pppUsername: "%{imsi}@vantiq"}
lacs:
- {moniker: lac-1, address: 10.64.0.1, tunnelSecret: {fromFile: tunnel.secret}}
lnss:
- {address: 10.65.0.1}
"""


class Network(CommandLine):
    """With the file of the network, and the secret that it names."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        (cls.home / "tunnel.secret").write_text("tunnel-secret-1\n")
        (cls.home / "network.yaml").write_text(NETWORK)

    def revisions(self):
        return {path: [(row["id"], row["changedAt"]) for row in self.api.ok("GET", path)]
                for path in ("vslices", "routingtargets", "routingpolicies", "endpointgroups", "endpoints")}


class Apply(Network):
    def test_1_nothing_is_made_by_a_dry_run(self):
        said = self.sg("apply", "-f", "network.yaml", "--dry-run")
        self.assertIn("dry run: 5 created, 0 changed, 0 unchanged", said)
        self.assertIn("+ defaultRoutingPolicy: to-the-data-centre", said)
        self.assertNotIn("secret-1", said)
        self.assertEqual([rows for rows in self.revisions().values() if rows], [])
        self.sg("apply", "-f", "network.yaml", "--check", status=8)

    def test_2_the_order_is_solved(self):
        said = self.sg("apply", "-f", "network.yaml")
        self.assertIn("5 created, 0 changed, 0 unchanged", said)
        vslice = self.api.ok("GET", "vslices/vantiq-diagnostics-l2tp")
        self.assertEqual(vslice["defaultRoutingPolicy"]["moniker"], "to-the-data-centre")
        self.assertEqual((vslice["advancedSettings"]["helloIntervalSeconds"], vslice["l2tpAccessConcentrators"][0]["tunnelSecretSet"]), (30, True))
        self.assertEqual(self.api.ok("GET", "endpoints")[0]["endpointStatus"]["moniker"], "active")

    def test_3_a_second_run_changes_nothing(self):
        before = self.revisions()
        self.assertEqual(self.sg("apply", "-f", "network.yaml"), "0 created, 0 changed, 5 unchanged\n")
        self.assertEqual(self.sg("apply", "-f", "network.yaml", "--check"), "dry run: 0 created, 0 changed, 5 unchanged\n")
        self.assertEqual(self.revisions(), before)

    def test_3_a_folder_stands_for_its_files(self):
        folder = self.home / "network"
        folder.mkdir()
        for number, document in enumerate(NETWORK.split("---")):
            (folder / f"{number}.yaml").write_text(document.replace("tunnel.secret", "../tunnel.secret"))
        (folder / "notes.txt").write_text("no document")
        self.assertEqual(self.sg("apply", "-f", "network"), "0 created, 0 changed, 5 unchanged\n")

    def test_4_only_what_differs_is_written(self):
        before = self.revisions()
        document = "kind: vslice\nmoniker: vantiq-diagnostics-l2tp\nname: Vantiq\nadvancedSettings: {hideAvps: yes}\n"
        said = self.sg("apply", "-f", "-", "--dry-run", stdin=document)
        self.assertIn("- name: Vantiq Diagnostics L2TP\n  + name: Vantiq\n", said)
        self.assertIn("-   hideAvps: false\n  +   hideAvps: true\n", said)
        self.assertEqual(self.revisions(), before)
        self.assertIn("0 created, 1 changed", self.sg("apply", "-f", "-", stdin=document))
        after = self.revisions()
        self.assertEqual({path for path in after if after[path] != before[path]}, {"vslices"})
        vslice = self.api.ok("GET", "vslices/vantiq-diagnostics-l2tp")
        self.assertEqual((vslice["name"], vslice["advancedSettings"]["helloIntervalSeconds"], vslice["advancedSettings"]["hideAvps"]), ("Vantiq", 30, True))
        self.assertTrue(vslice["l2tpAccessConcentrators"][0]["tunnelSecretSet"])

    def test_5_a_secret_is_compared_by_the_api(self):
        document = "kind: vslice\nmoniker: vantiq-diagnostics-l2tp\nlacs: [{moniker: lac-1, address: 10.64.0.1, tunnelSecret: %s}]\n"
        self.assertIn("0 changed, 1 unchanged", self.sg("apply", "-f", "-", stdin=document % "tunnel-secret-1"))
        self.assertIn("0 changed, 1 unchanged", self.sg("apply", "-f", "-", "--dry-run", stdin=document % "tunnel-secret-1"))
        said = self.sg("apply", "-f", "-", "--dry-run", stdin=document % "another-secret")
        self.assertIn("1 changed", said)
        self.assertNotIn("another", said)
        self.assertIn("1 changed", self.sg("apply", "-f", "-", stdin=document % "another-secret"))
        self.assertIn("0 changed", self.sg("apply", "-f", "-", stdin=document % "another-secret"))

    def test_6_rules_that_move_keep_their_ids(self):
        rule = self.api.ok("GET", "routingpolicies/to-the-data-centre")["routingPolicyRules"][0]
        document = ("kind: policy\nmoniker: to-the-data-centre\nroutingPolicyRules:\n- {description: none, ruleAction: drop, ruleDirection: downlink}\n"
                    "- {description: all, ruleAction: forward, ruleDirection: uplink, routingTarget: data-centre}\n")
        self.sg("apply", "-f", "-", stdin=document)
        rules = self.api.ok("GET", "routingpolicies/to-the-data-centre")["routingPolicyRules"]
        self.assertEqual([row["description"] for row in rules], ["none", "all"])
        self.assertEqual(rules[1]["id"], rule["id"])

    def test_7_faults_name_document_and_member(self):
        before = self.revisions()
        documents = "\n---\nkind: vslice\nname: Ok\n---\nkind: target\nname: Bad\ncolour: red\nconfigurationData: {peeringConfig: {interface: [1]}}\n"
        self.sg("apply", "-f", "-", stdin=documents, status=2)
        self.assertEqual(self.error.splitlines(), [
            "slicegate: standard input:6: routing-target Bad: colour: a Routing Target has no such member",
            "slicegate: standard input:6: routing-target Bad: configurationData.peeringConfig.interface: a text is wanted"])
        self.assertEqual(self.revisions(), before)
        for options in (["--dry-run"], []):
            self.sg("apply", "-f", "-", *options, status=1, stdin="kind: vslice\nmoniker: vantiq-diagnostics-l2tp\nlnss: [{address: there}]\n")
            self.assertEqual(len(self.error.splitlines()), 1)
            for word in ("standard input:1: vslice vantiq-diagnostics-l2tp", "l2tpNetworkServers[0].address", "an IPv4"):
                self.assertIn(word, self.error)
        self.sg("apply", "-f", "nowhere.yaml", status=2)
        self.sg("apply", "-f", "network.yaml", "--colour", "red", status=2)
        self.sg("apply", status=2)
        self.sg("apply", "-f", "network.yaml", env={"SLICEGATE_URL": "http://127.0.0.1:1"}, status=3)
        self.sg("apply", "-f", "network.yaml", env={"SLICEGATE_TOKEN": "0" * 32}, status=5)

    def test_8_what_is_not_named_can_go(self):
        group = self.api.ok("POST", "endpointgroups", {"name": "More", "vslice": "vantiq-diagnostics-l2tp", "l2tpAccessConcentrator": "lac-1"})
        self.api.ok("POST", "endpoints", {"iccid": iccid(7), "imsis": [imsi(7)], "endpointGroup": group})
        self.sg("apply", "-f", "network.yaml")
        said = self.sg("apply", "-f", "network.yaml", "--prune", "--dry-run")
        self.assertIn(f"endpoint {iccid(7)} would be deleted\nendpoint-group more would be deleted\n", said)
        self.assertIn("5 unchanged, 2 deleted", said)
        self.assertEqual(len(self.api.ok("GET", "endpoints")), 2)
        self.assertIn("2 deleted", self.sg("apply", "-f", "network.yaml", "--prune"))
        self.assertEqual([row["iccid"] for row in self.api.ok("GET", "endpoints")], [iccid(1)])
        self.assertIn("0 deleted", self.sg("apply", "-f", "network.yaml", "--prune"))

    def test_9_answers_for_machines(self):
        rows = json.loads(self.sg("apply", "-f", "-", "-o", "json", stdin="- {kind: vslice, name: For machines, subnetAddress: 100.64.0.0/24}\n"))
        self.assertEqual(rows, [{"kind": "vslice", "moniker": "for-machines", "action": "created"}])
        self.assertEqual(self.sg("apply", "-f", "-", "-o", "csv", stdin="[{kind: vslice, moniker: for-machines, name: M}]\n"),
                         "kind,moniker,action\r\nvslice,for-machines,changed\r\n")
        token = json.loads(self.sg("apply", "-f", "-", "-o", "json", stdin='{"kind": "api-token", "name": "made", "scope": "customer"}'))[0]
        self.assertEqual(len(token["token"]), 32)


def fill(api):
    """A store with something of every kind that people write, and with most members set."""
    api.ok("POST", "regionalgateways", {"name": "Nordic", "gtpPeers": ["192.0.2.0/24", "198.51.100.0/24"]})
    api.ok("POST", "customers", {"name": "Acme"})
    api.ok("POST", "eventhandlers", {"name": "Hook", "configurationData": {"webhookConfig": {
        "url": "https://example.net/hook", "timeout": "7", "username": "u", "password": "p", "signingSecret": "0123456789abcdef"}}})
    api.ok("POST", "eventmaps", {"name": "Map", "eventScope": "vslice", "subscriptions": [
        {"eventEndpointId": "hook", "eventTypeId": "endpointcountrychanged_v1"}, {"eventEndpointId": "hook", "eventTypeId": "l2tptunnelup_v1"}]})
    api.ok("POST", "operatorpolicies", {"name": "Steer", "entries": [
        {"steeringProfileEntryAction": "allow"}, {"iso3": "GBR", "steeringProfileEntryAction": "reject-soft", "radioAccess": "3g"}]})
    api.ok("POST", "regionalpolicies", {"name": "Where", "entries": [{"regionalGatewayId": "europe"}, {"iso3": "SWE", "regionalGatewayId": "nordic"}]})
    api.ok("POST", "users", {"name": "Eve", "email": "eve@example.net", "role": "viewer", "password": "0123456789a"})
    api.ok("POST", "apitokens", {"name": "Reader", "scope": "read-only", "expiresAt": "2040-01-31T12:00:00Z"})
    for kind in ("internet", "vpn", "wireguard", "peering"):
        config = {"internet": None,
                  "vpn": {"vpnConfig": {"remotePeerAddress": "198.51.100.1", "remoteSubnets": "10.0.0.0/8", "localSubnets": "10.64.0.0/16", "presharedKey": "k",
                                        "vpnIkeOption": "aes256-sha256-modp2048", "vpnEspOption": "aes256-sha256-modp2048", "phase1Lifetime": 3600}},
                  "wireguard": {"wireGuardConfig": {"remotePublicKey": "A" * 43 + "=", "remoteSubnets": "10.0.0.0/8", "remotePeerIPAddress": "198.51.100.2"}},
                  "peering": {"peeringConfig": {"interface": "dc1.100", "localAddress": "192.0.2.5/30", "gatewayAddress": "192.0.2.6", "bgp": {
                      "localAs": 65000, "peerAs": 4200000000, "peerAddress": "192.0.2.6", "password": "x"}}}}[kind]
        vslice = f"on-{kind}"
        l2tp = kind in ("vpn", "peering")
        api.ok("POST", "vslices", {"name": f"On {kind}", "vsliceType": "l2tp", "regionalGateway": "europe", "eventMap": "map", "advancedSettings": {
            "pppPassword": "s", "tcpMssClamp": "fixed", "tcpMss": 1300, "pppAuth": "chap"}} if l2tp else {
                "name": f"On {kind}", "subnetAddress": "100.64.0.0/16", "dnsMode": "custom", "dnsServers": ["9.9.9.9", "1.1.1.1"], "ipAllocationType": "pooled"})
        api.ok("POST", "routingtargets", {"name": f"To {kind}", "vslice": vslice, "routingTargetType": kind, "routingRedundancyZoneMoniker": "europe-primary", **({"configurationData": config} if config else {})})
        api.ok("POST", "routingpolicies", {
            "name": f"Policy {kind}", "vslice": vslice, "routingPolicyStatus": "active", "rateLimitDownlinkMoniker": "1mbits", "packetDiscardUplinkPercentage": 3,
            "routingPolicyRules": [
                {"description": "web", "ruleAction": "forward", "ruleDirection": "uplink", "transportProtocol": "tcp", "destinationPortPattern": "80,443",
                 "destinationIpPattern": "10.0.0.0/8", "routingTarget": f"to-{kind}", "reflexive": True, "regionalGateway": "europe"},
                {"description": "", "ruleAction": "drop", "ruleDirection": "downlink", "enabled": False}]})
        if l2tp:
            api.ok("PATCH", f"vslices/{vslice}", {"defaultRoutingPolicy": f"policy-{kind}"})
            for number in (1, 2):
                api.ok("POST", f"vslices/{vslice}/lacs", {"address": f"10.64.0.{number}", "port": 1700 + number, "tunnelSecret": "t", "name": f"LAC {number}"})
                api.ok("POST", f"vslices/{vslice}/lnss", {"address": f"10.0.0.{number}", "equalPreference": number == 2, "tunnelSecret": "t"})
        api.ok("POST", "endpointgroups", {"name": f"Group {kind}", "vslice": vslice, "steeringProfile": "steer", "eventMap": None, **(
            {"l2tpAccessConcentrator": "lac-2"} if l2tp else {"routingPolicy": f"policy-{kind}", "regionalGatewayPolicy": "where"})})
    for number in range(1, 1205):  # more than a page of a list
        api.ok("POST", "endpoints", {"iccid": iccid(number), "imsis": [imsi(number), imsi(number + 5000)], "name": f"car, \"{number}\"", "tags": ["a", "yes", "1.0"],
                                     "reference": "007", **({"endpointGroup": "group-vpn", "pppUsername": "u: #", "pppPassword": "s"} if number % 2 else {})})


class RoundTrip(Network):
    """A full store, to documents and back, into itself and into an empty one."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        fill(cls.api)
        cls.empty = Controller()

    @classmethod
    def tearDownClass(cls):
        cls.empty.close()
        super().tearDownClass()

    def everything(self, api):
        """All that people wrote, without what differs between two stores."""
        def plain(value):
            if isinstance(value, dict):
                if {"id", "moniker", "name"} <= set(value) <= {"id", "moniker", "name", "type", "active", "summaryDescription"}:
                    return value["moniker"]
                return {name: plain(inner) for name, inner in value.items() if name not in ("id", "changedAt", "customerId", "readiness", "routingPolicyId", "networkKey")
                        and not name.endswith("Set") and name + "Set" not in value}
            return [plain(inner) for inner in value] if isinstance(value, list) else value

        paths = ("vslices", "routingtargets", "routingpolicies", "endpointgroups", "eventhandlers", "eventmaps", "operatorpolicies", "regionalgateways")
        return {path: sorted((plain(api.ok("GET", f"{path}/{row['id']}")) for row in api.ok("GET", path)), key=lambda row: row["moniker"]) for path in paths}

    def test_what_was_exported_changes_nothing(self):
        for options in ([], ["--brief"], ["--platform"]):
            with self.subTest(options=options):
                text = self.sg("export", *options)
                before = self.revisions()
                self.assertRegex(self.sg("apply", "-f", "-", stdin=text), r"^0 created, 0 changed, 12\d\d unchanged\n$")
                self.assertEqual(self.revisions(), before)

    def test_json_and_nouns(self):
        documents = json.loads(self.sg("export", "policies", "endpoint-group", "-o", "json"))
        self.assertEqual({row["kind"] for row in documents}, {"routing-policy", "endpoint-group"})
        self.assertIn("0 created, 0 changed, 8 unchanged", self.sg("apply", "-f", "-", stdin=json.dumps(documents)))

    def test_many_are_read_as_a_list(self):
        """What differs among a thousand is found, and only that is written."""
        documents = json.loads(self.sg("export", "endpoint", "-o", "json"))
        for document in documents[500:503]:
            document["name"] = "renamed"
        documents[700]["pppPassword"] = "another secret"
        text = json.dumps(documents)
        self.assertIn("4 changed, 1200 unchanged", self.sg("apply", "-f", "-", "--dry-run", stdin=text))
        self.assertIn("0 created, 4 changed, 1200 unchanged", self.sg("apply", "-f", "-", stdin=text))
        self.assertIn("0 created, 0 changed, 1204 unchanged", self.sg("apply", "-f", "-", stdin=text))

    def test_nouns_that_cannot_be_exported(self):
        self.sg("export", "lac", status=2)
        self.sg("export", "sessions", status=2)

    def test_into_an_empty_store(self):
        text = self.sg("export", "--platform")
        self.assertIn("secrets cannot be read", self.error)
        self.sg("apply", "-f", "-", stdin=text, controller=self.empty)
        there = self.empty.client()
        self.assertEqual(there.get("endpoints?limit=1").body["totalItems"], 1204)
        self.maxDiff = 4000
        for path, rows in self.everything(self.api).items():
            for one, other in zip(rows, self.everything(there)[path], strict=True):
                self.assertEqual(one, other)
        self.assertIn("0 created, 0 changed", self.sg("apply", "-f", "-", stdin=text, controller=self.empty))
        self.assertEqual(*[sorted(self.sg("endpoint", "export", controller=controller).splitlines()) for controller in (self.controller, self.empty)])

    def test_endpoints_as_a_file(self):
        text = self.sg("endpoint", "export")
        self.assertEqual(len(text.splitlines()), 1205)
        self.sg("endpoint", "import", "-", stdin=text, status=6)  # they are there already
        self.assertTrue(all(line.startswith("slicegate: ") for line in self.error.splitlines()))
        head = text.splitlines()[0]
        row = text.splitlines()[1].replace(iccid(1), iccid(3000)).replace(imsi(1), imsi(3000)).replace(imsi(5001), imsi(3001))
        self.assertIn("1 rows, nothing stored", self.sg("endpoint", "import", "-", "--dry-run", stdin=f"{head}\r\n{row}\r\n"))
        self.api.refused("GET", f"endpoints/{iccid(3000)}", status=404)
        self.assertEqual(len(self.sg("endpoint", "export", "--format", "ndjson").splitlines()), 1204)


class Profiles(CommandLine):
    """Who one is, where."""

    def setUp(self):
        self.alone = {"SLICEGATE_URL": None, "SLICEGATE_TOKEN": None}
        self.url = f"http://127.0.0.1:{self.controller.port}"
        (self.home / "token").write_text(self.controller.token)
        self.file = self.home / ".config/slicegate/profiles.json"
        self.file.unlink(missing_ok=True)

    def run_alone(self, *words, status=0, stdin="", **env):
        return self.sg(*words, status=status, stdin=stdin, env={**self.alone, **env})

    def test_login_is_kept_for_its_owner_alone(self):
        self.run_alone("vslice", "list", "--url", self.url, status=5)
        self.run_alone("login", "--url", self.url, "--token-file", "token")
        self.assertEqual(stat.S_IMODE(self.file.stat().st_mode), 0o600)
        self.assertEqual(stat.S_IMODE(self.file.parent.stat().st_mode), 0o700)
        self.run_alone("vslice", "list")
        self.run_alone("logout")
        self.assertNotIn(self.controller.token, self.file.read_text())
        self.run_alone("vslice", "list", status=5)

    def test_a_wrong_token_is_not_kept(self):
        (self.home / "token").write_text("0" * 32)
        self.run_alone("login", "--url", self.url, "--token-file", "token", status=5)
        self.assertFalse(self.file.exists())
        self.run_alone("login", "--url", self.url, status=2)  # nobody to ask
        self.assertEqual(len(self.error.splitlines()), 1)

    def test_people_sign_in_with_their_password(self):
        self.api.ok("POST", "users", {"name": "Ada", "email": "ada@example.net", "role": "administrator", "password": "correct horse"})
        (self.home / "password").write_text("correct horse\n")
        self.run_alone("login", "--url", self.url, "--email", "ada@example.net", "--password", "wrong one", status=5)
        self.assertFalse(self.file.exists())
        self.run_alone("login", "--url", self.url, "--email", "ada@example.net", "--password", "@password")
        self.assertNotIn("correct horse", self.file.read_text())
        self.run_alone("vslice", "create", "--name", "Ada's", "--subnet-address", "100.64.0.0/24")
        self.assertIn("ada@example.net", self.run_alone("profile", "list"))
        kept = json.loads(self.file.read_text())["profiles"]["default"]
        self.run_alone("logout")
        reply = self.api.call("GET", "me", token="", headers={"Cookie": "slicegate_session=" + kept["session"]})
        self.assertEqual(reply.status, 401)  # the session ended there too
        self.run_alone("vslice", "list", status=5)

    def test_several(self):
        self.run_alone("login", "--url", self.url, "--token-file", "token", "--profile", "good")
        other = {"url": "http://127.0.0.1:1", "token": "1" * 32}
        known = json.loads(self.file.read_text())
        known["profiles"]["bad"] = other
        self.file.write_text(json.dumps(known))
        self.run_alone("vslice", "list")
        self.run_alone("vslice", "list", "--profile", "bad", status=3)
        self.run_alone("vslice", "list", SLICEGATE_PROFILE="bad", status=3)
        self.run_alone("profile", "use", "bad")
        self.run_alone("vslice", "list", status=3)
        self.run_alone("vslice", "list", "--profile", "good")
        rows = json.loads(self.run_alone("profile", "list", "-o", "json"))
        self.assertEqual({row["name"]: (row["current"], row["url"]) for row in rows}, {"good": (False, self.url), "bad": (True, other["url"])})
        self.assertEqual(self.error, "")
        self.file.chmod(0o644)
        self.run_alone("profile", "list")
        self.assertIn("chmod 600", self.error)
        self.run_alone("profile", "remove", "bad")
        self.assertEqual(stat.S_IMODE(self.file.stat().st_mode), 0o600)
        self.run_alone("profile", "use", "bad", status=4)
        self.run_alone("vslice", "list", "--profile", "good")

    def test_a_profile_s_token_goes_nowhere_else(self):
        """Another URL on the command line or in the environment is not told the token of the profile."""
        self.run_alone("login", "--url", "http://localhost:%d" % self.controller.port, "--token-file", "token")
        self.run_alone("vslice", "list")
        self.run_alone("vslice", "list", "--url", self.url, status=5)
        self.run_alone("vslice", "list", SLICEGATE_URL=self.url, status=5)
        # The profile that is asked for goes before the environment.
        self.run_alone("vslice", "list", "--profile", "default", SLICEGATE_URL="http://127.0.0.1:1", SLICEGATE_TOKEN="1" * 32)


if __name__ == "__main__":
    main()
