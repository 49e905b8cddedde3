# SPDX-License-Identifier: Apache-2.0
"""Many slices: how long until all are up, without a policy and with one of 20 rules each; what one costs; how long a change of one policy takes until
the slice's nftables say it; and what SIMs on another slice notice meanwhile: how long they wait for an attach, and packets that do not arrive.

Three rounds: slices alone (a LAC each), slices with an Internet target each (a pair of virtual cables) and 20 rules, slices whose peering interface
the host has made before and the kernel must move. The last has no target: the kernel takes its time for each, holding its lock (rcu_barrier).

The stand-in for the controller is this file, started as a program in the gateway's namespace: it gives the snapshot, then each line of its
standard input, and says how many slices are ready. Whatever happens, it ends: each wait has a limit.
"""
import http.server
import json
import os
import queue
import re
import select
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time

import attach
from lab import Lab, cpu_ns

SLICES, RULES, CHANGES, LIMIT_S = 1000, 20, 20, 180
SIMS = 20000  # on the other slice, 100 a second
CHANGE_TARGET_MS = 50
ROUNDS = {  # what the configuration has, and in how many seconds and octets a slice it is to be up
    "alone": ("no policy", 2, 1 << 20),
    "internet": ("an Internet target and {} rules".format(RULES), 8, 2 << 20),
    "peering": ("a host's interface and {} rules".format(RULES), None, 2 << 20),
}


def serve(port, path):
    """GET: the snapshot, then what comes on standard input. POST: taken; how many slices are ready goes to standard output."""
    streams, ready = [], set()

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def chunk(self, octets):
            self.wfile.write(b"%x\r\n%s\r\n" % (len(octets), octets))

        def do_GET(self):
            self.send_response(200)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            with open(path, "rb") as snapshot:
                self.chunk(snapshot.read())
            lines = queue.Queue()
            streams.append(lines)
            while True:
                try:
                    self.chunk(lines.get(timeout=5))
                except queue.Empty:
                    self.chunk(b'{"row":"heartbeat","revision":1}\n')
                except OSError:
                    return

        def do_POST(self):
            for line in self.rfile.read(int(self.headers["Content-Length"])).decode().splitlines():
                row = json.loads(line)
                if row.get("row") == "slice" and row.get("ready") and all(t["status"] == "available" for t in row["targets"]):
                    ready.add(row["vslice"])
            print(len(ready), flush=True)
            body = b'{"success":true,"messages":[],"data":{"acknowledged":0}}'
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    for line in sys.stdin:
        for stream in streams:
            stream.put(line.encode())


def identity(kind, number):
    return "{:08x}-0000-4000-8000-{:012x}".format(kind, number)


def put(kind, name, data, revision=1):
    return json.dumps({"row": "put", "kind": kind, "id": name, "revision": revision, "data": data}, separators=(",", ":")) + "\n"


def policy(number, turn):
    """The `number`-th slice's policy; `turn` says which port its tenth rule is about."""
    rules = [{"id": identity(0x100 + at, number), "precedence": at, "description": "", "enabled": True, "ruleAction": "forward",
              "ruleDirection": "uplink", "reflexive": False, "routingTarget": identity(2, number), "transportProtocol": "udp",
              "destinationIpPattern": "10.30.{}.0/24".format(at), "destinationPortPattern": str(2000 + turn if at == 10 else 1701)}
             for at in range(RULES)]
    return {"moniker": "policy", "name": "policy", "vslice": identity(1, number), "routingPolicyStatus": "active", "rules": rules}


def put_slice(kind, number):
    target = {"moniker": "target", "name": "target", "vslice": identity(1, number), "routingTargetType": kind}
    if kind == "peering":
        target["peeringConfig"] = {"interface": "p{}".format(number), "localAddress": "10.8.2.1/24", "gatewayAddress": "10.8.2.2",
                                   "remoteSubnets": "10.30.0.0/16"}
    vslice = {"moniker": "slice-{}".format(number), "name": "slice", "vsliceType": "l2tp", "ipAddressFamily": "ipv4", "lnss": [],
              "lacs": [{"id": identity(4, number), "moniker": "lac", "name": "lac", "address": "10.200.0.1", "port": 1701}]}
    if kind != "alone":
        vslice["defaultRoutingPolicy"] = identity(3, number)
    rows = put("vslice", identity(1, number), vslice)
    if kind != "alone":
        rows += put("routingTarget", identity(2, number), target) + put("routingPolicy", identity(3, number), policy(number, 0))
    return rows


