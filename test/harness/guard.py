# SPDX-License-Identifier: BSD-3-Clause
"""Clean up after a test run, however it ends.

    guard.py RUN_DIR

Started by run.begin().  Its standard input ends when the run says so, or
dies; then every process that the run has started is ended (they know
themselves by RUN_DIR in their environment), and RUN_DIR is removed.
"""

import contextlib
import os
import shutil
import signal
import sys
import time

GRACE_S = 5.0       # between asking and SIGKILL


def started_by(run_dir: str) -> list[int]:
    """Process ids of the run's processes, this one's not among them."""
    mark = f"FAILOVER_TEST_RUN_DIR={run_dir}".encode()
    found = []
    for name in os.listdir("/proc"):
        if name.isdigit() and int(name) != os.getpid():
            with contextlib.suppress(OSError):
                with open(f"/proc/{name}/environ", "rb") as file:
                    if mark in file.read().split(b"\0"):
                        found.append(int(name))
    return found


def end_all(run_dir: str) -> None:
    """SIGINT first: for PostgreSQL it is the "fast" shutdown."""
    end = time.monotonic() + GRACE_S
    number = signal.SIGINT
    asked: set[int] = set()
    while alive := started_by(run_dir):
        if time.monotonic() > end:
            number = signal.SIGKILL
            asked.clear()
        for pid in set(alive) - asked:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)
            asked.add(pid)
        time.sleep(0.02)


def main(run_dir: str) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)    # Ctrl-C is the run's
    while sys.stdin.buffer.read(1):
        pass
    end_all(run_dir)
    shutil.rmtree(run_dir, ignore_errors=True)


if __name__ == "__main__":
    main(sys.argv[1])
