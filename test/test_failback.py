# SPDX-License-Identifier: BSD-3-Clause
"""Failback: section 2.3 of the specification."""

import re
import time

import pytest

from harness.scenario import (ALICE, AT_ONCE_S, BOB, LATE_S, QUICK,
                              TRANSACTION_S, contact_uri, expires, in_time,
                              in_use, is_where_it_listens, line, measured,
                              move_line, our_lines, switch, wait_quiet)

OFTEN = {"failover_failback_interval": 2, "failover_failback_jitter": 0,
         **QUICK}
EVERY_S = {**OFTEN, "failover_failback_interval": 1}


@pytest.fixture
def on_backup(server_pair, phone_factory):
    """A phone that has moved since its primary answers 503."""
    def make(config, transport="udp", **options):
        primary, backup = server_pair
        primary.behave("REGISTER", status=503)
        phone = phone_factory(line(primary, backup, transport=transport,
                                   **options), config=config)
        in_use(phone, 2)
        return phone

    return make


def pause(phone, seconds):
    """Let time pass in which nothing is to happen."""
    end = time.monotonic() + seconds
    phone.wait(lambda: time.monotonic() > end, seconds + 5)


def probes(primary):
    """REGISTERs with a Call-ID that is not of Baresip's first one."""
    sent = primary.recorder.requests("REGISTER")
    return [e for e in sent if e.call_id != sent[0].call_id]


# The independent REGISTER

@pytest.mark.parametrize("password", ["", "secret"])
@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_return(transport, password, server_pair, on_backup):
    primary, backup = server_pair
    if password:
        for server in server_pair:
            server.require_auth("alice", password)
    phone = on_backup(OFTEN, transport, password=password)
    primary.behave("REGISTER")

    registered = backup.table.changes(ALICE)[0].time
    status = in_use(phone, 1)
    wait_quiet(server_pair)
    sent = primary.recorder.requests("REGISTER")
    check = probes(primary)[0]
    measured("failback check after", check.time - registered)
    assert 1.7 < check.time - registered < 2 + AT_ONCE_S
    # Baresip's first one, the check, and Baresip's own after it
    call_ids = list(dict.fromkeys(e.call_id for e in sent))
    assert call_ids[1] == check.call_id and len(call_ids) >= 3
    here, there = ({contact_uri(e) for e in entries if expires(e)}
                   for entries in (sent, backup.recorder.requests("REGISTER")))
    assert len(here) == len(there) == 1
    assert here == there or not is_where_it_listens(*here, phone)

    assert status["state"] == "primary"
    assert status["failback"]["next_s"] is None
    assert status["counters"]["failbacks"] == 1
    assert status["counters"]["failovers"] == 1
    if transport == "udp":
        assert our_lines(phone)[-1] == move_line(
            "alice@127.0.0.1", 2, backup, 1, primary,
            "the primary answers again")
    assert len(primary.table.bindings(ALICE)) == 1
    assert primary.table.longest_unbound_s(ALICE) < LATE_S


def test_interval(server_pair, on_backup):
    """The check is repeated; without jitter it is punctual."""
    primary, _ = server_pair
    phone = on_backup(EVERY_S)
    next_s = phone.wait(lambda: phone.account_status()["failback"]["next_s"])
    assert 0 < next_s <= 1
    primary.recorder.wait("REGISTER", 5)
    times = [e.time for e in primary.recorder.requests("REGISTER")]
    gaps = [b - a for a, b in zip(times[1:], times[2:])]
    measured("longest of the intervals of 1 s", max(gaps))
    assert all(gap > 0.8 for gap in gaps) and sum(gaps) < 3 + AT_ONCE_S


