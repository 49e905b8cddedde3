# SPDX-License-Identifier: Apache-2.0
"""The API: requests a second and their times with 100,000 endpoints stored, beside a bare libmicrohttpd handler in the same run; what a
bulk import and a backup do to others meanwhile; the controller's memory with a million endpoints.

The controller is held to CPU 0, with all its threads; the load has CPU 1. Rates are of a closed loop over 16 connections, medians of
interleaved runs, and the CPU of one request beside them, which other work on the machine disturbs less; times are of an open loop at a
fixed rate and count from when a request was due.
"""
import contextlib
import http.client
import json
import os
import re
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))
os.environ.setdefault("BUILD", "build/release")
import harness  # noqa: E402
from lab import cpu_ns  # noqa: E402

ENDPOINTS, MANY = 100000, 1000000
GET_SHARE, LIST_P99_MS, IMPORT_S, MEMORY_MIB = 1 / 3, 5, 20, 300
RUNS, CONNECTIONS, RATE = 3, 16, 200


class Load:
    def __init__(self, place, options):
        self.folder = tempfile.mkdtemp(prefix="slicegate-bench-api-")
        self.place, self.options, self.files = place, options, 0

    def lines(self, lines):
        self.files += 1
        path = "{}/{}".format(self.folder, self.files)
        with open(path, "w", encoding="ascii") as out:
            out.write("\n".join(lines) + "\n")
        return path

    def command(self, port, connections, seconds, rate, token, method, paths, bodies=None):
        command = ["taskset", "-c", "1", "{}/tests/bench/bench_api_load".format(self.options.build)]
        return command + [str(word) for word in (port, connections, seconds, rate, token, method, paths)] + ([bodies] if bodies else [])

    def run(self, *words):
        return json.loads(subprocess.run(self.command(*words), check=True, stdout=subprocess.PIPE, text=True).stdout)

    def costs(self, pid, *words):
        """The same, and what each request cost the process (us)."""
        before = cpu_ns(pid)
        seen = self.run(*words)
        return {**seen, "us": (cpu_ns(pid) - before) / max(seen["requests"], 1) / 1000}

    def begin(self, port, rate, token, method, paths, bodies=None):
        """An open loop until `end`."""
        return subprocess.Popen(self.command(port, 8, "-", rate, token, method, paths, bodies), stdin=subprocess.PIPE,
                                stdout=subprocess.PIPE, text=True)

    @staticmethod
    def end(program):
        return json.loads(program.communicate("")[0])

    def bare(self, port, octets):
        program = subprocess.Popen(["taskset", "-c", "0", "{}/tests/bench/bench_api_bare".format(self.options.build), str(port), str(octets)],
                                   stdout=subprocess.PIPE, text=True)
        self.place.programs.append(program)
        program.stdout.readline()
        return program


