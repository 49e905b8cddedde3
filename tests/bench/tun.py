# SPDX-License-Identifier: Apache-2.0
"""ns a packet of osmo-ggsn's TUN path: G-PDUs of one PDP context into its socket, their packets out of its TUN and forwarded by the kernel to a server.

Measured as packets.py does: osmo-ggsn has a CPU to itself, and what it causes in softirqs runs there too.
"""
import json
import os
import shutil
import statistics
import subprocess
import tempfile
import time

from lab import cpu_ns

GTPU, SGSN, SERVER, POOL = "10.7.1.1", "10.7.1.2", "10.7.2.2", "10.80.0"
CONFIGURATION = """log stderr
 logging filter all 1
 logging level ggsn notice
line vty
 no login
 bind 127.0.0.1
ggsn ggsn0
 gtp state-dir {place}
 gtp bind-ip {gtpu}
 apn internet
  gtpu-mode tun
  tun-device tun4
  type-support v4
  ip prefix dynamic {pool}.0/16
  ip dns 0 {pool}.1
  ip ifconfig {pool}.1/16
  no shutdown
 default-apn internet
 no shutdown ggsn
"""


def context(lab, space):
    """A PDP context: its TEID and address."""
    gtp = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "lab", "gtp.py")
    for _ in range(50):
        out = subprocess.run(["ip", "netns", "exec", space, gtp, "create1", SGSN, GTPU, "001010000000001", "internet", "--patience", "1"],
                             stdout=subprocess.PIPE, text=True, check=False).stdout
        said = json.loads(out or "{}")
        if said.get("cause") == 128:
            return str(said["teidUser"]), said["address"]
        time.sleep(0.1)
    raise SystemExit("bench: osmo-ggsn takes no PDP context")


def measure(options, spaces, program, count, session):
    ends = ["{}/{}:2152".format(spaces["sgsn"], SGSN), "{}/{}:7000".format(spaces["server"], SERVER), GTPU + ":2152"]
    before = cpu_ns(program.pid)
    out = subprocess.run(["taskset", "-c", "1", "{}/tests/bench/bench_load".format(options.build), "bare", "64", str(count), "1"] + ends + list(session),
                         check=True, stdout=subprocess.PIPE, text=True).stdout
    used = cpu_ns(program.pid) - before
    return used / max(int(out.split()[1]), 1)


def run(lab, options):
    """ns a packet, or None where it is not installed."""
    if not shutil.which("osmo-ggsn"):
        return None
    spaces = {word: lab.namespace("tun-" + word) for word in ("sgsn", "gateway", "server")}
    lab.link(spaces["gateway"], GTPU + "/24", spaces["sgsn"], SGSN + "/24", cpus=(0, None))
    lab.link(spaces["gateway"], "10.7.2.1/24", spaces["server"], SERVER + "/24", cpus=(0, None))
    subprocess.run(["ip", "netns", "exec", spaces["gateway"], "sh", "-c", "echo 1 >/proc/sys/net/ipv4/ip_forward"], check=True)
    lab.ip("route", "add", POOL + ".0/16", "via", "10.7.2.1", inside=spaces["server"])
    with tempfile.TemporaryDirectory(prefix="slicegate-bench-") as place:
        path = os.path.join(place, "ggsn.cfg")
        with open(path, "w", encoding="ascii") as out:
            out.write(CONFIGURATION.format(place=place, gtpu=GTPU, pool=POOL))
        program = lab.start(spaces["gateway"], 0, "osmo-ggsn", "-c", path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        session = context(lab, spaces["sgsn"])
        count, runs = (5000, 1) if options.quick else (100000, 3)
        measure(options, spaces, program, 5000, session)
        return statistics.median(measure(options, spaces, program, count, session) for _ in range(runs))
