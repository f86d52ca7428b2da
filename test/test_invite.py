# SPDX-License-Identifier: BSD-3-Clause
"""INVITE failover: a call survives the death of the server it is dialled
through, specification section 2.2.2."""

import os
import random
import signal
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from harness import sip
from harness.dialling import (call_ids, callee, counters, invites,
                              moved_once, ready, settle)
from harness.scenario import (ALICE, AT_ONCE_S, BOB, QUICK, TRANSACTION_S,
                              in_time, in_use, line, measured, our_lines,
                              switch)

TRANSPORTS = ["udp", "tcp"]
CAROL = "sip:carol@127.0.0.1"


def far(number):
    return f"sip:far{number}@127.0.0.1"


def delay_of_move(primary, backup):
    """From the first INVITE at the primary to the one at the backup."""
    return invites(backup)[0].time - invites(primary)[0].time


# The server does not answer

@pytest.mark.parametrize("transport", TRANSPORTS)
def test_silent(transport, server_pair, phone_factory):
    """With the defaults: 4 INVITEs in 7.5 s, REGISTER, INVITE, media."""
    primary, backup = server_pair
    phone = ready(phone_factory, server_pair, transport)
    primary.behave_all(silent=True)
    phone.dial(BOB)
    moved = backup.recorder.wait("INVITE")[0].time
    sent = [e for e in primary.recorder.requests("INVITE") if e.time < moved]
    assert len(sent) == (4 if transport == "udp" else 1)
    assert backup.recorder.requests("REGISTER")[0].time < moved
    took = delay_of_move(primary, backup)
    call = moved_once(phone, backup)
    measured(f"silent, {transport}, INVITE at the backup after", took)
    measured(f"silent, {transport}, established after",
             call.established_at - sent[0].time)
    measured(f"silent, {transport}, media after",
             call.rtp.first_at - sent[0].time)
    assert in_time(took, 7.5)
    assert counters(phone)["calls_moved"] == 1
    assert len(primary.recorder.requests("INVITE")) == len(sent)
    assert [text for text in our_lines(phone) if "INVITE not answered" in text]


@pytest.mark.parametrize("key, value, give_up_s, sends", [
    ("failover_retries", 0, 0.5, 1), ("failover_retries", 1, 1.5, 2),
    ("failover_timeout", 2, 2.0, 3)])
@pytest.mark.parametrize("place", ["config", "account"])
def test_give_up(key, value, give_up_s, sends, place, server_pair,
                 phone_factory):
    primary, backup = server_pair
    where = {"config": {key: value}} if place == "config" else \
        {"extra": f"{key}={value}"}
    phone = ready(phone_factory, server_pair, **where)
    primary.behave_all(silent=True)
    phone.dial(BOB)
    moved_once(phone, backup)
    took = delay_of_move(primary, backup)
    measured(f"{key} {value}, INVITE at the backup after", took)
    assert in_time(took, give_up_s)
    assert len(primary.recorder.requests("INVITE")) == sends


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_while_the_last_server_is_asked(transport, server_pair,
                                        phone_factory):
    """A round gives its last server 64*T1, and so a call that is dialled
    meanwhile."""
    primary, backup = server_pair
    phone = ready(phone_factory, server_pair, transport,
                  config={**QUICK, "failover_keepalive": 1})
    backup.behave("REGISTER", answer_delay=6000)
    backup.behave("INVITE", answer_delay=2000)
    primary.behave_all(status=503)
    backup.recorder.wait("REGISTER")
    phone.dial(BOB)
    backup.calls.wait_state("established")
    phone.wait_event("CALL_ESTABLISHED")
    assert not phone.events("CALL_CLOSED")
    assert counters(phone)["exhausted"] == 0


