#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""echo.py ADDRESS PORT: gives every UDP datagram back to its sender."""
import socket
import sys

with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
    s.bind((sys.argv[1], int(sys.argv[2])))
    while True:
        data, peer = s.recvfrom(65535)
        s.sendto(data, peer)
