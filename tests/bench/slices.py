# SPDX-License-Identifier: Apache-2.0
"""Many slices, each with a peering target of its own and a Routing Policy of 20 rules: how long until all are up, what one costs, and how long a
change of one policy takes until the slice's nftables say it, while all the others stand.

The stand-in for the controller is this file, started as a program in the gateway's namespace: it gives the snapshot, then each line of its
standard input, and keeps the time at which each was handed over.
"""
import http.server
import json
import os
import queue
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import uuid

SLICES, RULES, CHANGES = 1000, 20, 20
CHANGE_TARGET_MS, MEMORY_TARGET = 50, 2 << 20
GATEWAY = "10.8.1.1"


def serve(port, path):
    """GET: the snapshot, then what comes on standard input. POST: taken; slices that are ready are counted on standard output."""
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

        def do_POST(self):
            for line in self.rfile.read(int(self.headers["Content-Length"])).decode().splitlines():
                row = json.loads(line)
                if row.get("row") == "slice" and row.get("ready") and any(t["status"] == "available" for t in row["targets"]):
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
    threading.Thread(target=server.serve_forever, daemon=True).start()
    for line in sys.stdin:
        for stream in streams:
            stream.put(line.encode())


def policy(number, turn):
    """The `number`-th slice's policy; `turn` says which port its tenth rule is about."""
    rules = [{"id": "{:08x}-0000-4000-8000-{:012x}".format(number, at), "precedence": at, "description": "", "enabled": True,
              "ruleAction": "forward", "ruleDirection": "uplink", "reflexive": False, "routingTarget": identity(2, number),
              "transportProtocol": "udp", "destinationIpPattern": "10.30.{}.0/24".format(at),
              "destinationPortPattern": str(2000 + turn if at == 10 else 1701)} for at in range(RULES)]
    return {"moniker": "policy", "name": "policy", "vslice": identity(1, number), "routingPolicyStatus": "active", "rules": rules}


def identity(kind, number):
    return "0000000{}-0000-4000-8000-{:012x}".format(kind, number)


def put(kind, name, data, revision=1):
    return json.dumps({"row": "put", "kind": kind, "id": name, "revision": revision, "data": data}, separators=(",", ":")) + "\n"


def snapshot(path, count):
    gateway = str(uuid.uuid4())
    with open(path, "w", encoding="utf-8") as out:
        out.write(json.dumps({"row": "hello", "revision": 1, "snapshot": True, "gateway": gateway}) + "\n")
        out.write(put("regionalGateway", gateway, {"moniker": "bench", "name": "bench", "gtpPeers": ["10.8.1.0/24"]}))
        for number in range(count):
            out.write(put("vslice", identity(1, number), {
                "moniker": "slice-{}".format(number), "name": "slice", "vsliceType": "l2tp", "ipAddressFamily": "ipv4",
                "defaultRoutingPolicy": identity(3, number), "lnss": [],
                "lacs": [{"id": identity(4, number), "moniker": "lac", "name": "lac", "address": "10.200.0.1", "port": 1701}]}))
            out.write(put("routingTarget", identity(2, number), {
                "moniker": "peering", "name": "peering", "vslice": identity(1, number), "routingTargetType": "peering",
                "peeringConfig": {"interface": "p{}".format(number), "localAddress": "10.8.2.1/24", "gatewayAddress": "10.8.2.2",
                                  "remoteSubnets": "10.30.0.0/16"}}))
            out.write(put("routingPolicy", identity(3, number), policy(number, 0)))
        out.write('{"row":"ready","revision":1}\n')


def cables(gateway, customer, count):
    words = "".join("link add p{0} type veth peer name c{0} netns {1}\n".format(number, customer) for number in range(count))
    subprocess.run(["ip", "-n", gateway, "-batch", "-"], input=words, text=True, check=True)
    words = "".join("link set c{} up\n".format(number) for number in range(count))
    subprocess.run(["ip", "-n", customer, "-batch", "-"], input=words, text=True, check=True)