def test_jitter(server_pair, on_backup):
    """It lengthens the interval, never shortens it, each time anew."""
    primary, _ = server_pair
    on_backup({**EVERY_S, "failover_failback_jitter": 100})
    primary.recorder.wait("REGISTER", 7, timeout=40)
    times = [e.time for e in primary.recorder.requests("REGISTER")]
    gaps = [b - a for a, b in zip(times[1:], times[2:])]
    measured("shortest with a jitter of 100 %", min(gaps))
    measured("longest with a jitter of 100 %", max(gaps))
    assert all(gap > 0.8 for gap in gaps) and sum(gaps) < 10 + AT_ONCE_S
    assert max(gaps) - min(gaps) > 0.02


def test_default_interval(on_backup):
    failback = on_backup(QUICK).account_status()["failback"]
    assert failback["enabled"] and failback["interval_s"] == 1800
    assert 1790 < failback["next_s"] <= 1980


def test_503_to_the_check(server_pair, on_backup):
    primary, backup = server_pair
    phone = on_backup(EVERY_S)
    sent = primary.recorder.wait("REGISTER", 4)
    assert len({e.call_id for e in sent}) == 4      # each on its own
    status = phone.account_status()
    assert status["state"] == "backup" and not status["counters"]["failbacks"]
    assert status["servers"][0]["state"] == "down"
    assert status["servers"][0]["reason"] == "503 Service Unavailable"
    assert backup.recorder.count("REGISTER") == 1
    assert len(our_lines(phone)) == 1


@pytest.mark.parametrize("status", [403, 404])
def test_refusal_to_the_check(status, server_pair, on_backup):
    """The primary lives, but would not have the account."""
    primary, _ = server_pair
    phone = on_backup(EVERY_S)
    primary.behave("REGISTER", status=status)
    primary.recorder.wait("REGISTER", 4)
    assert in_use(phone, 2)["counters"]["failbacks"] == 0
    primary.behave("REGISTER")
    in_use(phone, 1)


@pytest.mark.slow
def test_silent_primary(server_pair, on_backup):
    """The check is retransmitted until 64*T1, then the timer runs again;
    the account stays where it is."""
    primary, backup = server_pair
    phone = on_backup(EVERY_S)
    primary.behave_all(silent=True)
    since = time.monotonic()
    sent = primary.recorder.wait("REGISTER", 4, since=since)
    assert 3.25 < sent[3].time - sent[0].time < 3.5 + AT_ONCE_S
    assert primary.recorder.count("REGISTER", since) == 1
    assert phone.account_status()["failback"]["next_s"] is None

    phone.wait(lambda: primary.recorder.count("REGISTER", since) == 2, 60)
    old, new = primary.recorder.begun("REGISTER", since)
    measured("next check after the silent one", new.time - old.time)
    assert in_time(new.time - old.time, TRANSACTION_S + 1)
    assert [e.branch for e in primary.recorder.requests("REGISTER")].count(
        old.branch) == 11                   # RFC 3261, 17.1.2.2

    status = in_use(phone, 2)
    assert status["counters"]["failovers"] == 1
    assert not status["counters"]["failbacks"]
    assert primary.table.longest_unbound_s(ALICE) == 0
    assert backup.recorder.count("REGISTER") == 1


@pytest.mark.parametrize("probe", ["register", "options"])
@pytest.mark.parametrize("password", ["", "secret"])
def test_slow_primary(password, probe, server_pair, on_backup):
    """It answers later than it would be given in use: it is not returned to
    before it is fast enough.  Each answer counts by itself."""
    primary, backup = server_pair
    if password:
        for server in server_pair:
            server.require_auth("alice", password)
    phone = on_backup({**EVERY_S, "failover_probe": probe,
                       "failover_timeout": 2}, password=password)
    primary.behave_all(answer_delay=3000)
    reason = phone.wait(lambda: re.fullmatch(
        r"answers after (\d+\.\d) s, later than the 2\.0 s that it is given",
        phone.account_status()["servers"][0]["reason"]), 40)
    assert float(reason[1]) >= 3
    status = in_use(phone, 2)
    assert status["servers"][0]["state"] == "up"
    pause(phone, 8)
    counters = in_use(phone, 2)["counters"]
    assert counters["failovers"] == 1 and counters["failbacks"] == 0
    assert len(our_lines(phone, "->")) == 1

    primary.behave_all(answer_delay=1200)   # in time, twice with a password
    in_use(phone, 1)
    pause(phone, 3)
    assert in_use(phone, 1)["counters"]["failovers"] == 1


