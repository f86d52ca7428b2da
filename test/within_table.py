#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""The tables of docs/calls.md, from what runs of test_within.py and of
test_within_kamailio.py have measured.  Baresip 1.0 has no DTMF by INFO, so it
takes a second run with a newer one.

    test/within_table.py NEWER_JUNIT_FILE JUNIT_FILE > docs/calls.md
"""

import itertools
import sys
from xml.etree import ElementTree

from recovery_table import row, words

B2BUA, PROXY, DIRECT = "B2BUA", "Record-Route", "no Record-Route"
PATHS = {
    B2BUA: "The servers are B2BUAs (scripted)",
    PROXY: "The servers are Kamailio, with Record-Route",
    DIRECT: "The servers are Kamailio, without Record-Route: requests within "
            "the call go straight to the far end"}
TRANSPORTS = ("udp", "tcp", "tls")
WHEN = ("before the move", "after the move")
SILENT, REFUSED, CLOSED = "silent", "503", "closed port"
FAULTS = (SILENT, REFUSED, CLOSED)
DIRECTIONS = ("outgoing", "incoming")
WHAT = {"hold": "hold", "video": "video", "transfer": "transfer",
        "digit": "DTMF by INFO"}
FAILS = "fails, the call goes on"
NO_CALL = "there is no such call"
PROPERTY = "within"             # its name in a JUnit file, then the cell

Cell = tuple[str, str, str, str, str, str]


def cells(*paths: str) -> list[Cell]:
    """Path, transport, when, fault, direction, what: in the order of the
    page."""
    return list(itertools.product(paths or PATHS, TRANSPORTS, WHEN, FAULTS,
                                  DIRECTIONS, WHAT))


def can_be_sent(cell: Cell) -> bool:
    """Over a connection that nobody accepts libre sends nothing."""
    path, transport, _, fault, *_ = cell
    return path == DIRECT or transport == "udp" or fault != CLOSED


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
                found[tuple(cell)] = value if value in (FAILS, NO_CALL) \
                    else words(float(value))
    return found


# The file

OPENING = """\
# Requests within a call

Made by `test/test_within.py` and `test/test_within_kamailio.py`; not to be edited by hand. A call is up through the primary. The primary fails. The user presses hold, changes the video, transfers the call or sends a digit. The figures are from the key to the request's arrival at the backup (B2BUA) or at the far end (Kamailio). `failover_retries 1`: a silent server is given up after 1.5 s, by default after 7.5 s. "Before the move": the account is still registered with the primary; "after": it is already registered with the backup. Debian 12, Baresip 1.0.0 with libre 1.1.0. That version has no DTMF by INFO: those figures are of Baresip 4.10 and, without Record-Route, of 1.1.0. "There is no such call": plain Baresip of that version cannot set it up either. Other tests ran at the same time.

"""

HOW = """
A closed port over TCP and TLS: libre has no connection to send the request over, and it fails at once. The user is told when the account moves that this is so until the primary accepts connections again (`test_stranded.py`). The call goes on, and a hang-up reaches the far end through the backup. [libre.md](libre.md) says why.

A PRACK (Baresip 3.0 and later) belongs to an INVITE that has no final answer yet. If its server fails, the account leaves that server; neither the PRACK nor the INVITE can go on through another one, because the answer to the INVITE would still come back through the first.

Digest, names in the route, servers that do not share their dialogs, and pairs of different transports have tests of their own in `test_within.py` and `test_dialog_names.py`.

To make this page again:

    PYTHONPATH=test python3 -m pytest -n 4 --junitxml=run.xml test/test_within.py test/test_within_kamailio.py   # newer.xml: with a newer Baresip
    test/within_table.py newer.xml run.xml > docs/calls.md
"""


def table(path: str, texts: dict[Cell, str]) -> str:
    columns = list(itertools.product(DIRECTIONS, WHAT))
    titles = ["transport", "", "primary"] + [
        f"{direction}: {WHAT[what]}" for direction, what in columns]
    lines = [f"## {PATHS[path]}", "", row(titles), "|" + "---|" * len(titles)]
    for key in itertools.product(TRANSPORTS, WHEN, FAULTS):
        lines.append(row([key[0].upper(), *key[1:]] + [
            texts.get((path, *key, *column), "missing")
            for column in columns]))
    return "".join(f"{line}\n" for line in lines)


def page(texts: dict[Cell, str]) -> str:
    return OPENING + "\n".join(table(path, texts) for path in PATHS) + HOW


def parse(text: str) -> dict[Cell, str]:
    """The cells of a page."""
    rows = [[cell.strip() for cell in line.split("|")[1:-1]][3:]
            for line in text.splitlines() if line.startswith("| ")
            and not line.startswith("| transport ")]
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
