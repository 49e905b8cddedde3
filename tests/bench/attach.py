# SPDX-License-Identifier: Apache-2.0
"""Full attaches a second, their times, the gateway's CPU for each, and memory per established session.

One gateway on one CPU, the simulated SGW and LNS on the other. An attach is GTP request to answer, through L2TP call, PPP and
CHAP; state file, reports and attach traces are on as always, and taken by a stand-in for the controller (sink.c). First some SIMs come at the target's pace
and go again, which gives the times; then all come as fast as they are served, which gives the rate, and stay, which gives the memory: what the process and
its pages of the state file have grown by, and the entries of the BPF maps (which are as large as --max-sessions says from the start) that a session has.
"""
import json
import os
import re
import signal
import subprocess
import tempfile
import time
import uuid

from lab import cpu_ns

RATE, RATE_TARGET, MEMORY_TARGET = 2000, 5000, 1024  # the pace of the first; of one core; octets a session at rest
REST_S = 20  # answers are kept for repeats until then
GATEWAY, SGW, PEERING, CUSTOMER, LAC, LNS = "10.8.1.1", "10.8.1.2", "10.8.2.1", "10.8.2.2", "10.200.0.1", "10.30.0.2"
SECRET, USER, PASSWORD, APN = "bench-tunnel", "bench", "bench-password", "internet"
FIRST_IMSI = 1010000000001
SIMS, PACED_SIMS, WINDOW = 100000, 10000, 128


def snapshot(path, sims, lnss=(LNS,), settings=None):
    """The configuration of one VSlice with these SIMs and LNSs, in order of preference; `settings` beside what every bench needs."""
    ids = {word: str(uuid.uuid4()) for word in ("gateway", "vslice", "target", "policy", "group", "lac", "rule")}
    rule = {"id": ids["rule"], "precedence": 100, "description": "", "ruleAction": "divert", "ruleDirection": "uplink",
            "routingTarget": ids["target"], "reflexive": False, "enabled": True}
    objects = [
        ("regionalGateway", ids["gateway"], {"moniker": "bench", "name": "bench", "gtpPeers": ["10.8.1.0/24"]}),
        ("vslice", ids["vslice"], {
            "moniker": "bench", "name": "bench", "vsliceType": "l2tp", "ipAddressFamily": "ipv4", "defaultRoutingPolicy": ids["policy"],
            "lacs": [{"id": ids["lac"], "moniker": "lac", "name": "lac", "address": LAC, "port": 1701, "tunnelSecret": SECRET}],
            "lnss": [{"id": str(uuid.uuid4()), "name": "lns", "address": lns, "port": 1701, "preference": place + 1, "tunnelSecret": SECRET}
                     for place, lns in enumerate(lnss)],
            "advancedSettings": {"pppUsername": USER, "pppPassword": PASSWORD, "maxTunnelsPerLns": 64, "maxSessionsPerTunnel": 4096,
                                 **(settings or {})}}),
        ("routingTarget", ids["target"], {
            "moniker": "peering", "name": "peering", "vslice": ids["vslice"], "routingTargetType": "peering",
            "peeringConfig": {"interface": "peering", "localAddress": PEERING + "/24", "gatewayAddress": CUSTOMER,
                              "remoteSubnets": ",".join(lns + "/32" for lns in lnss)}}),
        ("routingPolicy", ids["policy"], {
            "moniker": "default", "name": "default", "vslice": ids["vslice"], "routingPolicyStatus": "active", "rules": [rule]}),
        ("endpointGroup", ids["group"], {"moniker": "sims", "name": "sims", "vslice": ids["vslice"], "lac": ids["lac"]}),
    ]
    with open(path, "w", encoding="utf-8") as out:
        def row(**members):
            out.write(json.dumps(members, separators=(",", ":")) + "\n")

        row(row="hello", revision=1, snapshot=True, gateway=ids["gateway"])
        for kind, identity, data in objects:
            row(row="put", kind=kind, id=identity, revision=1, data=data)
        for number in range(sims):
            row(row="put", kind="endpoint", id=str(uuid.uuid4()), revision=1, data={
                "iccid": "89{:017d}".format(number), "imsis": ["{:015d}".format(FIRST_IMSI + number)],
                "msisdn": "4477{:08d}".format(number), "status": "active", "endpointGroup": ids["group"]})
        row(row="ready", revision=1)


