#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A bad line: a cable between two interfaces that loses, doubles and delays frames that carry UDP over IPv4, the same ones at every run.

  relay.py INTERFACE INTERFACE [--seed N] [--loss P] [--double P] [--late P] [--delay SECONDS]

P is a share of 0 to 1. A late frame leaves after two that came behind it, or after 50 ms; all of them leave --delay later. The ends must not
leave checksums to the cable. (Debian 12's kernel has netem; not every machine's has.)
"""
import argparse
import random
import select
import socket
import sys
import time

LATE_S = 0.05


class Direction:
    """One way of the line: its own dice, so that the fate of a frame does not hang on the other way's traffic."""

    def __init__(self, out, peer, dice, a):
        self.out, self.peer, self.dice, self.a, self.held, self.sent = out, peer, dice, a, [], []

    def take(self, data, now):
        for held in self.held:
            held[0] -= 1
        lost, doubled, late = (self.dice.random() < share for share in (self.a.loss, self.a.double, self.a.late))
        if not lost:
            if late:
                self.held.append([2, now + LATE_S, data])
            else:
                for _ in range(1 + doubled):
                    self.send(data)
        self.release(now)

    def release(self, now):
        due = [held for held in self.held if held[0] <= 0 or held[1] <= now]
        self.held = [held for held in self.held if held not in due]
        for held in due:
            self.send(held[2])

        while self.sent and self.sent[0][0] <= now:
            self.out.sendto(*self.sent.pop(0)[1:])

    def send(self, data):
        if self.a.delay:
            self.sent.append((time.monotonic() + self.a.delay, data, self.peer))
        else:
            self.out.sendto(data, self.peer)


def is_udp(frame):
    return frame[12:14] == b"\x08\x00" and frame[23] == 17


def cable(a):
    sockets = []
    for name in (a.here, a.there):
        s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
        s.bind((name, 0))
        sockets.append(s)
    ways = {sockets[i]: Direction(sockets[1 - i], ((a.there, a.here)[i], 0), random.Random(a.seed + i), a) for i in range(2)}
    print("cable", a.here, a.there, flush=True)
    while True:
        waits = any(way.held or way.sent for way in ways.values())
        ready, _, _ = select.select(sockets, [], [], 0.002 if waits else None)
        now = time.monotonic()
        for s in ready:
            frame, where = s.recvfrom(65535)
            if where[2] == socket.PACKET_OUTGOING:
                continue
            if is_udp(frame):
                ways[s].take(frame, now)
            else:
                ways[s].out.send(frame)
        for way in ways.values():
            way.release(now)


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("here")
    ap.add_argument("there")
    ap.add_argument("--seed", type=int, default=1)
    for share in ("--loss", "--double", "--late", "--delay"):
        ap.add_argument(share, type=float, default=0)
    cable(ap.parse_args())


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(0)
