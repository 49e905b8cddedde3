#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Usage by hour and day from gateways' reports: nothing lost, nothing counted twice, whoever is restarted; what outlives a session."""

import contextlib
import datetime
import json
import sqlite3

from harness import Case, Controller, Stream, iccid, imsi, l2tp_setup, main

SESSION = "0a000000-0000-4000-8000-{:012d}"


def ago(**span):
    return (datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(**span)).strftime("%Y-%m-%dT%H:%M:%SZ")


class Usage(Case):
    @classmethod
    def setUpClass(cls):
        pass  # each test has a controller of its own: they restart it

    tearDownClass = setUpClass

    def setUp(self):
        self.controller = Controller()
        self.addCleanup(self.controller.close)
        self.api = self.controller.client()
        self.ids = l2tp_setup(self.api, "Used", with_endpoint=1)

    def report(self, sequence, *rows, boot="boot-1", status=200):
        lines = [{"row": "reports", "gateway": "europe", "boot": boot, "sequence": sequence, "count": len(rows)}, *rows]
        reply = self.api.call("POST", "/gateway/v1/reports", raw="".join(json.dumps(line) + "\n" for line in lines))
        self.assertEqual(reply.status, status, reply.text)

    def row(self, word, number=1, up=0, down=0, **more):
        return {"row": word, ("session" if word == "usage" else "id"): SESSION.format(number), "endpoint": self.ids["endpoint"], "imsi": imsi(1),
                "vslice": self.ids["vslice"], "state": "up", "bytesUplink": up, "bytesDownlink": down, "packetsUplink": up // 100,
                "packetsDownlink": down // 100, **more}

    def total(self, path="vslices/used/usage", query="?interval=hour"):
        rows = self.api.ok("GET", path + query)
        return tuple(sum(row[name] for row in rows) for name in ("bytesUplink", "bytesDownlink", "sessions"))

    def everywhere(self, expected):
        for path in (f"endpoints/{iccid(1)}/usage", "EndpointGroups/used-group/usage", "vslices/used/usage", "usage"):
            for query in ("?interval=hour", "?interval=day", ""):
                self.assertEqual(self.total(path, query), expected, path + query)

    def restart(self, clean):
        self.controller.stop() if clean else self.controller.kill()
        self.controller.start()
        self.api = self.controller.client()

    def test_totals_become_hours_and_days(self):
        self.report(1, self.row("session"), self.row("usage", up=100, down=1000))
        self.report(2, self.row("usage", up=300, down=1500))
        self.everywhere((300, 1500, 1))
        self.report(3, self.row("session", number=2, up=10), self.row("sessionEnd", up=301, down=1501), self.row("usage", number=2, up=20))
        self.everywhere((321, 1501, 2))

    def test_a_batch_counts_once_whoever_is_restarted(self):
        batch = (self.row("session"), self.row("usage", up=100, down=1000))
        self.report(1, *batch)
        self.report(1, *batch)  # the answer was lost
        self.restart(clean=False)
        self.report(1, *batch)
        self.everywhere((100, 1000, 1))
        self.report(1, self.row("session", up=150, down=1000), boot="boot-2")  # a gateway that was killed goes on with the session
        self.restart(clean=True)
        self.report(2, self.row("usage", up=200, down=1100), boot="boot-2")
        self.everywhere((200, 1100, 1))
        self.report(3, self.row("sessionEnd", up=250, down=1100), boot="boot-2")
        self.report(1, self.row("sessionEnd", up=250, down=1100), boot="boot-3")  # told again by who does not know that it was taken
        self.everywhere((250, 1100, 1))

    def test_a_gateway_that_lost_its_counters(self):
        self.report(1, self.row("session"), self.row("usage", up=1000, down=1000))
        self.report(1, self.row("usage", up=40, down=50), boot="boot-2")
        self.everywhere((1040, 1050, 1))

    def test_what_waited_counts_for_its_own_hour(self):
        self.report(1, self.row("session", startedAt=ago(hours=5)), self.row("usage", up=500, time=ago(hours=5)), self.row("usage", up=700))
        rows = [row for row in self.api.ok("GET", "vslices/used/usage?interval=hour&from=" + ago(hours=6)) if row["bytesUplink"] or row["sessions"]]
        self.assertEqual([(row["bytesUplink"], row["sessions"]) for row in rows], [(500, 1), (200, 0)])
        self.assertEqual(self.total(query="?interval=hour&from=" + ago(hours=2)), (200, 0, 0))
        self.report(2, self.row("usage", up=800, time="2999-01-01T00:00:00Z"))  # no time of tomorrow
        self.assertEqual(self.total(query="?interval=hour&from=" + ago(hours=2)), (300, 0, 0))

    def test_a_session_of_an_absence(self):
        """It began and ended while the controller was away: only its end is told."""
        self.report(1, self.row("sessionEnd", up=70, down=80))
        self.everywhere((70, 80, 1))

    def test_of_a_group_that_lost_its_endpoint(self):
        self.report(1, self.row("session"), self.row("usage", up=10, down=20))
        self.api.ok("DELETE", f"endpoints/{iccid(1)}")
        self.report(2, self.row("sessionEnd", up=15, down=20))
        for path in ("EndpointGroups/used-group/usage", "vslices/used/usage", "usage"):
            self.assertEqual(self.total(path), (15, 20, 1), path)
        self.report(3, self.row("session", number=5, up=1000))  # of nobody
        self.assertEqual(self.total("usage"), (15, 20, 1))

    def test_last_activity_outlives_the_session(self):
        path = f"endpoints/{iccid(1)}"
        self.assertIsNone(self.api.ok("GET", path)["lastActivity"])
        self.report(1, self.row("session", startedAt=ago(hours=3)), self.row("usage", up=100, time=ago(hours=2)))
        live = self.api.ok("GET", path)
        self.assertTrue(live["session"] and live["lastActivity"] > ago(minutes=1))  # its traffic was counted just now
        self.report(2, self.row("sessionEnd", up=100, time=ago(hours=1)))
        gone = self.api.ok("GET", path)
        self.assertIsNone(gone["session"])
        self.assertTrue(ago(minutes=61) < gone["lastActivity"] < ago(minutes=59), gone["lastActivity"])
        self.restart(clean=False)
        self.assertEqual(self.api.ok("GET", path)["lastActivity"], gone["lastActivity"])

    def test_a_session_told_again_was_not_active(self):
        path = f"endpoints/{iccid(1)}"
        self.report(1, self.row("session", startedAt=ago(hours=3)))
        before = self.api.ok("GET", path)["lastActivity"]
        self.assertLess(before, ago(hours=2))
        self.restart(clean=False)
        self.report(1, {"row": "sync", "phase": "begin"}, self.row("session", startedAt=ago(hours=3)), {"row": "sync", "phase": "end"}, boot="boot-2")
        self.assertEqual(self.api.ok("GET", path)["lastActivity"], before)
        self.assertTrue(self.api.ok("GET", path)["session"])

    def test_attaches_outlive_the_controller(self):
        path = f"endpoints/{iccid(1)}/attaches"
        for number in range(1, 14):
            attach = {"row": "attach", "endpoint": self.ids["endpoint"], "imsi": imsi(1), "ok": False, "verdict": f"no. {number}", "steps": [],
                      "startedAt": ago(seconds=60 - number)}
            self.report(number, attach)
            self.report(number, attach)  # sent again
        seen = self.api.ok("GET", path)
        self.assertEqual([attach["verdict"] for attach in seen], [f"no. {number}" for number in range(13, 3, -1)])
        self.restart(clean=False)
        self.assertEqual(self.api.ok("GET", path), seen)

    def test_paging_and_what_is_refused(self):
        page = self.api.get("usage?interval=hour&from=2026-01-01&to=2026-01-03&limit=10&offset=40").body
        self.assertEqual((page["totalItems"], len(page["data"]), page["data"][0]["from"]), (48, 8, "2026-01-02T16:00:00.000Z"))
        self.assertEqual(len(self.api.ok("GET", "vslices/used/usage")), 30)
        self.assertEqual(len(self.api.ok("GET", "vslices/used/usage?interval=hour&from=" + ago(hours=23))), 24)
        for query, said in (("interval=week", "accepted: hour, day"), ("from=yesterday", "accepted: a time"), ("from=2026-01-02&to=2026-01-01", "later")):
            self.assertSaid(self.api.refused("GET", "usage?" + query), said)
        self.api.refused("GET", "vslices/nothing/usage", status=404)
        self.api.refused("GET", "usage/2026-01-01T00:30:00Z", status=404)

    def test_another_customer_has_its_own(self):
        self.report(1, self.row("session"), self.row("usage", up=10, down=20))
        self.api.ok("POST", "customers", {"name": "Other"})
        token = self.api.call("POST", "apitokens", {"name": "other", "scope": "customer"}, headers={"X-Customer": "other"}).body["token"]
        self.assertEqual(sum(row["bytesUplink"] for row in self.api.ok("GET", "usage", token=token)), 0)
        self.api.refused("GET", f"vslices/{self.ids['vslice']}/usage", status=404, token=token)

    def test_a_store_that_fails_takes_nothing(self):
        """The batch is not acknowledged while it cannot be stored, and counts once when it can."""
        with contextlib.closing(sqlite3.connect(f"{self.controller.folder}/db", timeout=10)) as db:
            db.execute("CREATE TRIGGER no BEFORE INSERT ON usage BEGIN SELECT raise(ABORT, 'no'); END")
            db.commit()
            self.report(1, self.row("session"), self.row("usage", up=10, down=20), status=500)
            db.execute("DROP TRIGGER no")
            db.commit()
        self.report(1, self.row("session"), self.row("usage", up=10, down=20))
        self.everywhere((10, 20, 1))


if __name__ == "__main__":
    main()
