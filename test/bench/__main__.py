# SPDX-License-Identifier: BSD-3-Clause
"""    python3 -m bench measure FILE [--repeat 20]
    python3 -m bench write FILE FOLDER

The first leaves its figures in a file of JSON, the second makes bench.md and
bench.svg of them."""

import argparse
import json
import os
import resource
import sys

from harness import run
from harness.baresip import REPO

from . import measure, page, picture
from .cells import CELLS, NEVER_S
from .ways import WAYS

SWITCH_S = 0.0005               # Python's threads note the time of a packet
RTTIME, AT_ONCE_US = 15, 2000000    # setrlimit(2): who never waits is ended


def take_priority() -> bool:
    """Other programs of the machine are not what is to be measured."""
    try:
        resource.setrlimit(RTTIME, (AT_ONCE_US, AT_ONCE_US))
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))
    except PermissionError:
        return False
    return True


def measured(repeat: int, ways: list[str]) -> tuple[dict, list[str]]:
    sys.setswitchinterval(SWITCH_S)
    first = take_priority()
    usage, load = measure.Usage(), os.getloadavg()[0]
    run.begin()
    try:
        figures, failures = measure.measure(ways, CELLS, repeat, NEVER_S)
    finally:
        run.end()
    own, others = usage.percent()
    return {**measure.surroundings(), "repeat": repeat,
            "real_time": first, "load_before": round(load, 2),
            "own_percent": round(own),
            "others_percent": round(others),
            "figures": {way: {name: [
                None if value is None else round(value, 4)
                for value in values] for name, values in cells.items()}
                for way, cells in figures.items()}}, failures


def save(path: str, text: str) -> None:
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench")
    orders = parser.add_subparsers(dest="order", required=True)
    order = orders.add_parser("measure")
    order.add_argument("file")
    order.add_argument("--repeat", type=int, default=20)
    order = orders.add_parser("write")
    order.add_argument("file")
    order.add_argument("folder", nargs="?",
                       default=os.path.join(REPO, "docs"))
    asked = parser.parse_args()

    if asked.order == "write":
        with open(asked.file, encoding="utf-8") as file:
            results = json.load(file)
        save(os.path.join(asked.folder, "bench.md"), page.page(results))
        save(os.path.join(asked.folder, "bench.svg"),
             str(picture.draw(results)))
        return 0

    missing = measure.missing_ways()
    for way in missing:
        print(f"not here: {way}", file=sys.stderr)
    results, failures = measured(asked.repeat,
                                 [way for way in WAYS if way not in missing])
    save(asked.file, page.as_json(results))
    print(*failures, sep="\n", file=sys.stderr)
    return bool(failures)


if __name__ == "__main__":
    sys.exit(main())
