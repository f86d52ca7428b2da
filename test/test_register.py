# SPDX-License-Identifier: BSD-3-Clause
"""Register failover: sections 2.2.1 and 2.2.4 of the specification."""

import re
import time

import pytest

from harness.baresip import account
from harness.run import PATIENCE_S
from harness.scenario import (ALICE, AT_ONCE_S, LATE_S, QUICK, TRANSACTION_S,
                              add_register_commands, binds, expires, in_time,
                              in_use, is_where_it_listens, line, measured,
                              move_line, our_lines, says_after, switch)

SHORT_S = 4         # granted by a registrar: libre refreshes after 3.6 s


def first_sent(phone):
    """When the phone has begun to register, or a moment before."""
    return phone.wait_log("Local network address")[0]


# Silence

def test_silent_primary(server_pair, phone_factory):
    """With the defaults: 1 + 3 REGISTERs in 7.5 s, then the backup."""
    primary, backup = server_pair
    primary.behave_all(silent=True)
    phone = phone_factory(line(primary, backup))

    moved = backup.recorder.wait("REGISTER")[0].time
    sent = [e for e in primary.recorder.requests("REGISTER")
            if e.time < moved - 0.1]
    started = sent[0].time
    assert len(sent) == 4 and len({e.branch for e in sent}) == 1
    measured("silent primary, REGISTER at the backup after", moved - started)
    assert in_time(moved - started, 7.5)

    status = in_use(phone, 2)
    bound = backup.table.changes(ALICE)[0].time
    measured("silent primary, bound after", bound - started)
    reason = status["servers"][0]["reason"]
    assert says_after(reason, "REGISTER not answered, sent 4 times", 7.5)
    assert status["state"] == "backup"
    assert status["counters"]["failovers"] == 1
    assert [(s["state"], s["registered"], s["reason"])
            for s in status["servers"]] == [("down", False, reason),
                                            ("up", True, "200 OK")]
    assert our_lines(phone) == [move_line("alice@127.0.0.1", 1, primary,
                                          2, backup, reason)]
    assert list(backup.table.bindings(ALICE))


@pytest.mark.parametrize("key, value, give_up_s, sends", [
    ("failover_retries", 0, 0.5, 1), ("failover_retries", 1, 1.5, 2),
    ("failover_retries", 2, 3.5, 3), ("failover_timeout", 1, 1.0, 2),
    ("failover_timeout", 4, 4.0, 4)])
@pytest.mark.parametrize("place", ["config", "account"])
def test_give_up(key, value, give_up_s, sends, place, server_pair,
                 phone_factory):
    primary, backup = server_pair
    primary.behave_all(silent=True)
    if place == "config":
        phone = phone_factory(line(primary, backup), config={key: value})
    else:
        phone = phone_factory(line(primary, backup, extra=f"{key}={value}"),
                              config={key: 9})
    moved = backup.recorder.wait("REGISTER")[0].time
    reason = in_use(phone, 2)["servers"][0]["reason"]
    sent = primary.recorder.requests("REGISTER")
    measured(f"{key} {value}, backup after", moved - sent[0].time)
    assert len(sent) == sends
    assert in_time(moved - sent[0].time, give_up_s)
    times = f", sent {sends} times" if sends > 1 else ""
    assert says_after(reason, f"REGISTER not answered{times}", give_up_s)


def test_silent_tcp(server_pair, phone_factory):
    """Nothing is retransmitted there, the time is the same."""
    primary, backup = server_pair
    primary.behave_all(silent=True)
    phone = phone_factory(line(primary, backup, transport="tcp"),
                          config={"failover_retries": 1})
    moved = backup.recorder.wait("REGISTER")[0]
    sent = primary.recorder.requests("REGISTER")
    assert len(sent) == 1 and moved.transport == "tcp"
    measured("silent TCP, backup after", moved.time - sent[0].time)
    assert in_time(moved.time - sent[0].time, 1.5)
    assert says_after(in_use(phone, 2)["servers"][0]["reason"],
                      "REGISTER not answered", 1.5)


