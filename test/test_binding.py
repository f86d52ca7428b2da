# SPDX-License-Identifier: BSD-3-Clause
"""The binding is never lost: the servers share their location table, and
Baresip's way to re-register removes what it has just made."""

import os
import random
import resource
import time

import pytest

from harness import ports, sip
from harness.baresip import account
from harness.scenario import (ALICE, AT_ONCE_S, BOB, QUICK, TRANSACTION_S,
                              add_register_commands, binds, contact_uri,
                              expires, in_use, is_where_it_listens, line,
                              measured, switch, wait_quiet)

LIMIT_S = 8.0           # without a binding, on a machine under load

# ms before handling and before answering, of the one and the other server;
# 12 moves to and fro make each of them the old and the new one in turn
DELAYS = {
    "even": ((30, 30), (30, 30)),
    "handled late": ((60, 0), (5, 0)),
    "answered late": ((0, 60), (5, 0)),
    "handled and answered late": ((60, 60), (0, 5)),
    "late both": ((60, 0), (0, 60)),
    "at random": ((None, None), (None, None)),
}


def delay(servers, names):
    dice = random.Random(names)
    for server, times in zip(servers, DELAYS[names]):
        handle, answer = (
            (lambda _msg: dice.uniform(0, 60)) if ms is None else ms
            for ms in times)
        server.behave("REGISTER", handle_delay=handle, answer_delay=answer)


def assert_bound(servers, phone, limit_s=LIMIT_S, what="moves"):
    """One contact now, and ever unless it names the connection; and never
    without it for long."""
    table = servers[0].table
    assert len(table.bindings(ALICE)) == 1, table.report()
    contacts = {change.contact for change in table.changes(ALICE)}
    assert len(contacts) == 1 or not any(
        is_where_it_listens(contact, phone) for contact in contacts)
    gap = table.longest_unbound_s(ALICE)
    measured(f"{what}, longest unbound", gap)
    assert gap < limit_s, table.report()


# Both alive

@pytest.mark.parametrize("password", ["", "secret"])
@pytest.mark.parametrize("delays", DELAYS)
@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_moves(transport, delays, password, server_pair, phone_factory):
    for server in server_pair:
        if password:
            server.require_auth("alice", password)
    delay(server_pair, delays)
    table = server_pair[0].table
    phone = phone_factory(line(*server_pair, transport=transport,
                               password=password))
    in_use(phone, 1)
    for move in range(12):
        switch(phone, 2 if move % 2 == 0 else 1)
        wait_quiet(server_pair, 0.15)
        assert len(table.bindings(ALICE)) == 1, table.report()
    assert_bound(server_pair, phone, what=f"12 moves, {delays}, {transport}")
    assert phone.account_status()["active"] == 1
    assert not any(server.recorder.malformed for server in server_pair)


@pytest.mark.parametrize("password", ["", "secret"])
def test_hasty_moves(password, server_pair, phone_factory):
    """The next order comes before the last move has ended."""
    for server in server_pair:
        if password:
            server.require_auth("alice", password)
    delay(server_pair, "at random")
    phone = phone_factory(line(*server_pair, password=password))
    in_use(phone, 1)
    for move in range(24):
        phone.do("failover_switch", f"{ALICE} {2 - move % 2}")
        time.sleep(0.005 * (move % 8))
    in_use(phone, 1)
    wait_quiet(server_pair)
    assert_bound(server_pair, phone, what="24 hasty moves")


@pytest.mark.parametrize("password", ["", "secret"])
@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_kamailio_moves(transport, password, kamailio_group, phone_factory):
    group = kamailio_group(2, password=password)
    phone = phone_factory(line(*group.servers, transport=transport,
                               password=password))
    in_use(phone, 1)
    group.database.wait_bound(ALICE)

    def calm():
        """Bound for as long as it takes to hear of the last un-REGISTER."""
        since = time.monotonic() - 0.2
        seen = [count for when, count in list(poller.samples)
                if when > since]
        return len(seen) > 10 and set(seen) == {1}

    with group.poller(ALICE) as poller:
        phone.wait(calm)
        since = time.monotonic()
        for move in range(12):
            switch(phone, 2 if move % 2 == 0 else 1)
            phone.wait(calm, what="a lasting binding")
        gap = poller.longest_unbound_s(since)
        measured(f"12 moves on Kamailio, {transport}, longest unbound", gap)
        assert gap < LIMIT_S
    contact, = group.database.bindings(ALICE)
    # another connection is another contact: both, until the old one goes
    assert poller.most_bindings() <= (
        1 if is_where_it_listens(contact, phone) else 2)


