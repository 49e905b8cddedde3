#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Completion in the shells themselves: bash, and zsh where it is installed, load the functions that slicegate prints, and complete."""

import os
import shutil
import subprocess

from command_line import SLICEGATE, CommandLine
from harness import l2tp_setup, main


class Completion(CommandLine):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        l2tp_setup(cls.api, "Vantiq", with_endpoint=1)
        l2tp_setup(cls.api, "Other")

    def shell(self, name, script):
        env = {**self.environment(), "PATH": f"{SLICEGATE.parent}:{os.environ['PATH']}"}
        done = subprocess.run([name, *({"bash": ["--norc"], "zsh": ["-f"]}[name]), "-c", script], env=env, capture_output=True, text=True, cwd=self.home, timeout=30)
        self.assertEqual((done.returncode, done.stderr), (0, ""), done.stdout)
        return done.stdout.split()

    def bash(self, *words):
        """What bash offers for the last of the words."""
        line = " ".join(f"'{word}'" for word in ("slicegate", *words))
        return self.shell("bash", f'source <(slicegate completion bash); COMP_WORDS=({line}); COMP_CWORD={len(words)}; _slicegate; printf "%s\\n" "${{COMPREPLY[@]}}"')

    def test_words(self):
        offered = self.bash("")
        for word in ("vslice", "lac", "routing-policy", "apply", "completion"):
            self.assertIn(word, offered)
        self.assertEqual(self.bash("vsl"), ["vslice"])
        self.assertEqual(self.bash("tunnel", ""), ["restart", "drain", "list", "show"])
        self.assertIn("config", self.bash("lns", "c"))
        self.assertEqual(self.bash("profile", "u"), ["use"])
        self.assertEqual(self.bash("completion", ""), ["bash", "zsh"])
        self.assertEqual(self.bash("nothing", ""), [])

    def test_options(self):
        self.assertEqual(self.bash("vslice", "create", "--vsl"), ["--vslice-type"])
        self.assertIn("--hide-avps", self.bash("vslice", "set", "vantiq", "--h"))
        self.assertEqual(self.bash("apply", "--pr"), ["--prune", "--profile"])
        self.assertEqual(self.bash("vslice", "list", "--s"), ["--sort-by"])
        self.assertEqual(self.bash("--out"), ["--output"])
        self.assertNotIn("--name", self.bash("vslice", "show", "vantiq", "--"))

    def test_values(self):
        self.assertEqual(self.bash("vslice", "create", "--vslice-type", ""), ["integrated", "l2tp"])
        self.assertEqual(self.bash("vslice", "list", "-o", "y"), ["yaml"])
        self.assertEqual(self.bash("vslice", "set", "vantiq", "--hide-avps", ""), ["yes", "no"])
        self.assertEqual(self.bash("lns", "config", "vantiq", "--for", "x"), ["xl2tpd"])

    def test_objects(self):
        self.assertEqual(sorted(self.bash("vslice", "show", "")), ["other", "vantiq"])
        self.assertEqual(self.bash("vslice", "show", "van"), ["vantiq"])
        self.assertEqual(self.bash("vslice", "delete", "van", "o"), ["other"])
        self.assertEqual(self.bash("lac", "show", "--vslice", "v"), ["vantiq"])
        self.assertEqual(self.bash("lac", "show", "--vslice", "vantiq", ""), ["lac-1"])
        self.assertEqual(self.bash("lns", "config", "oth"), ["other"])
        self.assertEqual(self.bash("routing-target", "create", "--vslice", "v"), ["vantiq"])
        self.assertEqual(self.bash("vslice", "set", "vantiq", "--regional-gateway", "eu"), ["europe"])
        self.assertEqual(self.bash("vslice", "show", "vantiq", ""), [])
        self.assertEqual(self.bash("--url", "http://127.0.0.1:1", "vslice", "show", ""), [])

    def test_zsh(self):
        if not shutil.which("zsh"):
            self.skipTest("zsh is not installed")
        stub = "compdef() { :; }; compadd() { printf '%s\\n' \"${(@P)2}\"; }; _files() { echo FILES; }; "
        complete = lambda *words: self.shell("zsh", stub + "source <(slicegate completion zsh); words=(slicegate " + " ".join(f"'{word}'" for word in words) +
                                             f"); CURRENT={len(words) + 1}; _slicegate")
        self.assertEqual(complete("vslice", "show", "van"), ["vantiq"])
        self.assertEqual(complete("vsl"), ["vslice"])
        self.assertEqual(complete("endpoint", "import", ""), ["FILES"])


if __name__ == "__main__":
    main()
