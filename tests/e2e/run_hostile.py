#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Bytes that no proper client sends, and clients that take their time: a clear 4xx or a closed connection, nothing stored, nothing leaked,
and everybody else is served meanwhile."""

import json
import socket
import time

from harness import Case, iccid, l2tp_setup, main


class Hostile(Case):
    options = ("--request-time", "1s")

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.ids = l2tp_setup(cls.api, "One", with_endpoint=1)

    def setUp(self):
        self.before = self.state()

    def tearDown(self):
        self.assertEqual(self.state(), self.before)  # nothing stored
        self.assertIsNone(self.controller.process.poll())

    def state(self):
        return [self.api.get(f"{path}?limit=1000").text for path in ("vslices", "RoutingPolicies", "endpoints", "EndpointGroups", "auditlog")]

    def dial(self):
        client = socket.create_connection(("127.0.0.1", self.controller.port))
        client.settimeout(20)
        return client

    def answer(self, head, body=b""):
        """The answer to raw octets: (status, text); 0 when the connection was closed without one."""
        with self.dial() as client:
            client.sendall(head.replace(b"\r\n", b"\r\nHost: x\r\nAuthorization: Bearer " + self.controller.token.encode() + b"\r\nConnection: close\r\n", 1) + b"\r\n" + body)
            answer = b""
            try:
                while part := client.recv(65536):
                    answer += part
            except ConnectionResetError:
                pass
        text = answer.decode()  # valid UTF-8, whatever was sent
        return (int(text.split()[1]) if text else 0), text

    def test_ten_thousand_rules(self):
        rule = {"description": "r", "ruleAction": "drop", "ruleDirection": "uplink", "reflexive": False, "enabled": True}
        path = f"RoutingPolicies/{self.ids['policy']}"
        began = time.monotonic()
        self.assertEqual(self.api.call("PATCH", path, {"routingPolicyRules": [rule] * 10000}).status, 413)
        few = {"ruleAction": "drop", "ruleDirection": "uplink", "description": ""}
        self.assertSaid(self.api.refused("PATCH", path, {"routingPolicyRules": [few] * 10000}), "has 10000 entries", "0 to 1000")
        self.assertLess(time.monotonic() - began, 10)

    def test_deep_and_wide(self):
        for raw in (b'{"name":' * 5000 + b"1" + b"}" * 5000, b"[" * 500000, b'{"advancedSettings":' + b'{"a":' * 3000 + b"1" + b"}" * 3001,
                    b'{"routingPolicyRules":[' + b"{}," * 300000 + b"{}]}", json.dumps({f"m{n}": n for n in range(50000)}).encode()):
            for method, path in (("POST", "vslices"), ("PATCH", f"vslices/{self.ids['vslice']}"), ("PUT", f"RoutingPolicies/{self.ids['policy']}"),
                                 ("POST", f"vslices/{self.ids['vslice']}/lacs"), ("POST", "l2tpSetups"), ("POST", "login"), ("POST", f"routingpolicies/{self.ids['policy']}/explain")):
                reply = self.api.call(method, path, raw=raw)
                self.assertIn(reply.status, (400, 413), (method, path, reply.text[:200]))
                self.assertLess(len(reply.text), 100000)

    def test_duplicate_keys_everywhere(self):
        for path, raw in ((f"vslices/{self.ids['vslice']}", b'{"name":"a","name":"b"}'), (f"vslices/{self.ids['vslice']}", b'{"advancedSettings":{"pppMru":1400,"pppMru":1300}}'),
                          (f"RoutingPolicies/{self.ids['policy']}", b'{"routingPolicyRules":[{"description":"a","Description":"b","ruleAction":"drop","ruleDirection":"uplink"}]}'),
                          (f"endpoints/{self.ids['endpoint']}", b'{"name":"a","NAME":"b"}')):
            reply = self.api.call("PATCH", path, raw=raw)
            self.assertEqual(reply.status, 400, reply.text)
            self.assertTrue("duplicate" in reply.text or "twice" in reply.text, reply.text)

    def test_broken_utf_8(self):
        for head in (b"GET /api/v1/vslices/%ff%fe HTTP/1.1\r\n", b"GET /api/v1/vslices/\xc0\xaf HTTP/1.1\r\n", b"GET /api/v1/vslices?filter=%ff:%ff HTTP/1.1\r\n",
                     b"GET /api/v1/vslices?sortBy=%ed%a0%80 HTTP/1.1\r\n", b"GET /api/v1/events?since=%ff HTTP/1.1\r\n", b"GET /api/v1/vslices HTTP/1.1\r\nX-Customer: \xff\r\n"):
            status, text = self.answer(head)
            self.assertIn(status, (400, 403, 404), text)
            self.assertFalse(json.loads(text.split("\r\n\r\n", 1)[1])["success"])
        status, text = self.answer(b"GET /api/v1/vslices?filter=name:%ff HTTP/1.1\r\n")
        self.assertEqual((status, json.loads(text.split("\r\n\r\n", 1)[1])["data"]), (200, []))
        cut = "\u20ac" * 200  # messages cut what they repeat, perhaps in the middle of a character
        for body in ({"name": cut}, {"regionalGateway": cut[:90]}, {"vsliceType": cut}, {cut: 1}):
            reply = self.api.call("POST", "vslices", body)
            self.assertEqual(reply.status, 400, reply.text)
        for raw in (b"\xff\xfe", b"iccid\n\xff", b'{"iccid":"\xff"}', b"iccid,\xc3\n1,2"):
            reply = self.api.call("POST", "endpoints/import", raw=raw, headers={"Content-Type": "text/csv"})
            self.assertEqual(reply.status, 400, reply.text)

    def test_a_nul_names_nothing(self):
        name = self.ids["vslice"].encode()
        for method in (b"GET", b"DELETE"):
            self.assertEqual(self.answer(method + b" /api/v1/vslices/" + name + b"%00x HTTP/1.1\r\n")[0], 404)
        self.assertEqual(self.answer(b"GET /api/v1/vslices?filter=name:One%00 HTTP/1.1\r\n")[1].count(self.ids["vslice"]), 0)

    def test_heads_that_are_none(self):
        for head, body, statuses in (
            (b"GET /" + b"a" * 40000 + b" HTTP/1.1\r\n", b"", (414, 431)), (b"GET /api/v1/vslices HTTP/1.1\r\nX-Big: " + b"a" * 40000 + b"\r\n", b"", (431, 413)),
            (b"FROB /api/v1/vslices HTTP/1.1\r\n", b"", (405,)), (b"GET /api/v1/vslices HTTP/9.9\r\n", b"", (505,)),
            (b"POST /api/v1/vslices HTTP/1.1\r\nContent-Length: -5\r\n", b"{}", (400,)), (b"POST /api/v1/vslices HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n", b"{}", (413, 400)),
            (b"POST /api/v1/vslices HTTP/1.1\r\nTransfer-Encoding: chunked\r\n", b"zz\r\n{}\r\n0\r\n\r\n", (400, 0)),
            (b"GET /api/v1/vslices HTTP/1.1\r\nCookie: slicegate_session=" + b"x" * 8000 + b"\r\n", b"", (200,)),  # the token stands before it
            (b"GET /api/v1/../../etc/passwd HTTP/1.1\r\n", b"", (404,)), (b"GET /api/v1/%2e%2e/%2e%2e/etc/passwd HTTP/1.1\r\n", b"", (404,)),
        ):
            status, text = self.answer(head, body)
            self.assertIn(status, statuses, (head[:60], text[:200]))

    def test_head_is_get_without_the_body(self):
        get, head = self.answer(b"GET /api/v1/vslices HTTP/1.1\r\n")[1], self.answer(b"HEAD /api/v1/vslices HTTP/1.1\r\n")[1]
        self.assertEqual(head.split("\r\n\r\n"), [get.split("\r\n\r\n")[0].replace(get.split("Date: ")[1][:29], head.split("Date: ")[1][:29]), ""])

    def test_slow_clients_are_let_go(self):
        head = b"Host: x\r\nAuthorization: Bearer " + self.controller.token.encode() + b"\r\n"
        slow_body, silent, cut = self.dial(), self.dial(), self.dial()
        slow_body.sendall(b"POST /api/v1/vslices HTTP/1.1\r\n" + head + b"Content-Type: application/json\r\nContent-Length: 100000\r\n\r\n{")
        cut.sendall(b"POST /api/v1/vslices HTTP/1.1\r\n" + head + b"Content-Length: 1000\r\n\r\n{\"name\":")
        cut.close()
        began = time.monotonic()
        slow_body.settimeout(0.1)
        while time.monotonic() < began + 15:
            try:
                slow_body.sendall(b" ")  # it is never silent
                if not slow_body.recv(1000):
                    break
            except TimeoutError:
                pass
            except OSError:
                break
            self.assertEqual(self.api.get("vslices").status, 200)
        self.assertLess(time.monotonic() - began, 10)
        slow_body.close()
        silent.sendall(b"GET /api/v1/vslices HTTP/1.1\r\n" + head + b"\r\n")  # one that was quiet for a while is still served
        self.assertIn(b"200 OK", silent.recv(1000))
        silent.close()

    def test_who_does_not_take_the_answer(self):
        rules = [{"description": "r" * 40, "ruleAction": "drop", "ruleDirection": "uplink"}] * 1000
        setup = self.api.ok("POST", "vslices", {"name": "Large", "vsliceType": "l2tp", "regionalGateway": "europe"})
        policy = self.api.ok("POST", "RoutingPolicies", {"name": "Large", "vslice": setup, "routingPolicyStatus": "active", "routingPolicyRules": rules})
        client = socket.socket()
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.connect(("127.0.0.1", self.controller.port))
        request = (f"GET /api/v1/RoutingPolicies/{policy} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {self.controller.token}\r\n\r\n").encode()
        for _ in range(20):
            client.sendall(request)
        for _ in range(20):
            self.assertEqual(self.api.get("vslices").status, 200)
        client.close()
        self.api.ok("DELETE", f"RoutingPolicies/{policy}")
        self.api.ok("DELETE", f"vslices/{setup}")
        self.before = self.state()

    def test_many_connections(self):
        clients = [self.dial() for _ in range(300)]
        for client in clients:
            client.sendall(b"GET /api/v1/vsl")
        self.assertEqual(self.api.get("vslices").status, 200)
        for client in clients:
            client.close()


if __name__ == "__main__":
    main()
