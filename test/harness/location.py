# SPDX-License-Identifier: BSD-3-Clause
"""The table of who can be reached where, as several registrars share it.

It remembers its whole history, so that a test can ask for how long an
address of record had no binding.  All times are time.monotonic() seconds.
"""

import threading
import time
from dataclasses import dataclass
from typing import Callable, Optional

from . import run, sip


@dataclass
class Binding:
    contact: str            # the URI, without header parameters
    expires_at: float
    expires_s: int
    call_id: str
    cseq: int
    server: str             # name of the server that took it last


@dataclass
class Change:
    time: float
    aor: str
    contact: str
    action: str             # "bind", "refresh" or "unbind"
    expires_s: int
    server: str
    call_id: str


Interval = tuple[float, float]


class LocationTable:
    """Bindings by address of record, with RFC 3261 section 10.3's rules."""

    def __init__(self) -> None:
        self._bound: dict[str, dict[str, Binding]] = {}
        self._lock = threading.Condition(threading.RLock())
        self.history: list[Change] = []

    # What a registrar does

    def bind(self, aor: str, contact: str, expires_s: int = 3600,
             call_id: str = "static", cseq: int = 1,
             server: str = "") -> bool:
        """Add, refresh or (expires 0) remove.  False: an older request."""
        aor = sip.aor(aor)
        now = time.monotonic()
        with self._lock:
            contacts = self._bound.setdefault(aor, {})
            old = contacts.get(contact)
            if old and old.call_id == call_id and cseq <= old.cseq:
                return False

            live = old is not None and old.expires_at > now
            if expires_s > 0:
                contacts[contact] = Binding(contact, now + expires_s,
                                            expires_s, call_id, cseq, server)
                action = "refresh" if live else "bind"
            else:
                contacts.pop(contact, None)
                action = "unbind"
            if old or expires_s > 0:
                self.history.append(Change(now, aor, contact, action,
                                           expires_s, server, call_id))
            self._lock.notify_all()
        return True

    def unbind_all(self, aor: str, call_id: str = "static", cseq: int = 1,
                   server: str = "") -> bool:
        """Contact: * — remove every binding."""
        done = [self.bind(aor, contact, 0, call_id, cseq, server)
                for contact in self.bindings(aor)]
        return all(done)

    # What a test asks

    def bindings(self, aor: str) -> dict[str, Binding]:
        """The bindings that have not expired, by contact URI."""
        now = time.monotonic()
        with self._lock:
            found = self._bound.get(sip.aor(aor), {})
            return {uri: b for uri, b in found.items() if b.expires_at > now}

    def wait(self, predicate: Callable[["LocationTable"], bool],
             timeout: float = run.PATIENCE_S) -> bool:
        """Wait until a change (or an expiry) makes the predicate true."""
        end = time.monotonic() + timeout
        while not predicate(self):
            left = end - time.monotonic()
            if left <= 0:
                return False
            with self._lock:
                self._lock.wait(min(left, 0.02))
        return True

    def wait_bound(self, aor: str, timeout: float = run.PATIENCE_S) -> bool:
        return self.wait(lambda table: bool(table.bindings(aor)), timeout)

    def changes(self, aor: str, since: float = 0.0) -> list[Change]:
        key = sip.aor(aor)
        with self._lock:
            return [c for c in self.history
                    if c.aor == key and c.time >= since]

    def bound_intervals(self, aor: str,
                        until: Optional[float] = None) -> list[Interval]:
        """When at least one contact was bound, merged, in order of time."""
        until = time.monotonic() if until is None else until
        spans: list[Interval] = []
        opened: dict[str, Interval] = {}     # contact -> from, expires at

        for change in self.changes(aor):
            old = opened.pop(change.contact, None)
            if old:
                spans.append((old[0], min(old[1], change.time)))
            if change.action != "unbind":
                opened[change.contact] = (change.time,
                                          change.time + change.expires_s)

        spans += [(start, min(end, until)) for start, end in opened.values()]
        return _merged([span for span in spans if span[0] < until])

    def unbound_intervals(self, aor: str, since: Optional[float] = None,
                          until: Optional[float] = None) -> list[Interval]:
        """When nothing was bound, from `since` (default: the first
        binding) until `until` (default: now)."""
        until = time.monotonic() if until is None else until
        bound = self.bound_intervals(aor, until)
        if since is None:
            since = bound[0][0] if bound else until

        gaps, at = [], since
        for start, end in bound:
            if start > at:
                gaps.append((at, min(start, until)))
            at = max(at, end)
        if at < until:
            gaps.append((at, until))
        return [gap for gap in gaps if gap[1] > gap[0]]

    def longest_unbound_s(self, aor: str, since: Optional[float] = None,
                          until: Optional[float] = None) -> float:
        """The longest time without a binding, in seconds."""
        gaps = self.unbound_intervals(aor, since, until)
        return max((end - start for start, end in gaps), default=0.0)

    def report(self) -> str:
        with self._lock:
            return "\n".join(
                f"{c.time:.3f} {c.server:6} {c.action:7} {c.aor} "
                f"{c.contact} expires {c.expires_s} s, Call-ID {c.call_id}"
                for c in self.history)


def _merged(spans: list[Interval]) -> list[Interval]:
    merged: list[Interval] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return merged
