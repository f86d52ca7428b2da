# SPDX-License-Identifier: BSD-3-Clause
"""TCP and TLS connections that hang while they open, or that have died
unnoticed."""

import time

import pytest

from harness.baresip import account
from harness.dialling import counters, invites
from harness.scenario import (ALICE, AT_ONCE_S, BOB, QUICK, binds, contact_uri,
                              in_time, in_use, measured, restart, says_after)
from harness.tap import Tap

OFTEN = {"failover_failback_interval": 1, "failover_failback_jitter": 0}


# Connections that hang

@pytest.mark.parametrize("kind, hang", [
    ("tcp", "connect"), ("tls", "connect"), ("tls", "handshake")])
def test_connection_hangs(kind, hang, server_group, phone_factory):
    """It is given up at the same time as a silent UDP server, for REGISTER
    and for INVITE, and is not waited for when the server is well again."""
    primary, backup = server_group(transports=(kind,))
    silence = {"handshake": lambda: restart(primary, instead=b""),
               "connect": primary.hang_connecting}[hang]
    silence()
    phone = phone_factory(account(ALICE, primary.uri(), backup.uri()),
                          config={"failover_retries": 1, **OFTEN})
    started = phone.wait_log("Local network address")[0]
    moved = backup.recorder.wait("REGISTER")[0].time
    measured(f"{kind}, {hang} hangs, REGISTER at the backup after",
             moved - started)
    assert in_time(moved - started, 1.5)
    reason = in_use(phone, 2)["servers"][0]["reason"]
    assert says_after(reason, "REGISTER could not be sent", 1.5)

    restart(primary)
    in_use(phone, 1, timeout=60)

    silence()
    dialled = time.monotonic()
    phone.dial(BOB)
    backup.calls.wait_state("established")
    took = invites(backup)[0].time - dialled
    measured(f"{kind}, {hang} hangs, INVITE at the backup after", took)
    assert in_time(took, 1.5)
    assert counters(phone)["calls_moved"] == 1
    if hang == "handshake":
        assert b"SIP/2.0" not in primary.raw


@pytest.mark.parametrize("check", [
    "after", pytest.param("during", marks=pytest.mark.slow)])
def test_hung_handshake_is_not_waited_for(check, server_group, parties,
                                          phone_factory):
    """The server is well again, only the one connection hangs still: that of
    the REGISTER that was given up, or that of a failback check, which like
    any has 32 s."""
    primary, backup = server_group(transports=("tls",))
    tap = Tap(primary)
    parties.append(tap)
    tap.silent = True
    phone = phone_factory(account(ALICE, tap.uri(), backup.uri()),
                          config={**QUICK, **OFTEN})
    in_use(phone, 2)
    if check == "during":
        phone.wait(lambda: len(tap.streams) > 1)
    tap.silent = False
    well = time.monotonic()
    in_use(phone, 1, timeout=60)
    measured(f"back at a server whose handshake hung, well {check} the "
             "connect", time.monotonic() - well)
    tap.assert_encrypted()


# Connections that died unnoticed

@pytest.mark.parametrize("kind", ["tcp", "tls"])
def test_dead_connection(kind, server_group, phone_factory):
    """The peer has vanished: found out at the next request. When it is
    there again the phone goes back to it over a new connection, and what was
    sent over the dead one never arrives."""
    primary, backup = server_group(transports=(kind,))
    phone = phone_factory(account(ALICE, primary.uri(), backup.uri()),
                          config={**QUICK, **OFTEN})
    in_use(phone, 1)
    primary.deafen()
    phone.dial(BOB)
    backup.calls.wait_state("established")
    in_use(phone, 2)

    primary.hear()
    back = time.monotonic()
    in_use(phone, 1, timeout=20)
    measured(f"{kind}, back at a server that had vanished after",
             time.monotonic() - back)
    assert not invites(primary)
    first, *_, last = binds(primary)    # the backup's Contact is removed
    assert first.peer != last.peer
    # over TCP a de-registration may end it, until it is renewed
    phone.wait(lambda: contact_uri(last) in primary.table.bindings(ALICE),
               what="the binding")


@pytest.mark.parametrize("kind", ["tcp", "tls"])
def test_vanished_under_the_check(kind, server_group, phone_factory):
    """The check's own connection dies, while it is used: the next one has
    another."""
    primary, backup = server_group(transports=(kind,))
    primary.behave("REGISTER", status=503)
    phone = phone_factory(account(ALICE, primary.uri(), backup.uri()),
                          config={**QUICK, **OFTEN})
    in_use(phone, 2)
    primary.deafen()
    primary.behave("REGISTER")
    settled = time.monotonic() + 2
    phone.wait(lambda: time.monotonic() > settled)
    primary.hear()
    in_use(phone, 1, timeout=60)


@pytest.mark.parametrize("kind", ["tcp", "tls"])
def test_peer_rebooted(kind, server_group, phone_factory):
    """It is there again, and answers RST to the next request: the account
    moves long before the time of a silent server, and comes back over a new
    connection."""
    primary, backup = server_group(transports=(kind,))
    phone = phone_factory(account(ALICE, primary.uri(), backup.uri()),
                          config=OFTEN)
    in_use(phone, 1)
    try:
        primary.reboot()
    except PermissionError:
        pytest.skip("needs CAP_NET_ADMIN")
    dialled = time.monotonic()
    phone.dial(BOB)
    backup.calls.wait_state("established")
    took = invites(backup)[0].time - dialled
    measured(f"{kind}, the server has rebooted, INVITE at the backup after",
             took)
    assert took < AT_ONCE_S
    phone.wait_log("-> server 2 .*: connection lost")
    assert counters(phone)["calls_moved"] == 1
    in_use(phone, 1, timeout=20)
    first, *_, last = primary.recorder.requests("REGISTER")
    assert first.peer != last.peer
    assert last.transport == kind