def test_challenged_then_silent(server_pair, phone_factory):
    """A challenge is an answer; the INVITE with credentials gets none."""
    primary, backup = server_pair
    for server in server_pair:
        server.require_auth("alice", "secret")
    phone = ready(phone_factory, server_pair, password="secret",
                  config=QUICK)

    def challenge_only(req):
        if not req.msg.get("Proxy-Authorization"):
            primary._authentic(req)

    primary.behave("INVITE", script=challenge_only)
    phone.dial(BOB)
    moved_once(phone, backup)
    first, second = invites(primary)
    assert second.msg.get("Proxy-Authorization")
    took = invites(backup)[0].time - second.time
    assert in_time(took, 0.5)
    assert len({e.branch for e in invites(backup)}) == 2    # challenged too


@pytest.mark.parametrize("parameter", ["branch=1", "x;branch=z9hG4bK1"])
def test_parameter_named_branch(parameter, server_pair, phone_factory):
    """A silent server gets no more INVITEs once it is given up: what counts
    is the branch of the Via."""
    primary, backup = server_pair
    phone = ready(phone_factory, server_pair, config={"failover_retries": 1})
    primary.behave_all(silent=True)
    phone.dial(f"{BOB};{parameter}")
    moved_once(phone, backup)
    assert f";{parameter}" in invites(primary)[0].msg.uri
    settle(phone, 4)
    assert len(primary.recorder.requests("INVITE")) == 2


def test_same_call(server_pair, phone_factory):
    """What is offered to the backup is what was offered to the primary."""
    primary, backup = server_pair
    phone = ready(phone_factory, server_pair, config=QUICK)
    primary.behave_all(silent=True)
    phone.dial(f"{BOB};x=1")
    moved_once(phone, backup)
    old, new = invites(primary)[0].msg, invites(backup)[0].msg
    assert old.call_id != new.call_id and old.branch != new.branch
    assert call_ids(phone) == (old.call_id, new.call_id)
    assert [name for name, _ in old.headers] == \
        [name for name, _ in new.headers]
    for name in ("To", "Contact", "Allow", "Supported", "User-Agent"):
        assert old.get(name) == new.get(name)
    assert old.uri == new.uri
    assert sip.uri_of(old.get("From")) == sip.uri_of(new.get("From"))

    def offer(msg):         # the port's and the streams' lines
        return [text for text in msg.body.decode().splitlines()
                if not text.startswith("o=")]

    assert offer(old) == offer(new)


# The server refuses, or is not there

@pytest.mark.parametrize("trying", [False, True])
@pytest.mark.parametrize("transport", TRANSPORTS)
def test_status_503(transport, trying, server_pair, phone_factory):
    primary, backup = server_pair
    phone = ready(phone_factory, server_pair, transport)
    if trying:
        primary.answer_calls(ringing_ms=None, answer_ms=200, status=503)
    else:
        primary.behave("INVITE", status=503)
    phone.dial(BOB)
    moved_once(phone, backup)
    took = delay_of_move(primary, backup)
    measured(f"503, {transport}, trying {trying}, INVITE at the backup after",
             took * 1000, "ms")
    assert took < AT_ONCE_S
    assert len(invites(primary)) == 1
    primary.recorder.wait("ACK")


def test_status_503_twice(server_pair, phone_factory):
    """failover_fall: REGISTER goes well in between, that does not count."""
    primary, backup = server_pair
    phone = ready(phone_factory, server_pair, config={"failover_fall": 2})
    primary.behave("INVITE", status=503)
    phone.dial(BOB)
    moved_once(phone, backup)
    assert len(invites(primary)) == 2


@pytest.mark.parametrize("config, moves, stays", [
    ({}, [503], [404, 486, 487, 500]),
    ({"failover_call_codes": "486,500"}, [486, 500], [503])])
def test_which_status(config, moves, stays, server_pair, phone_factory):
    primary, backup = server_pair
    phone = ready(phone_factory, server_pair, config=config)
    for status in stays:
        primary.answer_calls(status=status)
        since = time.monotonic()
        phone.dial(BOB)
        closed = phone.wait_event("CALL_CLOSED", since=since)
        assert closed.param.startswith(str(status))
    settle(phone, 0.5)
    assert not backup.recorder.count()
    assert phone.account_status()["state"] == "primary"

    for number, status in enumerate(moves, 1):
        primary.answer_calls(status=status)
        since = time.monotonic()
        phone.dial(BOB)
        phone.wait_event("CALL_ESTABLISHED", since=since)
        assert counters(phone)["calls_moved"] == number
        assert not phone.events("CALL_CLOSED", since)
        phone.hangup()
        phone.wait_event("CALL_CLOSED", since=since)
        switch(phone, 1)


