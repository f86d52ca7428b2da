# SPDX-License-Identifier: BSD-3-Clause
"""failover_flow and failover_tcp_keepalive: the connection that an account
is registered over ends while nothing is sent."""

import os
import time
from collections import Counter

import pytest

from harness.baresip import account
from harness.dialling import counters
from harness.scenario import (ALICE, AT_ONCE_S, BOB, QUICK, binds,
                              contact_uri, expires, in_use, line, measured,
                              wait_quiet)

STANDBY = {"failover_standby": "yes"}
SPREAD_S = 1.0                          # registered anew within it
KINDS = ["tcp", "tls"]


def anew(phone, server, before: int):
    """The REGISTER that follows on `before` of them."""
    phone.wait(lambda: len(binds(server)) > before, SPREAD_S + AT_ONCE_S,
               "another REGISTER")
    return binds(server)[before]


def rest(phone, seconds: float) -> None:
    end = time.monotonic() + seconds
    phone.wait(lambda: time.monotonic() > end)


def descriptors(phone) -> Counter:
    """How many each socket of the phone has."""
    folder = f"/proc/{phone.pid}/fd"
    found = Counter()
    for name in os.listdir(folder):
        try:
            found[os.readlink(os.path.join(folder, name))] += 1
        except FileNotFoundError:
            pass                # closed meanwhile
    return Counter({link: n for link, n in found.items()
                    if link.startswith("socket:")})


def test_accounts_share_a_connection(server_group, phone_factory):
    """It has libre's descriptor and one that watches it, and all accounts
    learn of its end."""
    primary, backup = server_group(transports=("tcp",))
    aors = {f"sip:user{i}@127.0.0.1" for i in range(5)}
    phone = phone_factory(*(line(primary, backup, transport="tcp", aor=aor)
                            for aor in aors))
    for aor in aors:
        in_use(phone, 1, aor)
    assert max(descriptors(phone).values()) == 2

    ended = time.monotonic()
    primary.cut()
    phone.wait(lambda: {entry.msg.aor for entry in binds(primary, ended)}
               == aors, what="a REGISTER of each account")
    for aor in aors:
        in_use(phone, 1, aor)
        assert counters(phone, aor)["failovers"] == 0
    assert max(descriptors(phone).values()) == 2


@pytest.mark.parametrize("reset", [False, True], ids=["fin", "rst"])
@pytest.mark.parametrize("kind", KINDS)
def test_server_ends_the_connection(kind, reset, server_group, phone_factory):
    """It is there, and the account registers with it over a new one."""
    primary, backup = server_group(transports=(kind,))
    phone = phone_factory(line(primary, backup, transport=kind))
    in_use(phone, 1)
    before = binds(primary)
    primary.cut(reset)
    ended = time.monotonic()
    entry = anew(phone, primary, len(before))
    measured(f"{kind}, connection ended, REGISTER at the same server after",
             entry.time - ended)
    assert entry.time - ended < SPREAD_S + AT_ONCE_S
    assert entry.peer != before[-1].peer

    in_use(phone, 1)
    assert contact_uri(entry) in primary.table.bindings(ALICE)
    assert not binds(backup)
    assert counters(phone)["failovers"] == 0
    assert all(expires(e) or contact_uri(e) != contact_uri(entry)
               for e in primary.recorder.requests("REGISTER"))
    phone.wait_log("the connection to server 1 .* has ended, registering "
                   "anew in 0.[0-9] s|anew in 1.0 s")
    if kind == "tcp":
        primary.call(ALICE)
        phone.wait_event("CALL_INCOMING")


@pytest.mark.parametrize("reset", [False, True], ids=["fin", "rst"])
@pytest.mark.parametrize("kind", KINDS)
def test_server_is_gone(kind, reset, server_group, phone_factory):
    """Registered with the backup within 1.5 s."""
    primary, backup = server_group(transports=(kind,))
    phone = phone_factory(line(primary, backup, transport=kind))
    in_use(phone, 1)
    primary.kill(reset)
    gone = time.monotonic()
    entry = backup.recorder.wait("REGISTER", timeout=SPREAD_S + AT_ONCE_S)[0]
    measured(f"{kind}, server gone, REGISTER at the backup after",
             entry.time - gone)
    in_use(phone, 2)
    assert counters(phone)["failovers"] == 1


