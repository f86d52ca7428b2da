# SPDX-License-Identifier: BSD-3-Clause
"""What a soak has found, to read; and docs/soak.md, with a row for each."""

import os
import platform
import re
import time
from collections import Counter
from typing import Any

from .timeline import readable

BEFORE_S, AFTER_S = 40.0, 5.0       # of the timeline, around a finding
HEAD = """\
# Soak

Made by `test/soak.sh`; not to be edited by hand. One Baresip with seven accounts: two at a Kamailio pair that shares its registrations (UDP, TCP), five at scripted servers (UDP, TCP, TLS, UDP with a name, UDP with SRV records). Servers, network, name server and phone fail at random; meanwhile calls are placed and received, held, transferred and hung up, settings changed and saved, servers switched and put into maintenance. After 100 s of that nothing more fails until all accounts have settled. The seed decides what is done when; [the schedule](../test/soak/schedule.py) is the same for the same seed.

"Left": nothing could be demanded there, because no server was there for as long as it takes, or because something else failed meanwhile. What was "wrong" in a row has been mended since: in the module, see [CHANGELOG.md](../CHANGELOG.md), or in the soak itself.

`test/all.sh` has 300 s of it, with seed 1.

"""
COLUMNS = "| date | Baresip | seed | time | faults | moves | dials | "
AGAIN = """
To add a row:

    test/soak.sh --seconds 300 --page docs/soak.md
"""


def text(result: Any) -> str:
    """The counts, and for each finding what happened around it."""
    events = result.events
    faults = Counter(f"{e.who} {e.get('kind')}" for e in events
                     if e.what == "fault")
    stalls = [e.get("length") for e in events if e.what == "stall"]
    lines = [f"seed {result.seed}, {result.seconds:.0f} s, "
             f"Baresip {result.version}",
             f"{sum(faults.values())} faults: " + ", ".join(
                 f"{count} {name}" for name, count in sorted(faults.items())),
             f"{len(stalls)} stalls of the machine, up to "
             f"{max(stalls, default=0.0):.1f} s"]
    for name, verdict in result.verdicts.items():
        lines.append(f"{len(verdict.found):4d} wrong, {verdict.judged:5d} "
                     f"judged, {verdict.left:4d} left: {name}")
    for name, verdict in result.verdicts.items():
        for found in verdict.found:
            lines += ["", f"WRONG: {name}: {found}",
                      _around(events, found)]
    if not result.good:
        lines += ["", f"once more: test/soak.sh --seed {result.seed} "
                  f"--seconds {result.asked:.0f}"]
    return "\n".join(lines)


def _around(events: list[Any], found: str) -> str:
    """The finding begins with an event, or has a time in it."""
    match = re.search(r"(\d+\.\d{3})\b", found)
    at = float(match[1]) if match else events[-1].time
    return readable(e for e in events
                    if at - BEFORE_S <= e.time <= at + AFTER_S)


def _row(result: Any) -> str:
    kinds = Counter(e.what for e in result.events)
    verdicts = result.verdicts.values()
    return "| " + " | ".join(map(str, (
        time.strftime("%Y-%m-%d", time.gmtime()), result.version,
        result.seed, f"{result.seconds:.0f} s", kinds["fault"],
        kinds["moves"], kinds["dial"], kinds["is called"],
        kinds["hold"] + kinds["resume"] + kinds["transfer"],
        kinds["set"] + kinds["switch"] + kinds["maintenance"],
        sum(v.judged for v in verdicts), sum(v.left for v in verdicts),
        sum(len(v.found) for v in verdicts)))) + " |\n"


def add(path: str, result: Any) -> None:
    """A row more for this machine; what the file had stays."""
    rows = ""
    if os.path.exists(path):
        with open(path, encoding="utf-8") as file:
            rows = "".join(line for line in file if line.startswith("| 2"))
    machine = (f"{platform.system()} {platform.release()}, "
               f"{os.cpu_count()} processors, other tests beside.\n\n")
    head = (COLUMNS + "calls received | holds, transfers | orders | judged "
            "| left | wrong |\n" + "|---" * 13 + "|\n")
    with open(path, "w", encoding="utf-8") as file:
        file.write(HEAD + machine + head + rows + _row(result) + AGAIN)
