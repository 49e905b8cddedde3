# SPDX-License-Identifier: Apache-2.0
"""The BPF programs of the data plane: by themselves, and relaying over veth, beside a null redirect and the bare socket echo in the same run.

By themselves: BPF_PROG_TEST_RUN of a program that writes a fresh packet of a random session and calls the relay, less the same with an empty
program. Live: the same load as live frames into a veth, through the relay, out by another veth to a sink that counts; CPU time of all of it,
generator and sink included, on one CPU. UDP checksum on data off. Every packet sent must arrive.
"""
import statistics
import subprocess

import packets
import tun

SESSIONS = (1, 1024, 1048576)
TARGETS = {"alone_hot": 30, "alone_1m": 240, "relay": 1.20, "sessions": 2.0, "echo": 12, "tun": 20, "routed": 2.0, "forwarded": 4.8, "masqueraded": 6.5}


def bench(options, *words, inside=None):
    command = ["taskset", "-c", "0", "{}/tests/bench/bench_xdp".format(options.build)] + [str(word) for word in words]
    if inside:
        command = ["ip", "netns", "exec", inside] + command
    out = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, timeout=600).stdout
    return [float(word) for word in out.split()]


def alone(options):
    rows = []
    repeat, runs = (20000, 1) if options.quick else (1000000, 3)
    print("\nXDP programs alone, ns over an empty program, BPF_PROG_TEST_RUN, median of {} runs".format(runs))
    print("  {:<9} {:>6} {:>9} {:>8} {:>18} {:>8}".format("direction", "octets", "sessions", "ns", "(least - most)", "target"))
    for octets in (64, 1400):
        for direction in ("up", "down"):
            for sessions in SESSIONS:
                seen = [run[1] - run[0] for run in (bench(options, "alone", direction, octets, sessions, repeat) for _ in range(runs))]
                target = TARGETS["alone_1m" if sessions > 1024 else "alone_hot"]
                row = {"direction": direction, "octets": octets, "sessions": sessions, "ns": statistics.median(seen), "least": min(seen),
                       "most": max(seen), "target": target, "met": statistics.median(seen) <= target}
                rows.append(row)
                print("  {direction:<9} {octets:>6} {sessions:>9} {ns:>8.0f} {span:>18} {target:>5} {said}".format(
                    span="({least:.0f} - {most:.0f})".format(**row), said="met" if row["met"] else "NOT met", **row))
    return rows


def topology(lab):
    space = lab.namespace("xdp")
    for left, right in (("bg0", "bg1"), ("bt0", "bt1")):
        lab.ip("link", "add", left, "type", "veth", "peer", "name", right, inside=space)
    quiet = "for i in all default bg0 bg1 bt0 bt1; do echo 1 >/proc/sys/net/ipv6/conf/$i/disable_ipv6; done"
    subprocess.run(["ip", "netns", "exec", space, "sh", "-c", quiet], check=True)
    for name in ("bg0", "bg1", "bt0", "bt1"):
        lab.ip("link", "set", name, "up", inside=space)
    slice_add(lab, space)
    return space


def slice_add(lab, space):
    """The cable of an Integrated slice, and a stack behind it that forwards what its SIMs send to bt1."""
    def inside(*words, **more):
        subprocess.run(["ip", "netns", "exec", space] + list(words), check=True, stdout=subprocess.DEVNULL, **more)

    lab.ip("link", "add", "simw", "type", "veth", "peer", "name", "sims", inside=space)
    lab.ip("link", "set", "sims", "address", "02:53:47:00:00:01", inside=space)
    lab.ip("address", "add", "10.7.3.1/24", "dev", "bt0", inside=space)
    inside("sh", "-c", "echo 1 >/proc/sys/net/ipv4/ip_forward; for i in all sims; do echo 0 >/proc/sys/net/ipv4/conf/$i/rp_filter; done")
    inside("ethtool", "-K", "sims", "gro", "on")
    for name in ("simw", "sims"):
        lab.ip("link", "set", name, "up", inside=space)
    lab.ip("neighbour", "add", "10.7.3.2", "lladdr", "02:00:00:00:00:02", "dev", "bt0", inside=space)
    lab.ip("route", "add", "198.51.100.0/24", "via", "10.7.3.2", inside=space)


