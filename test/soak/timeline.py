# SPDX-License-Identifier: BSD-3-Clause
"""What happened, in order: one event a line, with its time, who and what."""

import json
import threading
import time
from dataclasses import dataclass, field
from typing import Any, Callable, Iterable


@dataclass(frozen=True)
class Event:
    time: float                     # s, since the soak began
    who: str                        # an account, a server, "network", …
    what: str                       # "fault", "dial", "moves", …
    data: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        rest = ", ".join(f"{key} {value}" for key, value in self.data.items()
                         if value not in ("", None))
        return f"{self.time:9.3f}  {self.who:10} {self.what}" + \
            (f": {rest}" if rest else "")

    def get(self, key: str, default: Any = None) -> Any:
        return self.data.get(key, default)


class Timeline:
    """Written by many threads.  Its clock is time.monotonic()."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._changed = threading.Condition()
        self._events: list[Event] = []

    def now(self) -> float:
        return time.monotonic() - self._began

    def since_boot(self, monotonic: float) -> float:
        """A time of time.monotonic(), as the timeline has it."""
        return monotonic - self._began

    def add(self, who: str, what: str, at: float = -1.0,
            **data: Any) -> Event:
        """Now, or at a time of the timeline that has just passed."""
        with self._changed:
            event = Event(self.now() if at < 0 else at, who, what, data)
            self._events.append(event)
            self._changed.notify_all()
            return event

    def events(self) -> list[Event]:
        with self._changed:
            return sorted(self._events, key=lambda event: event.time)

    def wait(self, matches: Callable[[Event], bool], timeout: float,
             since: float = 0.0) -> bool:
        """Until an event at or after `since` matches; False: none did."""
        with self._changed:
            seen = 0

            def found() -> bool:
                nonlocal seen
                fresh, seen = self._events[seen:], len(self._events)
                return any(event.time >= since and matches(event)
                           for event in fresh)

            return self._changed.wait_for(found, timeout)


def recorded(events: Iterable[Event]) -> str:
    """For a file: a line of JSON for each."""
    return "".join(json.dumps([e.time, e.who, e.what, e.data], default=str)
                   + "\n" for e in events)


def from_record(lines: Iterable[str]) -> list[Event]:
    return [Event(*json.loads(line)) for line in lines]


def readable(events: Iterable[Event]) -> str:
    return "\n".join(str(event) for event in events)
