# SPDX-License-Identifier: BSD-3-Clause
"""contrib/check_failover: what Nagios and Icinga are told."""

import os
import subprocess

import pytest

from harness import ports
from harness.baresip import REPO
from harness.dialling import ready
from harness.scenario import ALICE, switch

CHECK = os.path.join(REPO, "contrib", "check_failover")


def check(port, *args):
    done = subprocess.run([CHECK, "-p", str(port), "-t", "20", *args],
                          capture_output=True, encoding="utf-8", timeout=60,
                          check=False)
    assert done.stdout.count("\n") == 1 and not done.stderr
    return done.returncode, done.stdout.strip()


# ctrl_tcp has one client at a time: with the check, the harness loses its
# connection, so it comes last

def test_primary(server_pair, phone_factory):
    phone = ready(phone_factory, server_pair)
    code, text = check(phone.ctrl_port)
    assert code == 0 and text.startswith("FAILOVER OK: 1 on the primary | ")
    assert " primary=1 " in text and " failovers=0c" in text


def test_backup(server_pair, phone_factory):
    phone = ready(phone_factory, server_pair)
    switch(phone, 2)
    code, text = check(phone.ctrl_port, ALICE)
    assert code == 1
    assert f"alice@127.0.0.1 on server 2 ({server_pair[1].uri('udp')})" in text


def test_down(server_pair, phone_factory):
    phone = ready(phone_factory, server_pair, config={"failover_retries": 0})
    for server in server_pair:
        server.kill()
    phone.command("options", ALICE)
    phone.wait(lambda: phone.account_status()["state"] == "down", 60)
    code, text = check(phone.ctrl_port)
    assert code == 2 and "alice@127.0.0.1 down (server 1: " in text


def test_refused(server_pair, phone_factory):
    """A wrong password: the server is up, and the phone can't be called."""
    primary, _ = server_pair
    primary.require_auth("alice", "other")
    phone = phone_factory(f'<{ALICE}>;auth_pass=wrong;regint=3600;outbound="'
                          f'{primary.uri()}";outbound2="{server_pair[1].uri()}"')
    phone.wait(lambda: "40" in
               phone.account_status()["servers"][0]["reason"])
    code, _ = check(phone.ctrl_port)
    assert code == 2


@pytest.mark.parametrize("args, said", [
    (("bob@127.0.0.1",), "no such account: bob@127.0.0.1"),
])
def test_unknown(args, said, server_pair, phone_factory):
    phone = ready(phone_factory, server_pair)
    code, text = check(phone.ctrl_port, *args)
    assert code == 3 and said in text


def test_no_phone():
    port = ports.free_port()
    code, text = check(port)
    assert code == 3 and text.startswith("FAILOVER UNKNOWN: no answer")
    ports.release(port)
