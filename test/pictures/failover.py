#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""docs/failover.svg: what a phone sends when it dials through a primary that
has just fallen silent. It is recorded now, from the real Baresip:

    PYTHONPATH=test test/pictures/failover.py >docs/failover.svg
"""

import contextlib
import time
from dataclasses import dataclass
from typing import Optional

from harness import run
from harness.baresip import Phone
from harness.calls import CallTable
from harness.location import LocationTable
from harness.record import Entry
from harness.scenario import BOB, in_use, line, wait_quiet
from harness.server import SipServer
from svg import Svg

TALK_S = 2.0

WIDTH, TOP, ROW, NOTE = 800, 76, 25, 44     # heights of a message, of a note
TIME_X, PRIMARY_X, PHONE_X, BACKUP_X = 66, 150, 440, 730
HEAD = 7                                    # of an arrow


@dataclass
class Row:
    """A message, or a note to the reader."""

    time: float
    server: int = 0                         # 0: a note
    text: str = ""
    entry: Optional[Entry] = None
    silent: Optional[bool] = None           # the primary, from now on


# What happens

def record() -> tuple[float, list[Row]]:
    """When alice dialled, and what was seen, in order."""
    rows: list[Row] = []

    def note(text: str, silent: Optional[bool] = None) -> float:
        rows.append(Row(time.monotonic(), text=text, silent=silent))
        return rows[-1].time

    with contextlib.ExitStack() as stack:
        tables = {"table": LocationTable(), "call_table": CallTable()}
        primary, backup = (SipServer(name=name, **tables)
                           for name in ("primary", "backup"))
        phone = Phone(line(primary, backup))
        for party in (primary, backup, phone):
            stack.callback(party.close)
            party.start()
        in_use(phone, 1)
        wait_quiet((primary, backup))

        primary.behave_all(silent=True)
        backup.answer_calls(ringing_ms=20, answer_ms=1500)
        begin = note("The primary falls silent, Alice dials Bob", silent=True)
        phone.dial(BOB)
        given_up, _ = phone.wait_log("failover: .*INVITE not answered, "
                                     "sent 4 times", 15)
        rows.append(Row(given_up, text="The primary is given up"))
        in_use(phone, 2)
        phone.wait_event("CALL_ESTABLISHED")
        backup.recorder.wait("ACK")
        note("It is still the same call; they talk")
        time.sleep(TALK_S)
        note("Alice hangs up")
        phone.hangup()
        backup.recorder.wait("BYE")
        backup.calls.wait_state("ended")
        primary.behave_all()
        note("The primary is back; time for the failback check",
             silent=False)
        phone.do("failover_probe")
        in_use(phone, 1)
        wait_quiet((primary, backup))
        note("Back on the primary")

        for number, server in ((1, primary), (2, backup)):
            rows += [Row(e.time, number, entry=e)
                     for e in server.recorder.entries()]
    return begin, sorted(rows, key=lambda row: row.time)


# The picture

def words(row: Row, checks: set[str]) -> str:
    """What a message is, for the reader."""
    assert row.entry
    msg = row.entry.msg
    if not msg.is_request:
        return msg.start_line.removeprefix("SIP/2.0 ")
    if msg.method == "INVITE":
        return "INVITE"
    if row.entry.call_id in checks:
        return "REGISTER, the check"
    return msg.method


class Ladder:
    def __init__(self, begin: float, rows: list[Row]) -> None:
        self.begin, self.rows = begin, rows
        height = TOP + 56 + sum(ROW if row.server else NOTE for row in rows)
        self.svg = Svg(WIDTH, height, "A call that is dialled when the "
                       "primary has fallen silent, as recorded")
        self.checks = self._checks()
        self.silent = False
        self.y: float = TOP

    def _checks(self) -> set[str]:
        """Call-IDs of the failback check: the first after its note."""
        back = next(n for n, row in enumerate(self.rows)
                    if row.silent is False)
        return {next(row.entry.call_id for row in self.rows[back:]
                     if row.entry)}

    def lifelines(self, height: float) -> None:
        """Of all three, one row further."""
        for x in (PRIMARY_X, PHONE_X, BACKUP_X):
            dead = self.silent and x == PRIMARY_X
            extra = {"stroke_dasharray": "2 5"} if dead else {}
            self.svg.line(x, self.y, x, self.y + height,
                          "axis" if not dead else "axis dead", **extra)

    def clock(self, row: Row) -> None:
        spent = row.time - self.begin
        if spent >= 0:
            self.svg.text(TIME_X, self.y + 4, f"{spent:.2f} s",
                          "small mono end")

    def arrow(self, row: Row) -> None:
        assert row.entry
        server_x = PRIMARY_X if row.server == 1 else BACKUP_X
        source, target = (server_x, PHONE_X) if row.entry.sent \
            else (PHONE_X, server_x)
        lost = self.silent and row.server == 1
        colour = "red" if lost else "blue" if row.server == 1 else "green"
        way = 1 if target > source else -1
        end = target - way * (18 if lost else 1)
        css = f"arrow {colour}"
        self.svg.line(source, self.y, end, self.y, css)
        self.svg.add("path", d=f"M{end - way * HEAD} {self.y - 4}L{end} "
                     f"{self.y}L{end - way * HEAD} {self.y + 4}", css=css)
        if lost:
            self.svg.add("path", d=f"M{target - 5} {self.y - 5}l10 10"
                         "m0-10l-10 10", css=css)
        self.svg.text((source + target) / 2, self.y - 5,
                      words(row, self.checks), "middle", colour)

    def note(self, row: Row) -> None:
        width = 8.0 * len(row.text) + 28
        self.svg.rect(PHONE_X - width / 2, self.y - 13, width, 24, "note",
                      rx=12)
        self.svg.text(PHONE_X, self.y + 4, row.text, "middle bold")

    def draw(self) -> Svg:
        for x, name, where in ((PRIMARY_X, "primary", "outbound"),
                               (PHONE_X, "Alice's phone", "Baresip"),
                               (BACKUP_X, "backup", "outbound2")):
            self.svg.rect(x - 62, 18, 124, 46, "shade", rx=6)
            self.svg.text(x, 37, name, "middle bold")
            self.svg.text(x, 54, where, "small middle mono")
        self.y = 64
        self.lifelines(TOP - 64)
        self.y = TOP
        for row in self.rows:
            height = ROW if row.server else NOTE
            if row.silent is not None:
                self.silent = row.silent
            self.lifelines(height)
            below = 8 if row.server else 17
            self.y += height - below
            if row.server:
                self.arrow(row)
                self.clock(row)
            else:
                self.note(row)
            self.y += below
        self.lifelines(16)
        self.svg.text(WIDTH / 2, self.y + 40, "Recorded from Baresip over "
                      "UDP with default settings. The check is made every "
                      "30 minutes, here by the command failover_probe.",
                      "small middle")
        return self.svg


def main() -> None:
    run.begin()
    try:
        begin, rows = record()
    finally:
        run.end()
    print(Ladder(begin, rows).draw(), end="")


if __name__ == "__main__":
    main()
