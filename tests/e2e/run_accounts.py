#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""People and tokens: signing in and out, lockout, sessions that end, rights that are given and taken, customers, the audit log."""

import http.client
import json
import sqlite3
import ssl
import subprocess
import time
import unittest

from harness import Case, Controller, PROGRAM, Stream, iccid, imsi, l2tp_setup, main

PASSWORD = "correct horse"


class Person:
    """Somebody who signed in: a client that sends the cookie, and the CSRF token where it is due."""

    def __init__(self, api, email, password=PASSWORD):
        self.api = api
        reply = api.call("POST", "login", {"email": email, "password": password}, token="")
        assert reply.status == 200, reply.text
        self.me, self.set_cookie = reply.data, reply.headers["set-cookie"]
        self.cookie, self.csrf = self.set_cookie.split(";")[0], reply.data["csrfToken"]

    def call(self, method, path, body=None, csrf=True, **more):
        headers = {"Cookie": self.cookie, **({"X-CSRF-Token": self.csrf} if csrf and method != "GET" else {}), **more.pop("headers", {})}
        return self.api.call(method, path, body, token="", headers=headers, **more)

    def ok(self, method, path, body=None, **more):
        reply = self.call(method, path, body, **more)
        assert reply.status == 200 and reply.body["success"], f"{method} {path}: {reply.status} {reply.text}"
        return reply.data


def login(api, email, password):
    return api.call("POST", "login", {"email": email, "password": password}, token="")