def test_closed_port(server_pair, phone_factory):
    primary, backup = server_pair
    phone = ready(phone_factory, server_pair)
    primary.kill()
    started = time.monotonic()
    phone.dial(BOB)
    call = moved_once(phone, backup)
    took = invites(backup)[0].time - started
    measured("closed port, INVITE at the backup after", took * 1000, "ms")
    assert took < AT_ONCE_S and call.invited_at - started < AT_ONCE_S


@pytest.mark.parametrize("when", ["reset before", "reset while trying",
                                  "ended while trying"])
def test_tcp_reset(when, server_pair, phone_factory):
    """libre ends the call before we can: a new one is placed at once, and
    never a third one, by redial_attempts."""
    primary, backup = server_pair
    phone = ready(phone_factory, server_pair, "tcp",
                  config={"redial_attempts": 3, "redial_delay": 1})
    if when == "reset before":
        primary.kill(reset=True)
        phone.command("dial", BOB)      # it may fail: test_reset_unnoticed
    else:
        primary.hold()
        phone.dial(BOB)
        primary.recorder.wait("INVITE")
        primary.kill(reset=when == "reset while trying")
    started = time.monotonic()
    call, = backup.calls.wait_state("established")
    phone.wait_event("CALL_ESTABLISHED")
    call.rtp.wait(10)
    measured(f"TCP {when}, established after",
             call.established_at - started)
    old, new = call_ids(phone)
    assert old != new == call.call_id
    for entry in invites(primary):
        assert entry.call_id == old
    settle(phone, 4)
    assert len(backup.calls.all()) == 1
    assert len(phone.events("CALL_CLOSED")) <= 1
    assert counters(phone)["calls_moved"] == 1
    assert "(1)" in phone.do("listcalls")
    assert call.established_at - started < AT_ONCE_S


@pytest.mark.parametrize("status", [0, 503])
def test_no_redial(status, server_pair, phone_factory):
    """redial_attempts does not place the call a second time."""
    primary, backup = server_pair
    phone = ready(phone_factory, server_pair, config={
        **QUICK, "redial_attempts": 3, "redial_delay": 1})
    primary.behave("INVITE", silent=not status, status=status)
    phone.dial(BOB)
    moved_once(phone, backup)
    settle(phone, 3)
    assert len(backup.calls.all()) == 1 and len(invites(primary)) == 1


# The server works on it

@pytest.mark.slow
@pytest.mark.parametrize("ringing_ms", [10, None])
def test_ringing_long(ringing_ms, server_pair, phone_factory):
    primary, backup = server_pair
    phone = ready(phone_factory, server_pair)
    primary.answer_calls(ringing_ms=ringing_ms, answer_ms=33000)
    phone.dial(BOB)
    call, = primary.calls.wait_state("established", timeout=40)
    phone.wait_event("CALL_ESTABLISHED")
    assert call.server == primary.name
    assert len({e.branch for e in invites(primary)}) == 1
    assert not backup.recorder.count() and not our_lines(phone)


def test_trying_keeps_the_call(server_pair, phone_factory):
    primary, backup = server_pair
    phone = ready(phone_factory, server_pair, config=QUICK)
    primary.answer_calls(ringing_ms=None, answer_ms=2500)
    phone.dial(BOB)
    call, = primary.calls.wait_state("established")
    assert call.server == primary.name
    assert not backup.recorder.count()


# Beyond the first move

def test_account_moved_before(server_pair, phone_factory):
    """The call goes straight to the backup."""
    primary, backup = server_pair
    primary.behave("REGISTER", status=503)
    phone = phone_factory(line(*server_pair))
    in_use(phone, 2)
    primary.behave_all(silent=True)
    started = time.monotonic()
    phone.dial(BOB)
    moved_once(phone, backup)
    took = invites(backup)[0].time - started
    measured("account moved before, dial to INVITE", took * 1000, "ms")
    assert took < AT_ONCE_S
    assert not primary.recorder.count("INVITE")
    assert counters(phone)["calls_moved"] == 0


