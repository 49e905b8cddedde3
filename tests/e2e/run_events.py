#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Events: their objects, how they are made, searched and streamed, and webhooks to a receiver that is slow, fails, dies and comes back."""
# limit: 240

import base64
import hashlib
import hmac
import http.client
import http.server
import json
import os
import pathlib
import queue
import subprocess
import threading
import time


from harness import PROGRAM, Case, Stream, iccid, imsi, l2tp_setup, main

SECRET = "a-signing-secret-of-some-length"


class Receiver:
    """An HTTP server that keeps what it is posted. `answer` says what it does with each request: a status, or seconds to wait before 200."""

    def __init__(self, port=0):
        self.requests = []
        self.arrived = threading.Condition()
        self.answer = lambda request: 200
        receiver = self

        self.sockets = set()

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self):
                super().setup()
                receiver.sockets.add(self.connection)

            def finish(self):
                receiver.sockets.discard(self.connection)
                super().finish()

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                request = {"headers": dict(self.headers), "raw": body, "body": json.loads(body), "at": time.monotonic()}
                request["status"] = receiver.answer(request)
                with receiver.arrived:
                    receiver.requests.append(request)
                    receiver.arrived.notify_all()
                if isinstance(request["status"], float):
                    time.sleep(request["status"])
                    request["status"] = 200
                try:
                    self.send_response(request["status"])
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                except OSError:
                    pass  # it did not wait

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True
            allow_reuse_address = True
            request_queue_size = 128

            def handle_error(self, *_):
                pass

        self.server = Server(("127.0.0.1", port), Handler)
        self.port = self.server.server_address[1]
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True)
        self.thread.start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}/hook"

    def taken(self):
        """The events that were answered 200, in order of arrival."""
        return [request["body"] for request in self.requests if request["status"] == 200 and "eventId" in request["body"]]

    def until(self, condition, timeout=20):
        deadline = time.monotonic() + timeout
        with self.arrived:
            while not condition(self):
                left = deadline - time.monotonic()
                assert left > 0, f"not in time; {len(self.requests)} requests: {[(r['body'].get('eventType'), r['status']) for r in self.requests][-20:]}"
                self.arrived.wait(min(left, 0.2))

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        for connection in list(self.sockets):  # a dead process keeps no connection
            try:
                connection.shutdown(2)
            except OSError:
                pass


class Sse:
    """A client of the live stream."""

    def __init__(self, controller, token=None, path="/api/v1/events/stream", **headers):
        self.events = queue.Queue()
        self.connection = http.client.HTTPConnection("127.0.0.1", controller.port, timeout=30)
        self.connection.request("GET", path, headers={"Authorization": f"Bearer {token or controller.token}", **{name.replace("_", "-"): value for name, value in headers.items()}})
        self.reply = self.connection.getresponse()
        self.status, self.type = self.reply.status, self.reply.headers["Content-Type"]
        self.thread = threading.Thread(target=self.read, daemon=True)
        self.thread.start()

    def read(self):
        event = {}
        try:
            for line in self.reply:
                line = line.decode().rstrip("\n")
                if not line and "data" in event:
                    self.events.put((event["id"], event["event"], json.loads(event["data"])))
                    event = {}
                elif ": " in line:
                    name, value = line.split(": ", 1)
                    event[name] = value
        except (OSError, ValueError, AttributeError, http.client.HTTPException):
            pass
        self.events.put(None)

    def next(self, timeout=10):
        return self.events.get(timeout=timeout)

    def close(self):
        try:
            self.connection.sock.shutdown(2)
        except (OSError, AttributeError):
            pass
        self.connection.close()


