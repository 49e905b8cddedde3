# SPDX-License-Identifier: Apache-2.0
"""kill -9, start and upgrade of a live gateway under full load: tests/peers/lossless.sh with many packets. It tells what came of each stream of them."""
import json
import os
import re
import subprocess
import sys
import tempfile

PACKETS, RESTARTS = 5000000, 3  # of each direction at least; a kill and an upgrade each


def run(_, options):
    packets, restarts = (200000, 1) if options.quick else (PACKETS, RESTARTS)
    story = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "peers", "lossless.sh")
    with tempfile.NamedTemporaryFile("r", prefix="slicegate-bench-") as result:
        env = dict(os.environ, BUILD=os.path.abspath(options.build), PACKETS=str(packets), RESTARTS=str(restarts), RESULT=result.name)
        told = subprocess.run([story], env=env, stdout=subprocess.PIPE, text=True, timeout=1800, check=False)
        rows = [json.loads(line) for line in result]
    print("\nkill -9, start and upgrade of a live gateway under full load, {} of each, SIMs attaching meanwhile".format(restarts))
    if told.returncode == 77:
        reason = told.stdout.splitlines()[-1].strip()
        print("  " + reason)
        return {"skipped": reason}
    calm, rows = rows[:4], rows[4:]
    print("  {:<16} {:>8} {:>10} {:>6} {:>8} {:>7} {:>9} {:>19}".format("stream", "sessions", "packets", "lost", "doubled", "misled", "/ s", "longest silence, ms"))
    for row in rows:
        print("  {stream:<16} {sessions:>8} {sent:>10} {lost:>6} {doubled:>8} {misled:>7} {perSecond:>9} {longestSilenceMs:>19}".format(**row))
    total, lost = sum(row["sent"] for row in rows), sum(row["lost"] for row in rows)
    passed = told.returncode == 0 and rows and not lost
    if told.returncode:
        print(re.sub("^", "  ", told.stdout, flags=re.M), file=sys.stderr)
    print("  lost of {}: {}    target 0 of 10000000: {}".format(total, lost, "met" if passed and total >= 10000000 else "NOT met"))
    return {"calm": calm, "rows": rows, "sent": total, "lost": lost, "restarts": restarts, "failed": not passed}
