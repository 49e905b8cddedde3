#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""docs/reference/api-objects.md is what the program says of its objects. With --write it is written anew."""

import sys
import unittest

from harness import ROOT, Controller, main

PAGE = ROOT / "docs/reference/api-objects.md"
HEAD = """# The objects

What each object of the [API](api.md) has, generated from the tables that judge requests: `tests/e2e/run_docs.py --write` writes this page.
*Read*: set by the platform. *Once*: settable at creation only. *Secret*: written, never read.
"""


def marks(field):
    words = [word for flag, word in (("required", "required"), ("readOnly", "read"), ("readOnlyAfterCreate", "once"), ("secret", "secret"), ("unique", "unique"))
             if field.get(flag)]
    if "requiredWhen" in field:
        words.append("required when `{field}` is `{is}`".format(**field["requiredWhen"]))
    elif "visibleWhen" in field:
        words.append("only when `{field}` is `{is}`".format(**field["visibleWhen"]).replace("^", ""))
    return ", ".join(words)


def table(fields):
    yield "| member | what it is | accepted | default | |"
    yield "|---|---|---|---|---|"
    for field in fields:
        accepted = "" if field.get("readOnly") else field["accepts"]
        default = "`" + field["default"] + "`" if "default" in field and not field.get("readOnly") else ""
        yield f"| `{field['name']}` | {field['help']} | {accepted} | {default} | {marks(field)} |".replace("%{", "%&#123;")


def parts(title, fields):
    yield from table(fields)
    for field in fields:
        if "fields" in field:
            yield f"\n### {title}: {field['name']}\n"
            yield from table([inner for inner in field["fields"] if "fields" not in inner])
            for inner in field["fields"]:
                if "fields" in inner:
                    yield f"\n#### {title}: {field['name']}.{inner['name']}\n"
                    yield from table(inner["fields"])


def page(schema):
    lines = [HEAD]
    for noun in schema:
        lines.append(f"## {noun['title']}\n\n{noun['help']}. `/{noun['path']}`" + (", read only.\n" if noun.get("readOnly") else ".\n"))
        lines.extend(parts(noun["title"], noun["fields"]))
        lines.append("")
    return "\n".join(lines)


class Docs(unittest.TestCase):
    def test_the_page_is_what_the_program_says(self):
        controller = Controller()
        self.addCleanup(controller.close)
        said = page(controller.client().ok("GET", "schema"))
        if "--write" in ARGUMENTS:
            PAGE.write_text(said)
        self.assertEqual(PAGE.read_text(), said, "run tests/e2e/run_docs.py --write")


ARGUMENTS = sys.argv[1:]
if __name__ == "__main__":
    sys.argv[1:] = []
    main()
