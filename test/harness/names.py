# SPDX-License-Identifier: BSD-3-Clause
"""A private dnsmasq that knows the names of one test, and nothing else: it
reads no file of the system's and asks nobody."""

import os
import re
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
local-ttl={ttl}
pid-file
{user}
log-queries
log-facility=-
"""
START_LIMIT_S = 10.0
KEPT_S = 0.1                            # libre 2.4 and later keep an answer
                                        # so long, though its TTL be 0
PROBE = "probe.test"                    # a name that is always there

# Owner of a transport's SRV records, and its NAPTR service, RFC 3263
OWNER = {"udp": "_sip._udp", "tcp": "_sip._tcp", "tls": "_sips._tcp"}
SERVICE = {"udp": "SIP+D2U", "tcp": "SIP+D2T", "tls": "SIPS+D2T"}


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
        self._records: dict[str, list[str]] = {}    # as dnsmasq has them
        self._process: Optional[subprocess.Popen] = None
        self.ttl = 0                                # s, of all answers

    # Before start() or restart()

    def srv(self, name: str, kind: str, *targets: tuple) -> None:
        """A name's SRV records for a transport, in place of those before.
        A target: host, port, priority, weight.  Without a priority the first
        one is preferred."""
        owner = f"{OWNER[kind]}.{name}"
        self._records[owner] = [
            "srv-host=" + ",".join(map(str, (
                owner, target, port, *(rest or (10 * number,)))))
            for number, (target, port, *rest) in enumerate(targets, 1)]

    def naptr(self, name: str, *kinds: str) -> None:
        """NAPTR records that name transports' SRV records, the preferred one
        first."""
        self._records[name] = [
            f"naptr-record={name},{10 * number},10,s,{SERVICE[kind]},,"
            f"{OWNER[kind]}.{name}" for number, kind in enumerate(kinds, 1)]

    def cname(self, name: str, target: str) -> None:
        """A name stands for another one, whose addresses host() gives."""
        self._records[name] = [f"cname={name},{target}"]

    def start(self) -> "Names":
        with open(os.path.join(self.folder, "config"), "w",
                  encoding="ascii") as file:
            # it would become nobody, who may not read the folder
            user = "" if os.getuid() else "user=root"
            file.write(CONFIG.format(port=self.port, host=ports.HOST,
                                     folder=self.folder, user=user,
                                     ttl=self.ttl))
            for records in self._records.values():
                file.write("".join(f"{text}\n" for text in records))
        self._write_hosts()
        with open(self._log, "ab") as log:
            self._process = subprocess.Popen(
                ["dnsmasq", "-k", "-C", f"{self.folder}/config"],
                stdin=subprocess.DEVNULL, stdout=log,
                stderr=subprocess.STDOUT, start_new_session=True)
        self._until(lambda: self._resolves(self._hosts[PROBE][0]))
        return self

    def restart(self) -> "Names":
        """With the records of now; what it was asked before still counts."""
        self._kill()
        return self.start()

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

    def asked(self, name: str = "", kind: str = "") -> int:
        """How often a name has been asked for, of a type or any; without a
        name, how often anything has."""
        queries = re.findall(r"query\[(\S+)\] (\S+) from ", self.report())
        return sum(asked != PROBE and name in ("", asked) and
                   kind in ("", of) for of, asked in queries)

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def close(self) -> None:
        self._kill()
        ports.release(self.port)

    def report(self) -> str:
        if not os.path.exists(self._log):
            return ""
        with open(self._log, encoding="utf-8", errors="replace") as file:
            return file.read()

    # Inside

    def _kill(self) -> None:
        if self._process:
            self._process.kill()
            self._process.wait()

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
