# SPDX-License-Identifier: BSD-3-Clause
"""UDP, TCP and TLS sockets of a scripted server, on an asyncio loop."""

import asyncio
import contextlib
import ctypes
import functools
import os
import socket
import ssl
import struct
import time
from typing import Any, Callable, Optional

from . import certificates, sip

Address = tuple[str, int]

# socket(7) and tcp(7); Python has no names for them
SO_ATTACH_FILTER, SO_DETACH_FILTER = 26, 27
TCP_REPAIR = 19
CONNECT_S = 10.0                    # to an address that may be gone


class Flow:
    """One way to a peer: a datagram address or a connection."""

    def __init__(self, transport: Any, kind: str, peer: Address) -> None:
        self.transport = transport
        self.kind = kind                # "udp", "tcp" or "tls"
        self.peer = peer

    @property
    def reliable(self) -> bool:
        return self.kind != "udp"

    def send(self, data: bytes) -> None:
        if self.transport.is_closing():
            return
        if self.kind == "udp":
            self.transport.sendto(data, self.peer)
        else:
            self.transport.write(data)


MessageHandler = Callable[[bytes, Flow], None]


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, handler: MessageHandler, closed: asyncio.Future):
        self.handler = handler
        self.closed = closed

    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, addr):
        if data.strip(b"\r\n\0 "):      # else a keep-alive
            self.handler(data, Flow(self.transport, "udp", addr))

    def connection_lost(self, exc):
        if not self.closed.done():
            self.closed.set_result(None)


class _Stream(asyncio.Protocol):
    def __init__(self, listener: "Listener", kind: str) -> None:
        self.listener = listener
        self.kind = kind
        self.buffer = bytearray()
        self.began = 0.0                # what is in the buffer
        self.closed = asyncio.get_running_loop().create_future()

    def connection_made(self, transport):
        peer = transport.get_extra_info("peername")
        self.flow = Flow(transport, self.kind, peer)
        self.listener.streams.add(self)
        if not self.listener.is_open:   # closed since the accept
            transport.abort()

    def data_received(self, data):
        if not self.buffer:
            self.began = time.monotonic()
        self.buffer += data
        while message := sip.frame(self.buffer):
            self.listener.began = self.began
            self.listener.handler(message, self.flow)
            self.began = time.monotonic()

    def connection_lost(self, exc):
        self.listener.streams.discard(self)
        if not self.closed.done():
            self.closed.set_result(None)

    def reset(self):
        sock = self.flow.transport.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                        struct.pack("ii", 1, 0))


class _Raw(asyncio.Protocol):
    """In place of TLS: says nothing to a ClientHello, or something else."""

    def __init__(self, listener: "Listener", answer: bytes) -> None:
        self.listener, self.answer = listener, answer
        self.closed = asyncio.get_running_loop().create_future()

    def connection_made(self, transport):
        self.flow = Flow(transport, "raw", ("", 0))
        self.listener.streams.add(self)

    def data_received(self, data):
        self.listener.raw += data
        if self.answer:
            self.flow.transport.write(self.answer)

    connection_lost = _Stream.connection_lost
    reset = _Stream.reset


def _drop_all(sock: Any) -> None:
    """The kernel throws away what arrives at a socket, as if it had never
    come: no acknowledgement, no ICMP, no RST."""
    code = ctypes.create_string_buffer(struct.pack("HBBI", 6, 0, 0, 0))
    sock.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER,
                    struct.pack("HL", 1, ctypes.addressof(code)))


def _hear_all(sock: Any) -> None:
    """Again, if it did not."""
    with contextlib.suppress(FileNotFoundError):
        sock.setsockopt(socket.SOL_SOCKET, SO_DETACH_FILTER, 0)


