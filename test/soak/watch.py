# SPDX-License-Identifier: BSD-3-Clause
"""Writes into the timeline what the phone says, what servers see, and how
the machine does.  Each in a thread of its own."""

import contextlib
import os
import re
import threading
import time
from typing import Any, Callable, Optional

from harness import sip
from harness.record import Entry

from .world import ACCOUNTS, World, aor

LOOK_S = 0.25                       # how often states are looked at
STALL_S = 0.5                       # so late is worth telling
LOOKS = 10                          # at what the phone has
MOVE = re.compile(r"failover: ([^@ ]+)@\S+: (?:server (\d+) \(\S+\)|no server)"
                  r" -> server (\d+) \(\S+\): (.*)")
OURS = re.compile(r"failover: ([^@ ]+)@\S+: (.*)")

OF_ALL = re.compile(r"\b(failover|net|ua|sip|tls): .*")


class Watch:
    def __init__(self, world: World) -> None:
        self.world, self.timeline = world, world.timeline
        self.failure: Optional[BaseException] = None
        self._open = True
        self._threads: list[threading.Thread] = []
        self._reinvites: set[tuple[str, int]] = set()
        world.watch(self._message)

    def begin(self, *jobs: Callable[[], None]) -> None:
        for job in jobs:
            thread = threading.Thread(target=self._guarded, args=(job,),
                                      daemon=True)
            thread.start()
            self._threads.append(thread)

    def begin_in_servers_namespace(self) -> None:
        self._ready = threading.Event()
        self.begin(self._states, self._machine)

    def begin_with_phone(self) -> None:
        self._ready.set()
        self.begin(self._events, self._log)

    def close(self) -> None:
        self._open = False
        self._ready.set()
        for thread in self._threads:
            thread.join()

    def _guarded(self, job: Callable[[], None]) -> None:
        try:
            job()
        except BaseException as err:    # pylint: disable=broad-except
            if self._open:
                self.failure = err

    # The phone

    def _events(self) -> None:
        seen = 0
        while self._open:
            for event in self.world.phone.next_events(seen):
                seen += 1
                if event.type.startswith("CALL_"):
                    user = sip.uri_parts(event.data["accountaor"])[0]
                    self.timeline.add(
                        user, event.type,
                        self.timeline.since_boot(event.time),
                        id=event.data.get("id", ""), param=event.param)

    def _log(self) -> None:
        seen = 0
        while self._open:
            lines = self.world.phone.log.lines
            while seen < len(lines):
                self._said(*lines[seen])
                seen += 1
            time.sleep(0.05)

    def _said(self, when: float, text: str) -> None:
        at = self.timeline.since_boot(when)
        if match := MOVE.search(text):
            name, before, after, reason = match.groups()
            self.timeline.add(name, "moves", at, before=int(before or 0),
                              after=int(after), reason=reason)
        elif match := OURS.search(text):
            self.timeline.add(match[1], "says", at, text=match[2])
        elif match := OF_ALL.search(text):
            self.timeline.add("phone", "says", at, text=match[0])

    def _states(self) -> None:
        """What each account says of itself, and whether it can be found."""
        self._ready.wait()
        last: dict[str, dict[str, Any]] = {}
        with contextlib.closing(
                self.world.group.database.connect()) as conn:
            while self._open:
                began = time.monotonic()
                self._look(last, conn)
                time.sleep(max(0.0, LOOK_S - (time.monotonic() - began)))

    def _look(self, last: dict[str, dict[str, Any]], conn: Any) -> None:
        began = self.timeline.now()
        status = self.world.phone.status()["accounts"]
        took = self.timeline.now() - began
        if took > STALL_S:
            self.timeline.add("machine", "stall", began, length=took,
                              of="phone")
        found = {a["aor"]: a for a in status}
        for each in ACCOUNTS:
            account = found[aor(each)]
            settled = account["state"] in ("primary", "backup")
            state = {"state": account["state"], "active": account["active"],
                     "standby": account.get("standby", 0),
                     "bound": not settled or self.world.is_bound(each, conn),
                     "registered": bool(settled and account["servers"][
                         account["active"] - 1]["registered"])}
            if state != last.get(each.name):
                last[each.name] = state
                self.timeline.add(each.name, "state", **state)

    # Servers

    def _message(self, server: str, entry: Entry) -> None:
        msg, key = entry.msg, (entry.call_id, entry.cseq)
        if msg.is_request:
            if not entry.sent and msg.method == "INVITE" and msg.to_tag:
                self._reinvites.add(key)
        elif entry.sent and 200 <= msg.status < 300:
            if entry.method == "INVITE" and key in self._reinvites:
                self._reinvites.discard(key)
                self.timeline.add("far end", "re-INVITE", id=entry.call_id,
                                  server=server)
            elif entry.method == "REFER":
                self.timeline.add("far end", "REFER", id=entry.call_id,
                                  server=server)
            elif entry.method == "SUBSCRIBE" and msg.get("Expires") != "0":
                user = sip.uri_parts(sip.uri_of(msg.get("From")))[0]
                self.timeline.add(user, "subscribed", server=server)

    # The machine

    def _machine(self) -> None:
        """A thread that sleeps shortly, and is woken up late."""
        nap_s = 0.02
        while self._open:
            began = self.timeline.now()
            time.sleep(nap_s)
            late = self.timeline.now() - began - nap_s
            if late > STALL_S:
                self.timeline.add("machine", "stall", began, length=late,
                                  of="test")

    def resources(self) -> dict[str, int]:
        """What the phone has while it does the least, as it never rests."""
        seen = []
        for _ in range(LOOKS):
            seen.append(self._resources())
            time.sleep(0.3)
        return min(seen, key=lambda one: one["timers"])

    def _resources(self) -> dict[str, int]:
        phone = self.world.phone
        with open(f"/proc/{phone.pid}/statm", encoding="ascii") as file:
            pages = int(file.read().split()[1])
        links = []
        for name in os.listdir(f"/proc/{phone.pid}/fd"):
            with contextlib.suppress(OSError):
                links.append(os.readlink(f"/proc/{phone.pid}/fd/{name}"))
        timers = re.search(r"Timers \((\d+)\)", phone.do("timers"))
        sipstat = phone.do("sipstat")
        return {"memory_kib": pages * os.sysconf("SC_PAGE_SIZE") // 1024,
                "descriptors": len(links),
                "sockets": sum(x.startswith("socket:") for x in links),
                "timers": int(timers[1]) if timers else 0,
                "transactions": _transactions(sipstat)}


def _transactions(sipstat: str) -> int:
    """In libre's dump each is a line below the headings."""
    _, _, part = sipstat.partition("client transactions:")
    return len(re.findall(r"^ +\S+ .*\(.*\)$", part, re.MULTILINE))


