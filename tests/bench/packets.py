# SPDX-License-Identifier: Apache-2.0
"""ns per packet of the soft data plane, beside a bare recvmmsg/sendmmsg echo in the same run.

The relay has a CPU to itself, and RPS puts the receive softirqs of its interfaces there as well: a window of packets is always under
way, so they run in its context and its schedstat is "softirq + process CPU". What leaves it is received on the same CPU and counts too;
to steer that elsewhere would cost an interrupt a packet, more than all the rest in a virtual machine, and hide what is measured.
"""
import statistics
import subprocess

from lab import cpu_ns

TARGET = 1.5
RUNS = 5
SESSIONS = 1024
GTPU, LAC, SGW, LNS, ECHO = "10.7.1.1:2152", "10.7.2.1:1701", "10.7.1.2:2152", "10.7.2.2:1701", "10.7.1.1:2153"


def relay(lab, namespace, options, *words):
    command = ["{}/tests/bench/bench_relay".format(options.build)] + list(words)
    program = lab.start(namespace, 0, *command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    if program.stdout.readline().strip() != "ready":
        raise SystemExit("bench: the relay did not start")
    return program


def measure(lab, options, spaces, program, kind, octets, count):
    """One run: ns per packet delivered."""
    sgw, lns = "{}/{}".format(spaces["sgw"], SGW), "{}/{}".format(spaces["lns"], LNS)
    ends = {"up": (sgw, lns, GTPU), "down": (lns, sgw, LAC), "echo": (sgw, sgw, ECHO)}[kind]
    command = ["taskset", "-c", "1", "{}/tests/bench/bench_load".format(options.build), kind, str(octets), str(count), str(SESSIONS)]
    before = cpu_ns(program.pid)
    out = subprocess.run(command + list(ends), check=True, stdout=subprocess.PIPE, text=True).stdout
    used = cpu_ns(program.pid) - before
    sent, received = (int(word) for word in out.split()[:2])
    return {"ns": used / max(received, 1), "sent": sent, "received": received}


def run(lab, options):
    spaces = {word: lab.namespace(word) for word in ("sgw", "gateway", "lns")}
    lab.link(spaces["gateway"], "10.7.1.1/24", spaces["sgw"], "10.7.1.2/24", cpus=(0, None))
    lab.link(spaces["gateway"], "10.7.2.1/24", spaces["lns"], "10.7.2.2/24", cpus=(0, None))
    programs = {
        "echo": relay(lab, spaces["gateway"], options, "echo", ECHO),
        "up": relay(lab, spaces["gateway"], options, "soft", GTPU, LAC, SGW, LNS, str(SESSIONS)),
    }
    programs["down"] = programs["up"]
    count = 5000 if options.quick else 100000
    rows = [(kind, octets) for octets in (64, 1400) for kind in ("echo", "up", "down")]
    seen = {row: [] for row in rows}
    for kind, octets in rows:  # once for nothing: ARP, page faults
        measure(lab, options, spaces, programs[kind], kind, octets, 5000)
    for _ in range(2 if options.quick else RUNS):
        for kind, octets in rows:
            seen[kind, octets].append(measure(lab, options, spaces, programs[kind], kind, octets, count))
    return report(rows, seen)


def report(rows, seen):
    print("\nSoft data plane, (softirq + process CPU) per packet delivered, {} sessions, median of {} interleaved runs".format(
        SESSIONS, len(next(iter(seen.values())))))
    print("  {:<8} {:>6} {:>10} {:>18} {:>8} {:>12}".format("path", "octets", "ns/packet", "(least - most)", "ratio", "lost"))
    result = {"target_ratio": TARGET, "failed": False, "rows": []}
    for kind, octets in rows:
        runs = seen[kind, octets]
        ns = [each["ns"] for each in runs]
        base = statistics.median(each["ns"] for each in seen["echo", octets])
        row = {"path": kind, "octets": octets, "ns": round(statistics.median(ns)), "least": round(min(ns)), "most": round(max(ns)),
               "ratio": round(statistics.median(ns) / base, 2), "lost": sum(each["sent"] - each["received"] for each in runs)}
        result["rows"].append(row)
        result["failed"] |= row["lost"] > 0
        print("  {path:<8} {octets:>6} {ns:>10} {span:>18} {ratio:>8.2f} {lost:>12}".format(
            span="({least} - {most})".format(**row), **row))
    worst = max(row["ratio"] for row in result["rows"])
    print("  target: ratio {} or less; worst {}: {}".format(TARGET, worst, "met" if worst <= TARGET else "NOT met"))
    return result
