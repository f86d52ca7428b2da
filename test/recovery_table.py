#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""The table of docs/recovery.md, from what a run of test_recovery.py has
measured.

    test/recovery_table.py JUNIT_FILE > docs/recovery.md
"""

import os
import re
import sys
from dataclasses import dataclass, field
from xml.etree import ElementTree

TRANSPORTS = ("udp", "tcp", "tls")
METHODS = ("REGISTER", "INVITE", "BYE")
PROPERTY = "recovery"           # its name in a JUnit file, then the cell

# What a cell may take, in s, on a machine under load
SILENCE = (7.2, 15.5)           # nothing tells: the server's time runs out
ASKED = (5.2, 15.5)             # libre 3.5 and later give that up sooner
TOLD = (0.0, 6.0)               # something does


@dataclass
class Failure:
    what: str                   # as the table has it
    limits: tuple[float, float]
    never: dict[str, str] = field(default_factory=dict)     # on a transport

    def on(self, transport: str) -> bool:
        return transport not in self.never


NO_CONNECTION = {"udp": "UDP has no connections"}
NO_TLS = dict.fromkeys(("udp", "tcp"), "UDP and TCP have no TLS")

FAILURES = {
    "silent": Failure("the server's process is stopped", SILENCE),
    "closed": Failure("the process is killed", TOLD),
    "reset": Failure("the process is killed under the request, the "
                     "connection reset", TOLD, NO_CONNECTION),
    "503": Failure("503 Service Unavailable", TOLD),
    "unreachable": Failure("host unreachable, a router says", TOLD),
    "vanished": Failure("packets are lost, also those of open connections",
                        SILENCE),
    "connect": Failure("connecting hangs", SILENCE, NO_CONNECTION),
    "handshake": Failure("the TLS handshake hangs", SILENCE, NO_TLS),
    "certificate": Failure("the certificate has expired", TOLD, NO_TLS),
    "unknown": Failure("the server's name is not known any more", TOLD),
    "dns": Failure("the name server is silent", ASKED),
}

STATE = re.compile(r"failover \d[\d.]*, \d{4}-\d\d-\d\d")
Cell = tuple[str, str, str]     # failure, transport, method


def cells() -> list[Cell]:
    """All that exist."""
    return [(name, transport, method) for name, failure in FAILURES.items()
            for transport in TRANSPORTS if failure.on(transport)
            for method in METHODS]


def property_name(cell: Cell) -> str:
    return " ".join((PROPERTY, *cell))


def figures(junit_file: str) -> dict[Cell, float]:
    """What a run has measured, in s."""
    found = {}
    for entry in ElementTree.parse(junit_file).iter("property"):
        kind, *cell = entry.get("name", "").split()
        if kind == PROPERTY:
            found[tuple(cell)] = float(entry.get("value", ""))
    return found


def words(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds >= 0.1 else \
        f"{max(1, round(seconds * 1000))} ms"


# The file

OPENING = """\
# Time to recover

Made by `test/test_recovery.py`; not to be edited by hand. Default settings: a server that is silent is given up after 7.5 s. Every cell is one request of the real Baresip, whose primary fails in the way that the row names, after the account has registered there and, for BYE, a call has been set up through it. Debian 12, Baresip 1.0.0 with libre 1.1.0, {state}.

"""

HOW = """
"–": cannot happen; {reasons}.

The time counts from the first packet of the request or, where none can be sent, from the moment when the refresh is due (REGISTER), the number is dialled (INVITE), the user hangs up (BYE). It ends

- for REGISTER, a refresh, with the 200 of the backup;
- for INVITE, when the backup has it; the test then waits for the call to be set up, and for its media;
- for BYE, when the backup has it; the far end is off then.

What takes ms was told: by ICMP, a refused connection, the end of a connection, an answer, an error of libre's. What takes 0.5 s is looked for when UDP would retransmit for the first time: libre tells nobody why its BYE was not sent, and the phone that registers has `failover_flow=no`, so that its refresh notices, and not the connection's end.

To make this page again:

    sudo PYTHONPATH=test chrt -r 1 python3 -m pytest -p slow_first -n 4 --junitxml=run.xml test/test_recovery.py
    test/recovery_table.py run.xml > docs/recovery.md

`chrt` keeps out of the figures what else the machine does.
"""


def reasons() -> str:
    """Why some cells do not exist, each once."""
    return ", ".join(dict.fromkeys(
        why for failure in FAILURES.values()
        for why in failure.never.values()))


def row(entries: list[str]) -> str:
    return f"| {' | '.join(entries)} |"


def columns() -> list[tuple[str, str]]:
    return [(t, m) for t in TRANSPORTS for m in METHODS]


def table(texts: dict[Cell, str]) -> str:
    """Cells that are not in it are shown as such."""
    titles = ["primary"] + [f"{t.upper()} {m}" for t, m in columns()]
    lines = [row(titles), "|" + "---|" * len(titles)]
    for name, failure in FAILURES.items():
        lines.append(row([failure.what] + [
            texts.get((name, t, m), "missing") if failure.on(t) else "–"
            for t, m in columns()]))
    return "".join(f"{line}\n" for line in lines)


def page(texts: dict[Cell, str], state: str) -> str:
    return OPENING.format(state=state) + table(texts) \
        + HOW.format(reasons=reasons())


def state_of(text: str) -> str:
    """Of a page: what was measured, and when."""
    match = STATE.search(text)
    return match.group() if match else ""


def state_now(junit_file: str) -> str:
    """The same, of a run."""
    root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    with open(os.path.join(root, "meson.build"), encoding="utf-8") as file:
        version, = re.findall(r"^\s*version: '([^']+)'", file.read(),
                              re.MULTILINE)
    suite = next(ElementTree.parse(junit_file).iter("testsuite"))
    return f"failover {version}, {suite.get('timestamp', '')[:10]}"


def parse(text: str) -> dict[Cell, str]:
    """The cells of a page, those that cannot happen left out."""
    rows = [[cell.strip() for cell in line.split("|")[1:-1]]
            for line in text.splitlines() if line.startswith("| ")][1:]
    return {(name, *column): cell
            for name, (_, *entries) in zip(FAILURES, rows)
            for column, cell in zip(columns(), entries) if cell != "–"}


def main(junit_file: str) -> int:
    found = figures(junit_file)
    sys.stdout.write(page({cell: words(s) for cell, s in found.items()},
                          state_now(junit_file)))
    missing = [" ".join(cell) for cell in cells() if cell not in found]
    if missing:
        print(f"not measured: {', '.join(missing)}", file=sys.stderr)
    return bool(missing)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
