#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What was answered 200 is there after a kill; secrets stay secret; the program ends cleanly and refuses to start wrongly."""

import http.client
import os
import shutil
import socket
import sqlite3
import ssl
import subprocess
import threading
import time
import unittest

from harness import Client, Controller, PROGRAM, iccid, imsi, l2tp_setup, main

SECRETS = ("tunnel-secret-1", "endpoint-secret-1", "settings-secret-1", "lns-secret-1", "vpn-secret-1")


class Safety(unittest.TestCase):
    def setUp(self):
        self.controller = Controller()
        self.addCleanup(self.controller.close)

    def test_a_kill_loses_nothing_that_was_answered(self):
        answered, stop = {}, threading.Event()

        def write(first):
            api = self.controller.client()
            for number in range(first, first + 10000):
                if stop.is_set():
                    return
                try:
                    reply = api.call("POST", "endpoints", {"iccid": iccid(number), "imsis": [imsi(number)]})
                except OSError:
                    return
                except Exception:  # the server died in the middle of its answer
                    return
                if reply.status == 200:
                    answered[reply.data] = number
                if len(answered) > 300:
                    stop.set()
                    self.controller.process.kill()

        for round_ in range(3):
            stop.clear()
            writers = [threading.Thread(target=write, args=(1 + 100000 * (10 * round_ + n),)) for n in range(4)]
            for writer in writers:
                writer.start()
            for writer in writers:
                writer.join()
            self.controller.kill()
            self.controller.start()
            api = self.controller.client()
            there = {row["id"]: row["iccid"] for page in range(10)
                     for row in api.ok("GET", f"endpoints?limit=1000&offset={page * 1000}")}
            for identity, number in answered.items():
                self.assertEqual(there.get(identity), iccid(number))
            answered.clear()
        database = sqlite3.connect(self.controller.folder / "db")
        self.assertEqual(database.execute("PRAGMA integrity_check").fetchall(), [("ok",)])
        self.assertEqual(database.execute("PRAGMA foreign_key_check").fetchall(), [])
        database.close()

    def test_secrets_are_never_shown_nor_stored_in_clear(self):
        api = self.controller.client()
        ids = l2tp_setup(api, "Secret", with_endpoint=1)
        vslice = f"vslices/{ids['vslice']}"
        api.ok("PATCH", vslice, {"advancedSettings": {"pppPassword": "settings-secret-1"}})
        api.ok("PATCH", f"{vslice}/lnss/lns-1", {"tunnelSecret": "lns-secret-1"})
        api.ok("POST", "routingtargets", {"name": "Vpn", "vslice": ids["vslice"], "routingTargetType": "vpn", "configurationData": {
            "vpnConfig": {"remotePeerAddress": "198.51.100.1", "presharedKey": "vpn-secret-1"}}})
        for path in ("vslices", "endpoints", "routingtargets", f"{vslice}/lacs", f"{vslice}/lnss/lns-1", "apitokens", "schema", vslice):
            api.get(path)
        api.call("PATCH", f"{vslice}/lacs/lac-1", {"tunnelSecret": SECRETS[0] + "x" * 200})
        api.call("PATCH", f"{vslice}/lacs/lac-1", {"tunnelSecret": [SECRETS[0]]})
        api.call("POST", "endpoints", {"pppPassword": SECRETS[1] + "\u0000"})
        for method, path, reply in api.seen:
            for secret in (*SECRETS, self.controller.token):
                self.assertNotIn(secret, reply.text, (method, path))
        lac = api.ok("GET", f"{vslice}/lacs/lac-1")
        self.assertIs(lac["tunnelSecretSet"], True)
        self.assertNotIn("tunnelSecret", lac)

        api.ok("PUT", f"{vslice}/lacs/lac-1", {"address": "10.64.0.1", "tunnelSecret": ""})  # "" and absence keep it, null clears it
        self.assertIs(api.ok("GET", f"{vslice}/lacs/lac-1")["tunnelSecretSet"], True)
        api.ok("PUT", f"{vslice}/lacs/lac-1", {"address": "10.64.0.1", "tunnelSecret": None})
        self.assertIs(api.ok("GET", f"{vslice}/lacs/lac-1")["tunnelSecretSet"], False)

        self.controller.stop()
        for name in ("db", "db-wal", "log"):
            file = self.controller.folder / name
            stored = file.read_bytes() if file.exists() else b""
            for secret in (*SECRETS, self.controller.token):
                self.assertNotIn(secret.encode(), stored, name)
        for name in ("db", "db.key", "token"):
            self.assertEqual((self.controller.folder / name).stat().st_mode & 0o777, 0o600, name)

    def test_a_read_sees_what_was_answered(self):
        api, other = self.controller.client(), self.controller.client()
        endpoint = l2tp_setup(api, "Seen", with_endpoint=1)["endpoint"]
        for number in range(100):
            api.ok("PATCH", f"endpoints/{endpoint}", {"name": f"name {number}"})
            self.assertEqual(other.ok("GET", f"endpoints/{endpoint}")["name"], f"name {number}")

    def test_what_is_taken_from_a_token_is_gone_at_once(self):
        api = self.controller.client()
        endpoint = "endpoints/" + l2tp_setup(api, "Taken", with_endpoint=1)["endpoint"]
        made = api.call("POST", "apitokens", {"name": "reader", "scope": "read-only"})
        path, holder = f"apitokens/{made.data}", Client(self.controller.port, made.body["token"])
        for _ in range(20):
            self.assertEqual(holder.get(endpoint).status, 200)
            api.ok("PATCH", path, {"enabled": False})
            self.assertEqual(holder.get(endpoint).status, 401)
            api.ok("PATCH", path, {"enabled": True})
        ends = time.time() + 1.5
        api.ok("PATCH", path, {"expiresAt": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(ends)) + f".{int(ends % 1 * 1000):03d}Z"})
        while holder.get(endpoint).status == 200:  # with nothing written in between
            self.assertLess(time.time(), ends + 5)
        self.assertGreaterEqual(time.time(), ends - 0.01)

    def test_a_restart_keeps_everything(self):
        api = self.controller.client()
        ids = l2tp_setup(api, "Kept", with_endpoint=1)
        before = [api.get(path).data for path in ("vslices", "routingtargets", "RoutingPolicies", "EndpointGroups", "endpoints", "regionalgateways")]
        token = self.controller.token
        self.controller.stop()
        self.controller.start()
        self.assertEqual(self.controller.token, token)
        api = self.controller.client()
        self.assertEqual([api.get(path).data for path in ("vslices", "routingtargets", "RoutingPolicies", "EndpointGroups", "endpoints", "regionalgateways")], before)
        self.assertTrue(api.ok("GET", f"vslices/{ids['vslice']}/lacs/lac-1")["tunnelSecretSet"])

    def test_a_column_that_a_newer_program_knows_is_added(self):
        api = self.controller.client()
        ids = l2tp_setup(api, "Older")
        self.controller.stop()
        database = sqlite3.connect(self.controller.folder / "db")  # as a program without this setting would have made it
        database.execute("ALTER TABLE vslice DROP COLUMN advanced_settings_hello_interval_seconds")
        database.execute("ALTER TABLE endpoint DROP COLUMN reference")
        database.commit()
        database.close()
        self.controller.start()
        api = self.controller.client()
        self.assertEqual(api.ok("GET", f"vslices/{ids['vslice']}")["advancedSettings"]["helloIntervalSeconds"], 60)

    def test_a_store_of_a_newer_program_is_left_alone(self):
        self.controller.stop()
        database = sqlite3.connect(self.controller.folder / "db")
        database.execute("PRAGMA user_version = 1000")
        database.close()
        said = subprocess.run([PROGRAM, "--listen", "127.0.0.1:0", "--database", self.controller.folder / "db"], capture_output=True, text=True, timeout=20)
        self.assertEqual(said.returncode, 1)
        self.assertIn("schema version 1000", said.stderr)

    def test_a_slow_client_and_a_body_cut_short(self):
        for sent in (b"POST /api/v1/vslices HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{", b"GET /api/v1/vsl", b"\0\r\n\r\n",
                     b"GET / HTTP/1.1\r\n" + b"x: y\r\n" * 20000):
            with socket.create_connection(("127.0.0.1", self.controller.port)) as client:
                try:
                    client.sendall(sent)
                except OSError:
                    pass
        self.assertEqual(self.controller.client().get("vslices").status, 200)
        self.assertEqual(self.controller.client().get("/health").body["status"], "ok")
        self.assertIn("# EOF", self.controller.client().get("/metrics").text)

    def test_the_rate_limit(self):
        limited = Controller("--rate-limit", 20)
        self.addCleanup(limited.close)
        api = limited.client()
        replies = [api.get("vslices") for _ in range(60)]
        refused = [reply for reply in replies if reply.status == 429]
        self.assertGreaterEqual(len(replies) - len(refused), 20)
        self.assertGreater(len(refused), 20)
        self.assertEqual((refused[0].body["success"], refused[0].headers["retry-after"]), (False, "1"))
        self.assertEqual(api.get("/health").status, 200)

    def test_https(self):
        folder = self.controller.folder
        made = subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext",
                               "subjectAltName=IP:127.0.0.1", "-keyout", folder / "tls.key", "-out", folder / "tls.crt"], capture_output=True)
        if made.returncode:
            self.skipTest("no openssl")
        secure = Controller("--tls-certificate", folder / "tls.crt", "--tls-key", folder / "tls.key")
        self.addCleanup(secure.close)
        connection = http.client.HTTPSConnection("127.0.0.1", secure.port, timeout=20, context=ssl.create_default_context(cafile=folder / "tls.crt"))
        connection.request("GET", "/api/v1/vslices", headers={"Authorization": f"Bearer {secure.token}"})
        self.assertEqual(connection.getresponse().status, 200)
        connection.close()

    def test_a_stop_ends_streams(self):
        from harness import Stream
        stream = Stream(self.controller, "europe")
        stream.until("ready")
        self.controller.stop()
        while stream.next() is not None:
            pass
        stream.close()

    def test_one_clear_line(self):
        folder = self.controller.folder
        (folder / "bad-token").write_text("not a token\n")
        (folder / "open.key").write_bytes(b"x" * 32)
        os.chmod(folder / "open.key", 0o644)
        self.controller.stop()
        for name in ("keyless", "other-key"):
            shutil.copy(folder / "db", folder / name)
        (folder / "other-key.key").write_bytes(b"x" * 32)
        os.chmod(folder / "other-key.key", 0o600)
        self.controller.start()
        for options, status, word in (
            (["--listen", "nowhere"], 1, "127.0.0.1:5050"),
            (["--listen", f"127.0.0.1:{self.controller.port}"], 1, "in use"),
            (["--database", "/nonexistent/db"], 1, "/nonexistent/db"),
            (["--admin-token-file", folder / "bad-token"], 1, "does not hold a token"),
            (["--database", folder / "open"], 1, "chmod 600"),
            (["--database", folder / "keyless"], 1, "keyless.key is missing"),
            (["--database", folder / "other-key"], 1, "not the one that the database was made with"),
            (["--no-such-option"], 2, "no-such-option"),
            (["--log", "loud"], 2, "loud"),
        ):
            words = [str(option) for option in options]
            if "--database" not in words:
                words += ["--database", str(folder / "other")]
            if "--listen" not in words:
                words += ["--listen", "127.0.0.1:0"]
            said = subprocess.run([PROGRAM, *words], capture_output=True, text=True, timeout=20)
            lines = [line for line in said.stderr.splitlines() if " info " not in line]
            self.assertEqual((said.returncode, len(lines)), (status, 1), (options, said.stderr))
            self.assertIn(word, lines[0])
        said = subprocess.run([PROGRAM, "--help"], capture_output=True, text=True, timeout=20)
        self.assertEqual(said.returncode, 0)
        for option in ("--listen", "--database", "--admin-token-file", "--config"):
            self.assertIn(option, said.stdout)


if __name__ == "__main__":
    main()
