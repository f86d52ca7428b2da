# SPDX-License-Identifier: BSD-3-Clause
"""Calls of accounts whose media goes through a NAT with STUN, TURN or ICE:
Baresip sends the INVITE only when that is ready."""

import os
import time

import pytest

from harness import ice_case, namespace
from harness.dialling import call_ids, counters, invites, ready, settle
from harness.scenario import AT_ONCE_S, BOB, in_use, measured
from harness.stun import Stun

KINDS = ["stun", "turn", "ice"]
RETRY = {"failover_retries": 1}         # a server is given up after 1.5 s
MEDIA = {"stun": True, "turn": True,    # Baresip sends none to a far end
         "ice": False}                  # that has no ICE


def has_module(name):
    folder = os.environ.get("BARESIP_MODULES", "/usr/lib/baresip/modules")
    return os.path.exists(os.path.join(folder, f"{name}.so"))


@pytest.fixture
def nat_phone(server_pair, phone_factory, parties):
    """nat_phone(kind, transport) -> a phone that is registered with the
    first server, and its STUN server.  It does not watch its connection:
    else the account may have moved before there is an INVITE."""
    def make(kind, transport="udp"):
        if not has_module(kind):
            pytest.skip(f"there is no {kind}.so")
        stun = Stun()
        parties.append(stun)
        scheme = "turn" if kind == "turn" else "stun"
        phone = ready(
            phone_factory, server_pair, transport,
            config={**RETRY, "failover_flow": "no"}, modules=[kind], extra=f"medianat={kind};stunuser=alice;"
            f"stunpass=secret;stunserver={scheme}:127.0.0.1:{stun.port}")
        if kind == "ice" and phone.version >= (1, 1):
            pytest.skip("this version's ICE finds no candidate on loopback")
        return phone, stun

    return make


def established(phone, server, media=True):
    """The one call, at a server; where it can be, with media."""
    call, = server.calls.wait_state("established")
    phone.wait_event("CALL_ESTABLISHED")
    if media:
        call.rtp.wait(20)
    assert call.server == server.name
    assert "(1)" in phone.do("listcalls")
    return call


def fail(server, fault):
    if fault == "silent":
        server.behave_all(silent=True)
    elif fault == "503":
        server.behave("INVITE", status=503)
    else:
        server.kill()


def ended(phone, timeout):
    """The call has ended, and Baresip has none left."""
    closed = phone.wait_event("CALL_CLOSED", timeout=timeout)
    assert len(phone.events("CALL_CLOSED")) == 1
    phone.wait(lambda: "(0)" in phone.do("listcalls"))
    return closed


@pytest.mark.parametrize("kind", KINDS)
def test_call(kind, nat_phone, server_pair):
    """As it is without a fault: the INVITE waits for the STUN server."""
    phone, stun = nat_phone(kind)
    phone.dial(BOB)
    established(phone, server_pair[0], MEDIA[kind])
    assert stun.asked
    assert counters(phone)["calls_moved"] == 0


@pytest.mark.parametrize("transport", ["udp", "tcp"])
@pytest.mark.parametrize("fault", ["silent", "503", "closed port"])
@pytest.mark.parametrize("kind", KINDS)
def test_moves(kind, fault, transport, nat_phone, server_pair):
    primary, backup = server_pair
    phone, _stun = nat_phone(kind, transport)
    fail(primary, fault)
    started = time.monotonic()
    phone.dial(BOB)
    # over TCP libre has ended the first one: a new call is placed
    call = established(phone, backup, MEDIA[kind])
    took = invites(backup)[0].time - started
    measured(f"medianat {kind}, {fault}, {transport}, INVITE at the backup "
             "after", took)
    assert took < AT_ONCE_S + (1.5 if fault == "silent" else 0)
    assert len(phone.events("CALL_CLOSED")) == (
        fault == "closed port" and transport == "tcp")
    assert counters(phone)["calls_moved"] == 1
    old, new = call_ids(phone)
    assert old != new == call.call_id
    phone.hangup()
    backup.calls.wait_state("ended")


@pytest.mark.parametrize("transport", ["udp", "tcp"])
@pytest.mark.parametrize("fault", ice_case.FAULTS)
def test_ice_beyond_loopback(fault, transport):
    """See harness/ice_case.py."""
    if not has_module("ice"):
        pytest.skip("there is no ice.so")
    namespace.run_case("ice_case.py", fault, transport)


@pytest.mark.parametrize("kind", KINDS)
def test_account_moved_before(kind, nat_phone, server_pair):
    primary, backup = server_pair
    phone, _stun = nat_phone(kind)
    primary.kill()
    phone.command("options", BOB)
    in_use(phone, 2)
    phone.dial(BOB)
    established(phone, backup, MEDIA[kind])
    assert counters(phone)["calls_moved"] == 0


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_no_server_left(kind, nat_phone, server_pair):
    """The call ends, and says why."""
    phone, _stun = nat_phone(kind)
    for server in server_pair:
        fail(server, "silent")
    phone.dial(BOB)
    ended(phone, 60)
    phone.wait_log("call to .* failed")


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_silent_stun_server(kind, nat_phone, server_pair):
    """Without the module the call would end when libre gives that server
    up; so it does with it."""
    phone, stun = nat_phone(kind)
    stun.silent = True
    started = time.monotonic()
    phone.dial(BOB)
    ended(phone, 60)
    measured(f"{kind}, STUN server silent, closed after",
             time.monotonic() - started)
    assert not any(server.recorder.count("INVITE") for server in server_pair)
    assert counters(phone)["calls_moved"] == 0


@pytest.mark.parametrize("kind", KINDS)
def test_stun_server_dies_meanwhile(kind, nat_phone, server_pair):
    """It has said where the call's media arrives, and is asked no more."""
    primary, backup = server_pair
    phone, stun = nat_phone(kind)
    fail(primary, "silent")
    phone.dial(BOB)
    primary.recorder.wait("INVITE")
    stun.silent = True
    # a relay would have to be told who sends
    established(phone, backup, media=kind == "stun")


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_replaced_call_never_ready(kind, nat_phone, server_pair):
    """TCP: libre has ended the call, and the STUN server is silent when a
    new one is placed.  It has an end all the same."""
    primary, backup = server_pair
    phone, stun = nat_phone(kind, "tcp")
    primary.answer_calls(answer_ms=None)
    phone.dial(BOB)
    primary.recorder.wait("INVITE")
    stun.patience = 2 * stun.asked
    phone.hangup()
    phone.wait_event("CALL_CLOSED")
    primary.kill()
    phone.dial(BOB)
    in_use(phone, 2)
    phone.wait(lambda: stun.silent)
    assert "(1)" in phone.do("listcalls")
    phone.wait(lambda: "(0)" in phone.do("listcalls"), 60)
    settle(phone, 1)
    assert not backup.recorder.count("INVITE")


def test_dropped_while_connecting(nat_phone, server_pair):
    """The user hangs up at the very moment that the call moves: no event
    of it comes twice, and nothing is left."""
    primary, backup = server_pair
    phone, _stun = nat_phone("stun")
    backup.behave("REGISTER", answer_delay=700)
    fail(primary, "closed port")
    phone.dial(BOB)
    backup.recorder.wait("REGISTER")
    phone.hangup()
    ended(phone, 10)
    in_use(phone, 2)
    settle(phone, 1)
    assert not backup.recorder.count("INVITE")
    assert counters(phone)["calls_moved"] == 0
