# SPDX-License-Identifier: BSD-3-Clause
"""ICMP messages that a test makes up.  Needs root, for raw sockets."""

import socket
import struct
from typing import Iterable

from .transport import Address

# Type and code: net, host, port unreachable, filtered, time exceeded
V4 = ((3, 0), (3, 1), (3, 3), (3, 13), (11, 0))
V6 = ((1, 0), (1, 1), (1, 3), (1, 4), (3, 0))


def _checksum(data: bytes) -> int:
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def _quoted(source: Address, target: Address, payload: bytes) -> bytes:
    """A UDP packet from source to target, as ICMP quotes it."""
    udp = struct.pack("!HHHH", source[1], target[1], 8 + len(payload), 0)
    if ":" in source[0]:
        addresses = b"".join(socket.inet_pton(socket.AF_INET6, host)
                             for host, *_ in (source, target))
        return struct.pack("!IHBB", 6 << 28, len(udp) + len(payload),
                           socket.IPPROTO_UDP, 64) + addresses + udp + payload
    addresses = b"".join(socket.inet_aton(host)
                         for host, *_ in (source, target))
    return struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(udp) + len(payload), 0,
                       0, 64, socket.IPPROTO_UDP, 0) + addresses + udp \
        + payload


def forge(kinds: Iterable[tuple[int, int]], source: Address, target: Address,
          ports: Iterable[int], payload: bytes = b"") -> int:
    """Tell source's host that packets from each of these ports of it did not
    get to the target.  Returns the number of messages sent."""
    v6 = ":" in source[0]
    count = 0
    with socket.socket(socket.AF_INET6 if v6 else socket.AF_INET,
                       socket.SOCK_RAW, socket.IPPROTO_ICMPV6 if v6
                       else socket.IPPROTO_ICMP) as sock:
        for port in ports:
            quote = _quoted((source[0], port), target, payload)
            for kind, code in kinds:
                head = struct.pack("!BBHI", kind, code, 0, 0)
                if not v6:          # the kernel does it for IPv6
                    head = struct.pack("!BBHI", kind, code,
                                       _checksum(head + quote), 0)
                sock.sendto(head + quote, (source[0], 0))
                count += 1
    return count
