# SPDX-License-Identifier: BSD-3-Clause
"""The phone itself lacks descriptors: no server is blamed for that, and what
is known without any is still acted on."""

import os
import resource
import time

import pytest

from harness.baresip import account
from harness.dialling import ready, settle
from harness.scenario import (ALICE, AT_ONCE_S, BOB, in_use, line, measured,
                              our_lines)

RETRY = {"failover_retries": 1, "failover_keepalive": 1}    # 1.5 s


class Descriptors:
    """Of a phone that is to get no more of them."""

    def __init__(self, phone) -> None:
        self.pid = phone.pid
        self.before = resource.prlimit(self.pid, resource.RLIMIT_NOFILE)

    def end(self):
        """The lowest that is free is above the limit now."""
        used = {int(fd) for fd in os.listdir(f"/proc/{self.pid}/fd")}
        lowest = min(set(range(len(used) + 1)) - used)
        resource.prlimit(self.pid, resource.RLIMIT_NOFILE,
                         (lowest, self.before[1]))

    def return_(self):
        resource.prlimit(self.pid, resource.RLIMIT_NOFILE, self.before)


def blamed_nobody(phone):
    assert not our_lines(phone, "(no network|-> .*Too many open files)")


@pytest.mark.parametrize("fault", ["silent", "closed"])
def test_udp_needs_none(fault, server_pair, phone_factory):
    primary, backup = server_pair
    phone = ready(phone_factory, server_pair, config=RETRY)
    Descriptors(phone).end()
    if fault == "silent":
        primary.behave_all(silent=True)
    else:
        primary.kill()
    failed = time.monotonic()
    assert in_use(phone, 2)["state"] == "backup"
    took = backup.recorder.requests("REGISTER")[0].time - failed
    measured(f"no descriptors, primary {fault}, backup after", took)
    assert took < 1 + 1.5 + AT_ONCE_S
    blamed_nobody(phone)
    settle(phone, 2)
    assert in_use(phone, 2)["counters"]["failovers"] == 1


def test_udp_start_without(server_pair, phone_factory):
    """From a REGISTER by hand on, with everything that is asked of the
    machine refused."""
    primary, _ = server_pair
    phone = ready(phone_factory, server_pair, config=RETRY)
    Descriptors(phone).end()
    settle(phone, 3)
    primary.recorder.wait("OPTIONS", 2, since=time.monotonic())
    status = in_use(phone, 1)
    assert status["counters"]["failovers"] == 0
    blamed_nobody(phone)


@pytest.mark.parametrize("retries", [0, 1])
def test_connection_needs_one(retries, server_pair, phone_factory):
    """The backup is on TCP: it is not blamed, and taken as soon as there are
    descriptors again."""
    primary, backup = server_pair
    phone = phone_factory(account(ALICE, primary.uri("udp"),
                                  backup.uri("tcp")),
                          config={**RETRY, "failover_retries": retries})
    in_use(phone, 1)
    limit = Descriptors(phone)
    limit.end()
    primary.kill()
    phone.wait_state("moving")
    settle(phone, 4)
    status = phone.account_status()
    assert status["servers"][1]["state"] != "down", status
    assert status["counters"]["exhausted"] == 0, status
    assert not backup.recorder.count()
    blamed_nobody(phone)

    limit.return_()
    back = time.monotonic()
    in_use(phone, 2)
    took = backup.recorder.requests("REGISTER")[0].time - back
    measured("descriptors again, REGISTER after", took)
    assert took < 1 + AT_ONCE_S


def test_check_needs_one(server_pair, phone_factory):
    """A failback check that cannot be made tells nothing: the next one
    does."""
    primary, backup = server_pair
    primary.kill()
    phone = phone_factory(account(ALICE, primary.uri("tcp"),
                                  backup.uri("udp")),
                          config={**RETRY, "failover_failback_interval": 1,
                                  "failover_failback_jitter": 0})
    in_use(phone, 2)
    before = phone.account_status()["servers"][0]["reason"]
    limit = Descriptors(phone)
    limit.end()
    primary.start()
    settle(phone, 3)
    status = in_use(phone, 2)
    assert status["servers"][0]["reason"] == before, status
    limit.return_()
    in_use(phone, 1)


def test_call_needs_some(server_pair, phone_factory):
    """Its own sockets are refused: that call fails, the account stays."""
    phone = ready(phone_factory, server_pair)
    limit = Descriptors(phone)
    limit.end()
    phone.command("dial", BOB)
    settle(phone, 1)
    limit.return_()
    assert in_use(phone, 1)["counters"]["failovers"] == 0
    phone.dial(BOB)
    server_pair[0].calls.wait_state("established")
    assert line(*server_pair)
