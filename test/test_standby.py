# SPDX-License-Identifier: BSD-3-Clause
"""failover_standby: registered with the next server as well, so that what is
under way need not wait for a REGISTER."""

import time

import pytest

from harness.baresip import account
from harness.calls import CallTable
from harness.dialling import invites, moved_once, ready
from harness.run import PATIENCE_S
from harness.scenario import (ALICE, BOB, add_register_commands,
                              binds, expires, in_use, wait_quiet)

STANDBY = {"failover_retries": 1, "failover_standby": "yes"}
TRANSPORTS = ["udp", "tcp"]
TABLES = ["shared", "separate"]


@pytest.fixture
def servers(server_group, server_factory):
    """servers(tables, count) -> servers with one location table, or each
    with its own; the far end of a call is the same."""
    def make(tables, count=2):
        if tables == "shared":
            return server_group(count, transports=("udp", "tcp"))
        calls = CallTable()
        return [server_factory(name=f"pbx{number}", call_table=calls,
                               transports=("udp", "tcp"))
                for number in range(1, count + 1)]

    return make


def stands_by(phone, server, timeout=PATIENCE_S):
    """Wait until that server has taken the second registration."""
    def status():
        found = phone.account_status()
        return found if found["standby"] == server else None

    found = phone.wait(status, timeout, f"server {server} to stand by")
    assert found["servers"][server - 1]["registered"] or not server
    return found


def standing_by(phone_factory, pair, transport="udp", **options):
    options.setdefault("config", STANDBY)
    phone = ready(phone_factory, pair, transport, **options)
    stands_by(phone, 2)
    return phone


def contacts(server):
    return list(server.table.bindings(ALICE))


@pytest.mark.parametrize("tables", TABLES)
@pytest.mark.parametrize("transport", TRANSPORTS)
def test_two_registrations_one_contact(tables, transport, servers,
                                       phone_factory):
    pair = servers(tables)
    for server in pair:
        server.require_auth("alice", "secret")
    phone = standing_by(phone_factory, pair, transport, password="secret")
    status = in_use(phone, 1)
    assert [s["registered"] for s in status["servers"]] == [True, True]
    assert "standby" in phone.do("failover")
    assert len(contacts(pair[0])) == 1
    assert contacts(pair[0]) == contacts(pair[1])
    assert status["counters"]["failovers"] == 0


@pytest.mark.parametrize("tables", TABLES)
@pytest.mark.parametrize("transport", TRANSPORTS)
def test_call_needs_no_register(tables, transport, servers, phone_factory):
    """The call is up before the REGISTER with its server is answered."""
    primary, backup = servers(tables)
    phone = standing_by(phone_factory, (primary, backup), transport)
    backup.behave("REGISTER", silent=True)
    primary.behave_all(silent=True)
    phone.dial(BOB)
    moved_once(phone, backup)
    assert phone.account_status()["state"] == "moving"


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_bye_needs_no_register(transport, servers, phone_factory):
    primary, backup = servers("separate")
    phone = standing_by(phone_factory, (primary, backup), transport)
    phone.dial(BOB)
    call, = primary.calls.wait_state("established")
    backup.behave("REGISTER", silent=True)
    primary.behave_all(silent=True)
    phone.hangup()
    backup.recorder.wait("BYE")
    primary.calls.wait_state("ended")
    phone.wait_log("was hung up through server 2")
    assert phone.account_status()["state"] == "moving"


def test_next_in_line(servers, phone_factory):
    """The first that takes it; that is where the account goes."""
    trio = servers("separate", 3)
    trio[1].kill()
    phone = ready(phone_factory, trio, config=STANDBY)
    status = stands_by(phone, 3)
    assert status["servers"][1]["state"] == "down"
    trio[2].behave("REGISTER", silent=True)
    trio[0].behave_all(silent=True)
    phone.dial(BOB)
    moved_once(phone, trio[2])
    assert phone.log.find("server 1 .* -> server 3 ")


