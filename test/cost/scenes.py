# SPDX-License-Identifier: BSD-3-Clause
"""What the phone is asked to do, any number of times."""

import contextlib
import json
import os
import re
import socket
import time
from collections import Counter

from harness import ports, sip
from harness.baresip import Phone, account
from harness.calls import CallTable
from harness.location import LocationTable
from harness.scenario import BOB, wait_quiet
from harness.server import SipServer

from meter import SLOW_S, Meter


AGAIN_S = 5.0
IDLE_S = 6.0                    # longer than RFC 3261's timer K
IDLE_CPU_S = 0.1                # of so many seconds


def aor(number: int) -> str:
    return f"sip:user{number}@{ports.HOST}"


class Servers:
    """Two registrars that share what they know."""

    def __init__(self, granted_s: int = 3600) -> None:
        table, calls = LocationTable(), CallTable()
        self.primary, self.backup = [
            SipServer(name=name, table=table, call_table=calls).start()
            for name in ("pbx1", "pbx2")]
        for server in (self.primary, self.backup):
            server.registrar.max_expires_s = granted_s

    def accounts(self, number: int, extra: str = "") -> list[str]:
        return [account(aor(i), self.primary.uri(), self.backup.uri(),
                        extra=extra) for i in range(number)]

    def wait_bound(self, number: int) -> None:
        """All are registered, and the phone has nothing more to do."""
        for i in range(number):
            assert self.primary.table.wait_bound(aor(i), SLOW_S)
        wait_quiet([self.primary], 2.0, SLOW_S)

    def close(self) -> None:
        self.primary.close()
        self.backup.close()


def cpu_s(phone: Phone) -> float:
    """Processor time that the phone has used."""
    with open(f"/proc/{phone.pid}/stat", encoding="ascii") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def wait_idle(phone: Phone) -> None:
    """It has handled what waits in its sockets, and its transactions have
    ended: under callgrind that takes a while with thousands of accounts."""
    end = time.monotonic() + SLOW_S
    used = -1.0
    while cpu_s(phone) - used > IDLE_CPU_S:
        assert time.monotonic() < end, "the phone goes on working"
        used = cpu_s(phone)
        time.sleep(IDLE_S)


def options(target: str, source: int, number: int) -> bytes:
    """From somebody whom the phone does not know."""
    tag = sip.new_tag()
    return (f"OPTIONS {target} SIP/2.0\r\n"
            f"Via: SIP/2.0/UDP {ports.HOST}:{source}"
            f";branch={sip.new_branch()};rport\r\n"
            f"Max-Forwards: 70\r\n"
            f"To: <{target}>\r\n"
            f"From: <sip:stranger@example.com>;tag={tag}\r\n"
            f"Call-ID: {tag}{number}@example.com\r\n"
            f"CSeq: {number + 1} OPTIONS\r\n"
            f"Contact: <sip:stranger@{ports.HOST}:{source}>\r\n"
            f"Accept: application/sdp\r\n"
            f"User-Agent: stranger\r\n"
            f"Content-Length: 0\r\n\r\n").encode()


class Stranger:
    """Sends OPTIONS over UDP, and waits for each answer."""

    def __init__(self, phone: Phone, user: str = "100") -> None:
        self._sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._sock.bind((ports.HOST, 0))
        self._sock.connect((ports.HOST, phone.port))
        self._sock.settimeout(AGAIN_S)
        self._target = f"sip:{user}@{ports.HOST}:{phone.port}"

    def _ask(self, request: bytes) -> bytes:
        """The answer; a packet may be lost where the machine is loaded."""
        end = time.monotonic() + SLOW_S
        while time.monotonic() < end:
            self._sock.send(request)
            with contextlib.suppress(TimeoutError):
                return self._sock.recv(65536)
        raise AssertionError("the phone does not answer")

    def __call__(self, number: int) -> int:
        source = self._sock.getsockname()[1]
        for i in range(number):
            request = options(self._target, source, i)
            assert not sip.parse(self._ask(request)).is_request
        return number


