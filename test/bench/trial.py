# SPDX-License-Identifier: BSD-3-Clause
"""One measurement: a phone, its two servers, a fault of the first, and the
time until the second has the request.  All times are those at which the
servers received."""

import contextlib
import time
from typing import Optional

from harness import sip
from harness.calls import CallTable
from harness.location import LocationTable
from harness.notifier import Notifier
from harness.record import Entry
from harness.run import PATIENCE_S
from harness.scenario import expires
from harness.server import SipServer

from . import ways
from .cells import NEVER_S, Cell

QUIET = "audio_source=aubridge,none"    # costs no time of the processor
GRANTED_S = 2                   # of what is to be refreshed soon
REFRESH_S = 0.9 * GRANTED_S     # libre's part of it
START_MS = 50                   # of Baresip's modules, and more
ORDERS = {"INVITE": "dial", "BYE": "hangup", "hold": "hold"}
WIRE = {"hold": "INVITE", "MWI": "SUBSCRIBE", "idle": "REGISTER"}


def _is_asked(method: str, msg: sip.Message, entry: Entry) -> bool:
    """It is the request that is waited for, not one of another kind."""
    if method in ("REGISTER", "idle"):
        return expires(entry) > 0
    if method == "MWI":
        return msg.get("Expires") != "0"
    return bool(msg.to_tag) != (method == "INVITE")


class Trial:
    def __init__(self, way: str, cell: Cell, limit_s: float = NEVER_S):
        self.way, self.cell, self.limit_s = way, cell, limit_s
        self._stack = contextlib.ExitStack()
        self._since = self._begin = 0.0

    def _make(self) -> None:
        """The servers run, the phone does not."""
        tables = {"table": LocationTable(), "call_table": CallTable()}
        self.servers = [self._open(SipServer(
            name=name, transports=(self.cell.transport,), **tables)).start()
            for name in ("primary", "backup")]
        self.primary, self.backup = self.servers
        self._grant_little()
        self.dns = ways.name_server(self.way, self.servers,
                                    self.cell.transport)
        if self.dns:
            self._open(self.dns)
        mwi = self.cell.method == "MWI"
        self.phone = self._open(ways.phone(
            self.way, self.servers, self.cell.transport, self.dns,
            f"{QUIET};mwi={'yes' if mwi else 'no'}", *["mwi"] * mwi))

    def _open(self, party):
        self._stack.callback(party.close)
        return party

    def _grant_little(self) -> None:
        """What is to be refreshed in the trial is granted for a moment."""
        for server in self.servers:
            server.answer_calls(media=False)
            # else Baresip's mwi may subscribe without end, as it starts
            server.behave("REGISTER", answer_delay=START_MS)
        notifier, _ = [Notifier(server) for server in self.servers]
        if self.cell.method == "REGISTER":
            self.primary.registrar.max_expires_s = GRANTED_S
        elif self.cell.method == "MWI":
            notifier.max_expires_s = GRANTED_S

    def close(self) -> None:
        self._stack.close()

    # Before the fault

    def prepare(self) -> None:
        """All is well; a call is up, if it takes one."""
        self._make()
        self.phone.start()
        self._answered("REGISTER", 0.0)
        if self.way == "outbound":
            self.backup.recorder.wait("REGISTER")
        if self.cell.method == "MWI":
            self._answered("MWI", 0.0)
        if self.cell.method in ("BYE", "hold"):
            self.phone.wait(self._dial)
            self.phone.wait_event("CALL_ESTABLISHED")
            self.primary.recorder.wait("ACK")
        for server in self.servers:
            server.behave("REGISTER")

    def _dial(self) -> bool:
        """Baresip is told by the answer that it is registered."""
        return self.phone.command("dial", ways.far_end(self.way))[0]

    def _asked(self, server: SipServer, since: float) -> list[Entry]:
        method = self.cell.method
        return [e for e in server.recorder.requests(
            WIRE.get(method, method), since)
            if _is_asked(method, e.msg, e)]

    def _answered(self, method: str, since: float) -> float:
        """When the primary has answered one; it is waited for."""
        answers = lambda: [
            e for e in self.primary.recorder.responses(
                WIRE.get(method, method), since) if e.msg.status == 200]
        self.primary.recorder.wait_for(lambda: bool(answers()), PATIENCE_S,
                                       f"200 to {method}")
        return answers()[0].time

    # The fault

    def strike(self) -> None:
        """The primary fails, and the phone is to do what it is to do."""
        if self.cell.method == "idle":
            self._since = self._begin = time.monotonic()
            self.primary.cut()
        elif self.cell.fault == "cut":
            self._cut_under_request()
        else:
            self._fail()

    def _fail(self) -> None:
        """Just after a refresh, so that the next one is far off."""
        due = 0.0
        if self.cell.method not in ORDERS:
            due = self._answered(self.cell.method,
                                 time.monotonic()) + REFRESH_S
        if self.cell.fault == "closed":
            self.primary.kill()
        elif self.cell.fault == "503":
            self.primary.behave_all(status=503)
        else:
            self.primary.behave_all(silent=True)
        self._since = time.monotonic()
        self._begin = due or self._since
        self._order()

    def _cut_under_request(self) -> None:
        """The primary has received the request when its process ends."""
        self.primary.behave_all(silent=True)
        self._since = time.monotonic()
        self._order()
        self.primary.recorder.wait_for(
            lambda: bool(self._asked(self.primary, self._since)),
            PATIENCE_S, self.cell.method)
        self._begin = time.monotonic()
        self.primary.kill()

    def _order(self) -> None:
        order = ORDERS.get(self.cell.method)
        if order == "dial":
            self._dial()
        elif order:
            self.phone.command(order)

    # After it

    def _reached(self) -> list[Entry]:
        found = self._asked(self.backup, self._since)
        if self.cell.method == "idle":
            found += self._asked(self.primary, self._since)
        return sorted(found, key=lambda entry: entry.time)

    def result(self) -> Optional[float]:
        """Seconds from the request to its arrival at the backup.  None: it
        has not arrived in time.  0: it had been there before."""
        if self.cell.method == "REGISTER" and \
                self.backup.recorder.count("REGISTER") and \
                self._asked(self.backup, 0.0)[0].time < self._since:
            return 0.0
        end = self._begin + self.limit_s
        while not self._reached():
            if time.monotonic() > end:
                return None
            time.sleep(0.05)    # the figure is the server's, not ours
        sent = self._asked(self.primary, self._since)
        if self.cell.fault in ("silent", "503") and sent:
            self._begin = sent[0].time
        return max(0.0, self._reached()[0].time - self._begin)
