# SPDX-License-Identifier: BSD-3-Clause
"""Requests within a call that passes real Kamailio servers, which share
their registrations.  The far end is a plain Baresip on UDP."""

import re
import time

import pytest

from harness import certificates
from harness.baresip import account
from harness.dialling import counters, settle
from harness.in_call import DTMF, ORDERS, VIDEO, can, command, leave, order
from harness.scenario import (ALICE, AT_ONCE_S, BOB, in_time, in_use,
                              is_where_it_listens, line, measured)
from within_table import (CLOSED, DIRECT, DIRECTIONS, FAILS, FAULTS, NO_CALL,
                          PROXY, REFUSED, SILENT, TRANSPORTS, WHEN, can_be_sent,
                          property_name)

LAST = "transfer"                       # it may end the call


class NoSuchCall(Exception):
    """This Baresip cannot set it up, with the module or without."""


def acknowledges(transport, outgoing, contact, phone):
    """Does the ACK that goes past the servers reach the other end?  Plain
    libre sends none between TLS and UDP in some versions, and newer ones
    name a port in Contact where nobody listens."""
    if transport == "tls" and phone.version >= (1, 1):
        return outgoing and phone.version < (3, 0)
    return outgoing or is_where_it_listens(contact, phone)


@pytest.fixture
def talking(kamailio_group, phone_factory):
    """talking(transport, direction, record_route) -> a call through the
    primary: phone, far end, servers"""
    def make(transport, direction, record_route):
        certificate = certificates.self_signed()
        group = kamailio_group(2, record_route=record_route,
                               certificate=certificate)
        phone = phone_factory(
            line(*group.servers, transport=transport, extra=DTMF),
            config={"failover_retries": 1, "sip_certificate": certificate},
            **VIDEO)
        far = phone_factory(account(BOB, group[0].uri()), failover=False,
                            config={"sip_verify_server": "no"}, args=["-s"],
                            **VIDEO)
        in_use(phone, 1)
        assert group.database.wait_bound(BOB)
        caller, called = (phone, far) if direction == "outgoing" \
            else (far, phone)
        caller.dial(BOB if called is far else ALICE)
        called.wait_event("CALL_INCOMING")
        called.answer()
        contact, = group.database.bindings(ALICE)
        if not record_route and not acknowledges(transport, called is far,
                                                 contact, phone):
            raise NoSuchCall()
        for each in (phone, far):
            each.wait_event("CALL_ESTABLISHED")
        settle(phone, 0.3)      # the ACK has passed
        return phone, far, group.servers

    return make


def fail(server, fault):
    {SILENT: server.stop, REFUSED: server.refuse,
     CLOSED: server.kill}[fault]()


def mend(server, fault):
    {SILENT: server.cont, REFUSED: lambda: server.refuse(False),
     CLOSED: server.start}[fault]()


def arrived(far, what):
    """The CSeq of each such request that the far end has printed."""
    lines = [text for _, text in list(far.log.lines)]
    found = {next((text for text in lines[number:]
                   if text.startswith("CSeq")), "")
             for number, text in enumerate(lines)
             if re.match(rf"{ORDERS[what][0]} sip:", text)}
    return found - {""}


def press(phone, far, what):
    """The user does it: seconds until the far end has the request."""
    before = arrived(far, what)
    since = time.monotonic()
    order(phone, what)
    phone.wait(lambda: arrived(far, what) - before,
               what=f"{what} at the far end")
    return time.monotonic() - since


def what_it_can(phone):
    """The orders that this Baresip knows."""
    return sorted((what for what in ORDERS if can(phone, what)),
                  key=lambda what: what == LAST)


@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("when", WHEN)
@pytest.mark.parametrize("transport", TRANSPORTS)
def test_record_route(transport, when, fault, direction, talking,
                      record_property):
    """The hop that has failed is exchanged for the backup, each time."""
    phone, far, (primary, _) = talking(transport, direction, True)
    for what in what_it_can(phone):
        cell = PROXY, transport, when, fault, direction, what
        fail(primary, fault)
        if when == WHEN[1]:
            leave(phone, fault == SILENT)
        moved = counters(phone)["requests_moved"]
        if can_be_sent(cell):
            took = press(phone, far, what)
            measured(f"{', '.join(cell)}: at the far end after", took)
            record_property(property_name(cell), f"{took:.4f}")
            if (when, fault) == (WHEN[0], SILENT):
                assert in_time(took, 1.5)
            else:
                assert took < AT_ONCE_S
            phone.wait(lambda: counters(phone)["requests_moved"] > moved)
        else:
            before = arrived(far, what)
            phone.command(*command(phone, what))
            settle(phone, 1)
            assert arrived(far, what) == before
            record_property(property_name(cell), FAILS)
        if what != LAST:
            assert not phone.events("CALL_CLOSED")
            mend(primary, fault)
            phone.command("failover_switch", f"{ALICE} 1")
            in_use(phone, 1)


@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("when", WHEN)
@pytest.mark.parametrize("transport", TRANSPORTS)
def test_direct(transport, when, fault, direction, talking, record_property):
    """No server is on the way: the request is left alone."""
    key = DIRECT, transport, when, fault, direction
    try:
        phone, far, (primary, _) = talking(transport, direction, False)
    except NoSuchCall:
        for what in ORDERS:
            record_property(property_name((*key, what)), NO_CALL)
        pytest.skip(NO_CALL)
    fail(primary, fault)
    if when == WHEN[1]:
        leave(phone, fault == SILENT)
    for what in what_it_can(phone):
        took = press(phone, far, what)
        record_property(property_name((*key, what)), f"{took:.4f}")
        assert took < AT_ONCE_S
    assert counters(phone)["requests_moved"] == 0