class Events(Case):
    options = ("--webhook-give-up", "600", "--webhook-retry-max", "1")

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.ids = l2tp_setup(cls.api, "Eventful", with_endpoint=1)
        cls.sequence = 0

    def setUp(self):
        self.closing = []

    def tearDown(self):
        for item in reversed(self.closing):
            item.close()

    def receiver(self):
        self.closing.append(Receiver())
        return self.closing[-1]

    def sse(self, **more):
        self.closing.append(Sse(self.controller, **more))
        return self.closing[-1]

    def handler(self, name, url, api=None, **config):
        return (api or self.api).ok("POST", "EventHandlers", {"name": name, "moniker": name, "eventEndpointType": "webhook",
                                                              "configurationData": {"webhookConfig": {"url": url, "timeout": "2", **config}}})

    def map(self, name, scope, pairs, api=None):
        return (api or self.api).ok("POST", "EventMaps", {"name": name, "moniker": name, "eventScope": scope,
                                                          "subscriptions": [{"eventEndpointId": handler, "eventTypeId": kind} for handler, kind in pairs]})

    def drop(self, map_id, *handlers):
        self.api.ok("DELETE", f"EventMaps/{map_id}")
        for handler in handlers:
            self.api.ok("DELETE", f"EventHandlers/{handler}")

    def report(self, *rows, gateway="europe", boot="boot-1", sequence=None):
        if sequence is None:
            type(self).sequence += 1
            sequence = self.sequence
        lines = [{"row": "reports", "gateway": gateway, "boot": boot, "sequence": sequence, "count": len(rows)}, *rows]
        reply = self.api.call("POST", "/gateway/v1/reports", raw="".join(json.dumps(line) + "\n" for line in lines), headers={"Content-Type": "application/x-ndjson"})
        self.assertEqual(reply.status, 200, reply.text)

    def session(self, number, endpoint=None, **more):
        return {"row": "session", "id": f"0a000000-0000-4000-8000-{number:012d}", "endpoint": endpoint or self.ids["endpoint"], "imsi": imsi(1),
                "vslice": self.ids["vslice"], "state": "up", "apn": "iot", "rat": "E-UTRAN", "servingNetwork": "00101", "lns": "10.65.0.1",
                "ipAddress": "10.80.0.7", "ipSource": "lns", "startedAt": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), **more}

    def end(self, number, endpoint=None, reason="the device detached"):
        return {"row": "sessionEnd", "id": f"0a000000-0000-4000-8000-{number:012d}", "endpoint": endpoint or self.ids["endpoint"], "reason": reason,
                "bytesUplink": 10, "bytesDownlink": 20}

    def endpoint(self, number, group=None):
        return self.api.ok("POST", "endpoints", {"iccid": iccid(number), "imsis": [imsi(number)], "endpointGroup": group or self.ids["group"]})

    def drained(self, handler):
        deadline = time.monotonic() + 10
        while self.api.ok("GET", f"EventHandlers/{handler}")["pendingEvents"]:
            assert time.monotonic() < deadline
            time.sleep(0.05)

    def cursor(self):
        events = self.api.ok("GET", "events?limit=1")
        return events[0]["sequence"] if events else 0

    def since(self, cursor, more=""):
        return self.api.ok("GET", f"events?since={cursor}&limit=1000{more}")

    # Objects.

    def test_shapes_of_existing_clients(self):
        handler = self.handler("shapes", "https://example.com/hook", username="u", password="password-1", bearerToken="bearer-1")
        read = self.api.ok("GET", "EventHandlers/shapes")
        self.assertEqual(read["eventEndpointType"], {**read["eventEndpointType"], "moniker": "webhook", "name": "Webhook", "type": "webhook", "active": True})
        self.assertEqual(set(read["eventEndpointType"]), {"id", "name", "moniker", "type", "active", "summaryDescription"})
        config = read["configurationData"]["webhookConfig"]
        self.assertEqual((config["url"], config["timeout"], config["username"], config["password"], config["bearerToken"]), ("https://example.com/hook", "2", "u", "", ""))
        self.assertTrue(config["passwordSet"] and config["bearerTokenSet"])
        self.assertIn("https://example.com/hook", read["summaryDescription"])
        plain = self.handler("plain", "https://example.com/plain")
        self.assertIsNone(self.api.ok("GET", "EventHandlers/plain")["configurationData"]["webhookConfig"]["bearerToken"])

        event_map = self.map("shapes-map", "vslice", [("shapes", "vpnchildsaphase2up_v1"), ("shapes", "l2tptunnelup_v1")])
        # An existing client adds the same list once more after it made the map.
        pairs = [{"eventEndpointId": "shapes", "eventTypeId": kind} for kind in ("vpnchildsaphase2up_v1", "l2tptunnelup_v1", "l2tptunneldown_v1")]
        added = self.api.ok("POST", "EventMaps/shapes-map/subscriptions", pairs)
        self.assertEqual([(a["eventEndpointId"], a["eventType"]["moniker"], a["eventHandler"]["moniker"]) for a in added],
                         [(handler, pair["eventTypeId"], "shapes") for pair in pairs])
        self.assertEqual(set(added[0]), {"eventSubscriptionId", "eventEndpointId", "eventType", "eventHandler"})
        listed = self.api.ok("GET", "EventMaps/shapes-map/subscriptions")
        self.assertEqual([s["id"] for s in listed], [a["eventSubscriptionId"] for a in added])
        first = listed[0]
        self.assertEqual(set(first), {"id", "eventMap", "eventEndpoint", "eventType"})
        self.assertEqual(first["eventMap"], {"id": event_map, "moniker": "shapes-map", "name": "shapes-map"})
        self.assertEqual(first["eventEndpoint"], {"id": handler, "name": "shapes", "moniker": "shapes", "type": "webhook", "active": True,
                                                  "summaryDescription": "POST https://example.com/hook"})
        self.assertEqual(set(first["eventType"]), {"key", "moniker", "name", "active"})
        read = self.api.ok("GET", "EventMaps/shapes-map")
        self.assertEqual((read["eventScope"]["moniker"], len(read["subscriptions"])), ("vslice", 3))
        for path in ("EventMaps/shapes-map", "EventHandlers/shapes"):  # what is read may be written back
            before = self.api.get(path)
            self.api.ok("PUT", path, before.data)
            self.assertEqual((self.api.get(path).data, self.api.get(path).headers["etag"]), (before.data, before.headers["etag"]))

        self.api.ok("PATCH", f"vslices/{self.ids['vslice']}", {"eventMap": "shapes-map"})
        self.assertEqual(self.api.ok("GET", f"vslices/{self.ids['vslice']}")["eventMap"]["moniker"], "shapes-map")
        self.assertSaid(self.api.refused("DELETE", "EventMaps/shapes-map", status=409), "in use", "eventful")
        self.assertSaid(self.api.refused("DELETE", "EventHandlers/shapes", status=409), "in use", "shapes-map")
        self.api.ok("PATCH", f"vslices/{self.ids['vslice']}", {"eventMap": ""})
        row = f"EventMaps/shapes-map/subscriptions/{listed[2]['id']}"
        self.api.ok("DELETE", row)
        self.api.refused("GET", row, status=404)
        self.drop(event_map, handler, plain)

    def test_types_and_refusals(self):
        types = {t["moniker"] for t in self.api.ok("GET", "EventTypes?limit=1000")}
        for kind in ("endpointdatasessioncreated_v1", "endpointprovisioningstatussetactive_v1", "routingtargetavailable_v1", "l2tptunnelup_v1", "lnsfailover_v1",
                     "regionalgatewaydown_v1", "vpninitiationsucceeded_v1"):
            self.assertIn(kind, types)
        self.assertEqual(self.api.ok("GET", "EventTypes/l2tptunnelup_v1")["name"], "L2TP tunnel up")
        self.api.refused("POST", "EventTypes", {"name": "x"}, status=403)
        body = {"name": "r", "eventEndpointType": "webhook", "configurationData": {"webhookConfig": {"url": "ftp://x", "timeout": "900", "password": "p"}}}
        messages = self.api.refused("POST", "EventHandlers", body)
        self.assertSaid(messages, "configurationData.webhookConfig.url")
        self.assertSaid(messages, "configurationData.webhookConfig.timeout", "60")
        self.assertSaid(messages, "configurationData.webhookConfig.username", "missing")
        self.assertSaid(self.api.refused("POST", "EventHandlers", {"name": "r", "configurationData": {}}), "url", "missing")
        self.assertSaid(self.api.refused("POST", "EventHandlers", {"name": "r", "configurationData": {"webhookConfig": {"url": "http://u:p@h/"}}}), "password")
        self.assertSaid(self.api.refused("POST", "EventMaps", {"name": "r", "subscriptions": [{"eventEndpointId": "none", "eventTypeId": "none"}]}), "eventType", "none")
        for scope in ("endpointgroup", "endpoint-group", "Endpoint Group", "GLOBAL"):
            self.api.ok("DELETE", "EventMaps/" + self.api.ok("POST", "EventMaps", {"name": "r", "eventScope": scope}))
        for query in ("filter=nothing:x", "filter=x", "sortBy=asc(detail)", "since=yesterday", "limit=x"):
            self.api.refused("GET", "events?" + query)
        self.assertEqual(self.sse(path="/api/v1/events/stream?since=x").status, 400)

    # How they are made.

    def test_provisioning(self):
        cursor = self.cursor()
        endpoint = self.endpoint(10)
        for status in ("suspended", "active", "terminated"):
            self.api.ok("PATCH", f"endpoints/{endpoint}", {"endpointStatus": status})
        self.api.ok("PATCH", f"endpoints/{endpoint}", {"name": "no event"})
        events = self.since(cursor)
        self.assertEqual([e["eventType"] for e in events], [f"endpointprovisioningstatusset{s}_v1" for s in ("active", "suspended", "active", "terminated")])
        self.assertEqual({e["endpointId"] for e in events}, {endpoint})
        self.assertEqual((events[1]["detail"], events[1]["vsliceId"], events[1]["endpointGroupId"]),
                         ({"status": "suspended", "previous": "active"}, self.ids["vslice"], self.ids["group"]))
        self.assertEqual(self.api.ok("GET", "events/" + events[0]["id"]), events[0])
        self.api.refused("GET", "events/none", status=404)

    def test_sessions(self):
        cursor = self.cursor()
        self.report(self.session(20))
        self.report(self.session(20))  # again: nothing new
        self.report(self.session(20, servingNetwork="26201", rat="UTRAN"))
        self.report(self.end(20))
        events = self.since(cursor)
        self.assertEqual([e["eventType"] for e in events], ["endpointdatasessioncreated_v1", "l2tpsessionup_v1", "endpointdatasessionmodified_v1",
                                                           "endpointservingoperatorchanged_v1", "endpointcountrychanged_v1", "endpointdatasessiondeleted_v1",
                                                           "l2tpsessiondown_v1"])
        self.assertEqual(events[0]["detail"]["ipAddress"], "10.80.0.7")
        self.assertEqual(events[4]["detail"], {"mcc": "262", "previous": "001"})
        self.assertEqual((events[5]["detail"]["reason"], events[5]["detail"]["bytesDownlink"]), ("the device detached", 20))

    def test_failures_tunnels_targets(self):
        cursor = self.cursor()
        attach = {"row": "attach", "endpoint": self.ids["endpoint"], "imsi": imsi(1), "startedAt": "2026-01-02T03:04:05Z", "ok": False,
                  "verdict": "LNS refused the password", "steps": []}
        slice_row = {"row": "slice", "vslice": self.ids["vslice"], "ready": True, "targets": [{"routingTarget": self.ids["target"], "status": "available"}]}
        lost = {"row": "event", "eventType": "lnsunreachable_v1", "vslice": self.ids["vslice"], "detail": {"lns": self.ids["lns"], "reason": "no answer"}}
        self.report(attach, slice_row, lost, {"row": "event", "eventType": "made-up", "vslice": self.ids["vslice"]})
        self.report(attach, slice_row)  # told already
        slice_row["targets"][0]["status"] = "unavailable"
        self.report(slice_row)
        events = self.since(cursor)
        self.assertEqual([e["eventType"] for e in events], ["endpointdatasessioncreatefailed_v1", "l2tpsessionfailed_v1", "routingtargetavailable_v1",
                                                           "lnsunreachable_v1", "routingtargetunavailable_v1"])
        self.assertEqual(events[0]["detail"]["verdict"], "LNS refused the password")
        self.assertEqual((events[2]["routingTargetId"], events[2]["vsliceId"]), (self.ids["target"], self.ids["vslice"]))
        self.assertEqual((events[3]["vsliceId"], events[3]["detail"]["reason"]), (self.ids["vslice"], "no answer"))

    def test_a_sync_tells_what_was_lost(self):
        self.report(self.session(30), self.session(31, endpoint=self.endpoint(31)))
        cursor = self.cursor()
        self.report({"row": "sync", "phase": "begin"}, self.session(30), {"row": "sync", "phase": "end"})
        events = self.since(cursor)
        self.assertEqual([e["eventType"] for e in events], ["endpointdatasessiondeleted_v1", "l2tpsessiondown_v1"])
        self.assertIn("lost", events[0]["detail"]["reason"])
        self.report(self.end(30))

    def test_gateways(self):
        cursor = self.cursor()
        stream = Stream(self.controller, "north-america")
        stream.until("ready")
        deadline = time.monotonic() + 5
        while not self.since(cursor) and time.monotonic() < deadline:
            time.sleep(0.05)
        self.assertEqual([e["eventType"] for e in self.since(cursor)], ["regionalgatewayup_v1"])
        stream.close()
        again = Stream(self.controller, "north-america")  # a short break is none
        again.until("ready")
        self.assertEqual(len(self.since(cursor)), 1)
        again.close()
        deadline = time.monotonic() + 30
        while len(self.since(cursor)) < 2 and time.monotonic() < deadline:
            time.sleep(0.2)
        self.assertEqual([e["eventType"] for e in self.since(cursor)], ["regionalgatewayup_v1", "regionalgatewaydown_v1"])

    def test_who_is_detached_is_told_of(self):
        stream = Stream(self.controller, "europe")
        self.closing.append(stream)
        stream.until("ready")
        endpoint = self.endpoint(35)
        self.report(self.session(35, endpoint=endpoint))
        cursor = self.cursor()
        self.api.ok("POST", f"endpoints/{endpoint}/detach")
        stream.until("command")
        self.report(self.end(35, endpoint=endpoint))
        events = self.since(cursor, f"&filter=endpointId:{endpoint}")
        self.assertEqual([e["eventType"] for e in events], ["endpointforciblydetached_v1", "endpointdatasessiondeleted_v1", "l2tpsessiondown_v1"])

    # How they are found.

    def test_search_and_paging(self):
        cursor = self.cursor()
        endpoints = [self.endpoint(number) for number in (40, 41, 42)]
        every = self.since(cursor)
        self.assertEqual([e["endpointId"] for e in every], endpoints)
        self.assertEqual([e["endpointId"] for e in self.api.ok("GET", "events?limit=3")], endpoints[::-1])  # newest first
        self.assertEqual([e["endpointId"] for e in self.since(cursor, f"&filter=endpointId:{endpoints[1]}")], [endpoints[1]])
        self.assertEqual(len(self.since(cursor, "&filter=eventType:statussetactive,vsliceId:eventful")), 3)  # a moniker will do
        self.assertEqual(self.since(cursor, "&filter=eventType:suspended"), [])
        page = self.api.get(f"events?since={cursor}&limit=2&offset=2")
        self.assertEqual((page.body["totalItems"], [e["id"] for e in page.data]), (3, [every[2]["id"]]))
        self.assertEqual([e["id"] for e in self.api.ok("GET", f"events?since={every[0]['eventTime']}&limit=1000")][-3:], [e["id"] for e in every])

    def test_live_stream(self):
        stream = self.sse()
        self.assertEqual((stream.status, stream.type), (200, "text/event-stream"))
        started = time.monotonic()
        endpoint = self.endpoint(50)
        identity, kind, event = stream.next()
        self.assertLess(time.monotonic() - started, 1)
        self.assertEqual((kind, event["endpointId"], event["eventType"]), ("endpointprovisioningstatussetactive_v1", endpoint, kind))
        stored = self.api.ok("GET", "events/" + event["eventId"])
        self.assertEqual((str(stored["sequence"]), stored["eventTime"]), (identity, event["eventTime"]))
        self.api.ok("PATCH", f"endpoints/{endpoint}", {"endpointStatus": "suspended"})
        self.assertIn("suspended", stream.next()[1])
        again = self.sse(path="/api/v1/events", Accept="text/event-stream", Last_Event_ID=identity)  # goes on where it was
        self.assertIn("suspended", again.next()[1])
        filtered = self.sse(path="/api/v1/events/stream?filter=eventType:statussetactive")
        self.api.ok("PATCH", f"endpoints/{endpoint}", {"endpointStatus": "active"})
        self.assertIn("statussetactive", filtered.next()[1])

    def test_a_revoked_token_ends_its_stream(self):
        made = self.api.call("POST", "apitokens", {"name": "listener"}).body
        stream = self.sse(token=made["token"])
        self.endpoint(51)
        self.assertIsNotNone(stream.next())
        self.api.ok("DELETE", f"apitokens/{made['data']}")
        self.endpoint(52)
        self.assertIsNone(stream.next())

    # Webhooks.

    def test_a_webhook_is_signed_and_authenticated(self):
        receiver = self.receiver()
        basic = self.handler("basic", receiver.url + "/basic", username="user", password="password-2", signingSecret=SECRET)
        bearer = self.handler("bearer", receiver.url + "/bearer", bearerToken="bearer-secret-2")
        reply = self.api.call("POST", "EventHandlers/basic/test")
        self.assertEqual((reply.status, reply.data), (200, basic), reply.text)
        self.assertSaid(reply.messages, "answered 200")
        self.assertEqual(receiver.requests[0]["raw"], b'{"message":"webhook test"}')
        event_map = self.map("auth", "global", [("basic", "endpointprovisioningstatussetactive_v1"), ("bearer", "endpointprovisioningstatussetactive_v1")])
        endpoint = self.endpoint(60)
        receiver.until(lambda r: len(r.taken()) == 2)
        by_kind = {request["headers"]["Authorization"].split()[0]: request for request in receiver.requests[1:]}
        self.assertEqual(by_kind["Basic"]["headers"]["Authorization"].split()[1], base64.b64encode(b"user:password-2").decode())
        self.assertEqual(by_kind["Bearer"]["headers"]["Authorization"], "Bearer bearer-secret-2")
        request = by_kind["Basic"]
        stamp, mark = (part.split("=", 1)[1] for part in request["headers"]["X-Slicegate-Signature"].split(","))
        self.assertEqual(mark, hmac.new(SECRET.encode(), stamp.encode() + b"." + request["raw"], hashlib.sha256).hexdigest())
        self.assertLess(abs(time.time() - int(stamp)), 60)
        body = request["body"]
        self.assertEqual((body["eventType"], body["endpointId"]), ("endpointprovisioningstatussetactive_v1", endpoint))
        self.assertTrue(body["eventTime"].endswith("Z") and body["detail"]["status"] == "active")
        self.assertNotIn("routingTargetId", body)
        self.assertEqual(request["headers"]["X-Slicegate-Delivery"], body["eventId"])
        # The secrets stand nowhere to be read.
        text = self.controller.log() + self.api.get("EventHandlers").text + self.api.get("EventHandlers/basic").text
        for secret in ("password-2", "bearer-secret-2", SECRET):
            self.assertNotIn(secret, text)
            for name in ("db", "db-wal"):
                path = self.controller.folder / name
                self.assertNotIn(secret.encode(), path.read_bytes() if path.exists() else b"")
        self.drop(event_map, basic, bearer)

    def test_a_test_tells_what_is_wrong(self):
        receiver = self.receiver()
        receiver.answer = lambda request: 403
        handler = self.handler("refusing", receiver.url)
        self.assertSaid(self.api.refused("POST", "EventHandlers/refusing/test"), "403")
        self.api.ok("PATCH", "EventHandlers/refusing", {"configurationData": {"webhookConfig": {"url": "http://127.0.0.1:1/"}}})
        self.assertSaid(self.api.refused("POST", "EventHandlers/refusing/test"), "did not take it")
        self.api.ok("DELETE", f"EventHandlers/{handler}")

    def test_scopes(self):
        receivers = [self.receiver() for _ in range(3)]
        handlers = [self.handler(f"scope-{i}", receiver.url) for i, receiver in enumerate(receivers)]
        other = l2tp_setup(self.api, "Quiet")
        group = self.api.ok("POST", "EndpointGroups", {"name": "loud", "vslice": other["vslice"], "l2tpAccessConcentrator": other["lac"]})
        kind = "endpointprovisioningstatussetactive_v1"
        maps = [self.map(f"scope-{i}", scope, [(f"scope-{i}", kind)]) for i, scope in enumerate(("global", "vslice", "endpointgroup"))]
        self.api.ok("PATCH", f"vslices/{self.ids['vslice']}", {"eventMap": maps[1]})
        self.api.ok("PATCH", f"EndpointGroups/{group}", {"eventMap": maps[2]})
        in_vslice, nowhere, in_group = self.endpoint(70), self.endpoint(71, other["group"]), self.endpoint(72, group)
        receivers[0].until(lambda r: len(r.taken()) == 3)
        receivers[1].until(lambda r: len(r.taken()) == 1)
        receivers[2].until(lambda r: len(r.taken()) == 1)
        time.sleep(0.3)
        self.assertEqual([{e["endpointId"] for e in receiver.taken()} for receiver in receivers], [{in_vslice, nowhere, in_group}, {in_vslice}, {in_group}])
        self.api.ok("PATCH", f"vslices/{self.ids['vslice']}", {"eventMap": None})
        self.api.ok("PATCH", f"EndpointGroups/{group}", {"eventMap": None})
        for event_map, handler in zip(maps, handlers):
            self.drop(event_map, handler)

    def test_a_failing_receiver_gets_all_in_order(self):
        receiver = self.receiver()
        handler = self.handler("failing", receiver.url)
        event_map = self.map("failing", "global", [("failing", f"endpointprovisioningstatusset{s}_v1") for s in ("active", "suspended")])
        seen = []

        def answer(request):  # every first attempt fails
            seen.append(request["body"]["eventId"])
            return 500 if seen.count(seen[-1]) == 1 else 200

        receiver.answer = answer
        endpoints = [self.endpoint(number) for number in (80, 81)]
        for status in ("suspended", "active", "suspended"):
            for endpoint in endpoints:
                self.api.ok("PATCH", f"endpoints/{endpoint}", {"endpointStatus": status})
        receiver.until(lambda r: len(r.taken()) == 8, 60)
        for endpoint in endpoints:
            self.assertEqual([e["detail"]["status"] for e in receiver.taken() if e["endpointId"] == endpoint], ["active", "suspended", "active", "suspended"])
        attempts = {request["headers"]["X-Slicegate-Attempt"] for request in receiver.requests}
        self.assertEqual(attempts, {"1", "2"})
        self.drop(event_map, handler)

    def test_a_poisoned_event_holds_up_its_own_endpoint_only(self):
        receiver = self.receiver()
        handler = self.handler("poison", receiver.url)
        event_map = self.map("poison", "global", [("poison", f"endpointprovisioningstatusset{s}_v1") for s in ("active", "suspended")])
        poisoned = []
        receiver.answer = lambda request: 422 if request["body"]["endpointId"] in poisoned else 200
        poisoned.append(self.endpoint(90))
        self.api.ok("PATCH", f"endpoints/{poisoned[0]}", {"endpointStatus": "suspended"})
        receiver.until(lambda r: len(r.requests) >= 1)
        fine = [self.endpoint(number) for number in range(91, 99)]
        receiver.until(lambda r: {e["endpointId"] for e in r.taken()} >= set(fine), 5)
        before = len(receiver.taken())
        healed = poisoned.pop()
        receiver.until(lambda r: len(r.taken()) == before + 2 or sum(e["endpointId"] == healed for e in r.taken()) == 2)
        self.assertEqual([e["detail"]["status"] for e in receiver.taken() if e["endpointId"] == healed][-2:], ["active", "suspended"])
        self.drop(event_map, handler)

    def test_slow_and_dead_receivers_slow_nothing(self):
        slow, quick = self.receiver(), self.receiver()
        slow.answer = lambda request: 3.0  # past its timeout
        dead = Receiver()
        dead.close()
        names = ("slow", "dead", "quick")
        handlers = [self.handler(name, receiver.url) for name, receiver in zip(names, (slow, dead, quick))]
        event_map = self.map("mixed", "global", [(name, "endpointprovisioningstatussetactive_v1") for name in names])
        longest, endpoints = 0, []
        started = time.monotonic()
        for number in range(100, 140):
            at = time.monotonic()
            endpoints.append(self.endpoint(number))
            longest = max(longest, time.monotonic() - at)
        quick.until(lambda r: len(r.taken()) == 40, 10)
        self.assertLess(time.monotonic() - started, 10)
        self.assertLess(longest, 1)
        at = time.monotonic()
        self.api.ok("GET", "endpoints")
        self.assertLess(time.monotonic() - at, 1)
        slow.answer = lambda request: 200  # it recovers
        slow.until(lambda r: {e["endpointId"] for e in r.taken()} >= set(endpoints), 30)
        self.drop(event_map, *handlers)

    def test_nothing_is_lost_when_all_die(self):
        receiver = Receiver()
        port = receiver.port
        handler = self.handler("mortal", receiver.url)
        event_map = self.map("mortal", "global", [("mortal", "endpointprovisioningstatussetactive_v1"), ("mortal", "endpointdatasessioncreated_v1")])
        first = [self.endpoint(number) for number in range(150, 160)]
        receiver.until(lambda r: len(r.taken()) >= 3)
        receiver.close()  # it dies ...
        second = [self.endpoint(number) for number in range(160, 170)]
        self.report(self.session(150, endpoint=first[0]))
        cursor = self.cursor()
        self.controller.kill()  # ... and we with it
        self.controller.start()
        type(self).api = self.controller.client()
        third = [self.endpoint(number) for number in range(170, 175)]
        # The gateway tells all it has to a controller that knows nothing of it any more: no event twice.
        self.report({"row": "sync", "phase": "begin"}, self.session(150, endpoint=first[0]), {"row": "sync", "phase": "end"}, sequence=1, boot="boot-2")
        self.assertEqual([e["eventType"] for e in self.since(cursor)].count("endpointdatasessioncreated_v1"), 0)
        reborn = Receiver(port)
        self.closing.append(reborn)
        got = lambda: {e["endpointId"] for e in receiver.taken() + reborn.taken() if "statussetactive" in e["eventType"]}
        reborn.until(lambda r: got() >= set(first + second + third), 60)
        reborn.until(lambda r: any(e["eventType"] == "endpointdatasessioncreated_v1" for e in receiver.taken() + r.taken()))
        order = [e["sequence"] for e in reborn.taken() if e["endpointId"] == first[0]]
        self.assertEqual(order, sorted(order))
        self.assertEqual(self.api.ok("GET", "EventHandlers/mortal/deadletters"), [])
        self.report(self.end(150, endpoint=first[0]), sequence=2, boot="boot-2")
        self.drop(event_map, handler)

    def test_replay(self):
        receiver = self.receiver()
        handler = self.handler("again", receiver.url)
        event_map = self.map("again", "global", [("again", "endpointprovisioningstatussetactive_v1")])
        cursor = self.cursor()
        endpoints = [self.endpoint(number) for number in (180, 181, 182)]
        receiver.until(lambda r: len(r.taken()) == 3)
        self.drained("again")
        reply = self.api.call("POST", f"EventHandlers/again/replay?since={cursor}")
        self.assertSaid(reply.messages, "3 event(s)")
        receiver.until(lambda r: len(r.taken()) == 6)
        self.assertEqual(sorted(e["eventId"] for e in receiver.taken()[:3]), sorted(e["eventId"] for e in receiver.taken()[3:]))
        self.assertEqual({e["endpointId"] for e in receiver.taken()[3:]}, set(endpoints))
        reply = self.api.call("POST", "EventHandlers/again/replay", {"since": self.cursor()})
        self.assertSaid(reply.messages, "0 event(s)")
        self.api.refused("POST", "EventHandlers/again/replay", {"since": []})
        self.api.refused("POST", "EventHandlers/none/replay", status=404)
        self.drop(event_map, handler)

    # Tenancy.

    def test_another_customer_sees_none_of_it(self):
        self.api.ok("POST", "customers", {"name": "Rival", "moniker": "rival"})
        token = self.api.call("POST", "apitokens", {"name": "rival"}, headers={"X-Customer": "rival"}).body["token"]
        rival = self.controller.client(token)
        receiver = self.receiver()
        handler = self.handler("private", receiver.url)
        event_map = self.map("private", "global", [("private", "endpointprovisioningstatussetactive_v1")])
        # The rival's own global map is about the rival's own events.
        self.handler("private", receiver.url + "/rival", api=rival)
        self.map("private", "global", [("private", "endpointprovisioningstatussetactive_v1")], api=rival)
        stream = self.sse(token=token)
        endpoint = self.endpoint(190)
        receiver.until(lambda r: len(r.taken()) == 1)
        event = self.api.ok("GET", "events?limit=1")[0]
        self.assertEqual(rival.ok("GET", "events"), [])
        self.assertEqual(rival.get("events?since=0").body["totalItems"], 0)
        self.assertEqual(rival.ok("GET", f"events?filter=endpointId:{endpoint}"), [])
        rival.refused("GET", f"events/{event['id']}", status=404)
        for method, path in (("GET", f"EventHandlers/{handler}"), ("POST", f"EventHandlers/{handler}/test"), ("POST", f"EventHandlers/{handler}/replay"),
                             ("GET", f"EventHandlers/{handler}/deadletters"), ("DELETE", f"EventHandlers/{handler}"), ("GET", f"EventMaps/{event_map}"),
                             ("GET", f"EventMaps/{event_map}/subscriptions")):
            rival.refused(method, path, status=404)
        self.assertSaid(rival.refused("POST", "EventMaps/private/subscriptions", [{"eventEndpointId": handler, "eventTypeId": "l2tptunnelup_v1"}]), "does not exist")
        time.sleep(0.3)
        self.assertTrue(stream.events.empty())
        self.assertEqual(len(receiver.taken()), 1)
        reader = self.api.call("POST", "apitokens", {"name": "r", "scope": "read-only"}).body["token"]
        self.api.refused("POST", f"EventHandlers/{handler}/test", status=403, token=reader)
        self.drop(event_map, handler)

    def test_command_line(self):
        program = pathlib.Path(os.environ.get("CLI", PROGRAM.parent.parent / "cli/slicegate"))
        if not program.exists():
            self.skipTest("no slicegate built")
        receiver = self.receiver()

        def run(*words):
            done = subprocess.run([program, *words], capture_output=True, text=True, timeout=20,
                                  env={**os.environ, "SLICEGATE_URL": f"http://127.0.0.1:{self.controller.port}", "SLICEGATE_TOKEN": self.controller.token})
            self.assertEqual(done.returncode, 0, done.stderr)
            return done.stdout

        run("event-handler", "create", "--name", "by-hand", "--webhook-config.url", receiver.url, "--timeout", "5")
        self.assertIn("by-hand", run("event-handler", "test", "by-hand"))
        self.assertEqual(receiver.requests[0]["body"], {"message": "webhook test"})
        self.endpoint(195)
        self.assertIn("endpointprovisioningstatussetactive_v1", run("event", "list", "--limit", "5"))
        self.assertIn("l2tptunnelup_v1", run("event-type", "list"))
        run("event-handler", "replay", "by-hand")
        self.assertEqual(run("event-handler", "dead-letters", "by-hand", "-o", "json").strip(), "[]")
        run("event-handler", "delete", "by-hand")


