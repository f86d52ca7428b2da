# SPDX-License-Identifier: BSD-3-Clause
"""Repetitions of all cells with all ways.  The phones of one repetition run
at the same time.  They are made ready first; then their primaries fail one
after another, so that no two of them need the processor in one moment."""

import os
import platform
import random
import re
import resource
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Iterable, Optional

from harness.baresip import REPO

from .cells import Cell
from .trial import Trial
from .ways import WAYS

MAKING_READY = 3                # at the same time
SPACING_S = 0.12                # from one fault to the next
OURS_S = 10.0                   # the module's are over by then
ATTEMPTS = 3                    # to make one ready

Figures = dict[str, dict[str, list[Optional[float]]]]   # way, cell


class Round:
    """One repetition."""

    def __init__(self, figures: Figures, failures: list[str]) -> None:
        self.figures, self.failures = figures, failures
        self._threads: list[threading.Thread] = []

    def run(self, wanted: list[tuple[str, Cell]], limit_s: float) -> None:
        """Returns when what follows does not disturb the module's."""
        random.shuffle(wanted)
        with ThreadPoolExecutor(MAKING_READY) as pool:
            trials = list(pool.map(
                lambda what: self._ready(*what, limit_s), wanted))
        for trial in filter(None, trials):
            thread = threading.Thread(target=self._finish, args=(trial,))
            self._threads.append(thread)
            thread.start()
            time.sleep(SPACING_S)
        for thread in self._threads:
            thread.join(OURS_S / len(self._threads))

    def join(self) -> None:
        for thread in self._threads:
            thread.join()

    def _ready(self, way: str, cell: Cell, limit_s: float) -> Optional[Trial]:
        for attempt in range(ATTEMPTS):
            trial = Trial(way, cell, limit_s)
            try:
                trial.prepare()
                return trial
            except (AssertionError, ConnectionError, OSError) as why:
                trial.close()
                if attempt == ATTEMPTS - 1:
                    self._failed(trial, why)
        return None

    def _finish(self, trial: Trial) -> None:
        try:
            trial.strike()
            self.figures[trial.way].setdefault(
                trial.cell.name, []).append(trial.result())
        except (AssertionError, ConnectionError, OSError) as why:
            self._failed(trial, why)
        trial.close()

    def _failed(self, trial: Trial, why: Exception) -> None:
        self.failures.append(f"{trial.way}, {trial.cell.title}: "
                             + str(why).split("\n", 1)[0])


def measure(ways: Iterable[str], cells: list[Cell], repeat: int,
            limit_s: float) -> tuple[Figures, list[str]]:
    """The figures, in s, None for never; and what could not be measured."""
    figures: Figures = {way: {} for way in ways}
    failures: list[str] = []
    rounds = []
    for number in range(1, repeat + 1):
        rounds.append(Round(figures, failures))
        rounds[-1].run([(way, cell) for way in figures for cell in cells],
                       limit_s)
        print(f"repetition {number} of {repeat}", file=sys.stderr)
    for one in rounds:
        one.join()
    return figures, failures


# The machine

def _output(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True,
                          text=True).stdout.strip()


def _first(path: str, regex: str) -> str:
    with open(path, encoding="utf-8") as file:
        match = re.search(regex, file.read(), re.MULTILINE)
    return match.group(1).strip() if match else "unknown"


class Usage:
    """Of the processors, from now on."""

    def __init__(self) -> None:
        self._begun = self._now()

    @staticmethod
    def _now() -> tuple[float, float, float]:
        """Seconds of all, busy ones of all, our own."""
        with open("/proc/stat", encoding="ascii") as file:
            ticks = [int(n) for n in file.readline().split()[1:9]]
        own = [resource.getrusage(who) for who in (
            resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
        idle = ticks[3] + ticks[4]
        hertz = os.sysconf("SC_CLK_TCK")
        return (sum(ticks) / hertz, (sum(ticks) - idle) / hertz,
                sum(use.ru_utime + use.ru_stime for use in own))

    def percent(self) -> tuple[float, float]:
        """Used by the bench, and by all else."""
        spent, busy, own = (now - then for now, then in zip(
            self._now(), self._begun))
        return 100 * own / spent, 100 * max(0.0, busy - own) / spent


def surroundings() -> dict[str, Any]:
    """What the figures depend on."""
    program = os.environ.get("BARESIP", "baresip")
    version = re.search(r"v(\d[\d.]+)", subprocess.run(
        [program, "-h"], check=False, capture_output=True,
        text=True).stdout)
    return {
        "date": time.strftime("%Y-%m-%d"),
        "baresip": version.group(1) if version else "unknown",
        "libre": _output("pkg-config", "--modversion", "libre"),
        "failover": _first(os.path.join(REPO, "meson.build"),
                           r"^\s*version: '([^']+)'"),
        "system": _first("/etc/os-release", r'^PRETTY_NAME="?([^"\n]+)'),
        "kernel": platform.release(),
        "processor": _first("/proc/cpuinfo", r"^model name\s*:(.*)"),
        "cores": os.cpu_count(),
    }


def missing_ways() -> list[str]:
    """Those whose module this Baresip has not."""
    folder = os.environ.get("BARESIP_MODULES", "/usr/lib/baresip/modules")
    return [way for way, what in WAYS.items() if what.module and
            not os.path.exists(os.path.join(folder, f"{what.module}.so"))]