@pytest.mark.parametrize("order", ["silent", "refused"])
def test_three_servers(order, server_group, phone_factory):
    first, second, third = servers = server_group(3)
    phone = ready(phone_factory, servers, config=QUICK)
    first.behave_all(silent=True)
    if order == "silent":       # it takes the account and not the call
        second.behave("INVITE", silent=True)
    else:
        second.behave("INVITE", status=503)
    phone.dial(BOB)
    moved_once(phone, third)
    assert [len(invites(server)) for server in servers] == [1, 1, 1]
    assert counters(phone)["calls_moved"] == 2
    assert in_use(phone, 3)


def test_second_server_is_dead(server_group, phone_factory):
    """The account passes it by, and the call with it."""
    first, second, third = servers = server_group(3)
    phone = ready(phone_factory, servers, config=QUICK)
    first.behave_all(silent=True)
    second.kill()
    phone.dial(BOB)
    moved_once(phone, third)
    assert counters(phone)["calls_moved"] == 1


@pytest.mark.slow
@pytest.mark.parametrize("dead", ["INVITE", "*"])
def test_no_server_left(dead, server_pair, phone_factory):
    """The last one gets 64*T1; then the user is told, server by server."""
    primary, backup = server_pair
    phone = ready(phone_factory, server_pair, config=QUICK)
    for server in server_pair:
        server.behave(dead, silent=True)
    phone.dial(BOB)
    phone.wait_event("CALL_CLOSED", timeout=40)
    _, said = phone.wait_log("call to .* failed")
    assert all(server.uri() in said for server in server_pair), said
    assert "server 1" in said and "INVITE not answered" in said
    assert "200 OK" not in said
    first = invites(primary)[0].time
    took = phone.events("CALL_CLOSED")[0].time - first
    measured(f"no server left, {dead} silent, closed after", took)
    assert in_time(took, 0.5 + TRANSACTION_S)
    assert len(phone.events("CALL_CLOSED")) == 1
    assert len({e.branch for e in invites(backup)}) == (dead == "INVITE")


@pytest.mark.parametrize("first", ["refuses", "is dead"])
def test_all_refuse(first, server_pair, phone_factory):
    """Told at once, not when the account has found out for itself."""
    primary, backup = server_pair
    phone = ready(phone_factory, server_pair, config=QUICK)
    primary.behave("INVITE", status=503)
    if first == "is dead":
        primary.behave_all(silent=True)
    backup.behave("INVITE", status=503)
    phone.dial(BOB)
    phone.wait_event("CALL_CLOSED")
    _, said = phone.wait_log("call to .* failed")
    assert said.count("INVITE") == 2 and "503" in said
    settle(phone, 0.5)
    assert [len(invites(server)) for server in server_pair] == [1, 1]
    assert len(phone.events("CALL_CLOSED")) == 1


# Several at once

def assert_each_once(phone, server, count):
    """So many calls, to different people, all live, none closed."""
    def active():
        return [c for c in server.calls.established()
                if c.server == server.name]

    server.calls.wait(lambda _table: len(active()) == count,
                      what=f"{count} calls at {server.name}")
    phone.wait_event("CALL_ESTABLISHED", n=count)
    for call in active():
        call.rtp.wait(5)
    assert len({callee(c.invite) for c in active()}) == count
    assert len({e.call_id for e in invites(server)}) == count
    assert not phone.events("CALL_CLOSED")


@pytest.mark.parametrize("transport, death", [
    ("udp", "killed"), ("udp", "killed on the way"), ("udp", "silent"),
    ("udp", "late"), ("tcp", "silent"), ("tcp", "late")])