def masquerade(space, on):
    words = "add table ip bench; add chain ip bench out { type nat hook postrouting priority srcnat; }; add rule ip bench out oifname bt0 masquerade" if on else "delete table ip bench"
    subprocess.run(["ip", "netns", "exec", space, "nft", words], check=True)


def through_slice(options, space):
    """An Integrated slice's ways, beside a null redirect in the same run: past its stack, through it, and through it with NAT."""
    count, runs = (20000, 1) if options.quick else (500000, 5)
    kinds = [("null", "null"), ("routed", "routed"), ("forwarded", "stack"), ("masqueraded", "stack")]
    seen = {name: [] for name, _ in kinds}
    for _ in range(runs):
        for name, program in kinds:
            if name == "masqueraded":
                masquerade(space, True)
            seen[name].append(bench(options, "live", program, "up", 64, 1024, count, inside=space))
            if name == "masqueraded":
                masquerade(space, False)
    null = statistics.median(run[2] for run in seen["null"])
    rows = []
    print("\nFrom SIMs through an Integrated slice, 64 octets, 1,024 sessions, CPU ns a packet of everything, median of {} interleaved runs".format(runs))
    print("  {:<12} {:>8} {:>18} {:>8} {:>8} {:>7}".format("way", "ns", "(least - most)", "/ null", "target", "lost"))
    for name, _ in kinds:
        ns = [run[2] for run in seen[name]]
        ratio = statistics.median(ns) / null
        row = {"way": name, "ns": round(statistics.median(ns), 1), "least": min(ns), "most": max(ns), "ratio": round(ratio, 2),
               "target": TARGETS.get(name, 1.0), "met": ratio <= TARGETS.get(name, 1.0), "lost": int(sum(run[0] - run[1] for run in seen[name]))}
        rows.append(row)
        print("  {way:<12} {ns:>8.0f} {span:>18} {ratio:>8.2f} {target:>8} {lost:>7}  {said}".format(
            span="({least:.0f} - {most:.0f})".format(**row), said="met" if row["met"] else "NOT met", **row))
    return rows


def live(lab, options):
    space = topology(lab)
    count, runs = (20000, 1) if options.quick else (1000000, 5)
    kinds = [("sum", "up", octets, 1024) for octets in (64, 1400)]
    kinds += [(program, direction, octets, sessions) for octets in (64, 1400) for program, direction, sessions in (
        ("drop", "up", 1), ("null", "up", 1), ("relay", "up", 1), ("relay", "up", 1024), ("relay", "up", 1048576),
        ("relay", "down", 1), ("relay", "down", 1024), ("relay", "down", 1048576))]
    seen = {kind: [] for kind in kinds}
    for _ in range(runs):
        for kind in kinds:
            seen[kind].append(bench(options, "live", *kind, count, inside=space))
    rows = []
    print("\nXDP relay live over veth, CPU ns a packet of generator, relay and sink together, median of {} interleaved runs".format(runs))
    print("  {:<7} {:<9} {:>6} {:>9} {:>8} {:>18} {:>8} {:>7}".format(
        "program", "direction", "octets", "sessions", "ns", "(least - most)", "/ null", "lost"))
    for kind in kinds:
        program, direction, octets, sessions = kind
        ns = [run[2] for run in seen[kind]]
        null = statistics.median(run[2] for run in seen["null", "up", octets, 1])
        row = {"program": program, "direction": direction, "octets": octets, "sessions": sessions, "ns": round(statistics.median(ns), 1),
               "least": min(ns), "most": max(ns), "ratio": round(statistics.median(ns) / null, 3),
               "lost": int(sum(run[0] - run[1] for run in seen[kind]))}
        rows.append(row)
        print("  {program:<7} {direction:<9} {octets:>6} {sessions:>9} {ns:>8.0f} {span:>18} {ratio:>8.2f} {lost:>7}".format(
            span="({least:.0f} - {most:.0f})".format(**row), **row))
    return rows, space


