#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Makes the man page of guide.md and reference.md, with lowdown.

    docs/man.py LOWDOWN VERSION GUIDE REFERENCE OUTPUT

Our tables are too wide for a terminal: each row becomes an entry of a list,
its first cell above the others."""

import os
import re
import subprocess
import sys
import textwrap
import time

HEAD = """\
title: BARESIP-FAILOVER
section: 7
date: {date}
source: baresip-failover {version}
volume: Baresip
shiftheadinglevelby: -1

## NAME
baresip-failover - primary and backup SIP server for Baresip

## SYNOPSIS
In config:

    module failover.so

In accounts:

    <sip:user@domain>;outbound="sip:primary";outbound2="sip:backup"

## DESCRIPTION
"""

# What a man page calls these sections
NAMES = {"Six lines": "Example", "What to expect": "Caveats"}

# Code is not filled by man: inside its margin of 7 columns
CODE_WIDTH = 72


def cells(row):
    """What stands between the bars; a bar in a cell is written \\|."""
    return [cell.strip().replace(r"\|", "|")
            for cell in re.split(r"(?<!\\)\|", row.strip())[1:-1]]


def entry(titles, main, row):
    """A row as a definition; its main column needs no title."""
    notes = "; ".join(f"{title}: {cell}" if title else cell
                      for column, (title, cell) in enumerate(zip(titles, row))
                      if cell and column not in (0, main))
    text = " ".join(filter(None, (row[main], notes and f"({notes})")))
    return f"{row[0]}\n: {text}\n"


def table(lines):
    """A table as a list of definitions; one of short cells stays."""
    titles, _, *rows = map(cells, lines)
    if all(len(cell) < 12 for row in rows for cell in row):
        return lines
    sizes = [sum(map(len, column)) for column in zip(*rows)]
    main = max(range(1, len(sizes)), key=sizes.__getitem__)
    # the comment, which is not printed, ends the list
    return [entry(titles, main, row) for row in rows] + ["<!-- -->"]


def code(line):
    """An account line has no blank to be broken at: before a server."""
    if len(line) > 4 + CODE_WIDTH:
        line = line.replace(";outbound", " ;outbound")
    return textwrap.fill(line, 4 + CODE_WIDTH, subsequent_indent=" " * 8,
                         break_on_hyphens=False, break_long_words=False)


def for_terminal(text):
    """Markdown whose tables and code fit on a terminal."""
    out, rows = [], []
    for line in text.splitlines() + [""]:
        if line.startswith("|"):
            rows.append(line)
            continue
        out += table(rows) if rows else []
        rows = []
        out.append(code(line) if line.startswith("    ") else line)
    return "\n".join(out)


def sections(text):
    """The opening, and [title, text] of each section."""
    _, text = text.split("\n", 1)
    opening, *rest = re.split(r"^## (.*)\n", text, flags=re.MULTILINE)
    return opening, list(zip(rest[::2], rest[1::2]))


def page(version, date, guide, reference):
    """One Markdown text of both, in a man page's order."""
    opening, examples = sections(guide)
    remark, rest = sections(reference)
    parts = [HEAD.format(version=version, date=date), opening, remark]
    for title, text in sorted(rest + examples,
                              key=lambda part: part[0] == "See also"):
        parts += [f"## {NAMES.get(title, title).upper()}", text]
    return "\n".join(map(for_terminal, parts))


def roff(lowdown, text):
    out = subprocess.run(
        [lowdown, "-s", "-tman", "--nroff-nolinks", "--out-no-smarty",
         "--parse-no-super"],
        input=text, encoding="utf-8", stdout=subprocess.PIPE,
        check=True).stdout
    # a terminal has no typewriter font
    out = re.sub(r"\\f(C|\(CR)", r"\\fB", out)
    # man's own rules: what it needs is named in the first line; the dash
    return "'\\\" t\n" + out.replace("failover - ", r"failover \- ", 1)


def read(path):
    with open(path, encoding="utf-8") as stream:
        return stream.read()


def main(lowdown, version, guide, reference, output):
    when = float(os.environ.get("SOURCE_DATE_EPOCH") or
                 max(map(os.path.getmtime, (guide, reference))))
    text = page(version, time.strftime("%Y-%m-%d", time.gmtime(when)),
                read(guide), read(reference))
    with open(output, "w", encoding="utf-8") as stream:
        stream.write(roff(lowdown, text))


if __name__ == "__main__":
    main(*sys.argv[1:])