# Answers

@pytest.mark.parametrize("transport", ["udp", "tcp"])
@pytest.mark.parametrize("status", [408, 500, 502, 503, 504])
def test_unavailable(status, transport, server_pair, phone_factory):
    primary, backup = server_pair
    primary.behave("REGISTER", status=status)
    phone = phone_factory(line(primary, backup, transport=transport))
    reached = backup.recorder.wait("REGISTER")[0].time
    took = reached - primary.recorder.requests("REGISTER")[0].time
    measured(f"{status} on {transport}, backup after", took * 1000, "ms")
    assert took < AT_ONCE_S
    in_use(phone, 2)
    reason = phone.account_status()["servers"][0]["reason"]
    assert reason.startswith(f"{status} ")
    assert len(our_lines(phone)) == 1
    assert primary.recorder.count("REGISTER") == 1


@pytest.mark.parametrize("transport, said", [
    ("udp", "ICMP port unreachable"), ("tcp", "Connection refused")])
def test_closed_port(transport, said, server_pair, phone_factory):
    primary, backup = server_pair
    primary.kill()
    phone = phone_factory(line(primary, backup, transport=transport))
    took = backup.recorder.wait("REGISTER")[0].time - first_sent(phone)
    measured(f"closed {transport} port, backup after", took * 1000, "ms")
    assert took < AT_ONCE_S
    status = in_use(phone, 2)
    assert said in status["servers"][0]["reason"]
    assert status["counters"]["failovers"] == 1


def test_codes_of_the_user(server_group, phone_factory):
    """With failover_codes=302,404,600 these count, 503 does not."""
    config = {"failover_codes": "302,404,600", **QUICK}
    for status, moves in ((302, True), (404, True), (600, True),
                          (503, False)):
        primary, backup = server_group(2)
        primary.behave("REGISTER", status=status)
        phone = phone_factory(line(primary, backup), config=config)
        if moves:
            in_use(phone, 2)
        else:
            stays(phone, primary, backup, status)


@pytest.mark.parametrize("status, headers", [
    (401, []), (403, []), (404, []), (423, [("Min-Expires", "7200")]),
    (486, []), (603, [])])
def test_living_server(status, headers, server_pair, phone_factory):
    """It answers: no other server would be better."""
    primary, backup = server_pair
    primary.behave("REGISTER", status=status, headers=headers)
    phone = phone_factory(line(primary, backup), config=QUICK)
    stays(phone, primary, backup, status)


def test_wrong_password(server_pair, phone_factory):
    primary, backup = server_pair
    for server in server_pair:
        server.require_auth("alice", "secret")
    phone = phone_factory(line(primary, backup, password="guess"),
                          config=QUICK)
    stays(phone, primary, backup, 403)


def test_too_brief(server_pair, phone_factory):
    """A server with a Min-Expires above what we ask for."""
    primary, backup = server_pair
    primary.registrar.min_expires_s = 7200
    phone = phone_factory(line(primary, backup), config=QUICK)
    primary.recorder.wait_for(lambda: primary.recorder.responses("REGISTER"))
    time.sleep(1.5)
    assert not backup.recorder.requests("REGISTER")
    assert phone.account_status()["active"] == 1


def stays(phone, primary, backup, status):
    phone.wait_log(f"alice@.* {status} ")
    time.sleep(1.5)             # three times what a silent server gets
    assert not backup.recorder.requests("REGISTER")
    assert not our_lines(phone)
    found = phone.account_status()
    server = found["servers"][0]
    assert found["active"] == 1 and not found["counters"]["failovers"]
    assert server["state"] == "up" and not server["registered"]
    assert server["reason"].startswith(str(status))


# Refreshes