# The dead primary comes back

@pytest.mark.parametrize("back_s", [
    1, 10, pytest.param(33, marks=pytest.mark.slow)])
@pytest.mark.parametrize("transport", ["udp", "tcp"])
@pytest.mark.parametrize("scenario", ["moved", "never registered"])
def test_primary_hears_late(scenario, transport, back_s, server_pair,
                            phone_factory):
    """It was stopped, and goes on with all that has arrived meanwhile."""
    primary, backup = server_pair
    if scenario == "never registered":
        primary.hold()
    phone = phone_factory(line(primary, backup, transport=transport),
                          config=QUICK)
    if scenario == "moved":
        in_use(phone, 1)
        primary.hold()
        phone.do("failover_switch", f"{ALICE} backup")
    in_use(phone, 2)

    moved = time.monotonic()
    phone.wait(lambda: time.monotonic() - moved > back_s, back_s + 5)
    primary.release()
    released = time.monotonic()
    # what it was meant to hear, and what follows from it
    phone.wait(lambda: time.monotonic() - released > 2)
    assert_bound(server_pair, phone,
                 what=f"{scenario}, {transport}, back after {back_s} s")
    assert phone.account_status()["active"] == 2


@pytest.mark.parametrize("transport", ["udp", "tcp"])
@pytest.mark.parametrize("back_s", [1, pytest.param(
    33, marks=pytest.mark.slow)])
def test_kamailio_hears_late(back_s, transport, kamailio_pair,
                             phone_factory):
    """The same with a real server under SIGSTOP and SIGCONT."""
    primary, backup = kamailio_pair
    phone = phone_factory(line(primary, backup, transport=transport),
                          config=QUICK)
    in_use(phone, 1)
    primary.stop()
    phone.do("failover_switch", f"{ALICE} backup")
    in_use(phone, 2)
    moved = time.monotonic()
    phone.wait(lambda: time.monotonic() - moved > back_s, back_s + 5)
    with kamailio_pair.poller(ALICE) as poller:
        primary.cont()
        released = time.monotonic()
        phone.wait(lambda: time.monotonic() - released > 2)
    gap = poller.longest_unbound_s()
    measured(f"Kamailio on {transport} hears after {back_s} s, "
             "longest unbound", gap)
    assert kamailio_pair.database.bindings(ALICE) and gap < LIMIT_S


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_answer_is_lost(transport, server_pair, phone_factory):
    """The old server removes the binding and nobody hears of it, if it is
    asked to at all."""
    primary, backup = server_pair

    def lose_the_answer(req):
        uri, asked = contact_uri(req), expires(req)
        if asked:
            primary.registrar.register(req)
        else:
            primary.table.bind(req.msg.aor, uri, 0, req.msg.call_id,
                               req.msg.cseq, primary.name)

    phone = phone_factory(line(primary, backup, transport=transport))
    in_use(phone, 1)
    delay_removal(primary, lose_the_answer)
    switch(phone, 2)
    primary.table.wait(lambda table: not table.bindings(ALICE), 2)
    primary.table.wait_bound(ALICE, TRANSACTION_S + 3)
    assert_bound(server_pair, phone, what=f"lost answer, {transport}")
    assert phone.account_status()["active"] == 2


def test_handled_twice(server_pair, phone_factory):
    """The network has made two of a de-registration, and the registrar is
    given the second when the binding was renewed after the first."""
    _, backup = server_pair
    table = backup.table
    phone = phone_factory(line(*server_pair),
                          config={"failover_standby": "yes"})
    in_use(phone, 1)
    phone.wait(lambda: phone.account_status()["standby"] == 2)

    def twice(req):
        for ms in (0,) if expires(req) else (0, 400):
            backup.later(ms, lambda: backup.registrar.register(req))

    backup.behave("REGISTER", script=twice)
    phone.do("failover_set", f"{ALICE} failover_standby no")
    assert table.wait(lambda table: [
        change.action for change in table.changes(ALICE)].count("unbind") == 2)
    assert table.wait_bound(ALICE, AT_ONCE_S)
    assert_bound(server_pair, phone, what="handled twice")


def delay_removal(server, script):
    """Handle a de-registration after 100 ms: the other is done by then."""
    def late(req):
        server.later(0 if expires(req) else 100, lambda: script(req))

    server.behave("REGISTER", script=late)


# Another transport has another contact

def transports(table):
    """Of the bindings: what a contact without a parameter is over, is UDP."""
    return [sip.uri_parts(uri)[3].get("transport", "udp")
            for uri in table.bindings(ALICE)]