def test_better_one_comes_back(servers, phone_factory):
    trio = servers("separate", 3)
    trio[1].kill()
    phone = ready(phone_factory, trio,
                  config={**STANDBY, "failover_failback_interval": 1})
    stands_by(phone, 3)
    trio[1].start()
    stands_by(phone, 2)
    in_use(phone, 1)


def test_back_on_the_primary(servers, phone_factory):
    """The backup goes on standing by; over TCP libre removes the binding
    there, and it is put back."""
    primary, backup = servers("separate")
    phone = standing_by(phone_factory, (primary, backup), "tcp")
    phone.do("failover_switch", f"{ALICE} backup")
    in_use(phone, 2)
    stands_by(phone, 1)
    phone.do("failover_probe")
    in_use(phone, 1)
    stands_by(phone, 2)
    wait_quiet((primary, backup))
    stands_by(phone, 2)
    assert len(contacts(primary)) == len(contacts(backup)) == 1


@pytest.mark.slow
def test_standby_dies(servers, phone_factory):
    """It had asked for less time, and with a shared table the one binding
    would have ended with it."""
    primary, backup = servers("shared")
    phone = standing_by(phone_factory, (primary, backup),
                        extra="failover_regint2=2")
    backup.kill()
    died = time.monotonic()
    stands_by(phone, 0)
    phone.wait(lambda: time.monotonic() > died + 4, what="the expiry")
    assert primary.table.longest_unbound_s(ALICE) == 0
    assert len({e.branch for e in binds(primary, died)}) == 1
    in_use(phone, 1)


@pytest.mark.parametrize("order", ["test_unregister", "uadel", "quit"])
def test_taken_off(order, servers, phone_factory):
    pair = servers("separate")
    phone = standing_by(phone_factory, pair)
    if order == "test_unregister":
        add_register_commands(phone)
        phone.do(order)
    elif order == "uadel":
        phone.do(order, ALICE)
    else:
        assert phone.stop() == 0
    for server in pair:
        assert server.table.wait(lambda table: not table.bindings(ALICE))


@pytest.mark.parametrize("how", ["failover_standby no", "failover no",
                                 "server2"])
@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize("tables", TABLES)
def test_wanted_no_longer(how, transport, tables, servers, phone_factory):
    """The second registration is taken back. Servers that share their table
    lose the binding in use with it: that is renewed at once, also if the
    account is managed no longer."""
    pair = servers(tables, 3)
    phone = standing_by(phone_factory, pair, transport)
    wait_quiet(pair)
    since = time.monotonic()

    def undone(server):
        return [entry for entry in server.recorder.requests("REGISTER", since)
                if not expires(entry)]

    phone.do("failover_set", f"{ALICE} {how}")
    pair[1].recorder.wait_for(lambda: undone(pair[1]))
    if how == "failover no":
        phone.wait_state("unmanaged")
    else:
        stands_by(phone, 2 if how == "server2" else 0)
    wait_quiet(pair)
    assert contacts(pair[0]) and not undone(pair[0])
    assert tables == "shared" or not contacts(pair[1])
    assert not pair[0].table.longest_unbound_s(ALICE) > 0.5


@pytest.mark.parametrize("tables", TABLES)
def test_other_transport(tables, servers, phone_factory):
    """Two transports, but never two contacts: they would ring twice."""
    primary, backup = servers(tables)
    phone = phone_factory(account(ALICE, primary.uri("udp"),
                                  backup.uri("tcp")), config=STANDBY)
    in_use(phone, 1)
    stands_by(phone, 2)
    assert len(contacts(backup)) == 1

    primary.behave_all(silent=True)
    phone.dial(BOB)
    moved_once(phone, backup)
    in_use(phone, 2)
    assert backup.table.wait(lambda table: all(
        "tcp" in uri for uri in table.bindings(ALICE)))
    assert len(contacts(backup)) == 1
    assert len(invites(backup)) == 1