class Deliveries:
    """How long a change takes to a gateway: one PATCH after the other, each until its row is in the stream."""

    def __init__(self, controller, path):
        self.stream = harness.Stream(controller, "europe")
        self.stream.until("ready", 120)
        self.api, self.path = controller.client(), path
        self.times, self.running = [], True
        self.thread = threading.Thread(target=self.work)
        self.thread.start()

    def work(self):
        number = 0
        while self.running:
            number += 1
            begun = time.monotonic()
            self.api.ok("PATCH", self.path, {"name": "change {}".format(number)})
            while True:
                row = self.stream.next(60)
                if row.get("row") == "put" and row["data"].get("name") == "change {}".format(number):
                    break
            self.times.append((time.monotonic() - begun) * 1000)
            time.sleep(0.02)

    def end(self):
        self.running = False
        self.thread.join()
        self.stream.close()
        times = sorted(self.times)
        return {"p50": round(times[len(times) // 2], 2), "p99": round(times[int((len(times) - 1) * 0.99)], 2), "max": round(times[-1], 2),
                "count": len(times)}


def rows(group, first, count):
    return "iccid,imsis,endpointGroup,tags\r\n" + "".join(
        "{},{},{},a;b\r\n".format(harness.iccid(n), harness.imsi(n), group) for n in range(first, first + count))


def wait_told(controller):
    """Until the events of what was imported are written: they follow the answer."""
    while True:
        with contextlib.closing(sqlite3.connect("file:{}/db?mode=ro".format(controller.folder), uri=True, timeout=10)) as db:
            if not db.execute("SELECT count(*) FROM import_log WHERE state < 2").fetchone()[0]:
                return
        time.sleep(0.2)


def do_import(controller, group, first, count):
    """Seconds of an import of `count` endpoints."""
    body = rows(group, first, count).encode()
    connection = http.client.HTTPConnection("127.0.0.1", controller.port, timeout=600)
    begun = time.monotonic()
    connection.request("POST", "/api/v1/endpoints/import", body, {"Authorization": "Bearer " + controller.token, "Content-Type": "text/csv"})
    reply = connection.getresponse()
    text = reply.read()
    if reply.status != 200:
        raise SystemExit("bench: the import failed: {}".format(text[:600]))
    return time.monotonic() - begun


def memory_mib(pid):
    with open("/proc/{}/status".format(pid), encoding="ascii") as status:
        return int(re.search(r"VmRSS:\s+(\d+)", status.read()).group(1)) / 1024


def start(options):
    harness.PROGRAM = harness.pathlib.Path(options.build) / "src/controller/slicegate-controller"
    controller = harness.Controller("--rate-limit", 0)
    subprocess.run(["taskset", "-a", "-c", "-p", "0", str(controller.process.pid)], check=True, stdout=subprocess.DEVNULL)
    return controller


def rates(load, controller, count, options):
    """Requests a second of each kind, beside the bare handler answering as many octets."""
    token, runs, seconds = controller.token, 1 if options.quick else RUNS, 1 if options.quick else 4
    get = load.lines("/api/v1/endpoints/" + harness.iccid(n * 7919 % count) for n in range(min(count, 20000)))
    page = load.lines("/api/v1/endpoints?limit=50&offset={}".format(n * 997 % (count - 50)) for n in range(200))
    first = iter(range(5 * MANY, 9 * MANY))
    kinds = [("GET one", "GET", get, None), ("list 50", "GET", page, None), ("POST", "POST", load.lines(["/api/v1/endpoints"]), True)]
    result = {}
    for word, method, paths, posts in kinds:
        seen, bare_seen = [], []
        for turn in range(runs):
            bodies = load.lines(json.dumps({"iccid": harness.iccid(n), "imsis": [harness.imsi(n)], "endpointGroup": "bench-group"})
                                for n in (next(first) for _ in range(8000 * seconds))) if posts else None
            words = (CONNECTIONS, seconds, 0, token, method, paths) + ((bodies,) if bodies else ())
            seen.append(load.costs(controller.process.pid, controller.port, *words))
            bare = load.bare(5999, seen[-1]["octets"])
            bare_seen.append(load.costs(bare.pid, 5999, *words))
            bare.terminate()
            bare.wait()
            if seen[-1]["failed"]:
                raise SystemExit("bench: {} answered {}".format(word, seen[-1]["status"]))
        rate, bare_rate = (statistics.median(each["rate"] for each in some) for some in (seen, bare_seen))
        us, bare_us = (statistics.median(each["us"] for each in some) for some in (seen, bare_seen))
        open_loop = load.run(controller.port, 8, seconds, RATE, token, method, paths, *((bodies_more(load, first, seconds),) if posts else ()))
        result[word] = {"rate": rate, "bare": bare_rate, "share": round(rate / bare_rate, 3), "us": us, "bare_us": bare_us,
                        "cpu_share": round(bare_us / us, 3), "octets": seen[-1]["octets"],
                        "p50": open_loop["p50"], "p99": open_loop["p99"]}
    return result


def bodies_more(load, first, seconds):
    return load.lines(json.dumps({"iccid": harness.iccid(n), "imsis": [harness.imsi(n)], "endpointGroup": "bench-group"})
                      for n in (next(first) for _ in range((seconds + 2) * RATE)))


def meanwhile(load, controller, vslice, work):
    """GETs and configuration changes while `work` runs."""
    get = load.lines("/api/v1/endpoints/" + harness.iccid(n * 7919 % 1000) for n in range(1000))
    deliveries = Deliveries(controller, "vslices/" + vslice)
    program = load.begin(controller.port, RATE, controller.token, "GET", get)
    took = work()
    return {"seconds": round(took, 2), "get": load.end(program), "delivery": deliveries.end()}


def run(place, options):
    controller, load = start(options), Load(place, options)
    try:
        return measure(load, controller, options)
    finally:
        controller.close()
        shutil.rmtree(load.folder)


def idle():
    begun = time.monotonic()
    time.sleep(5)
    return time.monotonic() - begun


def do_backup(controller):
    """Seconds of `slicegate-controller backup`, again and again for some seconds, as a process of its own on the controller's CPU."""
    begun, times = time.monotonic(), 0
    while times < 1 or time.monotonic() - begun < 4:
        times += 1
        subprocess.run(["taskset", "-c", "0", str(harness.PROGRAM), "backup", "{}/copy{}".format(controller.folder, times), "--database",
                        str(controller.folder / "db")], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return (time.monotonic() - begun) / times


def print_meanwhile(title, quiet, during):
    print("\n" + title)
    print("  {:<34} {:>9} {:>9} {:>9}".format("meanwhile, ms", "p50", "p99", "most"))
    for word, name in (("GET one", "get"), ("change to a gateway", "delivery")):
        for when, some in (("nothing else", quiet), ("meanwhile", during)):
            print("  {:<34} {p50:>9.2f} {p99:>9.2f} {max:>9.2f}".format("{}, {}".format(word, when), **some[name]))


def print_rates(rows, count):
    print("\nThe API on one CPU with {} endpoints stored, beside a bare libmicrohttpd handler that answers as many octets".format(count))
    print("  {:<10} {:>7} {:>9} {:>9} {:>7} {:>9} {:>9} {:>7} {:>9} {:>9}".format(
        "request", "octets", "per s", "bare, /s", "share", "us CPU", "bare, us", "share", "p50 ms", "p99 ms"))
    for word, row in rows.items():
        print("  {:<10} {octets:>7} {rate:>9.0f} {bare:>9.0f} {share:>7.3f} {us:>9.1f} {bare_us:>9.1f} {cpu_share:>7.3f} {p50:>9.2f} "
              "{p99:>9.2f}".format(word, **row))
    get, page = rows["GET one"], rows["list 50"]
    print("  targets: GET one a share of {:.2f} or more: {}; list 50 p99 {} ms or less: {}".format(
        GET_SHARE, "met" if min(get["share"], get["cpu_share"]) >= GET_SHARE else "NOT met", LIST_P99_MS,
        "met" if page["p99"] <= LIST_P99_MS else "NOT met"))


def measure_memory(controller, count):
    """With as many endpoints as the target names, lists of them read and one gateway given all of it."""
    first = count + 1000
    while first < MANY:
        do_import(controller, "bench-group", first, min(200000, MANY - first))
        first += 200000
    api = controller.client()
    for number in range(100):
        api.ok("GET", "endpoints?limit=50&offset={}".format(number * MANY // 101))
    stream = harness.Stream(controller, "europe")
    begun = time.monotonic()
    stream.until("ready", 300)
    took = time.monotonic() - begun
    stream.close()
    memory = round(memory_mib(controller.process.pid))
    print("\nMemory of the controller with {} endpoints, after a snapshot of them to a gateway ({:.1f} s): {} MiB (target {} or less: {})".format(
        MANY, took, memory, MEMORY_MIB, "met" if memory <= MEMORY_MIB else "NOT met"))
    return {"mib": memory, "snapshot_s": round(took, 1)}


def measure(load, controller, options):
    count = 2000 if options.quick else ENDPOINTS
    ids = harness.l2tp_setup(controller.client(), "Bench")
    result = {"failed": False, "endpoints": count}
    do_import(controller, "bench-group", 0, 1000)
    quiet = meanwhile(load, controller, ids["vslice"], idle)
    during = meanwhile(load, controller, ids["vslice"], lambda: do_import(controller, "bench-group", 1000, count))
    print_meanwhile("Bulk import of {} endpoints, all on one CPU: {:.1f} s (target {} or less: {})".format(
        count, during["seconds"], IMPORT_S, "met" if during["seconds"] <= IMPORT_S else "NOT met"), quiet, during)
    wait_told(controller)
    backup = meanwhile(load, controller, ids["vslice"], lambda: do_backup(controller))
    print_meanwhile("Backup with {} endpoints, on the same CPU: {:.1f} s each".format(count, backup["seconds"]), quiet, backup)
    result.update(quiet=quiet, importing=during, backup=backup)
    result["rates"] = rates(load, controller, count, options)
    print_rates(result["rates"], count)
    if not options.quick:
        result["memory"] = measure_memory(controller, count)
    return result