def test_other_transport(server_pair, phone_factory):
    """libre removes the old one from the server that it was registered with:
    that one is dead, and the table is shared."""
    primary, backup = server_pair
    phone = phone_factory(account(ALICE, primary.uri("udp"),
                                  backup.uri("tcp")), config=QUICK)
    in_use(phone, 1)
    primary.behave_all(silent=True)
    phone.dial(BOB)
    in_use(phone, 2)
    assert backup.table.wait(lambda table: transports(table) == ["tcp"])

    primary.behave_all()
    phone.do("failover_probe")
    in_use(phone, 1)
    wait_quiet(server_pair)
    assert transports(primary.table) == ["udp"]


@pytest.mark.parametrize("user", ["a", "ab", "abc", "abcd"])
def test_nothing_is_left_in_between(user, server_pair, phone_factory):
    """Over TCP as many bytes go out in place of what is withheld.  If they
    were empty lines, Kamailio 6 would take one of them for the beginning of a
    message, and close the connection when the next one comes 20 s later."""
    aor = f"sip:{user}@{ports.HOST}"
    phone = phone_factory(line(*server_pair, aor=aor, transport="tcp"))
    in_use(phone, 1, aor)
    switch(phone, 2, aor)
    back = time.monotonic()
    switch(phone, 1, aor)
    assert server_pair[0].began > back


# The user's own wish

@pytest.mark.parametrize("just_moved", [False, True])
@pytest.mark.parametrize("transport", ["udp", "tcp"])
@pytest.mark.parametrize("order", ["test_unregister", "uadel", "quit"])
def test_unregistered_by_the_user(order, transport, just_moved, server_pair,
                                  phone_factory):
    delay(server_pair, "answered late")
    primary, backup = server_pair
    phone = phone_factory(line(primary, backup, transport=transport))
    add_register_commands(phone)
    in_use(phone, 1)
    if just_moved:
        phone.do("failover_switch", f"{ALICE} backup")
    else:
        switch(phone, 2)
        wait_quiet(server_pair)

    if order == "quit":
        assert phone.stop() == 0
    else:
        phone.do(order, ALICE if order == "uadel" else "")
    wait_quiet(server_pair, 1.5)
    assert not primary.table.bindings(ALICE), primary.table.report()
    if order == "test_unregister":
        status = phone.account_status()
        assert status["active"] == 0
        assert not any(s["registered"] for s in status["servers"])
        phone.do("test_register")       # and the user's way back
        in_use(phone, 1)
        wait_quiet(server_pair)
        assert primary.table.bindings(ALICE)


def cpu_s(phone):
    """Time that the phone has computed, in its own and the kernel's part."""
    with open(f"/proc/{phone.pid}/stat", encoding="ascii") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_unregistered_while_registering(transport, server_pair,
                                        phone_factory):
    """The user unregisters while a REGISTER is on its way, and its 200 comes
    after: the phone is at rest."""
    primary, backup = server_pair
    primary.registrar.max_expires_s = 1
    phone = phone_factory(line(*server_pair, transport=transport),
                          config={"failover_timeout": 2})
    add_register_commands(phone)
    in_use(phone, 1)
    primary.behave("REGISTER", answer_delay=1000)
    seen = primary.recorder.count("REGISTER")
    primary.recorder.wait("REGISTER", seen + 1)
    phone.do("test_unregister")
    wait_quiet(server_pair, 1.5)
    before = cpu_s(phone)
    since = time.monotonic()
    phone.wait(lambda: time.monotonic() - since > 6)
    measured("computing time in 6 s at rest", cpu_s(phone) - before)
    assert cpu_s(phone) - before < 1
    status = phone.account_status()
    assert status["active"] == 0 and status["state"] == "down"
    assert not primary.table.bindings(ALICE)
    assert not binds(backup)


def test_no_descriptors(server_pair, phone_factory):
    """The phone lacks descriptors for a connection: no server is blamed, and
    the account gets there once there are some."""
    primary, backup = server_pair
    phone = phone_factory(account(ALICE, primary.uri("udp"),
                                  backup.uri("tcp")))
    in_use(phone, 1)
    limit = resource.prlimit(phone.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(phone.pid, resource.RLIMIT_NOFILE, (0, limit[1]))
    phone.do("failover_switch", f"{ALICE} 2")
    phone.wait_log("Too many open files")
    status = phone.account_status()
    assert [s["state"] for s in status["servers"]] == ["up", "unknown"]
    resource.prlimit(phone.pid, resource.RLIMIT_NOFILE, limit)
    status = in_use(phone, 2)
    assert status["counters"] == {**status["counters"], "failovers": 0,
                                  "exhausted": 0}
