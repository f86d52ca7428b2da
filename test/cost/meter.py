# SPDX-License-Identifier: BSD-3-Clause
"""Counts the instructions that Baresip executes, with valgrind's callgrind.

A count does not depend on the machine's load.  What is done N times and then
2N times costs the difference, by N: starting, timers and the counting itself
are in both.
"""

import glob
import os
import re
import subprocess
import time
from typing import Callable

from harness import baresip, run

VALGRIND = "valgrind"
SLOW_S = 900.0                  # for what takes a moment without valgrind


class Meter:
    """A phone under callgrind.  Nothing plays or records, so that a call is
    its signalling alone.  Counting begins with the first cost(): a start
    with thousands of accounts takes long enough without it."""

    def __init__(self, *accounts: str, failover: bool = True,
                 config: dict | None = None, modules: tuple = ()) -> None:
        self._folder = run.new_folder("callgrind")
        self._dumps = 0
        self.phone = baresip.Phone(
            *accounts, failover=failover, config=config or {},
            modules=modules, wrapper=[
                VALGRIND, "-q", "--tool=callgrind", "--instr-atstart=no",
                f"--callgrind-out-file={self._path('out')}"])
        for name in ("ausine", "aubridge"):
            os.unlink(self.phone.path("modules", f"{name}.so"))

    def _path(self, name: str) -> str:
        return os.path.join(self._folder, name)

    def start(self) -> "Meter":
        self.phone.start(SLOW_S)
        return self

    def close(self) -> None:
        self.phone.close()

    def _control(self, *args: str) -> None:
        subprocess.run(["callgrind_control", *args, str(self.phone.pid)],
                       check=True, capture_output=True, timeout=SLOW_S)

    def instructions(self) -> int:
        """Since the last time that this was asked."""
        self._dumps += 1
        self._control("--dump")
        path = self._path(f"out.{self._dumps}")
        end = time.monotonic() + SLOW_S
        while time.monotonic() < end:
            if os.path.exists(path):
                with open(path, encoding="ascii", errors="replace") as file:
                    found = re.findall(r"^(?:totals|summary): (\d+)",
                                       file.read(), re.MULTILINE)
                if found:
                    return int(found[-1])
            time.sleep(0.05)
        raise AssertionError(f"no {path}: {os.listdir(self._folder)}")

    def cost(self, action: Callable[[int], int], number: int) -> float:
        """Instructions of one of what action() does so many times; it
        returns how often it did."""
        self._control("--instr=on")
        action(2)               # what is done the first time only
        self.instructions()
        few = action(number)
        once = self.instructions()
        many = action(3 * number)
        return (self.instructions() - once) / (many - few)

    def profiles(self) -> list[str]:
        """What callgrind_annotate reads, the latest at the end."""
        return sorted(glob.glob(self._path("out.*")),
                      key=lambda path: int(path.rsplit(".", 1)[1]))