def test_primary_wakes_up(server_pair, on_backup):
    """... and it answers while the check is retransmitted."""
    primary, _ = server_pair
    phone = on_backup(EVERY_S)
    primary.behave_all(silent=True)
    primary.recorder.wait("REGISTER", 3, since=time.monotonic())
    primary.behave_all()
    in_use(phone, 1)
    wait_quiet(server_pair[1:])
    assert len(primary.table.bindings(ALICE)) == 1


# Settings

def test_no_failback(server_pair, on_backup):
    primary, _ = server_pair
    phone = on_backup({**EVERY_S, "failover_failback": "no"})
    primary.behave("REGISTER")
    pause(phone, 3)
    assert primary.recorder.count("REGISTER") == 1
    assert phone.account_status()["failback"] == {
        "enabled": False, "interval_s": 1, "next_s": None}
    assert phone.account_status()["state"] == "backup"


def test_options(server_pair, on_backup):
    """OPTIONS alone; REGISTER only when it has been answered."""
    primary, _ = server_pair
    primary.behave("OPTIONS", silent=True)
    phone = on_backup({**EVERY_S, "failover_probe": "options"})
    asked = primary.recorder.wait("OPTIONS", 3)
    assert len({e.branch for e in asked}) == 1
    assert primary.recorder.count("REGISTER") == 1
    assert phone.account_status()["state"] == "backup"

    primary.behave_all()
    status = in_use(phone, 1)
    assert status["counters"]["failbacks"] == 1
    answered = primary.recorder.responses("OPTIONS")[0].time
    assert primary.recorder.requests("REGISTER")[1].time > answered


@pytest.mark.parametrize("status, returns", [(404, True), (503, False)])
def test_answer_to_options(status, returns, server_pair, on_backup):
    """Any answer is a sign of life, except "unavailable"."""
    primary, _ = server_pair
    primary.behave("OPTIONS", status=status)
    phone = on_backup({**EVERY_S, "failover_probe": "options"})
    primary.behave("REGISTER")
    if returns:
        in_use(phone, 1)
    else:
        primary.recorder.wait("OPTIONS", 3)
        assert in_use(phone, 2)["counters"]["failbacks"] == 0


def test_rise(server_pair, on_backup):
    """Two good checks in a row, a bad one between them does not count."""
    primary, _ = server_pair
    answers = iter([200, 503, 200, 200, 200])
    phone = on_backup({**EVERY_S, "failover_rise": 2})

    def answer(req):
        status = next(answers, 200)
        if status == 200:
            primary.registrar.register(req)
        else:
            req.reply(status)

    primary.behave("REGISTER", script=answer)
    assert in_use(phone, 1)["counters"]["failbacks"] == 1
    said = [r.msg.status for r in primary.recorder.responses("REGISTER")]
    assert said[:6] == [503, 200, 503, 200, 200, 200]


@pytest.mark.parametrize("place", ["config", "account"])
def test_per_account(place, on_backup):
    keys = {"failover_failback_interval": 77, "failover_failback_jitter": 0}
    if place == "config":
        phone = on_backup({**QUICK, **keys})
    else:
        phone = on_backup(QUICK, extra=";".join(
            f"{key}={value}" for key, value in keys.items()))
    assert 70 < phone.account_status()["failback"]["next_s"] <= 77


