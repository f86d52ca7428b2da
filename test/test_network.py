# SPDX-License-Identifier: BSD-3-Clause
"""The phone's own network goes and comes."""

import os
import shutil
import subprocess
import sys

import pytest

CASE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "harness",
                    "network_case.py")


@pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("unshare"),
                    reason="a network namespace needs root and unshare")
def test_network_comes_back():
    done = subprocess.run(["unshare", "--net", sys.executable, CASE],
                          capture_output=True, text=True, timeout=120,
                          check=False)
    assert done.returncode == 0, done.stderr
    print(done.stdout)
