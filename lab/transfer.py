#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Moves a file over TCP there and back, and compares it.

  transfer.py serve ADDRESS PORT
  transfer.py move FROM ADDRESS PORT OCTETS    prints one line; status 1 when a checksum differs, 2 when it did not get through

On a connection the mover sends "OCTETS\\n" and a file of so many octets; the server answers with the SHA-256 of what it got,
and then with the file itself.
"""
import hashlib
import os
import socket
import sys
import time

PATIENCE = 30


def serve(address, port):
    listener = socket.create_server((address, port), family=socket.AF_INET6 if ":" in address else socket.AF_INET)
    while True:
        connection, _ = listener.accept()
        connection.settimeout(PATIENCE)
        try:
            with connection, connection.makefile("rwb") as stream:
                data = stream.read(int(stream.readline()))
                stream.write(hashlib.sha256(data).hexdigest().encode() + b"\n" + data)
        except (OSError, ValueError) as fault:
            print(fault, flush=True)


def move(source, address, port, octets):
    data = os.urandom(octets)
    digest = hashlib.sha256(data).hexdigest()
    with socket.create_connection((address, port), PATIENCE, (source, 0)) as connection, connection.makefile("rwb") as stream:
        begin = time.monotonic()
        stream.write(b"%d\n" % octets + data)
        stream.flush()
        there = stream.readline().decode().strip()
        middle = time.monotonic()
        back = stream.read(octets)
        end = time.monotonic()
    same = there == digest and back == data
    rates = [octets * 8 / 1e6 / max(seconds, 1e-6) for seconds in (middle - begin, end - middle)]
    print(f"{octets} octets up at {rates[0]:.0f} Mbit/s and down at {rates[1]:.0f} Mbit/s, "
          f"{'the same by SHA-256' if same else 'DIFFERENT'} {digest[:12]}")
    return 0 if same else 1


if __name__ == "__main__":
    verb, *args = sys.argv[1:]
    try:
        sys.exit(serve(args[0], int(args[1])) if verb == "serve" else move(args[0], args[1], int(args[2]), int(args[3])))
    except OSError as fault:
        print(f"transfer: {fault}")
        sys.exit(2)