def test_probe_command(server_pair, on_backup):
    """No need to wait for the interval."""
    primary, _ = server_pair
    phone = on_backup(QUICK)
    phone.do("failover_probe")
    primary.recorder.wait("REGISTER", 2)
    phone.wait(lambda: phone.account_status()["failback"]["next_s"])
    assert phone.account_status()["state"] == "backup"

    primary.behave("REGISTER")
    since = time.monotonic()
    phone.do("failover_probe", ALICE)
    in_use(phone, 1)
    measured("failover_probe, back after", time.monotonic() - since)
    assert "primary" in phone.do("failover_probe")      # nothing to do


def test_check_while_one_is_under_way(server_pair, on_backup):
    """One at a time: an order during a check does not send another."""
    primary, _ = server_pair
    phone = on_backup(QUICK)
    primary.behave_all(silent=True)
    since = time.monotonic()
    for _ in range(3):
        phone.do("failover_probe")
    primary.recorder.wait("REGISTER", 3, since=since)
    assert primary.recorder.count("REGISTER", since) == 1


# A primary that is not well

def test_flapping(server_pair, on_backup):
    """It takes the check and refuses the registration that follows."""
    primary, _ = server_pair
    phone = on_backup(EVERY_S)
    known = {primary.recorder.requests("REGISTER")[0].call_id}

    def flap(req):
        """Good to every other Call-ID."""
        known.add(req.msg.call_id)
        if len(known) % 2:
            req.reply(503)
        else:
            primary.registrar.register(req)

    primary.behave("REGISTER", script=flap)
    phone.wait(lambda: phone.account_status()["counters"]["failbacks"] >= 3,
               20)
    primary.behave("REGISTER")
    in_use(phone, 1)
    wait_quiet(server_pair)
    gap = primary.table.longest_unbound_s(ALICE)
    measured("flapping primary, longest unbound", gap)
    assert gap < LATE_S and len(primary.table.bindings(ALICE)) == 1
    counters = phone.account_status()["counters"]
    assert counters["failovers"] == counters["failbacks"] >= 3
    assert counters["exhausted"] == 0


@pytest.mark.slow
def test_dying_again(server_pair, on_backup):
    """It comes and goes, for real."""
    primary, backup = server_pair
    phone = on_backup(EVERY_S)
    for _ in range(3):
        primary.behave_all()
        in_use(phone, 1)
        primary.kill()
        primary.behave("REGISTER", status=503)
        switch(phone, 2)
        primary.start()
    wait_quiet([backup])
    assert len(primary.table.bindings(ALICE)) == 1
    gap = primary.table.longest_unbound_s(ALICE)
    measured("primary comes and goes, longest unbound", gap)
    assert gap < LATE_S


# Calls

@pytest.mark.parametrize("incoming", [False, True])
@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_call_goes_on(transport, incoming, server_pair, on_backup):
    primary, backup = server_pair
    phone = on_backup(QUICK, transport)
    if incoming:
        backup.call(ALICE)
        phone.wait_event("CALL_INCOMING")
        phone.answer()
    else:
        phone.dial(BOB)
    phone.wait_event("CALL_ESTABLISHED")
    call, = backup.calls.wait_state("established")
    call.rtp.wait(20)

    primary.behave("REGISTER")
    phone.do("failover_probe")
    in_use(phone, 1)
    wait_quiet(server_pair)
    call.rtp.wait(25)                       # half a second of speech
    assert call.state == "established"
    assert not phone.events("CALL_CLOSED")
    assert not [e for e in primary.recorder.requests()
                if e.method in ("INVITE", "BYE")]

    phone.hangup()
    backup.calls.wait_state("ended")
    assert call.ended_by == "BYE" and backup.calls.max_active == 1


def test_new_call_goes_to_the_primary(server_pair, on_backup):
    primary, backup = server_pair
    phone = on_backup(QUICK)
    primary.behave("REGISTER")
    phone.do("failover_probe")
    in_use(phone, 1)
    phone.dial(BOB)
    phone.wait_event("CALL_ESTABLISHED")
    assert primary.recorder.count("INVITE") == 1
    assert not backup.recorder.count("INVITE")