@pytest.mark.parametrize("transport", ["udp", "tcp"])
@pytest.mark.parametrize("config, give_up_s", [({}, 7.5),
                                               ({"failover_retries": 1}, 1.5)])
def test_refresh_fails(transport, config, give_up_s, server_pair,
                       phone_factory):
    """The time is counted from the refresh."""
    primary, backup = server_pair
    primary.registrar.max_expires_s = SHORT_S
    phone = phone_factory(line(primary, backup, transport=transport),
                          config=config)
    in_use(phone, 1)
    primary.behave_all(silent=True)
    since = time.monotonic()
    refresh = primary.recorder.wait("REGISTER", since=since)[0]
    moved = backup.recorder.wait("REGISTER")[0]
    measured(f"refresh on {transport}, backup after",
             moved.time - refresh.time)
    assert in_time(moved.time - refresh.time, give_up_s)
    assert in_use(phone, 2)["counters"]["failovers"] == 1


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_refresh_at_closed_port(transport, server_pair, phone_factory):
    primary, backup = server_pair
    primary.registrar.max_expires_s = SHORT_S
    phone = phone_factory(line(primary, backup, transport=transport))
    in_use(phone, 1)
    bound = primary.table.changes(ALICE)[0].time
    primary.kill(reset=True)
    moved = backup.recorder.wait("REGISTER")[0].time
    measured(f"refresh at a closed {transport} port, backup after",
             moved - bound - 0.9 * SHORT_S)
    assert moved - bound < 0.9 * SHORT_S + AT_ONCE_S
    in_use(phone, 2)


@pytest.mark.parametrize("status", [408, 503])
def test_refresh_unavailable(status, server_pair, phone_factory):
    primary, backup = server_pair
    primary.registrar.max_expires_s = SHORT_S
    phone = phone_factory(line(primary, backup))
    in_use(phone, 1)
    primary.behave("REGISTER", status=status)
    since = time.monotonic()
    refresh = primary.recorder.wait("REGISTER", since=since)[0].time
    moved = backup.recorder.wait("REGISTER")[0].time
    measured(f"refresh with {status}, backup after",
             (moved - refresh) * 1000, "ms")
    assert moved - refresh < AT_ONCE_S
    in_use(phone, 2)


def test_failures_in_a_row(server_pair, phone_factory):
    """failover_fall: so many before the server is left."""
    primary, backup = server_pair
    primary.registrar.max_expires_s = SHORT_S
    phone = phone_factory(line(primary, backup),
                          config={"failover_fall": 3, **QUICK})
    in_use(phone, 1)
    primary.behave("REGISTER", status=503)
    since = time.monotonic()
    backup.recorder.wait("REGISTER", timeout=40)
    assert len([e for e in binds(primary, since)]) == 3
    assert in_use(phone, 2)["counters"]["failovers"] == 1


# Servers

def test_expiry_of_each_server(server_group, phone_factory):
    servers = server_group(3)
    phone = phone_factory(
        line(*servers, regint=600,
             extra="failover_regint2=120;failover_regint3=90"))
    in_use(phone, 1)
    for number in (2, 3, 1):
        switch(phone, number)
    asked = [{expires(e) for e in binds(server)} for server in servers]
    assert asked == [{600}, {120}, {90}]


def test_expiry_by_default(server_pair, phone_factory):
    primary, backup = server_pair
    phone = phone_factory(line(primary, backup, regint=600))
    in_use(phone, 1)
    switch(phone, 2)
    assert {expires(e) for e in binds(backup)} == {600}


@pytest.mark.parametrize("count", [3, 8])
def test_in_order(count, server_group, phone_factory):
    servers = server_group(count)
    for server in servers[:-1]:
        server.behave("REGISTER", status=503)
    phone = phone_factory(line(*servers), config=QUICK)
    status = in_use(phone, count)
    assert status["state"] == "backup"
    assert status["counters"]["failovers"] == count - 1
    times = [server.recorder.requests("REGISTER")[0].time
             for server in servers]
    assert times == sorted(times)
    assert our_lines(phone) == [
        move_line("alice@127.0.0.1", n + 1, servers[n], n + 2,
                  servers[n + 1], "503 Service Unavailable")
        for n in range(count - 1)]