class Accounts(Case):
    def user(self, name, role="viewer", api=None, **more):
        """A user of the first name `name`; gives the email."""
        email = f"{name.lower()}@example.net"
        (api or self.api).ok("POST", "users", {"name": name, "email": email, "role": role, "password": PASSWORD, **more.pop("body", {})}, **more)
        return email

    def test_a_session(self):
        email = self.user("Ann", "owner")
        reply = login(self.api, " " + email, PASSWORD)
        self.assertEqual(reply.status, 401)
        ann = Person(self.api, email.upper())
        for part in ("slicegate_session=", "HttpOnly", "SameSite=Strict", "Path=/", "Max-Age="):
            self.assertIn(part, ann.set_cookie)
        self.assertNotIn("Secure", ann.set_cookie)
        self.assertEqual((ann.me["user"]["email"], ann.me["role"], ann.me["platform"], ann.me["token"]), (email, "owner", False, None))
        self.assertEqual(ann.me["customer"]["moniker"], "default")
        self.assertEqual(ann.ok("GET", "me"), ann.me)
        self.assertNotIn(PASSWORD, ann.call("GET", "users/ann").text)
        self.assertIsNotNone(ann.ok("GET", "users/ann")["lastLoginAt"])
        body = {"name": "By a person", "subnetAddress": "100.70.0.0/24"}
        self.assertIn("X-CSRF-Token", ann.call("POST", "vslices", body, csrf=False).messages[0])
        self.assertEqual(ann.call("POST", "vslices", body, headers={"X-CSRF-Token": "0" * 32}).status, 403)
        self.assertEqual(ann.call("DELETE", "vslices/x", csrf=False).status, 403)
        ann.ok("POST", "vslices", body)
        entry = self.api.ok("GET", "auditlog?limit=1")[0]
        self.assertEqual((entry["actor"], entry["action"], entry["objectType"]), ("Ann", "create", "vslice"))
        ann.ok("POST", "logout")
        reply = ann.call("GET", "me")
        self.assertEqual(reply.status, 401)
        self.assertIn("Max-Age=0", reply.headers["set-cookie"])

    def test_me_for_a_token(self):
        me = self.api.ok("GET", "me")
        self.assertEqual((me["user"], me["token"]["name"], me["role"], me["platform"], me["csrfToken"]), (None, "Administrator", "owner", True, None))
        self.api.ok("POST", "customers", {"name": "Acme"})
        self.assertEqual(self.api.ok("GET", "me", headers={"X-Customer": "acme"})["customer"]["name"], "Acme")
        self.assertEqual(self.api.get("me", token="").status, 401)

    def test_bad_sign_ins(self):
        for raw in (b"", b"{", b"[]", b'{"email":"a@b.c"}', b'{"email":"a@b.c","password":1}', b'{"email":"a@b.c","password":"x","role":"owner"}',
                    b'{"email":"a@b.c","password":"x","password":"y"}', b'{"email":"' + b"a" * 300 + b'","password":"x"}'):
            reply = self.api.call("POST", "login", raw=raw, token="")
            self.assertEqual(reply.status, 400, reply.text)
        self.assertEqual(self.api.call("POST", "login", raw=b"{}", token="", headers={"Content-Type": "text/plain"}).status, 415)

    def test_lockout(self):
        email = self.user("Bob")
        replies = {who: [login(self.api, who, "wrong") for _ in range(6)] for who in (email, "nobody@example.net")}
        for who in replies:  # nobody learns from it whether there is such a user
            self.assertEqual([reply.status for reply in replies[who]], [401] * 5 + [429], who)
            self.assertEqual(replies[who][0].messages, ["Wrong email or password"])
            self.assertIn("retry-after", replies[who][4].headers)
            self.assertGreater(int(replies[who][5].headers["retry-after"]), 5)
        self.assertEqual(login(self.api, email, PASSWORD).status, 429)  # the right one waits too
        self.assertIsNotNone(self.api.ok("GET", "users/bob")["lockedUntil"])
        actions = [entry["action"] for entry in self.api.ok("GET", "auditlog?filter=objectMoniker:bob")]
        self.assertEqual(actions, ["lockout", "login-failed", "login-failed", "login-failed", "login-failed", "create"])
        self.api.ok("PATCH", "users/bob", {"password": "battery staple"})
        self.assertIsNone(self.api.ok("GET", "users/bob")["lockedUntil"])
        self.assertEqual(login(self.api, email, "battery staple").status, 200)

    def test_passwords(self):
        email = self.user("Carl", "owner")
        carl, elsewhere = Person(self.api, email), Person(self.api, email)
        self.assertSaid(carl.call("POST", "me/password", {"currentPassword": "wrong", "newPassword": "battery staple"}).messages, "currentPassword")
        self.assertSaid(carl.call("POST", "me/password", {"currentPassword": PASSWORD, "newPassword": "short"}).messages, "newPassword", "10")
        carl.ok("POST", "me/password", {"currentPassword": PASSWORD, "newPassword": "battery staple"})
        self.assertEqual(carl.call("GET", "me").status, 200)  # this session stays
        self.assertEqual(elsewhere.call("GET", "me").status, 401)
        self.assertEqual(login(self.api, email, PASSWORD).status, 401)
        self.assertSaid(self.api.refused("PATCH", "users/carl", {"password": "short"}), "password", "10 to 200")
        self.api.ok("PATCH", "users/carl", {"password": "another one here"})
        self.assertEqual(carl.call("GET", "me").status, 401)
        read = self.api.ok("GET", "users/carl")
        self.assertEqual((read["passwordSet"], "password" in read), (True, False))
        self.api.ok("PUT", "users/carl", read)  # what was read, written back: nothing changes
        Person(self.api, email, "another one here")
        self.api.ok("PATCH", "users/carl", {"password": None})
        self.assertEqual(login(self.api, email, "another one here").status, 401)
        self.assertEqual(self.api.refused("POST", "me/password", {"currentPassword": "x", "newPassword": "0123456789"}, status=403)[0][:7], "A token")

    def test_rights_follow_at_once(self):
        email = self.user("Dora", "administrator")
        dora = Person(self.api, email)
        token = dora.call("POST", "apitokens", {"name": "of Dora"})
        text, shown = token.body["token"], self.api.ok("GET", f"apitokens/{token.data}")
        self.assertEqual((shown["role"]["moniker"], shown["createdBy"]), ("administrator", "Dora"))
        self.assertSaid(dora.call("POST", "apitokens", {"name": "x", "role": "owner"}).messages, "role", "owner", "administrator")
        self.assertSaid(dora.call("POST", "apitokens", {"name": "x", "scope": "platform-owner"}).messages, "scope")
        self.assertSaid(dora.call("POST", "users", {"name": "x", "email": "x@example.net"}).messages, "role owner", "administrator")
        lesser = dora.call("POST", "apitokens", {"name": "lesser", "role": "viewer"}).body["token"]
        self.assertSaid(self.api.refused("POST", "customers", {"name": "x"}, token=text, status=403), "platform owner")
        policy = {"name": "O", "entries": [{"steeringProfileEntryAction": "allow"}]}
        self.assertEqual(self.api.call("POST", "OperatorPolicies", policy, token=text).status, 200)
        self.assertEqual(self.api.call("POST", "OperatorPolicies", policy, token=lesser).status, 403)
        self.api.ok("PATCH", "users/dora", {"role": "viewer"})
        self.assertEqual(self.api.call("POST", "OperatorPolicies", policy, token=text).status, 403)  # the token follows its creator
        self.assertEqual(dora.ok("GET", "me")["role"], "viewer")
        self.assertSaid(self.api.refused("DELETE", "users/dora", status=409), "API token", "of-dora")
        self.api.ok("PATCH", "users/dora", {"enabled": False})
        self.assertEqual((self.api.get("vslices", token=text).status, dora.call("GET", "me").status), (401, 401))
        self.assertEqual(login(self.api, email, PASSWORD).status, 401)
        self.api.ok("PATCH", "users/dora", {"enabled": True})
        self.assertEqual(self.api.get("vslices", token=text).status, 200)

    def test_nobody_takes_their_own_rights_away(self):
        owner = Person(self.api, self.user("Eve", "owner"))
        for body in ({"role": "viewer"}, {"enabled": False}):
            self.assertEqual(owner.call("PATCH", "users/eve", body).status, 409)
        self.assertEqual(owner.call("DELETE", "users/eve").status, 409)
        self.assertSaid(owner.call("PATCH", "users/eve", {"platform": True}).messages, "platform")
        self.user("Root", "owner", body={"platform": True})
        for method, body in (("PATCH", {"password": "mine from now on"}), ("DELETE", None)):  # a user of the platform is above an owner
            self.assertSaid(owner.call(method, "users/root", body).messages, "may do more than you")
        owner.ok("PATCH", "users/eve", {"name": "Eve II"})
        self.assertSaid(owner.call("POST", "users", {"name": "E", "email": "EVE@example.net"}).messages, "email", "belongs to another User")

    def test_people_of_the_platform(self):
        self.api.ok("POST", "customers", {"name": "Beta"})
        root = Person(self.api, self.user("Rita", "owner", body={"platform": True}))
        self.assertTrue(root.me["platform"])
        self.assertIn("beta", [customer["moniker"] for customer in root.ok("GET", "customers")])
        root.ok("POST", "users", {"name": "Ben", "email": "ben@beta.example", "role": "owner", "password": PASSWORD}, headers={"X-Customer": "beta"})
        ben = Person(self.api, "ben@beta.example")
        self.assertEqual(ben.me["customer"]["moniker"], "beta")
        self.assertEqual([user["name"] for user in ben.ok("GET", "users")], ["Ben"])
        self.assertEqual(ben.call("GET", "customers").status, 403)
        entry = ben.ok("GET", "auditlog?filter=action:create,objectMoniker:ben")[0]
        self.assertEqual((entry["actor"], entry["after"]["password"]), ("Rita", "********"))
        viewer = Person(self.api, self.user("Vic", "viewer", body={"platform": True}))
        self.assertEqual(viewer.call("GET", "customers").status, 200)
        self.assertEqual(viewer.call("POST", "customers", {"name": "x"}).status, 403)
        self.api.ok("PATCH", "customers/beta", {"active": False})
        self.assertEqual((ben.call("GET", "me").status, login(self.api, "ben@beta.example", PASSWORD).status), (401, 401))
        self.api.ok("PATCH", "customers/beta", {"active": True})
        self.assertEqual(ben.call("GET", "me").status, 200)

    def test_streams_end_with_the_right_to_them(self):
        root = Person(self.api, self.user("Rob", "owner", body={"platform": True}))
        token = root.call("POST", "apitokens", {"name": "of Rob", "scope": "platform-owner"}).body["token"]
        gateway = root.call("POST", "apitokens", {"name": "gw", "scope": "gateway", "regionalGateway": "europe"}).body["token"]
        self.api.ok("POST", "customers", {"name": "Watched"})
        connection = http.client.HTTPConnection("127.0.0.1", self.controller.port, timeout=20)
        connection.request("GET", "/api/v1/events/stream", headers={"Cookie": root.cookie, "X-Customer": "watched"})
        events = connection.getresponse()
        by_rob, by_itself = Stream(self.controller, "europe", token=token), Stream(self.controller, "europe", token=gateway)
        for stream in (by_rob, by_itself):
            stream.until("ready")
        self.api.ok("PATCH", "users/rob", {"platform": False})
        while by_rob.next() is not None:
            pass
        self.api.ok("POST", "endpoints", {"iccid": iccid(77), "imsis": [imsi(77)]}, headers={"X-Customer": "watched"})
        self.assertNotIn(iccid(77), events.read().decode())  # it ends
        connection.close()
        self.api.ok("PATCH", "users/rob", {"enabled": False})
        self.api.ok("PATCH", "regionalgateways/europe", {"accessPointNames": ["iot.example"]})
        by_itself.until("ready")  # a gateway outlives whoever let it in
        for stream in (by_rob, by_itself):
            stream.close()

    def test_customers(self):
        self.api.ok("POST", "customers", {"name": "Gamma"})
        gamma = {"headers": {"X-Customer": "gamma"}}
        self.assertSaid(self.api.refused("POST", "customers", {"name": "G", "moniker": "gamma"}, status=409), "moniker", "gamma")
        self.api.ok("PATCH", "customers/gamma", {"name": "Gamma Ltd"})
        self.api.ok("POST", "vslices", {"name": "Fleet", "subnetAddress": "100.64.0.0/24"}, **gamma)
        self.user("Gus", **gamma)
        messages = self.api.refused("DELETE", "customers/gamma", status=409)
        self.assertSaid(messages, "1 VSlice", "fleet", "delete")
        self.assertSaid(messages, "1 User", "gus")
        self.api.ok("DELETE", "vslices/fleet", **gamma)
        self.api.ok("DELETE", "users/gus", **gamma)
        self.api.ok("DELETE", "customers/gamma")
        self.assertEqual(self.api.get("customers/gamma").status, 404)

    def test_an_idempotency_key_is_of_one_customer(self):
        self.api.ok("POST", "customers", {"name": "Delta"})
        body = {"name": "Once", "subnetAddress": "100.64.0.0/24"}
        first = self.api.ok("POST", "vslices", body, headers={"Idempotency-Key": "k1"})
        self.assertEqual(self.api.ok("POST", "vslices", body, headers={"Idempotency-Key": "k1"}), first)
        self.assertEqual(self.api.call("POST", "vslices", body, headers={"Idempotency-Key": "k1", "X-Customer": "delta"}).status, 409)

    def test_the_description_says_who_may(self):
        document = self.api.get("openapi.json").body
        for path, operations in document["paths"].items():
            for operation in operations.values():
                self.assertTrue(operation.get("security") == [] or operation["x-role"] in ("viewer", "operator", "administrator", "owner"), path)
        self.assertEqual(document["paths"]["/login"]["post"]["security"], [])
        nouns = {noun["noun"]: noun for noun in self.api.ok("GET", "schema")}
        self.assertEqual((nouns["user"]["readRole"], nouns["user"]["writeRole"]), ("administrator", "owner"))
        self.assertEqual((nouns["customer"]["platformRead"], nouns["endpoint"]["writeRole"]), (True, "operator"))


