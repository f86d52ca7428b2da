# SPDX-License-Identifier: BSD-3-Clause
"""Baresip's ctrl_tcp: commands as JSON in netstrings, and its events."""

import itertools
import json
import re
import socket
import threading
import time
from dataclasses import dataclass
from typing import Any, Callable, Optional

from . import run

ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


@dataclass
class Event:
    time: float             # time.monotonic() of its arrival, in seconds
    type: str               # "REGISTER_OK", "CALL_CLOSED", …
    data: dict[str, Any]    # all that came with it

    @property
    def param(self) -> str:
        return self.data.get("param", "")


class Control:
    """One connection; a thread reads it.  Baresip allows only one."""

    def __init__(self, host: str, port: int) -> None:
        self._sock = socket.create_connection((host, port), 5)
        self._sock.settimeout(None)
        self._changed = threading.Condition(threading.RLock())
        self._answers: dict[str, dict[str, Any]] = {}
        self._tokens = itertools.count(1)
        self.all_events: list[Event] = []
        self.open = True
        threading.Thread(target=self._read, daemon=True).start()

    def command(self, name: str, params: str = "",
                timeout: float = run.PATIENCE_S) -> tuple[bool, str]:
        """Run a long command: (it went well, what it printed)."""
        token = str(next(self._tokens))
        request = {"command": name, "token": token}
        if params:
            request["params"] = params
        body = json.dumps(request).encode()
        try:
            self._sock.sendall(b"%d:%s," % (len(body), body))
        except OSError as err:
            raise ConnectionError(f"{name}: {err}") from err

        with self._changed:
            self._changed.wait_for(
                lambda: token in self._answers or not self.open, timeout)
            answer = self._answers.pop(token, None)
        if answer is None:
            why = "no answer" if self.open else "connection closed"
            raise ConnectionError(f"{name}: {why}")
        return bool(answer["ok"]), ANSI.sub("", answer["data"])

    def events(self, kind: Optional[str] = None,
               since: float = 0.0) -> list[Event]:
        with self._changed:
            return [e for e in self.all_events
                    if kind in (None, e.type) and e.time >= since]

    def wait_for(self, predicate: Callable[[], bool],
                 timeout: float) -> bool:
        """Until the predicate holds, seen anew after each event."""
        with self._changed:
            return self._changed.wait_for(predicate, timeout)

    def close(self) -> None:
        try:
            self._sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self._sock.close()

    def _read(self) -> None:
        buffer = b""
        while True:
            try:
                data = self._sock.recv(65536)
            except OSError:
                data = b""
            if not data:
                break
            buffer += data
            while (frame := _frame(buffer)) is not None:
                payload, buffer = frame
                self._take(payload)

        with self._changed:
            self.open = False
            self._changed.notify_all()

    def _take(self, payload: bytes) -> None:
        # libre's JSON leaves control characters and bad UTF-8 as they are
        msg = json.loads(payload.decode("utf-8", "replace"), strict=False)
        with self._changed:
            if msg.get("event"):
                self.all_events.append(
                    Event(time.monotonic(), msg.get("type", ""), msg))
            else:
                self._answers[msg.get("token", "")] = msg
            self._changed.notify_all()


def _frame(buffer: bytes) -> Optional[tuple[bytes, bytes]]:
    """Split off one netstring: (its payload, the rest)."""
    size, colon, rest = buffer.partition(b":")
    if not colon or len(rest) < int(size) + 1:
        return None
    return rest[:int(size)], rest[int(size) + 1:]