def test_silent_in_order(server_group, phone_factory):
    servers = server_group(3)
    for server in servers[:2]:
        server.behave_all(silent=True)
    phone = phone_factory(line(*servers), config=QUICK)
    in_use(phone, 3)
    first, second, third = (server.recorder.requests("REGISTER")[0].time
                            for server in servers)
    measured("two silent servers, the third after", third - first)
    assert in_time(second - first, 0.5) and in_time(third - second, 0.5)


def test_primary_is_first_again(server_group, phone_factory):
    """The server in use fails: the round begins with the primary."""
    primary, backup, third = server_group(3)
    primary.behave("REGISTER", status=503)
    backup.registrar.max_expires_s = SHORT_S
    phone = phone_factory(line(primary, backup, third), config=QUICK)
    in_use(phone, 2)
    primary.behave("REGISTER")
    backup.behave("REGISTER", status=503)
    status = in_use(phone, 1)
    assert status["state"] == "primary"
    assert not third.recorder.requests("REGISTER")


# No server left

@pytest.mark.slow
def test_all_silent(server_pair, phone_factory):
    """The last server gets 64*T1.  Then the user is told, and a manual
    registration begins the next round at once."""
    primary, backup = server_pair
    for server in server_pair:
        server.behave_all(silent=True)
    phone = phone_factory(line(primary, backup), config=QUICK)
    add_register_commands(phone)
    started = backup.recorder.wait("REGISTER")[0].time
    phone.wait(lambda: time.monotonic() - started > 31, 40)
    assert phone.account_status()["state"] == "moving"

    told, text = phone.wait_log("no server is available")
    measured("last server given up after", told - started)
    assert in_time(told - started, TRANSACTION_S)
    for number, server in enumerate(server_pair, 1):
        # the last one's end may be libre's own
        assert re.search(rf"server {number} \({server.uri()}\): (REGISTER )?"
                         "not answered", text)
    assert len(our_lines(phone, "no server")) == 1
    status = phone.wait_state("down")
    assert status["active"] == 0 and status["counters"]["exhausted"] == 1
    assert not any(s["registered"] for s in status["servers"])

    for server in server_pair:
        server.behave_all()
    since = time.monotonic()
    phone.do("test_register")
    in_use(phone, 1)
    measured("manual registration, back after", time.monotonic() - since)
    assert time.monotonic() - since < AT_ONCE_S


def exhausted_at_once(servers, phone_factory, transport="udp"):
    for server in servers:
        server.kill()
    phone = phone_factory(line(*servers, transport=transport))
    told, text = phone.wait_log("no server is available")
    measured("all ports closed, down after",
             (told - first_sent(phone)) * 1000, "ms")
    assert told - first_sent(phone) < AT_ONCE_S
    for number, server in enumerate(servers, 1):
        assert f"server {number} ({server.uri(transport)}): " in text
    status = phone.wait_state("down")
    assert status["counters"]["exhausted"] == 1 and status["active"] == 0
    assert {s["state"] for s in status["servers"]} == {"down"}
    wait_s = next_round_s(phone)
    assert 30 - LATE_S < wait_s <= 60
    return phone, wait_s


def next_round_s(phone):
    table = phone.do("failover")
    return float(re.search(r"next round in ([\d.]+) s", table).group(1))


