#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A door into a network namespace: a port of this machine's loopback that leads to one inside, so that a browser can look in.

  door.py /run/netns/NAME ADDRESS:PORT

Takes the same port here when it is free, else one that is; its first line says which.
"""
import asyncio
import ctypes
import os
import socket
import sys

CLONE_NEWNET = 0x40000000


def listening(port):
    for wanted in (port, 0):
        try:
            return socket.create_server(("127.0.0.1", wanted))
        except OSError:
            continue
    sys.exit("no port is free")


async def carry(reader, writer):
    try:
        while octets := await reader.read(65536):
            writer.write(octets)
            await writer.drain()
    except OSError:
        pass
    writer.close()


async def main():
    namespace, end = sys.argv[1:]
    address, port = end.split(":")
    here = listening(int(port))
    # What is listened on stays here; what is made from now on is inside.
    if ctypes.CDLL(None, use_errno=True).setns(os.open(namespace, os.O_RDONLY), CLONE_NEWNET):
        sys.exit(f"{namespace}: {os.strerror(ctypes.get_errno())}")

    async def visitor(reader, writer):
        try:
            inside = await asyncio.open_connection(address, int(port))
        except OSError:
            writer.close()
            return
        await asyncio.gather(carry(reader, inside[1]), carry(inside[0], writer))

    server = await asyncio.start_server(visitor, sock=here)
    print(f"http://127.0.0.1:{here.getsockname()[1]}/", flush=True)
    await server.serve_forever()


try:
    asyncio.run(main())
except KeyboardInterrupt:
    pass
