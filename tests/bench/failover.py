# SPDX-License-Identifier: Apache-2.0
"""An LNS with many sessions dies: how long until they have traffic again on the other one.

The preferred LNS is killed without a word. The gateway finds out by HELLO, then dials each session again on the second LNS, asking for its old
address, at redialRate a second. A session has traffic again when it is in the data plane of its new tunnel.
"""
import json
import os
import signal
import subprocess
import tempfile
import time

from attach import LNS, WINDOW, Gateway, Sgw, connect, start_lns, wait_for

SIMS, SECOND, RATE = 50000, "10.30.0.3", 2000
SETTINGS = {"helloIntervalSeconds": 1, "retransmitInitialMs": 300, "retransmitCapMs": 1000, "retransmitMaxEstablished": 3, "redialRate": RATE}


def told(options, path, *words):
    return subprocess.run([options.build + "/src/sim/slicegate-sim", "tell", path, *words], stdout=subprocess.PIPE, check=True, text=True).stdout


def watch(gateway, sims, until):
    """Samples (seconds, sessions rescued) until all are, or the time is over."""
    begun, samples = time.monotonic(), []
    while time.monotonic() - begun < until:
        samples.append((time.monotonic() - begun, gateway.metric("slicegate_sessions_rescued")))
        if samples[-1][1] >= sims:
            break
        time.sleep(0.1)
    return samples


def peak(samples):
    """The most in any second."""
    return max((later[1] - earlier[1] for earlier in samples for later in samples if 0 < later[0] - earlier[0] <= 1), default=0)


def measure(lab, options, spaces, place, sims):
    control = os.path.join(place, "second.ctl")
    first = start_lns(lab, options, spaces["customer"])
    start_lns(lab, options, spaces["customer"], SECOND, "--control", control)
    gateway = Gateway(lab, options, spaces["gateway"], place, sims, lnss=(LNS, SECOND), settings=SETTINGS)
    wait_for("the tunnels", 60, lambda: gateway.metric("slicegate_tunnels") > 1)
    sgw = Sgw(lab, options, spaces["mobile"], sims, "--window", str(WINDOW))
    wait_for("every SIM", 600, lambda: gateway.metric("slicegate_sessions") >= sims)
    time.sleep(1)
    first.kill()
    samples = watch(gateway, sims, 60 + sims / RATE)
    time.sleep(1)
    second = json.loads(told(options, control, "counters"))
    held = gateway.metric("slicegate_sessions")
    failovers = gateway.metric("slicegate_sessions_of_lost_tunnels")
    sgw.program.send_signal(signal.SIGINT)
    sims_told = sgw.told()
    gateway.program.send_signal(signal.SIGTERM)
    gateway.program.wait(60)
    return samples, second, held, failovers, sims_told


def run(lab, options):
    sims = 2000 if options.quick else SIMS
    spaces = {word: lab.namespace(word) for word in ("mobile", "gateway", "customer")}
    connect(lab, spaces, (LNS, SECOND))
    with tempfile.TemporaryDirectory(prefix="slicegate-bench-") as place:
        samples, second, held, lost, sgw = measure(lab, options, spaces, place, sims)
    first = next((when for when, count in samples if count), 0)
    most = next((when for when, count in samples if count >= 0.99 * sims), None)
    result = {
        "sims": sims, "lost": int(lost), "rescued": int(samples[-1][1]), "released": sgw["released"],
        "noticed_s": round(first, 1), "seconds_to_99_percent": most and round(most, 1), "redial_rate": RATE, "peak_rate": round(peak(samples)),
        "half_sessions": int(second["sessionsNow"] - held), "failed": most is None or second["sessionsNow"] != held,
    }
    print("\nAn LNS with {sims} sessions is killed; the other one grants the old addresses".format(**result))
    print("  the first is back after {noticed_s} s (HELLO 1 s, 3 repeats), 99 % after {seconds_to_99_percent} s".format(**result))
    print("  {rescued} of {lost} rescued, {released} released; peak {peak_rate} /s at the LNS (limit {redial_rate}), half sessions left: {half_sessions}".format(**result))
    return result
