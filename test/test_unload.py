# SPDX-License-Identifier: BSD-3-Clause
"""The module goes, by rmmod or by quit, whatever is under way."""

import os
import time

import pytest

from harness.baresip import REPO, account
from harness.scenario import (ALICE, BOB, LATE_S, QUICK, in_use, line,
                              measured, switch, wait_quiet)

SHORT_S = 3             # granted by a registrar: a refresh after 2.7 s
VALGRIND = ["valgrind", "-q", "--error-exitcode=99", "--leak-check=full",
            "--errors-for-leak-kinds=definite", "--keep-debuginfo=yes",
            "--num-callers=20", "--suppressions=" + os.path.join(
                REPO, "test", "valgrind.supp")]
SLOW_S = 40             # for what takes a moment without valgrind


# What may be under way.  Each takes (phone factory, servers, options of the
# phone), returns the phone and the server that has to hear of it then.

def idle(make, servers, **options):
    phone = make(line(*servers), **options)
    in_use(phone, 1, timeout=SLOW_S)
    return phone, servers[0]


def mixed(make, servers, **options):
    """Another transport, another Contact: the un-REGISTER is sent."""
    primary, backup = servers
    phone = make(account(ALICE, primary.uri("tcp"), backup.uri("udp")),
                 **options)
    in_use(phone, 1, timeout=SLOW_S)
    return phone


def registering(make, servers, **options):
    """A REGISTER to a silent server."""
    servers[0].behave_all(silent=True)
    phone = make(line(*servers), **options)
    servers[0].recorder.wait("REGISTER", 2, SLOW_S)
    return phone, servers[0]


def last_chance(make, servers, **options):
    """A REGISTER to the last server of a round."""
    for server in servers:
        server.behave_all(silent=True)
    phone = make(line(*servers), config=QUICK, **options)
    servers[1].recorder.wait("REGISTER", 2, SLOW_S)
    return phone, servers[1]


def down(make, servers, **options):
    for server in servers:
        server.kill()
    phone = make(line(*servers), **options)
    phone.wait_state("down", SLOW_S)
    for server in servers:
        server.start()
    return phone, None


def probing(make, servers, **options):
    """A failback check that is not answered."""
    primary, backup = servers
    primary.behave("REGISTER", status=503)
    phone = make(line(primary, backup), config=QUICK, **options)
    in_use(phone, 2, timeout=SLOW_S)
    primary.behave_all(silent=True)
    since = time.monotonic()
    phone.do("failover_probe")
    primary.recorder.wait("REGISTER", 2, SLOW_S, since)
    return phone, backup


def moving(make, servers, **options):
    """A move: the new server has not answered yet."""
    phone, _ = idle(make, servers, **options)
    for server in servers:
        server.behave("REGISTER", answer_delay=700)
    phone.do("failover_switch", f"{ALICE} backup")
    servers[1].recorder.wait("REGISTER", timeout=SLOW_S)
    return phone, servers[1]


def deciding(make, servers, **options):
    """A move is decided, and not begun."""
    phone, _ = idle(make, servers, **options)
    phone.do("failover_switch", f"{ALICE} backup")
    return phone, None


def renewing(make, servers, **options):
    """The binding is being renewed after the old server's un-REGISTER."""
    phone = mixed(make, servers, **options)
    primary, backup = servers
    primary.behave("REGISTER", answer_delay=200)
    phone.do("failover_switch", f"{ALICE} backup")
    in_use(phone, 2, timeout=SLOW_S)
    backup.behave("REGISTER", answer_delay=1000)
    count = backup.recorder.count("REGISTER")
    backup.recorder.wait("REGISTER", count + 1, SLOW_S)
    return phone, backup


def leaving_the_dead(make, servers, **options):
    """An un-REGISTER to a dead server is not answered."""
    phone = mixed(make, servers, **options)
    servers[0].behave_all(silent=True)
    switch(phone, 2)
    servers[0].recorder.wait("REGISTER", 2, SLOW_S)
    return phone, servers[1]


SCENES = [idle, registering, last_chance, down, probing, moving, deciding,
          renewing, leaving_the_dead]


def names(scene):
    return scene.__name__


def remove(phone):
    phone.do("rmmod", "failover")
    phone.wait_log("unloading module: failover")
    good, text = phone.command("failover")
    assert not good and "not found" in text


# Quit

@pytest.mark.parametrize("scene", SCENES, ids=names)
def test_quit(scene, server_pair, phone_factory):
    """A clean end.  libre itself waits for what a dead server has not
    answered; a second quit ends that."""
    phone, _ = scene(phone_factory, server_pair)
    started = time.monotonic()
    phone.do("quit")
    answering = scene in (idle, moving, deciding, renewing)
    assert phone.stop(8 if answering else 40) == 0, str(phone.log)
    measured(f"quit while {scene.__name__}", time.monotonic() - started)


# rmmod