def memory(pid):
    """Octets that are the process's own, and those of the state file's pages in it."""
    own = state = 0
    inside = False
    with open("/proc/{}/smaps".format(pid), encoding="ascii") as maps:
        for line in maps:
            if re.match(r"[0-9a-f]+-[0-9a-f]+ ", line):
                inside = line.rstrip().endswith("/state")
            elif line.startswith("Rss:") and inside:
                state += int(line.split()[1]) * 1024
            elif line.startswith("Anonymous:"):
                own += int(line.split()[1]) * 1024
    return own, state


BY_SESSION = {"uplinks", "uplink_counts", "extras", "prefixes", "downlinks", "downlink_counts"}


def entries(pid):
    """Octets that one session has in the BPF maps."""
    ids = set()
    for fd in os.listdir("/proc/{}/fdinfo".format(pid)):
        try:
            with open("/proc/{}/fdinfo/{}".format(pid, fd), encoding="ascii") as info:
                ids.update(line.split()[1] for line in info if line.startswith("map_id:"))
        except OSError:
            pass
    maps = [json.loads(subprocess.run(["bpftool", "-j", "map", "show", "id", number], stdout=subprocess.PIPE, check=True).stdout) for number in ids]
    return sum(row["bytes_value"] for row in maps if row.get("name") in BY_SESSION)


def wait_for(what, seconds, condition):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return
        time.sleep(0.1)
    raise SystemExit("bench: {} did not come in {} s".format(what, seconds))


class Gateway:
    """The gateway that is measured, and what its metrics say."""

    def __init__(self, lab, options, namespace, place, sims, **more):
        self.namespace = namespace
        words = ["--name", "bench", "--gtp-address", GATEWAY, "--state-dir", os.path.join(place, "state"), "--controller",
                 "http://127.0.0.1:5050", "--max-sessions", str(max(sims, 1024)), "--metrics-listen", "127.0.0.1:9100",
                 "--log", "warn"]
        snapshot(os.path.join(place, "snapshot.ndjson"), sims, **more)
        lab.start(namespace, 1, "{}/tests/bench/bench_sink".format(options.build), "5050", os.path.join(place, "snapshot.ndjson"),
                  stdout=subprocess.DEVNULL)
        with open(os.path.join(place, "log"), "wb") as log:
            self.program = lab.start(namespace, 0, "{}/src/gateway/slicegate-gateway".format(options.build), *words, stderr=log)
        self.pid = self.program.pid

    def metric(self, name):
        url = "http://127.0.0.1:9100/metrics"
        out = subprocess.run(["ip", "netns", "exec", self.namespace, "curl", "-sf", url], stdout=subprocess.PIPE, check=False, text=True)
        return sum(float(line.split()[-1]) for line in out.stdout.splitlines() if re.match(name + r"(_total)?[ {]", line))


class Sgw:
    """The SIMs of one round."""

    def __init__(self, lab, options, namespace, sims, *more):
        program = "{}/src/sim/slicegate-sim".format(options.build)
        words = ["--local", SGW, "--remote", GATEWAY, "--imsi", "{:015d}".format(FIRST_IMSI), "--count", str(sims), "--apn", APN, "--quiet",
                 "--json"]
        self.program = lab.start(namespace, 1, program, "sgw", *words, *more, stdout=subprocess.PIPE, text=True)

    def told(self):
        """What it counted, which it says when all have been detached."""
        return json.loads(self.program.communicate(timeout=600)[0].splitlines()[-1])


def start_lns(lab, options, namespace, address=LNS, *more):
    return lab.start(namespace, 1, "{}/src/sim/slicegate-sim".format(options.build), "lns", "--listen", address, "--secret", SECRET, "--user",
                     "{}:{}".format(USER, PASSWORD), "--pool", "10.64.0.0/12", "--dns", "10.50.0.53", "--window", "256", "--quiet", *more,
                     stdout=subprocess.DEVNULL)


def connect(lab, spaces, lnss=(LNS,)):
    """The cables between mobile network, gateway and customer."""
    lab.link(spaces["mobile"], SGW + "/24", spaces["gateway"], GATEWAY + "/24", cpus=(1, 0))
    lab.cable(spaces["gateway"], "peering", spaces["customer"], "wan", CUSTOMER + "/24")
    for lns in lnss:
        lab.ip("address", "add", lns + "/32", "dev", "lo", inside=spaces["customer"])
    lab.ip("route", "add", LAC + "/32", "via", PEERING, inside=spaces["customer"])


