# SPDX-License-Identifier: BSD-3-Clause
"""Stands before a server that speaks TLS, and keeps every byte that a phone
sends to its port, by TCP or UDP."""

import socket
import struct
import threading

from . import ports
from .server import SipServer


class Tap:
    def __init__(self, server: SipServer) -> None:
        self.server = server
        self.port = ports.free_port()
        self.silent = False     # new connections lead nowhere, for ever
        self.streams: list[bytearray] = []      # one for each connection
        self.ended: list[bytearray] = []        # those that have ended
        self.datagrams: list[bytes] = []
        self._udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._udp.bind((ports.HOST, self.port))
        self._tcp = socket.create_server((ports.HOST, self.port))
        self._sockets = [self._udp, self._tcp]
        for job in (self._accept, self._datagrams):
            threading.Thread(target=job, daemon=True).start()

    def uri(self, host: str = ports.HOST) -> str:
        return f"sip:{host}:{self.port};transport=tls"

    def assert_encrypted(self) -> None:
        """Nothing but TLS records has come, RFC 8446 section 5.1, and no
        datagram other than CR LF."""
        assert not [data for data in self.datagrams if data.strip()]
        for stream in self.streams:
            data = bytes(stream)
            while data:
                kind, version, length = struct.unpack_from(">BHH",
                                                           data + bytes(5))
                assert 20 <= kind <= 23 and version >> 8 == 3, data
                data = data[5 + length:]

    def close(self) -> None:
        ports.close(self.port, self._sockets)

    def report(self) -> str:
        return f"--- tap, port {self.port}: {self.streams} {self.datagrams}"

    # In threads of its own

    def _datagrams(self) -> None:
        try:
            while data := self._udp.recv(65536):
                self.datagrams.append(data)
        except OSError:
            pass

    def _accept(self) -> None:
        try:
            while True:
                phone, _ = self._tcp.accept()
                self._sockets.append(phone)
                self.streams.append(bytearray())
                if self.silent:
                    threading.Thread(target=self._swallow, daemon=True,
                                     args=(phone, self.streams[-1])).start()
                    continue
                try:
                    server = socket.create_connection(
                        (self.server.host, self.server.port))
                except OSError:
                    phone.close()
                    continue
                self._sockets.append(server)
                for job, *args in (
                        (self._listen, phone, server, self.streams[-1]),
                        (self._pump, server, phone, bytearray())):
                    threading.Thread(target=job, daemon=True,
                                     args=args).start()
        except OSError:
            pass

    @staticmethod
    def _swallow(source: socket.socket, kept: bytearray) -> None:
        try:
            while data := source.recv(65536):
                kept += data
        except OSError:
            pass

    def _listen(self, phone: socket.socket, server: socket.socket,
                kept: bytearray) -> None:
        self._pump(phone, server, kept)
        self.ended.append(kept)

    @staticmethod
    def _pump(source: socket.socket, target: socket.socket,
              kept: bytearray) -> None:
        try:
            while data := source.recv(65536):
                kept += data
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            target.close()
