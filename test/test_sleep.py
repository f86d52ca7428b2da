# SPDX-License-Identifier: BSD-3-Clause
"""The machine sleeps an hour and wakes, or the process stands still: neither
is a dead server."""

import os
import signal
import socket
import subprocess
import time

import pytest

from harness import ports, run, sip
from harness.baresip import account
from harness.dialling import settle
from harness.scenario import (ALICE, AT_ONCE_S, BOB, TRANSACTION_S, expires,
                              in_use, line, measured, our_lines, switch)
from test_unload import SLOW_S, VALGRIND, assert_clean

HARNESS = os.path.dirname(os.path.abspath(ports.__file__))
HOUR_S = 3600
QUICK = {"failover_retries": 1}         # given up after 1.5 s
STALL_S = 1.5 + 2.0                     # ... and so late that it is no news


def preloaded(name):
    """A shim of the harness, compiled."""
    target = os.path.join(run.new_folder("shim"), f"{name}.so")
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-Wall", "-Wextra",
                    "-Werror", "-o", target,
                    os.path.join(HARNESS, f"{name}.c")], check=True)
    return target


@pytest.fixture(scope="module")
def sleepy():
    """The environment of a phone that sleeps at SIGUSR2."""
    return {"LD_PRELOAD": preloaded("sleep_shim"), "SLEEP_S": str(HOUR_S)}


def sleep_an_hour(phone, table):
    """An hour passes, the binding expires.  Returns when it woke up."""
    table.unbind_all(ALICE, call_id="expired")
    woke = time.monotonic()
    phone.signal(signal.SIGUSR2)
    phone.wait_log(f"asleep for {HOUR_S} s")
    return woke


@pytest.mark.parametrize("transport", ("udp", "tcp"))
def test_on_the_primary(server_pair, phone_factory, sleepy, transport):
    phone = phone_factory(line(*server_pair, transport=transport), env=sleepy)
    phone.wait_state("primary")
    table = server_pair[0].table

    woke = sleep_an_hour(phone, table)
    assert table.wait_bound(ALICE)
    measured(f"{transport}: slept an hour: bound again after",
             time.monotonic() - woke)
    status = phone.wait_state("primary")
    assert status["counters"]["failovers"] == 0
    assert table.history[-1].server == "pbx1"


def ask(phone) -> None:
    """An OPTIONS by UDP, which the phone answers."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(run.PATIENCE_S)
        sock.connect((ports.HOST, phone.port))
        sock.send(sip.Message("OPTIONS", f"sip:alice@{ports.HOST}", headers=[
            ("Via", f"SIP/2.0/UDP {ports.HOST}:{sock.getsockname()[1]}"
             f";branch={sip.new_branch()}"), ("Max-Forwards", "70"),
            ("From", f"<{BOB}>;tag={sip.new_tag()}"), ("To", f"<{ALICE}>"),
            ("Call-ID", sip.new_tag()), ("CSeq", "1 OPTIONS")]).encode())
        assert sock.recv(4096).startswith(b"SIP/2.0 ")


@pytest.mark.parametrize("owed", ("answer", "call"))
def test_socket_is_held(owed, server_pair, phone_factory, sleepy):
    """libre keeps the UDP socket by which a request has come, for as long as
    it may be answered again, or as its call lasts.  Baresip gets a new one
    at the same address all the same: one of its accounts has a connection,
    so all sockets are opened anew."""
    primary, _ = server_pair
    phone = phone_factory(line(*server_pair, transport="tcp"),
                          line(*server_pair, aor=BOB), env=sleepy)
    for aor in (ALICE, BOB):
        in_use(phone, 1, aor)
    ask(phone)
    if owed == "call":
        primary.call(BOB)
        phone.wait_event("CALL_INCOMING")
        phone.answer()
        phone.wait_event("CALL_ESTABLISHED")

    primary.table.unbind_all(BOB, call_id="expired")
    sleep_an_hour(phone, primary.table)
    for aor in (ALICE, BOB):
        assert primary.table.wait_bound(aor)
        in_use(phone, 1, aor)
    assert not phone.log.find("not opened anew")
    ask(phone)
    if owed == "call":
        assert not phone.events("CALL_CLOSED")
        phone.hangup()
        primary.recorder.wait("BYE")


def udp_and_tcp(phone_factory, servers, **kwargs):
    """A phone that opens its sockets anew on waking up, for Bob's sake."""
    phone = phone_factory(line(*servers, regint=24 * HOUR_S),
                          line(*servers, aor=BOB, transport="tcp"), **kwargs)
    for aor in (ALICE, BOB):
        in_use(phone, 1, aor)
    return phone


