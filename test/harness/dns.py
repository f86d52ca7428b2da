# SPDX-License-Identifier: BSD-3-Clause
"""A scripted name server, for what dnsmasq does not do: it fails, or is
silent, for the types that it is told, and knows every name as this machine's.
RFC 1035; what a test changes holds for the next query."""

import socket
import struct
import threading

from . import ports
from .names import OWNER

A, AAAA, SRV, NAPTR = 1, 28, 33, 35
KINDS = (A, AAAA, SRV, NAPTR)
SERVFAIL = 2
UDP_SIZE = 512                  # without EDNS, RFC 1035 section 4.2.1


def _name(text: str) -> bytes:
    return b"".join(bytes([len(part)]) + part.encode()
                    for part in text.split(".") if part) + b"\0"


def _asked(query: bytes) -> tuple[str, int, bytes]:
    """The name, the type, and the question as it stands there."""
    parts, at = [], 12
    while size := query[at]:
        parts.append(query[at + 1:at + 1 + size].decode("ascii", "replace"))
        at += 1 + size
    kind, = struct.unpack_from(">H", query, at + 1)
    return ".".join(parts).lower(), kind, query[12:at + 5]


class Dns:
    """Any name has the address of this machine; SRV records are told."""

    def __init__(self, host: str = ports.HOST) -> None:
        self.host = host            # its own address, and any name's
        self.port = ports.free_port(ports.CTRL_RANGE)
        self.silent: set[int] = set()               # for these types
        self.rcode: dict[int, int] = {}             # type -> no records, this
        self.ttl = 60               # s, of all answers
        self.queries: list[tuple[str, int, str]] = []   # name, type, "udp"
        self._srv: dict[str, list[bytes]] = {}          # owner -> data
        self._sockets: list[socket.socket] = []
        self.start()

    def start(self) -> None:
        """At first, and after stop()."""
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        udp.bind((self.host, self.port))
        tcp = socket.create_server((self.host, self.port))
        self._sockets = [udp, tcp]
        for job, sock in ((self._datagrams, udp), (self._accept, tcp)):
            threading.Thread(target=job, args=(sock,), daemon=True).start()

    def srv(self, name: str, kind: str, *targets: tuple) -> None:
        """A name's SRV records for a transport, in place of those before.
        A target: host, port, priority, weight."""
        self._srv[f"{OWNER[kind]}.{name}"] = [
            struct.pack(">3H", *(*rest, 0, 0)[:2], port) + _name(target)
            for target, port, *rest in targets]

    def asked(self, name: str, kind: int = 0) -> int:
        """How often a name has been asked for, of a type or any."""
        return sum(query == name and kind in (0, of)
                   for query, of, _ in self.queries)

    def stop(self) -> None:
        """Nobody listens at its port any more."""
        ports.shut(self._sockets)

    def close(self) -> None:
        ports.close(self.port, self._sockets)

    def report(self) -> str:
        return f"--- DNS, port {self.port}: {self.queries}"

    # In threads of its own

    def _answer(self, query: bytes, transport: str) -> bytes:
        """Empty: silence."""
        name, kind, question = _asked(query)
        self.queries.append((name, kind, transport))
        if kind in self.silent:
            return b""
        records, rcode = [], self.rcode.get(kind, 0)
        if not rcode:
            records = self._srv.get(name, []) if kind == SRV else \
                [socket.inet_aton(self.host)] if kind == A else []
        packed = [struct.pack(">3HIH", 0xC00C, kind, 1, self.ttl, len(data))
                  + data for data in records]
        kept = packed
        if transport == "udp":      # what fits, RFC 2181 section 9
            while 12 + len(question) + sum(map(len, kept)) > UDP_SIZE:
                kept = kept[:-1]
        cut = 0x200 if len(kept) < len(packed) else 0
        return query[:2] + struct.pack(
            ">5H", 0x8580 | cut | rcode, 1, len(kept), 0, 0) \
            + question + b"".join(kept)

    def _datagrams(self, udp: socket.socket) -> None:
        try:
            while True:
                query, peer = udp.recvfrom(UDP_SIZE)
                if not query:       # closed
                    return
                if answer := self._answer(query, "udp"):
                    udp.sendto(answer, peer)
        except OSError:
            pass

    def _accept(self, tcp: socket.socket) -> None:
        try:
            while True:
                sock, _ = tcp.accept()
                self._sockets.append(sock)
                threading.Thread(target=self._stream, args=(sock,),
                                 daemon=True).start()
        except OSError:
            pass

    def _stream(self, sock: socket.socket) -> None:
        """Each message has its length before it, RFC 1035 section 4.2.2."""
        try:
            with sock.makefile("rb") as source:
                while head := source.read(2):
                    size, = struct.unpack(">H", head)
                    if answer := self._answer(source.read(size), "tcp"):
                        sock.sendall(struct.pack(">H", len(answer)) + answer)
        except (OSError, struct.error, IndexError):
            pass
