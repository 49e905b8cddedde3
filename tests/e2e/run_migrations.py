#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A store of every schema that there ever was becomes one of today's: tests/migrations holds one of each as SQL text, in the order in
which they came, made by tests/migrations/make. The names end in the commit that brought the schema."""

import contextlib
import re
import sqlite3
import unittest

from harness import ROOT, Controller, Stream, iccid, imsi, main

FIXTURES = sorted((ROOT / "tests/migrations").glob("*.sql"))
GONE = {"import", "import_row"}  # tables of before that have no use any more


def structure(path):
    with contextlib.closing(sqlite3.connect(path)) as db:
        tables = {name for name, in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        columns = {(table, column[1], column[2]) for table in tables for column in db.execute(f"SELECT * FROM pragma_table_info('{table}')")}
        indexes = {re.sub(r"IF NOT EXISTS ", "", sql) for sql, in db.execute("SELECT sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL")}
        return columns, indexes


class Old(Controller):
    """On the database of a fixture."""

    def __init__(self, fixture):
        text = fixture.read_text(encoding="utf-8")
        self.key, self.old_token = (re.search(rf"^-- {word} (\w+)$", text, re.M).group(1) for word in ("key", "token"))
        self.text = text
        super().__init__()

    def start(self):
        if self.text:
            with contextlib.closing(sqlite3.connect(self.folder / "db", isolation_level=None)) as db:
                db.executescript(self.text)
            (self.folder / "db.key").write_bytes(bytes.fromhex(self.key))
            (self.folder / "db.key").chmod(0o600)
            (self.folder / "token").write_text(self.old_token + "\n")
            self.text = None
        super().start()


class Migrations(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        fresh = Controller()
        fresh.stop()
        cls.columns, cls.indexes = structure(fresh.folder / "db")
        fresh.close()

    def check(self, fixture):
        controller = Old(fixture)
        self.addCleanup(controller.close)
        api = controller.client()
        self.assertEqual(api.ok("GET", "vslices/vantiq")["endpointCount"], 1)
        self.assertEqual(api.ok("GET", "vslices/plain")["endpointCount"], 3)
        self.assertEqual(api.ok("GET", "EndpointGroups/plain-group")["endpointsAssigned"], 3)
        self.assertEqual(api.get("endpoints?limit=2").body["totalItems"], 4)
        self.assertEqual({row["iccid"] for row in api.ok("GET", "endpoints?limit=3&offset=1")} | {api.ok("GET", "endpoints")[0]["iccid"]},
                         {iccid(number) for number in range(1, 5)})
        self.assertTrue(all(row["ok"] for row in api.ok("GET", "vslices/vantiq")["readiness"] if row["check"] in ("defaultRoutingPolicy", "lac", "lns")))
        stream = Stream(controller, "europe")
        rows = {(row["kind"], row["data"].get("iccid", row["data"].get("moniker"))): row["data"] for row in stream.until("ready") if row["row"] == "put"}
        stream.close()
        self.assertEqual(rows["vslice", "vantiq"]["lacs"][0]["tunnelSecret"], "tunnel-secret-1")
        self.assertEqual(rows["endpoint", iccid(1)]["pppPassword"], "endpoint-secret-1")
        self.assertEqual(rows["routingPolicy", "vantiq-policy"]["rules"][0]["ruleAction"], "forward")
        api.ok("PATCH", f"endpoints/{iccid(1)}", {"name": "renamed", "pppPassword": "other-secret"})
        api.ok("DELETE", f"endpoints/{iccid(4)}")
        api.ok("POST", "endpoints", {"iccid": iccid(9), "imsis": [imsi(9)], "endpointGroup": "plain-group"})
        controller.stop()
        controller.start()
        self.assertNotIn("adding table", controller.log())  # the first start did all
        api = controller.client()
        self.assertEqual(api.ok("GET", f"endpoints/{iccid(1)}")["name"], "renamed")
        self.assertEqual(api.ok("GET", "vslices/plain")["endpointCount"], 3)
        controller.stop()
        columns, indexes = structure(controller.folder / "db")
        self.assertEqual({column for column in columns - self.columns if column[0] not in GONE}, set())
        self.assertEqual(self.columns - columns, set())
        self.assertEqual(self.indexes ^ indexes, set())
        with contextlib.closing(sqlite3.connect(controller.folder / "db")) as db:
            self.assertEqual(db.execute("PRAGMA integrity_check").fetchall(), [("ok",)])
            self.assertEqual(db.execute("PRAGMA foreign_key_check").fetchall(), [])

    def test_a_newer_one_is_refused(self):
        controller = Controller()
        self.addCleanup(controller.close)
        controller.stop()
        with contextlib.closing(sqlite3.connect(controller.folder / "db", isolation_level=None)) as db:
            db.execute("PRAGMA user_version = 99")
        with self.assertRaisesRegex(AssertionError, "start the newer program"):
            controller.start()


for path in FIXTURES:
    setattr(Migrations, "test_" + path.stem.replace("-", "_"), lambda self, path=path: self.check(path))


if __name__ == "__main__":
    main()