class Sessions(unittest.TestCase):
    def test_they_end(self):
        controller = Controller("--session-idle", "1s", "--session-time", "4s")
        self.addCleanup(controller.close)
        api = controller.client()
        api.ok("POST", "users", {"name": "Ann", "email": "ann@example.net", "password": PASSWORD})
        busy, idle, began = Person(api, "ann@example.net"), Person(api, "ann@example.net"), time.monotonic()
        reply = busy.call("GET", "me")
        while reply.status == 200 and time.monotonic() < began + 20:
            time.sleep(0.1)
            reply = busy.call("GET", "me")
        self.assertEqual(reply.status, 401)
        self.assertGreater(time.monotonic() - began, 2.5)  # requests kept it for longer than its idle time
        self.assertEqual(idle.call("GET", "me").status, 401)

    def test_the_rate_limit_is_of_one_person(self):
        controller = Controller("--rate-limit", 20)
        self.addCleanup(controller.close)
        api = controller.client()
        for name in ("ann", "bob"):
            api.ok("POST", "users", {"name": name, "email": f"{name}@example.net", "password": PASSWORD})
        ann, bob = Person(api, "ann@example.net"), Person(api, "bob@example.net")
        replies = [ann.call("GET", "me") for _ in range(60)]
        self.assertIn(429, {reply.status for reply in replies})
        self.assertEqual(next(reply for reply in replies if reply.status == 429).headers["retry-after"], "1")
        self.assertEqual(bob.call("GET", "me").status, 200)

    def test_a_restart_and_the_store(self):
        controller = Controller()
        self.addCleanup(controller.close)
        api = controller.client()
        api.ok("POST", "users", {"name": "Ann", "email": "ann@example.net", "password": PASSWORD})
        ann = Person(api, "ann@example.net")
        controller.stop()
        stored = b"".join(file.read_bytes() for file in controller.folder.iterdir() if file.name.startswith("db"))
        for secret in (ann.cookie.split("=")[1], PASSWORD, "$y$"):  # the session's hash, and the password's hash sealed
            self.assertNotIn(secret.encode(), stored)
        controller.start()
        ann.api = controller.client()
        self.assertEqual(ann.call("GET", "me").status, 200)

    def test_a_store_of_before_there_were_users(self):
        controller = Controller()
        self.addCleanup(controller.close)
        api = controller.client()
        reader = api.call("POST", "apitokens", {"name": "reader", "scope": "read-only"}).body["token"]
        controller.stop()
        database = sqlite3.connect(controller.folder / "db")
        database.executescript("DROP INDEX api_token_creator; ALTER TABLE api_token DROP COLUMN creator; ALTER TABLE api_token DROP COLUMN created_by;"
                               "ALTER TABLE api_token DROP COLUMN role; ALTER TABLE customer DROP COLUMN active;"
                               "DROP TABLE login_session; DROP TABLE login_failure; DROP TABLE user_account;")
        database.close()
        controller.start()
        api = controller.client()
        me = api.ok("GET", "me")
        self.assertEqual((me["role"], me["platform"]), ("owner", True))
        self.assertEqual(api.get("vslices", token=reader).status, 200)
        self.assertEqual({row["role"]["moniker"] for row in api.ok("GET", "apitokens")}, {"owner"})
        api.ok("POST", "users", {"name": "Ann", "email": "ann@example.net", "password": PASSWORD})
        Person(api, "ann@example.net")

    def test_tls(self):
        controller = Controller()
        self.addCleanup(controller.close)
        folder = controller.folder
        made = subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext",
                               "subjectAltName=IP:127.0.0.1", "-keyout", folder / "tls.key", "-out", folder / "tls.crt"], capture_output=True)
        if made.returncode:
            self.skipTest("no openssl")
        subprocess.run(["openssl", "genrsa", "-out", folder / "other.key", "2048"], capture_output=True, check=True)
        said = subprocess.run([PROGRAM, "--listen", "127.0.0.1:0", "--database", folder / "another", "--tls-certificate", folder / "tls.crt", "--tls-key", folder / "other.key"],
                              capture_output=True, text=True, timeout=20)
        self.assertEqual(said.returncode, 1)
        self.assertIn("the key the one that belongs to it", said.stderr)
        secure = Controller("--tls-certificate", folder / "tls.crt", "--tls-key", folder / "tls.key")
        self.addCleanup(secure.close)
        connection = http.client.HTTPSConnection("127.0.0.1", secure.port, timeout=20, context=ssl.create_default_context(cafile=folder / "tls.crt"))

        def call(path, body):
            connection.request("POST", path, json.dumps(body), {"Authorization": f"Bearer {secure.token}", "Content-Type": "application/json"})
            reply = connection.getresponse()
            return reply, reply.read()

        call("/api/v1/users", {"name": "Ann", "email": "ann@example.net", "password": PASSWORD})
        reply, _ = call("/api/v1/login", {"email": "ann@example.net", "password": PASSWORD})
        self.assertIn("; Secure", reply.getheader("set-cookie"))
        connection.close()
        plain = http.client.HTTPConnection("127.0.0.1", secure.port, timeout=20)
        with self.assertRaises((http.client.HTTPException, OSError)):
            plain.request("GET", "/api/v1/me")
            plain.getresponse()
        plain.close()

    def test_passwords_do_not_hold_anybody_up(self):
        controller = Controller()
        self.addCleanup(controller.close)
        api = controller.client()
        l2tp_setup(api, "Quick")
        import threading
        statuses = []
        threads = [threading.Thread(target=lambda n=n: statuses.append(login(controller.client(), f"x{n}@example.net", "wrong").status)) for n in range(60)]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            self.assertEqual(api.get("vslices").status, 200)
        self.assertLessEqual(set(statuses), {401, 429})
        self.assertIn(401, statuses)


if __name__ == "__main__":
    main()
