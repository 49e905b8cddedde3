#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A second opinion on GTP-C: requests typed from TS 29.060 and TS 29.274, sharing no line with the product.

  gtp.py create2 FROM TO IMSI APN [--recovery N] [--repeat N] [--without IE] [--plmn MCCMNC] [--rat N]   Create Session Request (GTPv2)
  gtp.py create1 FROM TO IMSI APN [--recovery N] [--repeat N] [--without IE]   Create PDP Context Request (GTPv1)
  gtp.py echo2   FROM TO [--recovery N]          gtp.py echo1 FROM TO [--recovery N]
  gtp.py raw     FROM TO HEX...                  each as a datagram; prints what comes back, if anything

Prints one JSON line: {"type", "cause", "offending", "address", "teid", "answers", "same"}; status 1 when nothing came back.
`--repeat 3` sends the very same request three times, each when the one before was answered, or with `--burst` all at once: "answers"
counts the replies, "same" says whether they are equal.
"""
import argparse
import json
import socket
import struct
import sys
import time

PORT = 2123
TEID_C, TEID_U = 0x0A0B0C0D, 0x01020304
SEQUENCE = int(time.monotonic() * 1000) & 0xFFFF  # another one at each call, or a peer would take it for a retransmission


def tbcd(digits):
    digits += "f" * (len(digits) % 2)
    return bytes(int(digits[i + 1] + digits[i], 16) for i in range(0, len(digits), 2))


def plmn(digits):
    """TS 24.008 10.5.1.13: a network code of two digits has a filler where the third would be."""
    mcc, mnc = digits[:3], digits[3:].ljust(3, "f")
    return bytes.fromhex(mcc[1] + mcc[0] + mnc[2] + mcc[2] + mnc[1] + mnc[0])


def labels(apn):
    return b"".join(bytes([len(label)]) + label.encode() for label in apn.split("."))


def message2(kind, ies, teid=None, sequence=SEQUENCE):
    """TS 29.274 5.1: flags, type, length, [TEID], sequence(3), spare; the length leaves the first four octets out."""
    body = b"".join(ies)
    if teid is None:
        return struct.pack(">BBHI", 0x40, kind, 4 + len(body), sequence << 8) + body
    return struct.pack(">BBHII", 0x48, kind, 8 + len(body), teid, sequence << 8) + body


def ie2(kind, value, instance=0):
    return struct.pack(">BHB", kind, len(value), instance) + value


def create2(a):
    here = socket.inet_aton(a.source)
    bearer = (ie2(73, b"\x05")  # EBI 5
              + ie2(87, struct.pack(">BI", 0x80 | 4, TEID_U) + here, 2)  # S5/S8-U SGW
              + ie2(80, bytes([0x7C, 9]) + bytes(20)))  # default bearer, QCI 9
    ies = {
        "imsi": ie2(1, tbcd(a.imsi)), "msisdn": ie2(76, tbcd("447700900099")),
        "serving-network": ie2(83, plmn(a.plmn)), "rat": ie2(82, bytes([a.rat])),
        "fteid": ie2(87, struct.pack(">BI", 0x80 | 6, TEID_C) + here),  # S5/S8-C SGW
        "apn": ie2(71, labels(a.apn)), "selection": ie2(128, b"\x00"), "pdn-type": ie2(99, b"\x01"),
        "paa": ie2(79, b"\x01" + bytes(4)), "restriction": ie2(127, b"\x00"),
        "ambr": ie2(72, struct.pack(">II", 50000, 100000)), "bearer": ie2(93, bearer),
    }
    if a.recovery is not None:
        ies["recovery"] = ie2(3, bytes([a.recovery]))
    ies.pop(a.without, None)
    return message2(32, ies.values(), 0)


def message1(kind, ies, teid=0, sequence=SEQUENCE):
    """TS 29.060 6: version 1, protocol type GTP, sequence present; the length leaves the first eight octets out."""
    body = struct.pack(">HBB", sequence, 0, 0) + b"".join(ies)
    return struct.pack(">BBHI", 0x32, kind, len(body), teid) + body


def tlv(kind, value):
    return struct.pack(">BH", kind, len(value)) + value


def create1(a):
    here = socket.inet_aton(a.source)
    ies = {
        "imsi": b"\x02" + tbcd(a.imsi).ljust(8, b"\xff"), "rai": b"\x03" + plmn(a.plmn) + bytes.fromhex("000101"),
        "recovery": b"" if a.recovery is None else bytes([14, a.recovery]), "selection": b"\x0f\xfc",
        "teid-data": struct.pack(">BI", 16, TEID_U), "teid-control": struct.pack(">BI", 17, TEID_C), "nsapi": b"\x14\x05",
        "eua": tlv(128, b"\xf1\x21"), "apn": tlv(131, labels(a.apn)), "gsn-control": tlv(133, here), "gsn-user": tlv(133, here),
        "msisdn": tlv(134, b"\x91" + tbcd("447700900099")), "qos": tlv(135, bytes.fromhex("000b921f9396404074f9ffff")),
    }
    ies.pop(a.without, None)
    return message1(16, ies.values())


def parse2(data):
    said, at = {"type": data[1]}, 12 if data[0] & 8 else 8
    while at + 4 <= len(data):
        kind, length, instance = struct.unpack_from(">BHB", data, at)
        value = data[at + 4:at + 4 + length]
        at += 4 + length
        if kind == 2:
            said["cause"] = value[0]
            if length >= 6:
                said["offending"] = value[2]
        elif kind == 79:
            said["address"] = socket.inet_ntoa(value[1:5])
        elif kind == 87 and instance == 1:
            said["teid"] = struct.unpack_from(">I", value, 1)[0]
        elif kind == 3:
            said["recovery"] = value[0]
    return said


def parse1(data):
    said, at = {"type": data[1]}, 12 if data[0] & 7 else 8
    fixed = {1: 1, 8: 1, 11: 1, 14: 1, 16: 4, 17: 4, 18: 5, 20: 1, 127: 4}
    while at < len(data):
        kind = data[at]
        if kind < 128:
            value, at = data[at + 1:at + 1 + fixed[kind]], at + 1 + fixed[kind]
        else:
            length, = struct.unpack_from(">H", data, at + 1)
            value, at = data[at + 3:at + 3 + length], at + 3 + length
        if kind == 1:
            said["cause"] = value[0]
        elif kind == 14:
            said["recovery"] = value[0]
        elif kind == 16:
            said["teidUser"] = struct.unpack(">I", value)[0]
        elif kind == 17:
            said["teid"] = struct.unpack(">I", value)[0]
        elif kind == 128 and len(value) >= 6:
            said["address"] = socket.inet_ntoa(value[2:6])
    return said


def exchange(a, requests):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind((a.source, PORT))
        replies, end = [], time.monotonic() + a.patience
        sent = 0
        while len(replies) < len(requests) and time.monotonic() < end:
            while sent < len(requests) and (a.burst or sent == len(replies)):
                s.sendto(requests[sent], (a.to, PORT))
                sent += 1
            s.settimeout(max(end - time.monotonic(), 0.01))
            try:
                data, peer = s.recvfrom(4096)
            except TimeoutError:
                break
            if peer == (a.to, PORT) and (a.verb == "raw" or data[1] == requests[0][1] + 1):
                replies.append(data)
    return replies


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("verb", choices=["create1", "create2", "echo1", "echo2", "raw"])
    ap.add_argument("source")
    ap.add_argument("to")
    ap.add_argument("rest", nargs="*")
    ap.add_argument("--recovery", type=int)
    ap.add_argument("--repeat", type=int, default=1)
    ap.add_argument("--burst", action="store_true")
    ap.add_argument("--without", default="")
    ap.add_argument("--plmn", default="00101")
    ap.add_argument("--rat", type=int, default=6)  # TS 29.274 8.17; GTPv2 only
    ap.add_argument("--patience", type=float, default=8)
    a = ap.parse_args()
    if a.verb == "raw":
        a.burst = True
        requests = [bytes.fromhex(text) for text in a.rest]
    elif a.verb == "echo1":
        requests = [message1(1, [])]
    elif a.verb == "echo2":
        requests = [message2(1, [ie2(3, bytes([a.recovery or 0]))])]
    else:
        a.imsi, a.apn = a.rest
        requests = [(create1 if a.verb == "create1" else create2)(a)] * a.repeat
    replies = exchange(a, requests)
    if not replies:
        print(json.dumps({"answers": 0}))
        return 1
    said = (parse2 if replies[0][0] >> 5 == 2 else parse1)(replies[0])
    said.update(answers=len(replies), same=len(set(replies)) == 1)
    print(json.dumps(said))
    return 0


sys.exit(main())
