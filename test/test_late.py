# SPDX-License-Identifier: BSD-3-Clause
"""The module is loaded when Baresip has registered, or has begun to."""

import pytest

from harness.scenario import (ALICE, BOB, QUICK, binds, in_use, line, switch,
                              wait_quiet)

LOADED_S = 20.0


def load(phone_factory, how, server, *lines, **options):
    """A phone with the module loaded late, by a line or, once it is
    registered with the server, by a command."""
    if how == "module_app":
        return phone_factory(*lines, load=how, **options)

    phone = phone_factory(*lines, load="", **options)
    server.table.wait_bound(ALICE)
    wait_quiet([server])
    phone.do("insmod", "failover")
    return phone


@pytest.mark.parametrize("death", ["kill", "silent"])
@pytest.mark.parametrize("transport", ["udp", "tcp"])
@pytest.mark.parametrize("how", ["module_app", "insmod"])
def test_takes_over(how, transport, death, server_pair, phone_factory):
    """It shows what is, and when the server dies the account moves."""
    primary, backup = server_pair
    for server in server_pair:
        server.registrar.max_expires_s = 4
    phone = load(phone_factory, how, primary,
                 line(*server_pair, transport=transport), config=QUICK)
    status = in_use(phone, 1)
    assert status["state"] == "primary" and status["active"] == 1
    wait_quiet(server_pair)
    assert len(primary.table.bindings(ALICE)) == 1
    assert primary.table.longest_unbound_s(ALICE) < 1
    assert not binds(backup)

    if death == "kill":
        primary.kill()
    else:
        primary.behave_all(silent=True)
    in_use(phone, 2)
    wait_quiet([backup])
    assert len(primary.table.bindings(ALICE)) >= 1
    phone.dial(BOB)
    backup.calls.wait_state("established")


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_begun_to_register(transport, server_pair, phone_factory):
    """The first REGISTER is on its way to a server that is dead."""
    primary, backup = server_pair
    primary.behave_all(silent=True)
    phone = phone_factory(line(*server_pair, transport=transport),
                          load="module_app", config=QUICK)
    status = in_use(phone, 2, timeout=LOADED_S)
    assert status["counters"]["failovers"] == 1
    assert status["servers"][0]["reason"].startswith(
        "REGISTER not answered")


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_dead_since(transport, server_pair, phone_factory):
    """The server has died before the module came: nothing is known, and it
    is found out at once."""
    primary, backup = server_pair
    phone = phone_factory(line(*server_pair, transport=transport), load="",
                          config=QUICK)
    primary.table.wait_bound(ALICE)
    wait_quiet([primary])
    primary.kill()
    phone.do("insmod", "failover")
    in_use(phone, 2, timeout=LOADED_S)


def test_where_it_was(server_pair, phone_factory):
    """Unloaded on the backup and loaded again: it is still there, and the
    primary is looked for."""
    primary, backup = server_pair
    phone = phone_factory(line(*server_pair), config={
        **QUICK, "failover_failback_interval": 2})
    in_use(phone, 1)
    primary.behave("REGISTER", status=503)
    switch(phone, 2)
    wait_quiet(server_pair)
    phone.do("rmmod", "failover")
    phone.do("insmod", "failover")
    status = in_use(phone, 2)
    assert status["counters"]["failovers"] == 0
    wait_quiet(server_pair)
    assert primary.table.longest_unbound_s(ALICE) < 1
    primary.behave("REGISTER")
    in_use(phone, 1)


@pytest.mark.parametrize("how", ["module_app", "insmod"])
def test_not_its_business(how, server_pair, phone_factory):
    """Accounts with one server, and those that do not register, stay."""
    primary, backup = server_pair
    phone = load(phone_factory, how, primary, line(primary),
                 line(primary, backup, aor="sip:carol@127.0.0.1", regint=0))
    phone.wait(lambda: len(phone.status()["accounts"]) == 2)
    assert all(a["state"] == "unmanaged"
               for a in phone.status()["accounts"])
    wait_quiet(server_pair)
    assert len(binds(primary)) == 1 and not binds(backup)
