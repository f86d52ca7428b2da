# SPDX-License-Identifier: BSD-3-Clause
"""The phone's own network goes and comes."""

import os
import shutil
import subprocess
import sys

import pytest

CASE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "harness",
                    "network_case.py")


def run(name, transport):
    done = subprocess.run(
        ["unshare", "--net", sys.executable, CASE, name, transport],
        capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    print(done.stdout)


@pytest.mark.slow
@pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("unshare"),
                    reason="a network namespace needs root and unshare")
@pytest.mark.parametrize("transport", ("udp", "tcp"))
@pytest.mark.parametrize("name", ("calls", "unplugged", "renumbered",
                                  "no_route", "started_without"))
def test_network(name, transport):
    """See the cases in harness/network_case.py."""
    run(name, transport)