def cables(gateway, customer, count):
    words = "".join("link add p{0} type veth peer name c{0} netns {1}\n".format(number, customer) for number in range(count))
    subprocess.run(["ip", "-n", gateway, "-batch", "-"], input=words, text=True, check=True, timeout=LIMIT_S)
    words = "".join("link set c{} up\n".format(number) for number in range(count))
    subprocess.run(["ip", "-n", customer, "-batch", "-"], input=words, text=True, check=True, timeout=LIMIT_S)


def memory(pid):
    """Octets of the process's own (its anonymous pages), and of the kernel's for everything (slabs, per CPU)."""
    with open("/proc/{}/smaps_rollup".format(pid), encoding="ascii") as rows:
        own = sum(int(row.split()[1]) for row in rows if row.startswith("Anonymous:")) * 1024
    with open("/proc/meminfo", encoding="ascii") as rows:
        kernel = sum(int(row.split()[1]) for row in rows if row.startswith(("Slab:", "Percpu:"))) * 1024
    return own, kernel


class Controller:
    """The stand-in, and what it has heard."""

    def __init__(self, lab, namespace, path):
        self.program = lab.start(namespace, 1, sys.executable, os.path.abspath(__file__), "5050", path, stdin=subprocess.PIPE,
                                 stdout=subprocess.PIPE)
        self.ready = 0

    def hear(self, seconds):
        if select.select([self.program.stdout], [], [], seconds)[0]:
            said = os.read(self.program.stdout.fileno(), 65536).split()
            self.ready = int(said[-1]) if said else self.ready

    def wait(self, count, seconds, alive):
        """Seconds until so many slices are ready; None when the limit is reached or the gateway has gone."""
        begun = time.monotonic()
        while time.monotonic() - begun < seconds and alive():
            self.hear(0.1)
            if self.ready >= count:
                return time.monotonic() - begun
        return None

    def say(self, rows):
        self.program.stdin.write(rows.encode())
        self.program.stdin.flush()


def change(controller, pid, number, turn):
    """Milliseconds from the hand-over of the changed policy until the slice's nftables have changed; None when they did not."""
    names = os.listdir("/proc/{}/root/run/netns".format(pid))
    name = next((each for each in names if each.startswith("sg-bench.slice-{}.".format(number))), None)
    namespace = "--net=/proc/{}/root/run/netns/{}".format(pid, name)  # pinned in the gateway's own mount namespace
    with subprocess.Popen(["nsenter", namespace, "stdbuf", "-oL", "nft", "monitor"], stdout=subprocess.PIPE) as monitor:
        time.sleep(0.5)  # it listens
        begun = time.monotonic()
        controller.say(put("routingPolicy", identity(3, number), policy(number, turn), 1 + turn) +
                       '{{"row":"ready","revision":{}}}\n'.format(1 + turn))
        is_said = select.select([monitor.stdout], [], [], 10)[0] and monitor.stdout.readline()
        took = (time.monotonic() - begun) * 1000
        monitor.kill()
    return took if is_said else None


class Others:
    """SIMs on a slice of their own, which is up before: some come and go all the time, and one has its packets counted."""

    def __init__(self, lab, options, spaces):
        self.spaces = spaces
        attach.start_lns(lab, options, spaces["customer"])
        self.sims = None
        self.start = lambda: attach.Sgw(lab, options, spaces["mobile"], SIMS, "--rate", "100", "--window", "64", "--hold", "0")

    def begin(self):
        self.sims = self.start()

    def end(self):
        self.sims.program.send_signal(signal.SIGINT)
        try:
            said = self.sims.program.communicate(timeout=30)[0].splitlines()
            return json.loads(said[-1])
        except (subprocess.TimeoutExpired, IndexError, ValueError):
            self.sims.program.kill()
            return {"attached": 0, "refused": 0, "unanswered": 0, "attachP50Us": 0, "attachP99Us": 0}


def measure(lab, options, place, spaces, kind, count, changes):
    path = os.path.join(place, "snapshot")
    attach.snapshot(path, SIMS)
    if kind == "peering":
        cables(spaces["gateway"], spaces["customer"], count)
    others = Others(lab, options, spaces)
    controller = Controller(lab, spaces["gateway"], path)
    time.sleep(1)
    with open(os.path.join(place, "log"), "wb") as log:
        program = lab.start(spaces["gateway"], None, options.build + "/src/gateway/slicegate-gateway", "--name", "bench", "--gtp-address",
                            attach.GATEWAY, "--state-dir", os.path.join(place, "state"), "--controller", "http://127.0.0.1:5050", "--log", "warn",
                            stderr=log, stdout=subprocess.DEVNULL)
    try:
        return rounds(others, controller, program, kind, count, changes)
    finally:
        program.terminate()
        try:
            program.wait(LIMIT_S)
        except subprocess.TimeoutExpired:
            program.kill()
        controller.program.kill()


