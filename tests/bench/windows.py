# SPDX-License-Identifier: Apache-2.0
"""Attaches a second through small windows: an LNS 20 ms away that takes 4 or 16 control messages at a time, by one tunnel and by four; and
the time to attach while the preferred LNS is silent and nobody knows it yet.

A call takes two messages of the LAC through the window, so one tunnel of window 4 at 20 ms is good for some 100 a second, whatever the gateway.
"""
import signal
import tempfile
import time

from attach import LNS, Gateway, Sgw, connect, start_lns, wait_for
from lab import Lab

SECOND, DELAY_MS, IN_FLIGHT = "10.30.0.3", 20, 256
ROWS = ((4, 1, 600), (16, 1, 2000), (4, 4, 2000), (16, 4, 6000))  # window, tunnels at most, SIMs


def through(lab, options, spaces, place, window, tunnels, sims):
    lns = start_lns(lab, options, spaces["customer"], LNS, "--window", str(window), "--fault", "slow={}".format(DELAY_MS))
    gateway = Gateway(lab, options, spaces["gateway"], place, sims, settings={"maxTunnelsPerLns": tunnels})
    wait_for("the tunnel", 60, lambda: gateway.metric("slicegate_tunnels") > 0)
    sgw = Sgw(lab, options, spaces["mobile"], sims, "--window", str(min(IN_FLIGHT, window * tunnels * 16)))
    wait_for("every SIM", 120, lambda: answered(gateway) >= sims or sgw.program.poll() is not None)
    opened = gateway.metric("slicegate_tunnels_opened")
    told = stop(gateway, sgw, lns)
    return {"window": window, "tunnels": int(opened), "sims": sims, "attached": told["attached"], "attaches_per_second": round(told["attachesPerSecond"]),
            "p50_ms": told["attachP50Us"] / 1000, "p99_ms": told["attachP99Us"] / 1000}


def answered(gateway):
    return gateway.metric("slicegate_sessions") + gateway.metric("slicegate_attach_refused")


def stop(gateway, sgw, *programs):
    sgw.program.send_signal(signal.SIGINT)
    told = sgw.told()
    gateway.program.send_signal(signal.SIGTERM)
    gateway.program.wait(60)
    for program in programs:
        program.kill()
        program.wait()
    return told


def dead_lns(lab, options, spaces, place, sims):
    first = start_lns(lab, options, spaces["customer"])
    second = start_lns(lab, options, spaces["customer"], SECOND)
    gateway = Gateway(lab, options, spaces["gateway"], place, sims, lnss=(LNS, SECOND))
    wait_for("the tunnels", 60, lambda: gateway.metric("slicegate_tunnels") > 1)
    time.sleep(1)
    first.send_signal(signal.SIGSTOP)
    sgw = Sgw(lab, options, spaces["mobile"], sims, "--rate", str(sims // 5), "--window", "4096")
    wait_for("every SIM", 60, lambda: answered(gateway) >= sims or sgw.program.poll() is not None)
    first.send_signal(signal.SIGCONT)
    told = stop(gateway, sgw, first, second)
    return {"sims": sims, "attached": told["attached"], "p50_ms": told["attachP50Us"] / 1000, "p99_ms": told["attachP99Us"] / 1000}


def alone(measure, options, *more):
    """A measurement in namespaces of its own, since a slice takes its cables along when it goes."""
    with Lab() as lab, tempfile.TemporaryDirectory(prefix="slicegate-bench-") as place:
        spaces = {word: lab.namespace(word) for word in ("mobile", "gateway", "customer")}
        connect(lab, spaces, (LNS, SECOND))
        return measure(lab, options, spaces, place, *more)


def run(_, options):
    rows = []
    print("\nFull attaches through an LNS {} ms away".format(DELAY_MS))
    for window, tunnels, sims in ROWS:
        rows.append(alone(through, options, window, tunnels, 100 if options.quick else sims))
        print("  window {window:2}, {tunnels} tunnel(s): {attaches_per_second} /s, p50 {p50_ms:.0f} ms, p99 {p99_ms:.0f} ms, {attached} of {sims} attached".format(
            **rows[-1]))
    dead = alone(dead_lns, options, 100 if options.quick else 2000)
    print("  the preferred of two LNSs falls silent unnoticed, {sims} SIMs in 5 s: p50 {p50_ms:.0f} ms, p99 {p99_ms:.0f} ms, {attached} attached    target p99 2500 ms: {met}".format(
        met="met" if dead["p99_ms"] <= 2500 else "NOT met", **dead))
    return {"rows": rows, "dead_lns": dead, "failed": any(row["attached"] != row["sims"] for row in rows + [dead])}