def test_unregister_is_heard_late(server_pair, phone_factory, sleepy):
    """Baresip opens its sockets anew when it wakes up, and un-REGISTERs: the
    module is not at the new socket yet, so the first transmission goes out,
    and the others do not.  The server has stopped, and handles it when the
    account is bound by the other one."""
    primary, _ = server_pair
    phone = udp_and_tcp(phone_factory, server_pair, env=sleepy,
                        config={**QUICK, "failover_failback": "no"})
    table = primary.table
    primary.hold()
    phone.signal(signal.SIGUSR2)
    in_use(phone, 2)

    def unregister(entry):
        return entry.transport == "udp" and not expires(entry)

    def last(req):
        primary.later(0 if expires(req) else 100,
                      lambda: primary.registrar.register(req))

    primary.behave("REGISTER", script=last)
    primary.release()
    if any(map(unregister, primary.recorder.requests("REGISTER"))):
        assert table.wait(lambda table: any(
            change.action == "unbind" for change in table.changes(ALICE)))
    assert table.wait_bound(ALICE, AT_ONCE_S)
    in_use(phone, 2)


def is_bound_again(phone, table, number):
    """An hour passes, and the binding may go by what the phone has sent."""
    phone.signal(signal.SIGUSR2)
    phone.wait_log(f"asleep for {HOUR_S} s")
    in_use(phone, number)
    table.wait(lambda table: not table.bindings(ALICE), 1)
    assert table.wait_bound(ALICE, AT_ONCE_S)
    in_use(phone, number)


def test_unregister_is_sent_after_all(server_pair, phone_factory, sleepy):
    """One that was withheld goes out when the sockets are opened anew, to a
    server that the account has left."""
    primary, _ = server_pair
    table = primary.table
    phone = udp_and_tcp(phone_factory, server_pair, env=sleepy,
                        config={"failover_failback": "no"})
    switch(phone, 2)

    def last(req):
        primary.later(0 if expires(req) else 100,
                      lambda: primary.registrar.register(req))

    primary.behave("REGISTER", script=last)
    is_bound_again(phone, table, 2)


def test_unregister_is_not_answered(server_pair, phone_factory, sleepy):
    """The same, and the server handles it at once; its answer is lost."""
    primary, _ = server_pair
    table = primary.table
    phone = udp_and_tcp(phone_factory, server_pair, env=sleepy)

    def last(req):
        if expires(req):
            primary.registrar.register(req)
        else:
            primary.later(100, lambda: table.unbind_all(ALICE, req.msg.call_id,
                                                        req.msg.cseq))

    primary.behave("REGISTER", script=last)
    is_bound_again(phone, table, 1)


@pytest.mark.parametrize("found", ("uri", "naptr"))
def test_connection_forgotten(server_pair, names, phone_factory, sleepy,
                              found):
    """Nobody at the other end knows the connection any more; TCP is what the
    URI says, or what DNS has said."""
    primary, backup = server_pair
    uri = primary.uri("tcp")
    if found == "naptr":
        uri = "sip:pbx1.test"
        names.host("pbx1.test", primary.host)
        names.srv("pbx1.test", "tcp", ("pbx1.test", primary.port))
        names.naptr("pbx1.test", "tcp")
        names.start()
    phone = phone_factory(account(ALICE, uri, backup.uri()), env=sleepy,
                          dns_port=names.port)
    phone.wait_state("primary")
    assert primary.recorder.requests("REGISTER")[0].transport == "tcp"

    primary.deafen()
    primary.hear()
    sleep_an_hour(phone, primary.table)
    assert primary.table.wait_bound(ALICE)
    status = phone.wait_state("primary")
    assert status["counters"]["failovers"] == 0
    assert primary.table.history[-1].server == "pbx1"


def test_busy_when_it_slept(server_pair, phone_factory, sleepy):
    """The process runs its overdue timers before it hears of the sleep: libre
    closes connections that a request waits on."""
    primary, _ = server_pair
    phone = phone_factory(line(*server_pair, transport="tcp"),
                          env={**sleepy, "UNTOLD": "1"},
                          config={"failover_keepalive": 1})
    phone.wait_state("primary")
    primary.behave("OPTIONS", silent=True)
    primary.recorder.wait("OPTIONS")
    primary.behave("OPTIONS")
    woke = time.monotonic()
    phone.signal(signal.SIGUSR2)
    if phone.version[0] > 1:            # nothing is overdue
        time.sleep(0.5)
        phone.signal(signal.SIGPWR)
    phone.wait(lambda: primary.recorder.requests("REGISTER", woke),
               what="a REGISTER")
    phone.wait_log(f"asleep for {HOUR_S} s")
    status = phone.wait_state("primary")
    assert status["counters"]["failovers"] == 0


