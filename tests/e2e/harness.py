# SPDX-License-Identifier: Apache-2.0
"""A real controller on a store of its own, and a client that speaks its API. Only the standard library."""

import http.client
import json
import os
import pathlib
import queue
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PROGRAM = pathlib.Path(os.environ.get("CONTROLLER", pathlib.Path(os.environ.get("BUILD", ROOT / "build/check")) / "src/controller/slicegate-controller"))


class Reply:
    def __init__(self, status, headers, text):
        self.status, self.headers, self.text = status, headers, text
        self.body = json.loads(text) if text and headers.get("content-type", "").startswith("application/json") else None

    @property
    def data(self):
        return self.body["data"]

    @property
    def messages(self):
        return self.body["messages"]


class Client:
    def __init__(self, port, token):
        self.port, self.token = port, token
        self.connection = None
        self.seen = []  # (method, path, status, body) of every reply, for those who look at all of them

    def call(self, method, path, body=None, raw=None, headers=None, token=None):
        sent = {"Authorization": f"Bearer {self.token if token is None else token}"} if token != "" else {}
        if body is not None:
            raw = json.dumps(body)
        if raw is not None:
            sent["Content-Type"] = "application/json"
            raw = raw.encode() if isinstance(raw, str) else raw
        sent.update(headers or {})
        for attempt in (1, 2):  # a kept connection may have been closed meanwhile
            try:
                if not self.connection:
                    self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
                self.connection.request(method, path if path.startswith("/") else "/api/v1/" + path, raw, sent)
                reply = self.connection.getresponse()
                text = reply.read().decode()
                break
            except (http.client.HTTPException, OSError):
                self.connection = None
                if attempt == 2:
                    raise
        result = Reply(reply.status, {name.lower(): value for name, value in reply.getheaders()}, text)
        self.seen.append((method, path, result))
        return result

    def get(self, path, **more):
        return self.call("GET", path, **more)

    def ok(self, method, path, body=None, **more):
        """The `data` of a call that must succeed."""
        reply = self.call(method, path, body, **more)
        assert reply.status == 200 and reply.body["success"], f"{method} {path}: {reply.status} {reply.text}"
        return reply.data

    def refused(self, method, path, body=None, status=400, **more):
        """The messages of a call that must be refused so."""
        reply = self.call(method, path, body, **more)
        assert reply.status == status and reply.body["success"] is False, f"{method} {path}: {reply.status} {reply.text}"
        assert reply.messages, f"{method} {path}: no message"
        return reply.messages


class Controller:
    """slicegate-controller in a scratch directory, on a port that the kernel chose."""

    def __init__(self, *options):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="slicegate-e2e-"))
        self.options = [str(option) for option in options]
        self.process = None
        self.start()

    @property
    def token(self):
        return (self.folder / "token").read_text().strip()

    def start(self):
        log = open(self.folder / "log", "ab")
        self.log_from = (self.folder / "log").stat().st_size
        self.process = subprocess.Popen(
            [str(PROGRAM), "--listen", "127.0.0.1:0", "--listen", f"unix:{self.folder}/socket", "--database", str(self.folder / "db"),
             "--admin-token-file", str(self.folder / "token"), "--log", "info", *self.options], stdout=log, stderr=log)
        log.close()
        deadline = time.monotonic() + 20
        while "ready" not in self.log():
            assert self.process.poll() is None and time.monotonic() < deadline, self.log()
            time.sleep(0.02)
        self.port = int(re.search(r"listening address=127.0.0.1:0 port=(\d+)", self.log()).group(1))

    def log(self):
        with open(self.folder / "log", encoding="utf-8", errors="replace") as log:
            log.seek(self.log_from)
            return log.read()

    def client(self, token=None):
        return Client(self.port, token or self.token)

    def stop(self):
        """A clean end: status 0 within a few seconds, and nothing for the sanitizers to say."""
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(15)
        assert status == 0, f"status {status}: {self.log()[-4000:]}"

    def kill(self):
        self.process.kill()
        self.process.wait()

    def close(self):
        if self.process.poll() is None:
            self.stop()
        shutil.rmtree(self.folder)