@pytest.mark.parametrize("kind", KINDS)
def test_server_hangs_up_after_each_answer(kind, server_group,
                                           phone_factory):
    """Asked again within a second, and then after half a minute at the
    earliest: RFC 5626 section 4.5.  The account stays where it is."""
    primary, backup = server_group(transports=(kind,))
    primary.hangs_up = True
    phone = phone_factory(line(primary, backup, transport=kind))
    in_use(phone, 1)
    phone.wait_log("has ended", n=2)
    rest(phone, 5)
    good, text = phone.command("failover")
    assert good and "connection ended" in text
    assert len(binds(primary)) == 2
    assert not binds(backup)
    wait = float(phone.wait_log("has ended", n=2)[1].split()[-2])
    assert 30 <= wait <= 60
    assert counters(phone)["failovers"] == 0


def test_connection_shared_by_accounts(server_group, phone_factory):
    """libre has one connection for both; each registers anew."""
    primary, backup = server_group(transports=("tcp",))
    phone = phone_factory(line(primary, backup, transport="tcp"),
                          line(primary, backup, transport="tcp", aor=BOB))
    in_use(phone, 1)
    in_use(phone, 1, aor=BOB)
    before = len(binds(primary))
    primary.cut()
    anew(phone, primary, before + 1)
    in_use(phone, 1)
    in_use(phone, 1, aor=BOB)
    assert {e.msg.aor for e in binds(primary)[before:]} == {ALICE, BOB}


@pytest.mark.parametrize("kind", KINDS)
def test_standby_server_ends_the_connection(kind, server_group,
                                            phone_factory):
    primary, backup = server_group(transports=(kind,))
    phone = phone_factory(line(primary, backup, transport=kind),
                          config=STANDBY)
    in_use(phone, 1)
    phone.wait(lambda: phone.account_status()["servers"][1]["registered"])
    first = binds(backup)
    backup.cut()
    entry = anew(phone, backup, len(first))
    assert entry.peer != first[-1].peer
    assert len(binds(primary)) == 1
    assert counters(phone)["failovers"] == 0


def test_turned_off(server_group, phone_factory):
    primary, backup = server_group(transports=("tcp",))
    phone = phone_factory(line(primary, backup, transport="tcp",
                               extra="failover_flow=no"))
    in_use(phone, 1)
    primary.cut()
    rest(phone, 2 * SPREAD_S)
    assert len(binds(primary)) == 1
    assert not phone.log.find("has ended")


@pytest.mark.parametrize("kind", KINDS)
def test_server_that_was_left_is_not_watched(kind, server_group,
                                             phone_factory):
    primary, backup = server_group(transports=(kind,))
    phone = phone_factory(line(primary, backup, transport=kind))
    in_use(phone, 1)
    phone.do("failover_switch", f"{ALICE} 2")
    in_use(phone, 2)
    wait_quiet([primary, backup])
    before = primary.recorder.count("REGISTER")
    primary.cut()
    rest(phone, 2 * SPREAD_S)
    assert primary.recorder.count("REGISTER") == before
    assert not phone.log.find("has ended")


@pytest.mark.parametrize("kind", KINDS)
def test_peer_vanishes_while_idle(kind, server_group, phone_factory):
    """Nothing is sent and nothing comes: TCP asks, three times, 5 s apart."""
    primary, backup = server_group(transports=(kind,))
    phone = phone_factory(line(primary, backup, transport=kind),
                          config={**QUICK, "failover_tcp_keepalive": 2})
    in_use(phone, 1)
    primary.deafen()
    deaf = time.monotonic()
    entry = backup.recorder.wait("REGISTER", timeout=60)[0]
    measured(f"{kind}, peer vanished while idle, failover_tcp_keepalive 2, "
             "REGISTER at the backup after", entry.time - deaf)
    assert 12 < entry.time - deaf < 60
    in_use(phone, 2)
    phone.wait_log("the connection to server 1 .* has ended")
