# SPDX-License-Identifier: BSD-3-Clause
"""A small STUN and TURN server (RFC 8489, RFC 8656): who asks is told its
address, and who allocates has its packets sent on from another port."""

import select
import socket
import struct
import threading
from typing import Optional

from . import ports

COOKIE = 0x2112A442
BINDING, ALLOCATE, REFRESH = 0x001, 0x003, 0x004
CHANNEL, SEND = 0x009, 0x016            # SEND: an indication
SUCCESS = 0x100
MAPPED, PEER, DATA, RELAYED = 0x0020, 0x0012, 0x0013, 0x0016
CHANNEL_NUMBER, LIFETIME = 0x000c, 0x000d

Address = tuple[str, int]
Attributes = dict[int, bytes]


def _xor_address(address: Address) -> bytes:
    host, = struct.unpack("!I", socket.inet_aton(address[0]))
    return struct.pack("!xBHI", 1, address[1] ^ COOKIE >> 16, host ^ COOKIE)


def _address(value: bytes) -> Address:
    _, port, host = struct.unpack("!HHI", value)
    return (socket.inet_ntoa(struct.pack("!I", host ^ COOKIE)),
            port ^ COOKIE >> 16)


def _attributes(data: bytes) -> Attributes:
    found = {}
    while len(data) >= 4:
        kind, size = struct.unpack("!HH", data[:4])
        found[kind] = data[4:4 + size]
        data = data[4 + (size + 3 & ~3):]
    return found


def _encode(attributes: Attributes) -> bytes:
    return b"".join(struct.pack("!HH", kind, len(value)) + value
                    + bytes(-len(value) % 4)
                    for kind, value in attributes.items())


class Stun:
    def __init__(self, host: str = ports.HOST) -> None:
        self.host = host
        self.port = ports.free_port(ports.CTRL_RANGE)
        self.silent = False             # answers nothing
        self._transactions: set[bytes] = set()
        self.patience: Optional[int] = None     # silent after so many
        self._relays: dict[Address, socket.socket] = {}
        self._channels: dict[tuple[Address, int], Address] = {}
        self._sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._sock.bind((host, self.port))
        self._open = True
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    @property
    def asked(self) -> int:
        """Requests for an address or a relay, sent once or more often."""
        return len(self._transactions)

    def close(self) -> None:
        self._open = False
        self._thread.join()
        for sock in (self._sock, *self._relays.values()):
            sock.close()
        ports.release(self.port)

    def report(self) -> str:
        return (f"--- STUN, port {self.port}: {self.asked} requests, "
                f"{len(self._relays)} relays")

    def _run(self) -> None:
        while self._open:
            if select.select([self._sock], [], [], 0.1)[0]:
                data, peer = self._sock.recvfrom(2048)
                self._packet(data, peer)

    def _packet(self, data: bytes, peer: Address) -> None:
        kind, size = struct.unpack("!HH", data[:4])
        if kind & 0x4000:               # ChannelData
            self._relay(peer, self._channels.get((peer, kind)),
                        data[4:4 + size])
            return
        attributes = _attributes(data[20:20 + size])
        if kind == SEND:
            self._relay(peer, _address(attributes[PEER]), attributes[DATA])
            return
        if kind in (BINDING, ALLOCATE):
            self._transactions.add(data[8:20])
        self.silent |= self.patience is not None \
            and self.asked > self.patience
        if not self.silent:
            answer = _encode(self._answer(kind, peer, attributes))
            self._sock.sendto(struct.pack("!HH", kind | SUCCESS, len(answer))
                              + data[4:20] + answer, peer)

    def _answer(self, kind: int, peer: Address,
                attributes: Attributes) -> Attributes:
        if kind == BINDING:
            return {MAPPED: _xor_address(peer)}
        if kind == ALLOCATE:
            return {RELAYED: _xor_address(self._allocate(peer)),
                    MAPPED: _xor_address(peer),
                    LIFETIME: struct.pack("!I", 600)}
        if kind == REFRESH:
            return {LIFETIME: attributes.get(LIFETIME, bytes(4))}
        if kind == CHANNEL:
            number, = struct.unpack("!Hxx", attributes[CHANNEL_NUMBER])
            self._channels[peer, number] = _address(attributes[PEER])
        return {}

    def _allocate(self, peer: Address) -> Address:
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.bind((self.host, 0))
        self._relays[peer] = sock
        return sock.getsockname()

    def _relay(self, peer: Address, target: Optional[Address],
               data: bytes) -> None:
        if target and peer in self._relays:
            self._relays[peer].sendto(data, target)