def test_twenty_calls(transport, death, server_pair, phone_factory):
    primary, backup = server_pair
    phone = ready(phone_factory, server_pair, transport,
                  config={"failover_retries": 1})
    if death in ("killed on the way", "late"):
        primary.hold()
    elif death == "killed":
        primary.kill()
    else:
        primary.behave_all(silent=True)
    for number in range(20):
        phone.dial(far(number))
    if death == "killed on the way":
        primary.recorder.wait("INVITE")
        primary.kill()
    assert_each_once(phone, backup, 20)
    if death == "late":
        primary.release()
        settle(phone, 2)
        assert_each_once(phone, backup, 20)
        assert len(primary.calls.active()) == 20, primary.calls.report()
    found = counters(phone)
    assert found["failovers"] == 1
    # those dialled later go straight to the backup; of those that it did
    # not read a server that was killed knows nothing
    sent = len({e.call_id for e in invites(primary)})
    if death.startswith("killed"):
        assert sent <= found["calls_moved"] <= 20
    else:
        assert sent == found["calls_moved"]


@pytest.mark.parametrize("when", ["before", "on the way"])
def test_twenty_new_calls(when, server_pair, phone_factory):
    """TCP: libre ends all the calls."""
    primary, backup = server_pair
    phone = ready(phone_factory, server_pair, "tcp")
    if when == "before":
        primary.kill(reset=True)
    else:
        primary.hold()
    for number in range(20):
        phone.command("dial", far(number))
    if when == "on the way":
        primary.recorder.wait("INVITE", 20)
        primary.kill(reset=True)
    backup.calls.wait_state("established", 20)
    settle(phone, 2)
    talking = backup.calls.active()
    assert len(backup.calls.all()) == len(talking) == 20
    assert len({callee(call.invite) for call in talking}) == 20


def test_several_accounts(server_pair, server_factory, phone_factory):
    """Each moves with its own calls; the one with other servers stays."""
    primary, backup = server_pair
    others = server_factory(name="other1"), server_factory(name="other2")
    phone = phone_factory(line(*server_pair), line(*server_pair, aor=BOB),
                          line(*others, aor=CAROL), config=QUICK)
    for aor in (ALICE, BOB, CAROL):
        in_use(phone, 1, aor)
    primary.behave_all(silent=True)
    for aor in (ALICE, BOB, CAROL):
        phone.dial(far(aor[4:7]), aor)
    backup.calls.wait_state("established", 2)
    others[0].calls.wait_state("established")
    assert len(backup.calls.all()) == 2 and not others[1].recorder.count()
    assert not phone.events("CALL_CLOSED")
    assert [counters(phone, aor)["calls_moved"]
            for aor in (ALICE, BOB, CAROL)] == [1, 1, 0]


@pytest.mark.parametrize("registered", [False, True])
def test_dialled_during_a_move(registered, server_pair, phone_factory):
    """It waits for the move, and goes through the new server at once."""
    primary, backup = server_pair
    if registered:
        phone = ready(phone_factory, server_pair)
        primary.behave_all(silent=True)
        phone.dial(far(0))
    else:
        primary.behave_all(silent=True)
        phone = phone_factory(line(*server_pair))
    settle(phone, 4.5)
    phone.dial(far(1))
    count = 2 if registered else 1
    backup.calls.wait_state("established", count)
    moved = backup.recorder.responses("REGISTER")[0].time
    last = max(e.time for e in invites(backup))
    measured("dialled during a move, INVITE after the 200",
             (last - moved) * 1000, "ms")
    assert last - moved < AT_ONCE_S
    assert len(backup.calls.all()) == count
    assert not phone.events("CALL_CLOSED")
    # the second one did not begin a time of its own, with 4 transmissions
    assert len([e for e in invites(primary)
                if callee(e.msg) == "far1"]) < 4


def test_dialled_while_the_new_server_registers(server_pair, phone_factory):
    primary, backup = server_pair
    phone = ready(phone_factory, server_pair)
    backup.behave("REGISTER", answer_delay=700)
    primary.kill()
    phone.dial(far(0))
    backup.recorder.wait("REGISTER")
    phone.dial(far(1))
    assert_each_once(phone, backup, 2)
    registered = backup.recorder.responses("REGISTER")[0].time
    assert all(e.time < registered + AT_ONCE_S for e in invites(backup))


