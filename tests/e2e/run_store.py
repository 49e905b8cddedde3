#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The database of a controller that runs: backup and restore, a new key for secrets at rest."""

import contextlib
import os
import shutil
import signal
import sqlite3
import subprocess
import threading
import time
import unittest

from harness import PROGRAM, Controller, Stream, iccid, imsi, l2tp_setup, main


class Kept(unittest.TestCase):
    def setUp(self):
        self.controller = Controller()
        self.addCleanup(self.controller.close)
        self.folder = self.controller.folder
        self.api = self.controller.client()
        self.ids = l2tp_setup(self.api, "Kept", with_endpoint=1)

    def command(self, *words, status=0, database=None):
        done = subprocess.run([str(PROGRAM), *map(str, words), "--database", str(database or self.folder / "db")], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, timeout=60)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done.stdout + done.stderr

    def secrets_told(self, controller=None):
        """What a gateway gets: every secret of the set-up, in clear."""
        stream = Stream(controller or self.controller, "europe")
        rows = {row["kind"]: row["data"] for row in stream.until("ready", 60) if row["row"] == "put" and row["data"].get("iccid") in (None, iccid(1))}
        stream.close()
        return rows["vslice"]["lacs"][0]["tunnelSecret"], rows["endpoint"]["pppPassword"]

    def sealed(self, what="hex(ppp_password) FROM endpoint", path=None):
        with contextlib.closing(sqlite3.connect(f"file:{path or self.folder / 'db'}?mode=ro", uri=True, timeout=10)) as db:
            return [row[0] for row in db.execute("SELECT " + what)]

    def restored(self, backup):
        """A controller on a copy, as the guide says: FILE and FILE.key in place of the database."""
        other = Controller.__new__(Controller)
        other.folder, other.options, other.process = self.folder / ("restored-" + backup.name), [], None
        other.folder.mkdir()
        shutil.copy(backup, other.folder / "db")
        shutil.copy(str(backup) + ".key", other.folder / "db.key")
        shutil.copy(self.folder / "token", other.folder / "token")
        other.start()
        self.addCleanup(other.close)
        return other

    def test_a_backup_while_others_write(self):
        stopped, written = threading.Event(), []

        def write():
            api = self.controller.client()
            while not stopped.is_set():
                number = 100 + len(written)
                api.ok("POST", "endpoints", {"iccid": iccid(number), "imsis": [imsi(number)], "endpointGroup": "kept-group"})
                written.append(number)
        thread = threading.Thread(target=write)
        thread.start()
        while len(written) < 20:
            time.sleep(0.01)
        before = list(written)
        said = self.command("backup", self.folder / "copy")
        after = len(written)
        stopped.set()
        thread.join()
        self.assertIn("found sound", said)
        self.assertEqual((self.folder / "copy").stat().st_mode & 0o777, 0o600)
        self.assertEqual((self.folder / "copy.key").stat().st_mode & 0o777, 0o600)
        self.assertEqual([path.name for path in self.folder.glob("copy.new*")], [])
        rows = set(self.sealed("iccid FROM endpoint", self.folder / "copy"))
        self.assertTrue({iccid(number) for number in before} <= rows)  # all that was answered when it began
        self.assertTrue(len(rows) <= after + 2)
        other = self.restored(self.folder / "copy")
        self.assertEqual(self.secrets_told(other), ("tunnel-secret-1", "endpoint-secret-1"))
        self.assertEqual(other.client().get("endpoints?limit=1").body["totalItems"], len(rows))
        seen = Stream(self.controller, "europe")
        revision = seen.until("ready", 60)[-1]["revision"]
        seen.close()
        other.client().ok("PATCH", f"endpoints/{iccid(1)}", {"name": "of the copy"})
        stream = Stream(other, "europe", since=revision)  # a gateway that has what only the lost database had
        self.assertTrue(stream.next()["snapshot"])
        self.assertIn("of the copy", [row.get("data", {}).get("name") for row in stream.until("ready", 60)])
        stream.close()
        self.assertGreater(stream.revision, revision)
        self.assertEqual(other.client().ok("GET", "EndpointGroups/kept-group")["endpointsAssigned"], len(rows))

    def test_what_a_backup_refuses(self):
        (self.folder / "there").write_text("mine")
        self.assertIn("is there already", self.command("backup", self.folder / "there", status=1))
        self.assertEqual((self.folder / "there").read_text(), "mine")
        self.assertIn("there is no database", self.command("backup", self.folder / "x", database=self.folder / "nothing", status=1))
        self.assertFalse((self.folder / "nothing").exists() or (self.folder / "nothing.key").exists())
        self.assertIn("cannot write", self.command("backup", self.folder / "no" / "such", status=1))
        self.assertIn("usage", self.command("backup", status=2))
        self.assertIn("no command", self.command("restore", status=2))

    def test_a_damaged_database_is_found_by_its_backup(self):
        self.controller.stop()
        with contextlib.closing(sqlite3.connect(self.folder / "db")) as db:
            page = db.execute("SELECT rootpage FROM sqlite_master WHERE name = 'endpoint_iccid'").fetchone()[0]
            size = db.execute("PRAGMA page_size").fetchone()[0]
        with open(self.folder / "db", "r+b") as file:
            file.seek((page - 1) * size + 8)
            file.write(b"\xff" * 200)
        self.assertIn("not sound", self.command("backup", self.folder / "copy", status=1))
        self.assertFalse((self.folder / "copy").exists())
        shutil.rmtree(self.folder / "db", ignore_errors=True)
        for path in self.folder.glob("db*"):
            path.unlink()
        self.controller.start()

    def test_a_new_key_while_the_controller_runs(self):
        self.command("backup", self.folder / "old")
        old, key = self.sealed(), (self.folder / "db.key").read_bytes()
        owner = 65534 if os.geteuid() == 0 else os.geteuid()  # root turns the key, the service reads it
        os.chown(self.folder / "db.key", owner, -1)
        self.assertIn("2 secrets", self.command("rotate-key"))
        keys = (self.folder / "db.key").read_bytes()
        self.assertEqual((len(keys), keys[32:]), (64, key))
        self.assertEqual((self.folder / "db.key").stat().st_uid, owner)
        self.assertNotEqual(self.sealed(), old)
        self.assertEqual(self.secrets_told(), ("tunnel-secret-1", "endpoint-secret-1"))  # not restarted: it reads the file again
        self.api.ok("PATCH", f"endpoints/{iccid(1)}", {"pppPassword": "endpoint-secret-2"})
        self.assertIn("1 old keys", self.command("forget-keys"))
        self.assertEqual((self.folder / "db.key").read_bytes(), keys[:32])
        self.assertEqual(self.secrets_told(), ("tunnel-secret-1", "endpoint-secret-2"))
        self.controller.stop()
        self.controller.start()
        self.assertEqual(self.secrets_told(), ("tunnel-secret-1", "endpoint-secret-2"))
        self.assertEqual(self.secrets_told(self.restored(self.folder / "old")), ("tunnel-secret-1", "endpoint-secret-1"))

    def test_an_old_copy_opens_with_its_key_put_into_the_file(self):
        self.command("backup", self.folder / "old")
        old_key = (self.folder / "old.key").read_bytes()
        self.command("rotate-key")
        self.command("forget-keys")
        (self.folder / "old.key").write_bytes((self.folder / "db.key").read_bytes() + old_key)
        self.assertEqual(self.secrets_told(self.restored(self.folder / "old")), ("tunnel-secret-1", "endpoint-secret-1"))

    def test_a_rotation_that_was_killed_goes_on(self):
        rows = "iccid,imsis,endpointGroup,pppPassword\n" + "".join(f"{iccid(n)},{imsi(n)},kept-group,secret-{n}\n" for n in range(1000, 2500))
        self.assertEqual(self.api.call("POST", "endpoints/import", raw=rows).status, 200)
        before = set(self.sealed())
        process = subprocess.Popen([str(PROGRAM), "rotate-key", "--database", str(self.folder / "db")], stdout=subprocess.DEVNULL)
        while not set(self.sealed()) - before:
            time.sleep(0.001)
        process.send_signal(signal.SIGKILL)
        process.wait()
        mixed = set(self.sealed())
        self.assertTrue(mixed & before and mixed - before)
        self.controller.kill()
        self.controller.start()
        self.assertEqual(self.secrets_told()[0], "tunnel-secret-1")
        self.command("forget-keys")  # seals the rest first
        self.assertFalse(set(self.sealed()) & before)
        self.assertEqual(len((self.folder / "db.key").read_bytes()), 32)
        stream = Stream(self.controller, "europe")
        told = {row["data"]["pppPassword"] for row in stream.until("ready", 60) if row["row"] == "put" and row["kind"] == "endpoint"}
        stream.close()
        self.assertEqual(told, {"endpoint-secret-1"} | {f"secret-{n}" for n in range(1000, 2500)})

    def test_a_key_file_without_the_key(self):
        self.controller.stop()
        key = (self.folder / "db.key").read_bytes()
        (self.folder / "db.key").write_bytes(bytes(32))
        self.assertIn("put the right one back", self.command("rotate-key", status=1))
        self.assertEqual((self.folder / "db.key").read_bytes(), bytes(32))  # nothing was done
        (self.folder / "db.key").write_bytes(key[:31])
        self.assertIn("key file", self.command("backup", self.folder / "copy", status=1))
        (self.folder / "db.key").write_bytes(key)
        self.controller.start()


if __name__ == "__main__":
    main()