class Stream:
    """A gateway's configuration stream, read by a thread of its own."""

    def __init__(self, controller, gateway, since=0, token=None, unix=False, paused=False):
        self.rows = queue.Queue()
        self.revision = since
        if unix:
            sock = socket.socket(socket.AF_UNIX)
            sock.connect(str(controller.folder / "socket"))
        else:
            sock = socket.create_connection(("127.0.0.1", controller.port))
        self.connection = http.client.HTTPConnection("localhost")
        self.connection.sock = sock
        self.connection.request("GET", f"/gateway/v1/config?gateway={gateway}&since={since}",
                                headers={"Authorization": f"Bearer {token or controller.token}"})
        self.reply = self.connection.getresponse()
        self.status = self.reply.status
        self.thread = threading.Thread(target=self.read, daemon=True)
        if not paused:
            self.resume()

    def resume(self):
        self.thread.start()

    def read(self):
        try:
            for line in self.reply:
                self.rows.put(json.loads(line))
        except (OSError, ValueError, AttributeError, http.client.HTTPException):
            pass  # closed meanwhile, by us or by the other side
        self.rows.put(None)

    def next(self, timeout=10):
        return self.rows.get(timeout=timeout)

    def until(self, word, timeout=10):
        """All rows up to and with the next one of this word; heartbeats are left out."""
        rows = []
        while True:
            row = self.next(timeout)
            assert row is not None, f"the stream ended before {word}: {rows}"
            if row["row"] == "heartbeat" and word != "heartbeat":
                continue
            rows.append(row)
            self.revision = row.get("revision", self.revision)
            if row["row"] == word:
                return rows

    def close(self):
        try:
            self.connection.sock.shutdown(socket.SHUT_RDWR)
        except (OSError, AttributeError):
            pass
        self.connection.close()


class Case(unittest.TestCase):
    """Tests that share one controller."""

    options = ()

    @classmethod
    def setUpClass(cls):
        cls.controller = Controller(*cls.options)
        cls.api = cls.controller.client()

    @classmethod
    def tearDownClass(cls):
        cls.controller.close()

    def assertSaid(self, messages, *parts):
        """One of the messages holds all parts."""
        self.assertTrue(any(all(part in message for part in parts) for message in messages), f"{parts} not in {messages}")


def iccid(number):
    """A number as an ICCID with its check digit."""
    body = f"89883030{number:010d}"
    total = sum(d if i % 2 else (d * 2 - 9 if d > 4 else d * 2) for i, d in enumerate(int(c) for c in reversed(body)))
    return body + str(-total % 10)


def imsi(number):
    return f"00101{number:010d}"


def l2tp_setup(api, name, gateway="europe", with_endpoint=None):
    """The set-up order: VSlice, Routing Target, Routing Policy, VSlice; then LAC, LNS, Endpoint Group, Endpoint."""
    ids = {"vslice": api.ok("POST", "vslices", {"name": name, "vsliceType": "l2tp", "regionalGateway": gateway})}
    vslice = ids["vslice"]
    ids["target"] = api.ok("POST", "routingtargets", {
        "name": name + " target", "vslice": vslice, "routingTargetType": "peering",
        "configurationData": {"peeringConfig": {"interface": "dc0", "localAddress": "192.0.2.1/30", "gatewayAddress": "192.0.2.2"}}})
    ids["policy"] = api.ok("POST", "RoutingPolicies", {
        "name": name + " policy", "vslice": vslice, "routingPolicyStatus": "active",
        "routingPolicyRules": [{"description": "all", "ruleAction": "forward", "ruleDirection": "uplink", "routingTarget": ids["target"],
                                "reflexive": False, "enabled": True}]})
    api.ok("PATCH", f"vslices/{vslice}", {"defaultRoutingPolicy": ids["policy"]})
    ids["lac"] = api.ok("POST", f"vslices/{vslice}/lacs", {"address": "10.64.0.1", "tunnelSecret": "tunnel-secret-1"})
    ids["lns"] = api.ok("POST", f"vslices/{vslice}/lnss", {"address": "10.65.0.1"})
    ids["group"] = api.ok("POST", "EndpointGroups", {"name": name + " group", "vslice": vslice, "l2tpAccessConcentrator": ids["lac"]})
    if with_endpoint:
        ids["endpoint"] = api.ok("POST", "endpoints", {"iccid": iccid(with_endpoint), "imsis": [imsi(with_endpoint)],
                                                       "endpointGroup": ids["group"], "pppPassword": "endpoint-secret-1"})
    return ids


def main():
    if not PROGRAM.exists():
        print(f"no program at {PROGRAM}: build it first")
        sys.exit(77)
    unittest.main(verbosity=2, module="__main__", warnings="ignore")