class Listener:
    """The sockets of one server.  All methods belong to the loop."""

    def __init__(self, host: str, port: int, kinds: tuple[str, ...],
                 handler: MessageHandler) -> None:
        self.host, self.port, self.kinds = host, port, kinds
        self.handler = handler
        self.streams: set[_Stream] = set()
        self.is_open = False
        self.certificate = ""           # a PEM file; by default a fresh one
        self.instead: Optional[bytes] = None    # of TLS; b"": silence
        self.raw = bytearray()          # and what was said to that
        self.began = 0.0                # the last message of a connection
        self._udp: Optional[asyncio.DatagramTransport] = None
        self._udp_closed: asyncio.Future    # made by open()
        self._servers: list[asyncio.Server] = []
        self._kept: list[socket.socket] = []    # listening, for open()

    async def open(self) -> None:
        loop = asyncio.get_running_loop()
        self.is_open = True
        self._udp_closed = loop.create_future()
        if "udp" in self.kinds:
            self._udp, _ = await loop.create_datagram_endpoint(
                lambda: _Datagrams(self.handler, self._udp_closed),
                local_addr=(self.host, self.port))
        for kind in ("tcp", "tls"):
            if kind in self.kinds:
                self._servers.append(await self._serve(kind))

    async def _serve(self, kind: str) -> asyncio.Server:
        options: dict[str, Any] = {"host": self.host, "port": self.port}
        if self._kept:
            options = {"sock": self._kept.pop()}
            _hear_all(options["sock"])
        if kind == "tls" and self.instead is not None:
            make: Any = functools.partial(_Raw, self, self.instead)
        else:
            make = functools.partial(_Stream, self, kind)
            if kind == "tls":
                options["ssl"] = server_context(self.certificate)
        return await asyncio.get_running_loop().create_server(make, **options)

    async def close(self, reset: bool = False, keep: bool = False) -> None:
        """Return when the kernel has closed all sockets.  With reset, the
        connections end with RST, else with FIN.  With keep, who connects
        until the next open() is not refused, but waits for that."""
        self.is_open = False
        if keep:
            self._kept = [sock.dup() for server in self._servers
                          for sock in server.sockets]
        await self._stop_accepting()
        waits = []
        if self._udp:
            self._udp.abort()
            waits.append(self._udp_closed)
        for server in self._servers:
            server.close()
        for stream in list(self.streams):
            if reset:
                stream.reset()
            stream.flow.transport.abort()
            waits.append(stream.closed)

        await asyncio.gather(*waits)
        await asyncio.sleep(0)          # lets the servers' sockets go
        self._udp = None
        self._servers = []

    def only_from(self, peer: Address) -> None:
        """Hear no other UDP port: the kernel answers those with ICMP port
        unreachable, as a filter would that rejects them."""
        assert self._udp
        kept = self._udp.get_extra_info("socket")
        with socket.socket(kept.family, kept.type,
                           fileno=os.dup(kept.fileno())) as sock:
            sock.connect(peer)

    def deafen(self) -> None:
        """Vanish like a host without power: nothing that arrives, for open
        connections and for new ones, has any effect or answer."""
        for sock in self._all_sockets():
            _drop_all(sock)

    def hear(self) -> None:
        """There again, but the connections of before stay dead."""
        for server in self._servers:
            for sock in server.sockets:
                _hear_all(sock)
        if self._udp:
            _hear_all(self._udp.get_extra_info("socket"))

    def lose(self, lost: bool) -> None:
        """What comes over the connections of now; the sender repeats it."""
        for stream in self.streams:
            sock = stream.flow.transport.get_extra_info("socket")
            if lost:
                _drop_all(sock)
            else:
                _hear_all(sock)

    async def reboot(self) -> None:
        """There again with all connections forgotten: whoever goes on using
        one is told so by RST, and not before."""
        waits = []
        for stream in list(self.streams):
            stream.flow.transport.get_extra_info("socket").setsockopt(
                socket.IPPROTO_TCP, TCP_REPAIR, 1)
            stream.flow.transport.abort()
            waits.append(stream.closed)
        await asyncio.gather(*waits)

    async def cut(self, reset: bool = False) -> None:
        """End the connections, and go on accepting new ones."""
        waits = []
        for stream in list(self.streams):
            if reset:
                stream.reset()
            stream.flow.transport.abort()
            waits.append(stream.closed)
        await asyncio.gather(*waits)

    def _all_sockets(self) -> list:
        found = [stream.flow.transport.get_extra_info("socket")
                 for stream in self.streams]
        for server in self._servers:
            found += server.sockets
        if self._udp:
            found.append(self._udp.get_extra_info("socket"))
        return found

    async def _stop_accepting(self) -> None:
        """Let asyncio finish the accepts that it has begun: closing the
        server before would leak their sockets."""
        loop = asyncio.get_running_loop()
        for server in self._servers:
            for sock in server.sockets:
                loop.remove_reader(sock.fileno())
        for _ in range(5):
            await asyncio.sleep(0)

    async def flow_to(self, kind: str, peer: Address) -> Flow:
        """A way to a peer, for requests that the server sends itself."""
        if kind == "udp":
            if not self._udp:
                raise OSError("the server has no UDP socket")
            return Flow(self._udp, "udp", peer)

        for stream in self.streams:
            if stream.flow.peer == peer and stream.kind == kind:
                return stream.flow
        _, stream = await asyncio.wait_for(
            asyncio.get_running_loop().create_connection(
                functools.partial(_Stream, self, kind), *peer,
                ssl=client_context() if kind == "tls" else None), CONNECT_S)
        return stream.flow


def server_context(path: str = "") -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path or certificates.self_signed())
    return context


def client_context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