def memory(pid):
    """Octets of the process's own, and of the kernel's for everything (slabs, per CPU)."""
    own = kernel = 0
    with open("/proc/{}/smaps_rollup".format(pid), encoding="ascii") as rows:
        own = sum(int(row.split()[1]) for row in rows if row.startswith("Anonymous:")) * 1024
    with open("/proc/meminfo", encoding="ascii") as rows:
        kernel = sum(int(row.split()[1]) for row in rows if row.startswith(("Slab:", "Percpu:"))) * 1024
    return own, kernel


def change(sink, pid, number, turn):
    """Milliseconds from the hand-over of the changed policy until the slice's nftables have changed."""
    name = next(each for each in os.listdir("/run/netns") if each.startswith("sg-bench.slice-{}.".format(number)))
    namespace = "--net=/proc/{}/root/run/netns/{}".format(pid, name)  # pinned in the gateway's own mount namespace
    with subprocess.Popen(["nsenter", namespace, "stdbuf", "-oL", "nft", "monitor"], stdout=subprocess.PIPE) as monitor:
        time.sleep(0.5)  # it listens
        begun = time.monotonic()
        sink.stdin.write(put("routingPolicy", identity(3, number), policy(number, turn), 1 + turn) + '{{"row":"ready","revision":{}}}\n'.format(1 + turn))
        sink.stdin.flush()
        is_said = bool(monitor.stdout.readline())
        took = (time.monotonic() - begun) * 1000
        monitor.kill()
    if not is_said:
        raise SystemExit("bench: the slice's nftables cannot be watched")
    return took


def measure(lab, options, place, count, changes):
    gateway, customer = lab.namespace("gateway"), lab.namespace("customer")
    lab.ip("address", "add", GATEWAY + "/32", "dev", "lo", inside=gateway)
    cables(gateway, customer, count)
    snapshot(os.path.join(place, "snapshot"), count)
    sink = lab.start(gateway, 1, sys.executable, os.path.abspath(__file__), "5050", os.path.join(place, "snapshot"), stdin=subprocess.PIPE,
                     stdout=subprocess.PIPE, text=True)
    time.sleep(1)
    _, kernel = memory(os.getpid())
    begun = time.monotonic()
    with open(os.path.join(place, "log"), "wb") as log:
        program = lab.start(gateway, 0, options.build + "/src/gateway/slicegate-gateway", "--name", "bench", "--gtp-address", GATEWAY, "--state-dir",
                            os.path.join(place, "state"), "--controller", "http://127.0.0.1:5050", "--log", "warn", stderr=log)
    while int(sink.stdout.readline() or count) < count and program.poll() is None:
        pass
    took = time.monotonic() - begun
    threading.Thread(target=sink.stdout.read, daemon=True).start()
    time.sleep(2)
    own, after = memory(program.pid)
    times = [change(sink, program.pid, (turn * 37) % count, turn) for turn in range(1, changes + 1)]
    program.send_signal(signal.SIGTERM)
    program.wait(300)
    sink.stdin.close()
    return took, own / count, (after - kernel) / count, times


def run(lab, options):
    count, changes = (50, 3) if options.quick else (SLICES, CHANGES)
    with tempfile.TemporaryDirectory(prefix="slicegate-bench-") as place:
        took, own, kernel, times = measure(lab, options, place, count, changes)
    result = {"slices": count, "rules": RULES, "up_s": round(took, 1), "own_bytes": round(own), "kernel_bytes": round(kernel),
              "change_p50_ms": round(statistics.median(times), 1), "change_max_ms": round(max(times), 1),
              "targets": {"change_ms": CHANGE_TARGET_MS, "bytes": MEMORY_TARGET}}
    print("\n{slices} slices, each with a peering target and a policy of {rules} rules".format(**result))
    print("  all up after {up_s} s".format(**result))
    print("  memory a slice: {own_bytes} octets of the gateway's, about {kernel_bytes} of the kernel's    target {0}: {1}".format(
        MEMORY_TARGET, "met" if own + kernel <= MEMORY_TARGET else "NOT met", **result))
    print("  a change of one policy: p50 {change_p50_ms} ms, longest {change_max_ms} ms    target {0} ms: {1}".format(
        CHANGE_TARGET_MS, "met" if statistics.median(times) <= CHANGE_TARGET_MS else "NOT met", **result))
    return result


if __name__ == "__main__":
    serve(int(sys.argv[1]), sys.argv[2])
