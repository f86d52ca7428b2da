# SPDX-License-Identifier: BSD-3-Clause
"""docs/bench.md, and what is made of figures."""

import json
import math
from statistics import median
from typing import Any

from recovery_table import row, words

from .cells import (CELLS, GOAL_S, NEVER_S, TIMES_CLOSED, TIMES_SILENT, Cell)
from .ways import WAYS

OURS = "failover"
THERE = "is there"              # the backup had been told before the fault

Results = dict[str, Any]


def as_json(results: Results) -> str:
    """One line for each cell."""
    rest = {key: value for key, value in results.items() if key != "figures"}
    lines = [f" {json.dumps(key)}: {json.dumps(value)}"
             for key, value in rest.items()]
    ways = [f"  {json.dumps(way)}: {{\n" + ",\n".join(
        f"   {json.dumps(name)}: {json.dumps(values)}"
        for name, values in cells.items()) + "\n  }"
        for way, cells in results["figures"].items()]
    lines.append(' "figures": {\n' + ",\n".join(ways) + "\n }")
    return "{\n" + ",\n".join(lines) + "\n}\n"


class Figure:
    """Of one way and one cell, over all repetitions."""

    def __init__(self, results: Results, way: str, cell: Cell) -> None:
        values = results["figures"].get(way, {}).get(cell.name, [])
        self.values = [math.inf if v is None else v for v in values]

    @property
    def is_there(self) -> bool:
        """It needed no request: whoever calls reaches the phone."""
        return bool(self.values) and not any(self.values)

    @property
    def median(self) -> float:
        return median(self.values) if self.values else math.nan

    @property
    def worst(self) -> float:
        return max(self.values, default=math.nan)

    def __str__(self) -> str:
        if not self.values:
            return "not measured"
        if self.is_there:
            return THERE
        both = [words(v) if v < math.inf else "never"
                for v in (self.median, self.worst)]
        return both[0] if both[0] == both[1] else f"{both[0]} ({both[1]})"


def best_of_others(results: Results, cell: Cell) -> float:
    """The best median of those that have something to do after the fault;
    infinite: nobody does it."""
    return min((figure.median for figure in (
        Figure(results, way, cell) for way in WAYS if way != OURS)
        if figure.values and not figure.is_there), default=math.inf)


def beyond_ms(figure: float, cell: Cell) -> float:
    """How far behind the limit, ms; below 0: before it."""
    return 1000 * (figure - cell.limit_s)


def late(results: Results) -> list[str]:
    """Cells whose worst figure is beyond the goal, in words."""
    return [f"{cell.title}, {figure}" for cell, figure in (
        (cell, Figure(results, OURS, cell)) for cell in CELLS)
        if not figure.worst <= cell.limit_s + GOAL_S]


def slow(results: Results) -> list[str]:
    """Cells that are not so many times faster than the best of the others."""
    found = []
    for cell in CELLS:
        times = {"silent": TIMES_SILENT, "closed": TIMES_CLOSED}.get(
            cell.fault)
        ours = Figure(results, OURS, cell).median
        if times and not ours * times <= best_of_others(results, cell):
            found.append(f"{cell.title}, not {times} times")
    return found


# The file

OPENING = """\
# The bench

Made by `test/bench.sh`; not to be edited by hand. One account, a primary and a backup, the same phone with five ways to get from one to the other. The primary fails, and the time is taken until the backup has what the phone wanted: default settings, {repeat} repetitions, {date}.

![For each request and each fault: how long each way takes, on a logarithmic scale](bench.svg)

Median, and in brackets the worst. **never**: not in {never:.0f} s, after which nobody waits any more.

"""

NOTES = """
- **failover**: this module, one account line with `outbound` and `outbound2`.
- **serreg**: Baresip's module, one account line for each server, `prio=0` and `prio=1`. It moves when a REGISTER fails; no request of another kind is sent again.
- **sipnat=outbound**: RFC 5626, registered with both all the time, so nothing has to move for calls that come in: "{there}". With `failover_standby=yes` the module does that as well. What goes out takes the first server, always. A connection that has ended is seen, and registered anew after a random time of 30 to 60 s.
- **DNS SRV**: RFC 3263, a domain whose records name both, with priorities. Within a call and a subscription the server's own address counts, and it is the first server's.
- **Baresip alone**: it knows of the primary only.

## How far from the limit
What the settings allow, and how much later the backup had it. The goal is {goal:.0f} ms, in the worst of all repetitions.

"""