@pytest.mark.slow
@pytest.mark.parametrize("by", ("us", "Baresip"))
def test_request_keeps_its_connection(server_pair, phone_factory, sleepy, by):
    """libre keeps an INVITE for 32 s, and with it the connection.  That ends
    after the sockets were opened anew, and before the INVITE does."""
    primary, _ = server_pair
    shims = f"{sleepy['LD_PRELOAD']}:{preloaded('reset_shim')}"
    phone = phone_factory(line(*server_pair, transport="tcp"), start=False,
                          env={"LD_PRELOAD": shims, "SLEEP_S": "2"},
                          wrapper=VALGRIND)
    phone.start(SLOW_S)
    in_use(phone, 1, timeout=SLOW_S)
    primary.call(ALICE)
    phone.wait_event("CALL_INCOMING", SLOW_S)
    phone.answer()
    phone.wait_event("CALL_ESTABLISHED", SLOW_S)
    if by == "Baresip":
        registers_after(phone, signal.SIGURG, primary)
        primary.cut()
    registers_after(phone, signal.SIGUSR2, primary)
    phone.wait_log("asleep for 2 s", SLOW_S)
    primary.cut()
    time.sleep(TRANSACTION_S + 2)
    assert_clean(phone)


def registers_after(phone, sig, server) -> None:
    since = time.monotonic()
    phone.signal(sig)
    phone.wait(lambda: server.recorder.requests("REGISTER", since), SLOW_S)


def test_on_the_backup(server_pair, phone_factory, sleepy):
    """The primary came back to life meanwhile; the interval is a day."""
    primary, _ = server_pair
    primary.kill()
    phone = phone_factory(line(*server_pair), env=sleepy,
                          config={"failover_failback_interval": 86400})
    phone.wait_state("backup")
    primary.start()

    woke = sleep_an_hour(phone, primary.table)
    status = phone.wait_state("primary")
    measured("slept an hour on the backup: with the primary after",
             time.monotonic() - woke)
    assert primary.table.wait_bound(ALICE)
    assert status["counters"]["failovers"] == 1
    assert status["counters"]["failbacks"] == 1


@pytest.mark.slow
@pytest.mark.parametrize("how", ("sleep", "stop", "set"))
def test_with_a_refresh_under_way(server_pair, phone_factory, sleepy, how):
    """The primary has not answered when it happens, and would have been
    given up; the answer is not there yet when the phone goes on."""
    primary, backup = server_pair
    env = {**sleepy, "SET_S": str(HOUR_S), "SLEEP_S": "0"} \
        if how == "set" else sleepy
    phone = phone_factory(line(*server_pair, regint=4), env=env,
                          config=QUICK)
    phone.wait_state("primary")
    primary.hold()
    before = time.monotonic()
    phone.wait(lambda: primary.recorder.requests("REGISTER", before),
               what="a refresh")
    old = {e.call_id for e in primary.recorder.requests("REGISTER")}

    if how == "sleep":
        sleep_an_hour(phone, primary.table)
    elif how == "set":
        phone.signal(signal.SIGUSR2)
    else:
        phone.signal(signal.SIGSTOP)
        time.sleep(STALL_S + 1)
        phone.signal(signal.SIGCONT)

    # from 2.1 on libre's timers do not mind the wall clock
    anew = how != "set" or phone.version[0] == 1
    if anew:
        phone.wait(lambda: {e.call_id for e in
                            primary.recorder.requests("REGISTER")} - old,
                   what="a new registration")
    primary.release()
    assert primary.table.wait_bound(ALICE)
    if anew:
        phone.wait_log("200 OK", since=before)
    else:                   # the answer was taken: refreshes go on
        phone.wait(lambda: len({e.cseq for e in primary.recorder.requests(
            "REGISTER", before)}) > 1, what="the next refresh")
    status = phone.wait_state("primary")
    assert status["counters"]["failovers"] == 0
    assert status["servers"][0]["registered"]
    assert not backup.recorder.requests("REGISTER")


