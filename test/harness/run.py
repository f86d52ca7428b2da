# SPDX-License-Identifier: BSD-3-Clause
"""The folder of one test run.  Everything temporary is in it; it goes, and
every process that the run has started, when the run ends."""

import os
import subprocess
import sys
import tempfile
from typing import Optional

DIR = "FAILOVER_TEST_RUN_DIR"       # in the environment: workers share it
PATIENCE_S = 25.0                   # for what comes soon, on a machine under
                                    # load; libre ends a request after 32 s

_guard: Optional[subprocess.Popen] = None


def begin() -> None:
    """Called once, by the process whose end ends the run."""
    global _guard
    run_dir = tempfile.mkdtemp(prefix="failover-run-")
    program = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                           "guard.py")
    _guard = subprocess.Popen([sys.executable, program, run_dir],
                              stdin=subprocess.PIPE, start_new_session=True)
    os.environ[DIR] = run_dir


def end() -> None:
    """Return when all is cleaned up."""
    global _guard
    if _guard and _guard.stdin:
        os.environ.pop(DIR)
        _guard.stdin.close()
        _guard.wait(30)
        _guard = None


def directory() -> str:
    """The run's folder."""
    return os.environ[DIR]


def new_folder(prefix: str) -> str:
    """A new folder in the run's own, or in the system's outside of a run."""
    return tempfile.mkdtemp(prefix=f"{prefix}-", dir=os.environ.get(DIR))
