# SPDX-License-Identifier: BSD-3-Clause
"""What a scripted server received and sent, with the time of each."""

import threading
import time
from dataclasses import dataclass
from typing import Callable, Iterable, Optional

from . import run
from .sip import Message


@dataclass
class Entry:
    time: float             # time.monotonic() of the arrival, in seconds
    msg: Message
    transport: str          # "udp", "tcp" or "tls"
    peer: tuple[str, int]
    sent: bool = False      # by the server

    @property
    def method(self) -> str:
        """The request's method, of a response the one that it answers."""
        return self.msg.method or self.msg.cseq_method

    @property
    def branch(self) -> str:
        return self.msg.branch

    @property
    def call_id(self) -> str:
        return self.msg.call_id

    @property
    def cseq(self) -> int:
        return self.msg.cseq

    def __str__(self) -> str:
        arrow = "->" if self.sent else "<-"
        return (f"{self.time:.3f} {arrow} {self.transport} {self.peer[1]} "
                f"{self.msg.start_line} | CSeq {self.msg.get('CSeq')} "
                f"| {self.branch} | {self.call_id}")


def once(entries: Iterable[Entry]) -> list[Entry]:
    """Of each transaction the first request."""
    first: dict[tuple[str, str], Entry] = {}
    for entry in entries:
        first.setdefault((entry.method, entry.branch), entry)
    return list(first.values())


class Recorder:
    """Messages in order of arrival.  Retransmissions are entries too."""

    def __init__(self) -> None:
        self._lock = threading.Condition(threading.RLock())
        self._entries: list[Entry] = []
        self.malformed: list[bytes] = []

    def add(self, entry: Entry) -> None:
        with self._lock:
            self._entries.append(entry)
            self._lock.notify_all()

    def clear(self) -> None:
        with self._lock:
            self._entries.clear()

    def entries(self) -> list[Entry]:
        """Everything, sent and received."""
        with self._lock:
            return list(self._entries)

    def requests(self, method: Optional[str] = None,
                 since: float = 0.0) -> list[Entry]:
        """Requests received at or after `since`, of one method or all."""
        return [e for e in self.entries()
                if not e.sent and e.msg.is_request and e.time >= since
                and method in (None, e.msg.method)]

    def responses(self, method: Optional[str] = None, since: float = 0.0,
                  sent: bool = True) -> list[Entry]:
        """Responses that the server sent (or, sent=False, received)."""
        return [e for e in self.entries()
                if e.sent == sent and not e.msg.is_request
                and e.time >= since and method in (None, e.method)]

    def begun(self, method: Optional[str] = None,
              since: float = 0.0) -> list[Entry]:
        """The same without retransmissions, which a slow machine causes."""
        return [e for e in once(self.requests(method)) if e.time >= since]

    def count(self, method: Optional[str] = None, since: float = 0.0) -> int:
        return len(self.begun(method, since))

    def wait(self, method: str, n: int = 1, timeout: float = run.PATIENCE_S,
             since: float = 0.0) -> list[Entry]:
        """Wait for n requests of a method, retransmissions included;
        AssertionError after timeout."""
        def arrived() -> int:
            return len(self.requests(method, since))

        self.wait_for(lambda: arrived() >= n, timeout,
                      f"{n} {method}, got {arrived()}")
        return self.requests(method, since)

    def wait_for(self, predicate: Callable[[], bool],
                 timeout: float = run.PATIENCE_S,
                 what: str = "a message") -> None:
        """Wait until the predicate holds, seen anew after each message."""
        end = time.monotonic() + timeout
        with self._lock:
            while not predicate():
                left = end - time.monotonic()
                if left <= 0:
                    raise AssertionError(
                        f"waited {timeout} s for {what}\n{self.report()}")
                self._lock.wait(left)

    def report(self) -> str:
        return "\n".join(str(entry) for entry in self.entries())