@pytest.mark.parametrize("scene", SCENES, ids=names)
def test_rmmod(scene, server_pair, phone_factory):
    """A plain phone goes on: it answers commands, and stays registered
    with the server that it had then."""
    for server in server_pair:
        server.registrar.max_expires_s = SHORT_S
    phone, server = scene(phone_factory, server_pair)
    remove(phone)
    for each in server_pair:
        each.behave_all()
    if server:
        since = time.monotonic()
        server.recorder.wait("REGISTER", since=since)       # refreshed
        wait_quiet([server], 0.1)
        assert server.table.wait_bound(ALICE)
    assert phone.command("reginfo")[0]
    phone.dial(BOB)
    phone.wait_event("CALL_ESTABLISHED")
    phone.hangup()
    assert phone.stop(40) == 0


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_goes_on_registering(transport, server_pair, phone_factory):
    """Several refreshes, at the backup, without the module; and what it
    has begun before it went does not end the binding."""
    primary, backup = server_pair
    backup.registrar.max_expires_s = SHORT_S
    phone = phone_factory(line(*server_pair, transport=transport))
    in_use(phone, 1)
    switch(phone, 2)
    wait_quiet(server_pair, 0.1)
    remove(phone)
    since = time.monotonic()
    backup.recorder.wait("REGISTER", 3, since=since)
    assert primary.table.longest_unbound_s(ALICE) < LATE_S
    assert phone.stop() == 0


def test_load_again(server_pair, phone_factory):
    """insmod: the account is found and managed, where it is."""
    primary, backup = server_pair
    phone, _ = idle(phone_factory, server_pair)
    switch(phone, 2)
    wait_quiet(server_pair)
    for _ in range(3):
        remove(phone)
        phone.do("insmod", "failover")
        assert phone.account_status()["state"] != "unmanaged"
    good, _ = phone.command("failover_switch", f"{ALICE} 1")
    assert good
    in_use(phone, 1)
    wait_quiet(server_pair)
    assert len(primary.table.bindings(ALICE)) == 1
    assert not backup.recorder.malformed
    assert phone.stop() == 0


def test_with_calls(server_pair, phone_factory):
    """A call goes on without the module."""
    phone, primary = idle(phone_factory, server_pair)
    phone.dial(BOB)
    phone.wait_event("CALL_ESTABLISHED")
    call, = primary.calls.wait_state("established")
    remove(phone)
    call.rtp.wait(25)
    phone.hangup()
    primary.calls.wait_state("ended")
    assert phone.stop() == 0


# Memory

def assert_clean(phone):
    """Ends well, without a word from valgrind."""
    assert phone.stop(SLOW_S) == 0, str(phone.log)
    assert not phone.log.find(r"==\d+==")


def round_trip(phone, servers):
    """Failover, failback, moves by command, status."""
    primary, backup = servers
    in_use(phone, 2, timeout=SLOW_S)
    primary.behave("REGISTER")
    phone.do("failover_probe")
    in_use(phone, 1, timeout=SLOW_S)
    phone.do("failover_switch", f"{ALICE} backup")
    in_use(phone, 2, timeout=SLOW_S)
    assert not phone.command("failover_switch", "nobody 7")[0]
    for command in ("failover", "failover_json"):
        phone.do(command)
    wait_quiet(servers, 0.5, SLOW_S)
    assert len(backup.table.bindings(ALICE)) == 1


@pytest.mark.slow
@pytest.mark.parametrize("transport", ["udp", "tcp"])
@pytest.mark.parametrize("end", ["quit", "rmmod"])
def test_valgrind(end, transport, server_pair, phone_factory):
    for server in server_pair:
        server.require_auth("alice", "secret")
    server_pair[0].behave("REGISTER", status=503)
    phone = phone_factory(
        line(*server_pair, transport=transport, password="secret"),
        line(server_pair[0], aor=BOB), wrapper=VALGRIND, start=False,
        config={"failover_retries": "bad"})
    phone.start(SLOW_S)
    round_trip(phone, server_pair)
    if end == "rmmod":
        remove(phone)
        phone.do("reginfo")
    assert_clean(phone)


@pytest.mark.slow
@pytest.mark.parametrize("end", ["quit", "rmmod"])
@pytest.mark.parametrize("scene", [
    registering, down, probing, moving, deciding, renewing,
    leaving_the_dead], ids=names)
def test_valgrind_under_way(scene, end, server_pair, phone_factory):
    def make(*accounts, **options):
        phone = phone_factory(*accounts, wrapper=VALGRIND, start=False,
                              **options)
        return phone.start(SLOW_S)

    phone, _ = scene(make, server_pair)
    if end == "rmmod":
        remove(phone)
    for server in server_pair:
        server.behave_all()
    assert_clean(phone)


@pytest.mark.slow
def test_valgrind_uadel(server_pair, phone_factory):
    """An account goes, by the user's command."""
    phone = phone_factory(line(*server_pair),
                          line(*server_pair, aor=BOB), wrapper=VALGRIND,
                          start=False).start(SLOW_S)
    in_use(phone, 1, BOB, SLOW_S)
    phone.do("uadel", BOB)
    status = phone.status()
    assert [account["aor"] for account in status["accounts"]] == [ALICE]
    in_use(phone, 1, ALICE)
    switch(phone, 2)
    assert_clean(phone)