HOW = """
## How it is measured
- UDP for "silent", "closed port" and "503", TCP for "connection closed". "Silent": the server takes packets and answers none. "Closed port": its process has ended, and ICMP says so. "503" is its answer to every request. "Connection closed": it has received the request when its process ends, so that the connection ends and the port is refused.
- From the request's arrival at the primary (silent, 503) or the end of the connection; from the moment when it is due (REGISTER, MWI: a refresh) or the user's order where nothing can arrive. Until the first arrival at the backup. Both are the servers' times of receipt.
- **REGISTER** and **MWI** are refreshes: the server grants 2 s. **INVITE** is a call that is dialled, **BYE** and **hold** belong to one that is up through the primary, as a B2BUA. **Idle phone**: the connection ends while nothing is sent, the server goes on; until the next REGISTER, at whichever server.
- All phones of one repetition run at the same time. Each is ready before the first primary fails; then they fail one after another, in random order.
- {cores} cores, {processor}; {system}, Linux {kernel}; Baresip {baresip} with libre {libre}, failover {failover}. The machine's load was {load_before} before; of the processors' time the bench took {own_percent} %, {priority}, and everything else {others_percent} %.

Each figure is in [bench.json](bench.json). To make this page again, which takes about twenty minutes, in a root of Debian 13 that goes afterwards:

    test/bench.sh
"""


def comparison(results: Results) -> str:
    lines = [row(["", *(way.title for way in WAYS.values())]),
             "|" + "---|" * (1 + len(WAYS))]
    for cell in CELLS:
        texts = [str(Figure(results, way, cell)) for way in WAYS]
        lines.append(row([cell.title, f"**{texts[0]}**", *texts[1:]]))
    return "".join(f"{line}\n" for line in lines)


def _times(ours: float, best: float) -> str:
    if best == math.inf:
        return "–"
    return f"{best / ours:,.0f}" if best >= 10 * ours else \
        f"{best / ours:.1f}"


def limits(results: Results) -> str:
    lines = [row(["", "limit", "because", "median", "worst",
                  "best of the others", "times faster"]),
             "|" + "---|" * 7]
    for cell in CELLS:
        figure = Figure(results, OURS, cell)
        best = best_of_others(results, cell)
        lines.append(row([
            cell.title, f"{cell.limit_s:g} s", cell.why,
            *(f"{beyond_ms(value, cell):+.0f} ms".replace("-", "−")
              if value < math.inf else "never"
              for value in (figure.median, figure.worst)),
            words(best) if best < math.inf else "never",
            _times(figure.median, best)]))
    return "".join(f"{line}\n" for line in lines)


def _but(exceptions: list[str]) -> str:
    return f", but for {'; '.join(exceptions)}" if exceptions else ""


def goals(results: Results) -> str:
    return (
        f"\nEvery cell reaches it{_but(late(results))}. Where anybody else "
        f"gets there at all, the module is {TIMES_SILENT} times faster than "
        "the best of them if the primary is silent, and "
        f"{TIMES_CLOSED} times if its port is closed{_but(slow(results))}. "
        "Where a server has answered 503, the others that do it are faster "
        "by about a millisecond: before a request goes to the backup, the "
        "module registers there, and that round trip is in each figure but "
        "REGISTER's.\n")


def page(results: Results) -> str:
    about = {**results, "never": NEVER_S, "goal": 1000 * GOAL_S,
             "there": THERE, "priority":
             "before all others (`SCHED_RR`)" if results["real_time"]
             else "without a priority"}
    return (OPENING.format(**about) + comparison(results)
            + NOTES.format(**about) + limits(results) + goals(results)
            + HOW.format(**about))