def test_incoming_during_a_move(server_pair, phone_factory):
    primary, backup = server_pair
    phone = ready(phone_factory, server_pair, config={"failover_retries": 1})
    primary.behave_all(silent=True)
    phone.dial(BOB)
    primary.recorder.wait("INVITE")
    incoming = backup.call(ALICE)
    phone.wait_event("CALL_INCOMING")
    backup.recorder.wait("INVITE")
    phone.wait_event("CALL_ESTABLISHED")
    outgoing, = backup.calls.established()
    assert incoming.state == "ringing" and not outgoing.outgoing
    phone.do("line", "2")
    phone.answer()
    phone.wait_event("CALL_ESTABLISHED", n=2)
    assert incoming.state == "established" and outgoing.active
    assert not phone.events("CALL_CLOSED")


def test_other_call_stays_on_hold(server_pair, phone_factory):
    primary, backup = server_pair
    phone = ready(phone_factory, server_pair, config=QUICK)
    phone.dial(far(1))
    phone.wait_event("CALL_ESTABLISHED")
    held, = primary.calls.wait_state("established")
    phone.do("hold")
    phone.wait(lambda: primary.recorder.count("INVITE") == 2,
               what="the re-INVITE")
    settle(phone, 0.3)
    packets = held.rtp.packets
    primary.behave_all(silent=True)
    phone.dial(far(2))
    backup.recorder.wait("INVITE")
    phone.wait_event("CALL_ESTABLISHED", n=2)
    settle(phone, 1)
    assert held.state == "established" and held.rtp.packets <= packets + 5
    assert backup.recorder.count("INVITE") == 1
    assert primary.recorder.count("INVITE") == 3
    assert not phone.events("CALL_CLOSED")


# The user hangs up

SECONDS = 1.2           # a move takes 0.5 s, and what follows its share
SETTLED_S = 0.9         # longer than the move that might go on


def hang_up_once(phone, servers, dice, late):
    """Dial, hang up at some moment, and see that it was the end."""
    primary, backup = servers
    table = primary.calls
    primary.behave_all(silent=not late)
    if late:
        primary.hold()
    table.max_active = 0
    since = time.monotonic()
    phone.dial(far(1))
    settle(phone, dice.uniform(0, SECONDS))
    phone.hangup()
    hung_up = max(server.catch_up() for server in servers)
    phone.wait_event("CALL_CLOSED", since=since)
    settle(phone, 0.2)
    if late:
        primary.release()
    settle(phone, SETTLED_S)

    for server in servers:
        assert not invites(server, hung_up), \
            f"INVITE after the hang-up at {server.name}"
    table.wait(lambda t: not t.active(), 3, "no call")
    assert table.max_active <= 1
    assert len(phone.events("CALL_CLOSED", since)) == 1
    assert "(0)" in phone.do("listcalls")
    late_calls = [c for c in table.all(since) if c.server == primary.name]
    assert all(c.ended_by in ("CANCEL", "BYE") for c in late_calls)
    return bool(invites(backup, since))


def back_to_primary(phone, servers):
    servers[0].behave_all()
    in_use(phone, 2)
    switch(phone, 1)
    settle(phone, 0.1)


@pytest.mark.slow
@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize("part", range(10))
def test_hang_up_at_any_moment(part, transport, server_pair, phone_factory):
    """10 moments each, 200 in all; each second time the primary wakes up
    late."""
    dice = random.Random(f"{transport} {part}")
    phone = ready(phone_factory, server_pair, transport, config=QUICK)
    # as many moments in each step: INVITE, REGISTER, INVITE, ringing, talk
    server_pair[1].behave("REGISTER", answer_delay=150)
    server_pair[1].answer_calls(ringing_ms=150, answer_ms=300)
    reached = 0
    for moment in range(10):
        reached += hang_up_once(phone, server_pair, dice, moment % 2)
        if phone.account_status()["state"] != "primary":
            back_to_primary(phone, server_pair)
    print(f"measured: {reached} of 10 calls had reached the backup")
    assert phone.stop(40) == 0


