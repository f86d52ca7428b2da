#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""The table of docs/calls.md, from what runs of test_within.py have measured;
Baresip 1.0 has no DTMF by INFO, so it takes a second run with a newer one.

    test/within_table.py NEWER_JUNIT_FILE JUNIT_FILE > docs/calls.md
"""

import itertools
import sys
from xml.etree import ElementTree

from recovery_table import row, words

TRANSPORTS = ("udp", "tcp", "tls")
WHEN = ("before the move", "after the move")
SILENT, REFUSED, CLOSED = "silent", "503", "closed port"
FAULTS = (SILENT, REFUSED, CLOSED)
DIRECTIONS = ("outgoing", "incoming")
WHAT = {"hold": "hold", "transfer": "transfer", "digit": "DTMF by INFO"}
FAILS = "fails, the call goes on"
PROPERTY = "within"             # its name in a JUnit file, then the cell

Cell = tuple[str, str, str, str, str]


def cells() -> list[Cell]:
    """Transport, when, fault, direction, what: in the order of the page."""
    return list(itertools.product(TRANSPORTS, WHEN, FAULTS, DIRECTIONS,
                                  WHAT))


def can_be_sent(cell: Cell) -> bool:
    """Over a connection that nobody accepts libre sends nothing."""
    return cell[0] == "udp" or cell[2] != CLOSED


def property_name(cell: Cell) -> str:
    return ",".join((PROPERTY, *cell))


def figures(junit_files: list[str]) -> dict[Cell, str]:
    """What the runs have measured, in words."""
    found = {}
    for name in junit_files:
        for entry in ElementTree.parse(name).iter("property"):
            kind, *cell = entry.get("name", "").split(",")
            value = entry.get("value", "")
            if kind == PROPERTY:
                found[tuple(cell)] = value if value == FAILS \
                    else words(float(value))
    return found


# The file

OPENING = """\
# Requests within a call

Made by `test/test_within.py`; not to be edited by hand. A call is up through the primary, as a B2BUA; the primary fails; the user presses hold, transfers the call or sends a digit. The figures are from the key to the request's arrival at the backup. `failover_retries 1`: a silent server is given up after 1.5 s, by default after 7.5 s. "Before the move": the account is registered with the primary still; "after": with the backup already. Debian 12, Baresip 1.0.0 with libre 1.1.0; DTMF by INFO, which that has not, Baresip 4.10; while other tests ran beside.

"""

HOW = """
A closed port over TCP and TLS: libre has no connection to send the request over, and it fails at once. The call goes on, and a hang-up reaches the far end through the backup. [libre.md](libre.md) says why.

Calls through a proxy that records its route (scripted, and Kamailio), digest, names in the route, servers that do not share their dialogs, and pairs of different transports have tests of their own in `test_within.py` and `test_dialog_names.py`.

To make this page again:

    PYTHONPATH=test python3 -m pytest -n 4 --junitxml=run.xml test/test_within.py   # newer.xml: with a newer Baresip
    test/within_table.py newer.xml run.xml > docs/calls.md
"""


def table(texts: dict[Cell, str]) -> str:
    columns = list(itertools.product(DIRECTIONS, WHAT))
    titles = ["transport", "", "primary"] + [
        f"{direction}: {WHAT[what]}" for direction, what in columns]
    lines = [row(titles), "|" + "---|" * len(titles)]
    for key in itertools.product(TRANSPORTS, WHEN, FAULTS):
        lines.append(row([key[0].upper(), *key[1:]] + [
            texts.get((*key, *column), "missing") for column in columns]))
    return "".join(f"{line}\n" for line in lines)


def page(texts: dict[Cell, str]) -> str:
    return OPENING + table(texts) + HOW


def parse(text: str) -> dict[Cell, str]:
    """The cells of a page."""
    rows = [[cell.strip() for cell in line.split("|")[1:-1]][3:]
            for line in text.splitlines() if line.startswith("| ")][1:]
    return dict(zip(cells(), itertools.chain(*rows)))


def main(junit_files: list[str]) -> int:
    found = figures(junit_files)
    sys.stdout.write(page(found))
    missing = [", ".join(cell) for cell in cells() if cell not in found]
    if missing:
        print(f"not measured: {'; '.join(missing)}", file=sys.stderr)
    return bool(missing)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
