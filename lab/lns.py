#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""An LNS typed from RFC 2661 and the RFCs of PPP, sharing no line with the product, that does what is allowed but seldom seen, or is not allowed.

  lns.py ADDRESS [--secret S] [--user NAME:PASSWORD] [--pool A.B.0.0] [--dns ADDRESS] [--other ADDRESS] [--port N]
  lns.py --tell NAME        what the running one shall do from now on (see ODD); its tunnels are closed first
  lns.py --tell status      one line of JSON: {"tunnels", "sessions", "answered", "wrapped", "cdn", "stopccn", "faults"}

It answers echo requests to any address, as if it were the server. What the LAC does against the RFC is written to standard output and counted
in "faults"; "cdn" and "stopccn" are the LAC's last result and error codes. One thread, one socket for each address it speaks from.
"""
import argparse
import hashlib
import json
import os
import select
import socket
import struct
import sys

CONTROL = ("127.0.0.1", 1702)
SCCRQ, SCCRP, SCCCN, STOPCCN, HELLO, ICRQ, ICRP, ICCN, CDN, WEN, SLI = 1, 2, 3, 4, 6, 10, 11, 12, 14, 15, 16
LCP, PAP, CHAP, IPCP, IPV6CP, CCP, IP = 0xC021, 0xC023, 0xC223, 0x8021, 0x8057, 0x80FD, 0x0021
REQ, ACK, NAK, REJ, TERM, TERM_ACK, CODE_REJ, PROTO_REJ, ECHO, ECHO_REPLY = range(1, 11)

ODD = {
    "plain": "nothing odd: the least that the RFCs ask for",
    "control-bits": "reserved bits in control headers, octets behind their length",
    "data-bits": "data with length, sequence, offset and padding, priority and reserved bits",
    "window-1": "a receive window of one", "no-window": "none told, which means four",
    "long-name": "a host name of 200 octets, NUL among them, and a vendor name that is empty",
    "optional": "AVPs nobody knows, a vendor's among them, none mandatory; those of RFC 3308, 4951 and 5515",
    "avp-bits": "an optional AVP with reserved bits set, which makes it an unknown one",
    "hidden": "hidden AVPs, one of no length at all, ids and window among them",
    "messages": "messages nobody knows, none mandatory (CSURQ and FSQ among them), WEN and SLI",
    "doubled": "each message twice", "reordered": "a message after the one that comes behind it",
    "wrap": "70,000 HELLOs first, so that Ns wraps",
    "hello-flood": "200 HELLOs at once", "early-lcp": "LCP before it has the ICCN",
    "moves": "answers an SCCRQ from another port, and stays there",
    "moves-address": "answers an SCCRQ from another address", "try-another": "StopCCN 2, error 7: the address of another LNS",
    "lcp-options": "LCP options nobody knows, and another MRU", "lcp-codes": "LCP codes 0, 11, 12 and 13, and CCP",
    "magic-0": "a magic number of 0", "no-magic": "rejects our magic number and MRU", "compressed": "ACFC and PFC as we ask for them",
    "uncompressed": "FF 03 and two octets of protocol although it was granted otherwise", "bare": "no FF 03 although nobody agreed on it",
    "renegotiates": "LCP once more after IPCP", "chap-then-pap": "CHAP, and then LCP once more with PAP",
    "rechallenges": "a second challenge after IPCP", "echo-flood": "300 LCP echo requests at once",
    "no-dns": "rejects the DNS options", "no-own-address": "IPCP without an address of its own", "dns-nak-twice": "DNS servers in a second Nak",
    "sequenced": "numbers its data, and drops ours without a number",
    "nak-loop": "never content with an address", "password-expired": "MS-CHAPv2 failure, E=648: change it",
    "mandatory-tunnel": "a vendor's AVP with the M bit in SCCRP", "mandatory-call": "the same in ICRP",
    "mandatory-message": "a message nobody knows, with the M bit, on a tunnel with a session",
    "short-result": "CDN with two octets of result", "no-session-id": "CDN that lacks its session id",
    "second-icrp": "a second ICRP for a session that is up", "stops-at-icrq": "StopCCN in place of ICRP", "zero-id": "an Assigned Session ID of 0",
    "vanishes": "forgets the tunnel at the ICRQ: silence from then on",
}


def avp(kind, value, mandatory=True, vendor=0, bits=0):
    return struct.pack(">HHH", (0x8000 if mandatory else 0) | bits | (6 + len(value)), vendor, kind) + value


def u16(value):
    return struct.pack(">H", value)


def u32(value):
    return struct.pack(">I", value)


def avps(body):
    """The AVPs as {(vendor, type): value}; None when they are not sound."""
    out = {}
    while body:
        if len(body) < 6:
            return None
        bits, vendor, kind = struct.unpack(">HHH", body[:6])
        length = bits & 0x3FF
        if length < 6 or length > len(body) or bits & 0x3C00:
            return None
        out.setdefault((vendor, kind), body[6:length])
        body = body[length:]
    return out


def options(body):
    out = []
    while len(body) >= 2 and body[1] >= 2:
        out.append((body[0], body[2:body[1]]))
        body = body[body[1]:]
    return out


def option_bytes(rows):
    return b"".join(bytes([kind, 2 + len(value)]) + value for kind, value in rows)


def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    total = (total >> 16) + (total & 0xFFFF)
    return ~(total + (total >> 16)) & 0xFFFF


class Session:
    """PPP of one call: LCP, authentication, IPCP, and an echo of pings."""

    def __init__(self, tunnel, number, peer):
        self.tunnel, self.lns, self.id, self.peer = tunnel, tunnel.lns, number, peer
        self.up, self.ident, self.ns, self.seen_ns = False, 0, 0, False
        self.demand = {"chap-then-pap": CHAP, "password-expired": "v2"}.get(self.odd, self.lns.auth)
        self.lcp_sent = self.lcp_acked = self.authenticated = self.ipcp_up = self.acfc = self.pfc = False
        self.naks, self.challenge = 0, os.urandom(16)

    @property
    def odd(self):
        return self.lns.odd

    def send(self, protocol, packet):
        head = b"" if self.odd == "bare" or self.acfc and self.odd == "compressed" else b"\xff\x03"
        short = protocol < 0x100 and self.pfc and self.odd == "compressed"
        self.tunnel.send_data(self, head + (bytes([protocol]) if short else u16(protocol)) + packet)

    def say(self, protocol, code, ident, data=b""):
        self.send(protocol, struct.pack(">BBH", code, ident, 4 + len(data)) + data)

    def ask(self, protocol, code, data):
        self.ident = self.ident % 255 + 1
        self.say(protocol, code, self.ident, data)

    def ask_lcp(self):
        rows = [(1, u16(1460)), (5, b"\0\0\0\0" if self.odd == "magic-0" and not self.naks else b"\x11\x22\x33\x44")]
        if self.demand:
            rows.append((3, u16(CHAP) + b"\x81" if self.demand == "v2" else u16(CHAP) + b"\5" if self.demand == CHAP else u16(PAP)))
        if self.odd == "lcp-options":
            rows = [(1, u16(1500)), (17, u16(1500)), (19, b"\1\1\1\1\1"), (23, b"\0\1"), (200, b"odd")] * (not self.naks) + rows[1:]
        self.lcp_sent = True
        self.ask(LCP, REQ, option_bytes(rows))

    def begin(self):  # the ICCN is here
        self.up = True
        if self.odd == "lcp-codes":
            for code in (0, 11, 12, 13):
                self.ask(LCP, code, u32(0) + b"a text")
            self.ask(CCP, REQ, b"")
        if not self.lcp_sent:
            self.ask_lcp()

    def receive(self, data):
        if data[:2] == b"\xff\x03":
            data = data[2:]
        protocol, data = (data[0], data[1:]) if data[0] & 1 else (struct.unpack(">H", data[:2])[0], data[2:])
        if protocol == IP:
            self.ping(data)
            return
        code, ident, length = struct.unpack(">BBH", data[:4])
        if length > len(data):
            self.lns.fault(f"PPP {protocol:04x} is cut")
        handler = {LCP: self.lcp, PAP: self.pap, CHAP: self.chap, IPCP: self.ipcp}.get(protocol)
        if handler:
            handler(code, ident, data[4:length])
        else:
            self.ask(LCP, PROTO_REJ, u16(protocol) + data[:length])

    def lcp(self, code, ident, body):
        if code == REQ:
            refused = [row for row in options(body) if row[0] in ((1, 5) if self.odd == "no-magic" else ())]
            refused += [row for row in options(body) if row[0] in (7, 8) and self.odd not in ("compressed", "uncompressed")]
            if refused:
                self.say(LCP, REJ, ident, option_bytes(refused))
                return
            self.pfc, self.acfc = (any(kind == which for kind, _ in options(body)) for which in (7, 8))
            self.say(LCP, ACK, ident, body)
            if self.lcp_acked == "ours":
                self.lcp_open()
            self.lcp_acked = self.lcp_acked or "theirs"
        elif code == ACK and ident == self.ident:
            if self.odd == "magic-0" and not self.naks:
                self.lns.fault("a magic number of 0 is acknowledged (RFC 1661 6.4)")
            if self.lcp_acked == "theirs":
                self.lcp_open()
            self.lcp_acked = self.lcp_acked or "ours"
        elif code in (NAK, REJ):
            self.naks += 1
            for kind, value in options(body):
                if kind == 3 and code == NAK:
                    self.demand = PAP if value == u16(PAP) else CHAP
            if self.naks < 8:
                self.ask_lcp()
        elif code == ECHO:
            self.say(LCP, ECHO_REPLY, ident, b"\x11\x22\x33\x44" + body[4:])
        elif code == ECHO_REPLY:
            self.lns.answered += 1
        elif code == TERM:
            self.say(LCP, TERM_ACK, ident)

    def lcp_open(self):
        if self.odd == "echo-flood":
            for _ in range(300):
                self.ask(LCP, ECHO, b"\x11\x22\x33\x44")
        if self.demand in (CHAP, "v2"):
            self.ask(CHAP, 1, bytes([16]) + self.challenge + b"odd")
        elif not self.demand:
            self.passed()

    def again(self):  # LCP begins anew
        self.lcp_acked = self.ipcp_up = False
        self.ask_lcp()

    def passed(self):
        first, self.authenticated = not self.authenticated, True
        if first or not self.ipcp_up:
            self.ask(IPCP, REQ, b"" if self.odd == "no-own-address" else option_bytes([(3, self.lns.own)]))

    def pap(self, code, ident, body):
        name = body[1:1 + body[0]]
        password = body[2 + body[0]:2 + body[0] + body[1 + body[0]]]
        right = (name, password) == self.lns.user
        self.say(PAP, 2 if right else 3, ident, b"\0")
        if right:
            self.passed()

    def chap(self, code, ident, body):
        if self.demand == "v2":
            self.say(CHAP, 4, ident, b"E=648 R=0 C=" + b"0" * 32 + b" V=3 M=change your password")
            return
        right = body[1:17] == hashlib.md5(bytes([ident]) + self.lns.user[1] + self.challenge).digest()
        self.say(CHAP, 3 if right and body[17:] == self.lns.user[0] else 4, ident, b"")
        if self.odd == "chap-then-pap":
            self.demand = PAP
            self.again()
        elif right:
            self.passed()

    def ipcp(self, code, ident, body):
        if code == ACK and not self.ipcp_up:
            self.ipcp_up = "ours"
        if code != REQ:
            return
        asked = dict(options(body))
        given = {3: self.lns.address_of(self), 129: self.lns.dns, 131: self.lns.dns}
        if self.odd == "nak-loop":
            self.naks += 1
            given[3] = self.lns.pool[:3] + bytes([self.naks % 250 + 1])
        refused = [(kind, value) for kind, value in asked.items() if kind not in given or self.odd == "no-dns" and kind > 3]
        wrong = [(kind, given[kind]) for kind, value in asked.items() if kind in given and value != given[kind]]
        if self.odd == "dns-nak-twice" and len(wrong) > 1:
            wrong = wrong[:1]
        if refused:
            self.say(IPCP, REJ, ident, option_bytes(refused))
        elif wrong:
            self.say(IPCP, NAK, ident, option_bytes(wrong))
        else:
            self.say(IPCP, ACK, ident, body)
            self.afterwards()

    def afterwards(self):
        """What only comes when the session is up."""
        if self.odd == "renegotiates" and not self.naks:
            self.naks = 1
            self.again()
        elif self.odd == "rechallenges":
            self.ask(CHAP, 1, bytes([16]) + self.challenge + b"odd")
        elif self.odd == "second-icrp":
            self.tunnel.send(ICRP, avp(14, u16(self.id)), self.peer)
        elif self.odd == "mandatory-message":
            self.tunnel.send(77, b"", self.peer)
        elif self.odd == "messages":
            self.tunnel.send(WEN, avp(34, bytes(26)), self.peer)
            self.tunnel.send(SLI, avp(35, bytes(2) + b"\xff" * 8), self.peer)
            for kind in (21, 29, 78):
                self.tunnel.send(kind, avp(97, bytes(10), False), mandatory=False)

    def ping(self, packet):
        head = (packet[0] & 15) * 4
        if packet[9] != 1 or packet[head] != 8:
            return
        body = b"\0\0\0\0" + packet[head + 4:]
        body = body[:2] + u16(checksum(body)) + body[4:]
        ip = packet[:8] + b"\x40\1\0\0" + packet[16:20] + packet[12:16]
        self.send(IP, ip[:10] + u16(checksum(ip)) + ip[12:] + body)


class Tunnel:
    """A control connection: Ns and Nr, repeats after a second, SCCRP and what follows."""

    def __init__(self, lns, sock, peer, number, asked):
        self.lns, self.socket, self.peer, self.id = lns, sock, peer, number
        self.peer_id = struct.unpack(">H", asked[0, 9])[0]
        self.ns, self.nr, self.unacked, self.sessions, self.mute = 0, 1, [], {}, False  # the SCCRQ was number 0
        self.secret, self.vector = lns.secret, os.urandom(16)
        self.answer(asked)

    @property
    def odd(self):
        return self.lns.odd

    def hide(self, kind, value, mandatory=True):
        """RFC 2661 4.3: the original length, the value and padding, hidden under the last random vector."""
        plain = u16(len(value)) + value + b"pad"
        out, key = b"", u16(kind) + self.secret + self.vector
        while plain:
            out += bytes(a ^ b for a, b in zip(plain[:16], hashlib.md5(key).digest()))
            plain, key = plain[16:], self.secret + out[-16:]
        return avp(kind, out, mandatory, bits=0x4000)

    def answer(self, asked):
        id_and_window = avp(9, u16(self.id)) + (b"" if self.odd == "no-window" else avp(10, u16(1 if self.odd == "window-1" else 8)))
        name = b"odd\0" * 50 if self.odd == "long-name" else b"odd"
        body = avp(2, b"\1\0") + avp(3, u32(3)) + avp(7, name)
        if (0, 11) in asked and self.secret:
            body += avp(13, hashlib.md5(bytes([SCCRP]) + self.secret + asked[0, 11]).digest())
        if self.odd == "hidden":
            body += avp(36, self.vector) + self.hide(8, b"", False) + self.hide(9, u16(self.id)) + avp(10, u16(8))
        else:
            body += id_and_window
        if self.odd == "long-name":
            body += avp(8, b"", False)
        if self.odd == "optional":
            body += avp(999, b"x" * 300, False) + avp(1, b"", False, 9) + avp(76, bytes(6), False) + avp(47, u16(0), False)
        if self.odd == "avp-bits":
            body += avp(8, b"none of yours", False, bits=0x2000)
        if self.odd == "mandatory-tunnel":
            body += avp(1, b"must", True, 9)
        self.send(SCCRP, body)
        for _ in range({"hello-flood": 200}.get(self.odd, 0)):
            self.send(HELLO, b"")

    def control(self, ns, body, session=0):
        bits = 0xC802 | (0x00F0 if self.odd == "control-bits" else 0)
        tail = b"behind" if self.odd == "control-bits" else b""
        return struct.pack(">HHHHHH", bits, 12 + len(body), self.peer_id, session, ns, self.nr) + body + tail

    def write(self, packet):
        if not self.mute:
            self.socket.sendto(packet, self.peer)

    def send(self, kind, body, session=0, mandatory=True):
        body = avp(0, u16(kind), mandatory) + body
        packet = self.control(self.ns, body, session)
        self.unacked.append([self.ns, body, session, 0])
        self.ns = (self.ns + 1) & 0xFFFF
        if self.odd == "reordered" and kind == ICRP:  # the HELLO behind it goes first
            self.send(HELLO, b"")
        self.write(packet)
        if self.odd == "doubled":
            self.write(packet)

    def repeat(self):
        for row in self.unacked[:4]:
            row[3] += 1
            self.write(self.control(row[0], row[1], row[2]))
        if self.unacked and self.unacked[0][3] > 6:
            self.lns.forget(self)

    def send_data(self, session, frame):
        head, bits = struct.pack(">HH", self.peer_id, session.peer), 0x0002
        if self.odd == "data-bits":
            bits, frame = 0x0002 | 0x4000 | 0x0800 | 0x0200 | 0x0100 | 0x0070, u16(5) + b"fives" + frame
        if self.odd == "sequenced":
            bits |= 0x0800
        if bits & 0x0800:
            head += struct.pack(">HH", session.ns, 0x5555)
            session.ns = (session.ns + 1) & 0xFFFF
        length = u16(4 + len(head) + len(frame)) if bits & 0x4000 else b""
        self.write(u16(bits) + length + head + frame)

    def receive_data(self, packet):
        bits, at = struct.unpack(">H", packet[:2])[0], 2 + (2 if packet[0] & 0x40 else 0)
        session = self.sessions.get(struct.unpack(">H", packet[at + 2:at + 4])[0])
        at += 4 + (4 if bits & 0x0800 else 0)
        if bits & 0x0200:
            at += 2 + struct.unpack(">H", packet[at:at + 2])[0]
        if not session:
            return
        session.seen_ns = session.seen_ns or bool(bits & 0x0800)
        if self.odd == "sequenced" and session.ipcp_up and not bits & 0x0800:
            self.lns.fault("data without a number (RFC 2661 5.4)")
            return
        session.receive(packet[at:])

    def receive(self, packet):
        bits, length, _, session, ns, nr = struct.unpack(">HHHHHH", packet[:12])
        if bits != 0xC802 or length != len(packet):
            self.lns.fault(f"a control header {bits:04x} of length {length} (RFC 2661 3.1)")
        self.unacked = [row for row in self.unacked if (row[0] - nr) & 0xFFFF < 0x8000]
        if length == 12:
            return
        fields = avps(packet[12:length])
        if fields is None or (0, 0) not in fields:
            self.lns.fault("AVPs are not sound")
            return
        if ns == self.nr and not self.mute:
            self.nr = (self.nr + 1) & 0xFFFF
            self.message(struct.unpack(">H", fields[0, 0])[0], session, fields)
        if not self.mute:
            self.write(self.control(self.ns, b""))

    def message(self, kind, session, fields):
        if kind == SCCCN and self.odd == "wrap":
            self.lns.wrap(self)
        elif kind == STOPCCN:
            self.lns.stopccn = struct.unpack(f">{len(fields[0, 1][:4]) // 2}H", fields[0, 1][:4])
            self.write(self.control(self.ns, b""))
            self.lns.forget(self)
        elif kind == ICRQ:
            self.call(struct.unpack(">H", fields[0, 14])[0])
        elif kind == ICCN and session in self.sessions:
            self.sessions[session].begin()
        elif kind == CDN:
            self.lns.cdn = struct.unpack(f">{len(fields[0, 1][:4]) // 2}H", fields[0, 1][:4])
            self.sessions.pop(session, None)
            self.sessions = {key: one for key, one in self.sessions.items() if one.peer != struct.unpack(">H", fields[0, 14])[0]}

    def call(self, peer):
        session = Session(self, self.lns.next_number(), peer)
        odd = self.odd
        if odd == "vanishes":
            self.mute = True
        elif odd == "stops-at-icrq":
            self.send(STOPCCN, avp(9, u16(self.id)) + avp(1, u16(6)))
        elif odd == "short-result":
            self.send(CDN, avp(1, u16(4)) + avp(14, u16(session.id)), peer)
        elif odd == "no-session-id":
            self.send(CDN, avp(1, u16(2) + u16(4) + b"no room"), peer)
        else:
            self.sessions[session.id] = session
            extra = avp(1, b"must", True, 9) if odd == "mandatory-call" else b""
            extra += avp(48, u16(0), False) + avp(7, b"x", False, 9) if odd == "optional" else b""
            number = avp(14, u16(0 if odd == "zero-id" else session.id))
            if odd == "hidden":
                number = avp(36, self.vector) + self.hide(14, u16(session.id)) + self.hide(999, b"", False)
            self.send(ICRP, number + extra, peer)
            if odd == "early-lcp":
                session.ask_lcp()


class Lns:
    def __init__(self, a):
        self.secret, self.user, self.odd = (a.secret or "").encode(), tuple(a.user.encode().split(b":", 1)), "plain"
        self.pool, self.dns, self.other = socket.inet_aton(a.pool), socket.inet_aton(a.dns), a.other
        self.own, self.auth = self.pool[:2] + b"\0\1", CHAP
        self.number, self.tunnels, self.faults = 100, {}, 0
        self.cdn = self.stopccn = None
        self.answered, self.wrapped = 0, False
        self.main = self.open(a.address, a.port)
        self.elsewhere = self.open(a.address, a.port + 8)
        self.far = self.open(a.other, a.port) if a.other else None
        self.control = self.open(*CONTROL)

    @staticmethod
    def open(address, port):
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        sock.bind((address, port))
        return sock

    def next_number(self):
        self.number += 1
        return self.number

    def address_of(self, session):
        return self.pool[:2] + u16(0x0100 + session.id % 0xFE00)

    def fault(self, words):
        self.faults += 1
        print("fault:", words, flush=True)

    def forget(self, tunnel):
        self.tunnels.pop(tunnel.id, None)

    def wrap(self, tunnel):
        """HELLOs in the window's bounds, until Ns has wrapped."""
        for i in range(70000):
            tunnel.send(HELLO, b"")
            while len(tunnel.unacked) >= 8:
                if not select.select([tunnel.socket], [], [], 2)[0]:
                    self.fault(f"HELLO {i} is not acknowledged")
                    return
                packet = tunnel.socket.recv(65535)
                if packet[0] & 0x80:
                    tunnel.receive(packet)
        self.wrapped = True

    def receive(self, sock, packet, peer):
        bits, at = struct.unpack(">H", packet[:2])[0], 2 + (2 if packet[0] & 0x40 else 0)
        number = struct.unpack(">H", packet[at:at + 2])[0]
        tunnel = self.tunnels.get(number)
        if tunnel and bits & 0x8000:
            tunnel.receive(packet)
        elif tunnel:
            tunnel.receive_data(packet)
        elif bits & 0x8000 and number == 0 and len(packet) > 12:
            self.asked(sock, packet, peer)

    def asked(self, sock, packet, peer):
        fields = avps(packet[12:])
        if not fields or fields.get((0, 0)) != u16(SCCRQ):
            return
        for tunnel in self.tunnels.values():
            if tunnel.peer == peer and tunnel.peer_id == struct.unpack(">H", fields[0, 9])[0]:
                tunnel.repeat()  # our answer was lost
                return
        if self.odd == "moves":
            sock = self.elsewhere
        elif self.odd == "moves-address":
            sock = self.far
        if self.odd == "try-another" and sock is not self.far:
            body = avp(0, u16(STOPCCN)) + avp(9, u16(1)) + avp(1, u16(2) + u16(7) + self.other.encode())
            sock.sendto(struct.pack(">HHHHHH", 0xC802, 12 + len(body), struct.unpack(">H", fields[0, 9])[0], 0, 0, 1) + body, peer)
            return
        number = self.next_number()
        self.tunnels[number] = Tunnel(self, sock, peer, number, fields)

    def tell(self, word):
        if word == "status":
            return json.dumps({"tunnels": len(self.tunnels), "sessions": sum(len(t.sessions) for t in self.tunnels.values()),
                               "answered": self.answered, "wrapped": self.wrapped, "cdn": self.cdn, "stopccn": self.stopccn, "faults": self.faults})
        if word not in ODD:
            return "no such word"
        for tunnel in list(self.tunnels.values()):
            tunnel.mute = False
            tunnel.send(STOPCCN, avp(9, u16(tunnel.id)) + avp(1, u16(1)))
            self.forget(tunnel)
        self.odd, self.answered, self.cdn, self.stopccn = word, 0, None, None
        return "ok"

    def run(self):
        sockets = [sock for sock in (self.main, self.elsewhere, self.far, self.control) if sock]
        while True:
            ready = select.select(sockets, [], [], 1)[0]
            for sock in ready:
                try:
                    packet, peer = sock.recvfrom(65535)
                except ConnectionRefusedError:
                    continue
                if sock is self.control:
                    sock.sendto(self.tell(packet.decode()).encode(), peer)
                else:
                    self.receive(sock, packet, peer)
            if not ready:
                for tunnel in list(self.tunnels.values()):
                    tunnel.repeat()


def tell(word):
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.settimeout(20)
    sock.sendto(word.encode(), CONTROL)
    answer = sock.recv(65535).decode()
    print(answer)
    return 0 if answer != "no such word" else 1


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("address", nargs="?")
    ap.add_argument("--tell")
    ap.add_argument("--secret")
    ap.add_argument("--user", default="user:password")
    ap.add_argument("--pool", default="10.99.0.0")
    ap.add_argument("--dns", default="10.99.0.53")
    ap.add_argument("--other")
    ap.add_argument("--port", type=int, default=1701)
    a = ap.parse_args()
    if a.tell:
        return tell(a.tell)
    Lns(a).run()
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(0)
