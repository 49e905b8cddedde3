# SPDX-License-Identifier: Apache-2.0
"""The command line against a real controller, in a home of its own."""

import os
import pathlib
import subprocess
import tempfile

from harness import ROOT, Case

SLICEGATE = pathlib.Path(os.environ.get("BUILD", ROOT / "build/check")) / "src/cli/slicegate"


class CommandLine(Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.folder = tempfile.TemporaryDirectory(prefix="slicegate-home-")
        cls.home = pathlib.Path(cls.folder.name)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()
        super().tearDownClass()

    def environment(self, controller=None):
        controller = controller or self.controller
        found = {"HOME": str(self.home), "PATH": os.environ["PATH"], "PPP_PASSWORD": "ppp-secret-1",
                 "SLICEGATE_URL": f"http://127.0.0.1:{controller.port}", "SLICEGATE_TOKEN": controller.token}
        return {**found, **{name: os.environ[name] for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS") if name in os.environ}}

    def sg(self, *words, status=0, stdin="", env=None, controller=None):
        """What a command printed; `self.error` is what it said beside. A variable that is None is not there."""
        variables = {**self.environment(controller), **(env or {})}
        done = subprocess.run([str(SLICEGATE), *words], input=stdin.encode(), capture_output=True, cwd=self.home, timeout=60,
                              env={name: value for name, value in variables.items() if value is not None})
        self.error = done.stderr.decode()
        self.assertEqual(done.returncode, status, f"{words}: {done.stdout.decode()}{self.error}")
        return done.stdout.decode()