def rounds(others, controller, program, kind, count, changes):
    def alive():
        return program.poll() is None

    if controller.wait(1, 60, alive) is None:
        return {"failed": True, "why": "the first slice did not come up"}
    time.sleep(2)
    own, kernel = memory(program.pid)
    others.begin()
    time.sleep(2)
    used = cpu_ns(program.pid)
    controller.say("".join(put_slice(kind, number) for number in range(count)) + '{"row":"ready","revision":2}\n')
    took = controller.wait(1 + count, LIMIT_S, alive)
    if not alive():
        return {"failed": True, "why": "the gateway has ended"}
    used = cpu_ns(program.pid) - used
    time.sleep(2)
    own_after, kernel_after = memory(program.pid)
    times = [] if kind == "alone" or took is None else [
        change(controller, program.pid, (turn * 37) % count, turn) for turn in range(1, changes + 1)]
    told = others.end()
    begun = time.monotonic()
    controller.say("".join('{{"row":"delete","kind":"vslice","id":"{}","revision":3}}\n'.format(identity(1, number)) for number in range(count)) +
                   '{"row":"ready","revision":3}\n')
    gone = None
    while time.monotonic() - begun < LIMIT_S and alive():
        if not any(name.startswith("sg-bench.slice-") for name in os.listdir("/proc/{}/root/run/netns".format(program.pid))):
            gone = time.monotonic() - begun
            break
        time.sleep(0.05)
    taken = [each for each in times if each is not None]
    return {
        "failed": took is None or len(taken) != len(times), "why": "{} of {} slices came up".format(controller.ready - 1, count),
        "up_s": took and round(took, 2), "cpu_ms": round(used / 1e6 / count, 2), "gone_s": gone and round(gone, 2),
        "own_bytes": round((own_after - own) / count), "kernel_bytes": round((kernel_after - kernel) / count),
        "change_ms": {"p50": round(statistics.median(taken), 1), "p99": round(sorted(taken)[-1 - len(taken) // 100], 1),
                      "max": round(max(taken), 1)} if taken else None,
        "attach": {"attached": told["attached"], "refused": told["refused"], "unanswered": told["unanswered"],
                   "p50_ms": told["attachP50Us"] / 1000, "p99_ms": told["attachP99Us"] / 1000},
    }


def verdict(value, target, unit):
    if target is None or value is None:
        return ""
    return "    target {} {}: {}".format(target, unit, "met" if value <= target else "NOT met")


def tell(kind, count, result):
    words, seconds, octets = ROUNDS[kind]
    print("\n{} slices with {}".format(count, words))
    if "up_s" not in result:
        print("  FAILED: " + result["why"])
        return
    print("  up after {} s, {} ms of CPU each, gone after {} s{}".format(
        result["up_s"], result["cpu_ms"], result["gone_s"], verdict(result["up_s"], seconds, "s")) + (
            "    FAILED: " + result["why"] if result["failed"] else ""))
    whole = result["own_bytes"] + result["kernel_bytes"]
    print("  memory a slice: {own_bytes} octets of the gateway's, about {kernel_bytes} of the kernel's".format(**result) + verdict(whole, octets, "octets"))
    if result["change_ms"]:
        print("  a change of one policy: p50 {p50} ms, p99 {p99} ms, longest {max} ms".format(**result["change_ms"]) +
              verdict(result["change_ms"]["p50"], CHANGE_TARGET_MS, "ms"))
    print("  SIMs of another slice meanwhile: {attached} attached, {refused} refused, {unanswered} unanswered, p50 {p50_ms:.1f} ms, "
          "p99 {p99_ms:.1f} ms".format(**result["attach"]))


def run(lab, options):
    count, changes = (50, 3) if options.quick else (SLICES, CHANGES)
    results = {"slices": count, "rules": RULES, "targets": {"change_ms": CHANGE_TARGET_MS}}
    for kind in ROUNDS:
        with Lab() as place, tempfile.TemporaryDirectory(prefix="slicegate-bench-") as folder:
            spaces = {word: place.namespace(kind[0] + word) for word in ("mobile", "gateway", "customer")}
            attach.connect(place, spaces)
            results[kind] = measure(place, options, folder, spaces, kind, count, changes)
        tell(kind, count, results[kind])
    results["failed"] = any(results[kind]["failed"] for kind in ROUNDS)
    return results


if __name__ == "__main__":
    serve(int(sys.argv[1]), sys.argv[2])
