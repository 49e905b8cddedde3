#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A bad line: a UDP relay that loses, doubles and delays datagrams, the same ones at every run.

  relay.py ADDRESS:PORT ADDRESS:PORT [--seed N] [--loss P] [--double P] [--late P]

What comes to the first address goes to the second from a socket of its own, and the answers back; P is a share of 0 to 1. A late
datagram leaves after two that came behind it, or after 50 ms. (Debian 12's kernel has netem; not every machine's has.)
"""
import argparse
import random
import select
import socket
import sys
import time

LATE_S = 0.05


class Direction:
    """One way of the line: its own dice, so that the fate of a datagram does not hang on the other way's traffic."""

    def __init__(self, out, peer, dice, a):
        self.out, self.peer, self.dice, self.a, self.held = out, peer, dice, a, []

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

    def send(self, data):
        if self.peer:
            self.out.sendto(data, self.peer)


def end(text):
    address, port = text.rsplit(":", 1)
    return address, int(port)


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("here", type=end)
    ap.add_argument("there", type=end)
    ap.add_argument("--seed", type=int, default=1)
    for share in ("--loss", "--double", "--late"):
        ap.add_argument(share, type=float, default=0)
    a = ap.parse_args()
    front, back = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))
    front.bind(a.here)
    up = Direction(back, a.there, random.Random(a.seed), a)
    down = Direction(front, None, random.Random(a.seed + 1), a)
    while True:
        ready, _, _ = select.select([front, back], [], [], LATE_S / 2 if up.held or down.held else None)
        now = time.monotonic()
        for s in ready:
            try:
                data, peer = s.recvfrom(65535)
            except ConnectionRefusedError:
                continue
            if s is front:
                down.peer = peer
                up.take(data, now)
            else:
                down.take(data, now)
        up.release(now)
        down.release(now)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(0)
