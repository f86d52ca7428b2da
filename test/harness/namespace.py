# SPDX-License-Identifier: BSD-3-Clause
"""Network namespaces: whether this machine lets a test make one, and cases
that run in one.  A container without privileges, or a user other than root,
cannot."""

import functools
import os
import subprocess
import sys

import pytest

LIMIT_S = 180.0             # for a case, on a machine under load
TRIAL = "ip link set lo up && ip link add near type veth peer name far"


@functools.lru_cache(maxsize=None)
def obstacle() -> str:
    """Why none can be made, in words; empty if one can."""
    try:
        done = subprocess.run(["unshare", "--net", "sh", "-c", TRIAL],
                              capture_output=True, text=True, check=False)
    except OSError as err:
        return f"no network namespace: {err}"
    if done.returncode == 0:
        return ""
    lines = done.stderr.strip().splitlines() or ["unshare fails"]
    return f"no network namespace: {lines[-1]}"


def need() -> None:
    """Skip the test if none can be made."""
    if obstacle():
        pytest.skip(obstacle())


def run_case(name: str, *args: str) -> None:
    """Run a script of the harness in one of its own; what it says about a
    failure is the AssertionError's text."""
    need()
    script = os.path.join(os.path.dirname(os.path.abspath(__file__)), name)
    done = subprocess.run(
        ["unshare", "--net", sys.executable, script, *args],
        capture_output=True, text=True, timeout=LIMIT_S,
        check=False)
    assert done.returncode == 0, done.stderr
    print(done.stdout)