@pytest.mark.parametrize("transport", ["udp", "tcp"])
@pytest.mark.parametrize("order", ["failover_probe", "test_register"])
def test_all_closed(order, transport, server_group, phone_factory):
    servers = server_group(3, transports=("udp", "tcp"))
    phone, _ = exhausted_at_once(servers, phone_factory, transport)
    add_register_commands(phone)
    phone.do(order)
    phone.wait_log("no server is available", n=2)
    status = phone.wait_state("down")
    assert status["counters"]["exhausted"] == 2

    for server in servers:
        server.start()
    phone.do(order)
    in_use(phone, 1)
    assert list(servers[0].table.bindings(ALICE))


@pytest.mark.slow
def test_next_round(server_pair, phone_factory):
    """RFC 5626, section 4.5: half to all of 60 s after the first round, of
    120 s after the second."""
    phone, wait_s = exhausted_at_once(server_pair, phone_factory)
    first = time.monotonic()
    took = phone.wait_log("no server", wait_s + PATIENCE_S, n=2)[0] - first
    measured(f"next round, announced in {wait_s} s, after", took)
    assert wait_s - LATE_S < took < wait_s + LATE_S
    assert 60 - LATE_S < next_round_s(phone) <= 120


def test_two_accounts(server_pair, phone_factory):
    """Each has its own state."""
    primary, backup = server_pair
    primary.behave("REGISTER", script=lambda req: (
        req.reply(503) if "alice" in req.msg.aor
        else primary.registrar.register(req)))
    phone = phone_factory(line(primary, backup),
                          line(primary, backup, aor="sip:bob@127.0.0.1"))
    assert in_use(phone, 2)["state"] == "backup"
    assert in_use(phone, 1, "sip:bob@127.0.0.1")["state"] == "primary"


def test_password_of_the_account(server_pair, phone_factory):
    for server in server_pair:
        server.require_auth("alice", "secret")
    primary, backup = server_pair
    primary.kill()
    phone = phone_factory(account(ALICE, primary.uri(), backup.uri(),
                                  password="secret"))
    in_use(phone, 2)
    assert [r.msg.status for r in backup.recorder.responses("REGISTER")] \
        == [401, 200]


# Real servers

@pytest.mark.parametrize("password", ["", "secret"])
@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_kamailio(transport, password, kamailio_group, phone_factory):
    """Stopped, killed, restarted."""
    group = kamailio_group(2, password=password)
    primary, backup = group.servers
    primary.stop()
    phone = phone_factory(
        line(primary, backup, transport=transport, regint=SHORT_S,
             password=password), config={"failover_retries": 1})
    with group.poller(ALICE) as poller:
        in_use(phone, 2)
        group.database.wait_bound(ALICE)
        bound = time.monotonic()

        primary.cont()
        phone.do("failover_probe")
        in_use(phone, 1)
        primary.kill()
        in_use(phone, 2)
        assert group.database.bindings(ALICE)

        primary.restart()
        phone.do("failover_probe")
        status = in_use(phone, 1)
        phone.wait(lambda: time.monotonic() - poller.samples[-1][0] < 0.1)
        gap = poller.longest_unbound_s(bound)
        measured(f"Kamailio on {transport}, longest unbound", gap)
    contact, = group.database.bindings(ALICE)
    # a Contact names the connection: the backup's, that of the primary's late
    # answer, and that of the return, which is over a new connection
    most = 1 if is_where_it_listens(contact, phone) else 3
    assert poller.most_bindings() <= most and gap < LATE_S
    assert status["counters"]["failovers"] == 2
    assert status["counters"]["failbacks"] == 2


def test_one_user_of_two_domains(server_group, phone_factory):
    """What one account sends is not taken for the other's, although newer
    versions give both the same user part in the Contact."""
    other = "sip:alice@example.org"
    first, second = server_group(2), server_group(2)
    second[0].behave_all(silent=True)
    phone = phone_factory(line(*first), line(*second, aor=other),
                          config=QUICK)
    in_use(phone, 2, other)
    in_use(phone, 1)
    assert len(our_lines(phone)) == 1
    assert not first[1].recorder.count()
