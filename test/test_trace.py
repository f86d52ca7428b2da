# SPDX-License-Identifier: BSD-3-Clause
"""libre has one slot for a trace handler: `baresip -s` prints what it prints
without us, and failover works meanwhile."""

import pytest

from harness.dialling import counters, printed, ready, recorded, settle
from harness.scenario import ALICE, BOB, QUICK, in_use, line, switch

TRANSPORTS = ["udp", "tcp"]


def wait_same(phone, servers) -> int:
    """What was printed is what went over the wire, both ways; the number of
    messages. Keep-alives come and go: it is so at a moment between them."""
    latest: list = []

    def same():
        latest[:] = printed(phone, servers), recorded(servers)
        return latest[0] == latest[1]

    try:
        phone.wait(same)
    except AssertionError as error:
        seen, real = latest
        raise AssertionError(f"not printed: {real - seen}, printed and not on"
                             f" the wire: {seen - real}") from error
    return sum(latest[0].values())


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
    print(f"{wait_same(phone, server_pair)} messages")


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
    assert wait_same(phone, server_pair) >= 9


@pytest.mark.parametrize("kind", ["udp", "tcp"])
def test_turned_on_and_off_while_it_runs(kind, server_pair, phone_factory):
    """By the command siptrace: the module sees what it has to all the same,
    also the refresh that no event announces."""
    primary, backup = server_pair
    primary.registrar.max_expires_s = 4
    phone = phone_factory(line(primary, backup, transport=kind),
                          config=QUICK, modules=["debug_cmd"])
    in_use(phone, 1)
    assert not phone.log.find("REGISTER sip:")
    for onoff in ("on", "off"):
        if not phone.command("siptrace", onoff)[0]:
            pytest.skip("this Baresip has no command siptrace")
        primary.behave_all(silent=True)
        in_use(phone, 2)
        primary.behave_all()
        phone.do("failover_switch", f"{ALICE} 1")
        in_use(phone, 1)
        assert phone.log.find("REGISTER sip:")


def wake_ups(phone, seconds: float = 5.0) -> int:
    """How often the phone's main thread gave the processor back in a time
    in which nothing happens."""
    def count() -> int:
        with open(f"/proc/{phone.pid}/status", encoding="ascii") as file:
            return int(next(text.split()[1] for text in file
                            if text.startswith("voluntary_ctxt")))

    begin = count()
    settle(phone, seconds)
    return count() - begin


@pytest.mark.parametrize("kind", ["udp", "tcp", "tls"])
def test_idle_phone_is_not_woken_up(kind, server_group, phone_factory):
    """No more often than without the module."""
    primary, backup = server_group(transports=(kind,))
    found = {}
    for failover in (False, True):
        phone = phone_factory(line(primary, backup, transport=kind),
                              failover=failover)
        phone.wait_log("200 OK")
        settle(phone, 2)
        found[failover] = wake_ups(phone)
        phone.stop()
    print(f"measured: {kind}, idle for 5 s, woken up: {found[False]} times "
          f"without the module, {found[True]} with it")
    assert found[True] <= found[False] + 2