def measure(lab, options, spaces, place, sims, paced):
    start_lns(lab, options, spaces["customer"])
    gateway = Gateway(lab, options, spaces["gateway"], place, sims)
    wait_for("the tunnel", 60, lambda: gateway.metric("slicegate_tunnels") > 0)
    time.sleep(1)
    before = memory(gateway.pid)
    slow = Sgw(lab, options, spaces["mobile"], paced, "--rate", str(RATE), "--window", "4096", "--hold", "0").told()
    used = cpu_ns(gateway.pid)
    sgw = Sgw(lab, options, spaces["mobile"], sims, "--window", str(WINDOW))
    wait_for("every SIM", 600, lambda: gateway.metric("slicegate_sessions") >= sims or sgw.program.poll() is not None)
    used = cpu_ns(gateway.pid) - used
    after = memory(gateway.pid)
    time.sleep(REST_S)
    rest = memory(gateway.pid) + (entries(gateway.pid),)
    sgw.program.send_signal(signal.SIGINT)
    fast = sgw.told()
    gateway.program.send_signal(signal.SIGTERM)
    gateway.program.wait(60)
    return slow, fast, used, before, after, rest


def run(lab, options):
    sims, paced = (2000, 500) if options.quick else (SIMS, PACED_SIMS)
    spaces = {word: lab.namespace(word) for word in ("mobile", "gateway", "customer")}
    connect(lab, spaces)
    with tempfile.TemporaryDirectory(prefix="slicegate-bench-") as place:
        return report(sims, paced, *measure(lab, options, spaces, place, sims, paced))


def verdict(target, met):
    return "target {}: {}".format(target, "met" if met else "NOT met")


def report(sims, paced, slow, fast, used, before, after, rest):
    own, state = ((rest[i] - before[i]) / max(fast["attached"], 1) for i in (0, 1))
    maps = rest[2]
    storm = sum(after[i] - before[i] for i in (0, 1)) / max(fast["attached"], 1) + maps
    core = 1e9 * fast["attached"] / max(used, 1)
    result = {
        "sims": sims, "attached": fast["attached"], "refused": fast["refused"], "unanswered": fast["unanswered"],
        "attaches_per_second": fast["attachesPerSecond"], "in_flight": WINDOW,
        "p50_ms": fast["attachP50Us"] / 1000, "p99_ms": fast["attachP99Us"] / 1000,
        "paced": {"sims": paced, "attached": slow["attached"], "attaches_per_second": slow["attachesPerSecond"],
                  "p50_ms": slow["attachP50Us"] / 1000, "p99_ms": slow["attachP99Us"] / 1000},
        "gateway_cpu_us": round(used / 1000 / max(fast["attached"], 1), 1), "gateway_busy": round(used / 1e9 / max(fast["seconds"], 0.001), 2),
        "attaches_per_core_second": round(core), "bytes_per_session": round(own + state + maps), "bytes_per_session_in_storm": round(storm), "own_bytes": round(own), "state_bytes": round(state), "map_bytes": maps,
        "targets": {"attaches_per_second": RATE_TARGET, "bytes_per_session": MEMORY_TARGET},
        "failed": fast["attached"] != sims or slow["attached"] != paced,
    }
    print("\nFull attaches (GTP request to answer, through L2TP, PPP and CHAP), the gateway on one CPU, the simulators on the other")
    print("  {attached} of {sims} attached, {in_flight} in flight: {attaches_per_second:.0f} /s, p50 {p50_ms:.1f} ms, p99 {p99_ms:.1f} ms".format(**result))
    print("  {attached} of {sims} attached, paced: {attaches_per_second:.0f} /s, p50 {p50_ms:.1f} ms, p99 {p99_ms:.1f} ms".format(**result["paced"]))
    print("  gateway CPU an attach: {gateway_cpu_us} us, {busy:.0%} of its CPU: one core is good for {attaches_per_core_second} /s    ".format(
        busy=result["gateway_busy"], **result) + verdict("{} /s or more".format(RATE_TARGET), core >= RATE_TARGET))
    print("  memory a session with {attached} up: {bytes_per_session} octets ({own_bytes} its own, {state_bytes} of the state file, {map_bytes} of BPF maps), {bytes_per_session_in_storm} in the storm    ".format(
        **result) + verdict("{} or less".format(MEMORY_TARGET), result["bytes_per_session"] <= MEMORY_TARGET))
    return result
