# SPDX-License-Identifier: BSD-3-Clause
"""What a message costs must not grow unseen.  The whole of it is in
docs/cost.md, which test/cost/run.py writes.  Instructions do not depend on
the load of the machine."""

import contextlib
import os
import sys

import pytest

from harness.baresip import REPO

sys.path.append(os.path.join(REPO, "test", "cost"))

import scenes                   # noqa: E402  pylint: disable=wrong-import-position,import-error
from meter import Meter         # noqa: E402  pylint: disable=wrong-import-position,import-error

STRANGER_MAX = 2000             # more than without the module
GROWTH_MAX = 1.2                # at 100 accounts, of what it is at 10
MESSAGES = 20

pytestmark = pytest.mark.skipif(
    "BARESIP" in os.environ, reason="measured with Debian 12's Baresip")


def stranger(accounts: int, failover: bool = True) -> float:
    """Instructions of an OPTIONS received and answered."""
    with contextlib.closing(scenes.Servers()) as servers, \
            contextlib.closing(Meter(*servers.accounts(accounts),
                                     failover=failover)) as meter:
        meter.start()
        servers.wait_bound(accounts)
        return meter.cost(scenes.Stranger(meter.phone), MESSAGES)


def test_stranger():
    few, many = stranger(10), stranger(100)
    assert few - stranger(10, failover=False) < STRANGER_MAX
    assert many < GROWTH_MAX * few