@pytest.mark.parametrize("moment_s", [0.1, 0.6])
def test_hang_up_while_registering(moment_s, server_pair, phone_factory):
    """The account is between two servers, and the call with it."""
    primary, backup = server_pair
    phone = ready(phone_factory, server_pair, config=QUICK)
    primary.behave_all(silent=True)
    backup.behave("REGISTER", answer_delay=1000)
    phone.dial(BOB)
    backup.recorder.wait("REGISTER")
    settle(phone, moment_s)
    phone.hangup()
    phone.wait_event("CALL_CLOSED")
    in_use(phone, 2)
    settle(phone, 0.5)
    assert not backup.recorder.count("INVITE")
    assert counters(phone)["calls_moved"] == 0


@pytest.mark.parametrize("plan, ends_by", [
    ({"answer_ms": None}, "CANCEL"), ({"trying_ms": None, "ringing_ms": None,
                                       "answer_ms": 0}, "BYE")])
@pytest.mark.parametrize("hung_up", [False, True])
@pytest.mark.parametrize("transport", TRANSPORTS)
def test_late_answer(transport, hung_up, plan, ends_by, server_pair,
                     phone_factory):
    """The server that was given up answers: CANCEL, or ACK and BYE."""
    primary, backup = server_pair
    phone = ready(phone_factory, server_pair, transport, config=QUICK)
    primary.hold()
    primary.answer_calls(**plan)
    phone.dial(BOB)
    backup.calls.wait_state("established")
    phone.wait_event("CALL_ESTABLISHED")
    if hung_up:
        phone.hangup()
    primary.release()
    primary.calls.wait(lambda table: len(table.all()) == 2)
    late = next(c for c in primary.calls.all() if c.server == primary.name)
    primary.calls.wait(lambda _table: late.ended_by == ends_by, 5, ends_by)
    primary.recorder.wait("ACK")
    settle(phone, 0.5)
    assert len(backup.calls.active()) == (not hung_up)
    assert len(phone.events("CALL_CLOSED")) == hung_up


def test_all_were_down(server_pair, phone_factory):
    """Every server has failed, the backup last. Both are back, the primary
    refuses: the call goes through the backup, whose failure is old."""
    primary, backup = server_pair
    phone = ready(phone_factory, server_pair,
                  config={"failover_retries": 0, "failover_keepalive": 1})
    for server in server_pair:
        server.kill()
    phone.wait_state("down")
    primary.behave_all(status=408)
    for server in server_pair:
        server.start()
    phone.dial(BOB)
    backup.calls.wait_state("established")
    in_use(phone, 2)
    settle(phone, 0.5)
    assert len(backup.calls.established()) == 1
    assert not phone.events("CALL_CLOSED")


# Baresip itself fails to dial

def test_reset_unnoticed(server_pair, phone_factory):
    """Baresip hears of the reset from the dialling itself, and frees the
    call without an event."""
    primary, backup = server_pair
    phone = ready(phone_factory, server_pair, "tcp", config=QUICK)
    os.kill(phone.pid, signal.SIGSTOP)
    with ThreadPoolExecutor() as pool:
        order = pool.submit(phone.command, "dial", BOB)
        time.sleep(0.2)                 # it is the first that is read
        primary.kill(reset=True)
        os.kill(phone.pid, signal.SIGCONT)
    print(f"dial: {order.result()}")
    settle(phone, 2)
    in_use(phone, 2)
    call, = backup.calls.all()
    assert call.active and "(1)" in phone.do("listcalls")


@pytest.mark.parametrize("uri", ["sip:bob@", "sip:@@", "sip:[::",
                                 "sip:bob@127.0.0.1:port"])
def test_bad_uri(uri, server_pair, phone_factory):
    """Not the server's fault."""
    phone = ready(phone_factory, server_pair, config=QUICK)
    print(phone.command("dial", uri))
    settle(phone, 1.5)
    assert not our_lines(phone, "not answered")
    assert not server_pair[1].recorder.count()
    assert phone.account_status()["state"] == "primary"
