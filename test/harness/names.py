# SPDX-License-Identifier: BSD-3-Clause
"""A private dnsmasq that knows the names of one test, and nothing else: it
reads no file of the system's and asks nobody."""

import os
import signal
import socket
import struct
import subprocess
import time
from typing import Callable, Optional

from . import ports, run
from .baresip import Phone

CONFIG = """\
port={port}
listen-address={host}
bind-interfaces
no-hosts
no-resolv
no-poll
addn-hosts={folder}/hosts
local=/test/
pid-file
{user}
log-queries
log-facility=-
"""
START_LIMIT_S = 10.0
KEPT_S = 0.1                            # libre 2.4 and later keep an answer
                                        # so long, though its TTL be 0
PROBE = "probe.test"                    # a name that is always there


def _query(name: str) -> bytes:
    """For an A record, RFC 1035 section 4."""
    question = b"".join(bytes([len(part)]) + part.encode()
                        for part in name.split("."))
    return struct.pack(">6H", 1, 0x100, 1, 0, 0, 0) + question + \
        struct.pack(">B2H", 0, 1, 1)


class Names:
    """The names end in .test."""

    def __init__(self) -> None:
        self.port = ports.free_port(ports.CTRL_RANGE)
        self.folder = run.new_folder("names")
        self._hosts: dict[str, list[str]] = {}      # name -> addresses
        self._records: list[str] = []               # as dnsmasq has them
        self._process: Optional[subprocess.Popen] = None

    # Before start()

    def srv(self, name: str, kind: str, *targets: tuple[str, int]) -> None:
        """SRV records for a transport; the first target is preferred."""
        self._records += [
            f"srv-host=_sip._{kind}.{name},{target},{port},{10 * number}"
            for number, (target, port) in enumerate(targets, 1)]

    def naptr(self, name: str, kind: str) -> None:
        """A NAPTR record that names a transport's SRV records."""
        service = {"udp": "SIP+D2U", "tcp": "SIP+D2T"}[kind]
        self._records.append(
            f"naptr-record={name},10,10,s,{service},,_sip._{kind}.{name}")

    def start(self) -> "Names":
        with open(os.path.join(self.folder, "config"), "w",
                  encoding="ascii") as file:
            # it would become nobody, who may not read the folder
            user = "" if os.getuid() else "user=root"
            file.write(CONFIG.format(port=self.port, host=ports.HOST,
                                     folder=self.folder, user=user))
            file.write("".join(f"{text}\n" for text in self._records))
        self._write_hosts()
        with open(self._log, "wb") as log:
            self._process = subprocess.Popen(
                ["dnsmasq", "-k", "-C", f"{self.folder}/config"],
                stdin=subprocess.DEVNULL, stdout=log,
                stderr=subprocess.STDOUT, start_new_session=True)
        self._until(lambda: self._resolves(ports.HOST))
        return self

    # At any time

    def host(self, name: str, *addresses: str) -> None:
        """A name's addresses, IPv4 and IPv6; none: there is no such name."""
        self._hosts[name] = list(addresses)
        if self.running:
            mark = f"127.1.{os.urandom(1)[0]}.{os.urandom(1)[0]}"
            self._hosts[PROBE] = [mark]
            self._write_hosts()
            self._signal(signal.SIGHUP)
            self._until(lambda: self._resolves(mark))

    def stop(self) -> None:
        """Queries are not answered until resume()."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        self._signal(signal.SIGCONT)

    def forgotten(self, *phones: Phone) -> None:
        """The phones have nothing left of the answers so far."""
        time.sleep(KEPT_S + 0.01)
        for phone in phones:
            phone.do("failover_json")   # then it looks at its timers, before
                                        # it takes the next command

    def asked(self, name: str) -> int:
        """How often a name has been asked for, with any type."""
        return self.report().count(f"] {name} from ")

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def close(self) -> None:
        if self._process:
            self._process.kill()
            self._process.wait()
        ports.release(self.port)

    def report(self) -> str:
        if not os.path.exists(self._log):
            return ""
        with open(self._log, encoding="utf-8", errors="replace") as file:
            return file.read()

    # Inside

    def _signal(self, number: int) -> None:
        assert self._process
        self._process.send_signal(number)

    @property
    def _log(self) -> str:
        return os.path.join(self.folder, "log")

    def _write_hosts(self) -> None:
        self._hosts.setdefault(PROBE, [ports.HOST])
        path = os.path.join(self.folder, "hosts")
        with open(f"{path}.new", "w", encoding="ascii") as file:
            for name, addresses in self._hosts.items():
                file.write("".join(f"{a} {name}\n" for a in addresses))
        os.replace(f"{path}.new", path)

    def _resolves(self, address: str) -> bool:
        """Does PROBE have this address?"""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.settimeout(0.2)
            try:
                sock.connect((ports.HOST, self.port))
                sock.send(_query(PROBE))
                return sock.recv(512).endswith(socket.inet_aton(address))
            except OSError:
                return False

    def _until(self, condition: Callable[[], bool]) -> None:
        end = time.monotonic() + START_LIMIT_S
        while not condition():
            assert self.running and time.monotonic() < end, self.report()
            time.sleep(0.01)