class Request:
    """The account asks its server: OPTIONS and the answer."""

    def __init__(self, phone: Phone, servers: Servers) -> None:
        self._phone, self._server = phone, servers.primary

    def __call__(self, number: int) -> int:
        for _ in range(number):
            since = time.monotonic()
            self._phone.do("options", BOB)
            self._server.recorder.wait("OPTIONS", 1, SLOW_S, since=since)
        return number


class Refresh:
    """The accounts refresh their registration, when it is time: all of them
    within a moment, and then none for a while."""

    PAUSE_S = 1.0

    def __init__(self, servers: Servers) -> None:
        self._recorder = servers.primary.recorder

    def _pause(self) -> int:
        """Wait for it; REGISTERs up to now."""
        end = time.monotonic() + SLOW_S
        while time.monotonic() < end:
            entries = self._recorder.requests("REGISTER")
            if time.monotonic() - entries[-1].time > self.PAUSE_S:
                return len(entries)
            time.sleep(0.05)
        raise AssertionError("the accounts never cease to register")

    def __call__(self, number: int) -> int:
        before = self._pause()
        self._recorder.wait("REGISTER", before + number, SLOW_S)
        return self._pause() - before


class Outgoing:
    """INVITE to BYE, at an order."""

    def __init__(self, phone: Phone, servers: Servers) -> None:
        self._phone, self._server = phone, servers.primary

    def __call__(self, number: int) -> int:
        for _ in range(number):
            since = time.monotonic()
            self._phone.dial(BOB)
            self._phone.wait_event("CALL_ESTABLISHED", SLOW_S, since=since)
            self._phone.hangup()
            self._server.recorder.wait("BYE", 1, SLOW_S, since=since)
        return number


class Incoming:
    """INVITE to BYE, by the far end; the account answers by itself."""

    def __init__(self, servers: Servers) -> None:
        self._server = servers.primary

    def __call__(self, number: int) -> int:
        for _ in range(number):
            call = self._server.call(aor(0))
            self._server.calls.wait(lambda _: call.state == "established",
                                    SLOW_S)
            self._server.hangup(call)
            self._server.calls.wait(lambda _: call.state == "ended", SLOW_S)
        return number


class Json:
    """failover_json of all accounts, in as many parts as it takes."""

    def __init__(self, phone: Phone) -> None:
        self._phone = phone

    def __call__(self, number: int) -> int:
        for _ in range(number):
            self._all()
        return number

    def _all(self) -> list[dict]:
        good, text = self._phone.command("failover_json", timeout=SLOW_S)
        if good:
            return json.loads(text)["accounts"]
        part = int(re.search(r"1-(\d+)$", text.strip())[1])
        count = int(re.search(r"(\d+) accounts are too many", text)[1])
        found = []
        while len(found) < count:
            first = len(found) + 1
            good, text = self._phone.command(
                "failover_json", f"{first}-{first + part * 3 // 4}", SLOW_S)
            assert good, text
            found += json.loads(text)["accounts"]
        return found


def moved(phone: Phone, servers: Servers, number: int) -> dict[str, float]:
    """Close the primary's port; how the backup sees the accounts come."""
    begin, used = time.monotonic(), cpu_s(phone)
    recorder = servers.backup.recorder
    servers.primary.kill()

    def all_there() -> bool:
        return len({entry.msg.aor for entry in
                    recorder.requests("REGISTER", begin)}) == number

    end = begin + SLOW_S
    while not all_there():
        assert time.monotonic() < end, f"not all of {number} have moved"
        time.sleep(0.1)
    times = [entry.time for entry in recorder.requests(since=begin)]
    seconds = Counter(int(when - begin) for when in times)
    return {"moved_s": max(times) - begin, "peak": max(seconds.values()),
            "cpu_s": cpu_s(phone) - used}