def pick(rows, **wanted):
    return [row for row in rows if all(row[key] == value for key, value in wanted.items())]


def renewed(options, space):
    """The program is replaced after every 10,000 packets."""
    count = 100000 if options.quick else 10000000
    rows = []
    for direction in ("up", "down"):
        sent, delivered, _ = bench(options, "live", "relay", direction, 64, 1024, count, "renew", inside=space)
        rows.append({"direction": direction, "sent": int(sent), "lost": int(sent - delivered)})
        print("  {direction}: {sent} packets while the program is replaced every 10,000: {lost} lost".format(**rows[-1]))
    return rows


def echo(lab, options):
    """ns a packet of the bare socket echo of packets.py."""
    spaces = {word: lab.namespace("echo-" + word) for word in ("sgw", "gateway", "lns")}
    lab.link(spaces["gateway"], "10.7.1.1/24", spaces["sgw"], "10.7.1.2/24", cpus=(0, None))
    program = packets.relay(lab, spaces["gateway"], options, "echo", packets.ECHO)
    count, runs = (5000, 1) if options.quick else (100000, 3)
    packets.measure(lab, options, spaces, program, "echo", 64, 5000)
    return statistics.median(packets.measure(lab, options, spaces, program, "echo", 64, count)["ns"] for _ in range(runs))


def run(lab, options):
    result = {"targets": TARGETS, "alone": alone(options)}
    result["live"], space = live(lab, options)
    relays = pick(result["live"], program="relay")
    hot = [row for row in relays if row["sessions"] <= 1024]
    worst = max(row["ratio"] for row in hot)
    sessions = max(pick(relays, sessions=1048576, direction=row["direction"], octets=row["octets"])[0]["ns"] / row["ns"]
                   for row in pick(relays, sessions=1024))
    result["renewed"] = renewed(options, space)
    result["slice"] = through_slice(options, space)
    base = echo(lab, options)
    ggsn = tun.run(lab, options)
    speed_up = base / max(row["ns"] for row in hot if row["octets"] == 64)
    result.update({"worst_ratio": worst, "worst_sessions_ratio": round(sessions, 2), "echo_ns": round(base), "speed_up_over_echo": round(speed_up, 1)})
    result["osmo_ggsn_ns"] = ggsn and round(ggsn)
    result["failed"] = any(row["lost"] for row in result["live"] + result["renewed"] + result["slice"])

    def verdict(met):
        return "met" if met else "NOT met"
    print("  relay / null redirect, hot: worst {:.2f}, target {} or less: {}".format(worst, TARGETS["relay"], verdict(worst <= TARGETS["relay"])))
    print("  1M / 1k sessions: worst {:.2f}, target {} or less: {}".format(sessions, TARGETS["sessions"], verdict(sessions <= TARGETS["sessions"])))
    print("  over a bare recvmmsg/sendmmsg echo ({:.0f} ns): {:.1f} times, target {} or more: {}".format(
        base, speed_up, TARGETS["echo"], verdict(speed_up >= TARGETS["echo"])))
    if ggsn:
        result["speed_up_over_osmo_ggsn"] = round(ggsn / max(row["ns"] for row in hot if row["octets"] == 64), 1)
        print("  over osmo-ggsn's TUN path ({:.0f} ns): {} times, target {} or more: {}".format(
            ggsn, result["speed_up_over_osmo_ggsn"], TARGETS["tun"], verdict(result["speed_up_over_osmo_ggsn"] >= TARGETS["tun"])))
    else:
        print("  over osmo-ggsn's TUN path: skipped, it is not installed")
    print("  packets lost in all rows: {}".format(sum(row["lost"] for row in result["live"] + result["renewed"] + result["slice"])))
    return result
