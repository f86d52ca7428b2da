# SPDX-License-Identifier: BSD-3-Clause
"""libre has one slot for a trace handler: `baresip -s` prints what it prints
without us, and failover works meanwhile."""

import pytest

from harness.dialling import counters, printed, ready, recorded, settle
from harness.scenario import BOB, QUICK, in_use, switch

TRANSPORTS = ["udp", "tcp"]


def assert_same(phone, servers):
    """What was printed is what went over the wire, both ways."""
    seen, real = printed(phone, servers), recorded(servers)
    assert not real - seen, f"not printed: {real - seen}"
    assert not seen - real, f"printed, and not on the wire: {seen - real}"
    return sum(seen.values())


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_printed(transport, server_pair, phone_factory):
    """A failover by INVITE and one by BYE, authentication, a failback, the
    removal of bindings that is kept off the wire."""
    primary, backup = server_pair
    for server in server_pair:
        server.require_auth("alice", "secret")
    phone = ready(phone_factory, server_pair, transport, password="secret",
                  config={**QUICK, "failover_keepalive": 1}, args=["-s"])
    primary.behave_all(silent=True)
    phone.dial(BOB)
    phone.wait_event("CALL_ESTABLISHED")
    primary.behave_all()
    switch(phone, 1)
    switch(phone, 2)
    backup.behave_all(silent=True)
    phone.hangup()
    primary.calls.wait_state("ended")
    in_use(phone, 1)
    phone.wait_log("was hung up through server 1")
    found = counters(phone)
    assert found["calls_moved"] == found["byes_moved"] == 1
    backup.behave_all()
    settle(phone, 1)
    # keep-alives come and go: look at a moment between them
    phone.wait(lambda: printed(phone, server_pair) == recorded(server_pair),
               what="all printed")
    print(f"{assert_same(phone, server_pair)} messages")


def test_nothing_is_printed_without_it(server_pair, phone_factory):
    primary, backup = server_pair
    phone = ready(phone_factory, server_pair, config=QUICK)
    primary.behave_all(silent=True)
    phone.dial(BOB)
    phone.wait_event("CALL_ESTABLISHED")
    phone.hangup()
    backup.calls.wait_state("ended")
    assert not printed(phone, server_pair)
    assert not phone.log.find("SIP/2.0")


def test_same_as_without_the_module(server_pair, phone_factory):
    """After rmmod the slot is Baresip's own again."""
    phone = ready(phone_factory, server_pair, args=["-s"])
    phone.do("rmmod", "failover")
    phone.dial(BOB)
    phone.wait_event("CALL_ESTABLISHED")
    phone.hangup()
    server_pair[0].calls.wait_state("ended")
    settle(phone, 0.3)
    assert assert_same(phone, server_pair) >= 9