class OutOfReach(Case):
    """Customers are not trusted here: no webhook reaches this host, by whatever name."""
    options = ("--webhook-deny", "127.0.0.0/8,::1")

    def test_nothing_is_dialled(self):
        receiver = Receiver()
        port = receiver.url.split(":")[2].split("/")[0]
        for number, host in enumerate(("127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "127.1", "0x7f000001")):
            self.api.ok("POST", "EventHandlers", {"name": f"h{number}", "eventEndpointType": "webhook", "configurationData": {
                "webhookConfig": {"url": f"http://{host}:{port}/", "timeout": "5"}}})
            self.assertSaid(self.api.refused("POST", f"EventHandlers/h{number}/test"), "may not be dialled")
        self.assertEqual(receiver.requests, [])
        receiver.close()


class Impatient(Case):
    """Deliveries are given up soon, and few events are kept."""
    options = ("--webhook-give-up", "2", "--webhook-retry-max", "1", "--events", "100")

    def test_dead_letters_come_back(self):
        receiver = Receiver()
        receiver.answer = lambda request: 503
        handler = self.api.ok("POST", "EventHandlers", {"name": "h", "eventEndpointType": "webhook", "configurationData": {"webhookConfig": {"url": receiver.url}}})
        self.api.ok("POST", "EventMaps", {"name": "m", "eventScope": "global", "subscriptions": [{"eventEndpointId": "h", "eventTypeId": t} for t in (
            "endpointprovisioningstatussetpending_v1", "endpointprovisioningstatussetsuspended_v1")]})
        endpoint = self.api.ok("POST", "endpoints", {"iccid": iccid(1), "imsis": [imsi(1)]})
        self.api.ok("PATCH", f"endpoints/{endpoint}", {"endpointStatus": "suspended"})
        deadline = time.monotonic() + 40
        while len(letters := self.api.ok("GET", f"EventHandlers/{handler}/deadletters")) < 2 and time.monotonic() < deadline:
            time.sleep(0.2)
        self.assertEqual((self.api.ok("GET", "EventHandlers/h")["pendingEvents"], self.api.ok("GET", "EventHandlers/h")["deadLetters"]), (0, 2))
        self.assertEqual([letter["event"]["endpointId"] for letter in letters], [endpoint] * 2)
        self.assertIn("503", letters[1]["error"])
        receiver.answer = lambda request: 200
        self.assertSaid(self.api.call("POST", "EventHandlers/h/replay").messages, "2 event(s)")
        receiver.until(lambda r: len(r.taken()) == 2)
        self.assertEqual([e["detail"]["status"] for e in receiver.taken()], ["pending", "suspended"])
        self.assertEqual(self.api.ok("GET", f"EventHandlers/{handler}/deadletters"), [])
        receiver.close()

    def test_old_events_are_pruned(self):
        endpoint = self.api.ok("POST", "endpoints", {"iccid": iccid(2), "imsis": [imsi(2)]})
        for number in range(150):
            self.api.ok("PATCH", f"endpoints/{endpoint}", {"endpointStatus": ("suspended", "pending")[number % 2]})
        deadline = time.monotonic() + 25
        while self.api.get("events").body["totalItems"] > 100 and time.monotonic() < deadline:
            time.sleep(0.3)
        self.assertLessEqual(self.api.get("events").body["totalItems"], 100)
        self.assertEqual(self.api.ok("GET", "events?limit=1")[0]["endpointId"], endpoint)


if __name__ == "__main__":
    main()