CROWD = [f"sip:crowd{number}@127.0.0.1" for number in range(4)]
ASKING = {
    "REGISTER": lambda phone: [phone.do("failover_switch", f"{aor} backup")
                               for aor in CROWD],
    "INVITE": lambda phone: [phone.dial(BOB, aor) for aor in CROWD],
    "OPTIONS": lambda phone: [phone.do("failover_set",
                                       f"{aor} failover_keepalive 1")
                              for aor in CROWD],
}


@pytest.mark.parametrize("method", ASKING)
def test_with_answers_unread(method, server_pair, phone_factory):
    """The process stands still, for less than what is no news. libre reads
    one answer at a time, and the time of all requests is up by then."""
    server = server_pair[1 if method == "REGISTER" else 0]
    phone = phone_factory(*(line(*server_pair, aor=aor) for aor in CROWD),
                          config={"failover_timeout": 3})
    for aor in CROWD:
        in_use(phone, 1, aor)
    server.hold()
    ASKING[method](phone)
    server.recorder.wait_for(
        lambda: server.recorder.count(method) == len(CROWD))
    phone.signal(signal.SIGSTOP)
    asked = [e.time for e in server.recorder.begun(method)]
    server.release()
    time.sleep(max(asked) + 3.3 - time.monotonic())
    phone.signal(signal.SIGCONT)
    for aor in CROWD:
        in_use(phone, 2 if method == "REGISTER" else 1, aor)
    if method == "INVITE":
        server.calls.wait_state("established", len(CROWD))
    settle(phone, 0.5)
    assert not our_lines(phone, "not answered|could not be sent")
    assert not phone.events("CALL_CLOSED")


def test_with_answers_unread_before_the_end(server_group, phone_factory):
    """The same over TCP, and the server has ended the connection since. An
    answer is longer than what libre reads at once."""
    primary, backup = server_group(transports=("tcp",))
    phone = phone_factory(*(line(primary, backup, transport="tcp", aor=aor)
                            for aor in CROWD))
    for aor in CROWD:
        in_use(phone, 1, aor)
    backup.behave("REGISTER", status=200, headers=[("X-Long", 6000 * "x")])
    backup.hold()
    ASKING["REGISTER"](phone)
    backup.recorder.wait("REGISTER", len(CROWD))
    phone.signal(signal.SIGSTOP)
    backup.release()
    backup.catch_up()
    backup.cut()
    time.sleep(1)                       # the connection is looked at, twice
    backup.behave("REGISTER")
    phone.signal(signal.SIGCONT)
    for aor in CROWD:
        in_use(phone, 2, aor)
    assert not our_lines(phone, "connection lost")


def test_with_a_call_under_way(server_pair, phone_factory, sleepy):
    """libre may give its INVITE up on waking up; the server has had no
    time."""
    primary = server_pair[0]
    phone = phone_factory(line(*server_pair), env=sleepy)
    phone.wait_state("primary")
    primary.behave("INVITE", silent=True)
    phone.dial(BOB)
    primary.recorder.wait("INVITE")
    sleep_an_hour(phone, primary.table)
    primary.behave("INVITE")
    primary.calls.wait_state("established")
    phone.wait_event("CALL_ESTABLISHED")
    assert phone.wait_state("primary")["counters"]["failovers"] == 0


@pytest.mark.slow
def test_clock_is_set_back(server_pair, phone_factory, sleepy):
    """An hour: refreshes go on all the same, not an hour later."""
    primary, _ = server_pair
    phone = phone_factory(line(*server_pair, regint=4), env={
        **sleepy, "SLEEP_S": "0", "SET_S": str(-HOUR_S)})
    phone.wait_state("primary")
    after = time.monotonic()
    phone.signal(signal.SIGUSR2)
    phone.wait(lambda: primary.recorder.count("REGISTER", after) > 2,
               timeout=20, what="two refreshes")
    status = phone.wait_state("primary")
    assert status["counters"]["failovers"] == 0
    assert primary.table.wait_bound(ALICE)


def test_call_stays_up(server_pair, phone_factory, sleepy):
    phone = phone_factory(line(*server_pair), env=sleepy)
    phone.wait_state("primary")
    phone.dial("sip:bob@127.0.0.1")
    phone.wait_event("CALL_ESTABLISHED")

    sleep_an_hour(phone, server_pair[0].table)
    assert server_pair[0].table.wait_bound(ALICE)
    assert not phone.events("CALL_CLOSED")
    phone.hangup()
    server_pair[0].recorder.wait("BYE")
